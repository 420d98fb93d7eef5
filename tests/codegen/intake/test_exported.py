"""What was imported goes out again: ONNX of old and new operator sets, .pt2, a package, a script for TensorRT."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from codegen.deploy.onnx_file import onnx_session
from codegen.deploy.work import export_drawing
from codegen.errors import Refusal
from codegen.intake import import_with_report
from codegen.job import Job
from graph_core import save
from graph_core.kept import put, weights_path


class Net(nn.Module):
    """Attention, a mask, a norm of batches, words that are cut off from gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(8, 16)
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
        self.norm, self.head = nn.BatchNorm1d(6), nn.Linear(16, 3)
        self.register_buffer("mask", torch.triu(torch.ones(6, 6), 1).bool())

    def forward(self, image: Tensor) -> Tensor:
        y = self.norm(self.layer(self.first(image), src_mask=self.mask))
        return self.head(y - y.detach().mean(1, keepdim=True)).softmax(-1)


X = torch.randn(2, 6, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    torch.manual_seed(0)
    module = Net().train()
    module(torch.randn(4, 6, 8) * 3 + 1)  # statistics of its own
    found = import_with_report(module.eval(), (X,))
    assert not found.opaque
    path = tmp_path_factory.mktemp("drawn") / "net.netw"
    assert found.project.file is not None
    save(found.project, path)
    put(weights_path(found.project.file), weights_path(path))
    return module, path


def export(file: Path, out: Path, form: str, **more: Any) -> dict[str, Any]:
    return export_drawing({"file": str(file), "out": str(out), "format": form, **more}, Job())


@pytest.mark.parametrize("opset", [16, 18, 23])
def test_as_onnx(drawn: tuple[nn.Module, Path], opset: int, tmp_path: Path):
    module, file = drawn
    path = tmp_path / "net.onnx"
    export(file, path, "onnx", opset=opset, metadata={"who": "a\n“person”"})
    model = onnx.load(path)
    assert [entry.version for entry in model.opset_import if not entry.domain] == [opset]
    assert {note.key: note.value for note in model.metadata_props}["who"] == "a\n“person”"
    [given] = model.graph.input
    sizes = [axis.dim_param or axis.dim_value for axis in given.type.tensor_type.shape.dim]
    assert (given.name, sizes) == ("image", ["N", 6, 8])
    for x in (X, torch.randn(5, 6, 8)):
        [found] = onnx_session(path).run(None, {"image": x.numpy()})
        with torch.no_grad():
            assert np.abs(found - module(x).numpy()).max() < 1e-5


def test_what_an_old_operator_set_lacks_is_said_and_nothing_printed(
    drawn: tuple[nn.Module, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    with pytest.raises(Refusal, match="opset version 12 is not supported") as refused:
        export(drawn[1], tmp_path / "net.onnx", "onnx", opset=12)
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr().out == ""


def test_as_a_program(drawn: tuple[nn.Module, Path], tmp_path: Path):
    module, file = drawn
    export(file, tmp_path / "net.pt2", "pt2")
    program = torch.export.load(tmp_path / "net.pt2").module()
    with torch.no_grad():
        assert torch.allclose(program(X), module(X), atol=1e-6)


def test_as_a_package(drawn: tuple[nn.Module, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    module, file = drawn
    folder = tmp_path / "imported_net"
    export(file, folder, "package")
    monkeypatch.syspath_prepend(tmp_path)
    package = importlib.import_module(folder.name)
    try:
        with torch.no_grad():
            assert torch.allclose(package.load().eval()(X), module(X), atol=1e-6)
    finally:
        sys.modules.pop(folder.name)


def test_for_tensorrt(drawn: tuple[nn.Module, Path], tmp_path: Path):
    files = export(drawn[1], tmp_path / "engine", "tensorrt", precision="fp16", sizes={"N": [1, 4, 8]})["files"]
    script = next(Path(name) for name in files if name.endswith(".py")).read_text()
    assert "(1, 4, 8)" in script
    assert (tmp_path / "engine" / "model.onnx").exists()
