"""What goes into a network and comes out: names, shapes and kinds of its ports, and examples that fit them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True)
class Port:
    """An input: its name, its sizes (a text is a symbol; the first is the batch) and torch's name of its dtype."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str = "float32"


@dataclass(frozen=True)
class Signature:
    """The inputs in the order of `forward`, the outputs' names, and an example value for each symbol."""

    inputs: tuple[Port, ...]
    outputs: tuple[str, ...] = ("y",)
    symbols: Mapping[str, int] = field(default_factory=dict)

    @property
    def batch(self) -> str:
        """The symbol of the batch axis."""
        first = self.inputs[0].shape[0] if self.inputs and self.inputs[0].shape else "N"
        return first if isinstance(first, str) else "N"

    def examples(self, batch: int, seed: int = 0) -> tuple[Tensor, ...]:
        """Inputs for `batch` examples: standard normal numbers, or tokens 0 and 1, which every vocabulary has."""
        random = torch.Generator().manual_seed(seed)
        made = []
        for port in self.inputs:
            shape = [
                batch if size == self.batch else self.symbols.get(str(size), 4) if isinstance(size, str) else size
                for size in port.shape
            ]
            dtype: torch.dtype = getattr(torch, port.dtype)
            if dtype.is_floating_point:
                made.append(torch.randn(shape, generator=random).to(dtype))
            else:
                made.append(torch.randint(0, 2, shape, generator=random).to(dtype))
        return tuple(made)

    @property
    def has_batch(self) -> bool:
        """Whether every input begins with the batch symbol, so that the exported model may take any number at once."""
        return all(port.shape and port.shape[0] == self.batch for port in self.inputs)
