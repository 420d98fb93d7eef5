"""Wires for given positions: straight where aligned, lanes around what stands between, through gaps and gutters.

Each wire has a short list of shapes, best first; the first that crosses no plate and runs along no foreign wire is
taken. Wires of one output may share their way. Short ways are chosen first, so that longer skips stand further out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from math import sqrt

from graph_core.arrange.boxes import JUNCTION, Box, Layout, Point, Ports, Route, Side, Wire
from graph_core.arrange.maze import way_around
from graph_core.arrange.space import Plates, Rect, Runs, junctions
from graph_core.arrange.ways import FOLD, End, Ways

CLEAR = 6.0  # between a wire and a plate that it passes
TOUCH = 4.0  # closer parallel wires read as one
RISING = 1e6
TRIES = 160  # shapes tried for one wire; fewer once one is known that crosses no plate
FREE_TRIES = 24
DETOURS = 60  # searches of last resort in one call


class Router:
    """Routes of a drawing, kept up to date: ``move`` some boxes, then route only what they touch.

    Building takes the whole drawing in; a move costs as much as the wires that it touches.
    """

    def __init__(self, positions: Mapping[str, Point], boxes: Mapping[str, Box], wires: Sequence[Wire]) -> None:
        self.boxes = boxes
        self.wires = list(wires)
        self.positions = dict(positions)
        self.ports = Ports(boxes, wires)
        self.keys = [f"{target}.{port}" for _, _, target, port in wires]
        self.routes: dict[str, Route] = {}
        self.sides: dict[str, Side] = {}
        self._rects: dict[str, Rect] = {}
        for name, (x, y) in positions.items():
            box = boxes[name]
            self._rects[name] = (y, y + box.h, x, x + box.w, name)
        self._plates = Plates(self._rects.values())
        self._down = Runs()
        self._over = Runs()
        self._ways = Ways(self._plates, self._down, self._over)
        numbers: dict[tuple[str, str], int] = {}
        self._net = [numbers.setdefault(wire[:2], len(numbers)) for wire in self.wires]
        self._members: list[list[int]] = [[] for _ in numbers]
        self._into: dict[str, list[int]] = {}
        self._from: dict[str, list[int]] = {}
        for i, (source, _, target, _) in enumerate(self.wires):
            self._members[self._net[i]].append(i)
            self._from.setdefault(source, []).append(i)
            self._into.setdefault(target, []).append(i)
        self._goal: dict[int, tuple[Point, Side]] = {}
        self._leave: dict[int, float] = {}
        self._trunk: dict[int, Route] = {}
        self._detours = DETOURS
        self._route(range(len(self.wires)))

    def layout(self) -> Layout:
        """Everything as it stands; junctions are found anew."""
        found: list[Point] = []
        for members in self._members:
            if len(members) > 1:
                found += junctions([self.routes[self.keys[i]] for i in members])
        return Layout(self.positions, self.routes, self.sides, found)

    def touched(self, nodes: Collection[str]) -> list[int]:
        """Wires at these boxes, and those that share an operator with one: they may change sides."""
        wires: dict[int, None] = {}
        for node in nodes:
            wires.update(dict.fromkeys(self._from.get(node, ())))
            wires.update(dict.fromkeys(self._into.get(node, ())))
        for i in list(wires):
            if self.boxes[self.wires[i][2]].round:
                wires.update(dict.fromkeys(self._into[self.wires[i][2]]))
        return list(wires)

    def move(self, moved: Mapping[str, Point]) -> Layout:
        """Move boxes and route the wires they touch; the layout holds only what was routed again."""
        for node, (x, y) in moved.items():
            box = self.boxes[node]
            self._plates.remove(self._rects[node])
            self._rects[node] = (y, y + box.h, x, x + box.w, node)
            self._plates.add(self._rects[node])
            self.positions[node] = (x, y)
        return self.again(self.touched(list(moved)))

    def again(self, wires: Collection[int]) -> Layout:
        """Route these wires (by index) anew around all others."""
        for i in wires:
            self._forget(i)
            self._leave.pop(self._net[i], None)
            self._trunk.pop(self._net[i], None)
        self._detours = 4
        self._route(wires)
        keys = [self.keys[i] for i in wires]
        nets = dict.fromkeys(self._net[i] for i in wires)
        found: list[Point] = []
        for net in nets:
            found += junctions([self.routes[self.keys[i]] for i in self._members[net]])
        routes = {key: self.routes[key] for key in keys}
        return Layout(self.positions, routes, {key: self.sides[key] for key in keys}, found)

    # -- ends -------------------------------------------------------------------------------------------------

    def _start(self, i: int) -> Point:
        source, out, _, _ = self.wires[i]
        x, y = self.positions[source]
        return x + self.ports.output(source, out), y + self.boxes[source].h

    def _enter(self, node: str) -> None:
        """Goals of the wires into one box: spread along its top, or at the top and the sides of an operator."""
        box, (left, top) = self.boxes[node], self.positions[node]
        into = self._into[node]
        if not box.round:
            for i in into:
                self._goal[i] = (left + self.ports.input(node, self.wires[i][3]), top), "top"
            return
        cx, cy, r = left + box.w / 2, top + box.h / 2, box.w / 2
        starts = {i: self._after_fold(i, cx, cy) for i in into}
        first = self._topmost(starts, cx, top)
        flanks: dict[Side, list[int]] = {"left": [], "right": []}
        for i in into:
            if i == first:
                self._goal[i] = (cx, top), "top"
            else:
                flanks["right" if starts[i][0] >= cx - 0.5 else "left"].append(i)
        for side, members in flanks.items():
            members.sort(key=lambda i: (abs(starts[i][0] - cx), cy - starts[i][1]))
            step = min(8.0, 20.0 / max(len(members) - 1, 1))
            for k, i in enumerate(members):
                dy = (k - (len(members) - 1) / 2) * step
                dx = sqrt(max(r * r - dy * dy, 0.0))
                self._goal[i] = (cx + (dx if side == "right" else -dx), cy + dy), side

    def _after_fold(self, i: int, cx: float, cy: float) -> Point:
        """Where a wire comes from: its output, or the point where that comes down into the operator's own column."""
        start = self._start(i)
        best = (0.0, start)
        if cx > start[0]:
            for j in self._members[self._net[i]]:
                target = self.wires[j][2]
                x, y = self.positions[target]
                x += self.boxes[target].spine
                if (
                    j != i
                    and not self.boxes[target].round
                    and y < start[1]
                    and y < cy
                    and x > start[0]
                    and y - start[1] < best[0]
                ):
                    best = (y - start[1], (x, y - FOLD))
        return best[1]

    def _topmost(self, starts: Mapping[int, Point], cx: float, top: float) -> int:
        """The wire that enters an operator from above, or −1: the aligned one, else the nearest unless two flank it."""
        aligned = [i for i, (x, y) in starts.items() if abs(x - cx) < 0.5 and y <= top]
        aligned.sort(key=lambda i: -starts[i][1])
        for i in aligned[:1]:
            if not self._plates.blocked(cx - 1, starts[i][1], cx + 1, top):
                return i
        if len(starts) == 2 and min(x for x, _ in starts.values()) < cx - 0.5 < max(x for x, _ in starts.values()):
            return -1
        return min(starts, key=lambda i: (starts[i][1] > top, abs(starts[i][0] - cx)))

    # -- routing ----------------------------------------------------------------------------------------------

    def _route(self, wires: Collection[int]) -> None:
        for node in dict.fromkeys(self.wires[i][2] for i in wires):
            self._enter(node)
        blocked = self._plates.blocked
        rest: list[tuple[float, int]] = []
        spans: dict[int, float] = {}
        for i in wires:
            (sx, sy), ((tx, ty), side) = self._start(i), self._goal[i]
            self.sides[self.keys[i]] = side
            if side == "top" and abs(sx - tx) < 0.5 and ty >= sy and not blocked(sx - 1, sy, sx + 1, ty):
                self._take(i, ((sx, sy), (sx, ty)))
                continue
            span = abs(ty - sy) + 0.1 * abs(tx - sx)
            net = self._net[i]
            if ty < sy:  # rising wires last, but first among those of their output: the others follow them
                spans[net] = max(spans.get(net, 0.0), RISING + span)
                span = ty - RISING + 0.001 * abs(tx - sx)
            else:
                spans[net] = max(spans.get(net, 0.0), span)
            rest.append((span, i))
        rest.sort(key=lambda item: (spans[self._net[item[1]]], self._net[item[1]], item[0], item[1]))
        for _, i in rest:
            self._take(i, self._best(i))

    def _take(self, i: int, route: Route) -> None:
        route = tidy(route)
        self.routes[self.keys[i]] = route
        net = self._net[i]
        for (x0, y0), (x1, y1) in pairwise(route):
            if x0 != x1:
                self._over.add(y0, min(x0, x1), max(x0, x1), net, i)
            elif len(route) > 2 or y1 - y0 > 2 * STUB:
                self._down.add(x0, min(y0, y1), max(y0, y1), net, i)

    def _forget(self, i: int) -> None:
        route = self.routes.pop(self.keys[i], ())
        for (x0, y0), (x1, y1) in pairwise(route):
            if x0 != x1:
                self._over.remove(y0, min(x0, x1), max(x0, x1), i)
            else:
                self._down.remove(x0, min(y0, y1), max(y0, y1), i)

    def _best(self, i: int) -> Route:
        """The first shape that is free of plates and of foreign wires; else the one that runs along fewest."""
        net = self._net[i]
        second: Route | None = None
        fewest = 1 << 30
        tried: Route | None = None
        for attempt, route in enumerate(self._shapes(i)):
            if attempt > (TRIES if second is None else FREE_TRIES):
                break
            tried = tried or route
            if not self._free(route, i):
                continue
            shared = self._shared(route, net)
            if not shared:
                self._keep(i, route)
                return route
            if shared < fewest:
                second, fewest = route, shared
        if second is None and self._detours > 0:
            self._detours -= 1
            (start, (goal, side)) = self._start(i), self._goal[i]
            second = way_around(self._plates, start, goal, side)
        return second or tried or (self._start(i), self._goal[i][0])

    def _keep(self, i: int, route: Route) -> None:
        """Remember where this output parts: later wires of it leave there, or after the fold to the next column."""
        net = self._net[i]
        self._leave.setdefault(net, route[1][1])
        if len(route) == 6 and route[-1][1] < route[0][1] and self._goal[i][1] == "top":
            self._trunk.setdefault(net, route[:-1])

    def _free(self, route: Route, i: int) -> bool:
        blocked = self._plates.blocked
        target = self.wires[i][2]
        last = len(route) - 2
        for k in range(last + 1):
            (x0, y0), (x1, y1) = route[k], route[k + 1]
            if x0 == x1:
                if blocked(x0 - CLEAR, min(y0, y1), x0 + CLEAR, max(y0, y1)):
                    return False
            elif k == last:
                for rect in self._plates.hits(min(x0, x1), y0 - 1, max(x0, x1), y0 + 1):
                    if rect[4] != target:
                        return False
            elif blocked(min(x0, x1), y0 - CLEAR, max(x0, x1), y0 + CLEAR):
                return False
        return True

    def _shared(self, route: Route, net: int) -> int:
        count = 0
        for (x0, y0), (x1, y1) in pairwise(route):
            if x0 == x1:
                count += len(self._down.near(x0, min(y0, y1), max(y0, y1), net, TOUCH))
            else:
                count += len(self._over.near(y0, min(x0, x1), max(x0, x1), net, TOUCH))
        return count

    def _shapes(self, i: int) -> Iterator[Route]:
        goal, side = self._goal[i]
        net, target = self._net[i], self.wires[i][2]
        end = End(goal, side, self.positions[target][1], self.boxes[target].w, net, len(self._members[net]) > 1)
        trunk = self._trunk.get(net)
        if trunk and goal[0] > trunk[-2][0] and goal[1] > trunk[-1][1] + FOLD - JUNCTION:
            for route in self._ways.shapes(trunk[-1], None, end):
                yield (*trunk[:-1], *route)
        yield from self._ways.shapes(self._start(i), self._leave.get(net), end)


STUB = 40.0  # a straight wire shorter than twice this stands between two plates, where no other can come


def tidy(points: Route) -> Route:
    """The same way without points that repeat or lie on a straight stretch."""
    kept = [points[0]]
    for k in range(1, len(points) - 1):
        (x0, y0), (x1, y1), (x2, y2) = kept[-1], points[k], points[k + 1]
        if (x0 == x1 == x2) or (y0 == y1 == y2) or (x0 == x1 and y0 == y1):
            continue
        kept.append(points[k])
    return (*kept, points[-1])


def route(positions: Mapping[str, Point], boxes: Mapping[str, Box], wires: Sequence[Wire]) -> Layout:
    """Routes, sides and junctions for every wire at these positions (top-left corners)."""
    return Router(positions, boxes, wires).layout()


def route_some(
    positions: Mapping[str, Point], boxes: Mapping[str, Box], wires: Sequence[Wire], nodes: Collection[str]
) -> Layout:
    """Routes of only those wires that touch ``nodes``, as if they were alone: for a preview while dragging.

    To follow a drag frame by frame keep a ``Router`` and ``move`` it: that knows the other wires too.
    """
    wanted = set(nodes)
    return route(positions, boxes, [w for w in wires if w[0] in wanted or w[2] in wanted])
