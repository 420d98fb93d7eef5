"""Drawings dragged in from a file manager and let go anywhere over the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, QTimer
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from designer.files import Files
from designer.words import tr


class DroppedFiles(QObject):
    """Takes what no part of the window wants for itself, if it is a drawing; the file manager keeps its file."""

    def __init__(self, window: QWidget, files: Files) -> None:
        super().__init__(window)
        self._files = files
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Entering and moving say whether a drop would do; the drop opens the drawing."""
        if not isinstance(event, QDropEvent):  # which entering and moving are too
            return super().eventFilter(watched, event)
        drawings = drawings_in(event.mimeData())
        if not drawings:
            event.ignore()
            return True
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if event.type() == QEvent.Type.Drop:
            # Whether the open drawing may be left is asked once the file manager has its answer.
            QTimer.singleShot(0, self, lambda: self._open(drawings))
        return True

    def _open(self, drawings: list[Path]) -> None:
        if len(drawings) > 1:
            self._files.said.emit(
                tr("{count} drawings were dropped, and a window shows one; drop one of them.", count=len(drawings))
            )
        else:
            self._files.open(drawings[0])


def drawings_in(data: QMimeData) -> list[Path]:
    """The drawings among the files of a drag."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [path for path in paths if path.suffix.lower() == ".netw"]
