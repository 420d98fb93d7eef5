"""Axes taken together to one value: sums, extremes, spreads, lengths, running sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph_core.dims import Dim, Shape, prod, shape_text
from graph_core.fields import REQUIRED, Axes, Choice, Count, Flag, Real
from graph_core.layer import Facts, Function, Inlet, Layer, Method, Outlet, Refusal, Spelling, facts
from graph_core.layers._rules import axis_of


def _without(x: Shape, dims: Sequence[int], keepdim: bool) -> Shape:
    """The sizes that are left; refuses an axis that is named twice."""
    axes = [axis_of(number, x) for number in dims]
    if len(set(axes)) < len(axes):
        raise Refusal(
            f"takes one axis of {shape_text(x)} together twice",
            "parameter",
            set={"dim": sorted(set(axes), key=axes.index)},
        )
    kept: list[Dim] = [1 if i in axes else size for i, size in enumerate(x) if keepdim or i not in axes]
    return tuple(kept)


class Reduce(Layer):
    """Sum, largest or smallest value over some axes."""

    torch = Method("sum")
    family, stem, words = "pool", "reduce", "sum max min amax amin logsumexp total global"
    help = "Takes the values of the given axes together: their sum, the largest, the smallest."
    source = "torch.Tensor.sum, amax, amin, logsumexp"

    x, y = Inlet("N ...", "float"), Outlet()
    function = Choice("sum", ("sum", "amax", "amin", "logsumexp"), "How, by torch's name.", emit=False)
    dim = Axes(1, "The axes that are taken together.", torch=None)
    keepdim = Flag(False, "Keep each of them with size 1.")

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The method of torch by its name."""
        return Method(str(values.get("function", "sum")))

    def rule(self, x: Shape) -> Facts:
        saves = () if self.function == "sum" else ("x", "y")
        return facts(_without(x, self.dim, self.keepdim), elementwise=prod(x), saves=saves)


class Spread(Layer):
    """Variance or standard deviation over some axes."""

    torch = Method("var")
    family, stem, words = "pool", "spread", "variance standard deviation var std statistics"
    rare = True
    help = "Takes the variance or the standard deviation over the given axes."
    source = "torch.Tensor.var, std"

    x, y = Inlet("N ...", "float"), Outlet()
    function = Choice("var", ("var", "std"), "Which, by torch's name.", emit=False)
    dim = Axes(1, "The axes that are taken together.", torch=None)
    correction = Count(1, "What the number of values is lessened by: 1 for a sample, 0 for all.", least=0, torch=None)
    keepdim = Flag(False, "Keep each of them with size 1.")

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The method of torch by its name."""
        return Method(str(values.get("function", "var")))

    def rule(self, x: Shape) -> Facts:
        saves = ("x",) if self.function == "var" else ("x", "y")
        return facts(_without(x, self.dim, self.keepdim), elementwise=2 * prod(x), saves=saves)


class VectorNorm(Layer):
    """Lengths of vectors along some axes."""

    torch = Function("torch.linalg.vector_norm")
    family, stem, words = "pool", "length", "norm vector euclid l2 l1 magnitude"
    saves = ("x", "y")
    rare = True
    help = "Takes the length of the vectors along the given axes."
    source = "torch.linalg.vector_norm"

    x, y = Inlet("N ...", "float"), Outlet()
    ord = Real(2.0, "Which length: 2 for Euclid's, 1 for the sum of sizes.", least=1.0)
    dim = Axes(1, "The axes.", torch=None)
    keepdim = Flag(False, "Keep each of them with size 1.")

    def rule(self, x: Shape) -> Facts:
        return facts(_without(x, self.dim, self.keepdim), elementwise=2 * prod(x))


class CumSum(Layer):
    """Running sums along an axis."""

    torch = Method("cumsum")
    family, stem, words = "pool", "cumsum", "cumulative running sum prefix"
    rare = True
    help = "Adds up the values along an axis, each with all before it."
    source = "torch.Tensor.cumsum"

    x, y = Inlet("N ...", "float"), Outlet()
    dim = Axes(1, "The axis.", single=True, torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        axis_of(self.dim[0], x)
        return facts(x, elementwise=prod(x))
