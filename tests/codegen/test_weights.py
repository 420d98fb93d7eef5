"""Weights beside a drawing: found again after renames, refused when they are others."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from codegen import build_module
from codegen.errors import Unusable
from codegen.weights import keep_weights, weight_keys, weights_path
from graph_core import edits, load, save
from graph_core.templates import open_template, templates


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, dict[str, torch.Tensor]]:
    """A drawing saved with random weights."""
    project, file = open_template("resblock"), tmp_path / "net.netw"
    torch.manual_seed(3)
    module = build_module(project)
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.normal_()
    keep_weights(project, module, file, "main")
    save(project, file)
    return file, module.state_dict()


def test_a_built_module_has_them(kept: tuple[Path, dict[str, torch.Tensor]]):
    file, state = kept
    torch.testing.assert_close(dict(build_module(load(file)).state_dict()), dict(state))


def test_renaming_loses_none(kept: tuple[Path, dict[str, torch.Tensor]]):
    file, state = kept
    project = load(file)
    edits.rename(project.networks["main"], "r1", "unit")
    edits.rename(project.graphs["resblock"], "c1", "first")
    found = build_module(project).state_dict()
    torch.testing.assert_close(found["unit.first.weight"], state["block.conv1.weight"])
    assert len(found) == len(state)


def test_a_layer_of_another_shape_starts_afresh(kept: tuple[Path, dict[str, torch.Tensor]]):
    file, state = kept
    project = load(file)
    project.graphs["resblock"].set("c2", kernel_size=1, padding=0)
    found = build_module(project).state_dict()
    assert found["block.conv2.weight"].shape == (128, 128, 1, 1)
    torch.testing.assert_close(found["block.conv2.bias"], state["block.conv2.bias"])
    torch.testing.assert_close(found["block.conv1.weight"], state["block.conv1.weight"])


def test_other_weights_are_refused(kept: tuple[Path, dict[str, torch.Tensor]]):
    file, _ = kept
    path = weights_path(file)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(Unusable, match="other weights"):
        build_module(load(file))
    path.unlink()
    with pytest.raises(Unusable, match="not there"):
        build_module(load(file))


@pytest.mark.parametrize("name", [template.name for template in templates()])
def test_every_tensor_has_a_name_by_ids(name: str):
    project = open_template(name)
    keys = weight_keys(project, "main")
    assert sorted(path for path, _ in keys) == sorted(build_module(project).state_dict())
    assert len({key for _, key in keys}) == len(keys)


def test_a_drawing_without_any_is_initialized_by_torch(tmp_path: Path):
    save(open_template("mlp"), tmp_path / "a.netw")
    project = load(tmp_path / "a.netw")
    torch.manual_seed(0)
    one = build_module(project).state_dict()
    torch.manual_seed(0)
    other = build_module(open_template("mlp")).state_dict()
    torch.testing.assert_close(dict(one), dict(other))
