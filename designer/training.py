"""Training, sketching and compressing from the window: what the panels ask for, done by workers."""

from __future__ import annotations

import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from codegen.data.catalog import CATALOG
from designer.document import Document
from designer.jobs import Job, Worker
from designer.settings import data_folder, weights_store
from designer.words import told, tr
from graph_core import edits
from graph_core.fitting import Fresh, fresh_weights
from graph_core.kept import find_weights, put, refer, reference, weights_path
from graph_core.observed import observe
from graph_core.optimizers import TRAINING, optimizer_values
from graph_core.project import FileError, dumps
from graph_core.setup_edits import set_kind

INK = 16  # a full cell of the sketch pad, as in the bundled digits; networks see shares of it


class Training(QObject):
    """Runs of the open document. One worker trains; another answers the sketch pad, so that both go at once.

    `state_changed` carries (running, paused); `activated` carries node paths with their activations; `said` a sentence
    for the status bar.
    """

    state_changed = Signal(bool, bool)
    begun = Signal(dict)
    reported = Signal(dict)
    finished = Signal(dict)
    failed = Signal(str)
    predicted = Signal(dict)
    image_ready = Signal(dict)
    compressed = Signal(dict)
    compress_failed = Signal(str)
    compress_begun = Signal()
    compress_progress = Signal(dict)
    run_changed = Signal(object)
    kept = Signal(str)
    refused = Signal(str)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.trainer, self.answerer = Worker(self), Worker(self)
        self.run: Path | None = None
        self.runs: list[Path] = []
        self._started: list[Path] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._snapshots = 0
        self._going: Path | None = None
        self._job: Job | None = None
        self._paused = False
        self._quantizing: Job | None = None
        self._predicting = False
        self._next_values: list[float] | None = None
        document.replaced.connect(self._forget)
        for worker in (self.trainer, self.answerer):
            worker.observed.connect(self._observe)

    @property
    def running(self) -> bool:
        """Whether a run is under way, paused or not."""
        return self._job is not None

    def _forget(self) -> None:
        self.stop()
        self.run = None
        self.runs = []
        self._started = []
        self.run_changed.emit(None)

    def _observe(self, seen: dict[str, str]) -> None:
        """What running the drawing showed of a node is a problem of that node."""
        document = self._document
        sentence = seen["message"].removesuffix(".")
        if observe(document.project, seen["graph"], seen["node"], seen["code"], sentence):
            document.look_again()

    # Training ------------------------------------------------------------------------------------------------

    def start(self, settings: dict[str, Any]) -> None:
        """Train the document as it is now; edits made later apply to the next run."""
        document = self._document
        if self._job is not None:
            return
        errors = [p for p in document.analysis().problems if p.severity == "error"]
        if errors:
            self.failed.emit(tr("{message}; mend it before training.", message=told(errors[0].message)))
            return
        if self._lost_weights():
            self.failed.emit(
                tr("The weights that the drawing keeps are not beside it any more; put them back or forget them.")
            )
            return
        self.keep_setup(settings)
        out = self._new_run()
        args = {**settings, "file": str(self.snapshot(weights=True)), "network": document.network}
        args["out"] = str(out)
        self._job = job = self.trainer.run("train", args)
        self._paused = False
        self._going = out
        job.progressed.connect(self.reported)
        job.finished.connect(lambda answer: self._done(out, answer))
        job.failed.connect(self._failed)
        self._started.append(out)
        self.begun.emit({**settings, "run": self.name_of(out)})
        self.state_changed.emit(True, False)

    def snapshot(self, weights: bool = False) -> Path:
        """The drawing as it is now, as a file for a worker, with its weights beside it where they are asked for; the
        person's own file stays as it was saved.
        """
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="netwright-")
        self._snapshots += 1
        path = Path(self._folder.name) / f"drawing-{self._snapshots}.netw"
        path.write_text(dumps(self._document.project), encoding="utf-8")
        found = find_weights(self._document.project, self._document.path, weights_store()) if weights else None
        if found is not None:
            put(found, weights_path(path))
        return path

    def keep_setup(self, settings: dict[str, Any]) -> None:
        """The set-up belongs to the document: what the panel says is written down as an edit."""
        document = self._document
        project, network = document.project, document.network
        optimizer = dict(settings.get("optimizer", {}))
        with document.history.merging("training set-up"):
            if optimizer and optimizer["kind"] != optimizer_values(project.setup(network))["kind"]:
                document.edit(partial(set_kind, project, network, optimizer["kind"]))
                optimizer.pop("groups", None)  # those that are left fit the new kind
            setup = project.setup(network)
            training = {name: field.default for name, field in TRAINING.items()} | {"data": next(iter(CATALOG))}
            wanted = {name: value for name, value in settings.items() if name != "optimizer"}
            parts = (
                ("optimizer", optimizer_values(setup), optimizer),
                ("training", {**training, **setup.get("training", {})}, wanted),
            )
            for part, now, given in parts:
                values = {name: value for name, value in given.items() if now.get(name) != value}
                if values:
                    document.edit(partial(edits.set_setup, document.project, document.network, part, values))

    def _new_run(self) -> Path:
        document = self._document
        stem = document.path.stem if document.path else document.project.name
        base = data_folder() / "runs"
        try:
            base.mkdir(parents=True, exist_ok=True)
        except OSError:
            base = Path(tempfile.mkdtemp(prefix="netwright-runs-"))
        return base / f"{stem}-{datetime.now():%Y%m%d-%H%M%S-%f}"

    def toggle_pause(self) -> None:
        """Pause, or go on."""
        if self._job is not None:
            self._paused = not self._paused
            (self._job.pause if self._paused else self._job.resume)()
            self.state_changed.emit(True, self._paused)

    def stop(self) -> None:
        """Stop the run; its checkpoints stay."""
        if self._job is not None:
            self._job.cancel()

    def offer_checkpoint(self) -> None:
        """The run under way has a checkpoint: the sketch pad may use it already."""
        if self._going is not None and self.run != self._going:
            self._take(self._going)

    def _done(self, out: Path, answer: dict[str, Any]) -> None:
        self._job = None
        self._take(out)
        self.state_changed.emit(False, False)
        self.finished.emit({**answer, "run": self.name_of(out)})

    def _failed(self, sentence: str, kind: str) -> None:
        self._job = None
        self.state_changed.emit(False, False)
        self.failed.emit(tr("Stopped; what was reached is kept.") if kind == "cancelled" else sentence)

    def _take(self, run: Path) -> None:
        self.run = run
        if run not in self.runs:
            self.runs.append(run)
        self.run_changed.emit(run)

    def name_of(self, run: Path) -> str:
        """What a run is called here: they are counted from when the document was opened."""
        return tr("run {number}", number=self._started.index(run) + 1) if run in self._started else run.name

    def choose_run(self, name: str) -> None:
        """Use another run of this session for the sketch pad, export and compression."""
        for run in self.runs:
            if self.name_of(run) == name:
                self._take(run)

    # Keeping -------------------------------------------------------------------------------------------------

    @property
    def keeps(self) -> bool:
        """Whether the drawing refers to weights."""
        return bool(reference(self._document.project))

    def keep_weights(self) -> None:
        """Make the drawing refer to the weights of the run in use: one edit, made when the worker has written them."""
        if self.run is None:
            self.refused.emit(tr("There is no trained run whose weights could be kept; train the network first."))
            return
        project, name = self._document.project, self.name_of(self.run)
        args = {"file": str(self.snapshot(weights=True)), "run": str(self.run), "store": str(weights_store())}
        job = self.answerer.run("keep", args)

        def refer_to(answer: dict[str, Any]) -> None:
            if self._document.project is project and self._document.edit(lambda: refer(project, answer["hash"])):
                self.kept.emit(name)

        job.finished.connect(refer_to)
        job.failed.connect(lambda sentence, kind: self.refused.emit(sentence))

    def forget_weights(self) -> None:
        """Make the drawing refer to no weights: it starts from fresh ones again."""
        if self.keeps:
            self._document.edit(lambda: refer(self._document.project, ""))
        else:
            self.refused.emit(tr("The drawing keeps no weights."))

    def fresh(self) -> list[Fresh]:
        """The weights of the network that what the drawing keeps does not fit any more, since it was edited."""
        document = self._document
        found = find_weights(document.project, document.path, weights_store())
        try:
            return fresh_weights(document.project, found, document.network) if found is not None else []
        except FileError:
            return []

    def _lost_weights(self) -> bool:
        return self.keeps and find_weights(self._document.project, self._document.path, weights_store()) is None

    # Sketching -----------------------------------------------------------------------------------------------

    def predict(self, values: list[float]) -> None:
        """What the trained network makes of an image of counts 0 … 16; while one is asked, only the newest is kept."""
        if self.run is None:
            return
        if self._predicting:
            self._next_values = values
            return
        self._predicting = True
        job = self.answerer.run("predict", {"run": str(self.run), "values": [value / INK for value in values]})
        job.finished.connect(self.predicted)
        job.failed.connect(lambda sentence, kind: self.failed.emit(sentence))
        job.ended.connect(self._answered)

    def _answered(self) -> None:
        self._predicting = False
        if self._next_values is not None:
            values, self._next_values = self._next_values, None
            self.predict(values)

    def ask_test_image(self) -> None:
        """An image of the test set, chosen at random."""
        if self.run is not None:
            job = self.answerer.run("example", {"run": str(self.run)})
            job.finished.connect(self.image_ready)
            job.failed.connect(lambda sentence, kind: self.failed.emit(sentence))

    # Compressing ---------------------------------------------------------------------------------------------

    def quantize(self, options: dict[str, Any]) -> None:
        """Quantize the trained run; the result stands side by side with the float model."""
        if self.run is None:
            self.compress_failed.emit(tr("There is no trained run; train the network first."))
            return
        drawing = self.run / "drawing.netw"
        args = {**options, "file": str(drawing), "run": str(self.run), "out": str(self.run / "quantized")}
        self._quantizing = job = self.answerer.run("quantize", args)
        self.compress_begun.emit()
        job.progressed.connect(self.compress_progress)
        job.finished.connect(self.compressed)
        job.failed.connect(lambda sentence, kind: self.compress_failed.emit("" if kind == "cancelled" else sentence))
        job.ended.connect(self._quantized)

    def cancel_quantizing(self) -> None:
        """Stop what is being quantized."""
        if self._quantizing is not None:
            self._quantizing.cancel()

    def _quantized(self) -> None:
        self._quantizing = None

    def close(self) -> None:
        """End both workers."""
        self.trainer.close()
        self.answerer.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
