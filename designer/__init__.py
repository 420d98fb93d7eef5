"""What a person sees and does: the window, and the entry point of the command line."""
