"""Formulas are painted, not only promised: their ink is counted, in both themes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QTableView, QWidget

from designer.theme import themes
from designer.widgets.formula import LATEX, Formula, FormulaDelegate, typeset, typesetter

SPACE = r"W_1 \in \mathbb{R}^{64 \times 3}"


def ink_of(widget: QWidget) -> int:
    """How many pixels are nearer to the ink than to the ground."""
    image = widget.grab().toImage()
    ground, ink = themes.current.color("panel").lightness(), themes.current.color("ink").lightness()
    middle = (ground + ink) / 2
    pixels = (image.pixelColor(x, y).lightness() for y in range(image.height()) for x in range(image.width()))
    return sum(1 for value in pixels if (value < middle) == (ink < ground))


def shown(widget: QWidget, qtbot) -> QWidget:
    qtbot.addWidget(widget)
    widget.setAutoFillBackground(True)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_a_formula_is_painted_in_ink(both: str, qtbot):
    widget = shown(Formula(SPACE, "W₁ ∈ ℝ^(64×3)"), qtbot)
    widget.grab()
    assert typesetter().finish()
    assert typesetter().setting(SPACE, themes.current.px(14), themes.current.color("ink")) is not None
    widget.resize(widget.sizeHint())
    assert ink_of(widget) > 120
    widget.set_formula("", "")
    assert ink_of(widget) == 0


def test_what_is_no_formula_stays_text(house, qtbot):
    broken = r"\frac{1}{"
    widget = shown(Formula(broken, "one over nothing"), qtbot)
    assert typesetter().finish()
    assert typeset(broken, 14, "#000000") is None
    assert widget.accessibleName() == widget.toolTip() == "one over nothing"
    widget.resize(widget.sizeHint())
    assert ink_of(widget) > 60


def test_an_escaped_underscore_shows_no_backslash(house):
    with_escape, without = (typeset(rf"\text{{a{mark}b}}", 14, "#000000") for mark in (r"\_", "_"))
    assert with_escape is not None
    assert with_escape == without


def test_ink_follows_the_theme(house, qtbot):
    widget = shown(Formula(SPACE, "W"), qtbot)
    for name in ("light", "dark", "light"):
        themes.choose(name)
        widget.grab()
        assert typesetter().finish()
        assert ink_of(widget) > 120


def test_cells_show_formulas_and_plain_cells_text(both: str, qtbot):
    model = QStandardItemModel(1, 2)
    model.setItem(0, 0, QStandardItem("W ∈ ℝ"))
    model.item(0, 0).setData(SPACE, LATEX)
    model.setItem(0, 1, QStandardItem("plain"))
    view = QTableView()
    view.setModel(model)
    view.setItemDelegate(FormulaDelegate(view))
    shown(view, qtbot)
    view.grab()
    assert typesetter().finish()
    with qtbot.waitSignal(typesetter().ready, raising=False, timeout=50):
        pass
    view.resizeColumnToContents(0)
    setting = typesetter().setting(SPACE, themes.current.px(14), themes.current.color("ink"))
    assert setting is not None
    assert view.columnWidth(0) >= setting.size.width()
    before = view.viewport().grab().toImage()
    model.item(0, 0).setData("", LATEX)
    model.item(0, 0).setData("", Qt.ItemDataRole.DisplayRole)
    assert view.viewport().grab().toImage() != before
