"""Ties of steps of a block: one tie of all of them, or one inside of the block."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from codegen.emit import emit_source
from tests.codegen.intake.equal import imported


class Layers(nn.Module):
    """Four blocks alike, whose first maps are one weight: their own, or that of a layer outside."""

    def __init__(self, outside: bool) -> None:
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.layers = nn.Sequential(*(Pair() for _ in range(4)))
        for layer in self.layers:
            layer.one.weight = self.first.weight if outside else self.layers[0].one.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(self.first(x))


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.two(torch.relu(self.one(x)))


@pytest.mark.parametrize("outside", [False, True])
def test_a_tie_of_all_steps_is_one(outside: bool):
    found = imported(Layers(outside), torch.randn(2, 8))
    assert len(found.project.networks["main"].ties) == 1
    owner = "self.first" if outside else "self.layers[0].one"
    assert f"for layer in self.layers:\n            layer.one.weight = {owner}.weight\n" in emit_source(found.project)


class TiedPair(Pair):
    def __init__(self) -> None:
        super().__init__()
        self.two.weight = self.one.weight


class TiedInside(nn.Module):
    """Blocks of which each has one weight twice: in a chain, one by one, or but for one of them."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(TiedPair() for _ in range(4)))
        self.again, self.more = TiedPair(), nn.Linear(8, 8)
        if way == "but one":
            self.again.two.weight = nn.Parameter(torch.randn(8, 8))

    def forward(self, x: Tensor) -> Tensor:
        return self.more(self.again(self.more(self.layers(x))))


def test_a_tie_within_every_step_is_inside_of_the_block():
    source = emit_source(imported(TiedInside("all"), torch.randn(2, 8)).project)
    assert source.count("self.two.weight = self.one.weight") == 1
    assert "layers[" not in source
    source = emit_source(imported(TiedInside("but one"), torch.randn(2, 8)).project)
    assert "self.two.weight = self.one.weight" not in source
    assert "self.again.two.weight" not in source
