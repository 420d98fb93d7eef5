"""A comparison: the other drawing, what changed from it to the open one, and how both are marked on their canvases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice
from time import perf_counter
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from designer.background import Steps, go_through
from designer.canvas.scene import Plate, Scene, Wire
from designer.document import Document
from designer.drawing import Drawing
from designer.figures import Figures, figures_of
from designer.lens import Lenses
from graph_core import Project
from graph_core.blocks import users_of
from graph_core.context import Context
from graph_core.difference import Difference, compare
from graph_core.effects import NodeFigures, changed_fields, contexts_of, figures_of_result, follows
from graph_core.itemized import Item

MOMENT = 0.05  # seconds that an edit may take longer for the comparison beside it
Thing = TypeVar("Thing")
Spot = tuple[str, str]  # a graph's key and the id of a node, wire, frame or note in it
_MARKS = {"added": "added", "removed": "removed", "moved": "moved", "renamed": "modified", "changed": "modified"}
FOLLOWS = "follows"
MOST = 300  # nodes that are told to follow from the changes


@dataclass(frozen=True, slots=True)
class Row:
    """One change as the rail lists it. ``spot`` is where it is in the open drawing, ``was`` where in the other.

    ``kind`` is that of its item, or ``follows`` for a node that nobody edited; ``lines`` are name, before and after.
    """

    kind: str
    place: str
    title: str
    said: str
    spot: Spot | None
    was: Spot | None
    lines: tuple[tuple[str, str, str], ...] = ()
    old: NodeFigures | None = None
    new: NodeFigures | None = None


class _Told:
    """What is worked out of one state of both drawings."""

    def __init__(self, old: Project, new: Project, network: str) -> None:
        self.difference: Difference = compare(old, new)
        self._old, self._new = old, new
        before = next((f.old for f in self.difference.figures if f.network == network), None)
        self.was = network if network in old.networks or before is None else self._called(network)
        self.old_contexts = contexts_of(old, self.was) if self.was in old.networks else {}
        self.new_contexts = contexts_of(new, network)
        self.old_marks: dict[Spot, str] = {}
        self.new_marks: dict[Spot, str] = {}
        self.old_figures = figures_of(old, self.was) if self.was in old.networks else None
        self.new_figures: Figures | None = figures_of(new, network)
        self._mark()

    def _called(self, network: str) -> str:
        items = (i for i in self.difference.items if i.subject == "network" and i.key == network)
        return next((item.was for item in items), network)

    def _mark(self) -> None:
        for item in self.difference.items:
            here = item.graph, item.key
            if item.subject in ("node", "frame", "note"):
                if item.kind != "removed":
                    self.new_marks[here] = _MARKS[item.kind]
                if item.kind != "added":
                    self.old_marks[item.origin or here] = _MARKS[item.kind]
            elif item.subject == "wire":
                if item.kind != "removed":
                    self.new_marks[here] = "added"
                if item.kind != "added":
                    self.old_marks[here] = "removed"
        for project, marks in ((self._old, self.old_marks), (self._new, self.new_marks)):
            todo = list(dict.fromkeys(i.graph for i in self.difference.items if i.graph in project.graphs and i.text))
            for key in todo:  # a block in which something changed is changed, and so are those it is used in
                for user, node in users_of(project, key):
                    if marks.setdefault((user.key, node.id), "modified") == "modified" and user.key not in todo:
                        todo.append(user.key)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Everything that changed, graph by graph along the flow, and what follows from it."""
        items = [item for item in self.difference.items if item.text or item.kind == "removed"]
        nodes = {(i.graph, i.key) for i in items if i.subject == "node" and i.kind in ("added", "removed")}
        told: list[Item] = []
        beside: dict[Spot, list[tuple[str, str, str]]] = {}
        for item in items:
            ends = _ends(item) if item.subject == "wire" else ()
            near = next(((item.graph, end) for end in ends if (item.graph, end) in nodes), None)
            if near is not None:  # it came or went with a node
                gone = item.kind == "removed"
                beside.setdefault(near, []).append(("wire", item.name if gone else "", "" if gone else item.name))
            elif item.text:
                told.append(item)
        graphs = {graph: place for place, graph in enumerate(dict.fromkeys(item.graph for item in told))}
        orders = [_places(contexts) for contexts in (self.new_contexts, self.old_contexts)]
        told.sort(key=lambda item: (graphs[item.graph], *_rank(item, orders)))
        rows = []
        for item in told:
            row, wires = self._row(item), beside.get((item.graph, item.key), ())
            rows.append(replace(row, lines=(*row.lines, *wires)) if wires else row)
        return (*rows, *self._following())

    def _following(self) -> list[Row]:
        """The nodes that nobody edited; a block in which something changed is one of them."""
        edited = {(i.graph, i.key) for i in self.difference.items if i.subject == "node"}
        after = follows(self.old_contexts, self.new_contexts, frozenset(edited))
        networks = set(self._new.network_keys.values())
        rows = []
        for one in after[:MOST]:
            place, spot = self._new.graphs[one.graph].name, (one.graph, one.node)
            title = one.name if one.graph in networks else f"{place} · {one.name}"
            rows.append(Row(FOLLOWS, place, title, "", spot, spot, (), one.old, one.new))
        return rows

    def _row(self, item: Item) -> Row:
        head, _, tail = item.text.partition(": ")
        title, said = (head, tail) if tail and " " not in head else (item.text, "")
        if item.kind in ("renamed", "moved") and item.subject == "node":
            title, said = item.name, item.text.removeprefix(f"{item.name} ")
        here = (item.graph, item.key.partition(".")[0]) if item.subject in ("node", "wire", "frame", "note") else None
        before = item.origin or here
        old = self._figures(self.old_contexts, before) if item.kind != "added" else None
        new = self._figures(self.new_contexts, here) if item.kind != "removed" else None
        gone, fresh = item.kind == "removed" and item.subject != "wire", item.kind == "added" and item.subject != "wire"
        lines = changed_fields(item, self._old, self._new) if item.subject == "node" else ()
        return Row(
            item.kind, item.place, title, said, None if gone else here, None if fresh else before, lines, old, new
        )

    @staticmethod
    def _figures(contexts: Mapping[str, Context], spot: Spot | None) -> NodeFigures | None:
        context = contexts.get(spot[0]) if spot is not None else None
        result = context.results.get(spot[1]) if context is not None and spot is not None else None
        return figures_of_result(result) if result is not None else None


