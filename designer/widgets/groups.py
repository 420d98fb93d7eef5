"""Fields made of others: as many as a tuple has axes, and a path with its dialog."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from designer.theme import themes
from designer.widgets.fields import ExpressionField, Field
from designer.widgets.labels import button


class PairField(QWidget):
    """As many fields as a tuple of sizes has axes. `edited` and `committed` carry all texts.

    While all are equal, typing in the first changes the others with it: a 3×3 window takes one keystroke.
    """

    edited = Signal(list)
    committed = Signal(list)

    def __init__(self, texts: Sequence[str] = ("", ""), name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(themes.current.px(6))
        self.fields = [ExpressionField(text) for text in texts]
        for index, field in enumerate(self.fields):
            field.setAccessibleName(f"{name} {index + 1}".strip())
            field.edited.connect(lambda text, index=index: self._edit(index, text))
            field.committed.connect(lambda _: self._commit())
            row.addWidget(field, 1)
        self._linked = len(set(texts)) == 1
        if self.fields:
            self.setFocusProxy(self.fields[0])

    @property
    def texts(self) -> list[str]:
        """What the fields hold."""
        return [field.text() for field in self.fields]

    def set_values(self, texts: Sequence[str]) -> None:
        """Show these kept values, one per field."""
        for field, text in zip(self.fields, texts, strict=True):
            field.set_value(text)
        self._linked = len(set(self.texts)) == 1

    def set_error(self, sentence: str) -> None:
        """Mark all fields wrong, or none."""
        for field in self.fields:
            field.set_error(sentence)

    def _edit(self, index: int, text: str) -> None:
        if index == 0 and self._linked:
            for field in self.fields[1:]:
                field.setText(text)
        else:
            self._linked = False
        self.edited.emit(self.texts)

    def _commit(self) -> None:
        for field in self.fields:
            field.set_value(field.text())
        self._linked = len(set(self.texts)) == 1
        self.committed.emit(self.texts)


class PathField(QWidget):
    """A file's path, typed or chosen in the system's dialog. `committed(str)` as of `Field`."""

    committed = Signal(str)

    def __init__(
        self,
        path: str = "",
        title: str = "Choose a file",
        pattern: str = "",
        parent: QWidget | None = None,
        ask: Callable[[QWidget, str, str, str], str] | None = None,
    ) -> None:
        """`pattern` as of QFileDialog ("Arrays (*.npz)"); `ask` may stand in for the dialog."""
        super().__init__(parent)
        self._title, self._pattern, self._ask = title, pattern, ask or _ask_for_file
        self.field = Field(path)
        self.field.committed.connect(self.committed)
        self._open = button("", "ui_open", small=True, tip=title)
        self._open.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(self._open)
        self.setFocusProxy(self.field)

    @property
    def path(self) -> str:
        """The path as it stands in the field."""
        return self.field.text()

    def _choose(self) -> None:
        chosen = self._ask(self, self._title, self.path, self._pattern)
        if chosen and chosen != self.field.kept:
            self.field.set_value(chosen)
            self.field.setText(chosen)
            self.committed.emit(chosen)


def _ask_for_file(parent: QWidget, title: str, start: str, pattern: str) -> str:
    from PySide6.QtWidgets import QFileDialog  # costs as much as all other widgets together, and is rarely needed

    chosen, _ = QFileDialog.getOpenFileName(parent, title, start, pattern)
    return chosen
