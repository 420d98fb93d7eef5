"""How well a network does on examples, and whether it takes them at all."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from codegen.errors import Refusal
from codegen.train.examples import Examples

EVALUATE_BATCH = 512


def check_fit(module: nn.Module, examples: Examples) -> None:
    """Raises Refusal unless the module turns examples into one row of scores each, with a score for every class."""
    count, training = min(2, len(examples.x_train)), module.training
    module.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            scores = module(examples.x_train[:count])
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise Refusal(f"The network cannot take examples of shape {tuple(examples.shape)}: {first}") from None
    finally:
        module.train(training)
    if not isinstance(scores, Tensor) or scores.ndim != 2 or len(scores) != count:
        shape = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        raise Refusal(f"Training on classes needs an output of shape (N, classes); the network gives {shape}.")
    if scores.shape[1] < len(examples.classes):
        raise Refusal(f"The data has {len(examples.classes)} classes and the network only {scores.shape[1]} outputs.")


def scores_of(module: nn.Module, x: Tensor) -> Tensor:
    """The module's outputs for all of x, in eval mode and without gradients, in batches."""
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            return torch.cat([module(part) for part in torch.split(x, EVALUATE_BATCH)])
    finally:
        module.train(training)


def evaluate(module: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Mean cross-entropy and share of right answers over the examples."""
    scores = scores_of(module, x)
    return float(F.cross_entropy(scores, y)), int((scores.argmax(1) == y).sum()) / len(y)


def finite(value: float) -> float | None:
    """The value, or None where JSON has no number for it."""
    return value if math.isfinite(value) else None
