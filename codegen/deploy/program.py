"""`torch.export`: the program that the ONNX and pt2 forms are both made from, with the batch left open."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from codegen.deploy.causes import cause_of
from codegen.deploy.compare import Comparison, compare, outputs_of
from codegen.deploy.signature import Signature
from codegen.errors import Refusal
from codegen.files import write_atomic
from codegen.job import Job

TRACE_BATCH = 3  # torch.export takes sizes of 0 and 1 for constants


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the exporters' warnings about optional packages and their own deprecations."""
    loggers = {name: logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")}
    levels = {name: logger.level for name, logger in loggers.items()}
    for logger in loggers.values():
        logger.setLevel(logging.CRITICAL)  # what matters is raised, and said in our words
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, logger in loggers.items():
            logger.setLevel(levels[name])


def dynamic_shapes(signature: Signature) -> tuple[dict[int, Any], ...]:
    """For each input the axes left open: the batch for certain, other symbols where the network allows it."""
    batch = torch.export.Dim(signature.batch)
    shapes = []
    for port in signature.inputs:
        axes: dict[int, Any] = {}
        for axis, size in enumerate(port.shape):
            if size == signature.batch:
                axes[axis] = batch
            elif isinstance(size, str):
                axes[axis] = torch.export.Dim.AUTO
        shapes.append(axes)
    return tuple(shapes)


def capture(module: nn.Module, signature: Signature) -> torch.export.ExportedProgram:
    """The module as an exported program with an open batch. Raises Refusal with the cause in one sentence."""
    try:
        with quiet(), torch.no_grad():
            examples = signature.examples(TRACE_BATCH)
            return torch.export.export(module.eval(), examples, dynamic_shapes=dynamic_shapes(signature))
    except Exception as error:
        raise Refusal(f"torch.export cannot capture this network: {cause_of(error)}.") from None


def open_axes(program: torch.export.ExportedProgram, signature: Signature) -> dict[str, dict[int, str]]:
    """For each port of a program its axes without a fixed size, by the names that they have in the drawing."""
    values = {node.name: node.meta["val"] for node in program.graph.nodes if "val" in node.meta}
    words: dict[str, str] = {}
    axes: dict[str, dict[int, str]] = {}
    for port, name in zip(signature.inputs, program.graph_signature.user_inputs, strict=True):
        found = axes[port.name] = {}
        for place, size in enumerate(values[str(name)].shape):
            if isinstance(size, torch.SymInt):
                found[place] = words.setdefault(str(size), str(port.shape[place]))
    for output, name in zip(signature.outputs, program.graph_signature.user_outputs, strict=True):
        sizes = enumerate(values[str(name)].shape)
        axes[output] = {
            place: words.get(str(size), f"{output}_{place}") for place, size in sizes if isinstance(size, torch.SymInt)
        }
    return axes


def open_symbols(program: torch.export.ExportedProgram, signature: Signature) -> list[str]:
    """The symbols besides the batch that a program takes at any size."""
    axes = open_axes(program, signature)
    names = {name for port in signature.inputs for name in axes[port.name].values()}
    return sorted(names & set(signature.symbols) - {signature.batch})


def export_pt2(
    module: nn.Module, signature: Signature, path: Path, job: Job, examples: tuple[Tensor, ...] | None = None
) -> Comparison:
    """Write the module as a `.pt2` program, read it back and compare. Raises Refusal."""
    job.step("capture", 0.1)
    program = capture(module, signature)
    for graph in program.graph_module.modules():
        for node in graph.graph.nodes if isinstance(graph, torch.fx.GraphModule) else ():
            node.meta.pop("stack_trace", None)  # it holds the paths of this machine's folders
    job.step("write", 0.5)
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    buffer.seek(0)
    with quiet():
        again = torch.export.load(buffer).module()
    job.step("compare", 0.7)
    sizes = open_symbols(program, signature)
    comparison = compare(module, lambda inputs: outputs_of(again, inputs), signature, examples, open_sizes=sizes)
    write_atomic(path, buffer.getvalue())
    job.step("done", 1.0)
    return comparison
