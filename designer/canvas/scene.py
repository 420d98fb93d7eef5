"""What the canvas paints: plain frozen view models. They know neither Qt nor the graph they were made from.

Whoever shows a drawing builds a `Scene` and keeps the objects of what did not change: the canvas finds what changed
by identity. All lengths are canvas units (logical pixels at 100 %), x to the right, y down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from types import MappingProxyType
from typing import Any, Literal, Protocol

PlateKind = Literal["layer", "operator", "block", "frame", "note"]
PortKind = Literal["float", "int", "bool", "state"]
Side = Literal["", "top", "bottom", "left", "right"]
End = tuple[str, str]  # (plate id, port name)
Point = tuple[float, float]
Axis = tuple[str, bool, bool]  # (text, changed along this wire, symbolic)

GRID = 8
PLATE_W, PLATE_W_MAX = 152, 248
PLATE_H, PLATE_H_DETAIL, BLOCK_H = 32, 48, 56
OPERATOR_R = 13
GHOST = 32  # a collapsed block whose condition is false: its glyph in a dashed square
ACTIVATION_W, ACTIVATION_H = 208, 84
CELL = 28
HEADER = 30  # of a block opened in place
PAD = 9


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output. `side` "" lets the plate choose: inputs on top, outputs below, at a scan's loop the states
    that have no wire.

    `at` is the port's place along its edge, from the left or upper corner, where it is not simply spread evenly: an
    opened block has its inlet above its chain.
    """

    name: str
    kind: PortKind = "float"
    optional: bool = False
    wired: bool = False
    label: str = ""  # said in the tip: "x, float, N C H W"
    side: Side = ""
    at: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Activation:
    """What a node did with one sample, for the Activations lens: values 0..1 as share of the layer's largest.

    `values` is a float array (or nested list) of shape (maps, rows, columns) or (values,), or a ready QImage.
    `marks` are written under the values of a short vector (the ten digits), `best` is the one that stands out.
    """

    values: Any
    marks: tuple[str, ...] = ()
    best: int = -1


@dataclass(frozen=True, slots=True)
class Plate:
    """A node as drawn: (x, y) is the upper left corner of its w x h body.

    kind       layer, operator (a circle with `symbol`), block, frame (dashed, lowest) or note (`name` is its text)
    family     key of the theme's families; the glyph's colour and, unless `glyph` says otherwise, its name
    detail     second line: type and settings; figure: what stands at the right, usually the parameters
    problem    "", "error", "warn" or "note": border and badge
    when       "": unconditional, "on": tagged, "off": a ghost
    repeat     more than 1: two plates behind; shared: one set of weights (lock); scan: states loop at the right side
    heat       0..1 under a lens (the plate takes the ramp), None where the lens has no figure
    mark       "", "bypassed", "proposal" (of a fix), "added", "removed", "modified", "moved" or "equal"
               (difference view)
    opened     a block opened in place: header of `HEADER` units, its inner nodes have its id as `parent`
    pager      (i, n) of an opened repeat: "i=0 of 2" with arrows
    named      operators: their name is written beside them (always so when there is a problem)
    """

    id: str
    kind: PlateKind
    family: str
    name: str
    detail: str = ""
    figure: str = ""
    symbol: str = ""
    x: float = 0.0
    y: float = 0.0
    w: float = PLATE_W
    h: float = PLATE_H_DETAIL
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    glyph: str = ""
    problem: Literal["", "error", "warn", "note"] = ""
    hint: str = ""  # the tooltip: the problem's sentence, or what the node is
    changed: bool = False
    when: Literal["", "on", "off"] = ""
    repeat: int = 1
    shared: bool = False
    scan: bool = False
    frozen: bool = False
    heat: float | None = None
    activation: Activation | None = None
    mark: Literal["", "bypassed", "proposal", "added", "removed", "modified", "moved", "equal"] = ""
    tag: str = ""  # the device it is placed on
    parent: str = ""
    opened: bool = False
    pager: tuple[int, int] | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class Wire:
    """A connection; its id is "target.port". The label lists `axes`, changed ones stand out.

    `inside` is the opened block whose sheet the wire lies on: a wire from that block to an inner node starts below its
    header, one from an inner node to that block ends on its lower edge. `route` is the layout's polyline from port to
    port; without one the canvas draws straight where aligned, else its own way.
    """

    id: str
    source: End
    target: End
    axes: tuple[Axis, ...] = ()
    values: int = 0  # per sample: sets the width
    kind: PortKind = "float"
    error: str = ""
    error_label: str = ""  # written at the failing end: "now 64×56×56"
    unknown: bool = False
    route: tuple[Point, ...] | None = None
    inside: str = ""
    label: str = ""  # in full, on hover: "N × 64 × 56 × 56 · float32 · 802,816 B"
    mark: Literal["", "bypassed", "proposal", "added", "removed", "equal"] = ""


