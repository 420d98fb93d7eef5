"""Makes the pictures of the window anew: python -m tests.screenshots [LANGUAGE [FOLDER]]. Needs no display.

Those in English lie in assets/screenshots, those in another language in a folder of its name there. They have 256
colours, the most frequent ones of each, which keeps them small.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_core import Graph, Project

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from designer.theme import Choice
    from designer.window import MainWindow

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
FOLDER = Path(__file__).resolve().parent.parent / "assets" / "screenshots"


def main(language: str = "en", folder: str = "") -> None:
    """Write every picture of a language."""
    os.environ["NETWRIGHT_LANG"] = language
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):  # no person's recent files, no recovery
        os.environ[name] = tempfile.mkdtemp()
    from PySide6.QtTest import QTest

    from designer.application import application

    place = Path(folder) if folder else FOLDER if language == "en" else FOLDER / language
    place.mkdir(parents=True, exist_ok=True)
    app = application(speaking=True)
    # Words are fixed when modules are loaded: those of the window come after the language.
    from designer.document import Step
    from designer.plates import place_all
    from designer.settings import Settings
    from designer.theme import themes
    from designer.window import MainWindow
    from tests.benchmarks.models import resnet50
    from tests.benchmarks.turns import residual

    themes.set_still(True)
    window = MainWindow(Settings(Path(tempfile.mkdtemp()) / "settings.ini"))
    window.resize(1600, 1000)
    window.show()

    def keep(name: str, *choices: Choice) -> None:
        for theme in choices or ("light", "dark"):
            themes.choose(theme)
            QTest.qWait(10_000 if name == "large" else 2500)  # a picture of far away is painted piece by piece
            small(window.grab().toImage()).save(str(place / f"{name}-{theme}.png"), "PNG", 0)

    QTest.qWait(5000)  # the gallery paints one thumbnail a turn
    keep("empty")
    window.files.new_from_template("resnet18")
    document = window.document
    stages = [_id(window, name) for name in ("layer1", "layer2")]
    for stage in stages:
        document.unfold(stage)
    block = document.project.graphs[document.graph.nodes[stages[1]].type]
    window.in_place.select((f"{stages[1]}/{_named(block, 'conv1')}",))
    keep("window")
    document.look((Step(stages[1]),))
    keep("block")
    document.mark_saved()
    _compare(window)
    QTest.qWait(500)
    keep("difference")
    window.against.end()
    document.mark_saved()
    for name, project, room in (("resnet50", resnet50(), window.files.room()), ("large", residual(10_000), 12_000.0)):
        place_all(project, room)
        document.new(project)
        QTest.qWait(3000)  # a large drawing is made in turns
        window.canvas.fit()
        keep(name)
        if name == "resnet50":
            window.center.set_lens("params")
            keep("lens")
        document.mark_saved()
    project = _residual_without_projection()
    place_all(project, window.files.room())
    document.new(project)
    document.select([_id(window, "add1")])
    QTest.qWait(200)
    window.canvas.fit()
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


def small(image: QImage) -> QImage:
    """The picture in its 256 most frequent colours, those that are nearly alike taken for one."""
    import numpy as np
    from PySide6.QtGui import QImage

    image = image.convertToFormat(QImage.Format.Format_RGB32)
    values = np.frombuffer(image.constBits(), np.uint32).copy()
    fine, fine_counts = np.unique(values & 0xFFFFFF, return_counts=True)
    _, group = np.unique(fine & 0xF8F8F8, return_inverse=True)
    order = np.lexsort((-fine_counts, group))
    first = np.concatenate(([True], np.diff(group[order]) != 0))
    totals = np.bincount(group, fine_counts)
    kept = fine[order][first][np.argsort(-totals)][:256]
    near = [kept[np.argmin(_apart(one, kept))] for one in fine]
    table = {int(one): place for place, one in enumerate(kept)}
    places = np.array([table[int(one)] for one in near], np.uint8)[np.searchsorted(fine, values & 0xFFFFFF)]
    rows = np.zeros((image.height(), (image.width() + 3) // 4 * 4), np.uint8)
    rows[:, : image.width()] = places.reshape(image.height(), image.width())
    made = QImage(rows.tobytes(), image.width(), image.height(), rows.shape[1], QImage.Format.Format_Indexed8)
    made.setColorTable([0xFF000000 | int(one) for one in kept])
    return made.copy()


def _apart(one: Any, others: Any) -> Any:
    """How far a colour is from others, squared, channel by channel."""
    return sum(((int(one) >> shift & 255) - (others.astype(int) >> shift & 255)) ** 2 for shift in (0, 8, 16))


def _compare(window: MainWindow) -> None:
    """ResNet-18 with a smaller stem beside the one it was: its first change is looked at."""
    from graph_core import edits

    path = Path(tempfile.mkdtemp()) / "resnet18.netw"
    window.files.new_from_template("resnet18")
    window.files.save_to(path)
    document, graph = window.document, window.document.graph
    document.edit(lambda: graph.set(_id(window, "conv1"), kernel_size=3, stride=1, padding=1))
    document.edit(lambda: edits.remove(graph, [_id(window, "maxpool")], heal=True))
    block = document.project.graphs[graph.nodes[_id(window, "layer1")].type]
    document.edit(lambda: block.rename(_named(block, "bn1"), "norm1"))
    window.against.saved()
    window.against.step(1)


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
    main(*sys.argv[1:])
