"""The drawing surface: one painted widget that shows a `Scene` and tells what a person wants done to it."""
