"""Every edit: what it does, what it refuses and in which words, and that its inverse restores the bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_core import blocks, edits
from graph_core.copying import duplicate
from graph_core.edits import DEFAULT
from graph_core.expanding import expand
from graph_core.graph import Edit, EditError, Graph, Param, Project
from graph_core.history import History
from graph_core.project import dumps, loads
from tests.graph_core.test_blocks import residual, stage
from tests.graph_core.test_graph import consistent


@pytest.fixture
def graph() -> Graph:
    return residual()


def test_ids_and_names_are_chosen(graph: Graph):
    assert [graph.add("Conv2d").id for _ in range(3)] == ["c2", "c3", "c4"]
    assert [graph.nodes[id].name for id in ("c2", "c3")] == ["conv2", "conv3"]
    assert graph.add("Input").name == "x2"
    assert graph.add("Linear").name == "fc1"


def test_a_thousand_nodes_get_ids_of_their_own(graph: Graph):
    with graph.project.editing("Many"):
        for _ in range(1000):
            graph.add("ReLU")
    assert len(graph.names) == len(graph.nodes)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda g: g.add("Nothing"), "no layer type and no block called Nothing"),
        (lambda g: g.add("ReLU", id="c1"), "already has a node with the id c1; choose another"),
        (lambda g: g.add("ReLU", id="a.b"), "cannot be an id"),
        (lambda g: g.add("ReLU", name="conv1"), "already has a node called conv1; choose another name"),
        (lambda g: g.add("ReLU", name="forward"), "taken by torch.nn.Module itself"),
        (lambda g: g.add("ReLU", name="for"), "a word of Python"),
        (lambda g: g.add("ReLU", name="a b"), "“a b” is no name"),
        (lambda g: g.add("Conv2d", colour=1), "has no parameter colour; it has out_channels"),
        (lambda g: g.add("Conv2d", stride=0), "stride is 0; it takes a whole number from 1"),
        (lambda g: g.set("c1", stride="1 +"), "conv1: stride: “1 \\+” is not an expression"),
        (lambda g: g.set("c1", stride=[1, 2, 3]), "stride is"),
        (lambda g: g.set("c1", bias=1), "bias is 1; it takes true or false"),
        (lambda g: g.set("c1", padding_mode="none"), "padding_mode is 'none'; it takes one of zeros"),
        (lambda g: g.set("x", shape=["N", 2**70]), "beyond 2⁶³"),
        (lambda g: g.set("c1", stride={}), "stride is dict"),
        (lambda g: g.set("nobody", stride=1), "no node nobody"),
        (lambda g: g.connect("x", "c1.x"), "“x” names no port; write node.port"),
        (lambda g: g.connect("x.z", "c1.x"), "x has no output z; it has y"),
        (lambda g: g.connect("x.y", "c1.z"), "conv1 has no input z; it has x"),
        (lambda g: g.connect("y.y", "c1.x"), "y has no output y; it has none"),
        (lambda g: g.connect("c1.y", "c1.x"), "conv1 cannot feed itself"),
        (lambda g: g.disconnect("x.x"), "No wire ends at x.x"),
        (lambda g: g.rename("c1", "bn1"), "already has a node called bn1"),
        (lambda g: g.rename("c1", "class"), "word of Python"),
        (lambda g: edits.set_when(g, "c1", "1 +"), "when: “1 \\+” is not an expression"),
        (lambda g: edits.set_repeat(g, "c1", 2), "conv1 is a layer; only a block can repeat"),
        (lambda g: edits.use_weights_of(g, "c1", "b1"), "can use the weights of another Conv2d"),
        (lambda g: edits.use_weights_of(g, "c1", "c1"), "can use the weights of another Conv2d"),
        (lambda g: edits.move(g, {"c1": (float("nan"), 0)}), "cannot lie at nan"),
        (lambda g: edits.move(g, {"c1": (1e9, 0)}), "the sheet ends at"),
        (lambda g: edits.insert_on_wire(g, "c1.y", "p"), "No wire ends at c1.y"),
        (lambda g: edits.insert_on_wire(g, "b1.x", "p"), "proj has no free input"),
        (lambda g: edits.connect_chain(g, ["x", "y"]), "x cannot feed y: no free port is left"),
        (lambda g: edits.set_graph_param(g, "in", Param(1)), "word of Python"),
        (lambda g: edits.set_graph_param(g, "a", Param("1 +")), "a: “1 \\+” is not an expression"),
        (lambda g: edits.set_graph_param(g, "a", Param(2**63)), "a is beyond 2⁶³"),
        (lambda g: edits.set_graph_param(g, "a", None), "Net has no parameter a"),
        (lambda g: edits.set_symbol(g.project, "T", 0), "T is 0; an example size is a whole number from 1"),
        (lambda g: edits.set_symbol(g.project, "T", 2**31), "an example size"),
        (lambda g: edits.set_setup(g.project, "other", "optimizer", {}), "no network other; there are main"),
        (lambda g: edits.set_setup(g.project, "main", "model", {}), "optimizer and training, not model"),
        (lambda g: edits.set_setup(g.project, "main", "training", {"a": float("inf")}), "a is infinite"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(graph: Graph, edit: Callable[[Graph], Any], sentence: str):
    told: list[Edit] = []
    graph.project.listeners.append(told.append)
    before = dumps(graph.project)
    with pytest.raises(EditError, match=sentence) as error:
        edit(graph)
    assert str(error.value).isprintable()
    assert str(error.value).endswith(".")
    assert dumps(graph.project) == before
    assert told == []


@pytest.mark.parametrize("times", [-1, 2**31, True, 2.5, None, "1 +", ""])
def test_a_repetition_is_a_number_or_an_expression(times: Any):
    graph = stage(2)
    with pytest.raises(EditError, match="repeat"):
        edits.set_repeat(graph, "b", times)
    assert graph.nodes["b"].run is not None


def test_defaults_go_back(graph: Graph):
    graph.set("c1", stride=2, bias=False)
    graph.set("c1", stride=1, bias=DEFAULT)
    assert graph.nodes["c1"].params == {"out_channels": "4 * width", "padding": 1}


def test_removing_heals_where_asked(graph: Graph):
    edits.remove(graph, ["b1", "r1"], heal=True)
    assert graph.wires["s.a"] == "c1.y"
    edits.remove(graph, ["p"])
    assert "s.b" not in graph.wires


def test_removing_an_owner_gives_its_users_weights_of_their_own(graph: Graph):
    graph.add("Conv2d", id="c9")
    edits.use_weights_of(graph, "c9", "c1")
    with pytest.raises(EditError, match="conv2 uses the weights of conv1; let it use those of proj"):
        edits.use_weights_of(graph, "c1", "p")
    graph.remove("c1")
    assert graph.nodes["c9"].use == ""


def test_a_node_goes_into_a_wire(graph: Graph):
    graph.add("ReLU", id="r9")
    edits.insert_on_wire(graph, "y.x", "r9")
    assert (graph.wires["r9.x"], graph.wires["y.x"]) == ("s.y", "r9.y")


def test_a_dangling_wire_can_be_taken_away():
    text = dumps(residual().project).replace('"y.x": "s.y"', '"gone.x": "s.y"')
    graph = loads(text).networks["main"]
    graph.disconnect("gone.x")
    assert "gone.x" not in graph.wires


def test_moving_nothing_is_no_edit(graph: Graph):
    told: list[Edit] = []
    graph.project.listeners.append(told.append)
    edits.move(graph, {})
    edits.remove(graph, [])
    assert told == []


TYPES = ["Conv2d", "ReLU", "Linear", "Add", "Concat", "Input", "Output", "LSTM", "BatchNorm2d"]
VALUES = [1, 2, 16, "width", "2 * width", True, False, [1, 2], None, 0.5, -1, "=mode", "zeros", 2**70, "1 +"]
Choice = Callable[[list[Any]], Any]


def random_edit(project: Project, draw: Choice) -> None:
    """One edit of any kind, of what is there; most fit, some are refused."""
    graph = project.graphs[draw(sorted(project.graphs))]
    ids = sorted(graph.nodes) or ["nobody"]
    id, other = draw(ids), draw(ids)
    some = [one for one in ids if draw([True, False])]
    fields = ["stride", "bias", "out_channels", "kernel_size", "shape", "width", "padding_mode"]

    def port(id: str, ports: Callable[[Any], list[str]]) -> str:
        return f"{id}.{draw((ports(graph.nodes[id]) if id in graph.nodes else []) or ['y'])}"

    kinds: dict[str, Callable[[], Any]] = {
        "add": lambda: graph.add(draw([*TYPES, *sorted(project.graphs)])),
        "add at": lambda: edits.add(graph, draw(TYPES), at=(draw([0, 10]), draw([0, 5.5]))),
        "set": lambda: graph.set(id, **{draw(fields): draw([*VALUES, DEFAULT])}),
        "connect": lambda: graph.connect(port(id, graph.out_ports), port(other, graph.in_ports)),
        "disconnect": lambda: graph.disconnect(draw([*sorted(graph.wires), "no.x"])),
        "rename": lambda: graph.rename(id, draw(["a", "b1", "0", "1", "class"])),
        "remove": lambda: edits.remove(graph, some, heal=draw([True, False])),
        "move": lambda: edits.move(graph, {one: (draw([0, 40]), draw([1, 7])) for one in some}),
        "when": lambda: edits.set_when(graph, id, draw(["", "width > 2", "1 +"])),
        "repeat": lambda: edits.set_repeat(graph, id, draw([0, 1, 3, "width", -1]), shared=draw([True, False])),
        "scan": lambda: edits.set_scan(graph, id, draw([0, 1, 2, 16]), *draw([(["x"],), (["x"], ["x2"]), ([], ["x"])])),
        "use": lambda: edits.use_weights_of(graph, id, draw(["", other])),
        "param": lambda: edits.set_graph_param(graph, draw(["width", "mode"]), draw([None, Param(), Param(3)])),
        "symbol": lambda: edits.set_symbol(project, draw(["N", "T"]), draw([None, 4, 0])),
        "setup": lambda: edits.set_setup(project, "main", "optimizer", {"lr": draw([None, 0.1])}),
        "insert": lambda: edits.insert_on_wire(graph, draw([*sorted(graph.wires), "no.x"]), id),
        "chain": lambda: edits.connect_chain(graph, some),
        "add graph": lambda: blocks.add_graph(project, draw(["A", "B", "for"])),
        "rename graph": lambda: blocks.rename_graph(project, graph.key, draw(["A", "B", "C"])),
        "remove graph": lambda: blocks.remove_graph(project, graph.key),
        "add network": lambda: blocks.add_network(project, draw(["one", "two"]), draw(["", graph.key])),
        "rename network": lambda: blocks.rename_network(project, draw(["main", "one"]), draw(["main", "two"])),
        "remove network": lambda: blocks.remove_network(project, draw(["main", "one", "two"])),
        "collapse": lambda: blocks.collapse(graph, some, draw(["A", "Part"])),
        "expand": lambda: expand(graph, id),
        "duplicate": lambda: duplicate(graph, some),
    }
    kinds[draw(list(kinds))]()


@given(st.data(), st.integers(1, 25))
@settings(max_examples=60)
def test_any_sequence_of_edits_is_undone_and_redone_byte_by_byte(data: st.DataObject, count: int):
    project = residual().project
    history = History(project)
    texts = [dumps(project)]
    for _ in range(count):
        done = len(history.titles)
        try:
            random_edit(project, lambda options: data.draw(st.sampled_from(options)))
        except EditError as error:
            message = str(error)
            assert dumps(project) == texts[-1], message
            assert len(history.titles) == done
            continue
        assert len(history.titles) - done in (0, 1), "an edit is one step"
        if len(history.titles) > done:
            texts.append(dumps(project))
            # Whatever edits make, the file takes.
            assert dumps(loads(texts[-1])) == texts[-1]
        for graph in project.graphs.values():
            consistent(graph)
    order = {key: list(graph.params) for key, graph in project.graphs.items()}
    for text in reversed(texts[:-1]):
        history.undo()
        assert dumps(project) == text
    for text in texts[1:]:
        history.redo()
        assert dumps(project) == text
    assert {key: list(graph.params) for key, graph in project.graphs.items()} == order
    assert not history.can_redo
