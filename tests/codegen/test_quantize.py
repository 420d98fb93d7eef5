"""Quantization: grids of the right size, gradients that pass, files that hold n bits, models that still agree."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from torch import Tensor, nn

from codegen.compress.fake import FORMS, FakeQuantized, calibrate_input, calibrate_weight, quantizable, weight_limit
from codegen.compress.int8 import initializer_bytes
from codegen.compress.packed import load_quantized, pack, save_quantized, stored_bytes, unpack
from codegen.compress.quantize import quantize
from codegen.compress.work import quantize_drawing
from codegen.deploy.onnx_file import onnx_session
from codegen.drawing import open_drawing
from codegen.errors import Refusal, Stopped, Unusable
from codegen.job import Job
from codegen.train.checkpoint import save_tensors
from codegen.train.context import Trained, open_trained
from codegen.train.evaluate import scores_of

LAYERS: dict[type[nn.Module], tuple[nn.Module, tuple[int, ...]]] = {
    nn.Linear: (nn.Linear(6, 5), (3, 6)),
    nn.Conv1d: (nn.Conv1d(2, 4, 3, stride=2, padding=1, padding_mode="reflect"), (3, 2, 9)),
    nn.Conv2d: (nn.Conv2d(4, 6, 3, padding=2, dilation=2, groups=2, bias=False), (3, 4, 7, 7)),
    nn.Conv3d: (nn.Conv3d(2, 4, 3, stride=2, padding=1, groups=2), (2, 2, 5, 5, 5)),
}


def ready(layer: nn.Module, x: Tensor, bits: int) -> FakeQuantized:
    fake = FakeQuantized(layer, bits, bits)
    fake.calibrate(x)
    return fake


def test_every_class_of_the_dialect_is_tested() -> None:
    assert LAYERS.keys() == FORMS.keys()


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("bits", range(2, 9))
def test_values_lie_on_grids_of_n_bits(kind: type[nn.Module], bits: int) -> None:
    layer, shape = LAYERS[kind]
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    fake = ready(layer, x, bits)
    weight, grid = fake.quantized_weight(), fake.quantized_input(x)
    for row in weight:
        assert len(row.unique()) <= 2**bits - 1  # symmetric: −2ⁿ⁻¹ is not used
    assert len(grid.unique()) <= 2**bits
    assert (fake.quantized_input(torch.zeros_like(x)) == 0).all()  # padding stays exact
    steps = weight / fake.step.abs().view(-1, *[1] * (weight.ndim - 1))
    assert torch.allclose(steps, steps.round(), atol=1e-4)
    assert steps.abs().max() <= weight_limit(bits) + 1e-4
    assert torch.equal(steps.round().to(torch.int8), fake.levels())


@pytest.mark.parametrize("kind", LAYERS)
def test_eight_bits_are_close_and_two_are_not(kind: type[nn.Module]) -> None:
    layer, shape = LAYERS[kind]
    x = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    exact = layer(x).detach()

    def error(bits: int) -> float:
        return float((ready(layer, x, bits)(x).detach() - exact).abs().max() / exact.abs().max())

    assert error(8) < 0.03 < error(2)


def test_gradients_pass_straight_through_inside_the_range_and_not_outside() -> None:
    layer = nn.Linear(3, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.3, -0.9, 5.0]]))
    fake = FakeQuantized(layer, 3, 3)
    with torch.no_grad():
        fake.step.fill_(0.5)  # the grid reaches 3 × 0.5, so 5.0 lies outside
        fake.input_step.fill_(0.1)
    fake.ready = True
    x = torch.tensor([[0.31, 0.22, 9.0]], requires_grad=True)  # 7 × 0.1 is the largest input
    fake(x).backward()
    assert layer.weight.grad is not None
    assert x.grad is not None
    assert torch.allclose(layer.weight.grad, torch.tensor([[0.3, 0.2, 0.0]]))
    assert torch.allclose(x.grad, torch.tensor([[0.5, -1.0, 0.0]]))
    assert fake.step.grad is not None
    assert fake.input_step.grad is not None
    # LSQ: ∂/∂s is k − w/s inside and the limit outside, times x, times 1/√(weights per channel · limit)
    wanted = ((1 - 0.6) * 0.3 + (-2 + 1.8) * 0.2 + 3 * 0.7) / (3 * 3) ** 0.5
    assert float(fake.step.grad) == pytest.approx(wanted, rel=1e-4)


def test_calibration_beats_the_full_range_at_few_bits() -> None:
    weight = torch.randn(4, 200, generator=torch.Generator().manual_seed(3))
    for bits in (2, 3, 4):
        limit = weight_limit(bits)

        def loss(step: Tensor, limit: int = limit) -> float:
            grid = (weight / step[:, None]).round().clamp(-limit, limit) * step[:, None]
            return float((grid - weight).square().sum())

        assert loss(calibrate_weight(weight, bits)) < 0.8 * loss(weight.abs().amax(1) / limit)
    step, zero = calibrate_input(torch.tensor([-1.0, 3.0]), 8)
    assert step == pytest.approx(4 / 255)
    assert zero == 64
    assert calibrate_input(torch.zeros(5), 4) == (1.0, 0)


@given(st.integers(2, 8), st.data())
def test_packing_keeps_every_number_in_n_bits(bits: int, data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1), min_size=1, max_size=40))
    levels = torch.tensor(numbers, dtype=torch.int8)
    packed = pack(levels, bits)
    assert len(packed) == -(-len(numbers) * bits // 8)
    assert torch.equal(unpack(packed, bits, (len(numbers),)), levels)
    with pytest.raises(ValueError, match="do not hold"):
        unpack(torch.cat([packed, packed]), bits, (len(numbers),))


def test_only_the_classes_themselves_are_replaced() -> None:
    """MultiheadAttention reads its projection's weights past the module, so replacing that would do nothing."""
    module = nn.Sequential(nn.MultiheadAttention(8, 2), nn.Linear(8, 8), nn.LSTM(8, 8))
    assert list(quantizable(module)) == ["1"]


