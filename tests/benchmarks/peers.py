"""What other tools take to count a network, and what we take, each in a process of its own.

``python -m tests.benchmarks.peers TOOL SUBJECT`` prints JSON: multiply-adds, ``warm`` (milliseconds to count once
more) and ``cold`` (from the file: a drawing of ours, the module's source of theirs). Times are of the processor.
"""

from __future__ import annotations

import gc
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from graph_core import analyze, dumps, loads
from tests.benchmarks.edits_drawn import measure, readout
from tests.benchmarks.models import SUBJECTS

IMAGE = (1, 3, 224, 224)
SHAPES = {"resnet50": IMAGE, "vit_b_16": IMAGE}
MAP = (1, 16, 32, 32)
ROUNDS = 5


def best(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The least milliseconds of processor time."""
    found = []
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        work()
        found.append(1e3 * (time.process_time() - start))
    return min(found)


def netwright(subject: str) -> dict[str, Any]:
    """One random edit with the whole readout, its percentiles; and the file opened and read out."""
    text = dumps(SUBJECTS[subject]())
    analyze(loads(text))  # declarations are imported once for all
    cold = best(lambda: readout(loads(text)))
    macs = analyze(loads(text)).macs
    timings = measure(loads(text), 500)
    shares = {"p50": 0.5, "p95": 0.95, "worst": 1.0}
    return {"macs": macs, "cold": cold} | {name: 1e3 * timings.percentile(share) for name, share in shares.items()}


def flop_counter(subject: str) -> dict[str, Any]:
    """torch.utils.flop_counter.FlopCounterMode over meta tensors."""
    from torch.utils.flop_counter import FlopCounterMode

    def count(module: Any, x: Any) -> int:
        with FlopCounterMode(display=False) as counter:
            module(x)
        return int(counter.get_total_flops()) // 2

    return _counted(subject, count, "meta")


def torchinfo(subject: str) -> dict[str, Any]:
    """torchinfo.summary over meta tensors. It leaves attention's own products out."""
    from torchinfo import summary

    return _counted(subject, lambda module, x: summary(module, input_data=x, device="meta", verbose=0), "meta")


def fvcore(subject: str) -> dict[str, Any]:
    """fvcore.nn.FlopCountAnalysis over CPU tensors: it traces, and tracing fails on meta tensors."""
    from fvcore.nn import FlopCountAnalysis

    logging.disable(logging.CRITICAL)
    return _counted(subject, lambda module, x: FlopCountAnalysis(module, x).total(), "cpu", rounds=1)


def _counted(subject: str, count: Callable[[Any, Any], Any], device: str, rounds: int = ROUNDS) -> dict[str, Any]:
    import torch

    from codegen.build import build_module
    from codegen.emit import emit_class

    project = SUBJECTS[subject]()
    source, name = emit_class(project)
    x = torch.empty(SHAPES.get(subject, MAP), device=device)
    module = build_module(project).to(device).eval()

    def from_source() -> None:
        home: dict[str, Any] = {"__name__": "drawn"}
        exec(compile(source, "drawn.py", "exec"), home)
        with torch.device(device):
            count(home[name]().eval(), x)

    warnings.simplefilter("ignore")
    with torch.no_grad():
        found = count(module, x)
        warm = best(lambda: count(module, x), rounds)
        return {"macs": found if isinstance(found, int) else None, "warm": warm, "cold": best(from_source, rounds)}


TOOLS: dict[str, Callable[[str], dict[str, Any]]] = {
    "netwright": netwright,
    "FlopCounterMode": flop_counter,
    "torchinfo": torchinfo,
    "fvcore": fvcore,
}

if __name__ == "__main__":
    print(json.dumps(TOOLS[sys.argv[1]](sys.argv[2])))
