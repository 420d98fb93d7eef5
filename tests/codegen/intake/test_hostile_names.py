"""Hostile names of modules, weights and classes: refused in one sentence, or the source is a harmless twin's."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from codegen.emit import emit_source
from codegen.intake import import_with_report
from codegen.intake.module import ImportRefused
from tests.codegen.hostile_texts import hostile_texts
from tests.codegen.test_emit_twins import bones, harmless

TEXTS = hostile_texts()
X = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x).tanh()


def net(name: str) -> nn.Module:
    """A module whose parts and class have that name. Raises whatever torch refuses it with."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.add_module(name, type(name.replace("\x00", "") or "x", (Inner,), {})())
            self.register_parameter(f"p{name}", nn.Parameter(torch.ones(4)))
            self.register_buffer(f"b{name}", torch.ones(4))

        def forward(self, x: Tensor) -> Tensor:
            return self._modules[name](x) * self._parameters[f"p{name}"] + self._buffers[f"b{name}"]

    return Net()


def taken(name: str) -> bool:
    """Whether the name was taken; then the source is its twin's."""
    try:
        module = net(name)
    except (KeyError, TypeError, ValueError):  # torch, or Python
        return False
    try:
        source = emit_source(import_with_report(module, (X,)).project)
    except ImportRefused as error:
        sentence = str(error)
        assert sentence.isprintable(), ascii(sentence)
        assert len(sentence) < 600
        return False
    source.encode()
    twin = harmless(name) if name.isdigit() or len(name) > 5 else "q" * len(name)  # as long, for lines are as long
    assert bones(source) == bones(emit_source(import_with_report(net(twin), (X,)).project)), ascii(name)
    return True


def test_some_names():
    assert sum(taken(name) for name in TEXTS[::20]) > 3


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_every_name(part: int):
    assert sum(taken(name) for name in TEXTS[part::10]) > 5
