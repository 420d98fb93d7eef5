"""Training a drawing, as the worker's verb `train` and the command of that name both do it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from codegen.arguments import no_others, take, take_or, take_path
from codegen.data.arrays import SUFFIX, load_data
from codegen.data.catalog import CATALOG
from codegen.drawing import open_drawing
from codegen.errors import Unusable
from codegen.files import check_output
from codegen.job import Job
from codegen.train.examples import as_tensors
from codegen.train.loop import train
from codegen.train.run import DRAWING, RECORD, SOURCE, Run, digest
from codegen.train.team import team_of

MOST_PROCESSES = 64
OVERRIDES = ("data", "epochs", "batch_size", "seed", "schedule", "label_smoothing", "shift", "optimizer")


def train_drawing(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """Train the network in a `.netw` file and keep the run in a folder.

    `file`, `out` (the run's folder), and optionally `network`, `resume` (continue the run in `out` if there is one),
    `nproc` (processes that share each batch) and any of `OVERRIDES`, which stand above the drawing's set-up. Answers
    `{"accuracy", "loss", "epochs", "seconds", "run", "state", "best"}`; a stop is an answer too, with state `stopped`.
    Raises Refusal or Unusable.
    """
    no_others(args, "file", "out", "network", "resume", "nproc", *OVERRIDES)
    file, out = take_path(args, "file"), take_path(args, "out")
    resume = take_or(args, "resume", bool, False)
    check_output(out, folder=True)
    drawing = open_drawing(file, take_or(args, "network", str, "") or "")
    settings = drawing.settings(**{name: args.get(name) for name in OVERRIDES})
    if settings.data not in CATALOG and settings.data.endswith(SUFFIX):
        settings = replace(settings, data=str(Path(settings.data).absolute()))  # found again from another folder
    data = load_data(settings.data)
    examples = as_tensors(data, drawing.takes(), drawing.input_dtype())
    nproc = take_or(args, "nproc", int, 1) or 0
    check_nproc(nproc, settings.batch_size, len(examples.x_train))
    identity = {
        "number of processes": nproc,
        "drawing": digest(drawing.source.encode()),
        "data": data.digest(),
        "network": drawing.network,
        "classes": list(data.classes),
        "shape": list(examples.shape),
    }
    if resume and (out / RECORD).exists():
        run = Run.open(out)
        run.check_same(settings, identity)
    else:
        run = Run.create(out, settings, identity, {DRAWING: drawing.content, SOURCE: drawing.source.encode()})
    with team_of(nproc, out) as team:
        train(drawing.build, examples, run, job.tell, job.control, team)
    return {**run.result, "run": str(out), "state": run.state}


def check_nproc(nproc: int, batch_size: int, examples: int) -> None:
    """Raises Unusable unless every process has at least two examples of every batch."""
    if not 1 <= nproc <= MOST_PROCESSES:
        raise Unusable(f"The number of processes is {nproc}; it must be from 1 to {MOST_PROCESSES}.")
    if nproc > 1 and min(batch_size, examples) < 2 * nproc:
        size = min(batch_size, examples)
        raise Unusable(
            f"{nproc} processes cannot share batches of {size}; each needs two examples, {2 * nproc} in all."
        )


def describe_run(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """The record of a run: `run` is its folder. Raises Unusable."""
    no_others(args, "run")
    run = Run.open(take_path(args, "run"))
    return {
        "state": run.state,
        "settings": run.settings.to_json(),
        "history": run.history,
        "best": run.best,
        "result": run.result,
        "run": take(args, "run", str),
    }
