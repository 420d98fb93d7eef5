"""The lenses: known figures, growth over a symbol, and what a worker measured; their keys, legend and reasons."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest

from designer.canvas.scene import Legend
from designer.orders import orders_of
from graph_core.numerals import short
from graph_core.templates import open_template
from tests.gui.window_rig import LEFT, NO, SHIFT, Key, WindowRig


def legend(rig: WindowRig) -> Legend:
    found = rig.canvas.scene.legend
    assert found is not None
    return found


def take(rig: WindowRig, layers: dict[str, dict[str, Any]]) -> None:
    """As if a worker had answered."""
    from designer.measuring import _state

    document = rig.document
    answer = {"layers": layers, "seconds": 0.01, "batch": 1, "device": "cpu", "threads": 1, "runs": 3}
    rig.window.measuring._take(answer, document.project, document.network, _state(document.project))


def test_the_three_known_figures_have_their_keys(rig: WindowRig) -> None:
    rig.window.files.new_from_template("lenet")
    rig.click(QPoint(5, 5))
    for key, lens in ((Key.Key_1, "params"), (Key.Key_2, "macs"), (Key.Key_3, "memory")):
        rig.key(key, SHIFT)
        assert rig.window.center.lens == lens
        heat = {id: plate.heat for id, plate in rig.canvas.scene.plates.items()}
        assert max(value for value in heat.values() if value is not None) == 1.0
    rig.key(Key.Key_2, SHIFT)
    macs = {row.path: row.macs for row in rig.document.analysis().layers}
    most = max(macs, key=macs.__getitem__)
    plate = rig.canvas.scene.plates[rig.node(most).id]
    assert (plate.heat, plate.figure) == (1.0, short(macs[most], ""))
    least = rig.canvas.scene.plates[rig.node("fc3").id]
    assert least.heat == pytest.approx((macs["fc3"] / macs[most]) ** 0.5)


def test_a_click_on_the_legend_makes_the_scale_linear(rig: WindowRig) -> None:
    rig.window.files.new_from_template("lenet")
    rig.window.center.set_lens("macs")
    rig.canvas.repaint()
    assert "square-root scale" in legend(rig).note
    root = rig.canvas.scene.plates[rig.node("fc3").id].heat
    place = rig.canvas.overlay._legend.center().toPoint()
    rig.click(place)
    assert "linear scale" in legend(rig).note
    assert rig.canvas.scene.plates[rig.node("fc3").id].heat == pytest.approx(root**2)
    rig.window.actions_["Lens: linear or square-root scale"].trigger()
    assert "square-root scale" in legend(rig).note


def test_growth_tells_the_order_in_a_chosen_symbol(rig: WindowRig) -> None:
    rig.window.files.new_from_template("transformer_encoder")
    block = rig.node("layers").id
    rig.document.unfold(block)
    rig.canvas.setFocus()
    rig.key(Key.Key_6, SHIFT)
    bar, plates = rig.window.center.lens_bar, lambda: rig.canvas.scene.plates
    rig.qtbot.waitUntil(lambda: rig.canvas.scene.legend is not None)
    inner = {plate.name: plate for plate in plates().values() if plate.parent == block}
    assert inner["self_attn"].figure == "O(T²)"
    assert inner["linear1"].figure == "O(T)"
    assert (inner["self_attn"].heat, inner["linear1"].heat, inner["dropout1"].heat) == (1.0, 0.5, None)
    assert (legend(rig).low, legend(rig).high) == ("O(1)", "O(T²)")
    assert [bar.choice.itemText(k) for k in range(bar.choice.count())] == ["in N", "in T"]
    bar.choice.setCurrentIndex(0)
    bar.choice.activated.emit(0)
    assert legend(rig).high == "O(N)"
    rig.document.edit(lambda: rig.document.project.networks["main"].rename(block, "stack"))
    rig.window.center.set_lens("")
    assert not bar.choice.isVisible()


def test_orders_are_those_of_the_formulas() -> None:
    from graph_core.complexity import complexity

    project = open_template("transformer_encoder")
    found, whole = orders_of(project, "main"), complexity(project)
    for row in whole.layers:
        if row.figures["flops"] != 0:
            assert found.orders["T"][row.id][1] == whole.order(row.figures["flops"], "T")
    assert found.orders["T"]["r1"] == (2, "O(T²)"), "a block has the order of what grows fastest in it"


def test_what_was_not_measured_is_not_offered(rig: WindowRig) -> None:
    rig.window.files.new_from_template("lenet")
    lenses = rig.window.center.lenses
    for name in ("latency", "activations"):
        assert not lenses.segment(name).isEnabled()
        assert lenses.segment(name).toolTip() == "Nothing has been measured yet; choose Run › Measure."
    rig.click(QPoint(5, 5))
    with rig.qtbot.waitSignal(rig.document.refused) as said:
        rig.key(Key.Key_4, SHIFT)
    assert said.args == ["Nothing has been measured yet; choose Run › Measure."]
    assert rig.window.center.lens == ""


def test_a_worker_measures_and_both_lenses_light_up(rig: WindowRig) -> None:
    rig.window.files.new_from_template("lenet")
    rig.key(Key.Key_F9)
    assert rig.window.measuring.busy
    rig.qtbot.waitUntil(lambda: rig.window.center.busy.isVisible())
    rig.qtbot.waitUntil(lambda: rig.window.measuring.there, timeout=120_000)
    rig.qtbot.waitUntil(lambda: not rig.window.measuring.busy)
    assert not rig.window.center.busy.isVisible()
    QTest.mouseClick(rig.window.center.lenses.segment("latency"), LEFT)
    conv1 = rig.canvas.scene.plates[rig.node("conv1").id]
    assert conv1.heat is not None
    assert conv1.figure.endswith("s")
    assert "batch 1" in legend(rig).note
    QTest.mouseClick(rig.window.center.lenses.segment("activations"), LEFT)
    assert float(rig.canvas.scene.plates[rig.node("conv1").id].figure) > 0


def test_a_block_adds_up_what_is_inside_and_statistics_are_chosen(rig: WindowRig) -> None:
    rig.window.files.new_from_template("resblock")
    block = rig.node("block").id
    take(
        rig,
        {
            "block.conv1": {"seconds": 0.003, "std": 2.0, "mean": -0.5, "zeros": 0.0, "nans": 0.0, "largest": 4.0},
            "block.relu1": {"seconds": 0.001, "std": 1.0, "mean": 0.5, "zeros": 0.25, "nans": 0.5, "largest": 4.0},
            "block": {"seconds": 0.0, "std": 1.5, "mean": 0.1, "zeros": 0.125, "nans": 0.0, "largest": 3.0},
        },
    )
    center = rig.window.center
    center.set_lens("latency")
    assert rig.canvas.scene.plates[block].figure == "4 ms"
    rig.document.unfold(block)
    inner = {plate.name: plate for plate in rig.canvas.scene.plates.values() if plate.parent == block}
    assert inner["conv1"].figure == "3 ms"
    rig.document.fold(block)
    center.set_lens("activations")
    assert rig.canvas.scene.plates[block].figure == "1.5"
    choice = center.lens_bar.choice
    choice.setCurrentIndex(choice.findData("zeros"))
    choice.activated.emit(choice.currentIndex())
    assert (rig.canvas.scene.plates[block].figure, rig.canvas.scene.plates[block].heat) == ("12.5 %", 0.125)
    assert legend(rig).high == "100.0 %"
    assert "NaN from 1 nodes" in legend(rig).note


def test_an_edit_makes_it_stale_and_undo_fresh(rig: WindowRig) -> None:
    rig.window.files.new_from_template("lenet")
    stats = {"seconds": 0.001, "std": 1.0, "mean": 0.0, "zeros": 0.0, "nans": 0.0, "largest": 1.0}
    take(rig, {name: dict(stats) for name in ("conv1", "conv2", "fc1")})
    rig.window.center.set_lens("latency")
    assert "measure again" not in legend(rig).note
    rig.document.edit(lambda: rig.graph.set(rig.node("conv1").id, out_channels=7))
    assert "measure again" in legend(rig).note
    heat = {rig.graph.nodes[id].name: plate.heat for id, plate in rig.canvas.scene.plates.items()}
    assert heat["conv1"] is None, "it is another node than the one measured"
    assert heat["conv2"] == 1.0
    rig.window.actions_["Undo"].trigger()
    assert "measure again" not in legend(rig).note
    assert rig.canvas.scene.plates[rig.node("conv1").id].heat == 1.0
    places = rig.window.drawing.positions()
    rig.plain_view()
    rig.drag(rig.middle("conv1"), rig.middle("conv1") + QPoint(64, 0))
    assert rig.window.drawing.positions() != places
    assert "measure again" not in legend(rig).note, "where a node stands costs nothing"
    rig.window.files.may_leave = lambda: True
    rig.document.new()
    assert rig.window.center.lens == ""
    assert not rig.window.center.lenses.segment("latency").isEnabled()


def test_what_cannot_be_measured_is_said(rig: WindowRig) -> None:
    rig.window.center.leave_gallery()
    with rig.qtbot.waitSignal(rig.document.refused) as said:
        rig.key(Key.Key_F9)
    assert said.args is not None
    assert said.args[0].startswith("Untitled is empty")
    rig.window.files.new_from_template("lenet")
    rig.document.edit(lambda: rig.graph.disconnect(f"{rig.node('fc1').id}.x"))
    with rig.qtbot.waitSignal(rig.document.refused) as said:
        QTest.mouseClick(rig.window.center.lens_bar.measure, LEFT, NO)
    assert said.args is not None
    assert said.args[0].endswith("mend it before measuring.")
    assert not rig.window.measuring.busy
