"""The difference of two projects: what was added, removed, moved, renamed and changed, and what that does to figures.

Found field by field in the files' trees, so that it is complete: applied to the one project it gives the other, byte
for byte. What it says of nodes, wires and blocks is made from the same fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from graph_core.analysis import figures
from graph_core.graph import EditError, Project
from graph_core.itemized import Item, items_of
from graph_core.jsontext import FileError
from graph_core.leaves import leaves_of, put
from graph_core.propagate import engine_of
from graph_core.ways import ABSENT, Leaves, Way, same

SIGNS: Final = {"added": "+", "removed": "-", "moved": ">", "renamed": "~", "changed": "~"}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of the file, ABSENT where it is not there."""

    way: Way
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class NetworkFigures:
    """What a network costs, as ``analyze`` tells it, and how many errors it has."""

    params: int
    macs: int
    flops: int
    errors: int


@dataclass(frozen=True, slots=True)
class FiguresChange:
    """A network's figures before and after; None where there is no such network. ``network`` is its name after."""

    network: str
    old: NetworkFigures | None
    new: NetworkFigures | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What makes one project of another. ``fields`` is all of it; ``items`` says it in terms of the drawing."""

    fields: tuple[FieldChange, ...]
    items: tuple[Item, ...]
    figures: tuple[FiguresChange, ...]

    @property
    def same(self) -> bool:
        """Whether the two projects have the same file."""
        return not self.fields

    def lines(self) -> list[str]:
        """The difference as text: grouped by graph, one line a change, figures at the end; empty where there is none.

        ``+`` added, ``-`` removed, ``>`` moved from another graph, ``~`` renamed or changed.
        """
        if self.same:
            return []
        found: list[str] = []
        title = None
        for item in self.items:
            if not item.text:
                continue
            if item.place != title:
                title = item.place
                found += ["", title] if found else [title]
            found.append(f"  {SIGNS[item.kind]} {item.text}")
        figures = self.figure_lines()
        return [*found, "", *figures] if found and figures else found or figures

    def figure_lines(self) -> list[str]:
        """The change in figures, network by network."""
        found: list[str] = []
        for change in self.figures:
            rows = list(_figure_rows(change))
            if rows:
                width = max(len(name) for name, _ in rows)
                state = " (added)" if change.old is None else " (removed)" if change.new is None else ""
                found += [*([""] if found else []), f"figures of {change.network}{state}"]
                found += [f"  {name:<{width}}  {text}" for name, text in rows]
        return found

    def to_json(self) -> dict[str, Any]:
        """The fields of ``netwright diff --json``."""
        return {
            "same": self.same,
            "changes": [item.to_json() for item in self.items],
            "figures": {
                change.network: {
                    name: [None if one is None else getattr(one, name) for one in (change.old, change.new)]
                    for name in NetworkFigures.__slots__
                }
                for change in self.figures
            },
        }


def _figure_rows(change: FiguresChange) -> Iterator[tuple[str, str]]:
    titles = {"params": "parameters", "macs": "MACs", "flops": "FLOPs", "errors": "errors"}
    for name, title in titles.items():
        old, new = (None if one is None else getattr(one, name) for one in (change.old, change.new))
        if old is None or new is None:
            known = old if new is None else new
            if known or name != "errors":
                yield title, f"{known:,}"
        elif old != new:
            yield title, f"{old:,} → {new:,} ({'+' if new > old else '−'}{abs(new - old):,})"
        elif name != "errors":
            yield title, f"{old:,} (±0)"


def compare(old: Project, new: Project) -> Difference:
    """The difference that makes ``new`` of ``old``. Raises FileError where one of them holds what no file can."""
    before, after = leaves_of(old), leaves_of(new)
    fields = tuple(changed_fields(before, after))
    items = items_of(before, after, [change.way for change in fields])
    return Difference(fields, items, tuple(_figures(old, new, items)))


def changed_fields(before: Leaves, after: Leaves) -> Iterator[FieldChange]:
    """Each field that is not the same, those that went first."""
    for way, value in before.items():
        now = after.get(way, ABSENT)
        if not same(value, now):
            yield FieldChange(way, value, now)
    for way, value in after.items():
        if way not in before:
            yield FieldChange(way, ABSENT, value)


def apply(project: Project, difference: Difference, title: str = "Apply a difference") -> None:
    """Make the difference's changes, as one edit. Raises EditError, and changes nothing, where they do not fit."""
    if difference.same:
        return
    leaves = leaves_of(project)
    for change in difference.fields:
        if not same(leaves.get(change.way, ABSENT), change.old):
            raise EditError(
                f"{'.'.join(change.way)} is not what the difference begins with; apply it to the drawing it is of."
            )
    try:
        put(project, {change.way: change.new for change in difference.fields}, title)
    except FileError as error:
        raise EditError(f"The difference does not fit the drawing: {error}") from error


def _figures(old: Project, new: Project, items: tuple[Item, ...]) -> Iterator[FiguresChange]:
    was = {item.key: item.was for item in items if item.subject == "network" and item.kind == "renamed"}
    for network in new.networks:
        before = was.get(network, network)
        yield FiguresChange(network, _of(old, before) if before in old.networks else None, _of(new, network))
    for network in old.networks:
        if network not in new.networks and network not in was.values():
            yield FiguresChange(network, _of(old, network), None)


def _of(project: Project, network: str) -> NetworkFigures:
    totals = engine_of(project).root(network).totals
    return NetworkFigures(*figures(totals), totals.errors)
