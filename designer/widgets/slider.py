"""A slider over sizes: each step multiplies, and a mark shows how far a size may go."""

from __future__ import annotations

from math import log2

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from designer.controls import box
from designer.theme import themes

STEPS = 8  # a doubling
DOUBLINGS = 16


class SizeSlider(QSlider):
    """A size from 1 to 65,536 on a scale of doublings. `moved(int)` carries the size that a person chose.

    Arrow keys go an eighth of a doubling, Page up and down a whole one. What lies beyond `set_most` is hatched.
    """

    moved = Signal(int)

    def __init__(self, name: str, size: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._size, self._most = size, 0
        self._bounded = False
        self.setRange(0, STEPS * DOUBLINGS)
        self.setPageStep(STEPS)
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_size(size)
        self.valueChanged.connect(self._move)

    @property
    def size_(self) -> int:
        """The size; also one that lies between two steps or beyond the end."""
        return self._size

    def set_size(self, size: int) -> None:
        """Show a size, which need not be one of the steps."""
        self._size = size
        self.blockSignals(True)
        self.setValue(round(self._place(size)))
        self.blockSignals(False)
        self.setAccessibleDescription(f"{size:,}")
        self.update()

    def set_most(self, most: int | None, *, known: bool = True) -> None:
        """Mark the largest size that is possible; None for no end."""
        self._bounded, self._most = known and most is not None, most or 0
        self.update()

    @staticmethod
    def _place(size: int) -> float:
        return min(STEPS * log2(max(size, 1)), STEPS * DOUBLINGS)

    def _move(self, value: int) -> None:
        size = round(2 ** (value / STEPS))
        if size == self._size and value:  # the steps near 1 are finer than sizes are
            size += 1 if value > self._place(self._size) else -1 if value < self._place(self._size) else 0
        self.set_size(max(size, 1))
        self.moved.emit(self._size)

    def sizeHint(self) -> QSize:
        """As high as a small button."""
        return QSize(themes.current.px(140), themes.current.size("button_small"))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The handle goes to where the mouse is pressed, and follows it."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._follow(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)
        self.update()

    def _follow(self, event: QMouseEvent) -> None:
        track = self._track()
        share = (event.position().x() - track.left()) / max(track.width(), 1.0)
        self.setValue(round(min(max(share, 0.0), 1.0) * self.maximum()))

    def _track(self) -> QRectF:
        radius = themes.current.px(7)
        return QRectF(radius, self.height() / 2 - 2, self.width() - 2 * radius, 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = self._track()
        whole = STEPS * DOUBLINGS
        at = track.left() + track.width() * self._place(self._size) / whole
        box(painter, track.toRect(), 2, theme.color("sunken"), QPen(theme.color("line2"), 1))
        over = self._bounded and self._size > self._most
        if self._bounded:
            end = track.left() + track.width() * self._place(self._most) / whole if self._most else track.left()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("error"))
            beyond = QRectF(end, track.top() + 1, track.right() - end, 2)
            painter.setOpacity(0.35)
            painter.drawRect(beyond)
            painter.setOpacity(1.0)
            painter.fillRect(QRectF(end - 0.75, track.top() - 4, 1.5, 12), theme.color("ink3"))
        filled = QRectF(track.left(), track.top(), at - track.left(), track.height())
        box(painter, filled.toRect(), 2, theme.color("ink3" if not self.isEnabled() else "accent"), None)
        radius = theme.px(6)
        handle = QRectF(at - radius, self.height() / 2 - radius, 2 * radius, 2 * radius)
        ink = "error" if over else "focus" if self.hasFocus() else "strong"
        painter.setPen(QPen(theme.color(ink), 2 if self.hasFocus() or over else 1))
        painter.setBrush(theme.color("hover" if self.underMouse() else "raised"))
        painter.drawEllipse(handle)
        painter.end()
