"""What the mouse does between press and release. One gesture at a time; Escape takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from designer.canvas import hit
from designer.canvas.body import pen, tinted
from designer.canvas.live import Live
from designer.canvas.rows import BODY, FRAME, SHEET
from designer.canvas.scene import GRID, Verdict

if TYPE_CHECKING:
    from designer.canvas.surface import Canvas

Modifiers = Qt.KeyboardModifier
_ALIGN = 6.0
HALF = GRID / 2  # plates are 152 wide: their middles stand on the half grid


class Gesture:
    """Begun by a press; `at` is always in logical widget pixels."""

    cursor: Qt.CursorShape | None = None
    pans_at_edge = False

    def __init__(self, canvas: Canvas, at: QPointF) -> None:
        self.canvas = canvas
        self.start = at
        self.origin = canvas.camera.to_canvas(at)

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        """The mouse has moved."""

    def release(self, at: QPointF, modifiers: Modifiers) -> None:
        """The button was let go."""

    def cancel(self) -> None:
        """Leave everything as it was."""

    def scene_changed(self) -> bool:
        """The drawing has changed meanwhile; False ends the gesture."""
        return True

    def paint(self, p: QPainter) -> None:
        """Draw over the picture, logical pixels."""


class Pan(Gesture):
    """The sheet follows the hand."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: Canvas, at: QPointF) -> None:
        super().__init__(canvas, at)
        self.last = at

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        step = at - self.last
        self.last = at
        self.canvas.set_camera(self.canvas.camera.moved(step.x(), step.y()))


class Marquee(Gesture):
    """Selects what it touches; with Shift it adds."""

    pans_at_edge = True

    def __init__(self, canvas: Canvas, at: QPointF, modifiers: Modifiers) -> None:
        super().__init__(canvas, at)
        self.kept = tuple(canvas.selection) if modifiers & Modifiers.ShiftModifier else ()
        self.before = tuple(canvas.selection)
        self.at = at

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        self.at = at
        a, b = self.origin, self.canvas.camera.to_canvas(at)
        box = (min(a.x(), b.x()), min(a.y(), b.y()), max(a.x(), b.x()), max(a.y(), b.y()))
        snap = self.canvas.snap
        x, y, w, h = snap.rect.T
        inside = (x >= box[0]) & (y >= box[1]) & (x + w <= box[2]) & (y + h <= box[3])
        # Sheets and frames are taken only when wholly inside: their contents are what is meant.
        touched = (snap.seen(box) & (snap.layer == BODY)) | inside
        chosen = [snap.rows[i].plate.id for i in np.flatnonzero(touched).tolist()]
        self.canvas.select((*self.kept, *chosen))
        self.canvas.update()

    def cancel(self) -> None:
        self.canvas.select(self.before)

    def paint(self, p: QPainter) -> None:
        theme = self.canvas.theme
        box = QRectF(self.canvas.camera.to_view(self.origin.x(), self.origin.y()), self.at).normalized()
        p.setPen(pen(theme.color("accent"), 1))
        p.setBrush(tinted(theme.color("accent"), 0.08))
        p.drawRect(box)


