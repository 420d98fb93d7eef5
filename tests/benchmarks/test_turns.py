"""Nothing freezes: no step of a person's work on 1,000 nodes takes 100 ms of this thread in one turn of the loop.

The figures are processor time, so that neighbours do not count; they still follow the machine's clock, which is why
they are looked at here and not in the suite.
"""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from designer import style
from tests.benchmarks.turns import measure

MOST_MS = 100.0


def test_no_turn_is_long(benchmark: BenchmarkFixture, qapp, pytestconfig: pytest.Config):
    style.install(qapp)
    found = benchmark.pedantic(lambda: list(measure()), rounds=1, iterations=1)
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    reporter.write_line("")
    for step, longest, _ in found:
        reporter.write_line(f"{step:48}{longest:8.1f} ms")
    assert {step: round(longest) for step, longest, _ in found if longest > MOST_MS} == {}
