"""What is wrong with the shape of a drawing itself, before any size is known: loops, loose ends, names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graph_core.bypass import is_bypassed
from graph_core.expressions import ExpressionError, decide, names_in
from graph_core.graph import Graph, Node, Scan
from graph_core.layer import layer_types
from graph_core.names import BadName, check_name, is_name, natural
from graph_core.order import Schedule, blocks_used, loops
from graph_core.ports import is_state
from graph_core.problems import Finding


class Structure:
    """The findings of one graph, kept up to date by what its edits touch.

    What a node's name, its wires or the weights it borrows may do wrong is remembered node by node; loops and loose
    ends belong to the whole.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._local: dict[str, list[tuple[str, Finding]]] = {}
        self._stale: set[str] = {*graph.nodes, *(id for id, wired in graph.incoming.items() if wired)}
        self._borrowers: set[str] = set()
        self._whole: list[tuple[str, Finding]] | None = None  # of the graph rather than of a node
        self._found: list[tuple[str, Finding]] | None = None
        self._blocks: list[str] | None = None

    def touch_wire(self, target: str) -> None:
        """A wire into the node ``target`` came, went, or begins elsewhere."""
        self._stale.add(target)
        self._found = self._whole = None

    def touch_node(self, old: Node | None, new: Node | None) -> None:
        """A node came, went, or was replaced by another of the same id."""
        if old is not None and new is not None and _told(old) == _told(new):
            return
        named = old is not None and new is not None and old.type == new.type and _told(old)[2:] == _told(new)[2:]
        for node in (old, new):
            if node is not None:
                self._stale.add(node.id)
                self._stale.update(self.graph.names.get(node.name, ()))
            if node is not None and not (named and not self._local):
                self._stale.update(target for target, _ in self.graph.outgoing.get(node.id, ()))
            if node is not None and not named and node.type in self.graph.project.graphs:
                self._blocks = None
        self._stale.update(self._borrowers)
        self._found = None
        if not named or self._whole:
            self._whole = None

    def blocks(self) -> list[str]:
        """The keys of the graphs that it uses as nodes, sorted."""
        if self._blocks is None:
            self._blocks = sorted(blocks_used(self.graph))
        return self._blocks

    def findings(self, plan: Schedule, *, network: bool) -> list[tuple[str, Finding]]:
        """Each finding with the id of the node it is about (empty for the graph itself)."""
        if self._found is None:
            firsts: dict[str, str] = {}
            for id in self._stale:
                self._check(id, firsts)
            self._stale.clear()
            graph = self.graph
            if self._whole is None:
                self._whole = [*_cycles(graph, plan), *(_ports(graph) if network else ()), *_unused(graph, plan)]
            local = sorted(self._local, key=natural) if self._local else ()
            self._found = [*(finding for id in local for finding in self._local[id]), *self._whole]
        return self._found

    def _check(self, id: str, firsts: dict[str, str]) -> None:
        graph = self.graph
        node = graph.nodes.get(id)
        found = [] if _well_wired(graph, id, node) else list(_dangling(graph, id, node))
        if node is not None:
            if not is_name(node.name) or len(graph.names[node.name]) > 1:
                found += [(id, finding) for finding in _names(graph, node, firsts)]
            if node.run is not None and node.type in layer_types():
                found.append((id, _no_run(node)))
            if node.when and not is_bypassed(node) and _never(node.when):
                found.append((id, Finding("identity", f"{node.name} never acts: {node.when} is never true")))
            if node.use:
                found += [(id, finding) for finding in _sharing(graph, node)]
                self._borrowers.add(id)
            elif self._borrowers:
                self._borrowers.discard(id)
        if found:
            self._local[id] = found
        elif self._local:
            self._local.pop(id, None)


def _told(node: Node) -> tuple[Any, ...]:
    """What of a node these findings depend on."""
    declaration = layer_types().get(node.type)
    ports = None if declaration is None or declaration.simple else declaration.ports_for(node.params)
    return node.type, node.name, node.use, node.run is None, node.when, ports


def _never(condition: str) -> bool:
    """Whether a condition is false whatever the names in a drawing stand for: it names nothing."""
    try:
        return not names_in(condition) and decide(condition, {}) is False
    except ExpressionError:
        return False


