"""The training panel: one row of controls or one line of progress, the curves, the runs, the best checkpoint."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from designer.panels.runs import RunList, RunRecord
from designer.panels.training_form import TrainingForm, summary
from designer.style import dress
from designer.widgets import Banner, Caption, Elided, EmptyState, FigureLabel, ShareBar, Text, button
from designer.words import tr

if TYPE_CHECKING:
    from designer.panels.curves import Curves

FRAME = 33  # ms between two paints of the curves
SIDE = 196  # px of the runs' column
_CURVES = "designer.panels.curves"


class TrainingPanel(QWidget):
    """A view of training; whoever owns the worker tells it what happens.

    `train_requested(dict)` carries the settings (data, epochs, batch_size, seed, schedule, optimizer …) as the worker's
    verb `train` takes them. `begin` when the worker has started; then `point` with each of its reports (kind `epoch`,
    `batch` or `state`; without a kind it is an epoch's), `finished` with its answer, or `failed` with its sentence.
    `settings_changed(dict)`: a person edited the settings. `run_selected(str)`: they chose a run in the list.
    `keep_requested`: the drawing shall keep the weights of the chosen run.
    """

    train_requested = Signal(dict)
    pause_requested = Signal()
    resume_requested = Signal()
    stop_requested = Signal()
    run_selected = Signal(str)
    settings_changed = Signal(dict)
    keep_requested = Signal()

    def __init__(self, parent: QWidget | None = None, ask: Callable[[QWidget], str] | None = None) -> None:
        """`ask` may stand in for the dialog that chooses a file of examples."""
        super().__init__(parent)
        self.runs: dict[str, RunRecord] = {}
        self._running: RunRecord | None = None
        self._shown = ""
        self._why_not = ""
        self.curves: Curves | None = None
        self._loader: threading.Thread | None = None
        self._loading = QTimer(self)
        self._loading.setInterval(FRAME)
        self._loading.timeout.connect(self._look_for_curves)
        self.form = TrainingForm(ask=ask)
        self.form.changed.connect(self._form_changed)
        self.train = button(tr("Train"), "ui_play", small=True)
        self.train.clicked.connect(self._ask_for_training)
        self.outcome = Elided("", "small", "ink3")
        self.pause = button(tr("Pause"), "ui_pause", small=True)
        self.pause.clicked.connect(self._pause_or_go_on)
        self.stop = button(
            tr("Stop"), "ui_stop", small=True, tip=tr("Stop and keep what was learned so far (Shift+F5)")
        )
        self.stop.clicked.connect(self._ask_to_stop)
        self.epoch = Text("", "strong")
        self.bar = ShareBar(ink="accent", high=5, outlined=True)
        dress(self.bar, width=200)
        self.time = Text("", "mono", "ink2")
        self.about = Elided("", "small", "ink3")
        for label in (self.outcome, self.about):
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.banner = Banner()
        self.list = RunList()
        self.list.chosen.connect(self._choose)
        self._none = Text(tr("none yet"), "small", "ink3")
        self.best = FigureLabel("–")
        self.kept = Text(tr("no run yet"), "caption", "ink3")
        self.keep = button(tr("Keep weights"), "ui_lock", small=True)
        self.keep.clicked.connect(self.keep_requested)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(FRAME)
        self._later.timeout.connect(self._draw)
        self._lay_out()
        self.set_ready(True)
        self.set_keepable(False)
        self._draw()

    def _lay_out(self) -> None:
        idle = self._row(self.train, self.form, self.outcome)
        busy = self._row(self.pause, self.stop, self.epoch, self.bar, self.time, self.about)
        self.controls = QStackedWidget()
        self.controls.addWidget(idle)
        self.controls.addWidget(busy)
        dress(self.controls, height=44)
        self._place = QVBoxLayout()
        self._place.setContentsMargins(0, 0, 0, 0)
        self._empty = EmptyState(tr("Train draws the curves of loss and accuracy here, epoch by epoch."))
        self._place.addWidget(self._empty)
        side = QVBoxLayout()
        side.setSpacing(4)
        side.addWidget(Caption(tr("Runs")))
        side.addWidget(self.list)
        side.addWidget(self._none)
        side.addSpacing(8)
        side.addWidget(Caption(tr("Best so far")))
        side.addWidget(self.best)
        side.addWidget(self.kept)
        side.addSpacing(4)
        side.addWidget(self.keep, 0, Qt.AlignmentFlag.AlignLeft)
        side.addStretch(1)
        body = QHBoxLayout()
        body.setContentsMargins(4, 4, 12, 12)
        body.setSpacing(24)
        body.addLayout(self._place, 1)
        holder = QWidget()
        holder.setLayout(side)
        side.setContentsMargins(0, 0, 0, 0)
        dress(holder, width=SIDE)
        body.addWidget(holder)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.controls)
        column.addWidget(self.banner)
        column.addLayout(body, 1)

    @staticmethod
    def _row(*parts: QWidget) -> QWidget:
        """Widgets side by side; the last takes the room that is left."""
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(12, 0, 16, 0)
        row.setSpacing(10)
        for part in parts:
            row.addWidget(part)
        holder.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return holder

    # What a person does --------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        """The settings as the form shows them."""
        return self.form.values()

    def set_settings(self, values: dict[str, Any]) -> None:
        """Show these settings; what is missing takes its default."""
        self.form.set_values(values)
        self._check()

    def set_ready(self, ready: bool, why: str = "") -> None:
        """Whether the network can be trained; if not, `why` in one sentence."""
        self._why_not = "" if ready else why or tr("The network cannot be trained.")
        self._check()

    def set_keepable(self, can: bool) -> None:
        """Whether there is a run whose weights the drawing could keep."""
        self.keep.setEnabled(can)
        why = tr("Keep the weights of this run with the drawing") if can else tr("Train the network first")
        self.keep.setToolTip(why)

    @property
    def is_running(self) -> bool:
        """Whether a run is under way, paused ones included."""
        return self._running is not None

    def _check(self) -> None:
        wrong = self._why_not or self.form.wrong()
        self.train.setEnabled(not wrong)
        self.train.setToolTip(wrong or tr("Train the network with these settings (F5)"))

    def _form_changed(self) -> None:
        self._check()
        if not self.form.wrong():
            self.settings_changed.emit(self.settings())

    def _ask_for_training(self) -> None:
        self.train.setEnabled(False)
        self.train.setToolTip(tr("The worker is starting"))
        self.train_requested.emit(self.settings())

    def _pause_or_go_on(self) -> None:
        run = self._running
        if run is not None:
            (self.resume_requested if run.state == "paused" else self.pause_requested).emit()

    def _ask_to_stop(self) -> None:
        self.stop.setEnabled(False)
        self.stop.setToolTip(tr("Stopping after this step"))
        self.stop_requested.emit()

    def _choose(self, name: str) -> None:
        self._shown = name
        self._draw()
        self.run_selected.emit(name)

    # What the worker tells -----------------------------------------------------------------------------------

    def begin(self, config: dict[str, Any]) -> None:
        """A run has started: its settings, and optionally its name under `run`."""
        name = str(config.get("run") or tr("run {number}", number=len(self.runs) + 1))
        run = RunRecord(name, {key: value for key, value in config.items() if key != "run"})
        self.runs.pop(name, None)
        self.runs[name] = self._running = run
        self._shown = name
        self.banner.hide()
        self.controls.setCurrentIndex(1)
        self.stop.setEnabled(True)
        self.stop.setToolTip(tr("Stop and keep what was learned so far (Shift+F5)"))
        self.about.setText(summary(run.settings))
        self.bar.set_share(0.0)
        self.epoch.setText(tr("Epoch 1 of {epochs}", epochs=run.epochs))
        self.time.setText("")
        self._set_state("running")

    def point(self, report: dict[str, Any]) -> None:
        """One report of the worker: an epoch, a batch, or a change of state."""
        run = self._running
        if run is None:
            return
        kind = report.get("kind", "epoch")
        if kind == "state":
            if report["state"] in ("running", "paused"):
                self._set_state(report["state"])
        elif kind == "batch":
            share = (report["epoch"] - 1 + report["batch"] / max(report["batches"], 1)) / max(report["epochs"], 1)
            self._progress(report["epoch"], report["epochs"], share, report["seconds"])
        elif kind == "epoch":
            run.add(report)
            run.settings["epochs"] = report.get("epochs", run.epochs)
            self._progress(report["epoch"], run.epochs, report["epoch"] / run.epochs, report["seconds"])
            self._draw_soon()

    def finished(self, result: dict[str, Any]) -> None:
        """The run is over: the worker's answer (accuracy, loss, epochs, seconds, state, best)."""
        run = self._running
        if run is None:
            return
        run.result = dict(result)
        run.best = dict(result.get("best") or {})
        run.state = result.get("state", "finished")
        words = tr("stopped") if run.state == "stopped" else tr("done")
        epochs = int(result["epochs"])
        passes = tr("1 epoch") if epochs == 1 else tr("{count} epochs", count=f"{epochs:,}")
        told = tr("{state}: {epochs}, {time}", state=words, epochs=passes, time=seconds(result["seconds"]))
        self._end(tr("{state}, {accuracy} % test", state=told, accuracy=f"{result['accuracy'] * 100:.1f}"))

    def failed(self, sentence: str) -> None:
        """The run broke off, or could not start: why, in one sentence."""
        if self._running is not None:
            self._running.state = "failed"
        self._end("")
        self.banner.show_message(sentence, "error")

    def set_runs(self, runs: Iterable[RunRecord]) -> None:
        """The runs that are known, oldest first, with their points; one that is under way stays."""
        going = self._running
        self.runs = {run.name: run for run in runs}
        if going is not None:
            self.runs[going.name] = going
        if self._shown not in self.runs:
            self._shown = next(reversed(self.runs), "")
        self._draw()

    def _end(self, words: str) -> None:
        self._running = None
        self.outcome.setText(words)
        self.controls.setCurrentIndex(0)
        self._check()
        self._draw()

    def _set_state(self, state: str) -> None:
        run = self._running
        assert run is not None
        run.state = state
        paused = state == "paused"
        self.pause.setText(tr("Go on") if paused else tr("Pause"))
        dress(self.pause, glyph="ui_play" if paused else "ui_pause", glyph_ink="ink")
        self.pause.setToolTip(tr("Go on where it paused") if paused else tr("Pause; the checkpoint is written (F5)"))
        if paused:
            self.time.setText(tr("paused, checkpoint kept"))
        self._draw()

    def _progress(self, epoch: int, epochs: int, share: float, spent: float) -> None:
        self.epoch.setText(tr("Epoch {epoch} of {epochs}", epoch=epoch, epochs=epochs))
        self.bar.set_share(share)
        self.time.setText(f"{seconds(spent)}, {left(spent, share)}" if share > 0 else seconds(spent))

    # Curves --------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._loader is None:
            # Imported beside the window's thread, where the interpreter lets the window breathe every few
            # milliseconds. The thread knows no widget: the last reference to one must not be dropped there.
            self._loader = threading.Thread(target=importlib.import_module, args=("pyqtgraph",), daemon=True)
            self._loader.start()
            self._loading.start()

    def _look_for_curves(self) -> None:
        if self._loader is not None and not self._loader.is_alive():
            self._loading.stop()
            self._make_curves()

    def _make_curves(self) -> None:
        self.curves = importlib.import_module(_CURVES).Curves()
        self._place.addWidget(self.curves)
        self._draw()

    def _draw_soon(self) -> None:
        if not self._later.isActive():
            self._later.start()

    def _draw(self) -> None:
        run = self.runs.get(self._shown)
        self.list.show_runs(list(reversed(self.runs.values())), self._shown)
        best = run.best_point() if run else {}
        if best:
            self.best.set_figure(f"{best['test_accuracy'] * 100:.1f} %", tr("test"))
            lost = run is not None and run.state == "failed"  # it may have broken off before it was written
            self.kept.setText(tr("epoch {epoch}", epoch=best["epoch"]) + ("" if lost else tr(", checkpoint kept")))
        else:
            self.best.set_figure("–")
            self.kept.setText(tr("no epoch yet") if run else tr("no run yet"))
        self.list.setVisible(bool(self.runs))
        self._none.setVisible(not self.runs)
        self._empty.setVisible(run is None or self.curves is None)
        if self.curves is not None:
            self.curves.setVisible(run is not None)
            self.curves.show_run(run)


def seconds(spent: float) -> str:
    """A duration: 8.7 s, 3 min 20 s, 2 h 5 min."""
    if spent < 99.95:
        return f"{spent:.1f} s"
    minutes, rest = divmod(round(spent), 60)
    if minutes < 60:
        return tr("{minutes} min {rest} s", minutes=minutes, rest=rest)
    return tr("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def left(spent: float, share: float) -> str:
    """What is left, as far as it can be told from what was done: about 4 s left."""
    rest = spent * (1 - share) / share
    if share >= 1:
        return tr("done")
    if rest < 1.5:
        return tr("about 1 s left")
    if rest < 90:
        return tr("about {rest} s left", rest=round(rest))
    return (
        tr("about {rest} min left", rest=round(rest / 60))
        if rest < 5400
        else tr("about {rest} h left", rest=round(rest / 3600))
    )
