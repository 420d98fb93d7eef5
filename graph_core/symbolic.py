"""The symbolic engine behind sizes, loaded on first use: symengine, with floors normalized.

Symbols stand for positive whole numbers. ``floor(floor(x/a)/b)`` and ``floor((floor(x/a) + c)/b)`` are rewritten
to one floor, so that equal shapes are seen to be equal.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

MAX_TERMS: Final = 2000  # of a sum of products; what has more is left as it was built


@lru_cache(maxsize=1)
def engine() -> Any:
    """The symengine module; 0.2 s the first time, so never on the way to the first paint."""
    return importlib.import_module("symengine")


@lru_cache(maxsize=4096)
def symbol(name: str) -> Any:
    """The symbol called ``name``."""
    return engine().Symbol(name)


def as_int(raw: Any) -> int | None:
    """``raw`` as an int where it is a whole number."""
    if isinstance(raw, int):
        return raw
    return int(raw) if getattr(raw, "is_Integer", False) else None


def terms_of(raw: Any) -> int:
    """About how many terms ``raw`` has as a sum of products, told without making it one; floors are one each."""
    se = engine()
    if isinstance(raw, se.Add):
        return sum(map(terms_of, raw.args))
    if isinstance(raw, se.Mul):
        return math.prod(map(terms_of, raw.args))
    if isinstance(raw, se.Pow):
        inner, power = terms_of(raw.args[0]), as_int(raw.args[1])
        if power is None or power < 0 or inner < 2:
            return 1
        return math.comb(inner + power - 1, min(power, inner - 1)) if power + inner < MAX_TERMS else MAX_TERMS + 1
    return 1


def degree(raw: Any) -> int:
    """The highest power to which all symbols of ``raw`` together come, at most."""
    se = engine()
    if isinstance(raw, se.Add | se.Mul | se.Max):
        degrees = list(map(degree, raw.args))
        return sum(degrees) if isinstance(raw, se.Mul) else max(degrees)
    if isinstance(raw, se.Pow):
        return degree(raw.args[0]) * max(as_int(raw.args[1]) or 0, 0)
    return degree(raw.args[0]) if isinstance(raw, se.floor) else int(bool(raw.is_Symbol))


def expand(raw: Any) -> Any:
    """``raw`` as a sum of products; as it is where these would be too many."""
    raw = engine().sympify(raw)
    return engine().expand(raw) if terms_of(raw) <= MAX_TERMS else raw


def divide(a: Any, b: Any) -> Any:
    """``a / b``, exact."""
    se = engine()
    return expand(se.sympify(a) / se.sympify(b))


def is_whole(raw: Any) -> bool:
    """Whether ``raw`` is a whole number for every value of its symbols: a polynomial with whole coefficients."""
    se = engine()
    if as_int(raw) is not None or raw.is_Symbol:
        return True
    if isinstance(raw, se.Add | se.Mul):
        return all(is_whole(part) for part in raw.args)
    if isinstance(raw, se.Pow):
        power = as_int(raw.args[1])
        return power is not None and power >= 0 and is_whole(raw.args[0])
    return isinstance(raw, se.floor | se.ceiling)


def sympify(raw: Any) -> Any:
    """A number or an expression as the engine has it."""
    return engine().sympify(raw)


def linear(raw: Any) -> tuple[str, int, int] | None:
    """The symbol, factor and rest of an expanded ``factor · symbol + rest`` in whole numbers; None of anything else."""
    se = engine()
    terms = raw.args if isinstance(raw, se.Add) else (raw,)
    numbers = [as_int(term) for term in terms if term.is_Number]
    others = [term for term in terms if not term.is_Number]
    if len(others) != 1 or None in numbers:
        return None
    parts = others[0].args if isinstance(others[0], se.Mul) else (others[0],)
    symbols = [part for part in parts if part.is_Symbol]
    factor = as_int(others[0] / symbols[0]) if len(symbols) == 1 else None
    return None if factor is None else (str(symbols[0]), factor, numbers[0] if numbers else 0)  # type: ignore[return-value]


def without_floor(raw: Any) -> Any:
    """What is >= 0 exactly where an expanded ``raw`` is: p + m·q for ⌊p/q⌋ + m, whole p; else ``raw`` itself."""
    se = engine()
    terms = raw.args if isinstance(raw, se.Add) else (raw,)
    numbers = [term for term in terms if term.is_Number]
    others = [term for term in terms if not term.is_Number]
    if len(others) != 1 or not all(as_int(number) is not None for number in numbers):
        return raw
    parts = others[0].args if isinstance(others[0], se.Mul) else (others[0],)
    floors = [part for part in parts if isinstance(part, se.floor)]
    factor = as_int(others[0] / floors[0]) if len(floors) == 1 else None
    if factor is None or factor <= 0:
        return raw
    top, bottom = fraction(floors[0].args[0])
    if not is_whole(top) or not is_nonnegative(bottom - 1):
        return raw
    return expand(top + bottom * (sum(as_int(number) or 0 for number in numbers) // factor))


def sides(difference: Any) -> tuple[Any, Any]:
    """Two sums without negative terms, whose difference is the expanded one given."""
    se = engine()
    terms = difference.args if isinstance(difference, se.Add) else (difference,)
    left = right = se.Integer(0)
    for term in terms:
        factor = term if term.is_Number else term.args[0] if isinstance(term, se.Mul) else se.Integer(1)
        if factor.is_Number and factor < 0:
            right = right - term
        else:
            left = left + term
    return left, right


def is_nonnegative(raw: Any) -> bool:
    """Whether ``raw`` is surely >= 0: putting 1 + (something >= 0) for each symbol leaves no negative coefficient."""
    se = engine()
    raw = without_floor(expand(raw))
    names = sorted(raw.free_symbols, key=str)
    if raw.atoms(se.floor) if hasattr(raw, "atoms") else False:
        return False
    try:
        shifted = expand(raw.subs({s: s + 1 for s in names}))
    except RuntimeError:
        return False
    terms = shifted.args if isinstance(shifted, se.Add) else (shifted,)
    return all(_nonnegative_term(term) for term in terms)


def _nonnegative_term(term: Any) -> bool:
    se = engine()
    if term.is_Number:
        return bool(term >= 0)
    if term.is_Symbol:
        return True
    if isinstance(term, se.Mul):
        return all(_nonnegative_term(part) for part in term.args)
    if isinstance(term, se.Pow):
        return _nonnegative_term(term.args[0])
    return False


def floor_divide(a: Any, b: Any) -> Any:
    """⌊a / b⌋ for whole a and b, with one floor where a itself is a floor plus whole numbers."""
    se = engine()
    a, b = se.sympify(a), se.sympify(b)
    number = as_int(b)
    if (number is not None and number > 0) or (number is None and is_nonnegative(expand(b - 1))):
        terms = a.args if isinstance(a, se.Add) else (a,)
        floors = [term for term in terms if isinstance(term, se.floor)]
        if len(floors) == 1 and all(is_whole(term) for term in terms):
            a = a - floors[0] + floors[0].args[0]
    quotient = expand(a / b)
    return quotient if is_whole(quotient) else se.floor(quotient)


def substitute(raw: Any, values: Mapping[str, int]) -> Any:
    """``raw`` with numbers put in for symbols."""
    return raw.subs({symbol(name): value for name, value in values.items()})


def names(raw: Any) -> set[str]:
    """The names of the symbols in ``raw``."""
    return {str(s) for s in getattr(raw, "free_symbols", ())}


def text(raw: Any) -> str:
    """``raw`` in Python's notation, floors as ``//``: ``(H - 1)//2 + 1``."""
    return _print(raw, 0)


