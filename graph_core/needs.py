"""What a field of a project's file needs to be there: a wire its nodes, a node its block, a set-up its network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from graph_core.layer import layer_types
from graph_core.marks import is_mark
from graph_core.ways import Leaves, Way


def needs(leaves: Leaves, way: Way) -> Iterator[Way]:
    """The fields that the one at ``way`` is nothing without, as ``leaves`` have it."""
    value = leaves[way]
    match way:
        case ("networks", _):
            yield ("graphs", value)
        case ("setups", network):
            yield ("networks", network)
        case ("setups", *_):
            yield way[:-1]
        case ("graphs", key, "nodes", _):
            yield ("graphs", key)
        case ("graphs", _, "nodes", _, *field):
            yield way[:4]
            yield from _node_needs(leaves, way, tuple(field), value)
        case ("graphs", key, "wires" | "ties", target):
            yield ("graphs", key)
            for end in (target, value):
                yield from _end_needs(leaves, key, end)
        case ("graphs", key, _, _):
            yield ("graphs", key)
        case ("view", key, id):
            yield ("graphs", key) if is_mark(id) else ("graphs", key, "nodes", id)


def _node_needs(leaves: Leaves, way: Way, field: Way, value: Any) -> Iterator[Way]:
    if field == ("type",):
        if value not in layer_types():
            yield ("graphs", value)
        return
    if field == ("use",):
        yield (*way[:3], value)
        return
    type = str(leaves.get((*way[:4], "type"), ""))
    if type in layer_types():
        return
    if field[0] == "set":
        yield ("graphs", type, "params", field[1])
    elif field == ("scan",) and isinstance(value, dict):
        for part in value.values():
            if isinstance(part, Iterable):
                yield from (("graphs", type, "nodes", str(id)) for id in part)


def _end_needs(leaves: Leaves, graph: str, end: str) -> Iterator[Way]:
    """The node at the end of a wire or a tie, those below it, and the port where the node is a block."""
    ids, _, port = end.partition(".")
    at = graph
    for id in (stop.partition("#")[0] for stop in ids.split("/")):
        yield ("graphs", at, "nodes", id)
        at = str(leaves.get(("graphs", at, "nodes", id, "type"), ""))
        if at in layer_types():
            return
    yield ("graphs", at, "nodes", port)


def entity(way: Way) -> Way:
    """The thing that a field belongs to: a graph, a node, a set-up, or the field by itself."""
    if way[0] == "graphs" and way[2:3] == ("nodes",):
        return way[:4]
    if way[0] == "setups":
        return way[:2]
    return way
