"""Frame times of the canvas: from an event sent to the frame painted, p50 and p99, at four sizes and three zooms.

`make bench` runs this; `python -m tests.benchmarks.test_canvas_frames` prints the whole table, at the screen's own
pixels and at twice as many, beside OdenGraphQt and the limits of Qt: see canvas_peers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from designer.canvas.camera import Camera
from designer.canvas.gestures import MovePlates
from designer.canvas.surface import Canvas
from designer.theme import Theme
from tests.benchmarks.canvas_peers import TOOLS, measured, told
from tests.gui.canvas_scenes import chain, moved

SIZES = (100, 1_000, 10_000, 50_000)
VIEWS = ("fit", "25 %", "100 %")
FRAMES = 60
# Milliseconds of this thread: p50 and p99 of a frame, and the most of a single paint at a press.
LIMITS = {10_000: (8.0, 16.7, 33.0), 50_000: (16.7, 50.0, 50.0)}
LIMITS_AT_TWO = {10_000: (16.7, 33.0, 50.0)}


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
        dpr = canvas.devicePixelRatioF()
        left, top = 800 - (x0 + x1) / 2 * zoom, 450 - (y0 + y1) / 2 * zoom
        canvas.set_camera(Camera(zoom, dpr, round(left * dpr), round(top * dpr)))
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


def zoom(canvas: Canvas) -> Iterator[None]:
    """Turns of the wheel one after the other: what is painted slowly is scaled until they end, and then painted."""
    yield
    for k in range(FRAMES // 3):
        turn = QPoint(0, 120 if k % 2 else -120)
        canvas.wheelEvent(_wheel(canvas, turn))
        canvas.repaint()
        yield
    canvas._refine.stop()
    canvas.repaint()
    yield


def _wheel(canvas: Canvas, turn: QPoint) -> QWheelEvent:
    at, none = QPointF(800, 450), Qt.MouseButton.NoButton
    held = Qt.KeyboardModifier.ControlModifier
    return QWheelEvent(at, canvas.mapToGlobal(at), QPoint(), turn, none, held, Qt.ScrollPhase.NoScrollPhase, False)


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
    "zoom": zoom,
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


def rows(sizes: tuple[int, ...] = SIZES) -> Iterator[dict[str, Any]]:
    """Every figure, as it is found."""
    for n in sizes:
        for view in VIEWS:
            canvas = canvas_with(n, view)
            for kind, frames in KINDS.items():
                settle(canvas)
                p50, p99, first = timed(frames(canvas))
                yield {"plates": n, "gesture": kind, "view": view, "p50": p50, "p99": p99, "press": first}
            canvas.close()
            canvas.deleteLater()


def line(row: dict[str, Any]) -> str:
    """A row in words."""
    press = f"{row['press']:8.1f}" if row["gesture"].startswith("drag") else ""
    return f"{row['gesture']:10}{row['plates']:>7}{row['view']:>7}{row['p50']:8.1f}{row['p99']:8.1f}{press}"


def over(found: list[dict[str, Any]], limits: dict[int, tuple[float, float, float]]) -> list[str]:
    """The rows over their limits; the first paint of a drag is its press."""
    wrong = []
    for row in found:
        p50, p99, press = limits.get(row["plates"], (1e9, 1e9, 1e9))
        pressed = row["press"] if row["gesture"].startswith("drag") else 0.0
        if row["p50"] > p50 or row["p99"] > p99 or pressed > press:
            wrong.append(line(row))
    return wrong


def at_ratio(ratio: int, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """The rows on a screen with that many pixels to each, from a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.test_canvas_frames", "--rows", *map(str, sizes)]
    env = {**os.environ, "QT_SCALE_FACTOR": str(ratio)}
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    return [json.loads(text) for text in ended.stdout.splitlines() if text.startswith("{")]


@pytest.mark.parametrize(
    ("ratio", "sizes", "limits"), [(1, SIZES, LIMITS), (2, (1_000, 10_000), LIMITS_AT_TWO)], ids=["1x", "2x"]
)
def test_frames(benchmark, tell: Callable[[str], None], ratio: int, sizes: tuple[int, ...], limits):
    found = benchmark.pedantic(lambda: at_ratio(ratio, sizes), rounds=1, iterations=1)
    tell(f"\n{ratio}x: gesture, plates, view, p50, p99, press (ms of this thread)")
    for row in found:
        tell(line(row))
    assert over(found, limits) == []


def table() -> None:
    """Print every figure, and what the peer and the limits of Qt take."""
    for ratio in (1, 2):
        print(f"{ratio}x: gesture, plates, view, p50, p99, press (ms of this thread)")
        for row in at_ratio(ratio, SIZES):
            print(line(row), flush=True)
    print("medians of the same drawing (ms): all of it painted anew, a pan, a drag of one node")
    for count in SIZES[1:3]:
        for tool in TOOLS:
            print(told(tool, count, measured(tool, count)), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--rows"]:
        app = QApplication(sys.argv[:1])
        for found in rows(tuple(map(int, sys.argv[2:])) or SIZES):
            print(json.dumps(found), flush=True)
    else:
        table()
