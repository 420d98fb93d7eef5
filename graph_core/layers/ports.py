"""A graph's own ports: its inputs and outputs."""

from __future__ import annotations

from graph_core.dims import Shape
from graph_core.fields import Choice, Sizes
from graph_core.layer import KINDS, Facts, Inlet, Layer, Outlet, Port, facts

DTYPES = tuple(name for names in KINDS.values() for name in names)


class Input(Layer):
    """What comes in. In a block, names in the shape are bound from the wire."""

    torch = Port("input")
    family, stem, words = "io", "x", "data placeholder source"
    help = "A tensor that comes in from outside: name its axes, or give their sizes."
    source = "torch.nn.Module.forward: a parameter"

    y = Outlet("dtype")
    shape = Sizes(
        ["N", 3, 32, 32], "Sizes of the axes; a name is a symbol, or in a block follows the wire.", named=True
    )
    dtype = Choice("float32", DTYPES, "What one value is.")

    def rule(self) -> Facts:
        return facts(self.shape)


class Output(Layer):
    """What goes out."""

    torch = Port("output")
    family, stem, words = "io", "y", "result sink return"
    help = "A tensor that goes out: what the network returns."
    source = "torch.nn.Module.forward: a returned value"

    x = Inlet("...")

    def rule(self, x: Shape) -> Facts:
        return facts()
