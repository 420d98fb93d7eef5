"""Imports of well-known models as a reviewer reads them: the source is the golden file, with the original's classes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from codegen import emit_source
from codegen.intake import import_with_report
from tests.codegen.intake.packaged import torchvision_models

GOLDEN = Path(__file__).parents[2] / "golden" / "imports"
MODELS = ["resnet50", "vit_b_16", "swin_t", "convnext_tiny"]


@pytest.mark.parametrize("name", MODELS)
def test_an_import_reads_like_the_original(name: str):
    models = torchvision_models()
    torch.manual_seed(0)
    module = getattr(models, name)().eval()
    found = import_with_report(module, (torch.randn(1, 3, 224, 224),))
    source = emit_source(found.project)
    golden = GOLDEN / f"{name}.py"
    assert source == golden.read_text(encoding="utf-8"), f"{golden} is how it was; look at the difference"
    own = {type(child) for child in module.modules() if not type(child).__module__.startswith("torch.")}
    assert source.count("\nclass ") == len(own)
