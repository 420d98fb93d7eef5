"""Whether an exported model still says what the network says: at two batch sizes, with figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from codegen.deploy.causes import cause_of
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
    module: nn.Module,
    other: Runner,
    signature: Signature,
    examples: tuple[Tensor, ...] | None = None,
    *,
    open_sizes: Sequence[str] = (),
) -> Comparison:
    """Run both on the same inputs (the first of `examples`, or made-up ones) and measure.

    `open_sizes` are symbols besides the batch that `other` claims to take at any size: another one is tried too.
    Raises Refusal if an output's shape differs or a value by more than `TOLERANCE` times the largest output, or if
    `other` does not run.
    """
    module.eval()
    batches = BATCHES if signature.has_batch else (1,)
    tried = [tuple(x[:batch] for x in examples) if examples else signature.examples(batch, batch) for batch in batches]
    differences, largest, spread = [], 0.0, 0.0
    for inputs in [*tried, *(inputs for _, _, inputs in _at_other_sizes(module, signature, open_sizes))]:
        wanted = outputs_of(module, inputs)
        try:
            got = other(inputs)
        except Exception as error:
            shapes = " and ".join(str(tuple(x.shape)) for x in inputs)
            raise Refusal(f"The exported model does not run on inputs of {shapes}: {cause_of(error)}.") from None
        if [tuple(y.shape) for y in wanted] != [tuple(y.shape) for y in got]:
            shapes_of = [tuple(y.shape) for y in wanted], [tuple(y.shape) for y in got]
            raise Refusal(f"The exported model's outputs have shapes {shapes_of[1]}, the network's {shapes_of[0]}.")
        pairs = list(zip(wanted, got, strict=True))
        differences.append(
            max((float((w.double() - g.double()).abs().max()) for w, g in pairs if w.numel()), default=0)
        )
        largest = max(largest, *(float(w.abs().max()) for w in wanted if w.numel()))
        spread = max(spread, *(float(w.double().std(correction=0)) for w in wanted if w.numel()))
    comparison = Comparison(batches, tuple(differences), largest, spread)
    if not comparison.max_abs_diff <= TOLERANCE * max(1.0, largest):
        raise Refusal(
            f"The exported model differs from the network by up to {comparison.max_abs_diff:.2g} "
            f"(its outputs reach {largest:.2g}), so it was not written."
        )
    return comparison


def growing_axes(module: nn.Module, signature: Signature, symbols: Sequence[str]) -> dict[str, dict[int, str]]:
    """For each output the axes whose size depends on these symbols, by the symbol where it is that size."""
    module.eval()
    axes: dict[str, dict[int, str]] = {name: {} for name in signature.outputs}
    before = outputs_of(module, signature.examples(2)) if symbols else []
    for symbol, size, inputs in _at_other_sizes(module, signature, symbols):
        for name, old, new in zip(signature.outputs, before, outputs_of(module, inputs), strict=True):
            for place, (a, b) in enumerate(zip(old.shape, new.shape, strict=True)):
                if a != b:
                    axes[name][place] = symbol if b == size else f"{name}_{place}"
    return axes


def _at_other_sizes(
    module: nn.Module, signature: Signature, symbols: Sequence[str]
) -> list[tuple[str, int, tuple[Tensor, ...]]]:
    """For each symbol another size that the network takes (twice, half, or one less), and inputs of that size."""
    found = []
    for symbol in symbols:
        size = signature.symbols[symbol]
        for other in (2 * size, size // 2, size - 1):
            inputs = replace(signature, symbols={**signature.symbols, symbol: other}).examples(2, seed=other)
            try:
                outputs_of(module, inputs)
            except Exception:  # the network has its own reasons against that size, whatever they are
                continue
            found.append((symbol, other, inputs))
            break
    return found
