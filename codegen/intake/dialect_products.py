"""The dialect of products of matrices, in batches, by equations, and of single vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codegen.intake.bodies import Maker
from codegen.intake.dialect_functional import given
from codegen.intake.record import Op, Value
from codegen.intake.steps import Ref, Unsupported
from graph_core.fields import FieldError
from graph_core.layer import layer_types

Call = Callable[[Maker, Op], None]


def _matmul(maker: Maker, op: Op) -> None:
    a, b = (*op.args, *op.kwargs.values())[:2]
    if op.name.rpartition(".")[2].startswith("__r"):
        a, b = b, a
    maker.bind(op.outs[0], _product(maker, a, b))


def _product(maker: Maker, a: Value, b: Value) -> Ref:
    """The product of two matrices, of a matrix and a vector, or of two vectors."""
    if not (a.tensor.is_floating_point() and b.tensor.is_floating_point()):
        raise Unsupported("multiplies matrices of whole numbers")
    left: Value | Ref = a if len(a.shape) > 1 else maker.add("Unsqueeze", x=a, dim=0)
    right: Value | Ref = b if len(b.shape) > 1 else maker.add("Unsqueeze", x=b, dim=1)
    here = maker.add("MatMul", a=left, b=right)
    if len(b.shape) == 1:
        here = maker.add("Squeeze", x=here, dim=-1)
    if len(a.shape) == 1:
        here = maker.add("Squeeze", x=here, dim=-1 if len(b.shape) == 1 else -2)
    return here


def _outer(maker: Maker, op: Op) -> None:
    a, b = (*op.args, *op.kwargs.values())[:2]
    column, row = maker.add("Unsqueeze", x=a, dim=1), maker.add("Unsqueeze", x=b, dim=0)
    maker.bind(op.outs[0], maker.add("Mul", a=column, b=row))


_FACTORS = {"addmm": ("mat1", "mat2"), "baddbmm": ("batch1", "batch2"), "addmv": ("mat", "vec")}


def _addmm(maker: Maker, op: Op) -> None:
    """beta · x + alpha · a b, for one pair of matrices or a batch of them."""
    names = _FACTORS["baddbmm" if "baddbmm" in op.name else "addmv" if "addmv" in op.name else "addmm"]
    a = given(op, "input", *names, "beta", "alpha", beta=1, alpha=1)
    one, other = a[names[0]], a[names[1]]
    if a["beta"] == a["alpha"] == 1 and len(a["input"].shape) == 1 and len(one.shape) == len(other.shape) == 2:
        maker.bind(op.outs[0], maker.add("AddMM", x=a["input"], a=one, b=other))
        return
    product: Value | Ref = _product(maker, one, other)
    if a["alpha"] != 1:
        product = maker.add("WithNumber", maker.free("scaled"), x=product, operation="x * number", number=a["alpha"])
    if not a["beta"]:
        maker.bind(op.outs[0], product)
        return
    here: Value | Ref = a["input"]
    if a["beta"] != 1:
        here = maker.add("WithNumber", maker.free("scaled"), x=here, operation="x * number", number=a["beta"])
    maker.bind(op.outs[0], maker.add("Add", a=here, b=product))


def _einsum(maker: Maker, op: Op) -> None:
    equation, *operands = op.args
    if not isinstance(equation, str):
        raise Unsupported("names its axes by numbers")
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = list(operands[0])
    equation = equation.replace(" ", "")
    if "->" not in equation:
        letters = [c for c in sorted(set(equation) - set(",.")) if equation.count(c) == 1]
        equation += "->" + ("..." if "..." in equation else "") + "".join(letters)
    if len(operands) == 1:
        maker.bind(op.outs[0], _single(maker, equation, operands[0]))
        return
    if len(operands) > 2:
        raise Unsupported("multiplies other than two tensors")
    try:
        read = layer_types()["Einsum"].fields["equation"]
        read.resolve(equation, {})
        ref = maker.add("Einsum", a=operands[0], b=operands[1], equation=equation)
    except FieldError as error:
        raise Unsupported(str(error)) from None
    maker.bind(op.outs[0], ref)


def _single(maker: Maker, equation: str, x: Value) -> Ref:
    """Axes of one tensor summed up and put into another order."""
    left, _, right = equation.partition("->")
    if "." in equation or len(set(left)) != len(left) or len(left) != len(x.shape) or not right:
        raise Unsupported("takes a diagonal, or axes without names")
    gone = [axis for axis, letter in enumerate(left) if letter not in right]
    kept = [letter for letter in left if letter in right]
    here: Value | Ref = x
    if gone:
        here = maker.add("Reduce", x=here, function="sum", dim=gone[0] if len(gone) == 1 else gone)
    return maker.add("Permute", x=here, dims=[kept.index(letter) for letter in right])


def _cosine(maker: Maker, op: Op) -> None:
    a = given(op, "x1", "x2", "dim", "eps", dim=1, eps=1e-8)
    lengths = []
    for one in (a["x1"], a["x2"]):
        length = maker.add("VectorNorm", x=one, ord=2.0, dim=a["dim"])
        lengths.append(maker.add("Clamp", x=length, low=float(a["eps"]), has_high=False))
    product = maker.add("Reduce", x=maker.add("Mul", a=a["x1"], b=a["x2"]), function="sum", dim=a["dim"])
    maker.bind(op.outs[0], maker.add("Div", a=product, b=maker.add("Mul", a=lengths[0], b=lengths[1])))


CALLS: Mapping[str, Call] = {
    **dict.fromkeys(("matmul", "rmatmul", "bmm", "mm", "mv", "dot"), _matmul),
    "outer": _outer,
    "ger": _outer,
    "addmm": _addmm,
    "baddbmm": _addmm,
    "addmv": _addmm,
    "einsum": _einsum,
    "cosine_similarity": _cosine,
}
