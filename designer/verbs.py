"""What the canvas asks for, done to the document: each intent becomes one edit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QInputDialog, QWidget

from designer.background import in_background
from designer.canvas.scene import PLATE_H_DETAIL, PLATE_W, End, plate_size
from designer.document import Document
from designer.drawing import Drawing
from designer.judge import DocumentJudge
from designer.late import MANY
from designer.marking import following, rects_of
from designer.plates import box_of, kind_of
from designer.room import make_room
from designer.search import Entry, catalogue
from designer.sheet_verbs import split
from designer.words import tr
from graph_core import EditError, Graph, edits, mark_edits
from graph_core.blocks import collapse
from graph_core.clipboard import copy, paste
from graph_core.copying import aside, duplicate
from graph_core.expanding import expand
from graph_core.marks import is_mark, kind_of_mark

if TYPE_CHECKING:
    from designer.search_popup import SearchPopup

STEP = 8


class Verbs(QObject):
    """Edits of the graph on the canvas. The window connects the canvas's signals and the menus to these."""

    def __init__(self, document: Document, drawing: Drawing, judge: DocumentJudge, window: QWidget) -> None:
        super().__init__(window)
        self._document = document
        self._drawing = drawing
        self._judge = judge
        self._window = window
        self._searched: tuple[float, float, tuple[str, str] | tuple[()], bool, str] = (0.0, 0.0, (), False, "")

    @cached_property
    def popup(self) -> SearchPopup:
        """Search-and-place, made when it is first asked for."""
        from designer.search_popup import SearchPopup

        popup = SearchPopup(self._window)
        popup.placed.connect(self._place_searched)
        return popup

    # Placing -------------------------------------------------------------------------------------------------

    def search(
        self, x: float, y: float, at: QPoint, end: tuple[str, str] | tuple[()], is_input: bool, wire: str = ""
    ) -> None:
        """Open search-and-place; from a wire's end, or for a place in a wire, it offers only what fits there."""
        self._searched = (x, y, end if not wire else (), is_input, wire)
        entries = catalogue(self._document.project)
        entries = [entry for entry in entries if entry.type != self._document.graph.key]
        self.popup.open_at(at, entries, (lambda entry: self._fits(entry, end, is_input)) if end else None)

    def search_behind(self, id: str, out: str, at: QPoint) -> None:
        """Search for what fits an output, and place it below its node, joined to it."""
        x, y = self._drawing.positions()[id]
        self.search(x + PLATE_W / 2, y + 2 * PLATE_H_DETAIL + STEP, at, (id, out), False)

    def _fits(self, entry: Entry, end: tuple[str, str] | tuple[()], is_input: bool) -> bool:
        goes_on = not self._searched[4] or self._judge.gives(entry.type)
        return len(end) == 2 and goes_on and self._judge.fits(entry.type, (end[0], end[1]), is_input)

    def search_into(self, wire: str, place: tuple[float, float], at: QPoint) -> None:
        """What can be put into a wire: what takes what it carries, and gives something."""
        node, _, port = self._document.graph.wires[wire].partition(".")
        self.search(*place, at, (node, port), False, wire)

    def _place_searched(self, type: str) -> None:
        x, y, end, is_input, wire = self._searched
        self.place(type, x, y, wire, end, is_input=is_input)

    def drop(self, type: str, x: float, y: float, wire: str, end: tuple[str, ...]) -> None:
        """Place what was dragged from the palette; the canvas tells the upper left corner."""
        self.place(type, x + PLATE_W / 2, y + PLATE_H_DETAIL / 2, wire, end)

    def place(
        self, type: str, x: float, y: float, wire: str = "", end: tuple[str, ...] = (), *, is_input: bool = False
    ) -> None:
        """Place a node with its middle at a point; into a wire, or joined to an end, where one is given."""
        document, graph = self._document, self._document.graph
        title = f"Place {graph.project.graphs[type].name if type in graph.project.graphs else type}"

        port = self._judge.port_for(type, (end[0], end[1]), is_input) if len(end) == 2 else ""

        def make() -> None:
            node = edits.add(graph, type)
            kind = kind_of(graph, node)
            w, h = plate_size(kind, node.name)
            at = (STEP * round((x - w / 2) / STEP), STEP * round((y - h / 2) / STEP))
            if wire:
                self._insert(graph, wire, node.id, at)
                return
            edits.move(graph, {node.id: at})
            if end and is_input:
                edits.connect(graph, f"{node.id}.{port or graph.out_ports(node)[0]}", f"{end[0]}.{end[1]}")
            elif end and graph.in_ports(node):
                edits.connect(graph, f"{end[0]}.{end[1]}", f"{node.id}.{port or graph.in_ports(node)[0]}")

        before = set(graph.nodes)
        if document.edit(make, title):
            document.select(set(graph.nodes) - before)

    # Wires ---------------------------------------------------------------------------------------------------

    def connect_ends(self, source: End, target: End) -> None:
        """Wire two ports, unless that would close a loop or carry a wrong kind: then the reason is told."""
        graph = self._document.graph
        verdict = self._judge.wire(source, target)
        if not verdict.ok:
            self._document.refused.emit(f"{verdict.sentence}.")
            return
        self._document.edit(lambda: edits.connect(graph, ".".join(source), ".".join(target)))

    def disconnect_end(self, target: End) -> None:
        """Take a wire away."""
        self.remove_wires((".".join(target),))

    def reroute(self, wire: str, source: End, target: End) -> None:
        """Move a wire's end to another port, as one edit."""
        graph = self._document.graph
        verdict = self._judge.wire(source, target)
        if not verdict.ok:
            self._document.refused.emit(f"{verdict.sentence}.")
            return

        def make() -> None:
            if wire in graph.wires and wire != ".".join(target):
                edits.disconnect(graph, wire)
            edits.connect(graph, ".".join(source), ".".join(target))

        self._document.edit(make, "Re-route a wire")

    def remove_wires(self, wires: tuple[str, ...]) -> None:
        """Take wires away."""
        graph = self._document.graph

        def make() -> None:
            for wire in wires:
                if wire in graph.wires:
                    edits.disconnect(graph, wire)

        if wires:
            self._document.edit(make, "Remove a wire" if len(wires) == 1 else f"Remove {len(wires)} wires")

    # Nodes ---------------------------------------------------------------------------------------------------

    def move(self, ids: tuple[str, ...], dx: float, dy: float) -> None:
        """Move plates."""
        places = self._drawing.positions()
        graph = self._document.graph
        moved = {id: (places[id][0] + dx, places[id][1] + dy) for id in ids if id in places}
        marks = {id: (graph.marks[id].at[0] + dx, graph.marks[id].at[1] + dy) for id in ids if id in graph.marks}
        if moved and not marks:
            self._document.edit(lambda: edits.move(graph, moved))
        elif marks:

            def make() -> None:
                edits.move(graph, moved)
                mark_edits.move_marks(graph, marks)

            self._document.edit(make, f"Move {_count(graph, (*moved, *marks))}")

    def move_into_wire(self, ids: tuple[str, ...], wire: str, dx: float, dy: float) -> None:
        """Move a plate and put it into the wire it was dropped on."""
        graph = self._document.graph
        places = self._drawing.positions()

        def make() -> None:
            edits.move(graph, {id: (places[id][0] + dx, places[id][1] + dy) for id in ids})
            self._insert(graph, wire, ids[0], graph.view[ids[0]])

        self._document.edit(make, f"Insert {graph.nodes[ids[0]].name}")

    def put_into_wire(self, id: str, wire: str) -> None:
        """Put a node into a wire from wherever it stands."""
        graph, places = self._document.graph, self._drawing.positions()
        box = box_of(graph, graph.nodes[id])
        x, y = self.middle_of(wire)
        at = (STEP * round((x - box.w / 2) / STEP), STEP * round((y - box.h / 2) / STEP))
        loose = not any(end.partition(".")[0] in graph.view for end in (wire, graph.wires.get(wire, "")))

        def make() -> None:
            if not loose:
                edits.move(graph, {id: places[id]})
            self._insert(graph, wire, id, at)

        self._document.edit(make, f"Insert {graph.nodes[id].name}")

    def middle_of(self, wire: str) -> tuple[float, float]:
        """The middle between the two ends of a wire."""
        graph, places = self._document.graph, self._drawing.positions()
        boxes = rects_of(graph, {id: places[id] for id in (graph.wires[wire].split(".")[0], wire.split(".")[0])})
        (sx, sy, sw, sh), (tx, ty, tw, _) = boxes.values()
        return (sx + sw / 2 + tx + tw / 2) / 2, (sy + sh + ty) / 2

    def _insert(self, graph: Graph, wire: str, id: str, at: tuple[float, float]) -> None:
        """Put a node into a wire, and make room for it; in a drawing that nobody has placed, all is arranged anew."""
        if wire not in graph.wires:
            raise EditError("There is no such wire any more; drop it on another.")
        source, target = graph.wires[wire].split(".")[0], wire.split(".")[0]
        places = self._drawing.positions()
        edits.insert_on_wire(graph, wire, id)
        if source in graph.view or target in graph.view:
            edits.move(graph, make_room(graph, places, (source, target), id, at))

    def remove(self, ids: tuple[str, ...], heal: bool) -> None:
        """Remove plates; healed, their neighbours are wired together."""
        graph = self._document.graph
        nodes, marks = split(ids)

        def make() -> None:
            edits.remove(graph, nodes, heal=heal)
            mark_edits.remove_marks(graph, marks)

        if ids:
            self._document.edit(make, f"Remove {_count(graph, ids)}")

    def copy_by_drag(self, ids: tuple[str, ...], dx: float, dy: float) -> None:
        """A copy, with the wires among and into it, moved by this much."""
        graph = self._document.graph
        nodes, marks = split(ids)
        keep = self._keeper(nodes)
        made: list[str] = []

        def make() -> None:
            made.extend(mark_edits.copy_marks(graph, {key: graph.marks[key] for key in marks}, (dx, dy)))
            if not nodes:
                return
            keep()
            copies = duplicate(graph, nodes, (dx, dy))
            made.extend(copies.values())
            for target, source in list(graph.wires.items()):
                node, _, port = target.partition(".")
                if node in copies and source.partition(".")[0] not in copies:
                    edits.connect(graph, source, f"{copies[node]}.{port}")

        if self._document.edit(make, f"Duplicate {_count(graph, ids)}"):
            self._document.select(made)

    def _keeper(self, ids: tuple[str, ...]) -> Callable[[], None]:
        """Writes down, inside an edit, the places of nodes that were only arranged so far."""
        graph = self._document.graph
        places = self._drawing.positions()
        loose = {id: places[id] for id in ids if id not in graph.view}
        return lambda: edits.move(graph, loose) if loose else None

    def duplicate_selection(self) -> None:
        """A copy beside the original; of many nodes, beside the drawing."""
        if self._document.chosen:
            places = self._drawing.positions()
            chosen = {id: places[id] for id in self._document.selection}
            self.copy_by_drag(self._document.chosen, *aside(self._document.graph, chosen, (24, 24)))

    def copy_selection(self) -> None:
        """The selection as text on the clipboard."""
        if self._document.chosen:
            QGuiApplication.clipboard().setText(copy(self._document.graph, self._document.chosen))

    def cut_selection(self) -> None:
        """Copy, then remove."""
        graph, ids = self._document.graph, self._document.chosen
        nodes, marks = split(ids)

        def make() -> None:
            edits.remove(graph, nodes, heal=False)
            mark_edits.remove_marks(graph, marks)

        if ids:
            self.copy_selection()
            self._document.edit(make, f"Cut {_count(graph, ids)}")

    def paste_at(self, at: tuple[float, float] | None = None) -> None:
        """What the clipboard's text describes."""
        graph, text = self._document.graph, QGuiApplication.clipboard().text()
        made: list[str] = []
        if self._document.edit(lambda: made.extend(paste(graph, text, at=at))):
            self._document.select(made)

    def connect_selection(self) -> None:
        """Wire the selected nodes in the order they were chosen."""
        ids = self._document.selection
        graph = self._document.graph
        if len(ids) > 1:
            self._document.edit(lambda: edits.connect_chain(graph, ids))

    def arrange_all(self) -> None:
        """Lay the graph out anew, in columns as high as the canvas; what stands well stays where it is."""
        graph = self._document.graph
        now, height = self._drawing.positions(), self._drawing.column()

        def work() -> dict[str, tuple[float, float]]:
            return self._drawing.arranged(near=now, height=height)

        places = in_background(work) if len(graph.nodes) > MANY else work()
        before, after = rects_of(graph, now), rects_of(graph, places)

        def make() -> None:
            edits.move(graph, {id: at for id, at in places.items() if id in graph.nodes})
            for key, mark in following(graph.marks, before, after).items():
                mark_edits.put(graph, key, mark, tr("Arrange"))

        if places:
            self._document.edit(make, tr("Arrange"))

    def collapse_selection(self) -> None:
        """Make a block of the selection; its name is asked for."""
        ids = self._document.selection
        if not ids:
            self._document.refused.emit(tr("Nothing is selected; select what becomes the block."))
            return
        name, fine = QInputDialog.getText(self._window, tr("Collapse to block"), tr("Name of the block"), text="Block")
        if fine:
            self.collapse(ids, name.strip())

    def collapse(self, ids: tuple[str, ...], name: str) -> None:
        """Make a block called ``name`` of nodes."""
        keep = self._keeper(ids)
        graph, context = self._document.graph, self._document.context()
        shapes = {
            f"{id}.{port}": spec.shape
            for id, result in context.results.items()
            for port, spec in zip(graph.out_ports(result.node), result.specs, strict=False)
            if spec is not None
        }
        made: list[str] = []

        def make() -> None:
            keep()
            made.append(collapse(graph, ids, name, shapes=shapes).id)

        if self._document.edit(make, f"Collapse {_count(graph, ids)} to {name}"):
            self._document.select(made)

    def expand_selection(self) -> None:
        """Put the insides of the selected block in its place."""
        graph = self._document.graph
        blocks = [id for id in self._document.selection if graph.nodes[id].type in graph.project.graphs]
        if not blocks:
            self._document.refused.emit(tr("No block is selected; select the block to expand."))
            return
        made: list[str] = []
        title = f"Expand {graph.nodes[blocks[0]].name}" if len(blocks) == 1 else f"Expand {len(blocks)} blocks"
        if self._document.edit(lambda: made.extend(id for block in blocks for id in expand(graph, block)), title):
            self._document.select(made)


def _count(graph: Graph, ids: tuple[str, ...]) -> str:
    if len(ids) != 1:
        return f"{len(ids)} {'things' if any(map(is_mark, ids)) else 'nodes'}"
    return f"a {kind_of_mark(ids[0])}" if is_mark(ids[0]) else graph.nodes[ids[0]].name
