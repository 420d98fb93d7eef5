"""Opens the window as the command does, says so at its first paint, and ends: a process for tests and benchmarks.

`python -m tests.first_paint [FILE | --new TEMPLATE]` prints one line of JSON when the first paintEvent of the canvas
(of the gallery's sheet, where nothing is opened) is done: the modules that are loaded by then.
`python -m tests.first_paint --bare` does the same with an empty window of PySide6.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def opened(*words: str) -> set[str]:
    """Open the window in a process of its own; what is loaded at its first paint, once it has been painted."""
    # Byte code is written by the first run and read by the others, as by every user, whatever this process does.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.first_paint", *words],
        cwd=ROOT,
        env=environment | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def tell_and_end() -> None:
    """Say what is loaded; nothing is taken down, so that the process ends at once."""
    print(json.dumps(sorted(sys.modules)), flush=True)
    os._exit(0)


def show_bare() -> None:
    """An empty main window of PySide6: what no program with a window can undercut."""
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

    class Sheet(QWidget):
        def paintEvent(self, event: QPaintEvent) -> None:
            super().paintEvent(event)
            tell_and_end()

    app = QApplication([])
    window = QMainWindow()
    window.setCentralWidget(Sheet())
    window.resize(1600, 1000)
    window.show()
    app.exec()


def show_ours(words: list[str]) -> None:
    """The command itself; only the end of the first paint is listened for."""
    from designer.command import main

    gc.disable()  # as main does before it loads what is loaded here in advance
    if words:
        from designer.canvas.surface import Canvas as Painted
    else:
        from designer.gallery import Sheet as Painted  # type: ignore[assignment]
    paint = Painted.paintEvent

    def painted(self: Painted, event: object) -> None:
        paint(self, event)  # type: ignore[arg-type]
        tell_and_end()

    Painted.paintEvent = painted  # type: ignore[method-assign, assignment]
    sys.exit(main(words))


if __name__ == "__main__":
    if sys.argv[1:] == ["--bare"]:
        show_bare()
    else:
        show_ours(sys.argv[1:])
