"""How a drawing stands now, so that arranging it anew moves little of it: how it folds, how far apart its rows are, and
on which side of its chain each branch hangs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median_low
from typing import Literal

from graph_core.arrange.boxes import Box, Point
from graph_core.arrange.rows import Ranked

Form = Literal["unknown", "roomy", "tight", "folded"]
ORDERLY = 0.2  # share of the wires that run straight down in what somebody has arranged
SLACK = 1.15  # a column may be so much higher, or lower, than where it would fold, or unfold, were it drawn anew


class Present:
    """What the present places of boxes say about chains; ``near`` may be empty, and know some boxes only.

    Where few of the ``ends`` of wires stand over one another, nobody has arranged them: then they say nothing.
    """

    def __init__(
        self, names: Sequence[str], box: Sequence[Box], near: Mapping[str, Point], ends: Sequence[tuple[int, int]]
    ) -> None:
        known = [near.get(name) for name in names]
        lines = [at[0] + b.spine if at is not None else None for at, b in zip(known, box, strict=True)]
        pairs = [(lines[u], lines[v]) for u, v in ends]
        both = [abs(a - b) <= 1 for a, b in pairs if a is not None and b is not None]
        self.known = bool(near) and (not both or sum(both) >= ORDERLY * len(both))
        if not self.known:
            known = [None] * len(names)
        self.line = lines if self.known else [None] * len(names)
        self._top = [at[1] if at is not None else None for at in known]
        self._box = box
        self._beside: dict[int, tuple[list[int], list[float]]] = {}  # rows and lines of a chain's known boxes

    def borders(self, ranked: Ranked) -> set[int]:
        """Rows after which the drawing is folded now: the spine goes up there instead of down."""
        found: set[int] = set()
        for u, v in pairwise(ranked.chains[0]):
            a, b = self._top[u], self._top[v]
            if a is not None and b is not None and b < a:
                found.add(ranked.row[u])
        return found

    def form(self, ranked: Ranked, tight: Sequence[float], roomy: Sequence[float]) -> Form:
        """Whether the spine is folded, or how far apart its rows are: as the one gaps or the other."""
        spine = ranked.chains[0]
        votes, pairs = 0, 0
        for u, v in pairwise(spine):
            a, b, r = self._top[u], self._top[v], ranked.row[u]
            if a is None or b is None or ranked.row[v] != r + 1 or self._box[u].round or self._box[v].round:
                continue
            pairs += 1
            gap = b - a - self._box[u].h
            votes += 1 if abs(gap - roomy[r]) < abs(gap - tight[r]) else -1
        if self.borders(ranked):
            return "folded"
        if 2 * sum(self._top[v] is not None for v in spine) <= len(spine) or not pairs:
            return "unknown"
        return "roomy" if votes > 0 else "tight"

    def offset(self, ranked: Ranked, chain: int, owner: int) -> float | None:
        """How far right of its owner a chain stands; None where that is not known."""
        if owner not in self._beside:
            known = [w for w in ranked.chains[owner] if self.line[w] is not None]
            self._beside[owner] = [ranked.row[w] for w in known], [self.line[w] or 0.0 for w in known]
        rows, lines = self._beside[owner]
        found = []
        for v in ranked.chains[chain] if rows else ():
            x = self.line[v]
            if x is not None:  # beside what of the owner stands in its row, or next above it
                found.append(x - lines[max(0, bisect_right(rows, ranked.row[v]) - 1)])
        return median_low(found) if found else None
