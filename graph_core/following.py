"""Before a merge: what one side moved to another graph, and the other side changed where it was, is one node.

Collapsing nodes to a block moves them. A stride that the other side changes meanwhile belongs to the node in its new
place; without this it would contend with the node's removal from the old one.
"""

from __future__ import annotations

from graph_core.moved import Place, moved_nodes, nodes_in
from graph_core.ways import Leaves, Way


def follow(base: Leaves, mover: Leaves, other: Leaves) -> tuple[Leaves, Leaves]:
    """The base and the other side with each node that ``mover`` moved, and ``other`` only changed, in its new place."""
    before, now = nodes_in(base), nodes_in(other)
    followed: dict[Place, Place] = {}  # old -> new
    for new, old in moved_nodes(base, mover).items():
        if old in now and new not in before and new not in now and now[old] != before[old]:
            followed[old] = new
    wires = {place: (_wires(base, place), _wires(other, place)) for place in followed}
    followed = {old: new for old, new in followed.items() if wires[old][0] == wires[old][1]}
    if not followed:
        return base, other
    return _moved(base, followed), _moved(other, followed)


def _wires(leaves: Leaves, place: Place) -> dict[Way, str]:
    """The wires that touch a node."""
    graph, id = place
    return {
        way: source
        for way, source in leaves.items()
        if way[:1] + way[2:3] == ("graphs", "wires")
        and way[1] == graph
        and id in (way[3].partition(".")[0], source.partition(".")[0])
    }


def _moved(leaves: Leaves, followed: dict[Place, Place]) -> Leaves:
    found: Leaves = {}
    for way, value in leaves.items():
        if way[0] == "graphs" and way[2:3] == ("nodes",):
            graph, id = followed.get((way[1], way[3]), (way[1], way[3]))
            way = ("graphs", graph, "nodes", id, *way[4:])
        found[way] = value
    return found
