"""Safe arithmetic: equal to Python's where both have a value, refused in one sentence where not, never more."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_core.dims import Expr, symbol
from graph_core.expressions import (
    MAX_MAGNITUDE,
    ExpressionError,
    Undecided,
    decide,
    evaluate,
    names_in,
    parse,
)
from graph_core.substitution import put_in

SCOPE: dict[str, Any] = {"dim": 64, "heads": 8, "i": 0, "stride": 2, "p": 0.5, "on": True, "mode": "same", "none": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4 * dim", 256),
        ("dim // heads", 8),
        ("-dim % 10", 6),
        ("2 ** 10", 1024),
        ("2 ** -1", 0.5),
        ("dim / heads", 8.0),
        ("stride if i == 0 else 1", 2),
        ("stride != 1 or dim != 64", True),
        ("not on", False),
        ("min(dim, 8, 3)", 3),
        ("max(1, abs(-7))", 7),
        ("round(2.5 * 3)", 8),
        ("mode == 'same'", True),
        ("none == None", True),
        ("1 < stride <= 2", True),
        ("(dim, 1)", (64, 1)),
        ("  dim  ", 64),
        ("0 and 1 // 0", False),
    ],
)
def test_values(text: str, value: Any):
    found = evaluate(text, SCOPE)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not an expression"),
        ("1 +", "is not an expression"),
        ("x = 1", "is not an expression"),
        ("nothing", "no value called nothing here; known: dim"),
        ("1 // 0", "divides by zero"),
        ("1 % 0", "divides by zero"),
        ("0 ** -1", "divides by zero"),
        ("dim.real", "something other than arithmetic"),
        ("dim[0]", "something other than arithmetic"),
        ("[1, 2]", "something other than arithmetic"),
        ("{1: 2}", "something other than arithmetic"),
        ("lambda: 1", "something other than arithmetic"),
        ("(x := 3)", "something other than arithmetic"),
        ("f'{dim}'", "something other than arithmetic"),
        ("[x for x in (1,)]", "something other than arithmetic"),
        ("print(1)", "something other than arithmetic"),
        ("__import__('os')", "something other than arithmetic"),
        ("min(dim, key=abs)", "something other than arithmetic"),
        ("min(*dim)", "something other than arithmetic"),
        ("min()", "something other than arithmetic"),
        ("1 is 1", "something other than arithmetic"),
        ("1 & 2", "something other than arithmetic"),
        ("~1", "something other than arithmetic"),
        ("1j", "something other than arithmetic"),
        ("b'1'", "something other than arithmetic"),
        ("...", "something other than arithmetic"),
        ("9" * 30, "beyond 2⁶³"),
        ("2 ** 64", "beyond 2⁶³"),
        ("9 ** 9 ** 9", "larger than 64"),
        ("(10 ** 18) * 10", "beyond 2⁶³"),
        ("1e308 * 10", "beyond 2⁶³"),
        ("1e999", "beyond 2⁶³"),
        ("(-8) ** 0.5", "root of a negative number"),
        ("mode * 3", "'same' is not a number"),
        ("(1, 2) * 3", "is not a number"),
        ("none + 1", "None is not a number"),
        ("mode < 3", "'same' is not a number"),
        ("1" + " + 1" * 200, "may have 400 characters"),
        ("(" * 300, "is not an expression"),
        ("-" * 300 + "1", "nested deeper than 40"),
        ("a\x00b", "is not an expression"),
        ("\ud800", "is not an expression"),
        ("max(1, mode)", "is not a number"),
        ("round(1, 2.5)", "cannot be computed"),
    ],
)
def test_what_has_no_value_is_said_in_a_sentence(text: str, sentence: str):
    with pytest.raises(ExpressionError, match=sentence) as error:
        evaluate(text, SCOPE)
    message = str(error.value)
    assert message.isprintable()
    assert message.endswith(".")
    assert len(message) < 250


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("T > 0", True),
        ("T >= 2", None),
        ("T == T", True),
        ("2 * T == T + T", True),
        ("T != T + 1", True),
        ("T < 1", None),
        ("T == 4 and False", False),
        ("T == 4 or True", True),
        ("T == 4 and True", None),
        ("False or T > 5", None),
        ("stride != 1 or T == 7", True),
        ("not T == 4", None),
    ],
)
def test_conditions_on_symbols_have_three_answers(text: str, answer: bool | None):
    assert decide(text, {**SCOPE, "T": symbol("T")}) is answer


@pytest.mark.parametrize(
    ("text", "value"),
    [("2 * T + T", "3*T"), ("T // 2", "T // 2"), ("T * T", "T**2"), ("T - T", "0"), ("(T * 6) // 3", "2*T")],
)
def test_arithmetic_on_symbols(text: str, value: str):
    assert str(evaluate(text, {"T": symbol("T")})) == value


@pytest.mark.parametrize("text", ["T / 2", "T * 0.5", "max(T, 3)", "2 ** T", "1 if T > 4 else 2", "T % T2 > 0"])
def test_what_cannot_be_told_of_symbols_is_undecided(text: str):
    with pytest.raises(Undecided):
        evaluate(text, {"T": symbol("T"), "T2": symbol("T2")})


def test_names():
    assert names_in("max(dim, 4 * heads) if i else dim") == {"dim", "heads", "i"}
    assert names_in("1 +") == set()
    assert names_in("min(1, 2)") == set()


LEAVES = st.sampled_from(["dim", "heads", "i", "stride", "p", "on", "3", "0", "7", "2.5", "True"])
TEXTS = st.recursive(
    LEAVES,
    lambda t: (
        st.tuples(t, st.sampled_from(["+", "-", "*", "//", "%", "/", "**", "<", "==", "!=", ">=", "and", "or"]), t).map(
            lambda x: f"({x[0]} {x[1]} {x[2]})"
        )
        | t.map(lambda x: f"(-{x})")
        | t.map(lambda x: f"(not {x})")
        | st.tuples(t, t, t).map(lambda x: f"({x[0]} if {x[1]} else {x[2]})")
        | st.tuples(t, t).map(lambda x: f"max({x[0]}, {x[1]})")
    ),
    max_leaves=8,
)


def _python(node: ast.expr, scope: dict[str, Any]) -> Any:
    """What Python makes of a tree that we have checked: the reference, which runs in the tests only."""
    code = compile(ast.fix_missing_locations(ast.Expression(node)), "<test>", "eval")
    return eval(code, {"__builtins__": {}, "max": max}, dict(scope))


@given(TEXTS)
@settings(max_examples=400)
def test_we_compute_what_python_computes(text: str):
    try:
        ours = evaluate(text, SCOPE)
    except ExpressionError:
        # Refused only where Python has no value either, or one beyond our bounds.
        try:
            theirs = _python(parse(text), SCOPE)
        except (ArithmeticError, TypeError, ValueError, ExpressionError):
            return
        beyond = isinstance(theirs, complex) or not abs(theirs) <= MAX_MAGNITUDE
        assert beyond or "**" in text or abs(theirs) < 1e-300, theirs
        return
    theirs = _python(parse(text), SCOPE)
    if " and " in text or " or " in text:  # ours give true or false, Python's one of the operands
        return
    assert ours == theirs or (math.isnan(ours) and math.isnan(theirs))


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda b: b.decode("latin-1")))
@settings(max_examples=300)
def test_any_text_has_a_value_or_is_refused(text: str):
    try:
        value = evaluate(text, SCOPE)
    except ExpressionError:
        return
    assert value is None or isinstance(value, int | float | bool | str | tuple | Expr)


@given(TEXTS, st.dictionaries(st.sampled_from(["dim", "heads", "i", "stride"]), st.sampled_from([-3, 2, "4 - i", 7])))
@settings(max_examples=300)
def test_values_put_in_mean_the_same(text: str, values: dict[str, Any]):
    def value(found: Any, scope: dict[str, Any]) -> Any:
        try:
            return evaluate(found, scope) if isinstance(found, str) else found
        except ExpressionError:
            return None

    inner = {name: evaluate(v, SCOPE) if isinstance(v, str) else v for name, v in values.items()}
    try:
        found = put_in(text, values)
    except ExpressionError:
        return
    expected = value(text, {**SCOPE, **inner})
    assert value(found, SCOPE) == expected


@pytest.mark.parametrize(
    ("text", "values", "found"),
    [
        ("dim", {"dim": [1, 2]}, [1, 2]),
        ("dim ** 2", {"dim": -3}, 9),
        ("dim ** i", {"dim": -3}, "(-3) ** i"),
        ("2 * dim", {"dim": "heads + 1"}, "2 * (heads + 1)"),
        ("dim - i", {"i": "heads - 1"}, "dim - (heads - 1)"),
        ("max(dim, max(1, 2))", {"max": 7, "dim": 3}, 3),
        ("dim > 4", {"dim": 8}, True),
        ("dim", {"i": 1}, "dim"),
    ],
)
def test_what_is_put_in_keeps_its_parentheses(text: str, values: dict[str, Any], found: Any):
    assert put_in(text, values) == found
