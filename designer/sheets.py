"""Blocks opened in place: the room that a block's graph takes, and where its ports lie on the sheet's edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from designer.canvas.scene import GRID, HEADER
from designer.marking import mark_plate
from graph_core.arrange import Box, Point, Route, Router
from graph_core.context import Context
from graph_core.graph import Graph
from graph_core.marks import Mark

PAD = 16.0  # beside what lies outermost
GAP = 32.0  # from the header to the first plate, where the drawing leaves less
NARROWEST = 232.0  # name, type and pager stand in the header
PORT = Box(40.0, 32.0)  # stands for an Input or Output, which the sheet's edge takes the place of


@dataclass(frozen=True)
class Sheet:
    """The size of a sheet, what moves the graph's own places onto it, and x of its inlets and outlets."""

    w: float
    h: float
    shift: Point
    inlets: Mapping[str, float]
    outlets: Mapping[str, float]

    @property
    def spine(self) -> float:
        """x of the chain through the sheet."""
        return next(iter(self.inlets.values()), self.w / 2)


@dataclass(frozen=True)
class Level:
    """A graph as it is drawn: where its nodes stand, how its wires run, and the levels of blocks opened in it.

    Places and routes are the graph's own, from its upper left corner; a level inside another has a `sheet`, whose
    edge stands for the `hidden` nodes, the graph's inputs and outputs.
    """

    graph: Graph
    context: Context
    prefix: str
    boxes: Mapping[str, Box]
    places: Mapping[str, Point]
    inner: Mapping[str, Level]
    sheet: Sheet | None = None
    routes: Mapping[str, Route] | None = None
    sides: Mapping[str, str] | None = None
    hidden: frozenset[str] = frozenset()
    marks: Mapping[str, Mark] = field(default_factory=dict)


def on_sheet(level: Level, ends: list[tuple[str, str, str, str]]) -> Level:
    """The level as the inside of an opened block: its inputs and outputs moved to the edges of a sheet."""
    graph, boxes, places = level.graph, dict(level.boxes), dict(level.places)
    ins = [node.id for node in graph.inputs() if node.id in boxes]
    outs = [node.id for node in graph.outputs() if node.id in boxes]
    hidden = frozenset((*ins, *outs))
    body = [id for id in boxes if id not in hidden]
    marks = [plate for key, mark in level.marks.items() if (plate := mark_plate(key, mark)) is not None]
    tops = [*(places[id][1] for id in body), *(mark.y for mark in marks)] or [GAP]
    ends_at = [*(places[id][1] + boxes[id].h for id in body), *(mark.y + mark.h for mark in marks)] or [GAP]
    top = min([max((places[id][1] + boxes[id].h for id in ins), default=min(tops) - GAP), min(tops) - GAP])
    bottom = max([min((places[id][1] for id in outs), default=max(ends_at) + GAP), max(ends_at) + GAP])
    for ids, at in ((ins, top - PORT.h), (outs, bottom)):
        taken: list[float] = []
        for id in sorted(ids, key=lambda id: places[id][0] + boxes[id].w / 2):
            middle = places[id][0] + boxes[id].w / 2
            middle = max(middle, taken[-1] + 2 * GRID) if taken else middle
            taken.append(middle)
            places[id] = middle - PORT.w / 2, at
            boxes[id] = replace(PORT, inputs=boxes[id].inputs, outputs=boxes[id].outputs)
    router = Router(places, boxes, ends)
    spans = [(places[id][0], places[id][0] + boxes[id].w) for id in body]
    spans += [(mark.x, mark.x + mark.w) for mark in marks]
    spans += [(min(a[0], b[0]), max(a[0], b[0])) for route in router.routes.values() for a, b in pairwise(route)]
    spans += [(places[id][0] + PORT.w / 2,) * 2 for id in hidden]
    left = min((x for x, _ in spans), default=0.0) - PAD
    right = max(max((x for _, x in spans), default=0.0) + PAD, left + NARROWEST)
    sheet = Sheet(
        right - left,
        HEADER + bottom - top,
        (-left, HEADER - top),
        {id: places[id][0] + PORT.w / 2 - left for id in ins},
        {id: places[id][0] + PORT.w / 2 - left for id in outs},
    )
    return replace(
        level, boxes=boxes, places=places, sheet=sheet, routes=router.routes, sides=router.sides, hidden=hidden
    )
