"""The outline: the same document as a tree. What the canvas can select, rename, remove and open, it can too."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
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
from designer.style import dress
from designer.theme import themes
from designer.widgets import SearchField
from designer.words import tr
from graph_core import edits

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
        cell = QRectF(rect.x() + 4, rect.y() + (rect.height() - 16) / 2, 16, 16)
        theme.paint_glyph(painter, glyph, cell, ink or theme.family(family))
        shape = index.data(SHAPE) or ""
        painter.setFont(theme.ui_font("mono_small"))
        painter.setPen(theme.color("error" if problem == "error" else "ink3"))
        width = painter.fontMetrics().horizontalAdvance(shape)
        painter.drawText(
            rect.adjusted(0, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shape
        )
        painter.setFont(theme.ui_font("strong" if selected else "ui"))
        painter.setPen(theme.color("ink"))
        room = QRect(rect.x() + 28, rect.y(), max(20, rect.width() - 28 - width - 20), rect.height())
        name = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)


class OutlineTree(QTreeView):
    """F2 renames, Delete removes and heals, Return opens a block or edits a layer, Space opens in place, arrows walk.

    Everything else that the canvas does with what is selected is in its menu, under the menu key or a right click.
    """

    menu_requested = Signal(QPoint)  # where, on the screen
    peeked = Signal()
    edit_requested = Signal()
    nudged = Signal(int, int)  # steps of the grid to the right and down

    def __init__(self, document: Document, model: OutlineModel) -> None:
        super().__init__()
        self._document = document
        self.settled: Callable[[], None] = lambda: None  # have the rows as of now
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The verbs of the canvas, from the keyboard."""
        self.settled()
        model = self.model()
        assert isinstance(model, OutlineModel)
        items = [item for item in map(model.item, self.selectedIndexes()) if item is not None and item.id]
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and items:
            heal = not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            graph = items[0].context.graph
            ids = [item.id for item in items if item.context.graph is graph]
            self._document.edit(lambda: edits.remove(graph, ids, heal=heal))
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and items and items[0].inner() is not None:
            self._document.look((*items[0].trail, Step(items[0].id)))
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and items:
            self.edit_requested.emit()
            return
        if event.key() == Qt.Key.Key_Space and items:
            self.peeked.emit()
            return
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() in ARROWS and held == NUDGING and items:
            self.nudged.emit(*ARROWS[Qt.Key(event.key())])
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of what is selected, at the pointer, or beside the row where a key asks for it."""
        self.settled()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            row = self.visualRect(self.currentIndex())
            self.menu_requested.emit(self.viewport().mapToGlobal(row.bottomLeft()))
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
        self.tree.selectionModel().selectionChanged.connect(self._select_nodes)
        self.search.textChanged.connect(self._find)
        document.edited.connect(self.refresh)
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
        """Other rows, with what was open."""
        open_rows = sorted(self._open, key=len)
        self._busy = True
        self.model.refresh()
        self._open.clear()
        self.tree.expand(self.model.index(0, 0))
        for place in open_rows:
            index = self.model.find(tuple(Step(id) for id in place[:-1]), place[-1]) if place else QModelIndex()
            if index.isValid():
                self.tree.expand(index)
        self._busy = False

    def _show_rest(self) -> None:
        bare = not self._document.root_graph.nodes
        self.empty.setVisible(bare)
        self.tree.setVisible(not bare)
        self._show_selection(self._document.selection)

    def _note_open(self, index: QModelIndex, opened: bool) -> None:
        item = self.model.item(index)
        place = (*(step.node for step in item.trail), item.id) if item is not None and item.id else ()
        (self._open.add if opened else self._open.discard)(place)

    def _select_nodes(self, *_: object) -> None:
        if self._busy:
            return
        items = [i for i in map(self.model.item, self.tree.selectedIndexes()) if i is not None and i.id]
        if not items:
            return
        trail = items[0].trail
        self._busy = True
        self._document.go(trail)
        self._document.select(item.id for item in items if item.trail == trail)
        self._busy = False

    def _show_selection(self, ids: tuple[str, ...]) -> None:
        if self._busy or self._stale.isActive():
            return
        self._busy = True
        selection = self.tree.selectionModel()
        selection.clearSelection()
        rows, last = self.model.rows(self._document.trail, ids)
        if not rows.isEmpty():
            selection.select(rows, selection.SelectionFlag.Select)
            self.tree.scrollTo(last)
        self._busy = False

    def _find(self, words: str) -> None:
        query = words.strip().lower()
        if query:
            found = [
                n.id for n in self._document.graph.nodes.values() if query in n.name.lower() or query == n.type.lower()
            ]
            self._document.select(found)
