"""A call that turns out to have no layer leaves nothing behind in the body that was being built."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.codegen.intake.cases import opaque


def test_what_is_given_up_leaves_nothing_behind():
    class Twice(nn.Module):
        """A constant that a call without a layer needs first, and one with a layer after it."""

        def __init__(self) -> None:
            super().__init__()
            self.fixed = torch.arange(6.0)

        def forward(self, x: Tensor) -> Tensor:
            places = torch.arange(float(len(x))).unsqueeze(1)  # of every sample another: no layer makes that
            return torch.addcmul(self.fixed, x, places) + self.fixed

    found = opaque(Twice(), torch.randn(2, 6))
    assert [note.what for note in found.opaque] == ["addcmul"]
