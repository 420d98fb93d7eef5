"""The readout tells what changed since the save and since the last edit, as the model has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest

from graph_core import analyze
from tests.gui.window_rig import CTRL, Key, WindowRig


@pytest.fixture
def rig(rig: WindowRig, tmp_path: Path) -> WindowRig:
    rig.window.files.new_from_template("lenet")
    rig.window.files.save_to(tmp_path / "lenet.netw")
    return rig


def params(rig: WindowRig) -> int:
    return analyze(rig.document.project).params.trainable


def told(rig: WindowRig) -> tuple[str, str]:
    readout = rig.window.readout
    return readout.params.exact, readout.params._change


def words(by: int) -> str:
    return "" if by == 0 else f"{'▲' if by > 0 else '▼'} {abs(by):,}"


def since(rig: WindowRig, place: int) -> None:
    """Choose by the keyboard what a change is told against."""
    box = rig.window.readout.since
    box.setFocus()
    QTest.keyClick(box, Key.Key_Home)
    for _ in range(place):
        QTest.keyClick(box, Key.Key_Down)
    assert box.currentIndex() == place


def test_changes_since_the_save_and_since_the_last_edit(rig: WindowRig, tmp_path: Path) -> None:
    saved = params(rig)
    assert told(rig) == (f"{saved:,}", "")
    rig.click(rig.middle("conv1"))
    rig.type_into("out_channels", "12")
    first = params(rig)
    rig.click(rig.middle("fc1"))
    rig.type_into("out_features", "100")
    second = params(rig)
    assert told(rig) == (f"{second:,}", words(second - saved))
    since(rig, 1)
    before = rig.document.last_figures.params
    assert told(rig)[1] == words(second - before)
    assert before != saved
    since(rig, 0)
    rig.window.actions_["Undo"].trigger()
    assert told(rig) == (f"{params(rig):,}", words(params(rig) - saved))
    assert first != second
    rig.window.files.save()
    assert told(rig)[1] == ""
    rig.window.actions_["Undo"].trigger()
    assert told(rig)[1] == words(params(rig) - rig.document.saved_figures.params)


def test_flops_and_bytes_tell_their_change_too(rig: WindowRig) -> None:
    was = analyze(rig.document.project)
    rig.document.edit(lambda: rig.graph.set(rig.node("fc2").id, out_features=200))
    now = analyze(rig.document.project)
    value, difference = rig.window.readout.rows["FLOPs"]
    assert difference.text() == words(now.flops - was.flops)
    value, difference = rig.window.readout.rows["Weights, float32"]
    assert difference.text().startswith("▲")
    assert value.text().endswith("kB")


def test_a_figure_is_copied_exactly(rig: WindowRig) -> None:
    from PySide6.QtGui import QGuiApplication

    label = rig.window.readout.params
    label.setFocus()
    QTest.keyClick(label, Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == str(params(rig))
