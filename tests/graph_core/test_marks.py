"""Frames, notes and bookmarks: edits with inverses, the file, copies, differences and merges."""

from __future__ import annotations

import json

import pytest

from graph_core import EditError, Project, dumps, edits, mark_edits
from graph_core.clipboard import copy, paste
from graph_core.difference import compare
from graph_core.history import History
from graph_core.marks import Bookmark, Frame, Note
from graph_core.merge import merge
from graph_core.project import FileError, loads


def marked() -> Project:
    project = Project.new("net")
    graph = project.graphs["main"]
    edits.add(graph, "ReLU", id="r1", at=(8, 8))
    mark_edits.add_frame(graph, (0, 0), (200, 100), "Stem", "conv")
    mark_edits.add_note(graph, (300, 8), "two\nlines")
    mark_edits.set_bookmark(graph, 3, (10, 20), 0.5)
    return project


def test_every_edit_has_an_inverse():
    project = marked()
    graph = project.graphs["main"]
    history, before = History(project), dumps(project)
    for change in (
        lambda: mark_edits.add_frame(graph, (0, 0), (50, 50)),
        lambda: mark_edits.add_note(graph, (1, 1), "x"),
        lambda: mark_edits.set_text(graph, "note:1", "other"),
        lambda: mark_edits.set_color(graph, "frame:1", "linear"),
        lambda: mark_edits.resize(graph, "frame:1", (8, 8), (400, 400)),
        lambda: mark_edits.move_marks(graph, {"frame:1": (4, 4), "note:1": (5, 5)}),
        lambda: mark_edits.set_bookmark(graph, 3, (0, 0), 2),
        lambda: mark_edits.remove_marks(graph, ["frame:1", "note:1"]),
    ):
        change()
        after = dumps(project)
        assert after != before
        history.undo()
        assert dumps(project) == before
        history.redo()
        assert dumps(project) == after
        history.undo()


def test_a_bookmark_is_of_one_graph():
    project = marked()
    with project.editing("block"):
        project.record("", "graphs", "b", True)
    mark_edits.set_bookmark(project.graphs["b"], 3, (0, 0), 1)
    assert "bookmark:3" not in project.graphs["main"].marks
    assert project.graphs["b"].marks["bookmark:3"] == Bookmark((0.0, 0.0), 1.0)
    with pytest.raises(EditError, match="no bookmark 10"):
        mark_edits.set_bookmark(project.graphs["b"], 10, (0, 0), 1)


def test_a_file_holds_one_mark_a_line_and_reads_back():
    project = marked()
    text = dumps(project)
    assert '      "frame:1": {"at": [0, 0], "size": [200, 100], "text": "Stem", "color": "conv"},\n' in text
    again = loads(text)
    assert again.graphs["main"].marks == project.graphs["main"].marks
    assert dumps(again) == text
    without = {**json.loads(text)}
    without["view"]["main"] = {k: v for k, v in without["view"]["main"].items() if ":" not in k}
    assert len(text.splitlines()) == len(dumps(loads(json.dumps(without))).splitlines()) + 3


@pytest.mark.parametrize(
    ("key", "mark", "said"),
    [
        ("frame:1", [1, 2], "view.main.frame:1 is a list"),
        ("frame:1", {"at": [0, 0]}, "view.main.frame:1.size"),
        ("frame:1", {"at": [0, 0], "size": [1, 100]}, "from 24"),
        ("frame:1", {"at": [0, 0], "size": [100, 100], "color": "a b"}, "frame:1.color"),
        ("note:1", {"at": [0, 1e300]}, "note:1.at"),
        ("note:1", {"at": [0, 0], "text": 5}, "note:1.text"),
        ("note:1", {"at": [0, 0], "ink": 5}, "note:1.ink is no field"),
        ("note:01", {"at": [0, 0]}, "note:01 is no mark"),
        ("bookmark:10", {"at": [0, 0]}, "bookmark:1 to bookmark:9"),
        ("bookmark:1", {"at": [0, 0], "zoom": True}, "bookmark:1.zoom"),
        ("star:1", {"at": [0, 0]}, "star:1 is no mark"),
    ],
)
def test_a_wrong_mark_is_refused_by_its_field(key, mark, said):
    tree = json.loads(dumps(marked()))
    tree["view"]["main"][key] = mark
    with pytest.raises(FileError) as error:
        loads(json.dumps(tree))
    assert said in str(error.value)


def test_copies_carry_frames_and_notes():
    project = marked()
    graph = project.graphs["main"]
    text = copy(graph, ["r1", "frame:1", "note:1"])
    made = paste(graph, text, at=(1000, 0))
    assert graph.marks["frame:2"] == Frame((1000, 0), (200, 100), "Stem", "conv")
    assert graph.marks["note:2"] == Note((1300, 8), "two\nlines")
    assert made[1:] == ["frame:2", "note:2"]
    assert graph.view[made[0]] == (1008, 8)
    other = Project.new()
    assert paste(other.graphs["main"], copy(graph, ["note:1"])) == ["note:1"]


def test_differences_name_them():
    old, new = marked(), marked()
    graph = new.graphs["main"]
    mark_edits.set_text(graph, "frame:1", "Head")
    mark_edits.remove_marks(graph, ["note:1"])
    mark_edits.set_bookmark(graph, 4, (0, 0), 1)
    said = {(item.kind, item.subject): item.text for item in compare(old, new).items}
    assert said[("changed", "frame")] == "frame “Head”: text Stem → Head"
    assert said[("added", "bookmark")] == "bookmark 4"
    assert ("removed", "note") in said
    assert len(said) == 3


def test_merges_keep_what_both_sides_added_and_ask_about_what_both_changed():
    base, ours, theirs = marked(), marked(), marked()
    mark_edits.add_note(ours.graphs["main"], (0, 0), "of ours")
    mark_edits.add_note(theirs.graphs["main"], (0, 0), "of theirs")
    mark_edits.remove_marks(theirs.graphs["main"], ["note:1"])
    merged = merge(base, ours, theirs)
    texts = {key: mark.text for key, mark in merged.project.graphs["main"].marks.items() if isinstance(mark, Note)}
    assert texts == {"note:2": "of ours", "note:3": "of theirs"}
    assert not merged.project.conflicts
    base, ours, theirs = marked(), marked(), marked()
    mark_edits.set_text(ours.graphs["main"], "note:1", "ours")
    mark_edits.set_text(theirs.graphs["main"], "note:1", "theirs")
    merged = merge(base, ours, theirs)
    assert len(merged.project.conflicts) == 1
    assert loads(dumps(merged.project)).conflicts == merged.project.conflicts
