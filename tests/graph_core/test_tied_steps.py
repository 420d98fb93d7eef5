"""Ties into blocks that repeat and scan: what they mean, what they refuse, and that edits keep them."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from graph_core import EditError, Graph, analyze, dumps, edits, loads
from graph_core.architecture import five_tuple
from graph_core.blocks import collapse
from graph_core.clipboard import copy, paste
from graph_core.copying import duplicate
from graph_core.difference import compare
from graph_core.expanding import expand
from graph_core.fixes import fixes, preview
from graph_core.groups import parameters_of
from graph_core.history import History
from graph_core.merge import merge
from graph_core.tied_inside import candidates, weights_in
from graph_core.ties import tie, untie
from tests.graph_core.test_propagate import readout
from tests.graph_core.tied_drawings import WIDTH, context_of, layered, nested, scanned, whole

LINEAR = WIDTH * WIDTH


def parameters(graph: Graph) -> int:
    return analyze(graph.project).params.trainable


def test_what_a_tie_counts_less():
    graph = layered(4)
    whole = parameters(graph)
    tie(graph, "l#2/a.weight", "f.weight")
    assert parameters(graph) == whole - LINEAR
    tie(graph, "l/b.weight", "l#0/b.weight")
    assert parameters(graph) == whole - 4 * LINEAR
    tie(graph, "l/b.weight", "f.weight")
    assert parameters(graph) == whole - 5 * LINEAR
    assert analyze(graph.project).memory.params == 4 * (whole - 5 * LINEAR)
    edits.set_repeat(graph, "l", 4, shared=True)
    untie(graph, "l#2/a.weight")
    assert parameters(graph) == whole - 3 * (2 * LINEAR + 2 * WIDTH) - LINEAR


def test_the_formula_counts_each_step_too():
    graph = layered("T")
    edits.set_symbol(graph.project, "T", 5)
    tie(graph, "l/b.weight", "f.weight")
    tie(graph, "l#3/a.weight", "f.weight")
    a = analyze(graph.project)
    assert a.sound
    formula = a.complexity.figures["params"]
    for times in (4, 9):
        edits.set_symbol(graph.project, "T", times)
        assert whole(formula, {"N": 1, "T": times}) == parameters(graph)


@pytest.mark.parametrize(
    ("make", "target", "source", "sentence"),
    [
        (
            layered,
            "f.weight",
            "l/a.weight",
            "layers.*.a.weight are several weights; choose one, such as layers.0.a.weight.",
        ),
        (scanned, "c#0/a.weight", "f.weight", "cell has one set of weights; leave out its step 0."),
        (layered, "f#1.weight", "t.weight", "first has one set of weights; leave out its step 1."),
        (layered, "l#1.weight", "t.weight", "layers has no weights of its own; choose a layer that has."),
    ],
)
def test_what_is_refused(make: Callable[[], Graph], target: str, source: str, sentence: str):
    graph = make()
    before = dumps(graph.project)
    with pytest.raises(EditError) as error:
        tie(graph, target, source)
    assert str(error.value) == sentence
    assert dumps(graph.project) == before


def test_one_step_cannot_leave_the_rest():
    graph = layered()
    tie(graph, "l/a.weight", "f.weight")
    with pytest.raises(EditError) as error:
        tie(graph, "l#1/a.weight", "t.weight")
    assert str(error.value) == "layers.1.a.weight is among layers.*.a.weight, which are tied; untie those first."
    tie(graph, "l#1/a.weight", "f.weight")  # it is
    assert graph.ties == {"l/a.weight": "f.weight"}


def test_ties_make_no_chains_through_steps():
    graph = layered()
    tie(graph, "l/b.weight", "l#0/b.weight")
    tie(graph, "t.weight", "l#2/b.weight")
    assert graph.ties["t.weight"] == "l#0/b.weight"
    tie(graph, "l#0/b.weight", "f.weight")
    assert graph.ties == {"l/b.weight": "f.weight", "t.weight": "f.weight"}
    tie(graph, "l#1/a.weight", "l#0/a.weight")
    tie(graph, "l/a.weight", "l#2/a.weight")
    assert graph.ties["l/a.weight"] == "l#2/a.weight"
    assert "l#1/a.weight" not in graph.ties


def with_one_run(graph: Graph) -> None:
    edits.set_repeat(graph, "l", 1)


def with_two(graph: Graph) -> None:
    edits.set_repeat(graph, "l", 2)


def with_none(graph: Graph) -> None:
    edits.set_repeat(graph, "l", 0)


@pytest.mark.parametrize(
    ("made", "target", "source", "wrong", "sentence", "fix"),
    [
        (
            layered,
            "l#2/a.weight",
            "f.weight",
            with_two,
            "layers.2.a.weight is tied to first.weight, but layers repeats ×2 and has no step 2",
            "Untie layers.2.a.weight",
        ),
        (
            layered,
            "t.weight",
            "l#0/a.weight",
            with_one_run,
            "last.weight is tied to layers.0.a.weight, but layers has one set of weights, and no step 0 of its own",
            "Tie last.weight to layers.a.weight",
        ),
        (
            lambda: layered(shared=True),
            "t.weight",
            "l/a.weight",
            with_two,
            "last.weight is tied to layers.*.a.weight, but layers.*.a.weight are several weights",
            "Tie last.weight to layers.0.a.weight",
        ),
        (
            lambda: layered(shared=True),
            "t.weight",
            "l/a.weight",
            lambda graph: edits.set_repeat(graph, "l", 0, shared=True),
            "last.weight is tied to layers.a.weight, but layers.a.weight is in a block that repeats ×0",
            "Untie last.weight",
        ),
        (
            layered,
            "t.weight",
            "l#0/a.weight",
            with_none,
            "last.weight is tied to layers.0.a.weight, but layers repeats ×0 and has no step 0",
            "Untie last.weight",
        ),
        (
            layered,
            "l/a.weight",
            "f.weight",
            lambda graph: tie(graph.project.graphs["Layer"], "b.weight", "a.weight"),
            "layers.*.a.weight is tied to first.weight, but b.weight is tied to a.weight inside of Layer",
            "Untie layers.*.a.weight",
        ),
        (
            layered,
            "t.weight",
            "l#1/b.weight",
            lambda graph: tie(graph.project.graphs["Layer"], "b.weight", "a.weight"),
            "last.weight is tied to layers.1.b.weight, but b.weight is tied to a.weight inside of Layer",
            "Untie last.weight",
        ),
    ],
)
def test_a_tie_that_does_not_fit_any_more_is_told_and_mended(
    made: Callable[[], Graph], target: str, source: str, wrong: Callable[[Graph], None], sentence: str, fix: str
):
    graph = made()
    tie(graph, target, source)
    assert analyze(graph.project).sound
    wrong(graph)
    project = loads(dumps(graph.project))
    problem = next(p for p in analyze(project).problems if p.code == "tie")
    assert (problem.message, problem.fix) == (sentence, fix)
    mend = fixes(project, problem)[0]
    assert preview(project, mend)[2] == -1
    mend.apply(project)
    assert "tie" not in {p.code for p in analyze(project).problems}


def test_two_ties_of_one_weight_in_a_file_are_told():
    graph = layered()
    tie(graph, "l/a.weight", "f.weight")
    text = dumps(graph.project).replace(
        '"l/a.weight": "f.weight"', '"l#1/a.weight": "t.weight",\n        "l/a.weight": "f.weight"'
    )
    project = loads(text)
    problem = next(p for p in analyze(project).problems if p.code == "tie")
    assert problem.message == (
        "layers.*.a.weight is tied to first.weight, but layers.1.a.weight is tied to last.weight as well"
    )
    fixes(project, problem)[0].apply(project)
    assert analyze(project).sound


def test_undo_and_the_file_keep_the_bytes():
    graph = layered()
    history, before = History(graph.project), dumps(graph.project)
    tie(graph, "l/b.weight", "l#0/b.weight")
    assert history.undo_title == "Tie layers.*.b.weight to layers.0.b"
    tied = dumps(graph.project)
    assert '"l/b.weight": "l#0/b.weight"' in tied
    assert dumps(loads(tied)) == tied
    history.undo()
    assert dumps(graph.project) == before


def test_removing_the_owner_of_all_steps_leaves_them_one_weight():
    graph = layered()
    tie(graph, "l/a.weight", "f.weight")
    tie(graph, "t.weight", "f.weight")
    edits.remove(graph, ["f"], heal=True)
    assert graph.ties == {"l/a.weight": "l#0/a.weight", "t.weight": "l#0/a.weight"}
    assert analyze(graph.project).sound


def test_copying_collapsing_and_expanding_keep_the_ties():
    graph = layered()
    tie(graph, "l/a.weight", "l#1/a.weight")
    tie(graph, "l#2/b.weight", "t.weight")
    count = parameters(graph)
    copies = duplicate(graph, ["l", "t"])
    assert graph.ties[f"{copies['l']}/a.weight"] == f"{copies['l']}#1/a.weight"
    edits.remove(graph, copies.values())
    other = layered().project.networks["main"]
    edits.remove(other, list(other.nodes))
    paste(other, copy(graph, ["x", "f", "l", "t", "y"]))
    assert parameters(other) == count
    history, before = History(graph.project), dumps(graph.project)
    node = collapse(graph, ["l"], "Body")
    assert graph.ties == {f"{node.id}/l#2/b.weight": "t.weight"}
    assert graph.project.graphs["Body"].ties == {"l/a.weight": "l#1/a.weight"}
    assert parameters(graph) == count
    [again] = expand(graph, node.id)
    assert graph.ties[f"{again}#2/b.weight"] == "t.weight"
    assert parameters(graph) == count
    expand(graph, again)
    assert len(graph.ties) == 3
    assert parameters(graph) == count
    while history.can_undo:
        history.undo()
    assert dumps(graph.project) == before


def test_difference_and_merge_know_steps():
    base = dumps(layered().project)
    ours, theirs = loads(base), loads(base)
    tie(ours.networks["main"], "l#1/a.weight", "f.weight")
    tie(theirs.networks["main"], "l/b.weight", "l#0/b.weight")
    for one, other in ((ours, theirs), (theirs, ours)):
        merged = merge(loads(base), one, other).project
        assert merged.networks["main"].ties == {"l#1/a.weight": "f.weight", "l/b.weight": "l#0/b.weight"}
    assert "layers.1.a.weight" in "\n".join(compare(loads(base), ours).lines())


def test_what_is_offered():
    graph = layered()
    ends = candidates(context_of(graph), "t.weight")
    assert ends == ["f.weight", *(f"l#{step}/{id}.weight" for step in range(3) for id in "ab")]
    tie(graph, "l/a.weight", "f.weight")
    assert "l#1/a.weight" not in candidates(context_of(graph), "t.weight")
    every = [end.text for end, _ in weights_in(context_of(graph), "l", every=True)]
    assert every == ["l/a.weight", "l/a.bias", "l/b.weight", "l/b.bias"]


@pytest.mark.parametrize("seed", range(6))
def test_accumulated_edits_equal_a_cold_analysis(seed: int):
    rng = random.Random(seed)
    graph = rng.choice([layered, nested, scanned])()
    project = graph.project
    inner = project.graphs["Cell" if "Cell" in project.graphs else "Layer"]
    block = next(id for id, node in graph.nodes.items() if node.type in project.graphs)
    for step in range(40):
        ends = [e.text for every in (True, False) for e, _ in weights_in(context_of(graph), every=every)] or [
            "f.weight"
        ]
        try:
            match rng.randrange(6):
                case 0 | 1:
                    tie(graph, rng.choice(ends), rng.choice(ends))
                case 2 if graph.ties:
                    untie(graph, rng.choice(sorted(graph.ties)))
                case 3:
                    inner.set(rng.choice("ab"), out_features=rng.choice([WIDTH, WIDTH, 4]))
                case 4:
                    edits.set_repeat(graph, block, rng.randrange(4), shared=rng.random() < 0.5)
                case _:
                    edits.set_when(graph, rng.choice([block, "f"]), rng.choice(["", "", "1 == 2", "N == 1"]))
        except EditError:
            continue
        assert readout(project) == readout(loads(dumps(project))), f"seed {seed}, step {step}"


def test_a_milliard_steps_are_never_walked_one_by_one():
    graph = layered(10**9)
    tie(graph, "l/a.weight", "l#999999999/a.weight")
    assert parameters(graph) == 2 * 72 + 10**9 * (LINEAR + 2 * WIDTH) + LINEAR
    assert len(five_tuple(graph.project).rows) == 10_000
    assert len(candidates(context_of(graph), "t.weight")) == 100
    block = graph.project.graphs["Layer"]
    untie(graph, "l/a.weight")
    for id in "ab":
        edits.set_when(block, id, "1 == 1")  # no tie leads to what may not be there
    assert candidates(context_of(graph), "t.weight") == ["f.weight"]
    edits.remove(block, ["a", "b"], heal=True)
    block.add("ReLU", id="r")
    edits.insert_on_wire(block, "y.x", "r")
    assert len(five_tuple(graph.project).rows) == 2
    assert len(parameters_of(context_of(graph))) == 4
