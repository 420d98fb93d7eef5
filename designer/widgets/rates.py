"""The learning rate over a run, as a small curve with its ends written at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer.theme import themes
from designer.words import tr
from graph_core.optimizers import TRAINING
from graph_core.schedules import Place, rate_at

POINTS = 200
HIGH = 64  # px


class RateCurve(QWidget):
    """What a schedule makes of a learning rate from the first step to the last; one that follows the loss is flat."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rates: list[float] = []
        self._drawn: object = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_schedule(self, schedule: Mapping[str, Any], base: Any, epochs: Any) -> None:
        """Draw another schedule; where it or the rate cannot be, nothing."""
        key = dict(schedule), base, epochs
        if key == self._drawn:
            return
        self._drawn = key
        count = epochs if isinstance(epochs, int) and 0 < epochs <= 100_000 else TRAINING["epochs"].default
        try:
            steps = [(k, k * count // POINTS) for k in range(POINTS)]
            self.rates = [rate_at(schedule, float(base), Place(k, POINTS, epoch, count)) for k, epoch in steps]
        except (TypeError, ValueError, ArithmeticError):  # a value that is being typed; the check says what is wrong
            self.rates = []
        first, most, last = (self.rates[0], max(self.rates), self.rates[-1]) if self.rates else (0, 0, 0)
        told = tr(
            "Learning rate from {first} over {most} to {last} in {count} epochs",
            first=f"{first:.3g}",
            most=f"{most:.3g}",
            last=f"{last:.3g}",
            count=count,
        )
        self.setAccessibleName(told if self.rates else tr("No learning rate"))
        self.setToolTip(self.accessibleName())
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as it may be, 64 high."""
        return QSize(themes.current.px(120), themes.current.px(HIGH))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line on its ground; the peak above at the left, the end at the right."""
        if not self.rates:
            return
        theme, painter = themes.current, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.ui_font("mono_small"))
        line = painter.fontMetrics().height()
        room = QRectF(self.rect()).adjusted(1, line + 2, -1, -3)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        most = max(self.rates) or 1.0
        width = room.width() / max(1, len(self.rates) - 1)
        points = [
            QPointF(room.left() + k * width, room.bottom() - rate / most * room.height())
            for k, rate in enumerate(self.rates)
        ]
        painter.setPen(QPen(theme.color("accent"), 1.5))
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(theme.color("ink3"))
        above = QRectF(0, 0, self.width(), line)
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, tr("peak {rate}", rate=f"{max(self.rates):.3g}"))
        painter.drawText(above, Qt.AlignmentFlag.AlignRight, tr("end {rate}", rate=f"{self.rates[-1]:.3g}"))
        painter.end()
