"""Edits of whole graphs: making, naming and removing them, and turning nodes into a block and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graph_core import edits
from graph_core.copying import chosen, corner
from graph_core.dims import Dim, same
from graph_core.graph import EditError, Graph, Node, Param, Project, Scan
from graph_core.layer import Layer, layer_types, replaced_types
from graph_core.names import BadName, check_class_name, check_identifier, class_name_from, first_of, natural, numbered
from graph_core.order import schedule
from graph_core.ports import port_role
from graph_core.substitution import names_of
from graph_core.ties import moved, rewrite

# Names of the axes that a new block's input follows, by their number.
AXES: Mapping[int, Sequence[str]] = {
    1: ("N",),
    2: ("N", "in_features"),
    3: ("N", "T", "in_features"),
    4: ("N", "in_channels", "H", "W"),
    5: ("N", "in_channels", "D", "H", "W"),
}
PORT_GAP, ROW_GAP = 200.0, 80.0


def add_graph(project: Project, name: str) -> Graph:
    """Add an empty graph, the class ``name``; raises EditError where that is taken or no name of a class."""
    key = _new_key(project, name)
    with project.editing(f"Add block {name}"):
        project.record("", "graphs", key, True)
        project.record(key, "head", "name", name)
    return project.graphs[key]


def _new_key(project: Project, name: str) -> str:
    _check_class(project, name)
    return numbered(name[:36], {*project.graphs, *layer_types(), *replaced_types()}, bare=True)


def _check_class(project: Project, name: str, besides: str = "") -> None:
    try:
        check_class_name(name)
    except BadName as error:
        raise EditError(str(error)) from error
    if any(graph.name == name for key, graph in project.graphs.items() if key != besides):
        raise EditError(f"There is a block or network called {name} already; choose another name.")


def free_class_name(project: Project, name: str) -> str:
    """``name``, with a number where a graph is called so already."""
    return numbered(name, {graph.name for graph in project.graphs.values()}, bare=True)


def rename_graph(project: Project, key: str, name: str) -> None:
    """Give a graph's class another name; nodes that use it stay as they are."""
    graph = _graph(project, key)
    _check_class(project, name, besides=key)
    with project.editing(f"Rename {graph.name} to {name}"):
        project.record(key, "head", "name", name)


def set_graph_note(project: Project, key: str, note: str) -> None:
    """Say what a graph is for, in words; its class gets them as its docstring. An empty text takes them away."""
    graph = _graph(project, key)
    note = note.strip()
    if note == graph.head.get("note", ""):
        return
    with project.editing(f"Describe {graph.name}"):
        project.record(key, "head", "note", note or None)


def users_of(project: Project, key: str) -> list[tuple[Graph, Node]]:
    """The nodes that use a graph as a block."""
    return [(graph, node) for graph in project.graphs.values() for node in graph.nodes.values() if node.type == key]


def remove_graph(project: Project, key: str) -> None:
    """Remove a graph that nothing uses; raises EditError where something does."""
    graph = _graph(project, key)
    for network, used in project.network_keys.items():
        if used == key:
            raise EditError(f"{graph.name} is the network {network}; remove that instead.")
    users = [(user, node) for user, node in users_of(project, key) if user.key != key]
    if users:
        user, node = users[0]
        raise EditError(f"{user.name} uses {graph.name} as {node.name}; remove that node first.")
    with project.editing(f"Remove block {graph.name}"):
        _empty(project, graph)


def _empty(project: Project, graph: Graph) -> None:
    # Last first, so that undo puts entries back in their order, which means something for parameters.
    for table in reversed(Graph.TABLES):
        for entry in reversed(list(getattr(graph, table))):
            project.record(graph.key, table, entry, None)
    project.record("", "graphs", graph.key, None)


def add_network(project: Project, name: str, key: str = "") -> Graph:
    """Add a network: of an existing graph, or of a new one with a name made from the network's."""
    _check_network(project, name)
    if key:
        _graph(project, key)
    with project.editing(f"Add network {name}"):
        if not key:
            key = add_graph(project, free_class_name(project, class_name_from(name))).key
        project.record("", "network_keys", name, key)
    return project.graphs[key]


def rename_network(project: Project, name: str, new: str) -> None:
    """Give a network another name; its set-up and its place stay."""
    key = _network(project, name)
    if new == name:
        return
    _check_network(project, new)
    later = list(project.network_keys.items())
    later = later[[n for n, _ in later].index(name) + 1 :]
    with project.editing(f"Rename network {name} to {new}"):
        for other, _ in reversed(later):
            project.record("", "network_keys", other, None)
        project.record("", "network_keys", name, None)
        project.record("", "network_keys", new, key)
        for other, other_key in later:
            project.record("", "network_keys", other, other_key)
        setup = project.setups.get(name)
        if setup is not None:
            project.record("", "setups", name, None)
            project.record("", "setups", new, setup)


