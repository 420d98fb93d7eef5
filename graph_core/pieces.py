"""What one node adds to the memory of activations while it runs and afterwards, apart from what it reads.

A layer says it by its facts; a block by what its graph needs, once for each iteration; see graph_core.liveness.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from graph_core.context import Result
from graph_core.dims import Dim, prod
from graph_core.layer import BYTES, Facts, Layer, Spec


class Symbolic(Protocol):
    """A number of times that depends on symbols; see graph_core.digits."""

    def __sub__(self, fewer: int) -> Times: ...

    def __mul__(self, value: int) -> int: ...

    def from_on(self, least: int) -> Times:
        """Itself where it is at least ``least``, else its number."""
        ...


Times = int | Symbolic


class Mode(NamedTuple):
    """What is asked: training or inference, and how many bytes a float32 of the drawing takes."""

    training: bool
    float_bytes: int = 4

    def size(self, dtype: str) -> int:
        """Bytes of one value."""
        return self.float_bytes if dtype == "float32" else BYTES[dtype]

    def bytes_of(self, spec: Spec | None) -> int:
        """Bytes of one tensor; 0 where its size is not known."""
        return self.whole(prod(spec.shape)) * self.size(spec.dtype) if spec is not None else 0

    def whole(self, size: Dim) -> int:
        """A number of values; 0 where it depends on symbols."""
        return int(size) if isinstance(size, int) else 0

    def often(self, times: Dim, known: int = 1) -> Times:
        """How often something happens; ``known`` times where that depends on symbols."""
        return int(times) if isinstance(times, int) else known

    def most(self, sums: Iterable[int]) -> int:
        """The largest of sums of bytes; 0 of none."""
        return max(sums, default=0)


INFERENCE: Final = Mode(training=False)
TRAINING: Final = Mode(training=True)

# What an output of a node is: the bytes of a new storage, the input port whose storage it shares, or (in a tuple) the
# place of the earlier output whose storage it is.
Out = int | str | tuple[int]


class Piece(NamedTuple):
    """Bytes that a node needs. All are 0 for what has no result.

    ``high`` is the most that it adds while it runs, ``keeps`` what stays for backward when it is done, kept outputs
    included. ``saves`` are the input ports whose storages are kept, ``kept`` the places of outputs that are;
    ``strided`` says that its outputs step through the axes in another order than they lie.
    """

    outs: tuple[Out, ...] = ()
    high: int = 0
    keeps: int = 0
    saves: tuple[str, ...] = ()
    kept: tuple[int, ...] = ()
    strided: bool = False

    def made(self) -> int:
        """Bytes of the outputs that are new storages."""
        return sum([out for out in self.outs if type(out) is int])


class Change(NamedTuple):
    """What is booked more where a node's piece becomes another of the same form: in all, at most, for its output."""

    before: Piece
    after: Piece
    net: int
    high: int
    made: int


