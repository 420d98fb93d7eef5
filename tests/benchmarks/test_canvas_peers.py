"""The canvas beside OdenGraphQt and beside the limits of Qt, measured in one run."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.canvas_peers import TOOLS, Found, measured, told

COUNTS = (1_000, 10_000)
LEAST = {"build": 10.0, "fit": 5.0, "drag": 5.0}  # how many times faster than the peer, at 1,000 plates


def test_beside_the_peer_and_the_limits(benchmark: BenchmarkFixture, tell: Callable[[str], None]):
    if importlib.util.find_spec("OdenGraphQt") is None:
        pytest.skip("OdenGraphQt is not installed; pip install netwright[bench]")

    def run() -> dict[tuple[str, int], Found]:
        pairs = [(tool, count) for count in COUNTS for tool in TOOLS]
        return {pair: measured(*pair) for pair in pairs}

    found = benchmark.pedantic(run, rounds=1, iterations=1)
    tell("")
    for (tool, count), figures in found.items():
        tell(told(tool, count, figures))
    ours, peer = found["netwright", COUNTS[0]], found["OdenGraphQt", COUNTS[0]]
    ratios = {name: peer[name] / ours[name] for name in LEAST}
    tell("times faster: " + ", ".join(f"{name} {ratio:.1f}" for name, ratio in ratios.items()))
    assert {name: ratio for name, ratio in ratios.items() if ratio < LEAST[name]} == {}
