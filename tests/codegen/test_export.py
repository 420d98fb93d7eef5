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
from codegen.deploy.tensorrt import Engine, build_script
from codegen.deploy.work import export_drawing
from codegen.drawing import open_drawing
from codegen.errors import Refusal, Unusable
from codegen.job import Job
from codegen.train.checkpoint import load_tensors
from codegen.train.context import open_trained
from graph_core import Project, edits, save
from graph_core.templates import open_template
from tests.codegen.drawings import chain
from tests.templates import chain as steps
from tests.templates import finish

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


@pytest.mark.parametrize("opset", [11, 17, 18, 21])
def test_the_opset_that_was_asked_for_is_the_one_in_the_file(lenet_file: Path, tmp_path: Path, opset: int) -> None:
    path = tmp_path / "m.onnx"
    report = export(lenet_file, path, "onnx", opset=opset)
    assert report["comparison"]["max_abs_diff"] <= 1e-4
    model = onnx.load(path)
    assert [entry.version for entry in model.opset_import if not entry.domain] == [opset]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"
    assert b"site-packages" not in path.read_bytes()


def test_an_opset_that_cannot_be_is_refused(lenet_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    for opset in (10, 0, 999):
        with pytest.raises(Unusable, match=f"Opset {opset} cannot be written; ask for one from 11 to "):
            export(lenet_file, path, "onnx", opset=opset)
    attention = tmp_path / "attention.netw"
    save(open_template("transformer_encoder"), attention)
    with pytest.raises(Refusal, match="opset version 11 is not supported") as refusal:
        export(attention, path, "onnx", opset=11)
    assert "\n" not in str(refusal.value)
    assert not path.exists()


@pytest.mark.parametrize("opset", [17, 20])
def test_axes_have_the_names_of_the_drawing_and_take_other_sizes(tmp_path: Path, opset: int) -> None:
    project = Project.new("words")
    edits.set_symbol(project, "T", 12)
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", "T", 8])
    finish(graph, steps(graph, "x.y", ("l", "LSTM", "lstm", {"hidden_size": 5})))
    save(project, tmp_path / "words.netw")
    path = tmp_path / "words.onnx"
    report = export(tmp_path / "words.netw", path, "onnx", opset=opset)
    assert len(report["comparison"]["differences"]) == 3  # two batches, and twice the T of the drawing
    session = onnx_session(path)
    assert session.get_inputs()[0].shape == ["N", "T", 8]
    assert session.get_outputs()[0].shape == ["N", "T", 5]
    assert session.run(None, {"x": np.zeros((2, 31, 8), np.float32)})[0].shape == (2, 31, 5)


@pytest.mark.parametrize("opset", [13, 20])
def test_constants_are_folded_or_left(tmp_path: Path, opset: int) -> None:
    project = chain(("Conv2d", {"out_channels": 4}), ("BatchNorm2d", {}), shape=("N", 3, 8, 8))
    save(project, tmp_path / "norm.netw")
    kinds = {}
    for fold in (True, False):
        path = tmp_path / f"{fold}.onnx"
        export(tmp_path / "norm.netw", path, "onnx", fold=fold, opset=opset)
        kinds[fold] = [node.op_type for node in onnx.load(path).graph.node]
    assert "BatchNormalization" not in kinds[True]
    assert "BatchNormalization" in kinds[False]


def test_metadata_goes_into_the_file(lenet_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    export(lenet_file, path, "onnx", metadata={"author": "Zoë", "network": "digits"})
    told = {note.key: note.value for note in onnx.load(path).metadata_props}
    assert told == {"author": "Zoë", "drawing": "lenet", "network": "digits"}
    with pytest.raises(Unusable, match="characters that no file can"):
        export(lenet_file, path, "onnx", metadata={"author": "\ud800"})


def test_a_package_is_imported_and_holds_its_weights(lenet_file: Path, lenet_run: Path, tmp_path: Path) -> None:
    report = export(lenet_file, tmp_path / "digits", "package", run=str(lenet_run))
    names = {"__init__.py", "model.py", "weights.safetensors", "py.typed"}
    assert {Path(path).name for path in report["files"]} == names
    trained = open_trained(open_drawing(lenet_file), lenet_run)
    x = trained.examples.x_test[:9]
    with torch.no_grad():
        wanted = trained.module(x)
    np.save(tmp_path / "x.npy", x.numpy())
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import digits, numpy, torch; model = digits.load();"
        "assert isinstance(model, digits.Lenet) and not model.training;"
        f"y = model(torch.from_numpy(numpy.load({str(tmp_path / 'x.npy')!r})));"
        f"numpy.save({str(tmp_path / 'y.npy')!r}, y.detach().numpy());"
        "assert not {'graph_core', 'codegen'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True, cwd=tmp_path)
    assert np.allclose(np.load(tmp_path / "y.npy"), wanted.numpy(), atol=1e-6)
    assert subprocess.run([sys.executable, "-m", "ruff", "check", "-q", tmp_path / "digits"]).returncode == 0
    for name in ("my-model", "class", "2d"):
        with pytest.raises(Unusable, match="cannot be imported"):
            export(lenet_file, tmp_path / name, "package")


def test_an_option_of_another_format_is_not_ignored(lenet_file: Path, tmp_path: Path) -> None:
    for form, option in (("py", {"opset": 18}), ("pt2", {"fold": False}), ("onnx", {"workspace": 1})):
        with pytest.raises(Unusable, match=f"The format {form} has no use for {next(iter(option))}"):
            export(lenet_file, tmp_path / "m", form, **option)


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
    signature = Signature((Port("x'y", ("N", 1, 8, 8)), Port("t", ("N", "T"))), symbols={"T": 12})
    engine = Engine(workspace=3 * 2**28, precision="fp16", sizes={"N": (1, 4, 8)})
    engine.check(signature)
    script.write_text(build_script({port.name: list(port.shape) for port in signature.inputs}, signature, engine))
    (tmp_path / "model.onnx").write_bytes(b"onnx")
    out = tmp_path / "m.engine"
    monkeypatch.setattr(sys, "argv", ["build_engine.py", "--size", "T=2,6,20", "-o", str(out)])
    with pytest.raises(SystemExit) as leaving:
        runpy.run_path(str(script), run_name="__main__")
    assert leaving.value.code == 0
    assert out.read_bytes() == b"engine"
    assert called == [
        ("workspace", 3 * 2**28),
        ("fp16",),
        ("x'y", (1, 1, 8, 8), (4, 1, 8, 8), (8, 1, 8, 8)),
        ("t", (1, 2), (4, 6), (8, 20)),
        ("profile",),
    ]
    monkeypatch.setattr(trt, "__version__", "8.6.1", raising=False)
    with pytest.raises(SystemExit) as leaving:
        runpy.run_path(str(script), run_name="__main__")
    assert leaving.value.code == 1
    called.clear()
    monkeypatch.setattr(trt, "__version__", "11.0.0", raising=False)
    monkeypatch.setattr(trt, "BuilderFlag", types.SimpleNamespace())  # a version without weakly typed networks
    with pytest.raises(SystemExit) as leaving:
        runpy.run_path(str(script), run_name="__main__")
    assert leaving.value.code == 1
    monkeypatch.setattr(sys, "argv", ["build_engine.py", "--precision", "fp32", "--workspace", "5", "-o", str(out)])
    with pytest.raises(SystemExit) as leaving:
        runpy.run_path(str(script), run_name="__main__")
    assert leaving.value.code == 0
    assert ("workspace", 5) in called


def test_an_engine_that_cannot_be_is_refused(lenet_file: Path, tmp_path: Path) -> None:
    for option, sentence in (
        ({"workspace": 0}, "holds nothing"),
        ({"precision": "fp7"}, "There is no precision 'fp7'"),
        ({"sizes": {"Q": [1, 2, 3]}}, "No input has the size Q; there are N"),
        ({"sizes": {"N": [4, 2, 3]}}, "each at least 1 and in order"),
        ({"sizes": {"N": [1, 2]}}, "three whole numbers"),
    ):
        with pytest.raises(Unusable, match=sentence):
            export(lenet_file, tmp_path / "trt", "tensorrt", **option)
    assert not (tmp_path / "trt").exists()
