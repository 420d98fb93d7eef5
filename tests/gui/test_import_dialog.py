"""File › Import…: it asks first, a worker runs the module, its drawing becomes the document, and a report says how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from designer.import_dialog import ImportDialog
from graph_core.kept import reference
from tests.gui.window_rig import CTRL, LEFT, Key, WindowRig

SOURCE = """
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x):
        return x + self.fc(x).relu()

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = Block(), Block()

    def forward(self, x):
        return self.two(self.one(x))

class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x):
        return self.fc(x) + torch.rand_like(x)

class Slow(Net):
    def __init__(self):
        import time
        time.sleep(60)
"""


@pytest.fixture
def rig(rig: WindowRig, tmp_path: Path) -> WindowRig:
    (tmp_path / "mynet.py").write_text(SOURCE)
    return rig


def ask(rig: WindowRig, work: Callable[[ImportDialog], None]) -> None:
    """Ctrl+I, as a person does; a dialog that is not as expected is closed."""

    def act(dialog: ImportDialog) -> None:
        try:
            work(dialog)
        finally:
            dialog.importing.close()
            dialog.done(0)

    rig.answer_next_dialog(act)
    rig.key(Key.Key_I, CTRL, on=rig.window)


def fill(dialog: ImportDialog, module: str, folder: Path, sizes: str) -> None:
    QTest.keyClicks(dialog.module, module)
    QTest.keyClicks(dialog.folder, str(folder))
    QTest.keyClicks(dialog.rows[0].sizes, sizes)
    assert not dialog.go.isEnabled()  # it runs code: that is said first
    QTest.mouseClick(dialog.trust, LEFT, pos=QPoint(12, dialog.trust.height() // 2))
    assert dialog.go.isEnabled()
    QTest.mouseClick(dialog.go, LEFT)


def test_a_module_becomes_the_document_and_the_report_says_how(rig: WindowRig, tmp_path: Path) -> None:
    def work(dialog: ImportDialog) -> None:
        fill(dialog, "mynet:Net", tmp_path, "2, 6")
        rig.qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.report, timeout=120_000)
        report = dialog.report
        assert "computes what the original does" in report.words.text()
        assert report.title.text().startswith("Net: 2 classes")
        rows = [report.proof.topLevelItem(k) for k in range(report.proof.topLevelItemCount())]
        assert [row.text(2) for row in rows] == ["exactly equal"] * 4
        assert not report.parts.isVisible()
        QTest.mouseClick(report.shut, LEFT)

    ask(rig, work)
    document = rig.document
    assert document.root_graph.name == "Net"
    assert {node.name for node in document.root_graph.nodes.values()} >= {"one", "two"}
    assert document.unsaved
    assert document.path is None
    assert rig.window.training.keeps
    saved = tmp_path / "saved.netw"
    assert rig.window.files.save_to(saved)
    assert saved.with_suffix(".safetensors").exists()
    assert reference(document.project)


def test_what_is_opaque_is_listed_with_its_reason_and_found(rig: WindowRig, tmp_path: Path) -> None:
    def work(dialog: ImportDialog) -> None:
        fill(dialog, "mynet:Odd", tmp_path, "2,6")
        rig.qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.report, timeout=120_000)
        report = dialog.report
        assert "1 part is kept as an opaque node" in report.words.text()
        row = report.parts.topLevelItem(0)
        assert "random" in row.text(2)
        QTest.keyClick(report.shut, Key.Key_Space)

    ask(rig, work)
    assert rig.document.root_graph.name == "Odd"


def test_wrong_entries_give_one_sentence_and_change_nothing(rig: WindowRig, tmp_path: Path) -> None:
    before = rig.bytes()
    told: list[str] = []

    def work(dialog: ImportDialog) -> None:
        def go() -> str:
            QTest.mouseClick(dialog.go, LEFT)
            rig.qtbot.waitUntil(lambda: not dialog.importing.running, timeout=120_000)
            return dialog.status.text()

        QTest.mouseClick(dialog.trust, LEFT, pos=QPoint(12, dialog.trust.height() // 2))
        told.append(go())
        QTest.keyClicks(dialog.module, "mynet:Nothing")
        told.append(go())
        QTest.keyClicks(dialog.rows[0].sizes, "2, 6")
        QTest.keyClicks(dialog.folder, str(tmp_path / "none"))
        told.append(go())
        dialog.folder.clear()
        QTest.keyClicks(dialog.folder, str(tmp_path))
        told.append(go())
        QTest.keyClick(dialog, Key.Key_Escape)

    ask(rig, work)
    assert [sentence.count("\n") for sentence in told] == [0] * 4
    for sentence, part in zip(told, ("Module names", "Input 1", "There is no folder", "Nothing"), strict=True):
        assert part in sentence
    assert rig.bytes() == before


def test_an_import_that_is_cancelled_changes_nothing(rig: WindowRig, tmp_path: Path) -> None:
    before = rig.bytes()

    def work(dialog: ImportDialog) -> None:
        fill(dialog, "mynet:Slow", tmp_path, "2,6")
        rig.qtbot.waitUntil(lambda: dialog.busy.isVisible() and "module" in dialog.busy.text.text(), timeout=120_000)
        QTest.mouseClick(dialog.busy._cancel, LEFT)
        rig.qtbot.waitUntil(lambda: not dialog.importing.running, timeout=60_000)
        assert "as it was" in dialog.status.text()
        assert dialog.go.isEnabled()
        QTest.mouseClick(dialog.shut, LEFT)

    ask(rig, work)
    assert rig.bytes() == before


def test_inputs_are_added_and_taken_away_and_a_program_needs_none(rig: WindowRig) -> None:
    def work(dialog: ImportDialog) -> None:
        QTest.mouseClick(dialog.more, LEFT)
        QTest.mouseClick(dialog.more, LEFT)
        QTest.keyClicks(dialog.rows[1].sizes, "1 16")
        QTest.keyClicks(dialog.rows[1].dtype, "int")
        assert dialog.rows[1].text() == "1,16:int64"
        QTest.mouseClick(dialog.rows[0].drop, LEFT)
        assert len(dialog.rows) == 2
        assert dialog.rows[0].text() == "1,16:int64"
        QTest.mouseClick(dialog.source.segment("program"), LEFT)
        assert not dialog.rows[0].isVisible()
        assert not dialog.trust.isVisible()  # a program is read as data: nothing of it runs
        QTest.mouseClick(dialog.go, LEFT)
        assert "No file is chosen" in dialog.status.text()
        QTest.keyClicks(dialog.file, "/nowhere/net.pt2")
        QTest.mouseClick(dialog.go, LEFT)
        assert "There is no file" in dialog.status.text()
        QTest.mouseClick(dialog.shut, LEFT)

    ask(rig, work)


def test_unsaved_work_is_asked_about_before_it_is_left(rig: WindowRig, tmp_path: Path) -> None:
    rig.window.files.new_from_template("mlp")
    rig.document.edit(lambda: rig.graph.add("ReLU", id="more"))
    before = rig.bytes()

    def keep(box: QMessageBox) -> None:
        stay = next(button for button in box.buttons() if "Keep" in button.text())
        QTest.mouseClick(stay, LEFT)

    def work(dialog: ImportDialog) -> None:
        rig.answer_next_dialog(lambda _: keep(QMessageBox.findChild(dialog, QMessageBox) or _))
        fill(dialog, "mynet:Net", tmp_path, "2,6")
        assert not dialog.importing.running
        QTest.mouseClick(dialog.shut, LEFT)

    ask(rig, work)
    assert rig.bytes() == before
