"""What a tensor that a class holds is made with: its shape, its type, and the values that it begins with."""

from __future__ import annotations

from typing import Any

from torch import nn

from codegen.intake.record import Value


def constant_params(value: Value) -> dict[str, Any]:
    """The parameters of a Parameter or Buffer for a tensor: one number for all values, or random ones of its spread."""
    tensor = value.tensor.detach()
    params: dict[str, Any] = {"shape": list(tensor.shape), "dtype": value.dtype}
    if isinstance(value.tensor, nn.Parameter):
        if tensor.numel() and tensor.min() != tensor.max():
            params["std"] = _short(tensor.double().std().item())
        elif tensor.numel():
            params["value"] = tensor.flatten()[0].item()
        return params
    params["persistent"] = False
    if tensor.numel() and tensor.dtype.is_floating_point and tensor.min() == tensor.max():
        params["value"] = tensor.flatten()[0].item()
    return params


def _short(number: float) -> float:
    """A number with two digits that matter."""
    return float(f"{number:.1e}")
