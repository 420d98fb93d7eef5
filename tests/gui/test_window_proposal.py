"""A fix is drawn before it is made: what it adds is dashed, what is wrong stays to be seen, nothing is changed."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from designer.numbers import exact
from designer.plates import place_all
from graph_core import Project
from tests.gui.window_rig import Key, WindowRig


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    """A residual link around a convolution with stride 2."""
    project = Project.new("resblock")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 64, 56, 56])
    graph.add("Conv2d", id="c", out_channels=128, stride=2, padding=1)
    graph.add("BatchNorm2d", id="b")
    graph.add("Add", id="a")
    graph.add("Output", id="y")
    for wire in ("x.y c.x", "c.y b.x", "b.y a.a", "x.y a.b", "a.y y.x"):
        graph.connect(*wire.split())
    place_all(project, 900)
    rig.document.new(project)
    return rig


def change_told(rig: WindowRig) -> str:
    """What stands under the parameters in the readout."""
    return rig.window.readout.params._change


def test_the_focused_problem_draws_its_fix_and_takes_it_back(rig: WindowRig):
    before, bytes_before = rig.canvas.scene, rig.bytes()
    [row] = rig.window.problems.rows
    row.setFocus()
    scene = rig.canvas.scene
    [added] = [p for id, p in scene.plates.items() if id not in before.plates]
    assert (added.name, added.mark) == ("shortcut", "proposal")
    marked = {w.id for w in scene.wires.values() if w.mark == "proposal"}
    assert marked == {f"{added.id}.x", "a.b"}
    assert scene.wires["a.b"].error
    assert scene.plates["a"].problem == "error"
    for other in scene.plates.values():
        if other is not added:
            assert (
                added.x + added.w <= other.x
                or other.x + other.w <= added.x
                or added.y + added.h <= other.y
                or other.y + other.h <= added.y
            ), f"the proposal covers {other.name}"
    assert rig.bytes() == bytes_before
    assert not rig.document.history.can_undo
    params = rig.document.figures().params
    assert change_told(rig) == f"→ {exact(params + 8_320)}"
    model = rig.window.outline.model
    root = model.index(0, 0)
    listed = [model.item(model.index(k, 0, root)) for k in range(model.rowCount(root))]
    assert [item.id for item in listed if item is not None] == ["x", "c", "b", "a", "y"]
    rig.canvas.setFocus()
    assert change_told(rig) == ""
    assert rig.canvas.scene.plates.keys() == before.plates.keys()
    assert all(rig.canvas.scene.plates[id] == plate for id, plate in before.plates.items())


def test_enter_makes_what_was_drawn(rig: WindowRig):
    [row] = rig.window.problems.rows
    row.setFocus()
    [added] = [p for p in rig.canvas.scene.plates.values() if p.mark == "proposal"]
    rig.key(Key.Key_Return, on=row)
    assert rig.window.problems.rows == []
    plate = rig.canvas.scene.plates[rig.node("shortcut").id]
    assert (plate.x, plate.y, plate.mark) == (added.x, added.y, "")
    rig.document.undo()
    assert len(rig.window.problems.rows) == 1


def test_a_changed_setting_is_drawn_on_its_plate(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    rig.graph.set(rig.node("pool2").id, kernel_size=5)
    pool = rig.node("pool2").id
    assert "5×5" in rig.canvas.scene.plates[pool].detail
    [row] = rig.window.problems.rows
    rig.qtbot.waitUntil(row.isVisible)
    row.setFocus()
    plate = rig.canvas.scene.plates[pool]
    assert (plate.mark, plate.problem) == ("proposal", "error")
    assert "4×4" in plate.detail


def test_the_other_fixes_are_drawn_while_their_menu_is_walked(rig: WindowRig):
    [row] = rig.window.problems.rows
    assert len(row.options) > 1
    menu = row._menu()
    menu.actions()[-1].hover()
    assert "a" not in rig.canvas.scene.plates or not any(
        p.mark == "proposal" and p.name == "shortcut" for p in rig.canvas.scene.plates.values()
    )
    menu.actions()[-1].trigger()
    assert rig.window.problems.rows == []
    QApplication.processEvents()
    assert not any(p.mark for p in rig.canvas.scene.plates.values())


def test_a_proposal_ends_with_the_drawing_that_it_was_made_for(rig: WindowRig):
    [row] = rig.window.problems.rows
    old = rig.document.project
    row.setFocus()
    rig.document.mark_saved()
    rig.window.files.new_from_template("lenet")
    assert not any(p.mark for p in rig.canvas.scene.plates.values())
    told: list[object] = []
    rig.document.edited.connect(told.append)
    old.networks["main"].rename("c", "stem")
    assert told == []


def test_a_proposal_ends_with_the_edit_that_it_was_not_made_for(rig: WindowRig):
    [row] = rig.window.problems.rows
    row.setFocus()
    rig.graph.disconnect("a.b")
    assert not any(p.mark for p in rig.canvas.scene.plates.values() if p.name == "shortcut")


def test_what_is_only_proposed_cannot_be_edited(rig: WindowRig):
    [row] = rig.window.problems.rows
    row.setFocus()
    before = rig.bytes()
    [added] = [id for id, p in rig.canvas.scene.plates.items() if p.name == "shortcut"]
    for act in (
        lambda: rig.window.in_place.drop("ReLU", 0, 0, f"{added}.x", ()),
        lambda: rig.window.in_place.remove((added,), True),
        lambda: rig.window.in_place.copy((added,), 8, 8),
        lambda: rig.window.in_place.into_wire((added,), "c.x", 8, 8),
        lambda: rig.window.in_place.disconnect_end((added, "x")),
        lambda: rig.window.in_place.open(added),
        lambda: rig.window.in_place.select((added,)),
    ):
        act()
        assert rig.bytes() == before
