"""The Problems panel over every wrong drawing: the sentence, the cost of the fix, and one click that mends it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from designer.document import Document
from designer.numbers import change
from designer.panels.problems import ProblemRow, ProblemsPanel
from graph_core import Project, dumps
from graph_core.fixes import preview
from tests.graph_core.wrong_drawings import WRONG, Wrong
from tests.gui.conftest import hold


@pytest.fixture
def document(qapp, tmp_path, monkeypatch: pytest.MonkeyPatch) -> Document:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_: str(tmp_path / "data"))
    return Document()


def row_of(document: Document, panel: ProblemsPanel, wrong: Wrong) -> ProblemRow:
    [row] = [row for row in panel.rows if row.problem.code == wrong.code]
    return row


def told_by(row: ProblemRow) -> dict[str, str]:
    """The texts of a row's labels, with their tips."""
    return {label.text(): label.toolTip() for label in row.findChildren(QLabel) if not label.isHidden()}


@pytest.mark.parametrize("wrong", WRONG, ids=[f"{w.code}-{k}" for k, w in enumerate(WRONG)])
def test_a_row_says_what_is_wrong_and_mends_it(qtbot, house, document: Document, wrong: Wrong) -> None:
    project = Project.new("main")
    wrong.draw(project.networks["main"])
    document.new(project)
    panel = ProblemsPanel(document)
    hold(panel)
    panel.resize(900, 300)
    panel.show()
    row = row_of(document, panel, wrong)
    assert row.sentence.text() == f"{wrong.said}."
    if not wrong.fixes:
        assert row.button is None
        return
    assert row.button is not None
    assert row.button.text() == wrong.fixes[0]
    params, macs, _ = preview(project, row.options[0])
    qtbot.waitUntil(lambda: change(params) in told_by(row))
    assert told_by(row)[change(params)] == f"{change(params)} parameters, {change(macs)} MACs"
    before = dumps(project)
    QTest.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert document.history.titles == [wrong.fixes[0]]
    assert not [r for r in panel.rows if (r.problem.code, r.problem.node) == (wrong.code, wrong.node)]
    document.undo()
    assert dumps(project) == before
    assert row_of(document, panel, wrong).sentence.text() == f"{wrong.said}."


@pytest.mark.parametrize("large", [False, True])
def test_where_trying_fixes_takes_long_a_cost_is_told_when_one_thinks_about_it(
    qtbot, house, document: Document, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    monkeypatch.setattr("designer.panels.problems.BUDGET", -1.0)
    monkeypatch.setattr("designer.panels.problems.LARGE", 0 if large else 1000)
    wrong = next(wrong for wrong in WRONG if wrong.fixes)
    project = Project.new("main")
    wrong.draw(project.networks["main"])
    document.new(project)
    window, elsewhere, panel = QWidget(), QLineEdit(), ProblemsPanel(document)
    layout = QVBoxLayout(window)
    layout.addWidget(elsewhere)
    layout.addWidget(panel)
    hold(window)
    window.resize(900, 300)
    window.show()
    window.activateWindow()
    elsewhere.setFocus()
    qtbot.waitUntil(elsewhere.hasFocus)
    row = row_of(document, panel, wrong)
    params, macs, _ = preview(project, row.options[0])
    tip = f"{change(params)} parameters, {change(macs)} MACs"
    assert tip not in told_by(row).values()
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.rect().center())
    qtbot.waitUntil(lambda: tip in told_by(row).values())


def test_no_fix_is_tried_while_the_drawing_is_read_beside_the_window(
    qtbot, house, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = [True]
    monkeypatch.setattr("designer.panels.problems.is_running", lambda: bool(running))
    wrong = next(wrong for wrong in WRONG if wrong.fixes)
    project = Project.new("main")
    wrong.draw(project.networks["main"])
    document.new(project)
    panel = ProblemsPanel(document)
    hold(panel)
    row = row_of(document, panel, wrong)
    params, macs, _ = preview(project, row.options[0])
    tip = f"{change(params)} parameters, {change(macs)} MACs"
    QTest.qWait(100)
    assert tip not in told_by(row).values()
    running.clear()
    qtbot.waitUntil(lambda: tip in told_by(row).values())
