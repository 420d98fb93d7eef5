"""Data only: templates, themes, glyphs and fonts, found through importlib.resources."""
