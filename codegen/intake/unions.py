"""Several bodies of one class as one: which of their steps are the same one, and which some of them lack.

Bodies whose steps and wires are equal but for numbers are one union. Two unions become one where their steps stand in
the same order and each step that one of them lacks can be passed by: what comes in at it goes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from codegen.intake.dialect_modules import BUFFER, COMMUTES, PARAMETER, loosen, loosened
from codegen.intake.steps import Body, Definition, Ref, Step
from graph_core.layer import layer_types

# What a tensor holds at first tells nothing of its class.
FIRST = frozenset(["std", "value", "content"])
_KINDS = ("size", "sizes", "count", "shape", "real", "flag", "axes")
MOST_STEPS, MOST_TRIES = 250, 20_000
# The part of the steps that may have a condition, and how many always may; with more it is another class.
MOST_ALONE, FEW_ALONE = 0.6, 4

Place = tuple["Joined | None", str]  # an output of a joined step, or an input by its place
Number = tuple[str, int]  # a parameter, and the place in its list (-1 for a number alone)


@dataclass(eq=False)
class Joined:
    """One step of a union; ``steps`` has that of each body, None where a body lacks it."""

    steps: list[Step | None]
    inputs: dict[str, Place] = field(default_factory=dict)
    use: Joined | None = None

    @property
    def step(self) -> Step:
        """The step of the first body that has it."""
        return next(step for step in self.steps if step is not None)

    @property
    def main(self) -> str:
        """The port that goes out where the step is passed by; empty where there is none."""
        step = self.step
        if step.body is not None:
            return min(self.inputs, key=int, default="")
        inlets = layer_types()[step.type].inlets
        named = next((port for port in inlets if port in self.inputs), "")
        several = not named and any(inlet.variadic for inlet in inlets.values())
        return next(iter(self.inputs), "") if several else named


@dataclass(eq=False)
class Union:
    """Bodies of one class, with their steps put together."""

    bodies: list[Body]
    steps: list[Joined]
    outputs: list[Place]
    closed: bool = False  # a list in which what is not there leaves no place

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs."""
        return [name for _, name, _ in self.bodies[0].inputs]


def unite(bodies: Iterable[Body], *, align: bool) -> list[Union]:
    """The fewest unions that hold all the bodies, each of them one class; with ``align`` some may lack steps."""
    groups: dict[Any, list[Body]] = {}
    for body in bodies:
        groups.setdefault(_skeleton(body), []).append(body)
    unions = [_alike(group) for group in groups.values()]
    if not align or len(unions) == 1:
        return unions
    found: list[Union] = []
    for union in sorted(unions, key=lambda union: -len(union.steps)):
        for place, other in enumerate(found):
            both = _Alignment(other, union).union()
            if both is not None:
                found[place] = both
                break
        else:
            found.append(union)
    return found


def _alike(bodies: list[Body]) -> Union:
    """The union of bodies with the same skeleton."""
    joined = [Joined([body.steps[place] for body in bodies]) for place in range(len(bodies[0].steps))]
    of: dict[Step | None, Joined] = {one.step: one for one in joined}
    ports = {id(ref): str(place) for place, (_, _, ref) in enumerate(bodies[0].inputs)}

    def place_of(ref: Ref) -> Place:
        return (None, ports[id(ref)]) if ref.step is None else (of[ref.step], ref.port)

    for one in joined:
        one.inputs = {port: place_of(ref) for port, ref in one.step.inputs.items()}
        one.use = of[one.step.use] if one.step.use is not None else None
    return Union(bodies, joined, [place_of(ref) for _, ref in bodies[0].outputs])


def _skeleton(body: Body) -> Any:
    """What bodies share that differ in numbers only."""
    places: dict[Step | None, int] = {step: place for place, step in enumerate(body.steps)}
    inputs = {id(ref): place for place, (_, _, ref) in enumerate(body.inputs)}

    def end(ref: Ref) -> tuple[Any, ...]:
        return ("in", inputs[id(ref)]) if ref.step is None else (places[ref.step], ref.port)

    steps = tuple(
        (
            kind_of(step),
            step.name if owns(step) else "",
            places.get(step.use),
            tuple((port, end(ref)) for port, ref in sorted(step.inputs.items())),
        )
        for step in body.steps
    )
    names = tuple(name for _, name, _ in body.inputs)
    return (body.kind, names, steps, tuple(end(ref) for _, ref in body.outputs))


