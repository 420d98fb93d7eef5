"""Copy and paste as text, within a project and between projects, and text that holds no nodes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_core import blocks, edits
from graph_core.analysis import analyze
from graph_core.clipboard import copy, looks_like_nodes, paste
from graph_core.graph import EditError, Project
from graph_core.history import History
from graph_core.project import dumps, loads
from tests.graph_core.test_blocks import figures, residual, stage
from tests.graph_core.test_hostile_files import TREE


def test_nodes_come_back_with_their_wires_under_free_ids():
    graph = residual()
    history, before = History(graph.project), dumps(graph.project)
    text = copy(graph, ["c1", "b1", "p"])
    assert looks_like_nodes(text)
    ids = paste(graph, text, at=(1000, 0))
    assert len(ids) == 3
    assert not set(ids) & {"c1", "b1", "p"}
    assert [graph.nodes[id].name for id in ids] == ["bn2", "conv2", "proj1"]
    assert graph.wires[f"{ids[0]}.x"] == f"{ids[1]}.y"
    assert graph.view[ids[1]] == (1000, 0)
    assert history.titles == ["Paste 3 nodes"]
    history.undo()
    assert dumps(graph.project) == before


def test_a_whole_network_moves_to_another_project_with_its_blocks_and_symbols():
    graph = stage(3)
    edits.set_symbol(graph.project, "T", 16)
    graph.set("x", shape=["N", 8, "T", "T"])
    other = Project.new("other").networks["main"]
    paste(other, copy(graph, graph.nodes))
    assert other.project.symbols == {"N": 1, "T": 16}
    assert figures(other.project) == figures(graph.project)
    assert list(other.project.graphs["Step"].params) == ["out", "mode"]
    assert dumps(loads(dumps(other.project))) == dumps(other.project)


def test_a_block_that_is_there_is_used_and_another_of_its_name_is_renamed():
    graph = stage(3)
    text = copy(graph, ["b"])
    first = paste(graph, text)[0]
    assert graph.nodes[first].type == "Step"
    graph.project.graphs["Step"].set("k", bias=False)
    second, third = paste(graph, text)[0], paste(graph, text)[0]
    block = graph.project.graphs[graph.nodes[second].type]
    assert (block.key, block.name) == ("Step2", "Step2")
    assert graph.nodes[third].type == "Step2"  # the second time it is there
    assert "bias" not in block.nodes["k"].params


def test_blocks_inside_blocks_are_renamed_together():
    graph = stage(1)
    outer = blocks.collapse(graph, ["b"], "Outer")
    text = copy(graph, [outer.id])
    other = stage(1)
    other.project.graphs["Step"].set("k", bias=False)
    id = paste(other, text)[0]
    block = other.project.graphs[other.nodes[id].type]
    assert {node.type for node in block.nodes.values()} >= {"Step2"}


def test_a_block_takes_no_symbols():
    graph = stage(1)
    edits.set_symbol(graph.project, "T", 16)
    graph.add("Linear", id="l", out_features="2 * T")
    other = Project.new("other")
    block = blocks.add_graph(other, "B")
    paste(block, copy(graph, ["l"]))
    assert "T" not in other.symbols


def test_a_project_file_can_be_pasted():
    graph = Project.new("other").networks["main"]
    assert len(paste(graph, json.dumps(TREE))) == 3
    assert analyze(graph.project).problems == ()


def test_a_fragment_opens_as_a_file():
    graph = stage(2)
    assert "b" in loads(copy(graph, ["b"])).networks["clipboard"].nodes


RECURSIVE = {
    "netw": 1,
    "networks": {"main": "main"},
    "graphs": {
        "main": {"nodes": {"a": {"name": "a", "type": "A"}}},
        "A": {"nodes": {"b": {"name": "b", "type": "B"}}},
        "B": {"nodes": {"a": {"name": "a", "type": "A"}}},
    },
}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no nodes"),
        ("hello", "holds no nodes"),
        ("{}", "holds no nodes"),
        ('{"netw": 1', "holds no nodes that can be pasted: The JSON is broken"),
        ('{"netw": 1}', "a drawing without nodes"),
        ('{"netw": 99}', "newer Netwright"),
        ('{"netw": 1, "graphs": {"main": {"nodes": {"a b": {}}}}}', "cannot be an id"),
        ('{"netw": 1, "x": ' + "[" * 5000, "nested too deep"),
        (json.dumps(RECURSIVE), "the block A, which contains itself"),
    ],
)
def test_text_that_holds_no_nodes_is_refused_in_one_sentence(text: str, sentence: str):
    graph = residual()
    before = dumps(graph.project)
    with pytest.raises(EditError, match=sentence) as error:
        paste(graph, text)
    assert str(error.value).isprintable()
    assert dumps(graph.project) == before


def test_nothing_chosen_is_refused():
    with pytest.raises(EditError, match="Nothing is chosen"):
        copy(residual(), [])


@given(st.lists(st.sampled_from(list(residual().nodes)), min_size=1, unique=True), st.integers(1, 3))
def test_any_choice_can_be_pasted_again_and_again(ids: list[str], times: int):
    graph = residual()
    text = copy(graph, ids)
    for _ in range(times):
        before = dumps(graph.project)
        history = History(graph.project)
        assert len(paste(graph, text)) == len(ids)
        after = dumps(graph.project)
        assert dumps(loads(after)) == after
        history.undo()
        assert dumps(graph.project) == before
        history.redo()
        assert dumps(graph.project) == after
        history.detach()
    assert len(graph.names) == len(graph.nodes)
