"""Gradients that do not flow as the outputs suggest: where they are off, detached, hooked, or a person's own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tests.codegen.intake.cases import Case, Cases, judge

CASES = Cases(torch.randn(2, 6, generator=torch.Generator().manual_seed(0)))


class Base(nn.Module):
    """A map before the trap, so that gradients have to come through it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.other = nn.Linear(6, 6), nn.Linear(6, 6)
        self.prepare()

    def prepare(self) -> None:
        """What else the module has."""


class Map(nn.Module):
    """A block, to be called by others."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x).relu()


@CASES.right()
class NoGradAroundAnInput(Base):
    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            scale = x.abs().mean(1, keepdim=True)
        return self.other(self.fc(x) * scale)


@CASES.right()
class NoGradAroundALayer(Base):
    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            y = self.other(x)
        return self.fc(x) + y


@CASES.right()
class NoGradAroundAMethod(Base):
    @torch.no_grad()
    def target(self, x: Tensor) -> Tensor:
        return self.other(x).tanh()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + self.target(x)


@CASES.right()
class NoGradInABlock(Base):
    class Frozen(Map):
        @torch.no_grad()
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x)

    def prepare(self) -> None:
        self.frozen = self.Frozen()

    def forward(self, x: Tensor) -> Tensor:
        return self.other(self.fc(x)) + self.frozen(x)


@CASES.right()
class GradientsSwitchedOff(Base):
    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(False):
            y = self.fc(x)
        return y + self.other(x)


@CASES.right()
class Detached(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return self.other(y * y.detach())


@CASES.right()
class Data(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return self.other(y * y.data.sigmoid())


@CASES.right()
class StraightThrough(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return self.other(y + (y.sign() - y).detach())


@CASES.right()
class DetachedWeight(Base):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(self.other(x), self.fc.weight.detach(), self.fc.bias)


@CASES.right()
class FrozenWeight(Base):
    def prepare(self) -> None:
        self.fc.weight.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.other(self.fc(x))


@CASES.right()
class Checkpointed(Base):
    def prepare(self) -> None:
        self.block = Map()

    def forward(self, x: Tensor) -> Tensor:
        return self.other(checkpoint(self.block, self.fc(x), use_reentrant=False))


@CASES.opaque("computes its own gradient")
class CheckpointedTheOldWay(Base):
    def prepare(self) -> None:
        self.block = Map()

    def forward(self, x: Tensor) -> Tensor:
        return self.other(checkpoint(self.block, self.fc(x), use_reentrant=True))


@CASES.opaque("by a hook")
class HookOnABlock(Base):
    def prepare(self) -> None:
        self.block = Map()
        self.block.register_full_backward_hook(lambda module, given, flowing: (given[0] * 2,))

    def forward(self, x: Tensor) -> Tensor:
        return self.other(self.block(self.fc(x)))


@CASES.opaque("by a hook")
class HookOnALayer(Base):
    def prepare(self) -> None:
        self.other.register_full_backward_hook(lambda module, given, flowing: (given[0] * 2,))

    def forward(self, x: Tensor) -> Tensor:
        return self.other(self.fc(x))


@CASES.opaque("by a hook")
class HookBeforeABlock(Base):
    def prepare(self) -> None:
        self.block = Map()
        self.block.register_full_backward_pre_hook(lambda module, flowing: (flowing[0] * 2,))

    def forward(self, x: Tensor) -> Tensor:
        return self.other(self.block(self.fc(x)))


@CASES.refused("by a hook")
class HookOnAValue(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        if y.requires_grad:
            y.register_hook(lambda flowing: flowing * 2)
        return self.other(y)


@CASES.told("gradient of this weight")
class HookOnAWeight(Base):
    def prepare(self) -> None:
        self.fc.weight.register_hook(lambda flowing: flowing)

    def forward(self, x: Tensor) -> Tensor:
        return self.other(self.fc(x))


@CASES.refused("computed from weights before")
class CutFromAWeightBefore(Base):
    def prepare(self) -> None:
        self.both = nn.Parameter(torch.randn(12, 6))
        self.half = self.both[:6]

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) @ self.half


@CASES.right()
class WeightOfTheSameMemory(Base):
    def prepare(self) -> None:
        self.turned = nn.Parameter(self.fc.weight.data.T.clone())

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) @ self.turned


@CASES.opaque("torch.autocast")
class AnotherTypeInside(Base):
    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = self.fc(x)
        return self.other(y.float())


@CASES.right()
class AutocastSwitchedOff(Base):
    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return self.other(self.fc(x))


@CASES.opaque("has no layer")
class GradientAsAValue(Base):
    def forward(self, x: Tensor) -> Tensor:
        with torch.enable_grad():
            given = x.detach().requires_grad_(True)
            [grown] = torch.autograd.grad((given**3).sum(), given)
        return self.fc(x) + grown


@CASES.refused("no torch function made|torch.func")
class GradientByFunction(Base):
    def forward(self, x: Tensor) -> Tensor:
        cube: Any = torch.func.grad(lambda value: (value**3).sum())
        return cube(self.fc(x))


@CASES.refused("no torch function made|torch.func")
class Mapped(Base):
    def forward(self, x: Tensor) -> Tensor:
        return torch.vmap(lambda row: row * 2 + 1)(self.fc(x))


@CASES.right()
class OtherWeightsForACall(Base):
    def forward(self, x: Tensor) -> Tensor:
        weights = {"weight": self.other.weight * 2, "bias": self.other.bias}
        return torch.func.functional_call(self.other, weights, (self.fc(x),))


@pytest.mark.parametrize("case", CASES.parameters)
def test_a_gradient_flows_as_in_the_original(case: Case):
    judge(case)
