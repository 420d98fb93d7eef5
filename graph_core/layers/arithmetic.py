"""Element-wise arithmetic of two tensors, products of matrices, and joining.

Types are promoted as torch does: whole numbers and floats give floats, a mask times values gives the values' type.
Stricter than torch: matrix products take float matrices, no single vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph_core.dims import Dim, Shape, prod, same, shape_text
from graph_core.fields import REQUIRED, Axes, Choice, Real
from graph_core.layer import Facts, Function, Inlet, Layer, Operator, Outlet, Phrase, Spelling, facts, require
from graph_core.layers._rules import axis_of
from graph_core.layers.ports import DTYPES
from graph_core.promotion import broadcast
from graph_core.stated import Text


class _Elementwise(Layer):
    """What operators on two broadcastable tensors share."""

    family, promotes = "arith", True

    a, b, y = Inlet("..."), Inlet("..."), Outlet()

    def rule(self, a: Shape, b: Shape) -> Facts:
        y = broadcast(a, b)
        return facts(y, elementwise=prod(y))


class Add(_Elementwise):
    """The sum of two tensors."""

    torch, stem = Operator("+"), "add"
    words = "sum plus residual skip"
    help = "Adds two tensors of equal or broadcastable shapes."
    source = "torch.add"


class Sub(_Elementwise):
    """The difference of two tensors."""

    torch, stem = Operator("-"), "sub"
    words = "subtract minus difference"
    help = "Subtracts the second tensor from the first."
    source = "torch.sub"

    a, b = Inlet("...", "float int"), Inlet("...", "float int")  # torch subtracts no booleans


class Mul(_Elementwise):
    """The product of two tensors, element by element."""

    torch, stem = Operator("*"), "mul"
    saves = ("a", "b")
    words = "multiply times product gate scale"
    help = "Multiplies two tensors element by element, as a gate does."
    source = "torch.mul"


class Div(_Elementwise):
    """The quotient of two tensors, element by element."""

    torch, stem = Operator("/"), "div"
    saves = ("a", "b")
    words = "divide quotient ratio"
    help = "Divides the first tensor by the second, element by element."
    source = "torch.div"

    y = Outlet("quotient")


class MatMul(Layer):
    """The product of matrices, in batches."""

    torch = Operator("@")
    family, stem, words = "arith", "matmul", "matrix product multiply dot bmm"
    saves = ("a", "b")
    help = "Multiplies matrices: the last two axes of both, for each of the axes before."
    source = "torch.matmul"

    a, b, y = Inlet("... M K", "float"), Inlet("... K P", "float"), Outlet()

    def rule(self, a: Shape, b: Shape) -> Facts:
        *lead_a, m, k = a
        *lead_b, inner, p = b
        require(
            same(k, inner),
            lambda: f"cannot multiply {shape_text(a)} by {shape_text(b)}: {k} columns meet {inner} rows",
            "shape",
            port=lambda: "b" if same(k, p) else "a",
            insert=lambda: "Transpose" if same(k, p) and len(b) > 2 else None,
            want=lambda: None if same(k, p) else (*lead_a, m, inner),
            **{"with": {"dim0": -2, "dim1": -1}},
        )
        y = (*broadcast(tuple(lead_a), tuple(lead_b)), m, p)
        return facts(y, macs=prod(y) * k)


class AddMM(Layer):
    """A product of two matrices plus a third tensor, in one step."""

    torch = Function("torch.addmm")
    family, stem, words = "arith", "addmm", "matrix product bias add linear conv1d"
    rare = True
    saves = ("a", "b")
    help = "Multiplies two matrices and adds a third tensor, such as a bias, in one step."
    source = "torch.addmm"

    x, a, b, y = Inlet("P", "float"), Inlet("M K", "float"), Inlet("K P", "float"), Outlet()

    def rule(self, x: Shape, a: Shape, b: Shape) -> Facts:
        (m, k), (inner, p) = a, b
        require(
            same(k, inner),
            lambda: f"cannot multiply {shape_text(a)} by {shape_text(b)}: {k} columns meet {inner} rows",
        )
        fits = same(x[0], p)
        require(fits, lambda: f"adds {shape_text(x)} to {shape_text((m, p))}", port="x")
        return facts((m, p), macs=m * p * k, elementwise=m * p)


class Scale(Layer):
    """A tensor times a number."""

    torch = Function("torch.mul")
    family, stem, words = "arith", "scale", "multiply constant factor number temperature"
    in_order = True
    help = "Multiplies all values by one number, such as 1/√d in attention."
    source = "torch.mul"

    x, y = Inlet("...", "float"), Outlet()
    factor = Real(1.0, "The number; an expression such as dim ** -0.5 will do.", torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        return facts(x, elementwise=prod(x))


class Stack(Layer):
    """Tensors of one shape side by side along a new axis."""

    torch = Function("torch.stack", as_list=True)
    family, stem, words = "arith", "stack", "join new axis list sequence"
    sign, promotes = "≡", True
    help = "Joins tensors of one shape along a new axis."
    source = "torch.stack"

    x, y = Inlet("...", variadic=True), Outlet()
    dim = Axes(1, "Where the new axis stands.", single=True, torch=0)

    def rule(self, *x: Shape) -> Facts:
        first = x[0]
        place = axis_of(self.dim[0], (*first, 1))
        for shape in x[1:]:
            _require_equal(first, shape)
        return facts((*first[:place], len(x), *first[place:]))


def _require_equal(first: Shape, other: Shape) -> None:
    answers = [same(p, q) for p, q in zip(first, other, strict=True)] if len(first) == len(other) else [False]
    for answer in answers:
        require(answer, lambda: f"cannot stack {shape_text(first)} and {shape_text(other)}; give both one shape")


class Concat(Layer):
    """Tensors one after the other along an axis."""

    torch = Function("torch.cat", as_list=True)
    family, stem, words = "arith", "concat", "concatenate join merge cat skip"
    sign, promotes = "‖", True
    help = "Joins tensors along one axis; all other axes are equal."
    source = "torch.cat"

    x, y = Inlet("N ...", variadic=True), Outlet()
    dim = Axes(1, "The axis along which they are joined.", single=True, torch=0)

    def rule(self, *x: Shape) -> Facts:
        first = x[0]
        axis = axis_of(self.dim[0], first)
        total: Dim = 0
        for shape in x:
            fits = len(shape) == len(first)
            for i, (p, q) in enumerate(zip(first, shape, strict=False)):
                if fits and i != axis:
                    self._require_equal(same(p, q), first, shape)
            if not fits:
                self._require_equal(False, first, shape)
            total = total + shape[axis]
        return facts((*first[:axis], total, *first[axis + 1 :]))

    def _require_equal(self, truth: bool | None, first: Shape, other: Shape) -> None:
        require(
            truth,
            lambda: f"cannot join {shape_text(first)} and {shape_text(other)} along axis {self.dim[0]}",
            "shape",
            set=lambda: _only_difference(first, other),
        )


def _only_difference(first: Shape, other: Shape) -> dict[str, int] | None:
    """The hint that joins along the only axis in which two shapes differ."""
    axes = [axis for axis, (a, b) in enumerate(zip(first, other, strict=False)) if same(a, b) is not True]
    return {"dim": axes[0]} if len(first) == len(other) and len(axes) == 1 and axes[0] else None


class Cast(Layer):
    """The same values as another type."""

    torch = Phrase("x.to(torch.float32)")
    family, stem, words = "arith", "cast", "convert type dtype float half int to"
    help = "Turns values into another type."
    source = "torch.Tensor.to"

    x, y = Inlet("..."), Outlet("dtype")
    dtype = Choice("float32", DTYPES, "The type.", emit=False)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The type by torch's name."""
        return Phrase(f"x.to(torch.{values.get('dtype', 'float32')})")

    def rule(self, x: Shape) -> Facts:
        return facts(x, elementwise=prod(x))


