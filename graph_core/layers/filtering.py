"""Convolutions whose filters come in by a wire: torch.nn.functional's own forms."""

from __future__ import annotations

from graph_core.dims import Dim, Shape, at_least, divides, prod, same, shape_text, window
from graph_core.fields import Pair, PerAxis, Single, Size, Triple
from graph_core.layer import Facts, Function, Inlet, Layer, Outlet, Phrase, facts, require
from graph_core.layers.functional import needs


class _ConvWith(Layer):
    """What convolutions of every rank share whose filters come in by a wire."""

    family, stem, words = "conv", "conv", "functional convolution weight given standardized"
    rare = True
    saves = ("x", "weight")

    y = Outlet()

    stride: PerAxis
    padding: PerAxis
    dilation: PerAxis
    groups: Size

    def rule(self, x: Shape, weight: Shape, bias: Shape | None = None) -> Facts:
        return self._slid(x, weight, bias, self.groups)

    def _slid(self, x: Shape, weight: Shape, bias: Shape | None, groups: Dim) -> Facts:
        n, c, *space = x
        out, inner, *kernel = weight
        require(divides(groups, out), lambda: f"splits {out} filters into {groups} groups", "groups", set={"groups": 1})
        require(
            same(inner * groups, c),
            lambda: f"slides filters of {inner * groups} channels over {c}",
            port="weight",
        )
        needs("bias", bias, (out,))
        sizes: list[Dim] = []
        for size, k, s, p, d in zip(space, kernel, self.stride, self.padding, self.dilation, strict=True):
            require(
                at_least(size + 2 * p, d * (k - 1) + 1),
                lambda: f"slides a window of {shape_text(kernel)} over {shape_text(space)}, which is smaller",
                "window",
            )
            sizes.append(window(size, k, s, p, d))
        y = (n, out, *sizes)
        added = prod(y) if bias is not None else 0
        return facts(y, macs=prod(y) * prod(weight[1:]), elementwise=added, biases=added)


class Conv1dWith(_ConvWith):
    """A convolution along one axis whose filters come in by a wire."""

    torch = Function("F.conv1d", takes=("x", "weight", "bias"))
    help = "Slides filters that come in by a wire along one axis."
    source = "torch.nn.functional.conv1d"

    x, weight = Inlet("N C L", "float"), Inlet("O I P", "float")
    bias = Inlet("O", "float", optional=True)
    stride = Single(1, "Step of the window.", short="s")
    padding = Single(0, "Values added at both ends.", least=0, short="p")
    dilation = Single(1, "Step inside the window.", short="d", advanced=True)
    groups = Size(1, "Groups of channels that do not see each other.", short="g", advanced=True)


class Conv2dWith(_ConvWith):
    """A convolution over height and width whose filters come in by a wire."""

    torch = Function("F.conv2d", takes=("x", "weight", "bias"))
    help = "Slides filters that come in by a wire over an image."
    source = "torch.nn.functional.conv2d"

    x, weight = Inlet("N C H W", "float"), Inlet("O I P Q", "float")
    bias = Inlet("O", "float", optional=True)
    stride = Pair(1, "Step of the window.", short="s")
    padding = Pair(0, "Values added on each side.", least=0, short="p")
    dilation = Pair(1, "Step inside the window.", short="d", advanced=True)
    groups = Size(1, "Groups of channels that do not see each other.", short="g", advanced=True)


class Conv2dInGroups(_ConvWith):
    """A convolution over height and width in as many groups as the filters from the wire leave."""

    torch = Phrase("F.conv2d(x, weight, bias, stride, padding, dilation, x.shape[1] // weight.shape[1])")
    words = "functional convolution weight given groups batch sample conditional"
    help = "Slides filters from a wire over an image, in as many groups as they leave: each sample's own, say."
    source = "torch.nn.functional.conv2d; Yang et al. 2019, arXiv:1904.04971"

    x, weight = Inlet("N C H W", "float"), Inlet("O I P Q", "float")
    bias = Inlet("O", "float", optional=True)
    stride = Pair(1, "Step of the window.", short="s")
    padding = Pair(0, "Values added on each side.", least=0, short="p")
    dilation = Pair(1, "Step inside the window.", short="d", advanced=True)

    def rule(self, x: Shape, weight: Shape, bias: Shape | None = None) -> Facts:
        c, inner = x[1], weight[1]
        require(divides(inner, c), lambda: f"slides filters of {inner} channels over {c}", port="weight")
        groups = c // inner
        require(divides(groups, weight[0]), lambda: f"splits {weight[0]} filters into {groups} groups", "groups")
        return self._slid(x, weight, bias, groups)


class Conv3dWith(_ConvWith):
    """A convolution over depth, height and width whose filters come in by a wire."""

    torch = Function("F.conv3d", takes=("x", "weight", "bias"))
    help = "Slides filters that come in by a wire over a volume or a video."
    source = "torch.nn.functional.conv3d"

    x, weight = Inlet("N C D H W", "float"), Inlet("O I P Q R", "float")
    bias = Inlet("O", "float", optional=True)
    stride = Triple(1, "Step of the window.", short="s")
    padding = Triple(0, "Values added on each side.", least=0, short="p")
    dilation = Triple(1, "Step inside the window.", short="d", advanced=True)
    groups = Size(1, "Groups of channels that do not see each other.", short="g", advanced=True)
