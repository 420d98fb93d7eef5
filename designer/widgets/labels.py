"""Words and figures: labels by role, captions, header bars, large figures, key hints, family tiles, buttons."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from designer.controls import box
from designer.style import dress
from designer.theme import themes


def button(
    text: str, glyph: str = "", *, primary: bool = False, quiet: bool = False, small: bool = False, tip: str = ""
) -> QPushButton:
    """A push button: normal, `primary` (one per window) or `quiet` (no border); `small` is 24 high."""
    made = QPushButton(text)
    for name, value in (("primary", primary), ("quiet", quiet), ("small", small)):
        made.setProperty(name, value)
    dress(made, font="strong" if primary else "small" if small else "ui")
    if glyph:
        dress(made, glyph=glyph, glyph_ink="onacc" if primary else "ink")
    if not text:
        made.setAccessibleName(tip)
    made.setToolTip(tip)
    made.setAutoDefault(False)
    return made


class Text(QLabel):
    """A label in a font role and a token's colour; plain text, so that no name is ever read as markup."""

    def __init__(
        self, text: str = "", font: str = "ui", ink: str = "ink", parent: QWidget | None = None, wrap: bool = False
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        dress(self, font=font, ink=ink)


class Elided(Text):
    """A line that gives way: what does not fit ends with …, and the tool tip tells it whole."""

    def __init__(self, text: str = "", font: str = "ui", ink: str = "ink", parent: QWidget | None = None) -> None:
        super().__init__(text, font, ink, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = self.contentsRect()
        told = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, self.alignment() | Qt.AlignmentFlag.AlignVCenter, told)
        painter.end()
        self.setToolTip(self.text() if told != self.text() else "")


class Caption(Text):
    """The name of a group: 11, semibold, grey."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, "caption_strong", "ink3", parent)


class KeyHint(QLabel):
    """A key's name in a small frame."""

    def __init__(self, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(keys, parent)
        dress(self, font="mono_small", ink="ink3")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """The word with 5 px at its sides, 18 high."""
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 11, themes.current.px(18))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box(painter, self.rect(), 4, None, QPen(themes.current.color("line2"), 1))
        painter.end()
        super().paintEvent(event)


class HeaderBar(QWidget):
    """A panel's heading, 32 high: its title at the left, what `add` puts there at the right."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = Text(title, "small_strong")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 0, 12, 0)
        self._row.setSpacing(4)
        self._row.addWidget(self.title)
        self._row.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def add(self, widget: QWidget) -> None:
        """Put a widget at the right end."""
        self._row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def sizeHint(self) -> QSize:
        """32 high."""
        return QSize(super().sizeHint().width(), themes.current.size("header"))

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), themes.current.size("header"))


class FigureLabel(QWidget):
    """A large figure with its unit, the exact value under it, and under that a change: ▲ costs more, ▼ costs less.

    The exact value is its tool tip and what Ctrl+C copies while it has the focus.
    """

    def __init__(self, value: str = "", unit: str = "", exact: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value = self.unit = self.exact = ""
        self._change = ""
        self._ink = "ink3"
        self._with_change = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_figure(value, unit, exact)

    def set_figure(self, value: str, unit: str = "", exact: str = "") -> None:
        """Show `value` large, `unit` small after it, `exact` below."""
        if (value, unit, exact) == (self.value, self.unit, self.exact):
            return
        self.value, self.unit, self.exact = value, unit, exact
        self.setToolTip(f"{exact or value} {unit}".strip())
        self.setAccessibleName(f"{value} {unit}, {exact}".strip(" ,"))
        self.updateGeometry()
        self.update()

    def set_change(self, text: str, ink: str = "ink3") -> None:
        """Show a change below, in a token's colour: "more", "less", "accent" …; the line stays kept from now on."""
        if self._with_change and (text, ink) == (self._change, self._ink):
            return
        self._change, self._ink, self._with_change = text, ink, True
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the figure and its unit, with a line each for the exact value and the change."""
        theme = themes.current
        width = QFontMetrics(theme.ui_font("figure")).horizontalAdvance(self.value + " ")
        width += QFontMetrics(theme.ui_font("small")).horizontalAdvance(self.unit)
        return QSize(width + 2, theme.px(28 + 18 * (bool(self.exact) + self._with_change)))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def event(self, event: QEvent) -> bool:
        """The key for Copy is ours before it is the window's, which copies nodes."""
        asked = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if asked and event.matches(QKeySequence.StandardKey.Copy):  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText((self.exact or self.value).replace(" ", "").replace(",", ""))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        large, small, mono = theme.ui_font("figure"), theme.ui_font("small"), theme.ui_font("mono")
        base = theme.px(21)
        painter.setFont(large)
        painter.setPen(theme.color("ink"))
        painter.drawText(0, base, self.value)
        at = QFontMetrics(large).horizontalAdvance(self.value) + theme.px(4)
        painter.setFont(small)
        painter.setPen(theme.color("ink2"))
        painter.drawText(at, base, self.unit)
        line = base
        for text, ink in ((self.exact, "ink3"), (self._change, self._ink)):
            if text:
                line += theme.px(18)
                painter.setFont(mono)
                painter.setPen(theme.color(ink))
                painter.drawText(0, line, text)
        if self.hasFocus():
            box(painter, self.rect(), theme.radius("field"), None, QPen(theme.color("focus"), 2))
        painter.end()


class FamilyTile(QWidget):
    """A square in a family's tint with its glyph: 36 px in the inspector's heading."""

    def __init__(self, family: str = "conv", side: int = 36, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._family, self._side, self._glyph = family, side, family
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_family(self, family: str, glyph: str = "") -> None:
        """Show that family, with another glyph than its own where one is given."""
        self._family, self._glyph = family, glyph or family
        self.update()

    def sizeHint(self) -> QSize:
        """Square."""
        side = themes.current.px(self._side)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        box(painter, self.rect(), theme.radius("node"), theme.family_tint(self._family), None)
        side = self.width() * 0.5
        place = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        theme.paint_glyph(painter, self._glyph, place, theme.family(self._family))
        painter.end()