@dataclass(frozen=True, slots=True)
class Legend:
    """Of a lens: what is shown, and what the ends of the ramp mean ("MACs, share of the largest", "0", "115.6 M")."""

    title: str
    low: str
    high: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Since:
    """All that differs from the scene of that number, by ids; nothing came, went or changed its turn."""

    scene: int
    plates: frozenset[str]
    wires: frozenset[str]


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """All that is drawn, in drawing order. Mappings are not changed after they are handed over.

    With `since` the canvas need not look for what changed, if it is that scene that it shows.
    """

    plates: Mapping[str, Plate] = field(default_factory=lambda: MappingProxyType({}))
    wires: Mapping[str, Wire] = field(default_factory=lambda: MappingProxyType({}))
    title: str = ""
    legend: Legend | None = None
    since: Since | None = None
    number: int = field(default_factory=count(1).__next__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a drop would do. `sentence`: what will happen, or why it can't; `cost`: "▲ 2.007 M params" or ""."""

    ok: bool
    sentence: str = ""
    cost: str = ""


class Judge(Protocol):
    """Asked while dragging, so it answers from rules it already has, in well under a millisecond."""

    def wire(self, source: End, target: End) -> Verdict:
        """Would a wire from this output to this input do?"""
        ...

    def insert(self, what: str, wire: str) -> Verdict:
        """Would `what` (a plate's id, or a type key from the palette) fit into this wire?"""
        ...


# Advances of Inter 600, in hundredths of an em, from space to tilde: sizes must be the same with no font at hand.
# fmt: off
_ADVANCES = (
    25, 31, 40, 64, 65, 84, 66, 21, 39, 39, 54, 67, 30, 47, 29, 38, 67, 48, 62, 65, 67, 63, 65, 59, 65, 65, 29, 30,
    67, 67, 67, 54, 100, 72, 66, 74, 72, 61, 59, 75, 74, 27, 56, 68, 57, 91, 74, 77, 64, 78, 65, 65, 66, 73, 72,
    101, 69, 70, 65, 39, 38, 39, 48, 47, 50, 57, 63, 58, 63, 59, 38, 63, 61, 26, 26, 57, 26, 90, 61, 61, 62, 62, 40,
    55, 38, 61, 58, 84, 56, 58, 56, 39, 36, 39, 67,
)
# fmt: on


@lru_cache(maxsize=20_000)
def text_width(text: str, px: float = 12.0) -> float:
    """Width of a name in Inter 600 at `px`; characters outside ASCII count as a full em (Chinese is)."""
    return sum(_ADVANCES[ord(c) - 32] if 32 <= ord(c) < 127 else 100 for c in text) * px / 100


@lru_cache(maxsize=20_000)
def mono_width(text: str, px: float = 10.5) -> float:
    """Width of a figure or a shape in JetBrains Mono at `px`: 0.6 em each, full-width characters 1 em."""
    return sum(1.0 if ord(c) >= 0x2E80 else 0.6 for c in text) * px


def plate_size(
    kind: PlateKind,
    name: str,
    detail: str = "",
    *,
    when: str = "",
    activation: bool = False,
) -> tuple[int, int]:
    """(w, h) of a plate at rest. Only a longer name widens it; frames are sized by hand."""
    if kind == "operator":
        return 2 * OPERATOR_R, 2 * OPERATOR_R
    if kind == "note":
        lines = name.splitlines() or [""]
        widest = max(text_width(line) for line in lines)
        return max(PLATE_W, _up(widest + 2 * PAD + 4)), 18 * len(lines) + 22
    if activation:
        return ACTIVATION_W, ACTIVATION_H
    if when == "off" and kind == "block":
        return GHOST, GHOST
    width = min(max(_up(CELL + PAD + text_width(name) + PAD), PLATE_W), PLATE_W_MAX)
    return width, BLOCK_H if kind == "block" else PLATE_H_DETAIL if detail else PLATE_H


def _up(length: float) -> int:
    """Rounded so that the middles of all widths fall on the same grid."""
    return PLATE_W + -int(-(length - PLATE_W) // (2 * GRID)) * 2 * GRID