class MovePlates(Gesture):
    """Drags plates on the grid; with Alt their copies; onto a wire, into it."""

    pans_at_edge = True

    def __init__(self, canvas: Canvas, at: QPointF, held: str) -> None:
        super().__init__(canvas, at)
        self.held = held
        self.ids = tuple(canvas.selection)
        self.live: Live | None = None
        self.copying = False
        self.delta = (0.0, 0.0)
        self.onto = -1
        self.verdict: Verdict | None = None
        self._begin()

    def _begin(self) -> None:
        canvas = self.canvas
        carried = carried_along(canvas, self.ids)
        self.live = Live(canvas.snap, carried)
        snap = canvas.snap
        held = snap.rows[snap.index[self.held]]
        plate = held.plate
        # What hangs on a wire gets its middle onto the grid, whatever its width; the rest moves by whole steps.
        hangs = bool(held.anchors) and not plate.opened
        self._middle = (plate.x + plate.w / 2, plate.y) if hangs else (HALF, 0.0)
        chosen = [snap.rows[k].plate for k in sorted(snap.index[i] for i in carried)]
        self.moved_ids = tuple(p.id for p in chosen if p.parent not in carried)
        self._loose = not bool(self.live.wires.any()) and all(
            bool(row.anchors) for row in (snap.row_of(i) for i in self.ids) if row is not None
        )
        k = snap.index[self.held]
        beside = np.concatenate([snap.target[snap.source == k], snap.source[snap.target == k]])
        beside = beside[~self.live.moving[beside]]
        self._lines = (snap.rect[beside, 0] + snap.rect[beside, 2] / 2).tolist()
        self._show()

    def _show(self) -> None:
        assert self.live is not None
        base = self.canvas.base
        base.hidden = None if self.copying else self.live.moving
        base.hidden_wires = None if self.copying else self.live.wires
        x0, y0, x1, y1 = self.live.bounds()
        base.patch([(x0 - 130, y0 - 60, x1 + 130, y1 + 60)], base.shown)
        self.canvas.live = self.live

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        canvas, live = self.canvas, self.live
        assert live is not None
        copying = bool(modifiers & Modifiers.AltModifier)
        if copying != self.copying:
            self.copying = copying
            live.shift(0, 0)
            self._show()
        now = canvas.camera.to_canvas(at)
        dx, dy = now.x() - self.origin.x(), now.y() - self.origin.y()
        cx, top = self._middle
        line = min(self._lines, key=lambda x: abs(x - cx - dx), default=None)
        if line is not None and abs(line - cx - dx) <= _ALIGN / canvas.camera.zoom:
            dx = line - cx
        else:
            dx = round((cx + dx - HALF) / GRID) * GRID + HALF - cx
        dy = round((top + dy) / GRID) * GRID - top
        self.delta = (dx, dy)
        live.shift(dx, dy)
        self._over(now, modifiers)
        canvas.update()

    def _over(self, now: QPointF, modifiers: Modifiers) -> None:
        canvas = self.canvas
        self.onto, self.verdict = -1, None
        if not (self._loose and not self.copying) and not modifiers & Modifiers.ControlModifier:
            canvas.set_tip(None)
            return
        live = self.live
        assert live is not None
        x, y, w, h = live.snap.rect[live.snap.index[self.held]].tolist()
        found = wire_near(canvas, (x + w / 2, y + h / 2), live, h / 2)
        if found >= 0:
            wire = canvas.snap.wires[found]
            self.onto = found
            self.verdict = canvas.judge.insert(self.held, wire.id) if canvas.judge else Verdict(True)
        canvas.set_tip(self.verdict if self.onto >= 0 else None)

    def release(self, at: QPointF, modifiers: Modifiers) -> None:
        canvas, (dx, dy) = self.canvas, self.delta
        wire = canvas.snap.wires[self.onto].id if self.onto >= 0 else ""
        fits = self.verdict is not None and self.verdict.ok
        self._end()
        if not dx and not dy:
            return
        if self.copying:
            canvas.copied_by_drag.emit(self.moved_ids, dx, dy)
        elif wire and fits:
            canvas.dropped_on_wire.emit(self.ids, wire, dx, dy)
        else:
            canvas.moved.emit(self.moved_ids, dx, dy)

    def cancel(self) -> None:
        self._end()

    def _end(self) -> None:
        canvas, live = self.canvas, self.live
        canvas.base.hidden = canvas.base.hidden_wires = None
        canvas.live = None
        if live is not None:
            live.shift(0, 0)
            x0, y0, x1, y1 = live.bounds()
            canvas.base.patch([(x0 - 130, y0 - 60, x1 + 130, y1 + 60)], canvas.base.shown)
        canvas.set_tip(None)
        canvas.update()

    def scene_changed(self) -> bool:
        if any(i not in self.canvas.snap.index for i in self.ids):
            return False
        self._begin()
        assert self.live is not None
        self.live.shift(*self.delta)
        return True

    def paint(self, p: QPainter) -> None:
        if self.onto >= 0 and self.verdict is not None:
            color = "accent" if self.verdict.ok else "error"
            self.canvas.overlay.draw_wire(p, self.onto, self.canvas.theme.color(color), 3.0)