_SUM, _PRODUCT, _POWER = 1, 2, 3


def _print(raw: Any, outer: int) -> str:
    se = engine()
    value = as_int(raw)
    if value is not None:
        return str(value) if value >= 0 or outer < _PRODUCT else f"({value})"
    if isinstance(raw, se.Add):
        return _parenthesize(_print_sum(raw), outer > _SUM)
    if isinstance(raw, se.Max):
        return f"max({', '.join(_print(part, 0) for part in sorted(raw.args, key=str))})"
    if isinstance(raw, se.floor):
        top, bottom = fraction(raw.args[0])
        return _parenthesize(f"{_print(top, _PRODUCT)} // {_print(bottom, _POWER)}", outer >= _PRODUCT)
    if isinstance(raw, se.Mul):
        top, bottom = fraction(raw)
        if as_int(bottom) != 1:
            return _parenthesize(f"{_print(top, _PRODUCT)} / {_print(bottom, _POWER)}", outer >= _PRODUCT)
        parts = _ordered(raw.args)
        sign = "-" if as_int(parts[0]) == -1 else ""
        factors = "*".join(_print(part, _PRODUCT) for part in (parts[1:] if sign else parts))
        return _parenthesize(sign + factors, outer >= (_PRODUCT if sign else _POWER))
    if isinstance(raw, se.Pow) and as_int(raw.args[1]) is not None:
        return _parenthesize(f"{_print(raw.args[0], _POWER)}**{_print(raw.args[1], _POWER)}", outer >= _POWER)
    return str(raw)


def _print_sum(raw: Any) -> str:
    parts: list[str] = []
    for term in sorted(raw.args, key=lambda term: (bool(term.is_Number), str(term))):
        piece = _print(term, _SUM)
        if not parts:
            parts.append(piece)
        elif piece.startswith("-"):
            parts.append(f"- {piece[1:]}")
        else:
            parts.append(f"+ {piece}")
    return " ".join(parts)


def _ordered(parts: Any) -> list[Any]:
    return sorted(parts, key=lambda part: (not part.is_Number, str(part)))


def fraction(raw: Any) -> tuple[Any, Any]:
    """``raw`` as whole numerator, expanded, and denominator."""
    se = engine()
    top, bottom = se.sympify(raw).as_numer_denom()
    return expand(top), bottom


def _parenthesize(text: str, needed: bool) -> str:
    return f"({text})" if needed else text


