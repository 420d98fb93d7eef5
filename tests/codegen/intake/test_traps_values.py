"""What a record could misread: numbers that follow the batch, values that decide, memory that tensors share."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codegen.intake import import_module
from tests.codegen.intake.cases import Case, Cases, judge

CASES = Cases(torch.randn(2, 6, generator=torch.Generator().manual_seed(0)))
OTHER = torch.randn(2, 6, generator=torch.Generator().manual_seed(1))


class Base(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)
        self.prepare()

    def prepare(self) -> None:
        """What else the module has."""


class Map(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x).relu()


# Sizes of the batch.


@CASES.opaque("depends on the batch")
class MeanOverTheBatchByHand(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) / x.shape[0]


@CASES.opaque("depends on the batch")
class BatchAsAnArgument(Base):
    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.fc(x), negative_slope=1 / len(x))


@CASES.opaque("depend on the batch")
class BatchAsAConstant(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + torch.full((6,), float(x.shape[0]))


@CASES.opaque("depends on the batch")
class BatchAsANumberInATensor(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * torch.tensor(float(x.shape[0]))


@CASES.opaque("depend on the batch")
class BatchAsAPlace(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)[:, : x.shape[0]].sum(1, keepdim=True) + x


@CASES.opaque("depends on the batch")
class BatchAsASizeOfParts(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x).split(x.shape[0], 1)[0].sum(1, keepdim=True) + x


@CASES.right()
class WholeBatchAsAPlace(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)[: x.shape[0]] * x[0 : len(x)]


@CASES.told("its size is fixed")
class LayerByBatch(Base):
    def prepare(self) -> None:
        self.layers = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers[x.shape[0] % 3](self.fc(x))


@CASES.told("decides by its size")
class AnotherWayForManySamples(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * 2 if x.shape[0] > 8 else self.fc(x)


@CASES.told("decides by its size")
class AnotherWayForOneSample(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x).squeeze() if x.size(0) == 1 else self.fc(x)


@CASES.told("decides by its size")
class AtMostSoMany(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * max(1, x.shape[0] - 7)


@CASES.right(CASES.inputs[0], OTHER)
class ComparesTwoBatches(Base):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if x.shape[0] != y.shape[0] or x.shape[1] != 6:
            raise ValueError("Other sizes.")
        return self.fc(x) + y


# Values.


@CASES.refused("depends on the data")
class LayerByData(Base):
    def prepare(self) -> None:
        self.layers = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers[int(x.abs().sum()) % 3](self.fc(x))


@CASES.refused("depends on the data")
class NumberFromData(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) / x.abs().max().item()


@CASES.refused("depends on the data")
class ThroughNumpy(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + torch.from_numpy(x.detach().numpy() * 2)


@CASES.refused("complex64")
class ComplexNumbers(Base):
    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.rfft(self.fc(x)).abs()


@CASES.opaque("complex64")
class ComplexInside(Base):
    class Spectrum(Map):
        def forward(self, x: Tensor) -> Tensor:
            return torch.fft.fft(self.fc(x)).real

    def prepare(self) -> None:
        self.spectrum = self.Spectrum()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.spectrum(x))


@CASES.opaque("has no layer")
class CopiedIntoAConstant(Base):
    """What is copied from an input is none, also where the batch cannot vary."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.view(2, 6)) + x.new_tensor(x.detach() * 2)


@CASES.opaque("has no layer")
class SparseMatrix(Base):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sparse.mm(torch.eye(6).to_sparse(), self.fc(x).t()).t()


@CASES.opaque("has no layer")
class Strided(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * self.fc(x).as_strided((2, 6), (6, 1))


@CASES.right()
class OtherTypes(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y.double().type_as(x) * y.half().float() + y.int().to(torch.get_default_dtype())


# Memory that is shared.


@CASES.right()
class ActivationInPlace(Base):
    def prepare(self) -> None:
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return self.act(y) * 2 + y


@CASES.right()
class PartOfAPartInPlace(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x).view(-1, 2, 3) * 1
        part = y[:, 1]
        part[:, :2].mul_(3).add_(1)
        part[:, 0].sub_(2)
        return y.flatten(1) * x


@CASES.right()
class ConstantFilledInPlace(Base):
    """A mask that is filled in part by part, as windows that are shifted have it."""

    def forward(self, x: Tensor) -> Tensor:
        mask = x.new_zeros(6, 6)
        for value, rows in enumerate((slice(0, 2), slice(2, 5), slice(5, None))):
            mask[rows][:, 1:3].fill_(value + 1.0)
        return self.fc(x) @ mask


@CASES.refused("another view")
class PiecesInPlace(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x) * 1
        one, other = y.chunk(2, 1)
        one.mul_(2)
        return y + torch.cat([other, one], 1)


@CASES.refused("another view")
class TurnedInPlace(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x) * 1
        y.t()[0].mul_(3)
        return y


@CASES.refused("another view")
class DataInPlace(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x) * 1
        y.data.mul_(2)
        return y


@CASES.refused("another view")
class WholeInPlaceAfterAView(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x) * 1
        part = y.view(-1, 3)
        y.mul_(2)
        return part


@pytest.mark.parametrize("case", CASES.parameters)
def test_a_value_is_what_it_was(case: Case):
    judge(case)


def test_what_is_not_as_it_was_is_told_without_a_report_too():
    with pytest.warns(UserWarning, match="div is called with a number that depends on the batch"):
        import_module(MeanOverTheBatchByHand().eval(), CASES.inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        import_module(WholeBatchAsAPlace().eval(), CASES.inputs)
