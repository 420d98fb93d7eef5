"""The dialect of positions: parts of tensors by slices, numbers and tables of numbers, and parts put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from codegen.intake.bodies import Maker
from codegen.intake.record import Op, Value, values_in
from codegen.intake.steps import Ref, Unsupported

Call = Callable[[Maker, Op], None]


def _getitem(maker: Maker, op: Op) -> None:
    x, index = op.args[0], op.args[1]
    if isinstance(index, Value):
        if index.tensor.dtype in (torch.bool, torch.uint8):
            raise Unsupported("picks by a mask, so that its shape depends on the data")
        maker.bind(op.outs[0], maker.add("Lookup", table=x, index=index))
        return
    parts = list(index) if isinstance(index, tuple) else [index]
    if _looked_up(maker, op, x, parts):
        return
    if any(isinstance(part, Value | list) or part is True or part is False for part in parts):
        raise Unsupported("picks by a tensor among others")
    axes = sum(1 for part in parts if part is not None and part is not Ellipsis)
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        parts[place : place + 1] = [slice(None)] * (len(x.shape) - axes)
    here: Value | Ref = x
    axis, source = 0, 0
    for part in parts:
        if part is None:
            here = maker.add("Unsqueeze", x=here, dim=axis)
            axis += 1
        elif isinstance(part, int):
            here = maker.add("Select", x=here, dim=axis, index=int(part))
            source += 1
        else:
            here = _cut(maker, here, part, axis, x, source)
            axis, source = axis + 1, source + 1
    maker.bind(op.outs[0], here)


def _looked_up(maker: Maker, op: Op, x: Value, parts: list[Any]) -> bool:
    """Draw ``x[:, index]``: one tensor of whole numbers among axes that stay as they are."""
    places = [axis for axis, part in enumerate(parts) if isinstance(part, Value | list)]
    if len(places) != 1 or any(part != slice(None) for part in parts[: places[0]] if not isinstance(part, Value)):
        return False
    [axis] = places
    index = parts[axis]
    if any(part != slice(None) and part is not Ellipsis for part in parts[axis + 1 :]) or axis in x.varies():
        return False
    if isinstance(index, list):
        if list(values_in(index)) or not all(type(part) is int for part in index):
            return False
        index = Value(torch.tensor(index), "constant", fixed=True)
    if index.tensor.dtype not in (torch.int64, torch.int32) or not x.tensor.is_floating_point():
        return False
    maker.bind(op.outs[0], maker.add("Lookup", table=x, index=index, **({"dim": axis} if axis else {})))
    return True


def _gather(maker: Maker, op: Op) -> None:
    x, dim, index = (*op.args, *op.kwargs.values())[:3]
    if not isinstance(index, Value) or len(x.shape) != 2:
        raise Unsupported("picks from other than a matrix")
    maker.bind(op.outs[0], maker.add("Gather", x=x, index=index, dim=dim))


def _put_back(maker: Maker, op: Op) -> None:
    """A part that was changed in place, put back into the whole."""
    whole, part, index = op.args
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
    "put_back": _put_back,
}
