"""Runs of a session: what was asked, what happened each epoch, and the list that shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from designer.theme import themes
from designer.words import tr

# state -> (glyph, ink, the word where there is no accuracy to show)
_STATES = {
    "running": ("ui_play", "accent", tr("starting")),
    "paused": ("ui_pause", "warn", tr("paused")),
    "finished": ("ui_ok", "ok", tr("done")),
    "stopped": ("ui_stop", "ink3", tr("stopped")),
    "failed": ("ui_err", "error", tr("failed")),
}
_ROLE = int(Qt.ItemDataRole.UserRole)


@dataclass
class RunRecord:
    """One run as the window knows it: `points` are the epochs' rows as the worker tells them, `state` as it says."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    state: str = "running"
    points: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """How many epochs were asked for; at least as many as there are points."""
        return max(int(self.settings.get("epochs", 0)), len(self.points), 1)

    def add(self, point: dict[str, Any]) -> None:
        """Take an epoch's row; one told twice, as after continuing, replaces the first and those after it."""
        epoch = int(point["epoch"])
        self.points = [one for one in self.points if int(one["epoch"]) < epoch]
        self.points.append(point)

    def best_point(self) -> dict[str, Any]:
        """The epoch that did best on the test examples: as the worker says, else the first of the most accurate."""
        if self.best:
            return self.best
        known = [point for point in self.points if point.get("test_accuracy") is not None]
        return max(known, key=lambda point: (point["test_accuracy"], -point["epoch"]), default={})

    def told(self) -> str:
        """Its state or accuracy in a word: "96.4 %", "stopped"."""
        accuracy = self.result.get("accuracy")
        if accuracy is None and self.points and self.state in ("running", "paused"):
            accuracy = self.points[-1].get("test_accuracy")
        if accuracy is None or self.state in ("stopped", "failed"):
            return _STATES[self.state][2]
        return f"{accuracy * 100:.1f} %"


class RunList(QListWidget):
    """The runs, newest first. `chosen(name)`: a person chose one."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setItemDelegate(_Row(self))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Runs"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.currentItemChanged.connect(self._tell)
        self._quiet = False

    def sizeHint(self) -> QSize:
        """As high as its rows, five at most; more are scrolled to."""
        return QSize(160, themes.current.px(26) * min(max(self.count(), 1), 5))

    def show_runs(self, runs: Iterable[RunRecord], current: str) -> None:
        """Show these, newest first, with `current` chosen."""
        self._quiet = True
        names = [self.item(row).data(_ROLE).name for row in range(self.count())]
        runs = list(runs)
        if names != [run.name for run in runs]:
            self.clear()
            for _ in runs:
                self.addItem(QListWidgetItem())
        for row, run in enumerate(runs):
            item = self.item(row)
            item.setData(_ROLE, run)
            item.setText(f"{run.name}, {run.told()}")  # what a screen reader says
            item.setToolTip(f"{run.name}: {run.state}, {run.told()}")
            if run.name == current:
                self.setCurrentRow(row)
        self._quiet = False
        self.updateGeometry()
        self.viewport().update()

    def _tell(self, item: QListWidgetItem | None) -> None:
        if item is not None and not self._quiet:
            self.chosen.emit(item.data(_ROLE).name)


class _Row(QStyledItemDelegate):
    """State glyph, name, and at the right the accuracy or the state's word."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, themes.current.px(26))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, run = themes.current, index.data(_ROLE)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if option.widget is not None:
            style = option.widget.style()
            style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        glyph, ink, _ = _STATES[run.state]
        rect, side = option.rect, theme.px(10)
        place = QRectF(rect.left() + theme.px(9), rect.center().y() - side / 2 + 0.5, side, side)
        theme.paint_glyph(painter, glyph, place, theme.color(ink))
        painter.save()
        inner = rect.adjusted(theme.px(27), 0, -theme.px(8), 0)
        painter.setFont(theme.ui_font("mono"))
        told = run.told()
        painter.setPen(theme.color("ink" if chosen else "ink2"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, told)
        room = inner.width() - QFontMetrics(painter.font()).horizontalAdvance(told) - theme.px(8)
        font = theme.ui_font("small_strong" if chosen else "small")
        name = QFontMetrics(font).elidedText(run.name, Qt.TextElideMode.ElideMiddle, room)
        painter.setFont(font)
        painter.setPen(theme.color("ink" if chosen else "ink2"))
        painter.drawText(QRect(inner.left(), rect.top(), room, rect.height()), Qt.AlignmentFlag.AlignVCenter, name)
        painter.restore()
