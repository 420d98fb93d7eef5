"""Proofs about formulas hold for every size; sums told as digits are read as they were told."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_core.bounds import beyond, never_negative
from graph_core.digits import Marks, TooManyError
from graph_core.dims import Dim, Expr, largest, symbol, unwrap
from tests.graph_core.test_dims import GRID, PAIRS, Pair
from tests.graph_core.test_dims import at as at_sizes

H, W, N = map(symbol, "HWN")


@given(PAIRS, PAIRS)
@settings(max_examples=100)
def test_what_is_proven_is_so(one: Pair, other: Pair) -> None:
    difference = one.ours - other.ours
    for least in ({}, {"H": 4, "W": 2}):
        if never_negative(unwrap(difference), least):
            for values in GRID[::5]:
                if all(values[name] >= size for name, size in least.items()):
                    assert at_sizes(difference, values) >= 0, difference


@pytest.mark.parametrize(
    ("size", "least", "proven"),
    [
        (H - 1, {}, True),
        (H - 2, {}, False),
        (H - 2, {"H": 2}, True),
        ((H - 1) // 2 - (H - 1) // 4, {}, True),
        (4 * ((H - 1) // 2) - H, {}, False),
        (4 * ((H - 1) // 2) - H, {"H": 6}, True),
        (H // 2 * 2 - H + 1, {}, True),
        (H // 2 * 2 - H, {}, False),
        (64 * ((H + 1) // 2) ** 2 - 256 * ((H + 3) // 4) ** 2, {}, False),
        (65 * ((H + 1) // 2) ** 2 - 128 * ((H + 3) // 4) ** 2, {"H": 2}, False),
        (65 * ((H + 1) // 2) ** 2 - 128 * ((H + 3) // 4) ** 2, {"H": 9}, True),
        ((H * W) // N * W - (H * W) // N, {}, True),
        (65 * ((H + 1) // 2) * ((W + 31) // 32) - 128 * ((H + 3) // 4) * ((W + 31) // 32), {"H": 900}, False),
        (99 * ((H + 1) // 2) * ((W + 31) // 32) - 64 * ((H + 3) // 4) * ((W + 15) // 16), {"H": 200, "W": 300}, True),
        (33 * ((H + 31) // 32) * ((W + 31) // 32) - H * W // 1, {}, False),
        (1025 * ((H + 31) // 32) * ((W + 31) // 32) - H * W, {}, True),
        (3 * N * ((H + 31) // 32) * ((W + 31) // 32) - 3, {}, True),
        ((H - W) // N, {}, False),
        ((H - W) ** 2, {}, True),
        (H // 97 + W // 89, {}, True),
        (98 * (H // 97) + 98 - H + W // 89, {}, False),  # more rests than are gone through
    ],
)
def test_what_can_be_proven(size: Dim, least: dict[str, int], proven: bool) -> None:
    assert never_negative(unwrap(size), least) is proven


@given(st.lists(PAIRS, min_size=1, max_size=5))
@settings(max_examples=60)
def test_digits_are_read_as_they_were_told(pairs: list[Pair]) -> None:
    values = GRID[11]
    marks = Marks.over(values, {}, training=False)
    sums = [marks.whole(pair.ours) for pair in pairs]
    for pair, told in zip(pairs, sums, strict=True):
        for here in GRID[::13]:
            assert at_sizes(marks.formula(told), here) == at_sizes(pair.ours, here)
    both = marks.whole(H) * 3 - marks.whole(W) * 5
    assert marks.formula(both) == 3 * H - 5 * W
    tower = 7 + marks.most([marks.most(sums), marks.whole(N) * 2])
    for here in GRID[::13]:
        numbers = [at_sizes(size, here) for size in marks.moments(tower)]
        expected = [at_sizes(pair.ours, here) for pair in pairs] + [2 * here["N"]]
        if all(number >= 0 for number in expected):
            assert max(numbers) == 7 + max(expected)
    numbers = [at_sizes(size, values) for size in marks.moments(tower)]
    assert numbers[0] == max(numbers)


def test_too_much_is_left_out() -> None:
    marks = Marks.over({"H": 4, **{f"{letter}{k}": 1 for letter in "ab" for k in range(40)}}, {}, training=False)
    with pytest.raises(TooManyError):
        marks.formula(marks.whole(H) * 2**201)
    pairs = itertools.product(range(40), range(40))
    with pytest.raises(TooManyError):
        marks.most([marks.whole(symbol(f"a{one}") * symbol(f"b{other}")) for one, other in pairs])
    assert isinstance(largest([H, W]), Expr)
    assert largest([H, H]) == H


@given(PAIRS)
@settings(max_examples=60)
def test_from_sizes_that_are_named_on_nothing_is_negative(pair: Pair) -> None:
    here = {"H": 9, "W": 7, "N": 5}
    for size in (pair.ours, pair.ours - 20):
        sizes = beyond(unwrap(size), {}, here)
        if sizes is not None:
            assert all(sizes.get(name, 1) <= number for name, number in here.items())
            for values in GRID[::5]:
                if all(values[name] >= number for name, number in sizes.items()):
                    assert at_sizes(size, values) >= 0, (size, sizes)
