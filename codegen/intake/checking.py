"""Whether a drawing makes exactly the module's weights and, with other values in them, its outputs and gradients."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from codegen.build import build_module
from codegen.emit import EmitError, emit_source
from codegen.errors import Unusable
from codegen.intake.drawn import Drawing
from codegen.intake.record import tensors_in
from codegen.intake.state import deep_copy, others_like, undisturbed

TOLERANCE = 1e-4  # relative; exactly 0 is normal
FLOWING = 1e-3  # of gradients, which add up the rounding of a whole run; less than that of the largest is none


class Original:
    """A module, and what a copy of it with other weights gives and learns on other inputs."""

    def __init__(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        self.copy, self.state = _copied(module)
        for given, learns in ((others_like(inputs), True), (inputs, True), (inputs, False)):
            self.inputs, self.learns = given, learns
            with contextlib.suppress(Exception):  # what a person's own code raises on values that it was not given
                self.outputs, self.gradients = _run(self.copy, given, learns=learns)
                return
        raise Unusable(f"{type(module).__name__} runs once only, so that nothing can be compared.")

    def is_drawn_by(self, drawing: Drawing, *, opaque: bool) -> bool:
        """Whether the source of a drawing has the module's weights by their names, and does the same with others.

        A drawing with opaque nodes cannot run: it has to be sound.
        """
        try:
            if opaque:
                emit_source(drawing.project)
                return True
            with torch.device("meta"):
                made = build_module(drawing.project)
            wanted = {path: tuple(tensor.shape) for path, tensor in self.state.items()}
            if {path: tuple(tensor.shape) for path, tensor in made.state_dict().items()} != wanted:
                return False
            names = {id(one): path for path, one in made.named_parameters()}
            tied = [(path, names[id(one)]) for path, one in made.named_parameters(remove_duplicate=False)]
            made.load_state_dict(self.state, assign=True)
            for path, other in tied:
                owner, _, name = path.rpartition(".")
                made.get_submodule(owner)._parameters[name] = made.get_parameter(other)
            for path, tensor in drawing.contents.items():
                owner, _, name = path.rpartition(".")
                setattr(made.get_submodule(owner), name, nn.Buffer(tensor, persistent=False))
            given = [part for part in self.inputs if part is not None]
            outputs, gradients = _run(made, given, learns=self.learns)
        except (EmitError, Unusable, RuntimeError, AttributeError, IndexError, ValueError, TypeError):
            return False
        return (
            len(outputs) == len(self.outputs)
            and all(_alike(a, b, TOLERANCE) for a, b in zip(outputs, self.outputs, strict=True))
            and self._learns_alike(gradients)
        )

    def _learns_alike(self, gradients: dict[str, Tensor]) -> bool:
        largest = max((float(g.nan_to_num().abs().max()) for g in self.gradients.values() if g.numel()), default=0.0)
        return all(
            name in gradients and _alike(gradients[name], gradient, FLOWING, FLOWING * largest)
            for name, gradient in self.gradients.items()
        )


def _run(module: nn.Module, inputs: Sequence[Any], *, learns: bool) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Outputs, and gradients by the names of weights and the places of inputs; none where nothing can be learned."""
    leaves = [_leaf(part) for part in inputs]
    with undisturbed(module, False, grad=learns):
        given = [part.clone() if isinstance(part, Tensor) else part for part in leaves]
        outputs = list(tensors_in(module(*given)))
        named: dict[str, Tensor] = dict(module.named_parameters(remove_duplicate=False))
        named |= {str(place): part for place, part in enumerate(one for one in leaves if isinstance(one, Tensor))}
        wanted = {name: one for name, one in named.items() if one.requires_grad}
        losses = [one.double().square().mean() for one in outputs if one.requires_grad and one.is_floating_point()]
        if not losses or not wanted:
            return outputs, {}
        try:
            found = torch.autograd.grad(torch.stack(losses).sum(), list(wanted.values()), allow_unused=True)
        except RuntimeError:  # re-entrant checkpoints refuse
            return outputs, {}
    return outputs, {
        name: torch.zeros_like(one) if gradient is None else gradient
        for (name, one), gradient in zip(wanted.items(), found, strict=True)
    }


def _leaf(part: Any) -> Any:
    if not isinstance(part, Tensor):
        return part
    return part.detach().clone().requires_grad_(part.is_floating_point())


def _copied(module: nn.Module) -> tuple[nn.Module, dict[str, Tensor]]:
    """A copy with other weights, and those; the module itself with its own where it cannot be copied."""
    try:
        original = deep_copy(module)
        stirred = _stirred(module.state_dict())
        original.load_state_dict(stirred)
    except Exception:  # torch's, and what a person's own copying raises
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


def _alike(found: Tensor, wanted: Tensor, tolerance: float, least: float = 1e-30) -> bool:
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return False
    if not wanted.numel() or not wanted.is_floating_point():
        return bool((found == wanted).all())
    if not torch.equal(found.isfinite(), wanted.isfinite()):
        return False
    found, wanted = (tensor.nan_to_num(0.0, 0.0, 0.0) for tensor in (found, wanted))
    scale = wanted.abs().max().clamp_min(least)
    return bool((found - wanted).abs().max() <= tolerance * scale)
