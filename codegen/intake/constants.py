"""What a tensor that a class holds is made with: its shape, its type, and the values that it begins with."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from codegen.intake.dialect_modules import BUFFER, PARAMETER
from codegen.intake.record import Value


def constant_params(value: Value) -> dict[str, Any]:
    """The parameters of a Parameter or Buffer for a tensor: one number for all values, or random ones of its spread."""
    tensor = value.tensor.detach()
    params: dict[str, Any] = {"shape": list(tensor.shape), "dtype": value.dtype}
    if isinstance(value.tensor, nn.Parameter):
        if tensor.numel() and tensor.min() != tensor.max():
            params["std"] = _short(tensor.double().std().item())
        elif tensor.numel() and bool(tensor.isfinite().all()):
            params["value"] = _shortest(tensor.flatten()[0])
        return params
    params["persistent"] = False
    same = bool(tensor.numel()) and bool(tensor.min() == tensor.max())
    if same and tensor.dtype.is_floating_point and bool(tensor.isfinite().all()):
        params["value"] = _shortest(tensor.flatten()[0])
    return params


def _shortest(value: Tensor) -> float:
    """The shortest number that is the very value in its type: 1e-06, not 9.999999974752427e-07."""
    number = float(value)
    for digits in range(1, 17):
        short = float(f"{number:.{digits}g}")
        if torch.tensor(short, dtype=value.dtype).item() == number:
            return short
    return number


def _short(number: float) -> float:
    """A number with two digits that matter."""
    return float(f"{number:.1e}")


def held(value: Value, name: str) -> tuple[str, str]:
    """The layer type and the name of a weight that a class holds by itself."""
    return (PARAMETER if isinstance(value.tensor, nn.Parameter) else BUFFER), name


def held_params(value: Value, root: nn.Module) -> dict[str, Any]:
    """The parameters of a weight that a class holds by itself."""
    params = constant_params(value)
    if isinstance(value.tensor, nn.Parameter):
        params.pop("persistent", None)
        params.pop("content", None)
        if not value.tensor.requires_grad:
            params["trainable"] = False
        return params
    owner, _, name = value.path.rpartition(".")
    lost = name in root.get_submodule(owner)._non_persistent_buffers_set
    params["persistent"] = not lost
    if lost:
        params["content"] = value.tensor
    return params
