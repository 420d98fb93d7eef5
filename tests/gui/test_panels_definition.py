"""The definition panel and the optimizer's form, with real mouse and key events in the whole window."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QScrollArea

from designer.panels.optimizer_form import OptimizerForm
from designer.theme import themes
from designer.widgets.formula import LATEX, typesetter
from graph_core import edits
from graph_core.architecture import FiveTuple, five_tuple
from graph_core.groups import groups_of
from graph_core.setup_edits import add_group
from graph_core.templates import open_template
from tests.gui.window_rig import Key, WindowRig

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("lenet")
    rig.document.select([])
    return rig


def form_of(rig: WindowRig) -> OptimizerForm:
    """The form that is shown: one of an earlier document may still wait for its end."""
    QApplication.processEvents()  # what was just made is shown by then
    return next(form for form in rig.window.inspector.findChildren(OptimizerForm) if form.isVisible())


def setup(rig: WindowRig, part: str) -> dict:
    return dict(rig.document.project.setup().get(part, {}))


def groups(rig: WindowRig) -> list:
    return [dict(group) for group in groups_of(setup(rig, "optimizer"))]


def choose(box: QComboBox, word: str) -> None:
    """Choose an entry with the keys, as a person who tabbed there."""
    box.setFocus()
    QTest.keyClick(box, Key.Key_Home)
    for _ in range(box.findText(word)):
        QTest.keyClick(box, Key.Key_Down)
    assert box.currentText() == word


def pick(button, word: str) -> None:
    """Open a button's menu with the mouse and choose an entry with the keys."""

    def keys() -> None:
        menu = button.menu()
        for _ in menu.actions():
            QTest.keyClick(menu, Key.Key_Down)
            if menu.activeAction().text() == word:
                QTest.keyClick(menu, Key.Key_Return)
                return
        menu.close()

    QTimer.singleShot(0, keys)
    click(button)


def type_into(editor: QLineEdit, text: str) -> None:
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text) if text else QTest.keyClick(editor, Key.Key_Delete)
    QTest.keyClick(editor, Key.Key_Return)


def click(button) -> None:
    """Click where a person would see it, scrolled there."""
    above = button.parent()
    while above is not None:
        if isinstance(above, QScrollArea):
            QApplication.processEvents()  # what was just made has its place
            above.ensureWidgetVisible(button)
        above = above.parent()
    QTest.mouseClick(button, LEFT)


def test_the_table_is_the_tuple_set_as_mathematics(rig: WindowRig):
    rig.window.show_tab("Definition")
    panel = rig.window.tabs.currentWidget().content
    model = panel.model
    assert model.rowCount() == 5 + 2  # 𝒪 and its schedule below
    assert [model.index(0, k).data() for k in range(5)] == [
        "l₁",
        "conv1 · Conv2d",
        "f₁ = ReLU",
        "W₁ ∈ ℝ 16×1×3×3",
        "b₁ ∈ ℝ 16",
    ]
    assert model.index(0, 3).data(LATEX) == r"W_{1} \in \mathbb{R}^{16 \times 1 \times 3 \times 3}"
    assert model.index(5, 0).data().startswith("𝒪 = AdamW(lr = 0.01")
    assert panel.verdict.text() == "Holds: 5 layers, each with its f, W and b."
    panel.table.grab()
    assert typesetter().finish()
    # The cell of W₁ shows a picture that is not its text.
    cell = panel.table.visualRect(model.index(0, 3))
    with_formula = panel.table.viewport().grab(cell).toImage()
    model.data = lambda index, role=0, data=model.data: "" if role == LATEX else data(index, role)
    assert panel.table.viewport().grab(cell).toImage() != with_formula


def test_it_is_copied_as_latex_json_and_text(rig: WindowRig):
    rig.window.show_tab("Definition")
    panel = rig.window.tabs.currentWidget().content
    found = five_tuple(rig.document.project)
    clipboard = QGuiApplication.clipboard()
    click(panel.buttons["JSON"])
    assert FiveTuple.from_json(json.loads(clipboard.text())) == found
    click(panel.buttons["text"])
    assert FiveTuple.from_text(clipboard.text()) == found
    click(panel.buttons["LaTeX"])
    assert clipboard.text() == found.to_latex()


