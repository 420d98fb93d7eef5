"""Models that Python packages ship, made for tests."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import pytest
import torch

_operators: list[Any] = []


def torchvision_models() -> Any:
    """torchvision's models, without its compiled operators: their names are defined first, so that it imports.

    Skips the test where it is not installed.
    """
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    if not _operators:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            if not hasattr(torch.ops.torchvision, name):
                library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _operators.append(library)  # they are gone when it is
    return importlib.import_module("torchvision.models")
