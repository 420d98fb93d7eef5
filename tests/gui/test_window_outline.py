"""The outline from the keyboard: what the canvas does with what is selected, the outline does too, and it is heard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QAccessible, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from tests.gui.window_rig import ALT, SHIFT, Key, WindowRig


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("lenet")
    rig.window.outline.tree.setFocus()
    return rig


def row(rig: WindowRig, name: str) -> None:
    """Make a node's row the current one, as arrows would."""
    tree, model = rig.window.outline.tree, rig.window.outline.model
    tree.setCurrentIndex(model.find(rig.document.trail, rig.node(name).id))
    assert rig.document.selection == (rig.node(name).id,)


def choose_from_menu(rig: WindowRig, text: str) -> None:
    """Ask for the menu by key and take an entry with the keyboard."""
    tree = rig.window.outline.tree
    found: list[str] = []

    def take(menu: QMenu) -> None:
        words = {action.text().partition("\t")[0]: action for action in menu.actions()}
        found.extend(words)
        action = words[text]
        menu.setActiveAction(action)
        QTest.keyClick(menu, Key.Key_Return)

    rig.answer_next_menu(take)
    asked = QContextMenuEvent(
        QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), tree.viewport().mapToGlobal(QPoint(5, 5))
    )
    QApplication.sendEvent(tree.viewport(), asked)
    assert text in found


def walk_menu(rig: WindowRig, *texts: str) -> list[list[str]]:
    """Ask for the outline's menu by key and go down into its menus by keys; what each of them offers."""
    offered: list[list[str]] = []
    tree = rig.window.outline.tree

    def take(menu: QMenu) -> None:
        for text in texts:
            assert isinstance(menu, QMenu)
            offered.append([action.text() for action in menu.actions()])
            action = next(action for action in menu.actions() if action.text().partition("\t")[0] == text)
            menu.setActiveAction(action)
            QTest.keyClick(menu, Key.Key_Return)
            menu = action.menu()

    rig.answer_next_menu(take)
    at = tree.viewport().mapToGlobal(QPoint(5, 5))
    QApplication.sendEvent(tree.viewport(), QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), at))
    return offered


def test_its_menu_is_the_canvases(rig: WindowRig):
    rig.window.files.new_from_template("resnet18")
    for name in ("conv1", "layer1"):
        row(rig, name)
        offered: list[list[str]] = []

        def take(menu: QMenu, offered: list[list[str]] = offered) -> None:
            offered.append([action.text().partition("\t")[0] for action in menu.actions()])
            menu.close()

        for widget in (rig.window.outline.tree.viewport(), rig.canvas):
            rig.answer_next_menu(take)
            if widget is rig.canvas:
                rig.canvas.setFocus()
                rig.key(Key.Key_Menu)
            else:
                keyed = QContextMenuEvent.Reason.Keyboard
                QApplication.sendEvent(widget, QContextMenuEvent(keyed, QPoint(5, 5), widget.mapToGlobal(QPoint(5, 5))))
        assert offered[0] == offered[1]
        assert {"Inputs", "Place behind…", "Frame", "Remove and heal"} <= set(offered[0])


def test_wires_are_drawn_led_elsewhere_and_removed_without_a_mouse(rig: WindowRig):
    before = rig.bytes()
    relu, conv, pool = (rig.node(name).id for name in ("relu2", "conv2", "pool1"))
    assert rig.graph.wires[f"{relu}.x"] == f"{conv}.y"
    row(rig, "relu2")
    offered = walk_menu(rig, "Inputs", "x from conv2", "pool1")
    assert offered[2][:2] == ["conv2", "pool1"], "what feeds it, then what runs before, the nearest first"
    assert "fc1" not in offered[2], "that would be a loop"
    assert rig.graph.wires[f"{relu}.x"] == f"{pool}.y"
    undone(rig, before)
    row(rig, "relu2")
    walk_menu(rig, "Inputs", "x from conv2", "Remove the wire")
    assert f"{relu}.x" not in rig.graph.wires
    without = rig.bytes()
    row(rig, "relu2")
    walk_menu(rig, "Inputs", "x without a wire", "conv2")
    assert rig.graph.wires[f"{relu}.x"] == f"{conv}.y"
    assert rig.bytes() == before
    undone(rig, without)
    undone(rig, before)