def owns(step: Step) -> bool:
    """Whether the state dict has keys by its name."""
    return step.body is not None or layer_types()[step.type].owns_weights()


def called(step: Step) -> str:
    """What a step without a name of its own is called: after its class or its layer."""
    kind = step.body.kind if step.body is not None else ""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower() or layer_types()[step.type].stem


def _once(step: Step) -> bool:
    return owns(step) or not step.name.isidentifier()


def kind_of(step: Step) -> Any:
    """All that is the same in two steps that are one: everything but numbers."""
    if step.body is not None:
        return (id(definition_of(step)), len(step.turns) > 0)
    open_ones = {(name, at) for name, at, _ in numbers_of(step)}
    declaration = layer_types()[step.type]
    spelled = "" if step.type in (PARAMETER, BUFFER) else repr(declaration.spelling_for(step.params))
    parts: list[Any] = [step.type, spelled]
    for name, value in sorted(step.params.items()):
        if name in FIRST:
            continue
        if isinstance(value, list) and (name, -1) not in open_ones:
            parts.append((name, tuple("" if (name, at) in open_ones else repr(one) for at, one in enumerate(value))))
        else:
            length = len(value) if isinstance(value, list) else 0
            parts.append((name, (type(value).__name__, length) if (name, -1) in open_ones else repr(value)))
    return tuple(parts)


def definition_of(step: Step) -> Definition:
    """The class of a block."""
    assert step.body is not None
    assert step.body.definition is not None
    return step.body.definition


def numbers_of(step: Step) -> list[tuple[str, int, Any]]:
    """The numbers of a layer that may differ between two bodies of a class: parameter, place in a list, value."""
    declaration = layer_types()[step.type]
    held = step.type in (PARAMETER, BUFFER)
    found: list[tuple[str, int, Any]] = []
    for name, value in step.params.items():
        field = declaration.fields.get(name)
        if field is None or not field.emit or field.kind not in _KINDS:
            continue
        if held and name != "shape":
            continue
        if field.kind == "axes" and isinstance(value, list):
            found.append((name, -1, tuple(value)))
        elif isinstance(value, list):
            found += [(name, at, one) for at, one in enumerate(value) if _is_number(one) and one != -1]
        elif _is_number(value):
            found.append((name, -1, value))
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float)


