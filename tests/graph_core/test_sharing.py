"""Several calls of one set of weights: what they must agree in, found whatever the order of nodes and edits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graph_core import Graph, Param, Project, analyze, dumps, edits, loads
from graph_core.blocks import add_graph
from graph_core.fixes import fixes
from tests.graph_core.test_propagate import readout


def beside(type: str = "Linear", **params: object) -> tuple[Project, Graph]:
    """Two nodes of a type side by side, ``b`` using the weights of ``a``."""
    project = Project.new("beside")
    block = add_graph(project, "Step")
    edits.set_graph_param(block, "width", Param(8))
    edits.set_graph_param(block, "slope", Param(0.1))
    block.add("Input", id="x", name="x", shape=["N", "features"])
    block.add("Linear", id="l", name="fc", out_features="width")
    block.add("LeakyReLU", id="r", name="act", negative_slope="slope")
    block.add("Output", id="y", name="y")
    for wire in ("x.y l.x", "l.y r.x", "r.y y.x"):
        block.connect(*wire.split())
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 8])
    for id in ("a", "b"):
        graph.add(type, id=id, name=id, **params)
        graph.add("Output", id=f"y{id}", name=f"y{id}")
        graph.connect("x.y", f"{id}.x")
        graph.connect(f"{id}.y", f"y{id}.x")
    edits.use_weights_of(graph, "b", "a")
    return project, graph


def said(project: Project) -> list[str]:
    """The sentences about sharing; the same as after a cold analysis."""
    assert readout(project) == readout(loads(dumps(project)))
    return [p.message for p in analyze(project).problems if p.code == "sharing"]


@pytest.mark.parametrize("turned", [False, True])
def test_layers_side_by_side_must_have_one_setting(turned: bool) -> None:
    project, graph = beside(out_features=8)
    if turned:
        edits.use_weights_of(graph, "b", "")
        edits.use_weights_of(graph, "a", "b")
    assert not said(project)
    graph.set("a", out_features=4)
    mine, theirs = (("a", 4), ("b", 8)) if turned else (("b", 8), ("a", 4))
    assert said(project) == [
        f"{mine[0]} has out_features {mine[1]} and {theirs[0]}, whose weights it uses, {theirs[1]}; make them equal"
    ]
    problem = analyze(project).problems[0]
    assert [fix.title for fix in fixes(project, problem)] == [
        f"Set out_features to {theirs[1]}",
        "Give it weights of its own",
    ]
    fixes(project, problem)[0].apply(project)
    assert not said(project)


def test_a_layer_whose_input_is_another_needs_other_weights() -> None:
    project, graph = beside(out_features=8)
    graph.add("Input", id="z", name="z", shape=["N", 6])
    graph.connect("z.y", "b.x")
    assert said(project) == ["b needs other weight shapes than a, whose weights it uses"]
    graph.set("z", shape=["N", 8])
    assert not said(project)


def test_an_owner_that_may_not_be_there_lends_nothing() -> None:
    project, graph = beside(out_features=8)
    edits.set_when(graph, "a", "N > 1")
    assert said(project) == ["b uses the weights of a, which has none where its condition is false"]
    edits.set_when(graph, "b", "N > 1")
    assert not said(project)


CASES: list[tuple[Callable[[Graph], object], str]] = [
    (lambda g: g.set("b", width=4), "b has width 4 and a, whose weights it uses, 8; make them equal"),
    (lambda g: g.set("a", slope=0.5), "b has slope 0.1 and a, whose weights it uses, 0.5; make them equal"),
    (lambda g: edits.set_repeat(g, "a", 2), "b uses the weights of a, but only a repeats with weights of its own"),
    (lambda g: edits.set_repeat(g, "b", 2), "b uses the weights of a, but only b repeats with weights of its own"),
]


@pytest.mark.parametrize(("change", "message"), CASES, ids=range(len(CASES)))
def test_blocks_side_by_side_must_have_one_setting(change: Callable[[Graph], object], message: str) -> None:
    project, graph = beside("Step")
    assert not said(project)
    assert analyze(project).params.total == 72
    change(graph)
    assert said(project) == [message]


def test_repeats_side_by_side_must_have_one_number() -> None:
    project, graph = beside("Step")
    edits.set_repeat(graph, "a", 3)
    edits.set_repeat(graph, "b", 3)
    assert not said(project)
    assert analyze(project).params.total == 3 * 72
    edits.set_repeat(graph, "b", 2)
    assert said(project) == ["b repeats ×2 and a, whose weights it uses, ×3; make them equal"]
    edits.set_repeat(graph, "a", 1)
    edits.set_repeat(graph, "b", 5, shared=True)
    assert not said(project)


def test_steps_that_share_weights_do_not_depend_on_i() -> None:
    """Torch makes one module: what differs from step to step would be lost."""
    project, graph = beside("Step")
    edits.use_weights_of(graph, "b", "")
    graph.set("a", slope="0.1 * (i + 1)")
    edits.set_repeat(graph, "a", 3)
    assert not said(project)
    edits.set_repeat(graph, "a", 3, shared=True)
    assert said(project) == ["a repeats with one set of weights, but its steps differ in slope"]
    problem = analyze(project).problems[0]
    assert problem.fix == "Give each step weights of its own"
    fixes(project, problem)[0].apply(project)
    assert analyze(project).sound


def test_deep_blocks_are_compared_at_once() -> None:
    project, graph = beside("Step")
    inner = "Step"
    for k in range(40):
        block = add_graph(project, f"B{k}")
        block.add("Input", id="x", name="x", shape=["N", "features"])
        block.add(inner, id="a", name="a")
        block.add(inner, id="b", name="b")
        block.add("Output", id="y", name="y")
        for wire in ("x.y a.x", "a.y b.x", "b.y y.x"):
            block.connect(*wire.split())
        inner = block.key
    for id in ("c", "d"):
        graph.add(inner, id=id, name=id)
        graph.connect("x.y", f"{id}.x")
        graph.connect(f"{id}.y", f"y{'a' if id == 'c' else 'b'}.x")
    edits.use_weights_of(graph, "d", "c")
    edits.set_repeat(graph, "c", 2, shared=True)
    assert not [p for p in analyze(project).problems if p.severity == "error"]
