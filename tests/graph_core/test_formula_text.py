"""Formulas as people read them mean what they are; conditions say what they ask; orders are those of sympy."""

from __future__ import annotations

import itertools
import re

import pytest
import sympy
from hypothesis import given, settings

from graph_core.conditions import Condition, deciding, simplified
from graph_core.dims import Dim, Expr, at_least, divides, number_of, same, symbol
from graph_core.formula_text import formula_latex, formula_text, latex_name, order_latex, shape_formula
from graph_core.growth import leading_terms
from tests.graph_core.test_dims import GRID, NAMES, PAIRS, SYMPY, Pair, at

H, W, N = map(symbol, NAMES)
SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def read(text: str) -> str:
    """A formula's text as Python writes it."""
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: f"**{found[0].translate(SUPER)}", text)
    text = text.replace(",", "").replace("·", "*").replace("−", "-").replace("⌊", "floor(").replace("⌋", ")")
    return re.sub(r"(?<![\w.])(\d+)(?![\w.])", r"Integer(\1)", text)


@given(PAIRS)
@settings(max_examples=200)
def test_the_text_of_a_formula_means_it(pair: Pair) -> None:
    space = {"floor": sympy.floor, "Integer": sympy.Integer, **SYMPY}
    for over in ((), ("W", "H", "N")):
        meant = eval(read(formula_text(pair.ours, over)), {"__builtins__": {}}, space)
        for values in GRID[::13]:
            numbers = {SYMPY[name]: value for name, value in values.items()}
            assert sympy.sympify(meant).subs(numbers) == at(pair.ours, values), formula_text(pair.ours)


