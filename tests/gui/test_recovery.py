"""Unsaved work outlives a killed process: the newest whole state is offered, and overwrites no newer file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from designer.autosave import KEPT, Session, State, disk_hash, left_behind, newest, packed, text_hash, unpacked
from designer.document import Document
from designer.recovery import Recovery, recovery_folder
from graph_core import Project, dumps, save
from graph_core.templates import open_template
from tests.gui.window_rig import CTRL, LEFT, NO, Key, WindowRig
from tests.house.source import ROOT

DIE = """
import sys
from pathlib import Path
from designer.application import application
from designer.settings import Settings
app = application()
from designer.window import MainWindow
window = MainWindow(Settings(Path(sys.argv[1])), lambda files: files.open(Path(sys.argv[2])))
window.show()
document = window.document
def edit(name, size):
    node = document.graph.by_name(name)
    assert document.edit(lambda: document.graph.set(node.id, out_channels=size))
def told():
    print("KEPT", flush=True)
    if document.graph.by_name("conv1").params["out_channels"] == 24:
        edit("conv1", 48)
window.recovery.kept.connect(told)
edit("conv1", 24)
app.exec()
"""


def state(text: str, **more: object) -> State:
    return replace(State(0, "a.netw", None, "", 1, text), **more)


def drawn(out: int) -> Project:
    project = Project.new("tiny")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 8])
    graph.add("Linear", id="a", name="fc", out_features=out)
    graph.connect("x.y", "a.x")
    return project


def abandoned(folder: Path, *states: State) -> Path:
    """A session's folder as a process that is gone leaves it."""
    session = Session(folder)
    for one in states:
        session.keep(one)
    session._lock.unlock()
    return session.place


