"""From the model to the canvas: the view models of a graph, made anew only where something changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from designer.canvas.scene import ACTIVATION_H, ACTIVATION_W, Legend, Plate, Point, Port, Scene, Wire, plate_size
from designer.document import Document, Step
from designer.freezing import frozen_below
from designer.marking import MarkPlates, arranged_anew, placed
from designer.plates import (
    axes,
    box_of,
    detail_of,
    edge_ports,
    figure_of,
    first_input,
    full_label,
    inputs_of,
    is_cause,
    kind_of,
    label,
    outputs_of,
    values_of,
    wire_ends,
    worst_of,
)
from designer.sheets import Level, on_sheet
from designer.words import tr
from graph_core.arrange import Box, Router, arrange
from graph_core.bypass import is_bypassed
from graph_core.context import Context
from graph_core.evaluate import source_spec
from graph_core.graph import Graph, Node
from graph_core.instances import Repeat, Scan
from graph_core.layer import layer_types
from graph_core.problems import Problem
from graph_core.propagate import engine_of
from graph_core.ties import nodes_tied

Problems = Mapping[str, Problem]


class Drawing:
    """Builds scenes of what a document looks at. Plates and wires that did not change stay the same objects.

    What lies in a block opened in place has the ids on the way down, joined by /, for its id.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._plates: dict[str, tuple[Any, Plate]] = {}
        self._wires: dict[str, tuple[Any, Wire]] = {}
        self._sided: dict[str, tuple[Any, Plate]] = {}
        self._boxes: dict[str, tuple[Plate, Box]] = {}
        self._router: tuple[Any, Router] | None = None
        self._levels: dict[str, tuple[Any, Level]] = {}
        self._spread: tuple[Any, Mapping[str, Point], Mapping[str, Point]] | None = None
        self.marks = MarkPlates()
        self._placed: dict[Graph, Mapping[str, Point]] = {}
        self._placed_at = -1
        self._tied: set[str] = set()
        self._frozen: frozenset[str] = frozenset()
        self.heat: Mapping[str, tuple[float | None, str]] = {}
        self.activations: Mapping[str, Any] = {}
        self.origins: dict[str, Point] = {}  # of each graph that is drawn, by the prefix of its ids
        self.sheets: dict[str, tuple[float, float, float, float]] = {}  # x, y, w, h of opened blocks, by their path
        self.room: Callable[[], float] = lambda: 640.0  # how high the canvas is, in units

    def forget(self) -> None:
        """Another graph is looked at: nothing that was drawn is of use."""
        self._plates.clear()
        self._wires.clear()
        self._sided.clear()
        self._boxes.clear()
        self._levels.clear()
        self._placed.clear()
        self._router = self._spread = None

    def scene(self, legend: Legend | None = None) -> Scene:
        """The graph on the canvas, under a lens where `legend` explains one."""
        document = self.document
        plates: dict[str, Plate] = {}
        wires: dict[str, Wire] = {}
        self.origins, self.sheets = {}, {}
        with document.at(document.base):
            graph, context = document.graph, document.context()
        self._frozen = frozen_below(document)
        level = self._level(graph, context, "")
        plates.update(self.marks.plates(graph, level.boxes, level.places))
        self._draw(level, (0.0, 0.0), "", plates, wires)
        self._plates = {id: self._plates[id] for id in plates if id in self._plates}
        self._sided = {id: known for id, known in self._sided.items() if id in plates}
        if len(self._boxes) > len(plates):
            self._boxes = {id: known for id, known in self._boxes.items() if id in plates}
        return Scene(plates, wires, graph.name, legend)

    # Places --------------------------------------------------------------------------------------------------

    def positions(self) -> dict[str, Point]:
        """Where each node of the graph that is worked on stands: as placed by hand, else arranged around those."""
        return dict(self._places(self.document.graph))

    def _places(self, graph: Graph) -> Mapping[str, Point]:
        """The same for any graph, worked out once after an edit."""
        version = engine_of(self.document.project).version
        if self._placed_at != version:
            self._placed_at = version
            self._placed.clear()
        found = self._placed.get(graph)
        if found is None:
            found = self._placed[graph] = placed(graph)
        return found

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
        places = self._places(graph) if not inner else dict(arrange(boxes, ends).positions)
        key = (graph.key, boxes, places, ends)
        known = self._levels.get(prefix)
        if known is not None and known[0] == key:
            return replace(known[1], context=context, inner=inner)
        level = on_sheet(Level(graph, context, prefix, boxes, places, inner), ends)
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
            self._spread = key, dict(arrange(boxes, ends, height=self.room()).positions), now
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
        document, graph, context, prefix = self.document, level.graph, level.context, level.prefix
        self.origins[prefix] = ox, oy = origin
        problems = worst_of(document.analysis().problems, graph.key)
        self._tied = nodes_tied(graph)
        own: dict[str, Plate] = {}
        for id, node in graph.nodes.items():
            if id not in level.hidden:
                x, y = level.places[id]
                plate = self._plate(
                    graph, context, node, (x + ox, y + oy), problems, prefix, parent, level.inner.get(id)
                )
                own[id] = plates[prefix + id] = plate
        routes, sides = level.routes, level.sides
        if routes is None or sides is None:
            router = self._routes(graph, own, level)
            routes, sides = router.routes, router.sides
        for id, plate in own.items():
            if plate.kind == "operator" and len(plate.inputs) > 1:
                plates[prefix + id] = self._with_sides(plate, prefix, id, routes, sides, origin)
        shift = None if origin == (0.0, 0.0) else origin
        for target, source in graph.wires.items():
            start, end = tuple(source.split(".", 1)), tuple(target.split(".", 1))
            known = start[0] in level.hidden or (
                start[0] in own and start[1] in {p.name for p in own[start[0]].outputs}
            )
            if known and (end[0] in own or end[0] in level.hidden):
                wire = self._wire(level, target, start, end, routes.get(target), shift, problems, parent)  # type: ignore[arg-type]
                wires[wire.id] = wire
        for id, inner in level.inner.items():
            if inner.sheet is not None:
                x, y = level.places[id]
                self.sheets[prefix + id] = (x + ox, y + oy, inner.sheet.w, inner.sheet.h)
                at = x + ox + inner.sheet.shift[0], y + oy + inner.sheet.shift[1]
                self._draw(inner, at, prefix + id, plates, wires)

    def _plate(
        self,
        graph: Graph,
        context: Context,
        node: Node,
        at: Point,
        problems: Problems,
        prefix: str,
        parent: str,
        inner: Level | None,
    ) -> Plate:
        result = context.results.get(node.id)
        problem = problems.get(node.id)
        ports: Any = tuple(graph.incoming.get(node.id, ()))
        if node.type in graph.project.graphs:  # a layer's ports follow from its wires, a block's from its graph
            ports = ports, graph.in_ports(node), graph.out_ports(node)
        wired_out = frozenset(graph.outgoing.get(node.id, {}).values())
        name = prefix + node.id
        heat = self.heat.get(name)
        activation = self.activations.get(name)
        changed = self.document.is_changed(graph.key, node)
        tied, frozen = node.id in self._tied, name in self._frozen
        sheet = inner.sheet if inner is not None else None
        iteration = self.document.opened.get(name, 0)
        key = (
            id(node),
            id(result),
            problem,
            ports,
            wired_out,
            heat,
            id(activation),
            changed,
            tied,
            frozen,
            sheet,
            iteration,
        )
        known = self._plates.get(name)
        if known is not None and known[0][:-1] == key and known[0][-1] is result:
            plate = known[1]
            if (plate.x, plate.y) != at:
                plate = replace(plate, x=at[0], y=at[1])
                self._plates[name] = known[0], plate
            return plate
        kind = kind_of(graph, node)
        detail = detail_of(graph, node, result)
        bypassed = is_bypassed(node)
        off = result is not None and result.enabled is False and not bypassed
        w: float
        h: float
        w, h = plate_size(kind, node.name, detail, when="off" if off else "", activation=activation is not None)
        declaration = layer_types().get(node.type)
        severity = problem.severity if problem else ""
        times = sum(call.count for call in result.calls) if result and isinstance(node.run, Repeat) else 1
        inputs = inputs_of(graph, context, node, declaration)
        outputs = outputs_of(graph, node, result, wired_out)
        if sheet is not None:
            w, h, detail = sheet.w, sheet.h, graph.project.graphs[node.type].name
            inputs, outputs = _on_edge(inputs, sheet.inlets), _on_edge(outputs, sheet.outlets)
        plate = Plate(
            name,
            kind,
            "block" if kind == "block" else declaration.family if declaration else "shape",
            node.name,
            detail,
            heat[1] if heat else figure_of(result, declaration),
            declaration.operator_sign() if declaration else "",
            *at,
            w,
            h,
            inputs,
            outputs,
            glyph="io_out" if kind == "layer" and declaration and not declaration.outlets else "",
            problem="warn" if severity == "warning" else severity,  # type: ignore[arg-type]
            hint=problem.message if problem else "",
            changed=changed,
            when="" if not node.when or bypassed else "off" if off else "on",
            repeat=1 if sheet else times,
            shared=bool(tied or node.use or (isinstance(node.run, Repeat) and node.run.shared)),
            scan=isinstance(node.run, Scan) and sheet is None,
            frozen=frozen and sheet is None,
            heat=heat[0] if heat and sheet is None else None,
            activation=activation,
            mark="bypassed" if bypassed else "",
            parent=parent,
            opened=sheet is not None,
            pager=(iteration, times) if sheet is not None and times > 1 else None,
        )
        self._plates[name] = ((*key, result), plate)
        return plate

    def _with_sides(
        self, plate: Plate, prefix: str, id: str, routes: Mapping[str, Any], sides: Mapping[str, str], origin: Point
    ) -> Plate:
        """An operator whose ports lie where its wires arrive."""
        ends = []
        for port in plate.inputs:
            route = routes.get(f"{id}.{port.name}")
            at = route[-1][1] + origin[1] - plate.y if route else None
            ends.append((sides.get(f"{id}.{port.name}", ""), at))
        key = (plate, tuple(ends))
        known = self._sided.get(prefix + id)
        if known is not None and known[0][0] is plate and known[0] == key:
            return known[1]
        ports = [
            port if not side else replace(port, side=side, at=at if side != "top" else None)  # type: ignore[arg-type]
            for port, (side, at) in zip(plate.inputs, ends, strict=True)
        ]
        made = replace(plate, inputs=tuple(ports))
        self._sided[prefix + id] = (key, made)
        return made

    def _wire(
        self,
        level: Level,
        target: str,
        start: tuple[str, str],
        end: tuple[str, str],
        route: Any,
        shift: Point | None,
        problems: Problems,
        parent: str,
    ) -> Wire:
        context, prefix = level.context, level.prefix
        spec = source_spec(context, start)
        problem = problems.get(end[0])
        error = problem.message if problem and is_cause(context.graph, problem, end) else ""
        before = first_input(context, start[0])
        if before is None and context.graph.key not in self.document.project.network_keys.values():
            before = spec  # what a block is given is nothing new
        key = (spec, before, start, route, error, shift)
        name = prefix + target
        known = self._wires.get(name)
        if known is not None and known[0] == key:
            return known[1]
        if shift is not None and route:
            route = tuple((x + shift[0], y + shift[1]) for x, y in route)
        wire = Wire(
            name,
            (parent, start[0]) if start[0] in level.hidden else (prefix + start[0], start[1]),
            (parent, end[0]) if end[0] in level.hidden else (prefix + end[0], end[1]),
            axes(spec, before),
            values_of(spec),
            spec.kind if spec else "float",  # type: ignore[arg-type]
            error,
            tr("now {label}", label=label(spec)) if error and spec else "",
            spec is None,
            route,
            inside=parent,
            label=full_label(spec),
        )
        self._wires[name] = (key, wire)
        return wire


def _on_edge(ports: Iterable[Port], places: Mapping[str, float]) -> tuple[Port, ...]:
    return tuple(replace(port, at=places.get(port.name)) for port in ports)
