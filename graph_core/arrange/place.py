"""Arrange a whole drawing: its connected parts one by one, then side by side, then where the drawing was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import median_low

from graph_core.arrange.boxes import GRID, GUTTER, HALF, ROOMY, Box, Layout, Point, Ports, Wire
from graph_core.arrange.columns import Component
from graph_core.arrange.free import Room, corner
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
    shelved = [
        {name: (left + x, top + y) for name, (x, y) in zip(part.names, part.positions, strict=True)}
        for part, (left, top) in zip(parts, corners, strict=True)
    ]
    if not any(name in present for name in boxes):
        found = {name: at for part in shelved for name, at in part.items()}
        return {name: found[name] for name in boxes}
    return _laid_over(shelved, [part.columns() for part in parts], boxes, present)


def _laid_over(
    parts: Sequence[Mapping[str, Point]],
    columns: Sequence[Sequence[Sequence[str]]],
    boxes: Mapping[str, Box],
    present: Mapping[str, Point],
) -> dict[str, Point]:
    """Each part over where most of it is now, where that is free; else beside all others, in the order given."""
    whole = _shift({name: at for part in parts for name, at in part.items()}, present)
    room = Room(boxes)
    left: list[int] = []
    for k in sorted(range(len(parts)), key=lambda k: -sum(name in present for name in parts[k])):
        part = parts[k]
        dx, dy = _shift(part, present) or whole or (0.0, 0.0)
        moved = {name: (x + dx, y + dy) for name, (x, y) in part.items()}
        for column in columns[k]:
            moved.update(_as_it_was(column, moved, present))
        if room.is_free(moved):
            room.take(moved)
        else:
            left.append(k)
    for k in sorted(left):
        (x0, y0), (x1, top) = corner(parts[k]), room.upper_right()
        dx, dy = _snap(x1 + GUTTER + ROOMY - x0), _snap(top - y0)
        room.take({name: (x + dx, y + dy) for name, (x, y) in parts[k].items()})
    return {name: room.taken[name] for name in boxes}


def _as_it_was(column: Sequence[str], moved: Mapping[str, Point], present: Mapping[str, Point]) -> dict[str, Point]:
    """A column at the height that it has now, where all that is known of it would go up or down alike."""
    rises = {
        (present[name][0] - moved[name][0], present[name][1] - moved[name][1]) for name in column if name in present
    }
    if len(rises) != 1:
        return {}
    ((dx, dy),) = rises
    return {} if dx else {name: (moved[name][0], moved[name][1] + dy) for name in column}


def _shift(found: Mapping[str, Point], present: Mapping[str, Point]) -> Point | None:
    """By how much most of what was found would move; None where nothing of it is known."""
    known = [name for name in found if name in present]
    if not known:
        return None
    dx = _snap(median_low(present[n][0] - found[n][0] for n in known))
    return dx, _snap(median_low(present[n][1] - found[n][1] for n in known))


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
