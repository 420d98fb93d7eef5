"""The training panel asks for runs, tells how they go, and draws what happened."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt

from codegen.train.settings import Settings
from designer.panels.runs import RunRecord
from designer.panels.training import TrainingPanel, left, seconds
from designer.panels.training_form import summary
from designer.theme import themes
from graph_core.optimizers import KINDS
from graph_core.schedules import SCHEDULES
from tests.gui.window_rig import Key


def epoch(number: int, of: int = 40, **more: Any) -> dict[str, Any]:
    loss = 2.3 / number
    return {
        "kind": "epoch",
        "epoch": number,
        "epochs": of,
        "train_loss": loss / 2,
        "train_accuracy": 1 - loss / 3,
        "test_loss": loss,
        "test_accuracy": 1 - loss / 2.5,
        "lr": 0.01,
        "seconds": 0.5 * number,
        **more,
    }


DONE = {"accuracy": 0.972, "loss": 0.1, "epochs": 40, "seconds": 12.9, "state": "finished", "run": "runs/1"}


@pytest.fixture
def panel(house, qtbot) -> TrainingPanel:
    made = TrainingPanel()
    made.resize(1056, 296)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    qtbot.waitUntil(lambda: made.curves is not None)
    return made


def test_what_the_form_says_is_what_training_takes(panel: TrainingPanel, qtbot):
    with qtbot.waitSignal(panel.train_requested) as heard:
        qtbot.mouseClick(panel.train, Qt.MouseButton.LeftButton)
    settings = Settings.from_json(heard.args[0])
    assert (settings.data, settings.schedule, settings.optimizer["kind"]) == ("digits", "one-cycle", "AdamW")


def test_every_choice_and_field_reaches_the_request(panel: TrainingPanel, qtbot):
    form = panel.form
    heard: list[dict[str, Any]] = []
    panel.settings_changed.connect(heard.append)
    for field, text in ((form.epochs, "7"), (form.batch_size, "16"), (form.seed, "3"), (form.rate, "0.05")):
        field.selectAll()
        qtbot.keyClicks(field, text)
    form.optimizer.setFocus()
    qtbot.keyClicks(form.optimizer, "SGD")
    assert form.optimizer.currentData() == "SGD"
    form.schedule.setFocus()
    qtbot.keyClick(form.schedule, Key.Key_End)
    values = Settings.from_json(heard[-1])
    assert (values.epochs, values.batch_size, values.seed) == (7, 16, 3)
    assert values.optimizer == {"kind": "SGD", "lr": KINDS["SGD"].fields["lr"].default}
    assert values.schedule == list(SCHEDULES)[-1]


def test_a_wrong_field_says_so_and_nothing_is_asked(panel: TrainingPanel, qtbot):
    asked, changed = [], []
    panel.train_requested.connect(asked.append)
    panel.settings_changed.connect(changed.append)
    panel.form.epochs.setFocus()
    panel.form.epochs.selectAll()
    qtbot.keyClicks(panel.form.epochs, "0")
    assert not panel.train.isEnabled()
    assert panel.train.toolTip().startswith("Epochs must be a whole number from 1")
    qtbot.mouseClick(panel.train, Qt.MouseButton.LeftButton)
    assert asked == changed == []
    qtbot.keyClick(panel.form.epochs, Key.Key_Escape)
    assert panel.train.isEnabled()


def test_what_the_form_does_not_show_is_kept(panel: TrainingPanel):
    given = {"epochs": 5, "shift": 2, "optimizer": {"kind": "AdamW", "lr": 0.01, "weight_decay": 0.3, "groups": []}}
    panel.set_settings(given)
    settings = panel.settings()
    assert settings["shift"] == 2
    assert settings["optimizer"] == given["optimizer"]
    panel.form.optimizer.setCurrentIndex(panel.form.optimizer.findData("RMSprop"))
    assert Settings.from_json(panel.settings()).optimizer["kind"] == "RMSprop"


def test_a_file_of_examples_can_be_chosen_or_not(house, qtbot):
    answers = ["", "folder/own.npz"]
    panel = TrainingPanel(ask=lambda parent: answers.pop(0))
    qtbot.addWidget(panel)
    panel.show()
    data = panel.form.data
    for wanted in ("digits", "folder/own.npz"):
        data.setFocus()
        qtbot.keyClick(data, Key.Key_End)
        assert data.currentData() == wanted
    assert data.currentText() == "own.npz"
    assert panel.settings()["data"] == "folder/own.npz"
    assert summary(panel.settings()).startswith("own.npz · AdamW")


def test_a_network_that_cannot_be_trained_says_why(panel: TrainingPanel):
    panel.set_ready(False, "add cannot join 128×28×28 and 64×56×56.")
    assert not panel.train.isEnabled()
    assert panel.train.toolTip() == "add cannot join 128×28×28 and 64×56×56."
    panel.set_ready(True)
    assert panel.train.isEnabled()


def test_a_run_from_start_to_end(panel: TrainingPanel, qtbot):
    panel.begin(panel.settings())
    assert panel.is_running
    assert panel.pause.isVisible()
    assert not panel.train.isVisible()
    assert panel.about.text() == "digits 1,437 / 360 · AdamW · one-cycle · seed 0"
    panel.point({"kind": "batch", "epoch": 1, "epochs": 40, "batch": 20, "batches": 40, "seconds": 0.25, "loss": 2.3})
    assert panel.bar.share == pytest.approx(0.0125)
    for number in range(1, 29):
        panel.point(epoch(number))
    assert panel.epoch.text() == "Epoch 28 of 40"
    assert panel.time.text() == "14.0 s, about 6 s left"
    assert panel.bar.share == pytest.approx(0.7)
    qtbot.waitUntil(lambda: panel.curves.loss.labels() == ["train 0.041", "test 0.082"])
    assert panel.curves.accuracy.labels() == ["train 97.3 %", "test 96.7 %"]
    assert panel.best.value == "96.7 %"
    panel.finished({**DONE, "best": {"epoch": 21, "test_accuracy": 0.9811, "test_loss": 0.1}})
    assert not panel.is_running
    assert panel.train.isVisible()
    assert panel.outcome.text() == "done: 40 epochs, 12.9 s, 97.2 % test"
    assert (panel.best.value, panel.kept.text()) == ("98.1 %", "epoch 21, checkpoint kept")
    assert panel.list.item(0).text() == "run 1, 97.2 %"


def test_pause_go_on_and_stop_are_asked_for(panel: TrainingPanel, qtbot):
    panel.begin(panel.settings())
    with qtbot.waitSignal(panel.pause_requested):
        qtbot.mouseClick(panel.pause, Qt.MouseButton.LeftButton)
    panel.point({"kind": "state", "state": "paused"})
    assert panel.pause.text() == "Go on"
    assert panel.list.item(0).text() == "run 1, paused"
    with qtbot.waitSignal(panel.resume_requested):
        qtbot.mouseClick(panel.pause, Qt.MouseButton.LeftButton)
    panel.point({"kind": "state", "state": "running"})
    assert panel.pause.text() == "Pause"
    with qtbot.waitSignal(panel.stop_requested):
        qtbot.mouseClick(panel.stop, Qt.MouseButton.LeftButton)
    assert not panel.stop.isEnabled()
    panel.finished({**DONE, "state": "stopped", "epochs": 1})
    assert panel.outcome.text().startswith("stopped: 1 epoch,")
    assert panel.list.item(0).text() == "run 1, stopped"


def test_a_failure_says_why_and_leaves_the_form(panel: TrainingPanel):
    panel.begin(panel.settings())
    panel.point(epoch(1))
    panel.failed("Training diverged in epoch 2: the loss is no longer a number.")
    assert panel.banner.isVisible()
    assert panel.banner.text.text().startswith("Training diverged")
    assert panel.train.isEnabled()
    assert panel.list.item(0).text() == "run 1, failed"
    assert panel.kept.text() == "epoch 1"
    panel.begin(panel.settings())
    assert panel.banner.isHidden()


def test_a_worker_that_does_not_start_gives_the_button_back(panel: TrainingPanel, qtbot):
    qtbot.mouseClick(panel.train, Qt.MouseButton.LeftButton)
    assert not panel.train.isEnabled()
    panel.failed("The worker could not be started.")
    assert panel.train.isEnabled()


def test_choosing_a_run_shows_its_curves(panel: TrainingPanel, qtbot):
    for length in (3, 5):
        panel.begin({**panel.settings(), "epochs": length})
        for number in range(1, length + 1):
            panel.point(epoch(number, length))
        panel.finished({**DONE, "epochs": length})
    assert [panel.list.item(row).text() for row in range(2)] == ["run 2, 97.2 %", "run 1, 97.2 %"]
    with qtbot.waitSignal(panel.run_selected) as heard:
        row = panel.list.visualItemRect(panel.list.item(1))
        qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert heard.args == ["run 1"]
    assert panel.curves.loss.labels()[1] == "test 0.767"
    qtbot.keyClick(panel.list, Key.Key_Up)
    assert panel.curves.loss.labels()[1] == "test 0.460"


def test_known_runs_are_listed_and_the_running_one_stays(panel: TrainingPanel):
    panel.set_runs([RunRecord("old", {"epochs": 2}, "finished", [epoch(1, 2), epoch(2, 2)], result={"accuracy": 0.5})])
    assert panel.list.item(0).text() == "old, 50.0 %"
    assert panel.curves.loss.labels()
    panel.begin(panel.settings())
    panel.set_runs([])
    assert panel.list.count() == 1
    assert panel.is_running


def test_an_epoch_told_twice_counts_once():
    run = RunRecord("a", {"epochs": 9})
    for number in (1, 2, 3, 2):
        run.add(epoch(number, 9))
    assert [point["epoch"] for point in run.points] == [1, 2]
    assert run.best_point()["epoch"] == 2
    assert RunRecord("b").best_point() == {}


def test_losses_without_a_logarithm_leave_a_gap(panel: TrainingPanel):
    panel.begin({**panel.settings(), "epochs": 3})
    panel.point(epoch(1, 3))
    panel.point(epoch(2, 3, train_loss=0.0, test_loss=None, test_accuracy=None))
    panel.finished({**DONE, "epochs": 2})
    assert panel.curves.loss.labels() == []
    assert panel.curves.accuracy.labels() == ["train 61.7 %"]
    panel.curves.grab()


def test_the_curves_keep_their_colours_in_both_themes(panel: TrainingPanel, qtbot):
    panel.begin(panel.settings())
    for number in range(1, 20):
        panel.point(epoch(number))
    for name in ("light", "dark"):
        themes.choose(name)
        panel._draw()
        image = panel.curves.loss.view.grab().toImage()
        seen = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
        wanted = {themes.current.color(token).name() for token in ("panel", "sunken")}
        assert wanted <= seen
        assert themes.current.series(0).name() in seen


def test_the_epoch_under_the_mouse_is_read_out(panel: TrainingPanel, qtbot):
    panel.begin(panel.settings())
    for number in range(1, 31):
        panel.point(epoch(number))
    panel._draw()
    plot = panel.curves.loss
    box = plot.view.getViewBox()
    place = plot.view.mapFromScene(box.mapViewToScene(QPoint(10, 0)))
    qtbot.mouseMove(plot.view.viewport(), place)
    qtbot.waitUntil(lambda: plot.readout.text() == "epoch 10  train 0.115  test 0.230")


@pytest.mark.parametrize(
    ("spent", "share", "words"),
    [
        (8.7, 0.7, "8.7 s, about 4 s left"),
        (200, 0.5, "3 min 20 s, about 3 min left"),
        (7500, 0.5, "2 h 5 min, about 2 h left"),
        (1, 0.999, "1.0 s, about 1 s left"),
        (12.9, 1.0, "12.9 s, done"),
    ],
)
def test_times_read_well(spent: float, share: float, words: str):
    assert f"{seconds(spent)}, {left(spent, share)}" == words


def test_pyqtgraph_loads_when_the_panel_is_first_seen():
    code = (
        "import sys, time; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
        "from designer.panels.training import TrainingPanel; p = TrainingPanel(); app.processEvents();"
        "assert not {'pyqtgraph', 'numpy', 'torch'} & set(sys.modules), 'too early'\n"
        "p.show()\nwhile p.curves is None: app.processEvents(); time.sleep(0.01)\n"
        "assert 'pyqtgraph' in sys.modules and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
