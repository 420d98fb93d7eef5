"""Edits in the whole window, every panel included: from the edit to the frame that shows it, at 1,000 and 10,000 nodes.

``python -m tests.benchmarks.test_window_edits [NODES]`` prints p50, p90 and the longest in milliseconds of this thread.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytest_benchmark.fixture import BenchmarkFixture

from designer import style
from designer.document import Document
from designer.garbage import Tidying
from graph_core import edits, save
from tests.benchmarks.turns import Turns, place_by_hand, residual, shown_window

ROUNDS = 40
PAUSE = 0.05  # seconds between edits, in which the window does what it puts off
# Milliseconds in half of all edits: a frame at 60 a second, and what may be done in one turn of the event loop.
MOST_MS = {1_000: 16.7, 10_000: 50.0}
Row = tuple[str, float, float, float]


def _kernel(document: Document, block: int) -> None:
    node = document.graph.nodes[f"c{block}"]
    wide = node.params.get("kernel_size") == 5
    edits.set_params(
        document.graph, node.id, {"kernel_size": 3, "padding": 1} if wide else {"kernel_size": 5, "padding": 2}
    )


def _rename(document: Document, block: int) -> None:
    node = document.graph.nodes[f"n{block}"]
    edits.rename(document.graph, node.id, f"{node.name}_")


def _move(document: Document, block: int) -> None:
    x, y = document.graph.view[f"d{block}"]
    edits.move(document.graph, {f"d{block}": (x + 8, y)})


def _remove(document: Document, block: int) -> None:
    edits.remove(document.graph, [f"r{block}"], heal=True)


KINDS: dict[str, Callable[[Document, int], None]] = {
    "set a kernel": _kernel,
    "rename": _rename,
    "move": _move,
    "remove and heal": _remove,
}


def rows(nodes: int) -> Iterator[Row]:
    """(what, p50, p90, longest) in milliseconds of this thread: edits, and then as many steps back."""
    with tempfile.TemporaryDirectory() as name:
        window = shown_window(Path(name))
        window.files.may_leave = lambda: True  # type: ignore[method-assign]
        document, canvas = window.document, window.canvas
        Tidying(document)
        save(place_by_hand(residual(nodes)), Path(name, "drawing.netw"))
        turns = Turns()
        turns.run(lambda: window.files.open(Path(name, "drawing.netw")))
        blocks = random.Random(nodes).sample(range(1, (nodes - 2) // 7), ROUNDS)
        for title, kind in KINDS.items():
            made = [_timed(lambda k=k, kind=kind: kind(document, k), canvas.repaint) for k in blocks]
            back = [_timed(document.undo, canvas.repaint) for _ in blocks]
            yield title, *_told(made)
            yield f"{title}, undone", *_told(back)
        document.mark_saved()
        window.close()
        window.deleteLater()  # or a theme chosen later dresses it, too
        QCoreApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)


def _timed(edit: Callable[[], object], paint: Callable[[], object]) -> float:
    start = time.thread_time()
    edit()
    paint()
    spent = (time.thread_time() - start) * 1000
    until = time.perf_counter() + PAUSE
    while time.perf_counter() < until:
        QApplication.processEvents()
    return spent


def _told(spent: list[float]) -> tuple[float, float, float]:
    spent = sorted(spent)
    return spent[len(spent) // 2], spent[len(spent) * 9 // 10], spent[-1]


def line(row: Row) -> str:
    """A row in words."""
    title, p50, p90, longest = row
    return f"{title:28}{p50:8.1f}{p90:8.1f}{longest:8.1f}"


@pytest.mark.parametrize("nodes", MOST_MS)
def test_edits(benchmark: BenchmarkFixture, qapp: QApplication, tell: Callable[[str], None], nodes: int):
    style.install(qapp)
    found = benchmark.pedantic(lambda: list(rows(nodes)), rounds=1, iterations=1)
    tell(f"\n{nodes} nodes, the whole window: p50, p90, longest (ms of this thread)")
    for row in found:
        tell(line(row))
    assert [line(row) for row in found if row[1] > MOST_MS[nodes]] == []


if __name__ == "__main__":
    app = QApplication(sys.argv[:1])
    style.install(app)
    for count in map(int, sys.argv[1:] or MOST_MS):
        print(f"{count} nodes, the whole window: p50, p90, longest (ms of this thread)")
        for found in rows(count):
            print(line(found), flush=True)
