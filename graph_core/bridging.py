"""What may stand between two nodes: layers that bridge shapes, kinds and numbers of axes, and where to put them.

Which layer bridges is asked of the declarations (``Layer.adapt``); no layer type is named here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graph_core import edits
from graph_core.context import Context
from graph_core.dims import shape_text
from graph_core.evaluate import source_spec
from graph_core.graph import Graph, Node, Project
from graph_core.layer import Layer, Spec, Want, layer_types
from graph_core.names import numbered
from graph_core.propagate import engine_of


def context_of(project: Project, network: str, graph: Graph) -> Context | None:
    """A concrete context of a graph: the network's, or that of an instance."""
    engine = engine_of(project)
    root = engine.root(network)
    return root if root.graph is graph else engine.example(graph.key)


def inputs_of(context: Context, node: Node) -> dict[str, tuple[str, Spec]]:
    """The wired inputs of a node: port -> (source, what comes)."""
    found = {}
    for port, source in context.graph.incoming.get(node.id, {}).items():
        spec = source_spec(context, source)
        if spec is not None:
            found[port] = (f"{source[0]}.{source[1]}", spec)
    return found


def bridges(have: Spec, want: Want) -> Iterator[tuple[type[Layer], dict[str, Any]]]:
    """Layers, with their parameters, that turn what there is into what is wanted; those without weights first."""
    for declaration in sorted(layer_types().values(), key=lambda declaration: declaration.owns_weights()):
        params = declaration.adapt(have, want)
        if params is not None:
            yield declaration, params


def joined_ports(graph: Graph, id: str) -> list[str]:
    """The wired inputs of a join, the shortcut's first: in the order in which their sources run."""
    position = engine_of(graph.project).schedule_of(graph).position
    wired = graph.incoming.get(id, {})
    return sorted(wired, key=lambda port: position.get(wired[port][0], 0))


def detail_of(declaration: type[Layer], params: Mapping[str, Any], have: Spec, want: Spec) -> str:
    """What a bridge is in one line: its type, its parameters, the shapes on both sides."""
    shown = " ".join(declaration.fields[name].show(_tupled(value)) for name, value in params.items())
    return f"{declaration.__name__} {shown}, {shape_text(have.shape)} → {shape_text(want.shape)}"


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def inserter(
    graph: Graph, wire: str, declaration: type[Layer], params: Mapping[str, Any], name: str = ""
) -> Callable[[], None]:
    """The edit that makes a layer and puts it on the wire that ends at ``wire``."""

    def make() -> None:
        taken = graph.names
        chosen = numbered(name, taken, bare=True) if name else ""
        node = edits.add(graph, declaration.__name__, name=chosen, params=params)
        edits.insert_on_wire(graph, wire, node.id)

    return make


def depends(graph: Graph, id: str, on: str) -> bool:
    """Whether a node gets anything from another, directly or not."""
    todo, seen = [id], {id}
    while todo:
        for source, _ in graph.incoming.get(todo.pop(), {}).values():
            if source == on:
                return True
            if source not in seen:
                seen.add(source)
                todo.append(source)
    return False


def depends_on(graph: Graph, id: str, on: str) -> bool:
    """Whether wiring ``id`` into ``on`` would close a loop: ``id`` is ``on`` or gets something from it."""
    return id == on or depends(graph, id, on)


def input_behind(graph: Graph, id: str) -> Node | None:
    """The network's Input whose dtype comes through unchanged as the output of a node; None where there is none."""
    seen: set[str] = set()
    while id in graph.nodes and id not in seen and graph.is_network:
        seen.add(id)
        node = graph.nodes[id]
        if id in graph.ports_of_role["input"]:
            return node
        declaration = layer_types().get(node.type) if node.type not in graph.project.graphs else None
        if declaration is None or any(outlet.dtype != "same" for outlet in declaration.outlets.values()):
            return None
        wired = graph.incoming.get(id, {})
        id = next((wired[port][0] for port in graph.in_ports(node) if port in wired), "")
    return None
