"""The dialect of fake quantization: how torch's layers compute with weights that are handed to them.

Every layer type that owns a matrix stands in one of the two tables: it has a form, or stays in float32 for a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

Form = Callable[[Any, Tensor, Tensor, Tensor | None], Tensor]


def _linear(layer: nn.Linear, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return F.linear(x, weight, bias)


def _conv(layer: nn.Conv1d | nn.Conv2d | nn.Conv3d, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    y: Tensor = layer._conv_forward(x, weight, bias)  # with the layer's stride, padding, groups and padding mode
    return y


FORMS: Mapping[type[nn.Module], Form] = {nn.Linear: _linear, nn.Conv1d: _conv, nn.Conv2d: _conv, nn.Conv3d: _conv}
"""Torch class → its form: (layer, input, weight, bias) to output."""

_STEPS = "its steps run in one kernel of torch, which takes no weights between them"

_TURNED = "its output channels are the second axis of its weight, and scales are kept along the first"

IN_FLOAT: Mapping[str, str] = {
    "BatchNorm1d": "one factor a channel: nothing to gain",
    "BatchNorm2d": "one factor a channel: nothing to gain",
    "BatchNorm3d": "one factor a channel: nothing to gain",
    "PReLU": "one factor a channel: nothing to gain",
    "LayerNorm": "one factor a feature: nothing to gain",
    "GroupNorm": "one factor a channel: nothing to gain",
    "RMSNorm": "one factor a feature: nothing to gain",
    "HeldParameter": "what it is multiplied with, if anything, is another layer's business",
    "Embedding": "its rows are looked up, not multiplied",
    "LearnedPositions": "its rows are added, not multiplied",
    "MultiheadAttention": "its three projections are one matrix inside one kernel of torch",
    "RNN": _STEPS,
    "GRU": _STEPS,
    "ConvTranspose1d": _TURNED,
    "ConvTranspose2d": _TURNED,
    "LSTM": _STEPS,
}
"""Layer type → why its weights stay in float32."""
