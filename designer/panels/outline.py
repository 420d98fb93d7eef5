"""The outline: the same document as a tree of nodes, wires, frames and notes. What the canvas can do, it can too."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from designer.controls import row_focus
from designer.document import Document, Step
from designer.late import MANY
from designer.panels.outline_model import GLYPH, PROBLEM, SHAPE, Index, OutlineModel
from designer.panels.outline_rows import Item, is_note
from designer.style import dress
from designer.theme import themes
from designer.widgets import SearchField
from designer.words import tr

ARROWS = {Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1), Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0)}
NUDGING = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
STALE_MS = 150  # edits that follow each other sooner are laid out once


class _Row(QStyledItemDelegate):
    """Glyph, name, output shape at the right; a problem replaces the glyph."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(option.rect.width(), themes.current.size("row"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = themes.current
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        full = QRect(0, rect.y(), option.widget.width() if option.widget else rect.right(), rect.height())
        if selected or hovered:
            painter.fillRect(full, theme.color("acctint" if selected else "hover"))
        if selected:
            painter.fillRect(QRect(0, rect.y(), 2, rect.height()), theme.color("accent"))
        row_focus(theme, option, painter)
        drawn = index.data(GLYPH)
        if drawn is None:  # its node is gone, and the rows of a large drawing follow in a moment
            return
        problem = index.data(PROBLEM)
        glyph = {"error": "ui_err", "warning": "ui_warn", "note": "ui_note"}.get(problem or "", drawn)
        ink = theme.color({"error": "error", "warning": "warn"}.get(problem, "note")) if problem else None
        family = "io" if glyph == "io_out" else glyph
        own = theme.color("wire") if family.startswith("ui_") else theme.family(family)
        cell = QRectF(rect.x() + 4, rect.y() + (rect.height() - 16) / 2, 16, 16)
        theme.paint_glyph(painter, glyph, cell, ink or own)
        shape = index.data(SHAPE) or ""
        painter.setFont(theme.ui_font("mono_small"))
        painter.setPen(theme.color("error" if problem == "error" else "ink3"))
        width = painter.fontMetrics().horizontalAdvance(shape)
        painter.drawText(
            rect.adjusted(0, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shape
        )
        minor = glyph == "ui_wire"
        painter.setFont(theme.ui_font("strong" if selected else "small" if minor else "ui"))
        painter.setPen(theme.color("ink2" if minor and not selected else "ink"))
        room = QRect(rect.x() + 28, rect.y(), max(20, rect.width() - 28 - width - 20), rect.height())
        name = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)


