"""From the model to the canvas: the view models of a graph, made anew only where something changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.canvas.scene import Axis, Legend, Plate, PlateKind, Port, PortKind, Scene, Wire, plate_size
from designer.document import Document
from designer.numbers import exact, short
from graph_core import Project, edits
from graph_core.arrange import Box, Router, arrange
from graph_core.context import Context, Result
from graph_core.dims import Dim, Named, prod, same, size_text
from graph_core.evaluate import source_spec
from graph_core.fields import Field, SameAs
from graph_core.fixes import joined_ports
from graph_core.graph import Graph, Node, Repeat, Scan
from graph_core.layer import Layer, Spec, layer_types
from graph_core.memory import spec_bytes
from graph_core.problems import Problem
from graph_core.scanning import state_pairs
from graph_core.ties import nodes_tied

_RANK = {"": 0, "note": 1, "warning": 2, "error": 3}


class Drawing:
    """Builds scenes of what a document looks at. Plates and wires that did not change stay the same objects."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._plates: dict[str, tuple[Any, Plate]] = {}
        self._wires: dict[str, tuple[Any, Wire]] = {}
        self._router: tuple[Any, Router] | None = None
        self._tied: set[str] = set()
        self.heat: Mapping[str, tuple[float | None, str]] = {}
        self.activations: Mapping[str, Any] = {}

    def forget(self) -> None:
        """Another graph is looked at: nothing that was drawn is of use."""
        self._plates.clear()
        self._wires.clear()
        self._router = None

    def scene(self, legend: Legend | None = None) -> Scene:
        """The graph on the canvas, under a lens where `legend` explains one."""
        document = self.document
        graph, context = document.graph, document.context()
        problems = _worst(document.analysis().problems, graph.key)
        positions = self.positions()
        self._tied = nodes_tied(graph)
        plates = {id: self._plate(graph, context, node, positions[id], problems) for id, node in graph.nodes.items()}
        routes = self._routes(graph, plates)
        wires: dict[str, Wire] = {}
        for target, source in graph.wires.items():
            start, end = tuple(source.split(".", 1)), tuple(target.split(".", 1))
            if start[0] in plates and end[0] in plates and _has(plates[start[0]].outputs, start[1]):
                wires[target] = self._wire(context, target, start, end, routes.get(target), problems)  # type: ignore[arg-type]
        self._plates = {id: self._plates[id] for id in plates}
        return Scene(plates, wires, graph.name, legend)

    # Places --------------------------------------------------------------------------------------------------

    def positions(self) -> dict[str, tuple[float, float]]:
        """Where each node stands: as placed by hand, else as arranged around those."""
        graph = self.document.graph
        placed = {id: graph.view[id] for id in graph.nodes if id in graph.view}
        if len(placed) < len(graph.nodes):
            found = self.arranged(near=placed or None)
            placed = {id: placed.get(id, at) for id, at in found.items()}
        return placed

    def arranged(
        self, *, near: Mapping[str, tuple[float, float]] | None = None, height: float | None = None
    ) -> dict[str, tuple[float, float]]:
        """A layered layout of the graph on the canvas."""
        graph = self.document.graph
        boxes = {id: box_of(graph, node) for id, node in graph.nodes.items()}
        return dict(arrange(boxes, _wire_ends(graph), near=near, height=height).positions)

    def _routes(self, graph: Graph, plates: Mapping[str, Plate]) -> Mapping[str, Any]:
        boxes = {
            id: Box(p.w, p.h, p.kind == "operator", _names(p.inputs), _names(p.outputs)) for id, p in plates.items()
        }
        positions = {id: (p.x, p.y) for id, p in plates.items()}
        ends = _wire_ends(graph)
        key = (graph.key, boxes, ends)
        if self._router is not None and self._router[0] == key:
            router = self._router[1]
            before = router.positions
            moved = {id: at for id, at in positions.items() if before.get(id) != at}
            if moved:
                router.move(moved)
            return router.routes
        router = Router(positions, boxes, ends)
        self._router = (key, router)
        return router.routes

    # Plates --------------------------------------------------------------------------------------------------

    def _plate(
        self, graph: Graph, context: Context, node: Node, at: tuple[float, float], problems: Mapping[str, Problem]
    ) -> Plate:
        result = context.results.get(node.id)
        problem = problems.get(node.id)
        ports = (tuple(graph.in_ports(node)), tuple(graph.incoming.get(node.id, ())), tuple(graph.out_ports(node)))
        wired_out = frozenset(graph.outgoing.get(node.id, {}).values())
        heat = self.heat.get(node.id)
        activation = self.activations.get(node.id)
        changed = self.document.is_changed(graph.key, node)
        tied = node.id in self._tied
        key = (id(node), id(result), at, problem, ports, wired_out, heat, id(activation), changed, tied)
        known = self._plates.get(node.id)
        if known is not None and known[0][:-1] == key and known[0][-1] is result:
            return known[1]
        kind = kind_of(graph, node)
        detail = detail_of(graph, node, result)
        off = result is not None and result.enabled is False
        w, h = plate_size(kind, node.name, detail, when="off" if off else "", activation=activation is not None)
        declaration = layer_types().get(node.type)
        severity = problem.severity if problem else ""
        plate = Plate(
            node.id,
            kind,
            "block" if kind == "block" else declaration.family if declaration else "shape",
            node.name,
            detail,
            heat[1] if heat else self._figure(result, declaration),
            declaration.operator_sign() if declaration else "",
            *at,
            w,
            h,
            self._inputs(graph, context, node, declaration),
            self._outputs(graph, node, result, wired_out),
            glyph="io_out" if kind == "layer" and declaration and not declaration.outlets else "",
            problem="warn" if severity == "warning" else severity,  # type: ignore[arg-type]
            hint=problem.message if problem else "",
            changed=changed,
            when="" if not node.when else "off" if off else "on",
            repeat=sum(call.count for call in result.calls) if result and isinstance(node.run, Repeat) else 1,
            shared=bool(tied or node.use or (isinstance(node.run, Repeat) and node.run.shared)),
            scan=isinstance(node.run, Scan),
            heat=heat[0] if heat else None,
            activation=activation,
        )
        self._plates[node.id] = ((*key, result), plate)
        return plate

    def _figure(self, result: Result | None, declaration: type[Layer] | None) -> str:
        if result is None:
            return ""
        if declaration is not None and not declaration.inlets:
            return result.specs[0].dtype if result.specs and result.specs[0] else ""
        params = result.totals.trainable + result.totals.frozen
        return short(params) if isinstance(params, int) and params else ""

    def _inputs(self, graph: Graph, context: Context, node: Node, declaration: type[Layer] | None) -> tuple[Port, ...]:
        wired = graph.incoming.get(node.id, {})
        block = graph.project.graphs.get(node.type)
        names = {port.id: port.name for port in block.inputs()} if block else {}
        states = state_pairs(block, node.run) if block and isinstance(node.run, Scan) else {}
        ports = []
        for name in graph.in_ports(node):
            spec = source_spec(context, wired[name]) if name in wired else None
            stem = name.rstrip("0123456789")
            inlet = declaration.inlets.get(name) or declaration.inlets.get(stem) if declaration else None
            kind: PortKind = spec.kind if spec else inlet.kinds[0] if inlet else "float"  # type: ignore[assignment]
            if name in states:
                kind = "state"
            optional = bool(inlet and (inlet.optional or (inlet.variadic and int(name[len(stem) :]) >= inlet.least)))
            label = f"{names.get(name, name)}, {' '.join(inlet.axes)}" if inlet else names.get(name, name)
            ports.append(Port(name, kind, optional or kind == "state", name in wired, label))
        return tuple(ports)

    def _outputs(self, graph: Graph, node: Node, result: Result | None, wired: frozenset[str]) -> tuple[Port, ...]:
        block = graph.project.graphs.get(node.type)
        names = {port.id: port.name for port in block.outputs()} if block else {}
        states = set(state_pairs(block, node.run).values()) if block and isinstance(node.run, Scan) else set()
        ports = []
        for place, name in enumerate(graph.out_ports(node)):
            spec = result.specs[place] if result and place < len(result.specs) else None
            kind: PortKind = spec.kind if spec else "float"  # type: ignore[assignment]
            if name in states:
                kind = "state"
            ports.append(Port(name, kind, False, name in wired, names.get(name, name)))
        return tuple(ports)

    # Wires ---------------------------------------------------------------------------------------------------

    def _wire(
        self,
        context: Context,
        target: str,
        start: tuple[str, str],
        end: tuple[str, str],
        route: Any,
        problems: Mapping[str, Problem],
    ) -> Wire:
        spec = source_spec(context, start)
        problem = problems.get(end[0])
        error = problem.message if problem and _fails(context.graph, problem, end) else ""
        before = _first_input(context, start[0])
        key = (spec, before, start, route, error)
        known = self._wires.get(target)
        if known is not None and known[0] == key:
            return known[1]
        wire = Wire(
            target,
            start,
            end,
            axes(spec, before),
            _values(spec),
            spec.kind if spec else "float",  # type: ignore[arg-type]
            error,
            f"now {label(spec)}" if error and spec else "",
            spec is None,
            route,
            label=full_label(spec),
        )
        self._wires[target] = (key, wire)
        return wire


