"""Modules that remember, change what they are given, or do one thing in training and another in evaluation."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from codegen.build import build_module
from codegen.intake import import_with_report
from tests.codegen.intake.cases import Case, Cases, judge
from tests.codegen.intake.equal import stir

CASES = Cases(torch.randn(2, 6, generator=torch.Generator().manual_seed(0)))
STEPS = torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(1))


class Base(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)
        self.prepare()

    def prepare(self) -> None:
        """What else the module has."""


class Inside(nn.Module):
    """A module with a trap inside of a block: the block is opaque, and the rest usable."""

    trap: type[nn.Module]

    def __init__(self) -> None:
        super().__init__()
        self.first, self.trapped = nn.Linear(6, 6), self.trap()

    def forward(self, x: Tensor) -> Tensor:
        return self.trapped(self.first(x)).tanh()


class Counts(Base):
    def prepare(self) -> None:
        self.register_buffer("count", torch.ones(6))

    def forward(self, x: Tensor) -> Tensor:
        self.count.mul_(2)
        return self.fc(x) * self.count


@CASES.opaque("changes count in place")
class CountsByItself(Counts):
    """A buffer that grows at every call."""


@CASES.opaque("changes trapped.count in place")
class CountsInside(Inside):
    trap = Counts


@CASES.refused("changes count in place")
class CountsWithoutAxes(Base):
    def prepare(self) -> None:
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.count += 1
        return self.fc(x) * self.count


class Replaces(Base):
    def prepare(self) -> None:
        self.register_buffer("count", torch.ones(6))

    def forward(self, x: Tensor) -> Tensor:
        self.count = self.count * 2
        return self.fc(x) * self.count


@CASES.refused("puts another tensor in the place of count")
class ReplacesByItself(Replaces):
    """A buffer that is another tensor after every call."""


@CASES.opaque("puts another tensor in the place of count")
class ReplacesInside(Inside):
    trap = Replaces


@CASES.told("does other things in training")
class AveragesInTraining(Base):
    def prepare(self) -> None:
        self.register_buffer("average", torch.zeros(6))

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        if self.training:
            self.average.mul_(0.9).add_(y.detach().mean(0) * 0.1)
        return y - self.average


class Remembers(Base):
    def prepare(self) -> None:
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.fc(x) * self.calls


@CASES.refused("remembers something")
class RemembersANumber(Remembers):
    """A number that grows at every call."""


@CASES.opaque("remembers something")
class RemembersInside(Inside):
    trap = Remembers


@CASES.refused("remembers something")
class RemembersAnInput(Base):
    def prepare(self) -> None:
        self.cache: Any = None

    def forward(self, x: Tensor) -> Tensor:
        if self.cache is None:
            self.cache = x.detach().mean(0)
        return self.fc(x) * self.cache


@CASES.refused("remembers something")
class RemembersInAList(Base):
    def prepare(self) -> None:
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(self.fc(x))
        return torch.stack([one.mean(0) for one in self.seen]).sum(0) + x


@CASES.right()
class CachesABias(Base):
    """A bias computed from a weight, and kept in evaluation: what is drawn computes it."""

    def prepare(self) -> None:
        self.biases = nn.Parameter(torch.randn(3, 6))
        self.cached: dict[str, Tensor] = {}

    def bias(self) -> Tensor:
        if self.training:
            return self.biases.sum(0)
        if "bias" not in self.cached:
            self.cached["bias"] = self.biases.sum(0)
        return self.cached["bias"]

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + self.bias()


@CASES.right()
class KeepsAnIntermediate(Base):
    def prepare(self) -> None:
        self.last: Any = None

    def forward(self, x: Tensor) -> Tensor:
        self.last = self.fc(x)
        return self.last * 2 + self.last.tanh()


@CASES.opaque("another at every call")
class AnotherNumberEveryTime(Base):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.leaky_relu(self.fc(x), random.random())


@CASES.opaque("another at every call")
class AnotherNumberForOneSizeOnly(Base):
    """The batch cannot be another, so that the same run is made again."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.view(2, 6)) * random.random()


