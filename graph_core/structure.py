"""What is wrong with the shape of a drawing itself, before any size is known: loops, loose ends, names."""

from __future__ import annotations

from collections.abc import Iterator

from graph_core.graph import Graph
from graph_core.layer import layer_types
from graph_core.names import BadName, check_name
from graph_core.order import Schedule, loops
from graph_core.problems import Finding


def structure_findings(graph: Graph, plan: Schedule, *, network: bool) -> list[tuple[str, Finding]]:
    """Each finding with the id of the node it is about (empty for the graph itself)."""
    return [
        *_dangling(graph),
        *_cycles(graph, plan),
        *_names(graph),
        *_sharing(graph),
        *(_ports(graph) if network and graph.nodes else ()),
        *_unused(graph, plan),
    ]


def _dangling(graph: Graph) -> Iterator[tuple[str, Finding]]:
    for target, source in graph.wires.items():
        for end, inward in ((source, False), (target, True)):
            id, _, port = end.partition(".")
            node = graph.nodes.get(id)
            at = id if node else ""
            hints = {"wire": target}
            if node is None:
                message = f"The wire {source} to {target} ends at {id}, which is not there"
                yield at, Finding("dangling", message, "", hints)
                break
            known = node.type in graph.project.graphs or node.type in layer_types()
            ports = graph.in_ports(node) if inward else graph.out_ports(node)
            if known and port not in ports:
                way = "input" if inward else "output"
                message = f"{node.name} has a wire at {port}, an {way} it does not have"
                yield at, Finding("dangling", message, port, hints)
                break


def _cycles(graph: Graph, plan: Schedule) -> Iterator[tuple[str, Finding]]:
    if not plan.cyclic:
        return
    for loop in loops(graph, plan.cyclic):
        names = [graph.nodes[id].name for id in loop]
        shown = " → ".join([*names[:6], *(["…"] if len(names) > 6 else []), names[0]])
        last = next(
            (f"{loop[0]}.{port}" for port, (s, _) in graph.incoming.get(loop[0], {}).items() if s == loop[-1]), ""
        )
        yield loop[0], Finding("cycle", f"{names[0]} feeds itself: {shown}", "", {"wire": last})


def _names(graph: Graph) -> Iterator[tuple[str, Finding]]:
    seen: dict[str, str] = {}
    for id, node in graph.nodes.items():
        try:
            check_name(node.name)
        except BadName as error:
            yield id, Finding("name", str(error).rstrip("."), hints={"rename": True})
        if node.name in seen:
            yield id, Finding("name", f"{graph.name} has two nodes called {node.name}", hints={"rename": True})
        seen[node.name] = id


def _sharing(graph: Graph) -> Iterator[tuple[str, Finding]]:
    """Weights that nobody owns: those of a node that is not there, of itself, of one that borrows them too."""
    for id, node in graph.nodes.items():
        if not node.use:
            continue
        owner = graph.nodes.get(node.use)
        if owner is None:
            yield id, Finding("sharing", f"{node.name} uses the weights of {node.use}, which is not there")
        elif owner is node or owner.use:
            yield id, Finding("sharing", f"{node.name} uses the weights of {owner.name}, which has none of its own")
        elif owner.type != node.type:
            message = f"{node.name} uses the weights of {owner.name}, which is a {owner.type} and no {node.type}"
            yield id, Finding("sharing", message)


def _ports(graph: Graph) -> Iterator[tuple[str, Finding]]:
    if not graph.ports_of_role["input"]:
        yield "", Finding("no-input", f"{graph.name} has no Input; place one and wire it to the first layer")
    if not graph.ports_of_role["output"]:
        yield "", Finding("no-output", f"{graph.name} has no Output; place one after the last layer")


def _unused(graph: Graph, plan: Schedule) -> Iterator[tuple[str, Finding]]:
    """Loose ends: what nothing reads. What only feeds a loose end is implied, and not said again."""
    if not graph.ports_of_role["output"]:
        return
    for id in plan.order:
        if not graph.outgoing.get(id) and id not in graph.ports_of_role["output"]:
            yield id, Finding("unused", f"{graph.nodes[id].name} reaches no output")
