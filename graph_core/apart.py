"""Before a merge: what both sides added under one id, and meant as two things, gets two ids.

New ids are chosen by counting, so two people who each add a convolution both add a ``c3``. Where the two are the same
(equal, and wired alike) they are one; else one side's is renamed, with all that refers to it. Which side's follows
from what the things are, not from which side is called ours, so that merging in the other order gives the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graph_core.copying import free_name
from graph_core.layer import layer_types, replaced_types
from graph_core.moved import nodes_in
from graph_core.names import class_name_from, natural, numbered
from graph_core.ways import ORDER, Leaves, Way

Places = Mapping[tuple[str, str], str]  # (graph, node) -> the node's new id


def set_apart(base: Leaves, ours: Leaves, theirs: Leaves, keeper: str = "") -> tuple[Leaves, Leaves, list[str]]:
    """Both sides with ids that mean one thing, and a sentence for each that was renamed.

    ``keeper`` ("ours" or "theirs") names a side whose ids must stay, as weights lie under them.
    """
    notes: list[str] = []
    sides = {"ours": ours, "theirs": theirs}
    graphs = _colliding_graphs(base, ours, theirs)
    if graphs:
        loser = _yielding(keeper, *("\n".join(_graph_text(side, key) for key in graphs) for side in sides.values()))
        taken = {way[1] for side in (base, ours, theirs) for way in side if way[0] == "graphs"}
        names = {_class_name(side, key) for side in (base, ours, theirs) for key in taken if ("graphs", key) in side}
        renamed: dict[str, str] = {}
        for key in graphs:
            new = numbered(key.rstrip("0123456789")[:36] or "g", {*taken, *layer_types(), *replaced_types()})
            taken.add(new)
            renamed[key] = new
        side = _with_graphs(sides[loser], renamed)
        for key, new in renamed.items():
            name = free_name(names, _class_name(sides[loser], key))
            names.add(name)
            side["graphs", new, "head", "name"] = name
            notes.append(f"Both sides added a block {key}; that of {loser} is {name} now.")
        sides[loser] = side
    for key in sorted({way[1] for way in sides["ours"] if way[0] == "graphs"}, key=natural):
        ids = _colliding_nodes(key, base, *sides.values())
        if not ids:
            continue
        loser = _yielding(keeper, *(_nodes_text(side, key, ids) for side in sides.values()))
        taken = {way[3] for side in (base, *sides.values()) for way in side if way[:3] == ("graphs", key, "nodes")}
        places: dict[tuple[str, str], str] = {}
        for id in ids:
            places[key, id] = numbered(id.rstrip("0123456789")[:36] or "n", taken)
            taken.add(places[key, id])
            name = sides[loser]["graphs", key, "nodes", id, "name"]
            notes.append(f"Both sides added a node {id}; {name} of {loser} is {places[key, id]} now.")
        sides[loser] = _with_nodes(sides[loser], places)
    return sides["ours"], sides["theirs"], notes


def _yielding(keeper: str, ours: str, theirs: str) -> str:
    """The side whose ids change."""
    if keeper:
        return "theirs" if keeper == "ours" else "ours"
    return "theirs" if ours <= theirs else "ours"


def _class_name(leaves: Leaves, key: str) -> str:
    return str(leaves.get(("graphs", key, "head", "name")) or class_name_from(key))


# Graphs --------------------------------------------------------------------------------------------------------------


def _colliding_graphs(base: Leaves, ours: Leaves, theirs: Leaves) -> list[str]:
    """Keys of graphs that both sides added and that are not equal, or use a block that is not."""
    both = [way[1] for way in ours if way[0] == "graphs" and len(way) == 2 and way in theirs and way not in base]
    apart = {key for key in both if _graph_text(ours, key) != _graph_text(theirs, key)}
    while True:
        more = {key for key in both if key not in apart and _types(ours, key) & apart}
        if not more:
            return sorted(apart, key=natural)
        apart |= more


def _graph_text(leaves: Leaves, key: str) -> str:
    """What a graph is, without where its nodes lie."""
    found = [(way, v) for way, v in leaves.items() if way[:2] == ("graphs", key) or way[:3] == (ORDER, "graphs", key)]
    return json.dumps(sorted(found, key=lambda leaf: leaf[0]))


def _types(leaves: Leaves, key: str) -> set[str]:
    return {v for way, v in leaves.items() if len(way) == 5 and way[:2] == ("graphs", key) and way[4] == "type"}


def _with_graphs(leaves: Leaves, renamed: Mapping[str, str]) -> Leaves:
    """The leaves with graphs under other keys."""
    found: Leaves = {}
    for way, value in leaves.items():
        if way[0] in ("graphs", "view"):
            way = (way[0], renamed.get(way[1], way[1]), *way[2:])
        elif way[:2] == (ORDER, "graphs"):
            way = (*way[:2], renamed.get(way[2], way[2]), *way[3:])
        if way[0] == "networks" or (len(way) == 5 and way[2] == "nodes" and way[4] == "type"):
            value = renamed.get(value, value)
        found[way] = value
    return found


# Nodes ---------------------------------------------------------------------------------------------------------------


def _colliding_nodes(key: str, base: Leaves, ours: Leaves, theirs: Leaves) -> list[str]:
    """Ids of nodes of a graph that both sides added and that are not one: other content, sources or readers."""
    both = [
        way[3]
        for way in ours
        if len(way) == 4 and way[:3] == ("graphs", key, "nodes") and way in theirs and way not in base
    ]
    if not both:
        return []
    our_wires, their_wires = _wires(ours, key), _wires(theirs, key)
    our_nodes, their_nodes = nodes_in(ours), nodes_in(theirs)
    apart = {id for id in both if _content(our_nodes[key, id]) != _content(their_nodes[key, id])}
    while True:
        more = {id for id in both if id not in apart and not _wired_alike(id, our_wires, their_wires, apart)}
        if not more:
            return sorted(apart, key=natural)
        apart |= more


def _wires(leaves: Leaves, key: str) -> dict[str, tuple[set[str], set[str]]]:
    """For each node, the wires into it and out of it, as ``source > target``."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for way, source in leaves.items():
        if way[:3] == ("graphs", key, "wires"):
            wire = f"{source}>{way[3]}"
            found.setdefault(way[3].partition(".")[0], (set(), set()))[0].add(wire)
            found.setdefault(source.partition(".")[0], (set(), set()))[1].add(wire)
    return found


