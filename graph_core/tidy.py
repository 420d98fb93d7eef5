"""Lining plates up: places for boxes that stand about, as edits. Boxes are (x, y, w, h) in scene units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graph_core import edits
from graph_core.graph import EditError, Graph

Box = tuple[float, float, float, float]
# What is lined up: which axis (0 for x), and how far along the box: 0 its near edge, 1 its far one.
ALIGNMENTS: Final[Mapping[str, tuple[int, float]]] = {
    "left": (0, 0.0),
    "center": (0, 0.5),
    "right": (0, 1.0),
    "top": (1, 0.0),
    "middle": (1, 0.5),
    "bottom": (1, 1.0),
}


def align(graph: Graph, boxes: Mapping[str, Box], how: str) -> None:
    """Line up edges or middles: left and top with the outermost, middles with the mean of the outermost two."""
    _several(boxes, 2, "align")
    axis, share = ALIGNMENTS[how]
    near = min(box[axis] for box in boxes.values())
    far = max(box[axis] + box[axis + 2] for box in boxes.values())
    line = near + share * (far - near)
    found = {id: _with(box, axis, line - share * box[axis + 2]) for id, box in boxes.items()}
    _place(graph, boxes, found, f"Align {len(boxes)} nodes")


def distribute(graph: Graph, boxes: Mapping[str, Box], axis: int) -> None:
    """Make the gaps between boxes equal, along x (0) or y (1); the outermost two stay."""
    _several(boxes, 3, "distribute")
    order = sorted(boxes, key=lambda id: (boxes[id][axis] + boxes[id][axis + 2] / 2, id))
    first, last = boxes[order[0]], boxes[order[-1]]
    room = last[axis] - first[axis] - sum(boxes[id][axis + 2] for id in order[:-1])
    gap, at = room / (len(order) - 1), first[axis]
    found = {}
    for id in order:
        found[id] = _with(boxes[id], axis, at)
        at += boxes[id][axis + 2] + gap
    _place(graph, boxes, found, f"Distribute {len(boxes)} nodes")


def snap(graph: Graph, boxes: Mapping[str, Box], step: float) -> None:
    """Put middles across, and upper edges, onto the grid that dragging keeps to."""
    _several(boxes, 1, "snap")
    found = {}
    for id, (x, y, w, _) in boxes.items():
        middle = step * (round((x + w / 2 - step / 2) / step) + 0.5)
        found[id] = (middle - w / 2, step * round(y / step))
    _place(graph, boxes, found, "Snap to the grid")


def _with(box: Box, axis: int, value: float) -> tuple[float, float]:
    return (value, box[1]) if axis == 0 else (box[0], value)


def _several(boxes: Mapping[str, Box], least: int, verb: str) -> None:
    if len(boxes) < least:
        what = "one node" if least == 1 else f"{least} nodes"
        raise EditError(f"{len(boxes) or 'Nothing'} selected; select {what} or more to {verb}.".replace("1 s", "One s"))


def _place(graph: Graph, was: Mapping[str, Box], found: Mapping[str, tuple[float, float]], title: str) -> None:
    moved = {id: at for id, at in found.items() if at != was[id][:2]}
    with graph.project.editing(title):
        edits.move(graph, moved)
