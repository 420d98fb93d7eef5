"""How long each node of a network takes on its way forward, and what comes out of it, measured on a sample."""

from __future__ import annotations

import math
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from codegen.build import Probed

WARM, MOST, SECONDS = 2, 30, 3.0  # runs before the timed ones, the most timed ones, and how long they may take


@dataclass(slots=True)
class Output:
    """Sums over the values that a node gave, in all its calls: from them mean, deviation and shares follow."""

    calls: int = 0
    count: int = 0
    finite: int = 0
    total: float = 0.0
    squares: float = 0.0
    zeros: int = 0
    nans: int = 0
    largest: float = 0.0

    def take(self, value: Tensor) -> None:
        """Note one tensor. Mean and deviation are those of the finite values."""
        self.calls += 1
        self.count += value.numel()
        kind = torch.complex128 if value.is_complex() else torch.float64
        numbers = value.detach().to(kind).abs() if value.is_complex() else value.detach().to(kind)
        sound = numbers[torch.isfinite(numbers)]
        self.finite += sound.numel()
        self.total += float(sound.sum())
        self.squares += float((sound * sound).sum())
        self.zeros += int((numbers == 0).sum())
        self.nans += int(torch.isnan(numbers).sum())
        self.largest = max(self.largest, float(sound.abs().max()) if sound.numel() else 0.0)

    def to_json(self) -> dict[str, Any]:
        """``calls``, ``values`` in all, ``mean`` and ``std`` (population), shares ``zeros`` and ``nans``, ``largest``
        absolute value.
        """
        mean = self.total / self.finite if self.finite else math.nan
        spread = max(0.0, self.squares / self.finite - mean * mean) if self.finite else math.nan
        count = max(1, self.count)
        return {
            "calls": self.calls,
            "values": self.count,
            "mean": mean,
            "std": math.sqrt(spread),
            "zeros": self.zeros / count,
            "nans": self.nans / count,
            "largest": self.largest,
        }


@dataclass
class Measured:
    """Of each node by its path (names on the way down, as in the state dict): median seconds a run, and its output."""

    seconds: dict[str, float] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    total: float = 0.0
    runs: int = 0


class _Watched(Probed):
    """Calls `seen` with each node's path and value, as soon as the value is there."""

    seen: Callable[[str, Any], None]

    def _note(self, path: str, value: Any) -> None:
        self.seen(path, value)


def measure(watched: Probed, inputs: tuple[Tensor, ...], step: Callable[[float], None] = lambda done: None) -> Measured:
    """Run a network made by `watch` on the inputs: a few times to warm up, up to 30 times by the clock, once to look.

    A node's time is that from when the value before it was there to when its own is, summed over its calls; of a block
    it is what its last statement takes, so add what lies inside. ``step`` hears the share that is done.
    """
    assert isinstance(watched, _Watched)
    found, device = Measured(), inputs[0].device
    spent: dict[str, float] = defaultdict(float)
    last = 0.0

    def clock(path: str, value: Any) -> None:
        nonlocal last
        _wait(device)
        now = time.perf_counter()
        spent[path] += now - last
        last = now

    watched.seen = clock
    times: dict[str, list[float]] = defaultdict(list)
    totals: list[float] = []
    begun = time.perf_counter()
    with torch.inference_mode():
        while len(totals) < MOST + WARM and (len(totals) < WARM + 3 or time.perf_counter() - begun < SECONDS):
            spent.clear()
            _wait(device)
            start = last = time.perf_counter()
            watched.module(*inputs)
            _wait(device)
            totals.append(time.perf_counter() - start)
            for path, seconds in spent.items():
                times[path].append(seconds)
            step(0.9 * max(len(totals) / (MOST + WARM), min(1.0, (time.perf_counter() - begun) / max(SECONDS, 1e-3))))
        watched.seen = lambda path, value: _take(found.outputs, path, value)
        watched.module(*inputs)
    found.seconds = {path: statistics.median(each[WARM:]) for path, each in times.items()}
    found.total, found.runs = statistics.median(totals[WARM:]), len(totals) - WARM
    return found


def watch(project: Any, network: str) -> Probed:
    """A network whose nodes can be measured. Raises EmitError."""
    return _Watched(project, network)


def _take(outputs: dict[str, Output], path: str, value: Any) -> None:
    first = value[0] if isinstance(value, tuple) else value
    if isinstance(first, Tensor):
        outputs.setdefault(path, Output()).take(first)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
