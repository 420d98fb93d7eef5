"""Plates and wires as rows of numbers: what the arrays of a snapshot are made of."""

from __future__ import annotations

from typing import Any

from designer.canvas.ports import Anchor, anchors
from designer.canvas.scene import Plate, Wire

FRAME, SHEET, BODY = 0, 1, 2  # drawn in this order
# Heights of the far zoom's bars: what owns matrices, normalizations, what has no weights.
_BARS = {"conv": 5, "linear": 5, "rnn": 5, "attn": 5, "emb": 5, "gen": 5, "block": 5, "norm": 3}
SOLID = 0  # groups 0..3: solid, by width
INT, BOOL, UNKNOWN, ERROR, PROPOSAL, FADED, ADDED, REMOVED = 4, 5, 6, 7, 8, 9, 10, 11
WIDTHS = (1.25, 1.75, 2.5, 3.25)
_MARKED = {"proposal": PROPOSAL, "added": ADDED, "removed": REMOVED}
MARKED = {"added": "less", "removed": "error", "modified": "change", "moved": "note"}  # of a difference, their colours
_SHADES = {**MARKED, "equal": "line2"}
FEW = 32  # anchors that are looked through one by one
PORTS = 1024  # more outputs than a plate has


class Row:
    """A plate with what is worked out once for it: anchors, text layout and looks (set by the painter)."""

    __slots__ = ("_places", "anchors", "layout", "look", "numbers", "plate", "table", "tile")

    def __init__(self, plate: Plate, palette: dict[tuple[str, Any], int]) -> None:
        self.plate = plate
        self.anchors = anchors(plate)
        self.table: dict[tuple[str, bool, bool], Anchor] = {(a.port.name, a.is_input, a.inner): a for a in self.anchors}
        color: tuple[str, Any] = ("family", plate.family)
        if plate.problem == "error":
            color = ("color", "error")
        elif plate.mark in _SHADES:
            color = ("color", _SHADES[plate.mark])
        elif plate.heat is not None:
            color = ("heat", round(plate.heat * 16) / 16)
        elif plate.kind == "note":
            color = ("color", "sticky")
        layer = FRAME if plate.kind == "frame" else SHEET if plate.opened else BODY
        beside = plate.kind == "operator" and (plate.named or plate.problem != "")
        shade = palette.setdefault(color, len(palette))
        bar = _BARS.get(plate.family, 2)
        badge = plate.problem == "error" or plate.mark in MARKED
        self.numbers = (plate.x, plate.y, plate.w, plate.h, layer, shade, bar, badge, beside)
        self._places: dict[tuple[str, bool, bool], int] | None = None
        self.layout: Any = None
        self.look: Any = None
        self.tile: Any = None

    def place_of(self, port: tuple[str, bool, bool]) -> int:
        """Which of its anchors a port is, as `table` names it."""
        if len(self.anchors) < FEW:
            return self.anchors.index(self.table[port])
        if self._places is None:
            self._places = {(a.port.name, a.is_input, a.inner): k for k, a in enumerate(self.anchors)}
        return self._places[port]


def wire_group(wire: Wire) -> int:
    """How a wire is drawn: what is wrong with it first, then its kind, then its size."""
    if wire.mark in _MARKED:
        return _MARKED[wire.mark]
    if wire.error:
        return ERROR
    if wire.unknown:
        return UNKNOWN
    if wire.mark in ("bypassed", "equal"):
        return FADED
    if wire.kind == "int":
        return INT
    if wire.kind == "bool":
        return BOOL
    return size_class(wire.values)


def size_class(values: int) -> int:
    """0..3: under 4 k, 64 k, 1 M values per sample, or more."""
    return 0 if values < 4_000 else 1 if values < 64_000 else 2 if values < 1_000_000 else 3


def wire_numbers(wire: Wire, source: Row, target: Row) -> tuple[float, ...]:
    """Both ends' offsets and directions, the group, which of the source's ports it leaves, whether it fails."""
    inside_source = bool(wire.inside) and wire.inside == wire.source[0]
    inside_target = bool(wire.inside) and wire.inside == wire.target[0]
    # Seen from inside, an opened block's inputs are where wires start and its outputs where they end.
    leaving = wire.source[1], inside_source, inside_source
    a = source.table.get(leaving)
    b = target.table.get((wire.target[1], not inside_target, inside_target))
    ax, ay, adx, ady = (a.x, a.y, a.dx, a.dy) if a else (source.plate.w / 2, source.plate.h, 0, 1)
    bx, by, bdx, bdy = (b.x, b.y, b.dx, b.dy) if b else (target.plate.w / 2, 0.0, 0, -1)
    outlet = source.place_of(leaving) if a else PORTS - 1
    return ax, ay, bx, by, adx, ady, bdx, bdy, wire_group(wire), outlet, wire.error != ""