@dataclass(frozen=True, slots=True)
class Letters:
    """The axes of one tensor in an equation: those before and after an ellipsis, and whether there is one."""

    before: str
    after: str
    open: bool

    @property
    def names(self) -> tuple[str, ...]:
        """All letters, in order."""
        return (*self.before, *self.after)


def read_equation(text: str) -> tuple[Letters, Letters, Letters]:
    """The letters of both tensors and of the result; raises ValueError."""
    plain = text.replace(" ", "").replace("...", ".")
    left, arrow, result = plain.partition("->")
    parts = left.split(",")
    letters = set(left) - {",", "."}
    if not arrow or len(parts) != 2 or not set(result) <= letters | {"."} or not all(c.isalpha() for c in letters):
        raise ValueError(f"“{text[:40]}” is no equation of two tensors; write one such as bij,bjk->bik.")
    if any(len(set(part)) < len(part) for part in (*parts, result)):
        raise ValueError(f"“{text[:40]}” names an axis twice in one tensor; give each its own letter.")
    first, second, last = (
        Letters(before, after, bool(dot)) for before, dot, after in (part.partition(".") for part in (*parts, result))
    )
    return first, second, last


def _bind(letters: Letters, shape: Shape, sizes: dict[str, Dim], port: str) -> Shape:
    """Give each letter its size; what is left of the shape stands for the ellipsis."""
    rest = len(shape) - len(letters.names)
    fits = rest == 0 or (rest > 0 and letters.open)
    require(fits, lambda: f"names {len(letters.names)} axes of {shape_text(shape)}", "axes", port=port)
    at = len(letters.before)
    for letter, size in zip(letters.names, (*shape[:at], *shape[at + rest :]), strict=True):
        known = sizes.setdefault(letter, size)
        require(same(known, size), f"has {known} and {size} for {letter}", "shape")
    return shape[at : at + rest]


class Einsum(Layer):
    """Products of two tensors, summed over the axes that the result lacks, in Einstein's notation.

    Stricter than torch: two tensors, no letter twice in one of them, and ... for the same axes of both.
    """

    torch = Phrase("torch.einsum(equation, a, b)")
    family, stem, words = "arith", "einsum", "einstein sum product contraction tensor"
    saves = ("a", "b")
    help = "Multiplies two tensors axis by axis as an equation says, such as bhid,bhjd->bhij."
    source = "torch.einsum"

    a, b, y = Inlet("... M K", "float"), Inlet("... K P", "float"), Outlet()
    equation = Text("...mk,...kp->...mp", "Letters of the axes of both, then of the result.", read_equation, "a,b->y")

    def rule(self, a: Shape, b: Shape) -> Facts:
        first, second, result = read_equation(self.equation)
        sizes: dict[str, Dim] = {}
        lead = broadcast(_bind(first, a, sizes, "a"), _bind(second, b, sizes, "b"))
        before, after = ([sizes[letter] for letter in part] for part in (result.before, result.after))
        y = (*before, *(lead if result.open else ()), *after)
        shared = sorted({*first.names} & {*second.names} - {*result.names})
        return facts(y, macs=prod((*lead, *(sizes[letter] for letter in (*result.names, *shared)))))
