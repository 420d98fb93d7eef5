"""Every way to change a drawing. Each function makes one edit, checked and named, or raises EditError.

The window's undo, importers, the command line and the tests all go through these; ``Project.listeners`` see each edit
once, and its ``inverse()`` takes it back exactly.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graph_core.ends import end_of, settled
from graph_core.expressions import ExpressionError, parse
from graph_core.fields import Field, FieldError
from graph_core.graph import EditError, Graph, Node, Param, Project, Repeat, Scan
from graph_core.jsontext import MAX_PLACE, FileError, check_plain
from graph_core.layer import layer_types, replaced_types
from graph_core.names import BadName, check_id, check_identifier, check_name, first_of, numbered
from graph_core.ports import clash, port_role, scan_fault, state_partners

# Node parameters that keep their default are not stored; this takes one back to it.
DEFAULT: Any = object()


def add(
    graph: Graph,
    type: str,
    *,
    id: str = "",
    name: str = "",
    params: Mapping[str, Any] | None = None,
    at: tuple[float, float] | None = None,
) -> Node:
    """Add a node of a layer type or of a graph; raises EditError for an unknown type, taken names, a bad value."""
    type = replaced_types().get(type, type)
    stem = _stem(graph.project, type)
    if id in graph.nodes:
        raise EditError(f"{graph.name} already has a node with the id {id}; choose another.")
    id = _checked(check_id, id) if id else new_id(graph, stem)
    if clash(graph, name, port_role(type)):
        raise EditError(f"{graph.name} already has a node called {name}; choose another name.")
    name = _checked(check_name, name) if name else numbered(stem, graph.names, bare=len(stem) == 1)
    node = Node(id, type, name)
    stored = _checked_params(graph.project, node, params or {})
    node = replace(node, params=stored)
    with graph.project.editing(f"Add {name}"):
        graph.project.record(graph.key, "nodes", id, node)
        if at is not None:
            graph.project.record(graph.key, "view", id, _position(at))
    return node


def new_id(graph: Graph, stem: str) -> str:
    """A short id that is free in the graph: the first letter of the stem and a number."""
    return numbered(stem[0].lower(), graph.nodes)


def remove(graph: Graph, ids: Iterable[str], *, heal: bool = False) -> None:
    """Remove nodes with their wires; with ``heal``, what fed a removed node's first input feeds its consumers."""
    nodes = [graph.node(id) for id in dict.fromkeys(ids)]
    if not nodes:
        return
    gone = {node.id for node in nodes}
    title = f"Remove {nodes[0].name}" if len(nodes) == 1 else f"Remove {len(nodes)} nodes"
    project = graph.project
    with project.editing(title):
        if heal:
            _heal(graph, gone)
        inward = [f"{id}.{port}" for id in gone for port in graph.incoming.get(id, ())]
        outward = [f"{target}.{port}" for id in gone for target, port in graph.outgoing.get(id, ())]
        for key in sorted({*inward, *outward}):
            project.record(graph.key, "wires", key, None)
        for user in [n for n in graph.nodes.values() if n.use in gone and n.id not in gone]:
            project.record(graph.key, "nodes", user.id, replace(user, use=""))
        forget_ties(graph, gone)
        for node in nodes:
            project.record(graph.key, "nodes", node.id, None)
            project.record(graph.key, "view", node.id, None)


def forget_ties(graph: Graph, gone: set[str]) -> None:
    """What was tied to a weight of a node that goes away stays one weight: that of the first."""
    heirs: dict[str, str] = {}
    for target, source in list(graph.ties.items()):
        if first_of(target) in gone:
            graph.project.record(graph.key, "ties", target, None)
        elif first_of(source) in gone:
            heir = heirs.setdefault(source, settled(graph, end_of(target), one=True).text)
            graph.project.record(graph.key, "ties", target, heir if heir != target else None)


def _heal(graph: Graph, gone: set[str]) -> None:
    """Wire each consumer of the removed nodes to what fed them, walking up first inputs."""
    for id in gone:
        for (target, port), _ in list(graph.outgoing.get(id, {}).items()):
            if target in gone:
                continue
            source = (id, "")
            seen: set[str] = set()
            while source[0] in gone and source[0] not in seen:
                seen.add(source[0])
                ports = graph.in_ports(graph.nodes[source[0]])
                wired = graph.incoming.get(source[0], {})
                source = next((wired[p] for p in (*ports, *wired) if p in wired), ("", ""))
            if source[0] and source[0] not in gone:
                graph.project.record(graph.key, "wires", f"{target}.{port}", f"{source[0]}.{source[1]}")


