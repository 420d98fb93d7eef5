"""Where rows and chains stand: folding into columns, packing side chains and lanes, and final coordinates.

Rows are counted in halves: the plates of row r stand at 2r, the gap below them is 2r + 1. A side chain holds its
column over the halves it runs through, wires at both ends included; a skip holds a lane. Both are packed outward from
the chain they hang on, shortest first, so that the longest stands outermost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import inf

from graph_core.arrange.boxes import GAP, GUTTER, HALF, LANE, NEST, ROOMY, TRACK, Box, Point, Ports, Wire
from graph_core.arrange.present import SLACK, Form, Present
from graph_core.arrange.rows import Ranked, rank

BEYOND = -1e9
SLOT = 24.0  # height of an operator in its row: gaps around it measure one less, and plates keep to the grid
MARGIN = 32.0  # above and below a folded column, for the wire that leaves it


@dataclass(slots=True)
class Item:
    """A side chain (``chain`` >= 0) or a lane that an owner chain must make room for, over halves first…last."""

    first: int
    last: int
    owner: int
    chain: int = -1
    left: bool = False
    order: int = 0


@dataclass(slots=True)
class Part:
    """What of a chain stands in one column: its halves, and its outermost plates and lanes beside its own line."""

    first: int
    last: int
    plate_left: float = 0.0
    plate_right: float = 0.0
    lane_left: float = 0.0
    lane_right: float = 0.0
    at: float = 0.0
    inner: list[tuple[float, Part]] = field(default_factory=list)


class Component:
    """A connected drawing, arranged: positions of its boxes with its upper left corner at (0, 0)."""

    def __init__(
        self,
        names: Sequence[str],
        boxes: Mapping[str, Box],
        wires: Sequence[Wire],
        ports: Ports,
        height: float | None,
        near: Mapping[str, Point],
    ) -> None:
        self.names = names
        self.box = [boxes[name] for name in names]
        index = {name: i for i, name in enumerate(names)}
        self.ends = [(index[s], index[t]) for s, _, t, _ in wires]
        self.wires = wires
        self.ports = ports
        self.present = Present(names, self.box, near, self.ends)
        self.ranked: Ranked = rank(len(names), self.ends, self.present.line if self.present.known else None)
        self.count = 1 + max(self.ranked.row)
        self._items()
        self._heights(height)
        self._fold(height)
        self._pack()
        self._place()

    def columns(self) -> list[list[str]]:
        """The names of the boxes, column by column."""
        found: list[list[str]] = [[] for _ in self.starts]
        for name, row in zip(self.names, self.ranked.row, strict=True):
            found[self.pages[row]].append(name)
        return found

    # -- what hangs where ---------------------------------------------------------------------------------------

    def _items(self) -> None:
        """Sort wires into straight ones, ends of side chains, lanes, and tracks in gaps."""
        ranked, box = self.ranked, self.box
        row, chain, chains = ranked.row, ranked.chain, ranked.chains
        after = [-1] * len(row)
        for nodes in chains:
            for u, v in pairwise(nodes):
                after[u] = v
        self.items: list[Item] = []
        parents = self.parents = [-1] * len(chains)
        depth = [0] * len(chains)

        def common(a: int, b: int) -> int:
            while a != b:
                if depth[a] >= depth[b]:
                    a = parents[a]
                else:
                    b = parents[b]
            return a

        leads: set[tuple[int, int]] = set()
        groups: dict[tuple[int, int], list[int]] = {}
        for c in range(1, len(chains)):
            head, tail = chains[c][0], chains[c][-1]
            above = [u for u in ranked.pred[head] if chain[u] < c]
            below = [v for v in ranked.succ[tail] if chain[v] < c]
            first, last, owner = 2 * row[head] - 1, 2 * row[tail] + 1, -1
            enter, leave = -1, -1
            if above:
                enter = max(above, key=lambda u: row[u])
                leads.add((enter, head))
                first = 2 * row[enter] + 1
                owner = chain[enter]
            if below:
                leave = min(below, key=lambda v: row[v])
                leads.add((tail, leave))
                last = 2 * row[leave] - (0 if box[leave].round else 1)
                owner = chain[leave] if owner < 0 else common(owner, chain[leave])
            parents[c] = max(owner, 0)
            depth[c] = depth[parents[c]] + 1
            self.items.append(Item(first, max(last, first), parents[c], c, order=c))
            if below:
                groups.setdefault((enter, leave), []).append(c)
        self._lefts(groups, after)

        nets: dict[tuple[int, str], list[int]] = {}
        for i, (_, out, _, _) in enumerate(self.wires):
            nets.setdefault((self.ends[i][0], out), []).append(i)
        self.tracks = [0] * self.count
        self.fans = [False] * self.count
        order = len(chains)
        opened = [0] * (self.count + 1)
        for (u, _), members in nets.items():
            if len(members) == 1 and after[u] == self.ends[members[0]][1]:
                v = after[u]
                opened[row[u]] += 1
                opened[row[v]] -= 1
                if not self._straight(members[0]):
                    self.tracks[row[v] - 1] += 1
                continue
            owner, first, last = -1, 2 * row[u] + 1, 2 * row[u] + 1
            gaps: set[int] = set()
            lowest = row[u]
            for i in members:
                v = self.ends[i][1]
                lowest = max(lowest, row[v])
                if after[u] == v:
                    if not self._straight(i):
                        gaps.add(row[v] - 1)
                    continue
                gaps.add(row[u])
                if not box[v].round and row[v] > 0:
                    gaps.add(row[v] - 1)
                if (u, v) in leads or (row[v] == row[u] + 1 and not box[v].round):
                    continue
                end = 2 * row[v] - (0 if box[v].round else 1)
                first, last = min(first, end), max(last, end)
                owner = common(chain[u] if owner < 0 else owner, common(chain[u], chain[v]))
            if owner >= 0:
                self.items.append(Item(first, last, owner, order=order))
                order += 1
            for gap in gaps:
                self.tracks[gap] += 1
            self.fans[row[u]] = self.fans[row[u]] or len(members) > 1
            if lowest > row[u]:
                opened[row[u]] += 1
                opened[lowest] -= 1
        self.crossing = list(accumulate(opened[:-1]))

    def _straight(self, i: int) -> bool:
        """Whether the ends of a wire between two boxes on one line are above each other."""
        (u, v), (source, out, target, port) = self.ends[i], self.wires[i]
        return self.ports.output(source, out) - self.box[u].spine == self.ports.input(target, port) - self.box[v].spine

    def _lefts(self, groups: dict[tuple[int, int], list[int]], after: list[int]) -> None:
        """Of three or more branches, those that are wired before the main one stand on its left."""
        where = {(u, v): i for i, (u, v) in reversed(list(enumerate(self.ends)))} if groups else {}
        ranked = self.ranked
        for (_, leave), members in groups.items():
            if len(members) < 2:
                continue
            main = [u for u in ranked.pred[leave] if after[u] == leave]
            if not main:
                continue
            centre = where[main[0], leave]
            for c in members:
                item = self.items[c - 1]
                order = where[ranked.chains[c][-1], leave]
                item.left = order < centre
                item.order = abs(order - centre)

    # -- heights and folding ------------------------------------------------------------------------------------

    def _heights(self, height: float | None) -> None:
        self.tall = [SLOT] * self.count
        for v, r in enumerate(self.ranked.row):
            if not self.box[v].round and self.box[v].h > self.tall[r]:
                self.tall[r] = self.box[v].h
        extra = [min(t, 16) for t in self.tracks]
        roomy = [ROOMY + TRACK * max(t - 1, 0) for t in extra]
        tight = [GAP + TRACK * t for t in extra]
        self.form: Form = self.present.form(self.ranked, tight, roomy) if height is not None else "unknown"
        limit = self._limit(height, self.form == "roomy")
        fits = sum(self.tall) + sum(roomy[:-1]) <= limit and self.form != "tight"
        self.gaps = roomy if fits else tight

    def _limit(self, height: float | None, stays: bool) -> float:
        """How high a column may be to be drawn in a certain way: higher where it `stays` so, lower where it changes."""
        if height is None:
            return inf
        return height if self.form == "unknown" else height * SLACK if stays else height / SLACK

    def _fold(self, height: float | None) -> None:
        """Cut the rows into columns no taller than ``height``, where few wires cross and a branch begins."""
        self.starts = [0]
        total = sum(self.tall) + sum(self.gaps[:-1])
        if height is None or total <= self._limit(height, self.form != "folded"):
            return
        limit = max(height - 2 * MARGIN, 64.0)
        kept = self.present.borders(self.ranked)
        border = [
            0.3 + 1.5 * (self.crossing[r] - 1) + (0.0 if self.fans[r] else 0.15) - (0.6 if r in kept else 0.0)
            for r in range(self.count)
        ]
        border[-1] = 0.0
        # best[r]: the least cost of columns for rows 0…r−1, by the fill of each column and what its border cuts.
        best = [0.0] + [1e18] * self.count
        came = [0] * (self.count + 1)
        for start in range(self.count):
            filled = 0.0
            base = best[start]
            as_now = self.form == "folded" and (not start or start - 1 in kept)
            for r in range(start, self.count):
                filled += self.tall[r] + (self.gaps[r - 1] if r > start else 0.0)
                if filled > limit and r > start and not (as_now and filled <= limit * SLACK):
                    break
                as_now = as_now and r not in kept
                empty = max(1 - filled / limit, 0.0)
                cost = base + border[r] + empty * empty
                if cost < best[r + 1]:
                    best[r + 1], came[r + 1] = cost, start
        end = self.count
        starts: list[int] = []
        while end:
            end = came[end]
            starts.append(end)
        self.starts = starts[::-1]

    # -- packing ------------------------------------------------------------------------------------------------

    def _page(self, half: int) -> int:
        """The column that a half belongs to; the gap between two columns to the upper one."""
        return self.pages[half // 2] if half > 0 else 0

    def _pack(self) -> None:
        """Give every chain its x beside its owner's, column by column."""
        pages = len(self.starts)
        first_rows = set(self.starts[1:])
        self.pages = list(accumulate(r in first_rows for r in range(self.count)))
        self.parts: list[dict[int, Part]] = [{} for _ in range(pages)]
        hung: list[dict[int, list[Item]]] = [{} for _ in range(pages)]
        self.bounds = [(2 * a - 1, 2 * b - 1) for a, b in zip(self.starts, [*self.starts[1:], self.count], strict=True)]
        for page, (first, last) in enumerate(self.bounds):
            self.parts[page][0] = Part(first, last)
        self.gutters = [0] * pages
        pieces: list[tuple[int, Item]] = []
        for item in self.items:
            low, high = self._page(item.first), self._page(item.last)
            if low < high and item.first == self.bounds[low][1]:
                low += 1  # it leaves below the last plate: it comes down with the folded wire
            for page in range(low, high + 1):
                first, last = max(item.first, self.bounds[page][0]), min(item.last, self.bounds[page][1])
                if item.chain >= 0:
                    self.parts[page][item.chain] = Part(first, last)
                if page < high and (item.chain >= 0 or page in (low, high - 1)):
                    self.gutters[page] += 1
                if item.chain < 0 and page > low:
                    continue  # from another column a wire comes through the gutter
                pieces.append((page, Item(first, last, item.owner, item.chain, item.left, item.order)))
        for page, piece in pieces:
            while piece.owner not in self.parts[page]:
                piece.owner = self.parents[piece.owner]
            hung[page].setdefault(piece.owner, []).append(piece)
        row, column, parts = self.ranked.row, self.pages, self.parts
        for v, c in enumerate(self.ranked.chain):
            box = self.box[v]
            own = parts[column[row[v]]][c]
            left = box.w / 2 if box.anchor is None else box.anchor
            if own.plate_left > -left:
                own.plate_left = -left
            if own.plate_right < box.w - left:
                own.plate_right = box.w - left
        for page in range(pages):
            for c in sorted(hung[page], reverse=True):
                self._hang(page, c, hung[page][c])
            for c in sorted(self.parts[page]):
                part = self.parts[page][c]
                for offset, inner in part.inner:
                    inner.at = part.at + offset

    def _hang(self, page: int, owner: int, items: list[Item]) -> None:
        """Pack what hangs on one chain, shortest first, lanes and branches to the right, some branches to the left."""
        parts = self.parts[page]
        low = min(item.first for item in items)
        high = max(item.last for item in items)
        part = parts[owner]
        low, high = min(low, part.first), max(high, part.last)
        size = high - low + 1
        own = part.last - part.first + 1
        before, after = part.first - low, high - part.last
        plates = [BEYOND] * before + [part.plate_right] * own + [BEYOND] * after
        lanes = [BEYOND] * before + [0.0] * own + [BEYOND] * after
        left_plates = [BEYOND] * before + [-part.plate_left] * own + [BEYOND] * after
        left_lanes = lanes.copy()
        for item in self._in_order(owner, items):
            a, b = item.first - low, item.last - low + 1
            inner = parts.get(item.chain) if item.chain >= 0 else None
            if inner is None:
                x = max(max(plates[a:b]) + LANE, max(lanes[a:b]) + NEST)
                lanes[a:b] = [x] * (b - a)
                continue
            a, b = min(a, inner.first - low), max(b, inner.last - low + 1)
            a = max(a, 0)
            wire = inner.plate_right - inner.plate_left == 0.0
            if item.left:
                reach = -min(-inner.plate_right, -inner.lane_right)
                x = max(max(left_plates[a:b]) + LANE, max(left_lanes[a:b]) + (NEST if wire else LANE)) + reach
                x = -(-x // HALF) * HALF
                left_plates[a:b] = [x - inner.plate_left] * (b - a)
                left_lanes[a:b] = [x - inner.lane_left] * (b - a)
                x = -x
            else:
                reach = -min(inner.plate_left, inner.lane_left)
                x = max(max(plates[a:b]) + LANE, max(lanes[a:b]) + (NEST if wire else LANE)) + reach
                x = -(-x // HALF) * HALF
                plates[a:b] = [x + inner.plate_right] * (b - a)
                lanes[a:b] = [x + inner.lane_right] * (b - a)
            part.inner.append((x, inner))
        part.first, part.last = low, low + size - 1
        part.plate_right, part.lane_right = max(plates), max(0.0, *lanes)
        part.plate_left, part.lane_left = -max(left_plates), -max(0.0, *left_lanes)

    def _in_order(self, owner: int, items: list[Item]) -> list[Item]:
        """Shortest first; of the branches on one side, those that stand further in now stay there."""
        found = sorted(items, key=lambda i: (i.last - i.first, i.order))
        if not self.present.known:
            return found
        away: dict[int, float] = {}
        for item in found:
            offset = self.present.offset(self.ranked, item.chain, owner) if item.chain >= 0 else None
            if offset is not None:
                item.left = offset < 0
                away[item.chain] = abs(offset)
        for left in (False, True):
            places = [k for k, item in enumerate(found) if item.chain in away and item.left is left]
            inward = sorted((found[k] for k in places), key=lambda item: away[item.chain])
            for k, item in zip(places, inward, strict=True):
                found[k] = item
        return found

    # -- coordinates --------------------------------------------------------------------------------------------

    def _place(self) -> None:
        """Scene coordinates of every box, the first column's upper left corner at (0, 0)."""
        line: list[float] = []
        x = 0.0
        for page in range(len(self.starts)):
            spine = self.parts[page][0]
            left = min(spine.plate_left, spine.lane_left)
            right = max(spine.plate_right, spine.lane_right)
            line.append(-(-(x - left) // HALF) * HALF)
            x = line[-1] + right + GUTTER + NEST * self.gutters[page]
        self.width = line[-1] + right
        top = [0.0] * self.count
        self.height = 0.0
        for page, start in enumerate(self.starts):
            end = self.starts[page + 1] if page + 1 < len(self.starts) else self.count
            y = 0.0
            for r in range(start, end):
                top[r] = y
                y += self.tall[r]
                self.height = max(self.height, y)
                y = -(-(y + self.gaps[r]) // HALF) * HALF
        self.positions: list[Point] = []
        row, column = self.ranked.row, self.pages
        for v, c in enumerate(self.ranked.chain):
            r, box = row[v], self.box[v]
            page = column[r]
            left = box.w / 2 if box.anchor is None else box.anchor
            drop = (self.tall[r] - box.h) / 2 if box.round else 0.0
            self.positions.append((line[page] + self.parts[page][c].at - left, top[r] + drop))
