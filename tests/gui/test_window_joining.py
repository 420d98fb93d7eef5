"""Joining nodes by hand: wires let go on a node, new nodes at a wire's end, and copies that do not hide one another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from graph_core import Project, edits
from graph_core.layer import layer_types
from tests.gui.window_rig import CTRL, LEFT, NO, Key, WindowRig


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    project = Project.new("join")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 16])
    graph.add("Input", id="t", name="tokens", shape=["N", 8], dtype="int64")
    graph.add("Linear", id="l", name="fc", out_features=16)
    graph.add("Add", id="a", name="add")
    graph.add("Embedding", id="e", name="emb")
    graph.add("Output", id="y")
    graph.connect("x.y", "l.x")
    graph.connect("x.y", "a.a")
    places = {"x": (40, 60), "t": (440, 60), "l": (40, 200), "a": (240, 340), "e": (440, 340), "y": (240, 480)}
    edits.move(graph, {id: (float(x), float(y)) for id, (x, y) in places.items()})
    rig.document.new(project)
    rig.plain_view()
    return rig


def undone(rig: WindowRig, act: Callable[[], None]) -> None:
    """Do something that is one step, and see that undo and redo lead to the very bytes."""
    before, steps = rig.bytes(), len(rig.document.history.titles)
    act()
    after = rig.bytes()
    assert len(rig.document.history.titles) == steps + 1
    rig.window.actions_["Undo"].trigger()
    assert rig.bytes() == before
    rig.window.actions_["Redo"].trigger()
    assert rig.bytes() == after


def test_a_wire_let_go_on_a_node_goes_to_its_free_port(rig: WindowRig) -> None:
    undone(rig, lambda: rig.drag(rig.port("fc", "y"), rig.middle("add") + QPoint(-3, 8)))
    assert rig.graph.wires["a.b"] == "l.y"
    assert rig.graph.wires["a.a"] == "x.y"
    popup = rig.window.verbs.popup
    assert not popup.isVisible()


def test_over_a_node_that_does_not_fit_the_reason_is_told_and_nothing_happens(rig: WindowRig) -> None:
    before = rig.bytes()
    start, end = rig.port("fc", "y"), rig.middle("emb")
    QTest.mousePress(rig.canvas, LEFT, NO, start)
    for k in range(1, 6):
        rig.mouse_move(start + (end - start) * k / 5)
    tip = rig.canvas.tip
    assert tip is not None
    assert not tip.ok
    assert tip.sentence
    QTest.mouseRelease(rig.canvas, LEFT, NO, end)
    assert rig.bytes() == before
    assert not rig.window.verbs.popup.isVisible()


def test_backwards_from_an_input_a_node_gives_its_output(rig: WindowRig) -> None:
    undone(rig, lambda: rig.drag(rig.port("y", "x"), rig.middle("fc")))
    assert rig.graph.wires["y.x"] == "l.y"


def offered(rig: WindowRig) -> set[str]:
    return {entry.type for entry in rig.window.verbs.popup._entries}


def test_from_an_input_only_what_gives_its_kind_is_offered(rig: WindowRig) -> None:
    rig.drag(rig.port("emb", "x"), rig.port("emb", "x") + QPoint(0, -90))
    popup = rig.window.verbs.popup
    assert popup.isVisible()
    assert {"Input", "Cast", "Add"} <= offered(rig)
    assert not offered(rig) & {"Conv2d", "Linear", "Embedding", "LSTM", "Output"}

    def place() -> None:
        QTest.keyClicks(popup.field, "Input")
        QTest.keyClick(popup.field, Key.Key_Return)

    undone(rig, place)
    [source] = [rig.graph.wires["e.x"].partition(".")[0]]
    assert rig.graph.nodes[source].type == "Input"


def test_a_new_node_takes_the_wire_at_the_port_where_it_fits(rig: WindowRig) -> None:
    rig.drag(rig.port("tokens", "y"), rig.port("tokens", "y") + QPoint(40, 120))
    assert "Gather" in offered(rig)
    assert "Linear" not in offered(rig)
    QTest.keyClick(rig.window.verbs.popup.field, Key.Key_Escape)
    edits.set_params(rig.graph, rig.node("tokens").id, {"dtype": "bool"})
    inlets = layer_types()["MaskedFill"].inlets
    assert [name for name, inlet in inlets.items() if "bool" in inlet.kinds] == ["mask"], "its first port takes numbers"
    rig.drag(rig.port("tokens", "y"), rig.port("tokens", "y") + QPoint(40, 120))
    QTest.keyClicks(rig.window.verbs.popup.field, "MaskedFill")
    QTest.keyClick(rig.window.verbs.popup.field, Key.Key_Return)
    [made] = [node for node in rig.graph.nodes.values() if node.type == "MaskedFill"]
    assert [target for target in rig.graph.wires if target.startswith(f"{made.id}.")] == [f"{made.id}.mask"]


def test_pasting_again_does_not_cover_what_was_pasted(rig: WindowRig) -> None:
    rig.click(rig.middle("fc"))
    rig.key(Key.Key_C, CTRL)
    for _ in range(3):
        undone(rig, lambda: rig.key(Key.Key_V, CTRL))
    places = list(rig.graph.view.values())
    assert len(set(places)) == len(places) == 9


def test_a_layer_is_searched_for_to_go_into_a_wire(rig: WindowRig) -> None:
    def choose() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        action = next(action for action in menu.actions() if action.text().startswith("Insert a layer"))
        QTest.mouseClick(menu, LEFT, NO, menu.actionGeometry(action).center())

    a, b = rig.port("x", "y"), rig.port("fc", "x")
    on = (a + b) / 2
    QTimer.singleShot(50, choose)
    place = rig.canvas.mapToGlobal(on)
    QApplication.sendEvent(rig.canvas, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, on, place))
    popup = rig.window.verbs.popup
    assert popup.isVisible()
    assert "ReLU" in offered(rig)
    assert not offered(rig) & {"Conv2d", "Output", "Embedding"}

    def insert() -> None:
        QTest.keyClicks(popup.field, "ReLU")
        QTest.keyClick(popup.field, Key.Key_Return)

    undone(rig, insert)
    made = rig.node("relu1")
    assert rig.graph.wires[f"{made.id}.x"] == "x.y"
    assert rig.graph.wires["l.x"] == f"{made.id}.y"


def test_menus_tell_the_keys(rig: WindowRig) -> None:
    menu = rig.window.in_place.menu(("l", "a"), "", QPoint(), (0.0, 0.0))
    told = dict(action.text().partition("\t")[::2] for action in menu.actions() if action.text())
    assert told["Duplicate with wires"] == "Ctrl+D"
    assert told["Remove and heal"] == "Del"
    assert told["Connect in order"] == "C"
    rig.window.keymap.assign("Duplicate with wires", "Ctrl+U")
    menu = rig.window.in_place.menu(("l",), "", QPoint(), (0.0, 0.0))
    assert any(action.text() == "Duplicate with wires\tCtrl+U" for action in menu.actions())