def connect(graph: Graph, source: str, target: str) -> None:
    """Wire ``source.port`` to ``target.port``, replacing the wire that was there; raises EditError."""
    out_id, out_port = _split(source)
    in_id, in_port = _split(target)
    origin, goal = graph.node(out_id), graph.node(in_id)
    if out_port not in graph.out_ports(origin):
        raise EditError(f"{origin.name} has no output {out_port}; it has {_listed(graph.out_ports(origin))}.")
    if in_port not in graph.in_ports(goal):
        raise EditError(f"{goal.name} has no input {in_port}; it has {_listed(graph.in_ports(goal))}.")
    if out_id == in_id:
        raise EditError(f"{goal.name} cannot feed itself; wire it from another node.")
    with graph.project.editing(f"Wire {origin.name} to {goal.name}"):
        graph.project.record(graph.key, "wires", target, source)


def disconnect(graph: Graph, target: str) -> None:
    """Take away the wire that ends at ``target.port``."""
    if target not in graph.wires:
        raise EditError(f"No wire ends at {target}.")
    # A wire in a file may end at a node that is not there.
    id = _split(target)[0]
    name = graph.nodes[id].name if id in graph.nodes else id
    with graph.project.editing(f"Unwire {name}"):
        graph.project.record(graph.key, "wires", target, None)


def set_params(graph: Graph, id: str, params: Mapping[str, Any]) -> None:
    """Set parameters of a node to literals or expressions, DEFAULT for the default; raises EditError."""
    node = graph.node(id)
    stored = _checked_params(graph.project, node, params)
    values = ", ".join(f"{name} of {node.name} to {'its default' if v is DEFAULT else v}" for name, v in params.items())
    with graph.project.editing(f"Set {values}"):
        graph.project.record(graph.key, "nodes", id, replace(node, params=stored))


def rename(graph: Graph, id: str, name: str) -> None:
    """Give a node another name; wires and weights stay with its id. The two ends of a scan's state go together."""
    node = graph.node(id)
    both = [node, *state_partners(graph, node)]
    for one in both:
        other = clash(graph, _checked(check_name, name), port_role(one.type), one.id)
        if other is not None and other not in both:
            raise EditError(f"{graph.name} already has a node called {name}; choose another name.")
    with graph.project.editing(f"Rename {node.name} to {name}"):
        for one in both:
            graph.project.record(graph.key, "nodes", one.id, replace(one, name=name))


def set_when(graph: Graph, id: str, condition: str) -> None:
    """Set the condition under which a node acts; empty for always. Where it is false the node is the identity."""
    node = graph.node(id)
    if condition.strip():
        try:
            parse(condition)
        except ExpressionError as error:
            raise EditError(f"when: {error}") from error
    with graph.project.editing(f"Set the condition of {node.name}"):
        graph.project.record(graph.key, "nodes", id, replace(node, when=condition.strip()))


def set_repeat(graph: Graph, id: str, times: int | str, *, shared: bool = False) -> None:
    """Run a block node ``times`` in series, each with its own weights or with one set; 1 for once."""
    node = graph.node(id)
    if node.type not in graph.project.graphs and times != 1:
        raise EditError(f"{node.name} is a layer; only a block can repeat. Collapse it to a block first.")
    if isinstance(times, str):
        try:
            parse(times)
        except ExpressionError as error:
            raise EditError(f"repeat: {error}") from error
    elif type(times) is not int or not 0 <= times < 2**31:
        raise EditError(f"repeat is {times}; it takes a whole number from 0.")
    run = None if times == 1 else Repeat(times, shared)
    with graph.project.editing(f"Repeat {node.name} ×{times}"):
        graph.project.record(graph.key, "nodes", id, replace(node, run=run))


