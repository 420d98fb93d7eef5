"""Optimizers and schedules from the five-tuple's configuration."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from codegen.errors import Unusable
from graph_core.optimizers import KINDS

WARM_UP = 0.3  # share of the steps in which one-cycle rises: torch.optim.lr_scheduler.OneCycleLR's default
START = 1 / 25  # of the learning rate, where one-cycle starts: the same source
END = START * 1e-4  # where it ends: the same source


def build_optimizer(module: nn.Module, config: dict[str, Any]) -> torch.optim.Optimizer:
    """The optimizer over a module's trainable parameters; each group keeps its highest learning rate in `peak_lr`.

    `config` has passed `check_optimizer`. Raises Unusable if a group names a layer that the module has not, or one
    that another group has named.
    """
    kind: str = config["kind"]
    trainable = {name: p for name, p in module.named_parameters() if p.requires_grad}
    if not trainable:
        raise Unusable("The network has no trainable parameters, so there is nothing to train.")
    base = {name: rule.default for name, rule in KINDS[kind].fields.items()}
    base |= {name: value for name, value in config.items() if name not in ("kind", "groups")}
    groups: list[dict[str, Any]] = []
    taken: set[str] = set()
    for entry in config.get("groups", []):
        members = []
        for layer in entry["layers"]:
            found = [name for name in trainable if name == layer or name.startswith(f"{layer}.")]
            if not found:
                raise Unusable(f"The optimizer's groups name the layer {layer!r}, which owns no trainable parameters.")
            for name in found:
                if name in taken:
                    raise Unusable(f"The optimizer's groups name {name!r} twice.")
                taken.add(name)
                members.append(name)
        own = base | {name: value for name, value in entry.items() if name != "layers"}
        groups.append(_group([trainable[name] for name in members], own))
    rest = [p for name, p in trainable.items() if name not in taken]
    if rest:
        groups.append(_group(rest, base))
    optimizer: torch.optim.Optimizer = getattr(torch.optim, kind)(groups, lr=base["lr"])
    return optimizer


def _group(parameters: list[nn.Parameter], values: dict[str, Any]) -> dict[str, Any]:
    group = {name: value for name, value in values.items() if name not in ("beta1", "beta2")}
    if "beta1" in values:
        group["betas"] = (values["beta1"], values["beta2"])
    return {"params": parameters, "peak_lr": values["lr"], **group}


def rate(schedule: str, step: int, steps: int) -> float:
    """The learning rate of step 0 … steps − 1, as a share of its peak: a pure function, so resuming needs no state.

    One-cycle is Smith's super-convergence policy (arXiv:1708.07120) with torch's two cosine phases.
    """
    at = step / max(1, steps - 1)
    if schedule == "constant":
        return 1.0
    if schedule == "cosine":
        return _cosine(1.0, 0.0, at)
    assert schedule == "one-cycle"
    if at < WARM_UP:
        return _cosine(START, 1.0, at / WARM_UP)
    return _cosine(1.0, END, (at - WARM_UP) / (1 - WARM_UP))


def _cosine(start: float, end: float, at: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * at)) / 2


def set_rate(optimizer: torch.optim.Optimizer, share: float) -> float:
    """Set every group's learning rate to its peak times `share`; returns that of the first."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak_lr"] * share
    return float(optimizer.param_groups[0]["lr"])
