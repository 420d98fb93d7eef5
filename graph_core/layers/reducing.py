"""Axes taken together to one value: sums, extremes, spreads, lengths, running sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph_core.dims import Dim, Shape, at_least, prod, shape_text
from graph_core.fields import REQUIRED, Axes, Choice, Count, Flag, Real
from graph_core.layer import Facts, Function, Inlet, Layer, Method, Outlet, Refusal, Spelling, facts, require
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


class _ByName(Layer):
    """What a method of torch is that a field names."""

    function: Choice

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The method of torch by its name."""
        return Method(str(values.get("function", cls.function.default)))


class Reduce(_ByName):
    """Sum, largest or smallest value over some axes."""

    torch = Method("sum")
    family, stem, words = "pool", "reduce", "sum max min amax amin logsumexp total global"
    help = "Takes the values of the given axes together: their sum, the largest, the smallest."
    source = "torch.Tensor.sum, amax, amin, logsumexp"

    x, y = Inlet("N ...", "float"), Outlet()
    function = Choice("sum", ("sum", "amax", "amin", "logsumexp"), "How, by torch's name.", emit=False)
    dim = Axes(1, "The axes that are taken together.", torch=None)
    keepdim = Flag(False, "Keep each of them with size 1.")

    def rule(self, x: Shape) -> Facts:
        saves = () if self.function == "sum" else ("x", "y")
        return facts(_without(x, self.dim, self.keepdim), elementwise=prod(x), saves=saves)


class Product(Layer):
    """The product of the values along an axis."""

    torch = Method("prod")
    family, stem, words = "pool", "product", "multiply prod"
    rare = True
    help = "Multiplies the values along an axis."
    source = "torch.Tensor.prod"
    saves = ("x", "y")

    x, y = Inlet("N ...", "float"), Outlet()
    dim = Axes(1, "The axis.", single=True, torch=None)
    keepdim = Flag(False, "Keep each of them with size 1.")

    def rule(self, x: Shape) -> Facts:
        return facts(_without(x, self.dim, self.keepdim), elementwise=prod(x))


class WholeSum(Layer):
    """The sum of whole numbers, or how often a mask is true, over some axes."""

    torch = Method("sum")
    family, stem, words = "pool", "count", "sum count integer mask length"
    rare = True
    help = "Adds up whole numbers over the given axes, or counts where a mask is true."
    source = "torch.Tensor.sum"

    x, y = Inlet("N ...", "int bool"), Outlet("int64")
    dim = Axes(1, "The axes that are taken together.", torch=None)
    keepdim = Flag(False, "Keep each of them with size 1.")

    def rule(self, x: Shape) -> Facts:
        return facts(_without(x, self.dim, self.keepdim), elementwise=prod(x))


