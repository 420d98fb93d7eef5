"""The schedule: depth first, and mended after an edit to what a new one would be."""

from __future__ import annotations

import random

import pytest

from graph_core import EditError, Graph, analyze, edits
from graph_core.graph import Edit
from graph_core.order import mended, schedule
from graph_core.propagate import engine_of
from tests.graph_core.test_propagate import chain, random_edit


def residual() -> Graph:
    """A stem, two residual branches that join, and a head."""
    _, graph = chain(6)
    graph.add("Add", id="e1")
    graph.add("ReLU", id="s1")
    graph.connect("n1.y", "s1.x")
    graph.connect("s1.y", "e1.a")
    graph.connect("n5.y", "e1.b")
    graph.connect("e1.y", "y.x")
    return graph


def test_a_branch_is_followed_to_its_end() -> None:
    assert schedule(residual()).order == ("x", "n0", "n1", "n2", "n3", "n4", "n5", "s1", "e1", "y")


def test_a_loop_and_what_hangs_on_it_are_cyclic() -> None:
    graph = residual()
    with graph.project.editing("Close a loop"):
        graph.project.record("main", "wires", "n0.x", "n4.y")
    plan = schedule(graph)
    assert plan.order == ("x",)
    assert plan.cyclic == frozenset(graph.nodes) - {"x"}


def test_a_node_whose_sources_are_gone_still_runs() -> None:
    graph = residual()
    with graph.project.editing("Take a node from under its wires"):
        graph.project.record("main", "nodes", "n0", None)
    assert set(schedule(graph).order) == set(graph.nodes)


@pytest.mark.parametrize("wire", ["n3.x", "y.x", "n1.x"])
def test_a_node_put_on_a_chain_and_taken_out_again_mends_the_schedule(wire: str) -> None:
    graph = residual()
    done: list[Edit] = []
    graph.project.listeners.append(done.append)
    before = schedule(graph)
    with graph.project.editing("Insert"):
        edits.insert_on_wire(graph, wire, edits.add(graph, "ReLU", id="new").id)
    inserted = mended(before, graph, done[-1].changes)
    assert inserted == schedule(graph)
    edits.remove(graph, ["new"], heal=True)
    assert inserted is not None
    assert mended(inserted, graph, done[-1].changes) == before


@pytest.mark.parametrize("wire", ["s1.x", "n2.x"])
def test_a_node_put_beside_another_branch_is_scheduled_anew(wire: str) -> None:
    graph = residual()
    done: list[Edit] = []
    graph.project.listeners.append(done.append)
    before = schedule(graph)
    with graph.project.editing("Insert"):
        edits.insert_on_wire(graph, wire, edits.add(graph, "ReLU", id="new").id)
    assert mended(before, graph, done[-1].changes) is None


@pytest.mark.parametrize("seed", range(8))
def test_what_the_engine_keeps_is_what_a_new_schedule_would_be(seed: int) -> None:
    rng = random.Random(seed)
    graph = residual()
    engine = engine_of(graph.project)
    for _ in range(80):
        try:
            random_edit(graph, rng)
        except EditError:
            continue
        analyze(graph.project)
        assert engine.schedule_of(graph) == schedule(graph)
