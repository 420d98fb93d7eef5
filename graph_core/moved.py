"""Nodes that left one graph and are in another: what collapsing to a block, expanding and cut and paste do."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from graph_core.layer import layer_types
from graph_core.names import natural
from graph_core.ways import Leaves

Place = tuple[str, str]  # the keys of a graph and of a node in it
Fields = Mapping[tuple[str, ...], Any]  # of a node: ("name",), ("type",), ("set", "stride") …


def nodes_in(leaves: Leaves) -> dict[Place, dict[tuple[str, ...], Any]]:
    """The fields of every node."""
    found: dict[Place, dict[tuple[str, ...], Any]] = {}
    for way, value in leaves.items():
        if way[0] == "graphs" and way[2:3] == ("nodes",):
            fields = found.setdefault((way[1], way[3]), {})
            if len(way) > 4:
                fields[way[4:]] = value
    return found


def moved_nodes(old: Leaves, new: Leaves) -> dict[Place, Place]:
    """Where nodes are now that were in another graph: new place -> old place.

    A node is the same where its type is, and of its id, its name and everything else two are; or, at last, where its
    id and some parameter are, or where only one node is set as it is. Ports of graphs never move.
    """
    before, after = nodes_in(old), nodes_in(new)
    gone = {place: fields for place, fields in before.items() if place not in after and not _is_port(fields)}
    come = {place: fields for place, fields in after.items() if place not in before and not _is_port(fields)}
    found: dict[Place, Place] = {}
    taken: set[Place] = set()

    def pair(key: Callable[[Place, Fields], Iterable[Hashable]], *, alone: bool = False) -> None:
        waiting = _by(key, {p: f for p, f in gone.items() if p not in taken})
        arriving = _by(key, {p: f for p, f in come.items() if p not in found})
        for what, places in arriving.items():
            origins = waiting.get(what, [])
            if alone and (len(places) > 1 or len(origins) > 1):
                continue
            for place in places:
                free = (o for o in origins if o[0] != place[0] and o not in taken)
                origin = next(free, None)
                if place not in found and origin is not None:
                    found[place] = origin
                    taken.add(origin)

    pair(lambda place, fields: [(place[1], _name(fields), _content(fields))])
    pair(lambda place, fields: [(place[1], _content(fields))])
    pair(lambda place, fields: [(place[1], fields.get(("type",)), _name(fields))])
    pair(lambda place, fields: [(_name(fields), _content(fields))])
    pair(lambda place, fields: [(place[1], fields.get(("type",)), one) for one in _settings(fields)])
    pair(lambda place, fields: [_content(fields)] if _settings(fields) else [], alone=True)
    return found


def _by(
    key: Callable[[Place, Fields], Iterable[Hashable]], nodes: Mapping[Place, Fields]
) -> dict[Hashable, list[Place]]:
    found: dict[Hashable, list[Place]] = {}
    for place in sorted(nodes, key=lambda place: (natural(place[0]), natural(place[1]))):
        for one in key(place, nodes[place]):
            found.setdefault(one, []).append(place)
    return found


def _name(fields: Fields) -> Any:
    return fields.get(("name",))


def _content(fields: Fields) -> Hashable:
    return tuple(sorted((way, repr(value)) for way, value in fields.items() if way != ("name",)))


def _settings(fields: Fields) -> list[tuple[str, str]]:
    return sorted((way[1], repr(value)) for way, value in fields.items() if way[0] == "set")


def _is_port(fields: Fields) -> bool:
    declaration = layer_types().get(fields.get(("type",), ""))
    return bool(getattr(getattr(declaration, "torch", None), "role", ""))