def test_it_follows_edits_and_says_what_does_not_hold(rig: WindowRig):
    rig.window.show_tab("Definition")
    panel = rig.window.tabs.currentWidget().content
    pool = rig.node("pool2").id
    rig.document.edit(lambda: edits.set_params(rig.graph, pool, {"kernel_size": 5}))
    assert panel.verdict.text().startswith("Does not hold: pool2 ")
    assert "✕ Consecutive shapes compose" in panel.title.toolTip()
    rig.document.undo()
    assert panel.verdict.text().startswith("Holds")


def test_a_large_drawing_is_looked_at_when_edits_rest(rig: WindowRig):
    rig.window.show_tab("Definition")
    panel = rig.window.tabs.currentWidget().content
    panel._spent = 1.0
    conv1 = rig.node("conv1").id
    for channels in (17, 18, 19):
        rig.document.edit(lambda channels=channels: edits.set_params(rig.graph, conv1, {"out_channels": channels}))
        assert panel.model.index(0, 4).data() == "b₁ ∈ ℝ 16"
    rig.qtbot.waitUntil(lambda: panel.model.index(0, 4).data() == "b₁ ∈ ℝ 19")
    click(panel.buttons["text"])
    rig.document.edit(lambda: edits.set_params(rig.graph, conv1, {"out_channels": 20}))
    click(panel.buttons["text"])  # what is copied is the drawing as it is
    assert FiveTuple.from_text(QGuiApplication.clipboard().text()) == five_tuple(rig.document.project)


def test_symbols_are_shown_as_expressions(rig: WindowRig):
    edits.set_symbol(rig.document.project, "d", 24)
    fc1 = rig.node("fc1").id
    rig.document.edit(lambda: edits.set_params(rig.graph, fc1, {"out_features": "2 * d"}))
    rig.window.show_tab("Definition")
    panel = rig.window.tabs.currentWidget().content
    assert panel.model.index(2, 3).data() == "W₃ ∈ ℝ 48×128"
    click(panel.symbols)
    rig.qtbot.waitUntil(lambda: panel.model.index(2, 3).data() == "W₃ ∈ ℝ 48×128 (2*d×128)")
    assert panel.model.index(2, 3).data(LATEX) == r"W_{3} \in \mathbb{R}^{2 \, d \times 128}"
    # An edit is shown at once, and again over the symbols; what it has overtaken is dropped.
    rig.document.edit(lambda: edits.set_params(rig.graph, fc1, {"out_features": "3 * d"}))
    assert panel.model.index(2, 3).data() == "W₃ ∈ ℝ 72×128"
    rig.qtbot.waitUntil(lambda: panel.model.index(2, 3).data() == "W₃ ∈ ℝ 72×128 (3*d×128)")
    click(panel.symbols)
    assert panel.model.index(2, 3).data() == "W₃ ∈ ℝ 72×128"


def test_a_click_on_a_layer_selects_it(rig: WindowRig):
    rig.window.show_tab("Definition")
    panel = rig.window.tabs.currentWidget().content
    place = panel.table.visualRect(panel.model.index(1, 1)).center()
    QTest.mouseClick(panel.table.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place)
    assert rig.document.selection == (rig.node("conv2").id,)


def test_kind_fields_and_schedule_are_edited_and_undone(rig: WindowRig):
    before, form = rig.bytes(), form_of(rig)
    choose(form.kind, "SGD")
    assert setup(rig, "optimizer")["kind"] == "SGD"
    type_into(form.optimizer.editors["momentum"].entry, "0.9")
    click(form.optimizer.editors["nesterov"].box)
    assert setup(rig, "optimizer") == {
        "kind": "SGD",
        "lr": 0.01,
        "weight_decay": 0.01,
        "momentum": 0.9,
        "nesterov": True,
    }
    choose(form.schedule, "multi-step")
    type_into(form.rates.editors["milestones"].entry, "3, 30")
    assert setup(rig, "training")["schedule"] == {"kind": "multi-step", "milestones": [3, 30]}
    assert max(form.curve.rates) == 0.01
    assert min(form.curve.rates) == pytest.approx(0.0001)
    assert rig.document.analysis().problems == ()
    while rig.document.history.can_undo:
        rig.document.undo()
    assert rig.bytes() == before
    assert form.kind.currentText() == "AdamW"


