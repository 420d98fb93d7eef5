"""Find and replace over a project: nodes by name, type or parameter, and what takes the place of what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from graph_core import edits
from graph_core.fields import Field
from graph_core.graph import EditError, Graph, Node, Project
from graph_core.layer import layer_types

WAYS: Final = ("name", "type", "parameter")


@dataclass(frozen=True, slots=True)
class Found:
    """One node that fits; ``text`` is what fits: its name, its type, or the parameter with its value."""

    graph: str
    node: str
    text: str


def find(project: Project, by: str, query: str) -> list[Found]:
    """The nodes that fit, graph by graph, networks first, in the order in which they are drawn.

    By name and by type a part is enough, whatever its case. By parameter the query is a name, ``stride``, or a name
    with a value, ``stride = 2``, which is compared with what is set, or with the default where nothing is.
    """
    query = query.strip()
    if not query:
        return []
    networks = list(dict.fromkeys(project.network_keys.values()))
    keys = [key for key in networks if key in project.graphs] + [key for key in project.graphs if key not in networks]
    return [
        Found(key, node.id, text)
        for key in keys
        for node in project.graphs[key].nodes.values()
        for text in _fits(project, node, by, query)
    ]


def _fits(project: Project, node: Node, by: str, query: str) -> Iterator[str]:
    if by == "name":
        if query.lower() in node.name.lower():
            yield node.name
    elif by == "type":
        if query.lower() in type_name(project, node.type).lower():
            yield type_name(project, node.type)
    else:
        wanted, _, value = (part.strip() for part in query.partition("="))
        for name, has in parameters(project, node).items():
            if name.lower() == wanted.lower() and (not value or value_text(has) == _plain(value)):
                yield f"{name} = {value_text(has)}"


def type_name(project: Project, type: str) -> str:
    """What a type is called: a layer's, or a block's class."""
    return project.graphs[type].name if type in project.graphs else type


def parameters(project: Project, node: Node) -> dict[str, Any]:
    """The parameters of a node, with the defaults of those that are not set."""
    if node.type in project.graphs:
        defaults = {name: param.default for name, param in project.graphs[node.type].params.items()}
    else:
        declaration = layer_types().get(node.type)
        fields: dict[str, Field[Any]] = dict(declaration.fields) if declaration else {}
        defaults = {name: field.default for name, field in fields.items() if field.kind != "fixed"}
    return {**defaults, **node.params}


def value_text(value: Any) -> str:
    """A value as one writes it: 3, 3, 5 for a list, true."""
    if isinstance(value, list | tuple):
        return ", ".join(map(value_text, value))
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def replace_found(
    project: Project, found: Iterable[Found], by: str, query: str, new: str | Callable[[Graph, Node, str], Any]
) -> int:
    """Put ``new`` in the place of what was found, as one edit; how many nodes changed. Raises EditError.

    A name gets ``new`` for the part that fits, a node another type, a parameter the value that ``new`` is, or gives for
    the node and the name of the parameter.
    """
    query, count = query.strip(), 0
    nodes = list(dict.fromkeys((one.graph, one.node) for one in found))
    with project.editing(f"Replace {by} {query[:40]} in {len(nodes)} node{'' if len(nodes) == 1 else 's'}"):
        for key, id in nodes:
            graph = project.graphs[key]
            before = graph.node(id)
            if by == "name":
                name = _replaced(before.name, query, str(new).strip())
                if name != before.name:
                    edits.rename(graph, id, name)
            elif by == "type":
                change_type(graph, id, str(new).strip())
            else:
                name = query.partition("=")[0].strip()
                name = next((known for known in parameters(project, before) if known.lower() == name.lower()), name)
                edits.set_params(graph, id, {name: new(graph, before, name) if callable(new) else new})
            count += graph.nodes[id] is not before
    return count


def change_type(graph: Graph, id: str, type: str) -> None:
    """Give a node another type; it keeps the parameters that the new type has too, and the wires that find a port.

    Wires go to the port of the same name, else to the one in the same place. Raises EditError.
    """
    project, node = graph.project, graph.node(id)
    known = {graph.name: key for key, graph in project.graphs.items()}
    type = known.get(type, type)
    if type == node.type:
        return
    fields = edits.fields_of(project, type)
    names = project.graphs[type].params if fields is None else fields
    with project.editing(f"Make {node.name} a {type_name(project, type)}"):
        was_in, was_out = graph.in_ports(node), graph.out_ports(node)
        wired = {port: f"{source}.{out}" for port, (source, out) in graph.incoming.get(id, {}).items()}
        read = [(f"{target}.{port}", out) for (target, port), out in graph.outgoing.get(id, {}).items()]
        for port in wired:
            edits.disconnect(graph, f"{id}.{port}")
        for target, _ in read:
            edits.disconnect(graph, target)
        for user in [user for user in graph.nodes.values() if user.use == id]:
            project.record(graph.key, "nodes", user.id, replace(user, use=""))
        edits.forget_ties(graph, {id})
        run = node.run if type in project.graphs else None
        project.record(graph.key, "nodes", id, replace(node, type=type, params={}, run=run, use=""))
        for name, value in node.params.items():
            if name in names:
                try:
                    edits.set_params(graph, id, {name: value})
                except EditError:
                    continue  # out of the range that the new type takes: its default stands
        _rewire(graph, id, wired, read, was_in, was_out)


def _rewire(
    graph: Graph, id: str, wired: dict[str, str], read: list[tuple[str, str]], was_in: list[str], was_out: list[str]
) -> None:
    for port, source in wired.items():
        found = _port_for(port, was_in, graph.in_ports(graph.nodes[id]))
        if found:
            edits.connect(graph, source, f"{id}.{found}")
    for target, out in read:
        found = _port_for(out, was_out, graph.out_ports(graph.nodes[id]))
        if found:
            edits.connect(graph, f"{id}.{found}", target)


def _port_for(port: str, was: list[str], now: list[str]) -> str:
    if port in now:
        return port
    place = was.index(port) if port in was else len(now)
    return now[place] if place < len(now) else ""


def _replaced(name: str, query: str, new: str) -> str:
    at = name.lower().find(query.lower())
    return name if at < 0 else name[:at] + new + name[at + len(query) :]


def _plain(text: str) -> str:
    parts = [part.strip() for part in text.strip("()[] ").split(",")]
    return ", ".join(parts).lower() if parts[0].lower() in ("true", "false", "none") else ", ".join(parts)
