"""The compression panel: quantize a trained network, and see side by side what that cost and what it saved."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from codegen.compress import RUNTIMES
from designer.style import dress
from designer.theme import Theme, themes
from designer.widgets import Banner, Elided, EmptyState, NumberField, ProgressLine, Segments, Text, button
from designer.words import tr

BITS = tuple(range(2, 9))
EPOCHS = 10  # enough for LeNet at 4 bits to come back to within a point
MOST_EPOCHS = 10_000
COLUMNS = (
    tr("Form"),
    tr("Accuracy"),
    tr("Change"),
    tr("Agrees with float"),
    tr("All tensors"),
    tr("of float"),
    tr("Weights"),
    tr("of float"),
)
_SHARE = int(Qt.ItemDataRole.UserRole)
_UNTRAINED = tr("Train the network first: quantizing starts from a trained run.")
_FLOAT = tr("float32, as trained")
_FORMS = {"both": tr("both"), "torch": tr("torch, n bits"), "onnxruntime": tr("onnxruntime, int8")}


class CompressionPanel(QWidget):
    """`quantize_requested(dict)` carries bits (2 … 8), epochs (of training through the rounding) and form, as the
    worker's verb `quantize` takes them. Answer with `busy` or `report` while it works, then `result` or `failed`.
    `cancel_requested`: a person wants it to end. Nothing can be asked for before `set_run`.
    """

    quantize_requested = Signal(dict)
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._why_not = _UNTRAINED
        self._run = ""
        self._busy = False
        self._rows: dict[str, dict[str, Any]] = {}
        self.line = ProgressLine()
        self.quantize = button(tr("Quantize"), "ui_bolt", small=True)
        self.quantize.clicked.connect(self._ask)
        self.form = Segments([(name, _FORMS[name]) for name in RUNTIMES], RUNTIMES[0])
        self.form.setToolTip(tr("torch learns through the rounding, with any bits; onnxruntime computes in int8."))
        self.form.chosen.connect(self._check)
        self.bits = Segments([(str(bits), str(bits)) for bits in BITS], "8")
        self.bits.setAccessibleName(tr("Bits of each weight"))
        self.epochs = NumberField(tr("Epochs"), EPOCHS, 0, MOST_EPOCHS)
        self.epochs.set_hint(tr("Epochs: of training through the rounding, so that the network gets used to it."))
        dress(self.epochs, width=46)
        self.epochs.edited.connect(self._check)
        self.words = Elided("", "small", "ink3")
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.cancel = button(tr("Cancel"), small=True, tip=tr("End the work; nothing is written"))
        self.cancel.clicked.connect(self._stop)
        self.cancel.hide()
        self.banner = Banner()
        self.table = _table()
        self.compared = QWidget()
        self.empty = EmptyState(_UNTRAINED)
        self._lay_out()
        themes.changed.connect(self._dress)
        self._dress(themes.current)
        self._check()
        self._fill()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 16, 6)
        row.setSpacing(8)
        for part in (self.quantize, Text(tr("Bits"), "small", "ink3"), self.bits, Text(tr("Epochs"), "small", "ink3")):
            row.addWidget(part)
        row.addWidget(self.epochs)
        row.addWidget(self.form)
        row.addWidget(self.words, 1)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.line)
        column.addLayout(row)
        column.addWidget(self.banner)
        under = QHBoxLayout(self.compared)
        under.setContentsMargins(7, 0, 16, 0)
        under.addWidget(self.table)
        column.addWidget(self.compared, 1)
        column.addWidget(self.empty, 1)

    # What a person does --------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        """What is asked for: bits, epochs, form. Only int8 is there for onnxruntime alone."""
        form = self.form.current
        bits = 8 if form == "onnxruntime" else int(self.bits.current)
        return {"bits": bits, "epochs": self.epochs.value if self.epochs.value is not None else EPOCHS, "form": form}

    def _ask(self) -> None:
        self.banner.hide()
        self.busy(tr("Starting the worker"))
        self.quantize_requested.emit(self.settings())

    def _stop(self) -> None:
        self.cancel.setEnabled(False)
        self.words.setText(tr("Cancelling"))
        self.cancel_requested.emit()

    # What it is told -----------------------------------------------------------------------------------------

    def set_ready(self, ready: bool, why: str = "", run: str = "") -> None:
        """Whether there is a trained run to start from; if not, `why`. The results of another `run` are let go."""
        self._why_not = "" if ready else why or _UNTRAINED
        if run != self._run:
            self._run, self._rows = run, {}
            self.words.setText("")
        self._check()
        self._fill()

    def set_run(self, run: str) -> None:
        """The trained run to start from, by name; "" while there is none."""
        self.set_ready(bool(run), run=run)

    def busy(self, words: str, share: float | None = None) -> None:
        """Say what is done right now; `share` of the whole, 0 … 1, where it is known."""
        if not self._busy:
            self.cancel.setEnabled(True)
        self._busy = True
        self.words.setText(words)
        self.cancel.show()
        if share is None:
            self.line.run()
        else:
            self.line.set_share(share)
        self._check()

    def report(self, told: dict[str, Any]) -> None:
        """A report of the worker: `stage`, `done` (0 … 1), and for the training `epoch` and `epochs`."""
        words = {"calibrate": tr("Calibrating"), "train": tr("Training through the rounding")}.get(
            told["stage"], told["stage"]
        )
        if "epoch" in told:
            words += tr(", epoch {epoch} of {epochs}", epoch=told["epoch"], epochs=told["epochs"])
        self.busy(words, told["done"])

    def result(self, answer: dict[str, Any]) -> None:
        """The worker's answer: `float`, `quantized` and `int8` side by side (either of the two may be None)."""
        self._end(tr("written to {out}", out=answer["out"]))
        self._rows[_FLOAT] = answer["float"]
        for name, part in (
            (tr("torch, {bits} bits", bits=answer["bits"]), "quantized"),
            (tr("onnxruntime, int8"), "int8"),
        ):
            if answer.get(part) is not None:
                self._rows.pop(name, None)
                self._rows[name] = answer[part]
        self._fill()

    def failed(self, sentence: str) -> None:
        """It could not be done: why, in one sentence; "" for work that was cancelled."""
        self._end("" if sentence else tr("cancelled"))
        if sentence:
            self.banner.show_message(sentence, "error")

    def _end(self, words: str) -> None:
        self._busy = False
        self.line.rest()
        self.cancel.hide()
        self.words.setText(words)
        self._check()

    def _check(self, *_: object) -> None:
        """What can be asked for now, and why not."""
        wrong = tr("The worker is busy quantizing.") if self._busy else self._why_not
        wrong = wrong or (self.epochs.toolTip() if self.epochs.wrong else "")
        self.quantize.setEnabled(not wrong)
        self.quantize.setToolTip(wrong or tr("Quantize a copy of the trained network; the run stays as it is"))
        fixed = self.form.current == "onnxruntime"
        for part, free in ((self.bits, tr("How many bits each weight keeps.")), (self.epochs, "")):
            part.setEnabled(not self._busy and not fixed)
            if free or fixed:
                part.setToolTip(tr("onnxruntime computes in 8 bits and is calibrated, not trained.") if fixed else free)
        self.form.setEnabled(not self._busy)

    def _fill(self) -> None:
        self.compared.setVisible(bool(self._rows))
        self.empty.setVisible(not self._rows)
        self.empty.sentence.setText(
            self._why_not or tr("Quantize makes a copy with fewer bits, and compares both on the test examples.")
        )
        self.table.clearSpans()
        self.table.setRowCount(len(self._rows))
        exact = self._rows.get(_FLOAT, {})
        for row, (name, entry) in enumerate(self._rows.items()):
            self._set(row, 0, name)
            if "refused" in entry:
                self.table.setSpan(row, 1, 1, len(COLUMNS) - 1)
                self._set(row, 1, entry["refused"])
                continue
            self._set(row, 1, f"{entry['accuracy'] * 100:.2f} %")
            self._set(row, 2, "" if entry is exact else points(entry["accuracy"] - exact["accuracy"]))
            self._set(row, 3, f"{entry['agreement'] * 100:.2f} %")
            self._set(row, 4, f"{entry['bytes']:,} B")
            self._set(row, 5, share_of(entry.get("bytes_share", 1.0)), entry.get("bytes_share", 1.0))
            self._set(row, 6, f"{entry['weight_bytes']:,} B")
            self._set(row, 7, share_of(entry.get("weight_bytes_share", 1.0)), entry.get("weight_bytes_share", 1.0))

    def _dress(self, theme: Theme) -> None:
        self.table.verticalHeader().setDefaultSectionSize(theme.size("row"))
        self._fill()

    def _set(self, row: int, column: int, text: str, share: float | None = None) -> None:
        item = QTableWidgetItem(text)
        sentence = len(text) > 40
        right = column > 0 and not sentence
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        item.setFont(themes.current.ui_font("mono" if right else "small"))
        item.setData(_SHARE, share)
        item.setToolTip(text if sentence else "")
        self.table.setItem(row, column, item)


