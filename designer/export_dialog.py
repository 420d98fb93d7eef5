"""Export: what to write, where, with which weights; done by a worker, never blocking the window."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from designer.document import Document
from designer.drawing import Drawing
from designer.focus import TabsAsRead
from designer.jobs import Job
from designer.style import dress
from designer.training import Training
from designer.words import told, tr
from graph_core.evaluate import axes_of


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file: who writes it, and whether weights matter."""

    key: str
    title: str
    suffix: str
    help: str
    weights: bool = True
    onnx: bool = False
    engine: bool = False


FORMATS = (
    Format(
        "py",
        tr("PyTorch source"),
        ".py",
        tr("One readable module: a class per graph, nothing to install but torch."),
        False,
    ),
    Format(
        "package", tr("Python package"), "", tr("A folder to import: the source, the weights, and load() for both.")
    ),
    Format("onnx", "ONNX", ".onnx", tr("With a dynamic batch; checked by onnx, compared in onnxruntime."), onnx=True),
    Format("pt2", tr("torch.export program"), ".pt2", tr("Loads with torch.export.load.")),
    Format(
        "tensorrt",
        tr("TensorRT build script"),
        "",
        tr("A folder with the ONNX model and a script that builds its engine where TensorRT is."),
        onnx=True,
        engine=True,
    ),
    Format("svg", tr("Drawing as SVG"), ".svg", tr("The drawing as a vector picture, text kept as text."), False),
    Format("png", tr("Drawing as PNG"), ".png", tr("The drawing as a picture, twice the screen's resolution."), False),
    Format("pdf", tr("Drawing as PDF"), ".pdf", tr("The drawing as a page."), False),
    Format(
        "tex",
        tr("Drawing as TikZ"),
        ".tex",
        tr("The drawing for a paper in LaTeX: compiles by itself, or is input."),
        False,
    ),
)
PICTURES = ("svg", "png", "pdf", "tex")
PRECISIONS = ("fp32", "fp16", "bf16")
MIB = 2**20
MOST_NAMED = 20  # weights that a tool tip lists


