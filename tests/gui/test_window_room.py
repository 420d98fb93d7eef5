"""The window in little room, at a large text size, and before anything is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenuBar

from designer.theme import themes
from tests.gui.window_rig import Key, WindowRig


@pytest.fixture
def rig(qtbot, tmp_path: Path):
    yield WindowRig(qtbot, tmp_path)
    themes.set_scale(1.0)


def test_every_panel_fits_into_a_small_window(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    for place in range(rig.window.tabs.count()):
        rig.window.tabs.setCurrentIndex(place)
    rig.window.rehearsal.show_sketch_pad()
    QTest.qWait(50)
    rig.window.resize(1024, 700)
    QTest.qWait(50)
    assert (rig.window.width(), rig.window.height()) == (1024, 700)
    for column in (rig.window.left, rig.window.readout):
        assert column.width() >= column.minimumSizeHint().width()
    assert rig.canvas.width() > 350


def test_the_whole_drawing_stays_in_sight_until_one_looks_elsewhere(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    rig.canvas.fit()
    rig.window.resize(1000, 660)
    QTest.qWait(50)
    x0, y0, x1, y1 = rig.canvas.camera.box(rig.canvas.rect())
    for plate in rig.canvas.scene.plates.values():
        assert x0 <= plate.x
        assert plate.x + plate.w <= x1
        assert y0 <= plate.y
        assert plate.y + plate.h <= y1
    assert not rig.canvas.minimap.is_there(), "it would cover half of the drawing"
    rig.canvas.zoom_to(1.0, QPointF(100, 100))
    before = rig.canvas.camera
    rig.window.resize(1500, 950)
    QTest.qWait(50)
    assert rig.canvas.camera == before
    assert rig.canvas.minimap.is_there()


def test_larger_text_makes_higher_bars_and_keeps_the_menu(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    bars = (rig.window.topbar, rig.window.center.bar, rig.window.statusBar())
    before = [bar.height() for bar in bars]
    themes.set_scale(1.5)
    wanted = [round(high * 1.5) for high in before]
    rig.qtbot.waitUntil(lambda: [bar.height() for bar in bars] == wanted)
    menu = rig.window.topbar.findChildren(QMenuBar)[0]
    rig.qtbot.waitUntil(lambda: menu.width() >= menu.sizeHint().width())


def test_templates_have_the_room_until_something_is_drawn(rig: WindowRig):
    window = rig.window
    assert window.center.in_gallery
    assert window.right_dock.isHidden()
    assert window.bottom_dock.isHidden()
    window.center.leave_gallery()
    assert not window.right_dock.isHidden()
    assert not window.bottom_dock.isHidden()


def test_a_drawing_without_a_file_has_its_own_name(rig: WindowRig, tmp_path: Path):
    rig.window.files.new_from_template("lenet")
    assert rig.window.topbar.name.text() == "lenet"
    rig.document.save(tmp_path / "mine.netw")
    assert rig.window.topbar.name.text() == "mine.netw"


def test_the_counts_of_problems_stand_beside_the_tabs(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    assert rig.window.counts.text() == ""
    rig.graph.set(rig.node("pool2").id, kernel_size=5)
    assert rig.window.counts.text() == "1 error"
    QTest.qWait(50)
    beside = rig.window.tabs.cornerWidget().geometry()
    assert beside.bottom() + 1 == themes.current.size("tabs")


def test_code_is_at_the_selected_node_when_it_is_first_looked_at(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    rig.document.select((rig.node("fc3").id,))
    rig.window.show_tab("Code")
    view = rig.window.code.view
    rig.qtbot.waitUntil(lambda: view.blockCount() > 10)
    spans = rig.window.code._spans[rig.graph.key, rig.node("fc3").id]
    first = view.firstVisibleBlock().blockNumber() + 1
    rows = view.viewport().height() // view.fontMetrics().lineSpacing() + 1
    assert first <= spans[0][0] <= first + rows
    QTest.keyClick(view, Key.Key_Escape)


def covered(rig: WindowRig) -> list[tuple[str, str]]:
    """Pairs of plates that cover one another."""
    plates = list(rig.canvas.scene.plates.values())
    return [
        (a.name, b.name)
        for k, a in enumerate(plates)
        for b in plates[:k]
        if a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h
    ]


@pytest.mark.parametrize(("before", "after"), [("fc1", "relu3"), ("conv1", "relu1"), ("pool2", "flatten")])
def test_what_is_dropped_on_a_wire_finds_room_in_its_line(rig: WindowRig, before: str, after: str):
    rig.window.files.new_from_template("lenet")
    start = rig.bytes()
    a = rig.canvas.scene.plates[rig.node(before).id]
    rig.drop_from_palette("Dropout", rig.at(a.x + a.w / 2, a.y + a.h + 16))
    node = next(n for n in rig.graph.nodes.values() if n.type == "Dropout")
    assert rig.graph.wires[f"{rig.node(after).id}.x"] == f"{node.id}.y"
    assert covered(rig) == []
    plate = rig.canvas.scene.plates[node.id]
    assert plate.x + plate.w / 2 == a.x + a.w / 2
    assert plate.y - a.y - a.h >= 30, "a shape label has room"
    rig.document.undo()
    assert rig.bytes() == start


def test_a_layer_from_the_palette_goes_behind_the_selected_node(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    for name in ("relu1", "y", "fc3"):  # in a chain; at its end, where nothing leaves; before the end
        rig.document.select((rig.node(name).id,))
        rig.window.place_in_middle("Dropout")
    assert rig.graph.wires[f"{rig.node('pool1').id}.x"].startswith(rig.node("dropout1").id)
    assert rig.graph.wires[f"{rig.node('dropout1').id}.x"].startswith(rig.node("relu1").id)
    assert f"{rig.node('dropout2').id}.x" not in rig.graph.wires
    assert rig.graph.wires[f"{rig.node('y').id}.x"].startswith(rig.node("dropout3").id)
