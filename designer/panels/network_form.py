"""What the inspector shows while nothing is selected: the graph's parameters, size symbols, and 𝒪 of the network."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from designer.document import Document
from designer.panels.forms import AnyValue, FieldForm, add_row, caption, form_layout
from designer.style import dress
from graph_core import EditError, Param, edits
from graph_core.fields import Count
from graph_core.optimizers import KINDS, TRAINING
from graph_core.schedules import schedule_values


class NetworkForm(QWidget):
    """Parameters of the graph on the canvas, symbols of the project, optimizer and training set-up of the network."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._key: Any = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)

    def refresh(self) -> None:
        """Show the document as of now; editors stay while the same things are shown."""
        document = self._document
        project, graph = document.project, document.graph
        optimizer = project.setup(document.network).get("optimizer", {})
        kind = str(optimizer.get("kind", "AdamW"))
        key = (id(project), graph.key, tuple(graph.params), tuple(project.symbols), kind, document.network)
        if key != self._key:
            self._key = key
            self._rebuild(kind)
        self._params.show_values({name: param.default for name, param in graph.params.items()}, {})
        self._symbols.show_values(dict(project.symbols), {})
        self._optimizer.show_values(optimizer, {})
        training = dict(project.setup(document.network).get("training", {}))
        if "schedule" in training:
            training["schedule"] = schedule_values(training["schedule"])["kind"]
        self._training.show_values(training, {})

    def _rebuild(self, kind: str) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        document = self._document
        graph = document.graph
        heading = QLabel(graph.name)
        dress(heading, font="title")
        self._layout.addWidget(heading)
        self._params = FieldForm({name: _value_field(name) for name in graph.params}, self._set_param)
        self._symbols = FieldForm({name: _size_field(name) for name in document.project.symbols}, self._set_symbol)
        self._layout.addWidget(caption("Parameters of this graph"))
        self._layout.addWidget(self._params)
        self._layout.addWidget(self._adder("Add parameter", "name = default", self._add_param))
        self._layout.addWidget(caption("Symbols, with example sizes"))
        self._layout.addWidget(self._symbols)
        self._layout.addWidget(self._adder("Add symbol", "T = 16", self._add_symbol))
        self._layout.addWidget(caption("Optimizer"))
        self.kind = QComboBox()
        self.kind.addItems(list(KINDS))
        self.kind.setCurrentText(kind)
        self.kind.setAccessibleName("Optimizer")
        self.kind.setToolTip(KINDS[kind].help if kind in KINDS else kind)
        dress(self.kind, font="mono")
        self.kind.activated.connect(lambda place: self._set_kind(self.kind.itemText(place)))
        form = form_layout()
        add_row(form, "kind", self.kind)
        holder = QWidget()
        holder.setLayout(form)
        self._layout.addWidget(holder)
        self._optimizer = FieldForm(KINDS[kind].fields if kind in KINDS else {}, self._set_optimizer)
        self._layout.addWidget(self._optimizer)
        self._layout.addWidget(caption("Training"))
        self._training = FieldForm(TRAINING, self._set_training)
        self._layout.addWidget(self._training)

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

    def _set_kind(self, kind: str) -> None:
        """Change the kind; fields that the new kind lacks go."""
        document = self._document
        old = document.project.setup(document.network).get("optimizer", {})
        gone = {name: None for name in old if name != "kind" and name not in KINDS[kind].fields}
        values = {**gone, "kind": kind}
        document.edit(lambda: edits.set_setup(document.project, document.network, "optimizer", values))

    def _set_optimizer(self, name: str, value: Any) -> str:
        document = self._document
        return self._say(lambda: edits.set_setup(document.project, document.network, "optimizer", {name: value}))

    def _set_training(self, name: str, value: Any) -> str:
        document = self._document
        return self._say(lambda: edits.set_setup(document.project, document.network, "training", {name: value}))


def _pair(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    value = value.strip()
    return name.strip(), int(value) if value.lstrip("-").isdigit() else value or None


def _size_field(name: str) -> Count:
    field = Count(1, "An example size; figures are told at it.")
    field.name = name
    return field


def _value_field(name: str) -> Any:
    field = AnyValue(None, "The default; empty where every instance must give one.")
    field.name = name
    return field
