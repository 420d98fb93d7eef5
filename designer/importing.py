"""Importing PyTorch into the window: a worker of its own runs the foreign code, and what it drew becomes the document.

The worker ends with the import, so that no module of a person's stays loaded and the next import sees changed files.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from designer.document import Document
from designer.files import Files
from designer.jobs import Job, Worker
from designer.plates import place_all
from designer.settings import weights_store
from graph_core.kept import hash_of, put, stored, weights_path
from graph_core.project import FileError, load


class Importing(QObject):
    """One import at a time. `progressed` carries words and a share 0 … 1; `finished` the worker's report, when the
    document is what was imported; `failed` one sentence, empty where a person cancelled.
    """

    progressed = Signal(str, float)
    finished = Signal(dict)
    failed = Signal(str)

    def __init__(self, document: Document, files: Files, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._files = document, files
        self._worker: Worker | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._job: Job | None = None

    @property
    def running(self) -> bool:
        """Whether an import is under way."""
        return self._job is not None

    def start(self, name: str, args: dict[str, Any]) -> None:
        """Import what ``args`` say (see codegen.intake.work) as a drawing of that name."""
        self._folder = tempfile.TemporaryDirectory(prefix="netwright-import-", ignore_cleanup_errors=True)
        out = Path(self._folder.name) / f"{name}.netw"
        self._worker = Worker(self)
        self._job = job = self._worker.run("import", {**args, "out": str(out)})
        job.progressed.connect(self._tell)
        job.finished.connect(lambda report: self._adopt(out, report) if self._job is job else None)
        job.failed.connect(lambda sentence, _: self._end(sentence) if self._job is job else None)

    def cancel(self) -> None:
        """Stop the import at once: its process is ended, whatever the module does, and nothing of it is kept."""
        if self._job is not None:
            self._end("")

    def _tell(self, report: dict[str, Any]) -> None:
        self.progressed.emit(str(report.get("stage", "")), float(report.get("done", 0.0)))

    def _adopt(self, out: Path, report: dict[str, Any]) -> None:
        """Open the drawing without a file, its weights in the store until it is saved."""
        try:
            project = load(out)
            weights = weights_path(out)
            if weights.exists():
                put(weights, stored(weights_store(), hash_of(weights)))
        except (FileError, OSError) as error:
            self._end(f"The import cannot be opened: {error}.")
            return
        project.file = None
        place_all(project, self._files.room())
        self._document.new(project)
        self._document.history.mark_unsaved()  # no file has it, so that leaving it asks first
        self._end()
        self.finished.emit(report)

    def _end(self, sentence: str | None = None) -> None:
        self.close()
        if sentence is not None:
            self.failed.emit(sentence)

    def close(self) -> None:
        """End the worker, whatever it does; the window does not wait for it."""
        self._job = None
        if self._worker is not None:
            threading.Thread(target=_ended, args=(self._worker, self._folder), daemon=True).start()
        self._worker = self._folder = None


def _ended(worker: Worker, folder: tempfile.TemporaryDirectory[str] | None) -> None:
    worker.close()
    if folder is not None:
        folder.cleanup()
