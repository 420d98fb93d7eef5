"""Conflicts of a merge, in words, and the edits that settle them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graph_core.conflict import Conflict, Part
from graph_core.graph import EditError, Project
from graph_core.jsontext import FileError
from graph_core.leaves import leaves_at, put
from graph_core.names import first_of
from graph_core.ways import ABSENT, HERE, Leaves, Way, is_thing, same
from graph_core.wording import Words, value_text


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conflict is: a graph and a node in it, both empty where it is about the project."""

    graph: str
    node: str


def choose(project: Project, key: str, side: str) -> None:
    """Settle a conflict as ``ours`` or ``theirs`` has it, as one edit; raises EditError where it does not fit any more.

    Both set every field of the conflict, whatever was edited since the merge.
    """
    conflict = _conflict(project, key)
    changes: dict[Way, Any] = {part.way: getattr(part, side) for part in conflict.parts}
    changes["conflicts", key] = ABSENT
    try:
        put(project, changes, f"Take {side} for {place_text(project, conflict)}")
    except FileError as error:
        raise EditError(f"{side.capitalize()} does not fit the drawing any more: {error}") from error


def keep(project: Project, key: str) -> None:
    """Settle a conflict as the drawing is now; raises EditError where there is none."""
    conflict = _conflict(project, key)
    with project.editing(f"Keep {place_text(project, conflict)} as it is"):
        project.record("", "conflicts", key, None)


def stands(project: Project, conflict: Conflict, side: str) -> bool:
    """Whether the drawing is as a side has it, in all fields of the conflict."""
    values = leaves_at(project, [part.way for part in conflict.parts])
    return all(same(value, getattr(part, side)) for value, part in zip(values, conflict.parts, strict=True))


def _conflict(project: Project, key: str) -> Conflict:
    try:
        return project.conflicts[key]
    except KeyError:
        raise EditError(f"There is no conflict {key}; it may be settled already.") from None


# Words ----------------------------------------------------------------------------------------------------------------


def main_part(conflict: Conflict) -> Part:
    """The part that the others are about: a graph or a node that one side took away, any such field, else the first."""
    things = [part for part in conflict.parts if _one_sided(part)]
    if things:
        return min(things, key=lambda part: _weight(conflict, part))
    return next((part for part in conflict.parts if _is_removed(part)), conflict.parts[0])


def _is_removed(part: Part) -> bool:
    return part.base is not ABSENT and (part.ours is ABSENT) != (part.theirs is ABSENT)


def _one_sided(part: Part) -> bool:
    """Whether it is a thing that one of the sides has not."""
    return is_thing(part.way) and (part.ours is ABSENT) != (part.theirs is ABSENT)


def _weight(conflict: Conflict, part: Part) -> tuple[bool, int, bool]:
    """Orders things: what was there before, graphs, what was changed."""
    side = "ours" if part.theirs is ABSENT else "theirs"
    return part.base is ABSENT, len(part.way), _done(conflict, part, side) != "changed"


def place_of(conflict: Conflict) -> Place:
    """The graph and the node that a conflict is about."""
    way = main_part(conflict).way
    if way[0] != "graphs":
        return Place("", "")
    if way[2:3] == ("nodes",):
        return Place(way[1], way[3])
    if way[2:3] in (("wires",), ("ties",)):
        return Place(way[1], first_of(way[3]))
    return Place(way[1], "")


def sentence(project: Project, conflict: Conflict, names: Leaves | None = None) -> str:
    """What both sides did, with both values, without a full stop; ``names`` for many of one project: known_names."""
    words = _words(known_names(project) if names is None else names, conflict)
    part = main_part(conflict)
    if _one_sided(part):
        here = "ours" if part.theirs is ABSENT else "theirs"
        gone, lost = "theirs" if here == "ours" else "ours", "not there" if part.base is ABSENT else "removed"
        return f"{_subject(words, part.way)} is {_done(conflict, part, here)} in {here}, and {lost} in {gone}"
    (verb, ours), (other, theirs) = (_said(words, part, value) for value in (part.ours, part.theirs))
    again = "" if verb == other else f"{other} "
    return f"{_subject(words, part.way)} {verb} {ours} in ours, and {again}{theirs} in theirs"


