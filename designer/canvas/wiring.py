"""Drawing a wire: the curve under the cursor, and what every port in sight says to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPainter

from designer.canvas import hit
from designer.canvas.body import draw_port, pen, tinted
from designer.canvas.gestures import Gesture, Modifiers
from designer.canvas.hit import PortHit
from designer.canvas.scene import End, Verdict
from designer.canvas.snapshot import BODY

if TYPE_CHECKING:
    from designer.canvas.surface import Canvas

_MAGNET = 24.0
_JUDGE_MS = 4.0
_PORTS_MAX = 400


class DrawWire(Gesture):
    """From a port to another, or into the void; begun on a wired input, it takes that wire off."""

    cursor = Qt.CursorShape.CrossCursor
    pans_at_edge = True

    def __init__(self, canvas: Canvas, at: QPointF, port: PortHit) -> None:
        super().__init__(canvas, at)
        self.taken = ""
        self.port = port
        takes = port.anchor.is_input != port.anchor.inner
        held = hit.wire_into(canvas.snap, port) if takes else -1
        if held >= 0:
            wire = canvas.snap.wires[held]
            self.taken = wire.id
            inner = wire.inside == wire.source[0]
            found = canvas.snap.rows[canvas.snap.source[held]].table.get((wire.source[1], inner, inner))
            if found is not None:
                x, y = canvas.snap.rect[canvas.snap.index[wire.source[0]], :2].tolist()
                self.port = PortHit(wire.source, found, x + found.x, y + found.y)
                takes = False
        self.from_input = takes
        self.at = at
        self.target: PortHit | None = None
        self.verdicts: dict[tuple[End, bool], Verdict] = {}
        if self.taken:
            mask = np.zeros(len(canvas.snap.wires), np.bool_)
            mask[held] = True
            canvas.base.hidden_wires = mask
            x0, y0, x1, y1 = canvas.snap.paths.box[held].tolist()
            canvas.base.patch([(x0 - 110, y0 - 40, x1 + 130, y1 + 40)], canvas.base.shown)

    def ends(self, other: PortHit) -> tuple[End, End]:
        """(source, target) if the wire were let go on `other`."""
        return (other.end, self.port.end) if self.from_input else (self.port.end, other.end)

    def judge(self, other: PortHit) -> Verdict:
        """The verdict on a target, asked once per drag."""
        key = (other.end, other.anchor.inner)
        if key not in self.verdicts:
            judge = self.canvas.judge
            self.verdicts[key] = judge.wire(*self.ends(other)) if judge else Verdict(True)
        return self.verdicts[key]

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        canvas = self.canvas
        self.at = at
        now = canvas.camera.to_canvas(at)
        wanted = not self.from_input
        found = hit.port_at(canvas.snap, now.x(), now.y(), canvas.camera.zoom, reach=_MAGNET, inputs=wanted)
        if found is None:
            found = self._port_of_plate(hit.plate_at(canvas.snap, now.x(), now.y(), canvas.camera.zoom))
        self.target = found
        canvas.set_tip(self.judge(found) if found is not None else None, at)
        canvas.update()

    def _port_of_plate(self, i: int) -> PortHit | None:
        """Over a plate's body: its port that fits best, a free one before a wired one."""
        canvas = self.canvas
        row = canvas.snap.rows[i] if i >= 0 else None
        if row is None or canvas.snap.layer[i] != BODY or row.plate.id == self.port.end[0]:
            return None
        x, y = canvas.snap.rect[i, :2].tolist()
        ports = [
            PortHit((row.plate.id, anchor.port.name), anchor, x + anchor.x, y + anchor.y)
            for anchor in row.anchors
            if anchor.is_input != self.from_input
        ]
        return min(
            ports,
            key=lambda port: (not self.judge(port).ok, port.anchor.port.wired and not self.from_input),
            default=None,
        )

    def release(self, at: QPointF, modifiers: Modifiers) -> None:
        canvas, target = self.canvas, self.target
        self._end()
        if target is not None:
            if not self.judge(target).ok:
                return
            source, end = self.ends(target)
            taken = next((w for w in canvas.snap.wires if w.id == self.taken), None) if self.taken else None
            if taken is not None and taken.source == source and taken.target == end:
                return
            if taken is not None:
                canvas.rerouted.emit(self.taken, source, end)
            else:
                canvas.connected.emit(source, end)
            return
        if self.taken:
            wire = next((w for w in canvas.snap.wires if w.id == self.taken), None)
            if wire is not None:
                canvas.disconnected.emit(wire.target)
            return
        if QLineF(self.start, at).length() > 12:
            now = canvas.camera.to_canvas(at)
            place = canvas.mapToGlobal(at.toPoint())
            canvas.search_requested.emit(now.x(), now.y(), place, self.port.end, self.from_input)

    def cancel(self) -> None:
        self._end()

    def _end(self) -> None:
        canvas = self.canvas
        if self.taken:
            canvas.base.hidden_wires = None
            wire = canvas.snap.wire_index.get(self.taken)
            if wire is not None:
                x0, y0, x1, y1 = canvas.snap.paths.box[wire].tolist()
                canvas.base.patch([(x0 - 110, y0 - 40, x1 + 130, y1 + 40)], canvas.base.shown)
        canvas.set_tip(None)
        canvas.update()

    def scene_changed(self) -> bool:
        # Whatever was judged may hold no longer; the port may be gone.
        return False

    def paint(self, p: QPainter) -> None:
        canvas = self.canvas
        theme, camera = canvas.theme, canvas.camera
        self._rings(p)
        begin = camera.to_view(self.port.x, self.port.y)
        anchor = self.port.anchor
        target = self.target
        end = camera.to_view(target.x, target.y) if target else self.at
        color = theme.color("error" if target and not self.judge(target).ok else "accent")
        way = (target.anchor.dx, target.anchor.dy) if target else (-anchor.dx, -anchor.dy)
        path = canvas.overlay.curve(begin, end, (anchor.dx, anchor.dy), way)
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(pen(color, 2.5, round_cap=True))
        p.drawPath(path)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(color)
        for spot in (begin, end):
            p.drawEllipse(spot, 4, 4)

    def _rings(self, p: QPainter) -> None:
        """Say of every port in sight whether the wire fits, within a few milliseconds per frame."""
        canvas = self.canvas
        camera, theme, snap = canvas.camera, canvas.theme, canvas.snap
        if camera.zoom < hit.PORT_ZOOM:
            return
        box = camera.box(canvas.base.pixmap.rect())
        until = time.perf_counter() + _JUDGE_MS / 1000
        size = max(0.6, min(camera.zoom, 1.6))
        shown = 0
        for i in np.flatnonzero(snap.seen(box, 8)).tolist():
            row = snap.rows[i]
            x, y = snap.rect[i, :2].tolist()
            for anchor in row.anchors:
                takes = anchor.is_input != anchor.inner
                at = camera.to_view(x + anchor.x, y + anchor.y)
                if takes == self.from_input:
                    p.setPen(Qt.PenStyle.NoPen)
                    p.setBrush(tinted(theme.color("canvas"), 0.6))
                    p.drawEllipse(at, 5 * size, 5 * size)
                    continue
                port = PortHit((row.plate.id, anchor.port.name), anchor, x + anchor.x, y + anchor.y)
                known = self.verdicts.get((port.end, anchor.inner))
                if known is None and shown < _PORTS_MAX and time.perf_counter() < until:
                    known = self.judge(port)
                if known is None:
                    canvas.update_soon()
                    continue
                shown += 1
                chosen = self.target is not None and self.target[:2] == port[:2]
                draw_verdict(p, canvas, anchor.port.kind, at, size * (1.25 if chosen else 1.0), known.ok)


def draw_verdict(p: QPainter, canvas: Canvas, kind: str, at: QPointF, s: float, fits: bool) -> None:
    """A port that fits: filled accent in a ring; one that does not: red with a stroke through it."""
    theme = canvas.theme
    if fits:
        p.setBrush(theme.color("canvas"))
        p.setPen(pen(theme.color("accent"), 1.5))
        p.drawEllipse(at, 7 * s, 7 * s)
        draw_port(p, kind, at, s, theme.color("accent"), theme.color("accent"))
        return
    draw_port(p, kind, at, s, theme.color("errtint"), theme.color("error"))
    p.setPen(pen(theme.color("error"), 1.5, round_cap=True))
    p.drawLine(QLineF(at.x() - 5 * s, at.y() + 5 * s, at.x() + 5 * s, at.y() - 5 * s))
