"""What a run leaves behind in a module: put back after it, and looked at by those who ask whether it remembers."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from codegen.intake.record import tensors_in

_TABLES = ("_parameters", "_buffers", "_modules")
_ALWAYS = ("training", *_TABLES)


@dataclass
class Traces:
    """The paths of modules in which a run left something: attributes, and tensors in the place of weights."""

    remembers: list[str] = field(default_factory=list)
    replaced: dict[str, Any] = field(default_factory=dict)  # path of a parameter or buffer -> what is there now


@contextlib.contextmanager
def undisturbed(module: nn.Module, training: bool, *, grad: bool = False) -> Iterator[Traces]:
    """Without torch's fused paths, and with what a run changes put back afterwards: values, attributes, random state.

    Of lists, dicts and sets that are attributes the members are put back, not what is inside of those. The result
    tells, once it is over, what was changed.
    """
    kept = [(path, child, dict(vars(child)), _contents(child)) for path, child in module.named_modules()]
    tensors = [one for one in (*module.parameters(), *module.buffers()) if not is_lazy(one) and not one.is_inference()]
    values = [(one, one.detach(), one._version, one.detach().clone()) for one in tensors]
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    module.train(training)
    traces = Traces()
    try:
        with torch.random.fork_rng(devices=[]), torch.set_grad_enabled(grad):
            yield traces
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for path, child, attributes, contents in kept:
            _look(traces, path, child, attributes, contents)
            vars(child).clear()
            vars(child).update(attributes)
            for name, content in contents.items():
                _refill(attributes[name], content)
        with torch.no_grad():
            for tensor, data, version, value in values:
                if tensor.data_ptr() != data.data_ptr():
                    tensor.data = data
                # Batch norm counts no change of its statistics.
                if tensor._version != version or not (isinstance(tensor, nn.Parameter) or torch.equal(tensor, value)):
                    tensor.copy_(value)


def _contents(child: nn.Module) -> dict[str, Any]:
    """The members of a module's own lists and tables, by the names of those."""
    return {name: part.copy() for name, part in vars(child).items() if type(part) in (list, dict, set)}


def _look(traces: Traces, path: str, child: nn.Module, attributes: dict[str, Any], contents: dict[str, Any]) -> None:
    own = vars(child)
    names = {*own, *attributes} - set(_ALWAYS)
    changed = any(own.get(name) is not attributes.get(name) for name in names)
    if changed or any(not _alike(attributes[name], part) for name, part in contents.items() if name not in _TABLES):
        traces.remembers.append(path)
    for table in _TABLES[:2]:
        for name, tensor in contents.get(table, {}).items():
            if attributes[table].get(name) is not tensor:
                traces.replaced[f"{path}.{name}" if path else name] = own[table].get(name)


def _alike(now: Any, before: Any) -> bool:
    """Whether two lists, tables or sets hold the very same things."""
    if len(now) != len(before):
        return False
    if isinstance(now, dict):
        return all(key in before and before[key] is part for key, part in now.items())
    if isinstance(now, set):
        return bool(now == before)
    return all(a is b for a, b in zip(now, before, strict=True))


def _refill(part: Any, content: Any) -> None:
    if _alike(part, content):
        return
    part.clear()
    if isinstance(part, list):
        part.extend(content)
    else:
        part.update(content)


def remembers(module: nn.Module, inputs: tuple[Any, ...]) -> bool:
    """Whether what a run leaves behind in a module changes what the next run gives."""
    others = others_like(inputs)
    try:
        with undisturbed(module, False):
            fresh = list(tensors_in(module(*(_copied(part) for part in others))))
        with undisturbed(module, False):
            module(*(_copied(part) for part in inputs))
            later = list(tensors_in(module(*(_copied(part) for part in others))))
    except Exception:  # whatever a person's own code raises on other values: it is not known to be the same
        return True
    return len(fresh) != len(later) or not all(
        a.shape == b.shape and torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(fresh, later, strict=True)
    )


def deep_copy(module: nn.Module) -> nn.Module:
    """A copy of a module, also of one that holds tensors that it computed, which torch copies as values only."""
    with undisturbed(module, module.training):
        for child in module.modules():
            for name, part in list(vars(child).items()):
                if isinstance(part, Tensor) and not part.is_leaf:
                    vars(child)[name] = part.detach()
        return copy.deepcopy(module)


def others_like(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Inputs of the same kinds with other values: those that were there at other places, and smaller ones."""
    return tuple(_other(part) for part in inputs)


def _copied(part: Any) -> Any:
    return part.detach().clone() if isinstance(part, Tensor) else part


def _other(part: Any) -> Any:
    if not isinstance(part, Tensor) or not part.numel():
        return part
    turned = part.detach().flatten().flip(0).reshape(part.shape)
    return turned * 0.5 if part.is_floating_point() else turned
