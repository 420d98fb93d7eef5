"""How nodes and wires are told on the canvas: kinds, sizes, settings, ports, and the labels of shapes."""

from __future__ import annotations

from typing import Any

from designer.canvas.scene import Axis, PlateKind, Port, PortKind, plate_size
from designer.numbers import exact, short
from designer.words import tr
from graph_core import Project, edits
from graph_core.arrange import Box, place
from graph_core.bridging import joined_ports
from graph_core.context import Context, Result
from graph_core.dims import Dim, Named, prod, same, size_text
from graph_core.evaluate import source_spec
from graph_core.fields import Field, SameAs
from graph_core.graph import Graph, Node, Scan
from graph_core.layer import Layer, Spec, layer_types
from graph_core.memory import spec_bytes
from graph_core.problems import Problem
from graph_core.scanning import state_pairs

_RANK = {"": 0, "note": 1, "warning": 2, "error": 3}


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
            steps = (
                size_text(result.calls[0].steps) if result and result.calls else tr("axis {axis}", axis=node.run.axis)
            )
            return f"{block.name}, {steps}"
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
    return Box(w, h, kind == "operator", *edge_ports(graph, node))


def edge_ports(graph: Graph, node: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ports on the upper and the lower edge: all but a scan's states without a wire, which stand at its loop."""
    ins, outs = graph.in_ports(node), graph.out_ports(node)
    block = graph.project.graphs.get(node.type)
    if block is not None and isinstance(node.run, Scan):
        pairs = state_pairs(block, node.run)
        wired = graph.incoming.get(node.id, {}), set(graph.outgoing.get(node.id, {}).values())
        ins = [port for port in ins if port not in pairs or port in wired[0]]
        outs = [port for port in outs if port not in pairs.values() or port in wired[1]]
    return tuple(ins), tuple(outs)


def place_all(project: Project, height: float) -> None:
    """Lay every graph of a project out anew: networks folded into columns of at most that height, blocks in one."""
    networks = set(project.network_keys.values())
    with project.editing("Arrange"):
        for graph in project.graphs.values():
            boxes = {id: box_of(graph, node) for id, node in graph.nodes.items()}
            limit = height if graph.key in networks else None
            if boxes:
                edits.move(graph, place(boxes, wire_ends(graph), height=limit))


def settings_text(declaration: type[Layer], node: Node, layer: Layer | None) -> str:
    """The settings that a plate shows: window sizes in the order k s p d g, else what torch requires."""
    short_fields = [field for field in declaration.fields.values() if field.short]
    parts = []
    for field in short_fields or declaration.fields.values():
        value = layer.values[field.name] if layer else node.params.get(field.name, field.default)
        if field.kind in ("fixed", "text", "values") or (not field.required and _is_torch_default(field, value, layer)):
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


def worst_of(problems: tuple[Problem, ...], graph: str) -> dict[str, Problem]:
    """For each node of a graph its gravest problem."""
    found: dict[str, Problem] = {}
    for problem in problems:
        if problem.graph == graph and problem.node:
            known = found.get(problem.node)
            if known is None or _RANK[problem.severity] > _RANK[known.severity]:
                found[problem.node] = problem
    return found


def is_cause(graph: Graph, problem: Problem, end: tuple[str, str]) -> bool:
    """Whether a problem is that of the wire that ends there; of a join it is the shortcut's."""
    if problem.severity != "error":
        return False
    if problem.port or not problem.hints.get("project"):
        return problem.port == end[1]
    return joined_ports(graph, end[0])[:1] == [end[1]]


def wire_ends(graph: Graph) -> list[tuple[str, str, str, str]]:
    """The wires as the arrangement takes them: source, its port, target, its port."""
    ends = []
    for target, source in graph.wires.items():
        (s, out), (t, port) = source.split(".", 1), target.split(".", 1)
        if s in graph.nodes and t in graph.nodes:
            ends.append((s, out, t, port))
    return ends


def first_input(context: Context, id: str) -> Spec | None:
    """What a node takes in first: what its output is compared with."""
    wired = context.graph.incoming.get(id, {})
    if len(wired) == 1:
        return source_spec(context, next(iter(wired.values())))
    node = context.graph.nodes.get(id)
    first = next((wired[p] for p in context.graph.in_ports(node) if p in wired), None) if node else None
    return source_spec(context, first) if first else None


def is_batch(size: Dim) -> bool:
    """Whether an axis is the batch, which labels leave out."""
    return isinstance(size, Named) and size.name == "N"


def figure_of(result: Result | None, declaration: type[Layer] | None) -> str:
    """What stands at the right of a plate: its parameters, or the dtype of an input."""
    if result is None:
        return ""
    if declaration is not None and not declaration.inlets:
        return result.specs[0].dtype if result.specs and result.specs[0] else ""
    params = result.totals.trainable + result.totals.frozen
    return short(params) if isinstance(params, int) and params else ""


def inputs_of(graph: Graph, context: Context, node: Node, declaration: type[Layer] | None) -> tuple[Port, ...]:
    """The input ports as they are drawn."""
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
        if name in states or (inlet is not None and inlet.state):
            kind = "state"
        optional = bool(inlet and (inlet.optional or (inlet.variadic and int(name[len(stem) :]) >= inlet.least)))
        label = f"{names.get(name, name)}, {' '.join(inlet.axes)}" if inlet else names.get(name, name)
        ports.append(Port(name, kind, optional or name in states, name in wired, label))
    return tuple(ports)


def outputs_of(graph: Graph, node: Node, result: Result | None, wired: frozenset[str]) -> tuple[Port, ...]:
    """The output ports as they are drawn."""
    block = graph.project.graphs.get(node.type)
    names = {port.id: port.name for port in block.outputs()} if block else {}
    states = set(state_pairs(block, node.run).values()) if block and isinstance(node.run, Scan) else set()
    declaration = layer_types().get(node.type) if block is None else None
    states |= {out for out, outlet in declaration.outlets.items() if outlet.state} if declaration else set()
    ports = []
    for at, name in enumerate(graph.out_ports(node)):
        spec = result.specs[at] if result and at < len(result.specs) else None
        kind: PortKind = spec.kind if spec else "float"  # type: ignore[assignment]
        if name in states:
            kind = "state"
        ports.append(Port(name, kind, False, name in wired, names.get(name, name)))
    return tuple(ports)


def axes(spec: Spec | None, before: Spec | None) -> tuple[Axis, ...]:
    """The label's axes without the batch; one is marked as changed where the layer before changed it."""
    if spec is None:
        return ()
    shape, old = list(spec.shape), list(before.shape) if before else []
    batch = bool(shape) and is_batch(shape[0])
    found: list[Axis] = []
    for at, size in enumerate(shape):
        if batch and at == 0:
            continue
        changed = before is not None and (len(old) != len(shape) or same(size, old[at]) is not True)
        found.append((size_text(size), changed or before is None, isinstance(size, Named)))
    return tuple(found)


def label(spec: Spec) -> str:
    """A shape without the batch: ``64×56×56``; ``1`` for one value a sample."""
    return "×".join(text for text, _, _ in axes(spec, None)) or "1"


def full_label(spec: Spec | None) -> str:
    """All axes, the dtype and the bytes at the example sizes."""
    if spec is None:
        return ""
    sizes = " × ".join(size_text(size) for size in spec.shape) or tr("scalar")
    return f"{sizes} · {spec.dtype} · {exact(spec_bytes(spec))} B"


def values_of(spec: Spec | None) -> int:
    """Values per sample, 0 where that is not known."""
    if spec is None:
        return 0
    size = prod(size for size in spec.shape if not is_batch(size))
    return int(size) if isinstance(size, int) else 0