class _Alignment:
    """Looks for one order of the steps of two unions in which each lacks only what can be passed by."""

    def __init__(self, one: Union, other: Union) -> None:
        self.one, self.other = one, other
        self.sides: tuple[Union, Union] = (one, other)
        self.made: list[Joined] = []
        self.pairs: dict[Joined, tuple[Joined | None, Joined | None]] = {}  # made -> those of the two
        self.of: dict[Joined, Joined] = {}  # one of either -> made
        self.tries = 0
        # Names of which there may be one only: those of the state dict, and numbers, which are places in a list.
        self.names = tuple({j.step.name for j in side.steps if _once(j.step)} for side in self.sides)

    def union(self) -> Union | None:
        """The union of both; None where there is none."""
        if self.one.inputs != self.other.inputs or len(self.one.outputs) != len(self.other.outputs):
            return None
        if max(len(side.steps) for side in self.sides) > MOST_STEPS or not self._go(0, 0):
            return None
        alone = sum(1 for pair in self.pairs.values() if None in pair)
        if alone > max(FEW_ALONE, len(self.made) * MOST_ALONE):
            return None
        bodies = [*self.one.bodies, *self.other.bodies]
        outputs = [
            self._agreed(self._there(a), self._there(b))
            for a, b in zip(self.one.outputs, self.other.outputs, strict=True)
        ]
        names: set[str] = set()
        for made in self.made:
            a, b = self.pairs[made]
            lacking = [[None] * len(side.bodies) for side in self.sides]
            made.steps = [*(a.steps if a else lacking[0]), *(b.steps if b else lacking[1])]
            name = made.step.name
            while name in names:
                name += "_"
            names.add(name)
            for step in made.steps:
                if step is not None:
                    step.name = name
        return Union(bodies, self.made, [place for place in outputs if place is not None])

    def _go(self, i: int, j: int) -> bool:
        """Put the steps from these on together; what was put is taken back where that fails."""
        self.tries += 1
        if self.tries > MOST_TRIES:
            return False
        left, right = self.one.steps, self.other.steps
        if i == len(left) and j == len(right):
            pairs = zip(self.one.outputs, self.other.outputs, strict=True)
            return all(self._agreed(self._there(a), self._there(b)) is not None for a, b in pairs)
        if i < len(left) and j < len(right):
            for made in self._matches(left[i], right[j]):
                if self._with(made, left[i], right[j], i + 1, j + 1):
                    return True
        for side, here in enumerate((i, j)):
            if here < len(self.sides[side].steps):
                alone = self.sides[side].steps[here]
                if _once(alone.step) and alone.step.name in self.names[1 - side]:
                    continue
                mine = alone if side == 0 else None
                for order in _orders(alone):
                    made = Joined([], {port: self._there(alone.inputs[order(port)]) for port in alone.inputs})
                    made.use = self.of[alone.use] if alone.use is not None else None
                    if self._with(made, mine, None if mine else alone, i + (side == 0), j + (side == 1)):
                        return True
        return False

    def _with(self, made: Joined, a: Joined | None, b: Joined | None, i: int, j: int) -> bool:
        made.steps = [(a or b).step]  # type: ignore[union-attr]
        self.made.append(made)
        self.pairs[made] = (a, b)
        for one in (a, b):
            if one is not None:
                self.of[one] = made
        if self._go(i, j):
            return True
        self.made.pop()
        del self.pairs[made]
        for one in (a, b):
            if one is not None:
                del self.of[one]
        return False

    def _matches(self, a: Joined, b: Joined) -> Iterable[Joined]:
        """The ways in which two steps are one."""
        if (owns(a.step) or owns(b.step)) and a.step.name != b.step.name:
            return
        if set(a.inputs) != set(b.inputs):
            return
        if kind_of(a.step) != kind_of(b.step):
            loose = [loosened(one.step) for one in (a, b)]
            if loose[0] is None or loose[1] is None or kind_of(loose[0]) != kind_of(loose[1]):
                return
            for one in (a, b):
                for step in one.steps:
                    if step is not None:
                        loosen(step)
        if (a.use and self.of[a.use]) is not (b.use and self.of[b.use]):
            return
        for order in _orders(a):
            inputs: dict[str, Place] = {}
            for port, place in a.inputs.items():
                agreed = self._agreed(self._there(place), self._there(b.inputs[order(port)]))
                if agreed is None:
                    break
                inputs[port] = agreed
            else:
                made = Joined([], inputs)
                made.use = self.of[a.use] if a.use is not None else None
                yield made

    def _there(self, place: Place) -> Place:
        source, port = place
        return (self.of[source], port) if source is not None else place

    def _seen(self, place: Place, side: int) -> Place:
        """What a place is where the steps that one side lacks are passed by."""
        while place[0] is not None and self.pairs[place[0]][side] is None:
            main = place[0].main
            if not main:
                return place
            place = place[0].inputs[main]
        return place

    def _agreed(self, a: Place, b: Place) -> Place | None:
        """The place that is ``a`` where the second's steps are passed by, and ``b`` where the first's are."""
        for place in (a, b):
            if self._seen(place, 0) == a and self._seen(place, 1) == b:
                return place
        # Both have steps of their own there: one after the other.
        for first, second, side in ((a, b, 1), (b, a, 0)):
            chain = self._own(second, side)
            if chain is None or first[0] is None:
                continue
            main = chain.main
            before = chain.inputs[main]
            later = self.made.index(first[0]) < self.made.index(chain)
            if later and self._seen(first, side) == self._seen(before, side) and self._seen(before, 1 - side) == before:
                chain.inputs[main] = first
                if self._seen(second, 0) == a and self._seen(second, 1) == b:
                    return second
                chain.inputs[main] = before
        return None

    def _own(self, place: Place, side: int) -> Joined | None:
        """The first of the steps that only one side has and that lead to a place one by one."""
        found: Joined | None = None
        while place[0] is not None and self.pairs[place[0]][1 - side] is None:
            found = place[0]
            if not found.main:
                return None
            place = found.inputs[found.main]
        return found


def _orders(joined: Joined) -> list[Callable[[str], str]]:
    """The ways in which a step's inputs may be exchanged."""
    ports = list(joined.inputs)
    if joined.step.type not in COMMUTES or len(ports) != 2:
        return [lambda port: port]
    return [lambda port: port, lambda port: ports[1 - ports.index(port)]]
