"""Exporting a drawing, as the worker's verb `export` and the command of that name both do it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from codegen.arguments import no_others, take, take_or, take_path
from codegen.deploy import FORMATS, OPSET
from codegen.deploy.compare import Comparison
from codegen.deploy.onnx_file import export_onnx
from codegen.deploy.program import export_pt2
from codegen.deploy.tensorrt import MODEL, SCRIPT, export_tensorrt
from codegen.drawing import Drawing, open_drawing
from codegen.errors import Unusable
from codegen.files import check_output, write_atomic
from codegen.job import Job
from codegen.train.checkpoint import save_tensors
from codegen.train.context import open_trained
from graph_core.kept import reference


def export_drawing(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """Export the network in `file` as `format` to `out`, with the weights of `run`, else those that the drawing keeps,
    else freshly initialized ones.

    `py` is the source (weights that are not fresh lie beside it as .safetensors), `onnx` and `pt2` one file each,
    `tensorrt` a folder with the ONNX model and a build script. `opset` concerns ONNX. Answers
    `{"format", "files", "bytes", "comparison", "run"}`; the comparison with torch is null for `py`.
    Raises Refusal or Unusable; then nothing was written.
    """
    no_others(args, "file", "run", "out", "format", "opset", "network")
    form, out = take(args, "format", str), take_path(args, "out")
    if form not in FORMATS:
        raise Unusable(f"There is no format {form!r:.40}; there are {', '.join(FORMATS)}.")
    check_output(out, folder=form == "tensorrt")
    opset = take_or(args, "opset", int, OPSET)
    assert opset is not None
    drawing = open_drawing(take_path(args, "file"), take_or(args, "network", str, "") or "")
    run = take_path(args, "run") if args.get("run") is not None else None
    try:
        if form == "py":
            files, comparison = _source(drawing, run, out), None
        else:
            files, comparison = _model(drawing, run, out, form, opset, job)
    except OSError as error:
        raise Unusable(f"{out} cannot be written: {error.strerror}.") from None
    return {
        "format": form,
        "files": [str(path) for path in files],
        "bytes": sum(path.stat().st_size for path in files),
        "comparison": comparison.to_json() if comparison else None,
        "run": str(run) if run else None,
    }


def _source(drawing: Drawing, run: Path | None, out: Path) -> list[Path]:
    if run is None and not reference(drawing.project):
        write_atomic(out, drawing.source.encode())
        return [out]
    module = drawing.build() if run is None else open_trained(drawing, run).module
    weights = out.with_suffix(".safetensors")
    check_output(weights)
    save_tensors(weights, module.state_dict(), {})
    write_atomic(out, drawing.source.encode())
    return [out, weights]


def _model(
    drawing: Drawing, run: Path | None, out: Path, form: str, opset: int, job: Job
) -> tuple[list[Path], Comparison]:
    examples: tuple[Tensor, ...] | None = None
    notes: dict[str, str] = {}
    if run is not None:
        trained = open_trained(drawing, run)
        module, examples, notes = trained.module, (trained.examples.x_test,), trained.notes()
    else:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(drawing.settings().seed)  # the same file every time
            module = drawing.build()
    signature = drawing.signature()
    if form == "pt2":
        return [out], export_pt2(module, signature, out, job, examples)
    if form == "onnx":
        return [out], export_onnx(module, signature, out, job, opset, examples, notes)
    comparison = export_tensorrt(module, signature, out, job, opset, examples, notes)
    return [out / MODEL, out / SCRIPT], comparison
