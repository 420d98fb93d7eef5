"""What is measured of each node is what torch gives when the same network is run by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from codegen.build import build_module
from codegen.client import Client
from codegen.errors import Refusal, Unusable
from codegen.job import Job
from codegen.measure.work import measure_drawing
from graph_core import Project, save
from graph_core.templates import open_template


def measured(project: Project, folder: Path, **more: object) -> dict:
    save(project, folder / "net.netw")
    return measure_drawing({"file": str(folder / "net.netw"), **more}, Job())


@pytest.fixture(autouse=True)
def few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codegen.measure.layers.SECONDS", 0.0)


def test_every_node_that_runs_has_its_time(tmp_path: Path) -> None:
    answer = measured(open_template("resnet18"), tmp_path)
    module = build_module(open_template("resnet18"))
    owners = {name.rpartition(".")[0] for name in module.state_dict()}
    assert owners <= set(answer["layers"])
    assert {"layer1.0.add", "layer1.1.relu2", "flatten"} <= set(answer["layers"]), "operators and calls too"
    assert all(layer["seconds"] >= 0 for layer in answer["layers"].values())
    assert sum(layer["seconds"] for layer in answer["layers"].values()) > 0
    assert answer["runs"] == 3
    assert answer["batch"] == 1


def test_outputs_are_told_as_torch_tells_them(tmp_path: Path) -> None:
    project = open_template("lenet")
    torch.manual_seed(0)
    answer = measured(project, tmp_path, batch=4)
    torch.manual_seed(0)
    module = build_module(project).eval()
    from codegen.drawing import drawing_of

    values: dict[str, torch.Tensor] = {}
    for name, child in module.named_modules():
        child.register_forward_hook(lambda m, given, value, name=name: values.__setitem__(name, value))
    with torch.no_grad():
        module(*drawing_of(project).signature().examples(4))
    values["relu1"] = torch.relu(values["conv1"])
    for path in ("conv1", "relu1", "fc3"):
        told, value = answer["layers"][path], values[path].double()
        assert told["values"] == value.numel()
        assert told["mean"] == pytest.approx(float(value.mean()), abs=1e-9)
        assert told["std"] == pytest.approx(float(value.std(correction=0)), rel=1e-9)
        assert told["zeros"] == pytest.approx(float((value == 0).double().mean()))
        assert told["largest"] == pytest.approx(float(value.abs().max()))
        assert told["nans"] == 0


def test_what_is_no_number_is_counted_and_left_out_of_the_mean(tmp_path: Path) -> None:
    project = Project.new("logs")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 1000])
    graph.add("Map", id="l", name="log", function="log")
    graph.add("Output", id="y")
    graph.connect("x.y", "l.x")
    graph.connect("l.y", "y.x")
    told = measured(project, tmp_path)["layers"]["log"]
    from codegen.drawing import drawing_of

    [x] = drawing_of(project).signature().examples(1)
    value = torch.log(x).double()
    assert told["nans"] == pytest.approx(float(value.isnan().double().mean()))
    assert 0.4 < told["nans"] < 0.6
    assert told["mean"] == pytest.approx(float(value[~value.isnan()].mean()))


def test_steps_of_a_scan_are_added_up(tmp_path: Path) -> None:
    answer = measured(open_template("lstm_gates"), tmp_path)
    calls = {path: layer["calls"] for path, layer in answer["layers"].items()}
    assert calls["lstm.h_t"] == 8 if "lstm.h_t" in calls else calls["lstm.c_t"] == 8


def test_what_cannot_be_measured_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="The batch is 0"):
        measured(open_template("mlp"), tmp_path, batch=0)
    wrong = open_template("mlp")
    graph = wrong.networks["main"]
    graph.disconnect(next(iter(graph.wires)))
    with pytest.raises(Refusal, match="The drawing has"):
        measured(wrong, tmp_path)


def test_the_worker_answers(tmp_path: Path) -> None:
    save(open_template("mlp"), tmp_path / "net.netw")
    with Client() as client:
        answer = client.call("measure", {"file": str(tmp_path / "net.netw")}, timeout=120)
    assert answer["layers"]
    assert answer["seconds"] > 0