def carried_along(canvas: Canvas, ids: tuple[str, ...]) -> set[str]:
    """The plates that move with `ids`: what lies in opened blocks, and in frames."""
    snap = canvas.snap
    carried = {i for i in ids if i in snap.index}
    for i in list(carried):
        k = snap.index[i]
        if snap.layer[k] == FRAME:
            x, y, w, h = snap.rect[k].tolist()
            a, b, c, d = snap.rect.T
            inside = (a >= x) & (b >= y) & (a + c <= x + w) & (b + d <= y + h)
            carried |= {snap.rows[j].plate.id for j in np.flatnonzero(inside).tolist()}
    if any(snap.layer[snap.index[i]] == SHEET for i in carried):
        grown = True
        while grown:
            inner = {row.plate.id for row in snap.rows if row.plate.parent in carried} - carried
            carried |= inner
            grown = bool(inner)
    return carried


def wire_near(canvas: Canvas, at: tuple[float, float], live: Live | None, reach: float) -> int:
    """The wire a plate held with its middle at `at` would be dropped on, -1 if none."""
    found = hit.wire_at(canvas.snap, *at, canvas.camera.zoom, reach=max(10.0, reach * canvas.camera.zoom))
    return -1 if found >= 0 and live is not None and live.wires[found] else found


class Cut(Gesture):
    """With X held: wires crossed by the stroke are cut."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, canvas: Canvas, at: QPointF) -> None:
        super().__init__(canvas, at)
        self.at = at
        self.crossed: list[int] = []

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        self.at = at
        now = self.canvas.camera.to_canvas(at)
        ends = (self.origin.x(), self.origin.y()), (now.x(), now.y())
        self.crossed = hit.wires_crossing(self.canvas.snap, *ends)
        self.canvas.update()

    def release(self, at: QPointF, modifiers: Modifiers) -> None:
        if self.crossed:
            self.canvas.cut.emit(tuple(self.canvas.snap.wires[i].id for i in self.crossed))
        self.canvas.update()

    def scene_changed(self) -> bool:
        return False

    def paint(self, p: QPainter) -> None:
        error = self.canvas.theme.color("error")
        for i in self.crossed:
            self.canvas.overlay.draw_wire(p, i, error, 2.0)
        p.setPen(pen(error, 1.5, (5, 4)))
        p.drawLine(QLineF(self.canvas.camera.to_view(self.origin.x(), self.origin.y()), self.at))


class ResizeFrame(Gesture):
    """The lower right corner of a frame follows the hand, on the grid."""

    cursor = Qt.CursorShape.SizeFDiagCursor

    def __init__(self, canvas: Canvas, at: QPointF, frame: str) -> None:
        super().__init__(canvas, at)
        self.frame = frame
        self.size: tuple[float, float] | None = None

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        plate = self.canvas.snap.rows[self.canvas.snap.index[self.frame]].plate
        now = self.canvas.camera.to_canvas(at)
        w, h = plate.w + now.x() - self.origin.x(), plate.h + now.y() - self.origin.y()
        self.size = max(4 * GRID, GRID * round(w / GRID)), max(4 * GRID, GRID * round(h / GRID))
        self.canvas.update()

    def release(self, at: QPointF, modifiers: Modifiers) -> None:
        if self.size is not None:
            self.canvas.resized.emit(self.frame, *self.size)
        self.canvas.update()

    def scene_changed(self) -> bool:
        return self.frame in self.canvas.snap.index

    def paint(self, p: QPainter) -> None:
        if self.size is not None:
            x, y = self.canvas.place(self.canvas.snap.index[self.frame])
            p.setPen(pen(self.canvas.theme.color("accent"), 1.5))
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawRoundedRect(self.canvas.camera.rect_to_view(x, y, *self.size), 10, 10)


class MapDrag(Gesture):
    """The view follows the place held in the minimap."""

    def __init__(self, canvas: Canvas, at: QPointF) -> None:
        super().__init__(canvas, at)
        canvas.set_camera(canvas.minimap.camera_at(at))

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        self.canvas.set_camera(self.canvas.minimap.camera_at(at))
