"""Where the ports of a plate are. Layout, painting and hit-testing all ask here."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from designer.canvas.scene import GRID, HEADER, OPERATOR_R, Plate, PlateKind, Port


class Anchor(NamedTuple):
    """A port's place: (x, y) from the plate's upper left corner, and the direction (dx, dy) in which a wire leaves."""

    port: Port
    is_input: bool
    x: float
    y: float
    dx: int
    dy: int
    inner: bool = False  # of an opened block: the end seen from inside


_SIDES = {"top": (0, -1), "bottom": (0, 1), "left": (-1, 0), "right": (1, 0)}
# An operator takes the chain from above and the shortcut from the right; further inputs fill the upper half.
_OPERATOR_ANGLES = (-90, 0, 180, -45, -135, -22, -158, -67, -113)


def anchors(plate: Plate) -> tuple[Anchor, ...]:
    """Every port of `plate`, inputs first; an opened block has each port twice, outside and inside."""
    return _anchors(plate.kind, plate.w, plate.h, plate.inputs, plate.outputs, plate.opened, plate.scan)


@lru_cache(maxsize=4096)  # most plates of a drawing have the ports of another
def _anchors(
    kind: PlateKind,
    w: float,
    h: float,
    inputs: tuple[Port, ...],
    outputs: tuple[Port, ...],
    opened: bool,
    scan: bool,
) -> tuple[Anchor, ...]:
    if kind in ("frame", "note"):
        return ()
    if kind == "operator":
        return _operator(w, inputs, outputs)
    placed: dict[str, list[tuple[Port, bool]]] = {}
    for is_input, ports in ((True, inputs), (False, outputs)):
        for port in ports:
            side = port.side or _side(scan, port, is_input)
            placed.setdefault(side, []).append((port, is_input))
    found = []
    for side, members in placed.items():
        dx, dy = _SIDES[side]
        spread = spaced(w, len(members)) if dy else beside(h, len(members))
        if scan and dx:
            # A state comes out below where it goes in, the first one outermost: so their loops lie in each other.
            members = [m for m in members if m[1]] + [m for m in reversed(members) if not m[1]]
        for (port, is_input), along in zip(members, spread, strict=True):
            along = along if port.at is None else port.at
            x = along if dy else (w if dx > 0 else 0.0)
            y = along if dx else (h if dy > 0 else 0.0)
            found.append(Anchor(port, is_input, x, y, dx, dy))
            if opened:
                found.append(Anchor(port, is_input, x, HEADER if dy < 0 else y, -dx, -dy, True))
    found.sort(key=lambda anchor: not anchor.is_input)
    return tuple(found)


def spaced(length: float, count: int) -> list[float]:
    """Places of `count` ports along an edge: the middle, or equal steps on the grid around it."""
    step = max(GRID, length / (count + 1) // GRID * GRID)
    if step * (count - 1) > length - 2 * GRID:
        step = max(length - 2 * GRID, 1.0) / max(count - 1, 1)
    start = length / 2 - step * (count - 1) / 2
    return [start + step * k for k in range(count)]


def beside(height: float, count: int) -> list[float]:
    """Places of `count` ports along a side: around the middle, as far apart as their hit areas where there is room."""
    step = min(16.0, (height - 12) / max(count - 1, 1))
    return [height / 2 + step * (k - (count - 1) / 2) for k in range(count)]


def _side(scan: bool, port: Port, is_input: bool) -> str:
    if port.kind == "state" and scan and not port.wired:
        return "right"
    return "top" if is_input else "bottom"


def _operator(w: float, inputs: tuple[Port, ...], outputs: tuple[Port, ...]) -> tuple[Anchor, ...]:
    r = w / 2 if w else OPERATOR_R
    found = []
    for k, port in enumerate(inputs):
        if port.side:
            dx, dy = _SIDES[port.side]
            y = r + r * dy if port.at is None or dy else port.at
            out = math.sqrt(max(r * r - (y - r) ** 2, 0.0)) if dx else 0.0
            found.append(Anchor(port, True, r + out * dx, y, dx, dy))
            continue
        angle = math.radians(_OPERATOR_ANGLES[k] if k < len(_OPERATOR_ANGLES) else -90)
        x, y = math.cos(angle), math.sin(angle)
        steep = abs(y) >= abs(x)
        direction = (0, -1) if steep else (1 if x > 0 else -1, 0)
        found.append(Anchor(port, True, r + r * x, r + r * y, *direction))
    for port in outputs:
        dx, dy = _SIDES[port.side or "bottom"]
        found.append(Anchor(port, False, r + r * dx, r + r * dy, dx, dy))
    return tuple(found)