@pytest.fixture(scope="module")
def trained(lenet_file: Path, lenet_run: Path) -> Trained:
    return open_trained(open_drawing(lenet_file), lenet_run)


@pytest.mark.parametrize(("bits", "least"), [(4, 0.95), (2, 0.7)])
def test_a_trained_network_survives_and_its_file_is_the_model(
    trained: Trained, tmp_path: Path, bits: int, least: float
) -> None:
    before = {name: tensor.clone() for name, tensor in trained.module.state_dict().items()}
    small = quantize(trained.module, trained.examples, bits, Job(), epochs=1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in trained.module.state_dict().items())
    scores = scores_of(small, trained.examples.x_test)
    agreement = (scores.argmax(1) == scores_of(trained.module, trained.examples.x_test).argmax(1)).float().mean()
    assert agreement >= least

    path = tmp_path / "small.safetensors"
    save_quantized(small, path)
    again = load_quantized(trained.module, path)
    assert torch.equal(scores_of(again, trained.examples.x_test), scores)
    weights = sum(layer.get_parameter("weight").numel() for layer in quantizable(trained.module).values())
    with safe_open(path, framework="np") as file:
        packed = {name: file.get_tensor(name) for name in file.keys() if name.endswith(".weight")}  # noqa: SIM118
        assert json.loads(file.metadata()["netwright"])["layers"]["conv2d1"]["input_bits"] == 8  # the pixels
    assert all(array.dtype == np.uint8 for array in packed.values())
    assert sum(array.size for array in packed.values()) <= weights * bits / 8 + len(packed)


def test_quantizing_again_gives_the_same(trained: Trained) -> None:
    one, two = (quantize(trained.module, trained.examples, 3, Job(), epochs=1, seed=4) for _ in range(2))
    x = trained.examples.x_test[:50]
    assert torch.equal(scores_of(one, x), scores_of(two, x))


