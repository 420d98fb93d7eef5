"""The formulas of the document, worked out on a thread beside the window's, after edits have come to rest.

Whoever shows them says so with `want`; only while one of those is seen is anything worked out.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from designer.document import Document
from designer.words import told, tr
from graph_core import Project
from graph_core.snapshot import snapshot

if TYPE_CHECKING:
    from graph_core.complexity import Complexity, LayerCost
    from graph_core.dims import Shape
    from graph_core.growth import Curve

DELAY = 200  # milliseconds after the last edit
POLL = 15  # milliseconds between looks for an answer
MOST = 2000  # lines that are told
NEAR = (8.0, 2.0)  # the range of the small curve: from an eighth of the present size to twice it

FIGURES = {
    "params": tr("Parameters"),
    "macs": "MACs",
    "flops": "FLOPs",
    "memory_params": tr("Weights"),
    "memory_kept": tr("Kept"),
    "memory_activations_inference": tr("Peak, inference"),
    "memory_activations_training": tr("Peak, training"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One formula: of a layer, with all its calls, or of the whole network (then without a type)."""

    id: str
    path: str
    type: str
    calls: str
    text: str
    latex: str
    order: str
    order_latex: str
    value: int
    told: str = ""  # what its letters are, when it holds, where it comes from


@dataclass(frozen=True, slots=True)
class Look:
    """The formulas of one figure, its curves over one symbol, and what they hold for."""

    network: str
    figure: str
    symbol: str
    in_letters: bool
    symbols: dict[str, int]
    total: Line
    lines: tuple[Line, ...]
    conditions: tuple[str, ...]
    first: tuple[str, ...]  # when the largest of several sums is the one that is so here
    order: str  # over the one symbol
    curve: Curve | None
    near: Curve | None
    lines_told: bool  # False where nobody asked for lines
    shapes: Mapping[tuple[str, int], tuple[Shape, ...]]  # as in Complexity


@dataclass(frozen=True, slots=True)
class _Question:
    ticket: int
    project: Project | None  # None: that of the question before
    network: str
    figure: str
    symbol: str
    in_letters: bool
    lines: bool  # whether the layers are asked for, one by one


