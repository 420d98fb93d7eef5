"""The memory of activations as formulas: what autograd keeps for backward, and the peaks of inference and training.

The walk of graph_core.once along the schedule, on digits in the place of sizes: see graph_core.digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graph_core import symbolic
from graph_core.bounds import beyond, least_sizes, never_negative
from graph_core.conditions import AT_LEAST, Condition, simplified
from graph_core.context import Context
from graph_core.digits import Marks, TooManyError
from graph_core.dims import Dim, unwrap
from graph_core.once import Once, Pieces
from graph_core.pieces import Known, Piece
from graph_core.propagate import Engine


@dataclass(frozen=True, slots=True)
class Activations:
    """float32 bytes: what is ``kept`` after a forward pass, and the sums of which the peak is the largest.

    The peak has the network's inputs in it.
    """

    kept: Dim
    peak: tuple[Dim, ...]


def activations(
    engine: Engine, root: Context, examples: Mapping[str, int], least: Mapping[str, int], *, training: bool
) -> Activations | None:
    """What a network over its symbols needs; these have example sizes, and are nowhere smaller than ``least`` says.

    None where there is too much to be told apart. Inside ``deciding``, what it holds for is noted.
    """
    marks = Marks.over(examples, least, training=training)
    try:
        piece = _Walks(engine, marks).piece(root)
        inputs = [root.results[id] for id in root.graph.ports_of_role["input"] if id in root.results]
        outside = sum(marks.bytes_of(result.specs[0]) for result in inputs)
        return Activations(marks.formula(piece.keeps), marks.moments(outside + piece.high))
    except TooManyError:
        return None


def first_if(sums: Sequence[Dim], conditions: Iterable[Condition], here: Mapping[str, int]) -> tuple[Condition, ...]:
    """Conditions under which the first of several sums is the largest, as it is ``here``, beside those given.

    From which size on that is so, where it can be proven; else that it is at least each of the others.
    """
    known = list(conditions)
    least = least_sizes(known)
    found: list[Condition] = []
    for other in sums[1:]:
        one = _at_least(sums[0], other, least)
        sizes = beyond(one.a - one.b, least_sizes([*known, *found]), here) if one.bound is None else None
        if sizes is None:
            found.append(one)
        else:
            found += [Condition(AT_LEAST, symbolic.symbol(name), symbolic.sympify(n)) for name, n in sizes.items()]
    told = [one for one in simplified([*known, *found]) if one not in known]
    least = least_sizes([*known, *told])
    return tuple(one for one in told if one.bound is not None or not never_negative(one.a - one.b, least))


def _at_least(a: Dim, b: Dim, least: Mapping[str, int]) -> Condition:
    """That ``a`` is at least ``b``, without the factors that are in all terms of both."""
    rest = symbolic.without_common_factors(unwrap(a) - unwrap(b), lambda factor: never_negative(factor - 1, least))
    return Condition(AT_LEAST, *symbolic.sides(rest))


class _Walks:
    """The pieces of contexts in one mode, each walked through once."""

    def __init__(self, engine: Engine, marks: Marks) -> None:
        self._engine, self._marks, self._known = engine, marks, Known(marks)
        self._found: dict[int, Piece] = {}

    def piece(self, context: Context) -> Piece:
        found = self._found.get(id(context))
        if found is None:
            walk = Once(Pieces(context, self._marks, self.piece, self._known))
            walk.update(self._engine.schedule_of(context.graph))
            # Which moment is the largest is told by the symbols, not by the digits.
            found = self._found[id(context)] = walk.piece._replace(high=self._marks.most(walk.held()))
        return found
