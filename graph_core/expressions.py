"""Safe arithmetic in parameters: ``4 * dim``, ``stride if i == 0 else 1``, ``stride != 1 or a != b``.

Text is parsed into a small tree of allowed forms and computed by us: nothing is ever evaluated by Python. Length,
depth, exponents and magnitudes are bounded, so that no text can hang or exhaust the process.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from functools import lru_cache

from graph_core.dims import Dim, Expr, at_least, example_of, number_of, same

Literal = int | float | bool | str | None
Value = Dim | float | bool | str | None | tuple["Value", ...]
Scope = Mapping[str, Value]

MAX_LENGTH = 400
MAX_MAGNITUDE = 2**63 - 1
MAX_DEPTH = 40


class ExpressionError(ValueError):
    """A text that is no arithmetic we know, or whose value does not exist; the message is one sentence."""


class Undecided(ExpressionError):
    """A condition over symbols that is true for some of their values only."""


_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_FUNCTIONS: dict[str, Callable[..., float]] = {"min": min, "max": max, "abs": abs, "round": round}


@lru_cache(maxsize=8192)
def parse(text: str) -> ast.expr:
    """The tree of ``text``; raises ExpressionError with one sentence where it is not plain arithmetic."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"An expression may have {MAX_LENGTH} characters, this one has {len(text)}.")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ExpressionError(f"“{_short(text)}” is not an expression; write arithmetic such as 4 * dim.") from error
    _check(tree, text, 0)
    return tree


def _check(node: ast.expr, text: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ExpressionError(f"“{_short(text)}” is nested deeper than {MAX_DEPTH} levels.")
    children: list[ast.expr]
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, int | float | bool | str):
            if (isinstance(value, int) and abs(value) > MAX_MAGNITUDE) or value == math.inf:
                raise ExpressionError(f"“{_short(text)}” has a number beyond 2⁶³.")
            children = []
        case ast.Name():
            children = []
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            children = [left, right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not(), operand=operand):
            children = [operand]
        case ast.BoolOp(values=values):
            children = values
        case ast.Compare(left=left, ops=ops, comparators=comparators) if all(type(op) in _COMPARE for op in ops):
            children = [left, *comparators]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            children = [test, body, orelse]
        case ast.Tuple(elts=elts):
            children = elts
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS and args:
            children = args
        case _:
            raise ExpressionError(
                f"“{_short(text)}” uses something other than arithmetic, comparisons, and/or/not, a if b else c, "
                "min, max, abs and round."
            )
    for child in children:
        _check(child, text, depth + 1)


@lru_cache(maxsize=8192)
def names_in(text: str) -> frozenset[str]:
    """The names that ``text`` refers to; empty where it does not parse."""
    try:
        tree = parse(text)
    except ExpressionError:
        return frozenset()
    calls = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in calls)


def evaluate(text: str, scope: Scope) -> Value:
    """The value of ``text`` with names looked up in ``scope``; raises ExpressionError, or Undecided on symbols.

    While formulas are made, what has no formula is computed from the example sizes, and these become conditions.
    """
    if text in scope and text.isidentifier():
        return scope[text]  # most expressions are one name
    try:
        return _value(parse(text), scope)
    except Undecided:
        return _value(parse(text), _at_examples(text, scope, number_of))
    except ExpressionError:
        raise
    except ZeroDivisionError as error:
        raise ExpressionError(f"“{_short(text)}” divides by zero.") from error
    except (TypeError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"“{_short(text)}” cannot be computed from these values.") from error


def evaluate_real(text: str, scope: Scope) -> Value:
    """The value of ``text`` for a parameter on which no size depends: symbols count as their examples, if known."""
    if not any(isinstance(value, Expr) for value in scope.values()):
        return evaluate(text, scope)
    try:
        return evaluate(text, _at_examples(text, scope, example_of))
    except Undecided:
        return evaluate(text, scope)


def _at_examples(text: str, scope: Scope, example: Callable[[Dim], int | None]) -> Scope:
    """The scope with numbers for the symbolic sizes that ``text`` uses; raises Undecided where one has no example."""
    numbers: dict[str, Value] = {}
    for name in sorted(names_in(text) & scope.keys()):
        value = scope[name]
        if isinstance(value, Expr):
            numbers[name] = example(value)
            if numbers[name] is None:
                raise Undecided(f"{name} is a size that is not known yet.")
    return {**scope, **numbers} if numbers else scope


def decide(text: str, scope: Scope) -> bool | None:
    """Whether the condition ``text`` holds; None where it depends on symbols. Raises ExpressionError."""
    try:
        return _truth(evaluate(text, scope))
    except Undecided:
        return None


