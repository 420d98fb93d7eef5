"""Choices: a switch with its word, a row of segments, a path of names."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from designer.controls import box
from designer.style import dress
from designer.theme import themes
from designer.widgets.labels import Text
from designer.words import tr

_STEPS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}


class Toggle(QCheckBox):
    """A switch whose word says its state. Space toggles; `toggled(bool)` as of any check box."""

    def __init__(self, on: bool = False, words: tuple[str, str] = ("off", "on"), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words
        dress(self, ink="ink2")
        self.setChecked(on)
        self._say(on)
        self.toggled.connect(self._say)

    def checkStateSet(self) -> None:
        super().checkStateSet()
        self._say(self.isChecked())  # set by code, where signals may be blocked

    def _say(self, on: bool) -> None:
        self.setText(self._words[on])


class _Segment(QAbstractButton):
    """One of a row: painted without an outline of its own."""

    def __init__(self, text: str, last: bool) -> None:
        super().__init__()
        self.setText(text)
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._last = last
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        theme = themes.current
        width = QFontMetrics(theme.ui_font("small_strong")).horizontalAdvance(self.text())
        return QSize(width + theme.px(20), theme.size("button_small"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _STEPS:
            event.ignore()  # the row moves its choice
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        radius = theme.radius("field")
        if self.isChecked() and self.isEnabled():
            box(painter, self.rect(), radius, theme.color("acctint"), QPen(theme.color("accent"), 1))
        elif self.underMouse() and self.isEnabled():
            box(painter, self.rect().adjusted(1, 1, -1, -1), radius - 1, theme.color("hover"), None)
        if not self._last and not self.isChecked():
            inset = self.height() // 4
            line = QRect(self.width() - 1, inset, 1, self.height() - 2 * inset)
            painter.fillRect(line, theme.color("line2"))
        if self.hasFocus() and self.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange):
            box(painter, self.rect(), radius, None, QPen(theme.color("focus"), 2))
        painter.setFont(theme.ui_font("small_strong" if self.isChecked() else "small"))
        ink = "ink3" if not self.isEnabled() else "accent" if self.isChecked() else "ink2"
        painter.setPen(theme.color(ink))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()


class Segments(QWidget):
    """One of few choices in a row, in one frame. Arrow keys move the choice; Tab enters and leaves.

    `chosen(str)` carries the key of what a person chose; `set_current` does not emit it. With `optional`, choosing
    the chosen one again lets go of it: then the key is "".
    """

    chosen = Signal(str)

    def __init__(
        self,
        choices: Sequence[tuple[str, str]],
        current: str = "",
        optional: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """`choices` are (key, word); `current` a key, or "" for none."""
        super().__init__(parent)
        self._optional = optional
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._buttons: dict[str, _Segment] = {}
        for index, (key, word) in enumerate(choices):
            segment = _Segment(word, index == len(choices) - 1)
            segment.clicked.connect(lambda _=False, key=key: self._click(key))
            self._buttons[key] = segment
            self._row.addWidget(segment)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_current(current)

    @property
    def current(self) -> str:
        """The key of the choice, "" for none."""
        return next((key for key, segment in self._buttons.items() if segment.isChecked()), "")

    def set_current(self, key: str) -> None:
        """Show that choice, or none for "". Raises KeyError for an unknown one."""
        if key and key not in self._buttons:
            raise KeyError(key)
        for name, segment in self._buttons.items():
            segment.setChecked(name == key)
        stop = key or next(iter(self._buttons), "")
        for name, segment in self._buttons.items():
            segment.setFocusPolicy(Qt.FocusPolicy.StrongFocus if name == stop else Qt.FocusPolicy.ClickFocus)
        if stop:
            self.setFocusProxy(self._buttons[stop])

    def segment(self, key: str) -> QAbstractButton:
        """The button of a choice: to disable it and say in its tool tip why."""
        return self._buttons[key]

    def _click(self, key: str) -> None:
        was = next((name for name, one in self._buttons.items() if one.isChecked() and name != key), "")
        again = not was and not self._buttons[key].isChecked()
        now = "" if again and self._optional else key
        self.set_current(now)
        if now or self._optional:
            self.chosen.emit(now)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(event.key(), 0)
        keys = [key for key, segment in self._buttons.items() if segment.isEnabled()]
        if not step or not keys:
            super().keyPressEvent(event)
            return
        here = next((at for at, key in enumerate(keys) if self._buttons[key].hasFocus()), 0)
        key = keys[(here + step) % len(keys)]
        self.set_current(key)
        self._buttons[key].setFocus(Qt.FocusReason.TabFocusReason)
        self.chosen.emit(key)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        ink = theme.color("line2" if self.isEnabled() else "line")
        box(painter, self.rect(), theme.radius("field"), theme.color("raised"), QPen(ink, 1))
        painter.end()


LEAST_WAY = 44  # of a breadcrumb, at 100 % text size


class Breadcrumb(QWidget):
    """Where one is: names from the outermost graph to the present one. `chosen(int)` carries the level clicked."""

    chosen = Signal(int)

    def __init__(self, names: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self.names: tuple[str, ...] = ()
        self.set_names(names)

    def minimumSizeHint(self) -> QSize:
        """A long way is cut off where there is no room for it."""
        return QSize(themes.current.px(LEAST_WAY), super().minimumSizeHint().height())

    def set_names(self, names: Sequence[str]) -> None:
        """Show these levels; all but the last can be chosen."""
        if tuple(names) == self.names and self._row.count():
            return
        self.names = tuple(names)
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for level, name in enumerate(self.names):
            if level == len(self.names) - 1:
                last = Text(name, "strong")
                last.setContentsMargins(6, 0, 6, 0)
                self._row.addWidget(last)
                continue
            step = QPushButton(name)
            for key in ("quiet", "small"):
                step.setProperty(key, True)
            dress(step, font="ui", ink="ink2")
            step.setToolTip(tr("Go to {name}", name=name))
            step.clicked.connect(lambda _=False, level=level: self.chosen.emit(level))
            self._row.addWidget(step)
            arrow = Text("›", "ui", "ink3")
            self._row.addWidget(arrow)
        self._row.addStretch(1)
