"""A project as a flat map: every field of its file under its path, so that two projects can be told apart, and patched.

A path is the way down in the file: ``("graphs", "main", "nodes", "c1", "set", "stride")``. Graphs, nodes and set-ups
have a leaf of their own that says that they are there; ``("order", …)`` holds the order of the tables whose order
means something. What lies below a field (a list, an object in a set-up) is one value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from graph_core.graph import Graph, Project
from graph_core.names import natural
from graph_core.project import VERSION, dumps
from graph_core.reading import read_project

Way = tuple[str, ...]
Leaves = dict[Way, Any]

FLAT: Final = ("meta", "symbols", "networks", "conflicts")
ORDERED: Final = ("params", "network_keys")  # the project's tables whose order means something
ORDER: Final = "order"
HERE: Final = True  # the leaf of a graph, a node, a set-up or a part of one


class _Absent:
    """The value of a leaf that is not there; None is a value of its own."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


def leaves_of(project: Project) -> Leaves:
    """Every field of the project's file; equal for projects whose files are. Raises FileError."""
    return dict(_leaves(json.loads(dumps(project))))


def _leaves(tree: Mapping[str, Any]) -> Iterator[tuple[Way, Any]]:
    for section in FLAT:
        for key, value in tree.get(section, {}).items():
            yield (section, key), value
    if tree.get("networks"):
        yield (ORDER, "networks"), list(tree["networks"])
    for network, setup in tree.get("setups", {}).items():
        yield ("setups", network), HERE
        for part, fields in setup.items():
            yield ("setups", network, part), HERE
            for field, value in fields.items():
                yield ("setups", network, part, field), value
    for key, graph in tree.get("graphs", {}).items():
        yield from _graph_leaves(key, graph)
    for key, places in tree.get("view", {}).items():
        for id, at in places.items():
            yield ("view", key, id), at


def _graph_leaves(key: str, graph: Mapping[str, Any]) -> Iterator[tuple[Way, Any]]:
    yield ("graphs", key), HERE
    for table, entries in graph.items():
        if table != "nodes":
            for entry, value in entries.items():
                yield ("graphs", key, table, entry), value
    if graph.get("params"):
        yield (ORDER, "graphs", key, "params"), list(graph["params"])
    for id, node in graph["nodes"].items():
        way = ("graphs", key, "nodes", id)
        yield way, HERE
        for field, value in node.items():
            if field == "set":
                for name, given in value.items():
                    yield (*way, "set", name), given
            else:
                yield (*way, field), value


def tree_of(leaves: Mapping[Way, Any]) -> dict[str, Any]:
    """The tree of the file with these leaves. What misses its graph or its node gets one, which reading refuses."""
    tree: dict[str, Any] = {"netw": VERSION}
    orders: dict[Way, list[str]] = {}
    for way, value in leaves.items():
        if way[0] == ORDER:
            orders[way[1:]] = value
            continue
        is_here = (way[0] == "graphs" and len(way) in (2, 4) and way[2:3] in ((), ("nodes",))) or (
            way[0] == "setups" and len(way) < 4
        )
        parent: Any = tree
        for step in way if is_here else way[:-1]:
            parent = parent.setdefault(step, {})
        if not is_here:
            parent[way[-1]] = value
    for way, order in orders.items():
        parent = tree
        for step in way[:-1]:
            parent = parent.get(step, {})
        if way[-1] in parent:
            parent[way[-1]] = _ordered(parent[way[-1]], order)
    return tree


def _ordered(table: Mapping[str, Any], order: Iterable[str]) -> dict[str, Any]:
    known = [key for key in order if key in table]
    return {key: table[key] for key in [*known, *sorted(table.keys() - set(known), key=natural)]}


def project_of(leaves: Mapping[Way, Any]) -> Project:
    """The project whose file has these leaves; raises FileError where no project has."""
    return read_project(tree_of(leaves))


def same(one: Any, other: Any) -> bool:
    """Whether two values of leaves are written alike: 1, 1.0 and true are three values."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, str | int):
        return bool(one == other)
    return one is not ABSENT and json.dumps(one) == json.dumps(other)


def become(project: Project, leaves: Mapping[Way, Any], title: str) -> None:
    """Turn a project into the one with these leaves, as one edit that keeps what is equal; raises FileError."""
    target = project_of(leaves)
    current = project_of(leaves_of(project))
    with project.editing(title):
        for key in target.graphs.keys() - current.graphs.keys():
            project.record("", "graphs", key, True)
        for key, graph in target.graphs.items():
            was = current.graphs.get(key) or Graph(current, key)
            for table in Graph.TABLES:
                _replace(project, key, table, getattr(was, table), getattr(graph, table))
        for table in Project.TABLES:
            if table != "graphs":
                _replace(project, "", table, getattr(current, table), getattr(target, table))
        for key in current.graphs.keys() - target.graphs.keys():
            for table in reversed(Graph.TABLES):
                for entry in reversed(list(getattr(project.graphs[key], table))):
                    project.record(key, table, entry, None)
            project.record("", "graphs", key, None)


def _replace(project: Project, graph: str, table: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Record what differs of a table."""
    if table in ORDERED:
        _replace_ordered(project, graph, table, now)
        return
    for key in was:
        if key not in now:
            project.record(graph, table, key, None)
    for key, value in now.items():
        if key not in was or repr(was[key]) != repr(value):
            if key in was and was[key] == value:  # 1 and true: equal to Python, not to the file
                project.record(graph, table, key, None)
            project.record(graph, table, key, value)


def _replace_ordered(project: Project, graph: str, table: str, now: Mapping[str, Any]) -> None:
    """Record what differs of a table whose order means something, so that undo restores that too."""
    was: dict[str, Any] = dict(getattr(project.graphs[graph] if graph else project, table))
    kept = 0
    for one, other in zip(was, now, strict=False):
        if one != other or (was[one] == now[one] and repr(was[one]) != repr(now[one])):
            break
        kept += 1
    for key in reversed(list(was)[kept:]):
        project.record(graph, table, key, None)
    for key, value in now.items():
        project.record(graph, table, key, value)
