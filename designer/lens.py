"""Lenses: what colours the plates, and how strongly: parameters, MACs or memory as a share of the largest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt

from designer.canvas.scene import Legend
from designer.numbers import bytes_text, short
from designer.words import tr
from graph_core.context import Context, Result
from graph_core.memory import spec_bytes

Heat = Mapping[str, tuple[float | None, str]]


def _params(result: Result) -> int:
    total = result.totals.trainable + result.totals.frozen
    return int(total) if isinstance(total, int) else 0


def _macs(result: Result) -> int:
    return int(result.totals.macs) if isinstance(result.totals.macs, int) else 0


def _memory(result: Result) -> int:
    own = int(result.totals.bytes) if isinstance(result.totals.bytes, int) else 0
    return own + sum(spec_bytes(spec) for spec in result.specs)


LENSES: Mapping[str, tuple[str, Callable[[Result], int], Callable[[int], str]]] = {
    "params": (tr("Parameters"), _params, short),
    "macs": ("MACs", _macs, lambda value: short(value, "")),
    "memory": (tr("Weights and output, bytes"), _memory, bytes_text),
}


def heat_of(contexts: Mapping[str, Context], lens: str) -> tuple[Heat, Legend | None]:
    """For each node its place on the ramp (square root of its share of the largest) and its figure, and the legend.

    `contexts` are those that are drawn, by what stands before their nodes' ids on the canvas.
    """
    if lens not in LENSES:
        return {}, None
    title, measure, text = LENSES[lens]
    values = {
        prefix + id: measure(result)
        for prefix, context in contexts.items()
        for id, result in context.results.items()
        if result.facts or result.calls
    }
    most = max(values.values(), default=0)
    if not most:
        return {}, None
    heat = {id: (sqrt(value / most), text(value)) if value else (None, "") for id, value in values.items()}
    return heat, Legend(tr("{title}, share of the largest", title=title), "0", text(most), tr("square-root scale"))
