"""The proof of an import: the emitted module with the original's weights does what the original does."""

from __future__ import annotations

import contextlib
import copy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from codegen.build import build_module
from codegen.intake.record import tensors_in
from codegen.intake.state import deep_copy
from graph_core.graph import Project

TOLERANCE = 1e-5  # relative; exactly 0 is normal


def prove(module: nn.Module, project: Project, inputs: tuple[Tensor | None, ...], *, batched: bool) -> dict[str, Any]:
    """Compare both on stirred weights, in both modes, at two batch sizes: `{"equal", "comparison", "reason"}`.

    Each comparison has the largest difference of outputs (and of the buffers afterwards) and of gradients (of weights
    and inputs), as parts of the largest value. ``reason`` says why nothing could be compared. The module is left as it
    was.
    """
    try:
        made = build_module(project)
        made.load_state_dict(module.state_dict(), strict=True)
        original = deep_copy(module)
    except Exception as error:  # EmitError, torch's, and what a person's own copying raises
        return {"equal": False, "comparison": [], "reason": " ".join(str(error).split())[:300]}
    _stir(original)
    made.load_state_dict(original.state_dict(), strict=True)
    first = next(one.shape[0] for one in inputs if one is not None)
    sizes = [first, first + 1] if batched else [first]
    rows = [_row(original, made, inputs, size, training) for training in (False, True) for size in sizes]
    equal = all(row["outputs"] <= TOLERANCE and row["gradients"] <= TOLERANCE for row in rows)
    return {"equal": equal, "comparison": rows, "reason": ""}


def _stir(module: nn.Module) -> None:
    """Weights with which no part of the output is small by chance, and no dropout, so that training is repeatable."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.is_floating_point():
                spread = max(parameter[0].numel(), 1) ** -0.5 if parameter.dim() > 1 else 0.3
                values = torch.randn(parameter.shape, generator=generator) * spread
                parameter.copy_(values if parameter.dim() > 1 else 1 + values)


def _without_dropout(module: nn.Module) -> None:
    for child in module.modules():
        for name in ("p", "drop_prob", "drop_rate", "dropout", "dropout_p"):
            if isinstance(getattr(child, name, None), float):
                setattr(child, name, 0.0)


def _row(
    original: nn.Module, made: nn.Module, inputs: tuple[Tensor | None, ...], batch: int, training: bool
) -> dict[str, Any]:
    """One comparison; where it differs, again with 64 bits: gradients that cancel out are rounding only with 32."""
    row = _compared(original, made, inputs, batch, training)
    if not row.get("failed") and max(row["outputs"], row["gradients"]) > TOLERANCE:
        wide = copy.deepcopy(original).double(), copy.deepcopy(made).double()
        given = tuple(one.double() if one is not None and one.is_floating_point() else one for one in inputs)
        again = _compared(*wide, given, batch, training)
        return row if again.get("failed") else again
    return row


def _compared(
    original: nn.Module, made: nn.Module, inputs: tuple[Tensor | None, ...], batch: int, training: bool
) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(batch)
    given = [None if tensor is None else _another(tensor, batch, generator) for tensor in inputs]
    state = copy.deepcopy(original.state_dict())
    row: dict[str, Any] = {"training": training, "batch": batch, "outputs": float("inf"), "gradients": float("inf")}
    results = []
    for one in (original, made):
        one.train(training)
        _without_dropout(one)
        taken = [None if tensor is None else tensor.clone() for tensor in given]
        try:
            results.append(_run(one, taken if one is original else [part for part in taken if part is not None]))
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            return row | {"failed": " ".join(str(error).split())[:200]}
        one.load_state_dict(state)
    wanted, found = results
    if len(wanted.outputs) == len(found.outputs):
        pairs = [*zip(found.outputs, wanted.outputs, strict=True)]
        pairs += [(found.buffers[name], buffer) for name, buffer in wanted.buffers.items() if name in found.buffers]
        row["outputs"] = max((_apart(a, b) for a, b in pairs), default=0.0)
        # A gradient that is nothing but rounding (of a key's bias, say) is measured by the others.
        flowing = [gradient for gradient in wanted.gradients.values() if gradient is not None and gradient.numel()]
        least = 1e-4 * max((float(gradient.abs().max()) for gradient in flowing), default=0.0)
        apart = (_parted(found.gradients.get(name), one, least) for name, one in wanted.gradients.items())
        row["gradients"] = max(apart, default=0.0)
    return row


class _Run(NamedTuple):
    outputs: list[Tensor]
    gradients: dict[str, Tensor | None]  # of weights by their names, of inputs by their places
    buffers: dict[str, Tensor]


def _run(module: nn.Module, given: list[Tensor | None]) -> _Run:
    places = [part for part in given if part is not None]
    leaves = [part.requires_grad_(part.is_floating_point()) for part in places]
    taken = iter([part.clone() for part in leaves])  # which a module may change in place
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        outputs = list(tensors_in(module(*(None if part is None else next(taken) for part in given))))
    named: dict[str, Tensor] = dict(module.named_parameters(remove_duplicate=False))
    named |= {str(place): part for place, part in enumerate(leaves)}
    gradients = _gradients({name: one for name, one in named.items() if one.requires_grad}, outputs)
    return _Run(outputs, gradients, {name: one.clone() for name, one in module.named_buffers()})


def _gradients(named: dict[str, Tensor], outputs: list[Tensor]) -> dict[str, Tensor | None]:
    floats = [output.double().square().mean() for output in outputs if output.is_floating_point()]
    with contextlib.suppress(RuntimeError):
        found = torch.autograd.grad(torch.stack(floats).sum(), list(named.values()), allow_unused=True)
        return dict(zip(named, found, strict=True))
    return {}


def _parted(found: Tensor | None, wanted: Tensor | None, least: float) -> float:
    """How far two gradients are apart; none is as good as zeros."""
    if wanted is None or found is None:
        other = found if wanted is None else wanted
        return 0.0 if other is None or not bool(other.any()) else float("inf")
    return _apart(found, wanted, least)


def _another(tensor: Tensor, batch: int, generator: torch.Generator) -> Tensor:
    shape = (batch, *tensor.shape[1:])
    if tensor.is_floating_point():
        return torch.randn(shape, generator=generator, dtype=tensor.dtype)
    return torch.randint(0, max(int(tensor.max()), 1) + 1, shape, generator=generator).to(tensor.dtype)


def _apart(found: Tensor, wanted: Tensor, least: float = 1e-30) -> float:
    if found.shape != wanted.shape:
        return float("inf")
    if not wanted.numel():
        return 0.0
    scale = wanted.detach().abs().max().double().clamp_min(least)
    return float((found.detach().double() - wanted.detach().double()).abs().max() / scale)
