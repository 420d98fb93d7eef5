"""Every way to change the marks on a sheet. Each function makes one edit, checked and named, or raises EditError."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from graph_core.graph import EditError, Graph
from graph_core.jsontext import FileError
from graph_core.marks import (
    COLOR,
    SLOTS,
    Bookmark,
    Frame,
    Mark,
    Note,
    Point,
    kind_of_mark,
    mark_tree,
    new_key,
    read_mark,
)


def put(graph: Graph, key: str, mark: Mark | None, title: str) -> None:
    """Give a key another mark, or take it away (None), as an edit of that title."""
    if mark is not None:
        try:
            mark = read_mark(key, mark_tree(mark))
        except (FileError, OverflowError, ValueError) as error:
            raise EditError(str(error)) from error
    with graph.project.editing(title):
        graph.project.record(graph.key, "marks", key, mark)


def add_frame(graph: Graph, at: Point, size: Point, text: str = "", color: str = COLOR) -> str:
    """Put a frame on the sheet; its key."""
    key = new_key("frame", graph.marks)
    put(graph, key, Frame(at, size, text, color), "Add a frame")
    return key


def add_note(graph: Graph, at: Point, text: str = "") -> str:
    """Put a note on the sheet; its key."""
    key = new_key("note", graph.marks)
    put(graph, key, Note(at, text), "Add a note")
    return key


def set_bookmark(graph: Graph, slot: int, at: Point, zoom: float) -> None:
    """Bookmark a view under a digit, which then is that of no other graph."""
    key = f"bookmark:{slot}"
    if slot not in SLOTS:
        raise EditError(f"There is no bookmark {slot}; they go from {SLOTS[0]} to {SLOTS[-1]}.")
    title = f"Set bookmark {slot}"
    with graph.project.editing(title):
        for other in graph.project.graphs.values():
            if key in other.marks and other is not graph:
                put(other, key, None, title)
        put(graph, key, Bookmark(at, zoom), title)


def set_text(graph: Graph, key: str, text: str) -> None:
    """Give a frame another title, or a note other words."""
    mark = _mark(graph, key)
    if isinstance(mark, Bookmark):
        raise EditError(f"Bookmark {key.partition(':')[2]} has no text; add a note.")
    put(graph, key, replace(mark, text=text), f"Set the text of a {kind_of_mark(key)}")


def set_color(graph: Graph, key: str, color: str) -> None:
    """Give a frame the colour of a family of layers."""
    mark = _mark(graph, key)
    if not isinstance(mark, Frame):
        raise EditError(f"A {kind_of_mark(key)} has one colour; only frames take others.")
    put(graph, key, replace(mark, color=color), "Set the colour of a frame")


def resize(graph: Graph, key: str, at: Point, size: Point) -> None:
    """Give a frame another place and size."""
    mark = _mark(graph, key)
    if not isinstance(mark, Frame):
        raise EditError(f"A {kind_of_mark(key)} is as large as its text; only frames take another size.")
    put(graph, key, replace(mark, at=at, size=size), "Resize a frame")


def move_marks(graph: Graph, places: Mapping[str, Point]) -> None:
    """Place marks elsewhere; the top left corner of each."""
    title = _title("Move", places)
    with graph.project.editing(title):
        for key, at in places.items():
            put(graph, key, replace(_mark(graph, key), at=at), title)


def remove_marks(graph: Graph, keys: Iterable[str]) -> None:
    """Take marks away; what lies in a frame stays."""
    gone = list(dict.fromkeys(keys))
    title = _title("Remove", gone)
    with graph.project.editing(title):
        for key in gone:
            _mark(graph, key)
            put(graph, key, None, title)


def copy_marks(graph: Graph, marks: Mapping[str, Mark], by: Point) -> list[str]:
    """Put copies of marks on the sheet, ``by`` further; their keys. Bookmarks are left out: a digit has one view."""
    made = []
    with graph.project.editing(_title("Copy", marks)):
        for key, mark in marks.items():
            if not isinstance(mark, Bookmark):
                made.append(new_key(kind_of_mark(key), graph.marks))
                at = (mark.at[0] + by[0], mark.at[1] + by[1])
                put(graph, made[-1], replace(mark, at=at), "Copy")
    return made


def _mark(graph: Graph, key: str) -> Mark:
    if key not in graph.marks:
        raise EditError(f"{graph.name} has no {key}.")
    return graph.marks[key]


def _title(verb: str, keys: Iterable[str]) -> str:
    found = list(keys)
    return f"{verb} a {kind_of_mark(found[0])}" if len(found) == 1 else f"{verb} {len(found)} marks"
