"""How a figure grows: its order O(…) over the symbols, and its values over a range of one of them.

The order keeps the terms that no other dominates, without their factors and floors. A term dominates another where its
power of each symbol is at least as high, or becomes so by a condition such as H ≥ k (a window fits what it slides on).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from graph_core import symbolic
from graph_core.conditions import AT_LEAST, Condition
from graph_core.dims import Dim, Expr, substitute

Powers = Mapping[str, int]
_SUPER = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
POINTS = 33  # of a curve
SPAN = 64.0  # a curve goes from a 64th of the present size to 64 times it, where nothing else is asked for
BITS = 900  # a value of more is left out of a curve
NEAR = 256  # how far from a point of a curve a size is sought for which the conditions hold


def leading_terms(size: Dim, over: Sequence[str], conditions: Iterable[Condition] = ()) -> tuple[Powers, ...]:
    """The powers of the symbols ``over`` in each term that no other dominates; one empty term for a constant.

    Nothing where a formula has too many terms to be told apart.
    """
    if not isinstance(size, Expr):
        return ({},)
    terms = symbolic.monomials(size.raw)
    if terms is None:
        return ()
    # What is subtracted never outgrows what it is subtracted from: no figure is negative.
    positive = [powers for sign, powers in terms if sign] or [powers for _, powers in terms]
    reduced = list({_key(powers, over): {n: p for n, p in powers.items() if n in over} for powers in positive}.values())
    larger = [pair for pair in map(_larger, conditions) if pair is not None]
    kept = [one for one in reduced if not any(other is not one and _dominates(other, one, larger) for other in reduced)]
    # Of terms that dominate each other (with H ≥ k and k ≥ H) one is enough.
    kept = kept or reduced[:1]
    return tuple(sorted(kept, key=lambda powers: (-sum(powers.values()), [-powers.get(name, 0) for name in over])))


def order_of(size: Dim, over: Sequence[str], conditions: Iterable[Condition] = ()) -> str:
    """``O(T²·d + T·d²)`` over the symbols ``over``, in their order; O(1) for what does not depend on them.

    ``O(?)`` where that cannot be told.
    """
    terms = [monomial_text(powers, over) for powers in leading_terms(size, over, conditions)]
    return f"O({' + '.join(terms) or '?'})"


def monomial_text(powers: Powers, over: Sequence[str]) -> str:
    """``n²·k²·c_in·c_out``, what is divided by behind a slash; 1 for no symbols."""
    names = sorted(powers, key=over.index)
    above = [_power(name, powers[name]) for name in names if powers[name] > 0]
    below = [_power(name, -powers[name]) for name in names if powers[name] < 0]
    top = "·".join(above) or "1"
    if not below:
        return top
    return f"{top}/{below[0]}" if len(below) == 1 else f"{top}/({'·'.join(below)})"


def _power(name: str, power: int) -> str:
    return name if power == 1 else name + str(power).translate(_SUPER)


def _key(powers: Powers, over: Collection[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((name, power) for name, power in powers.items() if name in over))


def _larger(condition: Condition) -> tuple[str, str] | None:
    """(H, k) for a condition from which H ≥ k follows, but for a constant."""
    if condition.question != AT_LEAST or not condition.answer:
        return None
    left, right = symbolic.sides(symbolic.without_floors(symbolic.expand(condition.a - condition.b)))
    big = [powers for _, powers in symbolic.monomials(left) or () if powers]
    small = [powers for _, powers in symbolic.monomials(right) or () if powers]
    if len(big) == len(small) == 1 and [*big[0].values()] == [*small[0].values()] == [1]:
        return next(iter(big[0])), next(iter(small[0]))
    return None


def _dominates(other: Powers, one: Powers, larger: Sequence[tuple[str, str]]) -> bool:
    if all(other.get(name, 0) >= one.get(name, 0) for name in {*one, *other}):
        return True
    for big, small in larger:
        if one.get(small, 0) > max(other.get(small, 0), 0):
            bigger = {**one, small: one[small] - 1, big: one.get(big, 0) + 1}
            if _dominates(other, bigger, larger):
                return True
    return False


@dataclass(frozen=True, slots=True)
class Curve:
    """Exact values of a figure over sizes of one symbol, all other symbols at their example sizes."""

    symbol: str
    points: tuple[tuple[int, int], ...]
    present: tuple[int, int]


def curve(
    size: Dim,
    symbol: str,
    examples: Mapping[str, int],
    conditions: Iterable[Condition] = (),
    span: tuple[float, float] = (SPAN, SPAN),
) -> Curve:
    """The values of ``size`` over a geometric range of ``symbol`` round its example, where the conditions hold.

    The range goes from the example over ``span[0]`` to the example times ``span[1]``.
    """
    here = examples[symbol]
    mine = [condition for condition in conditions if symbol in condition.symbols]

    def value(at: int) -> int:
        found = substitute(size, {**examples, symbol: at})
        assert not isinstance(found, Expr)
        return int(found)

    def allowed(at: int) -> bool:
        return all(condition.holds({**examples, symbol: at}) for condition in mine)

    low, high = max(1.0, here / span[0]), here * span[1]
    most = symbolic.degree(size.raw) if isinstance(size, Expr) else 0
    wanted = {round(low * (high / low) ** (step / (POINTS - 1))) for step in range(POINTS)} | {here}
    places: set[int] = {here}
    ordered = sorted(wanted)
    for at, after in zip(ordered, [*ordered[1:], ordered[-1] + 1], strict=True):
        if most * math.log2(after) > BITS:
            break
        found = next((near for near in range(at, min(after, at + NEAR)) if not mine or allowed(near)), None)
        if found is not None:
            places.add(found)
    return Curve(symbol, tuple((at, value(at)) for at in sorted(places)), (here, value(here)))
