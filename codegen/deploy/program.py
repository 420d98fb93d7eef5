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


def cause_of(error: BaseException) -> str:
    """The first line of the innermost cause: exporters wrap it in pages of advice."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300].rstrip(".") if lines else type(error).__name__


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
    comparison = compare(module, lambda inputs: outputs_of(again, inputs), signature, examples)
    write_atomic(path, buffer.getvalue())
    job.step("done", 1.0)
    return comparison
