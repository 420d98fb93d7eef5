"""Joins the training, sketch and compression panels with the runs of the document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDockWidget, QWidget

from designer.canvas.scene import Activation
from designer.late import Late
from designer.pages import TALL
from designer.theme import themes
from designer.training import INK
from designer.words import told, tr
from graph_core.graph import Edit
from graph_core.optimizers import optimizer_values

if TYPE_CHECKING:
    from designer.panels.compression import CompressionPanel
    from designer.panels.sketch import SketchPanel
    from designer.panels.training import TrainingPanel
    from designer.window import MainWindow


class Rehearsal(QObject):
    """What follows the drawing: a trained network, tried out and made smaller."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.training = window.training
        self._panel, self._compression = Late(self._make_panel), Late(self._make_compression)
        self.sketch_page = Late(self._make_sketch)
        window.add_tab(self._panel, "Training")
        window.add_tab(self._compression, "Compression")
        self.sketch_page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # only its margin is lost
        self.sketch_dock = QDockWidget(tr("Sketch pad"), window)
        self.sketch_dock.setObjectName("sketch")
        self.sketch_dock.setTitleBarWidget(QWidget(self.sketch_dock))
        self.sketch_dock.setWidget(self.sketch_page)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.sketch_dock)
        self.sketch_dock.hide()
        self.sketch_dock.visibilityChanged.connect(self._share_column)
        window.document.selected.connect(self._share_column)
        window.tabs.currentChanged.connect(self._fit_height)
        window.document.replaced.connect(self._start_over)
        window.document.edited.connect(self._check_ready)
        window.document.edited.connect(self._follow_setup)
        training = self.training
        training.reported.connect(self._report)
        training.finished.connect(lambda _: self.show_sketch_pad())
        training.failed.connect(window.center.say)
        training.run_changed.connect(self._run_changed)
        training.kept.connect(self._say_kept)
        training.refused.connect(window.center.say)
        training.predicted.connect(self._predicted)
        training.image_ready.connect(self._image)

    # The panels, made when they are first looked at ----------------------------------------------------------

    @property
    def panel(self) -> TrainingPanel:
        """Settings, curves and runs."""
        return self._panel.content

    @property
    def sketch(self) -> SketchPanel:
        """The pad on which a trained network is tried out."""
        return self.sketch_page.content

    @property
    def compression(self) -> CompressionPanel:
        """Quantization of a trained network."""
        return self._compression.content

    def _make_panel(self) -> TrainingPanel:
        from designer.panels.training import TrainingPanel

        training, panel = self.training, TrainingPanel()
        panel.train_requested.connect(training.start)
        panel.pause_requested.connect(training.toggle_pause)
        panel.resume_requested.connect(training.toggle_pause)
        panel.stop_requested.connect(training.stop)
        panel.run_selected.connect(training.choose_run)
        panel.settings_changed.connect(training.keep_setup)
        panel.keep_requested.connect(training.keep_weights)
        panel.set_keepable(training.run is not None)
        training.begun.connect(panel.begin)
        training.finished.connect(panel.finished)
        training.failed.connect(panel.failed)
        self._show_setup(panel)
        self._show_ready(panel)
        return panel

    def _make_sketch(self) -> SketchPanel:
        from designer.panels.sketch import SketchPanel

        training, pad = self.training, SketchPanel()
        pad.sketched.connect(training.predict)
        pad.test_image_requested.connect(training.ask_test_image)
        pad.setEnabled(training.run is not None)
        return pad

    def _make_compression(self) -> CompressionPanel:
        from designer.panels.compression import CompressionPanel

        training, panel = self.training, CompressionPanel()
        panel.quantize_requested.connect(training.quantize)
        panel.cancel_requested.connect(training.cancel_quantizing)
        training.compressed.connect(panel.result)
        training.compress_failed.connect(panel.failed)
        training.compress_progress.connect(panel.report)
        training.compress_begun.connect(lambda: panel.busy(tr("Quantizing"), None))
        panel.set_run(self._name_of(training.run))
        return panel

    # Following the document ----------------------------------------------------------------------------------

    def _start_over(self) -> None:
        self.sketch_dock.hide()
        if self._panel.made:
            self._show_setup(self.panel)
        self._run_changed(None)
        self._check_ready()

    def _show_setup(self, panel: TrainingPanel) -> None:
        panel.set_settings(self._setup())
        panel.set_runs([])

    def _setup(self) -> dict[str, Any]:
        document = self._window.document
        setup = document.project.setup(document.network)
        return {**setup.get("training", {}), "optimizer": optimizer_values(setup)}

    def _follow_setup(self, edit: Edit) -> None:
        """The set-up was edited elsewhere, or an edit of it was taken back: the panel says what the document says."""
        if not self._panel.made or all(change.table != "setups" for change in edit.changes):
            return
        wanted, shown = self._setup(), self.panel.settings()
        shown["optimizer"] = optimizer_values(shown)
        if any(shown.get(name) != value for name, value in wanted.items()):
            self.panel.set_settings(wanted)

    def _check_ready(self, *_: object) -> None:
        if self._panel.made:
            self._show_ready(self.panel)

    def _show_ready(self, panel: TrainingPanel) -> None:
        """Say why the network cannot be trained, beside the button, before anyone tries."""
        document = self._window.document
        error = next((p.message for p in document.analysis().problems if p.severity == "error"), "")
        if not document.root_graph.nodes:
            error = "there is nothing to train yet"
        panel.set_ready(not error, told(f"{error[:1].upper()}{error[1:]}.") if error else "")

    def _fit_height(self, place: int) -> None:
        window = self._window
        page = window.tabs.widget(place)
        high = page is self._panel or bool(page and page.property(TALL))
        size = themes.current.size("bottom_training" if high else "bottom")
        window.resizeDocks([window.bottom_dock], [size], Qt.Orientation.Vertical)

    # Training ------------------------------------------------------------------------------------------------

    def train_or_pause(self) -> None:
        """F5: start a run with what the panel says; during one, pause or go on."""
        self._window.center.leave_gallery()
        self._window.show_tab("Training")
        if self.training.running:
            self.training.toggle_pause()
        else:
            self.panel.train.click()

    def _report(self, report: dict[str, Any]) -> None:
        self.panel.point(report)
        if report.get("kind") == "epoch":
            self.training.offer_checkpoint()

    def _say_kept(self, run: str) -> None:
        document = self._window.document
        stem = document.path.stem if document.path else document.project.name
        self._window.center.say(
            tr("The drawing keeps the weights of {run}; saving writes {stem}.safetensors.", run=run, stem=stem), "note"
        )

    def _run_changed(self, run: Path | None) -> None:
        if self._panel.made:
            self.panel.set_keepable(run is not None)
        if self._compression.made:
            self.compression.set_run(self._name_of(run))
        if self.sketch_page.made:
            self.sketch.setEnabled(run is not None)

    def _name_of(self, run: Path | None) -> str:
        return "" if run is None else self.training.name_of(run)

    # Sketching -----------------------------------------------------------------------------------------------

    def show_sketch_pad(self) -> None:
        """The pad takes the right column's upper part; without a trained run it says why it waits."""
        self._window.splitDockWidget(self.sketch_dock, self._window.right_dock, Qt.Orientation.Vertical)
        self.sketch_dock.show()
        docks, sizes = [self.sketch_dock, self._window.right_dock], [self.sketch.minimumSizeHint().height(), 1]
        self._window.resizeDocks(docks, sizes, Qt.Orientation.Vertical)
        self.sketch.setFocus()

    def _share_column(self, *_: object) -> None:
        """Beside the pad there is room for the readout; the inspector comes back for what is selected."""
        window = self._window
        window.inspector.setVisible(bool(window.document.selection) or self.sketch_dock.isHidden())

    def show_compression(self) -> None:
        """The compression tab."""
        self._window.show_tab("Compression")

    def _predicted(self, answer: dict[str, Any]) -> None:
        self.sketch.show_probabilities(answer["probabilities"])
        window = self._window
        document = window.document
        paths = answer.get("activations", {})
        marks = tuple(str(name) for name in answer.get("classes", ()))
        found: dict[str, object] = {}
        with document.at(document.base):
            for id in document.graph.nodes:
                picture = paths.get(document.state_path(id))
                if picture is not None:
                    found[id] = activation_of(picture, marks)
        window.center.show_activations(found)

    def _image(self, answer: dict[str, Any]) -> None:
        values = [value * INK for value in answer["values"]]
        side = round(len(values) ** 0.5)
        self.sketch.show_image([values[k * side : (k + 1) * side] for k in range(side)])
        self.sketch.set_note(tr("test image, a {label}", label=answer["label"]))


def activation_of(picture: dict[str, Any], marks: tuple[str, ...]) -> Activation:
    """A node's output as the canvas shows it: maps of a picture, or a vector; ten values get the classes' marks."""
    maps, rows, columns = picture["maps"], picture["rows"], picture["columns"]
    if len(maps) == 1 and rows == 1:
        values = [value / 255 for value in maps[0]]
        marked = len(values) == len(marks) > 0
        best = max(range(len(values)), key=values.__getitem__) if marked else -1
        return Activation(values, marks if marked else (), best)
    shaped = [[[v / 255 for v in one[r * columns : (r + 1) * columns]] for r in range(rows)] for one in maps]
    return Activation(shaped)