class WholeCumSum(Layer):
    """Running sums of whole numbers along an axis, or how often a mask was true so far."""

    torch = Method("cumsum")
    family, stem, words = "pool", "cumsum", "cumulative running sum integer positions mask count"
    rare = True
    help = "Adds up whole numbers along an axis, each with all before it; of a mask, how often it was true."
    source = "torch.Tensor.cumsum"

    x, y = Inlet("N ...", "int bool"), Outlet("int64")
    dim = Axes(1, "The axis.", single=True, torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        axis_of(self.dim[0], x)
        return facts(x, elementwise=prod(x))


class Extremum(Layer):
    """The largest or the smallest value along an axis, and where it stands."""

    torch = Function("torch.max", takes=("x",))
    family, stem, words = "pool", "extremum", "max min largest smallest index along axis"
    rare = True
    help = "Takes the largest, or the smallest, value along an axis, and tells where it stands."
    source = "torch.max, torch.min"
    saves = ("indices",)

    x, y, indices = Inlet("N ...", "float"), Outlet(), Outlet("int64")
    function = Choice("max", ("max", "min"), "Which, by torch's name.", emit=False)
    dim = Axes(1, "The axis.", single=True, torch=REQUIRED)
    keepdim = Flag(False, "Keep each of them with size 1.")

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The function of torch by its name."""
        return Function(f"torch.{values.get('function', 'max')}", takes=("x",))

    def rule(self, x: Shape) -> Facts:
        y = _without(x, self.dim, self.keepdim)
        return facts(y, y, elementwise=prod(x))


class Position(_ByName):
    """Where along an axis the largest or the smallest value stands."""

    torch = Method("argmax")
    family, stem, words = "pool", "position", "argmax argmin index largest smallest class"
    rare = True
    help = "Tells where along an axis the largest, or the smallest, value stands."
    source = "torch.Tensor.argmax, argmin"

    x, y = Inlet("N ...", "float int"), Outlet("int64")
    function = Choice("argmax", ("argmax", "argmin"), "Which, by torch's name.", emit=False)
    dim = Axes(1, "The axis.", single=True, torch=None)
    keepdim = Flag(False, "Keep each of them with size 1.")

    def rule(self, x: Shape) -> Facts:
        return facts(_without(x, self.dim, self.keepdim), elementwise=prod(x))


class Quantified(_ByName):
    """Whether a mask is true anywhere, or everywhere, along an axis."""

    torch = Method("any")
    family, stem, words = "pool", "any", "all any mask quantifier logical"
    rare = True
    help = "Tells whether a mask is true anywhere, or everywhere, along an axis."
    source = "torch.Tensor.any, all"

    x, y = Inlet("N ...", "bool"), Outlet("bool")
    function = Choice("any", ("any", "all"), "Which, by torch's name.", emit=False)
    dim = Axes(1, "The axis.", single=True, torch=None)
    keepdim = Flag(False, "Keep each of them with size 1.")

    def rule(self, x: Shape) -> Facts:
        return facts(_without(x, self.dim, self.keepdim), elementwise=prod(x))


class Spread(_ByName):
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


class TopK(Layer):
    """The largest values along an axis, and where they stand."""

    torch = Function("torch.topk", takes=("x",))
    family, stem, words = "pool", "topk", "largest best k sort router experts beam"
    rare = True
    help = "Keeps the largest values along an axis, in order, and tells where they stand."
    source = "torch.topk"
    saves = ("indices",)

    x, y, indices = Inlet("N ...", "float"), Outlet(), Outlet("int64")
    k = Count(1, "How many.", torch=REQUIRED)
    dim = Axes(-1, "The axis.", single=True)
    largest = Flag(True, "The largest; off, the smallest.")

    def rule(self, x: Shape) -> Facts:
        axis = axis_of(self.dim[0], x)
        require(
            at_least(x[axis], self.k),
            lambda: f"keeps {self.k} of {x[axis]} values along an axis",
            "parameter",
            set={"k": 1},
        )
        y = (*x[:axis], self.k, *x[axis + 1 :])
        return facts(y, y, elementwise=prod(x))


class Sort(Layer):
    """The values along an axis in order, and where they stood."""

    torch = Function("torch.sort", takes=("x",))
    family, stem, words = "pool", "sort", "order rank argsort ascending descending"
    rare = True
    help = "Sorts the values along an axis, and tells where they stood."
    source = "torch.sort"
    saves = ("indices",)

    x, y, indices = Inlet("N ...", "float"), Outlet(), Outlet("int64")
    dim = Axes(-1, "The axis.", single=True)
    descending = Flag(False, "The largest first.")

    def rule(self, x: Shape) -> Facts:
        axis_of(self.dim[0], x)
        return facts(x, x, elementwise=prod(x))


class CumProd(Layer):
    """Running products along an axis."""

    torch = Method("cumprod")
    family, stem, words = "pool", "cumprod", "cumulative running product"
    saves = ("x", "y")
    rare = True
    help = "Multiplies the values along an axis, each with all before it."
    source = "torch.Tensor.cumprod"

    x, y = Inlet("N ...", "float"), Outlet()
    dim = Axes(1, "The axis.", single=True, torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        axis_of(self.dim[0], x)
        return facts(x, elementwise=prod(x))


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
