"""Merging two projects that began as one: field by field, then checked again, conflicts kept to be chosen.

A field that one side changed is taken from it. Where both changed it in two ways, and where one side's change is
nothing without what the other took away, ours stands and a Conflict keeps both, whole enough that either can be
chosen: a node with its wires, a block with its nodes. What both sides added under one id or one name is told apart.
Where nothing conflicts, the result does not depend on which side is called ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graph_core.apart import set_apart
from graph_core.conflict import Conflict, Part
from graph_core.copying import free_name
from graph_core.following import follow
from graph_core.graph import Project
from graph_core.leaves import leaves_of, project_of
from graph_core.marks import free_mark, is_mark
from graph_core.names import class_name_from, natural
from graph_core.needs import entity, needs
from graph_core.orders import merged_orders
from graph_core.ways import ABSENT, ORDER, Leaves, Way, same

EXCLUSIVE = ("repeat", "scan")  # of these a node may have one
WEIGHTS = ("meta", "weights")


@dataclass(frozen=True, slots=True)
class Merge:
    """The merged project, what is left to be chosen in it, and a sentence for each thing that was renamed."""

    project: Project
    conflicts: dict[str, Conflict]
    notes: tuple[str, ...]


def merge(base: Project | None, ours: Project, theirs: Project) -> Merge:
    """Merge; without a base, what is equal on both sides is taken for it. Raises FileError."""
    o, t = leaves_of(ours), leaves_of(theirs)
    b = leaves_of(base) if base is not None else {way: v for way, v in o.items() if same(v, t.get(way, ABSENT))}
    o, t, notes = set_apart(b, o, t, _keeper(b, o, t))
    b, t = follow(b, o, t)
    b, o = follow(b, t, o)
    join = _Join(b, o, t)
    join.fields()
    join.settle()
    merged = join.merged
    _drop_lost_places(merged, o, t)
    merged_orders(merged, b, o, t)
    notes += [*join.notes, *_name_classes(merged, b), *_name_nodes(merged, b, o, t)]
    conflicts = _recorded(merged, b, o, t)
    first = max((int(key) for key in conflicts if key.isdigit()), default=0) + 1
    found = {str(number): conflict for number, conflict in enumerate(join.conflicts(), first)}
    for key, conflict in {**conflicts, **{key: c.tree() for key, c in found.items()}}.items():
        merged["conflicts", key] = conflict
    return Merge(project_of(merged), found, tuple(notes))


def _keeper(base: Leaves, ours: Leaves, theirs: Leaves) -> str:
    """The side whose weights the result refers to; empty where that does not tell them apart."""
    b, o, t = (side.get(WEIGHTS, ABSENT) for side in (base, ours, theirs))
    if same(o, t):
        return ""
    return "theirs" if same(b, o) else "ours"


class _Join:
    """The merged fields, and the groups of those that are chosen together."""

    def __init__(self, base: Leaves, ours: Leaves, theirs: Leaves) -> None:
        self.base, self.ours, self.theirs = base, ours, theirs
        self.merged: Leaves = {}
        self.notes: list[str] = []
        self.group_of: dict[Way, int] = {}
        self.groups: dict[int, set[Way]] = {}
        self.users: dict[Way, set[Way]] = {}
        self.below: dict[Way, set[Way]] = {}
        for side in (ours, theirs):
            for way in side:
                for need in needs(side, way):
                    self.users.setdefault(need, set()).add(way)
                for cut in range(2, len(way)):
                    self.below.setdefault(way[:cut], set()).add(way)

    def fields(self) -> None:
        """Take each field from the side that changed it; where both did, ours, with a group of its own."""
        placed = 0
        conflicting: list[Way] = []
        for way in {**self.base, **self.ours, **self.theirs}:
            if way[0] in (ORDER, "conflicts"):
                continue
            b, o, t = (side.get(way, ABSENT) for side in (self.base, self.ours, self.theirs))
            if same(o, t) or same(b, t):
                value = o
            elif same(b, o) or self._let_go(way, self.ours):
                value = t
            elif self._let_go(way, self.theirs):
                value = o
            elif way[0] == "view" and is_mark(way[2]) and b is ABSENT:
                value = o  # both sides added one: both stay
                if free := free_mark(
                    way[2], {w[2] for w in (*self.ours, *self.theirs, *self.merged) if w[:2] == way[:2]}
                ):
                    self.merged[(*way[:2], free)] = t
            else:
                value = o
                if way[0] == "view" and not is_mark(way[2]):
                    placed += o is not ABSENT and t is not ABSENT
                else:
                    conflicting.append(way)
            if value is not ABSENT:
                self.merged[way] = value
        for way in conflicting:
            self._add(self._new_group(), way)
        if placed:
            self.notes.append(f"Places of nodes that both sides moved are those of ours: {placed}.")

    def _let_go(self, way: Way, side: Leaves) -> bool:
        """Whether a side lost a wire only because it took the wire's source away."""
        if way[:1] != ("graphs",) or way[2:3] != ("wires",) or way in side or way not in self.base:
            return False
        source, target = self.base[way].partition(".")[0], way[3].partition(".")[0]
        return (*way[:2], "nodes", source) not in side and (*way[:2], "nodes", target) in side

    def settle(self) -> None:
        """Grow groups until ours stands soundly, and theirs would."""
        if not any(way[0] == "networks" for way in self.merged):
            group = self._new_group()
            for way in [way for way in {**self.ours, **self.theirs} if way[0] == "networks"]:
                self._add(group, way)
                group = self.group_of.get(way, group)
        while self._settle_ours() or self._settle_theirs() or self._settle_exclusive():
            pass

    def _settle_ours(self) -> bool:
        found = False
        for way in list(self.merged):
            if way not in self.merged or way[0] == "view":
                continue
            for need in list(needs(self.merged, way)):
                if need not in self.merged and not self._excused(self.merged, way, need):
                    group = self._new_group()
                    self._add(group, way)
                    self._add(self.group_of.get(way, group), need)
                    found = True
                    break
        return found

    def _settle_theirs(self) -> bool:
        found = False
        for number in list(self.groups):
            group = self.groups.get(number)
            if group is None:
                continue
            self._show(group, self.theirs)
            lacking = [
                (way, need)
                for way in group
                if way in self.merged
                for need in needs(self.merged, way)
                if need not in self.merged and not self._excused(self.merged, way, need)
            ]
            self._show(group, self.ours)
            for way, need in lacking:
                self._add(self.group_of[way], need)
                found = True
        return found

    def _show(self, group: Iterable[Way], side: Leaves) -> None:
        """Let a group's fields be as a side has them."""
        for way in group:
            if way in side:
                self.merged[way] = side[way]
            else:
                self.merged.pop(way, None)

    def _settle_exclusive(self) -> bool:
        found = False
        for way in [way for way in self.merged if len(way) == 5 and way[2] == "nodes" and way[4] == EXCLUSIVE[0]]:
            other = (*way[:4], EXCLUSIVE[1])
            if way in self.merged and other in self.merged:
                group = self._new_group()
                self._add(group, way)
                self._add(self.group_of[way], other)
                found = True
        return found

    def _excused(self, leaves: Leaves, way: Way, need: Way) -> bool:
        """Whether a side has the field with this value, and lacks what it needs, already."""
        return any(
            way in side and same(side[way], leaves[way]) and need not in side for side in (self.ours, self.theirs)
        )

    # Groups ----------------------------------------------------------------------------------------------------------

    def _new_group(self) -> int:
        return max(self.groups, default=0) + 1

    def _add(self, group: int, way: Way) -> None:
        """Put a field into a group as ours has it; where one side has not the thing it belongs to, all of the thing."""
        todo = [way]
        while todo:
            way = todo.pop()
            thing = entity(way)
            members = [way]
            if (thing in self.ours) != (thing in self.theirs):
                members = [thing, *self.below.get(thing, ())]
                if thing[0] == "graphs" and len(thing) == 2:
                    members += [(ORDER, *thing, "params"), *self.below.get(("view", thing[1]), ())]
            for member in members:
                group = self._put(group, member, todo)
            if members != [way]:
                for user in self.users.get(thing, ()):
                    if self._could_stand(group, user):
                        group = self._put(group, user, todo)

    def _put(self, group: int, way: Way, todo: list[Way]) -> int:
        """Put one field into a group, or unite that with the one it is in; the number of the group after that."""
        if self.group_of.get(way) == group or self._alike(way):
            return group
        if way in self.group_of:
            return self._united(group, self.group_of[way])
        self.group_of[way] = group
        self.groups.setdefault(group, set()).add(way)
        self._show([way], self.ours)
        todo.append(way)
        return group

    def _could_stand(self, group: int, way: Way) -> bool:
        """Whether a field has all that it needs, as ours or else theirs has it.

        A wire to a node that is gone on one side, and that nobody misses, does not bring that back.
        """
        side = self.ours if way in self.ours else self.theirs
        members = self.groups.get(group, ())
        return all(need in self.merged or need in members for need in needs(side, way))

    def _alike(self, way: Way) -> bool:
        return same(self.ours.get(way, ABSENT), self.theirs.get(way, ABSENT))

    def _united(self, one: int, other: int) -> int:
        for way in self.groups.pop(one, ()):
            self.group_of[way] = other
            self.groups[other].add(way)
        return other

    def conflicts(self) -> Iterator[Conflict]:
        """What is left to be chosen, in the order of the file."""
        groups = [sorted(group, key=_place) for group in self.groups.values()]
        for group in sorted(groups, key=lambda group: _place(group[0])):
            yield Conflict(
                tuple(
                    Part(way, *(side.get(way, ABSENT) for side in (self.base, self.ours, self.theirs))) for way in group
                )
            )