def remove_network(project: Project, name: str) -> None:
    """Remove a network with its set-up, and its graph unless something else uses that; never the last one."""
    key = _network(project, name)
    if len(project.network_keys) == 1:
        raise EditError(f"{name} is the only network; a project has at least one.")
    with project.editing(f"Remove network {name}"):
        edits.remove_entry(project, "", "network_keys", name)
        project.record("", "setups", name, None)
        used = key in project.network_keys.values() or any(user.key != key for user, _ in users_of(project, key))
        if not used:
            _empty(project, project.graphs[key])


def _check_network(project: Project, name: str) -> None:
    try:
        check_identifier(name)
    except BadName as error:
        raise EditError(str(error)) from error
    if name in project.network_keys:
        raise EditError(f"There is a network {name} already; choose another name.")


def _network(project: Project, name: str) -> str:
    if name not in project.network_keys:
        raise EditError(f"There is no network {name}; there are {', '.join(project.network_keys) or 'none'}.")
    return project.network_keys[name]


def _graph(project: Project, key: str) -> Graph:
    if key not in project.graphs:
        raise EditError(f"There is no graph {key}.")
    return project.graphs[key]


def collapse(graph: Graph, ids: Iterable[str], name: str, shapes: Mapping[str, Sequence[Dim]] | None = None) -> Node:
    """Turn nodes into a block called ``name``, and put one instance in their place; returns it.

    Wires that cross the border become ports. Names of the outer graph that the nodes use become parameters, passed
    through. ``shapes`` gives what is known of the outputs (``node.port``) that feed the block: with it the axes of
    its inputs get names by their number; without, its inputs take what comes. Raises EditError where the nodes
    cannot be one block.
    """
    nodes = chosen(graph, ids)
    project, inside = graph.project, {node.id for node in nodes}
    _check_collapsible(graph, nodes, inside)
    position = schedule(graph).position
    nodes.sort(key=lambda node: (position.get(node.id, len(position)), natural(node.id)))
    place = corner(graph.view, inside)
    with project.editing(f"Collapse {len(nodes)} node{'s' if len(nodes) > 1 else ''} to {name}"):
        block = add_graph(project, name)
        plan = _Border(graph, block, nodes, inside)
        plan.move_inside()
        plan.params()
        plan.make_inputs(shapes or {})
        plan.make_outputs()
        ties = dict(graph.ties)
        edits.remove(graph, inside)
        node = edits.add(graph, block.key, params={key: key for key in block.params}, at=place)
        for port, source in plan.feeds.items():
            if source:
                project.record(graph.key, "wires", f"{node.id}.{port}", source)
        for port, targets in plan.readers.items():
            for target in targets:
                project.record(graph.key, "wires", target, f"{node.id}.{port}")
        crossing = {t: s for t, s in ties.items() if not {first_of(t), first_of(s)} <= inside}
        rewrite(graph, crossing, {id: f"{node.id}/{id}" for id in inside}, {})
    return node


def _check_collapsible(graph: Graph, nodes: Sequence[Node], inside: set[str]) -> None:
    for node in nodes:
        if port_role(node.type):
            raise EditError(f"{node.name} is a port of {graph.name}, and blocks have ports of their own; leave it out.")
        if node.use and node.use not in inside:
            raise EditError(f"{node.name} uses the weights of {graph.node(node.use).name}; choose that too.")
    for other in graph.nodes.values():
        if other.use in inside and other.id not in inside:
            raise EditError(f"{other.name} uses the weights of {graph.node(other.use).name}; choose it too.")
    # What lies behind the nodes and feeds them again would be both after and before the block.
    behind = _reached(inside, lambda id: [target for target, _ in graph.outgoing.get(id, {})])
    before = _reached(inside, lambda id: [source for source, _ in graph.incoming.get(id, {}).values()])
    between = [graph.nodes[id].name for id in sorted(behind & before, key=natural) if id in graph.nodes]
    if between:
        names = ", ".join(between[:5]) + (" …" if len(between) > 5 else "")
        verb, them = ("lies", "it") if len(between) == 1 else ("lie", "them")
        raise EditError(f"{names} {verb} between the chosen nodes; choose {them} too.")


def _reached(inside: set[str], onward: Callable[[str], Iterable[str]]) -> set[str]:
    """What can be reached from the nodes inside, and is not inside itself."""
    found: set[str] = set()
    todo = list(inside)
    while todo:
        for id in onward(todo.pop()):
            if id not in found and id not in inside:
                found.add(id)
                todo.append(id)
    return found


def port_type(role: str) -> type[Layer]:
    """The layer type of a graph's own ports: ``input`` or ``output``."""
    return next(found for found in layer_types().values() if getattr(found.torch, "role", "") == role)


