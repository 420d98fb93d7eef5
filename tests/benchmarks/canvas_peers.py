"""Our canvas, OdenGraphQt and two limits on the same Qt with the same plates and wires, each in a process of its own.

``python -m tests.benchmarks.canvas_peers TOOL COUNT`` prints JSON, in milliseconds of this thread: ``build``, and the
median frame of ``fit`` (all in sight, painted anew), ``pan`` and ``drag`` (of one node). The limits are what Qt
itself takes: all plates as one batch of rectangles with all wires in one path, and one cached pixmap.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from designer.canvas.gestures import MovePlates
from designer.canvas.scene import Scene
from designer.canvas.surface import Canvas
from designer.theme import Theme
from tests.gui.canvas_scenes import chain

SIZE = (1600, 900)
ROUNDS = 15
MOST = 240  # seconds for a tool and a drawing
Found = dict[str, float]


def scene_of(count: int) -> Scene:
    """The plates and wires that all of them draw."""
    return chain(count, max(1, round((count / 6.25) ** 0.5)))


def once(work: Callable[[], object]) -> float:
    """Milliseconds of this thread."""
    start = time.thread_time()
    work()
    return (time.thread_time() - start) * 1000


def median(work: Callable[[int], object]) -> float:
    """The same as a median of some rounds, each told its number."""
    return statistics.median(once(lambda k=k: work(k)) for k in range(ROUNDS))


def first_paint(widget: QWidget) -> None:
    """Show a window and have it painted."""
    widget.show()
    while not widget.windowHandle().isExposed():
        QApplication.processEvents()
    QApplication.processEvents()
    widget.repaint()


def netwright(count: int) -> Found:
    """Our canvas."""
    canvas = Canvas(Theme())
    canvas.motion = False
    canvas.resize(*SIZE)
    scene = scene_of(count)

    def build() -> None:
        canvas.show_scene(scene)
        first_paint(canvas)

    def fit(_: int) -> None:
        canvas.base.forget()
        canvas.repaint()

    def pan(k: int) -> None:
        canvas.set_camera(canvas.camera.moved(12 if k % 2 else -12, 0))
        canvas.repaint()

    found = {"build": once(build), "fit": median(fit), "pan": median(pan)}
    assert len(canvas.scene.plates) == count
    canvas.select(["n0"])
    gesture = MovePlates(canvas, QPointF(800, 450), "n0")
    canvas.mouse.gesture = gesture
    canvas.repaint()

    def drag(k: int) -> None:
        gesture.move(QPointF(800 + 9 * k, 450), Qt.KeyboardModifier.NoModifier)
        canvas.repaint()

    return found | {"drag": median(drag)}


def oden(count: int) -> Found:
    """OdenGraphQt: its own nodes, ports and pipes, undo commands left out."""
    from OdenGraphQt import BaseNode, NodeGraph

    class Plate(BaseNode):
        __identifier__ = "netwright.bench"
        NODE_NAME = "Plate"

        def __init__(self) -> None:
            super().__init__()
            self.add_input("x", multi_input=True)
            self.add_output("y")

    scene = scene_of(count)
    graph = NodeGraph()
    graph.register_node(Plate)
    viewer = graph.viewer()
    viewer.resize(*SIZE)
    nodes: dict[str, Any] = {}

    def build() -> None:
        for plate in scene.plates.values():
            nodes[plate.id] = graph.create_node(
                "netwright.bench.Plate", plate.name, selected=False, pos=[plate.x, plate.y], push_undo=False
            )
        for wire in scene.wires.values():
            nodes[wire.source[0]].output(0).connect_to(nodes[wire.target[0]].input(0), push_undo=False)
        first_paint(viewer)
        viewer.zoom_to_nodes([node.view for node in nodes.values()])
        viewer.viewport().repaint()

    def fit(_: int) -> None:
        viewer.viewport().repaint()

    def pan(k: int) -> None:
        viewer._set_viewer_pan(40 if k % 2 else -40, 0)
        QApplication.processEvents()  # it paints what it finds to be dirty

    def drag(k: int) -> None:
        nodes["n0"].view.xy_pos = [9.0 * k, 0.0]
        QApplication.processEvents()

    return {"build": once(build), "fit": median(fit), "pan": median(pan), "drag": median(drag)}


class _Batch(QWidget):
    """All plates in one drawRects, all wires in one path."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.resize(*SIZE)
        plates = scene.plates
        wide = max(plate.x + plate.w for plate in plates.values())
        high = max(plate.y + plate.h for plate in plates.values())
        self.zoom = min(SIZE[0] / wide, SIZE[1] / high)
        self.rects = [QRectF(plate.x, plate.y, plate.w, plate.h) for plate in plates.values()]
        self.path = QPainterPath()
        for wire in scene.wires.values():
            a, b = plates[wire.source[0]], plates[wire.target[0]]
            self.path.moveTo(a.x + a.w / 2, a.y + a.h)
            self.path.lineTo(b.x + b.w / 2, b.y)

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        painter.scale(self.zoom, self.zoom)
        painter.drawRects(self.rects)
        painter.drawPath(self.path)


class _Pixmap(QWidget):
    """One picture that is copied."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(*SIZE)
        self.pixmap = QPixmap(*SIZE)
        self.pixmap.fill(Qt.GlobalColor.white)

    def paintEvent(self, event: object) -> None:
        QPainter(self).drawPixmap(0, 0, self.pixmap)


def batch(count: int) -> Found:
    """The limit of painting anew."""
    made: list[_Batch] = []

    def build() -> None:
        made.append(_Batch(scene))
        first_paint(made[0])

    scene = scene_of(count)
    return {"build": once(build), "fit": median(lambda _: made[0].repaint())}


def pixmap(count: int) -> Found:
    """The limit of a pan."""
    widget = _Pixmap()
    first_paint(widget)
    return {"pan": median(lambda _: widget.repaint())}


TOOLS: dict[str, Callable[[int], Found]] = {
    "netwright": netwright,
    "OdenGraphQt": oden,
    "batch": batch,
    "pixmap": pixmap,
}


def measured(tool: str, count: int) -> Found:
    """What one process prints; nothing where it does not come to an end in time."""
    command = [sys.executable, "-m", "tests.benchmarks.canvas_peers", tool, str(count)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ}, timeout=MOST)
    except subprocess.TimeoutExpired:
        return {}
    found: Found = json.loads(ended.stdout.splitlines()[-1])
    return found


def told(tool: str, count: int, figures: Found) -> str:
    """The figures of a tool as a line."""
    return f"{tool:12}{count:>7}  " + (
        "  ".join(f"{name} {ms:.2f} ms" for name, ms in figures.items()) or f"not built within {MOST} s"
    )


if __name__ == "__main__":
    app = QApplication(sys.argv)
    print(json.dumps(TOOLS[sys.argv[1]](int(sys.argv[2]))))
    sys.stdout.flush()
