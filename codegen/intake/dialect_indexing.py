"""The dialect of positions: parts of tensors by slices, numbers and tables of numbers, and parts put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from codegen.intake.bodies import Maker
from codegen.intake.dialect_functional import given
from codegen.intake.dialect_pointwise import steady
from codegen.intake.record import Op, Value, values_in
from codegen.intake.steps import Ref, Unsupported

Call = Callable[[Maker, Op], None]


def _getitem(maker: Maker, op: Op) -> None:
    x, index = op.args[0], op.args[1]
    if op.twin is not None and _places(op) != _places(op.twin):
        raise Unsupported("picks at places that depend on the batch, or are others at every call")
    maker.bind(op.outs[0], _picked(maker, op, x, _spelled_out(x, index)))


def _spelled_out(x: Value, index: Any) -> list[Any]:
    """An index as one part for each axis and each new one, tensors for lists; refuses masks."""
    parts = [_table(part) for part in (index if isinstance(index, tuple) else (index,))]
    for part in parts:
        if part is True or part is False or (isinstance(part, Value) and part.dtype in ("bool", "uint8")):
            raise Unsupported("picks by a mask, so that its shape depends on the data")
    axes = sum(1 for part in parts if part is not None and part is not Ellipsis)
    rest = [slice(None)] * (len(x.shape) - axes)
    place = next((place for place, part in enumerate(parts) if part is Ellipsis), None)
    return [*parts, *rest] if place is None else [*parts[:place], *rest, *parts[place + 1 :]]


def _table(part: Any) -> Any:
    """A list of whole numbers as a tensor, a tensor without axes that never varies as a number."""
    if isinstance(part, list | tuple | range):
        part = list(part)
        if list(values_in(part)) or not all(type(one) is int for one in part):
            raise Unsupported("picks by a list of other than whole numbers")
        return Value(torch.tensor(part), "constant", fixed=True)
    if isinstance(part, Value) and part.fixed and not part.shape and part.dtype == "int64":
        return int(steady(part))
    return part


def _picked(maker: Maker, op: Op, x: Value, parts: list[Any]) -> Value | Ref:
    """Slices, single positions and new axes one after the other; then what tensors pick."""
    here: Value | Ref = x
    axis, source = 0, 0
    tables: list[tuple[int, Value, int]] = []  # axis by now, table, size of the axis
    for part in parts:
        if part is None:
            here = maker.add("Unsqueeze", x=here, dim=axis)
            axis += 1
        elif isinstance(part, Value):
            tables.append((axis, part, x.shape[source]))
            if source in x.varies() and not (len(tables) == 1 and _every_sample(part, x)):
                raise Unsupported("picks samples of the batch")
            axis, source = axis + 1, source + 1
        elif isinstance(part, int):
            if source in x.varies() and not 0 <= part < 1:
                raise Unsupported("picks a sample of the batch")
            here = maker.add("Select", x=here, dim=axis, index=int(part))
            source += 1
        else:
            here = _cut(maker, here, part, axis, x, source)
            axis, source = axis + 1, source + 1
    return _looked_up(maker, op, here, tables) if tables else here


def _every_sample(table: Value, x: Value) -> bool:
    """Whether a table counts the samples of the batch: torch.arange(batch)."""
    return table.fixed and table.varies() == [0] and bool((table.tensor == torch.arange(x.shape[0])).all())


def _looked_up(maker: Maker, op: Op, here: Value | Ref, tables: list[tuple[int, Value, int]]) -> Ref:
    """What tensors of whole numbers pick: positions of one axis, or of several that lie side by side."""
    for _, table, _ in tables:
        if table.dtype not in ("int64", "int32"):
            raise Unsupported("picks by other than whole numbers")
    axis, table, _ = tables[0]
    if len(tables) == 1:
        return maker.add("Lookup", table=here, index=table, **({"dim": axis} if axis else {}))
    if len(tables) == 2 and axis == 0 and tables[1][0] == 1 and table.varies():
        return _one_a_sample(maker, op, here, tables[1][1])
    if [place for place, _, _ in tables] != list(range(axis, axis + len(tables))):
        raise Unsupported("picks by several tensors that do not stand side by side")
    # One number for the axes together: the positions of all but the last times the sizes behind them.
    flat = maker.add("Flatten", x=here, start_dim=axis, end_dim=axis + len(tables) - 1)
    together: Value | Ref | None = None
    for place, (_, part, size) in enumerate(tables):
        stride = 1
        for _, _, behind in tables[place + 1 :]:
            stride *= behind
        one: Value | Ref = part
        if not part.fixed:
            one = maker.add("WithInteger", maker.free("place"), x=part, operation="x % number", number=size)
            if stride > 1:
                one = maker.add("WithInteger", maker.free("place"), x=one, operation="x * number", number=stride)
        else:
            one = Value((steady(part) % size) * stride, "constant", fixed=True)
            if part.varies():
                raise Unsupported("picks samples of the batch among others")
        if isinstance(one, Value) and isinstance(together, Value):
            together = Value(one.tensor + together.tensor, "constant", fixed=True)
        else:
            together = one if together is None else maker.add("Add", a=together, b=one)
    assert together is not None
    return maker.add("Lookup", table=flat, index=together, **({"dim": axis} if axis else {}))


def _one_a_sample(maker: Maker, op: Op, here: Value | Ref, index: Value) -> Ref:
    """x[torch.arange(batch), index]: of each sample, the position that its own number tells."""
    y = op.outs[0]
    if len(index.shape) != 1:
        raise Unsupported("picks several positions of each sample")
    own: Value | Ref = index
    for _ in range(len(y.shape)):
        own = maker.add("Unsqueeze", x=own, dim=-1)
    if len(y.shape) > 1:
        own = maker.add("Expand", x=own, sizes=[-1, 1, *y.shape[1:]])
    return maker.add("Squeeze", x=maker.add("Gather", x=here, index=own, dim=1), dim=1)


def _places(op: Op) -> list[str]:
    """The places that a call picks, where a slice of a whole axis is one without ends."""
    x, index = op.args[0], op.args[1]
    parts = list(index) if isinstance(index, tuple) else [index]
    named = sum(1 for part in parts if part is not None and part is not Ellipsis)
    axis, found = 0, list[str]()
    for part in parts:
        plain = not isinstance(part, slice) or list(values_in(part)) or axis >= len(x.shape)
        if not plain and part.indices(x.shape[axis]) == (0, x.shape[axis], 1):
            part = slice(None)
        found.append("tensor" if list(values_in(part)) else repr(part))
        axis += 0 if part is None else len(x.shape) - named if part is Ellipsis else 1
    return found


def _gather(maker: Maker, op: Op) -> None:
    a = given(op, "input", "dim", "index", "sparse_grad")
    if not isinstance(a["index"], Value) or not a["index"].shape:
        raise Unsupported("picks from what has no axes")
    maker.bind(op.outs[0], maker.add("Gather", x=a["input"], index=a["index"], dim=a["dim"]))


def _along(maker: Maker, op: Op) -> None:
    a = given(op, "input", "indices", "dim")
    if a["dim"] is None or len(a["input"].shape) != len(a["indices"].shape):
        raise Unsupported("picks from all axes as one")
    if any(m != n for k, (m, n) in enumerate(zip(a["input"].shape, a["indices"].shape, strict=True))
           if k != a["dim"] % len(a["input"].shape)):  # fmt: skip
        raise Unsupported("spreads what it picks by")
    maker.bind(op.outs[0], maker.add("Gather", x=a["input"], index=a["indices"], dim=a["dim"]))


def _index_select(maker: Maker, op: Op) -> None:
    a = given(op, "input", "dim", "index")
    axis = a["dim"] % len(a["input"].shape)
    if axis in a["input"].varies():
        raise Unsupported("picks samples of the batch")
    maker.bind(op.outs[0], maker.add("Lookup", table=a["input"], index=a["index"], **({"dim": axis} if axis else {})))


def _put_back(maker: Maker, op: Op) -> None:
    """A part that was changed in place, put back into the whole."""
    whole, part, index = op.args
    if op.twin is not None and repr(index) != repr(op.twin.args[2]):
        raise Unsupported("changes a part in place that depends on the batch, or is another at every call")
    parts = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        parts[place : place + 1] = [slice(None)] * (len(whole.shape) - len(parts) + 1)
    chosen = [axis for axis, one in enumerate(parts) if one != slice(None)]
    if len(chosen) != 1 or None in parts or chosen[0] in whole.varies():
        raise Unsupported("changes a part of a tensor in place")
    axis, cut = chosen[0], parts[chosen[0]]
    here: Value | Ref = part
    if isinstance(cut, int):
        here, cut = maker.add("Unsqueeze", x=here, dim=axis), slice(cut, cut + 1 or None)
    if not isinstance(cut, slice):
        raise Unsupported("changes a part of a tensor in place")
    start, stop, step = cut.indices(whole.shape[axis])
    if step != 1:
        raise Unsupported("changes every so manieth part of a tensor in place")
    maker.bind(op.outs[0], maker.add("SliceScatter", x=whole, part=here, dim=axis, start=start, end=stop))


def _cut(maker: Maker, here: Value | Ref, part: slice, axis: int, x: Value, source: int) -> Value | Ref:
    size = x.shape[source]
    if any(isinstance(end, Value) for end in (part.start, part.stop, part.step)):
        raise Unsupported("cuts where a tensor says")
    start, stop, step = part.indices(size)
    if (start, stop, step) == (0, size, 1):
        return here
    if source in x.varies() or step < 1 or stop <= start:
        raise Unsupported("cuts the batch, or backwards, or leaves nothing")
    params: dict[str, Any] = {"dim": axis}
    if part.start:
        params["start"] = int(part.start) if -size <= part.start < size else start
    if stop < size:
        params["stop"] = int(part.stop)
    if step > 1:
        params["step"] = step
    return maker.add("Slice", x=here, **params)


CALLS: Mapping[str, Call] = {
    "getitem": _getitem,
    "gather": _gather,
    "take_along_dim": _along,
    "index_select": _index_select,
    "put_back": _put_back,
}
