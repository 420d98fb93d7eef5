"""A project as a flat map: every field of its file under its path, so that two projects can be told apart, and patched.

A path is the way down in the file: ``("graphs", "main", "nodes", "c1", "set", "stride")``. Graphs, nodes and set-ups
have a leaf of their own that says that they are there; ``("order", …)`` holds the order of the tables whose order
means something. What lies below a field (a list, an object in a set-up) is one value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from graph_core.graph import Graph, Node, Project
from graph_core.marks import is_mark, mark_tree
from graph_core.names import natural
from graph_core.project import VERSION, dumps, node_tree
from graph_core.reading import read_project
from graph_core.ways import ABSENT, HERE, ORDER, Leaves, Way, is_thing

FLAT: Final = ("meta", "symbols", "networks", "conflicts")
ORDERED: Final = ("params", "network_keys")  # the project's tables whose order means something


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
        yield from _node_leaves(("graphs", key, "nodes", id), node)


def _node_leaves(way: Way, node: Mapping[str, Any]) -> Iterator[tuple[Way, Any]]:
    yield way, HERE
    for field, value in node.items():
        if field == "set":
            for name, given in value.items():
                yield (*way, "set", name), given
        else:
            yield (*way, field), value


def leaves_at(project: Project, ways: Iterable[Way]) -> list[Any]:
    """Some fields of the project, ABSENT for what is not there: those of ``leaves_of``, without all the others."""
    wanted = list(ways)
    found = dict(_frame(project))
    for entry in {_entry(way) for way in wanted}:
        found.update(_leaves_at(project, *entry))
    return [found.get(way, ABSENT) for way in wanted]


def tree_of(leaves: Mapping[Way, Any]) -> dict[str, Any]:
    """The tree of the file with these leaves. What misses its graph or its node gets one, which reading refuses."""
    tree: dict[str, Any] = {"netw": VERSION}
    orders: dict[Way, list[str]] = {}
    for way, value in leaves.items():
        if way[0] == ORDER:
            orders[way[1:]] = value
            continue
        is_here = is_thing(way)
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
    """A table in an order; what that does not name comes after what it does."""
    known = dict.fromkeys(key for key in order if key in table)
    return {key: table[key] for key in [*known, *sorted(table.keys() - known.keys(), key=natural)]}


def project_of(leaves: Mapping[Way, Any]) -> Project:
    """The project whose file has these leaves; raises FileError where no project has."""
    return read_project(tree_of(leaves))


def put(project: Project, changes: Mapping[Way, Any], title: str) -> None:
    """Set leaves, ABSENT to take one away, as one edit of what they touch; raises FileError where no file has them.

    The changed entries are read as a file's are, so that nothing comes in that no file can hold.
    """
    touched = dict.fromkeys(_entry(way) for way in changes)
    leaves: Leaves = dict(_frame(project))
    for entry in touched:
        leaves.update(_leaves_at(project, *entry))
    for way, value in changes.items():
        if value is ABSENT:
            leaves.pop(way, None)
        else:
            leaves[way] = value
    target = project_of(leaves)
    with project.editing(title):
        for key in target.graphs.keys() - project.graphs.keys():
            project.record("", "graphs", key, True)
        for graph, table, key in touched:
            owner = target.graphs.get(graph) if graph else target
            if owner is None or table == "graphs":
                continue
            if table in ORDERED:
                _put_table(project, graph, table, getattr(owner, table))
            else:
                _put_entry(project, graph, table, key, getattr(owner, table).get(key))
        for key in project.graphs.keys() - target.graphs.keys():
            for table in reversed(Graph.TABLES):
                for entry in reversed(list(getattr(project.graphs[key], table))):
                    project.record(key, table, entry, None)
            project.record("", "graphs", key, None)


def _entry(way: Way) -> tuple[str, str, str]:
    """The entry that a leaf belongs to: its graph, its table and its key; no key where all of the table counts."""
    if way[0] == ORDER:
        return (way[2], "params", "") if len(way) > 2 else ("", "network_keys", "")
    if way[0] == "view":
        return (way[1], "marks" if is_mark(way[2]) else "view", way[2])
    if way[0] == "networks":
        return ("", "network_keys", "")
    if way[0] == "graphs" and len(way) > 2:
        return (way[1], way[2], "" if way[2] in ORDERED else way[3])
    return ("", way[0], way[1])


def _frame(project: Project) -> Iterator[tuple[Way, Any]]:
    """What entries are read against: the graphs with their names, the networks and the set-ups."""
    for key, graph in project.graphs.items():
        yield ("graphs", key), HERE
        if "name" in graph.head:
            yield ("graphs", key, "head", "name"), graph.head["name"]
    for network, key in project.network_keys.items():
        yield ("networks", network), key
    yield (ORDER, "networks"), list(project.network_keys)
    yield from _leaves({"setups": project.setups})


def _leaves_at(project: Project, graph: str, table: str, key: str) -> Iterator[tuple[Way, Any]]:
    """The leaves of an entry as it is now; those of the frame are left out."""
    if not graph:
        if table == "conflicts" and key in project.conflicts:
            yield (table, key), project.conflicts[key].tree()
        elif table in FLAT and key in getattr(project, table):
            yield (table, key), getattr(project, table)[key]
        return
    if graph not in project.graphs:
        return
    owner = project.graphs[graph]
    if table == "params":
        yield from (((("graphs", graph, "params", name)), param.default) for name, param in owner.params.items())
        if owner.params:
            yield (ORDER, "graphs", graph, "params"), list(owner.params)
    elif table == "nodes" and key in owner.nodes:
        yield from _node_leaves(("graphs", graph, "nodes", key), node_tree(project, owner.nodes[key]))
    elif table != "nodes" and key in getattr(owner, table):
        value = getattr(owner, table)[key]
        if table == "view":
            yield ("view", graph, key), [int(x) if x == int(x) else x for x in value]
        elif table == "marks":
            yield ("view", graph, key), mark_tree(value)
        else:
            yield ("graphs", graph, table, key), value


def _put_entry(project: Project, graph: str, table: str, key: str, value: Any) -> None:
    owner = project.graphs[graph] if graph else project
    was = getattr(owner, table).get(key)
    if _text(project, was) == _text(project, value):
        return
    if was == value:  # 1 and true: equal to Python, not to the file
        project.record(graph, table, key, None)
    project.record(graph, table, key, value)


def _text(project: Project, value: Any) -> str:
    return json.dumps(node_tree(project, value)) if isinstance(value, Node) else repr(value)


def _put_table(project: Project, graph: str, table: str, now: Mapping[str, Any]) -> None:
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
