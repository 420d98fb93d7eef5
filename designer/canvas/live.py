"""What moves under the cursor: a small snapshot of the movers and their wires, painted over the still picture."""

from __future__ import annotations

import numpy as np

from designer.canvas.routes import Bools
from designer.canvas.scene import Scene
from designer.canvas.snapshot import Snapshot


class Live:
    """The plates `ids` of `snap` and every wire that touches them, moved by (dx, dy) at little cost."""

    def __init__(self, snap: Snapshot, ids: set[str]) -> None:
        self.dx = self.dy = 0.0
        self.moving: Bools = np.zeros(len(snap.rows), np.bool_)
        self.moving[[snap.index[i] for i in ids]] = True
        self.wires: Bools = self.moving[snap.source] | self.moving[snap.target] if snap.wires else np.zeros(0, np.bool_)
        touching = [snap.wires[i] for i in np.flatnonzero(self.wires).tolist()]
        needed = ids | {wire.source[0] for wire in touching} | {wire.target[0] for wire in touching}
        scene = snap.scene
        plates = {i: plate for i, plate in scene.plates.items() if i in needed}
        self.snap = Snapshot(Scene(plates, {wire.id: wire for wire in touching}), snap)
        self.own = np.array([i in ids for i in plates], np.bool_)
        self.still = ~self.own
        self._start = self.snap.rect.copy()
        self._both = self.own[self.snap.source] & self.own[self.snap.target] if touching else np.zeros(0, np.bool_)
        self.shift(0.0, 0.0)

    def shift(self, dx: float, dy: float) -> None:
        """Put the movers (dx, dy) from where they started; routes of wires that are stretched are found anew."""
        self.dx, self.dy = dx, dy
        self.snap.rect[self.own, :2] = self._start[self.own, :2] + (dx, dy)
        routes: list[tuple[tuple[float, float], ...] | None] = []
        for wire, both in zip(self.snap.wires, self._both.tolist(), strict=True):
            if wire.route is None or (dx == 0 and dy == 0):
                routes.append(wire.route)
            elif both:
                routes.append(tuple((x + dx, y + dy) for x, y in wire.route))
            else:
                routes.append(None)
        self.snap.lead(routes)

    def bounds(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) of everything that moves, wires included."""
        own = self.snap.rect[self.own]
        low, high = own[:, :2].min(0), (own[:, :2] + own[:, 2:]).max(0)
        if len(self.snap.paths.box):
            low = np.minimum(low, self.snap.paths.box[:, :2].min(0))
            high = np.maximum(high, self.snap.paths.box[:, 2:].max(0))
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])
