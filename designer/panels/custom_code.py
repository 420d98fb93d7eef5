"""The code of a custom node: shown as it is, edited on request, and trusted by one button that says so."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget

from designer.panels.forms import Apply, FieldEditor
from designer.panels.highlight import Highlighter
from designer.style import dress
from designer.widgets import Text, button
from designer.words import tr
from graph_core.fields import Field, FieldError
from graph_core.trust import distrust, is_trusted, trust

LINES = 12
READING = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


class CodeEditor(FieldEditor):
    """Read-only until “Edit code” is pressed. What is typed is applied once it is a class; trust is for the very text.

    `trust_changed` fires when the user of this computer trusts the text, or withdraws that.
    """

    trust_changed = Signal()
    typed = True
    wide = True

    def __init__(self, field: Field[Any], apply: Apply) -> None:
        super().__init__(field, apply)
        self.setToolTip("")
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(tr("Code"))
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTextInteractionFlags(READING)
        dress(self.text, font="mono_small")
        self.text.setMinimumHeight(LINES * self.text.fontMetrics().lineSpacing())
        self.colours = Highlighter(self.text)
        self.colours.start()
        self.setFocusProxy(self.text)
        self.row.addWidget(self.text, 1)
        self.edit = button(tr("Edit code"), "ui_pencil", small=True)
        self.edit.setCheckable(True)
        self.edit.toggled.connect(self._unlock)
        self.trust = button(tr("Trust this code"), "ui_lock", small=True)
        self.trust.clicked.connect(self._trust)
        self.state = Text("", "small", "ink3", wrap=True)
        below = QHBoxLayout()
        below.setContentsMargins(0, 4, 0, 0)
        below.setSpacing(8)
        below.addWidget(self.edit)
        below.addWidget(self.trust)
        below.addStretch()
        holder = QWidget()
        holder.setLayout(below)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self.state)
        layout.addWidget(holder)
        self.text.textChanged.connect(self._typed)
        self._showing = False

    def show_value(self, value: Any, resolved: Any = None) -> None:
        """See FieldEditor. What is being typed stays."""
        super().show_value(value, resolved)
        text = str(value)
        if not self.text.hasFocus() or self.text.isReadOnly():
            self.complain("")
            if self.text.toPlainText() != text:
                self._showing = True
                self.text.setPlainText(text)
                self._showing = False
        self._show_trust()

    def focus(self) -> None:
        """See FieldEditor."""
        self.text.setFocus()

    def _typed(self) -> None:
        if self._showing or self.text.isReadOnly():
            return
        text = self.text.toPlainText()
        try:
            self.field.accept(text)
        except FieldError as error:
            self.complain(str(error))
        else:
            self.send(text)

    def _unlock(self, on: bool) -> None:
        self.text.setReadOnly(not on)
        if not on:
            self.text.setTextInteractionFlags(READING)
        self.edit.setText(tr("Done") if on else tr("Edit code"))
        if on:
            self.text.setFocus()
        else:
            self.show_value(self._stored)

    def _show_trust(self) -> None:
        trusted = is_trusted(str(self._stored))
        ours = str(self._stored) == self.field.default
        self.state.setText(
            tr("Comes with Netwright.")
            if ours
            else tr("Trusted on this computer: it runs when the network does.")
            if trusted
            else tr("Not trusted: nothing runs it. Read it first; it can do whatever you can.")
        )
        self.trust.setText(tr("Withdraw trust") if trusted else tr("Trust this code"))
        self.trust.setVisible(not ours)

    def _trust(self) -> None:
        code = str(self._stored)
        try:
            (distrust if is_trusted(code) else trust)(code)
        except OSError as error:
            self.complain(tr("What is trusted cannot be noted: {what}.", what=error.strerror or error))
            return
        self._show_trust()
        self.trust_changed.emit()
