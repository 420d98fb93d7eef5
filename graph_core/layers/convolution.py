"""Convolutions."""

from __future__ import annotations

from typing import Any

from graph_core.dims import Dim, Shape, at_least, ceil_divide, plain, prod, same, shape_text, window
from graph_core.fields import REQUIRED, Choice, Flag, Pair, PerAxis, Single, Size, Triple
from graph_core.layer import Facts, Inlet, Layer, Module, Outlet, Spec, Want, Weight, facts, require
from graph_core.layers._rules import channels_first, fitting_kernel, fitting_padding, splits, stored

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Conv(Layer):
    """What convolutions of every rank share; sizes are tuples with one entry a spatial axis."""

    family, stem, words = "conv", "conv", "convolution kernel filter"
    letters = {"C": "c_in", "out_channels": "c_out"}
    saves = ("x",)

    y = Outlet()
    out_channels = Size(64, "Number of filters.", torch=REQUIRED)

    kernel_size: PerAxis
    stride: PerAxis
    padding: PerAxis
    dilation: PerAxis
    groups: Size
    bias: Flag
    padding_mode: Choice

    @classmethod
    def adapt(cls, have: Spec, want: Want) -> dict[str, Any] | None:
        """A window of 1 with a stride: changes the channels and thins the space out, as residual networks project."""
        rank = cls.inlets["x"].rank
        if want.spec is None or have.kind != "float" or not len(have.shape) == len(want.spec.shape) == rank:
            return None
        (n, _, *space), (m, channels, *goal) = have.shape, want.spec.shape
        if any(size == 0 for size in goal):
            return None
        strides = [ceil_divide(size, wanted) for size, wanted in zip(space, goal, strict=True)]
        fits = all(same(window(s, 1, step, 0), g) for s, step, g in zip(space, strides, goal, strict=True))
        if not (same(n, m) and fits and isinstance(channels, int)):
            return None
        params: dict[str, Any] = {"out_channels": plain(channels), "kernel_size": 1}
        return params if all(same(step, 1) for step in strides) else {**params, "stride": stored(strides)}

    def rule(self, x: Shape) -> Facts:
        n, c, *space = x
        groups, kernel, out = self.groups, self.kernel_size, self.out_channels
        splits("groups", groups, {"channels": c, "out_channels": out})
        sizes: list[Dim] = []
        for size, k, s, p, d in zip(space, kernel, self.stride, self.padding, self.dilation, strict=True):
            self._check_padding(size, p)
            require(
                at_least(size + 2 * p, d * (k - 1) + 1),
                lambda: f"slides a window of {shape_text(kernel)} over {shape_text(space)}, which is smaller",
                "window",
                set=lambda: fitting_kernel(space, kernel, self.padding, self.dilation),
                also=lambda: fitting_padding(space, kernel, self.padding, self.dilation),
                order=lambda: channels_first(x),
                port="x",
            )
            sizes.append(window(size, k, s, p, d))
        y = (n, out, *sizes)
        weight = Weight("weight", (out, c // groups, *kernel), "out in " + " ".join("DHW"[-len(space) :]))
        bias = [Weight("bias", (out,), "out", "bias")] if self.bias else []
        macs = prod(y) * prod(weight.shape[1:])
        kept: Dim = 0
        if self.padding_mode != "zeros":  # then torch pads in a step of its own
            kept = prod((n, c, *(size + 2 * p for size, p in zip(space, self.padding, strict=True))))
        return facts(
            y,
            weights=[weight, *bias],
            macs=macs,
            elementwise=prod(y) if self.bias else 0,
            biases=prod(y) if self.bias else 0,
            saves=() if self.padding_mode == "circular" else None,
            keeps=((kept, "same"),),
            scratch=kept,
            in_channels=c,
        )

    def _check_padding(self, size: Dim, padding: Dim) -> None:
        """What is mirrored or wrapped has to be there: reflect needs padding < size, circular padding ≤ size."""
        mode = self.padding_mode
        if mode in ("reflect", "circular"):
            require(
                at_least(size, padding + 1 if mode == "reflect" else padding),
                lambda: f"pads {size} values by {padding} in {mode} mode, more than there are",
                "window",
                set={"padding_mode": "zeros"},
            )


class Conv1d(_Conv):
    """A convolution along one axis."""

    torch = Module("nn.Conv1d")
    help = "Slides learned filters along one axis, such as time."
    source = "torch.nn.Conv1d"

    x = Inlet("N C L", "float")
    kernel_size = Single(3, "Length of the window.", torch=REQUIRED, short="k")
    stride = Single(1, "Step of the window.", short="s")
    padding = Single(0, "Values added at both ends.", least=0, short="p")
    dilation = Single(1, "Step inside the window.", short="d", advanced=True)
    groups = Size(1, "Groups of channels that do not see each other.", short="g", advanced=True)
    bias = Flag(True, "Add a learned constant to each channel.")
    padding_mode = Choice("zeros", PADDING_MODES, "What is added at the ends.", advanced=True)


class Conv2d(_Conv):
    """A convolution over height and width."""

    torch = Module("nn.Conv2d")
    help = "Slides learned filters over an image."
    source = "torch.nn.Conv2d"

    x = Inlet("N C H W", "float")
    kernel_size = Pair(3, "Height and width of the window.", torch=REQUIRED, short="k")
    stride = Pair(1, "Step of the window.", short="s")
    padding = Pair(0, "Values added on each side.", least=0, short="p")
    dilation = Pair(1, "Step inside the window.", short="d", advanced=True)
    groups = Size(1, "Groups of channels that do not see each other.", short="g", advanced=True)
    bias = Flag(True, "Add a learned constant to each channel.")
    padding_mode = Choice("zeros", PADDING_MODES, "What is added at the sides.", advanced=True)


class Conv3d(_Conv):
    """A convolution over depth, height and width."""

    torch = Module("nn.Conv3d")
    words = "convolution kernel filter volume video"
    help = "Slides learned filters over a volume or a video."
    source = "torch.nn.Conv3d"

    x = Inlet("N C D H W", "float")
    kernel_size = Triple(3, "Depth, height and width of the window.", torch=REQUIRED, short="k")
    stride = Triple(1, "Step of the window.", short="s")
    padding = Triple(0, "Values added on each side.", least=0, short="p")
    dilation = Triple(1, "Step inside the window.", short="d", advanced=True)
    groups = Size(1, "Groups of channels that do not see each other.", short="g", advanced=True)
    bias = Flag(True, "Add a learned constant to each channel.")
    padding_mode = Choice("zeros", PADDING_MODES, "What is added at the sides.", advanced=True)