class OutlineTree(QTreeView):
    """F2 renames, Delete removes and heals, Return opens a block or edits a layer, Space opens in place, arrows walk.

    Right opens the wires of a node; of a wire, Return tells what else it may come from, and Delete removes it.
    Everything else that the canvas does with what is selected is in its menu, under the menu key or a right click.
    """

    menu_requested = Signal(QPoint)  # where, on the screen
    peeked = Signal()
    edit_requested = Signal()
    inline_requested = Signal()
    deleted = Signal(bool)  # what is selected; healed or not
    wires_chosen = Signal(tuple)  # (wire ids) of the graph that is worked on
    wires_deleted = Signal(tuple)
    reroute_requested = Signal(str, QPoint)
    nudged = Signal(int, int)  # steps of the grid to the right and down

    def __init__(self, document: Document, model: OutlineModel) -> None:
        super().__init__()
        self._document = document
        self.settled: Callable[[], None] = lambda: None  # have the rows as of now
        self.show_wires: Callable[[tuple[Step, ...], tuple[str, ...]], None] = lambda trail, wires: None
        self.wires: tuple[str, ...] = ()  # the chosen ones
        self.setModel(model)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(16)
        self.setMouseTracking(True)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setSelectionMode(QTreeView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QTreeView.EditTrigger.EditKeyPressed)
        self.setItemDelegate(_Row(self))
        self.setAccessibleName(tr("Outline"))

    def items(self) -> list[Item]:
        """The selected rows but the network's, in the order of the tree."""
        model = self.model()
        assert isinstance(model, OutlineModel)
        return [item for item in map(model.item, self.selectedIndexes()) if item is not None and item.id]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The verbs of the canvas, from the keyboard."""
        self.settled()
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        action = self._action(Qt.Key(event.key()), held, self.items())
        if action is None:
            super().keyPressEvent(event)
        else:
            action()

    def _action(self, key: Qt.Key, held: Qt.KeyboardModifier, items: list[Item]) -> Callable[[], object] | None:
        wires = tuple(item.id for item in items if item.kind == "wire")
        others = [item for item in items if item.kind != "wire"]
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and items:
            heal = not held & Qt.KeyboardModifier.ShiftModifier
            return lambda: self.deleted.emit(heal) if others else self.wires_deleted.emit(wires)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and items:
            return self._return(held, others[0] if others else None, wires)
        if key == Qt.Key.Key_F2 and others and is_note(others[0]):
            return self.edit_requested.emit
        if key == Qt.Key.Key_Space and others:
            return self.peeked.emit
        if key in ARROWS and held == NUDGING and others:
            return lambda: self.nudged.emit(*ARROWS[key])
        return None

    def _return(
        self, held: Qt.KeyboardModifier, item: Item | None, wires: tuple[str, ...]
    ) -> Callable[[], object] | None:
        if item is None:
            return lambda: self.reroute_requested.emit(wires[-1], self.beside_row())
        if held == Qt.KeyboardModifier.ShiftModifier:
            return self.inline_requested.emit
        if item.inner() is not None:
            return lambda: self._document.look((*item.trail, Step(item.id)))
        return self.edit_requested.emit

    def beside_row(self) -> QPoint:
        """Below the current row, on the screen."""
        return self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """A layer's arrow, behind which are only its wires, shows where one looks at the layer; a block's always."""
        model = self.model()
        assert isinstance(model, OutlineModel)
        item = model.item(index)
        looked_at = (
            index == self.currentIndex()
            or self.isExpanded(index)
            or (self.underMouse() and index == self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos())))
        )
        if item is None or item.kind == "network" or item.inner() is not None or looked_at:
            super().drawBranches(painter, rect, index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of what is selected, at the pointer, or beside the row where a key asks for it."""
        self.settled()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_requested.emit(self.beside_row())
        elif self.indexAt(self.viewport().mapFromGlobal(event.globalPos())).isValid():
            self.menu_requested.emit(event.globalPos())


