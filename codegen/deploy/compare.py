"""Whether an exported model still says what the network says: at two batch sizes, with figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from codegen.deploy.signature import Signature
from codegen.errors import Refusal

BATCHES = (1, 5)
TOLERANCE = 1e-4  # of the largest output, or of 1 where outputs are smaller

Runner = Callable[[tuple[Tensor, ...]], list[Tensor]]


@dataclass(frozen=True)
class Comparison:
    """The largest absolute difference at each batch size, and the outputs' own spread, without which it says little."""

    batches: tuple[int, ...]
    differences: tuple[float, ...]
    largest_output: float
    spread: float

    @property
    def max_abs_diff(self) -> float:
        """The largest absolute difference of all."""
        return max(self.differences)

    def to_json(self) -> dict[str, Any]:
        """The figures by name, as JSON holds them."""
        return asdict(self) | {"max_abs_diff": self.max_abs_diff}


def outputs_of(module: Callable[..., Any], inputs: tuple[Tensor, ...]) -> list[Tensor]:
    """What a module returns, as a list of tensors."""
    with torch.no_grad():
        returned = module(*inputs)
    return list(returned) if isinstance(returned, tuple | list) else [returned]


def compare(
    module: nn.Module, other: Runner, signature: Signature, examples: tuple[Tensor, ...] | None = None
) -> Comparison:
    """Run both on the same inputs (the first of `examples`, or made-up ones) and measure.

    Raises Refusal if an output's shape differs or a value by more than `TOLERANCE` times the largest output.
    """
    module.eval()
    batches = BATCHES if signature.has_batch else (1,)
    differences, largest, spread = [], 0.0, 0.0
    for batch in batches:
        inputs = tuple(x[:batch] for x in examples) if examples else signature.examples(batch, seed=batch)
        wanted, got = outputs_of(module, inputs), other(inputs)
        if [tuple(y.shape) for y in wanted] != [tuple(y.shape) for y in got]:
            shapes = [tuple(y.shape) for y in wanted], [tuple(y.shape) for y in got]
            raise Refusal(f"The exported model's outputs have shapes {shapes[1]}, the network's {shapes[0]}.")
        pairs = list(zip(wanted, got, strict=True))
        differences.append(max(float((w.double() - g.double()).abs().max()) for w, g in pairs if w.numel()))
        largest = max(largest, *(float(w.abs().max()) for w in wanted if w.numel()))
        spread = max(spread, *(float(w.double().std(correction=0)) for w in wanted if w.numel()))
    comparison = Comparison(batches, tuple(differences), largest, spread)
    if not comparison.max_abs_diff <= TOLERANCE * max(1.0, largest):
        raise Refusal(
            f"The exported model differs from the network by up to {comparison.max_abs_diff:.2g} "
            f"(its outputs reach {largest:.2g}), so it was not written."
        )
    return comparison
