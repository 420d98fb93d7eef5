"""From the model to the canvas: the view models of a graph, made anew only where something changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from designer.background import Steps, go_through
from designer.canvas.scene import ACTIVATION_H, ACTIVATION_W, Legend, Plate, Point, Scene, Wire, plate_size
from designer.document import Document, Step
from designer.freezing import frozen_below
from designer.late import MANY
from designer.making import Making, Problems
from designer.marking import MarkPlates, arranged_anew
from designer.plates import box_of, detail_of, edge_ports, kind_of, wire_ends, worst_of
from designer.redrawing import Redrawing
from designer.sheets import Level, on_sheet
from designer.standing import Standing
from graph_core.arrange import Box, Router, place
from graph_core.bypass import is_bypassed
from graph_core.context import Context
from graph_core.graph import Graph, Node
from graph_core.ties import nodes_tied


class Drawing:
    """Builds scenes of what a document looks at. Plates and wires that did not change stay the same objects.

    What lies in a block opened in place has the ids on the way down, joined by /, for its id.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._making = Making(document)
        self._redrawing = Redrawing(self._making)
        self._boxes: dict[str, tuple[Plate, Box]] = {}
        self._router: tuple[Any, Router] | None = None
        self._levels: dict[str, tuple[Any, Level]] = {}
        self._spread: tuple[Any, Mapping[str, Point], Mapping[str, Point]] | None = None
        self._standing = Standing()
        self.marks = MarkPlates()
        self.heat: Mapping[str, tuple[float | None, str]] = {}
        self.activations: Mapping[str, Any] = {}
        self.origins: dict[str, Point] = {}  # of each graph that is drawn, by the prefix of its ids
        self.sheets: dict[str, tuple[float, float, float, float]] = {}  # x, y, w, h of opened blocks, by their path
        self.room: Callable[[], float] = lambda: 640.0  # how high the canvas is, in units
        self.column: Callable[[], float] = lambda: 560.0  # how high the columns of what is arranged become, in units
        self.made = Scene()

    def forget(self) -> None:
        """Another graph is looked at: nothing that was drawn is of use."""
        self._making.forget()
        self._redrawing.forget()
        self._boxes.clear()
        self._levels.clear()
        self._standing.forget()
        self._router = self._spread = None

    def scene(self, legend: Legend | None = None) -> Scene:
        """The graph on the canvas, under a lens where `legend` explains one."""
        go_through(self.steps(legend))
        return self.made

    def steps(self, legend: Legend | None = None) -> Steps:
        """Make the scene with a stop after each part of the work; then `made` is as of now, if nothing was edited."""
        document, making = self.document, self._making
        self.origins, self.sheets = {}, {}
        with document.at(document.base):
            graph, context = document.graph, document.context()
        making.frozen, making.tied = frozen_below(document), nodes_tied(graph)
        making.heat, making.activations = self.heat, self.activations
        yield
        if len(graph.nodes) > MANY:
            yield partial(self._standing.of, graph)
        level = self._level(graph, context, "")
        marks = self.marks.plates(self.marks.of(graph, level.boxes, level.places, self._places(graph)))
        if not level.boxes:
            self.origins[""] = (0.0, 0.0)
            yield from self._redrawing.steps(level, marks, self._problems(graph), legend)
            self.made = self._redrawing.scene
            return
        plates, wires = dict(marks), dict[str, Wire]()
        self._draw(level, (0.0, 0.0), "", plates, wires)
        making.keep(plates, wires)
        if len(self._boxes) > len(plates):
            self._boxes = {id: known for id, known in self._boxes.items() if id in plates}
        self.made = Scene(plates, wires, graph.name, legend)

    def _problems(self, graph: Graph) -> Problems:
        return worst_of(self.document.analysis().problems, graph.key)

    # Places --------------------------------------------------------------------------------------------------

    def positions(self) -> dict[str, Point]:
        """Where each node of the graph that is worked on stands: as placed by hand, else arranged around those."""
        return dict(self._places(self.document.graph))

    def _places(self, graph: Graph) -> Mapping[str, Point]:
        return self._standing.of(graph)

    def arranged(self, *, near: Mapping[str, Point] | None = None, height: float | None = None) -> dict[str, Point]:
        """A layered layout of the graph that is worked on."""
        return arranged_anew(self.document.graph, near=near, height=height)

    def local(self, prefix: str, x: float, y: float) -> Point:
        """A place on the canvas as one of the graph whose nodes have that prefix there."""
        ox, oy = self.origins.get(prefix, (0.0, 0.0))
        return x - ox, y - oy

    def _level(self, graph: Graph, context: Context, prefix: str) -> Level:
        """What stands where in a graph, blocks opened in it and in those included."""
        document = self.document
        opened = document.opened
        inner: dict[str, Level] = {}
        for path in [path for path in opened if path.startswith(prefix)] if opened else ():
            id = path[len(prefix) :]
            if id in graph.nodes and graph.nodes[id].type in graph.project.graphs:
                block = graph.project.graphs[graph.nodes[id].type]
                inside = document.inside(context, Step(id, opened[path]))
                inner[id] = self._level(block, inside, f"{path}/")
        if not prefix and not inner and not self.activations:
            return Level(graph, context, prefix, {}, self._places(graph), inner)
        boxes = {id: self._box(graph, context, node, inner.get(id)) for id, node in graph.nodes.items()}
        ends = wire_ends(graph)
        if not prefix:
            return Level(graph, context, prefix, boxes, self._spread_out(graph, boxes, ends), inner)
        places = self._places(graph) if not inner else place(boxes, ends)
        marks = self.marks.of(graph, boxes if inner else {}, places, self._places(graph))
        key = (graph.key, boxes, places, ends, marks)
        known = self._levels.get(prefix)
        if known is not None and known[0] == key:
            return replace(known[1], context=context, inner=inner)
        level = on_sheet(Level(graph, context, prefix, boxes, places, inner, marks=marks), ends)
        self._levels[prefix] = (key, level)
        return level

    def _box(self, graph: Graph, context: Context, node: Node, inner: Level | None) -> Box:
        if inner is not None and inner.sheet is not None:
            sheet = inner.sheet
            return Box(sheet.w, sheet.h, False, *edge_ports(graph, node), sheet.spine)
        if node.id in self.activations:
            return replace(box_of(graph, node), w=ACTIVATION_W, h=ACTIVATION_H)
        result = context.results.get(node.id)
        off = result is not None and result.enabled is False and not is_bypassed(node)
        kind = kind_of(graph, node)
        w, h = plate_size(kind, node.name, detail_of(graph, node, result), when="off" if off else "")
        return Box(w, h, kind == "operator", *edge_ports(graph, node))

    def _spread_out(
        self, graph: Graph, boxes: Mapping[str, Box], ends: list[tuple[str, str, str, str]]
    ) -> dict[str, Point]:
        """Where plates stand while some are larger than where they were placed leaves room for: arranged anew.

        What is moved meanwhile moves here too, and stays moved when all are small again.
        """
        now = self._places(graph)
        key = (graph.key, boxes, ends)
        if self._spread is None or self._spread[0] != key:
            self._spread = key, place(boxes, ends, height=self.room()), now
        _, spread, then = self._spread
        return {id: (x + now[id][0] - then[id][0], y + now[id][1] - then[id][1]) for id, (x, y) in spread.items()}

    def _routes(self, graph: Graph, plates: Mapping[str, Plate], level: Level) -> Router:
        """How the wires of the graph on the canvas run."""
        boxes = level.boxes or {id: self._box_of(graph, id, plate) for id, plate in plates.items()}
        positions = {id: (p.x, p.y) for id, p in plates.items()}
        ends = wire_ends(graph)
        key = (graph.key, boxes, ends)
        if self._router is not None and self._router[0] == key:
            router = self._router[1]
            before = router.positions
            moved = {id: at for id, at in positions.items() if before.get(id) != at}
            if moved:
                router.move(moved)
            return router
        router = Router(positions, boxes, ends)
        self._router = (key, router)
        return router

    def _box_of(self, graph: Graph, id: str, plate: Plate) -> Box:
        """The room of a plate on the canvas, kept as long as the plate is."""
        known = self._boxes.get(id)
        if known is None or known[0] is not plate:
            box = Box(plate.w, plate.h, plate.kind == "operator", *edge_ports(graph, graph.nodes[id]))
            known = self._boxes[id] = plate, box
        return known[1]

    # Drawing -------------------------------------------------------------------------------------------------

    def _draw(self, level: Level, origin: Point, parent: str, plates: dict[str, Plate], wires: dict[str, Wire]) -> None:
        """Put the plates and wires of a level into the scene; `origin` is what its own places are moved by."""
        graph, context, prefix = level.graph, level.context, level.prefix
        self.origins[prefix] = ox, oy = origin
        problems = self._problems(graph)
        self._making.tied = nodes_tied(graph)
        if level.sheet is not None:
            plates.update(self.marks.plates(level.marks, prefix, parent, origin))
        own: dict[str, Plate] = {}
        for id, node in graph.nodes.items():
            if id not in level.hidden:
                x, y = level.places[id]
                plate = self._making.plate(
                    graph, context, node, (x + ox, y + oy), problems, prefix, parent, level.inner.get(id)
                )
                own[id] = plates[prefix + id] = plate
        routes, sides = level.routes, level.sides
        if routes is None or sides is None:
            router = self._routes(graph, own, level)
            routes, sides = router.routes, router.sides
        for id, plate in own.items():
            if plate.kind == "operator" and len(plate.inputs) > 1:
                plates[prefix + id] = self._making.with_sides(plate, prefix, id, routes, sides, origin)
        shift = None if origin == (0.0, 0.0) else origin
        for target, source in graph.wires.items():
            start, end = tuple(source.split(".", 1)), tuple(target.split(".", 1))
            known = start[0] in level.hidden or (
                start[0] in own and start[1] in {p.name for p in own[start[0]].outputs}
            )
            if known and (end[0] in own or end[0] in level.hidden):
                wire = self._making.wire(level, target, start, end, routes.get(target), shift, problems, parent)  # type: ignore[arg-type]
                wires[wire.id] = wire
        for id, inner in level.inner.items():
            if inner.sheet is not None:
                x, y = level.places[id]
                self.sheets[prefix + id] = (x + ox, y + oy, inner.sheet.w, inner.sheet.h)
                at = x + ox + inner.sheet.shift[0], y + oy + inner.sheet.shift[1]
                self._draw(inner, at, prefix + id, plates, wires)
