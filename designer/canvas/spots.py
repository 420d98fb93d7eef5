"""Where the shapes beside wires stand."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from designer.canvas import routes
from designer.canvas.routes import Floats
from designer.canvas.snapshot import Snapshot

_LEVEL = 48.0  # shortest level piece of a wire that carries its label
_LEAST = 22.0  # shortest upright one, and where a label stands close by already
_LEAST_BESIDE = 40.0


class Spot(NamedTuple):
    """Where a label stands: left edge and middle in canvas units; `room` is the free length it was found in."""

    x: float
    y: float
    room: float
    above: bool  # centred over a horizontal run


def label_spot(snap: Snapshot, i: int) -> Spot | None:
    """Where the label of wire `i` stands, remembered until the wires run elsewhere; None where there is no room."""
    if i not in snap.labels:
        snap.labels[i] = _find_spot(snap, i)
    spot: Spot | None = snap.labels[i]
    return spot


def _find_spot(snap: Snapshot, i: int) -> Spot | None:
    points = snap.paths.of(i)
    shape = snap.paths.shape[i]
    if shape == routes.CURVED:
        mid = points[1] if snap.wires[i].error else points[2]
        return Spot(float(mid[0]), float(mid[1]), 40.0, False)
    runs = list(pairwise(points.tolist()))
    across = _across(snap, i)
    if across is not None:
        return across
    count, parting, any_across = _parting(snap, int(snap.outlet[i]))
    if shape == routes.CORNERED and count > 1:
        # What shares an output shares the first piece of the way, and one label there is enough.
        return None
    tall = max(runs, key=lambda run: abs(run[1][1] - run[0][1]))
    (ax, ay), (_, by) = tall
    low, high = min(ay, by), max(ay, by)
    if snap.wires[i].error and tall == runs[-1]:
        high -= 44
    least = _LEAST
    if count > 1 and tall == runs[0]:
        inner = parting[np.searchsorted(parting, low, "right") : np.searchsorted(parting, high, "left")]
        if len(inner):
            first, last = float(inner[0]), float(inner[-1])
            above = first - low >= high - last
            low, high = (low, first) if above else (last, high)
            if above and any_across:
                least = _LEAST_BESIDE
    if high - low < least:
        return None
    return Spot(ax, (low + high) / 2, high - low, False)


def _parting(snap: Snapshot, outlet: int) -> tuple[int, Floats, bool]:
    """How many wires an output has, at which heights the cornered ones part, and whether one has room for a label."""
    if outlet not in snap.partings:
        members = np.flatnonzero(snap.outlet == outlet).tolist()
        cornered = [k for k in members if snap.paths.shape[k] == routes.CORNERED]
        heights = np.sort(np.array([snap.paths.of(k)[1, 1] for k in cornered], float))
        snap.partings[outlet] = len(members), heights, any(_across(snap, k) is not None for k in cornered)
    found: tuple[int, Floats, bool] = snap.partings[outlet]
    return found


def _across(snap: Snapshot, i: int) -> Spot | None:
    """The first level piece of a cornered wire that is long enough for a label above it."""
    if snap.paths.shape[i] != routes.CORNERED:
        return None
    spots = snap.paths.of(i).tolist()
    for (ax, ay), (bx, by) in pairwise(spots):
        if abs(ay - by) < 0.5 and abs(bx - ax) >= _LEVEL:
            return Spot((ax + bx) / 2, ay, abs(bx - ax), True)
    return None