def test_groups_are_added_typed_moved_and_removed(rig: WindowRig):
    before, form = rig.bytes(), form_of(rig)
    click(form.groups.add)
    click(form.groups.add)
    assert groups(rig) == [{"match": ["conv1"]}, {"match": ["conv2"]}]
    first = form.groups.cards[0]
    assert first.count.text() == "2 tensors · 160"
    type_into(first.editors["match"].entry, "*.bias")
    assert groups(rig)[0] == {"match": ["*.bias"]}
    assert first.count.text() == "5 tensors · 262"
    rig.document.undo()  # a word typed into one field is one step
    assert groups(rig)[0] == {"match": ["conv1"]}
    rig.document.redo()
    pick(form.groups.cards[0].more, "weight_decay")
    assert groups(rig)[0] == {"match": ["*.bias"], "weight_decay": 0.01}
    type_into(form.groups.cards[0].editors["weight_decay"].entry, "0")
    click(form.groups.cards[1].editors["frozen"].box)
    assert groups(rig) == [{"match": ["*.bias"], "weight_decay": 0}, {"match": ["conv2"], "frozen": True}]
    assert rig.document.analysis().params.frozen == 32 * 16 * 9
    click(form.groups.cards[1].up)
    assert [group["match"] for group in groups(rig)] == [["conv2"], ["*.bias"]]
    assert not form.groups.cards[0].up.isEnabled()
    assert rig.document.analysis().params.frozen == 32 * 16 * 9 + 32
    click(form.groups.cards[0].remove)
    assert groups(rig) == [{"match": ["*.bias"], "weight_decay": 0}]
    while rig.document.history.can_undo:
        rig.document.undo()
    assert rig.bytes() == before


def test_what_is_frozen_wears_a_lock(rig: WindowRig):
    """A layer whose parameters are all frozen, and a block of such layers; on the canvas they have a lock."""
    rig.window.files.new_from_template("resnet18")
    rig.document.select([])
    layer1 = rig.node("layer1").id
    freeze = [{"match": ["conv1", "layer1", "layer2.*.conv1"], "frozen": True}]
    rig.document.edit(lambda: edits.set_setup(rig.document.project, "main", "optimizer", {"groups": freeze}))

    def locked() -> set[str]:
        return {plate.name for plate in rig.canvas.scene.plates.values() if plate.frozen}

    assert locked() == {"conv1", "layer1"}
    rig.document.enter(layer1)
    assert locked() >= {"conv1", "bn1", "conv2", "bn2"}
    rig.document.leave()
    rig.document.enter(rig.node("layer2").id)
    assert "conv1" in locked()
    assert "bn1" not in locked()
    rig.document.undo()
    assert locked() == set()


def test_the_readout_tells_what_is_frozen_and_which_optimizers_step(rig: WindowRig):
    readout = rig.window.readout
    assert not readout.rows["Frozen"][0].isVisible()
    groups = [{"match": ["conv2"], "frozen": True}, {"role": "bias", "kind": "SGD"}]
    rig.document.edit(lambda: edits.set_setup(rig.document.project, "main", "optimizer", {"groups": groups}))
    assert readout.rows["Frozen"][0].isVisible()
    assert readout.rows["Frozen"][0].text() == "4,640"
    assert readout._captions["Optimizer"].text() == "Optimizer, AdamW and SGD"
    rig.document.undo()
    assert not readout.rows["Frozen"][0].isVisible()
    assert readout._captions["Optimizer"].text() == "Optimizer, AdamW"


def test_a_group_that_matches_nothing_says_so_where_it_is(rig: WindowRig):
    form = form_of(rig)
    click(form.groups.add)
    type_into(form.groups.cards[0].editors["match"].entry, "conv9")
    assert form.groups.cards[0].count.text() == "matches nothing"
    assert [problem.code for problem in rig.document.analysis().problems] == ["group"]
    choose(form.groups.cards[0].editors["role"].box, "bias")
    type_into(form.groups.cards[0].editors["match"].entry, "")
    assert groups(rig) == [{"role": "bias"}]
    assert form.groups.cards[0].count.text() == "5 tensors · 262"
    assert rig.document.analysis().problems == ()


