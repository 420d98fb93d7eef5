"""Frame times of the canvas: from an event sent to the frame painted, p50 and p99, at four sizes and three zooms.

`make bench` runs this; `python -m tests.benchmarks.test_canvas_frames` prints the whole table.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from designer.canvas.camera import Camera
from designer.canvas.gestures import MovePlates
from designer.canvas.surface import Canvas
from designer.theme import Theme
from tests.gui.canvas_scenes import chain, moved

SIZES = (100, 1_000, 10_000, 50_000)
VIEWS = ("fit", "25 %", "100 %")
FRAMES = 60


def canvas_with(n: int, view: str) -> Canvas:
    """A shown canvas of 1600 x 900 with `n` plates."""
    canvas = Canvas(Theme())
    canvas.motion = False
    canvas.resize(1600, 900)
    canvas.show_scene(chain(n, max(1, round((n / 6.25) ** 0.5))))
    canvas.show()
    canvas.fit()
    if view != "fit":
        x0, y0, x1, y1 = canvas.snap.bounds() or (0, 0, 0, 0)
        zoom = {"25 %": 0.25, "100 %": 1.0}[view]
        canvas.set_camera(Camera(zoom, 1.0, round(800 - (x0 + x1) / 2 * zoom), round(450 - (y0 + y1) / 2 * zoom)))
    settle(canvas)
    return canvas


def settle(canvas: Canvas) -> None:
    """Wait until nothing is put off."""
    until = time.perf_counter() + 0.25
    while time.perf_counter() < until:
        QApplication.processEvents()
    canvas.repaint()


def pan(canvas: Canvas) -> Iterator[None]:
    yield
    for k in range(FRAMES):
        canvas.set_camera(canvas.camera.moved(*((23, 7), (-9, 31), (-14, -38))[k % 3]))
        canvas.repaint()
        yield


def zoom_anew(canvas: Canvas) -> Iterator[None]:
    yield
    for k in range(FRAMES // 3):
        canvas.base.full_ms = 0.0  # paint each step in full, as after the last one
        canvas.set_camera(canvas.camera.zoomed(canvas.camera.zoom * (1.04 if k % 2 else 1 / 1.04), QPointF(800, 450)))
        canvas.repaint()
        yield


def drag(count: int) -> Callable[[Canvas], Iterator[None]]:
    def frames(canvas: Canvas) -> Iterator[None]:
        seen = canvas.snap.seen(canvas.camera.box(canvas.base.pixmap.rect()))
        ids = [row.plate.id for row, here in zip(canvas.snap.rows, seen, strict=True) if here][:count]
        canvas.select(ids)
        gesture = MovePlates(canvas, QPointF(800, 450), ids[0])
        canvas.mouse.gesture = gesture
        gesture.move(QPointF(801, 451), Qt.KeyboardModifier.NoModifier)
        canvas.repaint()
        yield  # the press was that
        for k in range(FRAMES):
            gesture.move(QPointF(800 + 9 * (k % 7), 450 + 11 * (k % 5)), Qt.KeyboardModifier.NoModifier)
            canvas.repaint()
            yield
        canvas.mouse.cancel()
        canvas.select(())

    return frames


def edit(canvas: Canvas) -> Iterator[None]:
    scenes = [canvas.scene]
    for k in range(FRAMES // 4):
        scenes.append(moved(scenes[-1], {f"n{k}"}, 8, 0))
    yield
    for scene in scenes[1:]:
        canvas.show_scene(scene)
        canvas.repaint()
        yield


KINDS: dict[str, Callable[[Canvas], Iterator[None]]] = {
    "pan": pan,
    "zoom anew": zoom_anew,
    "drag 1": drag(1),
    "drag 100": drag(100),
    "edit 1": edit,
}


def timed(frames: Iterator[None]) -> tuple[float, float, float]:
    """(p50, p99, the first) in milliseconds of this thread's own time, so that neighbours do not count.

    The first is what comes before the frames: the paint at a press.
    """
    spent = []
    while True:
        start = time.thread_time()
        try:
            next(frames)
        except StopIteration:
            break
        spent.append((time.thread_time() - start) * 1000)
    first, *spent = spent
    spent.sort()
    return spent[len(spent) // 2], spent[min(len(spent) - 1, int(len(spent) * 0.99))], first


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("kind", ["pan", "zoom anew", "drag 1", "drag 100", "edit 1"])
def test_frames(benchmark, qapp, kind: str, n: int, view: str):
    canvas = canvas_with(n, view)
    try:
        p50, p99, first = benchmark.pedantic(lambda: timed(KINDS[kind](canvas)), rounds=1, iterations=1)
        benchmark.extra_info.update(
            p50_ms=round(p50, 2), p99_ms=round(p99, 2), first_ms=round(first, 2), plates=n, view=view
        )
    finally:
        canvas.close()
        canvas.deleteLater()


def table() -> None:
    """Print every figure."""
    print(f"{'':10}{'':>7}" + "".join(f"{view:>20}" for view in VIEWS))
    for n in SIZES:
        for kind, frames in KINDS.items():
            cells = []
            for view in VIEWS:
                canvas = canvas_with(n, view)
                cells.append("{:.1f}/{:.1f} ({:.0f})".format(*timed(frames(canvas))))
                canvas.close()
            print(f"{kind:10}{n:>7}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


if __name__ == "__main__":
    app = QApplication(sys.argv)
    table()
