"""What a network needs beside what a device has: one bar, its parts named under it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer.controls import mixed
from designer.numbers import bytes_text
from designer.theme import themes


@dataclass(frozen=True, slots=True)
class Slice:
    """One part: its name and its bytes."""

    name: str
    bytes: int


class MemoryBar(QWidget):
    """Parts side by side on a track as long as the device's memory. What does not fit is hatched beyond its end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slices: tuple[Slice, ...] = ()
        self.capacity = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_parts(self, slices: tuple[Slice, ...], capacity: int) -> None:
        """Show these parts, in this order, against that many bytes."""
        self.slices, self.capacity = tuple(part for part in slices if part.bytes), max(capacity, 1)
        told = [f"{part.name} {bytes_text(part.bytes)}" for part in self.slices]
        self.setToolTip("\n".join(told))
        self.setAccessibleName(", ".join(told))
        self.updateGeometry()
        self.update()

    @property
    def total(self) -> int:
        """Bytes of all parts."""
        return sum(part.bytes for part in self.slices)

    def sizeHint(self) -> QSize:
        """The bar and as many lines of names as they need."""
        return QSize(
            themes.current.px(220), self._bar_height() + themes.current.px(4) + len(self._lines()) * self._line()
        )

    def hasHeightForWidth(self) -> bool:
        """Names go to another line where one is too short."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The bar and its lines of names."""
        return self._bar_height() + themes.current.px(4) + len(self._lines(width)) * self._line()

    def _bar_height(self) -> int:
        return themes.current.px(14)

    def _line(self) -> int:
        return themes.current.px(19)

    def _fill(self, index: int) -> QColor:
        """The largest part is darkest."""
        accent, surface = themes.current.color("accent"), themes.current.color("panel")
        larger = sum(1 for k, part in enumerate(self.slices) if (-part.bytes, k) < (-self.slices[index].bytes, index))
        return mixed(accent, surface, min(0.17 * larger, 0.8))

    def _lines(self, width: int = 0) -> list[list[tuple[int, str, int]]]:
        """Lines of (index, text, width)."""
        metrics = QFontMetrics(themes.current.ui_font("mono_small"))
        room = width or self.width()
        lines: list[list[tuple[int, str, int]]] = [[]]
        used = 0
        for index, part in enumerate(self.slices):
            text = f"{part.name} {bytes_text(part.bytes)}"
            wide = themes.current.px(13) + metrics.horizontalAdvance(text)
            if lines[-1] and used + wide > room:
                lines.append([])
                used = 0
            lines[-1].append((index, text, wide))
            used += wide + themes.current.px(16)
        return lines

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        high, whole = self._bar_height(), max(self.capacity, self.total)
        scale = self.width() / whole
        end = self.capacity * scale
        painter.fillRect(QRectF(0, 0, end, high), theme.color("sunken"))
        at = 0.0
        for index, part in enumerate(self.slices):
            wide = part.bytes * scale
            gap = 1.0 if wide > 3 else 0.0
            painter.fillRect(QRectF(at, 0, max(wide - gap, 1.0), high), self._fill(index))
            at += wide
        if self.total > self.capacity:
            beyond = QRectF(end, 0, self.width() - end, high)
            painter.fillRect(beyond, theme.color("panel"))
            painter.fillRect(beyond, QBrush(theme.color("error"), Qt.BrushStyle.BDiagPattern))
            painter.setPen(theme.color("error"))
            painter.drawRect(beyond.adjusted(0.5, 0.5, -0.5, -0.5))
            painter.fillRect(QRectF(end - 1, 0, 2, high), theme.color("ink"))
        else:
            painter.setPen(theme.color("line2"))
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, high - 1))
        painter.setFont(theme.ui_font("mono_small"))
        top = float(high + theme.px(4))
        for line in self._lines():
            x = 0.0
            for index, text, wide in line:
                swatch = QRectF(x, top + (self._line() - theme.px(8)) / 2, theme.px(8), theme.px(8))
                painter.fillRect(swatch, self._fill(index))
                painter.setPen(theme.color("line2"))
                painter.drawRect(swatch)
                painter.setPen(theme.color("ink2"))
                place = QRectF(x + theme.px(13), top, wide, self._line())
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
                x += wide + theme.px(16)
            top += self._line()
        painter.end()