def test_a_problem_of_a_group_is_looked_at_and_mended_in_the_problems_panel(rig: WindowRig):
    rig.document.edit(lambda: add_group(rig.document.project, "main", {"match": ["conv7"], "lr": 0.5}))
    rig.document.select([rig.node("fc1").id])
    rig.window.show_tab("Problems")
    (row,) = rig.window.problems.rows
    QTest.mouseClick(row, LEFT, Qt.KeyboardModifier.NoModifier, row.rect().center() - QPoint(row.width() // 3, 0))
    assert rig.document.selection == ()
    assert form_of(rig).groups.cards[0].count.text() == "matches nothing"
    row.setFocus()
    QTest.keyClick(row, Key.Key_Return)
    assert groups(rig)[0]["match"] in (["conv1"], ["conv2"])
    assert rig.document.analysis().problems == ()


def test_a_group_may_have_another_optimizer(rig: WindowRig):
    form = form_of(rig)
    click(form.groups.add)
    choose(form.groups.cards[0].kind, "Adagrad")
    assert groups(rig) == [{"match": ["conv1"], "kind": "Adagrad"}]
    offered = [action.text() for action in form.groups.cards[0].more.menu().actions()]
    assert "initial_accumulator_value" in offered
    assert "beta1" not in offered
    choose(form.kind, "LBFGS")
    assert groups(rig) == [{"match": ["conv1"]}]
    assert form.groups.cards[0].more is None


def test_the_training_panel_says_what_the_document_says(rig: WindowRig):
    """Both edit one set-up: what one changes the other shows, and training takes."""
    rig.window.show_tab("Training")
    panel, form = rig.window.rehearsal.panel, form_of(rig)
    click(form.groups.add)
    type_into(form.optimizer.editors["lr"].entry, "0.05")
    choose(form.schedule, "step")
    assert panel.settings()["optimizer"]["groups"] == [{"match": ["conv1"]}]
    assert panel.settings()["optimizer"]["lr"] == 0.05
    assert panel.form.schedule.currentText() == "step"
    choose(panel.form.optimizer, "SGD")
    assert setup(rig, "optimizer")["kind"] == "SGD"
    assert form.kind.currentText() == "SGD"
    assert groups(rig) == [{"match": ["conv1"]}]
    assert rig.document.analysis().problems == ()
    rig.document.undo()
    assert panel.form.optimizer.currentText() == "AdamW"


@pytest.mark.parametrize(
    ("optimizer", "training"),
    [
        ({"kind": 3, "lr": "fast", "beta1": None, "groups": [{"match": ["x"], "kind": [], "lr": {}, "frozen": 1}]}, {}),
        (
            {"lr": [1, 2], "amsgrad": "yes"},
            {"schedule": {"kind": "step", "gamma": "x"}, "epochs": "many", "seed": None},
        ),
        ({"kind": "LBFGS", "groups": [{"lr": 1}]}, {"schedule": 7, "batch_size": -1, "label_smoothing": [], "data": 5}),
    ],
)
def test_a_set_up_full_of_faults_opens_and_is_mended(rig: WindowRig, optimizer: dict, training: dict):
    """What a file may hold is shown, told as problems, and one fix after the other mends it."""
    project = open_template("lenet")
    project.fill("", "setups", "main", {"optimizer": optimizer, "training": training})
    rig.document.new(project)
    rig.document.select([])
    for title in ("Definition", "Training", "Memory", "Problems"):
        rig.window.show_tab(title)
    assert form_of(rig).kind.currentText() in ("AdamW", "LBFGS")
    for _ in range(20):
        rows = [row for row in rig.window.problems.rows if row.problem.severity == "error"]
        if not rows:
            break
        rows[0].setFocus()
        QTest.keyClick(rows[0], Key.Key_Return)
    assert rig.document.analysis().sound


def test_both_themes_show_the_form(rig: WindowRig):
    click(form_of(rig).groups.add)
    for theme in ("light", "dark"):
        themes.choose(theme)
        image = form_of(rig).grab().toImage()
        assert len({image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}) > 8
