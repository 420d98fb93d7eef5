"""What an arrangement takes and gives: boxes with ports, wires, and a layout of positions and routes.

Lengths are scene units (logical pixels at 100 %). y grows downward, and data flow down: outputs leave at the bottom
edge of a box, inputs enter at its top edge, or at the side of an operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

GRID = 8.0
HALF = 4.0
GAP = 32.0  # between plates where room is scarce: a shape label sits in it
ROOMY = 48.0  # between plates where everything fits
LANE = 27.0  # from the widest plate to the first lane
NEST = 14.0  # from lane to lane
GUTTER = 36.0  # between the columns of a folded chain
JUNCTION = 16.0  # a branch leaves this far above the next plate
TRACK = 8.0  # from one horizontal run to the next in a gap

Side: TypeAlias = Literal["top", "left", "right"]
Point: TypeAlias = tuple[float, float]
Route: TypeAlias = tuple[Point, ...]
Wire: TypeAlias = tuple[str, str, str, str]
"""Source id, source port, target id, target port."""


@dataclass(frozen=True, slots=True)
class Box:
    """What a node takes up on the sheet.

    ``round`` marks an operator, a circle on the wire: its main input enters at the top, the others at its sides.
    ``inputs`` and ``outputs`` name the ports in the order of the declaration; ports that only the wires name follow.
    ``anchor`` is the x of a single port (for an opened block: where its chain stands), the centre by default.
    """

    w: float
    h: float
    round: bool = False
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    anchor: float | None = None

    @property
    def spine(self) -> float:
        """x of the chain through this box, from its left edge."""
        return self.w / 2 if self.anchor is None else self.anchor


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands. Keys of ``routes`` and ``sides`` are ``"target.port"``.

    ``positions`` are top-left corners. ``routes`` run from the source's port to the target's in right angles; painters
    round the corners. ``junctions`` are the points where wires of one output part.
    """

    positions: Mapping[str, Point]
    routes: dict[str, Route] = field(default_factory=dict)
    sides: dict[str, Side] = field(default_factory=dict)
    junctions: list[Point] = field(default_factory=list)


def port_offsets(box: Box, count: int) -> list[float]:
    """x of ``count`` ports on one edge, from the left edge of the box, at equal spacing on the half grid."""
    if count == 1:
        return [box.spine]
    step = max(GRID, box.w / (count + 1) // GRID * GRID)
    if step * (count - 1) > box.w - 16:
        step = max(box.w - 16, 1.0) / (count - 1)
    start = box.w / 2 - step * (count - 1) / 2
    return [start + step * i for i in range(count)]


class Ports:
    """Where the ports of every box lie, from the declared order and what the wires name."""

    def __init__(self, boxes: Mapping[str, Box], wires: Iterable[Wire]) -> None:
        ins: dict[str, dict[str, None]] = {}
        outs: dict[str, dict[str, None]] = {}
        for source, out, target, port in wires:
            if source not in boxes or target not in boxes:
                lost = source if source not in boxes else target
                raise ValueError(
                    f"wire {source}.{out} to {target}.{port}: there is no box {lost!r}; add it or drop the wire"
                )
            if source not in outs:
                outs[source] = dict.fromkeys(boxes[source].outputs)
            outs[source][out] = None
            if target not in ins:
                ins[target] = dict.fromkeys(boxes[target].inputs)
            ins[target][port] = None
        self.ins = {node: list(names) for node, names in ins.items()}
        self.outs = {node: list(names) for node, names in outs.items()}
        self._boxes = boxes
        self._cache: dict[tuple[str, bool], dict[str, float]] = {}

    def input(self, node: str, port: str) -> float:
        """x of an input on the top edge, from the left edge of its box."""
        names = self.ins[node]
        if len(names) == 1 or self._boxes[node].round:
            return self._boxes[node].spine
        return self._offsets(node, True, names)[port]

    def output(self, node: str, port: str) -> float:
        """x of an output on the bottom edge, from the left edge of its box."""
        names = self.outs[node]
        if len(names) == 1 or self._boxes[node].round:
            return self._boxes[node].spine
        return self._offsets(node, False, names)[port]

    def _offsets(self, node: str, inputs: bool, names: list[str]) -> dict[str, float]:
        found = self._cache.get((node, inputs))
        if found is None:
            found = dict(zip(names, port_offsets(self._boxes[node], len(names)), strict=True))
            self._cache[node, inputs] = found
        return found
