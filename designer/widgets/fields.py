"""Fields: single lines that check what is typed, say what is wrong, and give way with Escape."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QStyle, QStyleOptionFrame, QToolButton, QWidget

from designer.style import dress
from designer.theme import themes
from designer.words import told, tr


class Field(QLineEdit):
    """One line of text in mono. `edited(str)` after each keystroke; `committed(str)` on Enter or when the focus
    leaves, only if the text is another than before; Escape brings the old text back and emits `edited`.

    `set_error` marks it wrong with a sentence in its tool tip; "" takes that back.
    """

    edited = Signal(str)
    committed = Signal(str)

    def __init__(self, text: str = "", parent: QWidget | None = None, font: str = "mono") -> None:
        super().__init__(parent)
        self._kept = text
        self._hint = ""
        dress(self, font=font)
        self.setText(text)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textEdited.connect(self._edit)
        self.editingFinished.connect(self._commit)

    def set_value(self, text: str) -> None:
        """Show `text` as the kept value. While a person types here, their text stays and only Escape leads back."""
        typing = self.hasFocus() and self.text() != self._kept
        self._kept = text
        if not typing and self.text() != text:
            self.setText(text)

    @property
    def kept(self) -> str:
        """The last committed or set text."""
        return self._kept

    def set_hint(self, sentence: str) -> None:
        """The tool tip while nothing is wrong."""
        self._hint = sentence
        if not self.wrong:
            self.setToolTip(sentence)

    def set_error(self, sentence: str) -> None:
        """Say what is wrong with the text; "" if nothing is."""
        self.setProperty("error", bool(sentence))
        words = told(sentence) or self._hint
        self.setToolTip(words)
        self.setAccessibleDescription(words)
        self.update()

    @property
    def wrong(self) -> bool:
        """Whether it is marked wrong."""
        return bool(self.property("error"))

    def sizeHint(self) -> QSize:
        """26 high."""
        return QSize(super().sizeHint().width(), themes.current.size("field"))

    def minimumSizeHint(self) -> QSize:
        return QSize(themes.current.px(36), themes.current.size("field"))

    def _edit(self, text: str) -> None:
        self.edited.emit(text)

    def _commit(self) -> None:
        if self.text() != self._kept and not self.wrong:
            self._kept = self.text()
            self.committed.emit(self._kept)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.wrong and event.reason() != Qt.FocusReason.PopupFocusReason:
            self._restore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text() != self._kept:
            self._restore()
            return
        super().keyPressEvent(event)

    def _restore(self) -> None:
        self.setText(self._kept)
        self.set_error("")
        self.edited.emit(self._kept)


class NumberField(Field):
    """A number from `low` to `high`, whole or not; up and down step it. `value` is None while the text is none.

    Checked as it is typed; the sentence names the field and its range.
    """

    def __init__(
        self, name: str, value: float, low: float, high: float, *, whole: bool = True, parent: QWidget | None = None
    ) -> None:
        self._name, self._low, self._high, self._whole = name, low, high, whole
        super().__init__(self._words(value), parent)
        self.setAccessibleName(name)
        self.textChanged.connect(self._check)

    @staticmethod
    def _words(value: float) -> str:
        return f"{value:g}" if value != int(value) or abs(value) >= 1e15 else str(int(value))

    @property
    def value(self) -> int | float | None:
        """The number typed, or None where it is none or out of range."""
        try:
            number: int | float = int(self.text()) if self._whole else float(self.text())
        except ValueError:
            return None
        return number if self._low <= number <= self._high else None

    def _edit(self, text: str) -> None:
        self._check()  # whoever hears of the edit may ask whether it is wrong
        super()._edit(text)

    def _check(self) -> None:
        if self.value is None:
            kind = tr("a whole number") if self._whole else tr("a number")
            self.set_error(
                tr(
                    "{name} must be {kind} from {low} to {high}.",
                    name=self._name,
                    kind=kind,
                    low=self._words(self._low),
                    high=self._words(self._high),
                )
            )
        elif self.wrong:
            self.set_error("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
        if not step or self.value is None:
            super().keyPressEvent(event)
            return
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        if self._whole:
            number: float = self.value + step * far
        else:  # a tenth of its magnitude, so that 0.01 steps by 0.001
            number = self.value * (1.1**far if step > 0 else 1 / 1.1**far)
            number = float(f"{number:.3g}")
        self.setText(self._words(min(max(number, self._low), self._high)))
        self.edited.emit(self.text())


class SearchField(QLineEdit):
    """Search with a glass at the left and a clear at the right. Escape clears; `moved(int)` asks the list beside it
    to go up (-1) or down (1), `entered` to take what is chosen there.
    """

    moved = Signal(int)
    entered = Signal()

    def __init__(self, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setClearButtonEnabled(True)
        for button in self.findChildren(QToolButton):
            button.setAccessibleName(tr("Clear"))
        dress(self, font="small")
        self.setTextMargins(20, 0, 0, 0)

    def sizeHint(self) -> QSize:
        """26 high."""
        return QSize(super().sizeHint().width(), themes.current.size("field"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(-1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, painter = themes.current, QPainter(self)
        side = 14.0
        place = QRectF(8, (self.height() - side) / 2, side, side)
        theme.paint_glyph(painter, "ui_search", place, theme.color("ink2"))
        painter.end()


class NameField(Field):
    """A name that is edited in place: a title, underlined while the mouse or the focus is on it."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent, font="title")
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFrame(False)
        self.setTextMargins(-2, 0, 0, 0)  # Qt's own inset: a name stands flush with what is under it

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus() or self.underMouse() or self.wrong:
            theme, painter = themes.current, QPainter(self)
            thick = 2 if self.hasFocus() else 1
            ink = theme.color("error" if self.wrong else "focus" if self.hasFocus() else "strong")
            painter.fillRect(0, self.height() - thick, self.width(), thick, ink)
            painter.end()


