"""Tied weights: counted once, kept consistent by every edit, and told where they cannot be."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from graph_core import EditError, FileError, Graph, Project, analyze, dumps, edits, loads
from graph_core.architecture import five_tuple, parameter_count
from graph_core.blocks import add_graph, collapse
from graph_core.clipboard import copy, paste
from graph_core.copying import duplicate
from graph_core.expanding import expand
from graph_core.fixes import fixes, preview
from graph_core.history import History
from graph_core.ties import tie, untie
from tests.graph_core.test_hostile_files import changed
from tests.graph_core.test_propagate import random_edit, readout

WORDS, WIDTH = 100, 16


def language_model() -> Graph:
    """An embedding, a norm, and a projection back to the words."""
    graph = Project.new("lm").networks["main"]
    graph.add("Input", id="x", shape=["N", 12], dtype="int64")
    graph.add("Embedding", id="e", name="embedding", num_embeddings=WORDS, embedding_dim=WIDTH)
    graph.add("LayerNorm", id="n", name="norm")
    graph.add("Linear", id="h", name="head", out_features=WORDS, bias=False)
    graph.add("Output", id="y")
    for wire in (("x.y", "e.x"), ("e.y", "n.x"), ("n.y", "h.x"), ("h.y", "y.x")):
        graph.connect(*wire)
    return graph


def parameters(graph: Graph) -> int:
    return analyze(graph.project).params.trainable


def test_a_tied_weight_counts_once():
    graph = language_model()
    assert parameters(graph) == 2 * WORDS * WIDTH + 2 * WIDTH
    before = analyze(graph.project)
    memory = before.memory
    tie(graph, "h.weight", "e.weight")
    after = analyze(graph.project)
    assert after.params.trainable == WORDS * WIDTH + 2 * WIDTH
    assert after.memory.params == memory.params - 4 * WORDS * WIDTH
    assert after.memory.grads == memory.grads - 4 * WORDS * WIDTH
    assert after.macs == before.macs
    assert {row.path: row.params for row in after.layers} == {"embedding": 1600, "norm": 32, "head": 0}
    assert sum(row.params for row in after.layers) == after.params.trainable
    assert after.formulas["params"] == "1632"
    assert after.sound
    untie(graph, "h.weight")
    assert analyze(graph.project).params == before.params


def test_the_tie_and_its_inverse_leave_the_bytes():
    graph = language_model()
    history, before = History(graph.project), dumps(graph.project)
    tie(graph, "h.weight", "e.weight")
    tied = dumps(graph.project)
    assert '      "ties": {\n        "h.weight": "e.weight"\n      }\n' in tied
    assert dumps(loads(tied)) == tied
    assert history.undo_title == "Tie head.weight to embedding"
    history.undo()
    assert dumps(graph.project) == before
    history.redo()
    assert dumps(graph.project) == tied


def test_ties_make_no_chains():
    graph = language_model()
    graph.add("Linear", id="k", name="second", out_features=WORDS, bias=False)
    graph.connect("n.y", "k.x")
    tie(graph, "k.weight", "h.weight")
    tie(graph, "h.weight", "e.weight")
    assert graph.ties == {"k.weight": "e.weight", "h.weight": "e.weight"}
    untie(graph, "h.weight")
    tie(graph, "h.weight", "k.weight")
    assert graph.ties == {"k.weight": "e.weight", "h.weight": "e.weight"}


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda g: tie(g, "h.weight", "h.weight"), "head.weight cannot be tied to itself; choose another weight."),
        (lambda g: tie(g, "h", "e.weight"), "“h” names no weight; write node.weight, such as head.weight."),
        (lambda g: tie(g, "q.weight", "e.weight"), "Lm has no node q."),
        (lambda g: tie(g, "x.weight", "e.weight"), "x has no weights of its own; choose a layer that has."),
        (lambda g: tie(g, "h/q.weight", "e.weight"), "head is a layer, and no block with a q inside."),
        (lambda g: untie(g, "h.weight"), "head.weight is not tied; it has a weight of its own."),
    ],
)
def test_what_cannot_be_tied_is_refused(edit: Callable[[Graph], Any], sentence: str):
    graph = language_model()
    before = dumps(graph.project)
    with pytest.raises(EditError) as error:
        edit(graph)
    assert str(error.value) == sentence
    assert dumps(graph.project) == before


def break_shape(graph: Graph) -> None:
    graph.set("h", out_features=90)


def break_name(graph: Graph) -> None:
    graph.set("h", bias=True)
    tie(graph, "h.bias", "e.bias")


def break_use(graph: Graph) -> None:
    graph.add("Linear", id="k", name="second", out_features=WORDS, bias=False)
    graph.connect("n.y", "k.x")
    graph.connect("k.y", "y.x")
    edits.use_weights_of(graph, "h", "k")


def break_chain(graph: Graph) -> None:
    with graph.project.editing("break"):
        graph.project.record("main", "ties", "e.weight", "n.weight")


def break_itself(graph: Graph) -> None:
    with graph.project.editing("break"):
        graph.project.record("main", "ties", "h.weight", "h.weight")


def break_end(graph: Graph) -> None:
    with graph.project.editing("break"):
        graph.project.record("main", "ties", "h.weight", "gone.weight")


def break_way(graph: Graph) -> None:
    with graph.project.editing("break"):
        graph.project.record("main", "ties", "h.weight", "e/q.weight")


@pytest.mark.parametrize(
    ("wrong", "sentence", "fix"),
    [
        (
            break_shape,
            "head.weight is tied to embedding.weight, but their shapes differ: 90×16 and 100×16",
            "Untie head.weight",
        ),
        (
            break_name,
            "head.bias is tied to embedding.bias, but embedding has no weight bias; it has weight",
            "Untie head.bias",
        ),
        (
            break_use,
            "head.weight is tied to embedding.weight, but head uses the weights of another node",
            "Untie head.weight",
        ),
        (
            break_chain,
            "head.weight is tied to embedding.weight, but embedding.weight is itself tied to norm.weight",
            "Untie head.weight",
        ),
        (
            break_itself,
            "head.weight is tied to head.weight, but a weight cannot be tied to itself",
            "Untie head.weight",
        ),
        (break_end, "head.weight is tied to gone.weight, but gone is not there", "Untie head.weight"),
        (break_way, "head.weight is tied to embedding.q.weight, but embedding is no block", "Untie head.weight"),
    ],
)
def test_a_tie_that_cannot_be_is_told_and_mended(wrong: Callable[[Graph], None], sentence: str, fix: str):
    graph = language_model()
    tie(graph, "h.weight", "e.weight")
    wrong(graph)
    project = loads(dumps(graph.project))
    first = next(p for p in analyze(project).problems if (p.code, p.node) == ("tie", "h"))
    assert (first.message, first.fix) == (sentence, fix)
    [mend] = fixes(project, first)
    change, _, errors = preview(project, mend)
    before = analyze(project).params.trainable
    mend.apply(project)
    assert analyze(project).params.trainable - before == change
    assert errors == -1
    assert sentence not in {p.message for p in analyze(project).problems}


def test_the_types_of_tied_weights_agree():
    graph = language_model()
    tie(graph, "n.weight", "e.weight")
    [problem] = analyze(graph.project).problems
    assert problem.message == "norm.weight is tied to embedding.weight, but their shapes differ: 16 and 100×16"
    assert problem.node == "n"


def test_where_one_of_them_does_not_act_each_counts():
    graph = language_model()
    graph.add("LayerNorm", id="m", name="other")
    edits.insert_on_wire(graph, "n.x", "m")
    tie(graph, "n.weight", "m.weight")
    assert parameters(graph) == 2 * WORDS * WIDTH + 3 * WIDTH
    edits.set_when(graph, "m", "1 == 2")
    assert parameters(graph) == 2 * WORDS * WIDTH + 2 * WIDTH
    assert analyze(graph.project).sound


def test_removing_an_owner_leaves_the_rest_one_weight():
    graph = language_model()
    for id in ("k", "l"):
        graph.add("Linear", id=id, name=f"head_{id}", out_features=WORDS, bias=False)
        graph.connect("n.y", f"{id}.x")
        tie(graph, f"{id}.weight", "h.weight")
    history, before = History(graph.project), dumps(graph.project)
    edits.remove(graph, ["h"], heal=True)
    assert graph.ties == {"l.weight": "k.weight"}
    edits.remove(graph, ["l"])
    assert graph.ties == {}
    history.undo()
    history.undo()
    assert dumps(graph.project) == before


def test_copies_are_tied_among_themselves():
    graph = language_model()
    tie(graph, "h.weight", "e.weight")
    copies = duplicate(graph, ["e", "n", "h"])
    assert graph.ties[f"{copies['h']}.weight"] == f"{copies['e']}.weight"
    assert f"{duplicate(graph, ['h'])['h']}.weight" not in graph.ties
    other = Project.new("other").networks["main"]
    paste(other, copy(graph, ["x", "e", "n", "h", "y"]))
    [(target, source)] = other.ties.items()
    assert [other.nodes[end.partition(".")[0]].name for end in (target, source)] == ["head", "embedding"]
    assert parameters(other) == WORDS * WIDTH + 2 * WIDTH


def test_collapsing_keeps_a_tie_inside_or_across_and_expanding_brings_it_back():
    graph = language_model()
    tie(graph, "h.weight", "e.weight")
    history, before = History(graph.project), dumps(graph.project)
    assert parameter_count(five_tuple(graph.project)) == parameters(graph)
    node = collapse(graph, ["n", "h"], "Head")
    assert parameter_count(five_tuple(graph.project)) == parameters(graph)
    assert graph.ties == {f"{node.id}/h.weight": "e.weight"}
    a = analyze(graph.project)
    assert a.params.trainable == WORDS * WIDTH + 2 * WIDTH
    assert [(row.path, row.params) for row in a.layers][-1] == (f"{node.name}.head", 0)
    assert dumps(loads(dumps(graph.project))) == dumps(graph.project)
    outer = collapse(graph, ["e", node.id], "Whole")
    assert graph.ties == {}
    assert graph.project.graphs["Whole"].ties == {f"{node.id}/h.weight": "e.weight"}
    assert parameters(graph) == WORDS * WIDTH + 2 * WIDTH
    [embedding, head] = sorted(expand(graph, outer.id))
    assert parameters(graph) == WORDS * WIDTH + 2 * WIDTH
    expand(graph, head if graph.nodes[head].type == "Head" else embedding)
    assert sorted(graph.ties.items()) == [("h.weight", "e.weight")]
    assert parameters(graph) == WORDS * WIDTH + 2 * WIDTH
    while history.can_undo:
        history.undo()
    assert dumps(graph.project) == before


def test_a_tie_into_a_block_asks_for_a_layer_that_is_there():
    graph = language_model()
    tie(graph, "h.weight", "e.weight")
    node = collapse(graph, ["h"], "Head")
    edits.set_when(graph.project.graphs["Head"], "h", "1 == 1")
    [problem] = analyze(graph.project).problems
    assert problem.message == (
        f"{node.name}.head.weight is tied to embedding.weight, but head has a condition inside of its block"
    )


def test_each_instance_of_a_block_has_its_own_tie():
    graph = language_model()
    tie(graph, "h.weight", "e.weight")
    node = collapse(graph, ["e", "n", "h"], "Model")
    once = parameters(graph)
    copies = duplicate(graph, [node.id])
    graph.connect("x.y", f"{copies[node.id]}.x")
    assert parameters(graph) == 2 * once


@pytest.mark.parametrize("seed", range(5))
def test_accumulated_edits_with_ties_equal_a_cold_analysis(seed: int):
    rng = random.Random(seed)
    graph = language_model()
    project = graph.project
    block = add_graph(project, "Two")
    block.add("Input", id="x")
    for id in ("a", "b"):
        block.add("Linear", id=id, out_features=16)
    block.add("Output", id="y")
    for wire in (("x.y", "a.x"), ("a.y", "b.x"), ("b.y", "y.x")):
        block.connect(*wire)
    graph.add("Two", id="t", name="two")
    edits.insert_on_wire(graph, "n.x", "t")
    tie(graph, "h.weight", "e.weight")
    tie(graph, "t/a.bias", "n.bias")
    ends = ["h.weight", "e.weight", "n.weight", "t/a.weight", "t/b.weight", "t/a.bias", "t/b.bias", "n.bias"]
    for step in range(60):
        try:
            kind = rng.randrange(6)
            if kind == 0:
                tie(graph, rng.choice(ends), rng.choice(ends))
            elif kind == 1 and graph.ties:
                untie(graph, rng.choice(list(graph.ties)))
            elif kind == 2:
                block.set(rng.choice("ab"), out_features=rng.choice([8, 16, 32]))
            elif kind == 3 and "t" in graph.nodes:
                edits.set_when(graph, rng.choice(["t", "n", "h"]), rng.choice(["", "1 == 2", "N == 1"]))
            else:
                random_edit(graph, rng)
        except EditError:
            continue
        assert readout(project) == readout(loads(dumps(project))), f"seed {seed}, step {step}"


@pytest.mark.parametrize(
    ("ties", "sentence"),
    [
        ([], "graphs.B.ties is a list; it takes an object."),
        ({"c.weight": 3}, "graphs.B.ties.c.weight is a number; it takes a weight, such as “embed.weight”."),
        ({"c": "c.weight"}, "graphs.B.ties.c names no weight; write node.weight, such as head.weight."),
        ({"c.weight": "c.__class__()"}, "names no weight"),
        ({"c.weight": "/" * 500}, "names no weight"),
        ({"../c.weight": "c.weight"}, "names no weight"),
    ],
)
def test_a_file_with_no_ties_in_our_form_is_refused(ties: Any, sentence: str):
    with pytest.raises(FileError) as error:
        loads(changed("graphs/B/ties", ties))
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    "ties",
    [
        {"c.weight": "c.weight"},
        {"c.weight": "gone.weight"},
        {"gone.weight": "c.weight"},
        {"c.weight": "x.weight", "x.weight": "c.weight"},
        {"c/c/c/c.weight": "c.weight"},
        {"c.weight_": "c.bias"},
    ],
)
def test_a_drawing_with_ties_to_nowhere_opens_for_repair(ties: dict[str, str]):
    project = loads(changed("graphs/B/ties", ties))
    while found := [p for p in analyze(project).problems if p.code == "tie"]:
        fixes(project, found[0])[0].apply(project)
    assert project.graphs["B"].ties == {}
    assert json.loads(dumps(project))["graphs"]["B"].keys() == {"head", "params", "nodes", "wires"}