class Known:
    """Pieces of layers in one mode, by the identity of the facts that all nodes alike share, and how they differ."""

    MOST: Final = 200_000

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self.pieces: dict[tuple[int, bool], tuple[Facts, Piece]] = {}  # by the facts' identity, and strided
        # Of those with one output of their own and nothing kept, whose inputs lie in order, by the facts' identity:
        # the piece, the bytes of the output, what is booked in all, and at most.
        self.plain: dict[int, tuple[Facts, Piece, int, int, int]] = {}
        self._blank: dict[int, tuple[Piece, Piece]] = {}
        self._changes: dict[tuple[int, int], tuple[Piece, Piece, Change | None]] = {}

    def layer(self, result: Result, ports: Collection[str], *, strided: bool) -> Piece:
        """The piece of a layer that runs; ``ports`` are wired, ``strided`` says so of its inputs."""
        facts = result.facts
        assert facts is not None
        known = self.pieces.get((id(facts), strided))
        if known is None:
            if len(self.pieces) > self.MOST:
                self.pieces.clear()
                self.plain.clear()
            known = facts, layer_piece(result, ports, self._mode, strided=strided)
            self.pieces[id(facts), strided] = known
            piece = known[1]
            if len(piece.outs) == 1 and not (strided or piece.saves or piece.kept or piece.strided):
                [out] = piece.outs
                if isinstance(out, int):
                    self.plain[id(facts)] = facts, piece, out, out + piece.keeps, piece.high
        return known[1]

    def change(self, old: Piece, result: Result, layer: Layer | None, strided: bool) -> Change | None:
        """What becomes of a node's piece with another result, where its form stays and its wires did not change.

        ``layer`` is the one that ``old`` was made for. None where the form changes, or nothing is known of it.
        """
        facts = result.facts
        if facts is not None and result.enabled is not False:
            known = self.pieces.get((id(facts), strided))
            if known is None:
                return None
            new = known[1]
        elif result.waiting and layer is not None and result.layer is layer and len(layer.inlets) == 1:
            # What comes in has no size yet, nor has what it keeps: the form may stay until it has.
            new = self._blank_of(old)
        else:
            return None
        key = id(old), id(new)
        found = self._changes.get(key)
        if found is None:
            if len(self._changes) > self.MOST:
                self._changes.clear()
            found = self._changes[key] = old, new, _change(old, new)
        return found[2]

    def _blank_of(self, piece: Piece) -> Piece:
        found = self._blank.get(id(piece))
        if found is None:
            if len(self._blank) > self.MOST:
                self._blank.clear()
            blank = Piece(tuple([0 if type(out) is int else out for out in piece.outs]), 0, 0, *piece[3:])
            found = self._blank[id(piece)] = piece, blank
            self._blank[id(blank)] = blank, blank
        return found[1]


def _change(old: Piece, new: Piece) -> Change | None:
    """None where they differ in more than numbers, or have not just one output of their own."""
    if len(old.outs) != 1 or len(new.outs) != 1 or old[3:] != new[3:]:
        return None
    was, now = old.outs[0], new.outs[0]
    if not (isinstance(was, int) and isinstance(now, int)):
        return None
    made = now - was
    return Change(old, new, made + new.keeps - old.keeps, new.high - old.high, made)


def passing(result: Result, first: str) -> Piece:
    """A node whose condition is false: its first output is its first input."""
    return Piece((first or 0, *(0 for _ in result.specs[1:])))


def unknown(result: Result) -> Piece:
    """A node without a result: nothing is known of its outputs."""
    return Piece((0,) * len(result.specs))


def layer_piece(result: Result, ports: Collection[str], mode: Mode, *, strided: bool) -> Piece:
    """A layer that runs, by its facts. ``ports`` are wired; ``strided`` says so of the first one's values."""
    layer, facts = result.layer, result.facts
    if layer is None or facts is None:
        return unknown(result)
    outs: list[Out] = [mode.bytes_of(spec) for spec in result.specs]
    first = result.specs[0].dtype if result.specs and result.specs[0] else "float32"
    sharing = layer.shares_memory(mode.training)
    if sharing and not (sharing == "flat" and strided):
        outs[0] = _first_of(layer, ports)
    made = sum(out for out in outs if isinstance(out, int))
    high = made + mode.whole(facts.scratch) * mode.size(first)
    turned = sharing == "strided" or (strided and (sharing == "same" or (not sharing and layer.in_order)))
    if not mode.training:
        return Piece(tuple(outs), high, strided=turned)
    names = layer.saves if facts.saves is None else facts.saves
    places = {name: place for place, name in enumerate(layer.outlets)}
    kept = tuple(places[name] for name in names if name in places and isinstance(outs[places[name]], int))
    dtypes = {"same": first, "wide": "float64" if first == "float64" else ""}
    keeps = sum(out for place in kept if isinstance(out := outs[place], int))
    for count, dtype in facts.keeps:
        dtype = dtypes.get(dtype, dtype)
        keeps += mode.whole(count) * (mode.size(dtype) if dtype else BYTES["float32"])
    saves = tuple(name for name in names if name in ports)
    return Piece(tuple(outs), high + keeps, keeps, saves, kept, turned)


