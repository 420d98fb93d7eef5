"""Models that Python packages ship: the very same function, parameters and published multiply-adds."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import pytest
import torch

from codegen import emit_source
from codegen.intake import import_with_report
from graph_core import analyze
from tests.codegen.intake.equal import imported

# torchvision's model, image size of the comparison, parameters and GMACs as published for 224, and most classes.
MODELS = [
    ("resnet18", 64, 11_689_512, 1.814, 3),
    ("squeezenet1_1", 64, 1_235_496, 0.349, 2),
]
_operators: list[Any] = []


@pytest.fixture(scope="module")
def models() -> Any:
    """torchvision's models, without its compiled operators: their names are defined first, so that it imports."""
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _operators.append(library)  # they are gone when it is
    return importlib.import_module("torchvision.models")


@pytest.mark.parametrize(("name", "size", "parameters", "gmacs", "classes"), MODELS)
def test_a_model_of_torchvision(models: Any, name: str, size: int, parameters: int, gmacs: float, classes: int):
    torch.manual_seed(0)
    module = getattr(models, name)()
    found = imported(module, torch.randn(2, 3, size, size))
    assert found.classes <= classes
    assert emit_source(found.project).count("\nclass ") == found.classes
    full = analyze(import_with_report(module.eval(), (torch.randn(1, 3, 224, 224),)).project)
    assert full.params.trainable == parameters
    assert round(full.macs / 1e9, 3) == gmacs
