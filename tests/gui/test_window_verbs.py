"""Every verb that changes nodes and wires, with real events: one step each, and undo and redo give the saved bytes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from designer.panels.palette import TYPE_ROLE
from graph_core import edits
from tests.gui.window_rig import ALT, CTRL, LEFT, SHIFT, Key, WindowRig, chosen, one_step


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("mlp")
    rig.window.activateWindow()
    rig.plain_view()
    return rig


def between(rig: WindowRig, above: str, below: str) -> QPoint:
    """The middle of the wire that joins two plates of a chain."""
    a, b = rig.port(above, "y"), rig.port(below, "x")
    return QPoint(a.x(), (a.y() + b.y()) // 2)


def feeds(rig: WindowRig, above: str, below: str) -> bool:
    return rig.graph.wires.get(f"{rig.node(below).id}.x", "").partition(".")[0] == rig.node(above).id


def test_search_and_place(rig: WindowRig) -> None:
    with one_step(rig):
        rig.search_and_place("dropout", QPoint(420, 300))
    assert rig.node("dropout1")


def test_a_wire_let_go_in_the_void_offers_only_what_fits(rig: WindowRig) -> None:
    popup = rig.window.verbs.popup
    with one_step(rig):
        rig.drag(rig.port("relu1", "y"), rig.port("relu1", "y") + QPoint(260, 60))
        assert popup.isVisible()
        offered = {entry.type for entry in popup._entries}
        assert "Linear" in offered
        assert not {"Conv2d", "Input", "Embedding"} & offered
        QTest.keyClicks(popup.field, "gelu")
        QTest.keyClick(popup.field, Key.Key_Return)
    assert feeds(rig, "relu1", "gelu1")


def test_a_layer_from_the_palette_goes_into_a_wire(rig: WindowRig) -> None:
    with one_step(rig):
        rig.drop_from_palette("GELU", between(rig, "fc1", "relu1"))
    assert feeds(rig, "fc1", "gelu1")
    assert feeds(rig, "gelu1", "relu1")


def test_a_loose_node_dropped_on_a_wire_goes_into_it(rig: WindowRig) -> None:
    edits.add(rig.graph, "GELU", name="loose", at=(280, 160))
    rig.plain_view()
    with one_step(rig):
        rig.drag(rig.middle("loose"), between(rig, "fc1", "relu1") + QPoint(16, 0))
    assert feeds(rig, "fc1", "loose")
    assert feeds(rig, "loose", "relu1")


def test_a_wires_end_is_dragged_to_another_port(rig: WindowRig) -> None:
    edits.add(rig.graph, "GELU", name="loose", at=(280, 160))
    rig.plain_view()
    with one_step(rig):
        rig.drag(rig.port("relu1", "x"), rig.port("loose", "x"))
    assert feeds(rig, "fc1", "loose")
    assert f"{rig.node('relu1').id}.x" not in rig.graph.wires
    with one_step(rig):
        rig.drag(rig.port("loose", "x"), QPoint(700, 600))
    assert f"{rig.node('loose').id}.x" not in rig.graph.wires


def test_a_wire_is_drawn_from_port_to_port(rig: WindowRig) -> None:
    edits.add(rig.graph, "GELU", name="loose", at=(280, 160))
    rig.plain_view()
    with one_step(rig):
        rig.drag(rig.port("fc1", "y"), rig.port("loose", "x"))
    assert feeds(rig, "fc1", "loose")
    with one_step(rig):
        rig.drag(rig.port("loose", "y"), rig.port("relu2", "x"))  # in place of the wire that ended there
    assert feeds(rig, "loose", "relu2")


def test_a_layer_from_the_palette_stands_where_it_is_let_go(rig: WindowRig) -> None:
    with one_step(rig):
        rig.drop_from_palette("GELU", QPoint(600, 300))
    assert rig.node("gelu1").id not in {wire.partition(".")[0] for wire in rig.graph.wires}
    rig.click(QPoint(900, 600))
    tree = rig.window.palette_panel.tree
    item = next(i for i in tree.findItems("Tanh", Qt.MatchFlag.MatchRecursive) if i.data(0, TYPE_ROLE) == "Tanh")
    tree.setCurrentItem(item)
    chosen(rig, "fc1")
    with one_step(rig):
        QTest.keyClick(tree, Key.Key_Return)  # behind what is selected, into the wire that leaves it
    assert feeds(rig, "fc1", "tanh1")
    assert feeds(rig, "tanh1", "relu1")


def test_what_was_copied_is_pasted_by_key_and_from_the_menu(rig: WindowRig) -> None:
    chosen(rig, "fc1", "relu1")
    rig.key(Key.Key_C, CTRL)
    with one_step(rig):
        rig.key(Key.Key_V, CTRL)
    assert [node.type for node in rig.graph.nodes.values()].count("Linear") == 4

    def take() -> None:
        menu = QApplication.activePopupWidget()
        menu.setActiveAction(next(a for a in menu.actions() if a.text().partition("\t")[0] == "Paste"))
        QTest.keyClick(menu, Key.Key_Return)

    with one_step(rig):
        QTimer.singleShot(50, take)
        at = QPoint(640, 420)
        reason = QContextMenuEvent.Reason.Mouse
        QApplication.sendEvent(rig.canvas, QContextMenuEvent(reason, at, rig.canvas.mapToGlobal(at)))
        rig.turn()
    assert [node.type for node in rig.graph.nodes.values()].count("Linear") == 5


def test_a_fix_is_applied_by_key(rig: WindowRig) -> None:
    with one_step(rig):
        chosen(rig, "relu1")
        rig.key(Key.Key_Delete, SHIFT)
    assert any(problem.fix for problem in rig.document.analysis().problems)
    with one_step(rig):
        rig.key(Key.Key_Return, ALT)


def test_delete_heals_and_shift_delete_does_not(rig: WindowRig) -> None:
    chosen(rig, "relu1", "fc2")
    with one_step(rig):
        rig.key(Key.Key_Delete)
    assert feeds(rig, "fc1", "relu2")
    rig.key(Key.Key_Z, CTRL)
    chosen(rig, "relu1")
    with one_step(rig):
        rig.key(Key.Key_Delete, SHIFT)
    assert f"{rig.node('fc2').id}.x" not in rig.graph.wires
    rig.key(Key.Key_Z, CTRL)
    chosen(rig, "relu1")
    with one_step(rig):
        rig.key(Key.Key_Backspace)
    assert feeds(rig, "fc1", "fc2")


def test_c_connects_and_x_cuts(rig: WindowRig) -> None:
    at = between(rig, "fc1", "relu1")
    with one_step(rig):
        QTest.keyPress(rig.canvas, Key.Key_X)
        rig.drag(at - QPoint(40, 0), at + QPoint(40, 0))
        QTest.keyRelease(rig.canvas, Key.Key_X)
    assert not feeds(rig, "fc1", "relu1")
    chosen(rig, "fc1", "relu1")
    with one_step(rig):
        rig.key(Key.Key_C)
    assert feeds(rig, "fc1", "relu1")
    rig.click(between(rig, "fc1", "relu1"))
    with one_step(rig):
        rig.key(Key.Key_Delete)
    assert not feeds(rig, "fc1", "relu1")


def test_copies_by_key_and_by_alt_and_drag(rig: WindowRig) -> None:
    chosen(rig, "fc1", "relu1")
    with one_step(rig):
        rig.key(Key.Key_D, CTRL)
    assert len([n for n in rig.graph.nodes.values() if n.type == "Linear"]) == 4
    rig.key(Key.Key_Z, CTRL)
    chosen(rig, "relu1")
    start = rig.middle("relu1")
    with one_step(rig):
        QTest.mousePress(rig.canvas, LEFT, ALT, start)
        for far in (60, 240):
            QApplication.sendEvent(rig.canvas, rig.moved_event(start + QPoint(far, 0), ALT))
        QTest.mouseRelease(rig.canvas, LEFT, ALT, start + QPoint(240, 0))
    with one_step(rig):
        chosen(rig, "relu2")
        rig.key(Key.Key_X, CTRL)
    with one_step(rig):
        rig.key(Key.Key_V, CTRL)


def test_moving_and_nudging(rig: WindowRig) -> None:
    with one_step(rig):
        rig.drag(rig.middle("relu1"), rig.middle("relu1") + QPoint(120, 40))
    chosen(rig, "relu1")
    before = rig.graph.view[rig.node("relu1").id]
    with one_step(rig):
        rig.key(Key.Key_Right, ALT | SHIFT)
    assert rig.graph.view[rig.node("relu1").id][0] > before[0]


def test_arranging_is_stable(rig: WindowRig) -> None:
    rig.drag(rig.middle("relu1"), rig.middle("relu1") + QPoint(160, 40))
    with one_step(rig):
        rig.key(Key.Key_L, CTRL)
    places = dict(rig.graph.view)
    done = len(rig.document.history.titles)
    rig.key(Key.Key_L, CTRL)
    assert rig.graph.view == places
    assert len(rig.document.history.titles) == done, "nothing moved, nothing to undo"


@pytest.mark.parametrize("name", ["lenet", "resnet18", "lstm_classifier"])
def test_arranging_what_is_arranged_moves_little(rig: WindowRig, name: str) -> None:
    rig.window.files.new_from_template(name)
    rig.turn()
    before = dict(rig.graph.view)
    rig.key(Key.Key_L, CTRL)
    assert rig.graph.view == before, "a template stands as it would be arranged"
    last = [node for node in rig.graph.nodes.values() if node.type == "Linear"][-1]
    rig.document.select((last.id,))
    rig.key(Key.Key_Delete)
    with one_step(rig):
        rig.key(Key.Key_L, CTRL)
    moved = [id for id, at in rig.graph.view.items() if at != before[id]]
    assert len(moved) <= 1, "what comes after it"


def test_collapsing_peeking_and_expanding(rig: WindowRig) -> None:
    chosen(rig, "fc1", "relu1")

    def name_it(dialog) -> None:
        field = dialog.findChild(QLineEdit)
        field.selectAll()
        QTest.keyClicks(field, "Stem")
        QTest.keyClick(field, Key.Key_Return)

    with one_step(rig):
        rig.answer_next_dialog(name_it)
        rig.key(Key.Key_G, CTRL)
    block = next(n for n in rig.graph.nodes.values() if n.type in rig.document.project.graphs)
    chosen(rig, block.name)
    before = rig.bytes()
    rig.key(Key.Key_Space)
    assert block.id in rig.document.opened
    rig.key(Key.Key_Space)
    assert block.id not in rig.document.opened
    rig.key(Key.Key_Return, CTRL)
    assert rig.graph.name == "Stem"
    crumbs = rig.window.center.crumbs
    assert rig.window.center._names()[-1] == block.name
    crumbs.chosen.emit(1)
    assert rig.graph.name != "Stem"
    assert rig.bytes() == before
    chosen(rig, block.name)
    with one_step(rig):
        rig.key(Key.Key_G, CTRL | SHIFT)
    assert rig.node("fc1")


def test_renaming_and_typing_a_parameter(rig: WindowRig) -> None:
    chosen(rig, "fc1")
    with one_step(rig):
        rig.key(Key.Key_F2)
        name = rig.window.inspector.name
        QTest.keyClicks(name, "stem")
        QTest.keyClick(name, Key.Key_Return)
        rig.canvas.setFocus()
    assert rig.node("stem")
    chosen(rig, "stem")
    with one_step(rig):
        rig.type_into("out_features", "96")
        rig.canvas.setFocus()
    assert rig.node("stem").params["out_features"] == 96
