"""Painting wires and the shapes beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from designer.canvas import routes, rows
from designer.canvas.batch import draw_lines
from designer.canvas.body import pen
from designer.canvas.camera import Box, Camera
from designer.canvas.routes import Bools, Floats, Ints
from designer.canvas.rows import WIDTHS, size_class
from designer.canvas.scene import mono_width
from designer.canvas.snapshot import Snapshot
from designer.canvas.spots import Spot, label_spot
from designer.canvas.sprites import COMPACT, DOT, GLYPH
from designer.canvas.text import Batch, axes_runs

if TYPE_CHECKING:
    from designer.theme import Theme

PATHS_MAX = 400  # more wires in sight than this are drawn as segments, all of a group in one call
LABEL_ZOOM = 0.45
LABEL_PX_MIN = 8.0
_TAIL = 64.0
_PENS = 500
_SMOOTH_MAX = 6_000  # segments
_WIDE_MAX = 150_000  # pixels of line: wider than one they take Qt about a microsecond each


def path_of(snap: Snapshot, wire: int) -> QPainterPath:
    """A wire's course in canvas units, with true corners and curves; remembered until the wires run elsewhere."""
    found: QPainterPath | None = snap.courses.get(wire)
    if found is None:
        found = snap.courses[wire] = _trace(snap, wire)
    return found


def _trace(snap: Snapshot, wire: int) -> QPainterPath:
    points = snap.paths.of(wire)
    shape = snap.paths.shape[wire]
    if shape == routes.CURVED:
        c = snap.paths.controls[wire].tolist()
        path = QPainterPath(QPointF(c[0], c[1]))
        path.cubicTo(*c[2:])
        return path
    spots = points.tolist()
    parting = bool((snap.junctions[1] == wire).any())
    path = QPainterPath(QPointF(*spots[0]))
    for k in range(1, len(spots) - 1):
        (ax, ay), (bx, by), (cx, cy) = spots[k - 1], spots[k], spots[k + 1]
        before, after = abs(bx - ax) + abs(by - ay), abs(cx - bx) + abs(cy - by)
        if before < 1e-6 or after < 1e-6:
            continue
        if k == 1 and parting:
            path.lineTo(bx, by)
            continue
        r = min(routes.RADIUS, before / 2, after / 2)
        path.lineTo(bx + (ax - bx) / before * r, by + (ay - by) / before * r)
        path.quadTo(bx, by, bx + (cx - bx) / after * r, by + (cy - by) / after * r)
    path.lineTo(*spots[-1])
    return path


def wire_pen(theme: Theme, snap: Snapshot, wire: int, scale: float, unit: float) -> QPen:
    """The pen of one wire at rest, `unit` device pixels wide at least."""
    group = int(snap.group[wire])
    value = snap.wires[wire]
    width = max(unit, WIDTHS[size_class(value.values)] * scale)
    if group == rows.PROPOSAL:
        return pen(theme.color("accent"), max(unit, 2 * scale), (5 * scale, 4 * scale))
    if group in (rows.ADDED, rows.REMOVED):
        color, dash = ("less", None) if group == rows.ADDED else ("error", (5 * scale, 4 * scale))
        return pen(theme.color(color), max(unit, 2 * scale, width), dash)
    if group == rows.UNKNOWN:
        return pen(theme.color("ink3"), max(unit, 1.5 * scale), (1.5 * scale, 4 * scale))
    if value.kind == "int":
        return pen(theme.color("wire"), width, (7 * scale, 4 * scale))
    if value.kind == "bool":
        return pen(theme.color("wire"), width, (1.5 * scale, 4 * scale))
    return pen(theme.color("wire"), width, round_cap=True)


