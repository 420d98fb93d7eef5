"""Optimizers from the five-tuple's configuration: one for each kind that its parameter groups name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from codegen.errors import Unusable
from graph_core.groups import Parameter, share_out
from graph_core.layer import layer_types
from graph_core.schedules import Place, rate_at
from graph_core.setups import check_setup


class Optimizers:
    """Optimizers that step together, each over the groups of its kind.

    ``param_groups`` are torch's own, in the order of the configuration's groups within each kind, the rest last; each
    keeps its own learning rate in `peak_lr`, since schedules move `lr`.
    """

    def __init__(self, parts: list[torch.optim.Optimizer]) -> None:
        self.parts = parts

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all optimizers."""
        return [group for part in self.parts for group in part.param_groups]

    @property
    def closes(self) -> bool:
        """Whether a step evaluates the loss several times, and so takes a closure."""
        return any(isinstance(part, torch.optim.LBFGS) for part in self.parts)

    def set_rates(self, schedule: Any, at: Place) -> float:
        """Set every group's learning rate for a place in the run; returns that of the first."""
        for group in self.param_groups:
            group["lr"] = rate_at(schedule, group["peak_lr"], at)
        return float(self.param_groups[0]["lr"])

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none=True)

    def step(self, closure: Callable[[], float] | None = None) -> None:
        """Take one step; `closure` evaluates loss and gradients anew."""
        for part in self.parts:
            part.step(closure)

    def state_dict(self) -> dict[str, Any]:
        """The state of all, numbered through, as one torch optimizer has it; the groups follow from the drawing."""
        state: dict[int, Any] = {}
        first = 0
        for part in self.parts:
            state |= {first + index: entries for index, entries in part.state_dict()["state"].items()}
            first += _count(part)
        return {"state": state}

    def load_state_dict(self, given: Mapping[str, Any]) -> None:
        """Take back what `state_dict` gave. Raises ValueError if it belongs to other parameters."""
        first = 0
        state = given["state"]
        for part in self.parts:
            own = {index - first: state[index] for index in state if first <= index < first + _count(part)}
            part.load_state_dict({**part.state_dict(), "state": own})
            first += _count(part)
        if any(index >= first for index in state):
            raise ValueError("state of parameters that there are not")


def _count(part: torch.optim.Optimizer) -> int:
    return sum(len(group["params"]) for group in part.param_groups)


def named_parameters(module: nn.Module) -> dict[Parameter, nn.Parameter]:
    """A module's trainable parameters, each once, with what the groups' patterns and roles ask for."""
    owners = dict(module.named_modules())
    paths: dict[nn.Parameter, list[str]] = {}
    for path, tensor in module.named_parameters(remove_duplicate=False):
        if tensor.requires_grad:
            paths.setdefault(tensor, []).append(path)
    found: dict[Parameter, nn.Parameter] = {}
    for tensor, (path, *others) in paths.items():
        declaration = layer_types().get(type(owners[path.rpartition(".")[0]]).__name__)
        family = declaration.family if declaration else ""
        found[Parameter(path, tuple(tensor.shape), family, tuple(others))] = tensor
    return found


def build_optimizer(module: nn.Module, config: Mapping[str, Any]) -> Optimizers:
    """The optimizers over a module's trainable parameters, each in exactly one group; frozen ones lose their gradient.

    Raises Unusable, in one sentence, where the configuration has a fault or does not fit the module.
    """
    tensors = named_parameters(module)
    if not tensors:
        raise Unusable("The network has no trainable parameters, so there is nothing to train.")
    for finding in check_setup({"optimizer": config}, list(tensors)):
        if finding.severity == "error":
            raise Unusable(f"{finding.message}.")
    groups: dict[str, list[dict[str, Any]]] = {}
    for share in share_out(config, tensors):
        members = [tensors[parameter] for parameter in share.parameters]
        if share.frozen:
            for tensor in members:
                tensor.requires_grad_(False)
        elif members:
            arguments = share.kind.arguments(share.values)
            groups.setdefault(share.kind.name, []).append({"params": members, **arguments})
    return Optimizers([_optimizer(kind, given) for kind, given in groups.items()])


def _optimizer(kind: str, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    make = getattr(torch.optim, kind, None)
    if make is None:
        raise Unusable(f"torch {torch.__version__} has no {kind}; choose another optimizer, or a newer torch.")
    if kind == "LBFGS":  # one group only, and max_eval follows max_iter only as an argument
        (group,) = groups
        made = make(group.pop("params"), **group)
    else:
        made = make(groups)
    for group in made.param_groups:
        group["peak_lr"] = group["lr"]
    assert isinstance(made, torch.optim.Optimizer)
    return made
