"""The report of an import: what is not drawn and why, and how far the drawing is from the original."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from designer.document import Document
from designer.theme import themes
from designer.widgets import Badge, Caption, Text, button
from designer.words import told, tr

NOTE = Qt.ItemDataRole.UserRole


class ImportReport(QWidget):
    """`closed` fires when a person has seen enough. A double click or Enter on a part shows it in the drawing."""

    closed = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.title, self.words = Text("", "title"), Text("", "ui", "ink2", wrap=True)
        self.badge = Badge("note")
        self.parts = self._table((tr("Part"), tr("What"), tr("Why")), tr("What is not drawn as it was"))
        self.parts.itemActivated.connect(self._go_to)
        self.proof = self._table(
            (tr("Mode"), tr("Batch"), tr("Outputs"), tr("Gradients")), tr("How far the drawing is from the original")
        )
        self.parts_title, self.proof_title = (
            Caption(tr("Not drawn as it was")),
            Caption(tr("Compared with the original")),
        )
        self.shut = button(tr("Done"), primary=True)
        self.shut.clicked.connect(self.closed)
        head = QHBoxLayout()
        head.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.words, 1)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(self.shut)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addLayout(head)
        layout.addSpacing(4)
        layout.addWidget(self.parts_title)
        layout.addWidget(self.parts, 1)
        layout.addWidget(self.proof_title)
        layout.addWidget(self.proof)
        layout.addStretch()
        layout.addLayout(foot)

    def _table(self, heads: tuple[str, ...], name: str) -> QTreeWidget:
        table = QTreeWidget()
        table.setHeaderLabels(heads)
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setAccessibleName(name)
        table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.header().setStretchLastSection(True)
        return table

    def show_report(self, report: dict[str, Any]) -> None:
        """Show the answer of the worker's verb ``import``."""
        classes, lines = int(report["classes"]), int(report["lines"])
        name = self._document.name
        self.title.setText(
            tr("{name}: 1 class, {lines} lines of source", name=name, lines=f"{lines:,}")
            if classes == 1
            else tr(
                "{name}: {classes} classes, {lines} lines of source", name=name, classes=classes, lines=f"{lines:,}"
            )
        )
        opaque, notes = int(report["opaque"]), report["notes"]
        self.words.setText(_verdict(report))
        self.badge.kind = "error" if not report["equal"] and not opaque else "warn" if opaque else "note"
        self.badge.update()
        self.parts.clear()
        for note in sorted(notes, key=lambda note: not note["opaque"]):
            what = tr("{what}, opaque", what=note["what"]) if note["opaque"] else str(note["what"])
            row = QTreeWidgetItem([note["path"] or tr("the whole"), what, note["reason"]])
            row.setToolTip(2, note["reason"])
            row.setData(0, NOTE, note["path"])
            self.parts.addTopLevelItem(row)
        self.proof.clear()
        for entry in report["comparison"]:
            mode = tr("Training") if entry["training"] else tr("Evaluation")
            figures = [_apart(entry["outputs"]), _apart(entry["gradients"])]
            row = QTreeWidgetItem([mode, str(entry["batch"]), *figures])
            if entry.get("failed"):
                row.setToolTip(2, entry["failed"])
            self.proof.addTopLevelItem(row)
        for table, title in ((self.parts, self.parts_title), (self.proof, self.proof_title)):
            table.setVisible(table.topLevelItemCount() > 0)
            title.setVisible(table.topLevelItemCount() > 0)
        self.proof.setFixedHeight(themes.current.px(26 * (self.proof.topLevelItemCount() + 1) + 6))

    def _go_to(self, row: QTreeWidgetItem) -> None:
        """Select the node that stands for a part, or the nearest one above it."""
        document, ids = self._document, []
        graph = document.root_graph
        for name in str(row.data(0, NOTE)).split("."):
            node = graph.by_name(name)
            if node is None:
                break
            ids.append(node.id)
            if node.type not in document.project.graphs:
                break
            graph = document.project.graphs[node.type]
        if ids:
            document.reveal("", ids[-1], "/".join(ids))


def _verdict(report: dict[str, Any]) -> str:
    opaque = int(report["opaque"])
    if opaque == 1:
        return tr(
            "1 part is kept as an opaque node with its shapes and weights; replace it by layers to run the network."
        )
    if opaque:
        return tr(
            "{count} parts are kept as opaque nodes with their shapes and weights; replace them by layers to run the "
            "network.",
            count=opaque,
        )
    if report["reason"]:
        return tr("The drawing could not be compared with the original: {reason}", reason=told(report["reason"]))
    if report["equal"]:
        return tr("Every part is drawn, and the drawing computes what the original does, on weights drawn at random.")
    return tr("Every part is drawn, but the drawing differs from the original; see where below.")


def _apart(share: float) -> str:
    if share == float("inf"):
        return tr("not comparable")
    return tr("exactly equal") if share == 0 else tr("differ by {share} of the largest", share=f"{share:.1e}")
