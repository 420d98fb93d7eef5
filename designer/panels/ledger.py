"""The ledger: every layer that runs, with its output and figures; sortable, the totals below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QRect, QSortFilterProxyModel, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from designer.document import Document
from designer.numbers import exact
from designer.panels.tables import Index, LazyPanel, RowModel, plain_table
from designer.style import dress
from designer.theme import themes
from graph_core.analysis import LayerRow

_HEADS = ("Layer", "Type", "Output", "Parameters", "MACs", "FLOPs")
_SORT, _SHARE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class LedgerModel(RowModel):
    """One line a layer, once per instance."""

    heads = _HEADS

    def __init__(self) -> None:
        super().__init__()
        self._most = [1, 1, 1]

    def show(self, rows: Sequence[LayerRow]) -> None:
        """Other rows; the bars are as long as the share of each column's largest."""
        self._most = [max((getattr(r, f) for r in rows), default=1) or 1 for f in ("params", "macs", "flops")]
        super().show(rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """See QAbstractTableModel."""
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.FontRole:
            return themes.current.ui_font("mono")
        if role == Qt.ItemDataRole.TextAlignmentRole and column >= 2:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        figures = (row.params, row.macs, row.flops)
        if role == _SHARE:
            return figures[column - 3] / self._most[column - 3] if column >= 3 else 0.0
        if role == _SORT:
            return figures[column - 3] if column >= 3 else index.row() if column == 0 else self._text(row, column)
        return self._text(row, column) if role == Qt.ItemDataRole.DisplayRole else None

    def _text(self, row: LayerRow, column: int) -> str:
        if column < 2:
            return (row.path, row.type)[column]
        if column == 2:
            return ", ".join("×".join(map(str, shape)) for shape in row.output)
        return exact((row.params, row.macs, row.flops)[column - 3])


class _Heat(QStyledItemDelegate):
    """A bar behind the figures of the sorted column, as long as the share of the largest."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        view: Any = option.widget
        if isinstance(view, QTableView) and view.horizontalHeader().sortIndicatorSection() == index.column():
            share = float(index.data(_SHARE) or 0)
            rect: QRect = option.rect
            width = round(rect.width() * share)
            color = themes.current.heat(share**0.5)
            color.setAlphaF(0.35)
            painter.fillRect(QRect(rect.right() - width + 1, rect.y() + 3, width, rect.height() - 6), color)
        super().paint(painter, option, index)


class LedgerPanel(LazyPanel):
    """The table with its totals; selecting a row shows the layer."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self.model = LedgerModel()
        self.sorted = QSortFilterProxyModel()
        self.sorted.setSourceModel(self.model)
        self.sorted.setSortRole(_SORT)
        self.table = plain_table()
        self.table.setModel(self.sorted)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.setItemDelegate(_Heat(self.table))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.totals = QLabel()
        self.totals.setContentsMargins(12, 4, 12, 6)
        dress(self.totals, font="mono_strong")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.table)
        layout.addWidget(self.totals)
        self.table.clicked.connect(self._reveal)

    def refresh(self) -> None:
        """List the layers anew."""
        super().refresh()
        analysis = self._document.analysis()
        self.model.show(analysis.layers)
        self.totals.setText(
            f"{len(analysis.layers)} layers   {exact(analysis.params.total)} parameters   "
            f"{exact(analysis.macs)} MACs   {exact(analysis.flops)} FLOPs"
        )

    def _reveal(self, index: QModelIndex) -> None:
        row = self.model.rows[self.sorted.mapToSource(index).row()]
        self._document.reveal("", row.id.split("/")[-1], row.id)
