"""Room on the sheet: whether plates would lie over others that stand already."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from graph_core.arrange.boxes import GAP, Box, Point

CELL = 256.0


def corner(part: Mapping[str, Point]) -> Point:
    """The upper left corner of what a part takes."""
    return min(x for x, _ in part.values()), min(y for _, y in part.values())


class Room:
    """Where plates stand: `taken`. Looked up by cells, so that many small parts cost no more than one large one."""

    def __init__(self, boxes: Mapping[str, Box]) -> None:
        self.taken: dict[str, Point] = {}
        self._boxes = boxes
        self._cells: dict[tuple[int, int], list[str]] = {}
        self._right = self._top = 0.0

    def is_free(self, part: Mapping[str, Point]) -> bool:
        """Whether each plate of a part keeps its distance from all that stand already."""
        return not any(
            self._meet(name, at, other)
            for name, at in part.items()
            for cell in self._covered(name, at)
            for other in self._cells.get(cell, ())
        )

    def take(self, part: Mapping[str, Point]) -> None:
        """Let a part stand there."""
        first = not self.taken
        for name, at in part.items():
            self.taken[name] = at
            for cell in self._covered(name, at):
                self._cells.setdefault(cell, []).append(name)
            right = at[0] + self._boxes[name].w
            self._right = right if first else max(self._right, right)
            self._top = at[1] if first else min(self._top, at[1])
            first = False

    def upper_right(self) -> Point:
        """The upper right corner of what is taken."""
        return self._right, self._top

    def _covered(self, name: str, at: Point) -> product[tuple[int, int]]:
        (x, y), box = at, self._boxes[name]
        across = range(int((x - GAP) // CELL), int((x + box.w + GAP) // CELL) + 1)
        down = range(int((y - GAP) // CELL), int((y + box.h + GAP) // CELL) + 1)
        return product(across, down)

    def _meet(self, name: str, at: Point, other: str) -> bool:
        (x, y), box = at, self._boxes[name]
        (u, v), that = self.taken[other], self._boxes[other]
        return x < u + that.w + GAP and u < x + box.w + GAP and y < v + that.h + GAP and v < y + box.h + GAP
