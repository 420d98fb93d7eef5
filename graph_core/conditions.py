"""Questions about sizes that depend on their symbols, and the conditions that answers to them become.

While formulas are made, a question that symbols leave open is answered as the example sizes answer it, and the answer
is noted: a formula then holds wherever the noted conditions do, and always at the example sizes. Elsewhere such a
question stays open. Each thread decides for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graph_core import symbolic
from graph_core.formula_text import raw_text

SAME, DIVIDES, AT_LEAST = "same", "divides", "at_least"


@dataclass(frozen=True)
class Condition:
    """What is known of ``a`` and ``b``, raw sizes over symbols: equal, a divisor, at least as large; or that not."""

    question: str
    a: Any
    b: Any
    answer: bool = True

    def holds(self, values: Mapping[str, int]) -> bool:
        """Whether it is so where the symbols have these values."""
        a, b = (symbolic.as_int(symbolic.substitute(side, values)) for side in (self.a, self.b))
        if a is None or b is None:
            raise KeyError(f"a value for each of {', '.join(sorted(self.symbols - values.keys()))}")
        return _asked(self.question, a, b) is self.answer

    @property
    def symbols(self) -> set[str]:
        """The names of the symbols that it is about."""
        return symbolic.names(self.a) | symbolic.names(self.b)

    @cached_property
    def bound(self) -> tuple[str, str, int] | None:
        """``("H", "least", 5)``, ``("H", "most", 9)``, ``("T", "is", 128)``, where it says that of one symbol alone."""
        if self.question == DIVIDES:
            return None
        found = _linear(self)
        if found is None:
            return None
        name, factor, rest = found  # the difference a − b is factor · symbol + rest
        if self.question == SAME:
            return (name, "is", -rest // factor) if self.answer and rest % factor == 0 else None
        if not self.answer:  # a ≤ b − 1
            factor, rest = -factor, -rest - 1
        return (name, "least", -(rest // factor)) if factor > 0 else (name, "most", rest // -factor)

    @property
    def text(self) -> str:
        """One statement: ``num_heads divides d``, ``H is at least 5``, ``T is 128``."""
        if self.bound is not None:
            name, kind, number = self.bound
            return f"{name} is {number}" if kind == "is" else f"{name} is at {kind} {number}"
        a, b = raw_text(self.a), raw_text(self.b)
        if self.question == DIVIDES:
            return f"{a} divides {b}" if self.answer else f"{a} does not divide {b}"
        if self.question == SAME:
            return f"{a} equals {b}" if self.answer else f"{a} differs from {b}"
        left, right = symbolic.sides(symbolic.without_floor(symbolic.expand(self.a - self.b)))
        a, b = raw_text(left), raw_text(right)
        return f"{a} is at least {b}" if self.answer else f"{a} is less than {b}"


def _asked(question: str, a: int, b: int) -> bool:
    if question == SAME:
        return a == b
    return a >= b if question == AT_LEAST else a != 0 and b % a == 0


def _linear(condition: Condition) -> tuple[str, int, int] | None:
    difference = symbolic.expand(condition.a - condition.b)
    return symbolic.linear(symbolic.without_floor(difference) if condition.question == AT_LEAST else difference)


@dataclass(slots=True)
class _Deciding:
    """The example sizes by which open questions are answered, and the conditions noted so far."""

    examples: Mapping[str, int]
    noted: dict[Condition, None]


_deciding: ContextVar[_Deciding | None] = ContextVar("deciding", default=None)


@contextmanager
def deciding(examples: Mapping[str, int]) -> Iterator[dict[Condition, None]]:
    """Inside, open questions are answered as the example sizes do, and noted in the dict, in the order of asking."""
    state = _Deciding(examples, {})
    token = _deciding.set(state)
    try:
        yield state.noted
    finally:
        _deciding.reset(token)


def decided(question: str, a: Any, b: Any) -> bool | None:
    """The answer to a question that symbols leave open: None, or while deciding that of the example sizes, noted."""
    state = _deciding.get()
    if state is None:
        return None
    condition = Condition(question, a, b)
    try:
        answer = condition.holds(state.examples)
    except KeyError:
        return None
    state.noted[condition if answer else Condition(question, a, b, False)] = None
    return answer


def example(raw: Any) -> int | None:
    """The value of a size at the example sizes; None where not deciding, or where a symbol has no example."""
    state = _deciding.get()
    return None if state is None else symbolic.as_int(symbolic.substitute(raw, state.examples))


def pinned(raw: Any) -> int | None:
    """The example value of a size that has to be a number, noted as a condition; None where none is known."""
    state, value = _deciding.get(), example(raw)
    if state is not None and value is not None:
        state.noted[Condition(SAME, raw, symbolic.sympify(value))] = None
    return value


def simplified(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Each said once, and of several bounds of one symbol the strictest only; bounds that others imply are left out."""
    kept = list(dict.fromkeys(conditions))
    fixed = {c.bound[0] for c in kept if c.bound is not None and c.bound[1] == "is"}
    strictest: dict[tuple[str, str], Condition] = {}
    for condition in kept:
        if condition.bound is None:
            continue
        name, kind, number = condition.bound
        best = strictest.get((name, kind))
        if (
            best is None
            or best.bound is None
            or (kind == "least" and number > best.bound[2])
            or (kind == "most" and number < best.bound[2])
        ):
            strictest[name, kind] = condition

    def needed(condition: Condition) -> bool:
        bound = condition.bound
        if bound is None:
            return not (condition.question == SAME and _told_apart(condition, strictest))
        name, kind, number = bound
        if kind != "is" and name in fixed:
            return False
        return strictest[name, kind] is condition and not (kind == "least" and number <= 1)

    def pinched(condition: Condition) -> Condition:
        """Where a symbol is at least and at most the same, that it is so."""
        name, kind, number = condition.bound or ("", "", 0)
        other = strictest.get((name, "most" if kind == "least" else "least"))
        is_one = other is not None and other.bound is not None and other.bound[2] == number
        return Condition(SAME, symbolic.symbol(name), symbolic.sympify(number)) if is_one else condition

    return tuple(dict.fromkeys(pinched(condition) for condition in kept if needed(condition)))


def _told_apart(condition: Condition, strictest: Mapping[tuple[str, str], Condition]) -> bool:
    """Whether bounds already say that two sizes differ: H ≥ 5 differs from 1."""
    found = None if condition.answer else _linear(condition)
    if found is None:
        return False
    name, factor, rest = found
    if rest % factor:
        return True
    number = -rest // factor
    for kind in ("least", "most"):
        bound = strictest[name, kind].bound if (name, kind) in strictest else None
        if bound is not None and (number < bound[2] if kind == "least" else number > bound[2]):
            return True
    return number < 1
