"""The source of a chain of 1,000 layers, beside Python's own reading of it: what the code panel waits for."""

from __future__ import annotations

import ast

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from codegen import emit_source
from graph_core import Project
from tests.templates import Step, chain, finish

LENGTH = 333
pytestmark = pytest.mark.benchmark(group=f"source of {3 * LENGTH} layers")


@pytest.fixture(scope="module")
def project() -> Project:
    made = Project.new("chain")
    graph = made.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 16, 32, 32])
    steps: list[Step] = []
    for k in range(LENGTH):
        steps.append((f"c{k}", "Conv2d", f"conv{k}", {"out_channels": 16, "padding": 1}))
        steps.append((f"b{k}", "BatchNorm2d", f"bn{k}", {}))
        steps.append((f"a{k}", "ReLU", f"relu{k}", {}))
    finish(graph, chain(graph, "x.y", *steps))
    return made


def test_emit(benchmark: BenchmarkFixture, project: Project):
    source = benchmark.pedantic(emit_source, args=(project,), rounds=5, warmup_rounds=1)
    assert source.count("nn.Conv2d(16, 16, 3, padding=1)") == LENGTH


def test_python_reads_it(benchmark: BenchmarkFixture, project: Project):
    tree = benchmark.pedantic(ast.parse, args=(emit_source(project),), rounds=5)
    assert any(isinstance(node, ast.ClassDef) for node in tree.body)
