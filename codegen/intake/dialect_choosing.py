"""The dialect of calls that choose between tensors by a mask, or write into parts of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from codegen.intake.bodies import Maker
from codegen.intake.dialect_functional import given
from codegen.intake.dialect_pointwise import mask_of, number, same_numbers, steady
from codegen.intake.record import Op, Value, values_in
from codegen.intake.steps import Ref, Unsupported

Call = Callable[[Maker, Op], None]
Cut = tuple[int, int, int]  # an axis, and from where to where on it


def _where(maker: Maker, op: Op) -> None:
    a = given(op, "condition", "input", "other", "self")
    mask, one, other = a["condition"], a["input"] if a["input"] is not None else a["self"], a["other"]
    if one is None or other is None:
        raise Unsupported("tells where a mask is true, so that its shape depends on the data")
    if isinstance(op.args[0], Value) and op.name.rpartition(".")[2] == "where" and "Tensor" in op.name:
        mask, one = one, mask  # x.where(mask, other)
    left, right = number(one), number(other)
    same_numbers(op)
    where = mask_of(maker, mask)
    if left is not None and right is not None:
        maker.bind(op.outs[0], _filled(maker, _constant(maker, op, where, right), where, left))
    elif left is not None and _wide(other, op):
        maker.bind(op.outs[0], _filled(maker, other, where, left))
    elif right is not None and _wide(one, op):
        other_mask = Value(~steady(mask), "constant", fixed=True) if _settled(mask) else maker.add("Not", x=where)
        maker.bind(op.outs[0], _filled(maker, one, other_mask, right))
    elif isinstance(one, Value) and isinstance(other, Value):
        maker.bind(op.outs[0], maker.add("Where", a=one, mask=where, b=other))
    else:
        raise Unsupported("chooses between whole numbers")


def _settled(mask: Value) -> bool:
    return mask.fixed and not mask.varies() and mask.dtype == "bool"


def _wide(x: Value, op: Op) -> bool:
    """Whether the values that stay are real numbers of the type that comes out."""
    return x.tensor.is_floating_point() and x.dtype == op.outs[0].dtype


def _constant(maker: Maker, op: Op, mask: Value | Ref, value: float) -> Ref:
    """One number at every place of a mask."""
    if not op.outs[0].tensor.is_floating_point() or abs(value) == float("inf"):
        raise Unsupported("chooses between whole numbers, or infinity")
    here = maker.add("Map", x=maker.add("Cast", x=mask, dtype=op.outs[0].dtype), function="zeros_like")
    if not value:
        return here
    return maker.add("WithNumber", maker.free("filled"), x=here, operation="x + number", number=value)


def _filled(maker: Maker, x: Value | Ref, mask: Value | Ref, value: float) -> Ref:
    """A number where a mask is true."""
    if abs(value) == float("inf"):
        return maker.add("MaskedFill", x=x, mask=mask, infinite="below" if value < 0 else "above")
    return maker.add("MaskedFill", x=x, mask=mask, value=float(value))


def _masked_from(maker: Maker, op: Op) -> None:
    """x[:, 2:, 3] = y: parts put back, from the innermost axis out; x[mask] = y: a choice."""
    whole, index, part = op.args
    if not whole.tensor.is_floating_point():
        raise Unsupported("writes into whole numbers")
    value = number(part)
    if isinstance(index, Value) and index.dtype == "bool":
        _chosen(maker, op, whole, index, part, value)
        return
    parts = list(index) if isinstance(index, tuple) else [index]
    if any(isinstance(one, Value | list) or one is None or isinstance(one, bool) for one in parts):
        raise Unsupported("writes into positions that a tensor tells")
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        parts[place : place + 1] = [slice(None)] * (len(whole.shape) - len(parts) + 1)
    if any(isinstance(one, slice) and (list(values_in(one)) or one.step not in (None, 1)) for one in parts):
        raise Unsupported("writes into other than neighbouring positions of a tensor")
    wanted, cuts, lost = list(whole.shape), [], []
    for axis, one in enumerate(parts):
        if isinstance(one, int):
            start = one % whole.shape[axis]
            cuts.append((axis, start, start + 1))
            lost.append(axis)
        elif one != slice(None):
            start, stop, _ = one.indices(whole.shape[axis])
            cuts.append((axis, start, stop))
    cuts = [cut for cut in cuts if (cut[1], cut[2]) != (0, whole.shape[cut[0]]) or cut[0] in lost]
    for axis, start, stop in cuts:
        wanted[axis] = stop - start
    if any(axis in whole.varies() for axis, _, _ in cuts):
        raise Unsupported("writes into a part of the batch")
    here = _laid_out(maker, whole, part, value, wanted, cuts, lost)
    maker.bind(op.outs[0], _put(maker, whole, here, cuts, list(whole.shape)) if cuts else here)


def _laid_out(
    maker: Maker, whole: Value, part: Any, value: float | None, wanted: list[int], cuts: list[Cut],
    lost: list[int],
) -> Value | Ref:  # fmt: skip
    """What is written, as a part of the whole: a number at each place, or a tensor spread over it."""
    if value is not None:
        here: Value | Ref = whole
        for axis, start, stop in cuts:
            here = maker.add("Slice", x=here, dim=axis, **({"start": start} if start else {}),
                             **({"stop": stop} if stop != whole.shape[axis] else {}))  # fmt: skip
        here = maker.add("Map", x=here, function="zeros_like")
        if not value:
            return here
        return maker.add("WithNumber", maker.free("filled"), x=here, operation="x + number", number=value)
    if not isinstance(part, Value):
        raise Unsupported("writes what is no tensor")
    shape = [size for axis, size in enumerate(wanted) if axis not in lost]
    if list(part.shape) != shape:
        raise Unsupported("writes into a part of another shape")
    here = part
    for axis in lost:
        here = maker.add("Unsqueeze", x=here, dim=axis)
    return here


def _chosen(maker: Maker, op: Op, whole: Value, mask: Value, part: Any, value: float | None) -> None:
    if value is None and not (isinstance(part, Value) and part.tensor.numel() == 1):
        raise Unsupported("writes one value after the other where a mask is true")
    here: Value | Ref = mask
    for _ in range(len(whole.shape) - len(mask.shape)):
        here = maker.add("Unsqueeze", x=here, dim=-1)
    if value is not None:
        maker.bind(op.outs[0], _filled(maker, whole, here, value))
    else:
        maker.bind(op.outs[0], maker.add("Where", a=part, mask=here, b=whole))


def _put(maker: Maker, whole: Value | Ref, part: Value | Ref, cuts: list[Cut], sizes: list[int]) -> Ref:
    (axis, start, stop), *rest = cuts
    here: Value | Ref = part
    if rest:
        cut = maker.add("Slice", x=whole, dim=axis, **({"start": start} if start else {}),
                        **({"stop": stop} if stop != sizes[axis] else {}))  # fmt: skip
        here = _put(maker, cut, part, rest, [*sizes[:axis], stop - start, *sizes[axis + 1 :]])
    return maker.add("SliceScatter", x=whole, part=here, dim=axis, start=start, end=stop)


CALLS: Mapping[str, Call] = {
    "where": _where,
    "setitem": _masked_from,
}
