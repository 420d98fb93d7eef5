"""Starts Qt and the window."""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QApplication

from designer import words

if TYPE_CHECKING:
    from designer.files import Files

FIRST_LOOK = 600  # ms before the tour begins, the first time
PRUNING = 10_000  # ms after the start, when nothing waits for the disk


def run(path: Path | None, template: str = "", other: Path | None = None) -> int:
    """Open the window on a file (beside ``other`` where one is given), on a fresh drawing from a template, or empty.

    Returns Qt's exit code.
    """
    app = application(speaking=True)
    from designer.commands import tour
    from designer.garbage import Tidying
    from designer.pruning import tidy
    from designer.window import MainWindow
    from graph_core.project import FileError
    from graph_core.templates import template_text

    if template:
        try:
            template_text(template)
        except FileError as error:
            print(f"netwright: {error}", file=sys.stderr)
            return 2

    def opening(files: Files) -> None:
        if path is not None and not files.open(path):
            print(f"netwright: {path} could not be opened.", file=sys.stderr)
        elif template:
            files.new_from_template(template)

    window = MainWindow(opening=opening)
    window.show()
    if other is not None and window.document.path is not None:
        QTimer.singleShot(0, lambda: window.against.file(other))
    QTimer.singleShot(0, lambda: Tidying(window.document))
    QTimer.singleShot(PRUNING, lambda: tidy(window.settings, window.document, app))
    if path is None and not window.settings.toured:
        QTimer.singleShot(FIRST_LOOK, lambda: tour(window))
    return app.exec()


def application(*, speaking: bool = False) -> QApplication:
    """The application with our style and theme; the one that runs, if there is one.

    ``speaking`` settles its user's language. That comes before the modules of the window, whose words are fixed when
    they are loaded; commands without a window stay with English.
    """
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([*sys.argv[:1]])
    from designer.settings import CONTRASTS, Settings
    from designer.style import install
    from designer.theme import themes

    app.setApplicationName("netwright")
    app.setApplicationDisplayName("Netwright")
    app.setDesktopFileName("netwright")
    if speaking:
        words.settle(Settings().language)
    install(app)
    themes.follow()
    themes.choose(Settings().theme)  # type: ignore[arg-type]
    themes.set_contrast(CONTRASTS[Settings().contrast])
    themes.set_still(Settings().still)
    themes.set_scale(Settings().text_size)
    icon = QPixmap()
    if icon.loadFromData((resources.files("assets") / "icon.svg").read_bytes(), "SVG"):
        app.setWindowIcon(QIcon(icon))
    return app
