"""Pieces of LaTeX: texts that are safe in any document, values, and expressions over sizes."""

from __future__ import annotations

import ast
from typing import Any, Final

from graph_core.expressions import ExpressionError, parse

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
# fmt: off
_GREEK: Final = frozenset((
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega",
))
# fmt: on
_SUM, _PRODUCT, _POWER = 1, 2, 3


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


def expression(size: int | str) -> str:
    """A size: a number, or the text of an expression over symbols, floors as such; other text as text."""
    if isinstance(size, int):
        return str(size)
    try:
        return _written(parse(size), 0)
    except (ExpressionError, TypeError):
        return rf"\text{{{escape(size)}}}"


def _written(node: ast.expr, outer: int) -> str:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return value(number)
        case ast.Name(id=name):
            return _symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _bracketed(f"-{_written(operand, _PRODUCT)}", outer > _SUM)
        case ast.BinOp(left=left, op=ast.FloorDiv(), right=right):
            return rf"\left\lfloor \frac{{{_written(left, 0)}}}{{{_written(right, 0)}}} \right\rfloor"
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return rf"\frac{{{_written(left, 0)}}}{{{_written(right, 0)}}}"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return rf"{_written(left, _POWER)}^{{{_written(right, 0)}}}"
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            sign = r" \cdot " if isinstance(right, ast.Constant) else r"\, "
            return _bracketed(f"{_written(left, _PRODUCT)}{sign}{_written(right, _PRODUCT)}", outer >= _POWER)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _bracketed(f"{_written(left, _SUM)} + {_written(right, _SUM)}", outer > _SUM)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _bracketed(f"{_written(left, _SUM)} - {_written(right, _PRODUCT)}", outer > _SUM)
    raise TypeError("no arithmetic of sizes")


def _symbol(name: str) -> str:
    """A letter stands alone, Greek by its name, with what follows an underscore below; a word is upright."""
    head, _, below = name.partition("_")
    letter = f"\\{head}" if head in _GREEK else head if len(head) == 1 else rf"\mathrm{{{head}}}"
    if not head:
        return rf"\text{{{escape(name)}}}"
    return rf"{letter}_{{\text{{{escape(below)}}}}}" if below else letter


def _bracketed(text: str, needed: bool) -> str:
    return rf"\left( {text} \right)" if needed else text
