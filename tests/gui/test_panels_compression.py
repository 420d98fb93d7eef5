"""The compression panel asks for what the worker takes, and compares before and after."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt

from designer.panels.compression import COLUMNS, CompressionPanel, points, share_of

ANSWER: dict[str, Any] = {
    "bits": 4,
    "float": {"accuracy": 0.9722, "agreement": 1.0, "bytes": 79016, "weight_bytes": 77000},
    "quantized": {
        "accuracy": 0.9694,
        "agreement": 0.9861,
        "bytes": 12016,
        "weight_bytes": 9900,
        "bytes_share": 0.152,
        "weight_bytes_share": 0.1286,
    },
    "int8": {
        "accuracy": 0.9722,
        "agreement": 0.9972,
        "bytes": 22016,
        "weight_bytes": 19300,
        "bytes_share": 0.279,
        "weight_bytes_share": 0.2507,
    },
    "out": "runs/3/quantized",
    "run": "runs/3",
}


@pytest.fixture
def panel(house, qtbot) -> CompressionPanel:
    made = CompressionPanel()
    made.resize(1056, 200)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def rows(panel: CompressionPanel) -> list[list[str]]:
    table = panel.table
    return [
        [table.item(row, column).text() if table.item(row, column) else "" for column in range(len(COLUMNS))]
        for row in range(table.rowCount())
    ]


def test_without_a_trained_run_it_says_why(panel: CompressionPanel, qtbot):
    asked = []
    panel.quantize_requested.connect(asked.append)
    qtbot.mouseClick(panel.quantize, Qt.MouseButton.LeftButton)
    assert asked == []
    assert "Train the network first" in panel.quantize.toolTip()
    assert panel.empty.isVisible()
    assert "Train the network first" in panel.empty.sentence.text()
    panel.set_run("runs/3")
    assert panel.quantize.isEnabled()
    panel.set_run("")
    assert not panel.quantize.isEnabled()


def test_bits_epochs_and_form_are_asked_for(panel: CompressionPanel, qtbot):
    panel.set_ready(True, run="runs/3")
    qtbot.mouseClick(panel.bits.segment("4"), Qt.MouseButton.LeftButton)
    panel.epochs.setFocus()
    panel.epochs.selectAll()
    qtbot.keyClicks(panel.epochs, "3")
    qtbot.mouseClick(panel.form.segment("torch"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(panel.quantize_requested) as heard:
        qtbot.mouseClick(panel.quantize, Qt.MouseButton.LeftButton)
    assert heard.args == [{"bits": 4, "epochs": 3, "form": "torch"}]
    assert not panel.quantize.isEnabled(), "one at a time"


def test_onnxruntime_alone_has_eight_bits(panel: CompressionPanel, qtbot):
    panel.set_ready(True, run="runs/3")
    qtbot.mouseClick(panel.bits.segment("2"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.form.segment("onnxruntime"), Qt.MouseButton.LeftButton)
    assert not panel.bits.isEnabled()
    assert panel.bits.toolTip().startswith("onnxruntime computes in 8 bits")
    assert panel.settings()["bits"] == 8
    qtbot.mouseClick(panel.form.segment("both"), Qt.MouseButton.LeftButton)
    assert panel.settings() == {"bits": 2, "epochs": 10, "form": "both"}


def test_wrong_epochs_are_not_asked_for(panel: CompressionPanel, qtbot):
    panel.set_ready(True, run="runs/3")
    panel.epochs.setFocus()
    panel.epochs.selectAll()
    qtbot.keyClicks(panel.epochs, "x")
    assert not panel.quantize.isEnabled()
    assert panel.quantize.toolTip().startswith("Epochs must be a whole number from 0")


def test_progress_can_be_watched_and_cancelled(panel: CompressionPanel, qtbot):
    panel.set_ready(True, run="runs/3")
    panel.busy("Loading the run")
    assert panel.line.running
    panel.report({"kind": "stage", "stage": "train", "done": 0.4, "epoch": 4, "epochs": 10, "loss": 0.1})
    assert panel.words.text() == "Training through the rounding, epoch 4 of 10"
    assert panel.line.share == 0.4
    with qtbot.waitSignal(panel.cancel_requested):
        qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    panel.failed("")
    assert panel.words.text() == "cancelled"
    assert panel.banner.isHidden()
    assert panel.quantize.isEnabled()
    assert panel.cancel.isHidden()


def test_before_and_after_stand_side_by_side(panel: CompressionPanel):
    panel.set_ready(True, run="runs/3")
    panel.result(ANSWER)
    assert rows(panel) == [
        ["float32, as trained", "97.22 %", "", "100.00 %", "79,016 B", "100.0 %", "77,000 B", "100.0 %"],
        ["torch, 4 bits", "96.94 %", "−0.28", "98.61 %", "12,016 B", "15.2 %", "9,900 B", "12.9 %"],
        ["onnxruntime, int8", "97.22 %", "±0", "99.72 %", "22,016 B", "27.9 %", "19,300 B", "25.1 %"],
    ]
    assert panel.words.text() == "written to runs/3/quantized"
    assert panel.empty.isHidden()


def test_several_widths_of_one_run_are_kept_and_another_run_starts_anew(panel: CompressionPanel):
    panel.set_ready(True, run="runs/3")
    panel.result(ANSWER)
    panel.result({**ANSWER, "bits": 2, "int8": None})
    assert [row[0] for row in rows(panel)][1:] == ["torch, 4 bits", "onnxruntime, int8", "torch, 2 bits"]
    panel.set_ready(True, run="runs/4")
    assert rows(panel) == []
    assert panel.empty.isVisible()


def test_a_form_that_cannot_be_made_says_why_in_its_row(panel: CompressionPanel):
    panel.set_ready(True, run="runs/3")
    why = "onnxruntime cannot run this network: its LSTM has a projection."
    panel.result({**ANSWER, "int8": {"refused": why}})
    assert rows(panel)[2][:2] == ["onnxruntime, int8", why]
    assert panel.table.columnSpan(2, 1) == len(COLUMNS) - 1
    panel.result(ANSWER)
    assert panel.table.columnSpan(2, 1) == 1


def test_a_failure_is_one_sentence(panel: CompressionPanel):
    panel.set_ready(True, run="runs/3")
    panel.busy("Quantizing")
    panel.failed("The network has no layer to quantize.")
    assert panel.banner.text.text() == "The network has no layer to quantize."
    assert panel.quantize.isEnabled()


def test_it_paints_in_both_themes(both, qtbot):
    panel = CompressionPanel()
    qtbot.addWidget(panel)
    panel.resize(1056, 200)
    panel.show()
    panel.set_ready(True, run="runs/3")
    panel.result(ANSWER)
    assert panel.table.rowHeight(0) == 24
    assert not panel.grab().isNull()


@pytest.mark.parametrize(("change", "words"), [(0.0028, "+0.28"), (-0.0111, "−1.11"), (0.00001, "±0"), (0, "±0")])
def test_changes_have_a_sign(change: float, words: str):
    assert points(change) == words


def test_shares_are_percent():
    assert share_of(0.25071) == "25.1 %"
