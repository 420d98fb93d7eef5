"""Keys that can be changed, the list of them, the history, overlays, and editing on the node."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from designer.key_sheet import KeySheet
from designer.settings import Settings
from designer.theme import themes
from designer.topbar import key_of
from tests.gui.window_rig import CTRL, LEFT, NO, SHIFT, Key, WindowRig, chosen, one_step


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("mlp")
    rig.window.activateWindow()
    return rig


def sheet_of(rig: WindowRig, qtbot) -> KeySheet:
    sheet = KeySheet(rig.window.actions_, rig.window.keymap, rig.window)
    qtbot.addWidget(sheet)
    sheet.show()
    return sheet


def test_no_two_commands_have_one_key(rig: WindowRig) -> None:
    keymap = rig.window.keymap
    for text in rig.window.actions_.commands:
        for key in filter(None, keymap.key(text).split(" | ")):
            assert keymap.owner(key, text) == "", (text, key)


def test_ctrl_slash_lists_every_command_with_its_key(rig: WindowRig) -> None:
    seen: list[str] = []

    def look(dialog: KeySheet) -> None:
        for text in rig.window.actions_.commands:
            seen.append(text)
            dialog.choose(text)
            assert dialog.command == text
        QTest.keyClicks(dialog.search, "ctrl+d")
        shown = [text for text, item in dialog._items.items() if not item.isHidden()]
        assert shown == ["Duplicate with wires"]
        QTest.keyClick(dialog, Key.Key_Escape)

    rig.answer_next_dialog(look)
    rig.key(Key.Key_Slash, CTRL)
    assert len(seen) == len(rig.window.actions_.commands)


def test_a_key_is_changed_and_remembered(rig: WindowRig, qtbot, tmp_path: Path) -> None:
    sheet = sheet_of(rig, qtbot)
    sheet.choose("Duplicate with wires")
    QTest.keyClick(sheet.entry, Key.Key_K, CTRL)
    assert sheet.set.isEnabled()
    assert sheet.set.text() == "Set key"
    QTest.mouseClick(sheet.set, LEFT)
    sheet.close()
    chosen(rig, "relu1")
    with one_step(rig):
        rig.key(Key.Key_K, CTRL)
    before = rig.bytes()
    rig.key(Key.Key_D, CTRL)
    assert rig.bytes() == before
    assert Settings(tmp_path / "settings.ini").keys() == {"Duplicate with wires": "Ctrl+K"}
    rig.window.keymap.reset()
    rig.key(Key.Key_Z, CTRL)
    chosen(rig, "relu1")
    with one_step(rig):
        rig.key(Key.Key_D, CTRL)
    assert Settings(tmp_path / "settings.ini").keys() == {}


def test_a_key_that_is_taken_is_told_and_can_be_taken(rig: WindowRig, qtbot) -> None:
    sheet = sheet_of(rig, qtbot)
    sheet.choose("Arrange")
    QTest.keyClick(sheet.entry, Key.Key_D, CTRL)
    assert "is the key of Duplicate with wires" in sheet.said.text()
    assert sheet.set.text() == "Take the key"
    QTest.mouseClick(sheet.set, LEFT)
    keymap = rig.window.keymap
    assert (keymap.key("Arrange"), keymap.key("Duplicate with wires")) == ("Ctrl+D", "")
    assert "has no key" in sheet.said.text()
    QTest.mouseClick(sheet.all_back, LEFT)
    assert (keymap.key("Arrange"), keymap.key("Duplicate with wires")) == ("Ctrl+L", "Ctrl+D")


def test_keys_that_the_canvas_listens_for_change_too(rig: WindowRig, qtbot) -> None:
    shown = rig.canvas.minimap_shown
    rig.window.keymap.assign("Minimap", "P")
    rig.click(QPoint(5, 5))
    rig.key(Key.Key_M)
    assert rig.canvas.minimap_shown is shown
    rig.key(Key.Key_P)
    assert rig.canvas.minimap_shown is not shown
    rig.window.keymap.assign("Remove and heal", "Ctrl+K")
    chosen(rig, "relu1")
    before = rig.bytes()
    rig.key(Key.Key_Delete)
    assert rig.bytes() == before
    with one_step(rig):
        rig.key(Key.Key_K, CTRL)
    rig.window.keymap.reset("Minimap")
    rig.key(Key.Key_M)
    assert rig.canvas.minimap_shown is shown


def test_strange_keys_in_the_settings_are_none(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    for text in ("[1, 2]", "{", '{"Arrange": 5}'):
        Settings(path)._store.setValue("keys", text)
        assert Settings(path).keys() == {}


def test_the_palette_of_commands_tells_their_keys(rig: WindowRig) -> None:
    actions = rig.window.actions_
    assert key_of(actions["Duplicate with wires"]) == "Ctrl+D"
    assert key_of(actions["Fit"]) == "F"
    assert key_of(actions["Snap to the grid"]) == ""


def test_the_history_goes_back_and_forth(rig: WindowRig) -> None:
    states = [rig.bytes()]
    for name in ("relu1", "relu2"):
        chosen(rig, name)
        rig.key(Key.Key_Delete)
        states.append(rig.bytes())
    rig.window.actions_["Undo history"].trigger()
    panel = next(
        rig.window.tabs.widget(k).content
        for k in range(rig.window.tabs.count())
        if rig.window.tabs.tabText(k) == "History"
    )
    rows = panel.list
    assert [rows.item(k).text() for k in range(rows.count())][1:] == ["Remove relu1", "Remove relu2"]
    for place in (0, 2, 1):
        QTest.mouseClick(rows.viewport(), LEFT, NO, rows.visualItemRect(rows.item(place)).center())
        assert rig.bytes() == states[place]
        assert rows.currentRow() == place
        assert rows.count() == 3


def test_shift_enter_edits_on_the_node(rig: WindowRig) -> None:
    chosen(rig, "fc1")
    with one_step(rig):
        rig.key(Key.Key_Return, SHIFT)
        card = rig.window.in_place.inline
        assert card.isVisible()
        entry = card.form.editors["out_features"].findChildren(QLineEdit)[0]
        entry.selectAll()
        QTest.keyClicks(entry, "77")
        assert rig.node("fc1").params["out_features"] == 77
        QTest.keyClick(entry, Key.Key_Return)
        assert not card.isVisible()


def test_a_double_click_on_the_settings_edits_there(rig: WindowRig) -> None:
    rig.plain_view()
    plate = rig.canvas.scene.plates[rig.node("fc1").id]
    QTest.mouseDClick(rig.canvas, LEFT, NO, rig.at(plate.x + 60, plate.y + plate.h - 10))
    assert rig.window.in_place.inline.isVisible()
    rig.window.in_place.inline.hide()
    assert rig.document.selection == (rig.node("fc1").id,)


def test_o_hides_overlays_and_shows_them_again(rig: WindowRig) -> None:
    rig.click(QPoint(5, 5))
    rig.key(Key.Key_N, SHIFT)
    rig.canvas.setFocus()
    rig.click(QPoint(5, 5))
    before, bytes_ = rig.canvas.grab().toImage(), rig.bytes()
    rig.key(Key.Key_O)
    hidden = rig.canvas.grab().toImage()
    assert hidden != before
    assert "note:1" not in rig.canvas.scene.plates
    rig.key(Key.Key_O)
    assert rig.canvas.grab().toImage() == before
    for one in ("Grid", "Shapes", "Frames and notes"):
        rig.window.actions_[f"{one} on or off"].trigger()
        assert rig.canvas.grab().toImage() not in (before, hidden)
        rig.window.actions_[f"{one} on or off"].trigger()
        assert rig.canvas.grab().toImage() == before
    assert rig.bytes() == bytes_


def test_contrast_and_motion_are_chosen_and_remembered(rig: WindowRig, tmp_path: Path) -> None:
    plain, picture = themes.current, rig.canvas.grab().toImage()
    try:
        rig.window.actions_.commands["High contrast"].run()
        assert themes.current.contrast
        assert themes.current.color("line") == themes.current.color("strong") != plain.color("line")
        assert rig.canvas.grab().toImage() != picture
        assert Settings(tmp_path / "settings.ini").contrast == "high"
        rig.window.actions_.commands["Normal contrast"].run()
        assert themes.current is plain
        rig.window.actions_.commands["Motion on or off"].run()
        assert themes.duration("base") > 0  # a rig begins without motion
        rig.window.actions_.commands["Motion on or off"].run()
        assert themes.duration("base") == 0
        assert Settings(tmp_path / "settings.ini").still
    finally:
        themes.set_contrast(None)