def kind_of(graph: Graph, node: Node) -> PlateKind:
    """layer, operator or block."""
    if node.type in graph.project.graphs:
        return "block"
    declaration = layer_types().get(node.type)
    return "operator" if declaration is not None and declaration.operator_sign() else "layer"


def detail_of(graph: Graph, node: Node, result: Result | None) -> str:
    """The second line of a plate: the type, and the settings that differ from what torch would take."""
    block = graph.project.graphs.get(node.type)
    if block is not None:
        times = sum(call.count for call in result.calls) if result and result.calls and not result.findings else None
        if isinstance(node.run, Scan):
            steps = f"{size_text(result.calls[0].steps)} steps" if result and result.calls else f"axis {node.run.axis}"
            return f"{block.name} · {steps}"
        if node.run is None:
            return block.name
        return f"{block.name} ×{times if times is not None else node.run.times}"
    declaration = layer_types().get(node.type)
    if declaration is None:
        return node.type
    if not declaration.inlets or not declaration.outlets:
        return ""
    settings = settings_text(declaration, node, result.layer if result else None)
    return f"{node.type} {settings}".rstrip() if settings or not _tells_type(node, declaration) else ""


def box_of(graph: Graph, node: Node) -> Box:
    """The room that a node takes."""
    kind = kind_of(graph, node)
    w, h = plate_size(kind, node.name, detail_of(graph, node, None))
    return Box(w, h, kind == "operator", tuple(graph.in_ports(node)), tuple(graph.out_ports(node)))


