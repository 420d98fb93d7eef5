"""The live analysis against a cold one under edits of every kind: of blocks, networks, scans, names, symbols."""

from __future__ import annotations

import random
from typing import Any

import pytest

from graph_core import EditError, Project, analyze, dumps, loads
from graph_core.templates import open_template
from tests.graph_core.test_blocks import residual
from tests.graph_core.test_edits import random_edit
from tests.scans import scanned

DRAWINGS = {
    "residual": lambda: residual().project,
    "scanned": lambda: scanned()[0],
    "lstm_gates": lambda: open_template("lstm_gates"),
    "resblock": lambda: open_template("resblock"),
    "transformer_encoder": lambda: open_template("transformer_encoder"),
}


def told(project: Project) -> list[Any]:
    """Everything that analyses of all networks say."""
    found: list[Any] = []
    for network in sorted(project.networks):
        a = analyze(project, network)
        problems = sorted((p.code, p.graph, p.node, p.port, p.message, p.paths, p.fix or "") for p in a.problems)
        found += [network, a.params, a.macs, a.flops, a.memory, sorted(a.layers, key=str), problems]
    return found


@pytest.mark.parametrize("name", list(DRAWINGS))
@pytest.mark.parametrize("seed", range(3))
def test_after_any_edit_it_says_what_a_cold_one_says(name: str, seed: int) -> None:
    rng = random.Random(seed * 10 + list(DRAWINGS).index(name))
    project = DRAWINGS[name]()
    told(project)
    for step in range(40):
        try:
            random_edit(project, rng.choice)
        except EditError:
            continue
        assert told(project) == told(loads(dumps(project))), f"step {step}"
