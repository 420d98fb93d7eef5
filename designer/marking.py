"""Where nodes stand, and frames and notes with them: as drawn, and where the nodes are laid out anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from designer.canvas.scene import Plate, plate_size
from designer.plates import box_of, wire_ends
from designer.theme import tokens
from designer.words import tr
from graph_core.arrange import Box, place
from graph_core.graph import Graph
from graph_core.marks import Bookmark, Frame, Mark, Point, around, inside

Rect = tuple[float, float, float, float]
MARGIN, TITLE = (24.0, 6.0), 22.0  # a shape label stands in the middle of the 32 between two plates


def mark_plate(key: str, mark: Mark) -> Plate | None:
    """A frame or a note for the canvas; None for a bookmark, which is a place."""
    x, y = mark.at
    if isinstance(mark, Bookmark):
        return None
    if isinstance(mark, Frame):
        color = mark.color if mark.color in tokens()["family"]["light"] else "block"
        return Plate(key, "frame", color, mark.text, x=x, y=y, w=mark.size[0], h=mark.size[1])
    text = mark.text or tr("Note")
    w, h = plate_size("note", text)
    return Plate(key, "note", "shape", text, x=x, y=y, w=w, h=h)


def rects_of(graph: Graph, places: Mapping[str, Point]) -> dict[str, Rect]:
    """The boxes of nodes at rest, at these places."""
    found = {}
    for id, at in places.items():
        box = box_of(graph, graph.nodes[id])
        found[id] = (*at, box.w, box.h)
    return found


def following(marks: Mapping[str, Mark], before: Mapping[str, Rect], after: Mapping[str, Rect]) -> dict[str, Mark]:
    """The frames and notes that go along when nodes move from the boxes ``before`` to those ``after``.

    A frame goes round the nodes that it went round; an empty one, and a note, go along with the nearest node.
    """
    found: dict[str, Mark] = {}
    for key, mark in marks.items():
        if isinstance(mark, Bookmark) or not before:
            continue
        if isinstance(mark, Frame):
            held = [after[id] for id, box in before.items() if inside(mark, box) and id in after]
            if held:
                at, size = around(held, MARGIN, TITLE)
                found[key] = replace(mark, at=at, size=size)
                continue
        near = min(before, key=lambda id: abs(before[id][0] - mark.at[0]) + abs(before[id][1] - mark.at[1]))
        if near in after:
            dx, dy = after[near][0] - before[near][0], after[near][1] - before[near][1]
            at = (mark.at[0] + dx, mark.at[1] + dy)
            found[key] = replace(mark, at=at)
    return {key: mark for key, mark in found.items() if mark != marks[key]}


class MarkPlates:
    """The plates of frames and notes, the same objects as long as nothing changed."""

    def __init__(self) -> None:
        self.shown = True
        self._known: dict[str, tuple[Mark, Point, Plate | None]] = {}

    def of(
        self, graph: Graph, boxes: Mapping[str, Box], places: Mapping[str, Point], rest: Mapping[str, Point]
    ) -> dict[str, Mark]:
        """The marks of a graph that are drawn; where nodes are spread out from ``rest`` to ``places``, with larger
        ``boxes``, they go along.
        """
        marks = dict(graph.marks) if self.shown else {}
        if marks and boxes:
            spread = {id: (*places[id], box.w, box.h) for id, box in boxes.items()}
            marks |= following(marks, rects_of(graph, rest), spread)
        return marks

    def plates(
        self, marks: Mapping[str, Mark], prefix: str = "", parent: str = "", origin: Point = (0.0, 0.0)
    ) -> dict[str, Plate]:
        """What is drawn of them, in the opened block ``parent``, whose own places are moved by ``origin``."""
        found = {}
        for key, mark in marks.items():
            name = prefix + key
            known = self._known.get(name)
            if known is None or known[:2] != (mark, origin):
                plate = mark_plate(key, mark)
                if plate is not None and parent:
                    plate = replace(plate, id=name, parent=parent, x=plate.x + origin[0], y=plate.y + origin[1])
                known = self._known[name] = mark, origin, plate
            if known[2] is not None:
                found[name] = known[2]
        return found


def arranged_anew(
    graph: Graph, *, near: Mapping[str, Point] | None = None, height: float | None = None
) -> dict[str, Point]:
    """A layered layout; ``near`` are places that nodes are to stay close to, ``height`` where columns fold."""
    boxes = {id: box_of(graph, node) for id, node in graph.nodes.items()}
    return place(boxes, wire_ends(graph), near=near, height=height)
