"""Whether a drawing makes exactly the module's weights and, with other values in them, exactly its outputs."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from codegen.build import build_module
from codegen.emit import EmitError, emit_source
from codegen.errors import Unusable
from codegen.intake.drawn import Drawing
from codegen.intake.trace import undisturbed

TOLERANCE = 1e-4  # relative; exactly 0 is normal


def holds(drawing: Drawing, module: nn.Module, inputs: tuple[Any, ...], *, opaque: bool) -> bool:
    """Whether the source of a drawing has the module's weights by their names, and gives its outputs on ``inputs``.

    A drawing with opaque nodes cannot run: it has to be sound. The module is left as it was.
    """
    try:
        if opaque:
            emit_source(drawing.project)
            return True
        with torch.device("meta"):
            made = build_module(drawing.project)
        original, state = _copied(module)
        wanted = {path: tuple(tensor.shape) for path, tensor in state.items()}
        if {path: tuple(tensor.shape) for path, tensor in made.state_dict().items()} != wanted:
            return False
        made.load_state_dict(state, assign=True)
        for path, tensor in drawing.contents.items():
            owner, _, name = path.rpartition(".")
            setattr(made.get_submodule(owner), name, nn.Buffer(tensor, persistent=False))
        with undisturbed(made, False):
            found = _tensors(made(*(given for given in inputs if given is not None)))
    except (EmitError, Unusable, RuntimeError, AttributeError, IndexError, ValueError):
        return False
    with undisturbed(original, False):
        outputs = _tensors(original(*inputs))
    return len(found) == len(outputs) and all(_alike(a, b) for a, b in zip(found, outputs, strict=True))


def _copied(module: nn.Module) -> tuple[nn.Module, dict[str, Tensor]]:
    """A copy with other weights, and those; the module itself with its own where it cannot be copied."""
    try:
        original = copy.deepcopy(module)
        stirred = _stirred(module.state_dict())
        original.load_state_dict(stirred)
    except (RuntimeError, TypeError, ValueError, AttributeError):
        return module, module.state_dict()
    return original, stirred


def _stirred(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights with values that no output can do without; what torch notes on them (of versions) stays."""
    generator = torch.Generator().manual_seed(0)
    found = copy.copy(state)
    known: dict[tuple[int, torch.Size, str], Tensor] = {}
    for path, tensor in state.items():
        key = (tensor.data_ptr(), tensor.shape, str(tensor.stride()))
        if tensor.numel() and key in known:  # tied
            found[path] = known[key]
            continue
        value = known[key] = tensor.detach().clone()
        if value.is_floating_point() and not path.endswith(("running_mean", "running_var")):
            spread = max(value[0].numel(), 1) ** -0.5 if value.dim() > 1 else 0.3
            drawn = torch.randn(value.shape, generator=generator) * spread
            value.copy_(drawn if value.dim() > 1 else 1 + drawn)
        found[path] = value
    return found


def _tensors(part: Any) -> list[Tensor]:
    if isinstance(part, Tensor):
        return [part]
    if isinstance(part, dict):
        part = list(part.values())
    return [tensor for one in part for tensor in _tensors(one)] if isinstance(part, tuple | list) else []


def _alike(found: Tensor, wanted: Tensor) -> bool:
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return False
    if not wanted.numel() or not wanted.is_floating_point():
        return bool((found == wanted).all())
    if not torch.equal(found.isfinite(), wanted.isfinite()):
        return False
    found, wanted = (tensor.nan_to_num(0.0, 0.0, 0.0) for tensor in (found, wanted))
    scale = wanted.abs().max().clamp_min(1e-30)
    return bool((found - wanted).abs().max() <= TOLERANCE * scale)