class _Bar(QStyledItemDelegate):
    """A share with a bar behind it, as wide as the share."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        share = index.data(_SHARE)
        if share is not None and not option.state & QStyle.StateFlag.State_Selected:
            rect = QRectF(option.rect).adjusted(6, 3, 0, -3)
            rect.setLeft(rect.right() - rect.width() * min(share, 1.0))
            painter.fillRect(rect, themes.current.color("acctint"))
        super().paint(painter, option, index)


def _table() -> QTableWidget:
    made = QTableWidget(0, len(COLUMNS))
    made.setHorizontalHeaderLabels(COLUMNS)
    made.setAccessibleName(tr("Before and after"))
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setShowGrid(False)
    made.setTabKeyNavigation(False)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    made.setItemDelegate(_Bar(made))
    rows, heads = made.verticalHeader(), made.horizontalHeader()
    rows.hide()
    rows.setMinimumSectionSize(themes.current.px(16))
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    heads.setHighlightSections(False)
    heads.setSectionsClickable(False)
    heads.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    heads.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    for column in range(len(COLUMNS)):
        side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
        made.horizontalHeaderItem(column).setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return made


def points(change: float) -> str:
    """A change of accuracy in points of a percent: +0.28, −1.11, ±0."""
    shown = round(change * 100, 2)
    return "±0" if shown == 0 else f"{shown:+.2f}".replace("-", "−")


def share_of(share: float) -> str:
    """A share of the float model's size."""
    return f"{share * 100:.1f} %"
