"""The code of a custom node in the inspector: shown, trusted by a click, edited only when asked, and never run."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest

from designer.canvas.camera import Camera
from designer.jobs import Job
from designer.panels.custom_code import CodeEditor
from graph_core import save
from graph_core.trust import is_trusted
from tests.graph_core.test_custom import GATE, gated
from tests.gui.window_rig import CTRL, LEFT, NO, Key, WindowRig


@pytest.fixture
def rig(qtbot, house, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WindowRig:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_: str(tmp_path / "data"))
    mark = tmp_path / "ran"
    code = GATE.replace("class Gate", f"@(lambda made: __import__('os').mkdir({str(mark)!r}) or made)\nclass Gate")
    save(gated(code=code).project, tmp_path / "gate.netw")
    rig = WindowRig(qtbot, tmp_path)
    rig.window.files.open(tmp_path / "gate.netw")
    rig.canvas.set_camera(Camera(1.0, rig.canvas.devicePixelRatioF(), -100, -20))
    rig.canvas.repaint()
    rig.click(rig.middle("gate"))
    QTest.qWait(50)
    yield rig
    assert not mark.exists()  # whatever a test did, the window never ran it


def editor(rig: WindowRig) -> CodeEditor:
    found = rig.window.inspector.form.editors["code"]
    assert isinstance(found, CodeEditor)
    return found


def codes(rig: WindowRig) -> list[str]:
    return [row.problem.code for row in rig.window.problems.rows]


def test_trust_is_one_click_and_no_edit(rig: WindowRig) -> None:
    code, before = rig.node("gate").params["code"], rig.bytes()
    assert codes(rig) == ["untrusted"]
    assert editor(rig).text.toPlainText() == code
    QTest.mouseClick(editor(rig).trust, LEFT, NO)
    assert is_trusted(code)
    assert codes(rig) == []
    assert editor(rig).trust.text() == "Withdraw trust"
    assert rig.bytes() == before
    assert not rig.document.history.can_undo
    QTest.mouseClick(editor(rig).trust, LEFT, NO)
    assert not is_trusted(code)
    assert codes(rig) == ["untrusted"]


def test_code_is_read_only_until_it_is_to_be_edited(rig: WindowRig) -> None:
    text, before = editor(rig).text, rig.bytes()
    text.setFocus()
    QTest.keyClicks(text, "x")
    assert rig.bytes() == before
    QTest.mouseClick(editor(rig).edit, LEFT, NO)
    QTest.mouseClick(editor(rig).trust, LEFT, NO)
    assert codes(rig) == []
    text.setFocus()
    text.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClicks(text, "# m")
    assert rig.node("gate").params["code"].endswith("\n# m")
    assert codes(rig) == ["untrusted"]  # it is another text
    assert len(rig.document.history.titles) == 1
    text.moveCursor(QTextCursor.MoveOperation.Start)
    QTest.keyClicks(text, ")")
    assert "Line 1 is no Python" in editor(rig).error.text()
    assert rig.node("gate").params["code"].endswith("\n# m")
    assert not rig.node("gate").params["code"].startswith(")")
    QTest.mouseClick(editor(rig).edit, LEFT, NO)
    assert editor(rig).error.text() == ""
    assert editor(rig).text.toPlainText() == rig.node("gate").params["code"]
    rig.key(Key.Key_Z, CTRL)
    assert rig.bytes() == before


def test_what_is_stated_is_typed_beside_it(rig: WindowRig) -> None:
    rig.type_into("macs", "N * C")
    assert rig.node("gate").params["macs"] == "N * C"
    rig.type_into("arguments", "4")
    assert rig.node("gate").params["arguments"] == [4]
    rig.type_into("outputs", "N, C, H // 2, W // 2")
    assert rig.document.context().results["k"].specs[0].shape[1:] == (3, 4, 4)


def test_what_a_worker_saw_is_a_problem_on_the_node(rig: WindowRig) -> None:
    code = rig.node("gate").params["code"]
    QTest.mouseClick(editor(rig).trust, LEFT, NO)
    assert codes(rig) == []
    place = {"graph": rig.graph.key, "node": rig.node("gate").id, "code": code}
    job = Job(rig.window.training.trainer)
    job.observed.connect(rig.window.training.trainer.observed)
    job._on_event({"event": "error", "kind": "refused", "message": "gate states 3, and returned 4.", "place": place})
    assert codes(rig) == ["returned"]
    assert rig.window.problems.rows[0].problem.message == "gate states 3, and returned 4"
    assert "gate states 3" in rig.window.inspector.problem.text.text()
    rig.graph.set(rig.node("gate").id, outputs="N, C, H // 2, W")
    assert codes(rig) == []