def _value(node: ast.expr, scope: Scope) -> Value:
    match node:
        case ast.Constant(value=value):
            assert value is None or isinstance(value, int | float | bool | str)
            return value
        case ast.Name(id=name):
            if name not in scope:
                known = ", ".join(sorted(scope)[:8]) or "none"
                raise ExpressionError(f"There is no value called {name} here; known: {known}.")
            return scope[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(_BINARY[type(op)], _value(left, scope), _value(right, scope))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _truth(_value(operand, scope))
        case ast.UnaryOp(op=op, operand=operand):
            number = _number(_value(operand, scope))
            return -number if isinstance(op, ast.USub) else number
        case ast.BoolOp(op=op, values=values):
            return _bool(isinstance(op, ast.Or), values, scope)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            here = _value(left, scope)
            for sign, comparator in zip(ops, comparators, strict=True):
                there = _value(comparator, scope)
                if not _compare(_COMPARE[type(sign)], here, there):
                    return False
                here = there
            return True
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _value(body if _truth(_value(test, scope)) else orelse, scope)
        case ast.Tuple(elts=elts):
            return tuple(_value(element, scope) for element in elts)
        case ast.Call(func=ast.Name(id=name), args=args):
            numbers = [_number(_value(argument, scope)) for argument in args]
            plain = [number for number in numbers if not isinstance(number, Expr)]
            if len(plain) < len(numbers):
                return _extreme(name, numbers)
            return _FUNCTIONS[name](*plain)
    raise ExpressionError("An expression form that is not known.")


def _extreme(name: str, numbers: list[Dim | float]) -> Dim:
    """min() or max() of sizes of which some are symbols."""
    sizes = [number for number in numbers if not isinstance(number, float)]
    if name not in ("min", "max") or len(sizes) < len(numbers):
        raise Undecided(f"{name}() of sizes that are not known yet.")
    best = sizes[0]
    for size in sizes[1:]:
        larger = at_least(size, best)
        if larger is None:
            raise Undecided(f"{name}() of sizes that are not known yet.")
        best = size if larger is (name == "max") else best
    return best


def _bool(any_of: bool, values: list[ast.expr], scope: Scope) -> bool:
    """and/or over three-valued conditions: one that decides the outcome wins over an undecided one."""
    undecided: Undecided | None = None
    for value in values:
        try:
            if _truth(_value(value, scope)) is any_of:
                return any_of
        except Undecided as error:
            undecided = error
    if undecided:
        raise undecided
    return not any_of


def _truth(value: Value) -> bool:
    if isinstance(value, Expr):
        raise Undecided("A condition on a size that is not known yet.")
    return bool(value)


def _number(value: Value) -> Dim | float:
    if isinstance(value, int | float | Expr):
        return value
    raise ExpressionError(f"{value!r} is not a number.")


def _arithmetic(sign: str, left: Value, right: Value) -> Value:
    a, b = _number(left), _number(right)
    if isinstance(a, Expr) or isinstance(b, Expr):
        return _symbolic(sign, a, b)
    result: float
    match sign:
        case "+":
            result = a + b
        case "-":
            result = a - b
        case "*":
            result = a * b
        case "/":
            result = a / b
        case "//":
            result = a // b
        case "%":
            result = a % b
        case _:
            result = _power(a, b)
    if not abs(result) <= MAX_MAGNITUDE:
        raise ExpressionError("A value beyond 2⁶³.")
    return result


def _power(a: float, b: float) -> float:
    if abs(b) > 64:
        raise ExpressionError(f"The exponent {_short(str(b))} is larger than 64.")
    if isinstance(a, int) and isinstance(b, int) and b >= 0 and a.bit_length() * b > 128:
        raise ExpressionError("A value beyond 2⁶³.")
    result = a**b
    if isinstance(result, complex):
        raise ExpressionError(f"The root of a negative number, {a}.")
    return float(result) if isinstance(a, float) or isinstance(b, float) or b < 0 else int(result)


def _symbolic(sign: str, a: Dim | float, b: Dim | float) -> Value:
    if isinstance(a, float) or isinstance(b, float):
        raise Undecided("A fraction of a size that is not known yet.")
    match sign:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "//":
            return a // b
        case "%":
            return a - b * (a // b)
        case "**" if isinstance(b, int) and 0 <= b <= 16:
            return a**b
    raise Undecided(f"{sign} of sizes that are not known yet.")


def _compare(sign: str, a: Value, b: Value) -> bool:
    if isinstance(a, Expr) or isinstance(b, Expr):
        answer = _compare_sizes(sign, _number(a), _number(b))
        if answer is None:
            raise Undecided("A comparison with a size that is not known yet.")
        return answer
    if sign in ("==", "!="):
        equal = int(a) == int(b) if isinstance(a, int) and isinstance(b, int) else a == b
        return equal is (sign == "==")
    x, y = _number(a), _number(b)
    assert not isinstance(x, Expr)
    assert not isinstance(y, Expr)
    return {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[sign]


def _compare_sizes(sign: str, a: Dim | float, b: Dim | float) -> bool | None:
    if isinstance(a, float) or isinstance(b, float):
        return None
    match sign:
        case "==":
            return same(a, b)
        case "!=":
            return _not(same(a, b))
        case ">=":
            return at_least(a, b)
        case "<=":
            return at_least(b, a)
        case ">":
            return at_least(a, b + 1)
        case _:
            return at_least(b, a + 1)


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _short(text: str) -> str:
    shown = text if len(text) <= 40 else text[:39] + "…"
    return "".join(c if c.isprintable() else "�" for c in shown)
