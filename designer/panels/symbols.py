"""The size symbols of the project: over which one to look, their names, their example sizes; one more, one less."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QPushButton, QRadioButton, QVBoxLayout, QWidget

from designer.document import Document
from designer.style import dress
from designer.theme import themes
from designer.widgets import Caption, Field, NumberField, Text, button
from designer.words import tr
from graph_core import edits
from graph_core.symbols import free_symbol, remove_symbol, rename_symbol

MOST = 2**31 - 1
EXAMPLE = 16  # the size of a new symbol


class SymbolRows(QWidget):
    """One row a symbol; `chosen(str)` names the one to look over. `holds` says below for which sizes something does."""

    chosen = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.radios: dict[str, QRadioButton] = {}
        self.names: dict[str, Field] = {}
        self.sizes: dict[str, NumberField] = {}
        self.removers: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 3)
        self._grid.setColumnStretch(2, 4)
        self.adder = button(
            tr("Add symbol"), quiet=True, small=True, tip=tr("A size with a name, to be used in any parameter")
        )
        dress(self.adder, glyph="ui_plus")
        self.adder.clicked.connect(self._add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(4)
        layout.addWidget(Caption(tr("Symbols, examples")))
        layout.addLayout(self._grid)
        layout.addWidget(self.adder)
        self.holds = Text("", "small", "ink2", wrap=True)
        layout.addWidget(self.holds)
        layout.addStretch()

    def show_symbols(self, symbols: Mapping[str, int], current: str) -> None:
        """Show these sizes, and which of them is looked over."""
        if list(symbols) != list(self.radios):
            self._build(symbols)
        for name, size in symbols.items():
            self.sizes[name].set_value(str(size))
            self.names[name].set_value(name)
        if current in self.radios:
            self.radios[current].setChecked(True)

    def _build(self, symbols: Mapping[str, int]) -> None:
        focused = self.focusWidget()
        typing = focused.accessibleName() if focused is not None and self.isAncestorOf(focused) else ""
        for row in (self.radios, self.names, self.sizes, self.removers):
            for widget in row.values():
                self._grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
            row.clear()
        for line, (name, size) in enumerate(symbols.items()):
            radio = self.radios[name] = QRadioButton()
            radio.setAccessibleName(tr("Growth over {name}", name=name))
            radio.setToolTip(tr("Growth over {name}", name=name))
            radio.clicked.connect(lambda _=False, name=name: self.chosen.emit(name))
            self._group.addButton(radio)
            field = self.names[name] = Field(name)
            field.setAccessibleName(tr("Name of {name}", name=name))
            field.committed.connect(lambda text, name=name: self._rename(name, text))
            number = self.sizes[name] = NumberField(tr("Example size of {name}", name=name), size, 1, MOST)
            number.committed.connect(lambda text, name=name: self._resize(name, text))
            remover = self.removers[name] = button(
                "", quiet=True, small=True, glyph="ui_minus", tip=tr("Remove symbol {name}", name=name)
            )
            remover.clicked.connect(lambda _=False, name=name: self._remove(name))
            for column, widget in enumerate((radio, field, number, remover)):
                self._grid.addWidget(widget, line, column)
                widget.show()  # at once, so that it can take the focus
            remover.setFixedWidth(themes.current.px(26))
            for widget in (radio, field, number, remover):
                if widget.accessibleName() == typing:
                    widget.setFocus()

    def _rename(self, old: str, new: str) -> None:
        project = self._document.project
        if not self._document.edit(lambda: rename_symbol(project, old, new.strip())):
            self.names[old].set_value(old)

    def _resize(self, name: str, text: str) -> None:
        project = self._document.project
        self._document.edit(lambda: edits.set_symbol(project, name, int(text)))

    def _add(self) -> None:
        project = self._document.project
        name = free_symbol(project)
        if self._document.edit(lambda: edits.set_symbol(project, name, EXAMPLE)):
            self.show_symbols(project.symbols, name)
            self.names[name].setFocus()
            self.names[name].selectAll()

    def _remove(self, name: str) -> None:
        project = self._document.project
        self._document.edit(lambda: remove_symbol(project, name))
