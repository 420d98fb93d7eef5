"""What differs from one iteration of a repeated block to the next, as expressions in ``i``.

A parameter is the same in all, or the first one differs, or it grows by a step, or every other is another, or it is a
share of a largest value (the rates of stochastic depth: ``0.1 * (i + 3) / 17``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from codegen.intake.sizes import wrapped

MOST_PARTS = 120  # the largest denominator that is tried


@dataclass(frozen=True)
class Form:
    """A way in which a number depends on ``i``: ``kind`` is same, first, step, turns or share (of ``most``)."""

    kind: str
    most: float = 0.0
    parts: int = 0

    def numbers(self, values: Sequence[Any]) -> dict[str, Any] | None:
        """The numbers of the form that give ``values``; None where it cannot."""
        first = values[0]
        match self.kind:
            case "same":
                return {"": first} if _alike(values) else None
            case "first":
                rest = values[1:]
                if not rest:
                    return {"first": first}
                return {"first": first, "rest": rest[0]} if _alike(rest) else None
            case "step":
                if not all(type(value) is int for value in values):
                    return None
                if len(values) == 1:
                    return {"base": first}
                steps = {b - a for a, b in pairwise(values)}
                return {"base": first, "by": steps.pop()} if len(steps) == 1 and first >= 0 else None
            case "turns":
                even, odd = values[::2], values[1::2]
                return {"even": first, "odd": odd[0]} if odd and _alike(even) and _alike(odd) else None
        start = round(first * self.parts / self.most)
        same = all(self.most * (i + start) / self.parts == value for i, value in enumerate(values))
        return {"start": start} if same else None

    def text(self, numbers: Mapping[str, Any]) -> Any:
        """The expression, or the number, where ``numbers`` hold numbers or expressions."""
        match self.kind:
            case "same":
                return numbers[""]
            case "first":
                return f"{numbers['first']} if i == 0 else {numbers['rest']}"
            case "step":
                grown = "i" if numbers["by"] == 1 else f"{wrapped(numbers['by'])} * i"
                return grown if numbers["base"] == 0 else f"{wrapped(numbers['base'])} + {grown}"
            case "turns":
                even, odd = numbers["even"], numbers["odd"]
                if {even, odd} == {True, False}:
                    return f"i % 2 == {int(odd)}"
                return f"{even} if i % 2 == 0 else {odd}"
        start = numbers["start"]
        share = f"{self.most!r} * {'i' if start == 0 else f'(i + {wrapped(start)})'}"
        return share if self.parts == 1 else f"{share} / {self.parts}"


def form_of(lists: Sequence[Sequence[Any]]) -> Form | None:
    """The plainest form that all the lists have; None where there is none."""
    kind = type(lists[0][0])
    rest = [*_shares(lists), Form("first")] if kind is float else [Form("first"), Form("step"), Form("turns")]
    for form in (Form("same"), *(rest[::-1] if kind is bool else rest)):
        if all(form.numbers(values) is not None for values in lists):
            return form
    return None


def _alike(values: Sequence[Any]) -> bool:
    return len({repr(value) for value in values}) == 1


def _shares(lists: Sequence[Sequence[Any]]) -> list[Form]:
    """Shares of round numbers that fit the first two values of the longest list."""
    longest = max(lists, key=len)
    if len(longest) < 2 or not all(type(value) is float for value in longest):
        return []
    step = longest[1] - longest[0]
    found: list[Form] = []
    for parts in range(1, MOST_PARTS):
        most = float(f"{step * parts:.3g}")
        if most > 0 and abs(most - step * parts) < 1e-9 * parts:
            found.append(Form("share", most, parts))
    return found