def batched(items: Iterable[tuple[str, Thing]]) -> Iterator[list[tuple[str, Thing]]]:
    """A thousand at a time."""
    rest = iter(items)
    while many := list(islice(rest, 1000)):
        yield many


def _ends(item: Item) -> tuple[str, ...]:
    """The nodes at a wire's ends, before and after."""
    values = [value for value in item.fields.get("value", ()) if isinstance(value, str)]
    return item.key.partition(".")[0], *(value.partition(".")[0] for value in values)


def _places(contexts: Mapping[str, Context]) -> dict[Spot, float]:
    """Each node's place along the flow, from 0 to 1."""
    return {
        (key, id): place / len(context.order)
        for key, context in contexts.items()
        for place, id in enumerate(context.order)
    }


def _rank(item: Item, orders: list[dict[Spot, float]]) -> tuple[int, float]:
    """In its graph: what is no node first, then along the flow, then what only lies elsewhere."""
    if item.subject not in ("node", "wire"):
        return (2 if item.subject == "places" else 0), 0.0
    spot = item.graph, item.key.partition(".")[0]
    return 1, next((order[spot] for order in orders if spot in order), 1.0)


class Comparison(QObject):
    """From ``other`` to the open drawing of a document, as of the last edit, or of `refresh` where that takes long.

    ``before`` is a document of the other drawing that looks at the same graph. `told` fires when the rows are others,
    `compared` when they are so without an edit, `went` with the row that is looked at.
    """

    told = Signal()
    compared = Signal()
    went = Signal(int)

    def __init__(self, document: Document, other: Project, title: str) -> None:
        super().__init__(document)
        self.document, self.title = document, title
        self.before = Document(self)
        self.before.new(other)
        self.drawing = Drawing(self.before)
        self.row = -1
        self.seconds = 0.0
        self.overtaken = False  # by an edit: what is told is not of the drawing as it is
        self._told: _Told | None = None
        self._shown: tuple[Any, Scene] | None = None
        self._scenes: dict[bool, tuple[tuple[int, int], Scene, Any]] = {}  # marked, and what they were made of
        self._marked: dict[tuple[bool, str], tuple[Any, str, Any]] = {}
        self._project = document.project
        self._project.listeners.insert(0, self._edited)  # before whoever draws what was edited
        document.edited.connect(self._tell)
        self.there = False

    def end(self) -> None:
        """Listen no more."""
        if self._edited in self._project.listeners:
            self._project.listeners.remove(self._edited)
        self.document.edited.disconnect(self._tell)
        self.deleteLater()

    def _edited(self, _: object) -> None:
        if self.seconds < MOMENT:
            self._told = None
        else:
            self.overtaken = True

    def _tell(self, *_: object) -> None:
        self.told.emit()

    def refresh(self) -> None:
        """Compare as of now."""
        self._told = None
        self.told.emit()
        self.compared.emit()

    def sync(self) -> None:
        """Look, in the other drawing, at what the document looks at."""
        document, before = self.document, self.before
        before.network = self._now.was if self._now.was in before.project.networks else before.network
        before.trail = document.base
        before.depth = len(document.base)
        before.opened = dict(document.opened)
        before.leave_what_is_gone()
        self.there = before.depth == document.depth and self._now.was in before.project.networks

    @property
    def _now(self) -> _Told:
        if self._told is None:
            start = perf_counter()
            self._told = _Told(self.before.project, self.document.project, self.document.network)
            _ = self._told.rows
            self.seconds = perf_counter() - start
            self.overtaken = False
            self.row = min(self.row, len(self._told.rows) - 1)
        return self._told

    @property
    def rows(self) -> tuple[Row, ...]:
        """What changed."""
        return self._now.rows

    @property
    def figures(self) -> tuple[Figures | None, Figures | None]:
        """The network's totals before and after."""
        return self._now.old_figures, self._now.new_figures

    def go(self, row: int) -> None:
        """Look at a row."""
        if 0 <= row < len(self.rows):
            self.row = row
            self.went.emit(row)

    def step(self, by: int) -> None:
        """The next change, or the one before; round at the ends."""
        changes = [k for k, row in enumerate(self.rows) if row.kind != FOLLOWS] or list(range(len(self.rows)))
        if not changes:
            return
        if by > 0:
            self.go(next((k for k in changes if k > self.row), changes[0]))
        else:
            self.go(next((k for k in reversed(changes) if k < self.row), changes[-1]))

    def row_of(self, spot: Spot, *, old: bool = False) -> int:
        """The row that tells of a node, -1 for none."""
        return next((k for k, row in enumerate(self.rows) if (row.was if old else row.spot) == spot), -1)

    # Drawing -------------------------------------------------------------------------------------------------

    def marked(self, scene: Scene) -> Scene:
        """The open drawing's scene with its marks."""
        go_through(self._mark(scene, old=False))
        return self._scenes[False][1]

    def other_scene(self, lenses: Lenses) -> Scene:
        """What the other drawing has in the place that the document looks at."""
        go_through(self.other_steps(lenses))
        return self._shown[1] if self.there and self._shown is not None else Scene()

    def steps(self, scene: Scene, lenses: Lenses) -> Steps:
        """Mark both drawings, with a stop after each part of the work; `marked` and `other_scene` have it then."""
        yield from self.other_steps(lenses)
        yield from self._mark(scene, old=False)

    def other_steps(self, lenses: Lenses) -> Steps:
        """Draw and mark the other drawing, with a stop after each part of the work."""
        if self._told is None:
            yield partial(getattr, self, "rows")
        self.sync()
        if not self.there:
            return
        before = self.before
        key = (self._now, before.network, before.trail, dict(before.opened), lenses.lens, lenses.linear)
        if self._shown is None or self._shown[0] != key:
            self.drawing.heat = lenses.heat(before, before.contexts())[0]
            yield from self.drawing.steps()
            yield from self._mark(self.drawing.made, old=True)
            self._shown = key, self._scenes[True][1]

    def _mark(self, scene: Scene, *, old: bool) -> Steps:
        """Put marks on a scene of the one or the other drawing; it is kept in `_scenes`."""
        document, now = self.before if old else self.document, self._now
        if old in self._scenes and self._scenes[old][0] == (id(now), id(scene)):
            return
        graphs = {prefix: context.graph.key for prefix, context in document.contexts().items()}
        marks = now.old_marks if old else now.new_marks
        follow = {spot for row in now.rows if row.kind == FOLLOWS for spot in (row.was if old else row.spot,)}
        plates: dict[str, Plate] = {}
        wires: dict[str, Wire] = {}
        for many in batched(scene.plates.items()):
            yield
            for name, plate in many:
                head, slash, own = name.rpartition("/")
                spot = graphs.get(head + slash, ""), own
                mark = marks.get(spot, "" if spot in follow or plate.opened else "equal")
                plates[name] = self._kept(old, name, plate, plate.mark if plate.mark == "proposal" else mark)
        for many in batched(scene.wires.items()):
            yield
            for name, wire in many:
                if wire.mark == "proposal":
                    wires[name] = wire
                    continue
                head, slash, own = name.rpartition("/")
                mark = marks.get((graphs.get(head + slash, ""), own), "equal")
                wires[name] = self._kept(old, name, wire, mark if mark in ("added", "removed") else "equal")
        marked = Scene(plates, wires, scene.title, scene.legend)
        self._scenes[old] = (id(now), id(scene)), marked, (now, scene)

    def _kept(self, old: bool, id: str, thing: Any, mark: str) -> Any:
        """The same object as long as neither it nor its mark changes: the canvas tells changes by identity."""
        known = self._marked.get((old, id))
        if known is None or known[0] is not thing or known[1] != mark:
            made = replace(thing, mark=mark, changed=False) if isinstance(thing, Plate) else replace(thing, mark=mark)
            known = self._marked[old, id] = thing, mark, made
        return known[2]
