"""The dialect of calls that take axes together, repeat values, choose between tensors, or write into parts of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from codegen.intake.bodies import Maker
from codegen.intake.dialect_functional import given
from codegen.intake.record import Op, Value, values_in
from codegen.intake.steps import Ref, Unsupported

Call = Callable[[Maker, Op], None]


def _dims(x: Value, dim: Any) -> Any:
    """Axes as a drawing has them; refuses those of the batch, which stay."""
    dims = [dim] if isinstance(dim, int) else list(dim) if dim is not None else list(range(len(x.shape)))
    if not dims or not x.shape or any(axis % len(x.shape) in x.varies() for axis in dims):
        raise Unsupported("takes the whole batch together")
    return dims[0] if len(dims) == 1 else dims


def _reduce(function: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a = given(op, "x", "dim", "keepdim", "dtype", "axis", "input", keepdim=False)
        x = a["x"] if a["x"] is not None else a["input"]
        if a["dtype"] not in (None, x.tensor.dtype) or not x.tensor.is_floating_point():
            raise Unsupported("computes with whole numbers, or in another type")
        dim = _dims(x, a["dim"] if a["dim"] is not None else a["axis"])
        params = {"function": function, "dim": dim, **({"keepdim": True} if a["keepdim"] else {})}
        maker.bind(op.outs[0], maker.add("Reduce", x=x, **params))

    return call


def _largest(function: str) -> Call:
    """max and min: of two tensors, or along one axis, of which the values alone are drawn."""

    def call(maker: Maker, op: Op) -> None:
        x = op.args[0] if op.args else op.kwargs["input"]
        dim = op.args[1] if len(op.args) > 1 else op.kwargs.get("dim")
        if isinstance(dim, Value) and len(op.args) == 2:
            _extreme({"amax": "maximum", "amin": "minimum"}[function])(maker, op)
            return
        if not isinstance(dim, int) or not x.tensor.is_floating_point():
            raise Unsupported("compares two tensors, or the whole batch")
        keep = op.args[2] if len(op.args) > 2 else op.kwargs.get("keepdim", False)
        params = {"function": function, "dim": _dims(x, dim), **({"keepdim": True} if keep else {})}
        maker.bind(op.outs[0], maker.add("Reduce", x=x, **params))

    return call


def _spread(function: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a = given(op, "x", "dim", "unbiased", "keepdim", "correction", keepdim=False)
        if isinstance(a["dim"], bool):
            raise Unsupported("takes the whole batch together")
        correction = a["correction"] if a["correction"] is not None else 0 if a["unbiased"] is False else 1
        params = {"function": function, "dim": _dims(a["x"], a["dim"]), "correction": int(correction)}
        maker.bind(op.outs[0], maker.add("Spread", x=a["x"], **params, **({"keepdim": True} if a["keepdim"] else {})))

    return call


def _norm(maker: Maker, op: Op) -> None:
    names = (
        ("x", "ord", "dim", "keepdim", "dtype")
        if "vector_norm" in op.name
        else ("x", "p", "dim", "keepdim", "out", "dtype")
    )
    a = given(op, *names, "input", ord=2, p=2, keepdim=False)
    x, p = a["x"] if a["x"] is not None else a["input"], a.get("ord", a.get("p"))
    if p == "fro":
        p = 2
    if isinstance(p, str) or p is None or not 1 <= p < float("inf") or a.get("dtype") is not None:
        raise Unsupported(f"takes the length {p}")
    params = {"ord": float(p), "dim": _dims(x, a["dim"]), **({"keepdim": True} if a["keepdim"] else {})}
    maker.bind(op.outs[0], maker.add("VectorNorm", x=x, **params))


def _cumsum(maker: Maker, op: Op) -> None:
    a = given(op, "x", "dim", "dtype", "axis")
    dim = a["dim"] if a["dim"] is not None else a["axis"]
    if a["dtype"] is not None or not a["x"].tensor.is_floating_point() or dim % len(a["x"].shape) in a["x"].varies():
        raise Unsupported("adds up whole numbers, or the batch")
    maker.bind(op.outs[0], maker.add("CumSum", x=a["x"], dim=dim))


def _repeat(maker: Maker, op: Op) -> None:
    x, y = op.args[0], op.outs[0]
    counts = list(op.args[1]) if len(op.args) == 2 and isinstance(op.args[1], Sequence) else list(op.args[1:])
    lead = len(counts) - len(x.shape)
    if any(axis + lead not in y.varies() for axis in x.varies()) or len(x.varies()) != len(y.varies()):
        if x.varies() or y.varies() != [0] or counts[0] != y.shape[0]:
            raise Unsupported("repeats by a number that depends on the batch")
        _over_batch(maker, op, x, y, counts)
        return
    maker.bind(y, maker.add("Tile", x=x, repeats=counts))


def _over_batch(maker: Maker, op: Op, x: Value, y: Value, counts: list[int]) -> None:
    """What is the same for every sample, once for each of them."""
    here: Value | Ref = x
    if len(counts) > len(x.shape):
        here = maker.add("Unsqueeze", x=here, dim=0)
        if len(counts) > len(x.shape) + 1:
            raise Unsupported("repeats over several new axes")
    elif x.shape[0] != 1:
        raise Unsupported("repeats by a number that depends on the batch")
    if any(count != 1 for count in counts[1:]):
        here = maker.add("Tile", x=here, repeats=[1, *counts[1:]])
    maker.bind(y, maker.add("ExpandBatch", x=here, like=maker.sample(y), axes=len(y.shape)))


def _repeat_interleave(maker: Maker, op: Op) -> None:
    a = given(op, "x", "repeats", "dim", "output_size")
    x, dim, times = a["x"], a["dim"], a["repeats"]
    if not isinstance(times, int) or dim is None:
        raise Unsupported("repeats by a tensor, or all axes as one")
    maker.bind(op.outs[0], maker.add("RepeatEach", x=x, repeats=times, dim=dim))


def _addcmul(maker: Maker, op: Op) -> None:
    a = given(op, "x", "a", "b", "value", value=1)
    if a["value"] != 1:
        raise Unsupported("weighs the product")
    maker.bind(op.outs[0], maker.add("AddCMul", x=a["x"], a=a["a"], b=a["b"]))


def _extreme(function: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a = given(op, "a", "b", "input", "other")
        parts = [part for part in (a["a"], a["input"], a["b"], a["other"]) if part is not None]
        if len(parts) != 2 or not all(isinstance(one, Value) and one.tensor.is_floating_point() for one in parts):
            raise Unsupported("compares other than two tensors of real numbers")
        maker.bind(op.outs[0], maker.add("Extreme", a=parts[0], b=parts[1], function=function))

    return call


def _where(maker: Maker, op: Op) -> None:
    a = given(op, "mask", "a", "b", "condition", "input", "other")
    mask, one, other = a["mask"], a["a"], a["b"]
    if isinstance(one, int | float) and isinstance(other, Value):
        _filled(maker, op, other, mask, float(one))
    elif isinstance(other, int | float) and isinstance(one, Value):
        if not mask.fixed or mask.varies():
            raise Unsupported("takes a number where a mask that is computed is false")
        _filled(maker, op, one, Value(~mask.tensor, "constant", fixed=True), float(other))
    elif isinstance(one, Value) and isinstance(other, Value) and one.tensor.is_floating_point():
        maker.bind(op.outs[0], maker.add("Where", a=one, mask=mask, b=other))
    else:
        raise Unsupported("chooses between numbers")


def _filled(maker: Maker, op: Op, x: Value, mask: Value, number: float) -> None:
    """A number where a mask is true."""
    if not x.tensor.is_floating_point() or abs(number) == float("inf") or mask.dtype != "bool":
        raise Unsupported("fills whole numbers, or with infinity")
    maker.bind(op.outs[0], maker.add("MaskedFill", x=x, mask=mask, value=number))


def _masked_from(maker: Maker, op: Op) -> None:
    """x[:, 2:, 3:] = y: parts put back, from the innermost axis out."""
    whole, index, part = op.args
    if not isinstance(part, Value) or not whole.tensor.is_floating_point():
        raise Unsupported("writes a number into a part of a tensor")
    parts = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        parts[place : place + 1] = [slice(None)] * (len(whole.shape) - len(parts) + 1)
    if any(not isinstance(one, slice) or list(values_in(one)) or one.step not in (None, 1) for one in parts):
        raise Unsupported("writes into other than neighbouring positions of a tensor")
    cuts = [(axis, *one.indices(whole.shape[axis])[:2]) for axis, one in enumerate(parts) if one != slice(None)]
    cuts = [cut for cut in cuts if (cut[1], cut[2]) != (0, whole.shape[cut[0]])]
    wanted = list(whole.shape)
    for axis, start, stop in cuts:
        wanted[axis] = stop - start
    if any(axis in whole.varies() for axis, _, _ in cuts) or list(part.shape) != wanted or not cuts:
        raise Unsupported("writes into a part of another shape, or into the batch")
    maker.bind(op.outs[0], _put(maker, whole, part, cuts, list(whole.shape)))


def _put(maker: Maker, whole: Value | Ref, part: Value, cuts: list[tuple[int, int, int]], sizes: list[int]) -> Ref:
    (axis, start, stop), *rest = cuts
    here: Value | Ref = part
    if rest:
        cut = maker.add("Slice", x=whole, dim=axis, **({"start": start} if start else {}),
                        **({"stop": stop} if stop != sizes[axis] else {}))  # fmt: skip
        here = _put(maker, cut, part, rest, [*sizes[:axis], stop - start, *sizes[axis + 1 :]])
    return maker.add("SliceScatter", x=whole, part=here, dim=axis, start=start, end=stop)


CALLS: Mapping[str, Call] = {
    "sum": _reduce("sum"),
    "amax": _reduce("amax"),
    "amin": _reduce("amin"),
    "logsumexp": _reduce("logsumexp"),
    "max": _largest("amax"),
    "min": _largest("amin"),
    "maximum": _extreme("maximum"),
    "minimum": _extreme("minimum"),
    "var": _spread("var"),
    "std": _spread("std"),
    "norm": _norm,
    "vector_norm": _norm,
    "cumsum": _cumsum,
    "repeat": _repeat,
    "tile": _repeat,
    "repeat_interleave": _repeat_interleave,
    "addcmul": _addcmul,
    "where": _where,
    "setitem": _masked_from,
}
