"""Loss and accuracy as curves, drawn by pyqtgraph. Import this module late: pyqtgraph and numpy take half a second."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from designer.panels.runs import RunRecord
from designer.theme import Theme, themes
from designer.widgets import Caption, Text
from designer.words import tr


@dataclass(frozen=True)
class Line:
    """One curve: its name, the value of each epoch from the first on (None: not known), and whether it is dashed."""

    name: str
    values: tuple[float | None, ...]
    dashed: bool
    series: int


class Curves(QWidget):
    """Loss on a logarithmic scale and accuracy in percent, side by side: train solid, test dashed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loss = Plot(tr("Loss, log scale"), log=True)
        self.accuracy = Plot(tr("Accuracy, %"), log=False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(24)
        row.addWidget(self.loss, 9)
        row.addWidget(self.accuracy, 7)

    def show_run(self, run: RunRecord | None) -> None:
        """Show the curves of a run; None for empty axes."""
        points = run.points if run else []
        epochs = run.epochs if run else 40
        going = run is not None and run.state in ("running", "paused")

        def line(name: str, key: str, scale: float, dashed: bool, series: int) -> Line:
            values = [None if one.get(key) is None else one[key] * scale for one in points]
            return Line(name, tuple(values), dashed, series)

        losses = (line(tr("train"), "train_loss", 1, False, 0), line(tr("test"), "test_loss", 1, True, 1))
        shares = (line(tr("train"), "train_accuracy", 100, False, 0), line(tr("test"), "test_accuracy", 100, True, 1))
        self.loss.show_lines(losses, len(points), epochs, going)
        self.accuracy.show_lines(shares, len(points), epochs, going)


class Plot(QWidget):
    """One plot: a caption, curves labelled at their ends, the epochs to come shaded; the epoch under the mouse is
    read out beside the caption.
    """

    def __init__(self, title: str, log: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._lines: tuple[Line, ...] = ()
        self._done, self._epochs, self._going = 0, 1, False
        self.caption = Caption(title)
        self.readout = Text("", "mono_small", "ink2")
        self.view = pg.PlotWidget()
        self.view.setMouseEnabled(x=False, y=False)
        self.view.setMenuEnabled(False)
        self.view.hideButtons()
        self.view.setAccessibleName(title)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.getViewBox().setDefaultPadding(0)
        self.view.scene().sigMouseMoved.connect(self._hover)
        self._future = pg.QtWidgets.QGraphicsRectItem()
        self._future.setZValue(-20)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.setVisible(False)
        self.view.addItem(self._future, ignoreBounds=True)
        self.view.addItem(self._cursor, ignoreBounds=True)
        self._curves = [pg.PlotCurveItem(antialias=True, connect="finite") for _ in range(2)]
        self._ends = [pg.ScatterPlotItem(size=6, pxMode=True, antialias=True) for _ in range(2)]
        self._labels = [pg.TextItem(anchor=(0, 0.5)) for _ in range(2)]
        self._grid: list[pg.InfiniteLine] = []
        self.view.getPlotItem().layout.setContentsMargins(0, 6, 14, 0)
        for item in (*self._curves, *self._ends, *self._labels):
            self.view.addItem(item, ignoreBounds=True)
        head = QHBoxLayout()
        head.addSpacing(themes.current.px(40))
        head.addWidget(self.caption)
        head.addStretch(1)
        head.addWidget(self.readout)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        self.view.getViewBox().sigResized.connect(self._place_labels)
        themes.changed.connect(self._dress)
        self._dress(themes.current)

    def show_lines(self, lines: Sequence[Line], done: int, epochs: int, going: bool) -> None:
        """Draw these curves over 0 … `epochs`; from `done` on it is the future, while the run is `going`."""
        self._lines, self._done, self._epochs, self._going = tuple(lines), done, max(epochs, 1), going
        self._draw()

    def labels(self) -> list[str]:
        """The words at the curves' ends."""
        return [label.toPlainText() for label in self._labels if label.isVisible()]

    def _scaled(self, value: float | None) -> float:
        if value is None or not math.isfinite(value) or (self._log and value <= 0):
            return math.nan
        return math.log10(value) if self._log else value

    def _draw(self) -> None:
        theme = themes.current
        drawn = [[self._scaled(value) for value in line.values] for line in self._lines]
        flat = [value for values in drawn for value in values if math.isfinite(value)]
        low, high, ticks = self._range(flat)
        self.view.setYRange(low - 0.004 * (high - low), high, padding=0)  # else rounding drops the lowest label
        self._draw_grid([at for at, _ in ticks])
        self.view.getAxis("left").setTicks([ticks])
        self.view.getAxis("bottom").setTicks([[(at, str(at)) for at in epoch_ticks(self._epochs)]])
        self._future.setVisible(self._going and self._done < self._epochs)
        self._future.setRect(QRectF(self._done, low, self._epochs - self._done, high - low))
        for curve, end, line, values in zip(self._curves, self._ends, self._lines, drawn, strict=True):
            epochs = list(range(1, len(values) + 1))
            color = theme.series(line.series)
            curve.setData(epochs, values)
            pen = pg.mkPen(color, width=1.5)
            if line.dashed:
                pen.setDashPattern([4 / 1.5, 3 / 1.5])  # in widths of the pen
            curve.setPen(pen)
            last = values[-1] if values and math.isfinite(values[-1]) else None
            end.setData([] if last is None else [epochs[-1]], [] if last is None else [last], brush=color, pen=None)
        told = [f"{line.name} {self._words(line.values[-1])}" for line in self._lines if line.values]
        self.view.setAccessibleDescription(
            tr("epoch {epoch}: {figures}", epoch=self._done, figures=", ".join(told)) if told else tr("no run yet")
        )
        self._place_labels()

    def _range(self, values: list[float]) -> tuple[float, float, list[tuple[float, str]]]:
        """Lowest, highest, and the labelled places of the vertical axis, in its own units."""
        if not self._log:
            return 0.0, 104.0, [(float(at), str(at)) for at in (0, 25, 50, 75, 100)]
        low = float(math.floor(min(values))) if values else -3.0
        high = max(values) + 0.08 if values else 0.5
        if high - low < 1:
            low = high - 1
        decades = range(math.ceil(low), math.floor(high) + 1)
        ticks = [(float(at), f"{10.0**at:g}") for at in decades]
        if len(ticks) < 2:
            whole = range(math.floor(low), math.ceil(high))
            steps = [(math.log10(m) + at, f"{m * 10.0**at:g}") for at in whole for m in (2, 5)]
            ticks += [tick for tick in steps if low <= tick[0] <= high]
        return low, high, ticks

    def _words(self, value: float | None) -> str:
        if value is None:
            return "?"
        return figure(value) if self._log else f"{value:.1f} %"

    def _draw_grid(self, places: list[float]) -> None:
        while len(self._grid) < len(places):
            line = pg.InfiniteLine(angle=0, movable=False)
            line.setZValue(-10)
            self.view.addItem(line, ignoreBounds=True)
            self._grid.append(line)
        for index, line in enumerate(self._grid):
            line.setVisible(index < len(places))
            line.setPen(pg.mkPen(themes.current.color("line"), width=1))
            if index < len(places):
                line.setPos(places[index])

    def _place_labels(self, *_: object) -> None:
        """Beside each curve's end, those that would touch moved apart. Near the last epoch the axis makes room."""
        if not self._lines:
            return
        box, theme = self.view.getViewBox(), themes.current
        ends: list[tuple[float, int]] = []
        widest = 0.0
        for index, (line, label) in enumerate(zip(self._lines, self._labels, strict=True)):
            last = self._scaled(line.values[-1]) if line.values else math.nan
            label.setVisible(math.isfinite(last))
            if math.isfinite(last):
                label.setText(f"{line.name} {self._words(line.values[-1])}", theme.series(line.series))
                widest = max(widest, label.boundingRect().width() + 10)
                ends.append((last, index))
        share = min(widest / max(box.width(), 1.0), 0.6)
        self.view.setXRange(0, max(float(self._epochs), self._done / (1 - share)), padding=0)
        across, down = box.viewPixelSize()
        if not (ends and math.isfinite(across) and math.isfinite(down)):
            return
        ends.sort()
        (low, high), gap = box.viewRange()[1], theme.px(15) * down
        places = [min(max(at, low + gap / 2), high - gap / 2) for at, _ in ends]
        if len(places) == 2 and places[1] - places[0] < gap:
            middle = min(max(sum(places) / 2, low + gap), high - gap)
            places = [middle - gap / 2, middle + gap / 2]
        for height, (_, index) in zip(places, ends, strict=True):
            self._labels[index].setPos(self._done + 4 * across, height)

    def _hover(self, place: QPointF) -> None:
        box = self.view.getViewBox()
        epoch = round(box.mapSceneToView(place).x())
        inside = self.view.underMouse() and 1 <= epoch <= self._done
        self._cursor.setVisible(inside)
        if not inside:
            self.readout.setText("")
            return
        self._cursor.setPos(epoch)
        told = [f"{line.name} {self._words(line.values[epoch - 1])}" for line in self._lines]
        self.readout.setText(tr("epoch {epoch}  ", epoch=epoch) + "  ".join(told))

    def leaveEvent(self, event: object) -> None:
        self._cursor.setVisible(False)
        self.readout.setText("")

    def _dress(self, theme: Theme) -> None:
        self.view.setBackground(theme.color("panel"))
        grid, ink = theme.color("line"), theme.color("ink3")
        for side in ("left", "bottom"):
            axis = self.view.getAxis(side)
            axis.setPen(pg.mkPen(grid if side == "left" else theme.color("panel"), width=1))
            axis.setTextPen(pg.mkPen(ink))
            axis.setTickPen(pg.mkPen(grid, width=1))
            axis.setTickFont(theme.ui_font("mono_small"))
            axis.setStyle(tickLength=0, tickTextOffset=8, hideOverlappingLabels=False)
        self.view.getAxis("left").setPen(pg.mkPen(QColor(0, 0, 0, 0)))
        self.view.getAxis("left").setWidth(theme.px(44))
        self.view.getAxis("bottom").setHeight(theme.px(24))
        self._future.setBrush(theme.color("sunken"))
        self._future.setPen(pg.mkPen(None))
        self._cursor.setPen(pg.mkPen(theme.color("strong"), width=1))
        for label in self._labels:
            label.setFont(theme.ui_font("mono_small"))
        if self._lines:
            self._draw()


def figure(value: float) -> str:
    """A loss in three digits: 2.31, 0.127, 0.003, 4.1e-5."""
    if value >= 100:
        return f"{value:.3g}"
    if value >= 1:
        return f"{value:.2f}"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}".replace("e-0", "e-")


def epoch_ticks(epochs: int) -> list[int]:
    """Where the epochs' axis is labelled: 0 and at most five round steps."""
    step = next(
        (base * 10**power for power in range(9) for base in (1, 2, 5, 10) if epochs / (base * 10**power) <= 5), epochs
    )
    return list(range(0, epochs + 1, step))
