"""The parameters of a node, edited where it stands: a card under its plate, with the inspector's own fields."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from designer.document import Document
from designer.panels.forms import FieldForm, fields_of
from designer.style import dress
from designer.theme import themes
from designer.words import tr
from graph_core import EditError, edits


class InlineEdit(QFrame):
    """Opens under a plate; what is typed is live, Enter and Escape close it, a click elsewhere too."""

    def __init__(self, document: Document, window: QWidget) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._document = document
        self._node = ""
        self._opened = 0
        self.form = FieldForm({}, self._apply)
        self.name = QLabel()
        dress(self.name, font="small_strong")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 8, 10, 10)
        self._column.setSpacing(6)
        self._column.addWidget(self.name)
        self._column.addWidget(self.form)
        document.altered.connect(lambda _: self._show_values())

    def open_at(self, node: str, at: QPoint) -> None:
        """Show the fields of a node of the graph that is worked on; ``at`` is global."""
        graph = self._document.graph
        found = graph.nodes[node]
        self._node = node
        self._opened += 1
        self._column.removeWidget(self.form)
        self.form.deleteLater()
        self.form = FieldForm(
            {name: field for name, field in fields_of(graph, found).items() if field.kind != "code"}, self._apply
        )
        if not self.form.editors:
            self._document.refused.emit(tr("{node} has no parameters; rename it with F2.", node=found.name))
            return
        self._column.addWidget(self.form)
        for child in self.form.findChildren(QWidget):
            child.installEventFilter(self)
        self.name.setText(f"{found.name} · {found.type if found.type not in graph.project.graphs else 'block'}")
        self._show_values()
        self.setFixedWidth(themes.current.px(300))
        self.adjustSize()
        screen = self.screen().availableGeometry()
        x = max(screen.left(), min(at.x(), screen.right() - self.width()))
        y = max(screen.top(), min(at.y(), screen.bottom() - self.height()))
        self.move(x, y)
        self.show()
        next(iter(self.form.editors.values())).focus()

    def _show_values(self) -> None:
        node = self._document.graph.nodes.get(self._node)
        if node is None:
            self.hide()
            return
        result = self._document.context().results.get(self._node)
        resolved = result.layer.values if result is not None and result.layer is not None else {}
        self.form.show_values(node.params, resolved)

    def _apply(self, name: str, value: Any) -> str:
        graph = self._document.graph
        typed = f"inline {graph.key} {self._node} {name} {self._opened}" if self.form.editors[name].typed else ""
        try:
            with self._document.history.merging(typed):
                edits.set_params(graph, self._node, {name: value})
        except EditError as error:
            return str(error)
        return ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter is done, as Escape is."""
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if pressed and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.hide()
            return True
        return super().eventFilter(watched, event)
