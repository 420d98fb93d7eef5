"""What each turn of the event loop takes while a person works on a drawing of 1,000 nodes in the whole window.

A turn is the processor time of this thread from one `awake` of the event dispatcher to the next: neighbours on the
machine and time spent waiting do not show in it. ``python -m tests.benchmarks.turns [NODES [STEP …]]`` prints the
longest turn of each step; with names of steps it prints their profiles as well.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from PySide6.QtCore import QAbstractEventDispatcher, QElapsedTimer, QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from designer.background import NAME
from designer.canvas.camera import Camera
from designer.garbage import Tidying
from designer.settings import Settings
from designer.theme import themes
from designer.window import MainWindow
from graph_core import Project, edits, save
from tests.benchmarks.models import finish, join

NODES = 1000
QUIET_MS = 450  # longer than any delay after which the window goes on by itself
Step = tuple[str, Callable[[], object]]


class Turns:
    """Takes the time of turns: `run` does a step inside a turn and returns when the window has come to rest."""

    def __init__(self) -> None:
        self.spent: list[float] = []  # milliseconds
        self._mark = time.thread_time()
        dispatcher = QAbstractEventDispatcher.instance()
        assert dispatcher is not None
        dispatcher.awake.connect(self._awake)

    def _awake(self) -> None:
        now = time.thread_time()
        self.spent.append((now - self._mark) * 1000)
        self._mark = now

    def run(self, step: Callable[[], object], profile: cProfile.Profile | None = None) -> list[float]:
        """The milliseconds of each turn until nothing has happened for a while."""
        loop, last, beat = QEventLoop(), QElapsedTimer(), QTimer(interval=15)
        last.start()

        def look() -> None:
            working = any(thread.name == NAME for thread in threading.enumerate())
            if working or any(ms > 3 for ms in self.spent[looked[0] :]):
                last.restart()
            looked[0] = len(self.spent)
            if last.elapsed() > QUIET_MS:
                loop.quit()

        looked = [0]
        beat.timeout.connect(look)
        beat.start()
        QTimer.singleShot(0, step)
        self.spent.clear()
        self._mark = time.thread_time()
        if profile is not None:
            profile.enable()
        loop.exec()
        if profile is not None:
            profile.disable()
        beat.stop()
        return list(self.spent)


def residual(nodes: int = NODES) -> Project:
    """A residual network without blocks: about that many nodes, each seventh a sum that a skip arrives at."""
    project = Project.new("residual")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 16, 32, 32])
    end = "x.y"
    for k in range((nodes - 2) // 7):
        start = end
        for id, type, name, params in (
            ("c", "Conv2d", "conv", {"out_channels": 16, "padding": 1, "bias": False}),
            ("n", "BatchNorm2d", "bn", {}),
            ("r", "ReLU", "relu", {}),
            ("d", "Conv2d", "conv_b", {"out_channels": 16, "padding": 1, "bias": False}),
            ("m", "BatchNorm2d", "bn_b", {}),
        ):
            graph.add(type, id=f"{id}{k}", name=f"{name}{k}", **params)
            graph.connect(end, f"{id}{k}.x")
            end = f"{id}{k}.y"
        join(graph, f"a{k}", f"add{k}", end, start)
        graph.add("ReLU", id=f"s{k}", name=f"out{k}")
        graph.connect(f"a{k}.y", f"s{k}.x")
        end = f"s{k}.y"
    finish(graph, end)
    return project


def place_by_hand(project: Project) -> Project:
    """The same with every position written down, as after the first arrangement."""
    from designer.plates import place_all

    place_all(project, 4000)
    return project


def steps_of(window: MainWindow, folder: Path, nodes: int = NODES) -> Iterator[Step]:
    """What a person does, in order: each with real keys and mouse events where the window takes them."""
    canvas, document, verbs = window.canvas, window.document, window.verbs
    loose, placed = folder / "loose.netw", folder / "placed.netw"
    save(residual(nodes), loose)
    save(place_by_hand(residual(nodes)), placed)

    def key(k: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> Callable[[], object]:
        return lambda: (canvas.setFocus(), QTest.keyClick(canvas, k, held))

    control = Qt.KeyboardModifier.ControlModifier
    yield "open without places", lambda: window.files.open(loose)
    yield "open", lambda: window.files.open(placed)
    yield "click a plate", lambda: _click(window, "c50")
    yield "type a parameter", lambda: _type(window, "out_channels", "24")
    yield "undo", key(Qt.Key.Key_Z, control)
    yield "redo", key(Qt.Key.Key_Y, control)
    yield "undo again", key(Qt.Key.Key_Z, control)
    yield "rename", lambda: document.edit(lambda: edits.rename(document.graph, "c50", "stem"))
    yield "remove and heal", key(Qt.Key.Key_Delete)
    yield "undo removal", key(Qt.Key.Key_Z, control)
    yield "select all", key(Qt.Key.Key_A, control)
    yield "copy", key(Qt.Key.Key_C, control)
    yield "paste", verbs.paste_at
    yield "undo paste", key(Qt.Key.Key_Z, control)
    yield "duplicate all", lambda: (canvas.select_all(), verbs.duplicate_selection())
    yield "undo duplicate", key(Qt.Key.Key_Z, control)
    yield "remove all", lambda: (canvas.select_all(), verbs.remove(document.selection, False))
    yield "undo remove all", document.undo
    yield "let go", key(Qt.Key.Key_Escape)
    yield "arrange", key(Qt.Key.Key_L, control)
    yield "undo arrange", key(Qt.Key.Key_Z, control)
    yield "move all", lambda: verbs.move(tuple(document.graph.nodes), 8, 8)
    for place in range(window.tabs.count()):
        yield f"tab {window.tabs.tabText(place).split(' ')[0]}", lambda place=place: window.tabs.setCurrentIndex(place)
        yield (
            f"set out_channels with {window.tabs.tabText(place).split(' ')[0]} open",
            lambda place=place: document.edit(
                lambda: edits.set_params(document.graph, "c60", {"out_channels": 16 + place})
            ),
        )
    yield "back to problems", lambda: window.tabs.setCurrentIndex(0)
    yield "undo", document.undo
    yield "zoom in", lambda: _wheel(window, 120)
    yield "zoom out", lambda: _wheel(window, -480)
    yield "fit", key(Qt.Key.Key_F)
    yield "lens", lambda: window.center.set_lens("params")
    yield "lens MACs", lambda: window.center.set_lens("macs")
    yield "rename under a lens", lambda: document.edit(lambda: edits.rename(document.graph, "n70", "norm"))
    yield (
        "set out_channels under a lens",
        lambda: document.edit(lambda: edits.set_params(document.graph, "c80", {"out_channels": 12})),
    )
    yield "undo under a lens", document.undo
    yield "lens out", lambda: window.center.set_lens("")
    yield (
        "search an outline",
        lambda: (window.outline.search.setFocus(), QTest.keyClicks(window.outline.search, "conv_b7")),
    )
    yield "search no more", lambda: window.outline.search.clear()
    yield "search and place", key(Qt.Key.Key_Tab)
    yield (
        "place",
        lambda: (QTest.keyClicks(verbs.popup.field, "relu"), QTest.keyClick(verbs.popup.field, Qt.Key.Key_Return)),
    )
    yield "collapse 70", lambda: verbs.collapse(tuple(f"{c}{k}" for k in range(20, 30) for c in "cnrdmas"), "Stage")
    yield "expand", verbs.expand_selection
    yield "save", lambda: window.files.save_to(folder / "saved.netw")
    yield "edit what is saved", lambda: document.edit(lambda: edits.remove(document.graph, ["r2"], heal=True))
    yield "other theme", lambda: window.choose_theme("dark")
    yield "theme back", lambda: window.choose_theme("light")
    yield "compare with the saved state", window.against.saved
    yield "next change", lambda: window.against.step(1)
    yield "edit while comparing", lambda: document.edit(lambda: edits.set_params(document.graph, "c60", {"bias": True}))
    yield "lens while comparing", lambda: window.center.set_lens("macs")
    yield "lens out while comparing", lambda: window.center.set_lens("")
    yield "end the comparison", window.against.end
    yield "new", lambda: (document.mark_saved(), window.files.new())


def _click(window: MainWindow, id: str) -> None:
    canvas = window.canvas
    plate = canvas.scene.plates[id]
    if canvas.camera.zoom * plate.h < 4:  # as a person does who wants to hit one of ten thousand
        canvas.set_camera(Camera(1.0, canvas.devicePixelRatioF(), 0, 0))
        canvas.reveal(id)
    at = canvas.camera.to_view(plate.x + plate.w * 0.5, plate.y + plate.h / 2).toPoint()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def _type(window: MainWindow, field: str, text: str) -> None:
    form = window.inspector.form
    assert form is not None
    editor = form.editors[field]
    editor.focus()
    entry = editor.findChildren(QLineEdit)[0]
    entry.selectAll()
    QTest.keyClicks(entry, text)
    QTest.keyClick(entry, Qt.Key.Key_Return)


def _wheel(window: MainWindow, turn: int) -> None:
    QTest.wheelEvent(
        window.canvas.window().windowHandle(),
        window.canvas.mapTo(window, QPoint(300, 300)),
        QPoint(0, turn),
        QPoint(),
        Qt.KeyboardModifier.ControlModifier,
    )


def shown_window(folder: Path) -> MainWindow:
    """The window as it is after its first paint, with all that it makes afterwards."""
    themes.set_still(True)
    window = MainWindow(Settings(folder / "settings.ini"))
    window.canvas.motion = False
    window.resize(1500, 950)
    window.show()
    until = time.monotonic() + 10
    while not window.afterwards.done and time.monotonic() < until:
        QApplication.processEvents()
    return window


def measure(wanted: Collection[str] = (), nodes: int = NODES) -> Iterator[tuple[str, float, float]]:
    """(step, longest turn, all turns together) in milliseconds."""
    with tempfile.TemporaryDirectory() as name:
        window = shown_window(Path(name))
        window.files.may_leave = lambda: True  # type: ignore[method-assign]
        Tidying(window.document)
        turns = Turns()
        turns.run(lambda: None)
        for title, step in steps_of(window, Path(name), nodes):
            profile = cProfile.Profile() if title in wanted else None
            spent = turns.run(step, profile)
            if profile is not None:
                pstats.Stats(profile).sort_stats("cumulative").print_stats(60)
            yield title, max(spent), sum(spent)
        window.close()


def main(nodes: int, *wanted: str) -> None:
    """Print the longest turn of each step, and all of its turns."""
    for title, longest, total in measure(wanted, nodes):
        print(f"{title:48}{longest:9.1f}{total:9.1f}", flush=True)


if __name__ == "__main__":
    from designer import style

    app = QApplication(sys.argv)
    style.install(app)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else NODES, *sys.argv[2:])
