"""What an architecture is: graphs, layer declarations, shapes, figures and problems. Knows neither torch nor Qt."""
