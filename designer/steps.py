"""How to get from a network to the graph that is looked at: one step per block on the way down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One block on the way down: the node in the graph above it, and which of its iterations is looked at."""

    node: str
    iteration: int = 0


def steps_along(path: str, iterations: Mapping[str, int]) -> tuple[Step, ...]:
    """The steps to a block by ids joined by ``/``; `iterations` has which is looked at, by the same paths."""
    found, here = [], ""
    for id in path.split("/") if path else ():
        here = f"{here}/{id}" if here else id
        found.append(Step(id, iterations.get(here, 0)))
    return tuple(found)