@CASES.opaque("others at every call")
class AnotherConstantEveryTime(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + torch.full((6,), random.random())


@CASES.opaque("draws random values")
class DropsInEvaluationByHand(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * torch.bernoulli(torch.full_like(x, 0.5))


@CASES.opaque("in evaluation too")
class DropsInEvaluation(Base):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(self.fc(x), 0.5, training=True)


@CASES.refused("draws random values")
class NoiseFromNothing(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + torch.rand(6)


class Noise(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + torch.rand(6)


@CASES.opaque("draws random values")
class NoiseInside(Inside):
    trap = Noise


@CASES.told("is changed in place")
class ChangesItsInput(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = nn.functional.relu(x, inplace=True)
        return self.fc(y) + x


@CASES.told("is changed in place")
class ChangesItsInputByALayer(Base):
    def prepare(self) -> None:
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.act(x)) + x


@CASES.told("evaluation mode whatever")
class NormStaysInEvaluation(Base):
    def prepare(self) -> None:
        self.norm = nn.BatchNorm1d(6)

    def train(self, mode: bool = True) -> nn.Module:
        super().train(mode)
        self.norm.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.fc(x))


@CASES.told("does other things in training")
class AnotherNumberInTraining(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * (2 if self.training else 1)


@CASES.told("does other things in training")
class AnotherArgumentInTraining(Base):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.layer_norm(self.fc(x), (6,), eps=0.1 if self.training else 0.5)


@CASES.told("does other things in training")
class AnotherConstantInTraining(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * torch.full((6,), 2.0 if self.training else 1.0)


@CASES.refused("by its data")
class OtherValuesByData(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x) * 1
        y.data = y.data * 3
        return y


@CASES.refused("by its data")
class OtherWeightsByData(Base):
    def forward(self, x: Tensor) -> Tensor:
        self.fc.weight.data = self.fc.weight.data.clamp(-0.1, 0.1)
        return self.fc(x)


@CASES.right(STEPS)
class StatesOfZeros(Base):
    def prepare(self) -> None:
        self.cell = nn.LSTM(6, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        zeros = torch.zeros(1, x.shape[0], 4)
        return self.cell(self.fc(x), (zeros, zeros))[0] * 4


@CASES.right(STEPS)
class LengthFirst(Base):
    def prepare(self) -> None:
        self.cell, self.other = nn.LSTM(6, 4, num_layers=2), nn.GRU(4, 3, bidirectional=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y, (h, _) = self.cell(self.fc(x).transpose(0, 1))
        return self.other(y)[0].transpose(0, 1) * 9, h


@pytest.mark.parametrize("case", CASES.parameters)
def test_a_run_is_no_more_than_it_was(case: Case):
    judge(case)


def test_batches_are_counted_as_in_the_original():
    """num_batches_tracked grows in training only, in place, and nothing reads it."""
    module = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6))
    stir(module)
    made = build_module(import_with_report(module, (CASES.inputs[0],)).project)
    made.load_state_dict(module.state_dict(), strict=True)
    for one in (module, made):
        one.train()
        one(CASES.inputs[0])
    assert int(made.state_dict()["1.num_batches_tracked"]) == int(module[1].num_batches_tracked) == 1
    assert torch.equal(made.state_dict()["1.running_mean"], module[1].running_mean)


class Versioned(nn.Module):
    """What it loads depends on the version that stands in the state dict's metadata."""

    _version = 2

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(6))

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, metadata: Any, *rest: Any) -> None:
        if metadata.get("version", 1) < 2:
            state[f"{prefix}weight"] = state[f"{prefix}weight"] * 3
        super()._load_from_state_dict(state, prefix, metadata, *rest)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


def test_the_versions_in_a_state_dict_stay():
    module = Versioned().eval()
    found = import_with_report(module, (CASES.inputs[0],))
    assert not found.notes
    assert torch.equal(build_module(found.project)(CASES.inputs[0]), CASES.inputs[0])


class Leaves(Base):
    """It changes about everything that it has."""

    def prepare(self) -> None:
        self.register_buffer("seen", torch.zeros(6))
        self.register_buffer("other", torch.zeros(6))
        self.table: dict[str, Any] = {"a": 1}
        self.list: list[Any] = [1]
        self.embed = nn.Embedding(4, 6, max_norm=0.5)
        self.norm = nn.BatchNorm1d(6)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            self.seen.add_(1)
        self.other = self.other + 1
        self.table["b"] = self.list
        self.list.append(2)
        self.fc.weight.data = self.fc.weight.data * 2
        self.made = self.norm(self.fc(x))
        return self.made + self.embed(torch.tensor([1]))


def test_a_module_and_its_inputs_are_left_as_they_were():
    module = Leaves()
    stir(module)
    module.train()
    module.norm.eval()
    x = CASES.inputs[0].clone()
    kept, attributes = {name: one.clone() for name, one in module.state_dict().items()}, set(vars(module))
    buffer = module.other
    state = torch.random.get_rng_state()
    with pytest.raises(Exception, match="by its data"):
        import_with_report(module, (x,))
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(one, kept[name]) for name, one in module.state_dict().items())
    assert set(vars(module)) == attributes
    assert (module.table, module.list) == ({"a": 1}, [1])
    assert module.other is buffer
    assert (module.training, module.norm.training) == (True, False)
    assert torch.equal(x, CASES.inputs[0])