def _well_wired(graph: Graph, id: str, node: Node | None) -> bool:
    """Whether every wire into a node is plainly right: what nearly always is, told without a generator."""
    wired = graph.incoming.get(id)
    if not wired:
        return True
    if node is None:
        return False
    nodes, graphs, types = graph.nodes, graph.project.graphs, layer_types()
    inward = types.get(node.type)
    if inward is None or not inward.simple or node.type in graphs:
        return False
    for port, (start, out) in wired.items():
        source = nodes.get(start)
        outward = types.get(source.type) if source is not None and source.type not in graphs else None
        if source is None or outward is None or port not in inward.inlets or out not in outward.outlets:
            return False
        if not outward.simple and outward.ports_for(source.params) is not None:
            return False
    return True


def _dangling(graph: Graph, id: str, node: Node | None) -> Iterator[tuple[str, Finding]]:
    """Wires into a node that begin nowhere, or end at a port it does not have."""
    wired = graph.incoming.get(id, {})
    for port in sorted(wired, key=natural) if len(wired) > 1 else wired:
        start, out = wired[port]
        for end, at, other, inward in ((start, graph.nodes.get(start), out, False), (id, node, port, True)):
            hints = {"wire": f"{id}.{port}"}
            if at is None:
                message = f"The wire {start}.{out} to {id}.{port} ends at {end}, which is not there"
                yield "", Finding("dangling", message, "", hints)
                break
            if not _has_port(graph, at, other, inward):
                message = f"{at.name} has a wire at {other}, an {'input' if inward else 'output'} it does not have"
                yield end, Finding("dangling", message, other, hints)
                break


def _has_port(graph: Graph, node: Node, port: str, inward: bool) -> bool:
    """Whether a node has a port; one of an unknown type has any."""
    if node.type not in graph.project.graphs:
        declaration = layer_types().get(node.type)
        if declaration is None:
            return True
        if declaration.simple:
            return port in (declaration.inlets if inward else declaration.outlets)
    return port in (graph.in_ports(node) if inward else graph.out_ports(node))


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


def _names(graph: Graph, node: Node, firsts: dict[str, str]) -> Iterator[Finding]:
    """``firsts`` remembers the first of all nodes of one name, which keeps it."""
    try:
        check_name(node.name)
    except BadName as error:
        yield Finding("name", str(error).rstrip("."), hints={"rename": True})
    alike = graph.names.get(node.name, ())
    if len(alike) > 1 and node.name not in firsts:
        firsts[node.name] = min(alike, key=natural)
    if len(alike) > 1 and node.id != firsts[node.name] and not is_state(graph, node.name):
        yield Finding("name", f"{graph.name} has two nodes called {node.name}", hints={"rename": True})


def _no_run(node: Node) -> Finding:
    what = "scans" if isinstance(node.run, Scan) else "repeats"
    return Finding("run", f"{node.name} {what}, which only a block can; collapse it to a block first")


def _sharing(graph: Graph, node: Node) -> Iterator[Finding]:
    """Weights that nobody owns: those of a node that is not there, of itself, of one that borrows them too."""
    owner = graph.nodes.get(node.use)
    if owner is None:
        yield Finding("sharing", f"{node.name} uses the weights of {node.use}, which is not there")
    elif owner is node or owner.use:
        yield Finding("sharing", f"{node.name} uses the weights of {owner.name}, which has none of its own")
    elif owner.type != node.type:
        message = f"{node.name} uses the weights of {owner.name}, which is a {owner.type} and no {node.type}"
        yield Finding("sharing", message)


def _ports(graph: Graph) -> Iterator[tuple[str, Finding]]:
    if not graph.nodes:
        yield "", Finding("empty", f"{graph.name} is empty; place an Input, the layers and an Output")
        return
    if not graph.ports_of_role["input"]:
        yield "", Finding("no-input", f"{graph.name} has no Input; place one and wire it to the first layer")
    if not graph.ports_of_role["output"]:
        yield "", Finding("no-output", f"{graph.name} has no Output; place one after the last layer")


def _unused(graph: Graph, plan: Schedule) -> Iterator[tuple[str, Finding]]:
    """Loose ends: what nothing reads. What only feeds a loose end is implied, and not said again."""
    outputs = graph.ports_of_role["output"]
    if not outputs:
        return
    outgoing = graph.outgoing
    for id in [id for id in plan.order if not outgoing.get(id) and id not in outputs]:
        yield id, Finding("unused", f"{graph.nodes[id].name} reaches no output")
