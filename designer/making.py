"""Plates and wires of a drawing, the same objects as long as nothing that they show has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from designer.canvas.scene import Plate, Point, Port, Wire, plate_size
from designer.document import Document
from designer.plates import (
    axes,
    detail_of,
    figure_of,
    first_input,
    full_label,
    inputs_of,
    is_cause,
    kind_of,
    label,
    outputs_of,
    values_of,
)
from designer.sheets import Level
from designer.words import tr
from graph_core.bypass import is_bypassed
from graph_core.context import Context
from graph_core.evaluate import source_spec
from graph_core.graph import Graph, Node
from graph_core.instances import Repeat, Scan
from graph_core.layer import layer_types
from graph_core.problems import Problem

Problems = Mapping[str, Problem]
_SPARE = 500  # remembered for an undo


class Making:
    """Makes plates and wires, and remembers each with all that it was made from."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._plates: dict[str, tuple[Any, Plate]] = {}
        self._wires: dict[str, tuple[Any, Wire]] = {}
        self._sided: dict[str, tuple[Any, Plate]] = {}
        self.tied: Collection[str] = ()
        self.frozen: Collection[str] = ()
        self.heat: Mapping[str, tuple[float | None, str]] = {}
        self.activations: Mapping[str, Any] = {}

    def forget(self) -> None:
        """Another graph is looked at: nothing that was made is of use."""
        self._plates.clear()
        self._wires.clear()
        self._sided.clear()

    def keep(self, plates: Collection[str], wires: Collection[str]) -> None:
        """Forget all but these, where much else is remembered."""
        if len(self._plates) > len(plates) + _SPARE:
            self._plates = {id: known for id, known in self._plates.items() if id in plates}
            self._sided = {id: known for id, known in self._sided.items() if id in plates}
        if len(self._wires) > len(wires) + _SPARE:
            self._wires = {id: known for id, known in self._wires.items() if id in wires}

    def plate(
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
        tied, frozen = node.id in self.tied, name in self.frozen
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

    def with_sides(
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

    def wire(
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
