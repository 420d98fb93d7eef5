"""A figure over the sizes of one symbol, with the present point; what is under the mouse is read out.

Painted here, not by a library of plots: the readout shows it within the first second, and those take half of one to
load.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer.numbers import exact, short
from designer.style import dress
from designer.theme import themes
from designer.words import tr
from graph_core.growth import Curve

DOT = 3.5  # radius of the present point


class GrowthPlot(QWidget):
    """The curve on logarithmic axes with a grid, or a small one on plain axes with the ends told below it."""

    def __init__(self, logarithmic: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = logarithmic
        self._curve: Curve | None = None
        self._unit = ""
        self._under: int | None = None  # the point under the mouse
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        dress(self, font="mono_small", ink="ink3")

    def show_curve(self, curve: Curve | None, unit: str) -> None:
        """Draw this curve; `unit` follows the figures: params, MACs."""
        self._curve, self._unit, self._under = curve, unit, None
        if curve is None:
            self.setAccessibleName(tr("no curve"))
        else:
            low, high = curve.points[0], curve.points[-1]
            words = [
                tr("at {symbol} {at} {figure}", symbol=curve.symbol, at=exact(at), figure=short(value, unit))
                for at, value in (low, curve.present, high)
            ]
            self.setAccessibleName(tr("growth over {symbol}: {words}", symbol=curve.symbol, words=", ".join(words)))
        self.update()

    @property
    def curve(self) -> Curve | None:
        """What is drawn."""
        return self._curve

    def place(self, point: tuple[int, int]) -> QPointF:
        """Where a point of the curve is painted."""
        assert self._curve is not None
        field = self._field()
        xs, ys = zip(*self._curve.points, strict=True)
        across, down = self._share(point[0], xs), self._share(point[1], ys, fill=True)
        return QPointF(field.left() + across * field.width(), field.bottom() - down * field.height())

    def sizeHint(self) -> QSize:
        theme = themes.current
        return QSize(theme.px(280), theme.px(130 if self._log else 64))

    def minimumSizeHint(self) -> QSize:
        theme = themes.current
        return QSize(theme.px(140), theme.px(80 if self._log else 64))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._curve is not None:
            x = event.position().x()
            distances = [abs(self.place(point).x() - x) for point in self._curve.points]
            self._under = distances.index(min(distances))
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._under = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._curve is None:
            return
        theme, curve = themes.current, self._curve
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        field = self._field()
        if self._log:
            self._paint_grid(painter, field)
        else:
            self._line(painter, "line", field.bottomLeft(), field.bottomRight())
            self._word(painter, f"{curve.symbol} {exact(curve.points[0][0])}", field.left(), field.bottom() + 4, 0.0)
            at, value = curve.points[-1]
            self._word(painter, f"{exact(at)}: {short(value, self._unit)}", field.right(), field.bottom() + 4, 1.0)
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.drawPolyline(QPolygonF([self.place(point) for point in curve.points]))
        self._paint_point(painter, field, curve.points[self._under] if self._under is not None else curve.present)
        painter.end()

    def _paint_point(self, painter: QPainter, field: QRectF, point: tuple[int, int]) -> None:
        theme = themes.current
        at = self.place(point)
        pen = QPen(theme.color("strong"), 1, Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.drawLine(QPointF(at.x(), field.top()), QPointF(at.x(), field.bottom()))
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.setBrush(theme.color("panel"))
        painter.drawEllipse(at, DOT, DOT)
        name = f"{self._curve.symbol} " if self._curve and self._log else ""
        text = f"{name}{exact(point[0])}: {short(point[1], self._unit)}"
        wide = QFontMetricsF(self.font()).horizontalAdvance(text)
        high = QFontMetricsF(self.font()).height()
        # A curve that grows leaves room above it on the left and below it on the right.
        left, top = at.x() - wide - 8, at.y() - high - 6
        if left < (field.left() if self._log else 2):
            left, top = min(at.x() + 8, self.width() - wide - 2), at.y() + 6
        top = min(max(top, field.top()), field.bottom() - high)
        painter.fillRect(QRectF(left - 2, top, wide + 4, high), theme.color("panel"))
        self._word(painter, text, left, top, 0.0, "ink")

    def _paint_grid(self, painter: QPainter, field: QRectF) -> None:
        assert self._curve is not None
        xs, ys = zip(*self._curve.points, strict=True)
        last = -math.inf
        for at in ticks(min(xs), max(xs)):
            x = field.left() + self._share(at, xs) * field.width()
            self._line(painter, "line", QPointF(x, field.top()), QPointF(x, field.bottom()))
            text = tick_text(at)
            wide = QFontMetricsF(self.font()).horizontalAdvance(text)
            if x - wide / 2 > last + 6 and x + wide / 2 <= self.width():
                self._word(painter, text, x, field.bottom() + 3, 0.5)
                last = x + wide / 2
        last = math.inf
        for value in ticks(min(ys), max(ys)):
            y = field.bottom() - self._share(value, ys, fill=True) * field.height()
            self._line(painter, "line", QPointF(field.left(), y), QPointF(field.right(), y))
            high = QFontMetricsF(self.font()).height()
            if y < last - high:
                self._word(painter, tick_text(value), field.left() - 6, y - high / 2, 1.0)
                last = y

    def _line(self, painter: QPainter, ink: str, start: QPointF, end: QPointF) -> None:
        painter.setPen(QPen(themes.current.color(ink), 1))
        painter.drawLine(start, end)

    def _word(self, painter: QPainter, text: str, x: float, top: float, anchor: float, ink: str = "ink3") -> None:
        metrics = QFontMetricsF(self.font())
        painter.setFont(self.font())
        color: QColor = themes.current.color(ink)
        painter.setPen(color)
        painter.drawText(QPointF(x - anchor * metrics.horizontalAdvance(text), top + metrics.ascent()), text)

    def _field(self) -> QRectF:
        """Where the curve is, between the words."""
        high = QFontMetricsF(self.font()).height()
        room = QRectF(self.rect()).adjusted(DOT + 1, DOT + 2, -DOT - 2, -high - 5)
        if self._log and self._curve is not None:
            values = [value for _, value in self._curve.points]
            words = [tick_text(value) for value in ticks(min(values), max(values))]
            room.setLeft(12 + max((QFontMetricsF(self.font()).horizontalAdvance(word) for word in words), default=0.0))
        return room

    def _share(self, value: int, among: Sequence[int], fill: bool = False) -> float:
        """Where a value lies among others, 0 … 1. A plain vertical axis begins at 0."""
        scale: Callable[[int], float] = (lambda v: math.log10(max(v, 1))) if self._log else float
        low, high = scale(min(among)), scale(max(among))
        if fill and not self._log:
            low = 0.0
        return 0.5 if high <= low else (scale(value) - low) / (high - low)


def tick_text(value: int) -> str:
    """A round number, as short as it can be: 100, 1 k, 20 M."""
    for prefix, scale in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if value >= scale:
            return f"{value / scale:g} {prefix}"
    return str(value)


def ticks(low: int, high: int) -> list[int]:
    """The powers of ten from `low` to `high`; 1, 2 and 5 times them where those are fewer than two; at most five."""
    first, last = math.floor(math.log10(max(low, 1))), math.ceil(math.log10(max(high, 1)))
    for factors in ((1,), (1, 2, 5)):
        found = [f * 10**power for power in range(first, last + 1) for f in factors if low <= f * 10**power <= high]
        if len(found) >= 2:
            break
    return found[:: math.ceil(len(found) / 5)] if found else [low]
