"""The outline: the same document as a tree. What the canvas can select, rename, remove and open, it can too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelection,
    QItemSelectionRange,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
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

from designer.document import Document, Step
from designer.plates import label
from designer.style import dress
from designer.theme import themes
from designer.widgets import SearchField
from designer.words import tr
from graph_core import edits
from graph_core.context import Context, Result
from graph_core.layer import layer_types
from graph_core.propagate import engine_of

Index = QModelIndex | QPersistentModelIndex
_GLYPH, _SHAPE, _PROBLEM = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2


class _Item:
    """A row: one node in one place of the drawing; its children are made when they are looked at."""

    __slots__ = ("_children", "context", "id", "parent", "row", "trail")

    def __init__(self, parent: _Item | None, row: int, id: str, context: Context, trail: tuple[Step, ...]) -> None:
        self.parent, self.row, self.id, self.context, self.trail = parent, row, id, context, trail
        self._children: list[_Item] | None = None

    def result(self) -> Result | None:
        return self.context.results.get(self.id)

    def inner(self) -> Context | None:
        if not self.id:
            return self.context
        result = self.result()
        return result.calls[0].context if result and result.calls else None

    def children(self) -> list[_Item]:
        if self._children is None:
            inner = self.inner()
            trail = (*self.trail, Step(self.id)) if self.id else ()
            loose = [id for id in inner.graph.nodes if id not in inner.results] if inner else []
            order = [*inner.order, *loose] if inner else []
            self._children = [_Item(self, k, id, inner, trail) for k, id in enumerate(order) if inner]
        return self._children


class OutlineModel(QAbstractItemModel):
    """The tree of the network: its nodes in the order they run, blocks opened at their first instance."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._problems: dict[tuple[str, str], str] = {}
        self._root = self._make()

    def _make(self) -> _Item:
        context = engine_of(self._document.project).root(self._document.network)
        return _Item(None, 0, "", context, ())

    def refresh(self) -> None:
        """Look at the document anew."""
        self.beginResetModel()
        self._problems = {(p.graph, p.node): p.severity for p in reversed(self._document.analysis().problems)}
        self._root = self._make()
        self.endResetModel()

    def item(self, index: Index) -> _Item | None:
        """The row behind an index; None for the network itself."""
        return index.internalPointer() if index.isValid() else None

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """See QAbstractItemModel."""
        item = self.item(parent)
        if item is None:
            return self.createIndex(row, column, self._root)
        children = item.children()
        return self.createIndex(row, column, children[row]) if 0 <= row < len(children) else QModelIndex()

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        """See QAbstractItemModel."""
        item = self.item(index)
        if item is None or item.parent is None:
            return QModelIndex()
        return self.createIndex(item.parent.row, 0, item.parent)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """See QAbstractItemModel."""
        item = self.item(parent)
        return 1 if item is None else len(item.children())

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """See QAbstractItemModel."""
        return 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        """See QAbstractItemModel."""
        item = self.item(index)
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return base | Qt.ItemFlag.ItemIsEditable if item is not None and item.id else base

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See QAbstractItemModel."""
        item = self.item(index)
        if item is None:
            return None
        node = item.context.graph.nodes.get(item.id)
        if node is None:
            if role == Qt.ItemDataRole.DisplayRole:
                return item.context.graph.name
            return "block" if role == _GLYPH else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return node.name
        declaration = layer_types().get(node.type)
        if role == _GLYPH:
            if declaration is None:
                return "block"
            return "io_out" if not declaration.outlets else declaration.family
        if role == _SHAPE:
            return self._shape(item)
        if role == _PROBLEM:
            return self._problems.get((item.context.graph.key, item.id), "")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{node.name}, {node.type}, {self._shape(item)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{node.name}: {node.type}"
        return None

    def _shape(self, item: _Item) -> str:
        result = item.result()
        if result is None:
            return tr("in a loop")
        spec = next((spec for spec in result.specs if spec), None)
        if spec is None:
            return tr("no shape") if result.findings else tr("waits")
        return label(spec)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename the node."""
        item = self.item(index)
        if item is None or not item.id or role != Qt.ItemDataRole.EditRole:
            return False
        graph, id = item.context.graph, item.id
        if str(value).strip() == graph.nodes[id].name:
            return True
        return self._document.edit(lambda: edits.rename(graph, id, str(value).strip()))

    def find(self, trail: tuple[Step, ...], id: str) -> QModelIndex:
        """The index of a node in a place; invalid where there is none."""
        index = self.index(0, 0)
        for wanted in [*(step.node for step in trail), id]:
            item = self.item(index)
            place = next((c.row for c in item.children() if c.id == wanted), None) if item else None
            if place is None:
                return QModelIndex()
            index = self.index(place, 0, index)
        return index

    def rows(self, trail: tuple[Step, ...], ids: Iterable[str]) -> tuple[QItemSelection, QModelIndex]:
        """The rows of nodes in a place, neighbours in one range, and the row of the last node."""
        *above, inside = [step.node for step in trail] or [""]
        place = self.find(tuple(Step(id) for id in above), inside) if inside else self.index(0, 0)
        item = self.item(place) if place.isValid() else None
        chosen, found, last = dict.fromkeys(ids), QItemSelection(), QModelIndex()
        places = {child.id: child.row for child in item.children() if child.id in chosen} if item else {}
        for start, end in _runs(sorted(places.values())):
            found.append(QItemSelectionRange(self.index(start, 0, place), self.index(end, 0, place)))
        for id in chosen:
            if id in places:
                last = self.index(places[id], 0, place)
        return found, last


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as runs without a gap: first and last of each."""
    start = 0
    for k in range(1, len(numbers) + 1):
        if k == len(numbers) or numbers[k] != numbers[k - 1] + 1:
            yield numbers[start], numbers[k - 1]
            start = k


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
        problem = index.data(_PROBLEM)
        glyph = {"error": "ui_err", "warning": "ui_warn", "note": "ui_note"}.get(problem or "", index.data(_GLYPH))
        ink = theme.color({"error": "error", "warning": "warn"}.get(problem, "note")) if problem else None
        family = "io" if glyph == "io_out" else glyph
        cell = QRectF(rect.x() + 4, rect.y() + (rect.height() - 16) / 2, 16, 16)
        theme.paint_glyph(painter, glyph, cell, ink or theme.family(family))
        shape = index.data(_SHAPE) or ""
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

    def __init__(self, document: Document, model: OutlineModel) -> None:
        super().__init__()
        self._document = document
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
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of what is selected, at the pointer, or beside the row where a key asks for it."""
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
        self.tree.selectionModel().selectionChanged.connect(self._select_nodes)
        self.search.textChanged.connect(self._find)
        document.edited.connect(self.refresh)
        document.replaced.connect(self.refresh)
        document.moved_view.connect(self.refresh)
        document.selected.connect(self._show_selection)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Look at the document anew, keeping what was open."""
        open_rows = self._open_places(self.model.index(0, 0), ())
        self._busy = True
        self.model.refresh()
        self.tree.expand(self.model.index(0, 0))
        for place in open_rows:
            index = self.model.find(tuple(Step(id) for id in place[:-1]), place[-1])
            if index.isValid():
                self.tree.expand(index)
        self._busy = False
        bare = not self._document.root_graph.nodes
        self.empty.setVisible(bare)
        self.tree.setVisible(not bare)
        self._show_selection(self._document.selection)

    def _open_places(self, index: QModelIndex, place: tuple[str, ...]) -> list[tuple[str, ...]]:
        found = []
        for row in range(self.model.rowCount(index)):
            child = self.model.index(row, 0, index)
            if self.tree.isExpanded(child):
                item = self.model.item(child)
                assert item is not None
                found += [(*place, item.id), *self._open_places(child, (*place, item.id))]
        return found

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
        if self._busy:
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
