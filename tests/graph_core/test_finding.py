"""Finding nodes by name, type and parameter, and replacing what was found."""

from __future__ import annotations

import pytest

from graph_core import EditError, Project, dumps, edits
from graph_core.analysis import analyze
from graph_core.finding import change_type, find, replace_found
from graph_core.history import History
from graph_core.templates import open_template


def names(project: Project, by: str, query: str) -> list[str]:
    return [project.graphs[one.graph].nodes[one.node].name for one in find(project, by, query)]


def test_finding():
    project = open_template("resnet18")
    assert "conv1" in names(project, "name", "CONV")
    assert all("conv" in name for name in names(project, "name", "conv"))
    kinds = {project.graphs[one.graph].nodes[one.node].type for one in find(project, "type", "BatchNorm")}
    assert kinds == {"BatchNorm2d"}
    blocks = find(project, "type", "BasicBlock")
    assert {one.text for one in blocks} == {"BasicBlock"}
    assert len({one.graph for one in find(project, "name", "conv")}) > 1
    assert names(project, "parameter", "kernel_size = 7") == ["conv1"]
    assert len(names(project, "parameter", "bias = false")) > 3
    assert len(names(project, "parameter", "kernel_size")) > len(names(project, "parameter", "kernel_size=7"))
    assert find(project, "name", "  ") == []


def test_replacing_is_one_edit_with_an_inverse():
    project = open_template("resnet18")
    history, before = History(project), dumps(project)
    for by, query, new in (
        ("name", "conv", "convolution"),
        ("type", "ReLU", "GELU"),
        ("parameter", "bias = false", True),
        ("parameter", "PADDING = 1", lambda graph, node, name: [1, 1]),
    ):
        found = find(project, by, query)
        replace_found(project, found, by, query, new)
        after = dumps(project)
        assert after != before, by
        assert len(history.titles) == 1
        history.undo()
        assert dumps(project) == before
        history.redo()
        assert dumps(project) == after
        history.undo()


def test_a_refused_replacement_changes_nothing():
    project = open_template("lenet")
    before = dumps(project)
    for by, query, new in (("name", "conv", "9x"), ("type", "Conv2d", "Nothing"), ("parameter", "stride", "x +")):
        with pytest.raises(EditError):
            replace_found(project, find(project, by, query), by, query, new)
        assert dumps(project) == before


def test_another_type_keeps_wires_and_the_parameters_it_has_too():
    project = open_template("lenet")
    graph = project.graphs["main"]
    pool = next(node for node in graph.nodes.values() if node.type in ("MaxPool2d", "AvgPool2d"))
    other = "AvgPool2d" if pool.type == "MaxPool2d" else "MaxPool2d"
    wires, params = dict(graph.wires), dict(pool.params)
    change_type(graph, pool.id, other)
    assert graph.nodes[pool.id].type == other
    assert graph.wires == wires
    assert graph.nodes[pool.id].params == params
    assert not [p for p in analyze(project, "main").problems if p.severity == "error"]


def test_wires_go_by_place_and_those_without_a_port_are_lost():
    project = Project.new()
    graph = project.graphs["main"]
    for id, type in (("a", "Input"), ("b", "Input"), ("s", "Add"), ("r", "ReLU")):
        edits.add(graph, type, id=id)
    ins = graph.in_ports(graph.nodes["s"])
    edits.connect(graph, f"a.{graph.out_ports(graph.nodes['a'])[0]}", f"s.{ins[0]}")
    edits.connect(graph, f"b.{graph.out_ports(graph.nodes['b'])[0]}", f"s.{ins[1]}")
    edits.connect(graph, f"s.{graph.out_ports(graph.nodes['s'])[0]}", "r.x")
    change_type(graph, "s", "Sigmoid")
    port = graph.in_ports(graph.nodes["s"])[0]
    assert graph.incoming["s"] == {port: ("a", "x")} or graph.incoming["s"][port][0] == "a"
    assert graph.incoming["r"]["x"][0] == "s"
