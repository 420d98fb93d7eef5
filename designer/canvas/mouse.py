"""From mouse events to gestures: what was pressed, whether it became a drag, and what lies under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QWheelEvent

from designer.canvas import hit
from designer.canvas.gestures import Cut, Gesture, MapDrag, Marquee, MovePlates, Pan, ResizeFrame
from designer.canvas.hit import PortHit
from designer.canvas.wiring import DrawWire
from designer.words import told, tr

if TYPE_CHECKING:
    from designer.canvas.surface import Canvas

_DRAG_FROM = 4.0
_EDGE, _EDGE_STEP = 28.0, 14.0
_LEFT, _MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
_SHIFT, _CTRL, _ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


class Mouse:
    """The canvas's mouse: at most one gesture at a time."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.gesture: Gesture | None = None
        self.at = QPointF()
        self.space = self.cut_held = False  # keys that change what a drag does
        self.space_used = False
        self._pressed: tuple[QPointF, str, int, PortHit | None] | None = None
        self._edge = QTimer(canvas, interval=16)
        self._edge.timeout.connect(self._pan_at_edge)

    def press(self, event: QMouseEvent) -> None:
        """A button went down."""
        canvas = self.canvas
        at, held = event.position(), event.modifiers()
        self.at = at
        if self.gesture is not None:
            return
        if event.button() == _MIDDLE or (event.button() == _LEFT and self.space):
            self.space_used = True
            self.start(Pan(canvas, at))
            return
        if event.button() != _LEFT:
            return
        button = canvas.bar.at(at)
        if button:
            canvas.bar.press(button)
        elif canvas.overlay.on_legend(at):
            canvas.legend_clicked.emit()
        elif canvas.on_minimap(at):
            self.start(MapDrag(canvas, at))
        elif self.cut_held and not canvas.fixed:
            self.start(Cut(canvas, at))
        else:
            self._press_drawing(at, held)

    def _press_drawing(self, at: QPointF, held: Qt.KeyboardModifier) -> None:
        canvas = self.canvas
        snap, zoom = canvas.snap, canvas.camera.zoom
        now = canvas.camera.to_canvas(at)
        plate = hit.plate_at(snap, now.x(), now.y(), zoom)
        if self._press_header(plate, now):
            return
        port = hit.port_at(snap, now.x(), now.y(), zoom)
        wire = hit.wire_at(snap, now.x(), now.y(), zoom) if port is None and plate < 0 else -1
        name = snap.rows[plate].plate.id if plate >= 0 else ""
        self._pressed = (at, name, wire, port)
        if port is not None:
            return
        if name:
            if held & _SHIFT:
                canvas.toggle(name)
            elif name not in canvas.selection:
                canvas.select((name,))
            else:
                canvas.set_current(name)
        elif wire >= 0:
            lines = tuple(canvas.selected_wires) if held & _SHIFT else ()
            canvas.select((), (*lines, snap.wires[wire].id))
        elif not held & _SHIFT:
            canvas.select(())

    def _press_header(self, plate: int, now: QPointF) -> bool:
        canvas = self.canvas
        button = hit.button_at(canvas.snap, plate, now.x(), now.y())
        if not button:
            return False
        shown = canvas.snap.rows[plate].plate
        if button == "close":
            canvas.closed.emit(shown.id)
        elif shown.pager is not None:
            i, n = shown.pager
            canvas.paged.emit(shown.id, (i + (1 if button == "on" else -1)) % max(n, 1))
        return True

    def move(self, event: QMouseEvent) -> None:
        """The mouse moved, with or without a button down."""
        canvas, at = self.canvas, event.position()
        self.at = at
        if self.gesture is not None:
            self.gesture.move(at, event.modifiers())
            if self.gesture is not None and self.gesture.pans_at_edge and not self._edge.isActive():
                self._edge.start()
            return
        if self._pressed is None or not event.buttons() & _LEFT:
            self.hover(at)
            return
        start, name, wire, port = self._pressed
        if (at - start).manhattanLength() < _DRAG_FROM:
            return
        self._pressed = None
        if canvas.fixed and (port is not None or name):
            return
        if port is not None:
            self.start(DrawWire(canvas, start, port))
        elif name and hit.corner_at(
            canvas.snap, canvas.snap.index[name], canvas.camera.to_canvas(start), canvas.camera.zoom
        ):
            self.start(ResizeFrame(canvas, start, name))
        elif name and name in canvas.selection:
            self.start(MovePlates(canvas, start, name))
        elif not name and wire < 0:
            self.start(Marquee(canvas, start, event.modifiers()))
        if self.gesture is not None:
            self.gesture.move(at, event.modifiers())

    def release(self, event: QMouseEvent) -> None:
        """A button went up."""
        at = event.position()
        gesture, pressed, self._pressed = self.gesture, self._pressed, None
        if gesture is not None:
            # A gesture lets go of itself first: what it asks for may show another scene at once.
            self.end()
            gesture.release(at, event.modifiers())
            self.hover(at)
        elif pressed is not None and pressed[1] and not event.modifiers() & _SHIFT and event.button() == _LEFT:
            self.canvas.select((pressed[1],))

    def double_click(self, event: QMouseEvent) -> None:
        """Open a block, edit a layer, or place one on empty ground."""
        canvas, at = self.canvas, event.position()
        if event.button() != _LEFT or canvas.on_minimap(at):
            return
        button = canvas.bar.at(at)
        if button:
            canvas.bar.press(button)
            return
        now = canvas.camera.to_canvas(at)
        plate = hit.plate_at(canvas.snap, now.x(), now.y(), canvas.camera.zoom)
        if self._press_header(plate, now):
            return
        self._pressed = None
        if plate >= 0:
            shown = canvas.snap.rows[plate].plate
            canvas.select((shown.id,))
            settings = bool(shown.detail) and now.y() > shown.y + shown.h / 2 and canvas.camera.zoom >= 0.6
            wanted = canvas.inline_requested if settings else canvas.edit_requested
            (canvas.opened if shown.kind == "block" else wanted).emit(shown.id)
        elif hit.wire_at(canvas.snap, now.x(), now.y(), canvas.camera.zoom) < 0:
            canvas.search_requested.emit(now.x(), now.y(), canvas.mapToGlobal(at.toPoint()), (), False)

    def wheel(self, event: QWheelEvent) -> None:
        """Pan; with Ctrl zoom about the cursor, with Shift pan sideways."""
        canvas = self.canvas
        pixels, angle = event.pixelDelta(), event.angleDelta()
        if event.modifiers() & _CTRL:
            step = pixels.y() * 2 if not pixels.isNull() else angle.y()
            canvas.set_camera(canvas.camera.zoomed(canvas.camera.zoom * 2 ** (step / 360), event.position()))
        else:
            # Alt turns a wheel sideways on some systems; a notch of 120 is 72 pixels.
            dx, dy = (pixels.x(), pixels.y()) if not pixels.isNull() else (angle.x() * 0.6, angle.y() * 0.6)
            if event.modifiers() & _SHIFT and not dx:
                dx, dy = dy, 0
            canvas.set_camera(canvas.camera.moved(dx, dy))
        if self.gesture is not None:
            self.gesture.move(event.position(), event.modifiers())
        else:
            self.hover(event.position())
        event.accept()

    def context_menu(self, event: QContextMenuEvent) -> None:
        """Choose what is under the cursor, unless it is chosen, and ask for its menu."""
        canvas = self.canvas
        now = canvas.camera.to_canvas(QPointF(event.pos()))
        plate = hit.plate_at(canvas.snap, now.x(), now.y(), canvas.camera.zoom)
        wire = -1
        if plate >= 0:
            name = canvas.snap.rows[plate].plate.id
            if name not in canvas.selection:
                canvas.select((name,))
        else:
            wire = hit.wire_at(canvas.snap, now.x(), now.y(), canvas.camera.zoom)
            canvas.select((), (canvas.snap.wires[wire].id,) if wire >= 0 else ())
        over = canvas.snap.wires[wire].id if wire >= 0 else ""
        canvas.context_menu.emit(tuple(canvas.selection), over, event.globalPos())

    def hover(self, at: QPointF) -> None:
        """Note what is under the cursor."""
        canvas = self.canvas
        button = canvas.bar.at(at)
        if button or canvas.on_minimap(at) or canvas.overlay.on_legend(at):
            canvas.set_hover(-1, -1, button)
            self.free_cursor()
            return
        snap, zoom = canvas.snap, canvas.camera.zoom
        now = canvas.camera.to_canvas(at)
        plate = hit.plate_at(snap, now.x(), now.y(), zoom)
        wire = hit.wire_at(snap, now.x(), now.y(), zoom) if plate < 0 else -1
        canvas.set_hover(plate, wire, "")
        if canvas.fixed:
            self.free_cursor()
        elif not self.space and not self.cut_held and hit.port_at(snap, now.x(), now.y(), zoom) is not None:
            canvas.setCursor(Qt.CursorShape.CrossCursor)
        elif plate >= 0 and hit.corner_at(snap, plate, now, zoom):
            canvas.setCursor(Qt.CursorShape.SizeFDiagCursor)
        else:
            self.free_cursor()

    def hint_at(self, at: QPointF) -> str:
        """The tooltip of what lies under a point: a button's, a port's or a plate's; "" if there is none."""
        canvas = self.canvas
        button = canvas.bar.at(at)
        if button:
            return canvas.bar.hint(button)
        if canvas.overlay.on_legend(at):
            return tr("Click for linear or square-root colours")
        now = canvas.camera.to_canvas(at)
        port = hit.port_at(canvas.snap, now.x(), now.y(), canvas.camera.zoom)
        if port is not None:
            return port.anchor.port.label or port.anchor.port.name
        plate = hit.plate_at(canvas.snap, now.x(), now.y(), canvas.camera.zoom)
        return told(canvas.snap.rows[plate].plate.hint) if plate >= 0 else ""

    def start(self, gesture: Gesture) -> None:
        """Begin a gesture."""
        self.gesture = gesture
        self.canvas.set_hover(-1, -1, "")
        if gesture.cursor is not None:
            self.canvas.setCursor(gesture.cursor)

    def end(self) -> None:
        """Be done with the gesture, whatever comes of it."""
        self.gesture = self._pressed = None
        self._edge.stop()
        self.canvas.set_tip(None)
        self.free_cursor()
        self.canvas.update()

    def cancel(self) -> None:
        """Take the gesture back."""
        gesture = self.gesture
        self.end()
        if gesture is not None:
            gesture.cancel()

    def scene_changed(self) -> None:
        """Tell the gesture; one that can't go on is taken back."""
        self._pressed = None
        if self.gesture is not None and not self.gesture.scene_changed():
            self.cancel()

    def alt(self, held: Qt.KeyboardModifier) -> None:
        """Alt went down or up during a gesture."""
        if self.gesture is not None:
            self.gesture.move(self.at, held)

    def free_cursor(self) -> None:
        """The cursor that fits the keys held."""
        canvas = self.canvas
        if self.space:
            canvas.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self.cut_held and not canvas.fixed:
            canvas.setCursor(Qt.CursorShape.CrossCursor)
        else:
            canvas.unsetCursor()

    def _pan_at_edge(self) -> None:
        if self.gesture is None:
            self._edge.stop()
            return
        canvas, at = self.canvas, self.at
        dx, dy = _push(at.x(), canvas.width()), _push(at.y(), canvas.height())
        if dx or dy:
            canvas.set_camera(canvas.camera.moved(dx, dy))
            self.gesture.move(at, Qt.KeyboardModifier.NoModifier)


def _push(value: float, size: float) -> float:
    if value < _EDGE:
        return _EDGE_STEP * min(1.0, (_EDGE - value) / _EDGE)
    return -_EDGE_STEP * min(1.0, (value - size + _EDGE) / _EDGE) if value > size - _EDGE else 0.0
