"""ONNX: written by torch's exporters, checked by onnx, compared in onnxruntime, and then put at its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from codegen.deploy import OPSET
from codegen.deploy.causes import cause_of
from codegen.deploy.compare import Comparison, compare, growing_axes
from codegen.deploy.converters import check_opset, convert
from codegen.deploy.program import capture, open_symbols
from codegen.deploy.signature import Signature
from codegen.errors import Refusal
from codegen.files import write_atomic
from codegen.job import Job

LARGEST = 2**31 - 1  # bytes of one protobuf message; onnx keeps larger models in several files


def export_onnx(
    module: nn.Module,
    signature: Signature,
    path: Path,
    job: Job,
    opset: int = OPSET,
    examples: tuple[Tensor, ...] | None = None,
    notes: dict[str, str] | None = None,
    *,
    fold: bool = True,
) -> Comparison:
    """Write the module as ONNX with an open batch axis; nothing is written unless every check passes.

    `notes` go into the model's metadata; `fold` works out beforehand what is constant. Raises Unusable for an opset
    that cannot be written, and Refusal if the exporter cannot do it, emits another opset than the one asked for, or
    what it made differs from the network.
    """
    content, comparison = onnx_bytes(module, signature, job, opset, examples, notes, fold=fold)
    write_atomic(path, content)
    job.step("done", 1.0)
    return comparison


def onnx_bytes(
    module: nn.Module,
    signature: Signature,
    job: Job,
    opset: int = OPSET,
    examples: tuple[Tensor, ...] | None = None,
    notes: dict[str, str] | None = None,
    *,
    fold: bool = True,
) -> tuple[bytes, Comparison]:
    """The content of the ONNX file that `export_onnx` writes."""
    import onnx

    check_opset(opset)
    job.step("capture", 0.05)
    program = capture(module, signature)
    job.step("convert", 0.3)
    model = convert(module, program, signature, opset, fold=fold)
    _clean(model, notes or {})
    _name_axes(model, signature)
    sizes = open_symbols(program, signature)
    _open_outputs(model, growing_axes(module, signature, sizes))
    emitted = {entry.domain: entry.version for entry in model.opset_import}
    if emitted.get("", 0) != opset:
        got = emitted.get("", 0)
        raise Refusal(f"torch's ONNX exporter wrote opset {got} where {opset} was asked for; ask for an older one.")
    job.step("check", 0.7)
    if model.ByteSize() > LARGEST:
        raise Refusal(f"The model takes {model.ByteSize()} bytes; one ONNX file holds at most {LARGEST}.")
    content: bytes = model.SerializeToString()
    try:
        onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise Refusal(f"onnx finds the exported model faulty: {cause_of(error)}.") from None
    _check_batch(model, signature)
    job.step("compare", 0.8)
    return content, compare(module, onnx_runner(content), signature, examples, open_sizes=sizes)


def onnx_runner(model: bytes | Path) -> Callable[[tuple[Tensor, ...]], list[Tensor]]:
    """A function that runs an ONNX model in onnxruntime on torch tensors."""
    session = onnx_session(model)
    names = [entry.name for entry in session.get_inputs()]

    def run(inputs: tuple[Tensor, ...]) -> list[Tensor]:
        feed = {name: np.ascontiguousarray(x.numpy()) for name, x in zip(names, inputs, strict=True)}
        return [torch.from_numpy(np.ascontiguousarray(y)) for y in session.run(None, feed)]

    return run


def onnx_session(model: bytes | Path) -> Any:
    """An onnxruntime session on the CPU, on one thread: an idle session's threads spin."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def input_axes(content: bytes) -> dict[str, list[int | str]]:
    """The axes of each input of an ONNX model: a number where it is fixed, else its name."""
    import onnx

    graph = onnx.load_from_string(content).graph
    return {
        entry.name: [axis.dim_param or int(axis.dim_value) for axis in entry.type.tensor_type.shape.dim]
        for entry in graph.input
    }


def _check_batch(model: Any, signature: Signature) -> None:
    """Raises Refusal if the exporter fixed the batch to a number."""
    for entry, port in zip(model.graph.input, signature.inputs, strict=True):
        if port.shape and port.shape[0] == signature.batch:
            first = entry.type.tensor_type.shape.dim[0]
            if not first.dim_param:
                raise Refusal(f"The exporter fixed the batch of {port.name} to {first.dim_value}.")


def _name_axes(model: Any, signature: Signature) -> None:
    """Give the open axes the names they have in the drawing; the exporter makes some up (s46)."""
    names: dict[str, str] = {}
    for entry, port in zip(model.graph.input, signature.inputs, strict=True):
        for axis, size in zip(entry.type.tensor_type.shape.dim, port.shape, strict=True):
            if axis.dim_param and isinstance(size, str):
                names.setdefault(axis.dim_param, size)
    words = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b") if names else None
    for entry in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        for axis in entry.type.tensor_type.shape.dim:
            if words is not None and axis.dim_param:
                axis.dim_param = words.sub(lambda found: names[found[0]], axis.dim_param)


def _open_outputs(model: Any, axes: dict[str, dict[int, str]]) -> None:
    """Open the outputs' axes that do grow with a symbol: of an LSTM, torch notes the traced size there."""
    wrong = False
    for entry in model.graph.output:
        for place, axis in enumerate(entry.type.tensor_type.shape.dim):
            if place in axes[entry.name] and not axis.dim_param:
                axis.dim_param = axes[entry.name][place]
                wrong = True
    if wrong:
        del model.graph.value_info[:]  # what lies between is as wrong, and optional


def _clean(model: Any, notes: dict[str, str]) -> None:
    """Keep the layers' paths, drop the exporter's traces: they hold the paths of this machine's folders."""
    model.producer_name = "netwright"
    model.producer_version = ""
    graph = model.graph
    for entry in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        for place in range(len(entry.metadata_props) - 1, -1, -1):
            if entry.metadata_props[place].key != "namespace":
                del entry.metadata_props[place]
    for function in model.functions:
        for node in function.node:
            del node.metadata_props[:]
    del model.metadata_props[:]
    for key, value in sorted(notes.items()):
        note = model.metadata_props.add()
        note.key, note.value = key, value
