"""Calls that a record could misread: other ways of calling, and weights in other places than usual."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codegen.emit import emit_source
from codegen.intake import import_with_report
from codegen.intake.proof import prove
from tests.codegen.intake.cases import Case, Cases, judge
from tests.codegen.intake.equal import imported

CASES = Cases(torch.randn(2, 6, generator=torch.Generator().manual_seed(0)))
OTHER = torch.randn(2, 6, generator=torch.Generator().manual_seed(1))
STEPS = torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(1))
OUTSIDE = torch.randn(6, generator=torch.Generator().manual_seed(2))


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


# Other ways of calling.


@CASES.right()
class Partial(Base):
    def prepare(self) -> None:
        self.act = functools.partial(F.leaky_relu, negative_slope=0.3)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.fc(x))


@CASES.right()
class HooksOnABlock(Base):
    def prepare(self) -> None:
        self.block = Map()
        self.block.register_forward_pre_hook(lambda module, given: (given[0] * 2 + 1,))
        self.block.register_forward_hook(lambda module, given, made: made - 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.fc(x))


@CASES.right()
class HooksOnALayer(Base):
    def prepare(self) -> None:
        self.fc.register_forward_pre_hook(lambda module, given: (given[0] * 2,))
        self.fc.register_forward_hook(lambda module, given, made: made.tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


@CASES.right()
class HooksOnTheWhole(Base):
    def prepare(self) -> None:
        self.register_forward_pre_hook(lambda module, given: (given[0] * 2,))
        self.register_forward_hook(lambda module, given, made: made * 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


@CASES.right()
class LayerOfAPersonsOwn(Base):
    class Twice(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) * 2

    def prepare(self) -> None:
        self.twice = self.Twice(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.twice(self.fc(x))


@CASES.right()
class ChangedAfterItWasMade(Base):
    def prepare(self) -> None:
        self.act = nn.LeakyReLU(0.1)
        self.act.negative_slope = 0.7

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.fc(x))


@CASES.right()
class Keywords(Base):
    class Two(Map):
        def forward(self, *, x: Tensor, y: Tensor | None = None) -> Tensor:
            return self.fc(x) + (0 if y is None else y)

    def prepare(self) -> None:
        self.two = self.Two()

    def forward(self, x: Tensor, scale: float = 2.0) -> Tensor:
        return self.two(x=self.fc(x)) * scale + self.two(y=x, x=x)


@CASES.right()
class TablesBetween(Base):
    class Both(Map):
        def forward(self, given: dict[str, Tensor]) -> dict[str, Tensor]:
            return {"sum": self.fc(given["a"]) + given["b"], "twice": given["b"] * 2}

    def prepare(self) -> None:
        self.both = self.Both()

    def forward(self, x: Tensor) -> Tensor:
        made = self.both({"a": self.fc(x), "b": x})
        return made["sum"] * made["twice"]


@CASES.right(CASES.inputs[0], OTHER)
class UnusedInput(Base):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.fc(x)


@CASES.right(CASES.inputs[0], None, OTHER)
class NothingBetween(Base):
    def forward(self, x: Tensor, mask: Tensor | None = None, y: Tensor | None = None) -> Tensor:
        return self.fc(x) + (0 if y is None else y)


@CASES.right(CASES.inputs[0], CASES.inputs[0])
class OneTensorTwice(Base):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.fc(x) * y


@CASES.right(CASES.inputs[0], OTHER)
class AnyNumber(Base):
    def forward(self, *values: Tensor) -> Tensor:
        return self.fc(values[0] + values[1])


@dataclass
class Named:
    logits: Tensor
    hidden: Tensor | None = None


class Pair(NamedTuple):
    one: Tensor
    other: Tensor


@CASES.right()
class DataclassOut(Base):
    def forward(self, x: Tensor) -> Named:
        y = self.fc(x)
        return Named(y, y.tanh())


@CASES.right()
class NestedOut(Base):
    def forward(self, x: Tensor) -> dict[str, Any]:
        y = self.fc(x)
        return {"a": [y, (y * 2, {"b": Pair(y * 3, y.tanh())})], "none": None}


@CASES.right()
class OneOutTwice(Base):
    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = self.fc(x)
        return y, x, y, self.fc.weight


@CASES.told("returned beside the tensors")
class NumberOut(Base):
    def forward(self, x: Tensor) -> tuple[Tensor, float]:
        return self.fc(x), 3.0


# Weights and modules.


@CASES.right()
class ListOfParameters(Base):
    def prepare(self) -> None:
        self.scales = nn.ParameterList([nn.Parameter(torch.randn(6)) for _ in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        for scale in self.scales:
            y = y * scale
        return y


@CASES.right()
class TiedListOfParameters(ListOfParameters):
    def prepare(self) -> None:
        super().prepare()
        self.scales[2] = self.scales[0]
        self.fc.bias = self.scales[1]


@CASES.right()
class TableOfParameters(Base):
    def prepare(self) -> None:
        self.table = nn.ParameterDict({"a": nn.Parameter(torch.randn(6)), "b": nn.Parameter(torch.randn(6, 6))})

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * self.table["a"] @ self.table["b"]


@CASES.right()
class ThreePathsToOneModule(Base):
    def prepare(self) -> None:
        self.again, self.list = self.fc, nn.ModuleList([self.fc, nn.Linear(6, 6)])

    def forward(self, x: Tensor) -> Tensor:
        return self.list[1](self.list[0](self.again(x)))


@CASES.right()
class WeightReadWithoutTheCall(Base):
    def prepare(self) -> None:
        self.other = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        y = F.linear(x, F.normalize(self.other.weight, dim=1), self.other.bias)
        return self.fc(y) * self.fc.weight.norm()


@CASES.right(torch.randint(0, 9, (2, 5), generator=torch.Generator().manual_seed(4)))
class TiedToATableOfAPersonsOwn(nn.Module):
    """The table lies in a block, and is read without a call of its class; the head is a layer with the same weight."""

    class Model(nn.Module):
        class Scaled(nn.Embedding):
            def forward(self, x: Tensor) -> Tensor:
                return super().forward(x) * 3.0

        def __init__(self) -> None:
            super().__init__()
            self.embed, self.fc = self.Scaled(9, 6), nn.Linear(6, 6)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.embed(x)).relu()

    def __init__(self) -> None:
        super().__init__()
        self.model, self.head = self.Model(), nn.Linear(6, 9, bias=False)
        self.head.weight = self.model.embed.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.model(x))


@CASES.right()
class WeightOfAnotherModule(Base):
    """The rope of another module goes into each block as an argument."""

    class Turns(Map):
        def forward(self, x: Tensor, rope: Tensor) -> Tensor:
            return self.fc(x * rope)

    def prepare(self) -> None:
        self.rope = nn.Embedding(3, 6)
        self.blocks = nn.ModuleList(self.Turns() for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x, self.rope.weight[1])
        return self.fc(x)


@CASES.right(torch.randn(2, 12, 6, generator=torch.Generator().manual_seed(3)))
class SizesAcross(Base):
    """Height and width go into a module as plain numbers."""

    class Places(Map):
        def forward(self, x: Tensor, height: int, width: int) -> Tensor:
            n, _, c = x.shape
            return self.fc(x.transpose(1, 2).view(n, c, height, width).roll(1, 3).flatten(2).transpose(1, 2))

    def prepare(self) -> None:
        self.places = self.Places()

    def forward(self, x: Tensor) -> Tensor:
        return self.places(self.fc(x), 3, x.shape[1] // 3)


@CASES.right()
class MadeAtTheFirstCall(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.LazyLinear(5)
        self.fc(torch.zeros(1, 6))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


@CASES.right()
class PrunedByAMask(Base):
    def prepare(self) -> None:
        import torch.nn.utils.prune

        torch.nn.utils.prune.random_unstructured(self.fc, "weight", 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


@CASES.opaque("has no layer")
class NormedWeight(Base):
    def prepare(self) -> None:
        self.normed = nn.utils.parametrizations.weight_norm(nn.Linear(6, 6))

    def forward(self, x: Tensor) -> Tensor:
        return self.normed(self.fc(x))


@CASES.refused("no torch function made")
class TensorFromOutside(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * OUTSIDE


@CASES.refused("no torch function made")
class LayerInAPlainList(Base):
    def prepare(self) -> None:
        self.hidden = [nn.Linear(6, 6)]

    def forward(self, x: Tensor) -> Tensor:
        return self.hidden[0](self.fc(x))


@CASES.refused("no torch function made")
class WeightInAClosure(Base):
    def prepare(self) -> None:
        scale = nn.Parameter(torch.randn(6))
        self.scaled: Callable[[Tensor], Tensor] = lambda value: value * scale

    def forward(self, x: Tensor) -> Tensor:
        return self.scaled(self.fc(x))


@pytest.mark.parametrize("case", CASES.parameters)
def test_a_call_is_what_it_was(case: Case):
    judge(case)


def test_weights_that_the_first_input_makes():
    """A module whose weights have no size yet is run once, so that they have."""
    module = nn.Sequential(nn.LazyLinear(5), nn.ReLU()).eval()
    found = import_with_report(module, CASES.inputs)
    assert not found.notes
    assert "nn.Linear(6, 5)" in emit_source(found.project)


def test_a_module_that_cannot_be_copied_is_proven_all_the_same():
    class Keeps(Base):
        def forward(self, x: Tensor) -> Tensor:
            self.last = self.fc(x)
            return self.last * 2

    module = Keeps().eval()
    module(CASES.inputs[0])  # what it keeps is no leaf, which copy.deepcopy refuses
    found = import_with_report(module, CASES.inputs)
    proof = prove(module, found.project, CASES.inputs, batched=found.batched)
    assert proof["equal"], proof


def test_what_a_layer_gives_besides_is_never_another_input():
    """The weights of attention have no port; the call is opaque, and takes nothing that is not there."""

    class Attends(Base):
        def prepare(self) -> None:
            self.attend = nn.MultiheadAttention(6, 2, batch_first=True)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return self.attend(x, x, x)

    found = import_with_report(Attends().eval(), (STEPS,))
    assert [note.path for note in found.opaque]
    assert len(found.project.networks["main"].inputs()) == 1


def test_a_batch_on_the_second_axis():
    class Attends(Base):
        def prepare(self) -> None:
            self.attend = nn.MultiheadAttention(6, 2)

        def forward(self, x: Tensor) -> Tensor:
            y = self.fc(x).transpose(0, 1)
            return self.attend(y, y, y, need_weights=False)[0].transpose(0, 1)

    assert "batch_first=True" in emit_source(imported(Attends(), STEPS).project)


def test_a_module_that_cannot_be_copied_is_imported_and_told_to_be_unproven():
    class Single(Base):
        def __deepcopy__(self, known: dict[int, Any]) -> nn.Module:
            raise OSError("there is one only")

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(x)

    module = Single().eval()
    found = import_with_report(module, CASES.inputs)
    assert "self.fc(x)" in emit_source(found.project)
    proof = prove(module, found.project, CASES.inputs, batched=found.batched)
    assert (proof["equal"], proof["reason"]) == (False, "there is one only")
