"""A scene as arrays. Full scans over them beat an index at the sizes drawn here (10,000 plates: 0.03 ms).

Rows of plates and wires that did not change are taken over from the snapshot before, so an edit costs what it changed
plus a few passes in C.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.canvas import routes
from designer.canvas.ports import Anchor, anchors
from designer.canvas.routes import Bools, Floats, Ints, Paths
from designer.canvas.scene import End, Plate, Scene, Wire

FRAME, SHEET, BODY = 0, 1, 2  # drawn in this order
# Heights of the far zoom's bars: what owns matrices, normalizations, what has no weights.
_BARS = {"conv": 5, "linear": 5, "rnn": 5, "attn": 5, "emb": 5, "gen": 5, "block": 5, "norm": 3}
SOLID = 0  # groups 0..3: solid, by width
INT, BOOL, UNKNOWN, ERROR, PROPOSAL, FADED = 4, 5, 6, 7, 8, 9
WIDTHS = (1.25, 1.75, 2.5, 3.25)


class Row:
    """A plate with what is worked out once for it: anchors, text layout and sprite key (set by the painter)."""

    __slots__ = ("anchors", "color", "layout", "look", "numbers", "plate", "table", "tile")

    def __init__(self, plate: Plate, layer: int, family: int) -> None:
        self.plate = plate
        self.anchors = anchors(plate)
        self.table: dict[tuple[str, bool, bool], Anchor] = {(a.port.name, a.is_input, a.inner): a for a in self.anchors}
        bar = _BARS.get(plate.family, 2)
        self.numbers = (plate.x, plate.y, plate.w, plate.h, layer, family, bar)
        self.layout: Any = None
        self.look: Any = None
        self.tile: Any = None
        self.color: tuple[str, Any] = ("family", plate.family)
        if plate.problem == "error":
            self.color = ("color", "error")
        elif plate.heat is not None:
            self.color = ("heat", round(plate.heat * 16) / 16)
        elif plate.kind == "note":
            self.color = ("color", "sticky")


class Snapshot:
    """Arrays of one scene: `rect` (n, 4) x y w h, `layer`, `family`, `bar`; wires: `ends` (m, 4), `group`, `paths`."""

    def __init__(self, scene: Scene, before: Snapshot | None = None) -> None:
        self.scene = scene
        self.families: list[str] = before.families if before else []
        codes = {name: code for code, name in enumerate(self.families)}
        old: dict[str, Row] = before.rows_by_id if before else {}
        rows: list[Row] = []
        changed: list[int] = []
        for plate in scene.plates.values():
            row = old.get(plate.id)
            if row is None or row.plate is not plate:
                if plate.family not in codes:
                    codes[plate.family] = len(self.families)
                    self.families.append(plate.family)
                layer = BODY
                if plate.kind == "frame":
                    layer = FRAME
                elif plate.opened:
                    layer = SHEET
                row = Row(plate, layer, codes[plate.family])
                changed.append(len(rows))
            rows.append(row)
        self.rows = rows
        self.changed = changed
        self.rows_by_id: dict[str, Row] = {row.plate.id: row for row in rows}
        self.index = {row.plate.id: i for i, row in enumerate(rows)}
        table = np.array([row.numbers for row in rows], np.float64).reshape(-1, 7)
        self.rect = np.ascontiguousarray(table[:, :4])
        self.layer = table[:, 4].astype(np.int8)
        self.family = table[:, 5].astype(np.int16)
        self.bar = table[:, 6]
        # How far words, tags and badges may stand out of a plate: an operator's name stands beside it.
        beside = any(p.kind == "operator" and (p.named or p.problem) for p in scene.plates.values())
        self.reach = 200.0 if beside else 44.0
        self.has_errors = any(row.plate.problem == "error" for row in rows)
        self.palette: list[tuple[str, Any]] = list(dict.fromkeys(row.color for row in rows))
        shade = {color: k for k, color in enumerate(self.palette)}
        self.colors = np.array([shade[row.color] for row in rows], np.int16)
        self._read_wires(before)
        self._find_sheets()

    def _depth(self, plate: Plate) -> int:
        depth = 0
        while plate.parent and plate.parent in self.scene.plates and depth < 64:
            plate = self.scene.plates[plate.parent]
            depth += 1
        return depth

    def _find_sheets(self) -> None:
        """Note which plates are frames and opened blocks, outermost first."""
        below = np.flatnonzero(self.layer != BODY)
        self.below = sorted(
            below.tolist(), key=lambda i: (self.layer[i], self._depth(self.rows[i].plate) if self.layer[i] else 0)
        )

    def _read_wires(self, before: Snapshot | None) -> None:
        old = before.wire_rows if before else {}
        index, rows = self.index, self.rows
        self.wire_rows: dict[str, tuple[Wire, Row, Row, tuple[float, ...]]] = {}
        wires: list[Wire] = []
        source: list[int] = []
        target: list[int] = []
        offsets: list[tuple[float, ...]] = []
        for wire in self.scene.wires.values():
            s, t = index.get(wire.source[0]), index.get(wire.target[0])
            if s is None or t is None:
                continue
            held = old.get(wire.id)
            if held is None or held[0] is not wire or held[1] is not rows[s] or held[2] is not rows[t]:
                held = (wire, rows[s], rows[t], _offsets(wire, rows[s], rows[t]))
            self.wire_rows[wire.id] = held
            wires.append(wire)
            source.append(s)
            target.append(t)
            offsets.append(held[3])
        self.wires = wires
        self.wire_index = {wire.id: i for i, wire in enumerate(wires)}
        self.source = np.array(source, np.intp)
        self.target = np.array(target, np.intp)
        numbers = np.array(offsets, np.float64).reshape(-1, 9)
        self.offset, self.ways = numbers[:, :4], np.ascontiguousarray(numbers[:, 4:8])
        self.group = numbers[:, 8].astype(np.int8)
        self.lead([wire.route for wire in wires])

    def lead(self, given: list[tuple[tuple[float, float], ...] | None]) -> None:
        """Work out where the wires run, from the plates' present places."""
        self.ends = self.offset + np.hstack([self.rect[self.source, :2], self.rect[self.target, :2]])
        self.paths: Paths = routes.course(self.ends, self.ways, given)
        self._segments: tuple[Floats, Ints] | None = None
        self._junctions: tuple[Floats, Ints] | None = None
        self._labels: dict[int, Any] = {}

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
            port = {end: k for k, end in enumerate({wire.source for wire in self.wires})}
            code = np.fromiter((port[wire.source] for wire in self.wires), np.intp, len(self.wires))
            crowd = np.bincount(code, minlength=len(port))[code] > 1 if len(code) else np.zeros(0, np.bool_)
            count = np.diff(self.paths.start)
            chosen = np.flatnonzero(crowd & (self.paths.shape == routes.CORNERED) & (count >= 4))
            self._junctions = self.paths.points[self.paths.start[chosen] + 1], chosen
        return self._junctions

    def seen(self, box: tuple[float, float, float, float], pad: float = 0.0) -> Bools:
        """Which plates touch the box (x0, y0, x1, y1) grown by `pad`."""
        x, y, w, h = self.rect.T
        x0, y0, x1, y1 = box
        found: Bools = (x < x1 + pad) & (x + w > x0 - pad) & (y < y1 + pad) & (y + h > y0 - pad)
        return found

    def wires_seen(self, box: tuple[float, float, float, float], pad: float = 0.0) -> Bools:
        """Which wires' bounding boxes touch the box."""
        b = self.paths.box
        x0, y0, x1, y1 = box
        found: Bools = (b[:, 0] < x1 + pad) & (b[:, 2] > x0 - pad) & (b[:, 1] < y1 + pad) & (b[:, 3] > y0 - pad)
        return found

    def bounds(self, chosen: Ints | None = None) -> tuple[float, float, float, float] | None:
        """(x0, y0, x1, y1) around the chosen plates (all, with their wires, by default), None if there are none."""
        rect = self.rect if chosen is None else self.rect[chosen]
        if not len(rect):
            return None
        x0, y0 = rect[:, 0].min(), rect[:, 1].min()
        x1, y1 = (rect[:, 0] + rect[:, 2]).max(), (rect[:, 1] + rect[:, 3]).max()
        if chosen is None and len(self.paths.box):
            b = self.paths.box
            x0, y0, x1, y1 = (
                min(x0, b[:, 0].min()),
                min(y0, b[:, 1].min()),
                max(x1, b[:, 2].max()),
                max(y1, b[:, 3].max()),
            )
        return float(x0), float(y0), float(x1), float(y1)

    def end_point(self, end: End, is_input: bool, inner: bool = False) -> tuple[float, float, int, int] | None:
        """(x, y, dx, dy) of a port, None if there is no such port."""
        row = self.rows_by_id.get(end[0])
        anchor = row.table.get((end[1], is_input, inner)) if row else None
        if row is None or anchor is None:
            return None
        x, y = self.rect[self.index[end[0]], :2]
        return float(x + anchor.x), float(y + anchor.y), anchor.dx, anchor.dy


def wire_group(wire: Wire) -> int:
    """How a wire is drawn: what is wrong with it first, then its kind, then its size."""
    if wire.mark == "proposal":
        return PROPOSAL
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


def _offsets(wire: Wire, source: Row, target: Row) -> tuple[float, ...]:
    inside_source = bool(wire.inside) and wire.inside == wire.source[0]
    inside_target = bool(wire.inside) and wire.inside == wire.target[0]
    # Seen from inside, an opened block's inputs are where wires start and its outputs where they end.
    a = source.table.get((wire.source[1], inside_source, inside_source))
    b = target.table.get((wire.target[1], not inside_target, inside_target))
    ax, ay, adx, ady = (a.x, a.y, a.dx, a.dy) if a else (source.plate.w / 2, source.plate.h, 0, 1)
    bx, by, bdx, bdy = (b.x, b.y, b.dx, b.dy) if b else (target.plate.w / 2, 0.0, 0, -1)
    return ax, ay, bx, by, adx, ady, bdx, bdy, wire_group(wire)
