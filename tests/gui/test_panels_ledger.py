"""The ledger under a person's hands: blocks that open, figures down to formulas, conventions, and copies."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from graph_core import analyze, edits
from tests.gui.window_rig import CTRL, LEFT, NO, SHIFT, Key, WindowRig


@pytest.fixture
def rig(rig: WindowRig, qtbot) -> WindowRig:
    rig.window.files.new_from_template("resnet18")
    rig.window.show_tab("Ledger")
    qtbot.waitUntil(lambda: panel(rig).isVisible())
    return rig


def panel(rig: WindowRig):
    return rig.window.tabs.currentWidget().content


def row(rig: WindowRig, text: str, parent: QModelIndex | None = None) -> QModelIndex:
    """The row that begins with a text."""
    shown = panel(rig)
    above = parent or QModelIndex()
    for place in range(shown.model.rowCount(above)):
        index = shown.model.index(place, 0, above)
        if str(index.data()).startswith(text):
            return index
    raise AssertionError(text)


def press(rig: WindowRig, index: QModelIndex) -> None:
    tree = panel(rig).tree
    tree.scrollTo(index)
    QTest.mouseClick(tree.viewport(), LEFT, NO, tree.visualRect(index).center())


def cells(index: QModelIndex) -> list[str]:
    return [str(index.siblingAtColumn(column).data()) for column in range(6)]


def choose(rig: WindowRig, name: str) -> None:
    """A convention, by the keyboard."""
    choice = panel(rig).choice
    QTest.keyClick(choice, Key.Key_Home)
    for _ in range(choice.findData(name)):
        QTest.keyClick(choice, Key.Key_Down)
    assert choice.currentData() == name


def told(rig: WindowRig) -> dict[str, str]:
    rig.qtbot.waitUntil(lambda: not any("Loading" in text for _, text in panel(rig).detail.lines))
    return dict(panel(rig).detail.lines)


def test_a_figure_opens_down_to_its_formula_and_up_to_the_total(rig: WindowRig):
    press(rig, row(rig, "conv1"))
    found = told(rig)
    assert found["Parameters"] == "k²·c_in·c_out = 7²·3·64 = 9,408"
    assert found["MACs"].endswith("= 118,013,952")
    assert found["MACs counted"] == "118,013,952 products"
    assert found["Source"] == "torch.nn.Conv2d"
    assert found["Up to all"] == "conv1 118,013,952 (6.5 %) → all 1,814,073,344 (100.0 %)"
    assert rig.document.selection == (rig.node("conv1").id,)


def test_blocks_open_with_the_keyboard_and_sum_up_their_parts(rig: WindowRig):
    shown = panel(rig)
    block = row(rig, "layer1.0–1")
    assert cells(block)[1:5] == ["BasicBlock", "1×64×56×56", "147,968", "462,422,016"]
    press(rig, block)
    found = told(rig)
    assert found["MACs"] == "conv1 231,211,008 + conv2 231,211,008 = 462,422,016"
    QTest.keyClick(shown.tree, Key.Key_Right)
    assert shown.tree.isExpanded(block)
    QTest.keyClick(shown.tree, Key.Key_Down)
    found = told(rig)
    assert found["Parameters"].endswith("= 36,864, in all 73,728")
    assert found["MACs counted"] == "115,605,504 products × 2 calls = 231,211,008"
    assert "→ layer1.0–1 462,422,016 (25.5 %) →" in found["Up to all"]


def test_conventions_are_those_of_tools(rig: WindowRig):
    shown = panel(rig)
    for name, total in (
        ("flops", "3,634,520,040 FLOPs"),
        ("torch", "3,628,146,688 FLOPs"),
        ("fvcore", "1,819,065,856 FLOPs"),
        ("torchinfo", "1,814,083,944 mult-adds"),
    ):
        choose(rig, name)
        assert shown.totals.text().endswith(total)
    choose(rig, "fvcore")
    press(rig, row(rig, "bn1"))
    assert told(rig)["FLOPs counted"] == "2 × 802,816 values that come in = 1,605,632"


def test_switches_make_a_convention_of_ones_own(rig: WindowRig):
    shown = panel(rig)
    rig.qtbot.mouseClick(shown.switches["biases"], LEFT)
    assert shown.choice.currentData() == "own"
    assert shown.totals.text().endswith("1,814,074,344 Operations")
    for field in ("elementwise", "factor"):
        rig.qtbot.mouseClick(shown.switches[field], LEFT)
    assert shown.choice.currentData() == "flops"
    for field in ("elementwise", "biases"):
        rig.qtbot.mouseClick(shown.switches[field], LEFT)
    assert shown.choice.currentText() == "torch FlopCounterMode"
    press(rig, row(rig, "fc"))
    assert told(rig)["Left out"] == "1,000 additions of biases"


def test_layers_are_listed_sorted_and_copied(rig: WindowRig):
    shown = panel(rig)
    rig.qtbot.mouseClick(shown.form.segment("layers"), LEFT)
    header = shown.tree.header()
    for _ in range(2):  # the largest first
        QTest.mouseClick(header.viewport(), LEFT, NO, header.rect().topLeft() + _middle(header, 4))
    figures = [int(str(shown.model.index(k, 4).data()).replace(",", "")) for k in range(shown.model.rowCount())]
    assert figures in (sorted(figures), sorted(figures, reverse=True))
    assert sum(figures) == analyze(rig.document.project).macs
    rig.qtbot.mouseClick(shown.csv, LEFT)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "layer,type,output,parameters,MACs,bytes"
    shown_first = [str(shown.model.index(0, column).data()) for column in range(2)]
    assert lines[1].split(",")[1] == shown_first[1], "in the order in which they are shown"
    assert "conv1,Conv2d,1×64×112×112,9408,118013952,3248896" in lines
    assert len(lines) == 1 + len(figures)
    rig.qtbot.mouseClick(shown.markdown, LEFT)
    assert "| conv1 | Conv2d | 1×64×112×112 | 9,408 | 118,013,952 | 3,248,896 |" in QGuiApplication.clipboard().text()


def test_memory_is_a_column_and_opens(rig: WindowRig):
    shown = panel(rig)
    assert str(row(rig, "conv1").siblingAtColumn(6).data()) == "3.249 MB"
    press(rig, row(rig, "conv1"))
    assert told(rig)["Memory"] == "37,632 bytes of weights + 3,211,264 bytes of outputs = 3.249 MB"
    header = shown.tree.header()
    names = [str(shown.model.index(k, 0).data()) for k in range(shown.model.rowCount())]
    current = shown.tree.currentIndex()
    for falling in (False, True):
        QTest.mouseClick(header.viewport(), LEFT, NO, header.rect().topLeft() + _middle(header, 6))
        items = [shown.model.item(shown.model.index(k, 0)) for k in range(shown.model.rowCount())]
        sizes = [item.entry.memory for item in items]
        assert sizes == sorted(sizes, reverse=header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder), falling
        assert shown.tree.currentIndex().data() == "conv1", "the same row is the current one"
        assert shown.tree.selectionModel().isRowSelected(shown.tree.currentIndex().row(), QModelIndex())
    assert current.data() == "conv1"
    QTest.mouseClick(header.viewport(), LEFT, NO, header.rect().topLeft() + _middle(header, 0))
    if header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder:
        QTest.mouseClick(header.viewport(), LEFT, NO, header.rect().topLeft() + _middle(header, 0))
    assert [str(shown.model.index(k, 0).data()) for k in range(shown.model.rowCount())] == names


def _middle(header, section: int):
    from PySide6.QtCore import QPoint

    return QPoint(header.sectionViewportPosition(section) + header.sectionSize(section) // 2, header.height() // 2)


def test_an_edit_keeps_what_is_open_and_chosen(rig: WindowRig):
    shown = panel(rig)
    block = row(rig, "layer2.0")
    press(rig, block)
    QTest.keyClick(shown.tree, Key.Key_Right)
    QTest.keyClick(shown.tree, Key.Key_Down)
    assert shown.tree.currentIndex().data() == "conv1"
    rig.document.edit(lambda: edits.set_symbol(rig.document.project, "N", 2))
    assert shown.tree.isExpanded(row(rig, "layer2.0"))
    assert shown.tree.currentIndex().data() == "conv1"
    assert shown.totals.text().endswith("3,628,146,688 MACs")
    assert "N·" in told(rig)["MACs"]


def selected(rig: WindowRig) -> list[str]:
    return [item.entry.path for item in panel(rig).picks.items()]


def test_rows_and_plates_are_selected_together(rig: WindowRig):
    tree = panel(rig).tree
    press(rig, row(rig, "bn1"))
    at = tree.visualRect(row(rig, "maxpool")).center()
    QTest.mouseClick(tree.viewport(), LEFT, SHIFT, at)
    assert [rig.graph.nodes[id].name for id in rig.document.selection] == ["bn1", "relu", "maxpool"]
    assert set(rig.canvas.selection) == set(rig.document.selection)
    QTest.mouseClick(tree.viewport(), LEFT, CTRL, tree.visualRect(row(rig, "relu")).center())
    assert [rig.graph.nodes[id].name for id in rig.document.selection] == ["bn1", "maxpool"]
    rig.click(rig.middle("fc"))
    assert selected(rig) == ["fc"]
    rig.click(rig.middle("conv1"), SHIFT)
    assert selected(rig) == ["conv1", "fc"]
    QTest.keyClick(tree, Key.Key_Down)
    assert [rig.graph.nodes[id].name for id in rig.document.selection] == ["bn1"], "the keyboard selects too"


def test_rows_inside_of_blocks_are_selected_in_place(rig: WindowRig):
    block = rig.node("layer2").id
    rig.document.unfold(block)
    plate = next(p for p in rig.canvas.scene.plates.values() if p.parent == block and p.name == "conv1")
    rig.canvas.fit()
    rig.click(rig.at(plate.x + plate.w * 0.6, plate.y + plate.h / 2))
    assert selected(rig) == ["layer2.0.conv1", "layer2.1.conv1"], "its iterations differ"
    QTest.mouseClick(panel(rig).form.segment("layers"), LEFT)
    assert selected(rig) == ["layer2.0.conv1", "layer2.1.conv1"]
    press(rig, row(rig, "layer1.0–1.bn2"))
    assert rig.document.graph.nodes[rig.document.selection[0]].name == "bn2"
    assert [step.node for step in rig.document.trail] == [rig.document.root_graph.by_name("layer1").id]


def test_the_filter_leaves_what_has_all_the_words(rig: WindowRig):
    shown = panel(rig)
    before = shown.model.rowCount()
    QTest.keyClicks(shown.filter, "layer2 conv2d")
    paths = [str(shown.model.index(k, 0).data()) for k in range(shown.model.rowCount())]
    assert paths
    assert all(path.startswith("layer2") for path in paths)
    assert {str(shown.model.index(k, 1).data()) for k in range(len(paths))} == {"Conv2d"}
    QTest.mouseClick(shown.tsv, LEFT)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.split("\t")[0] for line in lines[1:]] == [path.split("  ")[0] for path in paths]
    QTest.keyClick(shown.filter, Key.Key_Escape)
    assert shown.model.rowCount() == before, "the blocks again"


def test_the_selected_rows_are_copied(rig: WindowRig):
    tree = panel(rig).tree
    press(rig, row(rig, "conv1"))
    tree.scrollTo(row(rig, "fc"))
    QTest.mouseClick(tree.viewport(), LEFT, CTRL, tree.visualRect(row(rig, "fc")).center())
    QTest.keyClick(tree, Key.Key_C, CTRL)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "layer\ttype\toutput\tparameters\tMACs\tbytes"
    assert lines[1:] == [
        "conv1\tConv2d\t1×64×112×112\t9408\t118013952\t3248896",
        "fc\tLinear\t1×1000\t513000\t512000\t2056000",
    ]
