"""Exporting a drawing, as the worker's verb `export` and the command of that name both do it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from codegen.arguments import no_others, take, take_or, take_path
from codegen.deploy import FOLDERS, FORMATS, OPSET, PRECISIONS
from codegen.deploy.compare import Comparison
from codegen.deploy.onnx_file import export_onnx, onnx_bytes
from codegen.deploy.package import check_package, export_package
from codegen.deploy.program import export_pt2
from codegen.deploy.tensorrt import WORKSPACE, Engine, write_engine_files
from codegen.drawing import Drawing, open_drawing
from codegen.errors import Unusable
from codegen.files import check_output, write_atomic
from codegen.job import Job
from codegen.train.checkpoint import save_tensors
from codegen.train.context import open_trained
from graph_core.fitting import told_weights
from graph_core.kept import reference, weights_path

_ONNX = ("opset", "fold", "metadata")
_ENGINE = ("workspace", "precision", "sizes")


def export_drawing(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """Export the network in `file` as `format` to `out`, with the weights of `run`, else those that the drawing keeps,
    else freshly initialized ones.

    `py` is the source (weights that are not fresh lie beside it as .safetensors), `package` a folder that Python
    imports, with its weights, `onnx` and `pt2` one file each, `tensorrt` a folder with the ONNX model and a build
    script. Of ONNX, the one for TensorRT too: `opset`, `fold` (work out what is constant, default true) and `metadata`
    (texts by name). Of TensorRT: `workspace` in bytes, `precision`, and `sizes`, per symbol the smallest, the usual
    and the largest. Answers `{"format", "files", "bytes", "comparison", "run", "fresh"}`; the comparison with torch is
    null for `py` and `package`, and `fresh` says which weights the drawing, edited since, has no use for or begins
    anew. Raises Refusal or Unusable; then nothing was written.
    """
    no_others(args, "file", "run", "out", "format", "network", *_ONNX, *_ENGINE)
    form, out = take(args, "format", str), take_path(args, "out")
    if form not in FORMATS:
        raise Unusable(f"There is no format {form!r:.40}; there are {', '.join(FORMATS)}.")
    _check_options(args, form)
    check_output(out, folder=form in FOLDERS)
    if form == "package":
        check_package(out)
    drawing = open_drawing(take_path(args, "file"), take_or(args, "network", str, "") or "")
    run = take_path(args, "run") if args.get("run") is not None else None
    comparison: Comparison | None = None
    try:
        if form == "py":
            files = _source(drawing, run, out)
        elif form == "package":
            files = export_package(drawing, _module(drawing, run)[0], out)
        else:
            files, comparison = _model(drawing, run, out, args, job)
    except OSError as error:
        raise Unusable(f"{out} cannot be written: {error.strerror}.") from None
    project = drawing.project
    kept = weights_path(project.file) if run is None and reference(project) and project.file is not None else None
    return {
        "format": form,
        "files": [str(path) for path in files],
        "bytes": sum(path.stat().st_size for path in files),
        "comparison": comparison.to_json() if comparison else None,
        "run": str(run) if run else None,
        "fresh": told_weights(project, kept, drawing.network) if kept is not None and kept.exists() else [],
    }


def _check_options(args: dict[str, Any], form: str) -> None:
    """An option of another format must not be ignored."""
    for names, forms in ((_ONNX, ("onnx", "tensorrt")), (_ENGINE, ("tensorrt",))):
        for name in names:
            if args.get(name) is not None and form not in forms:
                raise Unusable(f"The format {form} has no use for {name}; it is for {' and '.join(forms)}.")


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


def _module(drawing: Drawing, run: Path | None) -> tuple[nn.Module, tuple[Tensor, ...] | None, dict[str, str]]:
    """The network with its weights, examples of a run's data, and what is to be said of it in an exported file."""
    notes = {"drawing": drawing.project.name, "network": drawing.network}
    if run is not None:
        trained = open_trained(drawing, run)
        return trained.module, (trained.examples.x_test,), notes | trained.notes()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(drawing.settings().seed)  # the same file every time
        return drawing.build(), None, notes


def _model(
    drawing: Drawing, run: Path | None, out: Path, args: dict[str, Any], job: Job
) -> tuple[list[Path], Comparison]:
    opset, fold = take_or(args, "opset", int, OPSET), take_or(args, "fold", bool, True)
    assert opset is not None
    assert fold is not None
    signature = drawing.signature()
    engine = _engine(args)
    engine.check(signature)
    extra = _metadata(args)
    module, examples, notes = _module(drawing, run)
    notes |= extra
    if args["format"] == "pt2":
        return [out], export_pt2(module, signature, out, job, examples)
    if args["format"] == "onnx":
        return [out], export_onnx(module, signature, out, job, opset, examples, notes, fold=fold)
    content, comparison = onnx_bytes(module, signature, job, opset, examples, notes, fold=fold)
    files = write_engine_files(content, signature, out, engine)
    job.step("done", 1.0)
    return files, comparison


def _metadata(args: dict[str, Any]) -> dict[str, str]:
    given = take_or(args, "metadata", dict, {}) or {}
    for name, text in given.items():
        if not isinstance(name, str) or not isinstance(text, str) or not name:
            raise Unusable("Metadata takes texts by name.")
        try:
            f"{name}{text}".encode()
        except UnicodeEncodeError:
            raise Unusable("Metadata holds characters that no file can; write it anew.") from None
    return dict(given)


def _engine(args: dict[str, Any]) -> Engine:
    workspace = take_or(args, "workspace", int, WORKSPACE)
    precision = take_or(args, "precision", str, PRECISIONS[0])
    assert workspace is not None
    assert precision is not None
    sizes: dict[str, tuple[int, int, int]] = {}
    for symbol, three in (take_or(args, "sizes", dict, {}) or {}).items():
        if not isinstance(three, list) or [type(size) for size in three] != [int] * 3:
            raise Unusable(f"The sizes of {symbol!r:.60} must be three whole numbers: smallest, usual, largest.")
        sizes[str(symbol)] = (three[0], three[1], three[2])
    return Engine(workspace, precision, sizes)
