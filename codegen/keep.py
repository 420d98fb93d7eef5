"""Keeping a run's weights with its drawing, as the worker's verb `keep` does it."""

from __future__ import annotations

import secrets
from typing import Any

from codegen.arguments import no_others, take_path
from codegen.errors import Unusable
from codegen.job import Job
from codegen.train.checkpoint import save_tensors
from codegen.train.run import DRAWING, Run
from codegen.train.trained import weights_of
from codegen.weights import with_others
from graph_core import FileError, load
from graph_core.kept import hash_of, stored, weights_path, without_reference


def keep_run(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """Put the weights that a run ended with into a store, named as a drawing names them.

    `file` is the drawing as it is now (the weights it already refers to beside it), `run` the run's folder, `store`
    the folder that takes the result. Answers `{"hash", "tensors", "bytes"}`. Raises Unusable.
    """
    no_others(args, "file", "run", "store")
    file, store, run = take_path(args, "file"), take_path(args, "store"), Run.open(take_path(args, "run"))
    try:
        project, trained = load(file), load(run.path(DRAWING))
    except FileError as error:
        raise Unusable(str(error)) from None
    if not weights_path(file).exists():  # what it kept is lost: nothing of it can go on
        project = without_reference(project)
    network = str(run.identity.get("network", "main"))
    tensors = with_others(project, trained, file, network, weights_of(run))
    path = store / f"{secrets.token_hex(8)}.part"
    try:
        store.mkdir(parents=True, exist_ok=True)
        save_tensors(path, tensors, {})
        hash = hash_of(path)
        size = path.stat().st_size
        path.replace(stored(store, hash))
    except OSError as error:
        raise Unusable(f"The weights cannot be kept in {store}: {error.strerror}.") from None
    return {"hash": hash, "tensors": len(tensors), "bytes": size}
