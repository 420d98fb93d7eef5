"""Opening and saving from the window: dialogs, recent files, and the question before changes are lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from designer.document import Document
from designer.plates import place_all
from designer.settings import Settings
from designer.words import tr
from graph_core.project import FileError
from graph_core.templates import open_template

FILTER = tr("Netwright drawings (*.netw)")


class Files(QObject):
    """`said` carries one sentence when something could not be done; the open document stays as it was."""

    said = Signal(str)

    def __init__(self, document: Document, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._settings, self._window = document, settings, window
        self.room: Callable[[], float] = lambda: 560.0  # how high a fresh drawing may become, in scene units

    def add_recent_menu(self, menu: QMenu, before: QAction) -> None:
        """A submenu with the files opened or saved last, made when it is looked at."""
        self._recent = QMenu(tr("Open recent"), menu)
        menu.insertMenu(before, self._recent)
        self._recent.aboutToShow.connect(self._fill_recent)
        menu.aboutToShow.connect(lambda: self._recent.setEnabled(bool(self._settings.recent())))

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in self._settings.recent():
            action = self._recent.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(partial(self._open_chosen, path))

    def _open_chosen(self, path: Path, checked: bool = False) -> None:
        self.open(path)

    def may_leave(self) -> bool:
        """Whether the open drawing may be left: nothing is unsaved, or the person chose."""
        if not self._document.unsaved:
            return True
        box = QMessageBox(self._window)
        box.setWindowTitle(tr("Unsaved changes"))
        box.setText(tr("{document} has changes that no file has.", document=self._document.name))
        save = box.addButton(tr("Save"), QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton(tr("Discard changes"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(tr("Keep editing"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(save)
        box.exec()
        if box.clickedButton() is save:
            return self.save()
        return box.clickedButton() is discard

    def new(self) -> None:
        """An empty drawing."""
        if self.may_leave():
            self._document.new()

    def new_from_template(self, name: str) -> None:
        """A fresh drawing from a template; it has no file until it is saved."""
        if not self.may_leave():
            return
        try:
            project = open_template(name)
        except FileError as error:
            self.said.emit(str(error))
            return
        place_all(project, self.room())
        self._document.new(project)

    def ask_open(self) -> None:
        """Choose a file and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, tr("Open"), str(self._folder()), FILTER)
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> bool:
        """Open a file; a file that cannot be read is told in one sentence and changes nothing."""
        if not self.may_leave():
            return False
        try:
            self._document.open(path)
        except (FileError, OSError) as error:
            self.said.emit(sentence_of(path, error))
            return False
        self._settings.remember(path)
        if self._document.read_only:
            self.said.emit(tr("{path} was made by a newer Netwright and is open read-only.", path=path.name))
        elif left := len(self._document.project.conflicts):
            what = tr("a conflict") if left == 1 else tr("{count} conflicts", count=left)
            self.said.emit(
                tr(
                    "{path} has {what} from a merge; ours stands until Problems has your choice.",
                    path=path.name,
                    what=what,
                )
            )
        return True

    def save(self) -> bool:
        """Save to the file, or ask for one."""
        if self._document.path is None or self._document.read_only:
            return self.save_as()
        return self.save_to(self._document.path)

    def save_as(self) -> bool:
        """Ask for a file and save there."""
        start = self._document.path or self._folder() / f"{self._document.project.name}.netw"
        name, _ = QFileDialog.getSaveFileName(self._window, tr("Save as"), str(start), FILTER)
        if not name:
            return False
        path = Path(name)
        return self.save_to(path if path.suffix else path.with_suffix(".netw"))

    def save_to(self, path: Path) -> bool:
        """Save there; whole or not at all."""
        try:
            self._document.save(path)
        except (FileError, OSError) as error:
            self.said.emit(sentence_of(path, error))
            return False
        self._settings.remember(path)
        return True

    def _folder(self) -> Path:
        return self._document.path.parent if self._document.path else Path.home()


def sentence_of(path: Path, error: Exception) -> str:
    """What keeps a file from being read or written, in one sentence."""
    if isinstance(error, FileError):
        return str(error)
    return f"{path.name}: {getattr(error, 'strerror', None) or error}."
