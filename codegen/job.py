"""What long work is given: a way to report how far it is, and to be paused or stopped from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from codegen.errors import Stopped


class Control:
    """Asked for by one thread, obeyed by another between two steps. Safe to call from signal handlers and threads."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._running = threading.Event()
        self._running.set()

    def stop(self) -> None:
        """Ask the work to stop at its next step; a paused one stops at once."""
        self._stopped.set()
        self._running.set()

    def pause(self) -> None:
        """Ask the work to wait at its next step."""
        if not self._stopped.is_set():
            self._running.clear()

    def resume(self) -> None:
        """Let paused work go on."""
        self._running.set()

    @property
    def paused(self) -> bool:
        """Whether the work waits, or will at its next step."""
        return not self._running.is_set()

    @property
    def stopped(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopped.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Return True when the work may go on (or must stop), or False once `timeout` seconds have passed."""
        if timeout is not None:
            return self._running.wait(timeout)
        while not self._running.wait(timeout=0.5):  # a bounded wait lets Ctrl-C through on every platform
            pass
        return True

    def check(self) -> None:
        """Wait while paused. Raises Stopped once a stop was asked for."""
        self.wait()
        if self._stopped.is_set():
            raise Stopped("Stopped.")


class Job:
    """One piece of work as its function sees it: `tell` reports progress (plain JSON), `control` is obeyed.

    The worker's reports become events; a command's move its progress bar.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None] | None = None, control: Control | None = None) -> None:
        self.tell = tell or (lambda report: None)
        self.control = control or Control()

    def step(self, stage: str, done: float, **more: Any) -> None:
        """Report a stage and the share of the whole that is done, 0 … 1; raises Stopped if a stop was asked for."""
        self.control.check()
        self.tell({"kind": "stage", "stage": stage, "done": done, **more})
