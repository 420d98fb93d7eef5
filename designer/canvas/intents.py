"""What a person asks of the canvas. It changes nothing itself: the window answers with another scene, or does not."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QWidget

MIME_LAYER = "application/x-netwright-layer"  # a palette drag carries the type key as UTF-8

__all__ = ["MIME_LAYER", "Intents", "QPoint"]


class Intents(QWidget):
    """The canvas's signals. Ids are plate or wire ids, ends are (plate id, port name), x and y canvas units."""

    moved = Signal(tuple, float, float)  # (ids, dx, dy): dragged or nudged by this much
    copied_by_drag = Signal(tuple, float, float)  # (ids, dx, dy): Alt-drag
    connected = Signal(tuple, tuple)  # (source end, target end)
    disconnected = Signal(tuple)  # (target end): a wire was pulled off and let go
    rerouted = Signal(str, tuple, tuple)  # (wire id, source end, target end): an end was dragged to another port
    resized = Signal(str, float, float)  # (frame id, w, h): its lower right corner was dragged
    cut = Signal(tuple)  # (wire ids): crossed with X held
    dropped_on_wire = Signal(tuple, str, float, float)  # (plate ids, wire id, dx, dy)
    placed = Signal(str, float, float, str, tuple)  # (type key, x, y, wire id or "", source end or ())
    search_requested = Signal(float, float, QPoint, tuple, bool)  # (x, y, global, end or (), end is an input)
    deleted = Signal(tuple, bool)  # (plate ids, heal)
    wires_deleted = Signal(tuple)  # (wire ids)
    opened = Signal(str)  # double-click or Ctrl+Enter on a block
    closed = Signal(str)  # the cross of a block opened in place
    paged = Signal(str, int)  # (block id, new i) from its pager
    left = Signal()  # Alt+Up: one block up
    edit_requested = Signal(str)  # Enter
    inline_requested = Signal(str)  # Shift+Enter, or a double-click on the settings of a plate
    rename_requested = Signal(str)  # F2
    peeked = Signal(str)  # a tap on Space
    selection_changed = Signal(tuple)  # (plate ids), in the order chosen
    wire_selected = Signal(tuple)  # (wire ids)
    hovered = Signal(str, str)  # (plate id or "", wire id or "")
    context_menu = Signal(tuple, str, QPoint)  # (plate ids, wire id or "", global)
    legend_clicked = Signal()
    zoomed = Signal(float)  # (zoom, 1.0 = 100 %)
    camera_moved = Signal()
