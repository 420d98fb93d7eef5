"""torch's two ways to ONNX: its exporter of programs for the operator sets from 18 on, its tracer for older ones.

Asked for less than 18, the exporter of programs gives 18 without a word; the tracer writes what was asked for.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from codegen.deploy import OLDEST_OPSET
from codegen.deploy.causes import cause_of
from codegen.deploy.program import TRACE_BATCH, open_axes, quiet
from codegen.deploy.signature import Signature
from codegen.errors import Refusal, Unusable

TRACED_BELOW = 18  # the first operator set that the exporter of programs writes


def check_opset(opset: int) -> None:
    """Raises Unusable for an operator set that nothing here writes or reads."""
    from onnx.defs import onnx_opset_version

    newest = onnx_opset_version()
    if not OLDEST_OPSET <= opset <= newest:
        raise Unusable(f"Opset {opset} cannot be written; ask for one from {OLDEST_OPSET} to {newest}.")


def convert(
    module: nn.Module, program: torch.export.ExportedProgram, signature: Signature, opset: int, *, fold: bool
) -> Any:
    """The ONNX model of a captured module. Raises Refusal with the converter's own reason in one sentence.

    With `fold` what is constant is worked out beforehand, and a batch normalization becomes part of the convolution
    before it.
    """
    try:
        with quiet(), torch.no_grad():
            if opset < TRACED_BELOW:
                return _traced(module, program, signature, opset, fold)
            exported = torch.onnx.export(
                program,
                signature.examples(TRACE_BATCH),
                dynamo=True,
                opset_version=opset,
                input_names=[port.name for port in signature.inputs],
                output_names=list(signature.outputs),
                optimize=fold,
                verbose=False,
            )
    except Exception as error:
        raise Refusal(f"torch's ONNX exporter cannot convert this network: {cause_of(error)}.") from None
    if exported is None:
        raise Refusal("torch's ONNX exporter returned nothing.")
    return exported.model_proto


@contextlib.contextmanager
def _tracing() -> Iterator[None]:
    """Attention by operators that ONNX has, which torch does not run without gradients; and no graph is printed."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    log = torch._C._jit_onnx_log
    torch._C._jit_onnx_log = lambda *graph: None  # it prints whether its log is enabled or not
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        torch._C._jit_onnx_log = log


def _traced(
    module: nn.Module, program: torch.export.ExportedProgram, signature: Signature, opset: int, fold: bool
) -> Any:
    """By the tracer; the axes that stay open are those that the program left open."""
    import onnx

    with tempfile.TemporaryDirectory() as folder, _tracing():
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            module,
            signature.examples(TRACE_BATCH),
            path,
            dynamo=False,
            opset_version=opset,
            input_names=[port.name for port in signature.inputs],
            output_names=list(signature.outputs),
            dynamic_axes=open_axes(program, signature),
            do_constant_folding=fold,
        )
        return onnx.load(path)
