"""Between the canvas, on which blocks may be opened in place, and the verbs, which work on one graph at a time.

What lies in an opened block has the ids on the way down, joined by /, for its id on the canvas. Whatever the canvas
asks for is asked of the graph in which it lies.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu

from designer.canvas.scene import GRID, End, Verdict
from designer.canvas.surface import Canvas
from designer.document import Document, Step
from designer.drawing import Drawing
from designer.judge import DocumentJudge
from designer.menus import context_menu
from designer.verbs import Verbs
from designer.wire_menu import sources_menu
from designer.words import tr

if TYPE_CHECKING:
    from designer.inline import InlineEdit
    from designer.panels.outline import OutlineTree

APART = tr("The two ends lie in different blocks; join them through the block's ports.")


def above(plate: str) -> str:
    """The opened block in which a plate or wire lies, by its path; "" on the canvas itself."""
    return plate.rpartition("/")[0]


def own(plate: str) -> str:
    """The id of a plate or wire in its own graph."""
    return plate.rpartition("/")[2]


def joined(document: Document, source: End, target: End) -> tuple[tuple[Step, ...], End, End] | None:
    """The steps to the graph in which two ends meet, and the ends there; None if they lie in different graphs.

    The inner side of an opened block's port is the Input or Output that it stands for.
    """
    outer, inner = above(source[0]), above(target[0])
    if outer == inner:
        return document.steps(outer), (own(source[0]), source[1]), (own(target[0]), target[1])
    if source[0] == inner and (end := _through(document, inner, source[1], out=True)):
        return document.steps(inner), end, (own(target[0]), target[1])
    if target[0] == outer and (end := _through(document, outer, target[1], out=False)):
        return document.steps(outer), (own(source[0]), source[1]), end
    return None


def _through(document: Document, path: str, port: str, *, out: bool) -> End | None:
    """The end inside that a sheet's port stands for; None for a port whose inner side is the other one."""
    with document.at((*document.base, *document.steps(path))):
        graph = document.graph
        node = graph.nodes.get(port)
        ports = [] if node is None else graph.out_ports(node) if out else graph.in_ports(node)
    return (port, ports[0]) if ports else None


class CanvasJudge:
    """The judge whom the canvas asks: in the graph in which the ends lie; see designer.canvas.scene.Judge."""

    def __init__(self, document: Document, judge: DocumentJudge) -> None:
        self._document, self._judge = document, judge

    def wire(self, source: End, target: End) -> Verdict:
        """Would a wire from this output to this input do?"""
        found = joined(self._document, source, target)
        if found is None:
            return Verdict(False, APART.rstrip("."))
        with self._document.at((*self._document.base, *found[0])):
            return self._judge.wire(found[1], found[2])

    def insert(self, what: str, wire: str) -> Verdict:
        """Would a plate, or a new node of a type, fit into this wire?"""
        document, path = self._document, above(wire)
        with document.at(document.base):
            lies = above(what) if "/" in what else "" if what in document.graph.nodes else path
        if lies != path:
            return Verdict(False, APART.rstrip("."))
        with document.at((*document.base, *document.steps(path))):
            return self._judge.insert(own(what), own(wire))


