"""Data to train on: a light catalogue of named sets, and the loaders that bring their arrays."""
