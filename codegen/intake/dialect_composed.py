"""The dialect of functions that a drawing says by several layers, as their own documentation does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from codegen.intake.bodies import Maker
from codegen.intake.dialect_functional import given
from codegen.intake.record import Op, Value
from codegen.intake.steps import Ref, Unsupported

Call = Callable[[Maker, Op], None]


def _laid_out(maker: Maker, op: Op, x: Value, first: list[int], order: list[int]) -> None:
    """Axes behind the batch split into ``first``, put into another order, and joined to the shape that comes out."""
    y = op.outs[0]
    if x.varies() not in ([], [0]) or y.varies() != x.varies():
        raise Unsupported("lays out what depends on the batch")
    here = maker.add("Reshape", x=x, shape=first)
    here = maker.add("Permute", x=here, dims=[0, *order])
    maker.bind(y, maker.add("Reshape", x=here, shape=list(y.shape[1:])))


def _images(x: Value) -> tuple[int, int, int]:
    if len(x.shape) != 4:
        raise Unsupported("lays out what is no batch of images")
    return x.shape[1], x.shape[2], x.shape[3]


def _pixel_shuffle(maker: Maker, op: Op) -> None:
    a = given(op, "input", "upscale_factor")
    (c, h, w), r = _images(a["input"]), a["upscale_factor"]
    _laid_out(maker, op, a["input"], [c // (r * r), r, r, h, w], [1, 4, 2, 5, 3])


def _pixel_unshuffle(maker: Maker, op: Op) -> None:
    a = given(op, "input", "downscale_factor")
    (c, h, w), r = _images(a["input"]), a["downscale_factor"]
    _laid_out(maker, op, a["input"], [c, h // r, r, w // r, r], [1, 3, 5, 2, 4])


def _channel_shuffle(maker: Maker, op: Op) -> None:
    a = given(op, "input", "groups")
    (c, h, w), groups = _images(a["input"]), a["groups"]
    _laid_out(maker, op, a["input"], [groups, c // groups, h, w], [2, 1, 3, 4])


def _number(maker: Maker, x: Value | Ref, operation: str, number: float) -> Ref:
    stem = "raised" if "**" in operation else "scaled" if "*" in operation or "/" in operation else "shifted"
    return maker.add("WithNumber", maker.free(stem), x=x, operation=operation, number=number)


def _logit(maker: Maker, op: Op) -> None:
    a = given(op, "input", "eps")
    here: Value | Ref = a["input"]
    if a["eps"] is not None:
        here = maker.add("Clamp", x=here, low=float(a["eps"]), high=1.0 - float(a["eps"]))
    odds = maker.add("Div", a=here, b=_number(maker, here, "number - x", 1.0))
    maker.bind(op.outs[0], maker.add("Map", x=odds, function="log"))


def _lengths(maker: Maker, op: Op) -> None:
    """F.normalize over several axes."""
    a = given(op, "input", "p", "dim", "eps", "out", p=2.0, dim=1, eps=1e-12)
    if isinstance(a["dim"], int):
        maker.bind(op.outs[0], maker.add("Normalize", x=a["input"], p=a["p"], dim=a["dim"], eps=a["eps"]))
        return
    length = maker.add("VectorNorm", x=a["input"], ord=float(a["p"]), dim=list(a["dim"]), keepdim=True)
    least = maker.add("Clamp", x=length, low=float(a["eps"]), has_high=False)
    maker.bind(op.outs[0], maker.add("Div", a=a["input"], b=least))


def _response(maker: Maker, op: Op) -> None:
    """F.local_response_norm: x over a power of the mean square of neighbouring channels (Krizhevsky 2012)."""
    a = given(op, "input", "size", "alpha", "beta", "k", alpha=1e-4, beta=0.75, k=1.0)
    x, size = a["input"], a["size"]
    if len(x.shape) < 3:
        raise Unsupported("normalizes what has no channels")
    squares = maker.add("Mul", a=x, b=x)
    border = [*[0] * (2 * (len(x.shape) - 2)), size // 2, (size - 1) // 2]
    near = maker.add("Windows", x=maker.add("Pad", x=squares, pad=border), dimension=1, size=size, step=1)
    mean = maker.add("Mean", x=near, dim=-1)
    power = _number(maker, _number(maker, _number(maker, mean, "x * number", a["alpha"]), "x + number", a["k"]),
                    "x ** number", a["beta"])  # fmt: skip
    maker.bind(op.outs[0], maker.add("Div", a=x, b=power))


def _power_pool(axes: int) -> Call:
    """F.lp_pool: the root of a sum of powers in each window."""

    def call(maker: Maker, op: Op) -> None:
        a = given(op, "input", "norm_type", "kernel_size", "stride", "ceil_mode", ceil_mode=False)
        x, p, size = a["input"], float(a["norm_type"]), a["kernel_size"]
        if len(x.shape) != axes + 2 or not isinstance(size, int):
            raise Unsupported("pools by windows of several sizes, or what has no batch")
        powers = _number(maker, x, "x ** number", p)
        stride = a["stride"] if a["stride"] is not None else size
        ceil = {"ceil_mode": True} if a["ceil_mode"] else {}
        mean = maker.add(f"AvgPool{axes}d", x=powers, kernel_size=size, stride=stride, **ceil)
        kept: Any = maker.add("Mul", a=maker.add("Map", x=mean, function="sign"), b=maker.add("ReLU", x=maker.add(
            "Map", x=mean, function="abs")))  # fmt: skip
        maker.bind(op.outs[0], _number(maker, _number(maker, kept, "x * number", size**axes), "x ** number", 1.0 / p))

    return call


CALLS: Mapping[str, Call] = {
    "pixel_shuffle": _pixel_shuffle,
    "pixel_unshuffle": _pixel_unshuffle,
    "channel_shuffle": _channel_shuffle,
    "native_channel_shuffle": _channel_shuffle,
    "logit": _logit,
    "normalize": _lengths,
    "local_response_norm": _response,
    "lp_pool1d": _power_pool(1),
    "lp_pool2d": _power_pool(2),
}
