"""Why some bodies of a class lack a step: a condition that holds exactly where it is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from codegen.intake.sizes import Vector
from codegen.intake.unions import Joined, called, owns
from graph_core.names import BadName, check_identifier

if TYPE_CHECKING:
    from codegen.intake.parameters import Definer

Guess = tuple[str, tuple[bool, ...]]  # a condition, and in which bodies it holds


class Conditions:
    """The conditions of one class, each found once."""

    def __init__(self, definer: Definer) -> None:
        self.definer = definer
        self.found: dict[tuple[bool, ...], str] = {}

    def of(self, joined: Joined) -> str:
        """The condition of a step; empty for one that all bodies have."""
        there = tuple(step is not None for step in joined.steps)
        if all(there):
            return ""
        if there not in self.found:
            self.found[there] = self._condition(there)
        return self.found[there]

    def _condition(self, there: tuple[bool, ...]) -> str:
        """The first that holds exactly where the step is there: what a person meant by it before what may be chance."""
        return (
            self._told(self._guesses(), there)
            or self._flagged(self._attributes(flags=True), there)
            or self._told(self._numbers(), there)
            or self._flagged(self._attributes(), there)
            or self._flag(there, self._likely(there) or self._name(there))
        )

    def _told(self, guesses: Iterator[Guess], there: tuple[bool, ...]) -> str:
        text = next((text for text, holds in guesses if holds == there), "")
        self._note(text)
        return text

    def _flagged(self, attributes: Iterator[Guess], there: tuple[bool, ...]) -> str:
        opposite = tuple(not one for one in there)
        for name, holds in attributes:
            if holds == there:
                return self._flag(there, name)
            if holds == opposite:
                return f"not {self._flag(opposite, name)}"
        return ""

    def _guesses(self) -> Iterator[Guess]:
        """Comparisons of widths, and parameters that are true or not."""
        widths = list(self.definer.known.items())[:20]
        for place, (one, first) in enumerate(widths):
            for other, second in widths[place + 1 :]:
                same = tuple(a == b for a, b in zip(first, second, strict=True))
                yield f"{one} != {other}", tuple(not equal for equal in same)
                yield f"{one} == {other}", same
        for name, vector in self.definer.params.items():
            if name in self.definer.lacked:
                yield f"{name} > 0", tuple(value > 0 for value in vector)
            if all(type(value) is bool for value in vector):
                yield name, tuple(vector)
                yield f"not {name}", tuple(not value for value in vector)

    def _numbers(self) -> Iterator[Guess]:
        """Comparisons of small parameters with one number."""
        for name, vector in self.definer.params.items():
            if name in self.definer.widths or not all(type(value) is int for value in vector):
                continue
            for number in (1, 0, 2):
                yield f"{name} != {number}", tuple(value != number for value in vector)
                yield f"{name} == {number}", tuple(value == number for value in vector)

    def _note(self, text: str) -> None:
        """Sizes of inputs that a condition compares have to be named."""
        sizes = self.definer.sizes
        if sizes is not None:
            words = text.replace("=", " ").replace("!", " ").split()
            sizes.used |= {name for name in sizes.named if name in words}

    def _attributes(self, *, flags: bool = False) -> Iterator[Guess]:
        """Attributes of the modules that are true in some and not in others, or with no ``flags`` are something."""
        modules = [body.module for body in self.definer.bodies]
        for name in vars(modules[0]):
            if name.startswith("_") or name == "training":
                continue
            values = [getattr(module, name, None) for module in modules]
            kinds = bool if flags else bool | int | float | str | list | tuple | None
            if all(isinstance(value, kinds) for value in values):
                yield name, tuple(any(v) if isinstance(v, list | tuple) else bool(v) for v in values)

    def _likely(self, there: tuple[bool, ...]) -> str:
        """An attribute that is true wherever the step is there, and not everywhere: more has to hold for the step."""
        for name, holds in self._attributes():
            if not all(holds) and all(a or not b for a, b in zip(holds, there, strict=True)):
                return name
        return ""

    def _flag(self, vector: Vector, wish: str) -> str:
        return self.definer.parameter(vector, wish.removesuffix("_size").removesuffix("_ratio"), None)

    def _name(self, there: tuple[bool, ...]) -> str:
        """A name for what is there or not: after the first of the steps that has one of its own."""
        steps = [j.step for j in self.definer.union.steps if tuple(s is not None for s in j.steps) == there]
        named = next((step.name for step in steps if owns(step) and "content" not in step.params), "")
        if not named or named.isdigit():
            named = called(steps[0])
        wish = f"with_{named}".replace(".", "_").replace("-", "_")
        try:
            return check_identifier(wish)
        except BadName:
            return "complete"
