"""The dialect of torch's functions that lay out, cut and join tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from codegen.intake.bodies import Maker
from codegen.intake.record import Op, Value, values_in
from codegen.intake.steps import Ref, Unsupported

Call = Callable[[Maker, Op], None]


def _single(op: Op) -> Value:
    """The only tensor that a call reads."""
    inputs = list(op.inputs())
    if not inputs or any(value is not inputs[0] for value in inputs):
        raise Unsupported("reads several tensors")
    return inputs[0]


def _reshape(maker: Maker, op: Op) -> None:
    x, y = op.args[0] if isinstance(op.args[0], Value) else _single(op), op.outs[0]
    if x.dtype != y.dtype:
        raise Unsupported("reads the same memory as another type")
    maker.bind(y, reshaped(maker, x, y))


def reshaped(maker: Maker, x: Value, y: Value) -> Ref:
    """A step that lays the values of one out as another."""
    varying = y.varies()
    if varying and varying[0] == 0 and len(varying) == 1 and x.shape and x.varies() == [0] and x.shape[0] == y.shape[0]:
        if len(x.shape) > 2 and len(y.shape) == 2:
            return maker.add("Flatten", x=x, start_dim=1)
        return maker.add("Reshape", x=x, shape=list(y.shape[1:]))
    if len(varying) > 1:
        raise Unsupported("lays out several axes whose sizes depend on the batch")
    shape = [-1 if axis in varying else size for axis, size in enumerate(y.shape)]
    if not shape:
        raise Unsupported("leaves no axes")
    return maker.add("ReshapeAll", x=x, shape=shape)


def _flatten(maker: Maker, op: Op) -> None:
    x, y = op.args[0], op.outs[0]
    start = op.args[1] if len(op.args) > 1 else op.kwargs.get("start_dim", 0)
    end = op.args[2] if len(op.args) > 2 else op.kwargs.get("end_dim", -1)
    if not x.shape:
        raise Unsupported("flattens a tensor without axes")
    if start % len(x.shape) == end % len(x.shape):
        maker.bind(y, x)
        return
    maker.bind(y, maker.add("Flatten", x=x, start_dim=start, **({"end_dim": end} if end != -1 else {})))


def _permute(maker: Maker, op: Op) -> None:
    dims = op.args[1:] if len(op.args) > 2 else (op.args[1] if len(op.args) > 1 else op.kwargs["dims"])
    dims = [dims] if isinstance(dims, int) else list(dims)
    maker.bind(op.outs[0], maker.add("Permute", x=op.args[0], dims=dims))


def _transpose(maker: Maker, op: Op) -> None:
    one = op.args[1] if len(op.args) > 1 else op.kwargs.get("dim0", op.kwargs.get("axis0"))
    other = op.args[2] if len(op.args) > 2 else op.kwargs.get("dim1", op.kwargs.get("axis1"))
    maker.bind(op.outs[0], maker.add("Transpose", x=op.args[0], dim0=one, dim1=other))


def _turned(maker: Maker, op: Op) -> None:
    """x.t(), x.T, x.mT: the last two axes change places."""
    x = op.args[0]
    if len(x.shape) < 2 or (len(x.shape) > 2 and not any(name in op.name for name in (".mT", ".mH", "adjoint"))):
        raise Unsupported("turns more than a matrix")
    maker.bind(op.outs[0], maker.add("Transpose", x=x, dim0=-2, dim1=-1))


def _movedim(maker: Maker, op: Op) -> None:
    x, source, target = op.args[0], op.args[1], op.args[2]
    rank = len(x.shape)
    sources = [s % rank for s in ([source] if isinstance(source, int) else source)]
    targets = [t % rank for t in ([target] if isinstance(target, int) else target)]
    placed = dict(zip(targets, sources, strict=True))
    rest = iter([axis for axis in range(rank) if axis not in sources])
    dims = [placed[axis] if axis in placed else next(rest) for axis in range(rank)]
    maker.bind(op.outs[0], maker.add("Permute", x=x, dims=dims))


def _same(maker: Maker, op: Op) -> None:
    """A copy, or another type or device that is the one it has."""
    x, y = op.args[0], op.outs[0]
    if x.dtype != y.dtype:
        _cast(maker, op)
        return
    if x.shape != y.shape:
        raise Unsupported("changes the shape")
    maker.bind(y, x)


def _cast(maker: Maker, op: Op) -> None:
    maker.bind(op.outs[0], maker.add("Cast", x=op.args[0], dtype=op.outs[0].dtype))


def _detach(maker: Maker, op: Op) -> None:
    x = op.args[0]
    maker.bind(op.outs[0], maker.add("Detach", x=x) if x.grows else x)


def _typed(maker: Maker, op: Op) -> None:
    """x.type(torch.float32)."""
    _same(maker, op)


def _flip(maker: Maker, op: Op) -> None:
    dims = op.args[1:] if len(op.args) > 1 else op.kwargs["dims"]
    dims = dims[0] if len(dims) == 1 and isinstance(dims[0], list | tuple) else dims
    x = op.args[0]
    if any(axis % len(x.shape) in x.varies() for axis in dims):
        raise Unsupported("turns the batch round")
    maker.bind(op.outs[0], maker.add("Flip", x=x, dims=list(dims)))


def _triangle(function: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        diagonal = op.args[1] if len(op.args) > 1 else op.kwargs.get("diagonal", 0)
        maker.bind(op.outs[0], maker.add("Triangle", x=op.args[0], function=function, diagonal=diagonal))

    return call


def _beside(axes: int) -> Call:
    """hstack, vstack, dstack: tensors that have the axis already are joined along it."""

    def call(maker: Maker, op: Op) -> None:
        values = list(values_in(op.args[0] if op.args else op.kwargs["tensors"]))
        if len(values) < 2 or any(len(value.shape) < max(axes + 1, 2) for value in values):
            raise Unsupported("joins tensors of few axes")
        maker.bind(op.outs[0], maker.add("Concat", **{f"x{n}": value for n, value in enumerate(values)}, dim=axes))

    return call


def _squeeze(maker: Maker, op: Op) -> None:
    x, y = op.args[0], op.outs[0]
    dim = op.args[1] if len(op.args) > 1 else op.kwargs.get("dim")
    if isinstance(dim, int) and len(y.shape) == len(x.shape) - 1:
        maker.bind(y, maker.add("Squeeze", x=x, dim=dim))
    elif x.shape == y.shape:
        maker.bind(y, x)
    else:
        maker.bind(y, reshaped(maker, x, y))


def _unsqueeze(maker: Maker, op: Op) -> None:
    dim = op.args[1] if len(op.args) > 1 else op.kwargs["dim"]
    maker.bind(op.outs[0], maker.add("Unsqueeze", x=op.args[0], dim=dim))


def _cat(maker: Maker, op: Op) -> None:
    _joined(maker, op, "Concat")


def _stack(maker: Maker, op: Op) -> None:
    _joined(maker, op, "Stack")


def _joined(maker: Maker, op: Op, type: str) -> None:
    tensors = op.args[0] if op.args else op.kwargs["tensors"]
    dim = op.args[1] if len(op.args) > 1 else op.kwargs.get("dim", op.kwargs.get("axis", 0))
    values = [value for value in values_in(tensors) if value.tensor.numel() or type != "Concat"]
    if len(values) == 1 and type == "Concat":
        maker.bind(op.outs[0], values[0])
        return
    if len(values) < 2:
        raise Unsupported("joins a single tensor")
    ports = {f"x{place}": value for place, value in enumerate(values)}
    maker.bind(op.outs[0], maker.add(type, **ports, dim=dim))


def _pieces(maker: Maker, op: Op) -> None:
    """chunk, split: each part as a slice."""
    x = op.args[0]
    dim = op.kwargs.get("dim", op.args[2] if len(op.args) > 2 else 0) % len(x.shape)
    if dim in x.varies():
        raise Unsupported("splits the batch")
    start = 0
    for part in op.outs:
        size = part.shape[dim]
        maker.bind(part, sliced(maker, x, dim, start, start + size, x.shape[dim]))
        start += size


def sliced(maker: Maker, x: Value | Ref, dim: int, start: int, stop: int, size: int) -> Ref:
    """The positions of an axis of ``size`` from ``start`` to ``stop``."""
    params: dict[str, Any] = {"dim": dim}
    params |= {"start": start} if start else {}
    params |= {"stop": stop} if stop != size else {}
    return maker.add("Slice", x=x, **params)


def _unbind(maker: Maker, op: Op) -> None:
    x = op.args[0]
    dim = op.args[1] if len(op.args) > 1 else op.kwargs.get("dim", 0)
    if dim % len(x.shape) in x.varies():
        raise Unsupported("takes the batch apart")
    for place, part in enumerate(op.outs):
        maker.bind(part, maker.add("Select", x=x, dim=dim, index=place))


def _select(maker: Maker, op: Op) -> None:
    dim = op.args[1] if len(op.args) > 1 else op.kwargs["dim"]
    index = op.args[2] if len(op.args) > 2 else op.kwargs["index"]
    if isinstance(index, Value):
        raise Unsupported("picks by a tensor")
    maker.bind(op.outs[0], maker.add("Select", x=op.args[0], dim=dim, index=index))


def _narrow(maker: Maker, op: Op) -> None:
    x, dim, start, length = (*op.args, *op.kwargs.values())[:4]
    axis = dim % len(x.shape)
    maker.bind(op.outs[0], sliced(maker, x, axis, start, start + length, x.shape[axis]))


def _expand(maker: Maker, op: Op) -> None:
    x, y = op.args[0], op.outs[0]
    if x.shape == y.shape:
        maker.bind(y, x)
    else:
        maker.bind(y, expanded(maker, x, y))


def expanded(maker: Maker, x: Value, y: Value) -> Ref:
    """A step that spreads one over the shape of another."""
    varying = y.varies()
    if x.varies() or not varying:
        lead = len(y.shape) - len(x.shape)
        padded = [None] * lead + list(x.shape)
        if any(axis not in x.varies() for axis in varying if axis >= lead) or any(axis < lead for axis in varying):
            raise Unsupported("spreads over several axes that depend on the batch")
        sizes = [-1 if have == size else size for have, size in zip(padded, y.shape, strict=True)]
        return maker.add("Expand", x=x, sizes=sizes)
    if varying != [0]:
        raise Unsupported("spreads over an axis that depends on the batch")
    like = maker.sample(y)
    here: Value | Ref = x
    for _ in range(len(y.shape) - len(x.shape)):
        here = maker.add("Unsqueeze", x=here, dim=0)
    padded = [*[1] * (len(y.shape) - len(x.shape)), *x.shape]
    rest = [-1 if have == size else size for have, size in zip(padded[1:], y.shape[1:], strict=True)]
    if any(size != -1 for size in rest):
        here = maker.add("Expand", x=here, sizes=[-1, *rest])
    return maker.add("ExpandBatch", x=here, like=like, axes=len(y.shape))


def _roll(maker: Maker, op: Op) -> None:
    shifts = op.args[1] if len(op.args) > 1 else op.kwargs["shifts"]
    dims = op.args[2] if len(op.args) > 2 else op.kwargs.get("dims")
    if dims is None or dims == ():
        raise Unsupported("rolls all axes as one")
    maker.bind(op.outs[0], maker.add("Roll", x=op.args[0], shifts=_listed(shifts), dims=_listed(dims)))


def _listed(part: Any) -> list[int]:
    return [part] if isinstance(part, int) else [int(one) for one in part]


def _pad(maker: Maker, op: Op) -> None:
    names = ("input", "pad", "mode", "value")
    a = {"mode": "constant", "value": None, **dict(zip(names, op.args, strict=False)), **op.kwargs}
    pad = [int(size) for size in a["pad"]]
    if not any(pad):
        maker.bind(op.outs[0], a["input"])
        return
    if a["mode"] != "constant":
        if len(pad) != 2 * (len(a["input"].shape) - 2) or min(pad) < 0:
            raise Unsupported(f"pads in {a['mode']} mode, without a batch or channels")
        maker.bind(op.outs[0], maker.add("BorderPad", x=a["input"], pad=pad, mode=a["mode"]))
        return
    if a["value"] in (float("inf"), float("-inf")):
        infinite = {"infinite": "above"} if a["value"] > 0 else {}
        maker.bind(op.outs[0], maker.add("PadInfinite", x=a["input"], pad=pad, **infinite))
        return
    value = {"value": float(a["value"])} if a["value"] else {}
    maker.bind(op.outs[0], maker.add("Pad", x=a["input"], pad=pad, **value))


CALLS: Mapping[str, Call] = {
    "view": _reshape,
    "reshape": _reshape,
    "unflatten": _reshape,
    "view_as": _reshape,
    "reshape_as": _reshape,
    "flatten": _flatten,
    "permute": _permute,
    "transpose": _transpose,
    "swapaxes": _transpose,
    "swapdims": _transpose,
    "t": _turned,
    "T": _turned,
    "mT": _turned,
    "data": _detach,
    "movedim": _movedim,
    "moveaxis": _movedim,
    "contiguous": _same,
    "clone": _same,
    "to": _same,
    "type_as": _same,
    "float": _same,
    "double": _same,
    "half": _same,
    "bool": _same,
    "long": _same,
    "int": _same,
    "cpu": _same,
    "alias": _same,
    "detach": _detach,
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "cat": _cat,
    "concat": _cat,
    "concatenate": _cat,
    "stack": _stack,
    "chunk": _pieces,
    "split": _pieces,
    "split_with_sizes": _pieces,
    "tensor_split": _pieces,
    "unbind": _unbind,
    "select": _select,
    "narrow": _narrow,
    "expand": _expand,
    "expand_as": _expand,
    "broadcast_to": _expand,
    "roll": _roll,
    "pad": _pad,
    "type": _typed,
    "ravel": _reshape,
    "flip": _flip,
    "tril": _triangle("tril"),
    "triu": _triangle("triu"),
    "vstack": _beside(0),
    "hstack": _beside(1),
    "dstack": _beside(2),
    "adjoint": _turned,
    "H": _turned,
    "mH": _turned,
    "bfloat16": _same,
}
