"""The process the window talks to: `python -m codegen.worker` answers requests (`codegen.protocol`) one at a time.

Requests arrive on its standard input and events leave on its standard output; both are taken over at the start, so
that whatever else prints (user code, C libraries) lands on stderr and never between two events. Heavy libraries are
imported by the first request that needs them and stay, so a worker that is kept answers the next one at once.

It ends when its input ends: first every job is asked to stop, and one that does not within `GRACE` is left behind.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import platform
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, cast

from codegen.errors import Refusal, Stopped
from codegen.job import Job
from codegen.protocol import (
    CONTROLS,
    LONGEST_LINE,
    VERSION,
    BadLine,
    Json,
    Request,
    decode_request,
    encode,
    event,
    lines,
)

HEARTBEAT = 1.0  # seconds
POLITE = 5  # added to the niceness: while every core trains, the window stays the quicker one
GRACE = 10.0  # seconds that a job has for its checkpoint once the other side is gone

Function = Callable[[Json, Job], Json]

FUNCTIONS: Mapping[str, str] = {
    "hello": "codegen.worker:hello",
    "train": "codegen.train.work:train_drawing",
    "run": "codegen.train.work:describe_run",
    "keep": "codegen.keep:keep_run",
    "predict": "codegen.train.predict:predict",
    "example": "codegen.train.predict:example",
    "quantize": "codegen.compress.work:quantize_drawing",
    "emit": "codegen.emit.work:emit_drawing",
    "back": "codegen.emit.work:take_back",
    "import": "codegen.intake.work:import_drawing",
    "measure": "codegen.measure.work:measure_drawing",
    "export": "codegen.deploy.work:export_drawing",
}
"""Verb → `module:function`, imported when first asked for."""


def hello(args: Json, job: Job) -> Json:
    """Which versions answer here. With `{"load": true}` torch is imported too, so that what follows is quick."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for name in ("netwright", "torch", "onnx", "onnxruntime", "safetensors", "numpy"):
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    if args.get("load"):
        importlib.import_module("torch")
    return {"protocol": VERSION, "python": platform.python_version(), "pid": os.getpid(), "versions": versions}


class Worker:
    """Reads requests in a thread, runs them one at a time in the caller's thread, beats its heart in another."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO, functions: Mapping[str, str]) -> None:
        self.reader, self.writer, self.functions = reader, writer, functions
        self.waiting: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self.jobs: dict[str, Job] = {}
        self.busy: str | None = None
        self.ended = threading.Event()
        self.lock = threading.Lock()

    def send(self, message: Json) -> None:
        """Write one event whole; once the other side is gone, nothing is written any more."""
        line = encode(message)
        if len(line) > LONGEST_LINE:
            line = encode(event(message.get("id"), "error", kind="failed", message="The answer is too long to send."))
        with self.lock, contextlib.suppress(OSError, ValueError):
            self.writer.write(line)
            self.writer.flush()

    def serve(self) -> None:
        """Answer requests until the input ends."""
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        while (request := self.waiting.get()) is not None:
            self._answer(request)
        self.ended.set()

    def stop(self) -> None:
        """Ask every job to stop, and `serve` to return when the running one has."""
        for job in list(self.jobs.values()):
            job.control.stop()
        self.waiting.put(None)

    def _read(self) -> None:
        for line in lines(self.reader):
            if line is None:
                self._refuse_line(BadLine(f"The line is longer than {LONGEST_LINE} bytes."))
                continue
            try:
                self._take(decode_request(line))
            except BadLine as error:
                self._refuse_line(error)
        self.stop()
        if not self.ended.wait(GRACE):
            os._exit(1)

    def _take(self, request: Request) -> None:
        if request.verb in CONTROLS:
            job = self.jobs.get(request.id)
            if job is not None:  # else it was just answered: nothing is left to control
                {"cancel": job.control.stop, "pause": job.control.pause, "resume": job.control.resume}[request.verb]()
        elif request.id in self.jobs:
            raise BadLine(f"A request with the id {request.id!r:.80} is still being answered.")
        elif request.verb not in self.functions:
            verbs = ", ".join(self.functions)
            raise BadLine(f"There is no verb {request.verb!r:.80}; the verbs are {verbs}.", request.id)
        else:
            self.jobs[request.id] = Job(lambda report: self.send(event(request.id, "progress", data=report)))
            self.waiting.put(request)

    def _refuse_line(self, error: BadLine) -> None:
        self.send(event(error.id, "error", kind="protocol", message=str(error)))

    def _answer(self, request: Request) -> None:
        job = self.jobs[request.id]
        self.busy = request.id
        try:
            job.control.check()  # it may have been cancelled while it waited
            module, _, name = self.functions[request.verb].partition(":")
            function = cast(Function, getattr(importlib.import_module(module), name))
            answer = event(request.id, "result", data=function(request.args, job))
        except Stopped:
            answer = event(request.id, "error", kind="cancelled", message=f"{request.verb} was cancelled.")
        except Refusal as refusal:
            place = {"place": refusal.place._asdict()} if refusal.place else {}
            answer = event(request.id, "error", kind="refused", message=str(refusal), **place)
        except MemoryError:
            answer = event(request.id, "error", kind="failed", message=f"There is not enough memory to {request.verb}.")
        except BaseException as error:
            traceback.print_exc()
            first = (str(error).strip().splitlines() or [""])[0][:500]
            message = f"{request.verb} failed with an unexpected {type(error).__name__}: {first or 'no message'}"
            answer = event(request.id, "error", kind="failed", message=message)
        self.busy = None
        del self.jobs[request.id]
        self.send(answer)

    def _beat(self) -> None:
        while not self.ended.is_set():
            self.send(event(None, "heartbeat", busy=self.busy))
            time.sleep(HEARTBEAT)


def main(functions: Mapping[str, str] = FUNCTIONS) -> None:
    """Take over the standard streams and answer until the input ends."""
    reader = os.fdopen(os.dup(0), "rb")
    writer = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # user code that reads input finds none, instead of eating requests
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    faulthandler.enable()
    if hasattr(os, "nice"):
        os.nice(POLITE)
    worker = Worker(reader, writer, functions)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; what to do is the parent's choice
    signal.signal(signal.SIGTERM, lambda number, frame: worker.stop())
    worker.serve()


if __name__ == "__main__":
    # As `codegen.worker`, not as `__main__`: a verb that imports this module must find these very classes.
    cast(Any, importlib.import_module("codegen.worker")).main()
