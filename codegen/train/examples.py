"""Batches of examples: data as tensors of the shape that the network takes, in an order that a seed fixes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from codegen.data.arrays import Data
from codegen.errors import Refusal


@dataclass(frozen=True)
class Examples:
    """Tensors ready for a network: x (N, *shape), y (N,) int64."""

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    classes: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example, without the batch axis."""
        return tuple(self.x_train.shape[1:])


def fit_shape(have: tuple[int, ...], takes: tuple[int | str, ...] | None) -> tuple[int, ...]:
    """The shape in which examples of shape `have` enter a network that takes `takes` (a text is any size; no batch).

    Equal shapes pass; otherwise the same values are regrouped in order, as 1×8×8 pixels are 64 features or 8 steps of
    8, if that determines every size. Raises Refusal that names both shapes.
    """
    if takes is None or _matches(have, takes):
        return have
    total, known = math.prod(have), math.prod(size for size in takes if isinstance(size, int))
    unknown = [size for size in takes if isinstance(size, str)]
    if not unknown and known == total:
        return tuple(size for size in takes if isinstance(size, int))
    if len(unknown) == 1 and known and total % known == 0:
        return tuple(size if isinstance(size, int) else total // known for size in takes)
    raise Refusal(
        f"The network takes examples of shape {_text(takes)} and the data has {_text(have)}; "
        f"set the shape of its Input to ({', '.join(['N', *map(str, have)])})."
    )


def _matches(have: tuple[int, ...], takes: tuple[int | str, ...]) -> bool:
    return len(have) == len(takes) and all(isinstance(t, str) or h == t for h, t in zip(have, takes, strict=True))


def _text(shape: tuple[int | str, ...]) -> str:
    return "×".join(map(str, shape)) or "()"


def as_tensors(data: Data, takes: tuple[int | str, ...] | None = None, dtype: str = "float32") -> Examples:
    """The data as tensors, regrouped for a network that takes examples of shape `takes` and `dtype` (torch's name).

    Whole numbers may enter where real ones are wanted, but not the other way round. Raises Refusal.
    """
    kind: torch.dtype = getattr(torch, dtype)
    if not kind.is_floating_point and data.x_train.dtype.kind == "f":
        raise Refusal(f"The network takes whole numbers ({dtype}, such as tokens) and the data has real ones.")
    shape = fit_shape(data.shape, takes)

    def examples(x: object) -> Tensor:
        tensor = torch.as_tensor(x).to(kind)
        return tensor.reshape(len(tensor), *shape)

    return Examples(
        examples(data.x_train),
        torch.as_tensor(data.y_train),
        examples(data.x_test),
        torch.as_tensor(data.y_test),
        data.classes,
    )


def batches(
    examples: Examples, size: int, seed: int, epoch: int, shift: int = 0, first: int = 0, least: int = 2
) -> Iterator[tuple[Tensor, Tensor]]:
    """The training batches of an epoch from number `first` on, in an order that seed and epoch alone decide."""
    n = len(examples.x_train)
    random = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(n, generator=random)
    moves = torch.randint(-shift, shift + 1, (n, 2), generator=random) if shift else None
    for start, stop in batch_bounds(n, size, least)[first:]:
        chosen = order[start:stop]
        x = examples.x_train[chosen]
        if moves is not None:
            x = shifted(x, moves[chosen], shift)
        yield x, examples.y_train[chosen]


def batch_bounds(n: int, size: int, least: int = 2) -> list[tuple[int, int]]:
    """Start and stop of each batch of n examples.

    A last batch of fewer than `least` joins the one before: batch normalization can't learn from one example.
    """
    starts = list(range(0, n, size))
    if len(starts) > 1 and n - starts[-1] < least:
        starts.pop()
    return list(zip(starts, [*starts[1:], n], strict=True))


def shifted(x: Tensor, moves: Tensor, most: int) -> Tensor:
    """Images (N, C, H, W) moved by (rows, columns) of `moves` (N, 2), each at most `most`; what comes in is 0."""
    n, _, height, width = x.shape
    wide = F.pad(x, (most, most, most, most))
    rows = (torch.arange(height) + most - moves[:, :1])[:, None, :, None]
    columns = (torch.arange(width) + most - moves[:, 1:])[:, None, None, :]
    each = torch.arange(n)[:, None, None, None]
    channels = torch.arange(x.shape[1])[None, :, None, None]
    return wide[each, channels, rows, columns]
