"""What lies under a point. Positions are canvas units, tolerances screen pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF

from designer.canvas.body import sheet_buttons
from designer.canvas.ports import Anchor
from designer.canvas.routes import Floats, polyline_segments
from designer.canvas.rows import BODY, FRAME, SHEET
from designer.canvas.scene import HEADER, End
from designer.canvas.snapshot import Snapshot

PORT_REACH = 8.0
WIRE_REACH = 5.0
PORT_ZOOM = 0.3  # below this ports are not drawn and can't be hit


class PortHit(NamedTuple):
    """A port and where it is."""

    end: End
    anchor: Anchor
    x: float
    y: float


def plate_at(snap: Snapshot, x: float, y: float, zoom: float) -> int:
    """The topmost plate under a point, -1 if none. Frames are held by title and edge, opened blocks by the header."""
    slack = max(0.0, 3.0 / zoom - 8.0) if zoom < 0.3 else 0.0
    box = (x - slack, y - slack, x + slack, y + slack)
    hits = np.flatnonzero(snap.seen(box))
    best = -1
    for i in hits.tolist():
        if snap.layer[i] == BODY:
            best = i
    if best >= 0:
        return best
    for i in reversed(snap.below):
        left, top, w, h = snap.rect[i].tolist()
        inside = left <= x <= left + w and top <= y <= top + h
        if not inside:
            continue
        edge = min(x - left, left + w - x, y - top, top + h - y) * zoom
        if snap.layer[i] == SHEET and (y - top <= HEADER or edge < 4):
            return i
        if snap.layer[i] == FRAME and (y - top <= 28 or edge < 6):
            return i
    return -1


def corner_at(snap: Snapshot, i: int, at: QPointF, zoom: float) -> bool:
    """Whether a point is at the lower right corner of plate `i`, a frame: where its size is changed."""
    if snap.layer[i] != FRAME:
        return False
    left, top, w, h = snap.rect[i].tolist()
    return abs(left + w - at.x()) * zoom <= 12 and abs(top + h - at.y()) * zoom <= 12


def button_at(snap: Snapshot, i: int, x: float, y: float) -> str:
    """The header button of opened block `i` under a point, "" if none."""
    if i < 0 or snap.layer[i] != SHEET:
        return ""
    left, top = snap.rect[i, :2].tolist()
    for name, (bx, by, w, h) in sheet_buttons(snap.rows[i].plate).items():
        if bx - 2 <= x - left <= bx + w + 2 and by - 4 <= y - top <= by + h + 4:
            return name
    return ""


def port_at(
    snap: Snapshot, x: float, y: float, zoom: float, *, reach: float = PORT_REACH, inputs: bool | None = None
) -> PortHit | None:
    """The nearest port within `reach` pixels; `inputs` keeps to ports that take (True) or give (False) a wire."""
    if zoom < PORT_ZOOM:
        return None
    far = reach / zoom
    best, nearest = None, far * far
    for i in np.flatnonzero(snap.seen((x, y, x, y), far + 2)).tolist():
        left, top = snap.rect[i, :2].tolist()
        plate = snap.rows[i].plate
        for anchor in snap.rows[i].anchors:
            takes = anchor.is_input != anchor.inner
            if inputs is not None and takes != inputs:
                continue
            dx, dy = x - left - anchor.x, y - top - anchor.y
            distance = dx * dx + dy * dy
            if distance <= nearest:
                best, nearest = PortHit((plate.id, anchor.port.name), anchor, left + anchor.x, top + anchor.y), distance
    return best


def wire_into(snap: Snapshot, port: PortHit) -> int:
    """The wire that ends in an input port, -1 if none."""
    for i in np.flatnonzero(snap.target == snap.index[port.end[0]]).tolist():
        wire = snap.wires[i]
        if wire.target == port.end and (wire.inside == wire.target[0]) == port.anchor.inner:
            return int(i)
    return -1


def wire_at(snap: Snapshot, x: float, y: float, zoom: float, *, reach: float = WIRE_REACH) -> int:
    """The wire nearest to a point within `reach` pixels, -1 if none."""
    if not snap.wires:
        return -1
    far = reach / zoom
    chosen = np.flatnonzero(snap.wires_seen((x, y, x, y), far + 10))
    if not len(chosen):
        return -1
    segments, owner = polyline_segments(*snap.paths.fine(chosen, snap.parting))
    if not len(segments):
        return -1
    distance = _distances(segments, x, y)
    k = int(distance.argmin())
    return int(chosen[owner[k]]) if distance[k] <= far else -1


def wires_crossing(snap: Snapshot, a: tuple[float, float], b: tuple[float, float]) -> list[int]:
    """The wires that the straight line from a to b crosses."""
    box = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
    chosen = np.flatnonzero(snap.wires_seen(box)) if snap.wires else np.zeros(0, np.intp)
    if not len(chosen):
        return []
    segments, owner = polyline_segments(*snap.paths.fine(chosen, snap.parting))
    p, q = segments[:, :2], segments[:, 2:]
    d = np.array(b) - np.array(a)
    side = (p - a) @ np.array([-d[1], d[0]]) * ((q - a) @ np.array([-d[1], d[0]]))
    e = q - p
    other = (e[:, 0] * (a[1] - p[:, 1]) - e[:, 1] * (a[0] - p[:, 0])) * (
        e[:, 0] * (b[1] - p[:, 1]) - e[:, 1] * (b[0] - p[:, 0])
    )
    return sorted({int(chosen[k]) for k in owner[(side <= 0) & (other <= 0)]})


def _distances(segments: Floats, x: float, y: float) -> Floats:
    p, q = segments[:, :2], segments[:, 2:]
    e = q - p
    length = (e * e).sum(1) + 1e-9
    t = np.clip(((np.array([x, y]) - p) * e).sum(1) / length, 0, 1)
    gap = p + e * t[:, None] - (x, y)
    distances: Floats = np.hypot(gap[:, 0], gap[:, 1])
    return distances
