"""What one node adds to the memory of activations while it runs and afterwards, apart from what it reads.

A layer says it by its facts; a block by what its graph needs, once for each iteration; see graph_core.liveness.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from graph_core.context import Result
from graph_core.dims import Dim, prod
from graph_core.layer import BYTES, Layer, Spec


class Mode(NamedTuple):
    """What is asked: training or inference, and how many bytes a float32 of the drawing takes."""

    training: bool
    float_bytes: int = 4

    def size(self, dtype: str) -> int:
        """Bytes of one value."""
        return self.float_bytes if dtype == "float32" else BYTES[dtype]

    def bytes_of(self, spec: Spec | None) -> int:
        """Bytes of one tensor; 0 where its size is not known."""
        return _whole(prod(spec.shape)) * self.size(spec.dtype) if spec is not None else 0


INFERENCE: Final = Mode(training=False)
TRAINING: Final = Mode(training=True)

# What an output of a node is: the bytes of a new storage, the input port whose storage it shares, or (in a tuple) the
# place of the earlier output whose storage it is.
Out = int | str | tuple[int]


class Piece(NamedTuple):
    """Bytes that a node needs. All are 0 for what has no result.

    ``high`` is the most that it adds while it runs, ``keeps`` what stays for backward when it is done, kept outputs
    included. ``saves`` are the input ports whose storages are kept, ``kept`` the places of outputs that are;
    ``strided`` says that its views step through the axes in another order than they lie.
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
    high = made + _whole(facts.scratch) * mode.size(first)
    turned = sharing == "strided" or (sharing == "same" and strided)
    if not mode.training:
        return Piece(tuple(outs), high, strided=turned)
    names = layer.saves if facts.saves is None else facts.saves
    places = {name: place for place, name in enumerate(layer.outlets)}
    kept = tuple(places[name] for name in names if name in places and isinstance(outs[places[name]], int))
    dtypes = {"same": first, "wide": "float64" if first == "float64" else ""}
    keeps = sum(out for place in kept if isinstance(out := outs[place], int))
    for count, dtype in facts.keeps:
        dtype = dtypes.get(dtype, dtype)
        keeps += _whole(count) * (mode.size(dtype) if dtype else BYTES["float32"])
    saves = tuple(name for name in names if name in ports)
    return Piece(tuple(outs), high + keeps, keeps, saves, kept, turned)


def _first_of(layer: Layer, ports: Collection[str]) -> Out:
    return next((name for name in layer.inlets if name in ports), 0)


def _whole(size: Dim) -> int:
    return int(size) if isinstance(size, int) else 0


class _Token:
    """A storage on its way through the iterations of a block."""

    __slots__ = ("bytes", "kept", "port")

    def __init__(self, size: int, port: str = "", *, kept: bool = False) -> None:
        self.bytes, self.port, self.kept = size, port, kept


def chained(steps: Iterable[tuple[Piece, int]], inputs: Sequence[str]) -> Piece:
    """A block that runs several times, outputs feeding inputs by position: each piece so many times in a row."""
    outside = {port: _Token(0, port) for port in inputs}
    given = dict(outside)
    outs: list[_Token] = []
    high = keeps = before = 0
    strided = False
    for piece, count in steps:
        # From the second time on all that changes is how much is kept, and that evenly.
        for time in range(min(count, 3)):
            if time == 2:
                keeps += (count - 3) * (keeps - before)
            before = keeps
            lives = sum({id(token): token.bytes for token in outs}.values())
            for port in piece.saves:
                token = given[port]
                if not token.kept:
                    token.kept = True
                    keeps += token.bytes
            high = max(high, keeps + lives + piece.high)
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
    return Piece(tuple(found), high, keeps, saves, kept, strided)


def scanned(step: Piece, times: int, stacked: Sequence[int | None], states: Mapping[str, int]) -> Piece:
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
    return Piece(tuple(outs), max(running, joining), times * keeps, step.saves, kept)
