"""A figure of the ledger opened: formula, the numbers put in, how it is counted, and the sum up to the total."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from designer.document import Document
from designer.numbers import bytes_text, exact, percent
from designer.widgets import Elided, Text
from designer.widgets.formula import Formula
from designer.words import told as say
from designer.words import tr
from graph_core import EditError, symbolic
from graph_core.ledger import Convention, Entry
from graph_core.opened import counting, holding, left_out, opened_figures, way_up

PARTS = 6  # of a block that its sum names


class LedgerDetail(QWidget):
    """Shows one entry; the network where none is chosen."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._shown: tuple[Sequence[Entry], Convention] | None = None
        self._loading: threading.Thread | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(20)
        self._timer.timeout.connect(self._loaded)
        self.title = Elided("", "mono_strong")
        self.kind = Elided("", "small", "ink3")
        self.lines: list[tuple[str, str]] = []  # (caption, what it says), as they stand here
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 4, 12, 8)
        self._column.setSpacing(2)
        self._column.addWidget(self.title)
        self._column.addWidget(self.kind)
        self._grid_place = QWidget()
        self._column.addWidget(self._grid_place)
        self._column.addStretch()

    def show_entry(self, line: Sequence[Entry], convention: Convention) -> None:
        """Open the first of a line of entries that leads up to the network."""
        self._shown = line, convention
        self._fill()

    def clear(self) -> None:
        """There is nothing to open."""
        self._shown = None
        self.title.setText("")
        self.kind.setText("")
        self._new_grid()

    def _fill(self) -> None:
        if self._shown is None:
            return
        line, convention = self._shown
        entry = line[0]
        self.title.setText(entry.path or entry.name)
        times = tr(", {calls} calls", calls=exact(entry.calls)) if entry.calls > 1 else ""
        self.kind.setText(f"{entry.type or tr('Network')}{times}")
        grid = self._new_grid()
        origin: dict[str, str] = {}
        if entry.work is None:
            self._sum(grid, entry, convention)
        else:
            origin = self._formulas(grid, entry)
            self._count(grid, entry, convention)
        if entry.memory:
            self._say(grid, tr("Memory"), f"{' + '.join(map(say, holding(entry)))} = {bytes_text(entry.memory)}")
        if len(line) > 1:
            steps = [f"{name} {exact(size)} ({percent(share)})" for name, size, share in way_up(line, convention)]
            self._say(grid, tr("Up to all"), " → ".join(steps))
        for caption, told in origin.items():
            self._say(grid, caption, told)

    def _formulas(self, grid: QGridLayout, entry: Entry) -> dict[str, str]:
        """Formulas with the numbers put in; what they hold for and where they come from is said below."""
        if not self._engine_ready():
            self._say(grid, tr("Formulas"), tr("Loading the symbolic engine…"))
            return {}
        try:
            figures, found = opened_figures(self._document.project, self._document.network, entry)
        except EditError as error:
            self._say(grid, tr("Formulas"), say(str(error)))
            return {}
        for figure in figures:
            told = f"= {figure.numbers} = {exact(figure.value)}" if figure.latex else ""
            if figure.name == "Parameters" and entry.params != figure.value:
                told += tr(", in all {params}", params=exact(entry.params))
            self._say(grid, say(figure.name), told, (figure.latex, figure.text))
        conditions = {tr("Holds if"): "; ".join(map(say, found.conditions))} if found.conditions else {}
        return {**conditions, tr("Source"): found.source}

    def _count(self, grid: QGridLayout, entry: Entry, convention: Convention) -> None:
        assert entry.work is not None
        one = convention.count(entry.type, entry.work)
        work = counting(convention, entry.type, entry.work)
        told = f"{say(work)} = {exact(one)}" if work != f"{one:,} products" else say(work)
        if entry.calls > 1 and one:
            told += tr(" × {calls} calls = {one}", calls=exact(entry.calls), one=exact(one * entry.calls))
        self._say(grid, tr("{unit} counted", unit=convention.unit), told)
        if out := left_out(convention, entry.work):
            self._say(grid, tr("Left out"), say(out))

    def _sum(self, grid: QGridLayout, entry: Entry, convention: Convention) -> None:
        """A block's figures as the sum of its parts, the largest by name."""
        for name, sizes, whole in (
            (tr("Parameters"), [(part.name, part.params) for part in entry.parts], entry.params),
            (
                convention.unit,
                [(part.name, part.operations(convention)) for part in entry.parts],
                entry.operations(convention),
            ),
        ):
            some = [(part, size) for part, size in sizes if size]
            if len(some) > PARTS:
                named = sorted(some, key=lambda one: -one[1])[: PARTS - 1]
                rest = whole - sum(size for _, size in named)
                some = [*(one for one in some if one in named), (tr("the rest"), rest)]
            told = " + ".join(f"{part} {exact(size)}" for part, size in some)
            self._say(grid, name, f"{told} = {exact(whole)}" if len(some) > 1 else told or "0")

    # Widgets.

    def _new_grid(self) -> QGridLayout:
        self.lines = []
        place = QWidget()
        grid = QGridLayout(place)
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self._column.replaceWidget(self._grid_place, place)
        self._grid_place.hide()
        self._grid_place.deleteLater()
        self._grid_place = place
        return grid

    def _say(self, grid: QGridLayout, caption: str, told: str, formula: tuple[str, str] = ("", "")) -> None:
        row = grid.rowCount()
        self.lines.append((caption, f"{formula[1]} {told}".strip()))
        grid.addWidget(Text(caption, "small", "ink2"), row, 0, Qt.AlignmentFlag.AlignTop)
        text = Text(told, "mono_small" if formula[1] or "=" in told or "→" in told else "small", "ink", wrap=True)
        if formula[1]:
            grid.addWidget(Formula(*formula), row, 1)
            row += 1
        grid.addWidget(text, row, 1)

    # The symbolic engine, loaded beside the window.

    def _engine_ready(self) -> bool:
        if self._loading is None:
            self._loading = threading.Thread(target=symbolic.engine, name="symbolic engine", daemon=True)
            self._loading.start()
        if self._loading.is_alive():
            self._timer.start()
            return False
        return True

    def _loaded(self) -> None:
        if self._loading is not None and not self._loading.is_alive():
            self._timer.stop()
            self._fill()
