"""What is where: an index of plates for "is this segment free?", and one of wires for "is this lane taken?"."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from itertools import pairwise

from graph_core.arrange.boxes import Point

STRIP = 64  # width of a strip of the plate index
LINE, REACH = 16, 512  # a cell of the wire index: across and along
CELLS = 1 << 24  # numbers of cells along that are kept apart

Rect = tuple[float, float, float, float, str]
"""top, bottom, left, right, id: sorted by top within a strip."""


class Plates:
    """Rectangles by vertical strips, each sorted by top. A query costs its strips times a bisection."""

    def __init__(self, rects: Iterable[Rect]) -> None:
        self.strips: dict[int, list[Rect]] = {}
        self.tallest: dict[int, float] = {}
        strips, tallest = self.strips, self.tallest
        for rect in rects:
            height = rect[1] - rect[0]
            for b in range(int(rect[2] // STRIP), int(rect[3] // STRIP) + 1):
                if b in strips:
                    strips[b].append(rect)
                    if height > tallest[b]:
                        tallest[b] = height
                else:
                    strips[b] = [rect]
                    tallest[b] = height
        for strip in strips.values():
            strip.sort()

    def add(self, rect: Rect) -> None:
        """Take a plate in."""
        for b in range(int(rect[2] // STRIP), int(rect[3] // STRIP) + 1):
            insort(self.strips.setdefault(b, []), rect)
            self.tallest[b] = max(self.tallest.get(b, 0.0), rect[1] - rect[0])

    def remove(self, rect: Rect) -> None:
        """Forget a plate that was taken in."""
        for b in range(int(rect[2] // STRIP), int(rect[3] // STRIP) + 1):
            strip = self.strips[b]
            del strip[bisect_left(strip, rect)]

    def hits(self, left: float, top: float, right: float, bottom: float) -> list[Rect]:
        """Plates that reach into the open rectangle; one may be listed once per strip."""
        found: list[Rect] = []
        for b in range(int(left // STRIP), int(right // STRIP) + 1):
            strip = self.strips.get(b)
            if not strip:
                continue
            i = bisect_left(strip, (bottom,))
            low = top - self.tallest[b]
            while i:
                i -= 1
                rect = strip[i]
                if rect[0] < low:
                    break
                if rect[1] > top and rect[2] < right and rect[3] > left:
                    found.append(rect)
        return found

    def blocked(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Whether any plate reaches into the open rectangle."""
        for b in range(int(left // STRIP), int(right // STRIP) + 1):
            strip = self.strips.get(b)
            if not strip:
                continue
            i = bisect_left(strip, (bottom,))
            low = top - self.tallest[b]
            while i:
                i -= 1
                rect = strip[i]
                if rect[0] < low:
                    break
                if rect[1] > top and rect[2] < right and rect[3] > left:
                    return True
        return False

    def sees(self, x: float, y0: float, y1: float, target: str) -> bool:
        """Whether nothing stands between y0 and the top y1 of the target on the line x."""
        strip = self.strips.get(int(x // STRIP))
        if strip:
            i = bisect_left(strip, (y0,))
            if i < len(strip) and strip[i][4] == target:
                return True
        return not self.blocked(x - 1, y0, x + 1, y1)

    def below(self, x: float, y: float) -> float | None:
        """Top of the first plate at or under y that x passes through."""
        strip = self.strips.get(int(x // STRIP), [])
        for i in range(bisect_left(strip, (y,)), len(strip)):
            if strip[i][2] < x < strip[i][3]:
                return strip[i][0]
        return None

    def above(self, x: float, y: float) -> float | None:
        """Bottom of the last plate whose top is over y and that x passes through."""
        strip = self.strips.get(int(x // STRIP), [])
        for i in range(bisect_left(strip, (y,)) - 1, -1, -1):
            if strip[i][2] < x < strip[i][3]:
                return strip[i][1]
        return None


Run = tuple[float, float, float, int, int]
"""position across, start and end along, net, wire."""


class Runs:
    """Segments of one direction, in cells, so that wires of different outputs keep apart."""

    def __init__(self) -> None:
        self.cells: dict[int, list[Run]] = {}
        self.looked = 0  # runs that were looked at so far: what a thicket costs

    def add(self, at: float, low: float, high: float, net: int, wire: int) -> None:
        """Take in a segment of a wire: its place across, and from where to where it runs."""
        run = (at, low, high, net, wire)
        across = int(at // LINE) * CELLS
        for cell in range(across + int(low // REACH), across + int(high // REACH) + 1):
            if cell in self.cells:
                self.cells[cell].append(run)
            else:
                self.cells[cell] = [run]

    def remove(self, at: float, low: float, high: float, wire: int) -> None:
        """Forget that segment of the wire."""
        across = int(at // LINE) * CELLS
        for cell in range(across + int(low // REACH), across + int(high // REACH) + 1):
            runs = self.cells.get(cell)
            if runs:
                runs[:] = [run for run in runs if run[4] != wire]

    def near(self, at: float, low: float, high: float, net: int, apart: float) -> list[float]:
        """Where runs of other nets lie closer than ``apart`` beside this stretch."""
        found: list[float] = []
        cells = self.cells
        first, last = int(low // REACH), int(high // REACH) + 1
        left, right = at - apart, at + apart
        for across in range(int(left // LINE) * CELLS, int(right // LINE) * CELLS + 1, CELLS):
            for cell in range(across + first, across + last):
                if cell in cells:
                    self.looked += len(cells[cell])
                    for run in cells[cell]:
                        if left < run[0] < right and run[1] < high and run[2] > low and run[3] != net:
                            found.append(run[0])
        return found

    def within(self, left: float, right: float, low: float, high: float) -> set[int]:
        """The wires that have a run in this open rectangle, given across and along."""
        found: set[int] = set()
        first, last = int(low // REACH), int(high // REACH) + 1
        for across in range(int(left // LINE) * CELLS, int(right // LINE) * CELLS + 1, CELLS):
            for cell in range(across + first, across + last):
                for run in self.cells.get(cell, ()):
                    if left < run[0] < right and run[1] < high and run[2] > low:
                        found.add(run[4])
        return found


def junctions(routes: Sequence[Sequence[Point]]) -> list[Point]:
    """Points where the routes of one output part: three or more ways out of a point of their union."""
    if len(routes) < 2:
        return []
    if len(routes) == 2:
        return _parting(*routes)
    across: dict[float, set[tuple[float, float]]] = {}
    along: dict[float, set[tuple[float, float]]] = {}
    corners: dict[Point, None] = {}
    for route in routes:
        for (x0, y0), (x1, y1) in pairwise(route):
            if x0 == x1:
                along.setdefault(x0, set()).add((min(y0, y1), max(y0, y1)))
            else:
                across.setdefault(y0, set()).add((min(x0, x1), max(x0, x1)))
        for point in route[1:-1]:
            corners[point] = None
    found: list[Point] = []
    for x, y in corners:
        ways = 0
        for lines, at, place in ((along, x, y), (across, y, x)):
            spans = lines.get(at, ())
            ways += any(low < place <= high for low, high in spans)
            ways += any(low <= place < high for low, high in spans)
        if ways > 2:
            found.append((x, y))
    return found


def _parting(a: Sequence[Point], b: Sequence[Point]) -> list[Point]:
    """Where two routes from one port part, as a list of at most one point."""
    for (x, y), (ax, ay), (bx, by) in zip(a, a[1:], b[1:], strict=False):
        if (ax, ay) == (bx, by):
            continue
        along = ax == bx == x and (ay - y) * (by - y) > 0
        if along or (ay == by == y and (ax - x) * (bx - x) > 0):
            nearer = abs(ax - x) + abs(ay - y) < abs(bx - x) + abs(by - y)
            return [(ax, ay) if nearer else (bx, by)]
        return [(x, y)]
    return []