def _first_of(layer: Layer, ports: Collection[str]) -> Out:
    return next((name for name in layer.inlets if name in ports), 0)


class _Token:
    """A storage on its way through the iterations of a block."""

    __slots__ = ("bytes", "kept", "port")

    def __init__(self, size: int, port: str = "", *, kept: bool = False) -> None:
        self.bytes, self.port, self.kept = size, port, kept


def chained(steps: Iterable[tuple[Piece, Times]], inputs: Sequence[str], mode: Mode) -> Piece:
    """A block that runs several times, outputs feeding inputs by position: each piece so many times in a row."""
    outside = {port: _Token(0, port) for port in inputs}
    given = dict(outside)
    outs: list[_Token] = []
    highs: list[int] = []
    keeps = before = 0
    strided = False
    for piece, count in steps:
        # Once inputs are what earlier times made, all that changes is how much is kept, and that evenly. What is only
        # handed on makes that later.
        last = 2 + sum([type(out) is str for out in piece.outs])
        number = count if isinstance(count, int) else count.from_on(last)
        for time in range(min(number, last + 1) if isinstance(number, int) else last + 1):
            if time == last:
                keeps += (number - (last + 1)) * (keeps - before)
            before = keeps
            lives = sum({id(token): token.bytes for token in outs}.values())
            for port in piece.saves:
                token = given[port]
                if not token.kept:
                    token.kept = True
                    keeps += token.bytes
            highs.append(keeps + lives + piece.high)
            keeps += piece.keeps
            made: list[_Token] = []
            for place, out in enumerate(piece.outs):
                if isinstance(out, int):
                    made.append(_Token(out, kept=place in piece.kept))
                else:
                    made.append(given[out] if isinstance(out, str) else made[out[0]])
            outs = made
            given.update(zip(inputs, outs, strict=False))
            strided = piece.strided
    found: list[Out] = []
    for place, token in enumerate(outs):
        earlier = next((k for k in range(place) if outs[k] is token), None)
        found.append(token.port or ((earlier,) if earlier is not None else token.bytes))
    saves = tuple(port for port, token in outside.items() if token.kept)
    kept = tuple(place for place, token in enumerate(outs) if token.kept and not token.port)
    return Piece(tuple(found), mode.most(highs), keeps, saves, kept, strided)


def scanned(step: Piece, times: Times, stacked: Sequence[int | None], states: Mapping[str, int], mode: Mode) -> Piece:
    """A block that steps along an axis: ``stacked`` are the bytes of each output when all steps are joined.

    They are None for the states, whose last value comes out; ``states`` says at which place the next value of each
    state's input comes out. What steps make to be joined lives until then, and is copied.
    """
    made = {place: out for place, out in enumerate(step.outs) if isinstance(out, int)}
    roots = [out[0] if isinstance(out, tuple) else place for place, out in enumerate(step.outs)]
    joined = {root for root, size in zip(roots, stacked, strict=True) if size is not None and root in made}
    carried = {root for root, size in zip(roots, stacked, strict=True) if size is None and root in made}
    listed = sum(made[place] for place in joined if place not in step.kept)
    lives = sum(made[place] for place in carried - joined)
    handed = {roots[place] for port, place in states.items() if port in step.saves} & made.keys()
    keeps = step.keeps + sum(made[place] for place in handed if place not in step.kept)
    running = (times - 1) * (keeps + listed) + lives + step.high
    results = sum(size for size in stacked if size is not None)
    joining = times * (keeps + listed) + lives + results
    outs: list[Out] = []
    first: dict[int, int] = {}
    for place, size in enumerate(stacked):
        out = step.outs[place]
        if size is not None:
            outs.append(size)
        elif isinstance(out, str):
            outs.append(out)
        else:
            root = roots[place]
            outs.append((first[root],) if root in first else made.get(root, 0))
            first.setdefault(root, place)
    kept = tuple(place for root, place in first.items() if root in step.kept or root in handed)
    return Piece(tuple(outs), mode.most((running, joining)), times * keeps, step.saves, kept)
