"""The live readout: totals, their change since the last save or the last edit, and where the parameters are."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from designer.document import Document
from designer.figures import Figures
from designer.formulas import FIGURES, Formulas
from designer.late import MANY
from designer.numbers import bytes_text, change, exact, short, split
from designer.style import dress
from designer.widgets import FigureLabel, Part, StackBar
from designer.widgets.growth import GrowthPlot
from designer.words import told, tr
from graph_core.groups import kinds_of
from graph_core.propagate import engine_of

_PAUSE_MS = 150


def _change(difference: int) -> tuple[str, str]:
    """A change in words, and the colour it is told in."""
    ink = "more" if difference > 0 else "less" if difference < 0 else "ink3"
    return (change(difference, precise=True) if difference else ""), ink


class ReadoutPanel(QWidget):
    """Totals of the network, after every keystroke."""

    def __init__(self, document: Document, formulas: Formulas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._formulas = document, formulas
        self._proposed: tuple[int, int] | None = None
        self._told_against: Figures | None = None
        self._soon = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._soon.timeout.connect(self._show_nodes)
        title = QLabel(tr("Readout"))
        dress(title, font="small_strong")
        self.since = QComboBox()
        self.since.addItems([tr("since save"), tr("since the last edit")])
        self.since.setAccessibleName(tr("Change is told against"))
        self.since.setProperty("quiet", True)
        self.params, self.macs = FigureLabel(), FigureLabel()
        self.rows: dict[str, tuple[QLabel, QLabel]] = {}
        self._captions: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setVerticalSpacing(6)
        for k, name in enumerate(("Frozen", "FLOPs", "Buffers", "Weights, float32", "Optimizer", "Peak activations")):
            caption, value, difference = QLabel(told(name)), QLabel(), QLabel()
            dress(caption, font="small", ink="ink2")
            dress(value, font="mono")
            dress(difference, font="mono_small", ink="ink3")
            grid.addWidget(caption, k, 0)
            grid.addWidget(value, k, 1, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(difference, k, 2, Qt.AlignmentFlag.AlignRight)
            self.rows[name] = value, difference
            self._captions[name] = caption
        grid.setColumnStretch(0, 1)
        self.where = QLabel(tr("Where the parameters are"))
        dress(self.where, font="caption_strong", ink="ink2")
        self.bar = StackBar()
        self.growth, self.rate = QLabel(tr("Growth")), QLabel()
        dress(self.growth, font="caption_strong", ink="ink2")
        dress(self.rate, font="mono_small", ink="ink2")
        self.plot = GrowthPlot(logarithmic=False)
        self.plot.setFixedHeight(self.plot.sizeHint().height())
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
        growth = QHBoxLayout()
        growth.addWidget(self.growth)
        growth.addStretch()
        growth.addWidget(self.rate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addLayout(figures)
        layout.addLayout(grid)
        layout.addWidget(self.where)
        layout.addWidget(self.bar)
        layout.addLayout(growth)
        layout.addWidget(self.plot)
        layout.addWidget(self.note)
        layout.addStretch()
        self.since.currentIndexChanged.connect(self.refresh)
        document.edited.connect(self.refresh)
        document.replaced.connect(self.refresh)
        document.renamed.connect(self._note_saved)
        document.moved_view.connect(self.refresh)
        formulas.ready.connect(self._show_growth)
        formulas.want(self, lines=False)
        self.refresh()
        self._show_growth()

    def propose(self, change: tuple[int, int] | None) -> None:
        """Tell where parameters and MACs would stand with a fix that is thought about; None: there is none."""
        if change != self._proposed:
            self._proposed = change
            self.refresh()

    def refresh(self, *_: object) -> None:
        """Show the figures as of now."""
        document = self._document
        now = document.figures()
        before = document.saved_figures if self.since.currentIndex() == 0 else document.last_figures
        for label, unit, value, was in (
            (self.params, tr("params"), now.params, before.params),
            (self.macs, "MACs", now.macs, before.macs),
        ):
            label.set_figure(*split(value, unit), exact(value))
            label.set_change(*_change(value - was))
        if self._proposed is not None:
            for label, value, more in zip(
                (self.params, self.macs), (now.params, now.macs), self._proposed, strict=True
            ):
                label.set_change(f"→ {exact(value + more)}", "accent")
        kinds = kinds_of(document.project.setup(document.network).get("optimizer", {}))
        self._captions["Optimizer"].setText(tr("Optimizer, {kinds}", kinds=tr(" and ").join(kinds)))
        frozen = document.analysis().params.frozen
        self._row("Frozen", exact(frozen), None)
        for widget in (self._captions["Frozen"], *self.rows["Frozen"]):
            widget.setVisible(frozen > 0)
        self._row("FLOPs", short(now.flops), now.flops - before.flops)
        self._row("Buffers", exact(now.buffers), now.buffers - before.buffers)
        self._row("Weights, float32", bytes_text(now.bytes), now.bytes - before.bytes, as_bytes=True)
        self._row("Optimizer", bytes_text(now.optimizer), now.optimizer - before.optimizer, as_bytes=True)
        self._row("Peak activations", bytes_text(now.peak), now.peak - before.peak, as_bytes=True)
        self._told_against = document.saved_figures
        if len(document.root_graph.nodes) > MANY and self.isVisible():
            self._soon.start()
        else:
            self._show_nodes()

    def _note_saved(self) -> None:
        if self._document.saved_figures is not self._told_against:
            self.refresh()

    def _show_nodes(self) -> None:
        """What is told of single nodes: of many once edits pause."""
        self._soon.stop()
        self._shares()
        waiting = self._waiting()
        self.note.setText(waiting)
        self.note.setVisible(bool(waiting))

    def _show_growth(self) -> None:
        """How the figure that Complexity looks at grows over the symbol that tells most."""
        look = self._formulas.look
        shown = look is not None and look.near is not None and len(look.near.points) > 1
        for widget in (self.growth, self.rate, self.plot):
            widget.setVisible(shown)
        if look is not None and shown:
            self.rate.setText(f"{FIGURES[look.figure]} = {look.total.order}")
            self.plot.show_curve(look.near, "")

    def _row(self, name: str, text: str, difference: int | None, *, as_bytes: bool = False) -> None:
        value, label = self.rows[name]
        value.setText(text)
        words, ink = _change(difference) if difference is not None else ("", "ink3")
        label.setText(change(difference, "B") if as_bytes and difference else words)
        dress(label, ink=ink)

    def _shares(self) -> None:
        root = engine_of(self._document.project).root(self._document.network)
        parts = []
        for result in root.results.values():
            params = result.totals.trainable + result.totals.frozen
            if isinstance(params, int) and params:
                parts.append((result.node.name, int(params)))
        parts.sort(key=lambda part: -part[1])
        top, rest = parts[:3], sum(size for _, size in parts[3:])
        if rest:
            top.append((tr("rest"), rest))
        whole = max(1, self._document.figures().params)
        self.bar.set_parts(tuple(Part(name, size / whole) for name, size in top))
        for widget in (self.bar, self.where):
            widget.setVisible(bool(top))

    def _waiting(self) -> str:
        root = engine_of(self._document.project).root(self._document.network)
        if not root.totals.errors:
            return ""
        waiting = sum(1 for result in root.results.values() if result.waiting)
        wrong = (r for r in root.results.values() if any(finding.severity == "error" for finding in r.findings))
        first = next((result.node.name for result in wrong), "")
        if not waiting or not first:
            return ""
        if waiting == 1:
            return tr("Figures stop at {first}: 1 layer after it has no shape.", first=first)
        return tr("Figures stop at {first}: {count} layers after it have no shape.", first=first, count=waiting)
