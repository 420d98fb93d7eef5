"""What a person puts on the sheet beside the nodes: frames, notes and bookmarks. They mean nothing to the network.

A graph keeps them by keys such as ``frame:1``, which no node's id can be; in the file they stand with the places of
nodes, one a line. All lengths are scene units, x to the right, y down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graph_core.jsontext import MAX_PLACE, FileError, kind_of, shown
from graph_core.names import numbered

MAX_TEXT: Final = 4000
LEAST_SIDE: Final = 24.0  # of a frame: it can still be held
ZOOMS: Final = (0.01, 16.0)
SLOTS: Final = range(1, 10)  # bookmarks are called by a digit
COLOR: Final = "block"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """A titled rectangle behind nodes; ``color`` names a family of layers."""

    at: Point
    size: Point
    text: str = ""
    color: str = COLOR


@dataclass(frozen=True, slots=True)
class Note:
    """Words on the sheet."""

    at: Point
    text: str = ""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A view to come back to: the middle of what is seen, and the zoom, 1 for 100 %."""

    at: Point
    zoom: float = 1.0


Mark = Frame | Note | Bookmark
KINDS: Final[Mapping[str, type[Mark]]] = {"frame": Frame, "note": Note, "bookmark": Bookmark}
_FIELDS: Final = {
    "frame": ("at", "size", "text", "color"),
    "note": ("at", "text"),
    "bookmark": ("at", "zoom"),
}


def is_mark(key: str) -> bool:
    """Whether a key of a graph's view is that of a mark, and not of a node."""
    return ":" in key


def kind_of_mark(key: str) -> str:
    """frame, note or bookmark."""
    return key.partition(":")[0]


def new_key(kind: str, taken: Iterable[str]) -> str:
    """A free key for a mark of a kind."""
    return numbered(f"{kind}:", set(taken))


def free_mark(key: str, taken: Iterable[str]) -> str:
    """Another key for a mark; "" for a bookmark, of which a digit has one."""
    return "" if kind_of_mark(key) == "bookmark" else new_key(kind_of_mark(key), taken)


def mark_tree(mark: Mark) -> dict[str, Any]:
    """A mark as it stands in the file."""
    tree: dict[str, Any] = {"at": _pair(mark.at)}
    match mark:
        case Frame():
            tree["size"] = _pair(mark.size)
            tree["text"] = mark.text
            tree["color"] = mark.color
        case Note():
            tree["text"] = mark.text
        case Bookmark():
            tree["zoom"] = _plain(mark.zoom)
    return tree


def read_mark(key: str, tree: Any) -> Mark:
    """The mark in a file under ``key``; raises FileError in one sentence that names the field."""
    kind, _, number = key.partition(":")
    if kind not in KINDS or not number.isascii() or not number.isdigit() or len(number) > 6 or number[0] == "0":
        raise FileError(f"{shown(key)} is no mark; they are called frame:1, note:1 or bookmark:1 to bookmark:9.")
    if kind == "bookmark" and int(number) not in SLOTS:
        raise FileError(f"{key} is no bookmark; they are called bookmark:1 to bookmark:9.")
    if type(tree) is not dict:
        raise FileError(f"{key} is {kind_of(tree)}; it takes an object with {', '.join(_FIELDS[kind])}.")
    for name in tree:
        if name not in _FIELDS[kind]:
            raise FileError(f"{key}.{shown(name)} is no field of a {kind}, which has {', '.join(_FIELDS[kind])}.")
    at = _read_pair(tree.get("at"), f"{key}.at", -MAX_PLACE)
    if kind == "bookmark":
        zoom = tree.get("zoom", 1)
        if type(zoom) not in (int, float) or not ZOOMS[0] <= zoom <= ZOOMS[1]:
            raise FileError(f"{key}.zoom is {shown(zoom)}; it takes a number from {ZOOMS[0]} to {ZOOMS[1]:g}.")
        return Bookmark(at, round(float(zoom), 4))
    text = tree.get("text", "")
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise FileError(f"{key}.text takes a text of up to {MAX_TEXT} characters; shorten it.")
    if kind == "note":
        return Note(at, text)
    color = tree.get("color", COLOR)
    if not isinstance(color, str) or not color.isidentifier() or len(color) > 40:
        raise FileError(f"{key}.color is {shown(color)}; it takes the name of a family of layers, such as {COLOR}.")
    return Frame(at, _read_pair(tree.get("size"), f"{key}.size", LEAST_SIDE), text, color)


def inside(frame: Frame, box: tuple[float, float, float, float]) -> bool:
    """Whether a box (x, y, w, h) lies wholly in a frame."""
    (x, y), (w, h) = frame.at, frame.size
    return x <= box[0] and y <= box[1] and box[0] + box[2] <= x + w and box[1] + box[3] <= y + h


def around(boxes: Iterable[tuple[float, float, float, float]], margin: Point, title: float) -> tuple[Point, Point]:
    """Where a frame lies, and its size, that goes round boxes (x, y, w, h) with room for its title above them."""
    rows = list(boxes)
    left, top = min(x for x, _, _, _ in rows) - margin[0], min(y for _, y, _, _ in rows) - margin[1] - title
    right, bottom = max(x + w for x, _, w, _ in rows) + margin[0], max(y + h for _, y, _, h in rows) + margin[1]
    return (left, top), (right - left, bottom - top)


def _pair(at: Point) -> list[float]:
    return [_plain(at[0]), _plain(at[1])]


def _plain(x: float) -> float:
    return int(x) if x == int(x) else x


def _read_pair(value: Any, where: str, least: float) -> Point:
    good = type(value) is list and len(value) == 2 and all(type(x) in (int, float) for x in value)
    if not good or not all(least <= x <= MAX_PLACE for x in value):
        raise FileError(f"{where} is {shown(value)}; it takes two numbers from {least:g} to {MAX_PLACE:g}.")
    return (round(float(value[0]), 2), round(float(value[1]), 2))
