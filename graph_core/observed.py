"""What running a network showed of a node that its drawing alone does not tell: custom code that returns otherwise.

An observation is of this session and in no file. It stands while the node is as it was and gets what it got; then a
new run tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from graph_core.evaluate import source_spec
from graph_core.graph import Graph, Node, Project
from graph_core.layer import Spec
from graph_core.problems import Finding
from graph_core.propagate import Engine, engine_of
from graph_core.trust import code_of


class Observation(NamedTuple):
    """One sentence about a node, and what the node was and got."""

    node: Node
    given: tuple[Spec | None, ...]
    message: str


def observe(project: Project, graph: str, node: str, code: str, message: str) -> bool:
    """Keep a sentence about a node as a problem of it; False where the node is gone or holds other code by now."""
    there = project.graphs[graph].nodes.get(node) if graph in project.graphs else None
    if there is None or code_of(project, there) != code:
        return False
    engine = engine_of(project)
    for network in project.networks:
        engine.root(network)  # so that the example of a block is that of an instance
    given = _given(engine, project.graphs[graph], there)
    engine.observed[graph, node] = Observation(there, given, message)
    return True


def observations(engine: Engine, graph: Graph) -> Iterator[tuple[str, Finding]]:
    """What was seen of a graph's nodes and still stands, each with the id of the node."""
    for (key, id), seen in list(engine.observed.items()):
        if key != graph.key:
            continue
        node = graph.nodes.get(id)
        if node is not None and node is seen.node and _given(engine, graph, node) == seen.given:
            yield id, Finding("returned", seen.message)


def _given(engine: Engine, graph: Graph, node: Node) -> tuple[Spec | None, ...]:
    """What flows into a node, in an example of its graph."""
    context = engine.root(_network(engine, graph)) if graph.is_network else engine.example(graph.key)
    wires = graph.incoming.get(node.id, {})
    return tuple(source_spec(context, wires[port]) for port in sorted(wires))


def _network(engine: Engine, graph: Graph) -> str:
    return next(name for name, key in engine.project.network_keys.items() if key == graph.key)
