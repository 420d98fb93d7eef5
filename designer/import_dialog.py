"""Import: which PyTorch module or exported program, on what inputs. What would run is said first; a worker runs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLayout,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from designer.document import Document
from designer.files import Files
from designer.focus import TabsAsRead
from designer.import_report import ImportReport
from designer.importing import Importing
from designer.style import dress
from designer.widgets import Busy, Segments, Text, button
from designer.words import told, tr

DTYPES = (
    ("float32", tr("real numbers")),
    ("int64", tr("whole numbers, such as token ids")),
    ("bool", tr("true or false")),
)
MOST_INPUTS = 8
STAGES = {
    "making the module": tr("Making the module…"),
    "reading the program": tr("Reading the program…"),
    "recording": tr("Recording what it does…"),
    "comparing": tr("Comparing the drawing with the original…"),
    "done": tr("Done"),
}
HELP = {
    "module": tr(
        "Runs the module once on the inputs and draws what it does: classes become blocks, weights come along."
    ),
    "program": tr(
        "Draws a file of torch.export.save. It is read as data: nothing in it runs, and nothing is unpickled."
    ),
}


class InputRow(QWidget):
    """One input of the module: its sizes and the kind of its values."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.sizes, self.dtype = QLineEdit(), QComboBox()
        self.sizes.setPlaceholderText("1, 3, 224, 224")
        self.sizes.setAccessibleName(tr("Sizes of input {number}", number=number))
        dress(self.sizes, font="mono")
        for key, help in DTYPES:
            self.dtype.addItem(key)
            self.dtype.setItemData(self.dtype.count() - 1, help, Qt.ItemDataRole.ToolTipRole)
        self.dtype.setAccessibleName(tr("Values of input {number}", number=number))
        self.drop = button("", "ui_x", quiet=True, small=True, tip=tr("Remove this input"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.sizes, 1)
        row.addWidget(self.dtype)
        row.addWidget(self.drop)

    def text(self) -> str:
        """The input as the worker reads it, such as ``1,16:int64``; empty where the sizes are none."""
        sizes = re.split(r"[\s,×x]+", self.sizes.text().strip(" ,×x"))
        if not all(re.fullmatch("[0-9]{1,9}", size) for size in sizes):
            return ""
        return f"{','.join(sizes)}:{self.dtype.currentText()}"


class ImportDialog(TabsAsRead, QDialog):
    """A form, and once the import has become the document, its report."""

    def __init__(self, document: Document, files: Files, parent: QWidget) -> None:
        super().__init__(parent)
        self._files = files
        self.importing = Importing(document, files, self)
        self.setWindowTitle(tr("Import"))
        self.setMinimumWidth(560)
        self.source = Segments((("module", tr("PyTorch module")), ("program", tr("Exported program (.pt2)"))), "module")
        self.source.setAccessibleName(tr("What to import"))
        self.help = Text(HELP["module"], "small", "ink3", wrap=True)
        self.module, self.folder, self.file = QLineEdit(), QLineEdit(), QLineEdit()
        self.module.setPlaceholderText("package.module:callable")
        self.module.setToolTip(tr("What makes the module: a class, a function without required arguments, or a module"))
        self.folder.setPlaceholderText(tr("none: the package is installed"))
        self.folder.setToolTip(tr("The folder that your own code is imported from"))
        self.file.setPlaceholderText("model.pt2")
        for field, name in ((self.module, tr("Module")), (self.folder, tr("Code in")), (self.file, tr("File"))):
            dress(field, font="mono")
            field.setAccessibleName(name)
        self.rows: list[InputRow] = []
        self.more = button(tr("Add input"), "ui_plus", small=True)
        self.trust = QCheckBox(tr("Run this code; I trust it"))
        self.trust.setToolTip(tr("Importing runs the package's code as you, with access to your files"))
        self.status = Text("", "small", "error", wrap=True)
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.busy = Busy()
        self.go, self.shut = button(tr("Import"), primary=True), button(tr("Close"))
        self.go.setDefault(True)
        self.report = ImportReport(document)
        self.pages = QStackedWidget()
        self._lay_out()
        self._add_row()
        self.source.chosen.connect(lambda _: self._choose())
        self.more.clicked.connect(self._add_row)
        self.trust.toggled.connect(lambda _: self._allow())
        self.go.clicked.connect(self._import)
        self.shut.clicked.connect(self.reject)
        self.busy.cancelled.connect(self.importing.cancel)
        self.report.closed.connect(self.accept)
        self.importing.progressed.connect(self._progress)
        self.importing.failed.connect(self._failed)
        self.importing.finished.connect(self._finished)
        self._choose()

    # The form ------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._inputs = QVBoxLayout()
        self._inputs.setSpacing(4)
        self._inputs.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        inputs = QWidget()
        inputs.setLayout(self._inputs)
        self._inputs.setContentsMargins(0, 0, 0, 0)
        self._form = form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow(tr("Source"), self.source)
        form.addRow("", self.help)
        form.addRow(tr("Module"), self.module)
        self._folder_row = self._with_choice(self.folder, self._choose_folder)
        self._file_row = self._with_choice(self.file, self._choose_file)
        form.addRow(tr("Code in"), self._folder_row)
        form.addRow(tr("File"), self._file_row)
        form.addRow(tr("Inputs"), inputs)
        self._input_rows = inputs
        form.addRow("", self.trust)
        buttons = QHBoxLayout()
        buttons.addWidget(self.status, 1)
        buttons.addWidget(self.shut)
        buttons.addWidget(self.go)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addWidget(self.busy)
        layout.addStretch()
        layout.addLayout(buttons)
        self.pages.addWidget(page)
        self.pages.addWidget(self.report)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.pages)
        whole.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)  # rows that are added have their height

    def _with_choice(self, field: QLineEdit, choose: Any) -> QWidget:
        browse = button(tr("Choose…"))
        browse.clicked.connect(choose)
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(field, 1)
        row.addWidget(browse)
        made.setFocusProxy(field)
        return made

    def _add_row(self) -> None:
        row = InputRow(len(self.rows) + 1)
        row.drop.clicked.connect(lambda: self._drop_row(row))
        self.rows.append(row)
        self._inputs.insertWidget(len(self.rows) - 1, row)
        self._show_rows()
        if len(self.rows) > 1:
            row.sizes.setFocus()

    def _drop_row(self, row: InputRow) -> None:
        self.rows.remove(row)
        row.hide()
        row.deleteLater()
        self._show_rows()

    def _show_rows(self) -> None:
        for row in self.rows:
            row.drop.setVisible(len(self.rows) > 1)
        self.more.setVisible(len(self.rows) < MOST_INPUTS)

    def _choose(self) -> None:
        live = self.source.current == "module"
        self.help.setText(HELP[self.source.current])
        for row in (self.module, self._folder_row, self._input_rows, self.trust):
            self._form.setRowVisible(row, live)
        self._form.setRowVisible(self._file_row, not live)
        self._say("")
        self._allow()

    def _allow(self) -> None:
        live = self.source.current == "module"
        self.go.setEnabled(not self.importing.running and (not live or self.trust.isChecked()))
        self.go.setToolTip(
            "" if self.go.isEnabled() else tr("Importing runs the module's code: say first that you trust it")
        )

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Code in"), self.folder.text() or str(Path.home()))
        if name:
            self.folder.setText(name)

    def _choose_file(self) -> None:
        folder = str(Path(self.file.text()).parent) if self.file.text() else str(Path.home())
        name, _ = QFileDialog.getOpenFileName(self, tr("Import"), folder, tr("Exported programs (*.pt2)"))
        if name:
            self.file.setText(name)

    # The import ----------------------------------------------------------------------------------------------

    def _import(self) -> None:
        asked = self._asked()
        if isinstance(asked, str):
            self._say(asked)
            return
        if not self._files.may_leave():
            return
        self._say("")
        self.importing.start(*asked)
        self._set_form(False)
        self.busy.begin(tr("Starting the worker…"), 0.0)

    def _asked(self) -> tuple[str, dict[str, Any]] | str:
        """The name of the drawing and what to ask the worker for; a sentence where something is missing."""
        if self.source.current == "program":
            path = Path(self.file.text()).expanduser()
            if not self.file.text():
                return tr("No file is chosen; choose one of torch.export.save.")
            if not path.is_file():
                return tr("There is no file {path}; choose one of torch.export.save.", path=path)
            return path.stem, {"model": str(path), "inputs": []}
        module, folder = self.module.text().strip(), self.folder.text().strip()
        if ":" not in module:
            return tr("Module names what makes it, such as torchvision.models:resnet18.")
        if folder and not Path(folder).expanduser().is_dir():
            return tr("There is no folder {folder}; choose the one with your code, or none.", folder=folder)
        texts = [row.text() for row in self.rows]
        if "" in texts:
            return tr(
                "Input {number} takes its sizes, the batch first, such as 1, 3, 224, 224.", number=texts.index("") + 1
            )
        args: dict[str, Any] = {"model": module, "inputs": texts, "allow_code": True}
        if folder:
            args["folder"] = str(Path(folder).expanduser())
        return re.sub(r"\W+", "_", module.rpartition(":")[2]) or "imported", args

    def _progress(self, stage: str, share: float) -> None:
        self.busy.begin(STAGES.get(stage, stage), share)

    def _set_form(self, enabled: bool) -> None:
        fields = (self.source, self.module, self._folder_row, self._file_row, self._input_rows, self.trust, self.shut)
        for field in fields:
            field.setEnabled(enabled)
        self._allow()

    def _failed(self, sentence: str) -> None:
        self.busy.end()
        self._set_form(True)
        self._say(
            told(sentence) or tr("The import was stopped; the open drawing is as it was."),
            "error" if sentence else "ink2",
        )

    def _finished(self, report: dict[str, Any]) -> None:
        self.busy.end()
        self.report.show_report(report)
        self.pages.setCurrentWidget(self.report)
        self.setWindowTitle(tr("Import report"))
        self.resize(720, 480)
        self.report.shut.setFocus()

    def _say(self, sentence: str, ink: str = "error") -> None:
        self.status.setText(sentence)
        dress(self.status, font="small", ink=ink)

    def reject(self) -> None:
        """Cancel the import that is under way, else close."""
        if self.importing.running:
            self.importing.cancel()
            return
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """The worker goes with the dialog."""
        self.importing.close()
        super().closeEvent(event)