def test_only_whole_states_are_read():
    data = packed(state(dumps(drawn(4)), path=Path("/tmp/a.netw"), disk="d"), 7)
    read = unpacked(data)
    assert read is not None
    assert (read.number, read.name, read.path, read.disk, read.edits) == (7, "a.netw", Path("/tmp/a.netw"), "d", 1)
    assert read.text == dumps(drawn(4))
    for broken in (data[:-1], data[: len(data) // 2], b"", b"\0" * len(data), data.replace(b"fc", b"fd"), data + b" "):
        assert unpacked(broken) is None
    assert unpacked(packed(state('{"netw": "one"}'), 1)) is None, "whole, but no drawing"


def test_the_newest_whole_state_is_told_by_its_number_and_never_by_time(qapp, tmp_path: Path):
    place = abandoned(tmp_path, *(state(dumps(drawn(n))) for n in range(1, 6)))
    files = sorted(place.glob("*.state"))
    assert len(files) == KEPT
    for age, path in enumerate(files):  # the newest looks oldest
        os.utime(path, (1000 - age, 1000 - age))
    found = newest(place)
    assert found is not None
    assert found.text == dumps(drawn(5))
    files[-1].write_bytes(files[-1].read_bytes()[:-20])
    os.utime(files[-1], (9000, 9000))
    found = newest(place)
    assert found is not None
    assert found.text == dumps(drawn(4))


def test_a_session_that_is_alive_is_not_offered_and_what_is_saved_is_not_kept(qapp, tmp_path: Path):
    session = Session(tmp_path)
    assert list(tmp_path.iterdir()) == []
    session.keep(state(dumps(drawn(4))))
    assert left_behind(tmp_path) == []
    session.forget()
    assert list(tmp_path.iterdir()) == []
    saved = tmp_path / "a.netw"
    save(drawn(4), saved)
    place = abandoned(tmp_path / "kept", state(dumps(drawn(4)), path=saved))
    assert disk_hash(saved) == text_hash(dumps(drawn(4)))
    assert left_behind(tmp_path / "kept") == []
    assert not place.exists()


def test_what_is_left_is_held_by_one_window(qapp, tmp_path: Path):
    abandoned(tmp_path, state(dumps(drawn(4))))
    (held,) = left_behind(tmp_path)
    assert left_behind(tmp_path) == []
    held.release()
    (again,) = left_behind(tmp_path)
    again.discard()
    assert list(tmp_path.iterdir()) == []


def test_saving_and_undoing_leave_nothing_to_recover(qtbot, qapp, tmp_path: Path):
    document = Document()
    recovery = Recovery(document, lambda *_: None, lambda: True, tmp_path / "kept")
    document.new(drawn(4))
    fc = document.graph.by_name("fc").id

    assert document.edit(lambda: document.graph.set(fc, out_features=5))
    with qtbot.waitSignal(recovery.kept):
        recovery.keep()
    (place,) = (tmp_path / "kept").iterdir()
    assert newest(place).text == dumps(document.project)
    document.undo()
    recovery.end()
    assert list((tmp_path / "kept").iterdir()) == []


def test_edits_are_kept_without_being_asked(qtbot, qapp, tmp_path: Path):
    document = Document()
    recovery = Recovery(document, lambda *_: None, lambda: True, tmp_path)
    document.new(drawn(4))
    fc = document.graph.by_name("fc").id
    with qtbot.waitSignal(recovery.kept):
        document.edit(lambda: document.graph.set(fc, out_features=6))
    recovery.end()


def test_a_folder_that_cannot_be_written_is_told_once(qtbot, qapp, tmp_path: Path):
    (tmp_path / "file").write_text("")
    document, said = Document(), []
    recovery = Recovery(document, lambda *_: None, lambda: True, tmp_path / "file")
    recovery.failed.connect(said.append)
    document.new(drawn(4))
    fc = document.graph.by_name("fc").id
    for out in (6, 7):
        document.edit(lambda out=out: document.graph.set(fc, out_features=out))
        recovery.keep()
    recovery.end()
    qtbot.waitUntil(lambda: bool(said))
    QTest.qWait(20)
    assert len(said) == 1
    assert "cannot be kept" in said[0]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no such signal")
def test_work_outlives_a_killed_window(qtbot, house, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A real window in a process of its own, killed; then a new window offers what it had, and recovers it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    file = tmp_path / "lenet.netw"
    save(open_template("lenet"), file)
    before = file.read_bytes()
    command = [sys.executable, "-c", DIE, str(tmp_path / "other.ini"), str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "KEPT\n"
        assert process.stdout.readline() == "KEPT\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
    (place,) = recovery_folder().iterdir()
    assert recovery_folder().is_relative_to(tmp_path)
    rig = WindowRig(qtbot, tmp_path)
    banner = rig.window.center.banner
    qtbot.waitUntil(lambda: banner.isVisible())
    assert banner.text.text() == "A session ended before lenet.netw was saved; 2 edits can be recovered."
    recover = next(b for b in banner.findChildren(QPushButton) if b.text() == "Recover drawing")
    QTest.mouseClick(recover, LEFT, NO, recover.rect().center())
    assert rig.node("conv1").params["out_channels"] == 48
    assert rig.document.path == file
    assert rig.document.unsaved
    assert rig.document.is_changed(rig.graph.key, rig.node("conv1"))
    assert not rig.document.is_changed(rig.graph.key, rig.node("conv2"))
    assert file.read_bytes() == before
    assert not place.exists(), "the window that is open has it now"
    assert len(list(recovery_folder().iterdir())) == 1
    rig.key(Key.Key_S, CTRL)
    assert not rig.document.unsaved
    assert b'"out_channels": 48' in file.read_bytes() or b'"out_channels":48' in file.read_bytes()
    rig.window.close()
    assert list(recovery_folder().iterdir()) == []


def test_a_file_that_moved_on_is_not_overwritten(qtbot, house, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    file = tmp_path / "a.netw"
    save(drawn(4), file)
    opened = disk_hash(file)
    abandoned(recovery_folder(), state(dumps(drawn(5)), path=file, disk=opened))
    save(drawn(99), file)
    rig = WindowRig(qtbot, tmp_path)
    banner = rig.window.center.banner
    qtbot.waitUntil(lambda: banner.isVisible())
    recover = next(b for b in banner.findChildren(QPushButton) if b.text() == "Recover drawing")
    QTest.mouseClick(recover, LEFT, NO, QPoint(5, 5))
    assert rig.document.path is None
    assert rig.bytes() == dumps(drawn(5))
    assert "has changed on the disk since" in banner.text.text()


def test_edits_can_be_discarded_and_asked_for(qtbot, house, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    abandoned(recovery_folder(), state(dumps(drawn(5))))
    rig = WindowRig(qtbot, tmp_path)
    banner = rig.window.center.banner
    qtbot.waitUntil(lambda: banner.isVisible())
    banner.hide()
    rig.window.actions_["Recover unsaved work"].trigger()
    assert banner.isVisible()
    discard = next(b for b in banner.findChildren(QPushButton) if b.text() == "Discard edits")
    QTest.mouseClick(discard, LEFT, NO, QPoint(5, 5))
    assert list(recovery_folder().iterdir()) == []
    rig.window.actions_["Recover unsaved work"].trigger()
    assert banner.text.text() == "No session has ended with unsaved work."