def _done(conflict: Conflict, main: Part, side: str) -> str:
    """What a side did to a thing that the other took away: changed it, wired it anew, used it."""
    if main.base is ABSENT:
        return "added"
    size = len(main.way)
    inside = [part for part in conflict.parts if part.way[:size] == main.way]
    changed = any(not same(part.base, getattr(part, side)) for part in inside)
    return "changed" if changed else "used"


def _said(words: Words, part: Part, value: Any) -> tuple[str, str]:
    """A verb and what a field is on a side."""
    way = part.way
    if value is ABSENT and way[2:3] == ("nodes",) and way[4:5] == ("set",):
        value = words.default(way[1], way[3], way[5])
    if value is ABSENT:
        return "is", "not there" if part.base is ABSENT else "removed"
    if way[2:3] in (("wires",), ("ties",)):
        return "comes from", words.end(way[1], value)
    if way[-1] == "name" and way[0] == "graphs":
        return "is called", value_text(value)
    return "is", words.graph(value) if way[0] == "networks" else value_text(value)


def _subject(words: Words, way: Way) -> str:
    match way:
        case ("meta", name):
            return f"{name} of the project"
        case ("symbols", name):
            return f"symbol {name}"
        case ("networks", name):
            return f"network {name}"
        case ("setups", network, *field):
            return f"{'.'.join(field)} of {network}" if field else f"the set-up of {network}"
        case ("graphs", key) | ("graphs", key, "head", "name"):
            return f"block {words.graph(key)}"
        case ("graphs", key, "nodes", id) | ("graphs", key, "nodes", id, "name"):
            return words.node(key, id)
        case ("graphs", key, "nodes", id, *field):
            return f"{field[-1]} of {words.node(key, id)}"
        case ("graphs", key, "wires", target):
            return f"the wire into {words.end(key, target)}"
        case ("graphs", key, "ties", target):
            return f"{words.end(key, target)}, which is tied,"
        case ("graphs", key, "params", name):
            return f"parameter {name} of {words.graph(key)}"
        case ("graphs", key, _, name):
            return f"{name} of {words.graph(key)}"
        case ("view", key, mark):
            return f"the {mark.replace(':', ' ')} of {words.graph(key)}"
        case ("order", "graphs", key, _):
            return f"the order of the parameters of {words.graph(key)}"
    return " ".join(way)


def place_text(project: Project, conflict: Conflict) -> str:
    """What a conflict is about, for a title: the thing, and the graph that it is in."""
    return _subject(_words(known_names(project), conflict), main_part(conflict).way)


def _words(names: Leaves, conflict: Conflict) -> Words:
    """Words that know what is not in the drawing, too, by its name on the side that has it."""
    leaves: Leaves = {}
    for side in ("theirs", "ours"):
        leaves |= {part.way: v for part in conflict.parts if (v := getattr(part, side)) is not ABSENT}
    return Words(leaves | names)


def known_names(project: Project) -> Leaves:
    """What the graphs and nodes of a project are called, and what they are."""
    return dict(_names(project))


def _names(project: Project) -> Iterator[tuple[Way, Any]]:
    for key, graph in project.graphs.items():
        yield ("graphs", key), HERE
        yield ("graphs", key, "head", "name"), graph.name
        for node in graph.nodes.values():
            yield ("graphs", key, "nodes", node.id, "name"), node.name
            yield ("graphs", key, "nodes", node.id, "type"), node.type


def conflict_json(project: Project, key: str, conflict: Conflict) -> dict[str, Any]:
    """A conflict as ``netwright merge --json`` lists it; ours is what was taken."""
    return {
        "id": key,
        "about": place_text(project, conflict),
        "message": f"{sentence(project, conflict)}.",
        "taken": "ours",
        **conflict.tree(),
    }
