"""Every verb of editing from the outline, with the keyboard alone: one step each, undone and redone to the bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QLineEdit, QMenu

from designer.document import Step
from designer.panels.outline_model import PROBLEM
from graph_core import Project, edits
from tests.gui.window_rig import ALT, CTRL, NO, SHIFT, Key, WindowRig, chosen, one_step


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("lenet")
    rig.window.outline.tree.setFocus()
    return rig


def press(rig: WindowRig, key: Qt.Key, held: Qt.KeyboardModifier = NO) -> None:
    """A key with the focus in the outline."""
    rig.key(key, held, on=rig.window.outline.tree)


def row(rig: WindowRig, name: str, *others: str) -> None:
    """Make a node's row the current one, as arrows would, and add others with it."""
    tree, model = rig.window.outline.tree, rig.window.outline.model
    tree.setFocus()
    tree.setCurrentIndex(model.find(rig.document.trail, rig.node(name).id))
    for other in others:
        index = model.find(rig.document.trail, rig.node(other).id)
        tree.selectionModel().setCurrentIndex(index, tree.selectionModel().SelectionFlag.Select)
    assert rig.document.selection == tuple(rig.node(n).id for n in (name, *others))


def wire_row(rig: WindowRig, name: str) -> str:
    """Open a node's row by the right arrow and go down onto its wire; the wire."""
    row(rig, name)
    press(rig, Key.Key_Right)
    press(rig, Key.Key_Down)
    item = rig.window.outline.model.item(rig.window.outline.tree.currentIndex())
    assert item is not None
    assert item.kind == "wire"
    return item.id


def take(*texts: str) -> Callable[[QMenu], list[list[str]]]:
    """Go down into menus by their entries, with the keyboard; what each of them offers."""

    def walk(menu: QMenu) -> list[list[str]]:
        offered = []
        for text in texts:
            offered.append([action.text().partition("\t")[0] for action in menu.actions()])
            action = next((a for a in menu.actions() if a.text().partition("\t")[0] == text), None)
            if action is None:
                close_all()
                pytest.fail(f"{text} is not among {offered[-1]}")
            menu.setActiveAction(action)
            QTest.keyClick(menu, Key.Key_Return)
            menu = action.menu()
        return offered

    return walk


def close_all() -> None:
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()


def from_menu(rig: WindowRig, *texts: str, key: Qt.Key | None = None) -> list[list[str]]:
    """Ask for the outline's menu (or for that of a key) and take what it offers."""
    offered: list[list[str]] = []
    rig.answer_next_menu(lambda menu: offered.extend(take(*texts)(menu)))
    if key is not None:
        press(rig, key)
    else:
        view = rig.window.outline.tree.viewport()
        asked = QContextMenuEvent.Reason.Keyboard
        QApplication.sendEvent(view, QContextMenuEvent(asked, QPoint(5, 5), view.mapToGlobal(QPoint(5, 5))))
    assert offered
    close_all()  # without a window manager a menu that another one hung on may stay
    return offered


def feeds(rig: WindowRig, source: str, target: str, port: str = "x") -> bool:
    return rig.graph.wires.get(f"{rig.node(target).id}.{port}", "").partition(".")[0] == rig.node(source).id


def texts(rig: WindowRig) -> list[str]:
    """What the shown rows say."""
    tree, index = rig.window.outline.tree, rig.window.outline.model.index(0, 0)
    found = []
    while index.isValid():
        found.append(str(index.data()))
        index = tree.indexBelow(index)
    return found


def test_a_wire_is_a_row_below_the_node_it_leads_to(rig: WindowRig) -> None:
    assert "conv2 → relu2" not in texts(rig)
    wire = wire_row(rig, "relu2")
    assert texts(rig)[texts(rig).index("relu2") + 1] == "conv2 → relu2"
    index = rig.window.outline.tree.currentIndex()
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "wire conv2 → relu2, 32×4×4"
    assert list(rig.canvas.selected_wires) == [wire]
    assert rig.document.chosen == ()
    press(rig, Key.Key_Up)
    assert rig.document.selection == (rig.node("relu2").id,)
    assert not rig.canvas.selected_wires
    press(rig, Key.Key_Left)
    assert "conv2 → relu2" not in texts(rig)