def set_scan(graph: Graph, id: str, axis: int = 1, over: Iterable[str] = (), carry: Iterable[str] = ()) -> None:
    """Run a block node once per position of ``axis`` of the inputs ``over``, carrying the states ``carry``.

    Both hold ids of the block's Inputs: see graph_core.graph.Scan. ``set_repeat`` with 1 lets it run once again.
    """
    node = graph.node(id)
    block = graph.project.graphs.get(node.type)
    if block is None:
        raise EditError(f"{node.name} is a layer; only a block can scan. Collapse it to a block first.")
    scan = Scan(axis, tuple(over), tuple(carry))
    if fault := scan_fault(node, block, scan):
        raise EditError(fault)
    with graph.project.editing(f"Scan {node.name} along axis {axis}"):
        graph.project.record(graph.key, "nodes", id, replace(node, run=scan))


def use_weights_of(graph: Graph, id: str, owner: str) -> None:
    """Let a node call the weights of ``owner`` again; empty for weights of its own."""
    node = graph.node(id)
    if owner:
        origin = graph.node(owner)
        if origin.type != node.type or origin.use or owner == id:
            raise EditError(f"{node.name} can use the weights of another {node.type} that has its own.")
        for other in graph.nodes.values():
            if other.use == id:
                raise EditError(f"{other.name} uses the weights of {node.name}; let it use those of {origin.name}.")
    with graph.project.editing(f"Share the weights of {node.name}"):
        graph.project.record(graph.key, "nodes", id, replace(node, use=owner))


def move(graph: Graph, positions: Mapping[str, tuple[float, float]]) -> None:
    """Place nodes on the sheet; the top left corner of each, in scene units."""
    names = [graph.node(id).name for id in positions]
    if not names:
        return
    with graph.project.editing(f"Move {names[0]}" if len(names) == 1 else f"Move {len(names)} nodes"):
        for id, at in positions.items():
            graph.project.record(graph.key, "view", id, _position(at))


def insert_on_wire(graph: Graph, wire: str, id: str) -> None:
    """Put an existing node into the wire that ends at ``wire``: through its first free input and first output."""
    if wire not in graph.wires:
        raise EditError(f"No wire ends at {wire}.")
    node = graph.node(id)
    free = [p for p in graph.in_ports(node) if p not in graph.incoming.get(id, {})]
    outs = graph.out_ports(node)
    if not free or not outs:
        raise EditError(f"{node.name} has no free {'output' if free else 'input'} to go into a wire.")
    with graph.project.editing(f"Insert {node.name}"):
        connect(graph, graph.wires[wire], f"{id}.{free[0]}")
        connect(graph, f"{id}.{outs[0]}", wire)


def connect_chain(graph: Graph, ids: Sequence[str]) -> None:
    """Wire nodes in order, each one's first output to the next one's first free input."""
    with graph.project.editing(f"Connect {len(ids)} nodes"):
        for one, two in itertools.pairwise(ids):
            outs = graph.out_ports(graph.node(one))
            free = [p for p in graph.in_ports(graph.node(two)) if p not in graph.incoming.get(two, {})]
            if not outs or not free:
                raise EditError(f"{graph.node(one).name} cannot feed {graph.node(two).name}: no free port is left.")
            connect(graph, f"{one}.{outs[0]}", f"{two}.{free[0]}")


def set_graph_param(graph: Graph, name: str, param: Param | None) -> None:
    """Give a graph a parameter, change its default, or remove it (None)."""
    if param is not None:
        _checked(check_identifier, name)
        _check_plain(param.default, name)
        if isinstance(param.default, str):
            try:
                parse(param.default)
            except ExpressionError as error:
                raise EditError(f"{name}: {error}") from error
    elif name not in graph.params:
        raise EditError(f"{graph.name} has no parameter {name}.")
    with graph.project.editing(f"Set parameter {name} of {graph.name}" if param else f"Remove parameter {name}"):
        if param is None:
            remove_entry(graph.project, graph.key, "params", name)
        else:
            graph.project.record(graph.key, "params", name, param)


def remove_entry(project: Project, graph: str, table: str, key: str) -> None:
    """Remove an entry of a table whose order means something, inside an edit, so that undo restores the order."""
    entries: dict[str, Any] = getattr(project.graphs[graph] if graph else project, table)
    names = list(entries)
    later = [(name, entries[name]) for name in names[names.index(key) + 1 :]]
    for name, _ in reversed(later):
        project.record(graph, table, name, None)
    project.record(graph, table, key, None)
    for name, value in later:
        project.record(graph, table, name, value)


