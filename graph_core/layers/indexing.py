"""Parts of tensors, and tensors spread over more axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from graph_core.dims import Dim, Shape, at_least, ceil_divide, divides, prod, same, shape_text
from graph_core.fields import MAX_SIZE, REQUIRED, Axes, Choice, Count, Offsets, Real, Sizes
from graph_core.layer import Facts, Function, Inlet, Layer, Method, Outlet, Phrase, Spelling, facts, require
from graph_core.layers._rules import axis_of
from graph_core.promotion import broadcast

INFINITE = {"no": "", "below": "-torch.inf", "above": "torch.inf"}


class Slice(Layer):
    """Every so manieth position of an axis, from one to another."""

    torch = Phrase("x[:, start:]")
    family, stem, words = "shape", "part", "crop range step stride every subsample"
    view = "strided"
    help = "Keeps the positions of an axis from one to another, each or every so many: x[:, 1:]."
    source = "torch.Tensor.__getitem__"

    x, y = Inlet("N ..."), Outlet()
    dim = Count(1, "The axis, from 0.", least=0, most=7, emit=False)
    start = Count(0, "The first position; negative from the end.", least=-MAX_SIZE)
    stop = Count(MAX_SIZE, "The position after the last; negative from the end.", least=-MAX_SIZE)
    step = Count(1, "How far it is to the next one.")

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """``x[:, start:stop:step]``, each where it is not what it is by itself."""
        start = "start" if values.get("start", 0) else ""
        stop = "stop" if values.get("stop", MAX_SIZE) != MAX_SIZE else ""
        step = ":step" if values.get("step", 1) != 1 else ""
        return Phrase(f"x[{':, ' * values.get('dim', 1)}{start}:{stop}{step}]")

    def rule(self, x: Shape) -> Facts:
        axis = self.dim
        require(
            axis < len(x),
            lambda: f"cuts axis {axis}, and its input {shape_text(x)} has axes 0 to {len(x) - 1}",
            "parameter",
            set={"dim": 0},
        )
        size = x[axis]
        first = self._from_start(self.start, size)
        last = size if self.stop == MAX_SIZE else self._from_start(self.stop, size)
        require(
            at_least(last, first + 1),
            lambda: f"keeps nothing of an axis of {size} from {self.start} to {self.stop}",
            "parameter",
            set={"start": 0, "stop": MAX_SIZE},
        )
        return facts((*x[:axis], ceil_divide(last - first, self.step), *x[axis + 1 :]))

    def _from_start(self, position: int, size: Dim) -> Dim:
        """A position counted from 0, inside of the axis."""
        if position < 0:
            require(
                at_least(size, -position),
                lambda: f"counts {-position} positions from the end of an axis of {size}",
                "parameter",
                set={"start": 0, "stop": MAX_SIZE},
            )
            return size + position
        require(
            at_least(size, position),
            lambda: f"counts {position} positions of an axis of {size}",
            "parameter",
            set={"start": 0, "stop": MAX_SIZE},
        )
        return position


class ReshapeAll(Layer):
    """Other sizes for all axes, the first included."""

    torch = Method("reshape", spread=True)
    family, stem, words = "shape", "reshape", "view regroup windows batch merge split"
    rare = True
    view = "flat"
    help = "Gives the values new axes, the batch's included, in the same order; one size may be left over."
    source = "torch.Tensor.reshape"

    x, y = Inlet("..."), Outlet()
    shape = Sizes([-1], "Sizes of all axes; one may be −1: what is left over.", free=True, torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        values = prod(x)
        given = prod(size for size in self.shape if not same(size, -1))
        free = any(same(size, -1) for size in self.shape)
        require(
            divides(given, values) if free else same(given, values),
            lambda: (
                f"cannot lay out the {values} values of {shape_text(x)} as "
                + "×".join("?" if same(size, -1) else str(size) for size in self.shape)
            ),
            "shape",
            set={"shape": [-1]},
        )
        return facts(tuple(values // given if same(size, -1) else size for size in self.shape))


class Squeeze(Layer):
    """Without an axis of one position."""

    torch = Method("squeeze")
    family, stem, words = "shape", "squeeze", "remove drop axis dimension"
    view = "same"
    help = "Takes away an axis of one position."
    source = "torch.Tensor.squeeze"

    x, y = Inlet("N ..."), Outlet()
    dim = Axes(-1, "The axis.", single=True, torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        axis = axis_of(self.dim[0], x)
        if same(x[axis], 1):
            return facts((*x[:axis], *x[axis + 1 :]))
        return facts(x)


class ExpandBatch(Layer):
    """A tensor with a batch of one, for every sample of another."""

    torch = Phrase("x.expand(like.shape[0], -1)")
    family, stem, words = "shape", "expand", "broadcast repeat batch class token"
    view = "strided"
    help = "Spreads a tensor with a batch of one, such as a class token, over the batch of another."
    source = "torch.Tensor.expand"
    promotes = True  # of the other, only the size is read

    x, like, y = Inlet("N ..."), Inlet("B ..."), Outlet("first")
    axes = Count(3, "How many axes it has.", most=8, emit=False)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """The batch of the other, then each axis as it is."""
        return Phrase(f"x.expand(like.shape[0]{', -1' * (values.get('axes', 3) - 1)})")

    def rule(self, x: Shape, like: Shape) -> Facts:
        require(
            len(x) == self.axes,
            lambda: f"spreads {self.axes} axes, and {shape_text(x)} has {len(x)}",
            "axes",
            set=lambda: {"axes": len(x)},
        )
        require(same(x[0], 1), lambda: f"spreads a batch of one, and {shape_text(x)} has {x[0]}", "shape")
        return facts((like[0], *x[1:]))


class Expand(Layer):
    """Axes of one position spread to more."""

    torch = Method("expand", spread=True)
    family, stem, words = "shape", "expand", "broadcast repeat spread"
    view = "strided"
    help = "Spreads axes of one position to more, without copying; −1 leaves an axis as it is."
    source = "torch.Tensor.expand"

    x, y = Inlet("..."), Outlet()
    sizes = Sizes([-1, 2], "Sizes of all axes, −1 for one that stays.", keep=True, torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        rank = len(self.sizes)
        whole = {"sizes": [-1] * len(x)} if x else None
        fits: bool | None = rank >= max(len(x), 1)
        require(fits, lambda: f"spreads {shape_text(x)} over fewer axes: {rank}", "axes", set=whole)
        padded = (*(1 for _ in range(rank - len(x))), *x)
        sizes: list[Dim] = []
        for place, (have, wanted) in enumerate(zip(padded, self.sizes, strict=True)):
            stays = same(wanted, -1)
            there = not stays or place >= rank - len(x)
            require(there, "keeps an axis that is not there", "parameter", set=whole)
            fits = stays or same(have, wanted) or same(have, 1)
            require(fits, f"spreads an axis of {have} to {wanted}", "shape", set=whole)
            sizes.append(have if stays else wanted)
        return facts(tuple(sizes))


class Lookup(Layer):
    """Rows of a table by whole numbers, or positions of another axis."""

    torch = Phrase("table[index]")
    family, stem, words = "shape", "rows", "index gather take table getitem"
    rare = True
    help = "Takes a row of a table, or a position of another axis, for each whole number: table[index]."
    source = "torch.Tensor.__getitem__"

    table, index, y = Inlet("V ..."), Inlet("K ...", "int"), Outlet("first")
    dim = Count(0, "The axis, from 0.", least=0, most=7, emit=False)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """``table[:, index]``, with a colon for each axis before."""
        return Phrase(f"table[{':, ' * values.get('dim', 0)}index]")

    def rule(self, table: Shape, index: Shape) -> Facts:
        axis = self.dim
        require(
            axis < len(table),
            lambda: f"takes positions of axis {axis}, and {shape_text(table)} has axes 0 to {len(table) - 1}",
            "parameter",
            set={"dim": 0},
        )
        return facts((*table[:axis], *index, *table[axis + 1 :]))


class Roll(Layer):
    """Values moved along axes, those at the end to the beginning."""

    torch = Function("torch.roll")
    family, stem, words = "shape", "roll", "shift cyclic rotate"
    help = "Moves values along axes; what leaves at one end comes in at the other."
    source = "torch.roll"

    x, y = Inlet("N ..."), Outlet()
    shifts = Offsets([1], "How far along each axis.", torch=REQUIRED)
    dims = Axes([1], "The axes.", torch=None)

    def rule(self, x: Shape) -> Facts:
        for number in self.dims:
            axis_of(number, x, "dims")
        require(
            len(self.shifts) == len(self.dims),
            lambda: f"moves {len(self.shifts)} times along {len(self.dims)} axes",
            "parameter",
            set={"shifts": [1] * len(self.dims)},
        )
        return facts(x)


class _Padded(Layer):
    """What both kinds of padding at the ends of axes share."""

    family, stem = "shape", "pad"
    source = "torch.nn.functional.pad"

    pad: tuple[int, ...]

    def rule(self, x: Shape) -> Facts:
        require(
            len(self.pad) % 2 == 0 and len(self.pad) <= 2 * len(x),
            lambda: f"takes two numbers an axis, and {shape_text(x)} has {len(x)} axes: not {len(self.pad)} numbers",
            "parameter",
            set={"pad": [0, 0]},
        )
        sizes = list(x)
        for place in range(len(self.pad) // 2):
            axis = len(x) - 1 - place
            size = sizes[axis] + self.pad[2 * place] + self.pad[2 * place + 1]
            require(at_least(size, 1), lambda: f"leaves nothing of {shape_text(x)}", "parameter", set={"pad": [0, 0]})
            sizes[axis] = size
        return facts(tuple(sizes))


class Pad(_Padded):
    """Values added at the ends of axes."""

    torch = Function("F.pad")
    words = "border zeros constant crop"
    help = "Adds one value at the ends of the last axes: two numbers an axis, the last axis first."

    x, y = Inlet("N ..."), Outlet()
    pad = Offsets([1, 1], "How many at the beginning and the end of each axis, from the last on.", torch=REQUIRED)
    value = Real(0.0, "What is added.", torch=None)


class PadInfinite(_Padded):
    """Infinity added at the ends of axes."""

    torch = Phrase("F.pad(x, pad, value=-torch.inf)")
    words = "border infinity constant maximum"
    rare = True
    help = (
        "Adds infinity at the ends of the last axes, which no maximum takes: two numbers an axis, the last axis first."
    )

    x, y = Inlet("N ...", "float"), Outlet()
    pad = Offsets([1, 1], "How many at the beginning and the end of each axis, from the last on.", torch=REQUIRED)
    infinite = Choice("below", ("below", "above"), "Below all numbers, or above.", emit=False)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """With infinity below or above."""
        return Phrase(f"F.pad(x, pad, value={INFINITE[values.get('infinite', 'below')]})")


class MaskedFill(Layer):
    """One number where a mask is true."""

    torch: ClassVar[Method] = Method("masked_fill")
    saves = ("mask",)
    family, stem, words = "shape", "masked", "mask fill causal attention where"
    help = "Puts one number in the place of each value where a mask is true."
    source = "torch.Tensor.masked_fill"

    x, mask, y = Inlet("...", "float"), Inlet("...", "bool"), Outlet()
    value = Real(0.0, "The number.", torch=REQUIRED)
    infinite = Choice("no", tuple(INFINITE), "Whether infinity is put there, in the place of the number.", emit=False)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """With infinity where that is asked for."""
        infinite = values.get("infinite", "no")
        return cls.torch if infinite == "no" else Phrase(f"x.masked_fill(mask, {INFINITE[infinite]})")

    def rule(self, x: Shape, mask: Shape) -> Facts:
        y = broadcast(x, mask)
        return facts(y, elementwise=prod(y))


class SliceScatter(Layer):
    """A tensor with some neighbouring positions of an axis replaced."""

    torch = Function("torch.slice_scatter")
    family, stem, words = "shape", "put", "slice scatter replace write assign part"
    rare = True
    help = "Replaces the positions of an axis from one to another by another tensor's values."
    source = "torch.slice_scatter"

    x, part, y = Inlet("N ...", "float"), Inlet("N ...", "float"), Outlet()
    dim = Axes(0, "The axis.", single=True)
    start = Count(0, "The first position that is replaced.", least=0, torch=None)
    end = Count(MAX_SIZE, "The position after the last.", least=0, torch=None)

    def rule(self, x: Shape, part: Shape) -> Facts:
        axis = axis_of(self.dim[0], x)
        last = x[axis] if self.end == MAX_SIZE else self.end
        require(at_least(x[axis], last), lambda: f"replaces positions up to {last} of an axis of {x[axis]}", "shape")
        wanted = (*x[:axis], last - self.start, *x[axis + 1 :])
        fits = len(part) == len(wanted)
        for given, size in zip(part, wanted, strict=True) if fits else [(0, 1)]:
            require(
                same(given, size), lambda: f"takes {shape_text(wanted)} at part, not {shape_text(part)}", port="part"
            )
        return facts(x)


class Gather(Layer):
    """Values picked along an axis, for each place by a number of its own."""

    torch = Phrase("torch.gather(x, dim, index)")
    family, stem, words = "shape", "gather", "index pick take along axis"
    help = "Picks values along an axis: at each place of the index, the one that its number tells."
    source = "torch.gather"
    promotes = True
    saves = ("index",)

    x, index, y = Inlet("N ..."), Inlet("N ...", "int"), Outlet("first")
    dim = Axes(1, "The axis.", single=True)

    def rule(self, x: Shape, index: Shape) -> Facts:
        axis = axis_of(self.dim[0], x)
        require(
            len(x) == len(index), lambda: f"takes an index of {len(x)} axes, not {len(index)}", "axes", port="index"
        )
        for place, (given, size) in enumerate(zip(index, x, strict=True)):
            fits = place == axis or at_least(size, given)
            require(
                fits, f"takes an index that is no larger than {shape_text(x)}, not {shape_text(index)}", port="index"
            )
        return facts(index)
