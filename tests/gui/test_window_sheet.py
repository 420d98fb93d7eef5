"""Verbs of the sheet with real keys and mouse: each is one step, and undo and redo give back the saved bytes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtTest import QTest

from codegen import emit_source
from graph_core import edits
from graph_core.marks import Bookmark, Frame, Note
from tests.gui.window_rig import ALT, CTRL, SHIFT, Key, WindowRig, chosen, one_step


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("mlp")
    rig.window.activateWindow()
    return rig


def frame_of(rig: WindowRig) -> Frame:
    found = rig.graph.marks["frame:1"]
    assert isinstance(found, Frame)
    return found


def framed(rig: WindowRig, *names: str) -> None:
    chosen(rig, *names)
    rig.key(Key.Key_J, CTRL)
    rig.canvas.setFocus()


def test_ctrl_j_frames_the_selection_and_asks_for_its_title(rig: WindowRig) -> None:
    with one_step(rig, 2):
        chosen(rig, "fc1", "relu1")
        rig.key(Key.Key_J, CTRL)
        assert rig.document.marked == ("frame:1",)
        field = rig.window.focusWidget()
        assert field is rig.window.inspector.mark_form.text
        QTest.keyClicks(field, "Stem")
        rig.canvas.setFocus()
    frame = frame_of(rig)
    assert frame.text == "Stem"
    for name in ("fc1", "relu1"):
        x, y = rig.graph.view[rig.node(name).id]
        assert frame.at[0] < x
        assert frame.at[1] < y
    assert rig.canvas.scene.plates["frame:1"].name == "Stem"


def test_what_lies_in_a_block_opened_in_place_is_framed_on_its_own_sheet(rig: WindowRig) -> None:
    rig.window.verbs.collapse((rig.node("fc1").id, rig.node("relu1").id), "Stem")
    block = rig.document.selection[0]
    rig.canvas.setFocus()
    rig.key(Key.Key_Space)
    inner = next(plate for plate in rig.canvas.scene.plates if plate.startswith(f"{block}/"))
    rig.canvas.select((inner,))
    before = rig.bytes()
    rig.key(Key.Key_J, CTRL)
    framed = rig.bytes()
    key = f"{block}/frame:1"
    frame, plate, sheet = (rig.canvas.scene.plates[name] for name in (key, inner, block))
    assert frame.parent == block
    assert frame.x < plate.x
    assert frame.y < plate.y
    assert frame.x + frame.w > plate.x + plate.w
    assert sheet.x <= frame.x
    assert sheet.y < frame.y
    assert sheet.x + sheet.w >= frame.x + frame.w
    assert sheet.y + sheet.h >= frame.y + frame.h, "the sheet makes room for it"
    below = [rig.canvas.snap.ids[i] for i in rig.canvas.snap.below]
    assert below.index(block) < below.index(key), "it is painted on the sheet"
    rig.document.undo()
    assert rig.bytes() == before
    assert key not in rig.canvas.scene.plates
    rig.document.redo()
    assert rig.bytes() == framed
    assert rig.canvas.scene.plates[key] == frame


def test_a_frame_in_a_block_opened_in_place_is_moved_with_what_it_holds_and_resized(rig: WindowRig) -> None:
    rig.window.verbs.collapse((rig.node("fc1").id, rig.node("relu1").id), "Stem")
    block = rig.document.selection[0]
    rig.canvas.setFocus()
    rig.key(Key.Key_Space)
    inner = next(plate for plate in rig.canvas.scene.plates if plate.startswith(f"{block}/"))
    rig.canvas.select((inner,))
    rig.key(Key.Key_J, CTRL)
    graph = rig.document.graph
    before, key, at = rig.bytes(), f"{block}/frame:1", graph.view[inner.partition("/")[2]]
    frame = rig.canvas.scene.plates[key]
    size = graph.marks["frame:1"].size
    rig.plain_view()
    rig.canvas.select(())
    start = rig.at(frame.x + frame.w - 2, frame.y + frame.h - 2)
    rig.drag(start, start + QPoint(48, 16))
    assert graph.marks["frame:1"].size == (8 * round(size[0] / 8 + 6), 8 * round(size[1] / 8 + 2))
    rig.document.undo()
    assert rig.bytes() == before
    start = rig.at(frame.x + 40, frame.y + 8)
    rig.drag(start, start + QPoint(40, 24))
    moved = graph.view[inner.partition("/")[2]]
    assert (moved[0] - at[0], moved[1] - at[1]) == (40, 24)
    rig.document.undo()
    assert rig.bytes() == before


def test_a_frame_takes_its_nodes_along_and_is_removed_alone(rig: WindowRig) -> None:
    framed(rig, "fc1", "relu1")
    before = {name: rig.graph.view[rig.node(name).id] for name in ("fc1", "relu1")}
    frame = frame_of(rig)
    start = rig.at(frame.at[0] + 60, frame.at[1] + 8)
    with one_step(rig):
        rig.drag(start, start + QPoint(80, 40))
    dx, dy = frame_of(rig).at[0] - frame.at[0], frame_of(rig).at[1] - frame.at[1]
    assert dx > 0
    assert dy > 0
    for name, (x, y) in before.items():
        assert rig.graph.view[rig.node(name).id] == (x + dx, y + dy)
    nodes = len(rig.graph.nodes)
    rig.click(rig.at(frame_of(rig).at[0] + 60, frame_of(rig).at[1] + 8))
    assert rig.document.chosen == ("frame:1",)
    with one_step(rig):
        rig.key(Key.Key_Delete)
    assert not rig.graph.marks
    assert len(rig.graph.nodes) == nodes


def test_a_frame_is_resized_at_its_corner(rig: WindowRig) -> None:
    framed(rig, "fc1", "relu1")
    frame = frame_of(rig)
    corner = rig.at(frame.at[0] + frame.size[0] - 2, frame.at[1] + frame.size[1] - 2)
    with one_step(rig):
        rig.drag(corner, corner + QPoint(64, 48))
    assert frame_of(rig).at == frame.at
    assert frame_of(rig).size[0] > frame.size[0]
    assert frame_of(rig).size[1] > frame.size[1]


def test_a_frame_is_painted_in_its_colour(rig: WindowRig) -> None:
    framed(rig, "fc1")
    box = rig.window.inspector.mark_form.color
    assert box.currentData() == "block"
    with one_step(rig):
        box.setFocus()
        QTest.keyClick(box, Key.Key_Home)
        rig.canvas.setFocus()
    assert frame_of(rig).color == "conv"
    assert rig.canvas.scene.plates["frame:1"].family == frame_of(rig).color


def test_shift_n_writes_a_note(rig: WindowRig) -> None:
    rig.click(QPoint(5, 5))
    with one_step(rig, 2):
        rig.key(Key.Key_N, SHIFT)
        text = rig.window.focusWidget()
        QTest.keyClicks(text, "try dropout")
        rig.canvas.setFocus()
    note = rig.graph.marks["note:1"]
    assert isinstance(note, Note)
    assert note.text == "try dropout"
    assert rig.canvas.scene.plates["note:1"].name == "try dropout"
    assert rig.window.code is not None


def test_frames_and_notes_are_duplicated_copied_and_arranged(rig: WindowRig) -> None:
    framed(rig, "fc1", "relu1")
    rig.canvas.setFocus()
    with one_step(rig):
        rig.key(Key.Key_D, CTRL)
    assert set(rig.graph.marks) == {"frame:1", "frame:2"}
    chosen(rig, "fc1")
    rig.document.select(("frame:1",))
    rig.key(Key.Key_C, CTRL)
    with one_step(rig):
        rig.key(Key.Key_V, CTRL)
    assert len(rig.graph.marks) == 3
    rig.key(Key.Key_Z, CTRL)
    rig.key(Key.Key_Z, CTRL)
    edits.move(rig.graph, {rig.node("fc1").id: (-400.0, 0.0)})
    with one_step(rig):
        rig.key(Key.Key_L, CTRL)
    places, frame = rig.graph.view, frame_of(rig)
    x, y = places[rig.node("relu1").id]
    assert frame.at[0] < x < frame.at[0] + frame.size[0]
    assert frame.at[1] < y < frame.at[1] + frame.size[1]


def test_bookmarks_are_set_and_gone_to_from_anywhere(rig: WindowRig) -> None:
    canvas = rig.canvas
    rig.click(QPoint(5, 5))
    canvas.set_camera(canvas.camera.zoomed(0.5, QPointF(100, 100)))
    seen = canvas.camera
    with one_step(rig):
        rig.key(Key.Key_2, CTRL)
    mark = rig.graph.marks["bookmark:2"]
    assert isinstance(mark, Bookmark)
    assert mark.zoom == 0.5
    canvas.fit()
    rig.window.verbs.collapse((rig.node("fc1").id,), "Stem")
    rig.document.enter(rig.document.selection[0])
    assert rig.graph.name == "Stem"
    bytes_ = rig.bytes()
    rig.key(Key.Key_2, CTRL)
    assert rig.graph.name != "Stem"
    assert rig.bytes() == bytes_
    assert canvas.camera.zoom == 0.5
    assert abs(canvas.camera.ox - seen.ox) <= 1
    assert abs(canvas.camera.oy - seen.oy) <= 1
    canvas.fit()
    with one_step(rig):
        rig.key(Key.Key_2, CTRL | ALT)


def test_b_bypasses_and_takes_it_back(rig: WindowRig) -> None:
    relus = emit_source(rig.document.project).count("relu(")
    edits.set_when(rig.graph, rig.node("relu2").id, "1 > 0")
    chosen(rig, "relu1", "relu2")
    with one_step(rig):
        rig.key(Key.Key_B)
    assert rig.canvas.scene.plates[rig.node("relu1").id].mark == "bypassed"
    assert not rig.document.analysis().problems, "what is meant is no problem"
    assert emit_source(rig.document.project).count("relu(") == relus - 2
    with one_step(rig):
        rig.key(Key.Key_B)
    assert rig.node("relu1").when == ""
    assert rig.node("relu2").when == "1 > 0"
    said: list[str] = []
    rig.document.refused.connect(said.append)
    chosen(rig, next(n.name for n in rig.graph.inputs()))
    rig.key(Key.Key_B)
    assert "nothing to pass on" in said[0]


@pytest.mark.parametrize("how", ["left edges", "centres", "right edges", "upper edges", "middles", "lower edges"])
def test_aligning(rig: WindowRig, how: str) -> None:
    edits.move(rig.graph, {rig.node("fc1").id: (403.0, 11.0), rig.node("relu1").id: (17.0, 222.0)})
    rig.canvas.fit()
    chosen(rig, "fc1", "relu1")
    with one_step(rig):
        rig.window.actions_[f"Align {how}"].trigger()
    one, two = (rig.canvas.scene.plates[rig.node(name).id] for name in ("fc1", "relu1"))
    value = {
        "left edges": lambda p: p.x,
        "centres": lambda p: p.x + p.w / 2,
        "right edges": lambda p: p.x + p.w,
        "upper edges": lambda p: p.y,
        "middles": lambda p: p.y + p.h / 2,
        "lower edges": lambda p: p.y + p.h,
    }[how]
    assert value(one) == value(two)


def test_distributing_and_snapping(rig: WindowRig) -> None:
    names = ("fc1", "relu1", "fc2")
    at = ((3.3, 11.1), (330.7, 222.0), (900.0, 300.9))
    edits.move(rig.graph, {rig.node(name).id: place for name, place in zip(names, at, strict=True)})
    rig.canvas.fit()
    chosen(rig, *names)
    with one_step(rig):
        rig.window.actions_["Distribute across"].trigger()
    a, b, c = (rig.canvas.scene.plates[rig.node(name).id] for name in names)
    assert b.x - a.x - a.w == pytest.approx(c.x - b.x - b.w, abs=0.02)
    with one_step(rig):
        rig.window.actions_["Snap to the grid"].trigger()
    for name in names:
        plate = rig.canvas.scene.plates[rig.node(name).id]
        assert plate.y % 8 == 0
        assert (plate.x + plate.w / 2) % 8 == 4
    said: list[str] = []
    rig.document.refused.connect(said.append)
    chosen(rig, "fc1")
    rig.window.actions_["Distribute across"].trigger()
    assert said == ["One selected; select 3 nodes or more to distribute."]
