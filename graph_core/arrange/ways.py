"""The shapes that a wire may take between two boxes, best first: straight bends, lanes, ways around everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graph_core.arrange.boxes import JUNCTION, LANE, NEST, Point, Route, Side
from graph_core.arrange.space import STRIP, Plates, Runs

NARROW = 18.0  # half a gutter
FOLD = 40.0  # a folded wire that parts again comes down from here, to leave room for its junction


@dataclass(frozen=True, slots=True)
class End:
    """Where a wire goes: the point and side it enters at, the top and width of that box, and the wire's net.

    ``fan`` says that the net has other wires too.
    """

    goal: Point
    side: Side
    top: float
    width: float
    net: int
    fan: bool


class Ways:
    """Looks for ways among what stands: plates, and the vertical and horizontal runs of wires already routed."""

    def __init__(self, plates: Plates, down: Runs, over: Runs) -> None:
        self.plates = plates
        self.down = down
        self.over = over

    def _departures(self, x: float, y: float, leave: float | None, rising: bool) -> list[float]:
        """Heights where a wire may leave its trunk, best first: above the next plate; below all for a rising one."""
        under = self.plates.below(x, y)
        gap = 1e9 if under is None else under - y
        found: list[float] = []
        if leave is not None:
            found.append(leave)
        if gap < 24:
            found.append(y + gap / 2)
        elif gap > 200:
            found += [y + d for d in ((28, 36, 44, 52, 60, 20) if rising else (16, 24, 32, 40, 48, 56))]
        else:
            found += [y + gap - d for d in range(int(JUNCTION), int(gap) - 7, 8)]
            found.append(y + gap - 8)
        return found

    def _arrivals(self, x: float, y: float, rising: bool) -> list[float]:
        """Heights where a wire may turn towards a port on a top edge, best first."""
        over = self.plates.above(x, y)
        gap = 1e9 if over is None else y - over
        if gap < 24:
            return [y - gap / 2]
        if gap > 200:
            return [y - d for d in ((24, 32, 40, 48, 56, 16) if rising else (16, 24, 32, 8, 40, 48, 56))]
        found = [y - d for d in range(16, int(gap) - 7, 8)]
        found.insert(2, y - 8)
        return found

    def shapes(self, start: Point, leave: float | None, end: End) -> Iterator[Route]:
        """Ways from ``start`` to ``end``, best first; ``leave`` is the height at which this output parts already."""
        (sx, sy), (tx, ty), side, net = start, end.goal, end.side, end.net
        goal, top, fan = end.goal, end.top, end.fan
        rising = top < sy
        leaves = self._departures(sx, sy, leave, rising)
        over = tx if side == "top" else (tx + 12 if side == "right" else tx - 12)
        comes = self._arrivals(tx if side == "top" else over, top, rising)
        if rising and fan:
            comes.insert(0, ty - FOLD)
        if side == "top":
            if not rising:
                bends = [*leaves, *comes] if fan else [*comes, *leaves]
                if not fan and ty - sy < 100 and abs(tx - sx) < end.width / 2:
                    bends.insert(0, sy + JUNCTION)  # to a port of the next plate: leave the lower half to others
                for y in bends:
                    if sy < y < ty:
                        yield (start, (sx, y), (tx, y), goal)
        else:
            outward = sx - tx if side == "right" else tx - sx
            if outward > 12 and ty > sy + 6:
                yield (start, (sx, ty), goal)
        down = 1.0 if tx >= sx - 0.5 else -1.0
        if side == "right":
            down = 1.0
        elif side == "left" and abs(tx - sx) < end.width:
            down = -1.0
        if rising and abs(tx - sx) > end.width:
            yield from self._lanes(start, leaves[:6], goal, side, over, comes[:5], over, -down, NARROW, net)
        for sign in (down, -down):
            for near in (NARROW, LANE) if rising else (LANE, NARROW):
                yield from self._lanes(start, leaves[:6], goal, side, over, comes[:5], sx, sign, near, net)
        for sign in (-down, down):
            yield from self._lanes(start, leaves[:6], goal, side, over, comes[:5], over, sign, NARROW, net)
        yield from self._around(start, leaves, goal, side, over, comes, net)

    def _lanes(
        self,
        start: Point,
        leaves: Sequence[float],
        goal: Point,
        side: Side,
        over: float,
        comes: Sequence[float],
        first: float,
        sign: float,
        near: float,
        net: int,
    ) -> Iterator[Route]:
        """Ways by one lane, looked for from x = ``first`` outward."""
        (sx, _), (tx, ty) = start, goal
        for leave in leaves:
            if side != "top":
                x = self._lane(first, leave, ty, sign, near, net)
                if (x > over) == (side == "right"):
                    yield (start, (sx, leave), (x, leave), (x, ty), goal)
            for come in comes:
                x = self._lane(first, leave, come, sign, near, net)
                if side == "top":
                    yield (start, (sx, leave), (x, leave), (x, come), (tx, come), goal)
                else:
                    yield (start, (sx, leave), (x, leave), (x, come), (over, come), (over, ty), goal)

    def _around(
        self,
        start: Point,
        leaves: Sequence[float],
        goal: Point,
        side: Side,
        over: float,
        comes: Sequence[float],
        net: int,
    ) -> Iterator[Route]:
        """Over the top of everything between, from the gutter beside the source to the one beside the target."""
        (sx, _), (tx, ty) = start, goal
        sign = 1.0 if tx > sx else -1.0
        lids = [
            strip[0][0]
            for b in range(int(min(sx, tx) // STRIP) - 1, int(max(sx, tx) // STRIP) + 2)
            if (strip := self.plates.strips.get(b))
        ]
        lid = min([*lids, ty]) - 40.0
        for _ in range(12):
            if not self.over.near(lid, min(sx, tx), max(sx, tx), net, 7.0):
                break
            lid -= 8.0
        for leave in leaves[:4]:
            out = self._lane(sx, lid, leave, sign, NARROW, net)
            for come in comes[:4]:
                back = self._lane(over, lid, come, -sign, NARROW, net)
                head = (start, (sx, leave), (out, leave), (out, lid), (back, lid))
                if side == "top":
                    yield (*head, (back, come), (tx, come), goal)
                else:
                    if (back > over) == (side == "right"):
                        yield (*head, (back, ty), goal)
                    yield (*head, (back, come), (over, come), (over, ty), goal)

    def _lane(self, x: float, y0: float, y1: float, sign: float, near: float, net: int) -> float:
        """The first x from here outward where a vertical run stands clear of plates and of other lanes."""
        low, high = min(y0, y1), max(y0, y1)
        far = 12.0
        for _ in range(64):
            if sign > 0:
                hits = self.plates.hits(x - near, low, x + far, high)
                if hits:
                    x = max(rect[3] for rect in hits) + near
                    continue
            else:
                hits = self.plates.hits(x - far, low, x + near, high)
                if hits:
                    x = min(rect[2] for rect in hits) - near
                    continue
            taken = self.down.near(x, low, high, net, NEST - 0.1)
            if not taken:
                break
            x = max(taken) + NEST if sign > 0 else min(taken) - NEST
        return x
