"""Models that Python packages ship: the very same function, parameters and published multiply-adds."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from codegen import emit_source
from codegen.intake import import_with_report
from graph_core import analyze
from tests.codegen.intake.equal import imported
from tests.codegen.intake.packaged import torchvision_models

# torchvision's model, image size of the comparison, parameters and GMACs as published for 224, and classes.
MODELS = [
    ("resnet18", 64, 11_689_512, 1.814, 2),
    ("squeezenet1_1", 64, 1_235_496, 0.349, 2),
]


@pytest.fixture(scope="module")
def models() -> Any:
    return torchvision_models()


@pytest.mark.parametrize(("name", "size", "parameters", "gmacs", "classes"), MODELS)
def test_a_model_of_torchvision(models: Any, name: str, size: int, parameters: int, gmacs: float, classes: int):
    torch.manual_seed(0)
    module = getattr(models, name)()
    found = imported(module, torch.randn(2, 3, size, size))
    assert found.classes == classes
    assert emit_source(found.project).count("\nclass ") == found.classes
    full = analyze(import_with_report(module.eval(), (torch.randn(1, 3, 224, 224),)).project)
    assert full.params.trainable == parameters
    assert round(full.macs / 1e9, 3) == gmacs
