"""Checkpoints: one safetensors file holds weights, optimizer state, random state and position, so it is never torn.

Tensors are named `model.PATH`, `optimizer.INDEX.NAME` and `random.torch`; the rest is JSON in the file's header under
`netwright`. Nothing is pickled, so opening a checkpoint never runs code.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from codegen.errors import Unusable
from codegen.files import write_atomic
from codegen.train.state import flatten_state, unflatten_state

HEADER = "netwright"


def save_tensors(path: Path, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """Write tensors and a JSON header to `path`, atomically. Tied tensors are written once per name."""
    whole = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()
    }
    write_atomic(path, save(whole, {HEADER: json.dumps(header, allow_nan=False)}))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the JSON header of a file that `save_tensors` wrote (an empty header where it has none).

    Raises Unusable with one sentence if there is no such file or it is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {}).get(HEADER, "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no dictionary
    except FileNotFoundError:
        raise Unusable(f"There is no file {path}.") from None
    except (OSError, SafetensorError, ValueError, RecursionError, struct.error) as error:
        raise Unusable(f"{path} is not a readable safetensors file: {error}.") from None
    if not isinstance(header, dict):
        raise Unusable(f"{path} has a header that is not an object.")
    return tensors, header


@dataclass
class Checkpoint:
    """Where a run stands: everything that continuing exactly needs besides its settings and its data."""

    model: dict[str, Tensor]
    optimizer: dict[str, Any]
    random: Tensor
    position: dict[str, Any]

    def write(self, path: Path) -> None:
        """Put the checkpoint at `path`, atomically."""
        tensors = {f"model.{name}": tensor for name, tensor in self.model.items()}
        held, scalars = flatten_state(self.optimizer["state"])
        tensors |= {f"optimizer.{name}": tensor for name, tensor in held.items()}
        tensors["random.torch"] = self.random
        save_tensors(path, tensors, {"position": self.position, "optimizer": scalars})

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """The checkpoint at `path`; `optimizer` holds only the state, without its groups. Raises Unusable."""
        tensors, header = load_tensors(path)
        model: dict[str, Tensor] = {}
        held: dict[str, Tensor] = {}
        try:
            position = header["position"]
            for name, tensor in tensors.items():
                family, _, rest = name.partition(".")
                if family == "model":
                    model[rest] = tensor
                elif family == "optimizer":
                    held[rest] = tensor
            state = unflatten_state(held, header["optimizer"])
            return cls(model, {"state": state}, tensors["random.torch"], position)
        except (KeyError, ValueError, AttributeError, TypeError, IndexError):
            raise Unusable(f"{path} is not a checkpoint of a training run.") from None
