"""Edits of the set-up: what they make, what they refuse, and that each is taken back exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graph_core import EditError, Project, analyze, dumps, loads
from graph_core.history import History
from graph_core.setup_edits import add_group, move_group, remove_group, set_group, set_kind, set_schedule
from graph_core.templates import open_template


def groups(project: Project) -> list[Any]:
    return list(project.setup().get("optimizer", {}).get("groups", []))


@pytest.fixture
def project() -> Project:
    return open_template("lenet")


def test_a_new_group_names_a_layer_that_is_free(project: Project) -> None:
    assert [add_group(project, "main") for _ in range(3)] == [0, 1, 2]
    assert groups(project) == [{"match": ["conv1"]}, {"match": ["conv2"]}, {"match": ["fc1"]}]
    assert analyze(project).problems == ()


def test_groups_are_set_moved_and_removed(project: Project) -> None:
    for name in ("a", "b", "c"):
        add_group(project, "main", {"match": [name]})
    set_group(project, "main", 1, {"lr": 0.5, "role": "bias"})
    set_group(project, "main", 1, {"role": None})
    move_group(project, "main", 1, 2)
    remove_group(project, "main", 0)
    assert groups(project) == [{"match": ["c"]}, {"match": ["b"], "lr": 0.5}]


def test_another_kind_takes_fields_along_that_it_lacks(project: Project) -> None:
    add_group(project, "main", {"match": ["conv1"], "beta1": 0.5, "lr": 0.1})
    add_group(project, "main", {"match": ["conv2"], "kind": "Adam", "beta1": 0.5})
    set_group(project, "main", 0, {"kind": "SGD"})
    assert groups(project)[0] == {"match": ["conv1"], "lr": 0.1, "kind": "SGD"}
    set_kind(project, "main", "RMSprop")
    assert analyze(project).problems == ()
    assert groups(project)[1]["beta1"] == 0.5
    set_kind(project, "main", "LBFGS")
    assert groups(project) == [{"match": ["conv1"]}, {"match": ["conv2"]}]
    assert analyze(project).problems == ()


def test_schedules_are_stored_as_a_word_until_they_have_a_field(project: Project) -> None:
    def stored() -> Any:
        return project.setup()["training"]["schedule"]

    set_schedule(project, "main", {"kind": "step"})
    assert stored() == "step"
    set_schedule(project, "main", {"gamma": 0.5})
    assert stored() == {"kind": "step", "gamma": 0.5}
    assert loads(dumps(project)).setup() == project.setup()
    set_schedule(project, "main", {"gamma": None})
    assert stored() == "step"
    set_schedule(project, "main", {"kind": "cosine"})
    assert stored() == "cosine"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda p: set_kind(p, "main", "Magic"), "no optimizer Magic"),
        (lambda p: set_schedule(p, "main", {"kind": "sawtooth"}), "no schedule sawtooth"),
        (lambda p: remove_group(p, "main", 3), "no parameter group 4; there are 0"),
        (lambda p: move_group(p, "main", 0, 0), "no parameter group 1"),
        (lambda p: set_group(p, "other", 0, {}), "no parameter group"),
        (lambda p: [add_group(p, "main", {}) for _ in range(101)], "100 are enough"),
        (lambda p: set_schedule(p, "main", {"gamma": float("nan")}), "infinite"),
    ],
)
def test_what_cannot_be_is_refused(project: Project, edit: Callable[[Project], Any], said: str) -> None:
    with pytest.raises(EditError, match=said):
        edit(project)


def test_every_edit_is_taken_back_exactly(project: Project) -> None:
    history = History(project)
    texts = [dumps(project)]
    for edit in (
        lambda: add_group(project, "main"),
        lambda: add_group(project, "main", {"role": "bias", "weight_decay": 0.0}),
        lambda: set_group(project, "main", 0, {"frozen": True}),
        lambda: move_group(project, "main", 0, 1),
        lambda: set_kind(project, "main", "SGD"),
        lambda: set_schedule(project, "main", {"kind": "multi-step"}),
        lambda: set_schedule(project, "main", {"milestones": [3, 4]}),
        lambda: remove_group(project, "main", 0),
    ):
        edit()
        texts.append(dumps(project))
    assert len(set(texts)) == len(texts)
    for text in reversed(texts[:-1]):
        history.undo()
        assert dumps(project) == text
