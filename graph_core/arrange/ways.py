"""The shapes a wire may take, best first, and whether one is free.

A shape is yielded as points; the caller takes the first that crosses no plate and runs along no foreign wire.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from graph_core.arrange.boxes import JUNCTION, LANE, NEST, TRACK, Point, Route, Side
from graph_core.arrange.space import STRIP, Plates, Runs

CLEAR = 6.0  # between a wire and a plate that it passes
FAR = 12.0  # between a lane and the plates beyond it
NARROW = 18.0  # half a gutter
TOUCH = 4.0  # closer parallel wires read as one
ASKING = 8  # what a question to the index of plates costs, counted in plates looked at
BUNDLE = 160.0  # how far to look over lanes that stand side by side
FOLD = 40.0  # a folded wire that parts again comes down from here, to leave room for its junction


class Task(NamedTuple):
    """One wire to find a way for: its ends, how it enters, what it enters, and what it shares its output with."""

    start: Point
    goal: Point
    side: Side
    top: float  # of the target
    width: float  # of the target
    target: str
    net: int
    fan: bool  # whether its output has other wires
    leave: float | None  # where those part from the trunk
    lane: float | None  # where the last of those runs down


class Ways:
    """Shapes among these plates and wires."""

    def __init__(self, plates: Plates) -> None:
        self.plates = plates
        self.effort = 0  # plates looked at for lanes since somebody set it to 0
        self.down = Runs()
        self.over = Runs()

    def free(self, route: Route, task: Task) -> bool:
        """Whether no plate is crossed or brushed; the last stretch may reach into an operator's square."""
        blocked = self.plates.blocked
        last = len(route) - 2
        for k in range(last + 1):
            (x0, y0), (x1, y1) = route[k], route[k + 1]
            if x0 == x1:
                if y1 < y0:
                    y0, y1 = y1, y0
                if blocked(x0 - CLEAR, y0, x0 + CLEAR, y1):
                    return False
                continue
            if x1 < x0:
                x0, x1 = x1, x0
            if k == last:
                if any(rect[4] != task.target for rect in self.plates.hits(x0, y0 - 1, x1, y0 + 1)):
                    return False
            elif blocked(x0, y0 - CLEAR, x1, y0 + CLEAR):
                return False
        return True

    def shared(self, route: Route, task: Task) -> int:
        """How many runs of other outputs this route would lie on."""
        count = 0
        net = task.net
        for k in range(len(route) - 1):
            (x0, y0), (x1, y1) = route[k], route[k + 1]
            if x0 == x1:
                if y1 < y0:
                    y0, y1 = y1, y0
                count += len(self.down.near(x0, y0, y1, net, TOUCH))
                continue
            if x1 < x0:
                x0, x1 = x1, x0
            # the entries of a crowded operator are closer to each other than other wires may be
            entry = k == len(route) - 2 and task.side != "top"
            count += len(self.over.near(y0, x0, x1, net, 0.1 if entry else TOUCH))
        return count

    def shapes(self, task: Task) -> Iterator[Route]:
        """Bends, then lanes from the source outward, then from the target outward, then over the top."""
        start, goal, side = task.start, task.goal, task.side
        (sx, sy), (tx, ty) = start, goal
        rising = task.top < sy
        if side == "top":
            over = tx
            if task.leave is not None and sy < task.leave < ty:
                yield (start, (sx, task.leave), (tx, task.leave), goal)
        else:
            over = tx + FAR if side == "right" else tx - FAR
            outward = sx - tx if side == "right" else tx - sx
            if outward > FAR and ty > sy + CLEAR:
                yield (start, (sx, ty), goal)
        leaves = self._departures(sx, sy, task.leave, rising)
        comes = self._arrivals(over, task.top, rising)
        if rising and task.fan:
            comes.insert(0, ty - FOLD)
        if side == "top" and not rising:
            bends = [*leaves[:6], *comes[:6]] if task.fan else [*comes[:6], *leaves[:6]]
            if not task.fan and ty - sy < 100 and abs(tx - sx) < task.width / 2:
                bends.insert(0, sy + JUNCTION)  # to a port of the next plate: leave the lower half to others
            for y in bends:
                if sy < y < ty:
                    yield (start, (sx, y), (tx, y), goal)
        sign = 1.0 if tx >= sx - 0.5 else -1.0
        if side == "right":
            sign = 1.0
        elif side == "left" and abs(tx - sx) < task.width:
            sign = -1.0
        leaves, comes = leaves[:6], comes[:5]
        if rising and abs(tx - sx) > task.width:
            yield from self._lanes(task, leaves, over, comes, over, -sign, NARROW)
        for way in (sign, -sign):
            for near in (NARROW, LANE) if rising else (LANE, NARROW):
                begin = sx if task.lane is None or (task.lane - sx) * way < 0 else task.lane
                yield from self._lanes(task, leaves, over, comes, begin, way, near)
        for way in (-sign, sign):
            yield from self._lanes(task, leaves, over, comes, over, way, NARROW)
        yield from self._around(task, leaves[:4], over, comes[:4])

    def _departures(self, x: float, y: float, leave: float | None, rising: bool) -> list[float]:
        """Heights where a wire may leave its trunk, best first: above the next plate, or below all to rise."""
        under = self.plates.below(x, y)
        gap = 1e9 if under is None else under - y
        found = [] if leave is None else [leave]
        if gap < 24:
            found.append(y + gap / 2)
        elif gap > 200:
            found += [y + d for d in ((28, 36, 44, 52, 60, 20) if rising else (16, 24, 32, 40, 48, 56))]
        else:
            found += [y + gap - d for d in range(int(JUNCTION), int(gap) - 7, int(TRACK))]
            found.append(y + gap - TRACK)
        return found

    def _arrivals(self, x: float, y: float, rising: bool) -> list[float]:
        """Heights where a wire may turn towards a port on a top edge, best first."""
        over = self.plates.above(x, y)
        gap = 1e9 if over is None else y - over
        if gap < 24:
            return [y - gap / 2]
        if gap > 200:
            return [y - d for d in ((24, 32, 40, 48, 56, 16) if rising else (16, 24, 8, 32, 40, 48, 56))]
        found = [y - d for d in range(int(JUNCTION), int(gap) - 7, int(TRACK))]
        found.insert(2, y - TRACK)
        return found

    def _lanes(
        self,
        task: Task,
        leaves: Sequence[float],
        over: float,
        comes: Sequence[float],
        first: float,
        sign: float,
        near: float,
    ) -> Iterator[Route]:
        """Ways by one lane, looked for from x = ``first`` outward."""
        start, goal, side, net = task.start, task.goal, task.side, task.net
        sx, (tx, ty) = start[0], goal
        for leave in leaves:
            if side == "top":
                x = self.lane(first, leave, max(comes) if leave < ty else min(comes), sign, near, net)
                for come in comes:
                    yield (start, (sx, leave), (x, leave), (x, come), (tx, come), goal)
                continue
            x = self.lane(first, leave, ty, sign, near, net)
            if (x > over) == (side == "right"):
                yield (start, (sx, leave), (x, leave), (x, ty), goal)
            for come in comes:
                yield (start, (sx, leave), (x, leave), (x, come), (over, come), (over, ty), goal)

    def _around(self, task: Task, leaves: Sequence[float], over: float, comes: Sequence[float]) -> Iterator[Route]:
        """Over the top of everything between, from the gutter beside the source to the one beside the target."""
        start, goal, side, net = task.start, task.goal, task.side, task.net
        sx, (tx, ty) = start[0], goal
        sign = 1.0 if tx > sx else -1.0
        low, high = min(sx, tx), max(sx, tx)
        strips = self.plates.strips
        lids = [strips[b][0][0] for b in range(int(low // STRIP) - 1, int(high // STRIP) + 2) if strips.get(b)]
        lid = min([*lids, ty]) - FOLD
        for _ in range(12):
            if not self.over.near(lid, low, high, net, TRACK - 1):
                break
            lid -= TRACK
        for leave in leaves:
            out = self.lane(sx, lid, leave, sign, NARROW, net)
            back = self.lane(over, lid, task.top, -sign, NARROW, net)
            head = (start, (sx, leave), (out, leave), (out, lid), (back, lid))
            if side != "top" and (back > over) == (side == "right"):
                yield (*head, (back, ty), goal)
            for come in comes:
                if side == "top":
                    yield (*head, (back, come), (tx, come), goal)
                else:
                    yield (*head, (back, come), (over, come), (over, ty), goal)

    def lane(self, x: float, y0: float, y1: float, sign: float, near: float, net: int) -> float:
        """The first x from here outward where a vertical run stands clear of plates and of other lanes."""
        low, high = (y0, y1) if y0 < y1 else (y1, y0)
        hits, taken = self.plates.hits, self.down.near
        crowded = False
        for _ in range(64):
            if sign > 0:
                rects = hits(x - near, low, x + FAR, high)
                self.effort += ASKING + len(rects)
                if rects:
                    x = max([rect[3] for rect in rects]) + near
                    continue
            else:
                rects = hits(x - FAR, low, x + near, high)
                self.effort += ASKING + len(rects)
                if rects:
                    x = min([rect[2] for rect in rects]) - near
                    continue
            lanes = taken(x, low, high, net, NEST - 0.1)
            if not lanes:
                break
            x = max(lanes) + NEST if sign > 0 else min(lanes) - NEST
            if len(lanes) > 2 or crowded:  # step over a bundle of lanes at once
                bundle = taken(x + sign * BUNDLE, low, high, net, BUNDLE + NEST)
                for lane in sorted(bundle, reverse=sign < 0):
                    if abs(lane - x) < NEST - 0.1:
                        x = lane + sign * NEST
            crowded = True
        return x


def tidy(points: Route) -> Route:
    """The same way without points that repeat or lie on a straight stretch."""
    kept = [points[0]]
    for k in range(1, len(points) - 1):
        (x0, y0), (x1, y1), (x2, y2) = kept[-1], points[k], points[k + 1]
        if (x0 == x1 == x2) or (y0 == y1 == y2) or (x0 == x1 and y0 == y1):
            continue
        kept.append(points[k])
    return (*kept, points[-1])
