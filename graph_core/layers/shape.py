"""Shape: the same values under other axes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from math import isqrt
from typing import Any

from graph_core.dims import Dim, Shape, at_least, divides, prod, same, shape_text
from graph_core.fields import MAX_SIZE, REQUIRED, Axes, Count, Size, Sizes
from graph_core.layer import (
    Facts,
    Inlet,
    Layer,
    Method,
    Module,
    Outlet,
    Phrase,
    Refusal,
    Spec,
    Spelling,
    Want,
    facts,
    require,
)
from graph_core.layers._rules import axis_of


class Flatten(Layer):
    """Several neighbouring axes as one."""

    torch = Method("flatten", module="nn.Flatten")
    family, stem, words = "shape", "flatten", "merge axes vector"
    view = "flat"
    help = "Merges neighbouring axes into one; all but the batch, unless said otherwise."
    source = "torch.Tensor.flatten"

    x, y = Inlet("N ..."), Outlet()
    start_dim = Axes(1, "The first axis that is merged.", single=True, torch=REQUIRED)
    end_dim = Axes(-1, "The last axis that is merged.", single=True, advanced=True)

    @classmethod
    def adapt(cls, have: Spec, want: Want) -> dict[str, Any] | None:
        """Merges all axes but the batch where two axes are wanted, else the last ones."""
        if want.rank is None or not 1 < want.rank < len(have.shape):
            return None
        return {} if want.rank == 2 else {"start_dim": want.rank - 1}

    def rule(self, x: Shape) -> Facts:
        start, end = axis_of(self.start_dim[0], x, "start_dim"), axis_of(self.end_dim[0], x, "end_dim")
        require(
            start <= end,
            lambda: f"starts at axis {start}, behind axis {end} where it ends",
            "parameter",
            set={"end_dim": -1},
        )
        if start == end:
            return facts(x)
        return facts((*x[:start], prod(x[start : end + 1]), *x[end + 1 :]))


class Reshape(Layer):
    """Other sizes for all axes but the first, which is the batch and stays whatever it is."""

    torch = Method("reshape", spread=True, first="{x}.shape[0]")
    family, stem, words = "shape", "reshape", "view unflatten resize"
    view = "flat"
    help = "Gives each sample new axes that hold the same values in the same order; the batch axis stays."
    source = "torch.Tensor.reshape"

    x, y = Inlet("N ..."), Outlet()
    shape = Sizes(
        [-1], "Sizes of the axes after the batch; one may be −1: what is left over.", free=True, torch=REQUIRED
    )

    @classmethod
    def adapt(cls, have: Spec, want: Want) -> dict[str, Any] | None:
        """Lays a vector out as a square image, grey or in colours, where an image is wanted."""
        values = have.shape[1] if len(have.shape) == 2 else None
        if want.rank != 4 or not isinstance(values, int):
            return None
        for channels in (1, 3):
            side = isqrt(int(values) // channels)
            if side > 1 and channels * side * side == values:
                return {"shape": [channels, side, side]}
        return None

    def rule(self, x: Shape) -> Facts:
        batch, values = x[0], prod(x[1:])
        given = prod(size for size in self.shape if not same(size, -1))
        free = any(same(size, -1) for size in self.shape)
        require(
            divides(given, values) if free else same(given, values),
            lambda: (
                f"cannot lay out the {values} values of {shape_text(x[1:])} as "
                + "×".join("?" if same(size, -1) else str(size) for size in self.shape)
            ),
            "shape",
            set={"shape": [-1]},
        )
        sizes: list[Dim] = [values // given if same(size, -1) else size for size in self.shape]
        return facts((batch, *sizes))


class Permute(Layer):
    """The axes in another order."""

    torch = Method("permute", spread=True)
    family, stem, words = "shape", "permute", "transpose reorder axes channels last"
    view = "strided"
    help = "Puts the axes into another order."
    source = "torch.Tensor.permute"

    x, y = Inlet("N ..."), Outlet()
    dims = Axes([0, 2, 1], "The axes of the input, in their new order.", torch=REQUIRED)

    @classmethod
    def adapt(cls, have: Spec, want: Want) -> dict[str, Any] | None:
        """Another order of the axes behind the batch: the one asked for, or the one that makes the shape."""
        rank = len(have.shape)
        if len(want.order) == rank > 0:
            return {"dims": list(want.order)}
        if want.spec is None or not 2 < rank == len(want.spec.shape) < 6:
            return None
        for order in permutations(range(1, rank)):
            dims = [0, *order]
            if all(same(have.shape[axis], size) is True for axis, size in zip(dims, want.spec.shape, strict=True)):
                return {"dims": dims} if dims != sorted(dims) else None
        return None

    def rule(self, x: Shape) -> Facts:
        rank = len(x)
        last = [0, *range(2, rank), 1][:rank]
        require(
            len(self.dims) == rank,
            lambda: f"orders {len(self.dims)} axes, and its input {shape_text(x)} has {rank}",
            "axes",
            set={"dims": last},
        )
        order = [axis_of(number, x, "dims") for number in self.dims]
        if len(set(order)) < rank:
            raise Refusal(f"names an axis twice in {', '.join(map(str, self.dims))}", "parameter", set={"dims": last})
        return facts(tuple(x[axis] for axis in order))


class Transpose(Layer):
    """Two axes change places."""

    torch = Method("transpose")
    family, stem, words = "shape", "transpose", "swap axes"
    view = "strided"
    help = "Lets two axes change places."
    source = "torch.Tensor.transpose"

    x, y = Inlet("N ..."), Outlet()
    dim0 = Axes(1, "One axis.", single=True, torch=REQUIRED)
    dim1 = Axes(2, "The other axis.", single=True, torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        one, other = axis_of(self.dim0[0], x, "dim0"), axis_of(self.dim1[0], x, "dim1")
        sizes = list(x)
        sizes[one], sizes[other] = x[other], x[one]
        return facts(tuple(sizes))


class Select(Layer):
    """One position of an axis, such as the last step of a sequence."""

    torch = Phrase("x[:, index]")
    family, stem, words = "shape", "last", "last step index pick slice class token"
    view = "strided"
    help = "Picks one position of an axis, which goes away; −1 is the last step of a sequence."
    source = "torch.Tensor.select"

    x, y = Inlet("N ..."), Outlet()
    dim = Axes(1, "The axis.", single=True, torch=REQUIRED)
    index = Count(-1, "The position, from 0; negative from the end.", least=-MAX_SIZE, torch=REQUIRED)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """``x[:, index]``; an axis that is counted from the end by its number."""
        given = values.get("dim", 1)
        axis = given[0] if isinstance(given, tuple | list) else given
        if not isinstance(axis, int) or axis < 0:
            return Method("select")
        return Phrase(f"x[{':, ' * axis}index]")

    def rule(self, x: Shape) -> Facts:
        axis, index = axis_of(self.dim[0], x), self.index
        require(
            at_least(x[axis], index + 1 if index >= 0 else -index),
            lambda: f"picks position {index} of an axis of {x[axis]}",
            "parameter",
            set={"index": -1},
        )
        return facts((*x[:axis], *x[axis + 1 :]))


class Narrow(Layer):
    """Some neighbouring positions of an axis."""

    torch = Method("narrow")
    family, stem, words = "shape", "part", "slice chunk split crop range part"
    view = "strided"
    help = "Keeps a run of positions of an axis, such as one of several gates that lie side by side."
    source = "torch.Tensor.narrow"

    x, y = Inlet("N ..."), Outlet()
    dim = Axes(1, "The axis.", single=True, torch=REQUIRED)
    start = Size(0, "The first position that is kept, from 0.", least=0, torch=REQUIRED)
    length = Size(1, "How many positions are kept.", torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        axis, end = axis_of(self.dim[0], x), self.start + self.length
        require(
            at_least(x[axis], end),
            lambda: f"keeps positions up to {end} of an axis of {x[axis]}",
            "parameter",
            set={"start": 0, "length": 1},
        )
        return facts((*x[:axis], self.length, *x[axis + 1 :]))


class Unsqueeze(Layer):
    """A new axis of one position."""

    torch = Method("unsqueeze")
    family, stem, words = "shape", "unsqueeze", "add axis expand dims broadcast"
    view = "same"
    help = "Adds an axis of one position, along which other tensors can be spread."
    source = "torch.Tensor.unsqueeze"

    x, y = Inlet("..."), Outlet()
    dim = Axes(1, "Where the new axis stands.", single=True, torch=REQUIRED)

    def rule(self, x: Shape) -> Facts:
        place = axis_of(self.dim[0], (*x, 1))
        return facts((*x[:place], 1, *x[place:]))


class Identity(Layer):
    """What comes in goes out."""

    torch = Module("nn.Identity")
    family, stem, words = "shape", "identity", "pass through nothing"
    view = "same"
    help = "Passes on what comes in: a place to name, or to put something later."
    source = "torch.nn.Identity"

    x, y = Inlet("..."), Outlet()

    def rule(self, x: Shape) -> Facts:
        return facts(x)


class Detach(Layer):
    """The same values, through which no gradient flows."""

    torch = Method("detach")
    family, stem, words = "shape", "detached", "stop gradient detach constant"
    view = "same"
    rare = True
    help = "Passes on what comes in, and keeps gradients from flowing back."
    source = "torch.Tensor.detach"

    x, y = Inlet("..."), Outlet()

    def rule(self, x: Shape) -> Facts:
        return facts(x)
