"""Pooling: windows and axes that are summed up into one value.

Element-wise work is counted as one operation per element of the input: each is looked at once.
"""

from __future__ import annotations

from graph_core.dims import Dim, Shape, at_least, ceil_window, prod, same, shape_text, window
from graph_core.fields import REQUIRED, Axes, Flag, Pair, PerAxis, SameAs, Single, Triple
from graph_core.layer import Facts, Inlet, Layer, Method, Module, Outlet, Refusal, facts, require
from graph_core.layers._rules import axis_of, channels_first, fitting_kernel, fitting_padding, stored


class _Pool(Layer):
    """What sliding pools of every rank share. Stricter than torch: no dilated window may need more than is there."""

    family, stem = "pool", "pool"
    saves = ("x",)

    y = Outlet()

    kernel_size: PerAxis
    stride: PerAxis
    padding: PerAxis
    ceil_mode: Flag

    def _dilation(self) -> Shape:
        return (1,) * len(self.kernel_size)

    def _kept(self, y: Shape) -> tuple[tuple[Dim, str], ...]:
        return ()

    def rule(self, x: Shape) -> Facts:
        n, c, *space = x
        kernel, padding, dilation = self.kernel_size, self.padding, self._dilation()
        sizes: list[Dim] = []
        for size, k, s, p, d in zip(space, kernel, self.stride, padding, dilation, strict=True):
            require(
                at_least(k, 2 * p),
                lambda: f"pads by {shape_text(padding)}, more than half of its window of {shape_text(kernel)}",
                "window",
                set=lambda: {"padding": stored([k // 2 for k in kernel])},
            )
            positions = (ceil_window if self.ceil_mode else window)(size, k, s, p, d)
            require(
                at_least(positions, 1),
                lambda: f"slides a window of {shape_text(kernel)} over {shape_text(space)}, which is smaller",
                "window",
                set=lambda: fitting_kernel(space, kernel, padding, dilation),
                also=lambda: fitting_padding(space, kernel, padding, dilation, half=True),
                order=lambda: channels_first(x),
                port="x",
            )
            sizes.append(positions)
        y = (n, c, *sizes)
        return facts(y, elementwise=prod(x), keeps=self._kept(y))


class _MaxPool(_Pool):
    words = "maximum subsample downsample"

    dilation: PerAxis

    def _dilation(self) -> Shape:
        return self.dilation

    def _kept(self, y: Shape) -> tuple[tuple[Dim, str], ...]:
        return ((prod(y), "int64"),)  # where each largest value stood


class MaxPool1d(_MaxPool):
    """The largest value in each window along one axis."""

    torch = Module("nn.MaxPool1d")
    help = "Keeps the largest value in each window along one axis."
    source = "torch.nn.MaxPool1d"

    x = Inlet("N C L", "float")
    kernel_size = Single(2, "Length of the window.", torch=REQUIRED, short="k")
    stride = Single(2, "Step of the window.", torch=SameAs("kernel_size"), short="s")
    padding = Single(0, "Values added at both ends, at most half a window.", least=0, short="p")
    dilation = Single(1, "Step inside the window.", short="d", advanced=True)
    ceil_mode = Flag(False, "Keep a last window that hangs over the end.", advanced=True)


class MaxPool2d(_MaxPool):
    """The largest value in each window over height and width."""

    torch = Module("nn.MaxPool2d")
    help = "Keeps the largest value in each window of an image."
    source = "torch.nn.MaxPool2d"

    x = Inlet("N C H W", "float")
    kernel_size = Pair(2, "Height and width of the window.", torch=REQUIRED, short="k")
    stride = Pair(2, "Step of the window.", torch=SameAs("kernel_size"), short="s")
    padding = Pair(0, "Values added on each side, at most half a window.", least=0, short="p")
    dilation = Pair(1, "Step inside the window.", short="d", advanced=True)
    ceil_mode = Flag(False, "Keep a last window that hangs over the edge.", advanced=True)


class MaxPool3d(_MaxPool):
    """The largest value in each window over depth, height and width."""

    torch = Module("nn.MaxPool3d")
    help = "Keeps the largest value in each window of a volume or a video."
    source = "torch.nn.MaxPool3d"

    x = Inlet("N C D H W", "float")
    kernel_size = Triple(2, "Depth, height and width of the window.", torch=REQUIRED, short="k")
    stride = Triple(2, "Step of the window.", torch=SameAs("kernel_size"), short="s")
    padding = Triple(0, "Values added on each side, at most half a window.", least=0, short="p")
    dilation = Triple(1, "Step inside the window.", short="d", advanced=True)
    ceil_mode = Flag(False, "Keep a last window that hangs over the edge.", advanced=True)


class AvgPool1d(_Pool):
    """The mean of each window along one axis."""

    torch = Module("nn.AvgPool1d")
    words = "average mean subsample downsample"
    help = "Takes the mean of each window along one axis."
    source = "torch.nn.AvgPool1d"

    x = Inlet("N C L", "float")
    kernel_size = Single(2, "Length of the window.", torch=REQUIRED, short="k")
    stride = Single(2, "Step of the window.", torch=SameAs("kernel_size"), short="s")
    padding = Single(0, "Zeros added at both ends, at most half a window.", least=0, short="p")
    ceil_mode = Flag(False, "Keep a last window that hangs over the end.", advanced=True)
    count_include_pad = Flag(True, "Count the added zeros in the mean.", advanced=True)


class AvgPool2d(_Pool):
    """The mean of each window over height and width."""

    torch = Module("nn.AvgPool2d")
    words = "average mean subsample downsample"
    help = "Takes the mean of each window of an image."
    source = "torch.nn.AvgPool2d"

    x = Inlet("N C H W", "float")
    kernel_size = Pair(2, "Height and width of the window.", torch=REQUIRED, short="k")
    stride = Pair(2, "Step of the window.", torch=SameAs("kernel_size"), short="s")
    padding = Pair(0, "Zeros added on each side, at most half a window.", least=0, short="p")
    ceil_mode = Flag(False, "Keep a last window that hangs over the edge.", advanced=True)
    count_include_pad = Flag(True, "Count the added zeros in the mean.", advanced=True)


class _AdaptivePool(Layer):
    """Pools whose windows are chosen so that a given size comes out."""

    family, stem, words = "pool", "avgpool", "average mean global adaptive"

    y = Outlet()

    output_size: PerAxis

    def rule(self, x: Shape) -> Facts:
        # One window over everything is a plain mean to torch, whose gradient needs no values.
        whole = all(same(size, 1) for size in self.output_size)
        return facts((*x[:2], *self.output_size), elementwise=prod(x), saves=() if whole else ("x",))


class AdaptiveAvgPool1d(_AdaptivePool):
    """Means over as many stretches as asked for."""

    torch = Module("nn.AdaptiveAvgPool1d")
    help = "Takes means along one axis so that a given length comes out; 1 is the mean of all."
    source = "torch.nn.AdaptiveAvgPool1d"

    x = Inlet("N C L", "float")
    output_size = Single(1, "Length that comes out.", torch=REQUIRED)


class AdaptiveAvgPool2d(_AdaptivePool):
    """Means over as many patches as asked for."""

    torch = Module("nn.AdaptiveAvgPool2d")
    help = "Takes means over patches so that a given height and width come out; 1 is the mean of all."
    source = "torch.nn.AdaptiveAvgPool2d"

    x = Inlet("N C H W", "float")
    output_size = Pair(1, "Height and width that come out.", torch=REQUIRED)


class AdaptiveAvgPool3d(_AdaptivePool):
    """Means over as many blocks as asked for."""

    torch = Module("nn.AdaptiveAvgPool3d")
    help = "Takes means over parts of a volume so that a given depth, height and width come out; 1 is the mean of all."
    source = "torch.nn.AdaptiveAvgPool3d"

    x = Inlet("N C D H W", "float")
    output_size = Triple(1, "Depth, height and width that come out.", torch=REQUIRED)


class _AdaptiveMaxPool(_AdaptivePool):
    stem, words = "maxpool", "maximum global adaptive"
    saves = ("x",)

    def rule(self, x: Shape) -> Facts:
        y = (*x[:2], *self.output_size)
        return facts(y, elementwise=prod(x), keeps=((prod(y), "int64"),))  # where each largest value stood


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest values over as many stretches as asked for."""

    torch = Module("nn.AdaptiveMaxPool1d")
    help = "Keeps the largest values along one axis so that a given length comes out; 1 is the largest of all."
    source = "torch.nn.AdaptiveMaxPool1d"

    x = Inlet("N C L", "float")
    output_size = Single(1, "Length that comes out.", torch=REQUIRED)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest values over as many patches as asked for."""

    torch = Module("nn.AdaptiveMaxPool2d")
    help = "Keeps the largest values over patches so that a given height and width come out; 1 is the largest of all."
    source = "torch.nn.AdaptiveMaxPool2d"

    x = Inlet("N C H W", "float")
    output_size = Pair(1, "Height and width that come out.", torch=REQUIRED)


class Mean(Layer):
    """The mean over some axes."""

    torch = Method("mean")
    family, stem, words = "pool", "mean", "average reduce global"
    help = "Takes the mean over the given axes."
    source = "torch.Tensor.mean"

    x, y = Inlet("N ...", "float"), Outlet()
    dim = Axes(1, "The axes that are averaged away.", torch=None)
    keepdim = Flag(False, "Keep each of them with size 1.")

    def rule(self, x: Shape) -> Facts:
        axes = [axis_of(number, x) for number in self.dim]
        if len(set(axes)) < len(axes):
            raise Refusal(
                f"averages one axis of {shape_text(x)} twice",
                "parameter",
                set={"dim": sorted(set(axes), key=axes.index)},
            )
        kept: list[Dim] = [1 if i in axes else size for i, size in enumerate(x) if self.keepdim or i not in axes]
        return facts(tuple(kept), elementwise=prod(x))
