"""From a graph to rows and chains: which plates share a vertical line, and how far down each stands.

A longest path becomes the *spine*; what is left falls into further *chains*, longest first, each hanging between
earlier ones. Every node gets a row below all it depends on. Cycles (a drawing may have one for a moment) are cut at
the wires that close them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Ranked:
    """Nodes are numbered 0…n−1 in the order given; ``succ`` and ``pred`` hold neighbours without repeats or cycles."""

    succ: list[list[int]]
    pred: list[list[int]]
    order: list[int]
    chains: list[list[int]]
    chain: list[int]
    row: list[int]


def neighbours(count: int, links: Sequence[tuple[int, int]]) -> tuple[list[list[int]], list[list[int]]]:
    """The followers and the predecessors of each of ``count`` nodes; links to itself and doubles are left out."""
    succ: list[list[int]] = [[] for _ in range(count)]
    pred: list[list[int]] = [[] for _ in range(count)]
    for u, v in dict.fromkeys(links):
        if u != v:
            succ[u].append(v)
            pred[v].append(u)
    return succ, pred


def topological(succ: list[list[int]], pred: list[list[int]]) -> list[int]:
    """Every node once, sources first; where a cycle blocks the way, the first node reached from above goes on."""
    count = len(succ)
    waiting = [len(p) for p in pred]
    ready = deque(i for i in range(count) if not waiting[i])
    done = [False] * count
    reached: deque[int] = deque()
    order: list[int] = []
    untouched = 0
    while len(order) < count:
        if not ready:
            while reached and done[reached[0]]:
                reached.popleft()
            if reached:
                ready.append(reached.popleft())
            else:
                while done[untouched]:
                    untouched += 1
                ready.append(untouched)
        u = ready.popleft()
        if done[u]:
            continue
        done[u] = True
        order.append(u)
        for v in succ[u]:
            waiting[v] -= 1
            if not waiting[v]:
                ready.append(v)
            elif not done[v]:
                reached.append(v)
    return order


def rank(count: int, links: Sequence[tuple[int, int]], line: Sequence[float | None] | None = None) -> Ranked:
    """Chains and rows of a graph with ``count`` nodes. Linear but for one sort of the nodes off the spine.

    ``line`` is the x on which a node stands now, where that is known: chains go on where they run straight already.
    """
    succ, pred = neighbours(count, links)
    order = topological(succ, pred)
    place = [0] * count
    for i, v in enumerate(order):
        place[v] = i
    for u in range(count):
        if any(place[v] <= place[u] for v in succ[u]):
            back = [v for v in succ[u] if place[v] <= place[u]]
            succ[u] = [v for v in succ[u] if place[v] > place[u]]
            for v in back:
                pred[v].remove(u)
    chains, chain = _chains(succ, pred, order, _known_lines(succ, pred, line) if line else [])
    row = [0] * count
    for v in order:
        if pred[v]:
            row[v] = 1 + max([row[u] for u in pred[v]])
    _settle(succ, pred, chains, chain, row)
    return Ranked(succ, pred, order, chains, chain, row)


def _known_lines(succ: list[list[int]], pred: list[list[int]], line: Sequence[float | None]) -> list[float | None]:
    """The lines of nodes; one that is new stands on that of what it leads to, else of what leads to it."""
    return [
        x if x is not None else next((line[n] for n in (*succ[v][:1], *pred[v][:1]) if line[n] is not None), None)
        for v, x in enumerate(line)
    ]


def _chains(
    succ: list[list[int]], pred: list[list[int]], order: list[int], line: list[float | None]
) -> tuple[list[list[int]], list[int]]:
    count = len(order)
    chain = [-1] * count
    chains: list[list[int]] = []
    todo = order
    while todo:
        below = [0] * count
        above = [0] * count
        for v in reversed(todo):
            below[v] = 1 + max([below[s] for s in succ[v] if chain[s] < 0], default=0)
        for v in todo:
            above[v] = 1 + max([above[p] for p in pred[v] if chain[p] < 0], default=0)
        if not chains:
            starts = [max(todo, key=lambda v: below[v])]
        else:
            starts = sorted(todo, key=lambda v: -(above[v] + below[v]))
        for start in starts:
            if chain[start] >= 0:
                continue
            number = len(chains)
            chain[start] = number
            down = _walk(start, succ, below, chain, number, line)
            up = _walk(start, pred, above, chain, number, line)
            chains.append([*reversed(up), start, *down])
        todo = [v for v in todo if chain[v] < 0]
    return chains, chain


def _walk(
    start: int, near: list[list[int]], length: list[int], chain: list[int], number: int, line: list[float | None]
) -> list[int]:
    """Follow the straightest way, else the longest, over nodes that no chain has taken, taking them."""
    path: list[int] = []
    v = start
    while free := [s for s in near[v] if chain[s] < 0]:
        here = line[v] if line else None
        straight = (
            [s for s in free if abs((line[s] or 0.0) - here) <= 1 and line[s] is not None] if here is not None else []
        )
        v = _best(straight or free, length)
        chain[v] = number
        path.append(v)
    return path


def _in_line(a: float | None, b: float | None) -> bool:
    return a is not None and b is not None and abs(a - b) <= 1


def _best(free: list[int], length: list[int]) -> int:
    """The way to the longest rest; of three equal ones the middle, so that branches stand on both sides."""
    if len(free) == 1:
        return free[0]
    longest = max(length[s] for s in free)
    equal = [s for s in free if length[s] == longest]
    return equal[(len(equal) - 1) // 2]


def _settle(
    succ: list[list[int]], pred: list[list[int]], chains: list[list[int]], chain: list[int], row: list[int]
) -> None:
    """Use the slack of side chains: spread them between their ends; let sources stand right above their use."""
    for sources in (False, True):
        for number, nodes in enumerate(chains):
            if number == 0 or (not pred[nodes[0]]) is not sources:
                continue
            high: list[int | None] = []
            limit: int | None = None
            for v in reversed(nodes):
                ends = [row[s] for s in succ[v] if chain[s] != number]
                if limit is not None:
                    ends.append(limit)
                limit = min(ends) - 1 if ends else None
                high.append(limit)
            high.reverse()
            _spread(nodes, high, pred, chain, number, row, sources)


def _spread(
    nodes: list[int],
    high: list[int | None],
    pred: list[list[int]],
    chain: list[int],
    number: int,
    row: list[int],
    sources: bool,
) -> None:
    top = row[nodes[0]]
    last = high[-1]
    before = -1
    for i, v in enumerate(nodes):
        low = max([before, *(row[p] for p in pred[v] if chain[p] != number)]) + 1
        limit = high[i]
        if limit is None:
            wanted = low
        elif sources:
            wanted = limit
        elif last is None:
            wanted = low
        else:
            wanted = top + int((last - top + 1) * (i + 0.5) / len(nodes))
        row[v] = max(low, wanted) if limit is None else min(max(low, wanted), limit)
        before = row[v]
