"""The tour, taken with mouse and keys, shown by its button, skipped at every step; it ends with a trained network."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest

from designer.settings import Settings
from designer.tour import STEPS, Tour, start_tour
from designer.tour_card import GAP, beside
from graph_core import analyze
from tests.gui.window_rig import ALT, LEFT, NO, Key, WindowRig


def begun(rig: WindowRig) -> Tour:
    rig.key(Key.Key_F1)
    tour = rig.window.findChild(Tour)
    assert tour is not None
    assert tour.step == 1
    assert tour.card.isVisible()
    return tour


def reached(rig: WindowRig, tour: Tour, step: int) -> None:
    """The tour goes on once what an edit selects is selected."""
    QTest.qWait(0)
    rig.qtbot.waitUntil(lambda: tour.step == step)


def press(tour: Tour) -> None:
    QTest.mouseClick(tour.card.go, LEFT, NO, tour.card.go.rect().center())


def no_plate_is_covered(rig: WindowRig, tour: Tour, name: str) -> bool:
    plate = rig.canvas.scene.plates[rig.node(name).id]
    box = rig.canvas.camera.rect_to_view(plate.x, plate.y, plate.w, plate.h).toRect()
    return not tour.card.geometry().intersects(box.translated(rig.canvas.mapTo(rig.window, QPoint())))


def epochs(rig: WindowRig, count: int) -> None:
    panel = rig.window.rehearsal.panel
    panel.set_settings({**panel.settings(), "epochs": count})


def test_by_hand_from_the_drawing_to_a_trained_network(rig: WindowRig):
    window, tour = rig.window, begun(rig)
    card = tour.card
    assert card.words.text().startswith("This is LeNet.")
    assert card.width() == 280
    assert no_plate_is_covered(rig, tour, "conv2")
    canvas = rig.canvas
    conv = canvas.scene.plates[rig.node("conv2").id]
    rig.mouse_move(rig.at(conv.x + conv.w / 2, conv.y - 12), Qt.MouseButton.NoButton)
    reached(rig, tour, 2)

    before = set(rig.graph.nodes)
    canvas.setFocus()
    rig.key(Key.Key_Tab)
    popup = window.verbs.popup
    assert popup.isVisible()
    QTest.keyClicks(popup.field, "drop")
    QTest.keyClick(popup.field, Key.Key_Return)
    (placed,) = set(rig.graph.nodes) - before
    assert rig.graph.nodes[placed].type == "Dropout"
    reached(rig, tour, 3)

    canvas.fit()
    name, fc = rig.graph.nodes[placed].name, canvas.scene.plates[rig.node("fc1").id]
    rig.drag(rig.middle(name), rig.at(fc.x + fc.w * 0.6, fc.y - 14))
    assert rig.graph.wires[f"{rig.node('fc1').id}.x"] == f"{placed}.y"
    reached(rig, tour, 4)
    assert rig.document.selection == (rig.node("pool2").id,)
    assert "kernel_size" in card.words.text()

    rig.type_into("kernel_size", "5")
    QTest.qWait(5)
    reached(rig, tour, 4)
    assert "5×5" in card.words.text()
    rig.window.activateWindow()  # without a window manager the search that was closed still has the keys
    rig.qtbot.waitUntil(rig.window.isActiveWindow)
    canvas.setFocus()
    rig.key(Key.Key_Return, ALT)
    reached(rig, tour, 5)
    assert not [p for p in analyze(rig.document.project).problems if p.severity == "error"]

    epochs(rig, 1)
    rig.key(Key.Key_F5)
    rig.qtbot.waitUntil(lambda: window.training.running, timeout=60_000)
    assert "learns" in card.words.text()
    rig.qtbot.waitUntil(lambda: not window.training.running, timeout=120_000)
    assert window.training.run is not None
    assert card.words.text().startswith("Draw a digit")
    pad = window.rehearsal.sketch.pad
    QTest.mousePress(pad, LEFT, NO, QPoint(140, 60))
    for y in range(70, 230, 20):
        rig.mouse_move_on(pad, QPoint(140, y))
    QTest.mouseRelease(pad, LEFT, NO, QPoint(140, 230))
    rig.qtbot.waitUntil(lambda: tour.step == STEPS + 1, timeout=60_000)
    assert card.words.text().startswith("Done")
    press(tour)
    assert not card.isVisible()
    assert window.tabs.tabText(window.tabs.currentIndex()) == "Code"
    rig.qtbot.waitUntil(lambda: "Dropout" in window.code.source())


def test_each_step_can_be_shown(rig: WindowRig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    window, tour = rig.window, begun(rig)
    press(tour)
    reached(rig, tour, 2)
    press(tour)
    reached(rig, tour, 3)
    press(tour)
    reached(rig, tour, 4)
    press(tour)
    assert rig.node("pool2").params["kernel_size"] == 5
    QTest.qWait(5)
    reached(rig, tour, 4)
    press(tour)
    reached(rig, tour, 5)
    asked: list[str] = []
    monkeypatch.setattr(window.rehearsal, "train_or_pause", lambda: asked.append("train"))
    monkeypatch.setattr(window.training, "ask_test_image", lambda: asked.append("image"))
    press(tour)
    window.training.run = tmp_path  # as after a run
    press(tour)
    assert asked == ["train", "image"]
    window.training.predicted.emit({"probabilities": [0.1] * 10})
    reached(rig, tour, STEPS + 1)


@pytest.mark.parametrize("steps", range(5))
def test_it_can_be_skipped_at_every_step_and_the_drawing_stays(rig: WindowRig, steps: int):
    tour = begun(rig)
    for _ in range(steps + (steps == 4)):
        press(tour)
        QTest.qWait(5)
    reached(rig, tour, steps + 1)
    before = rig.bytes()
    assert tour.card.skip.isVisible()
    QTest.mouseClick(tour.card.skip, LEFT, NO, tour.card.skip.rect().center())
    assert not tour.card.isVisible()
    assert not tour.ring.isVisible()
    assert rig.bytes() == before
    assert rig.window.settings.toured
    rig.click(rig.middle("conv1"))
    assert rig.document.selection == (rig.node("conv1").id,)


def test_taking_a_step_back_takes_the_tour_back(rig: WindowRig):
    tour = begun(rig)
    press(tour)
    press(tour)
    reached(rig, tour, 3)
    rig.document.undo()
    reached(rig, tour, 2)


def test_another_drawing_ends_it_and_unsaved_work_is_kept(rig: WindowRig):
    tour = begun(rig)
    rig.window.files.new_from_template("mlp")
    reached(rig, tour, 0)
    assert not tour.card.isVisible()
    node = rig.node("fc1")
    rig.document.edit(lambda: rig.graph.set(node.id, out_features=99))
    before = rig.bytes()
    rig.answer_next_dialog(lambda box: next(b for b in box.buttons() if b.text() == "Keep editing").click())
    rig.key(Key.Key_F1)
    reached(rig, tour, 0)
    assert rig.bytes() == before


def test_it_is_offered_once(tmp_path: Path):
    settings = Settings(tmp_path / "s.ini")
    assert not settings.toured
    settings.toured = True
    assert Settings(tmp_path / "s.ini").toured


def test_the_card_is_heard_and_its_keys_work(rig: WindowRig):
    tour = start_tour(rig.window)
    assert tour.card.accessibleName() == f"1 of 5: {tour.card.words.text()}"
    tour.card.go.setFocus()
    rig.key(Key.Key_Space, on=tour.card.go)
    reached(rig, tour, 2)
    rig.key(Key.Key_Escape, on=tour.card)
    reached(rig, tour, 0)


def test_the_card_stands_beside_its_target_or_else_in_it():
    room, size = QRect(0, 0, 1000, 700), QSize(280, 120)
    assert beside(QRect(100, 100, 200, 100), size, room) == QPoint(299 + GAP, 100)
    assert beside(QRect(300, 100, 150, 100), size, room) == QPoint(300 - GAP - 280, 100)
    assert beside(QRect(800, 100, 190, 100), size, room).x() == 800 - GAP - 280
    wide = beside(QRect(10, 600, 980, 90), size, room)
    assert wide.y() == 600 - GAP - 120
    assert room.contains(QRect(beside(room, size, room), size))
