"""Pieces of LaTeX: texts that are safe in any document, values, and expressions over sizes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from graph_core.dims import Expr, symbol
from graph_core.expressions import ExpressionError, evaluate, names_in
from graph_core.formula_text import formula_latex, latex_name

_ESCAPED: Final = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",  # its own command needs a T1 font
    **{sign: f"\\{sign}" for sign in "_#$%&{}"},
}


def escape(text: str) -> str:
    r"""Text for ``\text{…}`` that every engine typesets as it is; what is not ASCII stands as its code point."""
    return "".join(_ESCAPED.get(sign) or (sign if " " <= sign <= "~" else f"[U+{ord(sign):04X}]") for sign in text)


def value(given: Any) -> str:
    """A field's value: numbers as mathematics, anything else as text."""
    if isinstance(given, bool) or given is None:
        return rf"\text{{{str(given).lower()}}}"
    if isinstance(given, int):
        return str(given)
    if isinstance(given, float):
        mantissa, e, exponent = f"{given:.10g}".partition("e")
        if not e:
            return mantissa
        return rf"10^{{{int(exponent)}}}" if mantissa == "1" else rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    if isinstance(given, list | tuple):
        return r"[" + ",\\, ".join(value(part) for part in given) + "]"
    return rf"\text{{{escape(str(given))}}}"


@lru_cache(maxsize=4096)
def expression(size: int | str) -> str:
    """A size: a number, or the text of an expression over symbols, floors as such; other text as text."""
    if isinstance(size, int):
        return str(size)
    if size.isascii() and size.isidentifier():
        return latex_name(size)
    try:
        value = evaluate(size, {name: symbol(name) for name in names_in(size)})
    except ExpressionError:
        value = None
    if not isinstance(value, int | Expr):
        return rf"\text{{{escape(size)}}}"
    return formula_latex(value).replace("−", "-")  # which LaTeX writes as the sign itself
