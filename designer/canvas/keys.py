"""The canvas by keyboard: walking along wires, choosing, zooming, deleting."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor, QKeyEvent

from designer.canvas.rows import BODY, FRAME
from designer.canvas.scene import GRID
from designer.canvas.snapshot import Snapshot

if TYPE_CHECKING:
    from designer.canvas.surface import Canvas

Key = Qt.Key
_ARROWS = {Key.Key_Up: (0, -1), Key.Key_Down: (0, 1), Key.Key_Left: (-1, 0), Key.Key_Right: (1, 0)}
_CTRL, _SHIFT, _ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
_NONE = Qt.KeyboardModifier.NoModifier


def press(canvas: Canvas, event: QKeyEvent) -> bool:
    """Act on a key; False if it means nothing here."""
    held = event.modifiers() & (_CTRL | _SHIFT | _ALT)
    pressed = event.key(), held.value
    meant = canvas.rebound.get(pressed, pressed)
    if meant is None:
        return False
    key, held = Key(meant[0]), Qt.KeyboardModifier(meant[1])
    mouse = canvas.mouse
    if key == Key.Key_Space and held == _NONE:
        if not event.isAutoRepeat():
            mouse.space, mouse.space_used = True, False
            mouse.free_cursor()
        return True
    if key == Key.Key_X and held == _NONE:
        mouse.cut_held = True
        mouse.free_cursor()
        return True
    if key == Key.Key_Alt and mouse.gesture is not None:
        mouse.alt(event.modifiers() | _ALT)
        return True
    if key in _ARROWS:
        return _arrow(canvas, _ARROWS[key], held)
    action = _action(canvas, key, held)
    if action is None:
        return False
    action()
    return True


def release(canvas: Canvas, event: QKeyEvent) -> bool:
    """A key went up; a tap on Space that moved nothing peeks."""
    mouse = canvas.mouse
    key = (canvas.rebound.get((event.key(), 0)) or (event.key(),))[0]
    if event.isAutoRepeat():
        return False
    if key == Key.Key_Space and mouse.space:
        mouse.space = False
        mouse.free_cursor()
        if not mouse.space_used and canvas.current:
            canvas.peeked.emit(canvas.current)
        return True
    if key == Key.Key_X and mouse.cut_held:
        mouse.cut_held = False
        mouse.free_cursor()
        return True
    if key == Key.Key_Alt and mouse.gesture is not None:
        mouse.alt(event.modifiers() & ~_ALT)
        return True
    return False


def _action(canvas: Canvas, key: Key, held: Qt.KeyboardModifier) -> Callable[[], object] | None:
    middle = QPointF(canvas.width() / 2, canvas.height() / 2)
    current = canvas.current
    plain = held == _NONE
    if key == Key.Key_F and held in (_NONE, _SHIFT):
        return canvas.fit if plain else canvas.fit_selection
    if key == Key.Key_1 and plain:
        return lambda: canvas.zoom_to(1.0, middle)
    if key in (Key.Key_Plus, Key.Key_Equal) and held in (_NONE, _SHIFT):
        return lambda: canvas.fly_to(canvas.camera.stepped(1, middle))
    if key in (Key.Key_Minus, Key.Key_Underscore) and held in (_NONE, _SHIFT):
        return lambda: canvas.fly_to(canvas.camera.stepped(-1, middle))
    if key == Key.Key_M and plain:
        return lambda: canvas.show_minimap(not canvas.minimap_shown)
    if key in (Key.Key_Delete, Key.Key_Backspace) and held in (_NONE, _SHIFT):
        return lambda: _delete(canvas, heal=plain)
    if key == Key.Key_A and held == _CTRL:
        return canvas.select_all
    if key == Key.Key_Escape and plain:
        return canvas.let_go
    if key == Key.Key_Tab and plain:
        return lambda: _search(canvas)
    if key in (Key.Key_Return, Key.Key_Enter):
        if held == _SHIFT and current:
            return lambda: canvas.inline_requested.emit(current)
        if plain and current:
            return lambda: canvas.edit_requested.emit(current)
        if held == _CTRL and current and canvas.is_block(current):
            return lambda: canvas.opened.emit(current)
    if key == Key.Key_F2 and plain and current:
        return lambda: canvas.rename_requested.emit(current)
    if key == Key.Key_Space and held == _CTRL and current:
        return lambda: canvas.toggle(current)
    if key == Key.Key_Menu or (key == Key.Key_F10 and held == _SHIFT):
        return canvas.ask_for_menu
    return None


def _arrow(canvas: Canvas, way: tuple[int, int], held: Qt.KeyboardModifier) -> bool:
    if held == _ALT and way == (0, -1):
        canvas.left.emit()
        return True
    if held == _ALT | _SHIFT:
        if canvas.selection:
            canvas.moved.emit(tuple(canvas.selection), float(way[0] * GRID), float(way[1] * GRID))
        return True
    if held not in (_NONE, _SHIFT, _CTRL):
        return False
    target = walk(canvas.snap, canvas.current, way)
    canvas.keyboard_used = True
    if not target:
        canvas.update()
        return True
    canvas.set_current(target)
    if held == _NONE:
        canvas.select((target,))
    elif held == _SHIFT:
        canvas.select((*canvas.selection, target))
    canvas.reveal(target)
    canvas.update()
    return True


def walk(snap: Snapshot, current: str, way: tuple[int, int]) -> str:
    """The plate one step along the wires: up and down follow them, left and right go to the next branch; "" if none."""
    if not snap.rows:
        return ""
    if current not in snap.index:
        order = np.lexsort((snap.rect[:, 1], snap.rect[:, 0], snap.layer == FRAME))
        return snap.rows[int(order[0])].plate.id
    here = snap.index[current]
    found = _follow(snap, here, forward=way[1] > 0) if way[1] else _branches(snap, here, way[0])
    if found < 0 and not way[1]:
        found = _beside(snap, here, way)
    return snap.rows[found].plate.id if found >= 0 else ""


def _follow(snap: Snapshot, here: int, *, forward: bool) -> int:
    """Along the wire that runs straightest; through the edge of an opened block, to what lies behind it."""
    near, far = (snap.source, snap.target) if forward else (snap.target, snap.source)
    mine = np.flatnonzero(near == here).tolist()
    plate = snap.rows[here].plate
    if plate.opened:
        inner = [k for k in mine if snap.wires[k].inside == plate.id]
        mine = inner or mine
    for _ in range(8):
        if not mine:
            return -1
        middle = snap.rect[:, 0] + snap.rect[:, 2] / 2
        k = min(mine, key=lambda k: abs(middle[far[k]] - middle[near[k]]))
        other = int(far[k])
        edge = snap.rows[other].plate
        if not (edge.opened and snap.wires[k].inside == edge.id):
            return other
        mine = [k for k in np.flatnonzero(near == other).tolist() if snap.wires[k].inside != edge.id]
    return -1


def _branches(snap: Snapshot, here: int, dx: int) -> int:
    """The next plate that hangs on the same source, or feeds the same target."""
    others: set[int] = set()
    for near, far in ((snap.target, snap.source), (snap.source, snap.target)):
        for k in far[near == here].tolist():
            others |= set(near[far == k].tolist())
    others.discard(here)
    middle = snap.rect[:, 0] + snap.rect[:, 2] / 2
    beside = [i for i in others if (middle[i] - middle[here]) * dx > 1]
    return min(beside, key=lambda i: abs(middle[i] - middle[here]), default=-1)


def _beside(snap: Snapshot, here: int, way: tuple[int, int]) -> int:
    """The nearest plate that lies in a direction."""
    center = snap.rect[:, :2] + snap.rect[:, 2:] / 2
    gap = center - center[here]
    ahead = gap[:, 0] * way[0] + gap[:, 1] * way[1]
    aside = np.abs(gap[:, 0] * way[1]) + np.abs(gap[:, 1] * way[0])
    cost = np.where((ahead > 1) & (snap.layer == BODY), ahead + 2 * aside, np.inf)
    k = int(cost.argmin())
    return k if np.isfinite(cost[k]) else -1


def _delete(canvas: Canvas, *, heal: bool) -> None:
    if canvas.selection:
        canvas.deleted.emit(tuple(canvas.selection), heal)
    elif canvas.selected_wires:
        canvas.wires_deleted.emit(tuple(canvas.selected_wires))


def _search(canvas: Canvas) -> None:
    at = canvas.mapFromGlobal(QCursor.pos())
    if not canvas.rect().contains(at):
        at = canvas.rect().center()
    place = canvas.camera.to_canvas(QPointF(at))
    canvas.search_requested.emit(place.x(), place.y(), canvas.mapToGlobal(at), (), False)
