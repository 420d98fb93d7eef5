"""Other resolutions, windows as vectors and back, repeated values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from graph_core.dims import Dim, Shape, at_least, divides, prod, same, shape_text, window
from graph_core.fields import MAX_SIZE, REQUIRED, Axes, Choice, Count, Flag, Offsets, Pair, Sizes
from graph_core.layer import Facts, Function, Inlet, Layer, Method, Outlet, Spelling, facts, require
from graph_core.layers._rules import axis_of, fitting_kernel, fitting_padding

MODES = ("nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear")
_AXES = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


class Interpolate(Layer):
    """A map at another resolution."""

    torch: ClassVar[Function] = Function("F.interpolate")
    family, stem, words = "shape", "resize", "upsample downsample interpolate bilinear nearest bicubic scale"
    help = "Brings the axes behind the channels to other sizes, by neighbours or by weighing them."
    source = "torch.nn.functional.interpolate"
    saves = ()

    x, y = Inlet("N C ...", "float"), Outlet()
    size = Sizes([28, 28], "Sizes of the axes behind the channels.", torch=None)
    mode = Choice("nearest", MODES, "How values between are found.", torch="nearest")
    align_corners = Flag(False, "Keep the corners where they are, for the linear ways.", advanced=True, emit=False)
    antialias = Flag(False, "Weigh all that becomes one value, for bilinear and bicubic.", advanced=True)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """With the corners only where they are kept: the other ways refuse the argument."""
        return replace(cls.torch, call=(("align_corners", "True"),)) if values.get("align_corners") else cls.torch

    def rule(self, x: Shape) -> Facts:
        n, c, *space = x
        require(
            1 <= len(space) <= 3,
            lambda: f"resizes one to three axes behind the channels, and {shape_text(x)} has {len(space)}",
            "axes",
        )
        require(
            len(self.size) == len(space),
            lambda: f"takes a size for each axis behind the channels of {shape_text(x)}, not {len(self.size)}",
            "parameter",
            set=lambda: {"size": [14] * len(space)},
        )
        require(
            _AXES.get(self.mode, len(space)) == len(space),
            lambda: f"resizes {_AXES[self.mode]} axes by {self.mode}, and {shape_text(x)} has {len(space)}",
            "parameter",
            set={"mode": "nearest"},
        )
        require(
            not self.align_corners or self.mode in _AXES,
            lambda: f"keeps corners by the linear ways only, not by {self.mode}",
            "parameter",
            set={"align_corners": False},
        )
        require(
            not self.antialias or self.mode in ("bilinear", "bicubic"),
            lambda: f"weighs all values by bilinear and bicubic only, not by {self.mode}",
            "parameter",
            set={"antialias": False},
        )
        y = (n, c, *self.size)
        return facts(y, elementwise=prod(y))


class BorderPad(Layer):
    """What lies at the border of a map, added around it."""

    torch = Function("F.pad")
    family, stem, words = "shape", "pad", "reflect replicate circular border mirror"
    rare = True
    help = "Adds what lies at the border around the axes behind the channels: mirrored, repeated or from the other end."
    source = "torch.nn.functional.pad"

    x, y = Inlet("N C L ...", "float"), Outlet()
    pad = Offsets([1, 1], "How many at the beginning and the end of each axis, from the last on.", torch=REQUIRED)
    mode = Choice("reflect", ("reflect", "replicate", "circular"), "What is added.", torch="constant")

    def rule(self, x: Shape) -> Facts:
        axes = len(x) - 2
        require(axes <= 3, lambda: f"pads up to three axes behind the channels, and {shape_text(x)} has {axes}", "axes")
        require(
            len(self.pad) == 2 * axes and all(count >= 0 for count in self.pad),
            lambda: f"takes two numbers for each axis behind the channels of {shape_text(x)}, not {list(self.pad)}",
            "parameter",
            set=lambda: {"pad": [0] * (2 * axes)},
        )
        sizes = list(x)
        for place in range(axes):
            axis = len(x) - 1 - place
            ends = self.pad[2 * place], self.pad[2 * place + 1]
            most = max(ends)
            least = most + 1 if self.mode == "reflect" else most if self.mode == "circular" else 1
            require(
                at_least(sizes[axis], least),
                partial("adds {} values to an axis of {} by {}".format, most, x[axis], self.mode),
                "parameter",
                set=lambda: {"pad": [0] * (2 * axes)},
            )
            sizes[axis] = sizes[axis] + sum(ends)
        return facts(tuple(sizes))


class Unfold(Layer):
    """Windows of an image as columns."""

    torch = Function("F.unfold", module="nn.Unfold")
    family, stem, words = "shape", "unfold", "im2col windows patches columns sliding"
    rare = True
    help = "Lays each window of an image out as a column: channels times window, by windows."
    source = "torch.nn.functional.unfold"
    saves = ()

    x, y = Inlet("N C H W", "float"), Outlet()
    kernel_size = Pair(2, "Height and width of the window.", torch=REQUIRED, short="k")
    dilation = Pair(1, "Step inside the window.", short="d", advanced=True)
    padding = Pair(0, "Values added on each side.", least=0, short="p")
    stride = Pair(2, "Step of the window.", torch=1, short="s")

    def rule(self, x: Shape) -> Facts:
        n, c, *space = x
        sizes: list[Dim] = []
        for size, k, s, p, d in zip(space, self.kernel_size, self.stride, self.padding, self.dilation, strict=True):
            require(
                at_least(size + 2 * p, d * (k - 1) + 1),
                lambda: f"cuts windows of {shape_text(self.kernel_size)} from {shape_text(space)}, which is smaller",
                "window",
                set=lambda: fitting_kernel(space, self.kernel_size, self.padding, self.dilation),
                also=lambda: fitting_padding(space, self.kernel_size, self.padding, self.dilation),
            )
            sizes.append(window(size, k, s, p, d))
        return facts((n, c * prod(self.kernel_size), prod(sizes)))


class Fold(Layer):
    """Columns laid back as windows of an image, what overlaps added up."""

    torch = Function("F.fold")
    family, stem, words = "shape", "fold", "col2im windows patches columns overlap add"
    rare = True
    help = "Lays columns back as windows of an image, and adds up what overlaps."
    source = "torch.nn.functional.fold"
    saves = ()

    x, y = Inlet("N Q R", "float"), Outlet()
    output_size = Pair(8, "Height and width that come out.", torch=REQUIRED)
    kernel_size = Pair(2, "Height and width of the window.", torch=REQUIRED, short="k")
    dilation = Pair(1, "Step inside the window.", short="d", advanced=True)
    padding = Pair(0, "Values added on each side.", least=0, short="p")
    stride = Pair(2, "Step of the window.", torch=1, short="s")

    def rule(self, x: Shape) -> Facts:
        n, rows, columns = x
        kernel, out = prod(self.kernel_size), self.output_size
        require(divides(kernel, rows), lambda: f"lays columns of {rows} values out as windows of {kernel}", "window")
        places: list[Dim] = []
        for size, k, s, p, d in zip(out, self.kernel_size, self.stride, self.padding, self.dilation, strict=True):
            require(
                at_least(size + 2 * p, d * (k - 1) + 1),
                lambda: f"cuts windows of {shape_text(self.kernel_size)} from {shape_text(out)}, which is smaller",
                "window",
                set=lambda: fitting_kernel(out, self.kernel_size, self.padding, self.dilation),
            )
            places.append(window(size, k, s, p, d))
        require(same(prod(places), columns), lambda: f"has {prod(places)} windows, and {columns} columns come in")
        return facts((n, rows // kernel, *out))


class Windows(Layer):
    """All windows along an axis, as an axis of their own."""

    torch = Method("unfold")
    family, stem, words = "shape", "windows", "unfold sliding blocks halo local"
    view = "strided"
    rare = True
    help = "Takes all windows along an axis; what is in a window becomes the last axis."
    source = "torch.Tensor.unfold"

    x, y = Inlet("N ..."), Outlet()
    dimension = Axes(1, "The axis.", single=True, torch=REQUIRED)
    size = Count(2, "Length of a window.", least=1, torch=REQUIRED)
    step = Count(1, "Step from window to window.", least=1, torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        axis = axis_of(self.dimension[0], x, "dimension")
        require(
            at_least(x[axis], self.size),
            lambda: f"takes windows of {self.size} of an axis of {x[axis]}",
            "parameter",
            set={"size": 1},
        )
        return facts((*x[:axis], window(x[axis], self.size, self.step, 0), *x[axis + 1 :], self.size))


class Tile(Layer):
    """A tensor repeated as a whole along its axes."""

    torch = Method("repeat", spread=True)
    family, stem, words = "shape", "repeat", "tile copy several times"
    rare = True
    help = "Repeats a tensor along its axes, whole by whole; more numbers than axes add axes in front."
    source = "torch.Tensor.repeat"

    x, y = Inlet("..."), Outlet()
    repeats = Sizes([1, 2], "How often along each axis.", torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        rank = len(self.repeats)
        require(
            rank >= max(len(x), 1),
            lambda: f"repeats {rank} axes, and {shape_text(x)} has {len(x)}",
            "axes",
            set=lambda: {"repeats": [1] * max(len(x), 1)},
        )
        padded = (*(1 for _ in range(rank - len(x))), *x)
        return facts(tuple(size * times for size, times in zip(padded, self.repeats, strict=True)))


class RepeatEach(Layer):
    """Each position of an axis several times in a row."""

    torch = Method("repeat_interleave")
    family, stem, words = "shape", "repeat", "repeat interleave each duplicate upsample grouped"
    rare = True
    help = "Repeats each position of an axis, one after the other."
    source = "torch.Tensor.repeat_interleave"

    x, y = Inlet("N ..."), Outlet()
    repeats = Count(2, "How often.", least=1, torch=REQUIRED)
    dim = Axes(1, "The axis.", single=True, torch=None)

    def rule(self, x: Shape) -> Facts:
        axis = axis_of(self.dim[0], x)
        return facts((*x[:axis], x[axis] * self.repeats, *x[axis + 1 :]))


class Flip(Layer):
    """The positions of axes in reverse order."""

    torch = Method("flip", spread=True)
    family, stem, words = "shape", "flip", "reverse mirror backwards"
    rare = True
    help = "Puts the positions of the given axes into reverse order."
    source = "torch.flip"

    x, y = Inlet("N ..."), Outlet()
    dims = Axes([1], "The axes.", torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        axes = [axis_of(number, x, "dims") for number in self.dims]
        require(
            len(set(axes)) == len(axes),
            lambda: f"names an axis twice in {', '.join(map(str, self.dims))}",
            "parameter",
            set={"dims": [0]},
        )
        return facts(x)


class Triangle(Layer):
    """Matrices with zeros on one side of a diagonal."""

    torch = Function("torch.tril")
    family, stem, words = "shape", "triangle", "tril triu lower upper causal mask"
    rare = True
    help = "Keeps the lower, or the upper, triangle of matrices, and sets the rest to zero."
    source = "torch.tril, torch.triu"

    x, y = Inlet("... H W"), Outlet()
    function = Choice("tril", ("tril", "triu"), "Which, by torch's name.", emit=False)
    diagonal = Count(0, "From which diagonal on: 0 for the main one.", least=-MAX_SIZE)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The function of torch by its name."""
        return Function(f"torch.{values.get('function', 'tril')}")

    def rule(self, x: Shape) -> Facts:
        return facts(x, elementwise=prod(x))
