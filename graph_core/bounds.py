"""Whether one formula is at least another for every size that its symbols may have, proven without trying sizes.

A polynomial whose symbols are at least so large has no negative value where, with each symbol written as its least
size plus something that is not negative, no coefficient is negative. Floors of one symbol are polynomials too, once the
symbol is written as a multiple of their denominators and a rest: a proof for each rest.
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
    plain = _opaque(raw, low)
    return plain is not None and all(_no_negative_terms(case) for case in _cases(*plain))


def _is_negative(raw: Any, sizes: Mapping[str, int]) -> bool:
    found = symbolic.substitute(raw, sizes)
    return bool(found.is_Rational and found < 0)


class _Floor(NamedTuple):
    """⌊(factor · symbol + more) / bottom⌋, and how the engine has it."""

    raw: Any
    factor: int
    more: int
    bottom: int


def _opaque(raw: Any, low: dict[str, int]) -> tuple[Any, dict[str, int], dict[str, list[_Floor]]] | None:
    """``raw`` with a new symbol for each floor of more than one symbol, the least sizes, and the other floors.

    None where a floor may be negative.
    """
    se = symbolic.engine()
    floors: dict[str, list[_Floor]] = {}
    for place, floor in enumerate(sorted(raw.atoms(se.floor), key=str)):
        top, bottom = symbolic.fraction(floor.args[0])
        one, denominator = symbolic.linear(top), symbolic.as_int(bottom)
        if one is not None and denominator is not None and one[1] > 0:
            floors.setdefault(one[0], []).append(_Floor(floor, one[1], one[2], denominator))
        elif floor.args[0].atoms(se.floor) or not never_negative(top, low) or not never_negative(bottom - 1, low):
            return None
        else:
            raw = raw.subs({floor: se.Symbol(f"⌊{place}⌋")})
    return raw, low, floors


def _cases(raw: Any, low: Mapping[str, int], floors: Mapping[str, list[_Floor]]) -> Iterator[Any]:
    """``raw`` over symbols that are at least 0, once for each rest that symbols inside floors may leave."""
    se = symbolic.engine()
    wheels = {
        name: math.lcm(*(floor.bottom // math.gcd(floor.bottom, floor.factor) for floor in found))
        for name, found in floors.items()
    }
    if math.prod(wheels.values()) > RESTS:
        yield se.Integer(-1)
        return
    for rests in product(*(range(wheel) for wheel in wheels.values())):
        parts: dict[Any, Any] = {}
        for (name, wheel), rest in zip(wheels.items(), rests, strict=True):
            # It is wheel · turns + rest.
            turns = symbolic.symbol(name) + max(0, -((rest - low[name]) // wheel))
            parts[symbolic.symbol(name)] = wheel * turns + rest
            for floor in floors[name]:
                steps = floor.factor * wheel // floor.bottom
                parts[floor.raw] = steps * turns + (floor.factor * rest + floor.more) // floor.bottom
        for name, size in low.items():
            parts.setdefault(symbolic.symbol(name), symbolic.symbol(name) + size)
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
