"""What changed from another drawing to the open one, shown side by side."""
