"""The state of optimizers, taken apart into named tensors and JSON, so that it lies in a file that runs nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

_LISTED = re.compile(r"(\w+)\.(\d+)$")


def flatten_state(state: Mapping[int, Mapping[str, Any]]) -> tuple[dict[str, Tensor], dict[str, dict[str, Any]]]:
    """An optimizer's state as tensors by `INDEX.NAME` (of a list: `INDEX.NAME.PLACE`), and the rest as JSON.

    LBFGS keeps lists of tensors; an entry ``{"list": n}`` says how many there are, those that are None left out.
    """
    tensors: dict[str, Tensor] = {}
    rest: dict[str, dict[str, Any]] = {}
    for index, entries in state.items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"{index}.{name}"] = value
            elif isinstance(value, list):
                rest.setdefault(str(index), {})[name] = {"list": len(value)}
                tensors |= {f"{index}.{name}.{k}": part for k, part in enumerate(value) if part is not None}
            elif value is not None:
                rest.setdefault(str(index), {})[name] = value
    return tensors, rest


def unflatten_state(tensors: Mapping[str, Tensor], rest: Mapping[str, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """What `flatten_state` took apart. Raises ValueError, KeyError or TypeError for anything else."""
    state: dict[int, dict[str, Any]] = {}
    for index, entries in rest.items():
        for name, value in entries.items():
            listed = isinstance(value, dict)
            state.setdefault(int(index), {})[name] = [None] * min(int(value["list"]), 10**6) if listed else value
    for path, tensor in tensors.items():
        index, _, name = path.partition(".")
        if found := _LISTED.match(name):
            state[int(index)][found[1]][int(found[2])] = tensor
        else:
            state.setdefault(int(index), {})[name] = tensor
    return state
