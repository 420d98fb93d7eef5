"""int8 for onnxruntime: weights per channel, activations per tensor, ranges from training examples (QDQ form)."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from codegen.compress.quantize import Measured, share
from codegen.deploy.causes import cause_of
from codegen.deploy.onnx_file import onnx_bytes, onnx_runner, onnx_session
from codegen.deploy.signature import Signature
from codegen.errors import Refusal
from codegen.job import Job
from codegen.train.evaluate import EVALUATE_BATCH
from codegen.train.examples import Examples

CALIBRATION = 256  # training examples
PART = 64


def int8_onnx(
    module: nn.Module, signature: Signature, examples: Examples, job: Job, notes: dict[str, str] | None = None
) -> tuple[bytes, bytes]:
    """The float and the int8 ONNX model of a trained module. Raises Refusal if export or quantization cannot do it."""
    inputs = (examples.x_test,)
    float_model, _ = onnx_bytes(module, signature, job, examples=inputs, notes=notes)
    job.step("int8", 0.9)
    return float_model, quantize_onnx(float_model, examples.x_train[:CALIBRATION])


def quantize_onnx(model: bytes, calibration: Tensor) -> bytes:
    """An ONNX model with one input, quantized to int8 with ranges measured on `calibration`. Raises Refusal."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    name = onnx_session(model).get_inputs()[0].name

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.parts = iter(torch.split(calibration, PART))

        def get_next(self) -> dict[str, Any] | None:
            part = next(self.parts, None)
            return None if part is None else {name: np.ascontiguousarray(part.numpy())}

    with tempfile.TemporaryDirectory(prefix="netwright-") as folder, _quiet():
        first, ready, done = (Path(folder, f"{stage}.onnx") for stage in ("float", "ready", "int8"))
        first.write_bytes(model)
        try:
            quant_pre_process(str(first), str(ready), skip_symbolic_shape=True)
            quantize_static(
                str(ready),
                str(done),
                Reader(),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QInt8,
                weight_type=QuantType.QInt8,
                reduce_range=True,  # 7-bit weights: else sums of pairs saturate on processors without VNNI
            )
        except Exception as error:
            raise Refusal(f"onnxruntime cannot quantize this network: {cause_of(error)}.") from None
        return done.read_bytes()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence onnxruntime's advice, which goes to the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def measure_onnx(model: bytes, examples: Examples, answers: Tensor) -> Measured:
    """An ONNX model's figures on the test examples, beside the float model's answers."""
    run = onnx_runner(model)
    mine = torch.cat([run((part,))[0] for part in torch.split(examples.x_test, EVALUATE_BATCH)]).argmax(1)
    everything, weights = initializer_bytes(model)
    return Measured(share(mine, examples.y_test), share(mine, answers), everything, weights)


def initializer_bytes(model: bytes) -> tuple[int, int]:
    """The bytes of all initializers, and of those that hold weights: more than one axis, with their channels' scales.

    In QDQ form a weight is the first input of a DequantizeLinear; its scales and zero points are counted with it.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_from_string(model).graph
    arrays = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    weights = {name for name, array in arrays.items() if array.ndim > 1}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in weights:
            weights.update(name for name in node.input if name in arrays)
    return sum(a.nbytes for a in arrays.values()), sum(arrays[name].nbytes for name in weights)
