"""Where garbage is collected: what Qt made is never taken apart by a thread that works beside the window's."""

from __future__ import annotations

import gc
import threading

import pytest
from PySide6.QtCore import QObject, Qt

from designer.garbage import OnThisThread


def dropped(seen: list[int]) -> None:
    """A QObject in a circle that nobody holds any more; `seen` hears of the thread that takes it apart."""
    thing = QObject()
    thing.me = thing
    thing.destroyed.connect(lambda: seen.append(threading.get_ident()), Qt.ConnectionType.DirectConnection)


def elsewhere() -> int:
    """A thread makes many more objects than Python waits for before it collects, as the work beside the window does;
    which thread that was.
    """
    thread = threading.Thread(target=lambda: [{"a": [k]} for k in range(20_000)])
    thread.start()
    thread.join()
    assert thread.ident is not None
    return thread.ident


@pytest.fixture
def seen() -> list[int]:
    """The threads that took something apart; nothing old is left to collect."""
    gc.collect()
    return []


def test_python_by_itself_collects_on_whatever_thread_there_is(qapp, seen: list[int]) -> None:
    gc.enable()
    try:
        dropped(seen)
        thread = elsewhere()
    finally:
        gc.disable()
    assert seen == [thread]


def test_a_thread_takes_nothing_of_qts_apart_the_event_loop_does(qtbot, qapp, seen: list[int]) -> None:
    gc.enable()
    keeper = OnThisThread(qapp)
    dropped(seen)
    elsewhere()
    assert seen == []
    made = [[k] for k in range(gc.get_threshold()[0] + 1)]
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [threading.get_ident()]
    assert made
    keeper.deleteLater()
