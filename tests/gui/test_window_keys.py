"""Keys and menus of the window: what they name they do, each as one step to undo."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from tests.gui.window_rig import ALT, CTRL, LEFT, NO, SHIFT, Key, WindowRig


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("mlp")
    return rig


def steps(rig: WindowRig) -> list[str]:
    return rig.document.history.titles


def chosen(rig: WindowRig, *names: str) -> None:
    rig.click(rig.middle(names[0]))
    for name in names[1:]:
        rig.click(rig.middle(name), SHIFT)
    assert [rig.graph.nodes[id].name for id in rig.document.selection] == list(names)


def test_typing_in_a_field_is_one_step_and_live(rig: WindowRig) -> None:
    chosen(rig, "fc1")
    before = rig.bytes()
    entry = rig.window.inspector.form.editors["out_features"].findChildren(QLineEdit)[0]
    entry.setFocus()
    entry.selectAll()
    seen = []
    for letter in "257":
        QTest.keyClicks(entry, letter)
        seen.append(rig.node("fc1").params["out_features"])
    assert seen == [2, 25, 257]
    assert steps(rig) == ["Set out_features of fc1"]
    rig.key(Key.Key_Z, CTRL, on=rig.canvas)
    assert rig.bytes() == before
    chosen(rig, "fc2")
    rig.type_into("out_features", "12")
    chosen(rig, "fc1")
    rig.type_into("out_features", "34")
    chosen(rig, "fc2")
    rig.type_into("out_features", "56")
    assert len(steps(rig)) == 3


def test_c_connects_in_the_order_chosen(rig: WindowRig) -> None:
    rig.key(Key.Key_A, CTRL)
    rig.window.verbs.remove_wires(tuple(rig.graph.wires))
    chosen(rig, "relu1", "fc2", "relu2")
    done = len(steps(rig))
    rig.key(Key.Key_C)
    assert rig.graph.wires == {
        f"{rig.node('fc2').id}.x": f"{rig.node('relu1').id}.y",
        f"{rig.node('relu2').id}.x": f"{rig.node('fc2').id}.y",
    }
    assert len(steps(rig)) == done + 1


def test_l_lights_the_lens_and_puts_it_out(rig: WindowRig) -> None:
    center = rig.window.center
    rig.click(QPoint(5, 5))
    rig.key(Key.Key_L)
    assert center.lens == "params"
    rig.key(Key.Key_2, SHIFT)
    assert center.lens == "macs"
    rig.key(Key.Key_L)
    assert center.lens == ""
    rig.key(Key.Key_L)
    assert center.lens == "macs"


def test_duplicating_keeps_the_wires_in_and_is_one_step(rig: WindowRig) -> None:
    chosen(rig, "fc1", "relu1")
    done = steps(rig)
    rig.key(Key.Key_D, CTRL)
    assert len(steps(rig)) == len(done) + 1, steps(rig)
    copies = [rig.graph.nodes[id] for id in rig.document.selection]
    assert len(copies) == 2
    fc, relu = copies
    assert rig.graph.wires[f"{fc.id}.x"] == rig.graph.wires[f"{rig.node('fc1').id}.x"]
    assert rig.graph.wires[f"{relu.id}.x"] == f"{fc.id}.y"


def test_collapse_and_expand_are_one_step_each(rig: WindowRig) -> None:
    chosen(rig, "fc1", "relu1")
    rig.graph.view.clear()
    done = len(steps(rig))

    def name_it(dialog) -> None:
        field = dialog.findChild(QLineEdit)
        field.selectAll()
        QTest.keyClicks(field, "Stem")
        QTest.keyClick(field, Key.Key_Return)

    rig.answer_next_dialog(name_it)
    rig.key(Key.Key_G, CTRL)
    assert len(steps(rig)) == done + 1, steps(rig)
    rig.key(Key.Key_Return, CTRL)
    assert rig.graph.name == "Stem"
    rig.key(Key.Key_Up, ALT)
    assert rig.graph.name != "Stem"
    rig.key(Key.Key_G, CTRL | SHIFT)
    assert len(steps(rig)) == done + 2, steps(rig)
    assert rig.node("relu1")


def test_cut_and_paste_are_named(rig: WindowRig) -> None:
    chosen(rig, "relu1")
    rig.key(Key.Key_X, CTRL)
    assert steps(rig)[-1] == "Cut relu1"
    rig.key(Key.Key_V, CTRL)
    assert steps(rig)[-1] == "Paste relu1"


def test_context_menu_pastes_where_it_was_opened(rig: WindowRig) -> None:
    chosen(rig, "relu1")
    rig.key(Key.Key_C, CTRL)
    at = QPoint(60, 300)

    def take() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        action = next(a for a in menu.actions() if a.text() == "Paste\tCtrl+V")
        QTest.mouseClick(menu, LEFT, NO, menu.actionGeometry(action).center())

    QTimer.singleShot(50, take)
    place = rig.canvas.mapToGlobal(at)
    QApplication.sendEvent(rig.canvas, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, place))
    (copy,) = rig.document.selection
    place = rig.canvas.camera.to_canvas(at)
    x, y = rig.graph.view[copy]
    assert abs(x - place.x()) <= 8
    assert abs(y - place.y()) <= 8


def test_paste_of_a_strange_text_says_so(rig: WindowRig) -> None:
    QGuiApplication.clipboard().setText("hello")
    before = rig.bytes()
    said: list[str] = []
    rig.document.refused.connect(said.append)
    rig.key(Key.Key_V, CTRL)
    assert rig.bytes() == before
    assert len(said) == 1
    assert "\n" not in said[0]
    assert said[0].endswith(".")


def test_rename_by_f2_and_a_bad_name(rig: WindowRig) -> None:
    chosen(rig, "fc1")
    rig.key(Key.Key_F2)
    name = rig.window.inspector.name
    assert rig.window.focusWidget() is name
    QTest.keyClicks(name, "stem")
    QTest.keyClick(name, Key.Key_Return)
    assert rig.node("stem")
    said: list[str] = []
    rig.document.refused.connect(said.append)
    for bad in ("class", "1x", "fc2", "a b"):
        rig.window.inspector.focus_name()
        QTest.keyClicks(rig.window.inspector.name, bad)
        QTest.keyClick(rig.window.inspector.name, Key.Key_Return)
        assert rig.node("stem")
        assert rig.window.inspector.name.text() == "stem", bad
    assert len(said) == 4
    assert rig.window.center.banner.isVisible()


def test_command_search_runs_a_command_once(rig: WindowRig) -> None:
    chosen(rig, "fc1")
    count = len(rig.graph.nodes)
    rig.key(Key.Key_P, CTRL | SHIFT)
    field = rig.window.topbar.search
    assert rig.window.focusWidget() is field
    QTest.keyClicks(field, "dupl")
    popup = field.completer().popup()
    rig.qtbot.waitUntil(popup.isVisible)
    QTest.keyClick(popup, Key.Key_Down)
    QTest.keyClick(popup, Key.Key_Return)
    assert len(rig.graph.nodes) == count + 1
    assert field.text() == ""
    assert rig.window.focusWidget() is rig.canvas


def test_command_search_finds_what_the_canvas_does(rig: WindowRig) -> None:
    names = rig.window.topbar.search._actions
    assert not [name for name in names if "\t" in name]
    rig.key(Key.Key_P, CTRL | SHIFT)
    field = rig.window.topbar.search
    QTest.keyClicks(field, "minimap")
    shown = rig.canvas.minimap_shown
    field.completer().popup().hide()
    QTest.keyClick(field, Key.Key_Return)
    assert rig.canvas.minimap_shown is not shown


def test_cut_wire_by_x_and_delete_wire(rig: WindowRig) -> None:
    wires = len(rig.graph.wires)
    rig.click(rig.middle("fc1"))
    a, b = rig.middle("fc1"), rig.middle("relu1")
    at = QPoint(rig.port("fc1", "y").x(), (rig.port("fc1", "y").y() + rig.port("relu1", "x").y()) // 2)
    rig.click(at)
    assert len(rig.canvas.selected_wires) == 1, (a, b)
    rig.key(Key.Key_Delete)
    assert len(rig.graph.wires) == wires - 1
    rig.key(Key.Key_Z, CTRL)
    QTest.keyPress(rig.canvas, Key.Key_X)
    rig.drag(at - QPoint(40, 0), at + QPoint(40, 0))
    QTest.keyRelease(rig.canvas, Key.Key_X)
    assert len(rig.graph.wires) == wires - 1
    assert steps(rig)[-1] == "Remove a wire"


def test_f6_walks_the_panels_and_comes_round(rig: WindowRig) -> None:
    rig.click(rig.middle("fc1"))
    seen = []
    for _ in range(5):
        seen.append(rig.window.focusWidget())
        rig.key(Key.Key_F6, on=rig.window.focusWidget())
    assert len(set(map(id, seen))) == 5
    assert rig.window.focusWidget() is rig.canvas
    for _ in range(5):
        rig.key(Key.Key_F6, SHIFT, on=rig.window.focusWidget())
    assert rig.window.focusWidget() is rig.canvas


def test_alt_drag_copies_in_one_step(rig: WindowRig) -> None:
    chosen(rig, "relu1")
    done, count = len(steps(rig)), len(rig.graph.nodes)
    start = rig.middle("relu1")
    QTest.mousePress(rig.canvas, LEFT, ALT, start)
    QApplication.sendEvent(rig.canvas, rig.moved_event(start + QPoint(60, 0), ALT))
    QApplication.sendEvent(rig.canvas, rig.moved_event(start + QPoint(240, 0), ALT))
    QTest.mouseRelease(rig.canvas, LEFT, ALT, start + QPoint(240, 0))
    assert len(rig.graph.nodes) == count + 1
    assert len(steps(rig)) == done + 1, steps(rig)


def test_every_menu_entry_acts(rig: WindowRig) -> None:
    """Entries that need no dialog, chosen one after the other on a fresh drawing: none raises."""
    asking = {"New", "Open…", "Save", "Save as…", "Compare with…", "Import…", "Export…", "Quit"}
    asking |= {"Collapse to block…", "About Netwright", "Train", "All keys…", "Tour"}
    for text, action in rig.window.actions_.by_text.items():
        if text in asking or not action.isEnabled():
            continue
        chosen(rig, "fc1") if "fc1" in [n.name for n in rig.graph.nodes.values()] else None
        action.trigger()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
    while rig.document.history.can_undo:
        rig.document.undo()