def set_symbol(project: Project, name: str, value: int | None) -> None:
    """Give a size symbol its example value, or remove it (None)."""
    _checked(check_identifier, name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31):
        raise EditError(f"{name} is {str(value)[:40]}; an example size is a whole number from 1 to {2**31 - 1}.")
    with project.editing(f"Set {name} to {value}" if value else f"Remove symbol {name}"):
        project.record("", "symbols", name, value)


def set_setup(project: Project, network: str, part: str, values: Mapping[str, Any]) -> None:
    """Set fields of a network's ``optimizer`` or ``training`` set-up; None removes a field."""
    if network not in project.network_keys:
        raise EditError(f"There is no network {network}; there are {_listed(project.network_keys)}.")
    if part not in ("optimizer", "training"):
        raise EditError(f"A set-up has optimizer and training, not {part}.")
    for name, value in values.items():
        _check_plain(value, name)
    setup = dict(project.setup(network))
    fields = {**setup.get(part, {}), **values}
    setup[part] = {name: value for name, value in fields.items() if value is not None}
    with project.editing(f"Set {', '.join(values)} of {network}"):
        project.record("", "setups", network, setup)


def fields_of(project: Project, type: str) -> Mapping[str, Field[Any]] | None:
    """The declared fields of a layer type; None for a graph, whose parameters are its own."""
    if type in project.graphs:
        return None
    declaration = layer_types().get(type)
    if declaration is None:
        raise EditError(f"There is no layer type {type}; netwright --help lists where to find them.")
    return declaration.fields


def _checked_params(project: Project, node: Node, given: Mapping[str, Any]) -> dict[str, Any]:
    """The node's parameters with ``given`` put in; raises EditError for what can never be right."""
    fields = fields_of(project, node.type)
    known = project.graphs[node.type].params if fields is None else fields
    stored = dict(node.params)
    for name, value in given.items():
        if name not in known:
            raise EditError(f"{node.name} has no parameter {name}; it has {_listed(known)}.")
        if value is DEFAULT:
            stored.pop(name, None)
            continue
        value = list(value) if isinstance(value, tuple | list) else value
        _check_plain(value, f"{node.name}: {name}")
        try:
            if fields is not None:
                fields[name].accept(value)
            elif isinstance(value, str):
                parse(value)
        except FieldError as error:
            raise EditError(f"{node.name}: {error}") from error
        except ExpressionError as error:
            raise EditError(f"{node.name}: {name}: {error}") from error
        stored[name] = value
        if fields is not None and is_default(fields[name], value):
            stored.pop(name)
    return {name: stored[name] for name in known if name in stored}


def is_default(field: Field[Any], value: Any) -> bool:
    """Whether ``value`` need not be stored. A shape that names axes is: a block's Input without one takes any."""
    return _equal(value, field.default) and not getattr(field, "named", False)


def _equal(a: Any, b: Any) -> bool:
    if type(a) is type(b) is int:  # most are
        return bool(a == b)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and bool(a == b)


def _stem(project: Project, type: str) -> str:
    if type in project.graphs:
        return project.graphs[type].name.lower()[:20]
    declaration = layer_types().get(type)
    if declaration is None:
        raise EditError(f"There is no layer type and no block called {type}.")
    return declaration.stem


def _split(end: str) -> tuple[str, str]:
    node, dot, port = end.partition(".")
    if not dot or not node or not port:
        raise EditError(f"“{end}” names no port; write node.port, such as c.x.")
    return node, port


def _check_plain(value: Any, where: str) -> None:
    """Refuse what no file can hold."""
    try:
        check_plain(value, where)
    except FileError as error:
        raise EditError(str(error)) from error


def _position(at: tuple[float, float]) -> tuple[float, float]:
    x, y = float(at[0]), float(at[1])
    if not (abs(x) <= MAX_PLACE and abs(y) <= MAX_PLACE):
        raise EditError(f"A node cannot lie at {x:g}, {y:g}; the sheet ends at ±{MAX_PLACE:g}.")
    return (round(x, 2), round(y, 2))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(list(names)[:12]) or "none"


def _checked(check: Any, text: str) -> str:
    try:
        return str(check(text))
    except BadName as error:
        raise EditError(str(error)) from error
