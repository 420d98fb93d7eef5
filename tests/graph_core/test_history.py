"""Undo and redo as steps with names, merging, and what is saved."""

from __future__ import annotations

import pytest

from graph_core import edits
from graph_core.graph import EditError, Project
from graph_core.history import History
from graph_core.project import dumps


@pytest.fixture
def project() -> Project:
    project = Project.new("t")
    project.networks["main"].add("Conv2d", id="c", name="conv")
    return project


def test_everything_is_undone_and_redone_in_order(project: Project):
    history, graph = History(project), project.networks["main"]
    texts = [dumps(project)]
    graph.add("ReLU", id="r", name="relu")
    texts.append(dumps(project))
    graph.connect("c.y", "r.x")
    texts.append(dumps(project))
    graph.rename("c", "stem")
    texts.append(dumps(project))
    assert history.titles == ["Add relu", "Wire conv to relu", "Rename conv to stem"]
    for text in reversed(texts[:-1]):
        assert history.undo() is not None
        assert dumps(project) == text
    assert history.undo() is None
    assert (history.can_undo, history.undo_title, history.redo_title) == (False, "", "Add relu")
    for text in texts[1:]:
        assert history.redo() is not None
        assert dumps(project) == text
    assert history.redo() is None
    history.undo()
    graph.set("c", stride=2)
    assert not history.can_redo


def test_saved_is_a_place_in_the_history(project: Project):
    history, graph = History(project), project.networks["main"]
    assert history.is_saved
    graph.set("c", stride=2)
    assert not history.is_saved
    history.undo()
    assert history.is_saved
    history.redo()
    history.mark_saved()
    graph.set("c", stride=3)
    history.undo()
    assert history.is_saved
    history.undo()
    assert not history.is_saved
    graph.set("c", stride=2)  # the same drawing, by another way: not the place that was saved
    assert not history.is_saved


def test_edits_under_one_key_are_one_step(project: Project):
    history, graph = History(project), project.networks["main"]
    before = dumps(project)
    for x in range(5):
        with history.merging("drag 1"):
            edits.move(graph, {"c": (x, 0)})
    # The first placed the node, so that the step is more than a replacement.
    assert history.titles == ["Move conv"]
    with history.merging("drag 2"):
        edits.move(graph, {"c": (9, 9)})
    with history.merging("drag 2"):
        edits.move(graph, {"c": (10, 9)})
    with history.merging("stride of c"):
        graph.set("c", stride=2)
    with history.merging("stride of c"):
        graph.set("c", stride=21)
    assert history.titles == ["Move conv", "Move conv", "Set stride of conv to 21"]
    after = dumps(project)
    history.undo()
    assert graph.nodes["c"].params == {}
    history.undo()
    assert graph.view["c"] == (4, 0)
    history.undo()
    assert dumps(project) == before
    while history.redo():
        pass
    assert dumps(project) == after


def test_a_merged_step_that_ends_where_it_began_is_none(project: Project):
    history, graph = History(project), project.networks["main"]
    edits.move(graph, {"c": (0, 0)})
    history.mark_saved()
    for x in (1, 2, 0):
        with history.merging("drag"):
            edits.move(graph, {"c": (x, 0)})
    assert history.titles == ["Move conv"]
    assert history.is_saved


def test_nothing_merges_into_what_is_saved(project: Project):
    history, graph = History(project), project.networks["main"]
    with history.merging("a"):
        graph.set("c", stride=2)
    history.mark_saved()
    with history.merging("a"):
        graph.set("c", stride=3)
    assert len(history.titles) == 2
    assert not history.is_saved
    history.undo()
    assert history.is_saved


def test_other_edits_end_a_merge(project: Project):
    history, graph = History(project), project.networks["main"]
    for key, stride in (("a", 2), ("b", 3), ("a", 4)):
        with history.merging(key):
            graph.set("c", stride=stride)
    graph.set("c", stride=5)
    graph.set("c", stride=6)
    assert len(history.titles) == 5


def test_the_oldest_steps_fall_out(project: Project):
    history, graph = History(project, limit=3), project.networks["main"]
    for stride in range(2, 8):
        graph.set("c", stride=stride)
    while history.undo():
        pass
    assert graph.nodes["c"].params == {"stride": 4}
    assert not history.is_saved  # the saved place fell out


def test_an_undo_that_does_not_fit_changes_nothing(project: Project):
    history, graph = History(project), project.networks["main"]
    graph.set("c", stride=2)
    history.detach()
    graph.set("c", stride=3)
    before = dumps(project)
    with pytest.raises(EditError, match="does not fit"):
        history.undo()
    assert dumps(project) == before
    assert history.can_undo


def test_listeners_are_told(project: Project):
    history, graph = History(project), project.networks["main"]
    told: list[bool] = []
    history.listeners.append(lambda: told.append(history.is_saved))
    graph.set("c", stride=2)
    history.mark_saved()
    history.undo()
    history.clear()
    assert told == [False, True, False, False]
    assert not history.can_redo
