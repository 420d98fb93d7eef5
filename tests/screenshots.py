"""Makes the pictures of the README anew: python -m tests.screenshots [FOLDER]. Needs no display."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from graph_core import Graph, Project

if TYPE_CHECKING:
    from designer.theme import Choice
    from designer.window import MainWindow

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
FOLDER = Path(__file__).resolve().parent.parent / "assets" / "screenshots"


def main() -> None:
    """Write every picture."""
    from PySide6.QtTest import QTest

    from designer.application import application
    from designer.document import Step
    from designer.plates import place_all
    from designer.settings import Settings
    from designer.theme import themes
    from designer.window import MainWindow

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    app = application()
    themes.set_still(True)
    window = MainWindow(Settings(Path(tempfile.mkdtemp()) / "settings.ini"))
    window.resize(1600, 1000)
    window.show()

    def keep(name: str, *choices: Choice) -> None:
        for theme in choices or ("light", "dark"):
            themes.choose(theme)
            QTest.qWait(500)
            window.grab().save(str(folder / f"{name}-{theme}.png"))

    QTest.qWait(1500)  # the gallery paints one thumbnail a turn
    keep("empty", "light")
    window.files.new_from_template("resnet18")
    document = window.document
    stages = [_id(window, name) for name in ("layer1", "layer2")]
    for stage in stages:
        document.unfold(stage)
    block = document.project.graphs[document.graph.nodes[stages[1]].type]
    window.in_place.select((f"{stages[1]}/{_named(block, 'conv1')}",))
    keep("window")
    document.look((Step(stages[1]),))
    keep("block", "light")
    document.mark_saved()
    project = _residual_without_projection()
    place_all(project, window.files.room())
    document.new(project)
    document.select([_id(window, "add1")])
    QTest.qWait(200)
    window.problems.rows[0].setFocus()
    keep("error")
    document.mark_saved()
    window.files.new_from_template("lenet")
    window.rehearsal.train_or_pause()
    for _ in range(900):
        QTest.qWait(100)
        if not window.training.running:
            break
    document.select(())
    window.training.ask_test_image()
    for _ in range(400):  # the answering worker loads torch first
        QTest.qWait(100)
        if window.drawing.activations:
            break
    keep("training")
    document.mark_saved()
    window.close()
    del app


def _residual_without_projection() -> Project:
    """A shortcut around a convolution that halves the map: what the picture of an error shows."""
    project = Project.new("resblock")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 64, 56, 56])
    before = "x.y"
    for type, name, params in (
        ("Conv2d", "conv1", {"out_channels": 128, "stride": 2, "padding": 1}),
        ("BatchNorm2d", "bn1", {}),
        ("ReLU", "relu", {}),
        ("Conv2d", "conv2", {"out_channels": 128, "padding": 1}),
        ("BatchNorm2d", "bn2", {}),
    ):
        node = graph.add(type, name=name, **params)
        graph.connect(before, f"{node.id}.x")
        before = f"{node.id}.y"
    graph.add("Add", id="add", name="add1")
    graph.connect(before, "add.a")
    graph.connect("x.y", "add.b")
    graph.add("ReLU", id="relu2", name="relu2")
    graph.connect("add.y", "relu2.x")
    graph.add("Output", id="y")
    graph.connect("relu2.y", "y.x")
    return project


def _named(graph: Graph, name: str) -> str:
    node = graph.by_name(name)
    assert node is not None, name
    return node.id


def _id(window: MainWindow, name: str) -> str:
    return _named(window.document.graph, name)


if __name__ == "__main__":
    main()
