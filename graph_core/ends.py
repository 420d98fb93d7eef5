"""Ends of ties: a weight by the ids on the way down to its layer, ``decoder/head.weight``.

A block that repeats with weights of its own has one copy for each step. ``blocks#3/fc.weight`` is that of step 3 (the
first is 0), ``blocks/fc.weight`` those of all steps. Everything else has one copy, without a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from graph_core.graph import Graph, Node


class Stop(NamedTuple):
    """A node on the way down, and which of its steps where one is meant."""

    id: str
    step: int | None = None


class End(NamedTuple):
    """The way down to a layer, and the name of its weight."""

    way: tuple[Stop, ...]
    weight: str

    @property
    def text(self) -> str:
        """As it is written in a file."""
        stops = (stop.id if stop.step is None else f"{stop.id}#{stop.step}" for stop in self.way)
        return f"{'/'.join(stops)}.{self.weight}"

    def below(self) -> End:
        """The same end, seen from inside of the first block on its way."""
        return End(self.way[1:], self.weight)


@lru_cache(maxsize=4096)
def end_of(text: str) -> End:
    """An end from its text; one without a weight has an empty name for it."""
    way, _, weight = text.partition(".")
    stops = []
    for part in way.split("/"):
        id, _, step = part.partition("#")
        stops.append(Stop(id, int(step) if step.isdecimal() else None))
    return End(tuple(stops), weight)


def stripped(end: End) -> tuple[tuple[str, ...], str]:
    """What ends have in common that differ in steps only."""
    return tuple(stop.id for stop in end.way), end.weight


def overlap(one: End, other: End) -> bool:
    """Whether some copy of a weight is meant by both."""
    pairs = zip(one.way, other.way, strict=False)
    return stripped(one) == stripped(other) and all(a.step in (None, b.step) or b.step is None for a, b in pairs)


def covers(one: End, other: End) -> bool:
    """Whether every copy that ``other`` means is meant by ``one`` too."""
    pairs = zip(one.way, other.way, strict=False)
    return stripped(one) == stripped(other) and all(a.step in (None, b.step) for a, b in pairs)


def own_weights(node: Node) -> bool:
    """Whether a node repeats with weights of their own for its steps."""
    return node.run is not None and not node.run.shared


def nodes_on(graph: Graph, end: End) -> Iterator[tuple[Graph, Node | None, Stop]]:
    """Each stop with its graph and its node; ends where a node is not there or is no block."""
    here: Graph | None = graph
    for stop in end.way:
        if here is None:
            return
        node = here.nodes.get(stop.id)
        yield here, node, stop
        here = graph.project.graphs.get(node.type) if node else None


def settled(graph: Graph, end: End, *, one: bool = False) -> End:
    """The end without steps where there are none; with ``one``, the first step named where one of several has to be."""
    way = list(end.way)
    for place, (_, node, stop) in enumerate(nodes_on(graph, end)):
        if node is not None and not own_weights(node):
            way[place] = Stop(stop.id)
        elif node is not None and one and stop.step is None:
            way[place] = Stop(stop.id, 0)
    return End(tuple(way), end.weight)


def told(graph: Graph, text: str) -> str:
    """An end by the names on its way, as the state dict has it, ``*`` for all steps; by ids where a node is missing."""
    end = end_of(text)
    names = [stop.id for stop in end.way]
    for place, (_, node, stop) in enumerate(nodes_on(graph, end)):
        every = node is not None and stop.step is None and own_weights(node)
        step = ".*" if every else "" if stop.step is None else f".{stop.step}"
        names[place] = f"{node.name if node else stop.id}{step}"
    return ".".join([*names, end.weight] if end.weight else names)
