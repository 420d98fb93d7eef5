"""The canvas by keyboard."""

from __future__ import annotations

import pytest

from tests.gui.canvas_rig import Rig
from tests.gui.canvas_scenes import stage
from tests.gui.window_rig import ALT, CTRL, SHIFT, Key


@pytest.fixture
def rig(qtbot) -> Rig:
    return Rig(qtbot, stage(), (1060, 730))


def test_arrows_walk_along_the_wires(rig: Rig):
    rig.canvas.select(["x"])
    for expected in ("conv1", "bn1", "relu", "maxpool"):
        rig.key(Key.Key_Down)
        assert list(rig.canvas.selection) == [expected]
    rig.key(Key.Key_Up)
    assert list(rig.canvas.selection) == ["relu"]


def test_arrows_enter_an_opened_block_and_leave_it(rig: Rig):
    rig.canvas.select(["maxpool"])
    rig.key(Key.Key_Down)
    assert rig.canvas.current == "layer1"
    rig.key(Key.Key_Down)
    assert rig.canvas.current == "layer1.conv1"
    rig.canvas.select(["layer1.relu2"])
    rig.key(Key.Key_Down)
    assert rig.canvas.current == "layer2"


def test_sideways_goes_to_the_next_branch(rig: Rig):
    rig.canvas.select(["layer2.conv1"])
    rig.key(Key.Key_Right)
    assert rig.canvas.current == "layer2.d0"
    rig.key(Key.Key_Left)
    assert rig.canvas.current == "layer2.conv1"


def test_shift_extends_and_ctrl_moves_only_the_focus(rig: Rig):
    rig.canvas.select(["x"])
    rig.key(Key.Key_Down, SHIFT)
    assert list(rig.canvas.selection) == ["x", "conv1"]
    rig.key(Key.Key_Down, CTRL)
    assert rig.canvas.current == "bn1"
    assert list(rig.canvas.selection) == ["x", "conv1"]
    rig.key(Key.Key_Space, CTRL)
    assert list(rig.canvas.selection) == ["x", "conv1", "bn1"]


def test_the_first_arrow_finds_a_plate(rig: Rig):
    rig.canvas.select(())
    rig.canvas.current = ""
    rig.key(Key.Key_Down)
    assert rig.canvas.current in rig.canvas.snap.index


def test_delete_heals_and_shift_delete_does_not(rig: Rig):
    rig.canvas.select(["bn1", "relu"])
    rig.key(Key.Key_Delete)
    rig.key(Key.Key_Backspace)
    rig.key(Key.Key_Delete, SHIFT)
    assert rig.told("deleted") == [(("bn1", "relu"), True)] * 2 + [(("bn1", "relu"), False)]
    rig.canvas.select((), ["bn1.x"])
    rig.key(Key.Key_Delete)
    assert rig.told("wires_deleted") == [(("bn1.x",),)]


def test_everything_and_nothing(rig: Rig):
    rig.key(Key.Key_A, CTRL)
    assert len(rig.canvas.selection) == len(rig.canvas.scene.plates)
    rig.canvas.repaint()
    rig.key(Key.Key_Escape)
    assert not rig.canvas.selection


def test_keys_ask_for_what_the_window_does(rig: Rig):
    rig.canvas.select(["layer3"])
    rig.key(Key.Key_Return)
    rig.key(Key.Key_F2)
    rig.key(Key.Key_Return, CTRL)
    rig.key(Key.Key_Up, ALT)
    assert rig.told("edit_requested") == [("layer3",)]
    assert rig.told("rename_requested") == [("layer3",)]
    assert rig.told("opened") == [("layer3",)]
    assert rig.told("left") == [()]
    rig.canvas.select(["conv1"])
    rig.key(Key.Key_Return, CTRL)
    assert len(rig.told("opened")) == 1


def test_nudging_moves_by_the_grid(rig: Rig):
    rig.canvas.select(["note"])
    rig.key(Key.Key_Right, ALT | SHIFT)
    assert rig.told("moved") == [(("note",), 8.0, 0.0)]


def test_tab_searches_and_is_no_trap(rig: Rig):
    rig.key(Key.Key_Tab)
    assert len(rig.told("search_requested")) == 1
    assert rig.canvas.focusNextPrevChild(True) is False


def test_zoom_keys(rig: Rig):
    rig.key(Key.Key_Minus)
    assert rig.canvas.camera.zoom == 0.8
    rig.key(Key.Key_Plus)
    rig.key(Key.Key_Plus, SHIFT)
    assert rig.canvas.camera.zoom == 1.25
    rig.key(Key.Key_1)
    assert rig.canvas.camera.zoom == 1.0
    rig.canvas.select(["fc"])
    rig.key(Key.Key_F, SHIFT)
    fc = rig.canvas.scene.plates["fc"]
    at = rig.canvas.camera.to_view(fc.x + fc.w / 2, fc.y + fc.h / 2)
    assert abs(at.x() - rig.canvas.width() / 2) < 2
    rig.key(Key.Key_F)
    x0, y0, x1, y1 = rig.canvas.snap.bounds() or (0, 0, 0, 0)
    view = rig.canvas.camera.rect_to_view(x0, y0, x1 - x0, y1 - y0)
    assert rig.canvas.rect().contains(view.toAlignedRect())
    rig.key(Key.Key_M)
    assert not rig.canvas.minimap_shown


def test_the_menu_key_asks_at_the_plate(rig: Rig):
    rig.canvas.select(["conv1"])
    rig.key(Key.Key_F10, SHIFT)
    ids, wire, _ = rig.told("context_menu")[0]
    assert (ids, wire) == (("conv1",), "")