def _place(way: Way) -> tuple[Any, ...]:
    return tuple(natural(step) for step in way)


def _drop_lost_places(merged: Leaves, *sides: Leaves) -> None:
    """Take away where nodes lie that are not there any more."""
    for way in [way for way in merged if way[0] == "view"]:
        need = ("graphs", way[1]) if is_mark(way[2]) else ("graphs", way[1], "nodes", way[2])
        if need not in merged and (("graphs", way[1]) not in merged or any(need in side for side in sides)):
            del merged[way]


def _recorded(merged: Leaves, base: Leaves, ours: Leaves, theirs: Leaves) -> dict[str, Any]:
    """What earlier merges left to be chosen, and neither side has settled; theirs under free numbers where need be."""
    found: dict[str, Any] = {}
    added: list[Any] = []
    for way in {way: None for side in (ours, theirs) for way in side if way[0] == "conflicts"}:
        b, o, t = (side.get(way, ABSENT) for side in (base, ours, theirs))
        if same(o, t) or same(b, t):
            value = o
        elif same(b, o):
            value = t
        else:
            value = o
            added += [t] if t is not ABSENT and o is not ABSENT else []
        if value is not ABSENT:
            found[way[1]] = value
    number = max((int(key) for key in found if key.isdigit()), default=0)
    return {**found, **{str(number + k): value for k, value in enumerate(added, 1)}}


