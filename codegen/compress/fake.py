"""Layers that compute with n-bit weights and inputs, and still learn: fake quantization.

Weights lie on a symmetric grid per output channel, k · s with |k| ≤ 2ⁿ⁻¹ − 1; inputs on an affine grid per tensor,
(k − z) · s with 0 ≤ k < 2ⁿ. Rounding passes gradients straight through (Bengio et al., arXiv:1308.3432), and the
steps s learn with the rest (LSQ, Esser et al., arXiv:1902.08153); their start is calibrated on examples.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from codegen.compress.dialect import FORMS

SHRINK = tuple(1.0 - 0.04 * k for k in range(20))  # shares of the full range tried in calibration
TINY = 1e-8


def round_through(x: Tensor) -> Tensor:
    """x rounded to whole numbers (half to even); the gradient passes as if nothing had happened."""
    return x + (x.round() - x).detach()


def scaled_gradient(x: Tensor, share: float) -> Tensor:
    """x itself, whose gradient arrives multiplied by `share`."""
    return x * share + (x - x * share).detach()


def weight_limit(bits: int) -> int:
    """The largest k of the symmetric grid: 2ⁿ⁻¹ − 1, so 2 bits have the levels −1, 0, 1."""
    return int(2 ** (bits - 1) - 1)


def calibrate_weight(weight: Tensor, bits: int) -> Tensor:
    """The step of each output channel (out,) with the least squared error among shrunken ranges."""
    limit = weight_limit(bits)
    rows = weight.detach().flatten(1)
    full = rows.abs().amax(1).clamp_min(TINY) / limit
    best, error = full, torch.full_like(full, math.inf)
    for share in SHRINK:
        step = full * share
        grid = (rows / step[:, None]).round().clamp(-limit, limit) * step[:, None]
        now = (grid - rows).square().sum(1)
        best, error = torch.where(now < error, step, best), torch.minimum(now, error)
    return best


def calibrate_input(sample: Tensor, bits: int) -> tuple[float, int]:
    """Step and zero point with the least squared error on a sample among shrunken ranges; 0 is always on the grid."""
    top = 2**bits - 1
    low, high = min(0.0, float(sample.min())), max(0.0, float(sample.max()))
    if high - low < TINY:
        return 1.0, 0
    found: tuple[float, float, int] | None = None
    for share in SHRINK:
        step = (high - low) * share / top
        zero = min(top, max(0, round(-low * share / step)))
        grid = ((sample / step).round() + zero).clamp(0, top).sub(zero) * step
        error = float((grid - sample).square().sum())
        if found is None or error < found[0]:
            found = (error, step, zero)
    assert found is not None
    return found[1], found[2]


class FakeQuantized(nn.Module):
    """A layer of `FORMS` with n-bit weights and inputs. `layer` keeps the weights that learn, in float32."""

    input_zero: Tensor

    def __init__(self, layer: nn.Module, bits: int, input_bits: int) -> None:
        super().__init__()
        self.layer = layer
        self.bits, self.input_bits = bits, input_bits
        self.form = FORMS[type(layer)]
        self.step = nn.Parameter(calibrate_weight(self.weight, bits))
        self.input_step = nn.Parameter(torch.ones(()))
        self.register_buffer("input_zero", torch.zeros((), dtype=torch.int64))
        self.ready = False

    @property
    def weight(self) -> Tensor:
        """The weights that learn, (out, …)."""
        weight = self.layer.weight
        assert isinstance(weight, Tensor)
        return weight

    @property
    def bias(self) -> Tensor | None:
        """The constants that learn, (out,), where the layer has them."""
        bias = self.layer.bias
        assert bias is None or isinstance(bias, Tensor)
        return bias

    def calibrate(self, sample: Tensor) -> None:
        """Fix the input's zero point and start its step from a sample of inputs."""
        step, zero = calibrate_input(sample, self.input_bits)
        with torch.no_grad():
            self.input_step.fill_(step)
            self.input_zero.fill_(zero)
        self.ready = True

    def levels(self) -> Tensor:
        """The weights as whole numbers k (out, …), int8: what is stored."""
        limit = weight_limit(self.bits)
        return (self.weight / self._step()).round().clamp(-limit, limit).to(torch.int8)

    def quantized_weight(self) -> Tensor:
        """The weights on their grid, with gradients to the weights and to the steps."""
        limit = weight_limit(self.bits)
        share = 1.0 / math.sqrt(max(1, self.weight.numel() // len(self.weight)) * limit)
        step = scaled_gradient(self._step(), share)
        return round_through((self.weight / step).clamp(-limit, limit)) * step

    def quantized_input(self, x: Tensor) -> Tensor:
        """The input on its grid."""
        top = 2**self.input_bits - 1
        step = scaled_gradient(self.input_step.abs().clamp_min(TINY), 1.0 / math.sqrt(x[0].numel() * top))
        return (round_through((x / step + self.input_zero).clamp(0, top)) - self.input_zero) * step

    def _step(self) -> Tensor:
        return self.step.abs().clamp_min(TINY).view(-1, *[1] * (self.weight.ndim - 1))

    def forward(self, x: Tensor) -> Tensor:
        """What the layer gives with its weights, and once calibrated its input too, on their grids."""
        if self.ready:
            x = self.quantized_input(x)
        return self.form(self.layer, x, self.quantized_weight(), self.bias)


def quantizable(module: nn.Module) -> dict[str, nn.Module]:
    """Path → layer, for the layers that `FORMS` knows; exactly, since a subclass may use its weights otherwise."""
    found = {path: child for path, child in module.named_modules() if type(child) in FORMS}
    return {path: child for path, child in found.items() if path}


def replace(module: nn.Module, path: str, child: nn.Module) -> None:
    """Put `child` at a state-dict path of `module`."""
    parent, _, name = path.rpartition(".")
    setattr(module.get_submodule(parent), name, child)


def fake_layers(module: nn.Module) -> dict[str, FakeQuantized]:
    """Path → fake-quantized layer."""
    return {path: child for path, child in module.named_modules() if isinstance(child, FakeQuantized)}
