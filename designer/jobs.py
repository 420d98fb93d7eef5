"""The window's worker: one process beside the window, started on first use, whose events arrive as Qt signals.

The window never waits: a job is asked for, its progress and answer come later on the main thread. A worker that dies
takes its jobs with it, not the window; the next job starts another.
"""

from __future__ import annotations

import contextlib
from typing import Any

from PySide6.QtCore import QObject, Signal

from codegen.client import Client, Pending
from codegen.protocol import Json
from designer.words import tr


class Job(QObject):
    """One request under way. Signals arrive on the main thread; `failed` carries one sentence and its kind,
    `observed` the node that it is about where running the drawing showed it.
    """

    progressed = Signal(dict)
    finished = Signal(dict)
    failed = Signal(str, str)
    observed = Signal(dict)
    ended = Signal()
    _event = Signal(dict)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pending: Pending | None = None
        self._event.connect(self._on_event)

    def cancel(self) -> None:
        """Ask the worker to stop; one that does not obey is ended."""
        if self._pending is not None:
            self._pending.cancel()

    def pause(self) -> None:
        """Ask the job to wait at its next step."""
        if self._pending is not None:
            self._pending.pause()

    def resume(self) -> None:
        """Let a paused job go on."""
        if self._pending is not None:
            self._pending.resume()

    def start(self, client: Client, verb: str, args: Json) -> None:
        """Send the request."""
        self._pending = client.submit(verb, args, self._heard)

    def _heard(self, event: Json) -> None:
        with contextlib.suppress(RuntimeError):  # whoever asked is gone, with this job, before its worker
            self._event.emit(event)

    def _on_event(self, event: Json) -> None:
        match event.get("event"):
            case "progress":
                self.progressed.emit(event.get("data") or {})
            case "result":
                self.finished.emit(event.get("data") or {})
                self.ended.emit()
            case "error":
                if isinstance(place := event.get("place"), dict):
                    self.observed.emit({**place, "message": str(event.get("message", ""))})
                self.failed.emit(str(event.get("message", "The worker failed.")), str(event.get("kind", "failed")))
                self.ended.emit()


class Worker(QObject):
    """The process and its state in words; `state_changed` carries what the status bar says, `observed` what its jobs
    have to say of a node.
    """

    state_changed = Signal(str)
    observed = Signal(dict)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client: Client | None = None
        self.state = tr("Worker starts on first use")

    def run(self, verb: str, args: dict[str, Any]) -> Job:
        """Ask for a job; connect to its signals before the next turn of the event loop."""
        job = Job(self)
        fresh = self._client is None or self._client.gone is not None
        if fresh:
            self._client = Client()
            self._say(tr("Worker is starting"))
            hello = Job(self)
            hello.finished.connect(self._greeted)
            hello.start(self._client, "hello", {})
        assert self._client is not None
        job.observed.connect(self.observed)
        job.ended.connect(job.deleteLater)
        job.start(self._client, verb, args)
        return job

    def close(self) -> None:
        """End the process; running jobs keep their checkpoints."""
        if self._client is not None:
            self._client.close(grace=1.0)
            self._client = None

    def _greeted(self, answer: Json) -> None:
        torch = answer.get("torch") or answer.get("versions", {}).get("torch", "")
        device = answer.get("device", "CPU")
        self._say(
            tr(
                "Worker ready · torch {version} · {device}",
                version=str(torch).split("+")[0],
                device=str(device).upper(),
            )
        )

    def _say(self, state: str) -> None:
        self.state = state
        self.state_changed.emit(state)
