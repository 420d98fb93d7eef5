"""Layers dragged in from the palette: a ghost where they would stand, and what a wire under it would say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QPainter

from designer.canvas import hit
from designer.canvas.hit import PortHit
from designer.canvas.intents import MIME_LAYER
from designer.canvas.overlay import ghost
from designer.canvas.scene import GRID, PLATE_H_DETAIL, PLATE_W, Verdict

if TYPE_CHECKING:
    from designer.canvas.surface import Canvas

_NEAR = 40.0


class Drops:
    """One drag from the palette, from entering to leaving."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.type_key = ""
        self._middle = QPointF()
        self._wire = -1
        self._verdict: Verdict | None = None
        self._port: PortHit | None = None

    @property
    def active(self) -> bool:
        """Is something held over the canvas?"""
        return bool(self.type_key)

    def enter(self, event: QDragEnterEvent) -> None:
        """Take a layer; leave everything else to others."""
        if event.mimeData().hasFormat(MIME_LAYER):
            raw = bytes(event.mimeData().data(MIME_LAYER).data())
            self.type_key = raw.decode("utf-8", "replace")
            event.acceptProposedAction()
            self.move(event)
        else:
            event.ignore()

    def move(self, event: QDragMoveEvent | QDragEnterEvent | QDropEvent) -> None:
        """Follow the cursor, on the grid."""
        if not self.active:
            return
        canvas = self.canvas
        now = canvas.camera.to_canvas(event.position())
        x = round((now.x() - 4) / GRID) * GRID + 4
        y = round((now.y() - PLATE_H_DETAIL / 2) / GRID) * GRID + PLATE_H_DETAIL / 2
        self._middle = QPointF(x, y)
        zoom = canvas.camera.zoom
        self._wire = hit.wire_at(canvas.snap, x, y, zoom, reach=max(10.0, PLATE_H_DETAIL / 2 * zoom))
        self._verdict, self._port = None, None
        if self._wire >= 0:
            wire = canvas.snap.wires[self._wire].id
            self._verdict = canvas.judge.insert(self.type_key, wire) if canvas.judge else Verdict(True)
        else:
            top = y - PLATE_H_DETAIL / 2
            self._port = hit.port_at(canvas.snap, x, top, zoom, reach=_NEAR * zoom, inputs=False)
        canvas.set_tip(self._verdict, event.position())
        event.accept()
        canvas.update()

    def drop(self, event: QDropEvent) -> None:
        """Ask for the layer, there; on a wire it does not fit into, for nothing."""
        self.move(event)
        key, wire, port, verdict = self.type_key, self._wire, self._port, self._verdict
        x, y = self._middle.x() - PLATE_W / 2, self._middle.y() - PLATE_H_DETAIL / 2
        self.cancel()
        if not key or (verdict is not None and not verdict.ok):
            event.ignore()
            return
        event.acceptProposedAction()
        canvas = self.canvas
        canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        on = canvas.snap.wires[wire].id if wire >= 0 else ""
        canvas.placed.emit(key, float(x), float(y), on, port.end if port is not None else ())

    def cancel(self) -> None:
        """It has left, or was let go."""
        self.type_key = ""
        self._wire, self._verdict, self._port = -1, None, None
        self.canvas.set_tip(None)
        self.canvas.update()

    def scene_changed(self) -> None:
        """Wires may have other numbers now; the next move finds them."""
        self._wire, self._port = -1, None

    def paint(self, p: QPainter) -> None:
        """The ghost, and what it would join."""
        if not self.active:
            return
        canvas = self.canvas
        refused = self._verdict is not None and not self._verdict.ok
        if self._wire >= 0:
            canvas.overlay.draw_wire(p, self._wire, canvas.theme.color("error" if refused else "accent"), 3.0)
        middle = canvas.camera.to_view(self._middle.x(), self._middle.y())
        box = ghost(p, canvas, middle, self.type_key, refused=refused)
        if self._port is not None:
            begin = canvas.camera.to_view(self._port.x, self._port.y)
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawPath(canvas.overlay.curve(begin, QPointF(box.center().x(), box.top()), (0, 1), (0, -1)))
