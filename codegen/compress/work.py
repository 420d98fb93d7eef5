"""Quantizing a trained drawing, as the worker's verb `quantize` and the command of that name both do it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from codegen.arguments import no_others, take, take_or, take_path
from codegen.compress import RUNTIMES
from codegen.compress.int8 import int8_onnx, measure_onnx
from codegen.compress.packed import save_quantized
from codegen.compress.quantize import EPOCHS, Measured, measure_float, measure_quantized, quantize
from codegen.drawing import open_drawing
from codegen.errors import Refusal, Unusable
from codegen.files import check_output, write_atomic, write_json
from codegen.job import Job
from codegen.train.context import open_trained

MOST_EPOCHS = 100_000
PACKED, INT8, REPORT = "quantized.safetensors", "int8.onnx", "quantized.json"


def quantize_drawing(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """Quantize the network in `file` with the weights of `run` and write it to `out`.

    `bits` (2 … 8) and `epochs` are those of the torch form; `form` is `torch`, `onnxruntime` (always int8) or `both`.
    A folder `out` receives `quantized.safetensors`, `int8.onnx` and `quantized.json` (the answer); an `out` that ends
    with .safetensors or .onnx is that one file. Answers `{"bits", "float", "quantized", "int8", "out", "run"}`, the
    three in the middle with accuracy, agreement with the float model on the test examples, bytes of all tensors and of
    the weights, and both as shares of the float model's; a form that was not made is null, one that cannot be made
    beside another says why under `refused`. Raises Refusal or Unusable.
    """
    no_others(args, "file", "run", "out", "bits", "form", "network", "epochs")
    bits, out = take(args, "bits", int), take_path(args, "out")
    form = _form(take_or(args, "form", str, None), out)
    if not 2 <= bits <= 8:
        raise Unusable(f"Weights can be quantized to 2 … 8 bits, not to {bits}.")
    if out.suffix == ".onnx" and bits != 8:
        raise Unusable(f"The ONNX form has 8 bits, not {bits}; write other widths to a folder or a .safetensors file.")
    folder = not out.suffix or out.is_dir()
    check_output(out, folder=folder)
    epochs = take_or(args, "epochs", int, EPOCHS)
    assert epochs is not None
    if not 0 <= epochs <= MOST_EPOCHS:
        raise Unusable(f"The number of epochs is {epochs}; it must be from 0 to {MOST_EPOCHS}.")
    drawing = open_drawing(take_path(args, "file"), take_or(args, "network", str, "") or "")
    trained = open_trained(drawing, take_path(args, "run"))
    exact, answers = measure_float(trained.module, trained.examples)
    report: dict[str, Any] = {"bits": bits, "float": exact.to_json(), "quantized": None, "int8": None}
    small, model = None, None
    if form in ("both", "torch"):
        small = quantize(trained.module, trained.examples, bits, job, epochs, trained.run.settings.seed)
        report["quantized"] = _beside(measure_quantized(small, trained.examples, answers), exact)
    if form in ("both", "onnxruntime"):
        try:
            _, model = int8_onnx(trained.module, drawing.signature(), trained.examples, job, trained.notes())
            report["int8"] = _beside(measure_onnx(model, trained.examples, answers), exact)
        except Refusal as refusal:
            if form != "both":
                raise
            report["int8"] = {"refused": str(refusal)}
    report |= {"out": str(out), "run": str(trained.run.folder)}
    try:
        _write(report, out, folder, small, model)
    except OSError as error:
        raise Unusable(f"{out} cannot be written: {error.strerror}.") from None
    job.step("done", 1.0)
    return report


def _write(report: dict[str, Any], out: Path, folder: bool, small: nn.Module | None, model: bytes | None) -> None:
    """Put everything at its place, now that nothing can fail or be stopped any more."""
    if folder:
        out.mkdir(parents=True, exist_ok=True)
    if small is not None:
        path = out / PACKED if folder else out
        save_quantized(small, path)
        report["quantized"] |= _file(path)
    if model is not None:
        path = out / INT8 if folder else out
        write_atomic(path, model)
        report["int8"] |= _file(path)
    if folder:
        write_json(out / REPORT, report)


def _form(given: str | None, out: Path) -> str:
    implied = {".onnx": "onnxruntime", ".safetensors": "torch"}.get(out.suffix)
    if implied is None and out.suffix and not out.is_dir():
        raise Unusable(f"{out} must be a folder, or a file that ends with .safetensors or .onnx.")
    form = given or implied or "both"
    if form not in RUNTIMES:
        raise Unusable(f"There is no form {form!r:.40}; there are {', '.join(RUNTIMES)}.")
    if implied is not None and form != implied:
        raise Unusable(f"A file that ends with {out.suffix} holds the form {implied}, not {form}; name a folder.")
    return form


def _beside(measured: Measured, exact: Measured) -> dict[str, Any]:
    return measured.to_json() | {
        "bytes_share": measured.bytes / exact.bytes,
        "weight_bytes_share": measured.weight_bytes / exact.weight_bytes,
    }


def _file(path: Path) -> dict[str, Any]:
    return {"file": str(path), "file_bytes": path.stat().st_size}
