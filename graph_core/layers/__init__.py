"""The declared layer types, a file per family, in the order of the palette."""

from graph_core.layers import (  # noqa: I001 - the order is that of the palette
    ports,
    linear,
    convolution,
    pooling,
    normalization,
    activation,
    recurrent,
    attention,
    embedding,
    shape,
    indexing,
    arithmetic,
    numbers,
    held,
    functional,
    custom,
)

__all__ = [
    "activation",
    "arithmetic",
    "attention",
    "convolution",
    "custom",
    "embedding",
    "functional",
    "held",
    "indexing",
    "linear",
    "normalization",
    "numbers",
    "pooling",
    "ports",
    "recurrent",
    "shape",
]
