"""Progress on stderr: one line that redraws itself on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TextIO

from codegen.job import Job

REDRAW = 0.1  # seconds
SAY = 5.0  # seconds between lines where there is no terminal
WIDTH = 24
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


class Bar:
    """Shows the share done and a few words; `quiet` shows nothing where there is no terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self.drawn = -1e9
        self.open = False

    def show(self, share: float, words: str, final: bool = False) -> None:
        """Draw the bar, at most ten times a second (a `final` one always)."""
        now = time.monotonic()
        if not final and now - self.drawn < (REDRAW if self.terminal else SAY):
            return
        self.drawn = now
        if not self.terminal:
            print(f"{share:4.0%}  {words}", file=self.stream, flush=True)
            return
        filled = round(share * WIDTH)
        line = f"{'█' * filled}{'·' * (WIDTH - filled)} {share:4.0%}  {words}"
        columns = shutil.get_terminal_size().columns
        self.stream.write(f"\r\x1b[2K{line[: columns - 1]}")
        self.stream.flush()
        self.open = True

    def close(self) -> None:
        """End the bar's line."""
        if self.open:
            self.stream.write("\n")
            self.stream.flush()
            self.open = False


def words_of(report: dict[str, Any]) -> tuple[float, str]:
    """The share done and the words for one report of a job."""
    kind = report.get("kind")
    if kind == "batch":
        done = report["epoch"] - 1 + report["batch"] / report["batches"]
        return done / report["epochs"], f"epoch {report['epoch']}/{report['epochs']}  loss {report['loss']:.4f}"
    if kind == "epoch":
        figures = f"loss {report['train_loss']:.4f}  test {report['test_accuracy']:.2%}"
        return report["epoch"] / report["epochs"], f"epoch {report['epoch']}/{report['epochs']}  {figures}"
    return float(report.get("done", 0.0)), str(report.get("stage", ""))


@contextmanager
def interruptible() -> Iterator[Job]:
    """A job whose progress is drawn, and which the first Ctrl-C asks to stop; a second one interrupts at once.

    A closed terminal and a polite request to end (SIGTERM, as schedulers send it) are taken as a Ctrl-C.
    """
    bar = Bar()

    def tell(report: dict[str, Any]) -> None:
        if report.get("kind") != "state":
            share, words = words_of(report)
            bar.show(share, words, final=share >= 1.0)

    job = Job(tell)

    def interrupt(number: int, frame: FrameType | None) -> None:
        job.control.stop()
        for one in before:
            signal.signal(one, signal.default_int_handler)
        with suppress(OSError):  # the terminal may be gone
            bar.close()
            print("Stopping after this step; press Ctrl-C again to break off.", file=sys.stderr, flush=True)

    before = {number: signal.signal(number, interrupt) for number in INTERRUPTIONS}
    try:
        yield job
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        bar.close()
