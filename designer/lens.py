"""Lenses: what colours the plates, and how strongly, and what the legend says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from designer.canvas.scene import Legend
from designer.document import Document
from designer.measuring import SHARES, STATISTICS, Measuring
from designer.numbers import bytes_text, percent, short
from designer.orders import Order, Orders
from designer.words import tr
from graph_core.context import Context, Result
from graph_core.effects import macs_of, memory_of, params_of

Heat = Mapping[str, tuple[float | None, str]]
Contexts = Mapping[str, Context]  # those that are drawn, by what stands before their nodes' ids on the canvas
NOTHING: tuple[Heat, None] = ({}, None)


class Figure(NamedTuple):
    """A lens over figures that are known after every edit."""

    title: str
    of: Callable[[Result], int]
    text: Callable[[int], str]


FIGURES: Mapping[str, Figure] = {
    "params": Figure(tr("Parameters"), params_of, short),
    "macs": Figure("MACs", macs_of, lambda value: short(value, "")),
    "memory": Figure(tr("Weights and output, bytes"), memory_of, bytes_text),
}
LENSES: Mapping[str, str] = {
    "params": tr("Params"),
    "macs": "MACs",
    "memory": tr("Memory"),
    "latency": tr("Latency"),
    "activations": tr("Activations"),
    "growth": tr("Growth"),
}
MEASURED = ("latency", "activations")


class Lenses(QObject):
    """Which lens is on, and what it says of each plate. `changed` asks for another look."""

    changed = Signal()

    def __init__(self, document: Document, measuring: Measuring) -> None:
        super().__init__(document)
        self._document = document
        self.measuring, self.orders = measuring, Orders(document)
        self.lens, self.last = "", "params"
        self.linear = False
        self.statistic = next(iter(STATISTICS))
        self.symbol = ""
        self.orders.ready.connect(self._grown)
        measuring.changed.connect(self.changed)

    def choose(self, lens: str) -> None:
        """Put a lens on; "" for none."""
        self.lens, self.last = lens, lens or self.last
        self.orders.want(lens == "growth")

    def _grown(self) -> None:
        if self.lens == "growth":
            self.changed.emit()

    def why_not(self, lens: str) -> str:
        """Why a lens cannot be put on; "" where it can."""
        if lens in MEASURED and not self.measuring.there:
            return tr("Nothing has been measured yet; choose Run › Measure.")
        return ""

    @property
    def choices(self) -> dict[str, str]:
        """What of the lens can be chosen, by key; nothing where there is no choice."""
        if self.lens == "growth":
            return {symbol: tr("in {symbol}", symbol=symbol) for symbol in self.orders.found.symbols}
        return dict(STATISTICS) if self.lens == "activations" and self.measuring.there else {}

    @property
    def choice(self) -> str:
        """The key of what is chosen."""
        return self._symbol() if self.lens == "growth" else self.statistic

    def choose_part(self, key: str) -> None:
        """Another symbol, or another statistic."""
        if self.lens == "growth":
            self.symbol = key
        else:
            self.statistic = key
        self.changed.emit()

    def toggle_scale(self) -> None:
        """Colours by the square root of a share, or by the share itself."""
        self.linear = not self.linear
        self.changed.emit()

    # What it says ----------------------------------------------------------------------------------------------

    def heat(self, document: Document, contexts: Contexts) -> tuple[Heat, Legend | None]:
        """For each plate its place on the ramp and its figure, None where the lens has none; and the legend.

        ``document`` is the open one, or that of a drawing beside it, of which nothing is measured.
        """
        if self.lens in FIGURES:
            figure = FIGURES[self.lens]
            values = {
                prefix + id: figure.of(result)
                for prefix, context in contexts.items()
                for id, result in context.results.items()
                if result.facts or result.calls
            }
            return self._shares(values, figure.title, lambda value: figure.text(int(value)))
        if document is not self._document:
            return NOTHING
        if self.lens == "latency":
            return self._latency(contexts)
        if self.lens == "activations":
            return self._statistics(contexts)
        return self._growth(contexts) if self.lens == "growth" else NOTHING

    def _shares(
        self, values: Mapping[str, float], title: str, text: Callable[[float], str], note: str = ""
    ) -> tuple[Heat, Legend | None]:
        most = max((abs(value) for value in values.values()), default=0)
        if not most:
            return NOTHING
        place = (lambda share: share) if self.linear else sqrt
        said_of = {v: (place(abs(v) / most), text(v)) if v else (None, "") for v in set(values.values())}
        heat = {id: said_of[v] for id, v in values.items()}
        scale = tr("linear scale") if self.linear else tr("square-root scale")
        said = f"{scale}; {note}" if note else scale
        return heat, Legend(tr("{figure}, share of the largest", figure=title), "0", text(most), said)

    def _measured(self, contexts: Contexts, of: Callable[[str], float | None]) -> dict[str, float]:
        """What was measured of each plate that is still what was measured."""
        document, found = self._document, {}
        for prefix, context in contexts.items():
            with document.at((*document.base, *document.steps(prefix.rstrip("/")))):
                for id, node in context.graph.nodes.items():
                    value = of(document.state_path(id)) if self.measuring.of_same(context.graph, node) else None
                    if value is not None:
                        found[prefix + id] = value
        return found

    def _note(self) -> str:
        if self.measuring.stale:
            return tr("before the last edits; measure again")
        return self.measuring.told

    def _latency(self, contexts: Contexts) -> tuple[Heat, Legend | None]:
        values = self._measured(contexts, self.measuring.seconds)
        title = tr("Forward, {time} in all", time=seconds_text(self.measuring.total))
        return self._shares(values, title, seconds_text, self._note())

    def _statistics(self, contexts: Contexts) -> tuple[Heat, Legend | None]:
        name = self.statistic
        values = self._measured(contexts, lambda path: self.measuring.statistic(path, name))
        note, nans = self._note(), self.measuring.with_nan
        if nans:
            note = tr("NaN from {n} nodes; {note}", n=nans, note=note)
        title = tr("{statistic} of the outputs", statistic=STATISTICS[name])
        if name in SHARES:
            heat = {id: (value if value else None, percent(value)) for id, value in values.items()}
            return heat, Legend(title, percent(0.0), percent(1.0), note)
        return self._shares(values, title, lambda value: f"{value:.3g}".replace("-", "−"), note)

    def _symbol(self) -> str:
        symbols = self.orders.found.symbols
        if self.symbol in symbols:
            return self.symbol
        return next((name for name in symbols if name != "N"), symbols[0] if symbols else "")

    def _growth(self, contexts: Contexts) -> tuple[Heat, Legend | None]:
        symbol, found = self._symbol(), self.orders.found
        if not symbol or found.network != self._document.network:
            return NOTHING
        above = "".join(f"{step.node}/" for step in self._document.base)
        known = found.orders[symbol]
        orders: dict[str, Order] = {
            prefix + id: known[above + prefix + id]
            for prefix, context in contexts.items()
            for id in context.graph.nodes
            if above + prefix + id in known
        }
        most = max(orders.values(), default=(0, "O(1)"))
        heat = {id: (power / max(1, most[0]), text) for id, (power, text) in orders.items()}
        title = tr("Work over {symbol}, order of growth", symbol=symbol)
        return heat, Legend(title, "O(1)", most[1], tr("FLOPs; all other sizes stay as they are"))


def seconds_text(seconds: float) -> str:
    """Four digits with a unit: ``1.204 ms``, ``85.10 µs``."""
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if abs(seconds) >= size:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds / 1e-9:.3g} ns" if seconds else "0 s"
