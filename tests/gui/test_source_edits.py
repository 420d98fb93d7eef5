"""Values typed into the source change the drawing: one edit each, undone by the window's own undo."""

from __future__ import annotations

from PySide6.QtTest import QTest

from graph_core import Project
from tests.benchmarks.models import convolutions
from tests.gui.window_rig import CTRL, LEFT, Key, WindowRig


def code(rig: WindowRig, line: str) -> None:
    """Open the Code tab and wait for a line."""
    rig.window.show_tab("Code")
    rig.qtbot.waitUntil(lambda: line in rig.window.code.source())


def click_behind(rig: WindowRig, text: str) -> None:
    """Put the cursor behind the first place of a text, with the mouse."""
    view = rig.window.code.view
    cursor = view.document().find(text)
    line = cursor.blockNumber() + 1
    view.reveal(line, line)
    cursor.setPosition(cursor.selectionEnd())
    QTest.mouseClick(view.viewport(), LEFT, pos=view.cursorRect(cursor).center())
    assert view.textCursor().position() == cursor.position()


def test_a_width_and_a_new_keyword_flow_back_and_are_undone(rig: WindowRig) -> None:
    rig.window.files.new_from_template("lenet")
    before = rig.bytes()
    code(rig, "nn.Conv2d(1, 16, 3, padding=1)")
    view = rig.window.code.view
    click_behind(rig, "nn.Conv2d(1, 16")
    assert rig.document.selection == (rig.node("conv1").id,)
    QTest.keyClick(view, Key.Key_Backspace)
    QTest.keyClicks(view, "2")
    assert rig.bytes() == before  # not yet
    QTest.keyClick(view, Key.Key_Return)
    assert rig.node("conv1").params["out_channels"] == 12
    code(rig, "nn.Conv2d(12, 32, 3, padding=1)")
    click_behind(rig, "nn.Linear(128, 120")
    QTest.keyClicks(view, ", bias=False")
    QTest.keyClick(view, Key.Key_Return)
    assert rig.node("fc1").params["bias"] is False
    assert rig.window.code.source().count("nn.Linear(128, 120, bias=False)") == 1
    assert rig.window.code.banner.isHidden()
    for _ in range(2):  # with the focus still in the source
        QTest.keyClick(view, Key.Key_Z, CTRL)
    assert rig.bytes() == before
    code(rig, "nn.Conv2d(1, 16, 3, padding=1)")


def test_what_cannot_flow_back_says_why_and_escape_takes_it_back(rig: WindowRig) -> None:
    rig.window.files.new_from_template("lenet")
    before = rig.bytes()
    code(rig, "nn.Conv2d(16, 32, 3, padding=1)")
    source, panel = rig.window.code.source(), rig.window.code
    for place, typed, said in (
        ("nn.Conv2d(16", "0", "16 of conv2 follows from what comes in; change the layer before it instead."),
        ("self.fc3 = nn.Linear", "2", "only values flow back into the drawing"),
        ("nn.Conv2d(1, 16", ", ", "Line"),
    ):
        click_behind(rig, place)
        QTest.keyClicks(panel.view, typed)
        QTest.keyClick(panel.view, Key.Key_Return)
        assert panel.banner.isVisible()
        assert said in panel.banner.text.text()
        assert panel.source() != source
        QTest.keyClick(panel.view, Key.Key_Escape)
        assert panel.source() == source
        assert panel.banner.isHidden()
    assert rig.bytes() == before


def test_a_large_drawing_is_edited_in_a_worker(rig: WindowRig) -> None:
    project: Project = convolutions(300)
    rig.document.new(project)
    code(rig, "self.conv7 = nn.Conv2d(16, 16, 3, padding=1)")
    click_behind(rig, "self.conv7 = nn.Conv2d(16, 16, 3")
    QTest.keyClick(rig.window.code.view, Key.Key_Backspace)
    QTest.keyClicks(rig.window.code.view, "1")
    QTest.keyClick(rig.window.code.view, Key.Key_Return)
    rig.qtbot.waitUntil(lambda: rig.node("conv7").params.get("kernel_size") == 1, timeout=60_000)
    code(rig, "self.conv7 = nn.Conv2d(16, 16, 1, padding=1)")