def raised(raw: Any) -> Any:
    """``raw`` with ⌊(H + 1)/2⌋ − 1 in the place of ⌊(H − 1)/2⌋: nothing is taken off inside floors.

    As a sum of products the size of a window is one term then.
    """
    se = engine()
    parts = {}
    for floor in raw.atoms(se.floor):
        inside = se.expand(floor.args[0])
        least = min((part for part in getattr(inside, "args", ()) if part.is_Rational), default=0)
        if least < 0:
            up = -int(se.floor(least))
            parts[floor] = se.floor(inside + up) - up
    return raw.subs(parts) if parts else raw


def products(raw: Any) -> list[tuple[int, Any]]:
    """The terms of ``raw`` as a sum of products, each as a whole factor and the rest of it."""
    se = engine()
    raw = expand(raw)
    found: list[tuple[int, Any]] = []
    for term in raw.args if isinstance(raw, se.Add) else (raw,):
        number = term if term.is_Number else term.args[0] if isinstance(term, se.Mul) else se.Integer(1)
        factor = int(number.p) if number.is_Rational else 1
        if factor:
            found.append((factor, term / factor))
    return found


def without_common_factors(raw: Any, positive: Callable[[Any], bool]) -> Any:
    """A sum of products without the factors that all its terms have: 3·T − d for 6·N·T − 2·N·d.

    ``positive`` says which of them are never 0 or less.
    """
    se = engine()
    terms = products(raw)
    powers = [_powers(product) for _, product in terms]
    common = se.Integer(math.gcd(*(factor for factor, _ in terms)) or 1)
    for base in powers[0] if powers else ():
        power = min(one.get(base, 0) for one in powers)
        if power > 0 and positive(base):
            common = common * base**power
    return expand(raw / common)


def common_terms(sums: Sequence[Any]) -> tuple[Any, list[Any]]:
    """What several sums of products all have, and the rest of each."""
    counted = [{product: factor for factor, product in products(one)} for one in sums]
    shared = total(
        min(one.get(product, 0) for one in counted) * product
        for product, factor in counted[0].items()
        if factor > 0 and all(one.get(product, 0) > 0 for one in counted)
    )
    return shared, [expand(one - shared) for one in sums]


def _powers(product: Any) -> dict[Any, int]:
    """The whole powers in a product without a number, by what is raised to them."""
    se = engine()
    pairs = [part.args if isinstance(part, se.Pow) else (part, 1) for part in _factors(product)]
    return {base: as_int(power) or 0 for base, power in pairs}


def _factors(raw: Any) -> tuple[Any, ...]:
    return tuple(raw.args) if isinstance(raw, engine().Mul) else (raw,)


def total(parts: Iterable[Any]) -> Any:
    """The sum of raw expressions; 0 of none."""
    return engine().Add(*parts)


def largest(parts: Iterable[Any]) -> Any:
    """The largest of raw expressions, of which there are some."""
    return engine().Max(*parts)


def alternatives(raw: Any, here: Mapping[str, int]) -> list[Any]:
    """The expressions of which ``raw`` is the largest, the largest where symbols have these values first."""
    if not isinstance(raw, engine().Max):
        return [raw]
    return sorted(raw.args, key=lambda part: (-(as_int(substitute(part, here)) or 0), str(part)))


def without_floors(raw: Any) -> Any:
    """``raw`` with x in the place of ⌊x⌋: what it grows as."""
    se = engine()
    while floors := raw.atoms(se.floor):
        raw = raw.subs({floor: floor.args[0] for floor in floors})
    return raw


def replaced(raw: Any, parts: Mapping[Any, Any]) -> Any:
    """``raw`` with other expressions in the place of parts of it."""
    return sympify(raw).subs(parts)


def monomials(raw: Any) -> list[tuple[bool, dict[str, int]]] | None:
    """The terms of ``raw`` without its floors: whether a term is positive, and the power of each symbol in it.

    In a denominator that is a sum, its first term of the highest degree stands for the whole; of a maximum these are
    the terms of all that may be the largest. None for too many.
    """
    se = engine()
    if isinstance(raw, se.Max):
        parts = list(map(monomials, raw.args))
        return None if None in parts else [term for part in parts for term in part or ()]
    expanded = without_floors(sympify(raw))
    if terms_of(expanded) > MAX_TERMS:
        return None
    expanded = se.expand(expanded)
    terms = expanded.args if isinstance(expanded, se.Add) else (expanded,)
    found: list[tuple[bool, dict[str, int]]] = []
    for term in terms:
        positive, powers = True, dict[str, int]()
        for part in term.args if isinstance(term, se.Mul) else (term,):
            if part.is_Number:
                positive = positive and not part < 0
                continue
            base, power = part.args if isinstance(part, se.Pow) else (part, 1)
            inner = {str(base): 1}
            if not base.is_Symbol:
                inner = max((one for _, one in monomials(base) or ()), key=lambda one: sum(one.values()), default={})
            for name, degree in inner.items():
                powers[name] = powers.get(name, 0) + degree * (as_int(power) or 0)
        found.append((positive, {name: power for name, power in powers.items() if power}))
    return found