def place_all(project: Project, height: float) -> None:
    """Lay every graph of a project out anew: networks folded into columns of at most that height, blocks in one."""
    networks = set(project.network_keys.values())
    with project.editing("Arrange"):
        for graph in project.graphs.values():
            boxes = {id: box_of(graph, node) for id, node in graph.nodes.items()}
            limit = height if graph.key in networks else None
            if boxes:
                edits.move(graph, arrange(boxes, _wire_ends(graph), height=limit).positions)


def settings_text(declaration: type[Layer], node: Node, layer: Layer | None) -> str:
    """The settings that a plate shows: window sizes in the order k s p d g, else what torch requires."""
    short_fields = [field for field in declaration.fields.values() if field.short]
    parts = []
    for field in short_fields or declaration.fields.values():
        value = layer.values[field.name] if layer else node.params.get(field.name, field.default)
        if field.kind == "fixed" or (not field.required and _is_torch_default(field, value, layer)):
            continue
        letter = "" if field.short in ("", "k") else field.short
        shown = field.show(tuple(value) if isinstance(value, list) else value)
        if letter and len(set(shown.split("×"))) == 1:
            shown = shown.split("×")[0]
        parts.append(f"{letter}{shown}")
    return " ".join(parts[:3] if not short_fields else parts)


