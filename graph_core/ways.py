"""Ways into a project's file, and values there: what a difference and a merge are spoken in.

A way is the way down to one field: ``("graphs", "main", "nodes", "c1", "set", "stride")``. Graphs, nodes and set-ups
have a field of their own that says that they are there; ``("order", …)`` is the order of a table whose order means
something. What lies below a field (a list, an object in a set-up) is one value.
"""

from __future__ import annotations

import json
from typing import Any, Final

Way = tuple[str, ...]
Leaves = dict[Way, Any]

ORDER: Final = "order"
HERE: Final = True  # the value of a graph, a node, a set-up or a part of one that is there


class _Absent:
    """The value of a field that is not there; None is a value of its own."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


def same(one: Any, other: Any) -> bool:
    """Whether two values are written alike: 1, 1.0 and true are three values."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, str | int):
        return bool(one == other)
    return one is not ABSENT and json.dumps(one) == json.dumps(other)


def is_way(way: Way) -> bool:
    """Whether a file may have a field there."""
    match way:
        case ("meta" | "symbols" | "networks", _) | ("order", "networks") | ("order", "graphs", _, "params"):
            return True
        case ("setups", _) | ("setups", _, _) | ("setups", _, _, _) | ("view", _, _) | ("graphs", _):
            return True
        case ("graphs", _, "nodes", _) | ("graphs", _, "nodes", _, "set", _):
            return True
        case ("graphs", _, "nodes", _, field):
            return field != "set"
        case ("graphs", _, "head" | "params" | "wires" | "ties", _):
            return True
    return False


def is_thing(way: Way) -> bool:
    """Whether it is a field that says that a graph, a node, a set-up or a part of one is there."""
    match way:
        case ("setups", _) | ("setups", _, _) | ("graphs", _) | ("graphs", _, "nodes", _):
            return True
    return False


def takes(way: Way) -> str:
    """What a field holds, in words, where that can be said without knowing more; empty for anything."""
    match way:
        case _ if is_thing(way):
            return "true"
        case ("networks", _) | ("graphs", _, "wires" | "ties", _) | ("graphs", _, "head", "name"):
            return "a text"
        case ("graphs", _, "nodes", _, "name" | "type" | "when" | "use"):
            return "a text"
        case ("order", *_):
            return "a list of texts"
    return ""


def fits(way: Way, value: Any) -> bool:
    """Whether a field may hold a value, as far as ``takes`` tells; nothing at all always fits."""
    if value is ABSENT:
        return True
    match takes(way):
        case "true":
            return value is HERE
        case "a text":
            return isinstance(value, str)
        case "a list of texts":
            return isinstance(value, list) and all(isinstance(part, str) for part in value)
    return True