def _wired_alike(
    id: str,
    ours: Mapping[str, tuple[set[str], set[str]]],
    theirs: Mapping[str, tuple[set[str], set[str]]],
    apart: set[str],
) -> bool:
    """Whether a node has the same sources on both sides, and the same readers or one at least."""
    (in_ours, out_ours), (in_theirs, out_theirs) = ours.get(id, (set(), set())), theirs.get(id, (set(), set()))
    if in_ours != in_theirs or any(wire.partition(".")[0] in apart for wire in in_ours):
        return False
    common = {wire for wire in out_ours & out_theirs if wire.partition(">")[2].partition(".")[0] not in apart}
    return bool(common) or (not out_ours and not out_theirs)


def _content(fields: Mapping[Way, Any]) -> str:
    return json.dumps(sorted(fields.items(), key=lambda leaf: leaf[0]))


def _nodes_text(leaves: Leaves, key: str, ids: Iterable[str]) -> str:
    """What nodes are and how they are wired."""
    nodes, wires = nodes_in(leaves), _wires(leaves, key)
    return "".join(
        _content(nodes[key, id]) + json.dumps([sorted(side) for side in wires.get(id, (set(), set()))]) for id in ids
    )


def _with_nodes(leaves: Leaves, places: Places) -> Leaves:
    """The leaves with nodes under other ids, wherever ids stand: wires, ties, sharing, and ports of instances."""
    types = {(way[1], way[3]): v for way, v in leaves.items() if len(way) == 5 and way[2:5:2] == ("nodes", "type")}

    def end(graph: str, text: str) -> str:
        ids, _, port = text.partition(".")
        new, at = [], graph
        for stop in ids.split("/"):
            id, mark, step = stop.partition("#")
            new.append(f"{places.get((at, id), id)}{mark}{step}")
            at = types.get((at, id), "")
        return f"{'/'.join(new)}.{places.get((at, port), port)}"

    found: Leaves = {}
    for way, value in leaves.items():
        if way[0] == "view":
            way = (*way[:2], places.get((way[1], way[2]), way[2]))
        elif way[0] == "graphs" and len(way) > 3:
            graph, table, key = way[1:4]
            if table == "nodes":
                type = types.get((graph, key), "")
                value = _fields(way[4:], value, lambda id, at: places.get((at, id), id), graph, type)
                way = (*way[:3], places.get((graph, key), key), *way[4:])
            elif table in ("wires", "ties"):
                way, value = (*way[:3], end(graph, key)), end(graph, value)
        found[way] = value
    return found


def _fields(field: Way, value: Any, new: Callable[[str, str], str], graph: str, type: str) -> Any:
    """A field of a node that names other nodes: whose weights it uses, or which ports of its block it scans."""
    if field == ("use",):
        return new(value, graph)
    if field == ("scan",) and isinstance(value, dict):
        return {name: _ports(part, new, type) for name, part in value.items()}
    return value


def _ports(part: Any, new: Callable[[str, str], str], type: str) -> Any:
    return [new(id, type) for id in part] if isinstance(part, Iterable) and not isinstance(part, str) else part
