"""The live readout after one edit, and the cold analysis of a file, beside the tools that count modules."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.models import SUBJECTS
from tests.benchmarks.peers import TOOLS

Found = dict[tuple[str, str], dict[str, Any]]
PACKAGES = {"FlopCounterMode": "torch"}
# Which multiply-adds agree with ours to the last one; the others count by conventions of their own.
EXACT = {"FlopCounterMode"}


@pytest.fixture(scope="module")
def found(tell: Callable[[str], None]) -> Iterator[Found]:
    """What each tool took on each subject; the ratios are printed at the end."""
    results: Found = {}
    yield results
    for line in ratios(results):
        tell(line)


def ratios(results: Found) -> Iterator[str]:
    """A line for each subject: our figures, and how many times longer the fastest peer takes."""
    yield ""
    for subject in SUBJECTS:
        ours = results.get(("netwright", subject))
        peers = {tool: r for (tool, s), r in results.items() if s == subject and tool != "netwright"}
        if ours and peers:
            warm = min(peers, key=lambda tool: peers[tool]["warm"])
            cold = min(peers, key=lambda tool: peers[tool]["cold"])
            yield (
                f"{subject}: edit p50 {ours['p50']:.2f} p95 {ours['p95']:.2f} worst {ours['worst']:.2f} ms, "
                f"{warm} {peers[warm]['warm']:.0f} ms: {peers[warm]['warm'] / ours['p50']:.0f}×; "
                f"cold {ours['cold']:.1f} ms, {cold} {peers[cold]['cold']:.0f} ms: "
                f"{peers[cold]['cold'] / ours['cold']:.0f}×"
            )


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("tool", TOOLS)
def test_peers(benchmark: BenchmarkFixture, found: Found, tool: str, subject: str):
    package = PACKAGES.get(tool, tool if tool != "netwright" else "graph_core")
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed; pip install netwright[bench]")
    env = {**os.environ, "OMP_NUM_THREADS": "1"}

    def run() -> dict[str, Any]:
        words = [sys.executable, "-m", "tests.benchmarks.peers", tool, subject]
        done = subprocess.run(words, capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr[-2000:]
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    result = found[tool, subject] = benchmark.pedantic(run, rounds=1)
    benchmark.extra_info.update(result)
    ours = found.get(("netwright", subject))
    if ours and tool in EXACT:
        assert result["macs"] == ours["macs"]
