"""The list of what changed from a file: chosen in the menu, follows edits, goes to the place."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QTreeWidgetItem

from designer.comparison import ComparisonDialog
from graph_core import save
from graph_core.templates import open_template
from tests.gui.window_rig import LEFT, NO, WindowRig


@pytest.fixture
def rig(qtbot, house, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WindowRig:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_: str(tmp_path / "data"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "old.netw"), ""))
    old, new = open_template("resblock"), open_template("resblock")
    new.graphs["resblock"].set("c2", kernel_size=1, padding=0)
    new.networks["main"].rename("r1", "stage")
    save(old, tmp_path / "old.netw")
    save(new, tmp_path / "new.netw")
    rig = WindowRig(qtbot, tmp_path)
    assert rig.window.files.open(tmp_path / "new.netw")
    return rig


def compared(rig: WindowRig) -> ComparisonDialog:
    rig.window.actions_["Compare with…"].trigger()
    [dialog] = rig.window.findChildren(ComparisonDialog)
    assert QTest.qWaitForWindowExposed(dialog)
    return dialog


def listed(dialog: ComparisonDialog) -> dict[str, list[str]]:
    tops = [dialog.tree.topLevelItem(k) for k in range(dialog.tree.topLevelItemCount())]
    return {top.text(0): [top.child(k).text(0) for k in range(top.childCount())] for top in tops}


def row(dialog: ComparisonDialog, text: str) -> QTreeWidgetItem:
    [found] = dialog.tree.findItems(text, Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive)
    return found


def test_the_changes_are_listed_and_follow_edits(rig: WindowRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("designer.comparison.MOMENT", 60.0)
    dialog = compared(rig)
    assert listed(dialog) == {
        "Net": ["~  block is now called stage"],
        "ResBlock": ["~  conv2: kernel_size 3 → 1, padding 1 → 0"],
    }
    assert "parameters" in dialog.figures.text()
    rig.document.edit(lambda: rig.graph.rename("r1", "block"))
    assert list(listed(dialog)) == ["ResBlock"]
    rig.window.actions_["Undo"].trigger()
    assert list(listed(dialog)) == ["Net", "ResBlock"]


def test_what_takes_long_is_compared_when_asked_for(rig: WindowRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("designer.comparison.MOMENT", 0.0)
    dialog = compared(rig)
    assert not dialog.again.isVisible()
    rig.document.edit(lambda: rig.graph.rename("r1", "block"))
    assert list(listed(dialog)) == ["Net", "ResBlock"]
    QTest.mouseClick(dialog.again, LEFT)
    assert list(listed(dialog)) == ["ResBlock"]
    assert not dialog.again.isVisible()


def test_a_double_click_goes_to_the_place_inside_of_a_block(rig: WindowRig) -> None:
    dialog = compared(rig)
    at = dialog.tree.visualItemRect(row(dialog, "conv2")).center()
    QTest.mouseClick(dialog.tree.viewport(), LEFT, NO, at)
    QTest.mouseDClick(dialog.tree.viewport(), LEFT, NO, at)
    assert rig.document.graph.key == "resblock"
    assert [rig.document.graph.nodes[id].name for id in rig.document.selection] == ["conv2"]


def test_enter_goes_to_the_place(rig: WindowRig) -> None:
    dialog = compared(rig)
    dialog.tree.setCurrentItem(row(dialog, "stage"))
    QTest.keyClick(dialog.tree, Qt.Key.Key_Return)
    assert rig.document.selection == ("r1",)
    assert dialog.isVisible()


def test_equal_drawings_and_broken_files(rig: WindowRig, tmp_path: Path) -> None:
    save(rig.document.project, tmp_path / "old.netw")
    dialog = compared(rig)
    assert listed(dialog) == {"No difference.": []}
    assert not dialog.figures.isVisible()
    dialog.close()
    (tmp_path / "old.netw").write_text("{", encoding="utf-8")
    with rig.qtbot.waitSignal(rig.document.refused) as said:
        rig.window.actions_["Compare with…"].trigger()
    assert said.args is not None
    assert said.args[0].startswith("old.netw: The JSON is broken")


def test_another_drawing_closes_the_list(rig: WindowRig) -> None:
    dialog = compared(rig)
    rig.document.new()
    assert not dialog.isVisible()
