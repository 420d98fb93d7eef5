"""Sizes: symbols against sympy, and the three-valued questions against numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_core.dims import (
    Dim,
    Expr,
    Named,
    at_least,
    ceil_window,
    divides,
    prod,
    same,
    shape_text,
    size_text,
    substitute,
    symbol,
    symbols_of,
    window,
)

H, W, N = symbol("H"), symbol("W"), symbol("N")
NAMES = ("H", "W", "N")
SYMPY = {name: sympy.Symbol(name, integer=True, positive=True) for name in NAMES}


class Pair:
    """One expression twice: as a size, and in sympy."""

    def __init__(self, ours: Dim, theirs: Any, text: str) -> None:
        self.ours, self.theirs, self.text = ours, theirs, text

    def __repr__(self) -> str:
        return self.text


def _leaf(value: str | int) -> Pair:
    if isinstance(value, str):
        return Pair(symbol(value), SYMPY[value], value)
    return Pair(value, sympy.Integer(value), str(value))


def _binary(sign: str, a: Pair, b: Pair) -> Pair:
    made: dict[str, Callable[[Any, Any], Any]] = {
        "+": lambda x, y: x + y,
        "-": lambda x, y: x - y,
        "*": lambda x, y: x * y,
    }
    return Pair(made[sign](a.ours, b.ours), made[sign](a.theirs, b.theirs), f"({a} {sign} {b})")


def _floor(a: Pair, k: int) -> Pair:
    return Pair(a.ours // k, sympy.floor(a.theirs / k), f"({a} // {k})")


PAIRS = st.recursive(
    st.sampled_from([*NAMES, 1, 2, 3, 5]).map(_leaf),
    lambda inner: (
        st.builds(_binary, st.sampled_from("+-*"), inner, inner) | st.builds(_floor, inner, st.sampled_from([2, 3, 4]))
    ),
    max_leaves=7,
)
GRID = [dict(zip(NAMES, values, strict=True)) for values in itertools.product((1, 2, 7, 12), repeat=3)]


def at(size: Dim, values: dict[str, int]) -> int:
    """The size with numbers put in."""
    found = substitute(size, values)
    assert isinstance(found, int)
    return int(found)


@given(PAIRS)
@settings(max_examples=200)
def test_symbols_have_the_values_that_sympy_gives(pair: Pair):
    for values in GRID[::7]:
        numbers = {SYMPY[name]: value for name, value in values.items()}
        assert at(pair.ours, values) == int(pair.theirs.subs(numbers))


@given(PAIRS)
@settings(max_examples=200)
def test_the_text_means_the_size(pair: Pair):
    text = str(pair.ours)
    assert "floor" not in text
    for values in GRID[::9]:
        assert eval(text, {"__builtins__": {}}, dict(values)) == at(pair.ours, values)


@given(PAIRS, PAIRS)
@settings(max_examples=200)
def test_a_sure_answer_holds_for_every_value(a: Pair, b: Pair):
    for values in GRID[::5]:
        x, y = at(a.ours, values), at(b.ours, values)
        if same(a.ours, b.ours) is not None:
            assert (x == y) is same(a.ours, b.ours)
        if at_least(a.ours, b.ours) is not None:
            assert (x >= y) is at_least(a.ours, b.ours)
        if y != 0 and divides(b.ours, a.ours) is not None:
            assert (x % y == 0) is divides(b.ours, a.ours)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (H // 2 // 2, "H // 4"),
        (((H - 1) // 2 + 1 - 1) // 2 + 1, "(-1 + H) // 4 + 1"),
        ((2 * H) // 2, "H"),
        ((H * W * 64) // 64, "H*W"),
        (H * W // W, "H"),
        (H - H + 3, "3"),
        ((H + 2) * (H + 2) - H * H, "4*H + 4"),
        ((H // 2 + 3) // 2, "(6 + H) // 4"),
    ],
)
def test_equal_sizes_become_one(size: Dim, text: str):
    expected = {name: sympy.Symbol(name, integer=True, positive=True) for name in NAMES}
    for values in GRID:
        assert at(size, values) == eval(text, {"__builtins__": {}}, dict(values))
    ours = sympy.sympify(str(size).replace("//", "/"), locals=expected)
    theirs = sympy.sympify(text.replace("//", "/"), locals=expected)
    assert sympy.simplify(ours - theirs) == 0


def test_halving_twice_is_quartering():
    assert same(H // 2 // 2, H // 4) is True
    assert same(window(window(H, 3, 2, 1), 3, 2, 1), (H - 1) // 4 + 1) is True
    assert same(H // 2 * 2, H) is None


def test_nothing_is_claimed_that_symbols_leave_open():
    assert same(H, W) is None
    assert same(H, 64) is None
    assert same(H, H + 1) is False
    assert divides(4, H) is None
    assert divides(4, 8 * H) is True
    assert divides(H, H * W) is True
    assert divides(0, 8) is False
    assert at_least(H, 1) is True
    assert at_least(H, 2) is None
    assert at_least(H + W, 2) is True
    assert at_least(H - W, 0) is None
    assert at_least(H, H + 1) is False
    with pytest.raises(TypeError, match="no truth value"):
        bool(H)


def test_a_floor_of_what_may_be_no_whole_number_is_kept():
    half = H * (H + 1) // 2
    for values in GRID:
        assert at(half, values) == values["H"] * (values["H"] + 1) // 2
    assert symbols_of(half) == {"H"}
    assert symbols_of(3) == set()


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3))
def test_windows_count_what_fits(size: int, kernel: int, stride: int, padding: int, dilation: int):
    reach = dilation * (kernel - 1) + 1
    total = size + 2 * padding
    starts = [s for s in range(0, total, stride) if s + reach <= total]
    if total >= reach:
        assert window(size, kernel, stride, padding, dilation) == len(starts)
        if 2 * padding > kernel:  # torch's pooling refuses that
            return
        # With ceil_mode the last window may reach over the end, where it starts inside the input or its left padding.
        over = [s for s in range(0, total, stride) if s == 0 or s + reach - stride < total]
        over = [s for s in over if s < size + padding]
        assert ceil_window(size, kernel, stride, padding, dilation) == len(over)
    symbolic = window(H, kernel, stride, padding, dilation)
    assert at(symbolic, {"H": size}) == window(size, kernel, stride, padding, dilation)


def test_named_sizes_are_numbers_that_remember():
    t = Named(128, "T")
    assert t + 0 == 128
    assert size_text(t) == "T"
    assert size_text(t * 2) == "256"
    assert shape_text((t, 64)) == "T×64"
    assert shape_text(()) == "scalar"
    assert t != Named(128, "S")
    assert t != Named(64, "T")
    assert len({t, Named(128, "S"), Named(128, "T")}) == 2
    assert same(t, 128) is True


def test_products_and_substitution():
    assert prod([]) == 1
    assert str(prod([N, 3, H, W])) == "3*H*N*W"
    found = substitute(N * 3 * H, {"H": 4})
    assert isinstance(found, Expr)
    assert str(found) == "12*N"
    assert at(found, {"N": 2}) == 24