# Names ----------------------------------------------------------------------------------------------------------------


def _name_nodes(merged: Leaves, base: Leaves, ours: Leaves, theirs: Leaves) -> Iterator[str]:
    """Give one of two nodes another name where both sides gave them the same."""
    names: dict[str, dict[str, list[str]]] = {}
    for way, value in merged.items():
        if len(way) == 5 and way[2] == "nodes" and way[4] == "name":
            names.setdefault(way[1], {}).setdefault(value, []).append(way[3])
    for graph, nodes in names.items():
        taken = set(nodes)
        for name, ids in list(nodes.items()):
            ways = [("graphs", graph, "nodes", id, "name") for id in ids]
            for way in _after_first(ways, base, name):
                if any(sum(side.get(w) == name for w in ways) > 1 and side.get(way) == name for side in (ours, theirs)):
                    continue  # wrong before the merge
                merged[way] = free_name(taken, name)
                taken.add(merged[way])
                yield f"Both sides call a node {name}; {way[3]} is called {merged[way]} now."


def _name_classes(merged: Leaves, base: Leaves) -> Iterator[str]:
    """Give one of two graphs another name where both sides gave them the same."""
    names: dict[str, list[Way]] = {}
    for way in merged:
        if way[0] == "graphs" and len(way) == 2:
            name = merged.get((*way, "head", "name")) or class_name_from(way[1])
            names.setdefault(name, []).append((*way, "head", "name"))
    taken = set(names)
    for name, ways in list(names.items()):
        for way in _after_first(ways, base, name):
            merged[way] = free_name(taken, name)
            taken.add(merged[way])
            yield f"Both sides call a block {name}; {way[1]} is called {merged[way]} now."


def _after_first(ways: Iterable[Way], base: Leaves, name: str) -> list[Way]:
    """All but the one that keeps its name: who had it before, else the first by id."""
    return sorted(ways, key=lambda way: (base.get(way) != name, _place(way)))[1:]
