"""The Problems panel over every wrong drawing: the sentence, the cost of the fix, and one click that mends it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

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


@pytest.mark.parametrize("wrong", WRONG, ids=[f"{w.code}-{k}" for k, w in enumerate(WRONG)])
def test_a_row_says_what_is_wrong_and_mends_it(house, document: Document, wrong: Wrong) -> None:
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
    told = {label.text(): label.toolTip() for label in row.findChildren(QLabel)}
    assert told[change(params)] == f"{change(params)} parameters, {change(macs)} MACs"
    before = dumps(project)
    QTest.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert document.history.titles == [wrong.fixes[0]]
    assert not [r for r in panel.rows if (r.problem.code, r.problem.node) == (wrong.code, wrong.node)]
    document.undo()
    assert dumps(project) == before
    assert row_of(document, panel, wrong).sentence.text() == f"{wrong.said}."
