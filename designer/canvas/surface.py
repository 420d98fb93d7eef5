"""The canvas: one widget that paints a scene and turns what the mouse and the keys do into intents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEasingCurve, QEvent, QPoint, QPointF, QSize, Qt, QTimer, QVariantAnimation
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from designer.canvas import hit, keys
from designer.canvas.base import Base, changed_boxes
from designer.canvas.camera import Camera
from designer.canvas.drops import Drops
from designer.canvas.gestures import Cut, DrawWire, Gesture, Marquee, MovePlates, Pan
from designer.canvas.hit import PortHit
from designer.canvas.intents import Intents
from designer.canvas.live import Live
from designer.canvas.minimap import Minimap, ZoomBar
from designer.canvas.overlay import Overlay
from designer.canvas.picture import Picture
from designer.canvas.scene import Judge, Scene, Verdict
from designer.canvas.snapshot import BODY, Snapshot

if TYPE_CHECKING:
    from designer.theme import Theme

_DRAG_FROM = 4.0
_REFINE_MS = 120
_CAMERA_MS = 220
_EDGE, _EDGE_STEP = 28.0, 14.0
_LEFT, _MIDDLE, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
_SHIFT, _CTRL, _ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


class Canvas(Intents):
    """Shows the scene given to `show_scene`; answers its own signals with nothing: the document does."""

    def __init__(self, theme: Theme, judge: Judge | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAccessibleName(self.tr("Drawing"))
        self.judge = judge
        self.theme = theme
        self.picture = Picture(theme)
        self.base = Base(self.picture)
        self.snap = Snapshot(Scene())
        self.camera = Camera()
        self.overlay = Overlay(self)
        self.minimap = Minimap(self)
        self.bar = ZoomBar(self)
        self.drops = Drops(self)
        self.minimap_shown = True
        self.motion = True
        self.selection: dict[str, None] = {}
        self.selected_wires: dict[str, None] = {}
        self.current = ""
        self.keyboard_used = False
        self.hover_plate = self.hover_wire = -1
        self.gesture: Gesture | None = None
        self.live: Live | None = None
        self._tip: tuple[Verdict, QPointF] | None = None
        self._pressed: tuple[QPointF, str, int, PortHit | None] | None = None
        self._mouse = QPointF()
        self._space = self._space_used = self._x_held = False
        self._unfitted = True
        self._refine = QTimer(self, singleShot=True, interval=_REFINE_MS)
        self._refine.timeout.connect(self.update)
        self._edge = QTimer(self, interval=16)
        self._edge.timeout.connect(self._pan_at_edge)
        self._flight = QVariantAnimation(self)
        self._flight.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._flight.valueChanged.connect(self._fly)
        self._flight_ends = (self.camera, self.camera)

    # What it shows ---------------------------------------------------------------------------------------------

    @property
    def scene(self) -> Scene:
        """What is shown."""
        return self.snap.scene

    def show_scene(self, scene: Scene) -> None:
        """Show another scene; only what is not the same object as before is painted anew."""
        before = self.snap
        now = Snapshot(scene, before)
        self.base.patch(changed_boxes(before, now), self.base.shown)
        self.snap = now
        self.minimap.forget()
        self.hover_plate = self.hover_wire = -1
        self.selected_wires = {i: None for i in self.selected_wires if i in now.wire_index}
        kept = {i: None for i in self.selection if i in now.index}
        if self.current not in now.index:
            self.current = next(reversed(kept), "") if kept else ""
        if self.gesture is not None and not self.gesture.scene_changed():
            self.gesture.cancel()
            self._end_gesture()
        self.drops.scene_changed()
        if len(kept) != len(self.selection):
            self.selection = kept
            self.selection_changed.emit(tuple(kept))
        if self._unfitted and now.rows and self.isVisible():
            self._first_fit()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.theme = theme
        self.picture = Picture(theme)
        self.base.picture = self.picture
        self.base.forget()
        self.minimap.forget()
        for row in self.snap.rows:
            row.look = None
        self.update()

    def show_minimap(self, shown: bool) -> None:
        """Show or hide the minimap."""
        self.minimap_shown = shown
        self.update()

    def place(self, i: int) -> tuple[float, float]:
        """Where plate `i` stands now, a drag included."""
        x, y = self.snap.rect[i, :2].tolist()
        if self.live is not None and not self.live_copies and self.live.moving[i]:
            return x + self.live.dx, y + self.live.dy
        return x, y

    @property
    def live_copies(self) -> bool:
        """Is it copies that are dragged?"""
        return isinstance(self.gesture, MovePlates) and self.gesture.copying

    def is_block(self, plate: str) -> bool:
        """Is it a block, which can be opened?"""
        row = self.snap.rows_by_id.get(plate)
        return row is not None and row.plate.kind == "block"

    def wire_into(self, port: PortHit) -> int:
        """The wire that ends in an input port, -1 if none."""
        for i, wire in enumerate(self.snap.wires):
            if wire.target == port.end and (wire.inside == wire.target[0]) == port.anchor.inner:
                return i
        return -1

    # Selection -------------------------------------------------------------------------------------------------

    def select(self, ids: Iterable[str], wires: Iterable[str] = ()) -> None:
        """Choose these plates, in this order, and wires."""
        chosen = dict.fromkeys(i for i in ids if i in self.snap.index)
        lines = dict.fromkeys(i for i in wires if i in self.snap.wire_index)
        if chosen:
            self.current = next(reversed(chosen))
        if list(chosen) != list(self.selection):
            self.selection = chosen
            self.selection_changed.emit(tuple(chosen))
        if list(lines) != list(self.selected_wires):
            self.selected_wires = lines
            self.wire_selected.emit(tuple(lines))
        self.update()

    def select_all(self) -> None:
        """Choose every plate."""
        self.select(self.snap.index)

    def toggle(self, plate: str) -> None:
        """Add a plate to the selection, or take it out."""
        kept = tuple(i for i in self.selection if i != plate)
        self.select(kept if plate in self.selection else (*kept, plate))
        self.current = plate

    def let_go(self) -> None:
        """Escape: the gesture first, then the selection."""
        if self.gesture is not None:
            self.gesture.cancel()
            self._end_gesture()
        elif self.drops.active:
            self.drops.cancel()
        else:
            self.select(())

    # Camera ----------------------------------------------------------------------------------------------------

    def set_camera(self, camera: Camera) -> None:
        """Look from there, at once."""
        zoomed = camera.zoom != self.camera.zoom
        self.camera = camera
        if zoomed:
            self._refine.start()
            self.zoomed.emit(camera.zoom)
        self._unfitted = False
        self.camera_moved.emit()
        self.update()

    def fly_to(self, camera: Camera) -> None:
        """Move there in 220 ms, or at once with reduced motion or while nothing is shown."""
        if not self.motion or not self.isVisible():
            self.set_camera(camera)
            return
        self._flight.stop()
        self._flight_ends = (self.camera, camera)
        self._flight.setDuration(_CAMERA_MS)
        self._flight.setStartValue(0.0)
        self._flight.setEndValue(1.0)
        self._flight.start()

    def _fly(self, t: float) -> None:
        a, b = self._flight_ends
        if t >= 1.0:
            self.set_camera(b)
            return
        zoom = a.zoom * (b.zoom / a.zoom) ** t
        # The middle of the view moves evenly on the screen; zoom and place end together.
        middle = QPointF(self.width() / 2, self.height() / 2)
        p, q = a.to_canvas(middle), b.to_canvas(middle)
        k = t if a.zoom == b.zoom else (1 / zoom - 1 / a.zoom) / (1 / b.zoom - 1 / a.zoom)
        x, y = p.x() + (q.x() - p.x()) * k, p.y() + (q.y() - p.y()) * k
        s = zoom * b.dpr
        self.set_camera(Camera(zoom, b.dpr, round(middle.x() * b.dpr - x * s), round(middle.y() * b.dpr - y * s)))

    def zoom_to(self, zoom: float, about: QPointF) -> None:
        """To a zoom, keeping the point under `about` (logical pixels)."""
        self.fly_to(self.camera.zoomed(zoom, about))

    def fit(self) -> None:
        """The whole drawing in view, at most at 100 %."""
        bounds = self.snap.bounds()
        if bounds is not None:
            self.fly_to(self.camera.fitted(bounds, self.width(), self.height()))

    def fit_selection(self) -> None:
        """The selection in view; everything if nothing is selected."""
        chosen = [self.snap.index[i] for i in self.selection]
        bounds = self.snap.bounds(chosen) if chosen else None
        if bounds is None:
            self.fit()
        else:
            self.fly_to(self.camera.fitted(bounds, self.width(), self.height(), margin=80))

    def reveal(self, plate: str) -> None:
        """Pan just so far that a plate is in sight."""
        if plate not in self.snap.index:
            return
        x, y, w, h = self.snap.rect[self.snap.index[plate]].tolist()
        box = self.camera.rect_to_view(x, y, w, h)
        dx = max(24 - box.left(), 0) or min(self.width() - 24 - box.right(), 0)
        dy = max(40 - box.top(), 0) or min(self.height() - 56 - box.bottom(), 0)
        if dx or dy:
            self.fly_to(self.camera.moved(dx, dy))

    def _first_fit(self) -> None:
        bounds = self.snap.bounds()
        if bounds is not None:
            self.set_camera(self._at_ratio(self.camera).fitted(bounds, self.width(), self.height()))

    def _at_ratio(self, camera: Camera) -> Camera:
        dpr = self.devicePixelRatioF()
        if dpr == camera.dpr:
            return camera
        k = dpr / camera.dpr
        return Camera(camera.zoom, dpr, round(camera.ox * k), round(camera.oy * k))

    # Painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        self.camera = self._at_ratio(self.camera)
        camera = self.camera
        size = QSize(round(self.width() * camera.dpr), round(self.height() * camera.dpr))
        self.base.sync(self.snap, camera, size, patient=self._refine.isActive())
        p = QPainter(self)
        self.base.blit(p, camera, self.theme.color("canvas"))
        if self.live is not None:
            p.save()
            p.scale(1 / camera.dpr, 1 / camera.dpr)
            live = self.live
            rect = self.base.pixmap.rect()
            self.picture.paint(p, live.snap, camera, rect, hidden=live.still, ground=False)
            p.restore()
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.overlay.paint(p)
        if self.gesture is not None:
            self.gesture.paint(p)
        self.drops.paint(p)
        if self.scene.legend is not None:
            self.overlay.legend(p, self.scene.legend)
        if self.minimap_shown and self.snap.rows:
            self.minimap.paint(p)
        self.bar.paint(p)
        if self._tip is not None:
            self.overlay.tip(p, *self._tip)
        p.end()

    def update_soon(self) -> None:
        """Paint again in the next turn of the event loop."""
        QTimer.singleShot(0, self.update)

    def set_tip(self, verdict: Verdict | None, at: QPointF | None = None) -> None:
        """Show what a drag would do, beside the cursor."""
        self._tip = None if verdict is None else (verdict, at or self._mouse)

    @property
    def tip(self) -> Verdict | None:
        """What the drag's tip says now."""
        return self._tip[0] if self._tip else None

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._unfitted and self.snap.rows:
            self._first_fit()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.base.forget()
            self.minimap.forget()
            self.update()
        super().changeEvent(event)

    # Mouse -----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at, held = event.position(), event.modifiers()
        self._mouse = at
        self.keyboard_used = False
        self._flight.stop()
        if self.gesture is not None:
            return
        if event.button() == _MIDDLE or (event.button() == _LEFT and self._space):
            self._space_used = True
            self._start(Pan(self, at))
            return
        if event.button() != _LEFT:
            return
        button = self.bar.at(at)
        if button:
            self.bar.press(button)
            return
        if self.minimap_shown and self.snap.rows and self.minimap.rect().contains(at):
            self._start(_MapDrag(self, at))
            return
        if self._x_held:
            self._start(Cut(self, at))
            return
        now = self.camera.to_canvas(at)
        plate = hit.plate_at(self.snap, now.x(), now.y(), self.camera.zoom)
        if self._press_header(plate, now):
            return
        port = hit.port_at(self.snap, now.x(), now.y(), self.camera.zoom)
        wire = -1
        if port is None and plate < 0:
            wire = hit.wire_at(self.snap, now.x(), now.y(), self.camera.zoom)
        name = self.snap.rows[plate].plate.id if plate >= 0 else ""
        self._pressed = (at, name, wire, port)
        if port is not None:
            return
        if name:
            self._press_plate(name, held)
        elif wire >= 0:
            ids = self.snap.wires[wire].id
            lines = tuple(self.selected_wires) if held & _SHIFT else ()
            self.select((), (*lines, ids))
        elif not held & _SHIFT:
            self.select(())

    def _press_header(self, plate: int, now: QPointF) -> bool:
        button = hit.button_at(self.snap, plate, now.x(), now.y())
        if not button:
            return False
        shown = self.snap.rows[plate].plate
        if button == "close":
            self.closed.emit(shown.id)
        elif shown.pager is not None:
            i, n = shown.pager
            self.paged.emit(shown.id, (i + (1 if button == "on" else -1)) % max(n, 1))
        return True

    def _press_plate(self, name: str, held: Qt.KeyboardModifier) -> None:
        if held & _SHIFT:
            self.toggle(name)
        elif name not in self.selection:
            self.select((name,))
        else:
            self.current = name
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._mouse = at
        if self.gesture is not None:
            self.gesture.move(at, event.modifiers())
            if self.gesture is not None and self.gesture.pans_at_edge and not self._edge.isActive():
                self._edge.start()
            return
        if self._pressed is not None and event.buttons() & _LEFT:
            start, name, wire, port = self._pressed
            if (at - start).manhattanLength() < _DRAG_FROM:
                return
            self._pressed = None
            if port is not None:
                self._start(DrawWire(self, start, port))
            elif name and name in self.selection:
                self._start(MovePlates(self, start, name))
            elif not name and wire < 0:
                self._start(Marquee(self, start, event.modifiers()))
            if self.gesture is not None:
                self.gesture.move(at, event.modifiers())
            return
        self._hover(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        gesture, pressed, self._pressed = self.gesture, self._pressed, None
        if gesture is not None:
            # A gesture lets go of itself first: what it asks for may show another scene at once.
            self._end_gesture()
            gesture.release(at, event.modifiers())
            self._hover(at)
        elif pressed is not None and pressed[1] and not event.modifiers() & _SHIFT and event.button() == _LEFT:
            self.select((pressed[1],))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if event.button() != _LEFT:
            return
        button = self.bar.at(at)
        if button:
            self.bar.press(button)
            return
        if self.minimap_shown and self.minimap.rect().contains(at):
            return
        now = self.camera.to_canvas(at)
        plate = hit.plate_at(self.snap, now.x(), now.y(), self.camera.zoom)
        if self._press_header(plate, now):
            return
        self._pressed = None
        if plate >= 0:
            shown = self.snap.rows[plate].plate
            self.select((shown.id,))
            (self.opened if shown.kind == "block" else self.edit_requested).emit(shown.id)
        elif hit.wire_at(self.snap, now.x(), now.y(), self.camera.zoom) < 0:
            self.search_requested.emit(now.x(), now.y(), self.mapToGlobal(at.toPoint()), (), False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._flight.stop()
        pixels, angle = event.pixelDelta(), event.angleDelta()
        if event.modifiers() & _CTRL:
            step = pixels.y() / 2 if not pixels.isNull() else angle.y()
            self.set_camera(self.camera.zoomed(self.camera.zoom * 2 ** (step / 360), event.position()))
        else:
            dx, dy = (pixels.x(), pixels.y()) if not pixels.isNull() else (angle.x() * 0.6, angle.y() * 0.6)
            if event.modifiers() & _SHIFT and not dx:
                dx, dy = dy, 0
            self.set_camera(self.camera.moved(dx, dy))
        if self.gesture is not None:
            self.gesture.move(event.position(), event.modifiers())
        else:
            self._hover(event.position())
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            return
        now = self.camera.to_canvas(QPointF(event.pos()))
        plate = hit.plate_at(self.snap, now.x(), now.y(), self.camera.zoom)
        wire = -1
        if plate >= 0:
            name = self.snap.rows[plate].plate.id
            if name not in self.selection:
                self.select((name,))
        else:
            wire = hit.wire_at(self.snap, now.x(), now.y(), self.camera.zoom)
            self.select((), (self.snap.wires[wire].id,) if wire >= 0 else ())
        self.context_menu.emit(tuple(self.selection), self.snap.wires[wire].id if wire >= 0 else "", event.globalPos())

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(-1, -1, "")

    def _start(self, gesture: Gesture) -> None:
        self.gesture = gesture
        self._set_hover(-1, -1, "")
        if gesture.cursor is not None:
            self.setCursor(gesture.cursor)

    def _end_gesture(self) -> None:
        self.gesture = None
        self._pressed = None
        self._edge.stop()
        self._tip = None
        self._free_cursor()
        self.update()

    def _free_cursor(self) -> None:
        if self._space:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._x_held:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.unsetCursor()

    def _hover(self, at: QPointF) -> None:
        button = self.bar.at(at)
        if button or (self.minimap_shown and self.minimap.rect().contains(at)):
            self._set_hover(-1, -1, button)
            return
        now = self.camera.to_canvas(at)
        plate = hit.plate_at(self.snap, now.x(), now.y(), self.camera.zoom)
        wire = hit.wire_at(self.snap, now.x(), now.y(), self.camera.zoom) if plate < 0 else -1
        self._set_hover(plate, wire, "")
        if not self._space and not self._x_held:
            port = hit.port_at(self.snap, now.x(), now.y(), self.camera.zoom)
            if port is not None:
                self.setCursor(Qt.CursorShape.CrossCursor)
            else:
                self.unsetCursor()

    def _set_hover(self, plate: int, wire: int, button: str) -> None:
        if (plate, wire, button) == (self.hover_plate, self.hover_wire, self.bar.hover):
            return
        rows, wires = self.snap.rows, self.snap.wires
        self.hover_plate, self.hover_wire, self.bar.hover = plate, wire, button
        self.hovered.emit(rows[plate].plate.id if plate >= 0 else "", wires[wire].id if wire >= 0 else "")
        self.update()

    def _pan_at_edge(self) -> None:
        if self.gesture is None:
            self._edge.stop()
            return
        at = self._mouse

        def push(value: float, size: float) -> float:
            if value < _EDGE:
                return _EDGE_STEP * min(1.0, (_EDGE - value) / _EDGE)
            return -_EDGE_STEP * min(1.0, (value - size + _EDGE) / _EDGE) if value > size - _EDGE else 0.0

        dx, dy = push(at.x(), self.width()), push(at.y(), self.height())
        if dx or dy:
            self.set_camera(self.camera.moved(dx, dy))
            self.gesture.move(at, Qt.KeyboardModifier.NoModifier)

    # Keys and the rest -----------------------------------------------------------------------------------------

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab places a layer here; Shift+Tab and F6 are the way out."""
        return False if forward else super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if event.key() == Qt.Key.Key_Space and plain:
            if not event.isAutoRepeat():
                self._space, self._space_used = True, False
                self._free_cursor()
            return
        if event.key() == Qt.Key.Key_X and plain:
            self._x_held = True
            self._free_cursor()
            return
        if self.gesture is not None and event.key() == Qt.Key.Key_Alt:
            self.gesture.move(self._mouse, event.modifiers() | _ALT)
            return
        if not keys.press(self, event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat():
            return
        if event.key() == Qt.Key.Key_Space and self._space:
            self._space = False
            self._free_cursor()
            if not self._space_used and self.current:
                self.peeked.emit(self.current)
        elif event.key() == Qt.Key.Key_X:
            self._x_held = False
            self._free_cursor()
        elif self.gesture is not None and event.key() == Qt.Key.Key_Alt:
            self.gesture.move(self._mouse, event.modifiers() & ~_ALT)
        else:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.keyboard_used = True
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = self._x_held = False
        self._free_cursor()
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_hint(event.pos(), event.globalPos())
            return True
        if event.type() == QEvent.Type.NativeGesture and isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.set_camera(self.camera.zoomed(self.camera.zoom * (1 + event.value()), event.position()))
                return True
        return bool(super().event(event))

    def _show_hint(self, at: QPoint, place: QPoint) -> None:
        text = self.hint_at(QPointF(at))
        if text:
            QToolTip.showText(place, text, self)
        else:
            QToolTip.hideText()

    def hint_at(self, at: QPointF) -> str:
        """The tooltip of what lies under a point: a button's, a port's or a plate's; "" if there is none."""
        button = self.bar.at(at)
        if button:
            return self.bar.hint(button)
        now = self.camera.to_canvas(at)
        port = hit.port_at(self.snap, now.x(), now.y(), self.camera.zoom)
        if port is not None:
            return port.anchor.port.label or port.anchor.port.name
        plate = hit.plate_at(self.snap, now.x(), now.y(), self.camera.zoom)
        return self.snap.rows[plate].plate.hint if plate >= 0 else ""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.drops.enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self.drops.move(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drops.cancel()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drops.drop(event)


class _MapDrag(Gesture):
    """The view follows the place held in the minimap."""

    def __init__(self, canvas: Canvas, at: QPointF) -> None:
        super().__init__(canvas, at)
        canvas.set_camera(canvas.minimap.camera_at(at))

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.canvas.set_camera(self.canvas.minimap.camera_at(at))


__all__ = ["BODY", "Canvas"]
