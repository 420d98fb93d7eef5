"""Chains: graphs that are one module after another, as nn.Sequential holds them, and what their modules are called."""

from __future__ import annotations

from graph_core.context import Context
from graph_core.graph import Graph, Node
from graph_core.layer import Function, Method, Module, Port, layer_types

# How a graph asks to be written in its head's ``form``: as a subclass of nn.Sequential, or where it is used.
FORMS = ("class", "list")
# In its head: nodes that are not there leave no place, and those behind them move up. Else nn.Identity stands there.
CLOSED = "closed"


def role(node: Node) -> str:
    """input or output for a graph's own ports, else empty."""
    declaration = layer_types().get(node.type)
    spelling = declaration.torch if declaration else None
    return spelling.role if isinstance(spelling, Port) else ""


def wired_ports(graph: Graph, node: Node) -> list[str]:
    """The input ports of a node that have a wire, in the order of its ports."""
    wired = graph.incoming.get(node.id, {})
    return [port for port in graph.in_ports(node) if port in wired]


def single(graph: Graph, node: Node) -> bool:
    """Whether a module takes one tensor and gives one: what nn.Identity can stand for, and nn.Sequential hold."""
    if len(wired_ports(graph, node)) != 1:
        return False
    block = graph.project.graphs.get(node.type)
    if block is not None:
        return len(block.outputs()) == 1 and len(block.inputs()) == 1
    declaration = layer_types()[node.type]
    spelling = declaration.torch
    if isinstance(spelling, Module):
        return len(spelling.returns) <= 1 and len(declaration.outlets) == 1 and not spelling.call
    return False


def chain_of(graph: Graph) -> list[Node]:
    """The nodes in order where they are a chain from the only Input to the only Output, each a module; else none.

    A chain with tied weights needs a constructor of its own.
    """
    inputs, outputs = graph.inputs(), graph.outputs()
    if graph.ties or len(inputs) != 1 or len(outputs) != 1:
        return []
    count = sum(1 for node in graph.nodes.values() if not role(node))
    found: list[Node] = []
    here = inputs[0]
    while len(found) < count:
        targets = graph.outgoing.get(here.id, {})
        if len(targets) != 1:
            return []
        node = graph.nodes[next(iter(targets))[0]]
        if role(node) or not _holdable(graph, node):
            return []
        found.append(node)
        here = node
    return found if _only_feeds(graph, here, outputs[0]) else []


def is_chain(graph: Graph) -> bool:
    """Whether the graph is written as an nn.Sequential: a chain of nodes named 0 … k−1, or one that says so itself."""
    numbered = any(node.name == "0" for node in graph.nodes.values() if not role(node))
    if not numbered and graph.head.get("form") not in FORMS:
        return False
    nodes = chain_of(graph)
    plain = [node.name for node in nodes] == [str(place) for place in range(len(nodes))]
    fits = plain or (graph.head.get("form") in FORMS and all("." not in node.name for node in nodes))
    return bool(nodes) and fits


def is_inline(graph: Graph) -> bool:
    """Whether the graph is written as an nn.Sequential in the class around it, without a class of its own."""
    return graph.head.get("form") != "class" and is_chain(graph)


def _holdable(graph: Graph, node: Node) -> bool:
    if node.use or (node.run and node.run.shared):
        return False
    declaration = layer_types().get(node.type)
    if declaration is not None and isinstance(declaration.torch, Function | Method):
        return bool(declaration.torch.module) and len(wired_ports(graph, node)) == 1
    return (node.type in graph.project.graphs or declaration is not None) and single(graph, node)


def _only_feeds(graph: Graph, source: Node, target: Node) -> bool:
    return [id for id, _ in graph.outgoing.get(source.id, {})] == [target.id]


def name_in(context: Context, id: str) -> str:
    """What a node's module is called in a context: its own name, or in a closed chain its place among those there."""
    graph = context.graph
    node = graph.nodes[id]
    if not graph.head.get(CLOSED) or not is_chain(graph):
        return node.name
    place = 0
    for other in chain_of(graph):
        if other.id == id:
            break
        result = context.results.get(other.id)
        place += result is None or result.enabled is not False
    return str(place)
