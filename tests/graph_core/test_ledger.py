"""The ledger adds up to the live figures, whatever is nested, repeated, shared or tied, and by every convention."""

from __future__ import annotations

import random

import pytest

from graph_core import EditError, Project, analyze, edits
from graph_core.ledger import FLOPS, MACS, Convention, Entry, Rule, Work, ledger
from graph_core.templates import open_template, templates
from tests.graph_core.test_propagate import nested_doublings, random_edit, with_block
from tests.scans import scanned


def adds_up(project: Project) -> Entry:
    """The ledger, its sums compared with the analysis."""
    whole, a = ledger(project), analyze(project)
    assert whole.params == a.params.total
    assert whole.operations(MACS) == a.macs
    assert whole.operations(FLOPS) == a.flops
    for entry in whole.walk():
        if entry.parts:
            assert entry.params == sum(part.params for part in entry.parts)
            assert (entry.stored, entry.given) == tuple(
                sum(getattr(part, name) for part in entry.parts) for name in ("stored", "given")
            )
    assert whole.stored == a.memory.params
    return whole


@pytest.mark.parametrize("name", [template.name for template in templates()])
def test_templates_add_up(name: str) -> None:
    whole = adds_up(open_template(name))
    layers = {entry.path: entry for entry in whole.walk() if entry.work is not None}
    rows = {row.path for row in analyze(open_template(name)).layers}
    assert {entry.row for entry in layers.values()} <= rows


def test_equal_iterations_are_one_entry() -> None:
    whole = ledger(open_template("transformer_encoder"))
    (layers,) = whole.parts
    assert (layers.path, layers.row, layers.calls, layers.copies) == ("layers.0–5", "layers.0", 6, 6)
    attention = next(part for part in layers.parts if part.name == "self_attn")
    assert attention.work is not None
    assert attention.operations(MACS) == 6 * attention.work.macs
    assert attention.params == 6 * (4 * 512 * 512 + 4 * 512)
    without = Convention("", "", "", "", attention=False)
    n, t, d = 1, 128, 512
    assert layers.operations(MACS) - layers.operations(without) == 6 * 2 * n * t * t * d


def test_shared_weights_count_once_and_work_each_time() -> None:
    project, graph = with_block(out_channels=8)
    edits.set_repeat(graph, "b", 4, shared=True)
    adds_up(project)
    project, _ = scanned()
    whole = adds_up(project)
    assert whole.parts[0].calls == 5


@pytest.mark.parametrize("seed", range(3))
def test_random_edits_keep_the_sums_right(seed: int) -> None:
    rng = random.Random(seed)
    project, graph = with_block(out_channels=16, stride="2 if i == 0 else 1")
    edits.set_repeat(graph, "b", 3)
    for _ in range(40):
        try:
            random_edit(rng.choice([graph, project.graphs["Residual"]]), rng)
        except EditError:
            continue
        adds_up(project)


def test_what_a_convention_leaves_out() -> None:
    work = Work(macs=100, attention=30, elementwise=17, biases=5, weights=11, samples=2, given=8, made=6)
    assert MACS.count("X", work) == 100
    assert FLOPS.count("X", work) == 217
    assert Convention("", "", "", "", factor=2, attention=False).count("X", work) == 140
    assert Convention("", "", "", "", biases=True).count("X", work) == 105
    assert Convention("", "", "", "", elementwise=True).count("X", work) == 112
    own = {"X": Rule("given", 5, bare=4), "Y": Rule("made"), "Z": Rule("nothing")}
    tool = Convention("", "", "", "", rules=own, otherwise=Rule("weights"))
    assert [tool.count(type, work) for type in "XYZV"] == [40, 6, 0, 22]
    assert tool.count("X", Work(given=8)) == 32


def test_forty_nested_doublings_are_summed_up_at_once() -> None:
    project = nested_doublings(40)
    whole = ledger(project)
    assert whole.params == analyze(project).params.total == 16 * 2**40
    assert whole.operations(MACS) == analyze(project).macs
    assert [part.operations(MACS) for part in whole.parts] == [16 * 2**40]
