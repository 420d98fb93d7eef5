"""Training: settings, the loop, checkpoints and run folders."""
