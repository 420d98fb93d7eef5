"""The tables of graphs and projects: recorded changes, what is derived from them, taking back."""

from __future__ import annotations

import pytest

from graph_core import edits
from graph_core.graph import Edit, EditError, Graph, Param, Project
from graph_core.project import dumps


@pytest.fixture
def graph() -> Graph:
    graph = Project.new("net").networks["main"]
    graph.add("Input", id="x")
    graph.add("Conv2d", id="c", name="conv")
    graph.add("Output", id="y")
    graph.connect("x.y", "c.x")
    graph.connect("c.y", "y.x")
    return graph


def consistent(graph: Graph) -> None:
    """What is derived from nodes and wires is what it would be if it were made anew."""
    wires = {f"{id}.{p}": f"{s}.{o}" for id, ports in graph.incoming.items() for p, (s, o) in ports.items()}
    assert wires == graph.wires
    back = {f"{t}.{p}": f"{id}.{o}" for id, ends in graph.outgoing.items() for (t, p), o in ends.items()}
    assert back == graph.wires
    names: dict[str, set[str]] = {}
    for node in graph.nodes.values():
        names.setdefault(node.name, set()).add(node.id)
    assert graph.names == names
    for role, type in (("input", "Input"), ("output", "Output")):
        assert graph.ports_of_role[role] == {id: n for id, n in graph.nodes.items() if n.type == type}


def test_a_new_project_has_an_empty_network():
    project = Project.new("my net")
    assert list(project.networks) == ["main"]
    assert project.networks["main"].name == "MyNet"
    assert not project.networks["main"].nodes
    assert project.symbols == {"N": 1}


def test_what_is_derived_follows(graph: Graph):
    consistent(graph)
    graph.connect("x.y", "y.x")
    graph.rename("c", "stem")
    consistent(graph)
    assert graph.by_name("stem") is graph.nodes["c"]
    assert graph.by_name("conv") is None
    graph.remove("c")
    consistent(graph)
    assert graph.incoming["y"] == {"x": ("x", "y")}


def test_ports_are_in_natural_order(graph: Graph):
    for id in ("x10", "x2"):
        graph.add("Input", id=id)
    assert [node.id for node in graph.inputs()] == ["x", "x2", "x10"]


def test_variadic_ports_grow_with_their_wires(graph: Graph):
    node = graph.add("Concat", id="k")
    assert graph.in_ports(node) == ["x0", "x1"]
    graph.connect("c.y", "k.x0")
    graph.connect("x.y", "k.x1")
    assert graph.in_ports(node) == ["x0", "x1", "x2"]
    with pytest.raises(EditError, match="has no input x5"):
        graph.connect("x.y", "k.x5")


def test_ports_of_a_block_are_its_inputs_and_outputs(graph: Graph):
    project = graph.project
    with project.editing("Block"):
        project.record("", "graphs", "B", True)
    block = project.graphs["B"]
    block.add("Input", id="in", name="image")
    block.add("Output", id="out")
    node = graph.add("B", id="b")
    assert (graph.in_ports(node), graph.out_ports(node)) == (["in"], ["out"])
    block.rename("in", "picture")
    assert graph.in_ports(node) == ["in"]


def test_an_exception_takes_everything_back(graph: Graph):
    told: list[Edit] = []
    graph.project.listeners.append(told.append)
    before = dumps(graph.project)

    def fail_late() -> None:
        with graph.project.editing("All or nothing"):
            graph.remove("c")
            graph.add("ReLU", id="r")
            graph.connect("x.y", "r.x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_late()
    assert dumps(graph.project) == before
    assert told == []
    consistent(graph)
    graph.set("c", stride=2)  # and editing works again
    assert [edit.title for edit in told] == ["Set stride of conv to 2"]


def test_edits_inside_an_edit_are_one(graph: Graph):
    told: list[Edit] = []
    graph.project.listeners.append(told.append)
    with graph.project.editing("Two"):
        graph.set("c", stride=2)
        graph.rename("c", "stem")
    assert [edit.title for edit in told] == ["Two"]
    with graph.project.editing("Nothing"):
        graph.project.record("main", "nodes", "c", graph.nodes["c"])
    assert len(told) == 1


def test_an_edit_that_does_not_fit_is_refused(graph: Graph):
    told: list[Edit] = []
    graph.project.listeners.append(told.append)
    graph.set("c", stride=2)
    graph.set("c", stride=3)
    before = dumps(graph.project)
    with pytest.raises(EditError, match="“Set stride of conv to 2” does not fit the drawing any more"):
        graph.project.apply(told[0].inverse())
    assert dumps(graph.project) == before


def test_true_and_one_are_different_values(graph: Graph):
    told: list[Edit] = []
    graph.project.listeners.append(told.append)
    for value in (1, True, 1.0):
        with graph.project.editing("x"):
            graph.project.record("main", "params", "p", Param(value))
            graph.project.record("", "meta", "p", value)
    assert len(told) == 3
    assert graph.project.meta["p"] is not True
    assert type(graph.project.meta["p"]) is float


def test_a_graph_is_the_same_object_after_undo(graph: Graph):
    project = graph.project
    told: list[Edit] = []
    project.listeners.append(told.append)
    with project.editing("Add"):
        project.record("", "graphs", "B", True)
        project.record("B", "head", "name", "B")
    block = project.graphs["B"]
    project.apply(told[0].inverse())
    assert "B" not in project.graphs
    project.apply(told[0])
    assert project.graphs["B"] is block
    assert block.head == {"name": "B"}


def test_trying_leaves_nothing_behind(graph: Graph):
    told: list[Edit] = []
    graph.project.listeners.append(told.append)
    before = dumps(graph.project)
    with graph.project.trying():
        graph.remove("c")
        graph.add("ReLU")
    with pytest.raises(EditError), graph.project.trying():
        edits.remove(graph, ["x", "nobody"])
    assert dumps(graph.project) == before
    assert told == []


def test_an_unknown_graph_is_named(graph: Graph):
    with pytest.raises(EditError, match="no graph nowhere"), graph.project.editing("x"):
        graph.project.record("nowhere", "head", "name", "X")
    with pytest.raises(EditError, match="Net has no node z"):
        graph.node("z")
