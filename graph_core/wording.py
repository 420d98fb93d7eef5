"""What the fields of a project's file are called by people: names in place of ids, defaults in place of nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from graph_core.jsontext import shown
from graph_core.layer import layer_types
from graph_core.names import class_name_from
from graph_core.ways import ABSENT, Leaves


class Words:
    """Speaks of the parts of one project, given by its leaves."""

    def __init__(self, leaves: Leaves) -> None:
        self.leaves = leaves

    @cached_property
    def _lone_ports(self) -> dict[tuple[str, str], bool]:
        return _lone_ports(self.leaves)

    def graph(self, key: str) -> str:
        """The name of a graph's class."""
        return str(self.leaves.get(("graphs", key, "head", "name")) or class_name_from(key))

    def node(self, graph: str, id: str) -> str:
        """A node's name; its id where it is not there."""
        return str(self.leaves.get(("graphs", graph, "nodes", id, "name"), id))

    def type(self, graph: str, id: str) -> str:
        """A node's type, as the name of a layer or of a block's class."""
        key = str(self.leaves.get(("graphs", graph, "nodes", id, "type"), ""))
        return self.graph(key) if ("graphs", key) in self.leaves else key

    def end(self, graph: str, end: str) -> str:
        """An end of a wire or a tie: the node's name, and the port where the node has others."""
        ids, _, port = end.partition(".")
        first, *below = ids.split("/")
        id = first.partition("#")[0]
        name = ".".join(self._way(graph, ids))
        type = str(self.leaves.get(("graphs", graph, "nodes", id, "type"), ""))
        if ("graphs", type) in self.leaves:
            if self._lone_ports.get((type, port)):
                return name
            port = self.node(type, port)
        elif (declaration := layer_types().get(type)) is not None and not below:
            for ports in (declaration.inlets, declaration.outlets):
                if list(ports) == [port] and not getattr(ports[port], "variadic", False):
                    return name
        return f"{name}.{port}" if port else name

    def _way(self, graph: str, ids: str) -> Iterator[str]:
        """The names on the way down to the end of a tie, with the steps that it names."""
        for stop in ids.split("/"):
            id, _, step = stop.partition("#")
            yield f"{self.node(graph, id)}.{step}" if step else self.node(graph, id)
            graph = str(self.leaves.get(("graphs", graph, "nodes", id, "type"), ""))

    def wire(self, graph: str, target: str, source: str) -> str:
        """A wire, from where to where."""
        return f"{self.end(graph, source)} → {self.end(graph, target)}"

    def described(self, graph: str, id: str, fields: Mapping[str, Any]) -> str:
        """A node with its type and its settings, as a list of what was added reads."""
        parts = [self.type(graph, id)]
        parts += [
            f"{name.removeprefix('set.')} {value_text(value)}"
            for name, value in fields.items()
            if name not in ("", "name", "type")
        ]
        return f"{self.node(graph, id)}: {', '.join(parts)}"

    def default(self, graph: str, id: str, field: str) -> Any:
        """What a node's parameter is where the file gives none."""
        type = str(self.leaves.get(("graphs", graph, "nodes", id, "type"), ""))
        if ("graphs", type) in self.leaves:
            return self.leaves.get(("graphs", type, "params", field), ABSENT)
        declaration = layer_types().get(type)
        return declaration.fields[field].default if declaration and field in declaration.fields else ABSENT


def _lone_ports(leaves: Leaves) -> dict[tuple[str, str], bool]:
    """Each port of each graph, by the graph's key and the port's id: whether it is the only one of its side."""
    sides: dict[tuple[str, str], list[str]] = {}
    for way, type in leaves.items():
        if len(way) == 5 and way[2] == "nodes" and way[4] == "type":
            role = getattr(getattr(layer_types().get(type), "torch", None), "role", "")
            if role:
                sides.setdefault((way[1], role), []).append(way[3])
    return {(graph, id): len(ids) == 1 for (graph, _), ids in sides.items() for id in ids}


def value_text(value: Any) -> str:
    """A value as it is read: 3×3 for a list of sizes, on and off, none; at most 40 characters."""
    if value is ABSENT:
        return "nothing"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple) and value and all(isinstance(v, int | str) for v in value):
        return shown("×".join(map(str, value)))
    if isinstance(value, str):
        first, *more = value.strip().splitlines() or [""]
        lines = f" … ({len(more) + 1} lines)" if more else ""
        return f"{shown(first)}{lines}" or "an empty text"
    if isinstance(value, dict):
        parts = {name: " ".join(map(str, part)) if isinstance(part, list) else part for name, part in value.items()}
        return shown(", ".join(f"{name} {value_text(part)}" for name, part in parts.items() if part != "")) or "none"
    return shown(json.dumps(value, ensure_ascii=False))


def fields_text(fields: Mapping[str, tuple[Any, Any]]) -> str:
    """Changed fields, each with its value before and after."""
    texts = []
    for name, (old, new) in fields.items():
        name = name.removeprefix("set.")
        if new is ABSENT:
            texts.append(f"no {name}")
        elif old is ABSENT:
            texts.append(f"{name} {value_text(new)}")
        else:
            texts.append(f"{name} {value_text(old)} → {value_text(new)}")
    return ", ".join(texts)
