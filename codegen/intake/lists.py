"""Lists of layers of one class that lack some of each other's: one list in which the layers have conditions.

What a list lacks leaves no place, so that its layers are numbered by those that are there. Layers are matched where
they are alike: of all ways to put two lists together the one in which the least is other or lacking is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from codegen.intake.steps import Body, Step
from codegen.intake.unions import MOST_STEPS, Joined, Place, Union, kind_of, numbers_of, owns
from graph_core.layer import layer_types

# What it costs to lack a layer with weights or one without, to have another size, and to be other in another way.
LACKING, LACKING_PLAIN, RESIZED, OTHER = 1.5, 0.75, 0.25, 1.0

Way = tuple[tuple[Joined | None, Joined | None], ...]


def join_lists(unions: Sequence[Union]) -> list[Union]:
    """The unions, those put together that can be one list; a joined one is ``closed``."""
    if not all(_is_list(body) for union in unions for body in union.bodies):
        return list(unions)
    found: list[Union] = []
    for union in sorted(unions, key=lambda union: -len(union.steps)):
        for place, other in enumerate(found):
            both = _joined(other, union)
            if both is not None:
                found[place] = both
                break
        else:
            found.append(union)
    return found


def _is_list(body: Body) -> bool:
    """Whether a body is the chain of its steps, each named by its place."""
    chained = isinstance(body.module, nn.Sequential) and len(body.inputs) == len(body.outputs) == 1
    if not chained or [step.name for step in body.steps] != [str(place) for place in range(len(body.steps))]:
        return False
    here: Step | None = None
    for step in body.steps:
        if step.use is not None or [ref.step for ref in step.inputs.values()] != [here]:
            return False
        here = step
    return body.outputs[0][1].step is here


def _joined(one: Union, other: Union) -> Union | None:
    """Two lists as one; None where they have too little in common."""
    if max(len(one.steps), len(other.steps)) > MOST_STEPS or one.inputs != other.inputs:
        return None
    way = _cheapest(one.steps, other.steps)
    heavy = [None not in pair for pair in way if any(joined is not None and owns(joined.step) for joined in pair)]
    if not any(heavy) or 2 * sum(heavy) < len(heavy):
        return None
    made: list[Joined] = []
    for a, b in way:
        steps = [*_steps(a, one), *_steps(b, other)]
        shown = a or b
        assert shown is not None
        [port] = shown.inputs
        made.append(Joined(steps, {port: _out(made[-1]) if made else (None, "0")}))
        for step in steps:
            if step is not None:
                step.name = str(len(made) - 1)
    return Union([*one.bodies, *other.bodies], made, [_out(made[-1])], closed=True)


def _steps(joined: Joined | None, union: Union) -> list[Step | None]:
    return joined.steps if joined is not None else [None] * len(union.bodies)


def _out(joined: Joined) -> Place:
    step = joined.step
    return joined, "0" if step.body is not None else next(iter(layer_types()[step.type].outlets))


def _cheapest(one: Sequence[Joined], other: Sequence[Joined]) -> Way:
    """The way to put two lists together that costs the least."""
    costs: dict[tuple[int, int], tuple[float, Way]] = {(0, 0): (0.0, ())}
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            ways: list[tuple[float, Way]] = []
            if i and j and (cost := _unlike(one[i - 1].step, other[j - 1].step)) is not None:
                ways.append((costs[i - 1, j - 1][0] + cost, (*costs[i - 1, j - 1][1], (one[i - 1], other[j - 1]))))
            if j:
                ways.append((costs[i, j - 1][0] + _price(other[j - 1]), (*costs[i, j - 1][1], (None, other[j - 1]))))
            if i:
                ways.append((costs[i - 1, j][0] + _price(one[i - 1]), (*costs[i - 1, j][1], (one[i - 1], None))))
            if ways:
                costs[i, j] = min(ways, key=lambda way: way[0])
    return costs[len(one), len(other)][1]


def _price(joined: Joined) -> float:
    return LACKING if owns(joined.step) else LACKING_PLAIN


def _unlike(one: Step, other: Step) -> float | None:
    """How much is other in two steps; None where they cannot be one."""
    if set(one.inputs) != set(other.inputs) or kind_of(one) != kind_of(other):
        return None
    mine, theirs = _numbers(one), _numbers(other)
    return sum(_apart(mine.get(name), theirs.get(name)) for name in mine.keys() | theirs.keys())


def _numbers(step: Step) -> dict[Any, Any]:
    if step.body is None:
        return {(name, at): value for name, at, value in numbers_of(step)}
    return {**step.body.arguments, "times": len(step.turns)}


def _apart(one: Any, other: Any) -> float:
    if type(one) is type(other) and one == other:
        return 0.0
    sizes = all(type(value) is int and value > 1 for value in (one, other))
    return RESIZED if sizes else OTHER
