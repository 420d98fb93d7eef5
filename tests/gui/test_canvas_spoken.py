"""What a screen reader finds on the canvas."""

from __future__ import annotations

from PySide6.QtGui import QAccessible

from designer.canvas.scene import Scene
from tests.gui.canvas_rig import Rig
from tests.gui.canvas_scenes import broken, stage
from tests.gui.window_rig import CTRL, Key

Text = QAccessible.Text


def test_the_canvas_is_a_list_of_its_plates(qtbot):
    rig = Rig(qtbot, stage())
    heard = QAccessible.queryAccessibleInterface(rig.canvas)
    assert heard.role() == QAccessible.Role.List
    assert heard.childCount() == len(rig.canvas.scene.plates)
    child = heard.child(rig.canvas.spoken.order()["conv1"])
    assert child.text(Text.Name) == "conv1, Conv2d 7×7 s2 p3, 9,408"
    assert child.text(Text.Description) == "from x 3×224×224"
    assert heard.indexOfChild(child) == rig.canvas.spoken.order()["conv1"]
    corner = child.rect().topLeft()
    assert rig.canvas.mapFromGlobal(corner) == rig.at(24, 90)


def test_selection_and_focus_are_heard(qtbot):
    rig = Rig(qtbot, stage())
    heard = QAccessible.queryAccessibleInterface(rig.canvas)
    rig.canvas.select(["conv1"])
    rig.key(Key.Key_Down, CTRL)
    conv, norm = (heard.child(rig.canvas.spoken.order()[name]) for name in ("conv1", "bn1"))
    assert conv.state().selected
    assert not conv.state().focused
    assert norm.state().focused
    assert heard.focusChild().text(Text.Name).startswith("bn1")


def test_problems_are_told_in_words(qtbot):
    rig = Rig(qtbot, broken())
    heard = QAccessible.queryAccessibleInterface(rig.canvas)
    add = heard.child(rig.canvas.spoken.order()["add"])
    assert add.text(Text.Name) == "add, error"
    assert "from bn2 128×28×28" in add.text(Text.Description)


def test_a_plate_that_is_gone_says_nothing(qtbot):
    rig = Rig(qtbot, stage())
    heard = QAccessible.queryAccessibleInterface(rig.canvas)
    child = heard.child(0)
    rig.canvas.show_scene(Scene())
    assert not child.isValid()
    assert child.text(Text.Name) == ""
    assert heard.childCount() == 0
    assert heard.child(0) is None