def _is_torch_default(field: Field[Any], value: Any, layer: Layer | None) -> bool:
    default = field.torch_default
    if isinstance(default, SameAs):
        return layer is None or bool(layer.values[default.name] == value)
    if isinstance(value, list | tuple) and not isinstance(default, list | tuple):
        return all(part == default for part in value)
    return bool(value == default)


def _tells_type(node: Node, declaration: type[Layer]) -> bool:
    """Whether the name already says what the node is: relu2 of ReLU."""
    return node.name.rstrip("0123456789_").lower() in (declaration.stem.lower(), node.type.lower())


def _worst(problems: tuple[Problem, ...], graph: str) -> dict[str, Problem]:
    found: dict[str, Problem] = {}
    for problem in problems:
        if problem.graph == graph and problem.node:
            known = found.get(problem.node)
            if known is None or _RANK[problem.severity] > _RANK[known.severity]:
                found[problem.node] = problem
    return found


def _fails(graph: Graph, problem: Problem, end: tuple[str, str]) -> bool:
    """Whether a problem is that of the wire that ends there; of a join it is the shortcut's."""
    if problem.severity != "error":
        return False
    if problem.port or not problem.hints.get("project"):
        return problem.port == end[1]
    return joined_ports(graph, end[0])[:1] == [end[1]]


def _wire_ends(graph: Graph) -> list[tuple[str, str, str, str]]:
    ends = []
    for target, source in graph.wires.items():
        (s, out), (t, port) = source.split(".", 1), target.split(".", 1)
        if s in graph.nodes and t in graph.nodes:
            ends.append((s, out, t, port))
    return ends


def _names(ports: tuple[Port, ...]) -> tuple[str, ...]:
    return tuple(port.name for port in ports)


def _has(ports: tuple[Port, ...], name: str) -> bool:
    return any(port.name == name for port in ports)


def _first_input(context: Context, id: str) -> Spec | None:
    wired = context.graph.incoming.get(id, {})
    node = context.graph.nodes.get(id)
    first = next((wired[p] for p in context.graph.in_ports(node) if p in wired), None) if node else None
    return source_spec(context, first) if first else None


def is_batch(size: Dim) -> bool:
    """Whether an axis is the batch, which labels leave out."""
    return isinstance(size, Named) and size.name == "N"


def axes(spec: Spec | None, before: Spec | None) -> tuple[Axis, ...]:
    """The label's axes without the batch; one is marked as changed where the layer before changed it."""
    if spec is None:
        return ()
    shape, old = list(spec.shape), list(before.shape) if before else []
    batch = bool(shape) and is_batch(shape[0])
    found: list[Axis] = []
    for place, size in enumerate(shape):
        if batch and place == 0:
            continue
        changed = before is not None and (len(old) != len(shape) or same(size, old[place]) is not True)
        found.append((size_text(size), changed or before is None, isinstance(size, Named)))
    return tuple(found)


def label(spec: Spec) -> str:
    """A shape without the batch: ``64×56×56``; ``1`` for one value a sample."""
    return "×".join(text for text, _, _ in axes(spec, None)) or "1"


def full_label(spec: Spec | None) -> str:
    """All axes, the dtype and the bytes at the example sizes."""
    if spec is None:
        return ""
    sizes = " × ".join(size_text(size) for size in spec.shape) or "scalar"
    return f"{sizes} · {spec.dtype} · {exact(spec_bytes(spec))} B"


def _values(spec: Spec | None) -> int:
    if spec is None:
        return 0
    size = prod(size for size in spec.shape if not is_batch(size))
    return int(size) if isinstance(size, int) else 0
