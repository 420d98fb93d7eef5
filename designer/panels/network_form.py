"""What the inspector shows while nothing is selected: the graph's parameters, size symbols, and 𝒪 of the network."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from designer.document import Document
from designer.panels.forms import AnyValue, FieldForm, caption
from designer.panels.optimizer_form import OptimizerForm
from designer.style import dress
from designer.theme import themes
from designer.widgets import NameField
from designer.words import tr
from graph_core import EditError, Param, edits
from graph_core.blocks import rename_graph, set_graph_note
from graph_core.fields import Count
from graph_core.optimizers import TRAINING

NOTE = 56  # height of the words on what a graph is for


class NetworkForm(QWidget):
    """Parameters of the graph on the canvas, symbols of the project, optimizer and training set-up of the network."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._key: Any = None
        self._showing = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)

    def refresh(self) -> None:
        """Show the document as of now; editors stay while the same things are shown."""
        document = self._document
        project, graph = document.project, document.graph
        key = (id(project), graph.key, tuple(graph.params), tuple(project.symbols), document.network)
        if key != self._key:
            self._key = key
            self._rebuild()
        self.name.set_value(graph.name)
        if self.note.toPlainText().strip() != graph.head.get("note", ""):
            self._showing = True
            self.note.setPlainText(graph.head.get("note", ""))
            self._showing = False
        self._params.show_values({name: param.default for name, param in graph.params.items()}, {})
        self._symbols.show_values(dict(project.symbols), {})
        self.optimizer.refresh()
        self._training.show_values(project.setup(document.network).get("training", {}), {})

    def _rebuild(self) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        document = self._document
        graph = document.graph
        self.name = NameField(graph.name)
        self.name.setAccessibleName(tr("Name of the class"))
        self.name.committed.connect(lambda _: self._rename(graph.key))
        self._layout.addWidget(self.name)
        self.note = QPlainTextEdit()
        self.note.setAccessibleName(tr("What it is for"))
        self.note.setPlaceholderText(tr("What it is for: the docstring of its class"))
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(themes.current.px(NOTE))
        self.note.textChanged.connect(lambda: self._describe(graph.key))
        self._layout.addWidget(self.note)
        self._params = FieldForm({name: _value_field(name) for name in graph.params}, self._set_param)
        self._symbols = FieldForm({name: _size_field(name) for name in document.project.symbols}, self._set_symbol)
        self._layout.addWidget(caption(tr("Parameters of this graph")))
        self._layout.addWidget(self._params)
        self._layout.addWidget(self._adder(tr("Add parameter"), tr("name = default"), self._add_param))
        self._layout.addWidget(caption(tr("Symbols, with example sizes")))
        self._layout.addWidget(self._symbols)
        self._layout.addWidget(self._adder(tr("Add symbol"), "T = 16", self._add_symbol))
        self.optimizer = OptimizerForm(document)
        self._layout.addWidget(self.optimizer)
        self._layout.addWidget(caption(tr("Training")))
        plain = {name: field for name, field in TRAINING.items() if name != "schedule"}
        self._training = FieldForm(plain, self._set_training)
        self._layout.addWidget(self._training)

    def _rename(self, key: str) -> None:
        project, text = self._document.project, self.name.text().strip()
        if text != project.graphs[key].name and not self._document.edit(lambda: rename_graph(project, key, text)):
            self.name.set_value(project.graphs[key].name)

    def _describe(self, key: str) -> None:
        project, text = self._document.project, self.note.toPlainText()
        if not self._showing and key in project.graphs:
            with self._document.history.merging(f"note of {key} {id(self.note)}"):
                self._document.edit(lambda: set_graph_note(project, key, text))

    def _adder(self, verb: str, hint: str, add: Any) -> QWidget:
        """A field with a button, for one more entry ``name = value``."""
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        entry, button = QLineEdit(), QPushButton(verb)
        entry.setPlaceholderText(hint)
        entry.setAccessibleName(verb)
        dress(entry, font="mono")
        button.setProperty("small", True)
        row.addWidget(entry, 1)
        row.addWidget(button)
        button.clicked.connect(lambda: add(*_pair(entry.text())))
        entry.returnPressed.connect(button.click)
        return box

    def _say(self, make: Any) -> str:
        try:
            make()
        except EditError as error:
            return str(error)
        return ""

    def _set_param(self, name: str, value: Any) -> str:
        graph = self._document.graph
        return self._say(lambda: edits.set_graph_param(graph, name, Param(value)))

    def _add_param(self, name: str, value: Any) -> None:
        graph = self._document.graph
        self._document.edit(lambda: edits.set_graph_param(graph, name, Param(value)))

    def _set_symbol(self, name: str, value: Any) -> str:
        return self._say(lambda: edits.set_symbol(self._document.project, name, value))

    def _add_symbol(self, name: str, value: Any) -> None:
        size = value if isinstance(value, int) else 16
        self._document.edit(lambda: edits.set_symbol(self._document.project, name, size))

    def _set_training(self, name: str, value: Any) -> str:
        document = self._document
        return self._say(lambda: edits.set_setup(document.project, document.network, "training", {name: value}))


def _pair(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    value = value.strip()
    return name.strip(), int(value) if value.lstrip("-").isdigit() else value or None


def _size_field(name: str) -> Count:
    field = Count(1, tr("An example size; figures are told at it."))
    field.name = name
    return field


def _value_field(name: str) -> Any:
    field = AnyValue(None, tr("The default; empty where every instance must give one."))
    field.name = name
    return field
