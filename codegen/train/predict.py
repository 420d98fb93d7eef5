"""What a trained network says to one example, and what each of its nodes computes on the way: for the sketch pad."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from codegen.arguments import no_others, take, take_or, take_path
from codegen.build import Probed
from codegen.data.arrays import load_data
from codegen.errors import Refusal, Unusable
from codegen.job import Job
from codegen.train.run import LAST, RECORD, WEIGHTS, Run
from codegen.train.trained import drawing_of_run, load_weights, weights_of

MAPS = 16  # of a picture's channels, how many are shown
EDGE = 16  # of each map, the most rows and columns
LONGEST = 128  # of a vector, the most values
ROOM = 500_000  # cells in one answer, so that a network of any size keeps within a line's length


@dataclass(frozen=True)
class Ready:
    """A run that is loaded: the probed network, one example's shape and dtype, two ports' names, the classes."""

    stamp: tuple[Any, ...]
    probed: Probed
    shape: tuple[int, ...]
    dtype: str
    ports: tuple[str, str]
    classes: tuple[str, ...]


_ready: dict[str, Ready] = {}


def predict(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """Probabilities for one example: `run` is a run's folder, `values` the example's numbers in order.

    Answers `{"probabilities": […], "classes": […], "activations": {path: picture}}`; `"activations": false` leaves
    those out. A picture is `{"shape", "low", "high", "mean", "rows", "columns", "maps": [[0…255, …], …]}`: the node's
    output for this example, shrunk, with 0 at `low` and 255 at `high`; `mean` is that of the absolute values.
    The run stays loaded until its weights change. Raises Refusal or Unusable.
    """
    no_others(args, "run", "values", "activations")
    ready = _load(take_path(args, "run"))
    x = _example(take(args, "values", list), ready.shape).to(getattr(torch, ready.dtype))
    try:
        scores, values = ready.probed.run(x)
    except RuntimeError as error:
        raise Refusal(f"The network cannot take this example: {str(error).splitlines()[0]}") from None
    probabilities = F.softmax(scores[0].double(), dim=0)
    answer: dict[str, Any] = {"probabilities": probabilities.tolist(), "classes": list(ready.classes)}
    if take_or(args, "activations", bool, True):
        given, answered = ready.ports
        shown = {given: x, **values, answered: scores}
        room = ROOM // len(shown)
        answer["activations"] = {
            path: picture(value[0], room) for path, value in shown.items() if value.ndim and value.numel()
        }
    return answer


def example(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """One of the run's test examples: `run` is its folder, `index` which one (any number; at random without one).

    Answers `{"index", "values", "shape", "label"}`. Raises Refusal or Unusable.
    """
    no_others(args, "run", "index")
    run = Run.open(take_path(args, "run"))
    data = load_data(run.settings.data)
    count = len(data.x_test)
    index = take_or(args, "index", int, None)
    index = random.randrange(count) if index is None else index % count
    label = int(data.y_test[index])
    named = str(data.classes[label]) if label < len(data.classes) else str(label)
    values = data.x_test[index].ravel().tolist()
    return {"index": index, "values": values, "shape": list(data.x_test[index].shape), "label": named}


def _load(folder: Path) -> Ready:
    stamp = tuple(_mtime(folder / name) for name in (RECORD, WEIGHTS, LAST))
    ready = _ready.get(str(folder))
    if ready is None or ready.stamp != stamp:
        torch.set_num_threads(1)  # one example is too little work to share
        run = Run.open(folder)
        drawing = drawing_of_run(run)
        probed = drawing.probed()
        load_weights(probed.module, weights_of(run), folder)
        classes = tuple(str(name) for name in run.identity.get("classes", []))
        signature = drawing.signature()
        ports = signature.inputs[0].name, drawing.output_names()[0]
        ready = Ready(stamp, probed, _shape(run), drawing.input_dtype(), ports, classes)
        _ready.clear()  # one run at a time is looked at
        _ready[str(folder)] = ready
    return ready


def _mtime(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _shape(run: Run) -> tuple[int, ...]:
    shape = run.identity.get("shape")
    if not isinstance(shape, list) or not all(isinstance(size, int) and size > 0 for size in shape):
        raise Unusable(f"{run.path(RECORD)} does not say what shape the examples have.")
    return tuple(shape)


def _example(values: list[Any], shape: tuple[int, ...]) -> Tensor:
    try:
        x = torch.tensor(values, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError):
        raise Unusable("The request's values must be a list of numbers.") from None
    if not torch.isfinite(x).all() or x.ndim != 1 or not len(x):
        raise Unusable("The request's values must be a flat list of finite numbers.")
    if len(x) != math.prod(shape):
        raise Unusable(f"The request has {len(x)} values; an example has {math.prod(shape)}.")
    return x.reshape(1, *shape)


def picture(value: Tensor, room: int = MAPS * EDGE * EDGE) -> dict[str, Any]:
    """One node's output for one example as small grey maps: channels of an image, rows of a sequence, or a vector.

    The maps have at most about `room` cells in all: fewer channels are shown, then coarser ones.
    """
    value = value.detach().float()
    shape = list(value.shape)
    if value.ndim >= 3:
        maps = value.reshape(-1, *value.shape[-2:])[: max(1, min(MAPS, room // (EDGE * EDGE)))]
    elif value.ndim == 2:
        maps = value[None]
    else:
        maps = value.reshape(1, 1, -1)
    rows, columns = maps.shape[-2:]
    edge, longest = max(2, min(EDGE, math.isqrt(room))), max(2, min(LONGEST, room))
    most = (min(rows, edge), min(columns, edge if rows > 1 else longest))
    if most != (rows, columns):
        maps = F.adaptive_avg_pool2d(maps, most)
    low, high = float(maps.min()), float(maps.max())
    grey = ((maps - low) * (255.0 / (high - low) if high > low else 0.0)).round().to(torch.uint8)
    return {
        "shape": shape,
        "low": low,
        "high": high,
        "mean": float(value.abs().mean()),
        "rows": most[0],
        "columns": most[1],
        "maps": grey.flatten(1).tolist(),
    }
