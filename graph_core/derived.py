"""What a graph's tables say at a second look, kept with every change: ids by name, its ports, what is wired to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from graph_core.layer import layer_types
from graph_core.names import first_of

if TYPE_CHECKING:
    from graph_core.graph import Graph, Node


def note_node(graph: Graph, old: Node | None, new: Node | None) -> None:
    """Keep what is derived from nodes: ids by name, who uses the weights of another, and the graph's ports."""
    if old is not None:
        graph.borrowers.discard(old.id)
        graph.conditional.discard(old.id)
        graph.names[old.name].discard(old.id)
        if not graph.names[old.name]:
            del graph.names[old.name]
        for table in graph.ports_of_role.values():
            table.pop(old.id, None)
    if new is not None:
        graph.names.setdefault(new.name, set()).add(new.id)
        if new.use:
            graph.borrowers.add(new.id)
        if new.when or new.run is not None:
            graph.conditional.add(new.id)
        if role := _role(new.type):
            graph.ports_of_role[role][new.id] = new


@cache
def _roles() -> Mapping[str, str]:
    """The layer types that are ports of a graph, and which: input or output."""
    roles = {name: getattr(declared.torch, "role", "") for name, declared in layer_types().items()}
    return {name: str(role) for name, role in roles.items() if role}


def _role(type: str) -> str:
    """Which port of the graph a node of that type is: input, output, or none."""
    return _roles().get(type, "")


def note_wire(graph: Graph, key: str, old: str | None, new: str | None) -> None:
    """Keep what is derived from wires: what each node is fed by, and what it feeds.

    What feeds a node is another dict after each change, so that its identity tells whether anything changed.
    """
    target, _, port = key.partition(".")
    feeding = graph.incoming.get(target, {})
    if old is not None:
        source, _, _ = old.partition(".")
        feeding = {name: end for name, end in feeding.items() if name != port}
        graph.outgoing[source].pop((target, port), None)
    if new is not None:
        source, _, out = new.partition(".")
        feeding = {**feeding, port: (source, out)}
        graph.outgoing.setdefault(source, {})[(target, port)] = out
    graph.incoming[target] = feeding


def fill_nodes(graph: Graph, nodes: Iterable[Node]) -> None:
    """Put nodes into a graph that is being read, and that does not have their ids yet."""
    entries, names = graph.nodes, graph.names
    for node in nodes:
        entries[node.id] = node
        names.setdefault(node.name, set()).add(node.id)
        if node.use:
            graph.borrowers.add(node.id)
        if node.when or node.run is not None:
            graph.conditional.add(node.id)
        if role := _role(node.type):
            graph.ports_of_role[role][node.id] = node


def fill_wires(graph: Graph, wires: Iterable[tuple[str, str]]) -> None:
    """Put wires, each a target and a source, into a graph that is being read."""
    entries = graph.wires
    for target, source in wires:
        if target in entries:  # two names of one port, one of them from a file of old
            note_wire(graph, target, entries[target], source)
        else:
            # As note_wire does, but in place: nobody looks at the dicts yet, and a node may have thousands of wires.
            (id, _, port), (start, _, out) = target.partition("."), source.partition(".")
            graph.incoming.setdefault(id, {})[port] = (start, out)
            graph.outgoing.setdefault(start, {})[(id, port)] = out
        entries[target] = source


def note_tie(graph: Graph, target: str, old: str | None, new: str | None) -> None:
    """Keep what is derived from ties: at which nodes their two ends lie."""
    if old is not None:
        graph.tied[first_of(target)].discard(target)
        graph.lent[first_of(old)].discard(target)
    if new is not None:
        graph.tied.setdefault(first_of(target), set()).add(target)
        graph.lent.setdefault(first_of(new), set()).add(target)
