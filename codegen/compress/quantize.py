"""n-bit quantization of a trained network: replace, calibrate, train on through the rounding, measure."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from codegen.compress.dialect import FORMS
from codegen.compress.fake import FakeQuantized, fake_layers, quantizable, replace
from codegen.compress.packed import contents, stored_bytes
from codegen.errors import Refusal, Unusable
from codegen.job import Job
from codegen.train.evaluate import scores_of
from codegen.train.examples import Examples, batches
from graph_core.schedules import Place, rate_at

CALIBRATION = 256  # training examples
SAMPLE = 50_000  # values kept of each layer's input while calibrating
EPOCHS = 10
BATCH = 32
PEAK = 5e-3  # learning rate of Adam, on a one-cycle schedule
FIRST_INPUT_BITS = 8  # the data itself: coarser pixels would be another problem, not a smaller network


@dataclass(frozen=True)
class Measured:
    """A model on the test examples: share right, share that agrees with the float model, bytes of its tensors."""

    accuracy: float
    agreement: float
    bytes: int
    weight_bytes: int

    def to_json(self) -> dict[str, Any]:
        """The figures by name, as JSON holds them."""
        return asdict(self)


def quantize(
    module: nn.Module, examples: Examples, bits: int, job: Job, epochs: int = EPOCHS, seed: int = 0
) -> nn.Module:
    """A quantized copy of a trained module: linear and convolution layers with `bits`-bit weights and inputs.

    The training follows the labels and the float model's scores in equal parts (Hinton et al., arXiv:1503.02531).
    Inputs of layers that see the data itself keep 8 bits. Raises Unusable if bits is not 2 … 8, Refusal if the network
    has no such layer, Stopped when stopped.
    """
    if not 2 <= bits <= 8:
        raise Unusable(f"Weights can be quantized to 2 … 8 bits, not to {bits}.")
    quantized = copy.deepcopy(module)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        _replace_and_calibrate(quantized, examples, bits, job)
        _train(quantized, module, examples, epochs, seed, job)
    return quantized.eval()


def _replace_and_calibrate(module: nn.Module, examples: Examples, bits: int, job: Job) -> None:
    found = quantizable(module)
    if not found:
        raise Refusal(f"The network has no layer to quantize; {', '.join(c.__name__ for c in FORMS)} can be.")
    job.step("calibrate", 0.0)
    data = examples.x_train[:CALIBRATION]
    layers: dict[str, FakeQuantized] = {}
    for path, layer in found.items():
        layers[path] = FakeQuantized(layer, bits, bits)
        replace(module, path, layers[path])
    samples: dict[str, Tensor] = {}

    def keep(path: str) -> Any:
        def hook(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            flat = inputs[0].detach().flatten()
            samples[path] = flat[:: max(1, len(flat) // SAMPLE)]
            if inputs[0].shape == data.shape and torch.equal(inputs[0], data):
                layers[path].input_bits = FIRST_INPUT_BITS

        return hook

    handles = [layer.register_forward_pre_hook(keep(path)) for path, layer in layers.items()]
    module.eval()
    with torch.no_grad():
        module(data)
    for handle in handles:
        handle.remove()
    for path, layer in layers.items():
        if path in samples:  # a layer that never ran is never asked again
            layer.calibrate(samples[path])


def _train(student: nn.Module, teacher: nn.Module, examples: Examples, epochs: int, seed: int, job: Job) -> None:
    wanted = F.softmax(scores_of(teacher, examples.x_train), dim=1)
    numbered = Examples(  # the labels' place carries each example's number, so that the teacher's answer is found
        examples.x_train, torch.arange(len(examples.x_train)), examples.x_test, examples.y_test, examples.classes
    )
    per_epoch = -(-len(examples.x_train) // BATCH)
    optimizer = torch.optim.Adam([p for p in student.parameters() if p.requires_grad], lr=PEAK)
    at, steps = 0, epochs * per_epoch
    student.train()
    for epoch in range(epochs):
        for x, numbers in batches(numbered, BATCH, seed, epoch):
            job.control.check()
            for group in optimizer.param_groups:
                group["lr"] = rate_at("one-cycle", PEAK, Place(at, steps, epoch, epochs))
            scores = student(x)
            loss = F.cross_entropy(scores, examples.y_train[numbers]) + F.cross_entropy(scores, wanted[numbers])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            at += 1
        job.step("train", (epoch + 1) / epochs, epoch=epoch + 1, epochs=epochs, loss=loss.item() / 2)
    student.eval()


def measure_float(module: nn.Module, examples: Examples) -> tuple[Measured, Tensor]:
    """The float model's figures, and its answers on the test examples."""
    answers = scores_of(module, examples.x_test).argmax(1)
    size = stored_bytes(module.state_dict())
    weights = sum(4 * layer.get_parameter("weight").numel() for layer in quantizable(module).values())
    return Measured(share(answers, examples.y_test), 1.0, size, weights), answers


def measure_quantized(module: nn.Module, examples: Examples, answers: Tensor) -> Measured:
    """The quantized model's figures beside the float model's answers."""
    mine = scores_of(module, examples.x_test).argmax(1)
    tensors, _ = contents(module)
    weights = sum(
        tensors[f"{path}.{name}"].numel() * tensors[f"{path}.{name}"].element_size()
        for path in fake_layers(module)
        for name in ("weight", "step")
    )
    return Measured(share(mine, examples.y_test), share(mine, answers), stored_bytes(tensors), weights)


def share(answers: Tensor, wanted: Tensor) -> float:
    """The share of answers that are as wanted."""
    return int((answers == wanted).sum()) / len(wanted)
