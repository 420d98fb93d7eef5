"""What a drawing's structure says about how it is written: chains, calls, what a node gives and takes."""

from __future__ import annotations

from enum import Enum

from graph_core.context import Result
from graph_core.graph import Graph, Node, Repeat, Scan
from graph_core.layer import Held, layer_types


class Style(Enum):
    """How a node is written in forward."""

    PLAIN = "an expression"
    LIST = "a loop over modules"
    LOOP = "a loop that calls one module"
    SCAN = "a loop along an axis that calls one module"


def reaching_outputs(graph: Graph) -> set[str]:
    """The nodes from which some Output of the graph can be reached, those included."""
    seen = set(graph.ports_of_role["output"])
    todo = list(seen)
    while todo:
        for source, _ in graph.incoming.get(todo.pop(), {}).values():
            if source not in seen:
                seen.add(source)
                todo.append(source)
    return seen


def never_acts(node: Node) -> bool:
    """Whether a block repeats ×0, whatever else."""
    return isinstance(node.run, Repeat) and node.run.times == 0


def made_in_constructor(graph: Graph, node: Node) -> bool:
    """Whether the node is an attribute of the class."""
    declaration = layer_types().get(node.type)
    return node.type in graph.project.graphs or (declaration is not None and declaration.owns_weights())


def holds(node: Node) -> bool:
    """Whether the node is a tensor that the class holds by itself: where its condition is false, nobody reads it."""
    declaration = layer_types().get(node.type)
    return declaration is not None and isinstance(declaration.torch, Held)


def style(graph: Graph, node: Node) -> Style:
    """How a node is written in forward."""
    if node.run is None:
        return Style.PLAIN
    if isinstance(node.run, Scan):
        return Style.SCAN
    if node.run.shared:
        return Style.LOOP
    block = graph.project.graphs[node.type]
    one = len(block.inputs()) == 1 and len(block.outputs()) == 1
    return Style.PLAIN if one else Style.LIST


def is_heavy(result: Result) -> bool:
    """Whether a layer has a matrix of weights: such layers do not share a statement."""
    weights = result.facts.weights if result.facts else ()
    return any(weight.role == "weight" and len(weight.shape) > 1 for weight in weights)
