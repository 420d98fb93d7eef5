"""Writing and reading a project of 10,000 nodes, beside what the json module takes for the same text."""

from __future__ import annotations

import json

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from graph_core import Project, dumps, edits, loads

NODES = 10_000
TYPES = ("Conv2d", "BatchNorm2d", "ReLU")


@pytest.fixture(scope="module")
def project() -> Project:
    """A chain of convolutions, normalizations and activations, each placed on the sheet."""
    project = Project.new("chain")
    graph = project.networks["main"]
    with project.editing("Draw"):
        graph.add("Input", id="x", shape=["N", 16, 32, 32])
        last = "x.y"
        for k in range(NODES):
            params = {"out_channels": 16, "padding": 1} if k % 3 == 0 else {}
            edits.add(graph, TYPES[k % 3], id=f"c{k}", params=params, at=(200.0 * k, 12.5))
            graph.connect(last, f"c{k}.x")
            last = f"c{k}.y"
    return project


@pytest.mark.benchmark(group="write 10,000 nodes")
def test_the_json_module_writes(benchmark: BenchmarkFixture, project: Project):
    tree = json.loads(dumps(project))
    assert len(benchmark(json.dumps, tree, indent=1, ensure_ascii=False)) > 1_000_000


@pytest.mark.benchmark(group="write 10,000 nodes")
def test_we_write(benchmark: BenchmarkFixture, project: Project):
    assert benchmark(dumps, project).count("\n") > 3 * NODES


@pytest.mark.benchmark(group="read 10,000 nodes")
def test_the_json_module_reads(benchmark: BenchmarkFixture, project: Project):
    assert benchmark(json.loads, dumps(project))["netw"] == 1


@pytest.mark.benchmark(group="read 10,000 nodes")
def test_we_read(benchmark: BenchmarkFixture, project: Project):
    assert len(benchmark(loads, dumps(project)).networks["main"].nodes) == NODES + 1
