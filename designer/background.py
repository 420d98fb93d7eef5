"""Work beside the window: on a thread of its own, while the window goes on painting and takes no input."""

from __future__ import annotations

from collections.abc import Callable, Generator
from threading import Thread
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

Result = TypeVar("Result")
Job = Callable[[], Any]
Steps = Generator[Job | None, Any, None]  # work with stops; at some it asks for the result of a job
LOOK_MS = 4
NAME = "background"


_running: list[Thread] = []


def is_running() -> bool:
    """Whether something reads the drawing beside the window, which must then change nothing, not even for a moment."""
    return bool(_running)


def in_background(work: Callable[[], Result]) -> Result:
    """What `work` returns or raises. It may neither touch Qt nor what anybody changes meanwhile."""
    if QCoreApplication.instance() is None:
        return work()
    found: list[Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            failed.append(error)

    thread, loop, timer = Thread(target=run, name=NAME, daemon=True), QEventLoop(), QTimer()
    timer.timeout.connect(lambda: None if thread.is_alive() else loop.quit())
    timer.start(LOOK_MS)
    _running.append(thread)
    thread.start()
    loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
    timer.stop()
    thread.join()
    _running.remove(thread)
    if failed:
        raise failed[0]
    return found[0]


def go_through(steps: Steps) -> None:
    """Do all of the work at once, jobs included."""
    answer = None
    while True:
        try:
            job = steps.send(answer)
        except StopIteration:
            return
        answer = job() if job is not None else None
