"""Wires as polylines in NumPy: all of a drawing at once, because one by one costs a frame at 10,000 nodes.

A set of wires is a flat array of points (k, 2) and `start` (m + 1): wire i owns points[start[i]:start[i + 1]].
Coarse polylines keep square corners and sample a curve in 4 pieces; `refine` rounds corners and samples in 20.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from designer.canvas.scene import PLATE_W, Point

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

RADIUS = 14.0
LANE = 27.0
JUNCTION = 16.0
_COARSE, _FINE, _ARC = 5, 21, 7
_FEW = 32  # changed wires that are put in one by one

STRAIGHT, CORNERED, CURVED = 0, 1, 2


class Paths:
    """The course of every wire. `shape` says which are straight, cornered or curved."""

    __slots__ = ("_owner", "box", "controls", "points", "shape", "start")

    def __init__(
        self, points: Floats, start: Ints, shape: NDArray[np.int8], controls: Floats, box: Floats | None = None
    ) -> None:
        self.points = points
        self.start = start
        self.shape = shape
        self.controls = controls  # (m, 8): Bézier controls, used where shape is CURVED
        self._owner: Ints | None = None
        if box is not None:
            self.box = box
        elif len(shape):
            low = np.minimum.reduceat(points, start[:-1])
            high = np.maximum.reduceat(points, start[:-1])
            self.box = np.asfortranarray(np.hstack([low, high]))  # questions go over a column at a time
        else:
            self.box = np.zeros((0, 4))

    @property
    def owner(self) -> Ints:
        """The wire of each point."""
        if self._owner is None:
            self._owner = np.repeat(np.arange(len(self.shape)), np.diff(self.start))
        return self._owner

    def segments(self, chosen: Ints | None = None) -> tuple[Floats, Ints]:
        """(coarse segments (s, 4), the wire of each) of all wires, or of the chosen ones."""
        if chosen is None:
            return _segments(self.points, self.owner)
        points, owner, _ = _gather(self.points, self.start, chosen)
        segments, owner = _segments(points, owner)
        return segments, chosen[owner]

    def fine(self, chosen: Ints, parting: Bools) -> tuple[Floats, Ints]:
        """(points, start) of the chosen wires, corners rounded but for the first of those that part from others."""
        return refine(self, chosen, parting)

    def of(self, wire: int) -> Floats:
        """The coarse polyline of one wire."""
        return self.points[self.start[wire] : self.start[wire + 1]]


def course(ends: Floats, ways: Floats, routes: Sequence[tuple[Point, ...] | None]) -> Paths:
    """Lead every wire between its `ends` (m, 4), x0 y0 x1 y1, leaving in `ways` (m, 4), or along its route."""
    m = len(ends)
    x0, y0, x1, y1 = ends.T if m else np.zeros((4, 0))
    sx, sy, tx, ty = ways.T if m else np.zeros((4, 0))
    shape = np.full(m, CURVED, np.int8)
    count = np.full(m, _COARSE, np.intp)
    routed = np.fromiter((r is not None and len(r) >= 2 for r in routes), np.bool_, m)

    down = (sy == 1) & (ty == -1)
    straight = ~routed & down & (np.abs(x1 - x0) < 0.5) & (y1 >= y0)
    straight |= ~routed & (sx == -tx) & (sx != 0) & (np.abs(y1 - y0) < 0.5) & ((x1 - x0) * sx >= 0)
    sideways = ~routed & (sy == 1) & (tx != 0) & (y1 - y0 > JUNCTION + 8)
    elbow = sideways & ((x0 - x1) * tx > RADIUS + 10)
    lane = sideways & ~elbow
    shape[straight], count[straight] = STRAIGHT, 2
    shape[elbow], count[elbow] = CORNERED, 3
    shape[lane], count[lane] = CORNERED, 5
    led = np.flatnonzero(routed).tolist()
    for i in led:
        size = len(routes[i] or ())
        shape[i], count[i] = (STRAIGHT if size == 2 else CORNERED), size

    start = np.zeros(m + 1, np.intp)
    np.cumsum(count, out=start[1:])
    points = np.empty((start[-1], 2))

    def put(chosen: Bools, *columns: tuple[Floats, Floats]) -> None:
        at = start[:-1][chosen]
        for k, (x, y) in enumerate(columns):
            points[at + k, 0], points[at + k, 1] = x[chosen], y[chosen]

    put(straight, (x0, y0), (x1, y1))
    put(elbow, (x0, y0), (x0, y1), (x1, y1))
    out = np.where(tx > 0, np.maximum(x0, x1), np.minimum(x0, x1)) + tx * (PLATE_W / 2 + LANE)
    put(lane, (x0, y0), (x0, y0 + JUNCTION), (out, y0 + JUNCTION), (out, y1), (x1, y1))
    if led:
        flat = np.array(list(chain.from_iterable(routes[i] or () for i in led)), np.float64)
        at = np.concatenate([np.arange(start[i], start[i + 1]) for i in led])
        points[at] = flat

    reach = np.maximum(24.0, 0.4 * np.maximum(np.abs(y1 - y0), np.where(sy == 0, np.abs(x1 - x0), 0)))
    controls = np.column_stack([x0, y0, x0 + sx * reach, y0 + sy * reach, x1 + tx * reach, y1 + ty * reach, x1, y1])
    curved = np.flatnonzero(shape == CURVED)
    if len(curved):
        points[start[:-1][curved][:, None] + np.arange(_COARSE)] = _bezier(controls[curved], _COARSE)
    return Paths(points, start, shape, controls)


def refine(paths: Paths, chosen: Ints, parting: Bools) -> tuple[Floats, Ints]:
    """The chosen wires with corners of radius 14 and smooth curves, as (points, start).

    A wire that parts from another (`parting`, one a wire of `paths`) leaves it squarely, at the junction's dot.
    """
    points, owner, _ = _gather(paths.points, paths.start, chosen)
    total = len(points)
    if not total:
        return points, np.zeros(len(chosen) + 1, np.intp)
    first = np.ones(total, np.bool_)
    first[1:] = owner[1:] != owner[:-1]
    last = np.roll(first, -1)
    shape = paths.shape[chosen][owner]
    second = np.roll(first, 1)
    corner = ~first & ~last & (shape == CORNERED) & ~(second & parting[chosen][owner])
    curve = shape == CURVED
    count = np.where(corner, _ARC, 1)
    count[curve] = 0
    count[curve & first] = _FINE
    at = np.zeros(total + 1, np.intp)
    np.cumsum(count, out=at[1:])
    made = np.empty((at[-1], 2))
    plain = count == 1
    made[at[:-1][plain]] = points[plain]
    i = np.flatnonzero(corner)
    if len(i):
        b = points[i]
        back, ahead = points[i - 1] - b, points[i + 1] - b
        d1 = np.hypot(back[:, 0], back[:, 1])[:, None] + 1e-9
        d2 = np.hypot(ahead[:, 0], ahead[:, 1])[:, None] + 1e-9
        r = np.minimum(RADIUS, np.minimum(d1, d2) / 2)
        a, c = b + back / d1 * r, b + ahead / d2 * r
        t = np.linspace(0, 1, _ARC)[None, :, None]
        made[at[:-1][i][:, None] + np.arange(_ARC)] = (
            (1 - t) ** 2 * a[:, None] + 2 * t * (1 - t) * b[:, None] + t**2 * c[:, None]
        )
    i = np.flatnonzero(curve & first)
    if len(i):
        made[at[:-1][i][:, None] + np.arange(_FINE)] = _bezier(paths.controls[chosen[owner[i]]], _FINE)
    per_wire = np.bincount(owner, weights=count, minlength=len(chosen)).astype(np.intp)
    start = np.zeros(len(chosen) + 1, np.intp)
    np.cumsum(per_wire, out=start[1:])
    return made, start


def polyline_segments(points: Floats, start: Ints) -> tuple[Floats, Ints]:
    """(segments (s, 4), position in `start` of the wire each belongs to)."""
    return _segments(points, np.repeat(np.arange(len(start) - 1), np.diff(start)))


def _segments(points: Floats, owner: Ints) -> tuple[Floats, Ints]:
    if len(points) < 2:
        return np.zeros((0, 4)), np.zeros(0, np.intp)
    same = owner[1:] == owner[:-1]
    return np.hstack([points[:-1], points[1:]])[same], owner[:-1][same]


def _gather(points: Floats, start: Ints, chosen: Ints) -> tuple[Floats, Ints, Ints]:
    """The points of the chosen wires, the position in `chosen` that owns each, and the new start."""
    count = start[chosen + 1] - start[chosen]
    fresh = np.zeros(len(chosen) + 1, np.intp)
    np.cumsum(count, out=fresh[1:])
    owner = np.repeat(np.arange(len(chosen)), count)
    at = np.arange(fresh[-1]) - fresh[:-1][owner] + start[chosen][owner]
    return points[at], owner, fresh


def _bezier(controls: Floats, samples: int) -> Floats:
    t = np.linspace(0, 1, samples)[None, :, None]
    p = controls.reshape(-1, 4, 1, 2)
    s = 1 - t
    return s**3 * p[:, 0] + 3 * s**2 * t * p[:, 1] + 3 * s * t**2 * p[:, 2] + t**3 * p[:, 3]


def merged(before: Paths, kept: Ints, led: Paths, chosen: Ints) -> Paths:
    """The courses of kept wires (their place in `before`, -1 for others) and of the `chosen` ones, now `led`."""
    same = np.flatnonzero(kept >= 0)
    old = kept[same]
    count = np.empty(len(kept), np.intp)
    count[same] = np.diff(before.start)[old]
    count[chosen] = np.diff(led.start)
    start = np.zeros(len(kept) + 1, np.intp)
    np.cumsum(count, out=start[1:])
    points = np.empty((start[-1], 2))
    shape = np.empty(len(kept), np.int8)
    controls = np.empty((len(kept), 8))
    box = np.empty((len(kept), 4), order="F")
    for place, paths, which in ((same, before, old), (chosen, led, np.arange(len(chosen)))):
        if not len(place):
            continue
        values, owner, first = _gather(paths.points, paths.start, which)
        points[np.arange(first[-1]) - first[:-1][owner] + start[place][owner]] = values
        shape[place], controls[place], box[place] = paths.shape[which], paths.controls[which], paths.box[which]
    return Paths(points, start, shape, controls, box)


def patched(before: Paths, led: Paths, chosen: Ints) -> Paths:
    """The courses before, but for those of the `chosen` wires (ascending), which are now `led`."""
    if not len(chosen):
        return before
    if len(chosen) > _FEW:
        kept = np.arange(len(before.shape))
        kept[chosen] = -1
        return merged(before, kept, led, chosen)
    pieces, last = [], 0
    for k, i in enumerate(chosen.tolist()):
        pieces += [before.points[last : before.start[i]], led.of(k)]
        last = before.start[i + 1]
    points = np.concatenate([*pieces, before.points[last:]])
    longer = np.diff(led.start) - np.diff(before.start)[chosen]
    start = before.start
    if longer.any():
        start = start.copy()
        for i, more in zip(chosen.tolist(), longer.tolist(), strict=True):
            start[i + 1 :] += more
    shape, controls, box = before.shape.copy(), before.controls.copy(), before.box.copy("F")
    shape[chosen], controls[chosen], box[chosen] = led.shape, led.controls, led.box
    return Paths(points, start, shape, controls, box)


def clipped(segments: Floats, box: tuple[float, float, float, float]) -> tuple[Floats, Bools]:
    """(the parts of the segments inside the box x0 y0 x1 y1, which segments have one).

    Qt spends a millisecond on a smooth line that is a hundred screens long. Those that lie inside stay as they are:
    seen from afar that is nearly all of them.
    """
    x0, y0, x1, y1 = box
    across, along = segments[:, ::2], segments[:, 1::2]
    whole = ((across >= x0) & (across <= x1) & (along >= y0) & (along <= y1)).all(axis=1)
    if whole.all():
        return segments, whole
    if whole.any():
        cut, kept = clipped(segments[~whole], box)
        found = segments.copy()
        inside = whole.copy()
        inside[np.flatnonzero(~whole)[kept]] = True
        found[np.flatnonzero(~whole)[kept]] = cut
        return found[inside], inside
    start, way = segments[:, :2], segments[:, 2:] - segments[:, :2]
    first, last = np.zeros(len(segments)), np.ones(len(segments))
    for axis, (low, high) in enumerate(((box[0], box[2]), (box[1], box[3]))):
        d, p = way[:, axis], start[:, axis]
        flat = np.abs(d) < 1e-12
        step = np.where(flat, 1.0, d)
        a, b = (low - p) / step, (high - p) / step
        outside = flat & ((p < low) | (p > high))
        first = np.where(flat, first, np.maximum(first, np.minimum(a, b)))
        last = np.where(flat, last, np.minimum(last, np.maximum(a, b)))
        last[outside] = -1.0
    inside = first <= last
    first, last = first[inside, None], last[inside, None]
    start, way = start[inside], way[inside]
    return np.hstack([start + way * first, start + way * last]), inside
