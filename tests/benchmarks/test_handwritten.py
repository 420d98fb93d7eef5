"""Emitted against hand-written: the time of a forward pass and of a training step, as ratios with their intervals.

Pairs of runs, one of each right after the other, on one thread; the ratio is the geometric mean over the pairs, its
95 % interval Student's on the logarithms.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor, nn

from codegen import build_module
from tests.codegen.test_emit_handwritten import SUBJECTS

PAIRS = 15
T_95 = 2.145  # Student's t for 14 degrees of freedom


def once(module: nn.Module, x: Tensor, *, learn: bool) -> float:
    """Seconds of one pass, or of one step of training."""
    began = time.perf_counter()
    if learn:
        module.zero_grad()
        module(x).square().mean().backward()
        with torch.no_grad():
            for p in module.parameters():
                if p.grad is not None:
                    p.sub_(p.grad, alpha=1e-6)
    else:
        with torch.no_grad():
            module(x)
    return time.perf_counter() - began


def interval(ratios: list[float]) -> tuple[float, float, float]:
    """The geometric mean and its 95 % interval."""
    logs = [math.log(ratio) for ratio in ratios]
    half = T_95 * statistics.stdev(logs) / math.sqrt(len(logs))
    mean = statistics.fmean(logs)
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


@pytest.mark.parametrize("learn", [False, True], ids=["forward", "training"])
@pytest.mark.parametrize("subject", list(SUBJECTS))
def test_ratio(benchmark: BenchmarkFixture, subject: str, learn: bool, capsys: pytest.CaptureFixture[str]) -> None:
    draw, by_hand, _ = SUBJECTS[subject]
    torch.manual_seed(0)
    x = torch.randint(0, 50257, (1, 64)) if subject == "gpt2" else torch.randn(1, 3, 224, 224)
    make: list[Callable[[], nn.Module]] = [lambda: build_module(draw()), by_hand]
    emitted, other = (one().train(learn) for one in make)
    other.load_state_dict(emitted.state_dict())

    def measure() -> list[float]:
        ratios = []
        for number in range(PAIRS + 2):
            first, second = (emitted, other) if number % 2 else (other, emitted)
            times = {id(first): once(first, x, learn=learn), id(second): once(second, x, learn=learn)}
            if number >= 2:  # the first two warm up
                ratios.append(times[id(emitted)] / times[id(other)])
        return ratios

    ratios = benchmark.pedantic(measure, rounds=1)
    ratio, low, high = interval(ratios)
    with capsys.disabled():
        what = "training step" if learn else "forward"
        print(f"\n{subject}, {what}: emitted / hand-written {ratio:.3f} (95 %: {low:.3f} to {high:.3f})")
    assert low < 1.05