def test_a_layer_is_placed_behind_a_row(rig: WindowRig):
    before = rig.bytes()
    row(rig, "fc3")
    walk_menu(rig, "Place behind…")
    rig.turn()
    popup = rig.window.verbs.popup
    assert popup.isVisible()
    assert not {"Conv2d", "Input"} & {entry.type for entry in popup._entries}
    QTest.keyClicks(popup.field, "softmax")
    QTest.keyClick(popup.field, Key.Key_Return)
    (made,) = rig.document.selection
    assert rig.graph.wires[f"{made}.x"] == f"{rig.node('fc3').id}.y"
    undone(rig, before)


def test_alt_shift_arrows_nudge(rig: WindowRig):
    before = rig.bytes()
    row(rig, "relu1")
    x, y = rig.canvas.scene.plates[rig.node("relu1").id].x, rig.canvas.scene.plates[rig.node("relu1").id].y
    held = ALT | SHIFT
    QTest.keyClick(rig.window.outline.tree, Key.Key_Right, held)
    assert rig.graph.view[rig.node("relu1").id] == (x + 8, y)
    undone(rig, before)


def undone(rig: WindowRig, before: str) -> None:
    rig.document.undo()
    assert rig.bytes() == before


def test_its_menu_has_the_verbs_of_the_canvas(rig: WindowRig):
    before = rig.bytes()
    row(rig, "relu1")
    choose_from_menu(rig, "Remove and heal")
    assert rig.graph.by_name("relu1") is None
    assert rig.graph.wires[f"{rig.node('pool1').id}.x"] == f"{rig.node('conv1').id}.y"
    undone(rig, before)
    row(rig, "conv2")
    choose_from_menu(rig, "Duplicate with wires")
    assert len(rig.graph.nodes) == 15
    undone(rig, before)


def test_names_are_changed_in_the_row(rig: WindowRig):
    before = rig.bytes()
    row(rig, "conv1")
    tree = rig.window.outline.tree
    QTest.keyClick(tree, Key.Key_F2)
    field = tree.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    QTest.keyClicks(field, "stem")
    QTest.keyClick(field, Key.Key_Return)
    assert rig.node("stem").type == "Conv2d"
    undone(rig, before)


def test_delete_heals_and_shift_delete_takes_the_wires(rig: WindowRig):
    before = rig.bytes()
    row(rig, "relu1")
    QTest.keyClick(rig.window.outline.tree, Key.Key_Delete)
    assert len(rig.graph.wires) == 12
    undone(rig, before)
    row(rig, "relu1")
    QTest.keyClick(rig.window.outline.tree, Key.Key_Delete, SHIFT)
    assert len(rig.graph.wires) == 11
    undone(rig, before)


def test_return_edits_a_layer_and_space_opens_a_block_in_place(rig: WindowRig):
    row(rig, "conv1")
    QTest.keyClick(rig.window.outline.tree, Key.Key_Return)
    QTest.qWait(5)
    assert rig.window.inspector.isAncestorOf(rig.window.focusWidget())
    rig.window.files.new_from_template("resnet18")
    row(rig, "layer1")
    QTest.keyClick(rig.window.outline.tree, Key.Key_Space)
    block = rig.node("layer1").id
    assert block in rig.document.opened
    row(rig, "layer1")
    QTest.keyClick(rig.window.outline.tree, Key.Key_Space)
    assert block not in rig.document.opened


def test_a_reader_of_the_screen_walks_its_rows(rig: WindowRig):
    tree = rig.window.outline.tree
    spoken = QAccessible.queryAccessibleInterface(tree)
    assert spoken.text(QAccessible.Text.Name) == "Outline"
    assert spoken.role() == QAccessible.Role.Tree
    said = [spoken.child(k).text(QAccessible.Text.Name).split(", ") for k in range(spoken.childCount())]
    heard = {words[0]: words for words in said}
    assert {node.name for node in rig.graph.nodes.values()} <= set(heard)
    assert heard["fc2"][1:] == ["Linear", "84"]


def test_another_drawing_with_the_same_ids_has_nothing_chosen(rig: WindowRig):
    row(rig, "conv1")
    assert rig.canvas.selection
    rig.document.mark_saved()
    rig.window.files.new_from_template("lenet")
    assert rig.document.chosen == ()
    assert not rig.canvas.selection
    assert rig.canvas.current == ""
    assert rig.window.outline.tree.items() == []
