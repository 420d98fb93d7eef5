"""What is exported computes what the network computes, at two batch sizes, and is what was asked for."""

from __future__ import annotations

import runpy
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from codegen.deploy.compare import compare
from codegen.deploy.onnx_file import export_onnx, onnx_session
from codegen.deploy.signature import Port, Signature
from codegen.deploy.tensorrt import build_script
from codegen.deploy.work import export_drawing
from codegen.drawing import open_drawing
from codegen.errors import Refusal, Unusable
from codegen.job import Job
from codegen.train.checkpoint import load_tensors
from codegen.train.context import open_trained
from graph_core import Project, save
from tests.codegen.drawings import chain

IMAGES = Signature((Port("x", ("N", 1, 8, 8)),))


def export(file: Path, out: Path, form: str, **more: Any) -> dict[str, Any]:
    return export_drawing({"file": str(file), "out": str(out), "format": form, **more}, Job())


def test_onnx_equals_torch_at_two_batch_sizes(lenet_file: Path, lenet_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    report = export(lenet_file, path, "onnx", run=str(lenet_run))
    assert report["comparison"]["batches"] == (1, 5)
    assert report["comparison"]["max_abs_diff"] <= 1e-4
    assert report["comparison"]["spread"] > 0.1  # outputs that are all alike would agree with anything

    trained = open_trained(open_drawing(lenet_file), lenet_run)
    session = onnx_session(path)
    for batch in (1, 7, 64):
        x = trained.examples.x_test[:batch]
        with torch.no_grad():
            wanted = trained.module(x).numpy()
        assert np.abs(session.run(None, {"x": x.numpy()})[0] - wanted).max() <= 1e-4

    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"
    assert [entry.version for entry in model.opset_import if not entry.domain] == [20]
    assert {note.key: note.value for note in model.metadata_props}["values"] == "0 to 1"
    # The exporter's traces would carry the paths of the machine it ran on.
    assert sys.prefix.encode() not in path.read_bytes()
    assert b"site-packages" not in path.read_bytes()


def test_another_opset_is_not_given_silently(lenet_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    with pytest.raises(Refusal, match="opset 18 where 11 was asked for"):
        export(lenet_file, path, "onnx", opset=11)
    assert not path.exists()


def test_pt2_equals_torch_and_opens_without_us(lenet_file: Path, lenet_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.pt2"
    report = export(lenet_file, path, "pt2", run=str(lenet_run))
    assert report["comparison"]["max_abs_diff"] <= 1e-4
    trained = open_trained(open_drawing(lenet_file), lenet_run)
    module = torch.export.load(path).module()
    x = trained.examples.x_test[:9]
    with torch.no_grad():
        assert torch.allclose(module(x), trained.module(x), atol=1e-5)


def test_py_is_the_source_and_the_weights_lie_beside(lenet_file: Path, lenet_run: Path, tmp_path: Path) -> None:
    report = export(lenet_file, tmp_path / "m.py", "py", run=str(lenet_run))
    assert report["files"] == [str(tmp_path / "m.py"), str(tmp_path / "m.safetensors")]
    names = runpy.run_path(str(tmp_path / "m.py"))
    module: nn.Module = names["Lenet"]()
    module.load_state_dict(load_tensors(tmp_path / "m.safetensors")[0])
    trained = open_trained(open_drawing(lenet_file), lenet_run)
    x = trained.examples.x_test[:9]
    with torch.no_grad():
        assert torch.equal(module(x), trained.module(x))


def test_two_inputs_of_two_kinds_and_two_outputs(tmp_path: Path) -> None:
    project = Project.new("two")
    graph = project.networks["main"]
    graph.add("Input", id="x1", name="words", shape=["N", 6], dtype="int64")
    graph.add("Input", id="x2", name="extra", shape=["N", 6, 8])
    graph.add("Embedding", id="e", num_embeddings=20, embedding_dim=8)
    graph.add("Add", id="a")
    graph.add("Linear", id="l", out_features=3)
    graph.add("Output", id="y1", name="sum")
    graph.add("Output", id="y2", name="scores")
    wires = {"e.x": "x1.y", "a.a": "e.y", "a.b": "x2.y", "l.x": "a.y", "y1.x": "a.y", "y2.x": "l.y"}
    for target, source in wires.items():
        graph.connect(source, target)
    save(project, tmp_path / "two.netw")
    report = export(tmp_path / "two.netw", tmp_path / "two.onnx", "onnx")
    assert report["comparison"]["max_abs_diff"] <= 1e-4
    session = onnx_session(tmp_path / "two.onnx")
    assert [entry.name for entry in session.get_inputs()] == ["words", "extra"]
    assert [entry.shape for entry in session.get_outputs()] == [["N", 6, 8], ["N", 6, 3]]


def test_a_comparison_can_fail() -> None:
    module = nn.Linear(4, 2)
    signature = Signature((Port("x", ("N", 4)),))

    def other(shift: float) -> Any:
        return lambda inputs: [module(inputs[0]).detach() + shift]

    assert compare(module, other(0.0), signature).max_abs_diff == 0
    with pytest.raises(Refusal, match=r"differs from the network by up to 0\.01"):
        compare(module, other(0.01), signature)
    with pytest.raises(Refusal, match="differs"):
        compare(module, other(float("nan")), signature)
    with pytest.raises(Refusal, match="shapes"):
        compare(module, lambda inputs: [torch.zeros(1)], signature)


class Reads(nn.Module):
    """What no export can capture: it looks at values."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 1 if x.sum() > 0 else x - 1


class Fixed(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(3, 64)


@pytest.mark.parametrize("module", [Reads(), Fixed()])
def test_what_cannot_be_captured_is_one_sentence_and_no_file(module: nn.Module, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"torch\.export cannot capture") as refusal:
        export_onnx(module, IMAGES, tmp_path / "m.onnx", Job())
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.iterdir())


def test_requests_are_checked(lenet_file: Path, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="no format 'tflite'"):
        export(lenet_file, tmp_path / "m", "tflite")
    with pytest.raises(Unusable, match="is a folder"):
        export(lenet_file, tmp_path, "onnx")
    with pytest.raises(Unusable, match="There is no folder"):
        export(lenet_file, tmp_path / "none" / "m.py", "py")
    with pytest.raises(Unusable, match="cannot be opened"):
        export(tmp_path / "none.netw", tmp_path / "m.py", "py")
    save(chain(("Linear", {"out_features": 0 + 3}), shape=("N", 5)), tmp_path / "other.netw")
    with pytest.raises(Unusable, match="holds no run"):
        export(lenet_file, tmp_path / "m.py", "py", run=str(tmp_path))


def test_weights_of_another_network_are_refused(lenet_run: Path, tmp_path: Path) -> None:
    save(chain(("Flatten", {}), ("Linear", {"out_features": 10}), shape=("N", 1, 8, 8)), tmp_path / "other.netw")
    with pytest.raises(Unusable, match="are not those of this drawing"):
        export(tmp_path / "other.netw", tmp_path / "m.onnx", "onnx", run=str(lenet_run))


def test_a_drawing_with_an_error_is_refused(tmp_path: Path) -> None:
    project = chain(("Conv2d", {}), shape=("N", 5))
    save(project, tmp_path / "wrong.netw")
    with pytest.raises(Refusal, match="The drawing has an error at conv2d1"):
        export(tmp_path / "wrong.netw", tmp_path / "m.py", "py")


def test_tensorrt_gets_a_model_and_a_script_that_says_what_is_missing(lenet_file: Path, tmp_path: Path) -> None:
    export(lenet_file, tmp_path / "trt", "tensorrt", opset=18)
    model = onnx.load(tmp_path / "trt" / "model.onnx")
    assert [entry.version for entry in model.opset_import] == [18]
    # Without a run the weights are fresh, and the same every time.
    bias = next(entry for entry in model.graph.initializer if entry.name == "linear10.bias")
    export(lenet_file, tmp_path / "again.pt2", "pt2")
    again = torch.export.load(tmp_path / "again.pt2").state_dict["linear10.bias"]
    assert np.array_equal(onnx.numpy_helper.to_array(bias), again.detach().numpy())
    script = tmp_path / "trt" / "build_engine.py"
    done = subprocess.run([sys.executable, "-I", str(script)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "TensorRT is not installed" in done.stderr


def test_the_script_builds_with_the_calls_of_tensorrt_10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a stand-in that knows only what TensorRT 10 has: what was removed would raise AttributeError."""
    called: list[tuple[Any, ...]] = []
    trt = types.ModuleType("tensorrt")
    config = types.SimpleNamespace(
        set_memory_pool_limit=lambda pool, size: called.append((pool, size)),
        set_flag=lambda flag: called.append((flag,)),
        add_optimization_profile=lambda profile: called.append(("profile",)),
    )
    profile = types.SimpleNamespace(set_shape=lambda *shape: called.append(shape))
    builder = types.SimpleNamespace(
        create_network=lambda flags: "network",
        create_builder_config=lambda: config,
        create_optimization_profile=lambda: profile,
        build_serialized_network=lambda network, config: b"engine",
    )
    parser = types.SimpleNamespace(parse=lambda content: content == b"onnx", num_errors=0)
    logger = types.SimpleNamespace(WARNING=1)
    trt.__dict__.update(
        __version__="10.9.0",
        Logger=type("Logger", (), {"WARNING": 1, "__new__": lambda kind, level: logger}),
        Builder=lambda logger: builder,
        OnnxParser=lambda network, logger: parser,
        MemoryPoolType=types.SimpleNamespace(WORKSPACE="workspace"),
        BuilderFlag=types.SimpleNamespace(FP16="fp16"),
    )
    monkeypatch.setitem(sys.modules, "tensorrt", trt)
    script = tmp_path / "build_engine.py"
    script.write_text(build_script(Signature((Port("x'y", ("N", 1, 8, 8)), Port("t", ("N", "T"))), symbols={"T": 12})))
    (tmp_path / "model.onnx").write_bytes(b"onnx")
    out = tmp_path / "m.engine"
    monkeypatch.setattr(sys, "argv", ["build_engine.py", "--fp16", "--largest-batch", "8", "-o", str(out)])
    with pytest.raises(SystemExit) as leaving:
        runpy.run_path(str(script), run_name="__main__")
    assert leaving.value.code == 0
    assert out.read_bytes() == b"engine"
    assert called == [
        ("workspace", 2**30),
        ("fp16",),
        ("x'y", (1, 1, 8, 8), (4, 1, 8, 8), (8, 1, 8, 8)),
        ("t", (1, 12), (4, 12), (8, 12)),
        ("profile",),
    ]
    monkeypatch.setattr(trt, "__version__", "8.6.1", raising=False)
    with pytest.raises(SystemExit) as leaving:
        runpy.run_path(str(script), run_name="__main__")
    assert leaving.value.code == 1
