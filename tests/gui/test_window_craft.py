"""What a window owes its desktop: text size, sharp pictures at every scale, layout kept, text between windows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from designer.settings import Settings
from designer.theme import themes
from graph_core import Project
from tests.gui.window_rig import ALT, CTRL, LEFT, Key, WindowRig
from tests.house.source import ROOT

SHOT = """
import sys
from pathlib import Path
from PySide6.QtTest import QTest
from designer.application import application
from designer.settings import Settings
from designer.theme import themes
app = application()
from designer.window import MainWindow
themes.set_still(True)
themes.choose("light")
window = MainWindow(Settings(Path(sys.argv[1])), lambda files: files.new_from_template("lenet"))
window.resize(1200, 800)
window.show()
QTest.qWait(300)
window.canvas.fit()
QTest.qWait(200)
window.grab().save(sys.argv[2])
canvas = window.canvas
canvas.set_camera(canvas.camera.zoomed(1.0, canvas.rect().center().toPointF()))  # plates at full detail, and the map
canvas.repaint()
across = canvas.base.pixmap.width() / canvas.width()
print(window.devicePixelRatioF(), window.width(), window.height(), across, canvas.minimap._picture.devicePixelRatio())
"""


def test_text_grows_and_shrinks_within_its_bounds_and_is_remembered(rig: WindowRig, tmp_path: Path):
    rig.window.files.new_from_template("lenet")
    height = rig.window.topbar.name.sizeHint().height()
    for _ in range(15):
        rig.key(Key.Key_Equal, CTRL | ALT)
    assert themes.scale == 2.0
    assert rig.window.topbar.name.sizeHint().height() > 1.5 * height
    assert Settings(tmp_path / "settings.ini").text_size == 2.0
    for _ in range(15):
        rig.key(Key.Key_Minus, CTRL | ALT)
    assert themes.scale == 0.8
    assert rig.window.topbar.name.sizeHint().height() < height
    rig.key(Key.Key_0, CTRL | ALT)
    assert themes.scale == 1.0
    assert Settings(tmp_path / "settings.ini").text_size == 1.0
    Settings(tmp_path / "settings.ini")._store.setValue("text_size", "large")
    assert Settings(tmp_path / "settings.ini").text_size == 1.0


def test_every_panel_can_still_be_used_at_200_percent(rig: WindowRig):
    rig.window.resize(1366, 768)
    rig.window.files.new_from_template("lenet")
    themes.set_scale(2.0)
    rig.click(rig.middle("conv1"))
    QTest.qWait(20)
    assert (rig.window.width(), rig.window.height()) == (1366, 768), "a small screen"
    assert rig.canvas.width() > 300
    rig.type_into("out_channels", "24")
    assert rig.node("conv1").params["out_channels"] == 24


def test_lenses_fold_into_a_list_where_the_row_has_no_room(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    bar = rig.window.center.lens_bar
    assert bar.segments.isVisible()
    assert not bar.list.isVisible()
    themes.set_scale(2.0)
    QTest.qWait(20)
    assert bar.list.isVisible()
    assert not bar.segments.isVisible()
    bar.list.setFocus()
    QTest.keyClick(bar.list, Key.Key_Down)
    assert rig.window.center.lens == "params"
    QTest.keyClick(bar.list, Key.Key_Up)
    assert rig.window.center.lens == ""
    assert not bar.list.model().item(bar.list.findData("latency")).isEnabled()


def test_a_sentence_over_the_canvas_takes_one_line(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    banner = rig.window.center.banner
    told = "A session ended before residual_network.netw was saved; 12 edits can be recovered."
    rig.window.center.say(told, "warn", (("Recover drawing", lambda: None), ("Discard edits", lambda: None)))
    line = banner.text.fontMetrics().height()
    assert line <= banner.text.height() < 2 * line
    assert banner.height() <= 44
    rig.window.center.say("No node is selected; select the one to edit. " * 8)
    QTest.qWait(1)
    assert banner.text.height() >= 2 * line  # what is longer than the canvas is wide is not cut off


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_buttons_of_a_sentence_over_the_canvas_are_never_cut(rig: WindowRig, scale: float):
    """On a small screen, too, with large text: beside the sentence, or below it, whole."""
    rig.window.files.new_from_template("lenet")
    themes.set_scale(scale)
    rig.window.resize(1366, 768)
    rig.turn()
    clicked: list[str] = []
    acts = [(words, lambda words=words: clicked.append(words)) for words in ("Recover drawing", "Discard edits")]
    told = "A session ended before placed10000.netw was saved; 2 edits can be recovered."
    banner = rig.window.center.banner
    rig.window.center.say(told, "warn", acts)
    rig.turn()
    whole = rig.window.center.rect()
    buttons = {made.text(): made for made in banner.findChildren(QPushButton) if made.text() and not made.isHidden()}
    for words, made in buttons.items():
        assert made.width() >= made.sizeHint().width(), words
        assert made.height() >= made.sizeHint().height(), words
        assert banner.rect().contains(made.geometry()), words
        assert whole.contains(made.rect().translated(made.mapTo(rig.window.center, QPoint()))), words
        rig.qtbot.mouseClick(made, LEFT)
    assert clicked == ["Recover drawing", "Discard edits"]
    assert banner.text.height() >= banner.text.heightForWidth(banner.text.width())
    beside = buttons["Discard edits"].y() < banner.text.geometry().bottom()
    assert beside is (scale == 1.0)


@pytest.mark.parametrize("factor", ["1", "1.5", "2", "3"])
def test_the_window_is_drawn_in_the_screens_own_pixels(tmp_path: Path, factor: str):
    """At every scale factor the same window, with as many pixels as it has, and edges that are sharp in them."""
    picture = tmp_path / "w.png"
    done = subprocess.run(
        [sys.executable, "-c", SHOT, str(tmp_path / "s.ini"), str(picture)],
        cwd=ROOT,
        env={**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ratio, width, height, still, small = (float(word) for word in done.stdout.split())
    assert ratio == float(factor)
    assert still == pytest.approx(ratio, abs=0.002), "the still picture has a pixel for each of the screen's"
    assert small == ratio, "and so has the minimap"
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (round(width * ratio), round(height * ratio))
    middle = image.copy(image.width() // 4, image.height() // 8, image.width() // 2, image.height() // 2)
    assert not doubled(middle), "painted small and blown up"
    half = middle.scaled(middle.width() // 2, middle.height() // 2)
    assert doubled(half.scaled(2 * half.width(), 2 * half.height()))


def doubled(image: QImage) -> bool:
    """Whether nearly all pixels come in pairs, as those of a picture that was painted at half the scale do."""
    image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())[:, : image.width()]
    changes = (np.diff(rows.astype(int), axis=1) != 0).sum(0)
    even, odd = int(changes[::2].sum()), int(changes[1::2].sum())
    return min(even, odd) < 0.05 * max(even, odd)


def test_docks_come_back_as_they_were(qtbot, house, tmp_path: Path):
    first = WindowRig(qtbot, tmp_path)
    first.window.files.new_from_template("lenet")
    before = first.window.left_dock.width()
    first.window.resizeDocks([first.window.left_dock], [333], Qt.Orientation.Horizontal)
    QTest.qWait(20)
    wide = first.window.left_dock.width()
    assert wide > before + 20
    first.window.close()
    second = WindowRig(qtbot, tmp_path)
    second.window.files.new_from_template("lenet")
    QTest.qWait(20)
    assert second.window.left_dock.width() == wide


def test_what_is_copied_is_text_that_another_window_pastes(qtbot, house, tmp_path: Path):
    one, other = WindowRig(qtbot, tmp_path), WindowRig(qtbot, tmp_path)
    one.window.files.new_from_template("lenet")
    other.document.new(Project.new("empty"))
    other.window.center.leave_gallery()
    one.document.select([one.node(name).id for name in ("conv1", "relu1")])
    one.key(Key.Key_C, CTRL)
    assert '"conv1"' in QGuiApplication.clipboard().text()
    before = other.bytes()
    other.window.activateWindow()
    qtbot.waitUntil(other.window.isActiveWindow)
    other.key(Key.Key_V, CTRL)
    names = sorted(node.name for node in other.graph.nodes.values())
    assert names == ["conv1", "relu1"]
    assert other.graph.wires == {f"{other.node('relu1').id}.x": f"{other.node('conv1').id}.y"}
    assert one.document.project is not other.document.project
    other.document.undo()
    assert other.bytes() == before
    other.window.setFocus()
    QGuiApplication.clipboard().setText("words of another program")
    other.key(Key.Key_V, CTRL)
    assert other.bytes() == before