@pytest.mark.parametrize(
    ("size", "text", "latex"),
    [
        (6 * (1024 * N * W**2 + H * N), "6,144·N·W² + 6·H·N", r"6{,}144 \, N \, W^{2} + 6 \, H \, N"),
        ((H - 1) // 4 + 1, "⌊(H − 1)/4⌋ + 1", r"\lfloor (H - 1)/4 \rfloor + 1"),
        (H * W // N, "⌊H·W/N⌋", r"\lfloor H \, W/N \rfloor"),
        (3 - H, "−H + 3", "-H + 3"),
        ((H + W) * (H - W) * 2, "2·H² − 2·W²", r"2 \, H^{2} - 2 \, W^{2}"),
        (12_345, "12,345", "12{,}345"),
    ],
)
def test_how_formulas_are_written(size: Dim, text: str, latex: str) -> None:
    assert formula_text(size) == text
    assert formula_latex(size) == latex


def test_how_shapes_over_symbols_are_written() -> None:
    shape = (N, 2 * H, (W - 1) // 2 + 1, 3 * ((H - 1) // 4 + 1) ** 2, W + 1, (W - 7) // 2 + 1, 64)
    assert shape_formula(shape) == "N × 2·H × ⌊(W + 1)/2⌋ × 3·⌊(H + 3)/4⌋² × (W + 1) × (⌊(W + 1)/2⌋ − 3) × 64"


def test_names_and_orders_in_latex() -> None:
    assert [*map(latex_name, ("T", "c_in", "num_heads", "k_h"))] == [
        "T", r"c_{\text{in}}", r"\text{num\_heads}", r"k_{\text{h}}",
    ]  # fmt: skip
    assert order_latex("O(n²·k²·c_in/g + T)") == r"O\left(n^{2}\,k^{2}\,c_{\text{in}}/g + T\right)"
    assert order_latex("O(1)") == r"O\left(1\right)"


@given(PAIRS)
@settings(max_examples=150)
def test_the_degree_in_one_symbol_is_sympys(pair: Pair) -> None:
    """Without floors, where no subtraction takes the leading coefficient away for some sizes."""
    plain = sympy.expand(pair.theirs.replace(sympy.floor, lambda inside: inside))
    for name in NAMES:
        coefficients = sympy.Poly(plain, SYMPY[name]).all_coeffs()
        if isinstance(pair.ours, Expr) and all(c > 0 for c in sympy.Poly(plain, *SYMPY.values()).coeffs()):
            (term,) = leading_terms(pair.ours, (name,))
            assert term.get(name, 0) == len(coefficients) - 1


def asked(question: str, a: Dim, b: Dim, values: dict[str, int]) -> list[Condition]:
    with deciding(values) as noted:
        {"same": same, "divides": divides, "at_least": at_least}[question](a, b)
    return [*noted]


@pytest.mark.parametrize(
    ("question", "a", "b", "text"),
    [
        ("at_least", H, 5, "H is at least 5"),
        ("at_least", 50, H, "H is at most 50"),
        ("at_least", 2 * H, 7, "H is at least 4"),
        ("at_least", (H - 1) // 4 + 1, 2, "H is at least 5"),
        ("at_least", H, 40, "H is at most 39"),
        ("at_least", H + 2 * N, W, "H + 2·N is at least W"),
        ("at_least", H, 4 * W, "H is less than 4·W"),
        ("same", H, 32, "H is 32"),
        ("same", H, 2 * W, "H equals 2·W"),
        ("same", H, W, "H differs from W"),
        ("divides", 8, H, "8 divides H"),
        ("divides", W, H, "W divides H"),
        ("divides", 5, H, "5 does not divide H"),
    ],
)
def test_what_was_asked_is_said(question: str, a: Dim, b: Dim, text: str) -> None:
    values = {"H": 32, "W": 16, "N": 2}
    (condition,) = asked(question, a, b, values)
    assert condition.text == text
    assert condition.holds(values)


@given(PAIRS, PAIRS)
@settings(max_examples=150)
def test_a_condition_holds_where_the_answer_is_the_same(one: Pair, other: Pair) -> None:
    """Put into the noted bound, or asked again with numbers: both say the same of every size."""
    for question in ("same", "at_least", "divides"):
        for condition in asked(question, one.ours, other.ours, GRID[11]):
            for values in GRID[::7]:
                a, b = at(one.ours, values), at(other.ours, values)
                told = {"same": a == b, "at_least": a >= b, "divides": a != 0 and b % a == 0}[question]
                assert condition.holds(values) is (told is condition.answer)
                if condition.bound is not None:
                    name, kind, number = condition.bound
                    found = {"is": values[name] == number, "least": values[name] >= number}
                    assert found.get(kind, values[name] <= number) is condition.holds(values), condition.text


def test_only_the_strictest_is_said() -> None:
    with deciding({"H": 32, "W": 16, "N": 2}) as noted:
        for bound in (3, 9, 5):
            assert at_least(H, bound)
        assert not same(H, 1)
        assert not same(W, 2)
        assert at_least(40, W)
        assert at_least(64, W)
        assert number_of(N) == 2
        assert at_least(N, 2)
    assert [c.text for c in simplified(noted)] == ["H is at least 9", "W differs from 2", "W is at most 40", "N is 2"]


def test_at_least_and_at_most_the_same_is_said_as_one() -> None:
    with deciding({"H": 32, "W": 16, "N": 2}) as noted:
        assert at_least(H, 32)
        assert at_least(H, 5)
        assert at_least(32, H)
        assert at_least(W, 16)
        assert at_least(17, W)
        assert not same(H, 31)
    assert [c.text for c in simplified(noted)] == ["H is 32", "W is at least 16", "W is at most 17"]
    assert all(c.holds({"H": 32, "W": 16}) for c in simplified(noted))


def test_nothing_is_decided_elsewhere_or_without_an_example() -> None:
    assert same(H, W) is None
    assert number_of(H) is None
    with deciding({"H": 3}) as noted:
        assert same(H, W) is None
        assert number_of(W * 2) is None
        with deciding({"W": 1}):
            assert at_least(W, 2) is False
        assert at_least(H, 2) is True
    assert len(noted) == 1
    assert all(condition.holds({"H": size}) is (size >= 2) for condition, size in itertools.product(noted, (1, 2, 3)))
