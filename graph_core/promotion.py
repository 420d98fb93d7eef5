"""What becomes of several tensors together: the dtype they are promoted to, the shape they are broadcast to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from graph_core.dims import Dim, Named, Shape, same, shape_text
from graph_core.layer import KINDS, Facts, Layer, Spec, require

_WIDENING: Final = ("bool", "int32", "int64", "float16", "bfloat16", "float32", "float64")


def promote_types(dtypes: Iterable[str]) -> str:
    """The smallest dtype that holds the values of all (torch.promote_types); float32 of none."""
    found = set(dtypes)
    if {"float16", "bfloat16"} <= found:
        return "float64" if "float64" in found else "float32"
    return max(found, key=_WIDENING.index, default="float32")


def result_type(inputs: Iterable[Spec]) -> str:
    """The dtype of what is computed from several tensors (torch.result_type).

    A tensor without axes counts only where it is of a higher kind than those that have some: a float beside integers.
    """
    specs = list(inputs)
    full = promote_types(spec.dtype for spec in specs if spec.shape) if any(spec.shape for spec in specs) else ""
    single = [spec.dtype for spec in specs if not spec.shape]
    if not full or not single:
        return full or promote_types(single)
    if full in KINDS["float"]:
        return full
    lone = promote_types(single)
    return promote_types((full, lone)) if full == "bool" or lone in KINDS["float"] else full


def quotient_type(inputs: Iterable[Spec]) -> str:
    """``result_type``, as a float: whole numbers give torch's default dtype, float32 (torch.div)."""
    dtype = result_type(inputs)
    return dtype if dtype in KINDS["float"] else "float32"


def mixed_types(layer: Layer, facts: Facts, inputs: Iterable[Spec]) -> str:
    """What to say of a layer whose inputs and weights have different float types, which torch refuses; else nothing.

    Stricter than torch in two cases: its normalizations take bfloat16 beside float32 weights, and positions of another
    type than the sequence's would be added to it.
    """
    if layer.promotes:
        return ""
    given = {spec.dtype for spec in inputs if spec.kind == "float"}
    owned = {weight.dtype for weight in facts.weights if weight.dtype in KINDS["float"]}
    if given and owned and given != owned:
        other = ", ".join(sorted(given - owned))
        return f"gets {other} values beside weights of {', '.join(owned)}; make them {', '.join(owned)} at the Input"
    if len(given) > 1:
        return f"gets values of {' and '.join(sorted(given))}; make them one type at the Input"
    return ""


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape of an element-wise operation on both (torch's broadcasting); refuses with both shapes."""
    result: list[Dim] = []
    long, short = (a, b) if len(a) >= len(b) else (b, a)
    for p, q in zip(long, (1,) * (len(long) - len(short)) + short, strict=True):
        # What is known to be 1 first: of symbols it is only asked where they are not equal anyway.
        if isinstance(q, int) and same(q, 1):
            result.append(p)
        elif isinstance(p, int) and same(p, 1):
            result.append(q)
        elif same(p, q) or same(q, 1):
            result.append(p)
        elif same(p, 1):
            result.append(q)
        else:
            require(same(p, q), lambda: f"cannot join {_told(a, b)} and {_told(b, a)}", "broadcast", project=True)
            result.append(p)
    return tuple(result)


def _told(shape: Shape, other: Shape) -> str:
    """A shape in a sentence about two: without the batch, where both begin with it."""
    batch = len(shape) > 1 and len(other) > 1 and isinstance(shape[0], Named) and shape[0] == other[0]
    return shape_text(shape[1:] if batch else shape)
