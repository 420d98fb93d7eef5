"""Measuring a drawing in a worker: latency and output statistics of each node on sample input."""

from __future__ import annotations

import platform
from typing import Any

import torch

from codegen.arguments import no_others, take_or, take_path
from codegen.build import put_kept
from codegen.drawing import open_drawing
from codegen.emit import EmitError
from codegen.errors import Refusal, Unusable
from codegen.job import Job
from codegen.measure.layers import measure, watch

MOST_EXAMPLES = 4096


def measure_drawing(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """Run the network of `file` (`network`, or the first) forward on `batch` made-up examples (1).

    Symbols have their example sizes, numbers are standard normal, whole numbers 0 and 1; weights are those kept beside
    the file, else fresh ones. Answers `{"layers": {path: {"seconds", "calls", "values", "mean", "std", "zeros", "nans",
    "largest"}}, "seconds", "runs", "batch", "device", "threads"}`. Raises Refusal or Unusable.
    """
    no_others(args, "file", "network", "batch")
    batch = take_or(args, "batch", int, 1)
    assert batch is not None
    if not 1 <= batch <= MOST_EXAMPLES:
        raise Unusable(f"The batch is {batch}; choose one from 1 to {MOST_EXAMPLES:,}.")
    drawing = open_drawing(take_path(args, "file"), take_or(args, "network", str, "") or "")
    job.step("making the module", 0.05)
    try:
        watched = watch(drawing.project, drawing.network)
    except EmitError as error:
        raise Refusal(str(error)) from None
    put_kept(watched.module, drawing.project, drawing.network)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    watched.module.to(device)
    inputs = tuple(x.to(device) for x in drawing.signature().examples(batch))
    if not inputs:
        raise Refusal("The network has no input to be run on; draw an Input.")
    try:
        found = measure(watched, inputs, lambda done: job.step("measuring", 0.1 + 0.9 * done))
    except (RuntimeError, ValueError, IndexError) as error:
        raise Refusal(f"The network does not run on a sample: {str(error).splitlines()[0]}") from None
    layers = {path: {"seconds": found.seconds.get(path, 0.0), **out.to_json()} for path, out in found.outputs.items()}
    for path, seconds in found.seconds.items():
        layers.setdefault(path, {"seconds": seconds})
    return {
        "layers": layers,
        "seconds": found.total,
        "runs": found.runs,
        "batch": batch,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine() or "CPU",
        "threads": torch.get_num_threads(),
    }