class ExportDialog(TabsAsRead, QDialog):
    """Format, weights, place. `write_picture` writes a drawing; everything else goes to the worker."""

    def __init__(
        self,
        document: Document,
        drawing: Drawing,
        training: Training,
        write_picture: Callable[[Path], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._document, self._drawing, self._training = document, drawing, training
        self._write_picture = write_picture
        self._job: Job | None = None
        self.setWindowTitle(tr("Export"))
        self.setMinimumWidth(520)
        self.format, self.weights, self.place = QComboBox(), QComboBox(), QLineEdit()
        self.place.setAccessibleName(tr("File"))
        for kind in FORMATS:
            self.format.addItem(kind.title, kind.key)
        self.help, self.status = QLabel(), QLabel()
        self.help.setWordWrap(True)
        self.status.setWordWrap(True)
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        dress(self.help, font="small", ink="ink3")
        own = tr("Kept with the drawing") if training.keeps else tr("Untrained: weights as initialized")
        fresh = training.fresh() if training.keeps else []
        if fresh:
            own = tr("Kept with the drawing; {count} start from fresh values", count=len(fresh))
            self.weights.setToolTip("\n".join(told(str(one)) for one in fresh[:MOST_NAMED]))
        self.weights.addItem(own, "")
        for run in reversed(training.runs):
            self.weights.addItem(tr("Trained: {run}", run=training.name_of(run)), str(run))
        if training.run is not None:
            self.weights.setCurrentIndex(self.weights.findData(str(training.run)))
        self.opset = QSpinBox()
        self.opset.setRange(11, 25)
        self.opset.setValue(18)
        self.fold = QCheckBox(tr("Work out what is constant"))
        self.fold.setChecked(True)
        self.fold.setToolTip(tr("A batch normalization becomes part of the convolution before it"))
        self.precision, self.workspace, self.sizes = QComboBox(), QSpinBox(), QLineEdit()
        self.precision.addItems(PRECISIONS)
        self.workspace.setRange(1, 2**20)
        self.workspace.setValue(1024)
        self.workspace.setSuffix(" MiB")
        self.sizes.setPlaceholderText(_usual_sizes(document))
        self.sizes.setToolTip(tr("Smallest, usual and largest size of each symbol, such as N=1,16,32 T=1,128,512"))
        browse, self.go, self.shut = QPushButton(tr("Choose…")), QPushButton(tr("Export")), QPushButton(tr("Close"))
        self.go.setProperty("primary", True)
        self.go.setDefault(True)
        row = QHBoxLayout()
        row.addWidget(self.place, 1)
        row.addWidget(browse)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow(tr("Format"), self.format)
        form.addRow("", self.help)
        form.addRow(tr("Weights"), self.weights)
        form.addRow(tr("Opset"), self.opset)
        form.addRow("", self.fold)
        form.addRow(tr("Precision"), self.precision)
        form.addRow(tr("Workspace"), self.workspace)
        form.addRow(tr("Sizes"), self.sizes)
        form.addRow(tr("File"), row)
        self._form = form
        buttons = QHBoxLayout()
        buttons.addWidget(self.status, 1)
        buttons.addWidget(self.shut)
        buttons.addWidget(self.go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addLayout(buttons)
        self.format.currentIndexChanged.connect(self._choose)
        browse.clicked.connect(self._browse)
        self.go.clicked.connect(self._export)
        self.shut.clicked.connect(self.reject)
        self._choose()

    @property
    def kind(self) -> Format:
        """The chosen format."""
        return FORMATS[self.format.currentIndex()]

    def _choose(self) -> None:
        kind = self.kind
        self.help.setText(kind.help)
        self._form.setRowVisible(self.weights, kind.weights)
        for row in (self.opset, self.fold):
            self._form.setRowVisible(row, kind.onnx)
        for row in (self.precision, self.workspace, self.sizes):
            self._form.setRowVisible(row, kind.engine)
        document = self._document
        folder = document.path.parent if document.path else Path.home()
        stem = document.path.stem if document.path else document.project.name
        if kind.key == "tensorrt":
            stem = f"{stem}_tensorrt"
        elif kind.key == "package":
            stem = re.sub(r"\W", "_", stem, flags=re.ASCII)
        self.place.setText(str(folder / f"{stem}{kind.suffix}"))
        self.status.setText("")

    def _browse(self) -> None:
        kind = self.kind
        if kind.key in ("package", "tensorrt"):
            name = QFileDialog.getExistingDirectory(self, tr("Export"), str(Path(self.place.text()).parent))
        else:
            name, _ = QFileDialog.getSaveFileName(
                self, tr("Export"), self.place.text(), f"{kind.title} (*{kind.suffix})"
            )
        if name:
            self.place.setText(name)

    def _export(self) -> None:
        kind, out = self.kind, Path(self.place.text()).expanduser()
        if not out.parent.is_dir():
            self._say(tr("There is no folder {parent}; choose another place.", parent=out.parent), "error")
            return
        errors = [p for p in self._document.analysis().problems if p.severity == "error"]
        if kind.key in PICTURES:
            try:
                self._write_picture(out)
            except OSError as error:
                self._say(
                    tr("{out} could not be written: {what}.", out=out.name, what=error.strerror or error), "error"
                )
                return
            self._say(tr("{out} is written.", out=out.name), "ok")
            return
        if errors:
            self._say(tr("{message}; mend it before exporting.", message=told(errors[0].message)), "error")
            return
        args: dict[str, Any] = {
            "file": str(self._training.snapshot(weights=True)),
            "network": self._document.network,
            "format": kind.key,
            "out": str(out),
        }
        if kind.weights and self.weights.currentData():
            args["run"] = self.weights.currentData()
        if kind.onnx:
            args |= {"opset": self.opset.value(), "fold": self.fold.isChecked()}
        if kind.engine:
            sizes = _sizes(self.sizes.text())
            if sizes is None:
                self._say(tr("Sizes takes smallest, usual and largest per symbol, such as N=1,16,32."), "error")
                return
            args |= {
                "workspace": self.workspace.value() * MIB,
                "precision": self.precision.currentText(),
                "sizes": sizes,
            }
        self.go.setEnabled(False)
        self.shut.setText(tr("Cancel"))
        self._say(tr("Exporting…"), "ink2")
        self._job = self._training.answerer.run("export", args)
        self._job.finished.connect(lambda answer: self._say(_result(out, answer), "ok"))
        self._job.failed.connect(lambda sentence, _: self._say(sentence, "error"))
        self._job.ended.connect(self._ended)

    def _ended(self) -> None:
        self._job = None
        self.go.setEnabled(True)
        self.shut.setText(tr("Close"))

    def reject(self) -> None:
        """Cancel the export that is under way, else close."""
        if self._job is not None:
            self._job.cancel()
            return
        super().reject()

    def _say(self, sentence: str, ink: str) -> None:
        self.status.setText(sentence)
        dress(self.status, font="small", ink=ink)


def _usual_sizes(document: Document) -> str:
    """What the sizes are where nothing is typed, as one would type it."""
    symbols = document.project.symbols
    inputs = document.project.networks[document.network].inputs()
    open_sizes = {
        size for node in inputs for size in (axes_of(node) if "shape" in node.params else [])[1:] if size in symbols
    }
    return " ".join(
        ["N=1,16,32", *(f"{symbol}=1,{symbols[symbol]},{symbols[symbol]}" for symbol in sorted(open_sizes))]
    )


def _sizes(text: str) -> dict[str, list[int]] | None:
    """Sizes as they are typed, by symbol; None where they cannot be read."""
    sizes: dict[str, list[int]] = {}
    for word in text.split():
        found = re.fullmatch(r"(\w+)=(\d{1,9}),(\d{1,9}),(\d{1,9})", word, flags=re.ASCII)
        if found is None:
            return None
        sizes[found[1]] = [int(number) for number in found.groups()[1:]]
    return sizes


def _result(out: Path, answer: dict[str, Any]) -> str:
    names = tr(" and ").join(Path(name).name for name in answer.get("files", [])) or out.name
    difference = (answer.get("comparison") or {}).get("max_abs_diff")
    compared = (
        tr(" Greatest difference to torch: {difference}.", difference=f"{difference:.1e}")
        if isinstance(difference, float | int)
        else ""
    )
    return tr("{names} written.{compared}", names=names, compared=compared)
