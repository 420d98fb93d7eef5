"""The dialect of calls that take axes together, sort along them, or repeat values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from codegen.intake.bodies import Maker
from codegen.intake.dialect_batch import spread
from codegen.intake.dialect_functional import given
from codegen.intake.dialect_pointwise import operands, paired
from codegen.intake.record import Op, Value
from codegen.intake.steps import Ref, Unsupported

Call = Callable[[Maker, Op], None]


def _dims(x: Value, dim: Any) -> Any:
    """Axes as a drawing has them: one number, or several; all where none is named."""
    dims = [dim] if isinstance(dim, int) else list(dim) if dim is not None else []
    dims = dims or list(range(len(x.shape)))
    if not x.shape:
        raise Unsupported("takes a tensor without axes together")
    return dims[0] if len(dims) == 1 else dims


def _arguments(op: Op, *more: str) -> dict[str, Any]:
    """What a reduction is called with; torch takes ``axis`` for ``dim``."""
    a = given(op, "input", "dim", *more, "axis", keepdim=False)
    a["dim"] = a["axis"] if a["dim"] is None else a["dim"]
    return a


def _converted(maker: Maker, x: Value, dtype: Any) -> Value | Ref:
    """A tensor as the type in which a call computes."""
    if dtype is None or dtype is x.tensor.dtype:
        return x
    return maker.add("Cast", x=x, dtype=str(dtype).removeprefix("torch."))


def _kept(a: dict[str, Any]) -> dict[str, Any]:
    return {"keepdim": True} if a["keepdim"] else {}


def _reduce(function: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a = _arguments(op, "keepdim", "dtype")
        x = a["input"]
        dim = _dims(x, a["dim"])
        if op.outs[0].tensor.is_floating_point():
            here = _converted(maker, x, op.outs[0].tensor.dtype)
            type = {"mean": "Mean"}.get(function, "Reduce")
            params = {} if type == "Mean" else {"function": function}
            ref = maker.add(type, x=here, **params, dim=dim, **_kept(a))
        elif function == "sum" and op.outs[0].dtype == "int64":
            ref = maker.add("WholeSum", x=x, dim=dim, **_kept(a))
        else:
            raise Unsupported("computes with whole numbers")
        maker.bind(op.outs[0], ref)

    return call


def _largest(function: str) -> Call:
    """max and min: of two tensors, of all values, or along one axis with where they stand."""
    whole = {"max": "amax", "min": "amin"}[function]

    def call(maker: Maker, op: Op) -> None:
        a = given(op, "input", "dim", "keepdim", "other", "axis", keepdim=False)
        other = a["dim"] if isinstance(a["dim"], Value) else a["other"]
        if other is not None:
            _extreme(f"{function}imum")(maker, Op(op.name, (a["input"], other), {}, outs=op.outs))
            return
        x, dim = a["input"], a["dim"] if a["dim"] is not None else a["axis"]
        if not x.tensor.is_floating_point():
            raise Unsupported("compares whole numbers")
        if dim is None:
            maker.bind(op.outs[0], maker.add("Reduce", x=x, function=whole, dim=_dims(x, None)))
            return
        ref = maker.add("Extremum", x=x, function=function, dim=dim, **_kept(a))
        for value, port in zip(op.outs, ("y", "indices"), strict=False):
            maker.bind(value, Ref(ref.step, port))

    return call


def _position(function: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a = _arguments(op, "keepdim")
        if a["dim"] is None:
            raise Unsupported("counts through all axes as one")
        x = a["input"]
        if x.dtype == "bool":
            raise Unsupported("compares masks")
        maker.bind(op.outs[0], maker.add("Position", x=x, function=function, dim=a["dim"], **_kept(a)))

    return call


def _quantified(function: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a = _arguments(op, "keepdim")
        x = a["input"]
        if x.dtype != "bool":
            here: Value | Ref = maker.add("CompareNumber", x=x, comparison="x != number", number=0)
        else:
            here = x
        dims = _dims(x, a["dim"])
        for axis in sorted((d % len(x.shape) for d in ([dims] if isinstance(dims, int) else dims)), reverse=True):
            here = maker.add("Quantified", x=here, function=function, dim=axis, **_kept(a))
        assert isinstance(here, Ref)
        maker.bind(op.outs[0], here)

    return call


def _product(maker: Maker, op: Op) -> None:
    a = _arguments(op, "keepdim", "dtype")
    if not op.outs[0].tensor.is_floating_point():
        raise Unsupported("multiplies whole numbers")
    here: Value | Ref = _converted(maker, a["input"], op.outs[0].tensor.dtype)
    dims = [a["dim"]] if a["dim"] is not None else list(range(len(a["input"].shape)))[::-1]
    for axis in dims:
        here = maker.add("Product", x=here, dim=axis, **_kept(a))
    maker.bind(op.outs[0], here)


def _ranked(type: str, *names: str) -> Call:
    """topk and sort: values and where they stood."""

    def call(maker: Maker, op: Op) -> None:
        a = given(op, "input", *names, "stable", "sorted", dim=-1, descending=False, largest=True, sorted=True)
        if not a["input"].tensor.is_floating_point() or (type == "TopK" and not a["sorted"]):
            raise Unsupported("sorts whole numbers, or in no order")
        ref = maker.add(type, x=a["input"], **{name: a[name] for name in names})
        ports = ("indices",) if "argsort" in op.name else ("y", "indices")
        for value, port in zip(op.outs, ports, strict=False):
            maker.bind(value, Ref(ref.step, port))

    return call


def _spread(function: str, mean: bool = False) -> Call:
    def call(maker: Maker, op: Op) -> None:
        x = op.args[0] if op.args else op.kwargs["input"]
        if len(op.args) > 1 and isinstance(op.args[1], bool):
            a = given(op, "input", "unbiased", "dim", "keepdim", "correction", keepdim=False)
        else:
            a = given(op, "input", "dim", "unbiased", "keepdim", "correction", "axis", keepdim=False)
            a["dim"] = a["axis"] if a["dim"] is None else a["dim"]
        dims = {"dim": _dims(x, a["dim"])}
        correction = a["correction"] if a["correction"] is not None else 0 if a["unbiased"] is False else 1
        ref = maker.add("Spread", x=x, function=function, **dims, correction=int(correction), **_kept(a))
        maker.bind(op.outs[0], ref)
        if mean:
            maker.bind(op.outs[1], maker.add("Mean", x=x, **dims, **_kept(a)))

    return call


def _norm(maker: Maker, op: Op) -> None:
    names = {
        "vector_norm": ("input", "ord", "dim", "keepdim", "dtype"),
        "linalg_vector_norm": ("input", "ord", "dim", "keepdim", "dtype"),
    }.get(op.name.rpartition(".")[2], ("input", "p", "dim", "keepdim", "out", "dtype"))
    a = given(op, *names, "x", ord=2, p=2, keepdim=False)
    x, p = a["input"] if a["input"] is not None else a["x"], a.get("ord", a.get("p"))
    if p in ("fro", None):
        p = 2
    if isinstance(p, str) or a.get("dtype") is not None or ("linalg.norm" in op.name and a["dim"] is None):
        raise Unsupported(f"takes the length {p}")
    dim = _dims(x, a["dim"])
    if abs(p) == float("inf"):
        here = maker.add("Map", x=x, function="abs")
        ref = maker.add("Reduce", x=here, function="amax" if p > 0 else "amin", dim=dim, **_kept(a))
    elif p >= 1:
        ref = maker.add("VectorNorm", x=x, ord=float(p), dim=dim, **_kept(a))
    else:
        raise Unsupported(f"takes the length {p}")
    maker.bind(op.outs[0], ref)


def _running(function: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a = _arguments(op, "dtype")
        x, y = a["input"], op.outs[0]
        if y.tensor.is_floating_point():
            here = _converted(maker, x, y.tensor.dtype)
            ref = maker.add({"cumsum": "CumSum", "cumprod": "CumProd"}[function], x=here, dim=a["dim"])
        elif x.tensor.is_floating_point():
            raise Unsupported("adds up real numbers as whole ones")
        elif function == "cumsum" and y.dtype == "int64":
            ref = maker.add("WholeCumSum", x=x, dim=a["dim"])
        elif function == "cumsum":
            ref = maker.add("Cast", x=maker.add("WholeCumSum", x=x, dim=a["dim"]), dtype=y.dtype)
        else:
            raise Unsupported("multiplies whole numbers")
        maker.bind(y, ref)

    return call


def _repeat(maker: Maker, op: Op) -> None:
    x, y = op.args[0], op.outs[0]
    counts = list(op.args[1]) if len(op.args) == 2 and isinstance(op.args[1], Sequence) else list(op.args[1:])
    if op.name.endswith("tile"):  # for the last axes, where there are fewer numbers
        counts = [*[1] * (len(x.shape) - len(counts)), *counts]
    lead = len(counts) - len(x.shape)
    if any(axis + lead not in y.varies() for axis in x.varies()) or len(x.varies()) != len(y.varies()):
        if x.varies() or y.varies() != [0]:
            raise Unsupported("repeats by a number that depends on the batch")
        _over_batch(maker, op, x, y, counts)
        return
    maker.bind(y, maker.add("Tile", x=x, repeats=counts))


def _over_batch(maker: Maker, op: Op, x: Value, y: Value, counts: list[int]) -> None:
    """What is the same for every sample, once for each of them."""
    size, twin = maker.homes.batch
    new, later = len(counts) - len(x.shape), op.twin.outs[0].shape if op.twin is not None else ()
    several = 1 if new else x.shape[0]
    if not size or counts[0] != size or later[:1] != (several * twin,):
        raise Unsupported("repeats by a number that depends on the batch")
    here: Value | Ref = x
    for _ in range(new):
        here = maker.add("Unsqueeze", x=here, dim=0)
    if any(count != 1 for count in counts[1:]):
        here = maker.add("Tile", x=here, repeats=[1, *counts[1:]])
    if several > 1:
        here = maker.add("Unsqueeze", x=here, dim=0)
    maker.bind(y, spread(maker, here, several, list(y.shape[1:])))


def _repeat_interleave(maker: Maker, op: Op) -> None:
    a = given(op, "x", "repeats", "dim", "output_size")
    x, dim, times = a["x"], a["dim"], a["repeats"]
    if not isinstance(times, int) or dim is None:
        raise Unsupported("repeats by a tensor, or all axes as one")
    maker.bind(op.outs[0], maker.add("RepeatEach", x=x, repeats=times, dim=dim))


def _extreme(function: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a, b = operands(op)
        if not all(isinstance(one, Value) for one in (a, b)):
            raise Unsupported("compares a tensor with a number")
        maker.bind(op.outs[0], paired(maker, function, a, b))

    return call


CALLS: Mapping[str, Call] = {
    **{name: _reduce(name) for name in ("sum", "mean", "amax", "amin", "logsumexp")},
    "max": _largest("max"),
    "min": _largest("min"),
    "maximum": _extreme("maximum"),
    "minimum": _extreme("minimum"),
    "fmax": _extreme("maximum"),
    "fmin": _extreme("minimum"),
    "argmax": _position("argmax"),
    "argmin": _position("argmin"),
    "any": _quantified("any"),
    "all": _quantified("all"),
    "prod": _product,
    "topk": _ranked("TopK", "k", "dim", "largest"),
    "sort": _ranked("Sort", "dim", "descending"),
    "argsort": _ranked("Sort", "dim", "descending"),
    "var": _spread("var"),
    "std": _spread("std"),
    "var_mean": _spread("var", mean=True),
    "std_mean": _spread("std", mean=True),
    "norm": _norm,
    "vector_norm": _norm,
    "linalg_vector_norm": _norm,
    "linalg_norm": _norm,
    "cumsum": _running("cumsum"),
    "cumprod": _running("cumprod"),
    "repeat": _repeat,
    "tile": _repeat,
    "repeat_interleave": _repeat_interleave,
}