def test_files_that_do_not_fit_are_refused(trained: Trained, tmp_path: Path) -> None:
    small = quantize(trained.module, trained.examples, 4, Job(), epochs=0)
    path = tmp_path / "small.safetensors"
    save_quantized(small, path)
    whole = path.read_bytes()
    with pytest.raises(Unusable, match="none of that name"):
        load_quantized(nn.Sequential(nn.Linear(3, 3)), path)
    path.write_bytes(whole[:-3])
    with pytest.raises(Unusable, match="safetensors"):
        load_quantized(trained.module, path)
    save_tensors(path, {"a": torch.zeros(1)}, {})
    with pytest.raises(Unusable, match="not a quantized model"):
        load_quantized(trained.module, path)
    entry = {"bits": 4, "input_bits": 99, "input_zero": 0, "shape": [1]}
    save_tensors(path, {"a": torch.zeros(1)}, {"netwright_quantized": 1, "layers": {"conv2d1": entry}})
    with pytest.raises(Unusable, match="does not fit"):
        load_quantized(trained.module, path)


def test_it_refuses_and_stops(trained: Trained) -> None:
    for bits in (1, 9):
        with pytest.raises(Unusable, match="2 … 8"):
            quantize(trained.module, trained.examples, bits, Job())
    with pytest.raises(Refusal, match="no layer to quantize"):
        quantize(nn.Sequential(nn.Flatten(), nn.BatchNorm1d(64)), trained.examples, 8, Job())
    job = Job(lambda report: job.control.stop() if report["stage"] == "train" else None)
    with pytest.raises(Stopped):
        quantize(trained.module, trained.examples, 8, job)


def test_side_by_side_int8_agrees_and_takes_a_third(trained: Trained, lenet_file: Path, tmp_path: Path) -> None:
    args = {
        "file": str(lenet_file),
        "run": str(trained.run.folder),
        "out": str(tmp_path / "out"),
        "bits": 8,
        "epochs": 1,
    }
    report = quantize_drawing(args, Job())
    assert report == json.loads((tmp_path / "out" / "quantized.json").read_text())
    for form in ("quantized", "int8"):
        assert report[form]["agreement"] >= 0.98
        assert report[form]["weight_bytes_share"] <= 0.3
        assert report[form]["accuracy"] >= report["float"]["accuracy"] - 0.02
    assert report["float"]["bytes"] == stored_bytes(trained.module.state_dict())

    # What is reported of int8 holds of the file that was written.
    model = (tmp_path / "out" / "int8.onnx").read_bytes()
    answers = onnx_session(model).run(None, {"x": trained.examples.x_test.numpy()})[0].argmax(1)
    wanted = scores_of(trained.module, trained.examples.x_test).argmax(1).numpy()
    assert (answers == wanted).mean() == pytest.approx(report["int8"]["agreement"])
    stored = {entry.data_type for entry in onnx.load_from_string(model).graph.initializer if len(entry.dims) > 1}
    assert stored == {onnx.TensorProto.INT8}
    assert initializer_bytes(model) == (report["int8"]["bytes"], report["int8"]["weight_bytes"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bits": 9}, "2 … 8"),
        ({"bits": 4, "out": "a.onnx"}, "8 bits, not 4"),
        ({"out": "a.txt"}, "must be a folder"),
        ({"out": "a.onnx", "form": "torch"}, "holds the form onnxruntime"),
        ({"form": "magic"}, "no form"),
        ({"bits": "8"}, "whole number"),
        ({"colour": 1}, "no use for 'colour'"),
    ],
)
def test_requests_are_checked(lenet_file: Path, tmp_path: Path, given: dict[str, object], said: str) -> None:
    args = {"file": str(lenet_file), "run": str(tmp_path), "out": str(tmp_path), "bits": 8} | given
    with pytest.raises(Unusable, match=said):
        quantize_drawing(args, Job())
