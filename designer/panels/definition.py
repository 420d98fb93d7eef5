"""The definition: the five-tuple of the network as a table l, f, W, b with the optimizer below, to be copied."""

from __future__ import annotations

import json

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from designer.document import Document
from designer.panels.tables import Index, LazyPanel, RowModel, plain_table
from designer.style import dress
from designer.theme import themes
from graph_core.architecture import FiveTuple, check_tuple, five_tuple
from graph_core.tuples import Matrix

_HEADS = ("i", "l, layer", "f, activation", "W, weights", "b, biases")


def _space(matrix: Matrix) -> str:
    return f"{matrix.name} ∈ ℝ^({'×'.join(map(str, matrix.space.shape)) or '1'})"


class TupleModel(RowModel):
    """One line a layer that owns parameters."""

    heads = _HEADS

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """See QAbstractTableModel."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.FontRole:
            return themes.current.ui_font("mono")
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        columns = (
            str(index.row() + 1),
            f"{row.path} · {row.type}",
            row.activation,
            ", ".join(map(_space, row.weights)),
            ", ".join(map(_space, row.biases)) or "0",
        )
        return columns[index.column()]


class DefinitionPanel(LazyPanel):
    """The table, 𝒪, whether it conforms, and buttons that copy it as LaTeX, JSON or text."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._tuple: FiveTuple | None = None
        self.model = TupleModel()
        self.table = plain_table()
        self.table.setModel(self.model)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.verdict, self.optimizer = QLabel(), QLabel()
        dress(self.verdict, font="small", ink="ink2")
        dress(self.optimizer, font="mono", ink="ink2")
        self.optimizer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 12, 0)
        title = QLabel("𝒜 = (L, 𝓕, 𝓦, 𝓑, 𝒪)")
        dress(title, font="strong")
        head.addWidget(title)
        head.addWidget(self.verdict, 1)
        for name in ("LaTeX", "JSON", "text"):
            button = QPushButton(f"Copy as {name}")
            button.setProperty("small", True)
            dress(button, glyph="ui_copy")
            button.clicked.connect(lambda _=False, name=name: self.copy(name))
            head.addWidget(button)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 4, 12, 6)
        foot.addWidget(self.optimizer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.table)
        layout.addLayout(foot)
        self.table.clicked.connect(self._reveal)

    def refresh(self) -> None:
        """Derive the tuple anew."""
        document = self._document
        super().refresh()
        found = self._tuple = five_tuple(document.project, document.network)
        self.model.show(found.rows)
        wrong = [finding.message for finding in check_tuple(found)]
        errors = sum(1 for problem in document.analysis().problems if problem.severity == "error")
        if wrong:
            self.verdict.setText(f"{wrong[0]}.")
        elif errors:
            self.verdict.setText("Layers without a shape are left out; see Problems.")
        else:
            self.verdict.setText(f"Sound: {len(found.rows)} layers, each with its f, W and b.")
        fields = ", ".join(f"{name} = {value}" for name, value in found.optimizer.items() if name != "kind")
        self.optimizer.setText(f"𝒪 = {found.optimizer['kind']}({fields})")

    def copy(self, form: str) -> None:
        """Put the tuple on the clipboard."""
        if self._stale or self._tuple is None:
            self.refresh()
        assert self._tuple is not None
        texts = {"LaTeX": self._tuple.to_latex, "text": self._tuple.to_text}
        text = texts[form]() if form in texts else json.dumps(self._tuple.to_json(), indent=2)
        QGuiApplication.clipboard().setText(text)

    def _reveal(self, index: QModelIndex) -> None:
        row = self.model.rows[index.row()]
        self._document.reveal("", row.id.split("/")[-1], row.id)