def test_a_wire_chosen_on_the_canvas_is_chosen_in_the_outline(rig: WindowRig) -> None:
    rig.plain_view()
    above, below = rig.port("fc1", "y"), rig.port("relu3", "x")
    rig.click((above + below) / 2)
    tree, model = rig.window.outline.tree, rig.window.outline.model
    assert [item.id for item in tree.items()] == [f"{rig.node('relu3').id}.x"]
    assert "fc1 → relu3" in texts(rig)
    rig.canvas.select(())
    assert tree.items() == []
    rig.window.files.new_from_template("resnet18")
    block = rig.node("layer1").id
    rig.document.unfold(block)
    inner = next(id for id in rig.canvas.scene.wires if id.startswith(f"{block}/") and "." in id.rpartition("/")[2])
    rig.canvas.select((), (inner,))
    (found,) = tree.items()
    assert (found.id, found.trail) == (inner.rpartition("/")[2], (Step(block),))
    assert model.find(found.trail, found.id.partition(".")[0]).isValid()


def test_a_wire_is_removed_and_the_keyboard_stays_near(rig: WindowRig) -> None:
    wire = wire_row(rig, "relu2")
    with one_step(rig):
        press(rig, Key.Key_Delete)
        assert wire not in rig.graph.wires
        rig.window.outline.settle()
        tree = rig.window.outline.tree
        assert tree.currentIndex().data() == "relu2", "the row that it stood below"
    row(rig, "relu2")
    with one_step(rig):
        press(rig, Key.Key_Delete)
        rig.window.outline.settle()
        assert rig.window.outline.tree.currentIndex().data() == "pool2", "the row in its place"


def test_a_row_can_be_opened_as_soon_as_a_wire_ends_there(rig: WindowRig) -> None:
    edits.add(rig.graph, "Dropout", id="loose", name="loose", at=(900, 0))
    row(rig, "loose")
    press(rig, Key.Key_Right)
    assert not any(text.endswith("→ loose") for text in texts(rig))
    with one_step(rig):
        from_menu(rig, "Inputs", "x without a wire", "fc3")
    row(rig, "loose")
    press(rig, Key.Key_Right)
    assert "fc3 → loose" in texts(rig)
    press(rig, Key.Key_Down)
    with one_step(rig):
        press(rig, Key.Key_Delete)
    assert "fc3 → loose" not in texts(rig)


def test_a_wire_comes_from_elsewhere_by_return(rig: WindowRig) -> None:
    wire = wire_row(rig, "relu2")
    with one_step(rig):
        offered = from_menu(rig, "pool1", key=Key.Key_Return)
        assert offered[0][:2] == ["conv2", "pool1"]
    assert feeds(rig, "pool1", "relu2")
    assert [item.id for item in rig.window.outline.tree.items()] == [wire], "it stays chosen"
    assert "pool1 → relu2" in texts(rig)


def test_a_wire_leads_elsewhere_from_its_menu(rig: WindowRig) -> None:
    wire_row(rig, "pool2")
    with one_step(rig):
        offered = from_menu(rig, "Leads to", "flatten")
    assert offered[1][0] == "pool2"
    assert "conv2" not in offered[1], "that would be a loop"
    assert feeds(rig, "relu2", "flatten")
    assert f"{rig.node('pool2').id}.x" not in rig.graph.wires


def test_layers_and_nodes_are_put_into_a_wire_from_its_menu(rig: WindowRig) -> None:
    wire_row(rig, "relu2")
    with one_step(rig):
        from_menu(rig, "Insert a layer…")
        rig.turn()
        popup = rig.window.verbs.popup
        QTest.keyClicks(popup.field, "gelu")
        QTest.keyClick(popup.field, Key.Key_Return)
        assert feeds(rig, "conv2", "gelu1")
        assert feeds(rig, "gelu1", "relu2")
    edits.add(rig.graph, "Dropout", name="loose", at=(900, 0))
    wire_row(rig, "pool2")
    with one_step(rig):
        offered = from_menu(rig, "Put a node here", "loose")
    assert offered[1] == ["loose"], "only what has an input without a wire"
    assert feeds(rig, "relu2", "loose")
    assert feeds(rig, "loose", "pool2")


