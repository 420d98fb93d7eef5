"""A scene as arrays. Full scans over them beat an index at the sizes drawn here (10,000 plates: 0.03 ms).

A snapshot made after another takes over what belongs to objects that are still the same, so an edit costs what it
changed plus a few passes in C.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_not
from typing import Any

import numpy as np

from designer.canvas import routes
from designer.canvas.ports import Anchor, anchors
from designer.canvas.routes import CORNERED, Bools, Floats, Ints, Paths
from designer.canvas.scene import Plate, Point, Scene, Wire

FRAME, SHEET, BODY = 0, 1, 2  # drawn in this order
# Heights of the far zoom's bars: what owns matrices, normalizations, what has no weights.
_BARS = {"conv": 5, "linear": 5, "rnn": 5, "attn": 5, "emb": 5, "gen": 5, "block": 5, "norm": 3}
SOLID = 0  # groups 0..3: solid, by width
INT, BOOL, UNKNOWN, ERROR, PROPOSAL, FADED, ADDED, REMOVED = 4, 5, 6, 7, 8, 9, 10, 11
WIDTHS = (1.25, 1.75, 2.5, 3.25)
_MARKED = {"proposal": PROPOSAL, "added": ADDED, "removed": REMOVED}
MARKED = {"added": "less", "removed": "error", "modified": "change", "moved": "note"}  # of a difference, their colours
_SHADES = {**MARKED, "equal": "line2"}
_PORTS = 1024  # more outputs than a plate has
_NONE = np.zeros(0, np.intp)


class Row:
    """A plate with what is worked out once for it: anchors, text layout and looks (set by the painter)."""

    __slots__ = ("anchors", "layout", "look", "numbers", "plate", "table", "tile")

    def __init__(self, plate: Plate, palette: dict[tuple[str, Any], int]) -> None:
        self.plate = plate
        self.anchors = anchors(plate)
        self.table: dict[tuple[str, bool, bool], Anchor] = {(a.port.name, a.is_input, a.inner): a for a in self.anchors}
        color: tuple[str, Any] = ("family", plate.family)
        if plate.problem == "error":
            color = ("color", "error")
        elif plate.mark in _SHADES:
            color = ("color", _SHADES[plate.mark])
        elif plate.heat is not None:
            color = ("heat", round(plate.heat * 16) / 16)
        elif plate.kind == "note":
            color = ("color", "sticky")
        layer = FRAME if plate.kind == "frame" else SHEET if plate.opened else BODY
        beside = plate.kind == "operator" and (plate.named or plate.problem != "")
        shade = palette.setdefault(color, len(palette))
        bar = _BARS.get(plate.family, 2)
        badge = plate.problem == "error" or plate.mark in MARKED
        self.numbers = (plate.x, plate.y, plate.w, plate.h, layer, shade, bar, badge, beside)
        self.layout: Any = None
        self.look: Any = None
        self.tile: Any = None


def _differing(before: Sequence[object], now: Sequence[object]) -> Ints:
    """The places where two sequences of the same length hold other objects."""
    found: Ints = np.flatnonzero(np.fromiter(map(is_not, before, now), np.bool_, len(now)))
    return found


class Snapshot:
    """Arrays of one scene: `rect` (n, 4) x y w h, `layer`, `colors`, `bar`; wires: `ends` (m, 4), `group`, `paths`.

    `fresh`, `lost`, `fresh_wires` and `lost_wires` are what differs from the snapshot before: places here of what is
    new or another object, and places there of what it replaces or what is gone.
    """

    def __init__(self, scene: Scene, before: Snapshot | None = None) -> None:
        self.scene = scene
        self._palette: dict[tuple[str, Any], int] = before._palette if before else {}
        self._read_plates(before)
        self._read_wires(before)

    # Plates ----------------------------------------------------------------------------------------------------

    def _read_plates(self, before: Snapshot | None) -> None:
        plates = list(self.scene.plates.values())
        self.ids = list(self.scene.plates)
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
                other = _differing(list(before.scene.plates.values()), plates).tolist()
                self.kept = np.arange(len(plates))
            else:
                self.index = {name: i for i, name in enumerate(self.ids)}
                get = before.index.get
                self.kept = np.array([get(name, -1) for name in self.ids], np.intp)
                pairs = zip(self.kept.tolist(), plates, strict=True)
                other = [i for i, (k, plate) in enumerate(pairs) if k < 0 or old[k].plate is not plate]
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
        table = self._table
        self.rect = np.ascontiguousarray(table[:, :4])
        self.layer = table[:, 4].astype(np.int8)
        self.colors = table[:, 5].astype(np.int32)
        self.bar = table[:, 6]
        self.badged = table[:, 7] != 0
        self.has_badges = bool(self.badged.any())
        # How far words, tags and badges may stand out of a plate: an operator's name stands beside it.
        self.reach = 200.0 if table[:, 8].any() else 44.0
        self.palette = list(self._palette)
        # Frames and opened blocks, outermost first.
        below = np.flatnonzero(self.layer != BODY).tolist()
        self.below = sorted(below, key=lambda i: (self.layer[i], self._depth(self.rows[i].plate)))

    def _depth(self, plate: Plate) -> int:
        depth = 0
        while plate.opened and plate.parent and plate.parent in self.scene.plates and depth < 64:
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
        self.wire_ids = ids = [wire.id for wire in wires]
        if before is not None and ids == before.wire_ids:
            self.wire_index: dict[str, int] = before.wire_index
            kept = np.arange(m)
            kept[_differing(before.wires, wires)] = -1
        else:
            self.wire_index = {name: i for i, name in enumerate(ids)}
            kept = np.full(m, -1, np.intp)
            if before is not None:
                get, old = before.wire_index.get, before.wires
                for i, wire in enumerate(wires):
                    k = get(wire.id, -1)
                    if k >= 0 and old[k] is wire:
                        kept[i] = k
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
            wire = wires[i]
            s, t = here.get(wire.source[0]), here.get(wire.target[0])
            if s is None or t is None:
                # A wire to nowhere is not drawn.
                found = [w for w in wires if w.source[0] in here and w.target[0] in here]
                self._read_wires(before, found)
                return
            self.source[i], self.target[i] = s, t
            self._numbers[i] = _numbers(wire, self.rows[s], self.rows[t])
        gone = np.ones(len(before.wires) if before is not None else 0, np.bool_)
        gone[kept[kept >= 0]] = False
        self.lost_wires = np.flatnonzero(gone)
        self.offset, self.ways = self._numbers[:, :4], self._numbers[:, 4:8]
        self.group = self._numbers[:, 8].astype(np.int8)
        self.failing = self._numbers[:, 10] > 0
        self.outlet = self.source * _PORTS + self._numbers[:, 9].astype(np.intp)
        self._find_ends()
        if before is None or len(self.fresh_wires) == m:
            self.paths: Paths = routes.course(self.ends, self.ways, [wire.route for wire in wires])
        else:
            chosen = self.fresh_wires
            led = routes.course(self.ends[chosen], self.ways[chosen], [wires[i].route for i in chosen.tolist()])
            self.paths = routes.merged(before.paths, kept, led, chosen)
        self._forget_courses()

    def _find_ends(self) -> None:
        self.ends: Floats = self.offset + np.hstack([self.rect[self.source, :2], self.rect[self.target, :2]])

    def _forget_courses(self) -> None:
        self._segments: tuple[Floats, Ints] | None = None
        self._junctions: tuple[Floats, Ints] | None = None
        # What the painter has worked out per wire, by its place.
        self.labels: dict[int, Any] = {}
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
    def junctions(self) -> tuple[Floats, Ints]:
        """Where a cornered wire leaves others of the same output: points (j, 2), and the wire of each."""
        if self._junctions is None:
            _, which, count = np.unique(self.outlet, return_inverse=True, return_counts=True)
            long = np.diff(self.paths.start) >= 4
            chosen = np.flatnonzero((count[which] > 1) & (self.paths.shape == CORNERED) & long)
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


def wire_group(wire: Wire) -> int:
    """How a wire is drawn: what is wrong with it first, then its kind, then its size."""
    if wire.mark in _MARKED:
        return _MARKED[wire.mark]
    if wire.error:
        return ERROR
    if wire.unknown:
        return UNKNOWN
    if wire.mark in ("bypassed", "equal"):
        return FADED
    if wire.kind == "int":
        return INT
    if wire.kind == "bool":
        return BOOL
    return size_class(wire.values)


def size_class(values: int) -> int:
    """0..3: under 4 k, 64 k, 1 M values per sample, or more."""
    return 0 if values < 4_000 else 1 if values < 64_000 else 2 if values < 1_000_000 else 3


def _numbers(wire: Wire, source: Row, target: Row) -> tuple[float, ...]:
    """Both ends' offsets and directions, the group, which of the source's ports it leaves, whether it fails."""
    inside_source = bool(wire.inside) and wire.inside == wire.source[0]
    inside_target = bool(wire.inside) and wire.inside == wire.target[0]
    # Seen from inside, an opened block's inputs are where wires start and its outputs where they end.
    a = source.table.get((wire.source[1], inside_source, inside_source))
    b = target.table.get((wire.target[1], not inside_target, inside_target))
    ax, ay, adx, ady = (a.x, a.y, a.dx, a.dy) if a else (source.plate.w / 2, source.plate.h, 0, 1)
    bx, by, bdx, bdy = (b.x, b.y, b.dx, b.dy) if b else (target.plate.w / 2, 0.0, 0, -1)
    outlet = source.anchors.index(a) if a else _PORTS - 1
    return ax, ay, bx, by, adx, ady, bdx, bdy, wire_group(wire), outlet, wire.error != ""