class Formulas(QObject):
    """`ready` tells of a new `look`; `problem` is a sentence where there is none."""

    ready = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self.look: Look | None = None
        self.problem = ""
        self.figure, self.symbol, self.in_letters = "macs", "", False
        self._wanted: dict[QWidget, bool] = {}  # who shows formulas -> whether of each layer
        self._stale = True
        self._ticket = self._answered = 0
        self._asked: queue.SimpleQueue[_Question] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[int, Look | str]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._rest, self._poll = QTimer(self), QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(DELAY)
        self._rest.timeout.connect(self._ask)
        self._poll.setInterval(POLL)
        self._poll.timeout.connect(self._collect)
        document.altered.connect(self._later)
        document.replaced.connect(self._start_over)
        document.moved_view.connect(self._other_network)

    @property
    def busy(self) -> bool:
        """Whether the look is not that of the document as it is."""
        return self._stale or self._answered < self._ticket

    def want(self, widget: QWidget, *, lines: bool) -> None:
        """Work formulas out while this widget is seen; `lines` says whether it shows those of each layer."""
        self._wanted[widget] = lines
        widget.installEventFilter(self)
        if widget.isVisible():
            self._rest.start()

    def choose(self, *, figure: str = "", symbol: str = "", in_letters: bool | None = None) -> None:
        """Look at another figure, over another symbol, or at the layers in the letters of textbooks."""
        self.figure, self.symbol = figure or self.figure, symbol or self.symbol
        self.in_letters = self.in_letters if in_letters is None else in_letters
        if self._stale:
            self._ask()
        else:
            self._put(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What was edited while nothing was seen is worked out now, and lines that nobody asked for before."""
        if event.type() == QEvent.Type.Show and not self._rest.isActive():
            if self._stale:
                self._rest.start(0 if self._thread else DELAY)
            elif self.look is not None and not self.look.lines_told:
                self._put(None)
        return super().eventFilter(watched, event)

    def _later(self, *_: object) -> None:
        self._stale = True
        if any(widget.isVisible() for widget in self._wanted):
            self._rest.start(DELAY)

    def _start_over(self) -> None:
        self.look = None
        self.ready.emit()
        self._later()

    def _other_network(self) -> None:
        if self.look is not None and self.look.network != self._document.network:
            self._later()

    def _ask(self) -> None:
        self._rest.stop()
        if not any(widget.isVisible() for widget in self._wanted):
            return
        self._stale = False
        if self._document.root_graph.nodes:
            self._put(snapshot(self._document.project))
        elif self.look is not None:
            self.look = None
            self.ready.emit()

    def _put(self, project: Project | None) -> None:
        self._ticket += 1
        network = self._document.network
        lines = any(shows and widget.isVisible() for widget, shows in self._wanted.items())
        self._asked.put(_Question(self._ticket, project, network, self.figure, self.symbol, self.in_letters, lines))
        if self._thread is None:
            # It knows the queues only: the last reference to a widget must not be dropped there.
            self._thread = threading.Thread(target=_work, args=(self._asked, self._done), name="formulas", daemon=True)
            self._thread.start()
        self._poll.start()

    def _collect(self) -> None:
        came = False
        while not self._done.empty():
            self._answered, answer = self._done.get()
            self.look = answer if not isinstance(answer, str) else None
            self.problem = answer if isinstance(answer, str) else ""
            came = True
        if self._answered == self._ticket:
            self._poll.stop()
        if came:
            self.ready.emit()


def _work(asked: queue.SimpleQueue[_Question], done: queue.SimpleQueue[tuple[int, Look | str]]) -> None:
    found: Complexity | None = None
    project: Project | None = None
    while True:
        question = asked.get()
        newest = question.project
        while not asked.empty():  # what edits have overtaken is not worked out
            question = asked.get()
            newest = question.project or newest
        try:
            from graph_core.complexity import complexity

            if newest is not None or found is None or found.network != question.network:
                project = newest or project
                assert project is not None
                found = complexity(project, question.network)
            assert project is not None
            done.put((question.ticket, look_at(found, project, question)))
        except Exception as error:  # whatever it is, the window says so and goes on
            found = None
            done.put(
                (
                    question.ticket,
                    tr("The formulas cannot be worked out ({name}: {error}).", name=type(error).__name__, error=error),
                )
            )


def look_at(found: Complexity, project: Project, question: Any) -> Look:
    """What a question asks of a network's formulas."""
    figure = question.figure if question.figure in found.figures else "macs"
    total = found.figures[figure]
    symbol = question.symbol if question.symbol in found.symbols else _telling(found, total)
    lines = []
    for row in found.layers[:MOST] if question.lines else ():
        size = row.figures.get(figure)
        if size is not None and size != 0:
            lines.append(_in_letters(found, project, row, figure) if question.in_letters else _line(found, row, size))
    return Look(
        found.network,
        figure,
        symbol,
        question.in_letters,
        {name: found.symbols[name] for name in found.over},
        _line(found, None, total),
        tuple(lines),
        tuple(condition.text for condition in found.holds(figure)),
        tuple(condition.text for condition in found.first.get(figure, ())),
        found.order(total, symbol) if symbol else "O(1)",
        found.curve(figure, symbol) if symbol else None,
        found.curve(figure, symbol, NEAR) if symbol else None,
        question.lines,
        found.shapes,
    )


def _telling(found: Complexity, total: Any) -> str:
    """The symbol that a curve tells most over: one that the figure depends on, rather not the batch."""
    from graph_core.dims import symbols_of

    depends = symbols_of(total)
    ranked = sorted(found.over, key=lambda name: (name not in depends, name == "N"))
    return ranked[0] if ranked else ""


def _line(found: Complexity, row: LayerCost | None, size: Any) -> Line:
    from graph_core.dims import substitute
    from graph_core.formula_text import order_latex

    order = found.order(size)
    texts = found.text(size), found.latex(size), order, order_latex(order)
    value = int(substitute(size, found.symbols))  # type: ignore[arg-type]
    if row is None:
        return Line("", found.network, "", "", *texts, value)
    return Line(row.id, row.path, row.type, found.text(row.calls), *texts, value)


def _in_letters(found: Complexity, project: Project, row: LayerCost, figure: str) -> Line:
    """A layer's own formula, of one call; the figure of the row stays that of all its calls."""
    from graph_core.complexity import layer_formula
    from graph_core.dims import substitute
    from graph_core.formula_text import formula_latex, formula_text, order_latex
    from graph_core.growth import order_of

    here = layer_formula(project, found.network, row.id, row.path)
    over = list(here.letters)
    sizes = {"params": here.params, "macs": here.macs, "flops": 2 * here.macs + here.elementwise}
    size = sizes.get(figure, 4 * here.params)
    order = order_of(size, [name for name in over if name != "N"]) if figure == "params" else here.order
    letters = ", ".join(f"{name} = {value:,}" for name, value in here.letters.items())
    holds = "".join(f"; {told(str(condition))}" for condition in here.conditions)
    words = f"{letters}{holds}. {here.source}" if letters else here.source
    value = int(substitute(row.figures[figure], found.symbols))  # type: ignore[arg-type]
    texts = formula_text(size, over), formula_latex(size, over), order, order_latex(order)
    return Line(row.id, row.path, row.type, formula_text(row.calls, found.over), *texts, value, words)
