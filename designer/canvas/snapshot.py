"""A scene as arrays. Full scans over them beat an index at the sizes drawn here (10,000 plates: 0.03 ms).

A snapshot made after another takes over what belongs to objects that are still the same, so an edit costs what it
changed plus a few passes in C.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.canvas import routes
from designer.canvas.identity import places, taken, unequal
from designer.canvas.routes import CORNERED, Bools, Floats, Ints, Paths
from designer.canvas.rows import ADDED, BODY, PORTS, Row, wire_numbers
from designer.canvas.scene import Plate, Point, Scene, Wire

_NONE = np.zeros(0, np.intp)


class Snapshot:
    """Arrays of one scene: `rect` (n, 4) x y w h, `layer`, `colors`, `bar`; wires: `ends` (m, 4), `group`, `paths`.

    `fresh`, `lost`, `fresh_wires` and `lost_wires` are what differs from the snapshot before: places here of what is
    new or another object, and places there of what it replaces or what is gone.
    """

    def __init__(self, scene: Scene, before: Snapshot | None = None) -> None:
        self.scene = scene
        self._palette: dict[tuple[str, Any], int] = before._palette if before else {}
        self._extent: tuple[float, float, float, float] | None = None
        if before is None or not self._patch(before):
            self.ids = list(scene.plates)
            self._read_plates(before)
            self._read_wires(before)

    def _patch(self, before: Snapshot) -> bool:
        """The common edit, where nothing comes or goes: copies of the arrays before with a few places changed.

        False, and nothing that matters done, where plates or wires came, went or hang in the air.
        """
        scene = self.scene
        since = scene.since
        if since is not None and since.scene == before.scene.number and len(before.wires) == len(scene.wires):
            other = np.array(sorted(map(before.index.__getitem__, since.plates)), np.intp)
            changed = np.array(sorted(map(before.wire_index.__getitem__, since.wires)), np.intp)
        elif list(scene.plates) == before.ids and list(scene.wires) == before.wire_ids:
            other = unequal([row.plate for row in before.rows], list(scene.plates.values()))
            changed = unequal(before.wires, list(scene.wires.values()))
        else:
            return False
        self.ids, self.index = before.ids, before.index
        wires = before.wires
        if len(changed):
            wires = wires.copy()
            for i in changed.tolist():
                wires[i] = scene.wires[wires[i].id]
        moved = np.zeros(len(self.ids), np.bool_)
        moved[other] = True
        chosen = moved[before.source] | moved[before.target] if len(other) else np.zeros(len(wires), np.bool_)
        chosen[changed] = True
        fresh = np.flatnonzero(chosen)
        if any(end[0] not in self.index for i in fresh.tolist() for end in (wires[i].source, wires[i].target)):
            return False
        self.kept = _NONE
        self.fresh = self.lost = other
        self.fresh_wires = self.lost_wires = fresh
        self._patch_plates(before, other)
        self.wires, self.wire_ids, self.wire_index = wires, before.wire_ids, before.wire_index
        self._patch_wires(before, fresh)
        led = routes.course(self.ends[fresh], self.ways[fresh], [wires[i].route for i in fresh.tolist()])
        self.paths = routes.patched(before.paths, led, fresh)
        self._forget_courses()
        if (self.outlet[fresh] == before.outlet[fresh]).all():
            self._keep_courses(before, fresh)
        return True

    def _patch_plates(self, before: Snapshot, other: Ints) -> None:
        self.rows, self._table = before.rows.copy(), before._table
        self._extent = before._extent
        if not len(other):
            self._take_table(before)
            self.rect = before.rect
            return
        for i in other.tolist():
            self.rows[i] = Row(self.scene.plates[self.ids[i]], self._palette)
        numbers = np.array([self.rows[i].numbers for i in other.tolist()])
        looks = np.array_equal(numbers[:, 4:], self._table[other, 4:])
        self._table = self._table.copy()
        self._table[other] = numbers
        if looks:
            self._take_table(before)
        else:
            self._read_table()
        self.rect = before.rect.copy("F")
        self.rect[other] = numbers[:, :4]
        self._extent = self._grown(before, other) if before._extent is not None else None

    def _take_table(self, before: Snapshot) -> None:
        """Plates stand elsewhere at most: what they look like is as before."""
        self.layer, self.colors, self.bar = before.layer, before.colors, before.bar
        self.badged, self.has_badges = before.badged, before.has_badges
        self.reach, self.palette = before.reach, list(self._palette)
        self.below = self._find_below() if before.below else []

    def _patch_wires(self, before: Snapshot, fresh: Ints) -> None:
        self.source, self.target, self._numbers = before.source, before.target, before._numbers
        numbers = [self._numbers_of(i) for i in fresh.tolist()]
        ends = [(self.index[self.wires[i].source[0]], self.index[self.wires[i].target[0]]) for i in fresh.tolist()]
        if len(fresh) and not (
            np.array_equal(self._numbers[fresh], numbers)
            and np.array_equal(np.column_stack([self.source[fresh], self.target[fresh]]), ends)
        ):
            self.source, self.target, self._numbers = self.source.copy(), self.target.copy(), self._numbers.copy()
            self.source[fresh], self.target[fresh] = np.array(ends).T
            self._numbers[fresh] = numbers
            self._read_numbers()
        else:
            self.offset, self.ways, self.group = before.offset, before.ways, before.group
            self.failing, self.any_failing, self.outlet = before.failing, before.any_failing, before.outlet
            self.any_marked = before.any_marked
        self.ends = before.ends
        if len(fresh):
            self.ends = self.ends.copy()
            self.ends[fresh] = self._ends_of(fresh)

    # Plates ----------------------------------------------------------------------------------------------------

    def _read_plates(self, before: Snapshot | None) -> None:
        plates = list(self.scene.plates.values())
        if before is None:
            self.index = {name: i for i, name in enumerate(self.ids)}
            self.rows = [Row(plate, self._palette) for plate in plates]
            self.kept = np.full(len(plates), -1, np.intp)
            self.fresh, self.lost = np.arange(len(plates)), _NONE
            self._table = np.array([row.numbers for row in self.rows], np.float64).reshape(-1, 9)
        else:
            old = before.rows
            if self.ids == before.ids:
                self.index = before.index
                other = unequal([row.plate for row in old], plates).tolist()
                self.kept = np.arange(len(plates))
            else:
                self.index = {name: i for i, name in enumerate(self.ids)}
                self.kept = places(before.index, self.ids)
                other = unequal(taken([row.plate for row in old], self.kept), plates).tolist()
            self.rows = [old[k] for k in self.kept.tolist()] if len(old) else [None] * len(plates)  # type: ignore[list-item]
            for i in other:
                self.rows[i] = Row(plates[i], self._palette)
            self.fresh = np.array(other, np.intp)
            self.kept[self.fresh] = -1
            gone = np.ones(len(old), np.bool_)
            gone[self.kept[self.kept >= 0]] = False
            self.lost = np.flatnonzero(gone)
            self._table = np.empty((len(plates), 9))
            same = self.kept >= 0
            self._table[same] = before._table[self.kept[same]]
            if other:
                self._table[self.fresh] = [self.rows[i].numbers for i in other]
        self._read_table()

    def _read_table(self) -> None:
        table = self._table
        self.rect = np.asfortranarray(table[:, :4])  # questions go over a column at a time
        self.layer = table[:, 4].astype(np.int8)
        self.colors = table[:, 5].astype(np.int32)
        self.bar = table[:, 6]
        self.badged = table[:, 7] != 0
        self.has_badges = bool(self.badged.any())
        # How far words, tags and badges may stand out of a plate: an operator's name stands beside it.
        self.reach = 200.0 if table[:, 8].any() else 44.0
        self.palette = list(self._palette)
        self.below = self._find_below()

    def _find_below(self) -> list[int]:
        """Frames and opened blocks, outermost first; what lies on a sheet comes after it."""
        below = np.flatnonzero(self.layer != BODY).tolist()
        return sorted(below, key=lambda i: (self._depth(self.rows[i].plate), self.layer[i]))

    def _depth(self, plate: Plate) -> int:
        depth = 0
        while plate.parent and plate.parent in self.scene.plates and depth < 64:
            plate = self.scene.plates[plate.parent]
            depth += 1
        return depth

    def row_of(self, plate: str) -> Row | None:
        """The row of a plate by its id."""
        i = self.index.get(plate)
        return None if i is None else self.rows[i]

    # Wires -----------------------------------------------------------------------------------------------------

    def _read_wires(self, before: Snapshot | None, wires: list[Wire] | None = None) -> None:
        if wires is None:
            wires = list(self.scene.wires.values())
        here = self.index
        m = len(wires)
        self.wires = wires
        ids = [wire.id for wire in wires]
        self.wire_ids = ids
        if before is not None and ids == before.wire_ids:
            self.wire_index: dict[str, int] = before.wire_index
            kept = np.arange(m)
            kept[unequal(before.wires, wires)] = -1
        else:
            self.wire_index = {name: i for i, name in enumerate(ids)}
            kept = np.full(m, -1, np.intp)
            if before is not None:
                kept = places(before.wire_index, ids)
                kept[unequal(taken(before.wires, kept), wires)] = -1
        self.source, self.target = np.empty(m, np.intp), np.empty(m, np.intp)
        self._numbers = np.empty((m, 11))
        if before is not None and m:
            # A wire is drawn as before if it is the same and stands between plates that are the same.
            now = np.full(len(before.rows), -1, np.intp)
            now[self.kept[self.kept >= 0]] = np.flatnonzero(self.kept >= 0)
            same = np.flatnonzero(kept >= 0)
            source, target = now[before.source[kept[same]]], now[before.target[kept[same]]]
            whole = (source >= 0) & (target >= 0)
            kept[same[~whole]] = -1
            same = same[whole]
            self.source[same], self.target[same] = source[whole], target[whole]
            self._numbers[same] = before._numbers[kept[same]]
        self.fresh_wires = np.flatnonzero(kept < 0)
        for i in self.fresh_wires.tolist():
            if wires[i].source[0] not in here or wires[i].target[0] not in here:
                # A wire to nowhere is not drawn.
                found = [w for w in wires if w.source[0] in here and w.target[0] in here]
                self._read_wires(before, found)
                return
            self.source[i], self.target[i] = here[wires[i].source[0]], here[wires[i].target[0]]
            self._numbers[i] = self._numbers_of(i)
        gone = np.ones(len(before.wires) if before is not None else 0, np.bool_)
        gone[kept[kept >= 0]] = False
        self.lost_wires = np.flatnonzero(gone)
        self._read_numbers()
        self._find_ends()
        if before is None or len(self.fresh_wires) == m:
            self.paths: Paths = routes.course(self.ends, self.ways, [wire.route for wire in wires])
        else:
            chosen = self.fresh_wires
            led = routes.course(self.ends[chosen], self.ways[chosen], [wires[i].route for i in chosen.tolist()])
            self.paths = routes.merged(before.paths, kept, led, chosen)
        self._forget_courses()

    def _numbers_of(self, i: int) -> tuple[float, ...]:
        wire, here = self.wires[i], self.index
        return wire_numbers(wire, self.rows[here[wire.source[0]]], self.rows[here[wire.target[0]]])

    def _read_numbers(self) -> None:
        self.offset, self.ways = self._numbers[:, :4], self._numbers[:, 4:8]
        self.group = self._numbers[:, 8].astype(np.int8)
        self.failing = self._numbers[:, 10] > 0
        self.any_failing = bool(self.failing.any())
        self.any_marked = bool((self.group >= ADDED).any())
        self.outlet = self.source * PORTS + self._numbers[:, 9].astype(np.intp)

    def _find_ends(self) -> None:
        self.ends: Floats = self._ends_of(slice(None))

    def _ends_of(self, chosen: Ints | slice) -> Floats:
        plates = np.hstack([self.rect[self.source[chosen], :2], self.rect[self.target[chosen], :2]])
        found: Floats = self.offset[chosen] + plates
        return found

    def _keep_courses(self, before: Snapshot, fresh: Ints) -> None:
        """Take over what was worked out of wires that run as before: only those beside a fresh one may be other."""
        self._together = before._together
        beside = np.flatnonzero(np.isin(self.outlet, self.outlet[fresh])).tolist()
        self.labels, self.courses, self.partings = before.labels.copy(), before.courses.copy(), {}
        for i in beside:
            self.labels.pop(i, None)
            self.courses.pop(i, None)

    def _forget_courses(self) -> None:
        self._segments: tuple[Floats, Ints] | None = None
        self._junctions: tuple[Floats, Ints] | None = None
        self._together: Bools | None = None
        self._columns: Floats | None = None
        self._spans: Floats | None = None
        # What the painter has worked out per wire, by its place.
        self.labels: dict[int, Any] = {}
        self.partings: dict[int, Any] = {}  # of wires of one output, by its number: what their labels need to know
        self.courses: dict[int, Any] = {}

    def lead(self, given: list[tuple[Point, ...] | None]) -> None:
        """Work out anew where all wires run, from the plates' present places."""
        self._find_ends()
        self.paths = routes.course(self.ends, self.ways, given)
        self._forget_courses()

    @property
    def segments(self) -> tuple[Floats, Ints]:
        """Coarse segments (s, 4) of all wires and the wire of each."""
        if self._segments is None:
            self._segments = self.paths.segments()
        return self._segments

    @property
    def spans(self) -> Floats:
        """How far each of the segments reaches, across or down."""
        if self._spans is None:
            x0, y0, x1, y1 = self.segments[0].T
            self._spans = np.maximum(np.abs(x1 - x0), np.abs(y1 - y0))
        return self._spans

    @property
    def columns(self) -> Floats:
        """Plates as columns (5, n): x, middle in y, w, h and the height of the bar."""
        if self._columns is None:
            x, y, w, h = self.rect.T
            self._columns = np.array([x, y + h / 2, w, h, self.bar])
        return self._columns

    @property
    def junctions(self) -> tuple[Floats, Ints]:
        """Where a cornered wire leaves others of the same output: points (j, 2), and the wire of each."""
        if self._junctions is None:
            if self._together is None:
                _, which, count = np.unique(self.outlet, return_inverse=True, return_counts=True)
                self._together = count[which] > 1
            long = np.diff(self.paths.start) >= 4
            chosen = np.flatnonzero(self._together & (self.paths.shape == CORNERED) & long)
            self._junctions = self.paths.points[self.paths.start[chosen] + 1], chosen
        return self._junctions

    @property
    def parting(self) -> Bools:
        """Which wires leave another at a junction."""
        found = np.zeros(len(self.wires), np.bool_)
        found[self.junctions[1]] = True
        return found

    # Questions -------------------------------------------------------------------------------------------------

    def seen(self, box: tuple[float, float, float, float], pad: float = 0.0) -> Bools:
        """Which plates touch the box (x0, y0, x1, y1) grown by `pad`."""
        x, y, w, h = self.rect.T
        x0, y0, x1, y1 = box
        found: Bools = (x < x1 + pad) & (x + w > x0 - pad) & (y < y1 + pad) & (y + h > y0 - pad)
        return found

    def wires_seen(self, box: tuple[float, float, float, float], pad: float = 0.0) -> Bools:
        """Which wires' bounding boxes touch the box."""
        a, b, c, d = self.paths.box.T
        x0, y0, x1, y1 = box
        found: Bools = (a < x1 + pad) & (c > x0 - pad) & (b < y1 + pad) & (d > y0 - pad)
        return found

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) around all plates; there are some."""
        if self._extent is None:
            x, y, w, h = self.rect.T
            self._extent = float(x.min()), float(y.min()), float((x + w).max()), float((y + h).max())
        return self._extent

    def _grown(self, before: Snapshot, other: Ints) -> tuple[float, float, float, float] | None:
        """The extent after some plates changed; None where one may have stood at its edge, which is to be seen."""
        (x0, y0, x1, y1), (x, y, w, h) = before.extent, before.rect[other].T
        if (x <= x0).any() or (y <= y0).any() or (x + w >= x1).any() or (y + h >= y1).any():
            return None
        x, y, w, h = self.rect[other].T
        return (
            min(x0, float(x.min())),
            min(y0, float(y.min())),
            max(x1, float((x + w).max())),
            max(y1, float((y + h).max())),
        )

    def bounds(self, chosen: Ints | None = None) -> tuple[float, float, float, float] | None:
        """(x0, y0, x1, y1) around the chosen plates (all, with their wires, by default), None if there are none."""
        rect = self.rect if chosen is None else self.rect[chosen]
        if not len(rect):
            return None
        low, high = rect[:, :2].min(0), (rect[:, :2] + rect[:, 2:]).max(0)
        if chosen is None and len(self.paths.box):
            low = np.minimum(low, self.paths.box[:, :2].min(0))
            high = np.maximum(high, self.paths.box[:, 2:].max(0))
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])
