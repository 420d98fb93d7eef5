"""The weights of a layer, or what is tied inside of a block, and to which other weight of the graph each is tied."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import islice

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from designer.document import Document
from designer.numbers import exact
from designer.widgets import Elided, Text, button
from designer.words import tr
from graph_core.dims import Dim, prod
from graph_core.ends import own_weights, told
from graph_core.layer import Weight
from graph_core.names import first_of
from graph_core.tied_inside import MAX_CANDIDATES, candidates, weights_in
from graph_core.ties import tie, untie


class WeightRows(QWidget):
    """Rows of weights, each with a button that ties it where there is another of its shape."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._graph = document.graph
        self.buttons: dict[str, QPushButton] = {}
        self.menu: QMenu | None = None
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)

    def focused(self) -> str | None:
        """The weight whose button has the keyboard focus, empty for the button of others; None where none has."""
        return next((name for name, made in self.buttons.items() if made.hasFocus()), None)

    def _row(self, parts: Iterable[QWidget], owner: str, suffix: str, note: str) -> QHBoxLayout:
        """What a row begins with; then whose tensor it is, or a note."""
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for part in parts:
            row.addWidget(part)
        if owner:
            said = Elided(f"= {told(self._graph, owner).removesuffix(suffix)}", "mono_small", "ink2")
            said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(said, 1)
        else:
            row.addStretch()
            row.addWidget(Text(note, "mono_small", "ink3"))
        self._rows.addLayout(row)
        return row

    def _tie_button(self, name: str, end: str, owner: str) -> QPushButton:
        tip = (
            tr("Tied to {weight}: one tensor", weight=told(self._graph, owner))
            if owner
            else tr("Tie {weight} to another weight", weight=name)
        )
        made = button("", "ui_link", quiet=True, small=True, tip=tip)
        made.setFixedWidth(26)
        made.clicked.connect(lambda: self._choose(end, made))
        self.buttons[name] = made
        return made

    def _choose(self, end: str, at: QPushButton) -> None:
        """Offer the weights of the same shape, and to untie."""
        graph, menu = self._graph, QMenu(self)
        if end in graph.ties:
            action = menu.addAction(tr("Untie {weight}", weight=told(graph, end)))
            action.triggered.connect(lambda: self._document.edit(partial(untie, graph, end)))
            menu.addSeparator()
        self._offer(menu, end)
        self._popup(menu, at)

    def _offer(self, menu: QMenu, end: str) -> None:
        graph = self._graph
        owner = graph.ties.get(end, "")
        for other in candidates(self._document.context(), end):
            action = menu.addAction(tr("Tie to {weight}", weight=told(graph, other)))
            action.setCheckable(other == owner)
            action.setChecked(other == owner)
            action.triggered.connect(lambda _=False, other=other: self._document.edit(partial(tie, graph, end, other)))

    def _popup(self, menu: QMenu, at: QPushButton) -> None:
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.menu = menu
        menu.popup(at.mapToGlobal(QPoint(0, at.height())))


class LayerWeights(WeightRows):
    """A row for each weight of a layer: name, shape, count."""

    def __init__(self, document: Document, node: str, weights: tuple[Weight, ...]) -> None:
        super().__init__(document)
        for weight in weights:
            end = f"{node}.{weight.name}"
            name = Text(weight.name, "mono", "ink2")
            name.setMinimumWidth(88)
            shape = Text("×".join(str(size) for size in weight.shape) or "1", "mono")
            shape.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            owner = self._graph.ties.get(end, "")
            row = self._row((name, shape), owner, f".{weight.name}", _count(prod(weight.shape)))
            if owner or candidates(document.context(), end):
                row.addWidget(self._tie_button(weight.name, end, owner))


class WeightsInside(WeightRows):
    """A row for each weight inside of a block that is tied from here, and one from which to tie another.

    In a block whose steps have weights of their own, a row with ``*`` stands for all steps; a single step is tied from
    the weight at the other end, where each step is offered.
    """

    def __init__(self, document: Document, node: str) -> None:
        super().__init__(document)
        graph = self._graph
        self._node = node
        prefix = f"{graph.nodes[node].name}."
        for end in sorted(target for target in graph.ties if first_of(target) == node):
            name = told(graph, end).removeprefix(prefix)
            row = self._row((Text(name, "mono", "ink2"),), graph.ties[end], f".{end.rpartition('.')[2]}", "")
            row.addWidget(self._tie_button(name, end, graph.ties[end]))
        self._more(own_weights(graph.nodes[node]))

    def _more(self, steps: bool) -> None:
        """A button that ties another weight inside."""
        text = tr("Tie a weight of all steps…") if steps else tr("Tie a weight inside…")
        made = button(text, "ui_link", quiet=True, small=True)
        made.clicked.connect(lambda: self._choose_inside(made))
        self.buttons[""] = made
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(made)
        row.addStretch()
        self._rows.addLayout(row)

    def _choose_inside(self, at: QPushButton) -> None:
        """Offer the weights inside, each with those to which it could be tied; these are looked up as one asks."""
        graph, menu = self._graph, QMenu(self)
        for end, weight in islice(weights_in(self._document.context(), self._node, every=True), MAX_CANDIDATES):
            if end.text not in graph.ties and not weight.tied:
                below = menu.addMenu(told(graph, end.text))
                below.aboutToShow.connect(partial(self._fill, below, end.text))
        self._popup(menu, at)

    def _fill(self, menu: QMenu, end: str) -> None:
        if menu.isEmpty():
            self._offer(menu, end)
        if menu.isEmpty():
            menu.addAction(tr("No other weight has its shape")).setEnabled(False)


def _count(size: Dim) -> str:
    return exact(int(size)) if isinstance(size, int) else str(size)
