"""A graph's own Inputs and Outputs: which nodes they are, which are the two ends of one state, what a scan may name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from graph_core.layer import layer_types
from graph_core.names import natural

if TYPE_CHECKING:
    from graph_core.graph import Graph, Node, Scan

MAX_AXES: Final = 16  # of a tensor that a scan steps along


def port_role(type: str) -> str:
    """input or output for the layer types of a graph's own ports, else empty."""
    return getattr(getattr(layer_types().get(type), "torch", None), "role", "")


def clash(graph: Graph, name: str, role: str = "", besides: str = "") -> Node | None:
    """The other node for which ``name`` is taken, for a node of this ``role``; None where it is free.

    An Input and an Output may share a name: so a scan knows which of them are one state.
    """
    for id in sorted(graph.names.get(name, ()), key=natural):
        pair = {role, port_role(graph.nodes[id].type)}
        if id != besides and pair != {"input", "output"}:
            return graph.nodes[id]
    return None


def is_state(graph: Graph, name: str) -> bool:
    """Whether a name is that of one Input and one Output, and of nothing else."""
    alike = graph.names.get(name, ())
    return len(alike) == 2 and {port_role(graph.nodes[id].type) for id in alike} == {"input", "output"}


def state_partners(graph: Graph, port: Node) -> list[Node]:
    """The port at the other end of a state that some instance of the graph carries."""
    if not port_role(port.type):
        return []
    others = [graph.nodes[id] for id in graph.names.get(port.name, ()) if id != port.id]
    others = [other for other in others if port_role(other.type)]
    ids = {port.id, *(other.id for other in others)} & graph.ports_of_role["input"].keys()
    runs = (
        node.run for user in graph.project.graphs.values() for node in user.nodes.values() if node.type == graph.key
    )
    carried = bool(others) and any(run is not None and ids & set(run.carry) for run in runs)
    return others if carried else []


def scan_fault(node: Node, block: Graph, scan: Scan) -> str:
    """What keeps a node from being told to scan so, in one sentence; empty where nothing does."""
    if type(scan.axis) is not int or not 0 <= scan.axis < MAX_AXES:
        return f"{node.name} scans along axis {scan.axis}; it takes an axis from 0 to {MAX_AXES - 1}."
    ports = [port.id for port in block.inputs()]
    named = [*scan.over, *scan.carry]
    for id in named:
        if id not in ports:
            return f"{block.name} has no input {id}; it has {', '.join(ports[:12]) or 'none'}."
        if named.count(id) > 1:
            return f"{node.name} cannot use {id} twice; step along it or carry it."
    return ""
