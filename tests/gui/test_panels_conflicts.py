"""Conflicts of a merged file in the window: listed as problems, chosen by mouse and by keys, undone, saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from graph_core import Project, edits, load, save
from graph_core.merge import merge
from graph_core.project import dumps, loads
from graph_core.templates import open_template
from tests.gui.window_rig import CTRL, LEFT, Key, WindowRig


def conflicting() -> Project:
    """LeNet with two conflicts: how many channels conv1 has, and whether relu1 is there."""
    base, ours, theirs = (open_template("lenet") for _ in range(3))
    ours.networks["main"].set("c1", out_channels=8)
    theirs.networks["main"].set("c1", out_channels=24)
    edits.remove(ours.networks["main"], ["a1"], heal=True)
    theirs.networks["main"].rename("a1", "bend")
    return merge(base, ours, theirs).project


@pytest.fixture
def rig(rig: WindowRig, tmp_path: Path) -> WindowRig:
    save(conflicting(), tmp_path / "merged.netw")
    assert rig.window.files.open(tmp_path / "merged.netw")
    return rig


def rows(rig: WindowRig) -> dict[str, list[str]]:
    """What each row says, and its buttons."""
    return {row.sentence.text(): [button.text() for button in row.buttons] for row in rig.window.problems.rows}


FIRST = "bend is changed in theirs, and removed in ours; take one of them."
SECOND = "out_channels of conv1 is 8 in ours, and 24 in theirs; take one of them."


def test_conflicts_are_listed_with_both_choices_and_their_cost(rig: WindowRig) -> None:
    assert rows(rig) == {FIRST: ["Take ours", "Take theirs"], SECOND: ["Take ours", "Take theirs"]}
    row = next(row for row in rig.window.problems.rows if row.sentence.text() == SECOND)
    texts = [label.text() for label in row.findChildren(QLabel)]
    assert any(text.startswith("▲ ") for text in texts), "theirs has more channels"
    assert "±0" not in texts


def test_taking_theirs_by_mouse_is_one_step_and_undone_as_one(rig: WindowRig) -> None:
    before = rig.bytes()
    row = next(row for row in rig.window.problems.rows if row.sentence.text() == SECOND)
    QTest.mouseClick(row.buttons[1], LEFT)
    assert rig.node("conv1").params["out_channels"] == 24
    assert rows(rig) == {FIRST: ["Take ours", "Take theirs"]}
    assert rig.document.history.titles == ["Take theirs for out_channels of conv1"]
    rig.key(Key.Key_Z, CTRL)
    assert rig.bytes() == before
    assert SECOND in rows(rig)


def test_taking_ours_keeps_what_stands(rig: WindowRig) -> None:
    before = dict(rig.graph.nodes)
    row = next(row for row in rig.window.problems.rows if row.sentence.text() == FIRST)
    QTest.mouseClick(row.buttons[0], LEFT)
    assert rig.graph.nodes == before
    assert FIRST not in rows(rig)


def test_all_chosen_and_saved_is_a_drawing_without_conflicts(rig: WindowRig, tmp_path: Path) -> None:
    while rig.window.problems.rows:
        QTest.mouseClick(rig.window.problems.rows[0].buttons[1], LEFT)
    assert rig.window.files.save()
    theirs = open_template("lenet")
    theirs.networks["main"].set("c1", out_channels=24)
    theirs.networks["main"].rename("a1", "bend")
    assert dumps(load(tmp_path / "merged.netw")) == dumps(loads(dumps(theirs)))


def test_by_keys_enter_goes_to_the_choice_and_chooses(rig: WindowRig) -> None:
    row = rig.window.problems.rows[0]
    row.setFocus()
    QTest.keyClick(row, Key.Key_Return)
    assert len(rig.document.project.conflicts) == 2, "nothing is chosen by accident"
    assert row.buttons[0].hasFocus()
    QTest.keyClick(row.buttons[0], Key.Key_Tab)
    assert row.buttons[1].hasFocus()
    QTest.keyClick(row.buttons[1], Key.Key_Return)
    assert len(rig.document.project.conflicts) == 1
    rig.window.problems.apply_first()
    assert len(rig.document.project.conflicts) == 1, "applying the best fix chooses no side"


def test_what_was_drawn_since_can_be_kept(rig: WindowRig) -> None:
    rig.click(rig.middle("conv1"))
    rig.type_into("out_channels", "10")
    row = next(row for row in rig.window.problems.rows if row.sentence.text() == SECOND)
    assert [button.text() for button in row.buttons] == ["Take ours", "Take theirs", "Keep as it is"]
    QTest.mouseClick(row.buttons[2], LEFT)
    assert rig.node("conv1").params["out_channels"] == 10
    assert SECOND not in rows(rig)


def test_a_click_shows_the_place(rig: WindowRig) -> None:
    row = next(row for row in rig.window.problems.rows if row.sentence.text() == SECOND)
    QTest.mouseClick(row, LEFT, pos=row.sentence.geometry().center())
    assert rig.document.selection == (rig.node("conv1").id,)


def test_opening_says_that_there_is_something_to_choose(rig: WindowRig, tmp_path: Path) -> None:
    with rig.qtbot.waitSignal(rig.window.files.said) as said:
        assert rig.window.files.open(tmp_path / "merged.netw")
    assert said.args == ["merged.netw has 2 conflicts from a merge; ours stands until Problems has your choice."]
