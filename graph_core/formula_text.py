"""Formulas as people read them: ``6,144·N·T² + 512·⌊(H − 1)/4⌋``, and the same as LaTeX.

(In Python's notation, as expressions are typed, a formula is its ``str``.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from graph_core import symbolic

if TYPE_CHECKING:
    from graph_core.dims import Dim

_SUM, _PRODUCT, _POWER = 1, 2, 3
_SUPER: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_ORDER: Final = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)|([⁰¹²³⁴⁵⁶⁷⁸⁹]+)|·")
_FLOOR: Final = re.compile(r"⌊[^⌊⌋]*⌋")
_MOST: Final = 3  # of what a maximum is taken of
_DIGITS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def formula_text(size: Dim, over: Sequence[str] = (), here: Mapping[str, int] = MappingProxyType({})) -> str:
    """A formula in one line of text; factors in the order of the symbols ``over``, else of the alphabet.

    What a maximum is taken of is written the largest first, as ``here`` says of the symbols, and no more than three.
    """
    return f"{size:,}" if isinstance(size, int) else _Text(over, here).whole(size.raw)


def formula_latex(size: Dim, over: Sequence[str] = (), here: Mapping[str, int] = MappingProxyType({})) -> str:
    """A formula as LaTeX, without the dollars, as in ``formula_text``."""
    return _grouped(size) if isinstance(size, int) else _Latex(over, here).whole(size.raw)


def _shortest(raw: Any, over: Sequence[str]) -> Any:
    """As it was built, or as a sum of products, whichever is the shorter text."""
    printer, forms = _Text(over, {}), {raw: 0, symbolic.expand(raw): 1}
    return min(forms, key=lambda form: len(printer.text(form, 0))) if len(forms) > 1 else raw


def shape_formula(shape: Iterable[Dim]) -> str:
    """A shape over symbols as people read it: ``N × 2·C × ⌊(H + 1)/2⌋``."""
    texts = [f"{size:,}" if isinstance(size, int) else _Text((), {}).whole(symbolic.raised(size.raw)) for size in shape]
    return " × ".join(f"({text})" if " " in _FLOOR.sub("", text) else text for text in texts)


def raw_text(raw: Any) -> str:
    """A raw expression of the symbolic engine as it is written inside a sentence."""
    return _Text((), {}).text(raw, 0)


def order_latex(order: str) -> str:
    """An order of growth, as ``growth.order_of`` writes it, as LaTeX."""

    def part(match: re.Match[str]) -> str:
        name, power = match.groups()
        return latex_name(name) if name else f"^{{{power.translate(_DIGITS)}}}" if power else r"\,"

    inner = order.removeprefix("O(").removesuffix(")")
    return rf"O\left({_ORDER.sub(part, inner)}\right)"


def latex_name(name: str) -> str:
    """A symbol as LaTeX: one letter, perhaps with an index, or a word."""
    head, _, index = name.partition("_")
    if len(head) == 1 and index:
        return rf"{head}_{{\text{{{_escaped(index)}}}}}"
    return name if len(name) == 1 else rf"\text{{{_escaped(name)}}}"


def _escaped(text: str) -> str:
    return text.replace("_", r"\_")


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", "{,}")


class _Printer:
    """Prints an expression; subclasses say how each form is written."""

    def __init__(self, over: Sequence[str], here: Mapping[str, int]) -> None:
        self._over, self._here = over, here
        self._place = {name: place for place, name in enumerate(over)}

    def whole(self, raw: Any) -> str:
        """A formula; a maximum without what is in all that it is taken of, and of no more than three."""
        parts = symbolic.alternatives(raw, self._here)
        if len(parts) == 1:
            return self.text(_shortest(raw, self._over), 0)
        shared, rests = symbolic.common_terms(parts)
        texts = [self.text(_shortest(part, self._over), 0) for part in rests[:_MOST]]
        largest = self.largest([*texts, *([self.more] if len(rests) > _MOST else [])])
        return largest if symbolic.as_int(shared) == 0 else f"{self.text(shared, _SUM)} + {largest}"

    def text(self, raw: Any, outer: int) -> str:
        """``raw`` inside a form that binds as strongly as ``outer``."""
        se = symbolic.engine()
        value = symbolic.as_int(raw)
        if value is not None:
            return self.number(value) if value >= 0 else self.closed(f"−{self.number(-value)}", outer >= _PRODUCT)
        if isinstance(raw, se.Add):
            return self.closed(self.sum(raw), outer > _SUM)
        if isinstance(raw, se.floor):
            return self.floor(self.quotient(raw.args[0]))
        if isinstance(raw, se.Mul) or raw.is_Number:
            return self.product(raw, outer)
        if isinstance(raw, se.Pow):
            base, power = raw.args
            if (symbolic.as_int(power) or 0) < 0:
                return self.product(raw, outer)
            return self.power(self.text(base, _POWER), symbolic.as_int(power) or 0)
        return self.name(str(raw))

    def sum(self, raw: Any) -> str:
        """Terms of higher degree first, numbers last."""
        pieces: list[str] = []
        for term in sorted(raw.args, key=self._rank):
            piece = self.text(term, _SUM)
            if not pieces:
                pieces.append(piece)
            else:
                pieces.append(f" − {piece[1:]}" if piece.startswith("−") else f" + {piece}")
        return "".join(pieces)

    def product(self, raw: Any, outer: int) -> str:
        """Factors, numbers first; what is divided by in a fraction."""
        top, bottom = symbolic.sympify(raw).as_numer_denom()
        if symbolic.as_int(bottom) != 1:
            return self.fraction(top, bottom, outer)
        parts = sorted(top.args, key=self._rank_of_factor)
        sign = ""
        number = symbolic.as_int(parts[0])
        if number is not None and number < 0:
            sign, parts = "−", [symbolic.sympify(-number), *parts[1:]] if number != -1 else parts[1:]
        factors = self.times([self.text(part, _PRODUCT) for part in parts])
        return self.closed(sign + factors, bool(sign) and outer > _SUM)

    def quotient(self, raw: Any) -> str:
        """What stands inside a floor: one fraction."""
        top, bottom = raw.as_numer_denom()
        top = symbolic.expand(top)
        return self.text(top, 0) if symbolic.as_int(bottom) == 1 else self.fraction(top, bottom, 0)

    def _rank(self, term: Any) -> tuple[bool, int, list[int], list[str], str]:
        _, powers = max(symbolic.monomials(term) or (), key=lambda one: sum(one[1].values()), default=(True, {}))
        places = [-powers.get(name, 0) for name in self._place]
        return bool(term.is_Number), -sum(powers.values()), places, sorted(powers), str(term)

    def _rank_of_factor(self, part: Any) -> tuple[bool, bool, int, str]:
        base = part.args[0] if isinstance(part, symbolic.engine().Pow) else part
        return not part.is_Number, not base.is_Symbol, self._place.get(str(base), len(self._place)), str(part)

    def closed(self, text: str, needed: bool) -> str:
        """In parentheses where needed."""
        return f"({text})" if needed else text

    number: Callable[[int], str]
    name: Callable[[str], str]
    floor: Callable[[str], str]
    power: Callable[[str, int], str]
    times: Callable[[list[str]], str]
    largest: Callable[[list[str]], str]
    more: str
    fraction: Callable[[Any, Any, int], str]


class _Text(_Printer):
    more = "…"

    def number(self, value: int) -> str:
        return f"{value:,}"

    def name(self, name: str) -> str:
        return name

    def floor(self, inside: str) -> str:
        return f"⌊{inside}⌋"

    def power(self, base: str, power: int) -> str:
        return base + str(power).translate(_SUPER)

    def times(self, parts: list[str]) -> str:
        return "·".join(parts)

    def largest(self, parts: list[str]) -> str:
        return f"max({', '.join(parts)})"

    def fraction(self, top: Any, bottom: Any, outer: int) -> str:
        return self.closed(f"{self.text(top, _PRODUCT)}/{self.text(bottom, _POWER)}", outer >= _POWER)


class _Latex(_Printer):
    more = r"\ldots"

    def number(self, value: int) -> str:
        return _grouped(value)

    def name(self, name: str) -> str:
        return latex_name(name)

    def sum(self, raw: Any) -> str:
        return super().sum(raw).replace("−", "-")

    def floor(self, inside: str) -> str:
        return rf"\lfloor {inside} \rfloor"

    def power(self, base: str, power: int) -> str:
        return f"{base}^{{{power}}}"

    def times(self, parts: list[str]) -> str:
        return r" \, ".join(parts)

    def largest(self, parts: list[str]) -> str:
        return rf"\max({', '.join(parts)})"

    # In one line, with a slash: formulas stand in rows.
    def fraction(self, top: Any, bottom: Any, outer: int) -> str:
        return self.closed(f"{self.text(top, _PRODUCT)}/{self.text(bottom, _POWER)}", outer >= _POWER)
