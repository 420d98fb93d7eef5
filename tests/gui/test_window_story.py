"""One sitting, with mouse and keys: draw, be corrected, fold into a block, train, export, undo all, redo all."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QLineEdit, QPushButton
from safetensors.numpy import load_file

from designer.export_dialog import ExportDialog
from graph_core import Project
from graph_core.kept import hash_of
from tests.gui.window_rig import CTRL, LEFT, NO, SHIFT, Key, WindowRig


def draw(rig: WindowRig) -> None:
    """An MLP with a residual link, each node placed in another way."""
    button = next(b for b in rig.window.gallery.findChildren(QPushButton) if b.text() == "Blank canvas")
    QTest.mouseClick(button, LEFT)
    assert rig.canvas.isVisible()
    rig.plain_view()
    rig.search_and_place("input", QPoint(400, 40))
    assert rig.node("x").type == "Input"
    rig.type_into("shape", "N, 1, 8, 8")
    assert rig.node("x").params["shape"] == ["N", 1, 8, 8]
    rig.plain_view()
    for type, y in (("Flatten", 120), ("Linear", 200), ("ReLU", 280)):
        rig.drop_from_palette(type, QPoint(400, y))
    rig.search_and_place("linear", QPoint(400, 360))
    rig.search_and_place("add", QPoint(400, 430))
    rig.search_and_place("linear", QPoint(400, 510))
    rig.search_and_place("output", QPoint(400, 590))
    rig.plain_view()
    rig.wire("x", "y", "flatten1", "x")
    rig.wire("flatten1", "y", "fc1", "x")
    rig.wire("fc1", "y", "relu1", "x")
    rig.wire("relu1", "y", "fc2", "x")
    rig.wire("fc2", "y", "add1", "a")
    rig.wire("relu1", "y", "add1", "b")
    rig.wire("add1", "y", "fc3", "x")
    rig.wire("fc3", "y", "y", "x")
    assert len(rig.graph.wires) == 8


def test_one_sitting(rig: WindowRig, tmp_path: Path) -> None:
    document, window = rig.document, rig.window
    empty = rig.bytes()
    assert window.gallery.isVisible()
    draw(rig)

    # The inspector sets widths; the readout follows each keystroke.
    rig.click(rig.middle("fc1"))
    assert document.selection == (rig.node("fc1").id,)
    rig.type_into("out_features", "64")
    rig.click(rig.middle("fc3"))
    rig.type_into("out_features", "10")
    rig.click(rig.middle("fc2"))
    rig.type_into("out_features", "32")

    # A deliberate shape error: named with both shapes, mended by the offered fix.
    problems = window.problems
    assert [p.code for p in document.analysis().problems] == ["broadcast"]
    row = problems.rows[0]
    assert "add1 cannot join" in row.sentence.text()
    assert "32" in row.sentence.text()
    assert "64" in row.sentence.text()
    assert row.button is not None
    assert row.button.text() == "Insert a projection on the shortcut"
    QTest.mouseClick(row.button, LEFT)
    assert document.analysis().problems == ()
    assert rig.node("shortcut").type == "Linear"
    params = document.figures().params
    assert window.readout.params.exact == f"{params:,}"

    # Collapse a part into a block, by keys; the figures stay.
    rig.click(rig.middle("fc1"))
    rig.click(rig.middle("relu1"), SHIFT)
    assert len(document.selection) == 2

    def name_it(dialog) -> None:
        field = dialog.findChild(QLineEdit)
        field.selectAll()
        QTest.keyClicks(field, "Stem")
        QTest.keyClick(field, Key.Key_Return)

    rig.answer_next_dialog(name_it)
    window.actions_["Collapse to block…"].trigger()
    assert "Stem" in {graph.name for graph in document.project.graphs.values()}
    assert document.figures().params == params
    assert document.analysis().problems == ()

    # Train one epoch in the worker; the window answers meanwhile.
    panel = window.rehearsal.panel
    panel.set_settings({**panel.settings(), "epochs": 1})
    with rig.qtbot.waitSignal(window.training.finished, timeout=120_000) as done:
        window.topbar.train.click()
        assert window.topbar.train.text() == "Pause"
    assert done.args is not None
    assert 0.1 < done.args[0]["accuracy"] <= 1.0
    assert window.topbar.train.text() == "Train"

    # Keep the weights: one edit, and a file beside the drawing's as soon as it is saved.
    with rig.qtbot.waitSignal(window.training.kept, timeout=60_000):
        QTest.mouseClick(panel.keep, LEFT)
    assert document.history.undo_title == "Keep weights"
    assert window.files.save_to(tmp_path / "kept.netw")
    written, reached = load_file(tmp_path / "kept.safetensors"), load_file(window.training.run / "model.safetensors")
    assert sum(tensor.size for tensor in written.values()) == sum(tensor.size for tensor in reached.values()) > 0
    assert hash_of(tmp_path / "kept.safetensors") == document.project.meta["weights"]

    # Export the trained network as source and run what was written.
    out = tmp_path / "drawn.py"

    def write(dialog: ExportDialog) -> None:
        assert isinstance(dialog, ExportDialog)
        dialog.place.setFocus()
        dialog.place.selectAll()
        QTest.keyClicks(dialog.place, str(out))
        QTest.mouseClick(dialog.go, LEFT)
        rig.qtbot.waitUntil(lambda: dialog.go.isEnabled() and out.exists(), timeout=60_000)
        assert "written" in dialog.status.text()
        QTest.mouseClick(dialog.shut, LEFT)

    rig.answer_next_dialog(write)
    QTest.mouseClick(window.topbar.export, LEFT)
    spec = importlib.util.spec_from_file_location("drawn", out)
    assert spec is not None
    assert "class Stem(nn.Module):" in out.read_text(encoding="utf-8")

    # Everything back to the empty sheet, and forth again: the bytes are the same.
    full = rig.bytes()
    steps = 0
    while document.history.can_undo:
        rig.key(Key.Key_Z, CTRL)
        steps += 1
        assert steps < 200
    assert rig.bytes() == empty
    while document.history.can_redo:
        rig.key(Key.Key_Z, CTRL | SHIFT)
    assert rig.bytes() == full
    assert steps > 15


def test_nothing_is_written_by_looking(rig: WindowRig) -> None:
    """Lenses, tabs, selection and the camera leave the document as it is."""
    rig.window.files.new_from_template("lenet")
    before = rig.bytes()
    for lens in ("params", "macs", "memory"):
        QTest.mouseClick(rig.window.center.lenses.segment(lens), LEFT)
    rig.key(Key.Key_A, CTRL)
    rig.key(Key.Key_F)
    for title in ("Code", "Definition", "Ledger", "Problems"):
        rig.window.show_tab(title)
    assert rig.bytes() == before
    assert not rig.document.unsaved


def test_a_file_that_cannot_be_read_leaves_the_open_document(rig: WindowRig, tmp_path: Path) -> None:
    rig.window.files.new_from_template("lenet")
    before = rig.bytes()
    bad = tmp_path / "bad.netw"
    for content in (b"", b"{", b"\xff\xfe", b'{"netw": 1, "graphs": 7}', b"[" * 100_000):
        bad.write_bytes(content)
        said: list[str] = []
        rig.window.files.said.connect(said.append)
        assert not rig.window.files.open(bad)
        rig.window.files.said.disconnect(said.append)
        assert len(said) == 1
        assert said[0].strip()
        assert "\n" not in said[0]
        assert rig.bytes() == before
    assert rig.window.center.banner.isVisible()


def test_unsaved_changes_are_guarded(rig: WindowRig, tmp_path: Path) -> None:
    rig.window.files.new_from_template("lenet")
    rig.window.files.save_to(tmp_path / "mine.netw")
    rig.click(rig.middle("fc1"))
    rig.type_into("out_features", "99")
    assert rig.document.unsaved
    assert rig.window.topbar.dot.isVisible()

    def keep(box) -> None:
        button = next(b for b in box.buttons() if b.text() == "Keep editing")
        QTest.mouseClick(button, LEFT)

    rig.answer_next_dialog(keep)
    rig.window.close()
    assert rig.window.isVisible()
    rig.key(Key.Key_S, CTRL)
    assert not rig.document.unsaved
    assert '"out_features": 99' in (tmp_path / "mine.netw").read_text(encoding="utf-8")
    assert rig.window.settings.recent() == [tmp_path / "mine.netw"]


def test_recent_files_are_in_the_menu(rig: WindowRig, tmp_path: Path) -> None:
    rig.window.files.new_from_template("mlp")
    rig.window.files.save_to(tmp_path / "one.netw")
    rig.window.files.new()
    menu = rig.window.files._recent
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["one.netw"]
    menu.actions()[0].trigger()
    assert rig.document.name == "one.netw"


def test_a_large_drawing_is_emitted_by_a_worker(rig: WindowRig) -> None:
    project = Project.new("long")
    graph = project.networks["main"]
    with project.editing("Draw"):
        graph.add("Input", id="x", shape=["N", 8])
        before = "x.y"
        for k in range(300):
            graph.add("Linear", id=f"l{k}", out_features=8)
            graph.connect(before, f"l{k}.x")
            before = f"l{k}.y"
        graph.add("Output", id="y")
        graph.connect(before, "y.x")
    rig.document.new(project)
    rig.window.show_tab("Code")
    rig.qtbot.waitUntil(lambda: "self.fc300 = nn.Linear(8, 8)" in rig.window.code.source())


def test_a_block_opens_by_double_click_and_the_breadcrumb_leads_back(rig: WindowRig) -> None:
    rig.window.files.new_from_template("resnet18")
    QTest.mouseDClick(rig.canvas, LEFT, NO, rig.middle("layer2"))
    assert rig.graph.name == "BasicBlock"
    assert rig.window.center.crumbs.names[-1] == "layer2"
    assert rig.document.state_path(rig.node("conv1").id) == "layer2.0.conv1"
    rig.window.center.crumbs.chosen.emit(1)
    assert rig.graph.name == "ResNet18"


def test_a_wire_that_would_close_a_loop_is_refused_with_the_reason(rig: WindowRig) -> None:
    rig.window.files.new_from_template("mlp")
    before = rig.bytes()
    said: list[str] = []
    rig.document.refused.connect(said.append)
    rig.window.verbs.connect_ends((rig.node("relu2").id, "y"), (rig.node("fc1").id, "x"))
    assert rig.bytes() == before
    assert said == ["fc1 would feed itself."]


def test_a_wire_of_the_wrong_kind_is_refused_with_the_reason(rig: WindowRig) -> None:
    rig.window.files.new()
    rig.plain_view()
    graph = rig.graph
    with graph.project.editing("Draw"):
        graph.add("Input", id="x", name="tokens", shape=["N", 8], dtype="int64")
        graph.add("Linear", id="l", name="fc", out_features=4)
        graph.add("Embedding", id="e", name="embed")
        for id, y in (("x", 100.0), ("l", 300.0), ("e", 500.0)):
            graph.project.record(graph.key, "view", id, (300.0, y))
    before = rig.bytes()
    source, target = rig.port("tokens", "y"), rig.port("fc", "x")
    QTest.mousePress(rig.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, source)
    for k in range(1, 6):
        rig.mouse_move(source + (target - source) * k / 5)
    assert rig.canvas.tip is not None
    assert rig.canvas.tip.sentence == "fc takes float values at x and gets int64"
    assert not rig.canvas.tip.ok
    QTest.mouseRelease(rig.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, target)
    assert rig.bytes() == before
    rig.wire("tokens", "y", "embed", "x")
    assert graph.wires == {"e.x": "x.y"}


def test_copy_and_paste_between_windows_as_text(rig: WindowRig, qtbot, tmp_path: Path) -> None:
    rig.window.files.new_from_template("lenet")
    rig.click(rig.middle("conv1"))
    rig.click(rig.middle("relu1"), SHIFT)
    rig.key(Key.Key_C, CTRL)
    count = len(rig.graph.nodes)
    rig.key(Key.Key_V, CTRL)
    assert len(rig.graph.nodes) == count + 2
    assert len(rig.document.selection) == 2


def test_buttons_of_dialogs_say_what_they_do(rig: WindowRig) -> None:
    dialog = ExportDialog(rig.document, rig.window.drawing, rig.window.training, rig.window.write_picture, rig.window)
    texts = {button.text() for button in dialog.findChildren(QPushButton)}
    assert {"Export", "Close", "Choose…"} <= texts
    assert not dialog.findChildren(QDialogButtonBox)
    dialog.deleteLater()