def test_a_node_that_is_put_into_a_wire_stands_in_it(rig: WindowRig) -> None:
    rig.key(Key.Key_L, CTRL)
    loose = edits.add(rig.graph, "Dropout", name="loose", at=(900, 0))
    wire_row(rig, "pool2")
    with one_step(rig):
        from_menu(rig, "Put a node here", "loose")
    places = rig.graph.view
    assert places[rig.node("relu2").id][1] < places[loose.id][1] < places[rig.node("pool2").id][1]
    assert places[loose.id][0] < 500


def test_a_wire_names_the_port_where_there_are_several_and_wears_the_problem_that_it_causes(rig: WindowRig) -> None:
    project = Project.new("join")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 16])
    graph.add("Linear", id="l", name="fc", out_features=16)
    graph.add("Add", id="a", name="add")
    graph.add("Output", id="y", name="y")
    for source, target in (("x.y", "l.x"), ("l.y", "a.a"), ("x.y", "a.b"), ("a.y", "y.x")):
        graph.connect(source, target)
    rig.document.new(project)
    rig.window.outline.tree.expandAll()
    assert {"fc → add.a", "x → add.b", "x → fc"} <= set(texts(rig))
    model = rig.window.outline.model
    assert model.find((), "a").data(PROBLEM) == ""
    rig.graph.set("l", out_features=12)
    rig.window.outline.settle()
    (problem,) = rig.document.analysis().problems
    assert model.find((), "a").data(PROBLEM) == "error"
    worn = {port: model.find((Step("a"),), f"a.{port}").data(PROBLEM) for port in "ab"}
    assert sorted(worn.values()) == ["", "error"], problem


def test_frames_and_notes_are_rows(rig: WindowRig) -> None:
    tree = rig.window.outline.tree
    row(rig, "conv1", "relu1")
    with one_step(rig):
        press(rig, Key.Key_J, CTRL)
    frame = next(iter(rig.graph.marks))
    assert texts(rig)[-1] == "Frame"
    tree.setFocus()
    tree.setCurrentIndex(rig.window.outline.model.find((), frame))
    assert rig.document.marked == (frame,)
    with one_step(rig):
        press(rig, Key.Key_F2)
        field = tree.findChild(QLineEdit)
        assert field is not None
        field.selectAll()
        QTest.keyClicks(field, "stem")
        QTest.keyClick(field, Key.Key_Return)
    assert texts(rig)[-1] == "stem"
    tree.setCurrentIndex(rig.window.outline.model.find((), frame))
    with one_step(rig):
        press(rig, Key.Key_Right, ALT | SHIFT)
    assert tree.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole) == "Frame stem"
    with one_step(rig):
        press(rig, Key.Key_Delete)
    assert rig.graph.marks == {}


def test_a_note_is_written_from_the_networks_own_row(rig: WindowRig) -> None:
    tree = rig.window.outline.tree
    tree.setFocus()
    tree.setCurrentIndex(rig.window.outline.model.index(0, 0))
    assert rig.document.chosen == ()
    with one_step(rig):
        from_menu(rig, "Note")
    (note,) = rig.graph.marks
    tree.setFocus()
    tree.setCurrentIndex(rig.window.outline.model.find((), note))
    press(rig, Key.Key_F2)
    rig.turn()
    assert rig.window.inspector.isAncestorOf(rig.window.focusWidget())
    assert tree.findChild(QLineEdit) is None, "its words may be many lines"


def collapse(rig: WindowRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("Stem", True))
    row(rig, "conv1", "relu1")
    press(rig, Key.Key_G, CTRL)