class InPlace(QObject):
    """Takes the canvas's signals and gives them to the verbs."""

    def __init__(
        self, document: Document, drawing: Drawing, judge: DocumentJudge, verbs: Verbs, canvas: Canvas
    ) -> None:
        super().__init__(verbs)
        self._document, self._drawing, self._judge = document, drawing, judge
        self._verbs, self._canvas = verbs, canvas
        self.tell_keys: Callable[[QMenu], None] = lambda menu: None  # says beside each entry which key does it

    def take(self, plates: tuple[str, ...]) -> tuple[str, ...]:
        """Work on the graph in which the last of these plates or wires lies; those that lie there, by their own ids.

        What is only proposed is not there.
        """
        if not plates:
            return ()
        path = above(plates[-1])
        self._document.dive(self._document.steps(path))
        graph = self._document.graph
        mine = [own(plate) for plate in plates if above(plate) == path]
        return tuple(id for id in mine if id in graph.nodes or id in graph.wires or id in graph.marks)

    def select(self, plates: tuple[str, ...]) -> None:
        """What was selected on the canvas; nothing is: then the canvas's own graph is worked on."""
        if not plates:
            self._document.dive(())
        self._document.select(self.take(plates))

    # Plates --------------------------------------------------------------------------------------------------

    def move(self, plates: tuple[str, ...], dx: float, dy: float) -> None:
        """Dragged or nudged."""
        self._verbs.move(self.take(plates), dx, dy)

    def copy(self, plates: tuple[str, ...], dx: float, dy: float) -> None:
        """Dragged with Alt."""
        if ids := self.take(plates):
            self._verbs.copy_by_drag(ids, dx, dy)

    def remove(self, plates: tuple[str, ...], heal: bool) -> None:
        """Del, and Shift+Del."""
        self._verbs.remove(self.take(plates), heal)

    def into_wire(self, plates: tuple[str, ...], wire: str, dx: float, dy: float) -> None:
        """Dropped on a wire."""
        if above(plates[-1]) != above(wire):
            self._document.refused.emit(APART)
            return
        if ids := self.take(plates):
            self._verbs.move_into_wire(ids, own(wire), dx, dy)

    def open(self, plate: str) -> None:
        """Double-clicked: look into the block."""
        for block in self.take((plate,)):
            self._document.enter(block, self._document.opened.get(plate, 0))

    def open_selection(self) -> None:
        """Look into the selected block."""
        document = self._document
        chosen = document.selection
        if not chosen or document.graph.nodes[chosen[-1]].type not in document.project.graphs:
            document.refused.emit(tr("No block is selected; select the block to look into."))
            return
        self.open(document.prefix + chosen[-1])

    def toggle(self, plate: str) -> None:
        """Open a block where it stands, or close it again."""
        if plate in self._document.opened:
            self._document.fold(plate)
        else:
            self._document.unfold(plate)

    def join_canvas(self) -> None:
        """What the canvas asks for is done."""
        canvas = self._canvas
        canvas.moved.connect(self.move)
        canvas.copied_by_drag.connect(self.copy)
        canvas.connected.connect(self.connect)
        canvas.disconnected.connect(self.disconnect_end)
        canvas.rerouted.connect(self.reroute)
        canvas.cut.connect(self.remove_wires)
        canvas.wires_deleted.connect(self.remove_wires)
        canvas.dropped_on_wire.connect(self.into_wire)
        canvas.placed.connect(self.drop)
        canvas.search_requested.connect(self.search)
        canvas.deleted.connect(self.remove)
        canvas.opened.connect(self.open)
        canvas.peeked.connect(self.toggle)
        canvas.inline_requested.connect(self.edit_here)

    def join_outline(self, tree: OutlineTree) -> None:
        """The outline's keys and menu do to its selection what the canvas's do."""
        tree.peeked.connect(self.toggle_selection)
        tree.menu_requested.connect(lambda at: self._menu_in_outline(tree, at))
        tree.deleted.connect(lambda heal: self._verbs.remove(self._document.chosen, heal))
        tree.wires_deleted.connect(self._verbs.remove_wires)
        tree.wires_chosen.connect(self._choose_wires)
        tree.reroute_requested.connect(self._lead_elsewhere)
        tree.inline_requested.connect(self.edit_here)
        self._canvas.wire_selected.connect(lambda wires: self._show_wires(tree, wires))
        tree.nudged.connect(lambda dx, dy: self._verbs.move(self._document.chosen, dx * GRID, dy * GRID))

    def _menu_in_outline(self, tree: OutlineTree, at: QPoint) -> None:
        """The canvas's own menu: of what is selected, else of the sheet's middle."""
        prefix, chosen, wires = self._document.prefix, self._document.chosen, tree.wires
        plates = tuple(prefix + id for id in chosen)
        self._canvas.context_menu.emit(plates, prefix + wires[-1] if wires and not plates else "", at)

    def _choose_wires(self, wires: tuple[str, ...]) -> None:
        """Wires were chosen in the outline: they are on the canvas, too, and the last one's end is in sight."""
        canvas, shown = self._canvas, [self._document.prefix + wire for wire in wires]
        canvas.select((), shown)
        if shown:
            canvas.reveal(shown[-1].rpartition(".")[0])

    def _show_wires(self, tree: OutlineTree, wires: tuple[str, ...]) -> None:
        """Wires were chosen on the canvas."""
        path = above(wires[-1]) if wires else self._document.prefix.rstrip("/")
        trail = (*self._document.base, *self._document.steps(path))
        tree.show_wires(trail, tuple(own(wire) for wire in wires if above(wire) == path))

    def _lead_elsewhere(self, wire: str, at: QPoint) -> None:
        """Have chosen what a wire comes from."""
        menu = QMenu(self._canvas.window())
        sources_menu(self._document, self._judge, self._verbs, wire, menu)
        menu.exec(at)
        menu.deleteLater()

    def menu(self, plates: tuple[str, ...], wire: str, at: QPoint, place: tuple[float, float]) -> QMenu:
        """What can be done to what is under the pointer."""
        lies = plates or ((wire,) if wire else ())
        ids = self.take(lies)
        if not lies:
            self._document.dive(self._document.steps(self._sheet_at(*place)))
        shown, local = (plates[-1] if plates else ""), self._local(*place)
        if wire and not self._canvas.rect().contains(self._canvas.mapFromGlobal(at)):
            local = self._verbs.middle_of(own(wire))  # asked for in the outline
        menu = context_menu(
            self._canvas.window(),
            self._document,
            self._judge,
            self._verbs,
            ids if plates else (),
            own(wire),
            at,
            local,
            lambda: self.toggle(shown),
            shown in self._document.opened,
        )
        self.tell_keys(menu)
        return menu

    @cached_property
    def inline(self) -> InlineEdit:
        """The card that edits a node where it stands, made when it is first asked for."""
        from designer.inline import InlineEdit

        return InlineEdit(self._document, self._canvas)

    def edit_here(self, plate: str = "") -> None:
        """Edit the parameters of a node, of the selected one where none is given, under its plate."""
        document = self._document
        plate = plate or (document.prefix + document.selection[-1] if document.selection else "")
        node = "".join(self.take((plate,)) if plate else ())
        if node not in document.graph.nodes:
            document.refused.emit(tr("No node is selected; select the one to edit."))
            return
        document.select((node,))
        shown, canvas = self._canvas.scene.plates[plate], self._canvas
        self.inline.open_at(node, canvas.mapToGlobal(canvas.camera.to_view(shown.x, shown.y + shown.h + 6).toPoint()))

    def toggle_selection(self) -> None:
        """Open the selected block where it stands, or close it."""
        chosen = self._document.selection
        if not chosen or self._document.graph.nodes[chosen[-1]].type not in self._document.project.graphs:
            self._document.refused.emit(tr("No block is selected; select the block to open in place."))
            return
        self.toggle(self._document.prefix + chosen[-1])

    # Wires ---------------------------------------------------------------------------------------------------

    def connect(self, source: End, target: End) -> None:
        """A wire was drawn."""
        found = joined(self._document, source, target)
        if found is None:
            self._document.refused.emit(APART)
            return
        self._document.dive(found[0])
        self._verbs.connect_ends(found[1], found[2])

    def reroute(self, wire: str, source: End, target: End) -> None:
        """A wire's end was dragged to another port."""
        found = joined(self._document, source, target)
        if found is None or "/".join(step.node for step in found[0]) != above(wire):
            self._document.refused.emit(APART)
            return
        self._document.dive(found[0])
        self._verbs.reroute(own(wire), found[1], found[2])

    def disconnect_end(self, target: End) -> None:
        """A wire was pulled off and let go."""
        for node in self.take((target[0],)):
            self._verbs.disconnect_end((node, target[1]))

    def remove_wires(self, wires: tuple[str, ...]) -> None:
        """Wires were cut or deleted."""
        self._verbs.remove_wires(self.take(wires))

    # Placing -------------------------------------------------------------------------------------------------

    def drop(self, type: str, x: float, y: float, wire: str, end: tuple[str, ...]) -> None:
        """A type was dropped from the palette: into a wire, beside an end, or on a sheet."""
        path = above(wire) if wire else above(end[0]) if end else self._sheet_at(x, y)
        self._document.dive(self._document.steps(path))
        x, y = self._local(x, y)
        self._verbs.drop(type, x, y, own(wire), (own(end[0]), end[1]) if end else ())

    def search(self, x: float, y: float, at: QPoint, end: tuple[str, str] | tuple[()], is_input: bool) -> None:
        """Search-and-place was asked for, from the void or from a wire's end."""
        self._document.dive(self._document.steps(above(end[0]) if end else self._sheet_at(x, y)))
        x, y = self._local(x, y)
        self._verbs.search(x, y, at, (own(end[0]), end[1]) if len(end) == 2 else (), is_input)

    def _local(self, x: float, y: float) -> tuple[float, float]:
        return self._drawing.local(self._document.prefix, x, y)

    def _sheet_at(self, x: float, y: float) -> str:
        """The innermost opened block under a place on the canvas."""
        found = ""
        for path, (left, top, w, h) in self._drawing.sheets.items():
            if left <= x <= left + w and top <= y <= top + h and len(path) > len(found):
                found = path
        return found
