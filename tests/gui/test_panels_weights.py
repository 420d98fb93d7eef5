"""Tying and untying a weight in the inspector, with the mouse and with keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest

from designer.canvas.camera import Camera
from graph_core import analyze
from tests.graph_core.test_ties import language_model
from tests.graph_core.tied_drawings import layered
from tests.gui.window_rig import CTRL, LEFT, NO, Key, WindowRig


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.document.new(language_model().project)
    rig.canvas.set_camera(Camera(1.0, rig.canvas.devicePixelRatioF(), -100, -20))
    rig.canvas.repaint()
    return rig


def plate(rig: WindowRig, name: str):
    return rig.canvas.scene.plates[rig.node(name).id]


def test_a_weight_is_tied_and_untied(rig: WindowRig) -> None:
    before = rig.bytes()
    assert not plate(rig, "head").shared
    rig.click(rig.middle("head"))
    inspector = rig.window.inspector
    QTest.mouseClick(inspector.weights.buttons["weight"], LEFT, NO)
    menu = inspector.weights.menu
    assert [action.text() for action in menu.actions()] == ["Tie to embedding.weight"]
    QTest.keyClick(menu, Key.Key_Down)
    QTest.keyClick(menu, Key.Key_Return)
    assert rig.graph.ties == {"h.weight": "e.weight"}
    assert rig.document.history.titles == ["Tie head.weight to embedding"]
    assert plate(rig, "head").shared
    assert plate(rig, "embedding").shared
    assert not plate(rig, "norm").shared
    assert analyze(rig.document.project).params.trainable == 1632
    shown = [label.text() for label in inspector.weights.findChildren(type(inspector.path)) if label.text()]
    assert "= embedding" in " ".join(shown)
    tied = rig.bytes()
    # The button keeps the focus: the keyboard goes on from there.
    assert rig.window.focusWidget() is inspector.weights.buttons["weight"]
    QTest.keyClick(inspector.weights.buttons["weight"], Key.Key_Space)
    menu = inspector.weights.menu
    assert [action.text() for action in menu.actions() if action.text()] == [
        "Untie head.weight",
        "Tie to embedding.weight",
    ]
    QTest.keyClick(menu, Key.Key_Down)
    QTest.keyClick(menu, Key.Key_Return)
    assert rig.bytes() == before
    rig.key(Key.Key_Z, CTRL)
    assert rig.bytes() == tied


def test_what_has_no_partner_has_no_button(rig: WindowRig) -> None:
    rig.click(rig.middle("norm"))
    assert list(rig.window.inspector.weights.buttons) == []  # its bias has as many values, and another role
    rig.graph.set("h", out_features=50)
    rig.click(rig.middle("head"))
    assert list(rig.window.inspector.weights.buttons) == []


@pytest.fixture
def layers(qtbot, house, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WindowRig:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_: str(tmp_path / "data"))
    rig = WindowRig(qtbot, tmp_path)
    rig.document.new(layered().project)
    rig.canvas.set_camera(Camera(1.0, rig.canvas.devicePixelRatioF(), -100, -20))
    rig.canvas.repaint()
    return rig


def test_a_weight_of_all_steps_is_tied_from_the_block(layers: WindowRig) -> None:
    before = layers.bytes()
    layers.click(layers.middle("layers"))
    inspector = layers.window.inspector
    assert inspector.weights.buttons[""].text() == "Tie a weight of all steps…"
    QTest.mouseClick(inspector.weights.buttons[""], LEFT, NO)
    menu = inspector.weights.menu
    assert [action.text() for action in menu.actions()] == [
        "layers.*.a.weight",
        "layers.*.a.bias",
        "layers.*.b.weight",
        "layers.*.b.bias",
    ]
    QTest.keyClick(menu, Key.Key_Down)
    QTest.keyClick(menu, Key.Key_Right)
    below = menu.actions()[0].menu()
    assert [action.text() for action in below.actions()][:2] == ["Tie to first.weight", "Tie to layers.0.a.weight"]
    QTest.keyClick(below, Key.Key_Return)
    assert layers.graph.ties == {"l/a.weight": "f.weight"}
    shown = [label.text() for label in inspector.weights.findChildren(type(inspector.path))]
    assert "*.a.weight" in shown
    assert "= first" in shown
    assert plate(layers, "layers").shared
    QTest.mouseClick(inspector.weights.buttons["*.a.weight"], LEFT, NO)
    menu = inspector.weights.menu
    assert menu.actions()[0].text() == "Untie layers.*.a.weight"
    QTest.keyClick(menu, Key.Key_Down)
    QTest.keyClick(menu, Key.Key_Return)
    assert layers.bytes() == before


def test_a_single_step_is_tied_from_the_other_end(layers: WindowRig) -> None:
    layers.click(layers.middle("last"))
    inspector = layers.window.inspector
    QTest.mouseClick(inspector.weights.buttons["bias"], LEFT, NO)
    menu = inspector.weights.menu
    action = next(action for action in menu.actions() if action.text() == "Tie to layers.1.b.bias")
    action.trigger()
    menu.close()
    assert layers.graph.ties == {"t.bias": "l#1/b.bias"}
    shown = [label.text() for label in inspector.weights.findChildren(type(inspector.path))]
    assert "= layers.1.b" in shown


def test_weights_that_come_and_go_leave_no_dead_buttons(rig: WindowRig) -> None:
    node = next(n.id for n in rig.graph.nodes.values() if _shown(rig, n.id) and f"{n.id}.x" in rig.graph.wires)
    rig.document.select((node,))
    wire = rig.graph.wires[f"{node}.x"]
    rig.graph.disconnect(f"{node}.x")  # of what waits for its input no weights are known
    rig.turn()
    rig.graph.connect(wire, f"{node}.x")
    rig.turn()
    assert rig.window.inspector.weights is not None


def _shown(rig: WindowRig, id: str) -> bool:
    """Whether the inspector shows buttons for a node's weights."""
    rig.document.select((id,))
    weights = rig.window.inspector.weights
    return weights is not None and bool(weights.buttons)
