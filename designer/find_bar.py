"""Find and replace over the canvas: by name, by type or by parameter, in the whole project."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from designer.document import Document
from designer.entries import parse_entry
from designer.going import look_at
from designer.panels.forms import fields_of
from designer.search import catalogue
from designer.widgets import SearchField, Segments, Strip, Text
from designer.words import tr
from graph_core import EditError, Graph, Node
from graph_core.field import FieldError
from graph_core.finding import Found, find, replace_found

HINTS = {"name": "conv1", "type": "norm", "parameter": "stride = 2"}
NEW = {"name": tr("Replace the part found with"), "type": tr("Replace with the type"), "parameter": tr("Set it to")}


class FindBar(QWidget):
    """One row to find, one to replace. Enter goes to the next node, Shift+Enter back; `left` fires on Escape."""

    left = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.found: list[Found] = []
        self._at = -1
        self.query = _Query(tr("Find nodes"))
        self.by = Segments((("name", tr("Name")), ("type", tr("Type")), ("parameter", tr("Parameter"))))
        self.by.set_current("name")
        self.count = Text("", "small", "ink3")
        self.new = QLineEdit()
        self.one, self.all, self.close_button = (
            QPushButton(tr("Replace")),
            QPushButton(tr("Replace all")),
            QPushButton(tr("Close")),
        )
        for button in (self.one, self.all, self.close_button):
            button.setProperty("small", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        first, self.second = Strip("panel", "overlay"), Strip("panel", "overlay")
        for strip, widgets in (
            (first, (self.query, self.by, self.count, self.close_button)),
            (self.second, (self.new, self.one, self.all)),
        ):
            row = QHBoxLayout(strip)
            row.setContentsMargins(8, 0, 12, 0)
            for widget in widgets:
                row.addWidget(widget, 1 if isinstance(widget, QLineEdit) else 0)
            column.addWidget(strip)
        self.count.setMinimumWidth(96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.query.textChanged.connect(self.refresh)
        self.query.stepped.connect(self.step)
        self.by.chosen.connect(lambda _: self._choose())
        self.one.clicked.connect(self.replace_one)
        self.all.clicked.connect(self.replace_all)
        self.new.returnPressed.connect(self.replace_one)
        self.close_button.clicked.connect(self.left)
        document.altered.connect(lambda _: self.refresh() if self.isVisible() else None)
        document.replaced.connect(self.refresh)
        self._choose()

    def minimumSizeHint(self) -> QSize:
        """As narrow as the canvas may be."""
        return QSize(0, super().minimumSizeHint().height())

    def open(self, *, replacing: bool) -> None:
        """Show the bar, with the second row for replacing."""
        self.second.setVisible(replacing)
        self.show()
        self.refresh()
        self.query.setFocus()
        self.query.selectAll()

    def _choose(self) -> None:
        by = self.by.current
        self.query.setPlaceholderText(tr("Find nodes by {by}, such as {example}", by=tr(by), example=HINTS[by]))
        self.new.setPlaceholderText(NEW[by])
        self.new.setAccessibleName(NEW[by])
        self.new.setCompleter(self._types() if by == "type" else None)
        self.refresh()

    def _types(self) -> QCompleter:
        completer = QCompleter([entry.title for entry in catalogue(self._document.project)], self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        return completer

    def refresh(self, *_: object) -> None:
        """Look again; nothing is selected by that."""
        self.found = find(self._document.project, self.by.current, self.query.text())
        self._at = min(self._at, len(self.found) - 1)
        self._show_count()

    def _show_count(self) -> None:
        count = len(self.found)
        place = (
            tr("{place} of {count}", place=self._at + 1, count=count)
            if self._at >= 0
            else tr("{count} found", count=count)
            if count
            else tr("nothing found")
        )
        self.count.setText(place if self.query.text().strip() else "")
        for button in (self.one, self.all):
            button.setEnabled(bool(count))

    def step(self, way: int) -> None:
        """Select the next node that fits, or the one before, wherever it lies."""
        if not self.found:
            return
        self._at = (self._at + way) % len(self.found) if self._at >= 0 or way > 0 else len(self.found) - 1
        one = self.found[self._at]
        if look_at(self._document, self._document.project.graphs[one.graph]):
            self._document.select((one.node,))
        self._show_count()

    def replace_one(self) -> None:
        """Replace in the node that was gone to, and go to the next."""
        if self._at < 0:
            self.step(1)
            return
        if self._at < len(self.found) and self._replace([self.found[self._at]]):
            self._at -= 1
            self.step(1)

    def replace_all(self) -> None:
        """Replace in all nodes found, as one step to undo."""
        self._replace(self.found)

    def _replace(self, found: list[Found]) -> bool:
        by, query, text = self.by.current, self.query.text(), self.new.text()
        project = self._document.project
        at = self._at

        new = (lambda graph, node, name: _value(graph, node, name, text)) if by == "parameter" else text
        done = self._document.edit(lambda: replace_found(project, found, by, query, new))
        self._at = at
        return done

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class _Query(SearchField):
    """Enter goes on, Shift+Enter back."""

    stepped = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.stepped.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        else:
            super().keyPressEvent(event)


def _value(graph: Graph, node: Node, name: str, text: str) -> object:
    """What a person typed for a parameter of a node; raises EditError."""
    fields = fields_of(graph, node)
    if name not in fields:
        raise EditError(f"{node.name} has no parameter {name}.")
    try:
        return parse_entry(fields[name], text)
    except FieldError as error:
        raise EditError(f"{node.name}: {error}") from error
