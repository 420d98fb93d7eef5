"""A conflict of a merge: fields that two sides changed in two ways, kept in the file until a person chooses.

``ours`` stands in the drawing. Plain data: what choosing does is graph_core.choosing's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from graph_core.jsontext import FileError, check_plain, kind_of, shown
from graph_core.ways import ABSENT, Way, fits, is_way, takes

SIDES: Final = ("base", "ours", "theirs")
MAX_STEP: Final = 400  # characters of one step of a way: the end of a tie is the longest


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a conflict: its values before both sides, in ours and in theirs; ABSENT where it was not there."""

    way: Way
    base: Any
    ours: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """Fields that are chosen together: all as in ours, or all as in theirs."""

    parts: tuple[Part, ...]

    def tree(self) -> dict[str, Any]:
        """The conflict as it stands in the file; a value that is not there is left out."""
        return {"parts": [_part_tree(part) for part in self.parts]}


def _part_tree(part: Part) -> dict[str, Any]:
    values = {side: getattr(part, side) for side in SIDES}
    return {"at": list(part.way), **{side: value for side, value in values.items() if value is not ABSENT}}


def read_conflict(tree: Any, where: str) -> Conflict:
    """The conflict that a file holds; raises FileError, naming ``where``."""
    parts = tree.get("parts") if isinstance(tree, dict) and tree.keys() == {"parts"} else None
    if not isinstance(parts, list) or not parts:
        raise FileError(f"{where} has no parts; a conflict has a list of parts, and nothing else.")
    return Conflict(tuple(_read_part(part, f"{where}.parts.{place}") for place, part in enumerate(parts)))


def _read_part(tree: Any, where: str) -> Part:
    if not isinstance(tree, dict):
        raise FileError(f"{where} is {kind_of(tree)}; it takes an object with at, base, ours and theirs.")
    for name in tree:
        if name not in ("at", *SIDES):
            raise FileError(f"{where}.{shown(name)} is unknown; a part has at, base, ours and theirs.")
    at = tree.get("at")
    steps = at if isinstance(at, list) else []
    if not all(isinstance(step, str) and 0 < len(step) <= MAX_STEP for step in steps) or not is_way(tuple(steps)):
        raise FileError(f"{where}.at is {shown(at)}; it takes the way to a field, such as graphs, main, wires, c.x.")
    if "ours" not in tree and "theirs" not in tree:
        raise FileError(f"{where} has neither ours nor theirs; give it what can be chosen.")
    for side in SIDES:
        check_plain(tree.get(side), f"{where}.{side}")
        if not fits(tuple(steps), tree.get(side, ABSENT)):
            raise FileError(f"{where}.{side} is {shown(tree[side])}; it takes {takes(tuple(steps))}.")
    return Part(tuple(steps), *(tree.get(side, ABSENT) for side in SIDES))
