"""Makes the pictures of the README anew: python -m tests.screenshots [FOLDER]. Needs no display."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
FOLDER = Path(__file__).resolve().parent.parent / "assets" / "screenshots"


def main() -> None:
    """Write every picture."""
    from PySide6.QtTest import QTest

    from designer.application import application
    from designer.settings import Settings
    from designer.theme import themes
    from designer.window import MainWindow
    from graph_core import edits

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    app = application()
    themes.set_still(True)
    window = MainWindow(Settings(Path(tempfile.mkdtemp()) / "settings.ini"))
    window.resize(1600, 1000)
    window.show()

    def keep(name: str, theme: str) -> None:
        themes.choose(theme)  # type: ignore[arg-type]
        QTest.qWait(500)
        window.grab().save(str(folder / f"{name}.png"))

    QTest.qWait(1500)  # the gallery paints one thumbnail a turn
    keep("empty-light", "light")
    window.files.new_from_template("resnet18")
    window.document.select([_id(window, "layer2")])
    keep("window-light", "light")
    keep("window-dark", "dark")
    window.document.enter(_id(window, "layer2"))
    keep("block-light", "light")
    window.document.mark_saved()
    window.files.new_from_template("lenet")
    graph, pool = window.document.graph, _id(window, "pool2")
    window.document.edit(lambda: edits.set_params(graph, pool, {"kernel_size": 5}))
    window.document.select([pool])
    keep("error-light", "light")
    window.document.mark_saved()
    window.files.new_from_template("lenet")
    themes.choose("dark")
    window.rehearsal.train_or_pause()
    for _ in range(900):
        QTest.qWait(100)
        if not window.training.running:
            break
    window.training.ask_test_image()
    for _ in range(400):  # the answering worker loads torch first
        QTest.qWait(100)
        if window.drawing.activations:
            break
    keep("training-dark", "dark")
    window.document.mark_saved()
    window.close()
    del app


def _id(window: object, name: str) -> str:
    return window.document.graph.by_name(name).id  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