class ExpressionField(Field):
    """A value that may be an expression: ƒx at the left while it is one, the text, and at the right what it comes to.

    `set_result("128")` shows the value of the expression; with "" the field shows its text alone, as for a number.
    """

    def __init__(self, text: str = "", result: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._result = ""
        self.set_result(result)

    @property
    def result(self) -> str:
        """What the expression comes to, "" where the text is a plain value."""
        return self._result

    def set_result(self, result: str) -> None:
        """Show what the expression comes to; "" for a plain value."""
        self._result = result
        theme = themes.current
        wide = QFontMetrics(theme.ui_font("mono_strong")).horizontalAdvance(result) + theme.px(10) if result else 0
        self.setTextMargins(theme.px(20) if result else 0, 0, wide, 0)
        self.setAccessibleDescription(tr("comes to {result}", result=result) if result else "")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._result:
            super().paintEvent(event)
            return
        theme = themes.current
        if self.hasFocus():
            super().paintEvent(event)
            painter = QPainter(self)
        else:  # the widget below cuts a long text off without a sign
            painter = QPainter(self)
            option = QStyleOptionFrame()
            self.initStyleOption(option)
            self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelLineEdit, option, painter, self)
            margins = self.textMargins()
            room = self.rect().adjusted(margins.left() + theme.px(8), 0, -margins.right() - theme.px(8), 0)
            text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
            painter.setFont(self.font())
            painter.setPen(theme.color("ink2" if self.isEnabled() else "ink3"))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        side = theme.px(14)
        place = QRectF(theme.px(8), (self.height() - side) / 2, side, side)
        theme.paint_glyph(painter, "ui_fx", place, theme.family("block"))
        painter.setFont(theme.ui_font("mono_strong"))
        painter.setPen(theme.color("ink" if self.isEnabled() else "ink3"))
        right = self.rect().adjusted(0, 0, -theme.px(8), 0)
        painter.drawText(right, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._result)
        painter.end()


class FollowsField(QLineEdit):
    """A value that follows the wire: dashed, read-only, with the name of the layer that it comes from."""

    def __init__(self, value: str = "", source: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setProperty("follows", True)
        dress(self, font="mono")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_value(value, source)

    def set_value(self, value: str, source: str = "") -> None:
        """Show `value`, and "from `source`" at the right."""
        self._source = tr("from {source}", source=source) if source else ""
        self.setText(value)
        self.setAccessibleDescription(self._source)
        theme = themes.current
        wide = QFontMetrics(theme.ui_font("caption")).horizontalAdvance(self._source) + theme.px(10)
        self.setTextMargins(theme.px(20), 0, wide if source else 0, 0)
        self.update()

    def sizeHint(self) -> QSize:
        """26 high."""
        return QSize(super().sizeHint().width(), themes.current.size("field"))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, painter = themes.current, QPainter(self)
        side = theme.px(14)
        place = QRectF(theme.px(8), (self.height() - side) / 2, side, side)
        theme.paint_glyph(painter, "ui_wire", place, theme.color("ink3"))
        painter.setFont(theme.ui_font("caption"))
        painter.setPen(theme.color("ink3"))
        right = self.rect().adjusted(0, 0, -theme.px(8), 0)
        painter.drawText(right, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._source)
        painter.end()
