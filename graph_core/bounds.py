"""Whether one formula is at least another for every size that its symbols may have, proven without trying sizes.

A polynomial whose symbols are at least so large has no negative value where, with each symbol written as its least
size plus something that is not negative, no coefficient is negative. There are three ways round floors, from the
cheapest to the dearest: a symbol for each, at least its value there; (x − q + 1)/q or x/q for ⌊x/q⌋,
whichever makes the whole smaller; and each symbol as a multiple of all denominators and a rest, which makes floors
polynomials, with a proof for each rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final, NamedTuple

from graph_core import symbolic
from graph_core.conditions import Condition

RESTS: Final = 64  # cases that are gone through
TRIED: Final = (1, 2, 5, 64, 1000)  # sizes, beyond the least, that may show at once that there is no proof


def least_sizes(conditions: Iterable[Condition]) -> dict[str, int]:
    """The least size of each symbol of which the conditions say one; of others it is 1."""
    found: dict[str, int] = {}
    for condition in conditions:
        if condition.bound is not None and condition.bound[1] != "most":
            name, _, number = condition.bound
            found[name] = max(number, found.get(name, 1))
    return found


def never_negative(raw: Any, least: Mapping[str, int]) -> bool:
    """Whether ``raw`` is proven to be at least 0 wherever each symbol is at least as large as ``least`` says, or 1."""
    raw = symbolic.sympify(raw)
    if _no_negative_terms(raw):
        return True
    raw = symbolic.expand(raw)
    low = {name: least.get(name, 1) for name in sorted(symbolic.names(raw))}
    if any(_is_negative(raw, {name: size + more - 1 for name, size in low.items()}) for more in TRIED):
        return False
    floors: list[_Floor] = []
    for place, raw_floor in enumerate(sorted(raw.atoms(symbolic.engine().floor), key=str)):
        floor = _Floor.of(raw_floor)
        if floor is not None and floor.least(low) >= 0:
            floors.append(floor)
        elif floor is None and _is_sure(raw_floor, low):
            raw = symbolic.replaced(raw, {raw_floor: symbolic.engine().Symbol(f"⌊{place}⌋")})
        else:
            return False
    return any(_no_negative_terms(_from(other, low)) for other in _without(raw, floors, low)) or (
        bool(floors) and all(map(_no_negative_terms, _cases(raw, low, floors)))
    )


def beyond(raw: Any, least: Mapping[str, int], here: Mapping[str, int]) -> dict[str, int] | None:
    """Sizes, at most those ``here``, from which on ``raw`` is proven to be at least 0; None where there are none."""
    names = sorted(symbolic.names(raw))
    start = {name: least.get(name, 1) for name in names}

    def proven(sizes: Mapping[str, int]) -> bool:
        return never_negative(raw, {**least, **sizes})

    def down_to(size: int) -> dict[str, int]:
        return {name: max(start[name], min(size, here[name])) for name in names}

    low, high = 1, max((here[name] for name in names), default=1)
    if not proven(down_to(high)):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if proven(down_to(middle)) else (middle + 1, high)
    found = down_to(high)
    for name in names:  # of some any size will do
        if found[name] > start[name] and proven({**found, name: start[name]}):
            found[name] = start[name]
    return {name: size for name, size in found.items() if size > start[name]}


def _is_sure(floor: Any, low: Mapping[str, int]) -> bool:
    """Whether a floor of several symbols is never negative."""
    top, bottom = symbolic.fraction(floor.args[0])
    return never_negative(top, low) and never_negative(bottom - 1, low)


def _is_negative(raw: Any, sizes: Mapping[str, int]) -> bool:
    found = symbolic.substitute(raw, sizes)
    return bool(found.is_Rational and found < 0)


class _Floor(NamedTuple):
    """⌊(factor · symbol + more) / bottom⌋, and how the engine has it."""

    raw: Any
    name: str
    factor: int
    more: int
    bottom: int

    @classmethod
    def of(cls, raw: Any) -> _Floor | None:
        """None of a floor of more than one symbol."""
        top, bottom = symbolic.fraction(raw.args[0])
        one, denominator = symbolic.linear(top), symbolic.as_int(bottom)
        return None if one is None or denominator is None or one[1] <= 0 else cls(raw, *one, denominator)

    def least(self, low: Mapping[str, int]) -> int:
        """What it is at the least sizes."""
        return (self.factor * low[self.name] + self.more) // self.bottom

    def bound(self, slack: int) -> Any:
        """What it is at least (with a slack of the denominator less one) or at most (without)."""
        se = symbolic.engine()
        return (self.factor * symbolic.symbol(self.name) + self.more - slack) / se.Integer(self.bottom)


def _from(raw: Any, low: Mapping[str, int]) -> Any:
    """``raw`` over symbols that begin at 0."""
    return symbolic.expand(
        symbolic.replaced(raw, {symbolic.symbol(n): symbolic.symbol(n) + size for n, size in low.items()})
    )


def _without(raw: Any, floors: list[_Floor], low: Mapping[str, int]) -> Iterator[Any]:
    """What ``raw`` is at least, without floors: in two ways."""
    se = symbolic.engine()
    yield symbolic.replaced(raw, {f.raw: se.Symbol(f"⌊{k}⌋") + f.least(low) for k, f in enumerate(floors)})
    if floors and all(floor.factor * low[floor.name] + floor.more - floor.bottom + 1 >= 0 for floor in floors):
        below = {floor.raw: floor.bound(floor.bottom - 1) for floor in floors}
        above = {floor.raw: floor.bound(0) for floor in floors}
        terms = symbolic.products(raw)
        yield symbolic.total(
            factor * symbolic.replaced(product, below if factor > 0 else above) for factor, product in terms
        )


def _cases(raw: Any, low: Mapping[str, int], floors: list[_Floor]) -> Iterator[Any]:
    """``raw`` over symbols that begin at 0, once for each rest that symbols inside floors may leave."""
    wheels: dict[str, int] = {}
    for floor in floors:
        wheel = floor.bottom // math.gcd(floor.bottom, floor.factor)
        wheels[floor.name] = math.lcm(wheels.get(floor.name, 1), wheel)
    if math.prod(wheels.values()) > RESTS:
        yield symbolic.sympify(-1)
        return
    for rests in product(*(range(wheel) for wheel in wheels.values())):
        rest = dict(zip(wheels, rests, strict=True))
        # Each is wheel · turns + rest, from its least size on.
        turns = {n: symbolic.symbol(n) + max(0, -((rest[n] - low[n]) // wheel)) for n, wheel in wheels.items()}
        parts = {symbolic.symbol(n): symbolic.symbol(n) + size for n, size in low.items() if n not in wheels}
        parts.update((symbolic.symbol(n), wheel * turns[n] + rest[n]) for n, wheel in wheels.items())
        for floor in floors:
            steps = floor.factor * wheels[floor.name] // floor.bottom
            parts[floor.raw] = (
                steps * turns[floor.name] + (floor.factor * rest[floor.name] + floor.more) // floor.bottom
            )
        yield symbolic.expand(symbolic.replaced(raw, parts))


def _no_negative_terms(raw: Any) -> bool:
    se = symbolic.engine()
    if raw.is_Number:
        return not raw < 0
    if isinstance(raw, se.Add | se.Mul):
        return all(map(_no_negative_terms, raw.args))
    if isinstance(raw, se.Pow):
        power = symbolic.as_int(raw.args[1])
        return (power is not None and power % 2 == 0) or _no_negative_terms(raw.args[0])
    return bool(raw.is_Symbol)
