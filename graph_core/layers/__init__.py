"""The declared layer types, a file per family, in the order of the palette."""

from graph_core.layers import arithmetic, convolution, linear, ports

__all__ = ["arithmetic", "convolution", "linear", "ports"]
