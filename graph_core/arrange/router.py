"""Wires for given positions: straight where aligned, lanes around what stands between, through gaps and gutters.

Each wire takes the first of its shapes (``ways``) that is free. Wires of one output may share their way. Short ways
are chosen first, so that longer skips stand further out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from math import sqrt

from graph_core.arrange.boxes import JUNCTION, Box, Layout, Point, Route, Side, Wire
from graph_core.arrange.maze import way_around
from graph_core.arrange.register import Register
from graph_core.arrange.space import junctions
from graph_core.arrange.ways import FOLD, Task, Ways, tidy

STUB = 80.0  # a shorter straight wire stands between two plates, where no other can come
RISING = 1e6
TRIES = 160  # shapes tried for one wire; fewer once one is known that crosses no plate
FREE_TRIES = 24
SPARE = 4000  # tries beyond the third in one call, and one more per wire: in a thicket the rest settle for less
DETOURS = 60  # searches of last resort in one call
EFFORT = 60_000  # plates looked at in one call, and some more per wire, before the rest settle for their first shape
EFFORT_A_WIRE = 8
RUNS_A_PLATE = 16  # how many runs of other wires are looked at in the time of a plate
DETOUR = 1000  # what a search of last resort counts for


class Router(Register):
    """Routes of a drawing, kept up to date: ``move`` some boxes, then only the wires that touch them are routed.

    Building takes the whole drawing in; ``move`` costs as much as those wires, and leaves alone the wires that a box
    comes to lie on: it is for following a drag. ``change`` takes in what an edit did, and routes those anew, too.
    """

    def __init__(self, positions: Mapping[str, Point], boxes: Mapping[str, Box], wires: Sequence[Wire]) -> None:
        super().__init__(positions, boxes, wires)
        self._ways = Ways(self._plates)
        self.routes: dict[str, Route] = dict.fromkeys(self.keys, ())
        self.sides: dict[str, Side] = dict.fromkeys(self.keys, "top")
        self._flank: dict[int, tuple[Point, Side]] = {}
        self._leave: dict[int, float] = {}
        self._lane: dict[int, float] = {}
        self._trunk: dict[int, Route] = {}
        self._detours = DETOURS
        self._spare = SPARE + len(self.wires)
        self._effort = EFFORT + EFFORT_A_WIRE * len(self.wires)
        for node in self._into:
            self._enter(node)
        self._route(range(len(self.wires)))

    def layout(self) -> Layout:
        """Everything as it stands."""
        routes, keys = self.routes, self.keys
        found: list[Point] = []
        for members in self._members:
            if len(members) > 1:
                found += junctions([routes[keys[i]] for i in members])
        return Layout(self.positions, routes, self.sides, found)

    def move(self, moved: Mapping[str, Point]) -> Layout:
        """Move boxes and route the wires they touch; the layout holds only what was routed again."""
        for node, at in moved.items():
            self._put(node, at, self.boxes[node])
        return self.again(self.touched(list(moved)))

    def change(
        self,
        boxes: Mapping[str, tuple[Point, Box]],
        wires: Sequence[Wire] = (),
        *,
        gone: Collection[str] = (),
        cut: Collection[str] = (),
    ) -> Layout:
        """Take in boxes that are new, moved or other than before, and wires; let go of boxes by id, of wires by key.

        A wire replaces the one that ended at its port; the wires of a box that goes are to be cut. The layout holds
        only what was routed again.
        """
        self._find_ends()
        fresh = {f"{target}.{port}": (source, out, target, port) for source, out, target, port in wires}
        loose: dict[int, None] = {}
        ends = dict.fromkeys([*boxes, *(end for wire in wires for end in (wire[0], wire[2]))])
        for key in (*cut, *fresh):
            i = self.number(key)
            if i is not None:
                self._forget(i)
                del self.routes[key], self.sides[key]
                self._flank.pop(i, None)
                source, _, target, _ = self._cut(i)
                ends |= {source: None, target: None}
                loose.update(dict.fromkeys(self._into.get(target, ())))
        for node in gone:
            self._lift(node)
        for node, (at, box) in boxes.items():
            for i in self._put(node, at, box):
                self._flank.pop(i, None)
        for key, wire in fresh.items():
            loose[self._join(key, wire)] = None
            self.routes[key], self.sides[key] = (), "top"
        for node in ends:
            if node in self._rects:
                loose.update(dict.fromkeys(self._spread(node)))
        for node in boxes:
            top, bottom, left, right, _ = self._rects[node]
            loose.update(dict.fromkeys(sorted(self._ways.down.within(left, right, top, bottom))))
            loose.update(dict.fromkeys(sorted(self._ways.over.within(top, bottom, left, right))))
        loose.update(dict.fromkeys(self.touched(list(boxes))))
        for i in list(loose):
            loose.update(dict.fromkeys(self._into.get(self.wires[i][2], ())))
        return self.again([i for i in loose if self.number(self.keys[i]) == i])

    def again(self, wires: Collection[int]) -> Layout:
        """Route these wires (by index) anew around all others; junctions are those of their outputs."""
        for i in wires:
            self._forget(i)
            self._leave.pop(self._net[i], None)
            self._lane.pop(self._net[i], None)
            self._trunk.pop(self._net[i], None)
        for node in dict.fromkeys(self.wires[i][2] for i in wires):
            if node in self._round:
                self._enter(node)
        self._detours, self._spare, self._effort = 4, SPARE, EFFORT
        self._ways.effort = 0
        self._route(wires)
        keys = [self.keys[i] for i in wires]
        found: list[Point] = []
        for net in dict.fromkeys(self._net[i] for i in wires):
            found += junctions([self.routes[self.keys[i]] for i in self._members[net]])
        return Layout(
            self.positions, {key: self.routes[key] for key in keys}, {key: self.sides[key] for key in keys}, found
        )

    # -- ends -------------------------------------------------------------------------------------------------

    def _start(self, i: int) -> Point:
        rect = self._rects[self.wires[i][0]]
        return rect[2] + self._out[i], rect[1]

    def _goal(self, i: int) -> tuple[Point, Side]:
        if i in self._flank:
            return self._flank[i]
        rect = self._rects[self.wires[i][2]]
        return (rect[2] + self._in[i], rect[0]), "top"

    def _enter(self, node: str) -> None:
        """Goals of the wires into an operator: the main one at its top, the others spread over its sides."""
        top, bottom, left, right, _ = self._rects[node]
        into = self._into[node]
        cx, cy, r = (left + right) / 2, (top + bottom) / 2, (right - left) / 2
        starts = {i: self._after_fold(i, cx, cy) for i in into}
        first = self._topmost(starts, cx, top)
        flanks: dict[Side, list[int]] = {"left": [], "right": []}
        for i in into:
            if i == first:
                self._flank[i] = (cx, top), "top"
            else:
                flanks["right" if starts[i][0] >= cx - 0.5 else "left"].append(i)
        for side, members in flanks.items():
            members.sort(key=lambda i: (abs(starts[i][0] - cx), cy - starts[i][1]))
            step = min(8.0, 20.0 / max(len(members) - 1, 1))
            for k, i in enumerate(members):
                dy = (k - (len(members) - 1) / 2) * step
                dx = sqrt(max(r * r - dy * dy, 0.0))
                self._flank[i] = (cx + (dx if side == "right" else -dx), cy + dy), side

    def _after_fold(self, i: int, cx: float, cy: float) -> Point:
        """Where a wire comes from: its output, or the point where that comes down into the operator's own column."""
        sx, sy = self._start(i)
        members = self._members[self._net[i]]
        if cx <= sx or len(members) == 1:
            return sx, sy
        highest, start = sy, (sx, sy)
        for j in members:
            target = self.wires[j][2]
            if j == i or target in self._round:
                continue
            rect = self._rects[target]
            x = rect[2] + self._in[j]
            if rect[0] < min(highest, cy) and x > sx:
                highest, start = rect[0], (x, rect[0] - FOLD)
        return start

    def _topmost(self, starts: Mapping[int, Point], cx: float, top: float) -> int:
        """The wire that enters an operator from above, or −1: the aligned one, else the nearest unless two flank it."""
        aligned = [i for i, (x, y) in starts.items() if abs(x - cx) < 0.5 and y <= top]
        if aligned:
            i = max(aligned, key=lambda i: starts[i][1])
            if not self._plates.blocked(cx - 1, starts[i][1], cx + 1, top):
                return i
        if len(starts) == 2 and min(x for x, _ in starts.values()) < cx - 0.5 < max(x for x, _ in starts.values()):
            return -1
        return min(starts, key=lambda i: (starts[i][1] > top, abs(starts[i][0] - cx)))

    # -- routing ----------------------------------------------------------------------------------------------

    def _route(self, wires: Collection[int]) -> None:
        rects, flank, outs, ins, all_wires = self._rects, self._flank, self._out, self._in, self.wires
        plates, routes, keys, net_of = self._plates, self.routes, self.keys, self._net
        rest: list[tuple[float, int]] = []
        spans: dict[int, float] = {}
        for i in wires:
            source, _, target, _ = all_wires[i]
            rect = rects[source]
            sx, sy = rect[2] + outs[i], rect[1]
            if i in flank:
                (tx, ty), side = flank[i]
                self.sides[keys[i]] = side
            else:
                rect = rects[target]
                tx, ty, side = rect[2] + ins[i], rect[0], "top"
            if sx - 0.5 < tx < sx + 0.5 and ty >= sy and side == "top" and plates.sees(sx, sy, ty, target):
                routes[keys[i]] = ((sx, sy), (sx, ty))
                if ty - sy > STUB:
                    self._ways.down.add(sx, sy, ty, net_of[i], i)
                continue
            span = abs(ty - sy) + 0.1 * abs(tx - sx)
            net = net_of[i]
            if ty < sy:  # rising wires last, but first among those of their output: the others follow them
                spans[net] = max(spans.get(net, 0.0), RISING + span)
                span = ty - RISING + 0.001 * abs(tx - sx)
            else:
                spans[net] = max(spans.get(net, 0.0), span)
            rest.append((span, i))
        for _, net, _, i in sorted([(spans[net_of[i]], net_of[i], span, i) for span, i in rest]):
            way = tidy(self._best(i))
            routes[keys[i]] = way
            for (x0, y0), (x1, y1) in pairwise(way):
                if x0 == x1:
                    self._ways.down.add(x0, min(y0, y1), max(y0, y1), net, i)
                else:
                    self._ways.over.add(y0, min(x0, x1), max(x0, x1), net, i)

    def _forget(self, i: int) -> None:
        for (x0, y0), (x1, y1) in pairwise(self.routes[self.keys[i]]):
            if x0 == x1:
                self._ways.down.remove(x0, min(y0, y1), max(y0, y1), i)
            else:
                self._ways.over.remove(y0, min(x0, x1), max(x0, x1), i)

    def _best(self, i: int) -> Route:
        """The first shape that is free of plates and of foreign wires; else the one that runs along fewest."""
        goal, side = self._goal(i)
        target = self.wires[i][2]
        net = self._net[i]
        rect = self._rects[target]
        task = Task(
            self._start(i), goal, side, rect[0], rect[3] - rect[2], target, net,
            len(self._members[net]) > 1, self._leave.get(net), self._lane.get(net),
        )  # fmt: skip
        if self._spent() > 2 * self._effort:
            return _plain(task)
        second: Route | None = None
        tried: Route | None = None
        fewest = 1 << 30
        last = TRIES
        for attempt, (trunk, part) in enumerate(self._shapes(task)):
            if attempt > last or (attempt > 0 and self._spent() > self._effort):
                break
            self._spare -= attempt > 2
            route = (*trunk, *part)
            tried = tried or route
            if not self._ways.free(part, task):
                continue
            shared = self._ways.shared(part, task)
            if not shared:
                self._keep(task, route)
                return route
            if second is None:
                last = attempt + (FREE_TRIES if self._spare > 0 else 2)
            if shared < fewest:
                second, fewest = route, shared
        if second is None and self._detours > 0 and self._spent() < self._effort:
            self._detours -= 1
            self._ways.effort += DETOUR
            second = way_around(self._plates, task.start, goal, side)
        return second or tried or (task.start, goal)

    def _spent(self) -> float:
        """Plates looked at in this call, and runs of other wires, which are looked at sooner."""
        return self._ways.effort + (self._ways.down.looked + self._ways.over.looked) / RUNS_A_PLATE

    def _keep(self, task: Task, route: Route) -> None:
        """Remember where this output parts: later wires of it leave there, or after the fold to the next column."""
        self._leave.setdefault(task.net, route[1][1])
        if len(route) in (5, 6) and route[0][1] < route[-1][1]:
            self._lane[task.net] = route[2][0]
        if len(route) == 6 and route[-1][1] < route[0][1] and task.side == "top":
            self._trunk.setdefault(task.net, route[:-1])

    def _shapes(self, task: Task) -> Iterator[tuple[Route, Route]]:
        """Shapes in two parts: what the wire shares with the trunk of its output, and what is its own."""
        trunk = self._trunk.get(task.net)
        if trunk and task.goal[0] > trunk[-2][0] and task.goal[1] > trunk[-1][1] + FOLD - JUNCTION:
            for route in self._ways.shapes(task._replace(start=trunk[-1], leave=None, lane=None)):
                yield trunk[:-1], route
        for route in self._ways.shapes(task):
            yield (), route


def _plain(task: Task) -> Route:
    """Down, across and down, whatever lies there: for the rest of a knot that nobody could follow anyway."""
    (sx, sy), (tx, ty) = task.start, task.goal
    if task.side != "top":
        return (task.start, (sx, ty), task.goal)
    middle = (sy + ty) / 2
    return (task.start, (sx, middle), (tx, middle), task.goal)


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
