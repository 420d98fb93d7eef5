"""How a block runs, set in the inspector by mouse and keys, and shown on its plate."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from designer.canvas.ports import anchors
from graph_core import Repeat, Scan, edits
from tests.gui.window_rig import ALT, CTRL, LEFT, Key, WindowRig

SCAN = Scan(1, ("x1",), ("x2", "x3"))


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("lstm_gates")
    rig.canvas.fit()
    rig.click(rig.middle("lstm"))
    assert rig.document.selection == ("r1",)
    return rig


def choose(rig: WindowRig, way: str) -> None:
    QTest.mouseClick(rig.window.inspector.running.way.segment(way), LEFT)


def retype(field, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Key.Key_Return)


def test_the_form_shows_how_a_block_runs_and_only_what_belongs_to_that(rig: WindowRig):
    form = rig.window.inspector.running
    assert form.way.current == "scan"
    assert form.axis.value == 1
    assert {box.accessibleName(): box.currentText() for box in form.roles.values()} == {
        "x": "step along",
        "h": "state",
        "c": "state",
    }
    assert form.axis.isVisible()
    assert not form.times.isVisible()
    rig.click(rig.middle("fc"))
    form = rig.window.inspector.running
    rig.qtbot.waitUntil(form.when.isVisible)
    assert not form.way.isVisible()


def test_once_repeat_and_scan_are_one_step_to_undo_each(rig: WindowRig):
    before = rig.bytes()
    choose(rig, "once")
    assert rig.node("lstm").run is None
    choose(rig, "repeat")
    assert rig.node("lstm").run == Repeat(2)
    form = rig.window.inspector.running
    retype(form.times, "3")
    QTest.mouseClick(form.shared, LEFT, pos=form.shared.rect().center() - form.shared.rect().topLeft() / 2)
    assert rig.node("lstm").run == Repeat(3, shared=True)
    choose(rig, "scan")
    assert rig.node("lstm").run == SCAN
    for _ in range(5):
        rig.key(Key.Key_Z, CTRL)
    assert rig.bytes() == before
    assert rig.document.history.undo_title == ""


def test_the_axis_is_typed_and_a_wrong_one_is_a_problem_with_a_fix(rig: WindowRig):
    form = rig.window.inspector.running
    retype(form.axis, "3")
    assert rig.node("lstm").run == Scan(3, ("x1",), ("x2", "x3"))
    assert "steps along axis 3 of x" in rig.window.inspector.problem.text.text()
    rig.key(Key.Key_Return, ALT)
    assert rig.node("lstm").run == SCAN
    assert form.axis.value == 1
    assert not rig.window.inspector.problem.isVisible()
    retype(form.axis, "99")
    assert rig.node("lstm").run == SCAN


def test_the_part_of_each_input_is_chosen_by_keys(rig: WindowRig):
    box = rig.window.inspector.running.roles["x3"]
    box.setFocus()
    QTest.keyClick(box, Key.Key_Down)
    assert box.currentText() == "same at each step"
    assert rig.node("lstm").run == Scan(1, ("x1",), ("x2",))
    assert "no wire at c" in rig.window.inspector.problem.text.text()
    QTest.keyClick(box, Key.Key_Up)
    assert rig.node("lstm").run == SCAN


def test_inputs_of_the_block_that_come_and_go_are_rows_that_do(rig: WindowRig):
    cell = rig.document.project.graphs["lstm_cell"]
    rig.document.edit(lambda: cell.add("Input", id="x9", name="context", shape=["N", 4]))
    form = rig.window.inspector.running
    assert [box.accessibleName() for box in form.roles.values()] == ["x", "h", "c", "context"]
    rig.document.edit(lambda: edits.rename(cell, "x2", "memory"))
    assert [box.accessibleName() for box in form.roles.values()] == ["x", "memory", "c", "context"]
    rig.key(Key.Key_Z, CTRL)
    rig.key(Key.Key_Z, CTRL)
    assert [box.accessibleName() for box in form.roles.values()] == ["x", "h", "c"]


def state_anchors(rig: WindowRig) -> list[tuple[str, bool, int]]:
    plate = rig.canvas.scene.plates["r1"]
    found = [a for a in anchors(plate) if a.port.kind == "state"]
    return [(a.port.label, a.is_input, a.dx) for a in sorted(found, key=lambda a: (-a.dx, a.y))]


def test_states_stand_at_the_loop_until_they_are_wired(rig: WindowRig):
    plate = rig.canvas.scene.plates["r1"]
    assert plate.scan
    assert plate.detail == "LSTMCell, 8"
    assert state_anchors(rig) == [("h", True, 1), ("c", True, 1), ("c", False, 1), ("h", False, 1)]
    graph = rig.graph
    rig.document.edit(lambda: graph.add("Input", id="h0", name="h0", shape=["N", 64]))
    rig.canvas.fit()
    rig.wire("h0", "y", "lstm", "x2")
    assert graph.wires["r1.x2"] == "h0.y"
    assert ("h", True, 0) in state_anchors(rig)
    scene = rig.canvas.scene
    end = next(wire for wire in scene.wires.values() if wire.target == ("r1", "x2")).route[-1]
    plate = scene.plates["r1"]
    anchor = next(a for a in anchors(plate) if a.port.name == "x2")
    assert end == (plate.x + anchor.x, plate.y + anchor.y)


def test_the_loop_is_painted_beside_the_plate(rig: WindowRig):
    def colours() -> set[str]:
        rig.canvas.repaint()
        image = rig.canvas.grab().toImage()
        plate = rig.canvas.scene.plates["r1"]
        at = rig.at(plate.x + plate.w + 19, plate.y + plate.h / 2)
        ratio = image.devicePixelRatio()
        points = ((round((at.x() + dx) * ratio), round(at.y() * ratio)) for dx in range(-4, 5))
        return {image.pixelColor(*point).name() for point in points}

    rig.click(rig.at(-400, -400))
    with_loop = colours()
    rig.document.edit(lambda: edits.set_repeat(rig.graph, "r1", 1))
    assert len(with_loop) > len(colours())


def test_an_opened_scan_is_met_by_its_wires_where_its_ports_are(rig: WindowRig):
    rig.canvas.setFocus()
    rig.key(Key.Key_Space)
    plate = rig.canvas.scene.plates["r1"]
    assert plate.opened
    places = {a.port.name: (plate.x + a.x, plate.y + a.y) for a in anchors(plate) if not a.inner}
    wires = rig.canvas.scene.wires.values()
    assert [wire.route[-1] for wire in wires if wire.target == ("r1", "x1") and not wire.inside] == [places["x1"]]
    assert [wire.route[0] for wire in wires if wire.source == ("r1", "y1") and not wire.inside] == [places["y1"]]


def test_a_scan_is_told_in_words(rig: WindowRig):
    heard = QAccessible.queryAccessibleInterface(rig.canvas)
    child = heard.child(rig.canvas.spoken.order()["r1"])
    assert child.text(QAccessible.Text.Name) == "LSTMCell lstm, 8×64, 64, 64, scan carrying h c"


def test_states_of_recurrent_layers_are_diamonds_too(rig: WindowRig):
    rig.document.mark_saved()
    rig.window.files.new_from_template("lstm_classifier")
    plate = rig.canvas.scene.plates[rig.node("lstm").id]
    kinds = {port.name: port.kind for port in (*plate.inputs, *plate.outputs)}
    assert kinds == {"x": "float", "h0": "state", "c0": "state", "y": "float", "h": "state", "c": "state"}
    assert {anchor.dx for anchor in anchors(plate)} == {0}