class WirePainter:
    """Paints the wires of a snapshot into device pixels."""

    def __init__(self, theme: Theme, batch: Batch) -> None:
        self.theme = theme
        self._batch = batch
        self._pens: dict[object, QPen] = {}

    def paint(
        self, p: QPainter, snap: Snapshot, view: Camera, box: Box, level: int, hidden: Bools | None, *, vector: bool
    ) -> None:
        """Draw what touches `box`, at the level of detail, except the hidden wires."""
        if not snap.wires:
            return
        seen = snap.wires_seen(box, 8.0 + 2 / view.zoom)
        if hidden is not None:
            seen &= ~hidden
        chosen = np.flatnonzero(seen)
        if not len(chosen):
            return
        few = level >= COMPACT and len(chosen) <= PATHS_MAX
        if vector or (few and _reach(snap, chosen) * view.zoom <= 3 * _WIDE_MAX):
            self._paths(p, snap, view, chosen)
        else:
            self._lines(p, snap, view, box, level, seen, chosen)
        if level >= COMPACT or vector:
            self._junctions(p, snap, view, seen)
            self._failures(p, snap, view, chosen[snap.failing[chosen]])

    def _paths(self, p: QPainter, snap: Snapshot, view: Camera, chosen: Ints) -> None:
        s = view.scale
        p.save()
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.translate(view.ox, view.oy)
        p.scale(s, s)
        pens, unit = self._pens, round(view.dpr / s, 4)
        last = None
        for i in chosen.tolist():
            value = snap.wires[i]
            key = (value.mark, value.unknown, value.kind, size_class(value.values), unit)
            if key != last:
                if key not in pens:
                    if len(pens) > _PENS:
                        pens.clear()
                    pens[key] = wire_pen(self.theme, snap, i, 1.0, unit)
                p.setPen(pens[key])
                p.setOpacity(0.45 if value.mark in ("bypassed", "equal") else 1.0)
                last = key
            if snap.paths.shape[i] == routes.STRAIGHT:
                x0, y0, x1, y1 = snap.paths.of(i).ravel().tolist()
                p.drawLine(QLineF(x0, y0, x1, y1))
            else:
                p.drawPath(path_of(snap, i))
        p.restore()

    def _lines(
        self, p: QPainter, snap: Snapshot, view: Camera, box: Box, level: int, seen: Bools, chosen: Ints
    ) -> None:
        if level >= COMPACT:
            points, start = snap.paths.fine(chosen, snap.parting)
            segments, owner = routes.polyline_segments(points, start)
            owner = chosen[owner]
        else:
            segments, owner = self._far_lines(snap, view, level, seen, chosen)
        if len(chosen) < len(snap.wires):
            x0, y0, x1, y1 = box
            pad = 8 / view.zoom
            segments, inside = routes.clipped(segments, (x0 - pad, y0 - pad, x1 + pad, y1 + pad))
            owner = owner if len(segments) == len(owner) else owner[inside]
        device = segments * view.scale
        device += (view.ox, view.oy, view.ox, view.oy)
        theme, dpr = self.theme, view.dpr
        failing = snap.failing[owner] if snap.any_failing else np.zeros(len(owner), np.bool_)
        if level == DOT:
            p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            p.setPen(QPen(theme.color("wire"), 0))
            draw_lines(p, device[~failing] if failing.any() else device)
            for code, color in ((rows.ADDED, "less"), (rows.REMOVED, "error")) if snap.any_marked else ():
                marked = device[(snap.group[owner] == code) & ~failing]
                if len(marked):
                    p.setPen(QPen(theme.color(color), dpr))
                    draw_lines(p, marked)
            self._failing_lines(p, device[failing], view)
            return
        group = snap.group[owner]
        # Thousands of long lines: smooth edges would cost more than they show.
        smooth = len(segments) <= _SMOOTH_MAX
        length = float(np.abs(device[:, 2:] - device[:, :2]).sum())
        wide = smooth and level > GLYPH and length <= _WIDE_MAX * dpr
        p.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
        known = {
            rows.PROPOSAL: ("accent", 2.0),
            rows.ADDED: ("less", 2.0),
            rows.REMOVED: ("error", 2.0),
            rows.UNKNOWN: ("ink3", 1.0),
            rows.INT: ("wire", 1.25),
            rows.BOOL: ("wire", 1.25),
            rows.FADED: ("dots", 1.25),
        }
        for code in np.unique(group[~failing]).tolist():
            color, width = known.get(code) or ("wire", WIDTHS[code])
            # A pen wider than a pixel leaves Qt's fast path, so the middle zooms keep hairlines.
            size = max(dpr, width * view.scale) if wide else dpr
            p.setPen(pen(theme.color(color), size, round_cap=size > dpr))
            draw_lines(p, device[group == code])
        self._failing_lines(p, device[failing], view)

    @staticmethod
    def _far_lines(snap: Snapshot, view: Camera, level: int, seen: Bools, chosen: Ints) -> tuple[Floats, Ints]:
        """Coarse segments and their wires; seen from afar without those that lie between two bars that touch."""
        least = view.dpr / view.scale if level == DOT else 0.0  # a pixel
        if 2 * len(chosen) < len(snap.wires):
            segments, owner = snap.paths.segments(chosen)
            if least:
                long = np.abs(segments[:, 2:] - segments[:, :2]).max(1) >= least
                segments, owner = segments[long], owner[long]
            return segments, owner
        segments, owner = snap.segments
        keep = snap.spans >= least if least else None
        if len(chosen) < len(snap.wires):
            keep = seen[owner] if keep is None else keep & seen[owner]
        if keep is None:
            return segments, owner
        places = np.flatnonzero(keep)
        return segments[places], owner[places]

    def _failing_lines(self, p: QPainter, device: Floats, view: Camera) -> None:
        if len(device):
            p.setPen(pen(self.theme.color("error"), max(view.dpr, 2 * view.scale)))
            draw_lines(p, device)

    def _junctions(self, p: QPainter, snap: Snapshot, view: Camera, seen: Bools) -> None:
        points, wire = snap.junctions
        points = points[seen[wire]]
        if not len(points):
            return
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(self.theme.color("wire"))
        r = max(3.2 * view.scale, 1.5 * view.dpr)
        for x, y in (points * view.scale + (view.ox, view.oy)).tolist():
            p.drawEllipse(QPointF(x, y), r, r)

    def _failures(self, p: QPainter, snap: Snapshot, view: Camera, chosen: Ints) -> None:
        """The last piece of a failing wire in red, with a cross: only the end that fails."""
        s = view.scale
        p.save()
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.translate(view.ox, view.oy)
        p.scale(s, s)
        for i in chosen.tolist():
            path = path_of(snap, i)
            total = path.length()
            reach = min(_TAIL, total / 2)
            tail = QPainterPath(path.pointAtPercent(1 - reach / total if total else 0))
            for k in range(1, 17):
                tail.lineTo(path.pointAtPercent(min(1.0, 1 - reach / total * (1 - k / 16)) if total else 1))
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.setPen(pen(self.theme.color("error"), max(2.0, view.dpr / s)))
            p.drawPath(tail)
            at = path.pointAtPercent(1 - min(36.0, reach * 0.6) / total if total else 1)
            p.setPen(pen(self.theme.color("canvas"), 5, round_cap=True))
            cross = [
                QLineF(at.x() - 4, at.y() - 4, at.x() + 4, at.y() + 4),
                QLineF(at.x() - 4, at.y() + 4, at.x() + 4, at.y() - 4),
            ]
            p.setPen(pen(self.theme.color("error"), 1.75, round_cap=True))
            p.drawLines(cross)
        p.restore()

    def labels(
        self,
        p: QPainter,
        snap: Snapshot,
        view: Camera,
        box: Box,
        hidden: Bools | None,
        *,
        vector: bool,
        shapes: bool = True,
    ) -> None:
        """The shapes beside the wires; below 45 % only those that change, in a size that can still be read.

        Without `shapes` only those of wires that fail.
        """
        if not snap.wires:
            return
        seen = snap.wires_seen(box, 100.0)
        if hidden is not None:
            seen &= ~hidden
        size = view.zoom if vector else max(view.zoom, LABEL_PX_MIN / 10.5)
        s = size * view.dpr
        p.save()
        p.translate(view.ox, view.oy)
        p.scale(s, s)
        grow = view.scale / s  # canvas units to units of the label's own scale
        only_changed = view.zoom < LABEL_ZOOM and not vector
        _leave_out_far_curves(snap, seen, box)
        for i in np.flatnonzero(seen).tolist():
            wire = snap.wires[i]
            if only_changed and not any(axis[1] for axis in wire.axes):
                continue
            if shapes and (wire.unknown or wire.axes):
                spot = label_spot(snap, i)
                if spot is not None:
                    self._label(snap, i, spot, grow)
            if wire.error:
                self._error_label(snap, i, grow)
        self._batch.flush(p, vector=vector)
        p.restore()

    def _label(self, snap: Snapshot, i: int, spot: Spot, grow: float) -> None:
        wire = snap.wires[i]
        pieces, width = axes_runs(wire.axes) if not wire.unknown else ([("mono", 0.0, "?", "ink3")], 6.3)
        if spot.room * grow < (width + 8 if spot.above else 14):
            return
        x, y = spot.x * grow, spot.y * grow
        x, y = (x - width / 2, y - 7.5) if spot.above else (x + 9, y)
        colored = {"proposal": "accent", "equal": "strong", "bypassed": "line2"}.get(wire.mark)
        for font, dx, text, role in pieces:
            self._batch.add(font, colored or role, x + dx, y + 3.8, text)

    def _error_label(self, snap: Snapshot, i: int, grow: float) -> None:
        wire = snap.wires[i]
        text = wire.error_label or "×".join(axis[0] for axis in wire.axes)
        (bx, by), (ax, ay) = snap.paths.of(i)[-1].tolist(), snap.paths.of(i)[-2].tolist()
        if abs(bx - ax) > abs(by - ay):
            x = bx + 10 if ax > bx else bx - 10 - mono_width(text) / grow
            self._batch.add("mono", "error", x * grow, by * grow + 18, text)
        else:
            self._batch.add("mono", "error", bx * grow + 12, (by - 32) * grow, text)


def _reach(snap: Snapshot, chosen: Ints) -> float:
    """How far the chosen wires reach together, across and down."""
    box = snap.paths.box[chosen]
    return float((box[:, 2:] - box[:, :2]).sum())


def _leave_out_far_curves(snap: Snapshot, seen: Bools, box: Box) -> None:
    """Take those out of `seen` whose label, in the middle of a curve, is far from the box that they touch."""
    curved = np.flatnonzero(seen & (snap.paths.shape == routes.CURVED))
    middle = snap.paths.points[snap.paths.start[curved] + 2]
    x0, y0, x1, y1 = box
    near = (middle[:, 0] > x0 - 200) & (middle[:, 0] < x1 + 200) & (middle[:, 1] > y0 - 60) & (middle[:, 1] < y1 + 60)
    seen[curved[~near & ~snap.failing[curved]]] = False
