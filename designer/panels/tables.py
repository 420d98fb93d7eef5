"""What the panels that are tables share: rows under fixed headings, looked at anew only while they are seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from designer.document import Document
from designer.theme import themes

Index = QModelIndex | QPersistentModelIndex


class RowModel(QAbstractTableModel):
    """Rows of any kind under `heads`; subclasses say what a cell shows."""

    heads: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[Any] = ()

    def show(self, rows: Sequence[Any]) -> None:
        """Other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """See QAbstractTableModel."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """See QAbstractTableModel."""
        return len(self.heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """See QAbstractTableModel."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.heads[section]
        return None


def plain_table() -> QTableView:
    """A table without grid, frame and row numbers, whose rows are chosen whole."""
    table = QTableView()
    table.setShowGrid(False)
    table.setFrameShape(QTableView.Shape.NoFrame)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setTabKeyNavigation(False)  # arrows walk the cells, Tab leads on
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(themes.current.size("row"))
    return table


class LazyPanel(QWidget):
    """A panel that looks at the document when it is seen, and after edits only while it is."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._stale = True
        self._network = document.network
        document.altered.connect(self.invalidate)
        document.replaced.connect(self.invalidate)
        document.moved_view.connect(self._look_elsewhere)

    def _look_elsewhere(self) -> None:
        """Another graph is on the canvas: what is told of the network stays, unless it is another network's."""
        if self._network != self._document.network:
            self.invalidate()

    def invalidate(self, *_: object) -> None:
        """The document changed; look again when the panel is seen."""
        self._stale = True
        if self.isVisible():
            self.refresh()

    def showEvent(self, event: object) -> None:
        """Look at the document if it changed since."""
        if self._stale:
            self.refresh()

    def refresh(self) -> None:
        """Look at the document as of now; subclasses show it."""
        self._stale = False
        self._network = self._document.network
