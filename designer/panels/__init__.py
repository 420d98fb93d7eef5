"""The panels around the canvas. Each is a view: it is told what to show and says what a person asks for."""
