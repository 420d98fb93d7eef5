"""The live readout: totals, their change since the last save or the last edit, and where the parameters are."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from designer.document import Document, Figures
from designer.numbers import bytes_text, change, exact, percent, short, split
from designer.style import dress
from designer.theme import themes
from graph_core.optimizers import optimizer_values
from graph_core.propagate import engine_of


class BigFigure(QWidget):
    """A large figure with its unit, the exact value under it, and the change under that."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit
        self.figure, self.tail, self.exact, self.change = QLabel(), QLabel(), QLabel(), QLabel()
        dress(self.figure, font="figure")
        dress(self.tail, font="small", ink="ink2")
        dress(self.exact, font="mono_small", ink="ink3")
        dress(self.change, font="mono_small", ink="ink3")
        self.exact.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.figure)
        row.addWidget(self.tail, 0, Qt.AlignmentFlag.AlignBottom)
        row.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.exact)
        layout.addWidget(self.change)

    def show_value(self, value: int, before: int) -> None:
        """The value now, and what it was."""
        figure, tail = split(value, self.unit)
        self.figure.setText(figure)
        self.tail.setText(tail)
        self.exact.setText(exact(value))
        _show_change(self.change, value - before)


def _show_change(label: QLabel, difference: int, *, as_bytes: bool = False) -> None:
    label.setText("" if difference == 0 else change(difference, "B" if as_bytes else "", precise=not as_bytes))
    dress(label, ink="more" if difference > 0 else "less" if difference < 0 else "ink3")


class ShareBar(QWidget):
    """Shares of a whole as one bar: the largest in accent, the rest paler, labels below."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[tuple[str, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, themes.current.px(32))

    def show_parts(self, parts: list[tuple[str, float]]) -> None:
        """Names with their shares of 1, largest first."""
        self._parts = parts
        self.setAccessibleName(", ".join(f"{name} {percent(share)}" for name, share in parts))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar and its labels."""
        theme = themes.current
        painter = QPainter(self)
        x, height = 0.0, theme.px(10)
        accent = theme.color("accent")
        for k, (_, share) in enumerate(self._parts):
            width = share * self.width()
            color = theme.color("accent")
            color.setAlphaF(max(0.25, 1.0 - 0.25 * k))
            painter.fillRect(QRectF(x, 0, max(1.0, width - 1), height), color)
            x += width
        painter.setFont(theme.ui_font("mono_small"))
        painter.setPen(theme.color("ink2"))
        left = 0
        for name, share in self._parts[:3]:
            text = f"{name} {percent(share)}"
            advance = painter.fontMetrics().horizontalAdvance(text)
            if left + advance > self.width():
                break
            painter.drawText(left, height + theme.px(15), text)
            left += advance + 16
        del accent


class ReadoutPanel(QWidget):
    """Totals of the network, after every keystroke."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        title = QLabel("Readout")
        dress(title, font="small_strong")
        self.since = QComboBox()
        self.since.addItems(["since save", "since the last edit"])
        self.since.setAccessibleName("Change is told against")
        self.params, self.macs = BigFigure("params"), BigFigure("MACs")
        self.rows: dict[str, tuple[QLabel, QLabel]] = {}
        grid = QGridLayout()
        grid.setVerticalSpacing(6)
        for k, name in enumerate(("FLOPs", "Buffers", "Weights, float32", "Optimizer", "Peak activations")):
            caption, value, difference = QLabel(name), QLabel(), QLabel()
            dress(caption, font="small", ink="ink2")
            dress(value, font="mono")
            dress(difference, font="mono_small", ink="ink3")
            grid.addWidget(caption, k, 0)
            grid.addWidget(value, k, 1, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(difference, k, 2, Qt.AlignmentFlag.AlignRight)
            self.rows[name] = value, difference
            self._captions = getattr(self, "_captions", {})
            self._captions[name] = caption
        grid.setColumnStretch(0, 1)
        self.where = QLabel("Where the parameters are")
        dress(self.where, font="caption_strong", ink="ink2")
        self.bar = ShareBar()
        self.note = QLabel()
        self.note.setWordWrap(True)
        dress(self.note, font="small", ink="ink2")
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch()
        head.addWidget(self.since)
        figures = QHBoxLayout()
        figures.addWidget(self.params, 1)
        figures.addWidget(self.macs, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addLayout(figures)
        layout.addLayout(grid)
        layout.addWidget(self.where)
        layout.addWidget(self.bar)
        layout.addWidget(self.note)
        layout.addStretch()
        self.since.currentIndexChanged.connect(self.refresh)
        document.edited.connect(self.refresh)
        document.replaced.connect(self.refresh)
        document.renamed.connect(self.refresh)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Show the figures as of now."""
        document = self._document
        now = document.figures()
        before = document.saved_figures if self.since.currentIndex() == 0 else document.last_figures
        self.params.show_value(now.params, before.params)
        self.macs.show_value(now.macs, before.macs)
        memory = document.analysis().memory
        optimizer = optimizer_values(document.project.setup(document.network))["kind"]
        self._captions["Optimizer"].setText(f"Optimizer, {optimizer}")
        self._row("FLOPs", short(now.flops), now.flops - before.flops)
        self._row("Buffers", exact(now.buffers), now.buffers - before.buffers)
        self._row("Weights, float32", bytes_text(now.bytes), now.bytes - before.bytes, as_bytes=True)
        self._row("Optimizer", bytes_text(memory.optimizer), 0)
        self._row("Peak activations", bytes_text(memory.activations_inference), 0)
        self._shares(now)
        waiting = self._waiting()
        self.note.setText(waiting)
        self.note.setVisible(bool(waiting))

    def _row(self, name: str, text: str, difference: int, *, as_bytes: bool = False) -> None:
        value, label = self.rows[name]
        value.setText(text)
        _show_change(label, difference, as_bytes=as_bytes)

    def _shares(self, now: Figures) -> None:
        root = engine_of(self._document.project).root(self._document.network)
        parts = []
        for result in root.results.values():
            params = result.totals.trainable + result.totals.frozen
            if isinstance(params, int) and params:
                parts.append((result.node.name, int(params)))
        parts.sort(key=lambda part: -part[1])
        top, rest = parts[:3], sum(size for _, size in parts[3:])
        if rest:
            top.append(("rest", rest))
        whole = max(1, now.params)
        self.bar.show_parts([(name, size / whole) for name, size in top])
        for widget in (self.bar, self.where):
            widget.setVisible(bool(top))

    def _waiting(self) -> str:
        root = engine_of(self._document.project).root(self._document.network)
        waiting = sum(1 for result in root.results.values() if result.waiting)
        first = next((r.node.name for r in root.results.values() if r.findings), "")
        if not waiting or not first:
            return ""
        return f"Figures stop at {first}: {waiting} layer{'s' if waiting > 1 else ''} after it have no shape."
