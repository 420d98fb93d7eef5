"""Whether an imported module does what the original does: stirred weights, two batches, both modes, gradients."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from codegen.build import build_module
from codegen.intake import Imported, import_with_report
from codegen.intake.record import tensors_in
from graph_core import dumps, loads

TOLERANCE = 1e-5  # relative; exactly 0 is normal
LEAST_SPREAD = 0.1  # of the outputs: with less, equality proves nothing


def stir(module: nn.Module, seed: int = 0) -> None:
    """Give every parameter and every buffer of statistics values that differ, and no dropout."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            values = torch.randn(parameter.shape, generator=generator)
            matrix = parameter.dim() > 1
            parameter.copy_(values * 1.2 / max(parameter[0].numel(), 1) ** 0.5 if matrix else 1 + 0.3 * values)
        for name, buffer in module.named_buffers():
            if name.endswith("running_var"):
                buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))
            elif name.endswith("running_mean"):
                buffer.copy_(0.1 * torch.randn(buffer.shape, generator=generator))
    without_dropout(module)


def without_dropout(module: nn.Module) -> None:
    """No value is dropped at random, so that training can be compared."""
    for child in module.modules():
        for name in [name for name in vars(child) if name == "p" or "drop" in name]:
            if isinstance(getattr(child, name), float):
                setattr(child, name, 0.0)


def drawn_again(tensor: Tensor | None, batch: int, generator: torch.Generator) -> Tensor | None:
    """Another input of the same kind, for another batch."""
    if tensor is None:
        return None
    shape = (batch, *tensor.shape[1:])
    if tensor.is_floating_point():
        return torch.randn(shape, generator=generator, dtype=tensor.dtype)
    return torch.randint(0, int(tensor.max()) + 1, shape, generator=generator)


def imported(module: nn.Module, *inputs: Tensor, batches: tuple[int, ...] = (2, 3)) -> Imported:
    """Import a module and assert that what was drawn is the very same function with the very same weights."""
    stir(module)
    found = import_with_report(module, inputs)
    assert not found.opaque, found.opaque
    assert dumps(loads(dumps(found.project))) == dumps(found.project)
    made = build_module(found.project)
    made.load_state_dict(module.state_dict(), strict=True)
    for training in (False, True):
        for batch in batches:
            compare(module, made, inputs, batch, training)
    return found


def compare(module: nn.Module, made: nn.Module, inputs: tuple[Any, ...], batch: int, training: bool) -> None:
    """Outputs and gradients of both on one input, in one mode.

    Gradients that cancel out (of a query where there is one key, say) are rounding only; what differs is compared again
    with 64 bits, where rounding is far below any difference that means something.
    """
    try:
        _compare(module, made, inputs, batch, training)
    except AssertionError as error:
        wide = [copy.deepcopy(one).double() for one in (module, made)]
        given = tuple(one.double() if one is not None and one.is_floating_point() else one for one in inputs)
        try:
            _compare(wide[0], wide[1], given, batch, training)
        except RuntimeError:  # it makes tensors of 32 bits itself
            raise error from None


def _compare(module: nn.Module, made: nn.Module, inputs: tuple[Any, ...], batch: int, training: bool) -> None:
    generator = torch.Generator().manual_seed(batch)
    given = [drawn_again(tensor, batch, generator) for tensor in inputs]
    before = copy.deepcopy(module.state_dict())  # with torch's own metadata
    results = []
    for one in (module, made):
        one.train(training)
        without_dropout(one)
        leaves = [None if t is None else t.clone().requires_grad_(t.is_floating_point()) for t in given]
        taken = [None if tensor is None else tensor.clone() for tensor in leaves]
        outputs = list(tensors_in(one(*(taken if one is module else (t for t in taken if t is not None)))))
        loss = torch.stack([output.double().square().mean() for output in outputs]).sum()
        named: dict[str, Tensor] = dict(one.named_parameters(remove_duplicate=False))
        fed = [leaf for leaf in leaves if leaf is not None]
        named |= {f"input {place}": leaf for place, leaf in enumerate(fed) if leaf.requires_grad}
        named = {name: tensor for name, tensor in named.items() if tensor.requires_grad}
        grown = torch.autograd.grad(loss, list(named.values()), allow_unused=True) if loss.requires_grad else ()
        gradients = dict(zip(named, grown, strict=bool(grown)))
        buffers = {name: buffer.clone() for name, buffer in one.named_buffers()}
        results.append((outputs, gradients, buffers))
        one.load_state_dict(before)
    (outputs, gradients, buffers), (others, their_gradients, their_buffers) = results
    assert len(outputs) == len(others)
    assert max(output.std().item() for output in outputs) >= LEAST_SPREAD, "outputs that are nearly constant"
    for place, (output, other) in enumerate(zip(outputs, others, strict=True)):
        assert relative(other, output) <= TOLERANCE, f"output {place}"
    # A gradient that is nothing but rounding (of a key's bias, say) is measured by the others.
    least = 1e-4 * max((float(g.abs().max()) for g in gradients.values() if g is not None and g.numel()), default=0.0)
    for name, gradient in gradients.items():
        if gradient is None:
            assert their_gradients.get(name) is None or not their_gradients[name].any(), name
        else:
            assert name in their_gradients, name
            assert their_gradients[name] is not None, name
            assert relative(their_gradients[name], gradient, least) <= TOLERANCE, name
    for name, buffer in buffers.items():
        if name in their_buffers and not name.endswith("num_batches_tracked"):
            assert relative(their_buffers[name].float(), buffer.float()) <= TOLERANCE, name


def relative(found: Tensor, wanted: Tensor, least: float = 1e-30) -> float:
    """The largest difference as a part of the largest value."""
    if torch.equal(found, wanted):  # infinity, too
        return 0.0
    return ((found - wanted).abs().max() / wanted.abs().max().clamp_min(least)).item() if wanted.numel() else 0.0
