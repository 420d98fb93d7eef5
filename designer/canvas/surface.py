"""The canvas: one widget that paints a scene and turns what the mouse and the keys do into intents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer
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

from designer.canvas import keys, spoken
from designer.canvas.base import Base, changed_boxes
from designer.canvas.drops import Drops
from designer.canvas.gestures import Gesture, MovePlates
from designer.canvas.live import Live
from designer.canvas.looking import Looking
from designer.canvas.minimap import Minimap, ZoomBar
from designer.canvas.mouse import Mouse
from designer.canvas.overlay import Overlay
from designer.canvas.picture import Picture
from designer.canvas.scene import Judge, Scene, Verdict
from designer.canvas.snapshot import Snapshot
from designer.words import tr

if TYPE_CHECKING:
    from designer.theme import Theme


class Canvas(Looking):
    """Shows the scene given to `show_scene`; answers its own signals with nothing: the document does."""

    def __init__(self, theme: Theme, judge: Judge | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAccessibleName(tr("Drawing"))
        self.spoken: spoken.SpokenCanvas | None = None
        self.words: spoken.Words | None = None  # what a screen reader is told of a plate, by whoever knows more of it
        spoken.install()
        self.judge = judge
        self.theme = theme
        self.picture = Picture(theme)
        self.base = Base(self.picture)
        self.overlay = Overlay(self)
        self.minimap = Minimap(self)
        self.bar = ZoomBar(self)
        self.drops = Drops(self)
        self.minimap_shown = True
        self.selected_wires: dict[str, None] = {}
        self.current = ""
        self.keyboard_used = False
        self.fixed = False  # looked at only: what would change the drawing is not begun
        self.rebound: dict[tuple[int, int], tuple[int, int] | None] = {}  # keys pressed -> the keys they stand for
        self.hover_plate = self.hover_wire = -1
        self.mouse = Mouse(self)
        self.live: Live | None = None
        self._tip: tuple[Verdict, QPointF] | None = None

    # What it shows ---------------------------------------------------------------------------------------------

    @property
    def scene(self) -> Scene:
        """What is shown."""
        return self.snap.scene

    def show_scene(self, scene: Scene, snap: Snapshot | None = None) -> None:
        """Show another scene; only what is not the same object as before is painted anew.

        `snap` is its snapshot after the one that is shown, where somebody has made it already.
        """
        before = self.snap
        now = snap or Snapshot(scene, before)
        self.base.patch(changed_boxes(before, now), self.base.shown)
        self.snap = now
        self.minimap.forget_soon()
        self.hover_plate = self.hover_wire = -1
        self.selected_wires = {i: None for i in self.selected_wires if i in now.wire_index}
        kept = {i: None for i in self.selection if i in now.index}
        if self.current not in now.index:
            self.current = next(reversed(kept), "") if kept else ""
        self.mouse.scene_changed()
        self.drops.scene_changed()
        if len(kept) != len(self.selection):
            self.selection = kept
            self.selection_changed.emit(tuple(kept))
        if self._unfitted and now.rows and self.isVisible():
            self._first_fit()
        spoken.announce_plates(self, before)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.theme = theme
        self.picture = Picture(theme, hides=self.picture.hides)
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
        row = self.snap.row_of(plate)
        return row is not None and row.plate.kind == "block"

    @property
    def gesture(self) -> Gesture | None:
        """What the mouse is doing."""
        return self.mouse.gesture

    def on_minimap(self, at: QPointF) -> bool:
        """Does the minimap lie under a point?"""
        return self.minimap.is_there() and self.minimap.rect().contains(at)

    def set_hover(self, plate: int, wire: int, button: str) -> None:
        """Light up what is under the cursor, by its place in the snapshot; -1 for nothing."""
        if (plate, wire, button) == (self.hover_plate, self.hover_wire, self.bar.hover):
            return
        rows, wires = self.snap.rows, self.snap.wires
        self.hover_plate, self.hover_wire, self.bar.hover = plate, wire, button
        self.hovered.emit(rows[plate].plate.id if plate >= 0 else "", wires[wire].id if wire >= 0 else "")
        self.update()

    # Selection -------------------------------------------------------------------------------------------------

    def select(self, ids: Iterable[str], wires: Iterable[str] = ()) -> None:
        """Choose these plates, in this order, and wires."""
        chosen = dict.fromkeys(i for i in ids if i in self.snap.index)
        lines = dict.fromkeys(i for i in wires if i in self.snap.wire_index)
        if chosen:
            self.set_current(next(reversed(chosen)))
        if list(chosen) != list(self.selection):
            self.selection = chosen
            spoken.announce_selection(self)
            self.selection_changed.emit(tuple(chosen))
        if list(lines) != list(self.selected_wires):
            self.selected_wires = lines
            self.wire_selected.emit(tuple(lines))
        self.update()

    def set_current(self, plate: str) -> None:
        """Put the keyboard's focus on a plate without choosing it."""
        self.current = plate
        spoken.announce_focus(self)
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
            self.mouse.cancel()
        elif self.drops.active:
            self.drops.cancel()
        else:
            self.select(())

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
        if self.minimap.is_there():
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
        self._tip = None if verdict is None else (verdict, at or self.mouse.at)

    @property
    def tip(self) -> Verdict | None:
        """What the drag's tip says now."""
        return self._tip[0] if self._tip else None

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.shows_all and self.snap.rows:
            self._first_fit()  # whoever looked at all of it still does
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.base.forget()
            self.minimap.forget()
            self.update()
        super().changeEvent(event)

    # Events ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.keyboard_used = False
        self._flight.stop()
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mouse.double_click(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._flight.stop()
        self.mouse.wheel(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # The menu key is a key here: it opens at the plate that has the focus.
        if event.reason() != QContextMenuEvent.Reason.Keyboard:
            self.mouse.context_menu(event)

    def ask_for_menu(self) -> None:
        """The menu of what is selected, at the plate that has the focus."""
        at = self.rect().center()
        if self.current in self.snap.index:
            x, y = self.place(self.snap.index[self.current])
            at = self.camera.to_view(x + 20, y + 20).toPoint()
        self.context_menu.emit(tuple(self.selection), "", self.mapToGlobal(at))

    def leaveEvent(self, event: QEvent) -> None:
        self.set_hover(-1, -1, "")

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab places a layer here; Shift+Tab and F6 are the way out."""
        return False if forward else super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not keys.press(self, event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not keys.release(self, event):
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.keyboard_used = True
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.mouse.space = self.mouse.cut_held = False
        self.mouse.free_cursor()
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self.mouse.hint_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), text, self)
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.set_camera(self.camera.zoomed(self.camera.zoom * (1 + event.value()), event.position()))
            return True
        return bool(super().event(event))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.drops.enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self.drops.move(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drops.cancel()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drops.drop(event)
