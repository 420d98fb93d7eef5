"""Symbols: another name wherever one is used, none taken away under a user; and copies for another thread."""

from __future__ import annotations

import pytest

from graph_core import EditError, Project, analyze, dumps, edits
from graph_core.graph import Param
from graph_core.history import History
from graph_core.snapshot import snapshot
from graph_core.symbols import free_symbol, remove_symbol, rename_symbol, users_of
from graph_core.templates import open_template, templates


def project_with_uses() -> Project:
    project = Project.new("used")
    edits.set_symbol(project, "C", 8)
    edits.set_symbol(project, "T", 16)
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", "2 * C", "T"])
    graph.add("Conv1d", id="c", out_channels="max(C, 4)", kernel_size="C // 4")
    graph.add("ReLU", id="r")
    edits.set_when(graph, "r", "C > 4")
    graph.add("Output", id="y")
    for source, target in (("x.y", "c.x"), ("c.y", "r.x"), ("r.y", "y.x")):
        graph.connect(source, target)
    return project


def test_a_symbol_has_another_name_everywhere() -> None:
    project = project_with_uses()
    history, before, figures = History(project), dumps(project), analyze(project).macs
    assert analyze(project).sound
    rename_symbol(project, "C", "channels")
    graph = project.networks["main"]
    assert list(project.symbols) == ["N", "channels", "T"]
    assert graph.nodes["x"].params["shape"] == ["N", "2 * channels", "T"]
    assert graph.nodes["c"].params["out_channels"] == "max(channels, 4)"
    assert graph.nodes["r"].when == "channels > 4"
    assert analyze(project).sound
    assert analyze(project).macs == figures
    assert history.undo_title == "Rename C to channels"
    history.undo()
    assert dumps(project) == before
    assert list(project.symbols) == ["N", "C", "T"]


@pytest.mark.parametrize(
    ("new", "sentence"),
    [("T", "a symbol T already"), ("2x", "2x"), ("width", "a parameter width"), ("spoken", "speaks of spoken")],
)
def test_a_name_that_means_something_is_refused(new: str, sentence: str) -> None:
    project = project_with_uses()
    graph = project.networks["main"]
    edits.set_graph_param(graph, "width", Param(3))
    graph.add("Linear", id="l", out_features="spoken")
    before = dumps(project)
    with pytest.raises(EditError, match=sentence):
        rename_symbol(project, "C", new)
    assert dumps(project) == before
    with pytest.raises(EditError, match="no symbol Q"):
        rename_symbol(project, "Q", "R")


def test_a_parameter_hides_a_symbol_of_its_name() -> None:
    project = project_with_uses()
    graph = project.networks["main"]
    assert {node.id for _, node in users_of(project, "C")} == {"x", "c", "r"}
    edits.set_graph_param(graph, "C", Param(8))
    assert not list(users_of(project, "C"))
    rename_symbol(project, "C", "Z")
    assert graph.nodes["r"].when == "C > 4"


def test_a_symbol_in_use_stays() -> None:
    project = project_with_uses()
    with pytest.raises(EditError, match="x of Used uses C"):
        remove_symbol(project, "C")
    edits.set_symbol(project, free_symbol(project), 7)
    assert project.symbols["H"] == 7
    remove_symbol(project, "H")
    assert list(project.symbols) == ["N", "C", "T"]
    with pytest.raises(EditError, match="no symbol H"):
        remove_symbol(project, "H")


@pytest.mark.parametrize("template", [template.name for template in templates()])
def test_a_snapshot_is_the_project_and_goes_no_further(template: str) -> None:
    project = open_template(template)
    copy = snapshot(project)
    before = dumps(project)
    assert dumps(copy) == before
    assert analyze(copy).to_json() == analyze(project).to_json()
    graph = project.networks["main"]
    last = next(target for target in graph.wires if target.startswith("y."))
    graph.disconnect(last)
    edits.set_symbol(project, "N", 5)
    graph.rename("x", "other")
    assert dumps(copy) == before
    assert analyze(copy).sound
    copy.networks["main"].remove("x")
    assert "x" in graph.nodes
