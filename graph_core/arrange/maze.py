"""The search of last resort: a way for one wire around the plates near it, in right angles."""

from __future__ import annotations

from heapq import heappop, heappush

from graph_core.arrange.boxes import Point, Route, Side
from graph_core.arrange.space import Plates

AROUND = 500.0
PLATES = 30
KEEP = 12.0
BEND = 60.0  # what a corner costs, in units of length


def way_around(plates: Plates, start: Point, goal: Point, side: Side) -> Route | None:
    """Cheapest orthogonal way (length + corners) past the nearest plates, or None if they leave none."""
    (sx, sy), (tx, ty) = start, goal
    near = plates.hits(min(sx, tx) - AROUND, min(sy, ty) - AROUND, max(sx, tx) + AROUND, max(sy, ty) + AROUND)
    rects = sorted(
        dict.fromkeys(near),
        key=lambda r: (
            min(
                abs((r[2] + r[3]) / 2 - sx) + abs((r[0] + r[1]) / 2 - sy),
                abs((r[2] + r[3]) / 2 - tx) + abs((r[0] + r[1]) / 2 - ty),
            ),
            r,
        ),
    )[:PLATES]
    first = (sx, sy + KEEP)
    last = (tx, ty - KEEP) if side == "top" else (tx + (KEEP if side == "right" else -KEEP), ty)
    xs = sorted({sx, last[0], *(x for r in rects for x in (r[2] - KEEP, r[3] + KEEP))})
    ys = sorted({first[1], last[1], *(y for r in rects for y in (r[0] - KEEP, r[1] + KEEP))})
    column = {x: k for k, x in enumerate(xs)}
    line = {y: k for k, y in enumerate(ys)}
    begin = (column[sx], line[first[1]], 1)
    end = (column[last[0]], line[last[1]])
    best = {begin: 0.0}
    came: dict[tuple[int, int, int], tuple[int, int, int]] = {}
    heap = [(0.0, begin)]
    while heap:
        cost, state = heappop(heap)
        a, b, upright = state
        if (a, b) == end:
            return _retrace(came, state, xs, ys, start, goal)
        if cost > best[state]:
            continue
        for da, db in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            c, d = a + da, b + db
            if not (0 <= c < len(xs) and 0 <= d < len(ys)):
                continue
            x0, x1, y0, y1 = min(xs[a], xs[c]), max(xs[a], xs[c]), min(ys[b], ys[d]), max(ys[b], ys[d])
            if plates.blocked(x0 - 1, y0, x1 + 1, y1) if db else plates.blocked(x0, y0 - 1, x1, y1 + 1):
                continue
            turned = 1 if db else 0
            total = cost + x1 - x0 + y1 - y0 + (0.0 if turned == upright else BEND)
            after = (c, d, turned)
            if total < best.get(after, 1e18):
                best[after] = total
                came[after] = state
                heappush(heap, (total, after))
    return None


def _retrace(
    came: dict[tuple[int, int, int], tuple[int, int, int]],
    state: tuple[int, int, int],
    xs: list[float],
    ys: list[float],
    start: Point,
    goal: Point,
) -> Route:
    points = [goal, (xs[state[0]], ys[state[1]])]
    while state in came:
        state = came[state]
        points.append((xs[state[0]], ys[state[1]]))
    points.append(start)
    points.reverse()
    return tuple(points)
