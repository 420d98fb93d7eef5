"""The totals that the window tells after every edit, and against which a change is told."""

from __future__ import annotations

from dataclasses import dataclass

from graph_core import Project
from graph_core.analysis import figures
from graph_core.memory import parts_of, standing_of
from graph_core.propagate import engine_of


@dataclass(frozen=True, slots=True)
class Figures:
    """Totals of a network. ``bytes`` are those of weights and buffers, ``optimizer`` those of its state.

    ``peak`` is the bytes of activations in inference, where most are held.
    """

    params: int
    macs: int
    flops: int
    buffers: int
    bytes: int
    optimizer: int
    peak: int


def figures_of(project: Project, network: str) -> Figures:
    """The totals as of now."""
    engine = engine_of(project)
    totals = engine.root(network).totals
    buffers, size = (int(total) if isinstance(total, int) else 0 for total in (totals.buffers, totals.bytes))
    _, _, state = standing_of(engine, network)
    peak = parts_of(engine, network, training=False).activations
    return Figures(*figures(totals), buffers, size, state, peak)
