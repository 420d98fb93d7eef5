"""The tour's card beside what it speaks of, and the ring around that."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from designer.theme import themes
from designer.widgets import Text, button
from designer.words import tr

WIDTH = 280
GAP = 14


class TourCard(QWidget):
    """A sentence, which step it is, and what can be pressed: Skip is always there."""

    skipped = Signal()
    pressed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.words = Text("", "ui", "ink", wrap=True)
        self.step = Text("", "caption", "ink3")
        self.skip = button(tr("Skip tour"), quiet=True, small=True)
        self.go = button("", small=True)
        self.skip.clicked.connect(self.skipped)
        self.go.clicked.connect(self.pressed)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.step)
        foot.addStretch()
        foot.addWidget(self.skip)
        foot.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 12, 12)
        column.setSpacing(10)
        column.addWidget(self.words)
        column.addLayout(foot)
        self.hide()

    def say(self, words: str, step: str, skip: str, go: str) -> None:
        """Show a sentence and the words of the buttons; a reader of the screen hears it too."""
        self.words.setText(words)
        self.step.setText(step)
        self.skip.setText(skip)
        self.go.setText(go)
        self.go.setVisible(bool(go))
        self.setAccessibleName(f"{step}: {words}" if step else words)
        self.setFixedWidth(themes.current.px(WIDTH))
        self.setFixedHeight(self.layout().heightForWidth(self.width()))
        self.show()
        self.raise_()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape skips."""
        if event.key() == Qt.Key.Key_Escape:
            self.skipped.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, radius = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -2), theme.radius("card")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("drop"))
        painter.drawRoundedRect(rect.translated(0, 1.5), radius, radius)
        painter.setBrush(theme.color("raised"))
        painter.setPen(theme.color("accent"))
        painter.drawRoundedRect(rect, radius, radius)
        painter.end()


class Ring(QWidget):
    """Two pixels of accent around the target; the mouse goes through it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("focus"), 2))
        radius = theme.radius("card")
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)
        painter.end()


def beside(target: QRect, size: QSize, room: QRect) -> QPoint:
    """Where a card of that size stands within the room: on the outer side of the target, the inner one, below, above.

    Where none of these has room for it, it stands in the target's corner.
    """
    middle = target.center()
    y = min(max(target.top(), room.top()), room.bottom() - size.height())
    x = min(max(middle.x() - size.width() // 2, room.left()), room.right() - size.width())
    sides = [QPoint(target.right() + GAP, y), QPoint(target.left() - GAP - size.width(), y)]
    if middle.x() < room.center().x():
        sides.reverse()
    for spot in (
        *sides,
        QPoint(x, target.bottom() + GAP),
        QPoint(x, target.top() - GAP - size.height()),
    ):
        if room.contains(QRect(spot, size)):
            return spot
    return QPoint(min(target.right(), room.right()) - size.width() - GAP, y + GAP)
