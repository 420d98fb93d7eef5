"""The live readout of a chain of 1,000 convolutions, beside torch's own counter over the same chain on meta."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from graph_core import Project, analyze, dumps, loads

LENGTH = 1000
pytestmark = pytest.mark.benchmark(group=f"{LENGTH} convolutions")


def chain() -> Project:
    """A project with one network: an input, the convolutions one after another, an output."""
    project = Project.new("chain")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 16, 32, 32])
    last = "x.y"
    for index in range(LENGTH):
        graph.add("Conv2d", id=f"c{index}", out_channels=16, padding=1)
        graph.connect(last, f"c{index}.x")
        last = f"c{index}.y"
    graph.add("Output", id="y")
    graph.connect(last, "y.x")
    return project


@pytest.fixture(scope="module")
def text() -> str:
    """The chain as a file, from which each round opens its own."""
    return dumps(chain())


def expected_macs() -> int:
    """Multiply-adds of the chain for one image."""
    return LENGTH * 16 * 16 * 9 * 32 * 32


def test_torch_counts(benchmark: BenchmarkFixture):
    torch = pytest.importorskip("torch")
    counter = pytest.importorskip("torch.utils.flop_counter")
    layers = [torch.nn.Conv2d(16, 16, 3, padding=1, device="meta") for _ in range(LENGTH)]
    model, x = torch.nn.Sequential(*layers), torch.empty(1, 16, 32, 32, device="meta")

    def count() -> int:
        with counter.FlopCounterMode(display=False) as mode:
            model(x)
        return int(mode.get_total_flops())

    assert benchmark.pedantic(count, rounds=3) == 2 * expected_macs()


def test_open(benchmark: BenchmarkFixture, text: str):
    project = benchmark.pedantic(loads, args=(text,), rounds=5)
    assert len(project.networks["main"].nodes) == LENGTH + 2


def test_analyze_cold(benchmark: BenchmarkFixture, text: str):
    analysis = benchmark.pedantic(analyze, setup=lambda: ((loads(text),), {}), rounds=5)
    assert analysis.macs == expected_macs()


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_analyze_after_an_edit(benchmark: BenchmarkFixture, text: str, place: str):
    project = loads(text)
    graph = project.networks["main"]
    node = {"first": "c0", "middle": f"c{LENGTH // 2}", "last": f"c{LENGTH - 1}"}[place]
    widths = iter(range(17, 10_000))
    analyze(project)

    def edit() -> int:
        graph.set(node, out_channels=next(widths))
        return analyze(project).params.trainable

    assert benchmark.pedantic(edit, rounds=20) > LENGTH * 16 * 16 * 9
