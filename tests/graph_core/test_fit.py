"""The largest size that fits: exact, wherever the search begins, and found without touching the drawing."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_core import Project, analyze, dumps, edits, loads
from graph_core.fit import MOST, Most, Question, _largest, devices, largest, needs
from graph_core.propagate import engine_of
from graph_core.templates import open_template


def finished(search: Generator[None, None, Most]) -> tuple[Most, int]:
    """The answer, and after how many analyses."""
    steps = 0
    while True:
        try:
            next(search)
        except StopIteration as end:
            return end.value, steps
        steps += 1


@given(
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**4), st.sampled_from([0, 0, 0, 1, 3])),
    st.integers(0, 10**8),
    st.integers(1, 10**5),
)
def test_the_search_finds_the_last_size_that_fits(parts: tuple[int, int, int], limit: int, start: int) -> None:
    fixed, slope, square = parts

    def total(size: int) -> int:
        return fixed + slope * size + square * size * size

    def analysed(size: int) -> Generator[None, None, int | None]:
        yield
        return total(size)

    most, steps = finished(_largest(analysed, limit, start))
    assert steps <= 60
    if most.size is None:
        assert total(MOST) <= limit
    else:
        assert not most.size or total(most.size) <= limit
        assert total(most.size + 1) > limit


@pytest.mark.parametrize("name", ["lenet", "transformer_encoder"])
@pytest.mark.parametrize("training", [False, True])
def test_the_answer_is_what_the_drawing_says_at_that_size(name: str, training: bool) -> None:
    project = open_template(name)
    before, version = dumps(project), engine_of(project).version
    question, limit = Question("main", training, "mixed"), 2 * 2**30
    most, steps = finished(largest(project, question, {}, "N", limit))
    assert (dumps(project), engine_of(project).version) == (before, version)
    assert most.size
    assert steps < 16
    for size, fits in ((most.size, True), (most.size + 1, False)):
        other = loads(before)
        edits.set_symbol(other, "N", size)
        memory = analyze(other).memory_at("mixed")
        if training:
            total = memory.params + memory.grads + memory.optimizer + memory.activations_training
        else:
            total = memory.params + memory.activations_inference
        assert (total <= limit) is fits


def test_a_size_at_which_the_drawing_has_an_error_does_not_fit() -> None:
    project = Project.new("positions")
    edits.set_symbol(project, "T", 10)
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", "T", 8])
    graph.add("LearnedPositions", id="p", max_len=100)
    graph.add("Output", id="y")
    graph.connect("x.y", "p.x")
    graph.connect("p.y", "y.x")
    question = Question()
    assert finished(largest(project, question, {}, "T", 2**30))[0] == Most(100, sound=False)
    assert needs(project, question, {"T": 101}) is None
    edits.set_symbol(project, "K", 3)
    assert finished(largest(project, question, {}, "K", 2**30))[0] == Most(None)
    assert finished(largest(project, question, {}, "N", 10))[0].size == 0


def test_devices_come_by_their_memory() -> None:
    sizes: list[Any] = [device.bytes for device in devices()]
    assert sizes == sorted(sizes)
    assert len({device.name for device in devices()}) == len(sizes) >= 10
    for gigabytes in (4, 6, 8, 12, 16, 24, 40, 48, 80):
        assert gigabytes * 2**30 in sizes
    assert 141 * 10**9 in sizes


def test_a_width_that_heads_divide_is_found_among_their_multiples() -> None:
    project = Project.new("attention")
    graph = project.networks["main"]
    for name, size in (("T", 10), ("d", 16)):
        edits.set_symbol(project, name, size)
    graph.add("Input", id="x", shape=["N", "T", "d"])
    graph.add("MultiheadAttention", id="m", num_heads=4)
    graph.add("Output", id="y")
    for port in ("query", "key", "value"):
        graph.connect("x.y", f"m.{port}")
    graph.connect("m.y", "y.x")
    question = Question()
    limit = 12 * 2**30
    most = finished(largest(project, question, {}, "d", limit))[0]
    assert most.sound
    assert most.size is not None
    assert most.size % 4 == 0
    fits, further = (needs(project, question, {"d": size}) for size in (most.size, most.size + 4))
    assert fits is not None
    assert further is not None
    assert fits.total <= limit < further.total


@pytest.mark.parametrize(("width", "heads"), [(512, 8), (96, 8), (96, 12), (360, 2), (97, 1), (1000, 4)])
def test_heads_that_divide_a_width_go_up_to_that_width(width: int, heads: int) -> None:
    project = Project.new("attention")
    graph = project.networks["main"]
    edits.set_symbol(project, "h", heads)
    graph.add("Input", id="x", shape=["N", 10, width])
    graph.add("MultiheadAttention", id="m", num_heads="h")
    graph.add("Output", id="y")
    for port in ("query", "key", "value"):
        graph.connect("x.y", f"m.{port}")
    graph.connect("m.y", "y.x")
    most, steps = finished(largest(project, Question(), {}, "h", 12 * 2**30))
    assert most == Most(width, sound=False)
    assert steps <= 120


@pytest.mark.parametrize(
    ("limit", "most"), [(1000, Most(96, sound=False)), (50, Most(48)), (12, Most(12)), (8, Most(8))]
)
def test_of_the_sizes_that_divide_something_the_largest_that_fits(limit: int, most: Most) -> None:
    def analysed(size: int) -> Generator[None, None, int | None]:
        yield
        return size if 96 % size == 0 else None

    divisors = {size for size in range(1, 97) if 96 % size == 0}
    assert finished(_largest(analysed, limit, 8, lambda: divisors))[0] == most
