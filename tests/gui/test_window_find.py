"""Find, replace and the inspector on several nodes: real keys, one step each, exact undo and redo."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from tests.gui.window_rig import CTRL, LEFT, NO, SHIFT, Key, WindowRig, chosen, one_step


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("resnet18")
    rig.window.activateWindow()
    return rig


def selected(rig: WindowRig) -> list[str]:
    return [rig.graph.nodes[id].name for id in rig.document.selection]


def test_ctrl_f_walks_through_what_fits_blocks_included(rig: WindowRig) -> None:
    before = rig.bytes()
    rig.key(Key.Key_F, CTRL)
    bar = rig.window.center.finder
    assert rig.window.focusWidget() is bar.query
    assert not bar.second.isVisible()
    QTest.keyClicks(bar.query, "conv1")
    count = len(bar.found)
    assert count > 1
    seen = []
    for _ in range(count):
        QTest.keyClick(bar.query, Key.Key_Return)
        seen.append((rig.graph.name, *selected(rig)))
    assert len(set(seen)) == count
    assert len({graph for graph, _ in seen}) > 1
    QTest.keyClick(bar.query, Key.Key_Return, SHIFT)
    assert (rig.graph.name, *selected(rig)) == seen[-2]
    assert bar.count.text() == f"{count - 1} of {count}"
    QTest.keyClick(bar.query, Key.Key_Escape)
    QTest.keyClick(bar.query, Key.Key_Escape)
    assert not bar.isVisible()
    assert rig.window.focusWidget() is rig.canvas
    assert rig.bytes() == before


def test_ctrl_h_replaces_names_types_and_parameters(rig: WindowRig) -> None:
    rig.key(Key.Key_H, CTRL)
    bar = rig.window.center.finder
    assert bar.second.isVisible()
    for by, query, new, left in (
        ("name", "conv", "cv", 0),
        ("type", "ReLU", "GELU", 0),
        ("parameter", "stride = 1", "3", 0),
    ):
        QTest.mouseClick(bar.by.segment(by), LEFT)
        bar.query.clear()
        QTest.keyClicks(bar.query, query)
        assert bar.found, by
        bar.new.clear()
        QTest.keyClicks(bar.new, new)
        with one_step(rig):
            QTest.mouseClick(bar.all, LEFT)
        assert len(bar.found) == left, by
    bar.query.clear()
    assert not bar.all.isEnabled()


def test_replacing_one_goes_on_to_the_next(rig: WindowRig) -> None:
    rig.key(Key.Key_H, CTRL)
    bar = rig.window.center.finder
    QTest.keyClicks(bar.query, "bn")
    count = len(bar.found)
    QTest.keyClick(bar.query, Key.Key_Return)
    QTest.keyClicks(bar.new, "norm")
    with one_step(rig):
        QTest.keyClick(bar.new, Key.Key_Return)
    assert len(bar.found) == count - 1
    said: list[str] = []
    rig.document.refused.connect(said.append)
    before = rig.bytes()
    bar.new.clear()
    QTest.keyClicks(bar.new, "a b")
    QTest.mouseClick(bar.all, LEFT)
    assert rig.bytes() == before
    assert len(said) == 1


def test_several_nodes_share_their_common_parameters(rig: WindowRig) -> None:
    rig.document.look(())
    chosen(rig, "conv1", "maxpool") if rig.graph.by_name("maxpool") else chosen(rig, "conv1", "pool1")
    several = rig.window.inspector.several
    assert several is not None
    assert {"kernel_size", "stride", "padding"} <= set(several.form.editors)
    assert "out_channels" not in several.form.editors
    entry = several.form.editors["kernel_size"].findChildren(QLineEdit)[0]
    assert entry.text() == ""
    assert entry.placeholderText() == "mixed"
    with one_step(rig):
        entry.setFocus()
        QTest.keyClicks(entry, "5")
        rig.canvas.setFocus()
    for id in rig.document.selection:
        assert rig.graph.nodes[id].params["kernel_size"] in (5, [5, 5])
    assert several.form.editors["kernel_size"].findChildren(QLineEdit)[0].text() == "5"
    names = [node.name for node in rig.graph.nodes.values() if node.type in ("Conv2d", "Linear")]
    chosen(rig, *names[:2])
    flag = rig.window.inspector.several.form.editors["bias"].box
    with one_step(rig):
        QTest.mouseClick(flag, LEFT, NO, QPoint(8, flag.height() // 2))
    assert len({rig.graph.nodes[id].params.get("bias", True) for id in rig.document.selection}) == 1
