"""The dialect of what is the same for every sample of a batch: drawn once, and spread over the batch at hand."""

from __future__ import annotations

from typing import Any

from codegen.intake.record import Value
from codegen.intake.steps import Ref, Unsupported


def repeated(maker: Any, value: Value) -> Ref:
    """A constant of which one axis holds the same values again for each sample, from those of one.

    That axis may hold several positions a sample, as masks of windows do: shape (batch · k, …), block after block.
    """
    size, twin = maker.homes.batch
    varying = value.varies()
    if len(varying) != 1 or value.twin is None or not size or value.shape[varying[0]] % size:
        raise Unsupported("makes a constant whose values depend on the batch")
    [axis] = varying
    several = value.shape[axis] // size
    if value.twin.shape[axis] != several * twin:
        raise Unsupported("makes a constant whose values depend on the batch")
    found = [tensor.movedim(axis, 0) for tensor in (value.tensor, value.twin.tensor)]
    blocks = [tensor.reshape(-1, several, *tensor.shape[1:]) for tensor in found]
    first = blocks[0][:1]
    if not all(bool((block == first).all()) for block in blocks):
        raise Unsupported("makes a constant whose values depend on the batch")
    rest = list(first.shape[2:])
    one = Value(first if several > 1 else first.squeeze(1), "constant", fixed=True)
    ref: Ref = spread(maker, one, several, rest)
    if axis:
        order = list(range(1, axis + 1))
        ref = maker.add("Permute", x=ref, dims=[*order, 0, *range(axis + 1, len(value.shape))])
    return ref


def spread(maker: Any, one: Value | Ref, several: int, rest: list[int]) -> Ref:
    """What has a batch of one, for every sample; ``several`` positions of a sample become as many samples."""
    axes = len(rest) + (2 if several > 1 else 1)
    ref: Ref = maker.add("ExpandBatch", x=one, like=maker.sample(), axes=axes)
    return ref if several == 1 else maker.add("ReshapeAll", x=ref, shape=[-1, *rest])
