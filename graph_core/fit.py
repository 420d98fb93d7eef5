"""Will it fit: what a network needs at other sizes, and the largest sizes that a device's memory holds.

Nothing here edits the drawing: other sizes are analysed beside it, over the same graphs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from graph_core.context import Context
from graph_core.graph import Project
from graph_core.memory import Parts, parts_of
from graph_core.propagate import Engine, engine_of

MOST: Final = 2**31 - 1  # the largest example size; see edits.set_symbol
_UNITS: Final = 4096  # the largest step between sizes that is tried


@dataclass(frozen=True, slots=True)
class Device:
    """A device with memory of its own: what its maker says it has, in bytes."""

    name: str
    bytes: int


@lru_cache(maxsize=1)
def devices() -> tuple[Device, ...]:
    """Common devices, the smallest memory first."""
    rows = json.loads((files("assets") / "devices" / "index.json").read_text(encoding="utf-8"))
    return tuple(Device(row["name"], row["gib"] * 2**30 if "gib" in row else row["gb"] * 10**9) for row in rows)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a network: training or inference, at which precision."""

    network: str = "main"
    training: bool = True
    precision: str = "fp32"


def resized(project: Project, sizes: Mapping[str, int]) -> Engine:
    """An analysis of the same graphs at other example sizes. It is for reading, until the next edit."""
    shadow = Project()
    shadow.graphs, shadow.network_keys, shadow.setups = project.graphs, project.network_keys, project.setups
    shadow.symbols = {**project.symbols, **sizes}
    engine, known = Engine(shadow), engine_of(project)
    engine.memory, engine.layers = known.memory, known.layers
    return engine


def needs(project: Project, question: Question, sizes: Mapping[str, int]) -> Parts | None:
    """What the network needs at other sizes; None where the drawing has an error there."""
    engine = resized(project, sizes)
    if engine.root(question.network).totals.errors:
        return None
    return parts_of(engine, question.network, training=question.training, precision=question.precision)


@dataclass(frozen=True, slots=True)
class Most:
    """The largest size that fits: 0 for none, None where every size does.

    ``sound`` is False where it is not memory that ends it, but the drawing, which has an error one further.
    """

    size: int | None
    sound: bool = True


def largest(
    project: Project, question: Question, sizes: Mapping[str, int], symbol: str, limit: int
) -> Generator[None, None, Most]:
    """The largest value of ``symbol`` for which the network fits into ``limit`` bytes, the other sizes as given.

    A generator that rests twice in each analysis, so that a window can stay responsive; its value is the answer.
    Memory grows with every size and nearly in proportion to it: a line through two sizes foretells the third.
    """

    def total(size: int) -> Generator[None, None, int | None]:
        engine = resized(project, {**sizes, symbol: size})
        errors = engine.root(question.network).totals.errors
        yield
        if errors:
            return None
        parts = parts_of(engine, question.network, training=question.training, precision=question.precision)
        yield
        return parts.total

    start = sizes.get(symbol, project.symbols.get(symbol, 1))

    def parts() -> set[int]:
        return _divisors(_axes(resized(project, {**sizes, symbol: start}).root(question.network)), start)

    return (yield from _largest(total, limit, start, parts))


def _largest(
    total: Callable[[int], Generator[None, None, int | None]],
    limit: int,
    start: int,
    parts: Callable[[], set[int]] = set,
) -> Generator[None, None, Most]:
    """``parts`` are the sizes that are tried where not every size is one that the drawing takes."""
    most = yield from _search(total, limit, start, MOST)
    if most.size is None or most.sound:
        return most
    # An error ended it, maybe as a width has to be a multiple (of the heads): of what, the next sound sizes tell.
    for unit in (unit for unit in range(2, min(start, _UNITS) + 1) if start % unit == 0):
        for step in range(1, 4):
            if (yield from total(start + step * unit)) is None:
                break
        else:
            found = yield from _search(total, limit, start, MOST, unit)
            most = found if found.size is None or found.size >= (most.size or 0) else most
            break
    # Or as it has to divide something (heads a width).
    if most.size is not None and not most.sound:
        filled = False  # memory ends it after all
        for size in sorted((part for part in parts() if part > most.size), reverse=True):
            bytes = yield from total(size)
            if bytes is not None and bytes <= limit:
                return Most(size, filled)
            filled = filled or bytes is not None
        return Most(most.size, filled)
    return most


def _axes(context: Context) -> set[int]:
    """The sizes of all axes in a network."""
    todo, seen, found = [context], {id(context)}, set[int]()
    while todo:
        for result in todo.pop().results.values():
            found.update(int(size) for spec in result.specs if spec for size in spec.shape if isinstance(size, int))
            inner = [call.context for call in result.calls if id(call.context) not in seen]
            seen.update(map(id, inner))
            todo += inner
    return found


def _divisors(sizes: set[int], of: int) -> set[int]:
    """What divides those of ``sizes`` that ``of`` divides."""
    found: set[int] = set()
    for size in sizes:
        if size % of == 0:
            below = [part for part in range(1, math.isqrt(size) + 1) if size % part == 0]
            found.update(below, (size // part for part in below))
    return found


def _search(
    total: Callable[[int], Generator[None, None, int | None]], limit: int, start: int, end: int, unit: int = 1
) -> Generator[None, None, Most]:
    """The largest size among the multiples of ``unit``, which ``start`` is; inside, sizes are counted in units."""
    known: dict[int, int | None] = {}
    start, end = start // unit, end // unit
    low, high = 0, end + 1  # the largest that is known to fit, and the smallest that is known not to
    guess = start
    while low + 1 < high:
        found = known[guess] = yield from total(unit * guess)
        if found is not None and found <= limit:
            low = guess
        else:
            high = guess
        guess = _guess(known, limit, low, high, end)
    if low == end:
        return Most(None)
    return Most(unit * low, known.get(low + 1) is not None)


def _guess(known: Mapping[int, int | None], limit: int, low: int, high: int, end: int) -> int:
    """Where to look next, strictly between: on the line through the two known sizes nearest to the end."""
    measured = sorted((size, bytes) for size, bytes in known.items() if bytes is not None)
    if len(measured) < 2:
        ahead = 2 * low if high > end else (low + high) // 2
        return min(max(ahead, low + 1), high - 1)
    below = [point for point in measured if point[0] <= low][-2:]
    above = [point for point in measured if point[0] >= high][:1]
    (a, at_a), (b, at_b) = ([*below, *above] if len(below) < 2 else below)[-2:] if below else measured[:2]
    if at_b <= at_a:
        return min(max(16 * low, low + 1), high - 1) if high > end else (low + high) // 2
    foretold = a + (limit - at_a) * (b - a) // (at_b - at_a)
    if high <= end and len(known) > 12:  # no line after all: halve
        return (low + high) // 2
    return min(max(foretold, low + 1), high - 1)
