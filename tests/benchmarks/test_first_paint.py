"""From the start of a process to the first paint: an empty window of PySide6, and ours in its three beginnings.

`python -m tests.benchmarks.test_first_paint` prints the table: the least, the median, and the ratio to the empty one.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from graph_core import save
from graph_core.templates import open_template
from tests.first_paint import opened

RUNS = 11


def beginnings(folder: Path) -> dict[str, tuple[str, ...]]:
    """What a process is started with, by name."""
    file = folder / "resnet18.netw"
    save(open_template("resnet18"), file)
    return {"bare PySide6": ("--bare",), "empty": (), "--new lenet": ("--new", "lenet"), "FILE": (str(file),)}


@pytest.mark.benchmark(group="first paint, from the start of the process")
@pytest.mark.parametrize("name", ["bare PySide6", "empty", "--new lenet", "FILE"])
def test_first_paint(benchmark: BenchmarkFixture, tmp_path: Path, name: str):
    words = beginnings(tmp_path)[name]
    loaded = benchmark.pedantic(opened, args=words, rounds=RUNS, warmup_rounds=2)
    assert "PySide6.QtWidgets" in loaded


def spent() -> float:
    """Processor seconds of all processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def table() -> None:
    """Print every figure; the beginnings take turns, so that what else the machine does hits all alike."""
    with tempfile.TemporaryDirectory() as folder:
        words = beginnings(Path(folder))
        walls: dict[str, list[float]] = {name: [] for name in words}
        processor: dict[str, list[float]] = {name: [] for name in words}
        for turn in range(RUNS + 2):
            for name, given in words.items():
                before, start = spent(), time.perf_counter()
                opened(*given)
                if turn >= 2:
                    walls[name].append((time.perf_counter() - start) * 1000)
                    processor[name].append((spent() - before) * 1000)
    print(f"{'ms':14}{'least':>8}{'median':>8}{'ratio':>8}{'CPU least':>11}")
    least = min(walls["bare PySide6"])
    for name in words:
        row = walls[name]
        print(
            f"{name:14}{min(row):8.0f}{statistics.median(row):8.0f}{min(row) / least:8.2f}{min(processor[name]):11.0f}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(table())