class _Border:
    """What crosses the border of a new block: its feeds, its readers, and the ports made for them."""

    def __init__(self, graph: Graph, block: Graph, nodes: Sequence[Node], inside: set[str]) -> None:
        self.graph, self.block, self.nodes, self.inside = graph, block, nodes, inside
        self.record = graph.project.record
        self.feeds: dict[str, str] = {}  # Input -> the outer source, or nothing
        self.readers: dict[str, list[str]] = {}  # Output -> outer targets
        columns = [graph.view[id][0] for id in inside if id in graph.view] or [0.0]
        self.left, self.right = min(columns), max(columns)

    def move_inside(self) -> None:
        """Copy the nodes, the wires between them and where they lie."""
        for node in self.nodes:
            self.record(self.block.key, "nodes", node.id, node)
            if node.id in self.graph.view:
                self.record(self.block.key, "view", node.id, self.graph.view[node.id])
        for target, source in self.graph.wires.items():
            if target.partition(".")[0] in self.inside and source.partition(".")[0] in self.inside:
                self.record(self.block.key, "wires", target, source)
        for target, source in moved(self.graph.ties, {id: id for id in self.inside}):
            self.record(self.block.key, "ties", target, source)

    def params(self) -> None:
        """Make what the nodes refer to parameters of the block."""
        names = {name for node in self.nodes for name in names_of(self.graph.project, node)}
        for name in [*(n for n in self.graph.params if n in names), *sorted(names - self.graph.params.keys())]:
            self.record(self.block.key, "params", name, Param())

    def make_inputs(self, shapes: Mapping[str, Sequence[Dim]]) -> None:
        """One Input for each outer source, and for each required input without a wire."""
        inner: dict[str, list[str]] = {}  # outer source, or inner target without one -> inner targets
        for node in self.nodes:
            wired = self.graph.incoming.get(node.id, {})
            for port in dict.fromkeys([*self.graph.in_ports(node), *wired]):
                target = f"{node.id}.{port}"
                if port in wired:
                    if wired[port][0] not in self.inside:
                        inner.setdefault(".".join(wired[port]), []).append(target)
                elif self._required(node, port):
                    inner.setdefault(f"?{target}", []).append(target)
        bound: dict[str, Dim] = {}
        for source, targets in inner.items():
            id = self._new_port("input", len(inner) == 1, targets[0])
            shape = shapes.get(source)
            axes = self._axes(shape, bound) if shape is not None else None
            if axes:
                node = self.block.nodes[id]
                self.record(self.block.key, "nodes", id, replace(node, params={"shape": axes}))
            for target in targets:
                self.record(self.block.key, "wires", target, f"{id}.{next(iter(port_type('input').outlets))}")
            self.feeds[id] = "" if source.startswith("?") else source

    def _required(self, node: Node, port: str) -> bool:
        declaration = layer_types().get(node.type)
        if node.type in self.graph.project.graphs or declaration is None:
            return not (isinstance(node.run, Scan) and port in node.run.carry)
        inlet = declaration.inlets.get(port)
        return inlet is not None and not inlet.optional

    def _axes(self, shape: Sequence[Dim], bound: dict[str, Dim]) -> list[Any] | None:
        """Names for the axes of an input: the same name for the same size, N for the batch always."""
        axes: list[str] = []
        for name in AXES.get(len(shape), ()):
            size = shape[len(axes)]
            known = next((n for n, s in bound.items() if n.rstrip("23456789") == name and same(s, size)), None)
            axis = known or numbered(name, {*bound, *self.block.params}, bare=True)
            bound[axis] = size
            axes.append(axis)
        return axes or None

    def make_outputs(self) -> None:
        """One Output for each port that is read outside; for each that nothing reads, where none is."""
        outer: dict[str, list[str]] = {}
        loose: dict[str, list[str]] = {}
        for node in self.nodes:
            read = self.graph.outgoing.get(node.id, {})
            for port in self.graph.out_ports(node):
                targets = [f"{target}.{inlet}" for (target, inlet), out in read.items() if out == port]
                if not targets:
                    loose[f"{node.id}.{port}"] = []
                outside = [target for target in targets if target.partition(".")[0] not in self.inside]
                if outside:
                    outer[f"{node.id}.{port}"] = sorted(outside, key=natural)
        found = outer or loose
        for source, targets in found.items():
            id = self._new_port("output", len(found) == 1, source)
            self.record(self.block.key, "wires", f"{id}.{next(iter(port_type('output').inlets))}", source)
            self.readers[id] = targets

    def _new_port(self, role: str, alone: bool, beside: str) -> str:
        """An Input left of all nodes or an Output right of them, at the height of the node it is wired to."""
        declaration = port_type(role)
        id = numbered(declaration.stem, {*self.block.nodes, *self.block.names}, bare=alone)
        self.record(self.block.key, "nodes", id, Node(id, declaration.__name__, id))
        at = self.block.view.get(beside.partition(".")[0])
        if at is not None:
            x = self.left - PORT_GAP if role == "input" else self.right + PORT_GAP
            y = at[1]
            while (x, y) in self.block.view.values():
                y += ROW_GAP
            self.record(self.block.key, "view", id, (x, y))
        return id
