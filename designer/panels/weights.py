"""The weights of a layer, and to which other weight of the graph each is tied."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from designer.document import Document
from designer.numbers import exact
from designer.widgets import Elided, Text, button
from designer.words import tr
from graph_core.dims import Dim, prod
from graph_core.ends import told
from graph_core.layer import Weight
from graph_core.tied_inside import candidates
from graph_core.ties import tie, untie


class WeightRows(QWidget):
    """A row for each weight: name, shape, count, and a button that ties it where there is one of its shape."""

    def __init__(self, document: Document, node: str, weights: tuple[Weight, ...]) -> None:
        super().__init__()
        self._document = document
        self._graph = document.graph
        self.buttons: dict[str, QPushButton] = {}
        self.menu: QMenu | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for weight in weights:
            layout.addLayout(self._row(f"{node}.{weight.name}", weight))

    def focused(self) -> str:
        """The weight whose button has the keyboard focus; empty where none has."""
        return next((name for name, made in self.buttons.items() if made.hasFocus()), "")

    def _row(self, end: str, weight: Weight) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        name = Text(weight.name, "mono", "ink2")
        name.setMinimumWidth(88)
        shape = Text("×".join(str(size) for size in weight.shape) or "1", "mono")
        shape.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row.addWidget(name)
        row.addWidget(shape)
        owner = self._graph.ties.get(end, "")
        if owner:
            whole = told(self._graph, owner)
            note = Elided(f"= {whole.removesuffix(f'.{weight.name}')}", "mono_small", "ink2")
            note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(note, 1)
        else:
            row.addStretch()
            row.addWidget(Text(_count(prod(weight.shape)), "mono_small", "ink3"))
        if owner or candidates(self._document.context(), end):
            row.addWidget(self._button(end, weight, owner))
        return row

    def _button(self, end: str, weight: Weight, owner: str) -> QPushButton:
        tip = (
            tr("Tied to {weight}: one tensor", weight=told(self._graph, owner))
            if owner
            else tr("Tie {weight} to another weight", weight=weight.name)
        )
        made = button("", "ui_link", quiet=True, small=True, tip=tip)
        made.setFixedWidth(26)
        made.clicked.connect(lambda: self._choose(end, made))
        self.buttons[weight.name] = made
        return made

    def _choose(self, end: str, at: QPushButton) -> None:
        """Offer the weights of the same shape, and to untie."""
        graph = self._graph
        menu = QMenu(self)
        owner = graph.ties.get(end, "")
        if owner:
            action = menu.addAction(tr("Untie {weight}", weight=told(graph, end)))
            action.triggered.connect(lambda: self._document.edit(partial(untie, graph, end)))
            menu.addSeparator()
        for other in candidates(self._document.context(), end):
            action = menu.addAction(tr("Tie to {weight}", weight=told(graph, other)))
            action.setCheckable(other == owner)
            action.setChecked(other == owner)
            action.triggered.connect(lambda _=False, other=other: self._document.edit(partial(tie, graph, end, other)))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.menu = menu
        menu.popup(at.mapToGlobal(QPoint(0, at.height())))


def _count(size: Dim) -> str:
    return exact(int(size)) if isinstance(size, int) else str(size)
