"""The other end of a worker without Qt: start one, ask it, listen, cancel, and survive its death."""

from __future__ import annotations

import collections
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from codegen.errors import Refusal, Stopped
from codegen.protocol import FINAL_EVENTS, BadLine, Json, Request, decode, event, lines

CANCEL_GRACE = 5.0  # seconds from cancel to terminate
KILL_GRACE = 3.0  # seconds from terminate to kill
KEPT_LINES = 200  # of the worker's stderr, for whoever looks for the cause of a crash

Listener = Callable[[Json], None]


class WorkerFailed(Refusal):
    """The worker answered that it failed, or died; the text is one sentence."""


def worker_command() -> list[str]:
    """The command that starts a worker; the current folder is not searched for modules (-P)."""
    return [sys.executable, "-P", "-m", "codegen.worker"]


def worker_environment() -> dict[str, str]:
    """The environment a worker needs: ours, with the place that this package was imported from."""
    root = str(Path(__file__).resolve().parent.parent)
    rest = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return os.environ | {"PYTHONPATH": os.pathsep.join([root, *rest]), "PYTHONUNBUFFERED": "1"}


class Pending:
    """A request that was sent: its events, its answer, and the means to cancel it."""

    def __init__(self, client: Client, request: Request, listener: Listener | None) -> None:
        self.client, self.request, self.listener = client, request, listener
        self.done = threading.Event()
        self.answer: Json = {}

    def result(self, timeout: float | None = None) -> Json:
        """The answer's data. Raises Refusal (the worker refused), WorkerFailed, Stopped or TimeoutError."""
        if not self.done.wait(timeout):
            raise TimeoutError(f"{self.request.verb} has not answered within {timeout:g} s.")
        if self.answer["event"] == "result":
            return cast(Json, self.answer["data"])
        message, kind = str(self.answer["message"]), self.answer.get("kind")
        if kind == "cancelled":
            raise Stopped(message)
        raise Refusal(message) if kind == "refused" else WorkerFailed(message)

    def cancel(self) -> None:
        """Ask the job to stop; a worker that does not obey in time is terminated, then killed."""
        self.client.control("cancel", self.request.id)
        threading.Thread(target=self._insist, name="cancel", daemon=True).start()

    def pause(self) -> None:
        """Ask the job to wait at its next step."""
        self.client.control("pause", self.request.id)

    def resume(self) -> None:
        """Let a paused job go on."""
        self.client.control("resume", self.request.id)

    def _insist(self) -> None:
        if not self.done.wait(self.client.cancel_grace):
            self.client.process.terminate()
            if not self.done.wait(self.client.kill_grace):
                self.client.process.kill()


class Client:
    """One worker process and the requests under way. Listeners are called in the client's reading thread.

    Use it as a context manager, or call `close`.
    """

    def __init__(
        self,
        command: list[str] | None = None,
        listener: Listener | None = None,
        cancel_grace: float = CANCEL_GRACE,
        kill_grace: float = KILL_GRACE,
    ) -> None:
        self.cancel_grace, self.kill_grace = cancel_grace, kill_grace
        self.listener = listener
        self.pending: dict[str, Pending] = {}
        self.errors: collections.deque[str] = collections.deque(maxlen=KEPT_LINES)
        self.gone: str | None = None  # the sentence that says how the worker ended
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._closing = False
        self.process = subprocess.Popen(
            command or worker_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=worker_environment(),
            start_new_session=os.name == "posix",  # Ctrl-C in the terminal reaches only us
        )
        self._errors_reader = threading.Thread(target=self._read_errors, name="worker stderr", daemon=True)
        self._errors_reader.start()
        self._reader = threading.Thread(target=self._read, name="worker events", daemon=True)
        self._reader.start()

    def submit(self, verb: str, args: Json | None = None, listener: Listener | None = None) -> Pending:
        """Send a request; its events go to `listener`. A dead worker answers with an error at once."""
        request = Request(str(next(self._numbers)), verb, args or {})
        pending = Pending(self, request, listener)
        with self._lock:
            self.pending[request.id] = pending
            gone = self.gone
        if gone is None:
            self._write(request)
        else:
            self._finish(event(request.id, "error", kind="failed", message=gone))
        return pending

    def call(self, verb: str, args: Json | None = None, timeout: float | None = None) -> Json:
        """Send a request and wait for its answer; see `Pending.result`."""
        return self.submit(verb, args).result(timeout)

    def control(self, verb: str, id: str) -> None:
        """Send `cancel`, `pause` or `resume` for a request."""
        self._write(Request(id, verb))

    def close(self, grace: float = CANCEL_GRACE) -> None:
        """End the worker: close its input, then terminate, then kill. Running jobs keep their checkpoints."""
        self._closing = True
        with contextlib.suppress(OSError):
            cast(BinaryIO, self.process.stdin).close()
        for end in (self.process.terminate, self.process.kill, None):
            try:
                self.process.wait(grace)
                break
            except subprocess.TimeoutExpired:
                if end is not None:
                    end()
        self._reader.join(grace)
        self._errors_reader.join(grace)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _write(self, request: Request) -> None:
        stream = cast(BinaryIO, self.process.stdin)
        with self._lock, contextlib.suppress(OSError, ValueError):  # a dead worker is told of by the reading thread
            stream.write(request.line())
            stream.flush()

    def _read(self) -> None:
        with cast(BinaryIO, self.process.stdout) as stream:
            for line in lines(stream):
                try:
                    message = decode(line) if line is not None else None
                except BadLine:
                    message = None
                if message is not None:
                    self._deliver(message)
        self._bury()

    def _read_errors(self) -> None:
        with cast(BinaryIO, self.process.stderr) as stream:
            for line in lines(stream, longest=64 * 1024):
                if line is not None:
                    self.errors.append(line.decode("utf-8", "replace").rstrip())

    def _deliver(self, message: Json) -> None:
        if message.get("event") in FINAL_EVENTS and message.get("id") is not None:
            self._finish(message)
            return
        self._tell(self.pending.get(str(message.get("id"))), message)

    def _finish(self, message: Json) -> None:
        with self._lock:
            pending = self.pending.pop(str(message.get("id")), None)
        if pending is not None and not pending.done.is_set():
            pending.answer = message
            pending.done.set()
        self._tell(pending, message)

    def _tell(self, pending: Pending | None, message: Json) -> None:
        for listener in (pending.listener if pending else None, self.listener):
            if listener is not None:
                listener(message)

    def _bury(self) -> None:
        code = self.process.wait()
        with self._lock:
            self.gone = ending(code, self._closing)
            ids = list(self.pending)
        for id in ids:
            self._finish(event(id, "error", kind="failed", message=self.gone))


def ending(code: int, asked: bool = False) -> str:
    """One sentence for how a worker ended, from its exit code (negative: the signal, as in subprocess)."""
    if asked:
        return "The worker was closed."
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = str(-code)
        causes: dict[str, Any] = {
            "SIGSEGV": " (it touched memory that is not its own)",
            "SIGKILL": " (someone, or the system for want of memory, killed it)",
            "SIGTERM": " (it was told to end)",
        }
        return f"The worker died from {name}{causes.get(name, '')}; start the job again."
    return f"The worker ended unexpectedly with exit code {code}; start the job again."
