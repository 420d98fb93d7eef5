"""Work beside the window: on a thread of its own, while the window goes on painting and takes no input."""

from __future__ import annotations

from collections.abc import Callable, Generator
from threading import Thread
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QEventLoop, QObject, QTimer

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


class InParts(QObject):
    """Does work a part in each turn of the event loop, and its jobs beside it; other work takes its place."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: Steps | None = None
        self._answer: Any = None
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._next)

    def begin(self, steps: Steps) -> None:
        """Do this, from the next turn on."""
        self._steps, self._answer = steps, None
        self._later.start()

    def stop(self) -> None:
        """Leave the rest undone."""
        self._later.stop()
        self._steps = None

    def _next(self) -> None:
        steps = self._steps
        if steps is None:
            return
        try:
            job = steps.send(self._answer)
        except StopIteration:
            self._steps = None
            return
        self._answer = in_background(job) if job is not None else None
        if steps is self._steps:
            self._later.start()
