"""Bars that tell a share or a progress."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer.controls import box, mixed
from designer.theme import themes


class ShareBar(QWidget):
    """A thin track, filled to `share` (0 … 1). Anything above nothing shows at least 1 px."""

    def __init__(
        self,
        share: float = 0.0,
        parent: QWidget | None = None,
        ink: str = "ink2",
        high: int = 5,
        outlined: bool = False,
    ) -> None:
        super().__init__(parent)
        self._ink, self._high, self._outlined = ink, high, outlined
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_share(share)

    @property
    def share(self) -> float:
        """What is filled, 0 … 1."""
        return self._share

    def set_share(self, share: float, ink: str = "") -> None:
        """Fill the track to `share`, held to 0 … 1, in a token's colour."""
        self._share = min(max(share, 0.0), 1.0)
        self._ink = ink or self._ink
        self.setAccessibleName(f"{self._share * 100:.1f} %")
        self.update()

    def sizeHint(self) -> QSize:
        """76 wide."""
        return QSize(themes.current.px(76), themes.current.px(self._high))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        radius = min(self.height() / 2, 2.5)
        edge = QPen(theme.color("line2"), 1) if self._outlined else None
        box(painter, self.rect(), radius, theme.color("sunken"), edge)
        if self._share > 0:
            width = max(1.0, self.width() * self._share)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(self._ink))
            corner = min(radius, width / 2)
            painter.drawRoundedRect(QRectF(0, 0, width, self.height()), corner, corner)
        painter.end()


@dataclass(frozen=True)
class Part:
    """One part of a stacked bar: its name and its share, 0 … 1."""

    name: str
    share: float


class StackBar(QWidget):
    """Shares of a whole side by side, the largest darkest, and under them the names with their percentages.

    What has no room for its label is told by the tool tip, which lists all.
    """

    def __init__(self, parts: tuple[Part, ...] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_parts(parts)

    def set_parts(self, parts: tuple[Part, ...]) -> None:
        """Show these, in this order; their shares add up to at most 1."""
        self.parts = parts
        told = "\n".join(f"{part.name} {part.share * 100:.1f} %" for part in parts)
        self.setToolTip(told)
        self.setAccessibleName(told.replace("\n", ", "))
        self.update()

    def sizeHint(self) -> QSize:
        """A bar of 12 with a line of labels."""
        return QSize(themes.current.px(160), themes.current.px(34))

    def _fill(self, index: int) -> QColor:
        accent, surface = themes.current.color("accent"), themes.current.color("panel")
        return mixed(accent, surface, min(0.36 * index, 0.78))

    def _labels(self, metrics: QFontMetrics) -> list[tuple[str, int, int]]:
        """(text, x, index) of the labels that fit side by side, spread over the width; the smallest yield first."""
        told = [(f"{part.name} {part.share * 100:.1f} %", index) for index, part in enumerate(self.parts)]
        gap = themes.current.px(10)
        last = len(told) - 1
        while told:
            widths = [metrics.horizontalAdvance(text) for text, _ in told]
            spare = self.width() - sum(widths)
            if spare >= gap * (len(told) - 1):
                break
            # The last is often "rest": it stays while any other can go.
            yields = sorted(told, key=lambda one: (one[1] == last, self.parts[one[1]].share))
            told.remove(yields[0])
        else:
            return []
        step = spare / max(len(told) - 1, 1)
        places, at = [], 0.0
        for (text, index), wide in zip(told, widths, strict=True):
            places.append((text, round(at), index))
            at += wide + step
        return places

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        high = theme.px(12)
        painter.fillRect(QRect(0, 0, self.width(), high), theme.color("sunken"))
        at = 0.0
        for index, part in enumerate(self.parts):
            end = min(at + self.width() * part.share, float(self.width()))
            gap = 1.0 if end - at > 3 and end < self.width() else 0.0
            painter.fillRect(QRectF(at, 0, max(end - at - gap, 1.0), high), self._fill(index))
            at = end
        font = theme.ui_font("mono_small")
        metrics = QFontMetrics(font)
        painter.setFont(font)
        for text, at_x, index in self._labels(metrics):
            painter.setPen(theme.color("ink3" if index and index == len(self.parts) - 1 else "ink2"))
            row = QRect(at_x, high, metrics.horizontalAdvance(text) + 2, theme.px(22))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class ProgressLine(QWidget):
    """A line of 2 px under a tab or a bar: `set_share` where the end is known, `run` where it is not, `rest`."""

    PERIOD = 1200  # ms that the running piece takes from end to end

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._share: float | None = 0.0
        self._phase = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(33)
        self._timer.timeout.connect(self._step)

    @property
    def running(self) -> bool:
        """Whether it shows work without a known end."""
        return self._share is None

    @property
    def share(self) -> float:
        """What is done, 0 … 1; 0 while the end is not known."""
        return self._share or 0.0

    def set_share(self, share: float) -> None:
        """Show that this much is done."""
        self._share = min(max(share, 0.0), 1.0)
        self._timer.stop()
        self.update()

    def run(self) -> None:
        """Show work whose end is not known."""
        self._share, self._phase = None, 0.0
        if self.isVisible() and themes.duration("base"):
            self._timer.start()
        self.update()

    def rest(self) -> None:
        """Show nothing."""
        self.set_share(0.0)

    def showEvent(self, event: QShowEvent) -> None:
        if self.running and themes.duration("base"):
            self._timer.start()
        super().showEvent(event)

    def _step(self) -> None:
        if not self.isVisible():
            self._timer.stop()
            return
        self._phase = (self._phase + self._timer.interval() / self.PERIOD) % 1.0
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, accent = QPainter(self), themes.current.color("accent")
        if self._share is not None:
            painter.fillRect(QRectF(0, 0, self.width() * self._share, self.height()), accent)
        elif not themes.duration("base"):  # reduced motion: a still line, dashed
            for at in range(0, self.width(), 16):
                painter.fillRect(at, 0, 8, self.height(), accent)
        else:
            wide = self.width() * 0.3
            painter.fillRect(QRectF(self._phase * (self.width() + wide) - wide, 0, wide, self.height()), accent)
        painter.end()
