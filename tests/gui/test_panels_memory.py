"""The memory panel under a person's hands: devices, precisions, sizes that are tried, and sizes that are used."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest

from designer.numbers import bytes_text
from graph_core import analyze
from graph_core.blocks import add_network
from graph_core.fit import Question, needs
from tests.gui.window_rig import LEFT, NO, Key, WindowRig


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("transformer_encoder")
    rig.window.show_tab("Memory")
    settled(rig)
    return rig


def panel(rig: WindowRig):
    return rig.window.tabs.currentWidget().content


def settled(rig: WindowRig) -> None:
    """Until nothing is worked out any more."""
    rig.qtbot.waitUntil(lambda: panel(rig).isVisible() and not panel(rig).busy and bool(panel(rig).most))


def drag_slider(rig: WindowRig, name: str, share: float) -> None:
    slider = panel(rig).rows[name].slider
    middle = slider.height() // 2
    QTest.mousePress(slider, LEFT, NO, QPoint(8, middle))
    QTest.mouseMove(slider, QPoint(round(slider.width() * share), middle))
    QTest.mouseRelease(slider, LEFT, NO, QPoint(round(slider.width() * share), middle))
    settled(rig)


def test_it_says_what_the_drawing_takes(rig: WindowRig):
    memory = analyze(rig.document.project).memory
    total = memory.params + memory.grads + memory.optimizer + memory.activations_training
    shown = panel(rig)
    assert shown.bar.total == total
    assert f"Training at N = 1, T = 128 takes {bytes_text(total)} and leaves" in shown.sentence.text()
    assert f"N up to {shown.most['N'].size:,} fits." in shown.sentence.text()
    assert "layers.5" in shown.where.text()
    assert not shown.use.isEnabled()


def test_a_slider_tries_a_size_and_leaves_the_drawing_alone(rig: WindowRig):
    before = rig.bytes()
    drag_slider(rig, "N", 0.75)
    shown = panel(rig)
    tried = shown.sizes["N"]
    assert tried > shown.most["N"].size
    assert rig.bytes() == before
    parts = needs(rig.document.project, Question(), {"N": tried})
    assert parts is not None
    assert shown.bar.total == parts.total > shown.limit
    assert "more than there is" in shown.sentence.text()
    assert shown.rows["N"].field.text() == str(tried)


def test_the_largest_that_fits_is_taken_over_and_used_as_one_edit(rig: WindowRig):
    shown, before = panel(rig), rig.bytes()
    most = shown.most["N"].size
    rig.qtbot.mouseClick(shown.rows["N"].most, LEFT)
    settled(rig)
    assert shown.sizes["N"] == most
    assert shown.bar.total <= shown.limit
    field = shown.rows["T"].field
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "64")
    settled(rig)
    assert rig.document.project.symbols == {"N": 1, "T": 128}
    rig.qtbot.mouseClick(shown.use, LEFT)
    assert rig.document.project.symbols == {"N": most, "T": 64}
    assert rig.document.history.undo_title == f"Set N to {most:,}, T to 64"
    settled(rig)
    assert not shown.use.isEnabled()
    rig.document.undo()
    assert rig.bytes() == before


def test_the_sizes_of_the_drawing_come_back(rig: WindowRig):
    drag_slider(rig, "T", 0.9)
    assert panel(rig).sizes["T"] != 128
    rig.qtbot.mouseClick(panel(rig).back, LEFT)
    settled(rig)
    assert panel(rig).sizes == rig.document.project.symbols


def test_devices_precisions_and_other_memory(rig: WindowRig):
    shown = panel(rig)
    large = shown.most["N"].size
    QTest.keyClick(shown.device, Key.Key_Home)
    settled(rig)
    assert (shown.capacity.text(), shown.limit) == ("4", 4 * 2**30)
    assert shown.most["N"].size < large
    shown.capacity.setFocus()
    shown.capacity.selectAll()
    QTest.keyClicks(shown.capacity, "0.1")
    settled(rig)
    assert shown.device.currentText() == "Other memory"
    assert shown.most["N"].size == 0
    assert "not even N = 1 fits" in shown.sentence.text()
    QTest.keyClick(shown.precision, Key.Key_End)
    settled(rig)
    assert shown.run.current == "inference"
    assert not shown.run.segment("training").isEnabled()
    assert shown.most["N"].size > 0
    assert shown.bar.slices[0].bytes * 4 == analyze(rig.document.project).memory.params


def test_an_error_is_said_instead_of_figures(rig: WindowRig):
    block = next(graph for graph in rig.document.project.graphs.values() if graph.name == "EncoderLayer")
    attention = next(node for node in block.nodes.values() if node.type == "MultiheadAttention")
    rig.document.edit(lambda: block.set(attention.id, num_heads=7))
    rig.qtbot.waitUntil(lambda: not panel(rig).busy)
    assert panel(rig).sentence.text().startswith("The drawing has an error; mend it under Problems")
    assert not panel(rig).bar.isVisible()
    rig.document.undo()
    settled(rig)
    assert panel(rig).bar.isVisible()


def test_the_readout_tells_the_peak_and_its_change_after_each_edit(house, qtbot, tmp_path: Path):
    rig = WindowRig(qtbot, tmp_path)
    rig.window.files.new_from_template("lenet")
    rig.document.mark_saved()
    value, difference = rig.window.readout.rows["Peak activations"]
    before = analyze(rig.document.project).memory.activations_inference
    assert (value.text(), difference.text()) == (bytes_text(before), "")
    rig.document.select([rig.node("conv1").id])
    rig.type_into("out_channels", "60")
    after = analyze(rig.document.project).memory.activations_inference
    assert (value.text(), difference.text()) == (bytes_text(after), f"▲ {bytes_text(after - before)}")
    assert rig.window.readout.rows["Optimizer"][1].text().startswith("▲")
    rig.document.undo()
    assert (value.text(), difference.text()) == (bytes_text(before), "")


def test_another_network_has_other_figures(rig: WindowRig):
    project, shown = rig.document.project, panel(rig)
    rig.document.edit(lambda: add_network(project, "small"))
    graph = project.networks["small"]
    graph.add("Input", id="x", shape=["N", 4])
    graph.add("Linear", id="l", out_features=3)
    graph.connect("x.y", "l.x")
    graph.add("Output", id="y")
    graph.connect("l.y", "y.x")
    graph.add("Conv2d", id="c")
    rig.window.show_tab("Ledger")
    ledger = panel(rig)
    before = ledger.totals.text()
    choice = rig.window.topbar.network
    choice.setFocus()
    QTest.keyClick(choice, Key.Key_Down)
    assert rig.document.network == "small"
    assert ledger.totals.text() != before
    assert "15 parameters" in ledger.totals.text()
    assert rig.window.readout.rows["Optimizer"][0].text() == bytes_text(2 * 4 * 15)
    assert [row.problem.node for row in rig.window.problems.rows] == ["c"] * len(rig.window.problems.rows) != []
    graph.remove("c")
    rig.window.show_tab("Code")
    rig.qtbot.waitUntil(lambda: "nn.Linear(4, 3)" in rig.window.code.view.toPlainText())
    rig.window.show_tab("Memory")
    settled(rig)
    assert shown.bar.slices[0].bytes == 4 * 15
