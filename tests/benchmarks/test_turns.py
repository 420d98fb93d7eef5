"""Nothing freezes: no step of a person's work on 1,000 nodes takes 100 ms of this thread in one turn of the loop.

The figures are processor time, so that neighbours do not count; they still follow the machine's clock, which is why
they are looked at here and not in the suite.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_benchmark.fixture import BenchmarkFixture

from designer import style
from tests.benchmarks.turns import measure

MOST_MS = 100.0


def test_no_turn_is_long(benchmark: BenchmarkFixture, qapp, tell: Callable[[str], None]):
    style.install(qapp)
    found = benchmark.pedantic(lambda: list(measure()), rounds=1, iterations=1)
    tell("")
    for step, longest, _ in found:
        tell(f"{step:48}{longest:8.1f} ms")
    assert {step: round(longest) for step, longest, _ in found if longest > MOST_MS} == {}
