"""The palette: every declared layer type by family, and the project's own blocks; drag one onto the sheet."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QDrag, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from designer.canvas.intents import MIME_LAYER
from designer.controls import row_focus
from designer.document import Document
from designer.search import Entry, catalogue, matches
from designer.style import dress
from designer.theme import themes
from designer.widgets import KeyHint, SearchField
from designer.words import told, tr

TYPE_ROLE, FAMILY_ROLE, COUNT_ROLE = (
    Qt.ItemDataRole.UserRole,
    Qt.ItemDataRole.UserRole + 1,
    Qt.ItemDataRole.UserRole + 2,
)


MOST = 300  # types of a family that are listed


class _Row(QStyledItemDelegate):
    """Families with their glyph, types in mono, a drag handle under the mouse, uses of own blocks at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(option.rect.width(), themes.current.size("row"))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = themes.current
        rect: QRect = option.rect
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected or hovered:
            full = QRect(0, rect.y(), option.widget.width() if option.widget else rect.right(), rect.height())
            painter.fillRect(full, theme.color("acctint" if selected else "hover"))
        row_focus(theme, option, painter)
        family, type = index.data(FAMILY_ROLE), index.data(TYPE_ROLE)
        x = rect.x() + 4
        if not index.parent().isValid():
            theme.paint_glyph(
                painter, family, QRectF(x, rect.y() + (rect.height() - 16) / 2, 16, 16), theme.family(family)
            )
            x += 24
        painter.setFont(theme.ui_font("mono" if type else "ui"))
        painter.setPen(theme.color("ink" if type or not index.parent().isValid() else "ink3"))
        text = QRect(x, rect.y(), rect.right() - x - 28, rect.height())
        name = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, name)
        right = QRectF(rect.right() - 20, rect.y() + (rect.height() - 14) / 2, 14, 14)
        if type and hovered:
            theme.paint_glyph(painter, "ui_drag", right, theme.color("ink3"))
        elif index.data(COUNT_ROLE):
            painter.setPen(theme.color("ink3"))
            painter.setFont(theme.ui_font("mono_small"))
            painter.drawText(
                rect.adjusted(0, 0, -10, 0),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                f"×{index.data(COUNT_ROLE)}",
            )


class LayerTree(QTreeWidget):
    """The tree of families and types. `chosen` fires on Enter or double-click, with the type's key."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(20)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.setItemDelegate(_Row(self))
        self.setAccessibleName(tr("Layers"))
        self.itemActivated.connect(self._activate)

    def _activate(self, item: QTreeWidgetItem) -> None:
        type = item.data(0, TYPE_ROLE)
        if type:
            self.chosen.emit(type)
        else:
            item.setExpanded(not item.isExpanded())

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:
        """The type's key, as the canvas takes it."""
        data = QMimeData()
        type = items[0].data(0, TYPE_ROLE) if items else ""
        if type:
            data.setData(MIME_LAYER, type.encode())
        return data

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Drag a type, with its name as the picture under the pointer."""
        data = self.mimeData(self.selectedItems())
        if not data.hasFormat(MIME_LAYER):
            return
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter places the type; Qt sends `activated` for it on some platforms only."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (item := self.currentItem()) is not None:
            self._activate(item)
            return
        super().keyPressEvent(event)


class PalettePanel(QWidget):
    """Search over the tree. `chosen` fires with a type's key to place it in the middle of the canvas."""

    chosen = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._open = {"conv", "block"}
        title, key = QLabel(tr("Layers")), KeyHint(tr("Tab"))
        dress(title, font="small_strong")
        key.setToolTip(tr("Press Tab on the canvas to place a layer at the cursor"))
        self.search = SearchField(tr("Find a layer"))
        self.search.setAccessibleName(tr("Find a layer"))
        self.tree = LayerTree()
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch()
        head.addWidget(key)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 0, 0)
        layout.setSpacing(8)
        top = QVBoxLayout()
        top.setContentsMargins(0, 0, 12, 0)
        top.addLayout(head)
        top.addWidget(self.search)
        layout.addLayout(top)
        layout.addWidget(self.tree)
        self.search.textChanged.connect(self.refill)
        self.search.returnPressed.connect(self._choose_first)
        self.tree.chosen.connect(self.chosen)
        self.tree.itemExpanded.connect(lambda item: self._open.add(item.data(0, FAMILY_ROLE)))
        self.tree.itemCollapsed.connect(lambda item: self._open.discard(item.data(0, FAMILY_ROLE)))
        document.altered.connect(self._on_edit)
        document.replaced.connect(self.refill)
        self.refill()

    def _on_edit(self, edit: object) -> None:
        graphs = {change.table for change in getattr(edit, "changes", ())}
        blocks = any(
            (c.old or c.new) is not None and getattr(c.new or c.old, "type", "") in self._document.project.graphs
            for c in getattr(edit, "changes", ())
            if c.table == "nodes"
        )
        if "graphs" in graphs or "head" in graphs or blocks:
            self.refill()

    def refill(self) -> None:
        """Make the tree anew: all types, or those that match the search."""
        words = self.search.text()
        self.tree.blockSignals(True)
        self.tree.clear()
        families: dict[str, QTreeWidgetItem] = {}
        left: dict[str, int] = {}  # of families with more types than are listed
        for entry in catalogue(self._document.project, palette=True):
            if not matches(entry, words):
                continue
            if entry.family not in families:
                families[entry.family] = self._family(entry)
            if families[entry.family].childCount() < MOST:
                self._type(families[entry.family], entry)
            else:
                left[entry.family] = left.get(entry.family, 0) + 1
        for family, count in left.items():
            rest = tr("{count} more; search for them", count=count)
            self._type(families[family], Entry("", rest, family, "", rest, ""))
        for family, item in families.items():
            item.setExpanded(bool(words) or family in self._open)
        self.tree.blockSignals(False)

    def _family(self, entry: Entry) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self.tree, [entry.group])
        item.setData(0, FAMILY_ROLE, entry.family)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        return item

    def _type(self, parent: QTreeWidgetItem, entry: Entry) -> None:
        item = QTreeWidgetItem(parent, [entry.title])
        item.setData(0, TYPE_ROLE, entry.type)
        item.setData(0, FAMILY_ROLE, entry.family)
        item.setData(0, COUNT_ROLE, entry.uses)
        item.setToolTip(0, told(entry.help))
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        item.setFlags(plain | Qt.ItemFlag.ItemIsDragEnabled if entry.type else Qt.ItemFlag.ItemIsEnabled)

    def _choose_first(self) -> None:
        family = self.tree.topLevelItem(0)
        first = family.child(0) if family is not None and family.childCount() else None
        if first is not None and first.data(0, TYPE_ROLE):
            self.chosen.emit(first.data(0, TYPE_ROLE))
