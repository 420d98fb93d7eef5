"""Element-wise arithmetic of several tensors, and joining them."""

from __future__ import annotations

from graph_core.dims import Shape, prod
from graph_core.layer import Facts, Inlet, Layer, Operator, Outlet, broadcast, facts


class Add(Layer):
    """The sum of two tensors."""

    torch = Operator("+")
    family, stem, words = "arith", "add", "sum plus residual skip"
    help = "Adds two tensors of equal or broadcastable shapes."
    source = "torch.add"

    a, b, y = Inlet("...", "float int"), Inlet("...", "float int"), Outlet()

    def rule(self, a: Shape, b: Shape) -> Facts:
        y = broadcast(a, b)
        return facts(y, elementwise=prod(y))
