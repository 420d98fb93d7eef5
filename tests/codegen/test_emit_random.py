"""Whatever edits make of a drawing: where it is sound, its source builds, runs, and has the figures of the readout."""

from __future__ import annotations

import random

import pytest
import torch

from codegen import build_module
from graph_core import EditError, Project, analyze
from graph_core.propagate import engine_of
from graph_core.templates import open_template
from tests.graph_core.test_blocks import residual
from tests.graph_core.test_edits import random_edit
from tests.graph_core.test_scan import scan_edit
from tests.scans import scanned

DRAWINGS = {
    "residual": lambda: residual().project,
    "scanned": lambda: scanned()[0],
    "lstm_gates": lambda: open_template("lstm_gates"),
    "resblock": lambda: open_template("resblock"),
}


def proven(project: Project) -> bool:
    """Whether the drawing was sound and small enough to run; what it computes is held to its analysis."""
    network = "main" if "main" in project.networks else next(iter(project.networks))
    if not all(analyze(project, name).sound for name in project.networks):
        return False
    a, root = analyze(project, network), engine_of(project).root(network)
    missing = any(param.default is None for graph in project.networks.values() for param in graph.params.values())
    empty = any(not graph.inputs() or not graph.outputs() for graph in project.networks.values() if graph.nodes)
    if missing or empty or a.params.total > 2_000_000 or a.macs > 2e8 or not root.graph.nodes:
        return False
    module = build_module(project, network).eval()
    assert sum(p.numel() for p in module.parameters()) == a.params.total
    given = []
    for node in root.graph.inputs():
        [spec] = root.results[node.id].specs
        assert spec is not None
        given.append(torch.zeros([int(size) for size in spec.shape], dtype=getattr(torch, spec.dtype)))
    with torch.no_grad():
        found = module(*given)
    shapes = [tuple(tensor.shape) for tensor in (found if isinstance(found, tuple) else (found,))]
    assert shapes == [tuple(int(size) for size in spec.shape) for spec in root.outputs().values() if spec]
    return True


@pytest.mark.parametrize("name", list(DRAWINGS))
def test_after_any_edit_the_source_is_what_the_readout_says(name: str) -> None:
    times = 0
    for seed in range(12):
        rng = random.Random(seed * 10 + list(DRAWINGS).index(name))
        project = DRAWINGS[name]()
        cell = project.graphs.get("RNNCell")
        for _ in range(25):
            try:
                if cell is not None and cell.nodes and "main" in project.graphs and rng.random() < 0.7:
                    scan_edit(project.graphs["main"], cell, rng)
                else:
                    random_edit(project, rng.choice)
            except (EditError, IndexError):
                continue
            times += proven(project)
    assert times > 10
