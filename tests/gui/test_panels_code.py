"""The code panel shows the source in colour and follows the selection both ways."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from designer.panels.code import CodePanel
from designer.panels.highlight import pieces, state_after
from designer.theme import themes
from tests.gui.window_rig import CTRL, Key

SOURCE = '''"""lenet."""

import torch


class Lenet(nn.Module):
    """Digits, # no comment

    in two lines."""

    def __init__(self):
        self.conv1 = nn.Conv2d(1, 6, 3)  # 6 × 8 × 8
        self.relu1 = nn.ReLU()

    def forward(self, x):
        x = self.relu1(self.conv1(x))
        return x
'''
SPANS = {"net": [(6, 17)], "conv1": [(12, 12), (16, 16)], "relu1": [(13, 13), (16, 16)]}


@pytest.fixture
def panel(house, qtbot) -> CodePanel:
    made = CodePanel()
    made.resize(700, 400)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    made.set_source(SOURCE, SPANS)
    return made


def ink(panel: CodePanel, line: int, word: str) -> str:
    """The colour's hex of the first letter of `word` in `line` (from 1)."""
    block = panel.view.document().findBlockByNumber(line - 1)
    at = block.text().index(word)
    for part in block.layout().formats():
        if part.start <= at < part.start + part.length:
            return part.format.foreground().color().name()
    return ""


def click_line(qtbot, panel: CodePanel, line: int) -> None:
    block = panel.view.document().findBlockByNumber(line - 1)
    place = panel.view.blockBoundingGeometry(block).translated(panel.view.contentOffset()).center()
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, round(place.y())))


def test_words_take_the_colours_of_the_theme(panel: CodePanel, qtbot):
    for name in ("light", "dark"):
        themes.choose(name)
        qtbot.waitUntil(lambda: panel.view.colours.idle)
        theme = themes.current
        assert ink(panel, 6, "class") == theme.color("code_kw").name()
        assert ink(panel, 6, "Lenet") == theme.color("code_fn").name()
        assert ink(panel, 7, "Digits") == ink(panel, 9, "in two") == theme.color("code_str").name()
        assert ink(panel, 12, "6, 3") == theme.color("code_num").name()
        assert ink(panel, 12, "# 6") == theme.color("code_com").name()
        assert ink(panel, 12, "conv1") == ""


def test_selecting_a_node_tints_its_lines(panel: CodePanel, qtbot):
    panel.set_current("conv1")
    assert [line for line in range(1, 19) if panel.view.is_tinted(line)] == [12, 16]
    image = panel.view.grab().toImage()
    row = panel.view.blockBoundingGeometry(panel.view.document().findBlockByNumber(11)).center().y()
    assert image.pixelColor(image.width() - 30, round(row)) == themes.current.color("acctint")
    assert image.pixelColor(0, round(row)) == themes.current.color("accent")
    panel.set_current("no such node")
    assert not panel.view.is_tinted(12)


def test_a_click_names_the_innermost_node(panel: CodePanel, qtbot):
    heard = []
    panel.node_at_cursor.connect(heard.append)
    click_line(qtbot, panel, 13)
    click_line(qtbot, panel, 7)
    click_line(qtbot, panel, 2)
    assert heard == ["relu1", "net"]
    assert panel.view.is_tinted(15)


def test_where_two_nodes_share_a_line_the_current_one_stays(panel: CodePanel):
    panel.set_current("relu1")
    assert panel.node_at(16) == "relu1"
    panel.set_current("conv1")
    assert panel.node_at(16) == "conv1"
    assert panel.node_at(1) is None


def test_selecting_from_outside_is_not_told_back(panel: CodePanel):
    heard = []
    panel.node_at_cursor.connect(heard.append)
    panel.view.setFocus()
    panel.set_current("conv1")
    panel.set_source(SOURCE.replace("6, 3", "12, 3"), SPANS)
    assert heard == []


def test_arrow_keys_move_the_selection_too(panel: CodePanel, qtbot):
    click_line(qtbot, panel, 12)
    with qtbot.waitSignal(panel.node_at_cursor) as heard:
        qtbot.keyClick(panel.view, Key.Key_Down)
    assert heard.args == ["relu1"]


@pytest.mark.parametrize(
    "after",
    [
        SOURCE,
        SOURCE.replace("6, 3", "12, 3"),
        SOURCE + "\n\nx = 1\n",
        SOURCE.replace("        self.relu1 = nn.ReLU()\n", ""),
        SOURCE.replace("import torch\n", "import torch\nfrom torch import nn\n"),
        "first\n" + SOURCE,
        SOURCE.split("\n", 2)[2],
        SOURCE.rstrip("\n"),
        "\n" + SOURCE,
        "",
        "one line",
        "other\nlines\n",
    ],
)
def test_any_text_replaces_any_other(panel: CodePanel, after: str):
    panel.set_source(after, {})
    assert panel.source() == after
    panel.set_source(SOURCE, SPANS)
    assert panel.source() == SOURCE


