"""The five-tuple over the project's symbols, worked out on a thread beside the window's."""

from __future__ import annotations

import queue
import threading

from PySide6.QtCore import QObject, QTimer, Signal

from graph_core import Project
from graph_core.architecture import FiveTuple, five_tuple
from graph_core.snapshot import snapshot

POLL = 15  # milliseconds between looks for the answer


class SymbolicTuple(QObject):
    """`ready` carries the tuple of the drawing that was asked for last; what an edit has overtaken is dropped."""

    ready = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ticket = 0
        self._done: queue.SimpleQueue[tuple[int, FiveTuple | None]] = queue.SimpleQueue()
        self._running = False
        self._next: tuple[Project, str] | None = None
        self._poll = QTimer(self)
        self._poll.setInterval(POLL)
        self._poll.timeout.connect(self._collect)

    def ask(self, project: Project, network: str) -> None:
        """Derive the tuple of a network as it is now."""
        self._ticket += 1
        self._next = snapshot(project), network
        if not self._running:
            self._start()

    def drop(self) -> None:
        """The answer is of no use any more."""
        self._ticket += 1
        self._next = None

    def _start(self) -> None:
        assert self._next is not None
        given, self._next, self._running = self._next, None, True
        # It knows the queue and a copy only: the last reference to a widget must not be dropped there.
        threading.Thread(target=_derive, args=(*given, self._ticket, self._done), name="tuple", daemon=True).start()
        self._poll.start()

    def _collect(self) -> None:
        if self._done.empty():
            return
        ticket, found = self._done.get()
        self._running = False
        self._poll.stop()
        if self._next is not None:
            self._start()
        elif ticket == self._ticket and found is not None:
            self.ready.emit(found)


def _derive(project: Project, network: str, ticket: int, done: queue.SimpleQueue[tuple[int, FiveTuple | None]]) -> None:
    found = None
    try:
        found = five_tuple(project, network, symbolic=True)
    finally:
        done.put((ticket, found))
