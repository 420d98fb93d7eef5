"""Copies of nodes with the wires between them, under ids and names that are free."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from graph_core.edits import new_id
from graph_core.graph import EditError, Graph, Node
from graph_core.names import numbered
from graph_core.ports import clash, port_role
from graph_core.ties import moved as moved_ties

OFFSET = (40.0, 40.0)
CROWD = 40  # copies of more nodes than that would hide what they lie on
ASIDE = 320.0  # wider than a node


def duplicate(graph: Graph, ids: Iterable[str], offset: tuple[float, float] = OFFSET) -> dict[str, str]:
    """Copy nodes with the wires between them, ``offset`` away; the ids of the copies by those of the nodes."""
    nodes = chosen(graph, ids)
    title = f"Duplicate {nodes[0].name}" if len(nodes) == 1 else f"Duplicate {len(nodes)} nodes"
    with graph.project.editing(title):
        return insert(graph, nodes, graph.wires, moved(graph.view, offset), ties=graph.ties)


def chosen(graph: Graph, ids: Iterable[str]) -> list[Node]:
    """The nodes with those ids, each once; raises EditError for none."""
    nodes = [graph.node(id) for id in dict.fromkeys(ids)]
    if not nodes:
        raise EditError("Nothing is chosen; choose one node or more.")
    return nodes


def moved(view: Mapping[str, tuple[float, float]], by: tuple[float, float]) -> dict[str, tuple[float, float]]:
    """Positions, each ``by`` further."""
    return {id: (round(x + by[0], 2), round(y + by[1], 2)) for id, (x, y) in view.items()}


def aside(
    graph: Graph, view: Mapping[str, tuple[float, float]], step: tuple[float, float] = OFFSET
) -> tuple[float, float]:
    """How far from their places in ``view`` copies come to stand: a step; many, to the right of the whole drawing."""
    if len(view) <= CROWD or not graph.view:
        taken, by = set(graph.view.values()), step
        while not taken.isdisjoint(moved(view, by).values()):  # copied before: not one over the other
            by = (by[0] + step[0], by[1] + step[1])
        return by
    return max(x for x, _ in graph.view.values()) - min(x for x, _ in view.values()) + ASIDE, 0.0


def insert(
    graph: Graph,
    nodes: Iterable[Node],
    wires: Mapping[str, str],
    view: Mapping[str, tuple[float, float]],
    *,
    ties: Mapping[str, str],
    keep_ids: bool = False,
) -> dict[str, str]:
    """Put copies of ``nodes`` into ``graph``, inside an edit; their new ids by the old ones.

    ``wires``, ``ties`` and ``view`` speak of the old ids; wires and ties from or to elsewhere are left out. A node
    that uses the weights of another uses those of its copy. With ``keep_ids`` ids stay where they are free.
    """
    project = graph.project
    copies: dict[str, str] = {}
    added: list[Node] = []
    ports: dict[str, str] = {}  # name of an Input or Output -> that of its copy
    for node in nodes:
        id = node.id if keep_ids and node.id not in graph.nodes else new_id(graph, node.id)
        copy = replace(node, id=id, name=_copied_name(graph, node, ports))
        if port_role(node.type):
            ports[node.name] = copy.name
        project.record(graph.key, "nodes", id, copy)
        copies[node.id] = id
        added.append(copy)
        if node.id in view:
            project.record(graph.key, "view", id, view[node.id])
    for copy in added:
        if copy.use in copies:
            project.record(graph.key, "nodes", copy.id, replace(copy, use=copies[copy.use]))
    for target, source in list(wires.items()):
        into, _, port = target.partition(".")
        out, _, outlet = source.partition(".")
        if into in copies and out in copies:
            project.record(graph.key, "wires", f"{copies[into]}.{port}", f"{copies[out]}.{outlet}")
    for weight, owner in list(moved_ties(ties, copies)):
        project.record(graph.key, "ties", weight, owner)
    return copies


def _copied_name(graph: Graph, node: Node, ports: Mapping[str, str]) -> str:
    """A free name; the two ends of a state, copied together, have one name again."""
    role = port_role(node.type)
    for name in (ports.get(node.name, node.name), node.name) if role else ():
        if not clash(graph, name, role):
            return name
    return free_name(graph.names, node.name)


def free_name(taken: Collection[str], name: str) -> str:
    """``name`` where it is free, else its stem with a number: conv1 gives conv2, a step 0 of a chain gives 1."""
    if name not in taken:
        return name
    if name.isdigit():
        number = int(name) + 1
        while str(number) in taken:
            number += 1
        return str(number)
    stem = name.rstrip("0123456789")[:50]
    return numbered(stem, taken)


def corner(view: Mapping[str, tuple[float, float]], ids: Iterable[str]) -> tuple[float, float] | None:
    """The top left corner of the nodes that have a position; None where none has."""
    places = [view[id] for id in ids if id in view]
    return (min(x for x, _ in places), min(y for _, y in places)) if places else None
