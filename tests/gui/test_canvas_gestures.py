"""The mouse on the canvas: what is asked for, and what is shown meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas.intents import MIME_LAYER
from designer.canvas.scene import Port, Scene
from tests.gui.canvas_rig import Rig
from tests.gui.canvas_scenes import X, Y, moved, plate, scene_of, stage, wire
from tests.gui.window_rig import ALT, CTRL, SHIFT, Key


def small():
    """a -> b -> c in a column at x 104, loose d beside them; e has an input of its own."""
    plates = [
        plate("a", "conv", "a", "Conv2d", x=104, y=104),
        plate("b", "norm", "b", x=104, y=200),
        plate("c", "act", "c", x=104, y=280),
        plate("d", "act", "d", x=400, y=104, inputs=(Port("x"),), outputs=(Port("y"),)),
        plate("e", "linear", "e", "Linear 10", x=400, y=280, inputs=(Port("x"), Port("z")), outputs=(Port("y"),)),
    ]
    return scene_of(plates, [wire("a.y", "b.x", 64, 8, 8), wire("b.y", "c.x", 64, 8, 8)])


@pytest.fixture
def rig(qtbot) -> Rig:
    return Rig(qtbot, small())


def test_the_ring_of_a_selected_plate_does_not_cross_its_badge(qtbot):
    made = small()
    plates = {id: replace(plate, problem="error") if id == "a" else plate for id, plate in made.plates.items()}
    rig = Rig(qtbot, Scene(plates, made.wires))
    shown = rig.canvas.scene.plates["a"]
    ratio = rig.canvas.devicePixelRatioF()

    def badge() -> list[str]:
        image = rig.canvas.grab().toImage()
        around = [(dx, dy) for dx in range(-4, 5) for dy in range(-4, 5) if dx * dx + dy * dy <= 16]
        at = [(round((shown.x + shown.w + dx) * ratio), round((shown.y + dy) * ratio)) for dx, dy in around]
        return [image.pixelColor(x, y).name() for x, y in at]

    before = badge()
    rig.canvas.select(("a",))
    assert badge() == before


def test_click_selects_and_shift_adds_and_takes_out(rig: Rig):
    rig.click(150, 120)
    assert list(rig.canvas.selection) == ["a"]
    rig.click(150, 210, SHIFT)
    assert list(rig.canvas.selection) == ["a", "b"]
    rig.click(150, 120, SHIFT)
    assert list(rig.canvas.selection) == ["b"]
    rig.click(700, 500)
    assert rig.told("selection_changed")[-1] == ((),)


def test_click_on_one_of_several_keeps_only_it(rig: Rig):
    rig.canvas.select(["a", "b"])
    rig.click(150, 120)
    assert list(rig.canvas.selection) == ["a"]


def test_marquee_takes_what_it_touches(rig: Rig):
    rig.drag((90, 90), (200, 220))
    assert set(rig.canvas.selection) == {"a", "b"}
    rig.drag((390, 90), (560, 140), SHIFT)
    assert set(rig.canvas.selection) == {"a", "b", "d"}


def test_drag_moves_on_the_grid_and_the_model_answers(rig: Rig):
    canvas = rig.canvas
    canvas.moved.connect(lambda ids, dx, dy: canvas.show_scene(moved(canvas.scene, set(ids), dx, dy)))
    rig.drag((430, 120), (491, 163))
    assert rig.told("moved") == [(("d",), 64.0, 40.0)]
    assert (canvas.scene.plates["d"].x, canvas.scene.plates["d"].y) == (464, 144)
    assert canvas.live is None
    assert canvas.base.hidden is None


def test_a_drag_nobody_answers_leaves_everything_where_it_was(rig: Rig):
    before = rig.canvas.grab().toImage()
    rig.drag((430, 120), (600, 400))
    rig.canvas.select(())
    rig.move(900, 20, buttons=Qt.MouseButton.NoButton)
    assert rig.canvas.grab().toImage() == before


def test_a_dragged_plate_falls_in_line_with_its_neighbour(rig: Rig):
    rig.press(150, 210)
    rig.move(190, 210)
    rig.move(154, 230)
    assert rig.canvas.live is not None
    assert rig.canvas.live.dx == 0  # 4 units aside: in line
    rig.release(154, 230)
    assert rig.told("moved") == [(("b",), 0.0, 24.0)]


def test_the_wires_of_a_mover_follow(rig: Rig):
    rig.press(150, 210)
    rig.move(350, 260)
    live = rig.canvas.live
    assert live is not None
    assert sorted(w.id for w in live.snap.wires) == ["b.x", "c.x"]
    i = live.snap.wire_index["b.x"]
    assert live.snap.ends[i].tolist()[:2] == [180, 152]
    assert live.snap.ends[i].tolist()[2:] == [180 + live.dx, 200 + live.dy]
    rig.release(350, 260)


def test_alt_drag_copies(rig: Rig):
    rig.drag((430, 120), (494, 160), ALT)
    assert rig.told("copied_by_drag") == [(("d",), 64.0, 40.0)]
    assert rig.told("moved") == []


def test_escape_takes_a_drag_back(rig: Rig):
    rig.press(430, 120)
    rig.move(600, 300)
    assert rig.canvas.live is not None
    rig.key(Key.Key_Escape)
    assert rig.canvas.live is None
    rig.release(600, 300)
    assert rig.told("moved") == []
    assert list(rig.canvas.selection) == ["d"]


def test_a_scene_that_changes_under_a_drag(rig: Rig):
    rig.press(430, 120)
    rig.move(600, 300)
    rig.canvas.show_scene(moved(small(), {"a"}, 8, 0))
    assert rig.canvas.live is not None
    assert rig.canvas.live.dx == 168
    gone = small()
    plates = {i: p for i, p in gone.plates.items() if i != "d"}
    rig.canvas.show_scene(scene_of(list(plates.values()), list(gone.wires.values())))
    assert rig.canvas.gesture is None
    rig.release(600, 300)
    assert rig.told("moved") == []


def test_wire_from_output_to_input_and_back(rig: Rig):
    rig.drag((476, 136), (451, 280))
    assert rig.told("connected") == [(("d", "y"), ("e", "x"))]
    rig.drag((501, 280), (476, 136))
    assert rig.told("connected")[-1] == (("d", "y"), ("e", "z"))


def test_a_refused_target_says_why_and_takes_nothing(rig: Rig):
    rig.rules.refused = {"e"}
    rig.press(476, 136)
    rig.move(470, 200)
    rig.move(452, 279)
    assert rig.canvas.tip is not None
    assert rig.canvas.tip.sentence == "Needs 3 axes"
    rig.canvas.repaint()
    rig.release(452, 279)
    assert rig.told("connected") == []
    assert rig.told("search_requested") == []
    assert rig.canvas.tip is None


def test_the_tip_tells_the_cost_before_letting_go(rig: Rig):
    rig.press(476, 136)
    rig.move(452, 279)
    assert rig.canvas.tip is not None
    assert rig.canvas.tip.cost == "▲ 2.007 M params"
    rig.release(452, 279)


def test_every_port_in_sight_is_judged_while_a_wire_is_drawn(rig: Rig, qtbot):
    rig.press(476, 136)
    rig.move(600, 220)
    qtbot.waitUntil(lambda: ("wire", ("d", "y"), ("b", "x")) in rig.rules.asked)
    rig.release(600, 220)


def test_a_wire_into_the_void_searches_with_its_end(rig: Rig):
    rig.drag((476, 136), (640, 240))
    (x, y, _, end, is_input), = rig.told("search_requested")  # fmt: skip
    assert (x, y, end, is_input) == (640, 240, ("d", "y"), False)
    rig.drag((451, 280), (640, 400))
    assert rig.told("search_requested")[-1][3:] == (("e", "x"), True)


def test_a_wire_pulled_off_its_input_is_rerouted_or_cut(rig: Rig):
    rig.drag((180, 280), (451, 280))
    assert rig.told("rerouted") == [("c.x", ("b", "y"), ("e", "x"))]
    rig.drag((180, 280), (700, 500))
    assert rig.told("disconnected") == [(("c", "x"),)]
    rig.drag((180, 280), (182, 284))
    assert rig.told("rerouted") == [("c.x", ("b", "y"), ("e", "x"))]


def test_a_loose_plate_dropped_on_a_wire_is_inserted(rig: Rig):
    rig.press(430, 112)
    rig.move(300, 200)
    rig.move(134, 252)
    assert rig.canvas.tip is not None
    assert rig.canvas.tip.sentence == "d into c.x"
    rig.release(134, 252)
    (ids, on, dx, dy), = rig.told("dropped_on_wire")  # fmt: skip
    assert (ids, on) == (("d",), "c.x")
    assert (dx % 8, dy % 8) == (0, 0)
    assert rig.told("moved") == []


def test_a_plate_that_does_not_fit_a_wire_is_only_moved(rig: Rig):
    rig.rules.refused = {"c.x"}
    rig.drag((430, 112), (134, 252))
    assert rig.told("dropped_on_wire") == []
    assert len(rig.told("moved")) == 1


def test_wires_are_chosen_by_click_and_cut_with_x(rig: Rig):
    rig.click(180, 175)
    assert rig.told("wire_selected") == [(("b.x",),)]
    QTest.keyPress(rig.canvas, Key.Key_X)
    rig.drag((120, 170), (260, 176))
    QTest.keyRelease(rig.canvas, Key.Key_X)
    assert rig.told("cut") == [(("b.x",),)]


def test_double_click_searches_edits_and_opens(qtbot):
    rig = Rig(qtbot, stage())
    rig.canvas.show_minimap(False)
    QTest.mouseDClick(rig.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 600))
    assert rig.told("search_requested")[0][:2] == (100, 600)
    QTest.mouseDClick(rig.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(920, 120))
    assert rig.told("opened") == [("layer3",)]
    plate = rig.canvas.scene.plates["conv1"]
    name, settings = rig.at(plate.x + 50, plate.y + plate.h * 0.3), rig.at(plate.x + 50, plate.y + plate.h * 0.7)
    QTest.mouseDClick(rig.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, name)
    assert rig.told("edit_requested") == [("conv1",)]
    QTest.mouseDClick(rig.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, settings)
    assert rig.told("inline_requested") == [("conv1",)]


def test_the_header_of_an_opened_block_pages_and_closes(qtbot):
    rig = Rig(qtbot, stage())
    rig.click(212 + 240 - 30 - 7, 39)
    assert rig.told("paged") == [("layer1", 1)]
    rig.click(212 + 240 - 17, 39)
    assert rig.told("closed") == [("layer1",)]
    rig.click(300, 39)
    assert list(rig.canvas.selection) == ["layer1"]


def test_an_opened_block_takes_its_inside_along(qtbot):
    rig = Rig(qtbot, stage())
    rig.press(330, 39)
    rig.move(330, 79)
    live = rig.canvas.live
    assert live is not None
    carried = {row.plate.id for row, own in zip(live.snap.rows, live.own, strict=True) if own}
    assert {"layer1", "layer1.conv1", "layer1.add"} <= carried
    assert "conv1" not in carried
    rig.release(330, 79)
    assert rig.told("moved") == [(("layer1",), 0.0, 40.0)]


def test_a_frame_takes_along_what_lies_in_it(qtbot):
    frame = plate("f", "act", "Stem", kind="frame", x=40, y=40, w=300, h=200, inputs=(), outputs=())
    inside = plate("a", "conv", "a", x=80, y=100)
    outside = plate("b", "conv", "b", x=500, y=100)
    rig = Rig(qtbot, scene_of([frame, inside, outside], []))
    rig.drag((60, 50), (60, 90))
    assert rig.told("moved") == [(("f", "a"), 0.0, 40.0)]


def test_middle_button_space_and_wheel_pan(rig: Rig):
    canvas = rig.canvas
    rig.press(700, 400, button=Qt.MouseButton.MiddleButton)
    rig.move(750, 430, buttons=Qt.MouseButton.MiddleButton)
    rig.release(700, 400, button=Qt.MouseButton.MiddleButton)
    assert (canvas.camera.ox, canvas.camera.oy) == (50, 30)
    QTest.keyPress(canvas, Key.Key_Space)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(500, 400))
    QTest.mouseMove(canvas, QPoint(490, 380))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(490, 380))
    QTest.keyRelease(canvas, Key.Key_Space)
    assert (canvas.camera.ox, canvas.camera.oy) == (40, 10)
    assert rig.told("peeked") == []
    wheel(rig, QPoint(0, -120))
    assert canvas.camera.oy == 10 - 72


def wheel(rig: Rig, angle: QPoint, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    at = QPointF(300, 200)
    event = QWheelEvent(
        at, QPointF(rig.canvas.mapToGlobal(at.toPoint())), QPoint(), angle,
        Qt.MouseButton.NoButton, held, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(rig.canvas, event)


def test_ctrl_wheel_zooms_about_the_cursor(rig: Rig):
    before = rig.canvas.camera.to_canvas(QPointF(300, 200))
    wheel(rig, QPoint(0, 120), CTRL)
    after = rig.canvas.camera.to_canvas(QPointF(300, 200))
    assert rig.canvas.camera.zoom == pytest.approx(2 ** (1 / 3))
    assert (after - before).manhattanLength() < 1


def test_a_tap_on_space_peeks(rig: Rig):
    rig.click(150, 120)
    rig.key(Key.Key_Space)
    assert rig.told("peeked") == [("a",)]


def tap(rig: Rig, at: QPointF) -> None:
    QTest.mouseClick(rig.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at.toPoint())


def test_the_zoom_bar_and_the_minimap_act(rig: Rig):
    canvas = rig.canvas
    parts = canvas.bar.parts()
    tap(rig, parts["in"].center())
    assert canvas.camera.zoom == 1.25
    QTest.mouseClick(
        canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, parts["reset"].center().toPoint()
    )
    assert canvas.camera.zoom == 1.0
    tap(rig, parts["fit"].center())
    box = canvas.minimap.rect()
    canvas.repaint()
    tap(rig, box.center())
    middle = canvas.camera.to_canvas(QPointF(canvas.width() / 2, canvas.height() / 2))
    x0, y0, x1, y1 = canvas.snap.bounds() or (0, 0, 0, 0)
    assert middle.x() == pytest.approx((x0 + x1) / 2, abs=10)
    assert middle.y() == pytest.approx((y0 + y1) / 2, abs=10)


def test_hover_names_what_lies_under_the_cursor(rig: Rig):
    heard: list[tuple[str, str]] = []
    rig.canvas.hovered.connect(lambda *args: heard.append(args))
    none = Qt.MouseButton.NoButton
    rig.move(150, 120, buttons=none)
    rig.move(181, 176, buttons=none)
    rig.move(700, 500, buttons=none)
    assert heard == [("a", ""), ("", "b.x"), ("", "")]


def drop_events(rig: Rig, key: str, x: float, y: float) -> QDropEvent:
    mime = QMimeData()
    mime.setData(MIME_LAYER, key.encode())
    action, button, held = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    at = rig.at(x, y)
    QApplication.sendEvent(rig.canvas, QDragEnterEvent(QPoint(5, 5), action, mime, button, held))
    QApplication.sendEvent(rig.canvas, QDragMoveEvent(at, action, mime, button, held))
    rig.canvas.repaint()
    event = QDropEvent(QPointF(at), action, mime, button, held)
    QApplication.sendEvent(rig.canvas, event)
    return event


def test_a_layer_from_the_palette_is_placed(rig: Rig):
    drop_events(rig, "Conv2d", 700, 424)
    assert rig.told("placed") == [("Conv2d", 624.0, 400.0, "", ())]
    assert not rig.canvas.drops.active


def test_a_layer_dropped_on_a_wire_asks_the_judge(rig: Rig):
    drop_events(rig, "ReLU", 184, 176)
    key, _, _, on, _ = rig.told("placed")[0]
    assert (key, on) == ("ReLU", "b.x")
    rig.rules.refused = {"b.x"}
    event = drop_events(rig, "LSTM", 184, 176)
    assert not event.isAccepted()
    assert len(rig.told("placed")) == 1


def test_a_layer_dropped_below_an_output_is_joined_to_it(rig: Rig):
    drop_events(rig, "ReLU", 476, 190)
    assert rig.told("placed")[0][3:] == ("", ("d", "y"))


def test_other_drags_are_left_to_others(rig: Rig):
    mime = QMimeData()
    mime.setText("hello")
    event = QDragEnterEvent(
        QPoint(50, 50), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(rig.canvas, event)
    assert not event.isAccepted()
    assert not rig.canvas.drops.active


def test_fixture_wires_are_where_the_tests_point():
    assert X[0].name == "x"
    assert Y[0].name == "y"
