"""How much is held along a schedule, and the most of it at once, without adding everything up after each edit.

Each node is booked by how much more is held after it than before (net), and by how much while it runs (high). The
schedule is cut into runs of some dozens of nodes that remember their sum and their peak; an edit has only its own runs
added up again.
"""

from __future__ import annotations

from itertools import accumulate
from operator import add
from typing import Final

from graph_core.order import Schedule

RUN: Final = 64


class Run:
    """Consecutive nodes of a schedule: what is held more after all of them, and the most above what was before."""

    __slots__ = ("ids", "peak", "total")

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids
        self.total = self.peak = 0


class Bookings:
    """Bytes booked to the nodes of one schedule."""

    def __init__(self) -> None:
        self.net: dict[str, int] = {}
        self.high: dict[str, int] = {}
        self.home: dict[str, Run] = {}  # the run of each node
        self.stale: set[Run] = set()
        self._runs: list[Run] = []
        self._plan: Schedule | None = None

    def arrange(self, plan: Schedule) -> None:
        """Follow a schedule; one that was mended from the last one costs nothing."""
        before, self._plan = self._plan, plan
        if plan is before:
            return
        mend = plan.mend
        if before is None or mend is None or mend.before is not before.token:
            self._cut(plan)
        elif mend.added:
            source = plan.order[plan.position[mend.id] - 1]
            run = self.home[source]
            run.ids.insert(run.ids.index(source) + 1, mend.id)
            self.home[mend.id] = run
            self.stale.add(run)
            if len(run.ids) > 2 * RUN:
                self._cut(plan)
        else:
            run = self.home.pop(mend.id)
            run.ids.remove(mend.id)
            self.stale.add(run)

    def _cut(self, plan: Schedule) -> None:
        order = plan.order
        self._runs = [Run(list(order[start : start + RUN])) for start in range(0, len(order), RUN)]
        self.home = {id: run for run in self._runs for id in run.ids}
        self.stale = set(self._runs)

    def shift(self, id: str, net: int, high: int) -> None:
        """Book more to a node."""
        self.net[id] += net
        self.high[id] += high
        if id in self.home:
            self.stale.add(self.home[id])

    def put(self, id: str, net: int, high: int) -> None:
        """Book a node's first bytes."""
        self.net[id], self.high[id] = net, high
        if id in self.home:
            self.stale.add(self.home[id])

    def drop(self, id: str) -> None:
        """Forget a node that is not in the schedule any more."""
        self.net.pop(id, None)
        self.high.pop(id, None)

    def most(self) -> tuple[int, int]:
        """The most that is held at once, and what is held at the end."""
        net, high = self.net.__getitem__, self.high.__getitem__
        for run in self.stale:
            held = list(accumulate(map(net, run.ids), initial=0))
            run.total = held[-1]
            run.peak = max(map(add, held, map(high, run.ids)), default=0)
        self.stale.clear()
        now = peak = 0
        for run in self._runs:
            peak = max(peak, now + run.peak)
            now += run.total
        return peak, now

    def peak_node(self) -> str:
        """The id of the node that runs when most is held; empty where nothing ever is."""
        order = self._plan.order if self._plan else ()
        held = accumulate(map(self.net.__getitem__, order), initial=0)
        sums = list(map(add, held, map(self.high.__getitem__, order)))
        most = max(sums, default=0)
        return order[sums.index(most)] if most else ""
