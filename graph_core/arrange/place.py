"""Arrange a whole drawing: its connected parts one by one, then side by side, then where the drawing was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import median_low

from graph_core.arrange.boxes import GRID, GUTTER, HALF, ROOMY, Box, Layout, Point, Ports, Wire
from graph_core.arrange.columns import Component
from graph_core.arrange.router import route


def arrange(
    boxes: Mapping[str, Box],
    wires: Sequence[Wire],
    *,
    height: float | None = None,
    near: Mapping[str, Point] | None = None,
) -> Layout:
    """Positions for every box and routes for every wire; ValueError for a wire whose end has no box.

    ``height`` is the room for a column: longer chains fold into several, where few wires cross. ``near`` are present
    positions: the result is laid over them so that what did not change stays where it is, folds included.
    Positions put ports on the half grid (4); the same arguments always give the same layout.
    """
    positions = place(boxes, wires, height=height, near=near)
    return route(positions, boxes, wires)


def place(
    boxes: Mapping[str, Box],
    wires: Sequence[Wire],
    *,
    height: float | None = None,
    near: Mapping[str, Point] | None = None,
) -> dict[str, Point]:
    """The positions alone: see ``arrange``."""
    if not boxes:
        return {}
    ports = Ports(boxes, wires)
    present = near or {}
    parts = [Component(names, boxes, inside, ports, height, present) for names, inside in _components(boxes, wires)]
    corners = _shelve([(p.width, p.height) for p in parts], height)
    found: dict[str, Point] = {}
    for part, (left, top) in zip(parts, corners, strict=True):
        for name, (x, y) in zip(part.names, part.positions, strict=True):
            found[name] = (left + x, top + y)
    known = [name for name in found if name in present]
    if known:
        dx = _snap(median_low(present[n][0] - found[n][0] for n in known))
        dy = _snap(median_low(present[n][1] - found[n][1] for n in known))
        return {n: (found[n][0] + dx, found[n][1] + dy) for n in boxes}
    return {n: found[n] for n in boxes}


def _snap(value: float) -> float:
    return round(value / HALF) * HALF


def _components(boxes: Mapping[str, Box], wires: Sequence[Wire]) -> list[tuple[list[str], list[Wire]]]:
    """Connected parts in the order of their first box, boxes and wires in the order given."""
    root = {name: name for name in boxes}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    for source, _, target, _ in wires:
        a, b = find(source), find(target)
        if a != b:
            root[b] = a
    parts: dict[str, tuple[list[str], list[Wire]]] = {}
    for name in boxes:
        parts.setdefault(find(name), ([], []))[0].append(name)
    for wire in wires:
        parts[find(wire[0])][1].append(wire)
    return list(parts.values())


def _shelve(sizes: Sequence[tuple[float, float]], height: float | None) -> list[Point]:
    """Corners for the parts: stacked while they fit ``height`` (or a square), then on to the right."""
    space = GUTTER + ROOMY
    limit = height or 0.0
    if height is None:
        limit = max(max(h for _, h in sizes), sqrt(sum((w + space) * (h + space) for w, h in sizes)))
    corners: list[Point] = []
    x = y = wide = 0.0
    for w, h in sizes:
        if y and y + h > limit:
            x, y, wide = x + wide + space, 0.0, 0.0
        x = -(-x // GRID) * GRID
        corners.append((x, y))
        y = -(-(y + h + ROOMY) // GRID) * GRID
        wide = max(wide, w)
    return corners
