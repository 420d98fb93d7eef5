"""Room for a node that is put into a wire: it stands in the wire's line, and what comes after moves down."""

from __future__ import annotations

from collections.abc import Mapping

from designer.plates import box_of
from graph_core.arrange import Box, Point
from graph_core.graph import Graph

GAP = 32.0  # between plates: a shape label sits in it
GRID = 8.0


def make_room(
    graph: Graph, places: Mapping[str, Point], wire: tuple[str, str], node: str, at: Point
) -> dict[str, Point]:
    """Where a node that now stands between the two ends of ``wire`` goes, and whatever has to move for it.

    ``at`` is where it was dropped: it stays there where the two ends do not stand over one another. Of what lies
    below, only the target's own column moves.
    """
    source, target = wire
    if source not in places or target not in places:
        return {node: at}
    first, last, box = (box_of(graph, graph.nodes[id]) for id in (source, target, node))
    (sx, sy), (tx, ty) = places[source], places[target]
    middle, bottom = sx + first.w / 2, sy + first.h
    x = GRID * round((middle - box.w / 2) / GRID * 2) / 2
    if ty < bottom:  # the chain goes on in the next column: there is room at the end of this one
        return {node: (x, bottom + GAP)} if _free(graph, places, node, box, (x, bottom + GAP)) else {node: at}
    if abs(tx + last.w / 2 - middle) > 1:
        return {node: at}
    moved = {node: (x, bottom + GAP)}
    down = bottom + GAP + box.h + GAP - ty
    if down <= 0:  # long enough as it is: in the middle
        return {node: (x, GRID / 2 * round((bottom + ty - box.h) / GRID))}
    down = GRID * -(-down // GRID)
    for id, (left, top) in places.items():
        if id != node and top >= ty and left < tx + last.w and left + box_of(graph, graph.nodes[id]).w > tx:
            moved[id] = (left, top + down)
    return moved


def _free(graph: Graph, places: Mapping[str, Point], node: str, box: Box, at: Point) -> bool:
    """Whether a box covers no plate."""
    x, y = at
    for id, (left, top) in places.items():
        other = box_of(graph, graph.nodes[id])
        if id != node and left < x + box.w and x < left + other.w and top < y + box.h and y < top + other.h:
            return False
    return True