VERBS: dict[str, Callable[[WindowRig, pytest.MonkeyPatch], object]] = {
    "splice out": lambda rig, _: (row(rig, "relu1"), press(rig, Key.Key_Delete)),
    "remove with wires": lambda rig, _: (row(rig, "relu1"), press(rig, Key.Key_Delete, SHIFT)),
    "duplicate with wires": lambda rig, _: (row(rig, "conv2"), press(rig, Key.Key_D, CTRL)),
    "copy and paste": lambda rig, _: (row(rig, "conv2"), press(rig, Key.Key_C, CTRL), press(rig, Key.Key_V, CTRL)),
    "cut": lambda rig, _: (row(rig, "relu3"), press(rig, Key.Key_X, CTRL)),
    "collapse": collapse,
    "connect a chain": lambda rig, _: (
        rig.graph.disconnect(f"{rig.node('relu1').id}.x"),
        rig.graph.disconnect(f"{rig.node('pool1').id}.x"),
        row(rig, "conv1", "relu1", "pool1"),
        from_menu(rig, "Connect in order"),
    ),
    "bypass": lambda rig, _: (row(rig, "relu1"), from_menu(rig, "Bypass, or stop bypassing")),
    "frame": lambda rig, _: (row(rig, "conv1", "relu1"), from_menu(rig, "Frame")),
    "align": lambda rig, _: (
        rig.key(Key.Key_L, CTRL),
        rig.document.edit(lambda: edits.move(rig.graph, {rig.node("relu1").id: (48.0, 400.0)})),
        row(rig, "conv1", "relu1"),
        from_menu(rig, "Align", "Align left edges"),
    ),
    "arrange": lambda rig, _: (
        row(rig, "relu1"),
        rig.document.edit(lambda: edits.move(rig.graph, {rig.node("relu1").id: (480.0, 400.0)})),
        press(rig, Key.Key_L, CTRL),
    ),
    "nudge": lambda rig, _: (row(rig, "relu1"), press(rig, Key.Key_Right, ALT | SHIFT)),
    "set a bookmark": lambda rig, _: press(rig, Key.Key_1, CTRL | ALT),
    "place behind": lambda rig, _: (
        row(rig, "fc3"),
        from_menu(rig, "Place behind…"),
        rig.turn(),
        QTest.keyClicks(rig.window.verbs.popup.field, "softmax"),
        QTest.keyClick(rig.window.verbs.popup.field, Key.Key_Return),
    ),
    "place": lambda rig, _: (
        rig.window.outline.tree.setCurrentIndex(rig.window.outline.model.index(0, 0)),
        from_menu(rig, "Place a layer…"),
        rig.turn(),
        QTest.keyClicks(rig.window.verbs.popup.field, "linear"),
        QTest.keyClick(rig.window.verbs.popup.field, Key.Key_Return),
    ),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_from_the_outline(rig: WindowRig, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    VERBS[verb](rig, monkeypatch)
    after = rig.bytes()
    rig.key(Key.Key_Z, CTRL, on=rig.window.outline.tree)
    assert rig.bytes() != after
    before = rig.bytes()
    rig.key(Key.Key_Z, CTRL | SHIFT, on=rig.window.outline.tree)
    assert rig.bytes() == after
    rig.key(Key.Key_Z, CTRL, on=rig.window.outline.tree)
    assert rig.bytes() == before


def test_a_node_is_edited_where_it_stands_by_shift_return(rig: WindowRig) -> None:
    row(rig, "conv1")
    press(rig, Key.Key_Return, SHIFT)
    assert rig.window.in_place.inline.isVisible()
    rig.window.in_place.inline.close()


def test_parameters_of_several_nodes_are_edited_by_return(rig: WindowRig) -> None:
    row(rig, "fc1", "fc2")
    press(rig, Key.Key_Return)
    rig.turn()
    assert rig.window.inspector.isAncestorOf(rig.window.focusWidget())
    with one_step(rig):
        rig.type_into("out_features", "40")
        rig.canvas.setFocus()
    assert [rig.node(name).params["out_features"] for name in ("fc1", "fc2")] == [40, 40]


def test_a_block_is_expanded_from_its_row(rig: WindowRig) -> None:
    rig.window.files.new_from_template("resblock")
    chosen(rig, "block")
    row(rig, "block")
    with one_step(rig):
        press(rig, Key.Key_G, CTRL | SHIFT)
    assert rig.graph.by_name("block") is None
