"""The Complexity tab by mouse and keys: formulas, letters, symbols, the curve; and the readout's small curve."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from designer.canvas.wires import path_of
from designer.numbers import bytes_text, exact
from designer.theme import themes
from designer.widgets.formula import typeset
from designer.widgets.growth import GrowthPlot, ticks
from graph_core import analyze, edits
from graph_core.complexity import complexity
from graph_core.dims import symbol
from graph_core.formula_text import formula_latex, order_latex
from graph_core.growth import Curve
from graph_core.memory import parts_of
from graph_core.propagate import engine_of
from tests.graph_core.test_peaks import shrinking
from tests.gui.conftest import hold
from tests.gui.window_rig import LEFT, NO, Key, WindowRig


class Panel:
    """The tab of a transformer encoder over N and T, shown and settled."""

    def __init__(self, rig: WindowRig) -> None:
        self.rig, self.window = rig, rig.window
        rig.window.files.new_from_template("transformer_encoder")
        rig.window.bottom_dock.widget().setMinimumHeight(300)
        self.click(self._tab_at(), rig.window.tabs.tabBar())
        self.settle()
        self.panel = rig.window.tabs.currentWidget().content

    def _tab_at(self) -> QPoint:
        tabs = self.window.tabs
        place = next(k for k in range(tabs.count()) if tabs.tabText(k) == "Complexity")
        return tabs.tabBar().tabRect(place).center()

    def settle(self) -> None:
        formulas = self.window.formulas
        self.rig.qtbot.waitUntil(lambda: not formulas.busy)
        assert not formulas.problem

    def click(self, at: QPoint, on: QWidget) -> None:
        QTest.mouseClick(on, LEFT, NO, at)

    def press(self, widget: QWidget) -> None:
        self.click(widget.rect().center(), widget)

    def choose(self, word: str, row: QWidget) -> None:
        self.press(next(one for one in row.findChildren(QWidget) if getattr(one, "text", lambda: "")() == word))
        self.settle()

    def type(self, field: QLineEdit, text: str) -> None:
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Key.Key_Return)

    def cells(self, column: int) -> list[str]:
        model = self.panel.table.model()
        return [str(model.index(row, column).data()) for row in range(model.rowCount())]

    @property
    def project(self):
        return self.rig.document.project


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    hold(rig.window)
    return rig


@pytest.fixture
def shown(rig: WindowRig) -> Panel:
    return Panel(rig)


def test_formulas_stand_there_in_all_and_layer_by_layer(shown: Panel) -> None:
    panel = shown.panel
    assert panel.total.plain == "6,144·N·T² + 18,874,368·N·T"
    assert panel.order.plain == "O(N·T²)"
    assert panel.value.text() == "2.517 GMACs"
    assert panel.symbols.holds.text() == "Holds for all sizes."
    assert shown.cells(0) == [f"layers.0–5.{name} ×6" for name in ("self_attn", "linear1", "linear2")]
    assert shown.cells(1)[0] == "6,144·N·T² + 6,291,456·N·T"
    assert shown.cells(2) == ["O(N·T²)", "O(N·T)", "O(N·T)"]
    assert shown.cells(3)[1] == exact(6 * 134_217_728)
    shown.choose("Parameters", panel.figures)
    assert panel.total.plain == "18,914,304"
    assert len(shown.cells(0)) == 5
    shown.choose("FLOPs", panel.figures)
    assert panel.value.text() == "5.041 GFLOPs"
    shown.choose("Kept", panel.figures)
    kept = parts_of(engine_of(shown.project), "main", training=True).kept
    assert panel.value.text() == bytes_text(kept)
    assert panel.order.plain == "O(N·T)"
    assert panel.words.isVisible()
    assert not panel.table.isVisible()


def test_a_peak_says_when_which_moment_is_the_largest(shown: Panel) -> None:
    panel, window = shown.panel, shown.window
    window.document.new(shrinking())
    shown.settle()
    shown.choose("Peak, inference", panel.figures)
    memory = analyze(shown.project).memory
    assert panel.value.text() == bytes_text(memory.activations_inference)
    assert panel.total.plain == "12·N·H² + 32·N + max(32·N·H², 4·N·D)"
    assert panel.words.text().splitlines()[:2] == [
        panel.total.plain,
        "Here the first sum is the largest; it stays so while 8·H² is at least D.",
    ]
    shown.press(panel.copier)
    assert QGuiApplication.clipboard().text().endswith("the first sum is the largest while 8·H² is at least D")
    shown.choose("Peak, training", panel.figures)
    assert panel.value.text() == bytes_text(memory.activations_training)


def test_layers_are_told_in_letters(shown: Panel) -> None:
    panel = shown.panel
    shown.choose("Letters", panel.letters)
    assert shown.cells(1)[:2] == ["2·N·T²·d + 4·N·T·d²", "n·d_in·d_out"]
    assert shown.cells(2)[:2] == ["O(T²·d + T·d²)", "O(n·d_in·d_out)"]
    table = panel.table
    shown.click(table.visualRect(table.model().index(0, 0)).center(), table.viewport())
    assert panel.told.text().startswith("N = 1, T = 128, d = 512, h = 8; h divides d. torch.nn.MultiheadAttention")
    assert shown.rig.document.graph.key == "encoder_layer"
    assert [shown.rig.graph.nodes[id].name for id in shown.rig.document.selection] == ["self_attn"]
    shown.press(panel.copier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:3] == ["Total", "6,144·N·T² + 18,874,368·N·T", "O(N·T²)"]
    assert lines[2].split("\t")[2] == "O(n·d_in·d_out)"


def test_another_example_size_is_one_edit_and_moves_the_point(shown: Panel) -> None:
    panel, history = shown.panel, shown.rig.document.history
    assert panel.symbols.radios["T"].isChecked()
    assert panel.plot.curve.present[0] == 128
    shown.type(panel.symbols.sizes["T"], "1024")
    assert shown.project.symbols["T"] == 1024
    assert history.undo_title == "Set T to 1024"
    shown.settle()
    found = complexity(shown.project)
    assert panel.plot.curve == found.curve("macs", "T")
    assert panel.rate.text() == "O(T²)"
    shown.press(panel.symbols.radios["N"])
    shown.settle()
    assert panel.plot.curve.symbol == "N"
    assert panel.rate.text() == "O(N)"
    shown.rig.document.undo()
    shown.settle()
    assert panel.symbols.sizes["T"].text() == "128"
    shown.type(panel.symbols.sizes["T"], "0")
    assert shown.project.symbols["T"] == 128


def test_symbols_are_added_renamed_and_removed(shown: Panel) -> None:
    panel, said = shown.panel, []
    shown.rig.document.refused.connect(said.append)
    before = shown.rig.bytes()
    shown.press(panel.symbols.adder)
    assert shown.project.symbols["H"] == 16
    assert shown.window.focusWidget() is panel.symbols.names["H"]
    QTest.keyClicks(panel.symbols.names["H"], "width")
    QTest.keyClick(panel.symbols.names["H"], Key.Key_Return)
    assert list(shown.project.symbols) == ["N", "T", "width"]
    shown.type(panel.symbols.names["T"], "steps")
    assert shown.project.networks["main"].nodes["x"].params["shape"] == ["N", "steps", 512]
    shown.settle()
    assert panel.total.plain == "6,144·N·steps² + 18,874,368·N·steps"
    shown.type(panel.symbols.names["steps"], "N")
    assert said == ["There is a symbol N already; choose another name."]
    assert panel.symbols.names["steps"].text() == "steps"
    shown.press(panel.symbols.removers["steps"])
    assert "uses steps" in said[1]
    shown.press(panel.symbols.removers["width"])
    assert list(shown.project.symbols) == ["N", "steps"]
    while shown.rig.document.history.can_undo:
        shown.rig.document.undo()
    assert shown.rig.bytes() == before


def test_conditions_are_said(shown: Panel) -> None:
    graph = shown.project.graphs["main"]
    edits.set_symbol(shown.project, "heads", 8)
    edits.set_params(graph, "r1", {"num_heads": "heads"})
    shown.settle()
    assert shown.panel.symbols.holds.text() == "Holds if heads divides 512."
    edits.set_params(graph, "r1", {"num_heads": 7})
    shown.settle()
    assert shown.panel.symbols.holds.text() == "Layers without a shape are left out; see Problems."
    assert shown.panel.total.plain == "0"


def test_nothing_is_worked_out_while_nothing_is_seen(rig: WindowRig) -> None:
    formulas = rig.window.formulas
    rig.window.files.new_from_template("lenet")
    rig.window.right_dock.hide()
    QTest.qWait(400)
    assert formulas.look is None
    assert formulas.busy
    rig.window.right_dock.show()
    rig.qtbot.waitUntil(lambda: formulas.look is not None)
    assert formulas.look.total.value == 109_224


def test_the_readout_has_a_small_curve(rig: WindowRig) -> None:
    readout, formulas = rig.window.readout, rig.window.formulas
    rig.window.files.new_from_template("transformer_encoder")
    rig.qtbot.waitUntil(lambda: not formulas.busy)
    assert readout.plot.isVisible()
    assert readout.rate.text() == "MACs = O(N·T²)"
    assert readout.plot.curve.present == (128, 2_516_582_400)
    assert readout.plot.curve.points[-1][0] == 256
    assert formulas.look.lines == ()
    rig.window.show_tab("Complexity")
    rig.qtbot.waitUntil(lambda: len(formulas.look.lines) == 3)
    assert rig.window.tabs.currentWidget().content.table.isVisible()
    rig.window.document.mark_saved()
    rig.window.files.new()
    assert not readout.plot.isVisible()


@pytest.mark.parametrize(
    "latex",
    [
        formula_latex(6144 * (symbol("H") // 4) * symbol("c_in") - symbol("num_heads") ** 2),
        formula_latex((symbol("H") - symbol("k") + 1) ** 2 * symbol("c_in") // symbol("g")),
        order_latex("O(n²·k²·c_in·c_out/g + T)"),
    ],
)
def test_formulas_can_be_set(house, latex: str) -> None:
    wide = typeset(latex, 14, "#000000")
    assert wide is not None
    assert wide.size.height() < 24  # one row of a table


@pytest.mark.parametrize("logarithmic", [True, False])
def test_the_curve_is_painted_through_its_points(qtbot, logarithmic: bool) -> None:
    plot = GrowthPlot(logarithmic)
    qtbot.addWidget(plot)
    plot.resize(300, 160)
    curve = Curve("T", tuple((2**k, 7 * 4**k) for k in range(12)), (64, 7 * 64**2))
    plot.show_curve(curve, "MACs")
    plot.show()
    image = QImage(plot.size(), QImage.Format.Format_RGB32)
    image.fill(themes.current.color("panel"))
    plot.render(image)
    accent = themes.current.color("accent")

    def inked(at: QPointF) -> bool:
        spots = [image.pixelColor(round(at.x()) + dx, round(at.y()) + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        return any(abs(spot.red() - accent.red()) + abs(spot.blue() - accent.blue()) < 90 for spot in spots)

    assert all(inked(plot.place(point)) for point in (curve.points[10], curve.points[11]))
    middle = plot.place(curve.points[5])
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        middle,
        QPointF(plot.mapToGlobal(middle.toPoint())),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        NO,
    )
    QApplication.sendEvent(plot, event)
    assert plot._under == 5
    assert "at T 64" in plot.accessibleName()


def test_ticks_are_round_and_few() -> None:
    assert ticks(1, 1000) == [1, 10, 100, 1000]
    assert ticks(30, 90) == [50]
    assert ticks(120, 700) == [200, 500]
    assert len(ticks(1, 10**12)) <= 5
    assert ticks(7, 7) == [7]


def test_a_wire_under_the_mouse_has_its_shape_over_the_symbols(shown: Panel) -> None:
    window, document = shown.window, shown.rig.document
    graph = shown.project.networks["main"]
    edits.set_params(graph, "r1", {"dim_feedforward": "4 * T"})
    document.unfold("r1")
    shown.settle()
    canvas = window.canvas

    def told(target: str) -> str:
        return canvas.overlay.more(next(wire for wire in canvas.snap.wires if wire.id == target))

    assert told("r1/l2.x") == " · N × T × 4·T"
    assert told("r1/n1.x") == ""  # the label says it all: N × T × 512
    hidden = next(wire for wire in canvas.snap.wires if wire.inside == wire.source[0] == "r1")
    assert canvas.overlay.more(hidden) == ""
    edits.set_params(graph, "x", {"shape": ["N", "2 * T", 512]})
    assert told("r1/l2.x") == ""  # not worked out yet
    shown.settle()
    assert told("r1/l2.x") == " · N × 2·T × 4·T"
    assert (
        told(next(wire.id for wire in canvas.snap.wires if wire.inside == wire.source[0] == "r1")) == " · N × 2·T × 512"
    )
    place = canvas.snap.wire_index["r1/l2.x"]
    at = canvas.camera.to_view(*path_of(canvas.snap, place).pointAtPercent(0.5).toTuple()).toPoint()
    QTest.mouseMove(canvas, at)
    shown.rig.qtbot.waitUntil(lambda: canvas.hover_wire == place)
    cards = []
    canvas.overlay.card = lambda p, at, text, **_: cards.append(text)
    canvas.repaint()
    assert cards == ["N × 256 × 512 · float32 · 524,288 B · N × 2·T × 4·T"]
    document.enter("r1")
    assert told("l2.x") == " · N × 2·T × 4·T"