class OutlinePanel(QWidget):
    """The tree with its caption; selection goes both ways."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.model = OutlineModel(document)
        self.tree = OutlineTree(document, self.model)
        title = QLabel(tr("Outline"))
        dress(title, font="small_strong")
        self.search = SearchField(tr("Find a node"))
        self.search.setAccessibleName(tr("Find a node"))
        self.empty = QLabel(
            tr("Layers you place appear here. What the canvas does, the outline does from the keyboard.")
        )
        self.empty.setWordWrap(True)
        dress(self.empty, font="small", ink="ink3")
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 12, 4)
        head.setSpacing(12)
        head.addWidget(title)
        head.addWidget(self.search, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.tree, 1)
        inset = QVBoxLayout()
        inset.setContentsMargins(12, 4, 12, 12)
        inset.addWidget(self.empty)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addLayout(inset)
        self._busy = False
        self._open: set[tuple[str, ...]] = set()  # opened rows, by the ids on the way down
        self._stale = QTimer(self, singleShot=True, interval=STALE_MS)
        self._stale.timeout.connect(self._lay_out)
        self._stale.timeout.connect(self._show_rest)
        self.tree.expanded.connect(lambda index: self._note_open(index, True))
        self.tree.collapsed.connect(lambda index: self._note_open(index, False))
        self.tree.settled = self.settle
        self.tree.show_wires = self.show_wires
        self.tree.selectionModel().selectionChanged.connect(self._select_nodes)
        self.search.textChanged.connect(self._find)
        document.altered.connect(self.refresh)
        document.replaced.connect(self.refresh)
        document.moved_view.connect(self.refresh)
        document.selected.connect(self._show_selection)
        self._lay_out()
        self._show_rest()

    def refresh(self, *_: object) -> None:
        """Look at the document anew; many other rows are laid out once the edits pause."""
        if self._stale.isActive():
            self._stale.start()
            return
        if not self.model.renew():
            if len(self._document.root_graph.nodes) > MANY and self.isVisible():
                self._stale.start()
                return
            self._lay_out()
        self.tree.viewport().update()
        self._show_rest()

    def settle(self) -> None:
        """Have the rows as of now."""
        if self._stale.isActive():
            self._stale.stop()
            self._lay_out()
            self._show_rest()

    def _lay_out(self) -> None:
        """Other rows, with what was open, and the keyboard where it was, or on what stands there now."""
        open_rows = sorted(self._open, key=len)
        here = self.model.item(self.tree.currentIndex())
        self._busy = True
        self.model.refresh()
        self._open.clear()
        self.tree.expand(self.model.index(0, 0))
        for place in open_rows:
            index = self.model.find(tuple(Step(id) for id in place[:-1]), place[-1]) if place else QModelIndex()
            if index.isValid():
                self.tree.expand(index)
        if here is not None:
            self.tree.selectionModel().setCurrentIndex(self._again(here), QItemSelectionModel.SelectionFlag.NoUpdate)
        self._busy = False

    def _again(self, item: Item) -> QModelIndex:
        """The row that a row has become; where it is gone, the one in its place."""
        if item.parent is None:
            return self.model.index(0, 0)
        above = self._again(item.parent)
        now = self.model.item(above)
        count = self.model.rowCount(above)
        if now is None or now.id != item.parent.id or not count:
            return above
        return self.model.index(now.rows.get(item.id, min(item.row, count - 1)), 0, above)

    def _show_rest(self) -> None:
        bare = not self._document.root_graph.nodes
        self.empty.setVisible(bare)
        self.tree.setVisible(not bare)
        self.show_wires(self._document.trail, tuple(w for w in self.tree.wires if w in self._document.graph.wires))

    def _note_open(self, index: QModelIndex, opened: bool) -> None:
        item = self.model.item(index)
        place = (*(step.node for step in item.trail), item.id) if item is not None and item.kind == "node" else ()
        (self._open.add if opened else self._open.discard)(place)

    def _select_nodes(self, *_: object) -> None:
        if self._busy:
            return
        items = self.tree.items()
        if not items:
            if self.tree.currentIndex().isValid() and not self.tree.currentIndex().parent().isValid():
                self._choose((), (), ())  # the network's own row
            return
        trail = items[0].trail
        here = [item for item in items if item.trail == trail]
        nodes = tuple(item.id for item in here if item.kind != "wire")
        self._choose(trail, nodes, () if nodes else tuple(item.id for item in here))

    def _choose(self, trail: tuple[Step, ...], nodes: tuple[str, ...], wires: tuple[str, ...]) -> None:
        self._busy = True
        self._document.go(trail)
        self._document.select(nodes)
        self.tree.wires = wires
        if not nodes:
            self.tree.wires_chosen.emit(wires)
        self._busy = False

    def show_wires(self, trail: tuple[Step, ...], wires: tuple[str, ...]) -> None:
        """Choose the rows of wires that were chosen elsewhere; of none, those of what is selected."""
        if self._busy or self._stale.isActive():
            return
        self.tree.wires = wires
        if not wires:
            self._show_selection()
            return
        found = [self.model.find((*trail, Step(wire.partition(".")[0])), wire) for wire in wires]
        self._choose_rows([QItemSelection(index, index) for index in found if index.isValid()], found[-1])

    def _show_selection(self, *_: object) -> None:
        if self._busy or self._stale.isActive():
            return
        self.tree.wires = ()
        rows, last = self.model.rows(self._document.trail, self._document.chosen)
        self._choose_rows([rows] if not rows.isEmpty() else [], last)

    def _choose_rows(self, rows: list[QItemSelection], last: QModelIndex) -> None:
        self._busy = True
        selection = self.tree.selectionModel()
        selection.clearSelection()
        for one in rows:
            selection.select(one, selection.SelectionFlag.Select)
        if rows:
            self.tree.scrollTo(last)
        self._busy = False

    def _find(self, words: str) -> None:
        query = words.strip().lower()
        if query:
            found = [
                n.id for n in self._document.graph.nodes.values() if query in n.name.lower() or query == n.type.lower()
            ]
            self._document.select(found)
