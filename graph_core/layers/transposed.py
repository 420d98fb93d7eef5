"""Transposed convolutions, which spread each value over a window."""

from __future__ import annotations

from functools import partial

from graph_core.dims import Dim, Shape, at_least, prod, shape_text
from graph_core.fields import REQUIRED, Flag, Pair, Single, Size
from graph_core.layer import Facts, Inlet, Layer, Module, Outlet, Weight, facts, require
from graph_core.layers._rules import splits


class _Transposed(Layer):
    """What transposed convolutions of every rank share; sizes are tuples with one entry a spatial axis."""

    family, stem, words = "conv", "up", "transposed convolution deconvolution upsample fractional"
    letters = {"C": "c_in", "out_channels": "c_out"}
    saves = ("x",)

    y = Outlet()
    out_channels = Size(64, "Number of filters.", torch=REQUIRED)

    kernel_size: Pair | Single
    stride: Pair | Single
    padding: Pair | Single
    output_padding: Pair | Single
    dilation: Pair | Single
    groups: Size
    bias: Flag

    def rule(self, x: Shape) -> Facts:
        n, c, *space = x
        groups, kernel, out = self.groups, self.kernel_size, self.out_channels
        splits("groups", groups, {"channels": c, "out_channels": out})
        sizes: list[Dim] = []
        for size, k, s, p, extra, d in zip(
            space, kernel, self.stride, self.padding, self.output_padding, self.dilation, strict=True
        ):
            require(
                at_least(s, extra + 1) or at_least(d, extra + 1),
                partial("adds {} at the end, which takes a stride or dilation above it, not {}".format, extra, s),
                "parameter",
                set={"output_padding": 0},
            )
            grown = (size - 1) * s - 2 * p + d * (k - 1) + extra + 1
            require(
                at_least(grown, 1),
                lambda: f"leaves nothing of {shape_text(space)} with a padding of {shape_text(self.padding)}",
                "window",
                set={"padding": 0},
            )
            sizes.append(grown)
        y = (n, out, *sizes)
        weight = Weight("weight", (c, out // groups, *kernel), "in out " + " ".join("DHW"[-len(space) :]))
        bias = [Weight("bias", (out,), "out", "bias")] if self.bias else []
        added = prod(y) if self.bias else 0
        return facts(
            y,
            weights=[weight, *bias],
            macs=prod(x) * prod(weight.shape[1:]),
            elementwise=added,
            biases=added,
            in_channels=c,
        )


class ConvTranspose1d(_Transposed):
    """A transposed convolution along one axis."""

    torch = Module("nn.ConvTranspose1d")
    help = "Spreads each value along one axis over a learned window, and adds up what overlaps."
    source = "torch.nn.ConvTranspose1d; Dumoulin and Visin 2016, arXiv:1603.07285"

    x = Inlet("N C L", "float")
    kernel_size = Single(2, "Length of the window.", torch=REQUIRED, short="k")
    stride = Single(2, "Step of the window in the output.", torch=1, short="s")
    padding = Single(0, "Values cut off at both ends.", least=0, short="p")
    output_padding = Single(0, "Values added at the end.", least=0, advanced=True)
    groups = Size(1, "Groups of channels that do not see each other.", short="g", advanced=True)
    bias = Flag(True, "Add a learned constant to each channel.")
    dilation = Single(1, "Step inside the window.", short="d", advanced=True)


class ConvTranspose2d(_Transposed):
    """A transposed convolution over height and width."""

    torch = Module("nn.ConvTranspose2d")
    help = "Spreads each value of an image over a learned window, and adds up what overlaps."
    source = "torch.nn.ConvTranspose2d; Dumoulin and Visin 2016, arXiv:1603.07285"

    x = Inlet("N C H W", "float")
    kernel_size = Pair(2, "Height and width of the window.", torch=REQUIRED, short="k")
    stride = Pair(2, "Step of the window in the output.", torch=1, short="s")
    padding = Pair(0, "Values cut off on each side.", least=0, short="p")
    output_padding = Pair(0, "Values added at the end.", least=0, advanced=True)
    groups = Size(1, "Groups of channels that do not see each other.", short="g", advanced=True)
    bias = Flag(True, "Add a learned constant to each channel.")
    dilation = Pair(1, "Step inside the window.", short="d", advanced=True)
