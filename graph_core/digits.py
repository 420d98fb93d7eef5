"""Sums of sizes that depend on symbols, carried through arithmetic on whole numbers as their digits.

Which tensors live at once does not depend on sizes, and graph_core.once adds up whole numbers. So each product of
symbols is told to it as a number of its own, far apart from all others: a power of a huge base. What it finds then
reads as digits, how often each product is counted. A maximum that only the symbols tell has a power of its own too,
behind which its moments are remembered: the sums of which any may be the largest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple

from graph_core import symbolic
from graph_core.bounds import never_negative
from graph_core.dims import Dim, Expr, at_least, number_of, unwrap, wrap
from graph_core.pieces import Mode, Times

BYTES: Final = 32  # of a digit
DIGIT: Final = 8 * BYTES
HALF: Final = 1 << (DIGIT - 1)
LARGEST: Final = 1 << 200  # what no digit may exceed, so that none gets into the next one
MOST: Final = 1000  # products and maxima that are told apart
MOMENTS: Final = 500  # of one maximum
PROVEN: Final = 60  # up to how many moments proofs are sought that one is never the largest


class TooManyError(Exception):
    """There are more different sizes, or larger numbers, than are told apart."""


class _Part(NamedTuple):
    """What a digit counts: a product of symbols, or the moments of a maximum.

    ``worth`` is what a product is at the example sizes, ``sure`` whether it is known never to be negative.
    """

    product: Any
    moments: tuple[int, ...] = ()
    worth: Fraction = Fraction(0)
    sure: bool = False


class Marks(Mode):
    """A mode in which sizes that depend on symbols are sums of powers of a base; see the file's head.

    Anything raises TooManyError where there is too much of it.
    """

    _examples: Mapping[str, int]
    _least: Mapping[str, int]
    _sizes: dict[Expr, int]
    _places: dict[Any, int]
    _parts: list[_Part]  # by place

    @classmethod
    def over(cls, examples: Mapping[str, int], least: Mapping[str, int], *, training: bool) -> Marks:
        """In float32, for symbols with these example sizes, which are nowhere smaller than ``least`` says, or 1."""
        self = cls(training)
        self._examples, self._least = examples, least
        self._sizes, self._places, self._parts = {}, {}, [_Part(symbolic.sympify(1), (), Fraction(1), True)]
        return self

    def whole(self, size: Dim) -> int:
        """A size as digits."""
        if not isinstance(size, Expr):
            return int(size)
        found = self._sizes.get(size)
        if found is None:
            products = symbolic.products(symbolic.raised(size.raw))
            found = self._sizes[size] = sum(factor << (DIGIT * self._place(product)) for factor, product in products)
        return found

    def often(self, times: Dim, known: int = 1) -> Times:
        """See Mode: how often something happens."""
        return Often(self, times) if isinstance(times, Expr) else int(times)

    def most(self, sums: Iterable[int]) -> int:
        """See Mode: the largest of sums; where that depends on the symbols, a power of its own."""
        kept = tuple(self._undominated(sums))
        if len(kept) < 2:
            return kept[0] if kept else 0
        place = self._places.get(kept)
        if place is None:
            place = self._added(kept, _Part(None, kept))
        return 1 << (DIGIT * place)

    def multiplied(self, value: int, times: Dim) -> int:
        """A sum of sizes, as often as ``times`` says."""
        found = 0
        for place, digit in self._digits(value).items():
            found += digit * self.whole(wrap(self._parts[place].product * unwrap(times)))
        return found

    def formula(self, value: int) -> Dim:
        """The sum that digits stand for; of a maximum see ``moments``."""
        digits = self._digits(value)
        return wrap(symbolic.total(self._parts[place].product * digit for place, digit in digits.items()))

    def moments(self, value: int) -> tuple[Dim, ...]:
        """The sums of which a value is the largest, the largest at the example sizes first.

        Left out are those of which it is proven that another one is at least as large.
        """
        found, kept = self._undominated([value]), list[int]()
        for one in found:
            if len(found) > PROVEN or not any(self._exceeds(other, one) for other in kept):
                kept.append(one)
        return tuple(map(self.formula, kept))

    def _exceeds(self, other: int, one: int) -> bool:
        return never_negative(unwrap(self.formula(other - one)), self._least)

    def _undominated(self, sums: Iterable[int]) -> list[int]:
        """The sums without maxima, the largest at the example sizes first; those that a look shows to be less go."""
        todo, open_sums = list(dict.fromkeys(sums)), dict[int, dict[int, int]]()
        while todo:
            value = todo.pop()
            digits = self._digits(value)
            inner = next((place for place in digits if self._parts[place].moments), None)
            if inner is None:
                open_sums[value] = digits
            else:
                rest = value - (1 << (DIGIT * inner))
                todo += [rest + moment for moment in self._parts[inner].moments]
        kept: dict[int, dict[int, int]] = {}
        for value in sorted(open_sums, key=lambda value: self._worth(open_sums[value]), reverse=True):
            digits = open_sums[value]
            if not any(self._covers(other, digits) for other in kept.values()):
                kept[value] = digits
                if len(kept) > MOMENTS:
                    raise TooManyError
        return list(kept)

    def _covers(self, larger: Mapping[int, int], digits: Mapping[int, int]) -> bool:
        """Whether one sum counts everything at least as often as another."""
        for place in {*larger, *digits}:
            more = larger.get(place, 0) - digits.get(place, 0)
            if more < 0 or (more and not self._parts[place].sure):
                return False
        return True

    def _worth(self, digits: Mapping[int, int]) -> Fraction:
        return sum((digit * self._parts[place].worth for place, digit in digits.items()), Fraction(0))

    def _place(self, product: Any) -> int:
        if product == 1:
            return 0
        place = self._places.get(product)
        if place is None:
            top, bottom = symbolic.fraction(symbolic.substitute(product, self._examples))
            worth = Fraction(int(top), int(bottom))
            place = self._added(product, _Part(product, (), worth, never_negative(product, self._least)))
        return place

    def _added(self, key: Any, part: _Part) -> int:
        if len(self._parts) > MOST:
            raise TooManyError
        self._places[key] = place = len(self._parts)
        self._parts.append(part)
        return place

    def _digits(self, value: int) -> dict[int, int]:
        """The digits of a sum that are not 0, by place. Some may be negative: none is half a base or more."""
        if abs(value) <= LARGEST:
            return {0: value} if value else {}
        places = len(self._parts)
        raised = value + HALF * (((1 << (DIGIT * places)) - 1) // ((1 << DIGIT) - 1))
        told = raised.to_bytes(BYTES * places, "little")
        found: dict[int, int] = {}
        for place in range(places):
            digit = int.from_bytes(told[BYTES * place : BYTES * (place + 1)], "little") - HALF
            if digit:
                if abs(digit) > LARGEST:
                    raise TooManyError
                found[place] = digit
        return found


class Often:
    """A number of times that depends on symbols; what it multiplies are sums as digits."""

    def __init__(self, marks: Marks, times: Expr) -> None:
        self._marks, self._times = marks, times

    def __sub__(self, fewer: int) -> Times:
        return self._marks.often(self._times - fewer)

    def __mul__(self, value: int) -> int:
        return self._marks.multiplied(value, self._times)

    def from_on(self, least: int) -> Times:
        """Itself, on the condition that it is at least ``least``; where that is not so, its number as a condition."""
        if at_least(self._times, least):
            return self
        number = number_of(self._times)
        return self if number is None else number