def test_the_view_stays_while_a_line_changes_elsewhere(panel: CodePanel, qtbot):
    long = "".join(f"x{k} = {k}\n" for k in range(500))
    panel.set_source(long, {})
    panel.view.verticalScrollBar().setValue(200)
    panel.set_source(long.replace("x300 = 300", "x300 = 301"), {})
    assert panel.view.verticalScrollBar().value() == 200
    panel.set_source(long, {"far": [(450, 451)]})
    panel.set_current("far")
    assert 200 < panel.view.verticalScrollBar().value() < 450


def test_copy_takes_the_whole_source(panel: CodePanel, qtbot):
    qtbot.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == SOURCE
    assert panel.copy.text() == "Copied"
    panel.set_source("", {})
    assert not panel.copy.isEnabled()


def put_cursor(panel: CodePanel, line: int, word: str) -> None:
    """Click right behind a word of a line, as a person who is about to type there."""
    block = panel.view.document().findBlockByNumber(line - 1)
    cursor = panel.view.textCursor()
    cursor.setPosition(block.position() + block.text().index(word) + len(word))
    at = panel.view.cursorRect(cursor).center()
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_what_is_typed_waits_for_enter(panel: CodePanel, qtbot):
    heard = []
    panel.edited.connect(heard.append)
    put_cursor(panel, 12, "1, 6")
    qtbot.keyClicks(panel.view, "4")
    assert heard == []
    assert "Enter puts it into the drawing" in panel.about.text()
    qtbot.keyClick(panel.view, Key.Key_Return)
    assert heard == [SOURCE.replace("1, 6", "1, 64")]
    panel.refuse("64 is not to be had.")
    assert panel.banner.isVisible()
    qtbot.keyClick(panel.view, Key.Key_Escape)
    assert panel.source() == SOURCE
    assert panel.banner.isHidden()
    assert "lines" in panel.about.text()


def test_leaving_the_line_or_the_panel_ends_an_edit(panel: CodePanel, qtbot):
    heard = []
    panel.edited.connect(heard.append)
    put_cursor(panel, 12, "1, 6")
    qtbot.keyClicks(panel.view, "4")
    qtbot.keyClick(panel.view, Key.Key_Down)
    qtbot.waitUntil(lambda: len(heard) == 1)
    panel.set_source(heard[0], SPANS)
    put_cursor(panel, 12, "1, 64")
    qtbot.keyClick(panel.view, Key.Key_Backspace)
    panel.copy.setFocus(Qt.FocusReason.TabFocusReason)
    assert heard[1:] == [SOURCE]


def test_what_was_refused_does_not_stay_behind(panel: CodePanel, qtbot):
    panel.edited.connect(lambda _: panel.refuse("No."))
    put_cursor(panel, 12, "1, 6")
    qtbot.keyClicks(panel.view, "4")
    qtbot.keyClick(panel.view, Key.Key_Return)
    panel.copy.setFocus(Qt.FocusReason.TabFocusReason)
    assert panel.source() == SOURCE


def test_nothing_can_be_typed_where_there_is_no_source(panel: CodePanel, qtbot):
    panel.set_source("", {})
    panel.view.setFocus()
    qtbot.keyClicks(panel.view, "zzz")
    assert panel.source() == ""


def test_find_counts_goes_round_and_closes(panel: CodePanel, qtbot):
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Key.Key_F, CTRL)
    assert panel.finder.isVisible()
    assert panel.finder.field.hasFocus()
    qtbot.keyClicks(panel.finder.field, "self.conv1")
    assert panel.finder.told.text() == "1 of 2"
    assert panel.view.textCursor().selectedText() == "self.conv1"
    qtbot.keyClick(panel.finder.field, Key.Key_Return)
    assert panel.finder.told.text() == "2 of 2"
    qtbot.keyClick(panel.finder.field, Key.Key_Down)
    assert panel.finder.told.text() == "1 of 2"
    qtbot.keyClicks(panel.finder.field, "zz")
    assert panel.finder.told.text() == "not found"
    qtbot.keyClick(panel.finder.field, Key.Key_Escape)  # clears
    qtbot.mouseClick(panel.finder.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    assert panel.finder.isHidden()


def test_a_problem_stands_over_the_last_source(panel: CodePanel):
    panel.set_problem("add cannot join 128×28×28 and 64×56×56.")
    assert panel.banner.isVisible()
    assert panel.source() == SOURCE
    panel.set_problem("")
    assert panel.banner.isHidden()


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ('"""doc', 0, 1),
        ("end\"\"\" + '''x", 1, 2),
        ('x = \'"""\'', 0, 0),
        ('# it\'s """', 0, 0),
        ('""" a """', 0, 0),
        ("still", 1, 1),
    ],
)
def test_multi_line_strings_are_followed(text: str, before: int, after: int):
    assert state_after(text, before) == after


def test_the_rest_of_a_line_after_a_string_is_lexed():
    roles = [role for _, _, role in pieces('end""" + 12', 1)]
    assert roles == ["code_str", "code_num"]


def test_the_lexer_loads_when_the_panel_is_first_seen():
    code = (
        "import sys; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
        "from designer.panels.code import CodePanel; p = CodePanel(); p.set_source('x = 1', {});"
        "app.processEvents(); assert not [m for m in sys.modules if m.startswith('pygments')]; p.show();"
        "[app.processEvents() for _ in range(50)]; assert 'pygments.lexers.python' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
