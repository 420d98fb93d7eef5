"""A run's weights kept with its drawing: the built module has them, whatever was renamed meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from onnx import numpy_helper
from safetensors.torch import load_file

from codegen import build_module
from codegen.deploy.work import export_drawing
from codegen.errors import Unusable
from codegen.job import Job
from codegen.keep import keep_run
from codegen.train.checkpoint import save_tensors
from codegen.train.predict import predict
from codegen.train.work import train_drawing
from graph_core import edits, load, save
from graph_core.kept import hash_of, put, refer, reference, stored, weights_path
from graph_core.templates import open_template


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One epoch of the mlp."""
    folder = tmp_path_factory.mktemp("run")
    save(open_template("mlp"), folder / "net.netw")
    train_drawing({"file": str(folder / "net.netw"), "out": str(folder / "run"), "epochs": 1}, Job())
    return folder / "run"


def keep(file: Path, run: Path, store: Path) -> dict[str, Any]:
    """What the window does: ask the worker, refer to the answer, save with the weights beside."""
    answer = keep_run({"file": str(file), "run": str(run), "store": str(store)}, Job())
    project = load(file)
    refer(project, answer["hash"])
    save(project, file)
    put(stored(store, answer["hash"]), weights_path(file))
    return answer


def test_the_built_module_has_the_runs_weights(run: Path, tmp_path: Path):
    project, file = open_template("mlp"), tmp_path / "net.netw"
    for id, node in list(project.networks["main"].nodes.items()):
        if node.type not in ("Input", "Output"):
            edits.rename(project.networks["main"], id, f"{node.name}_now")
    save(project, file)
    answer = keep(file, run, tmp_path / "store")
    reached = load_file(run / "model.safetensors")
    assert answer["tensors"] == len(reached)
    assert answer["bytes"] == weights_path(file).stat().st_size
    found = build_module(load(file)).state_dict()
    for path, tensor in reached.items():
        module, _, name = path.rpartition(".")
        torch.testing.assert_close(found[f"{module}_now.{name}"], tensor)


def test_a_run_of_a_drawing_with_weights_stands_alone(run: Path, tmp_path: Path):
    """It starts from them, and what comes later needs the run's folder only."""
    file = tmp_path / "net.netw"
    save(open_template("mlp"), file)
    keep(file, run, tmp_path / "store")
    out = tmp_path / "second"
    answer = train_drawing({"file": str(file), "out": str(out), "epochs": 1}, Job())
    assert reference(load(out / "drawing.netw")) == ""
    assert len(predict({"run": str(out), "values": [0.0] * 64}, Job())["probabilities"]) == 10
    fresh = train_drawing({"file": str(run / "drawing.netw"), "out": str(tmp_path / "third"), "epochs": 1}, Job())
    assert answer["loss"] < fresh["loss"]


def test_weights_of_other_networks_stay(run: Path, tmp_path: Path):
    project, file, store = open_template("mlp"), tmp_path / "net.netw", tmp_path / "store"
    save(project, file)
    keep(file, run, store)
    tensors = load_file(weights_path(file))
    other = {key.replace("main/", "other/"): tensor for key, tensor in tensors.items()}
    save_tensors(weights_path(file), other, {})
    project = load(file)
    refer(project, hash_of(weights_path(file)))
    save(project, file)
    keep(file, run, store)
    assert load_file(weights_path(file)).keys() == tensors.keys() | other.keys()


def test_lost_weights_do_not_keep_new_ones_out(run: Path, tmp_path: Path):
    project, file = open_template("mlp"), tmp_path / "net.netw"
    refer(project, "0" * 64)
    save(project, file)
    assert keep(file, run, tmp_path / "store")["tensors"] > 0
    assert build_module(load(file)) is not None


@pytest.mark.parametrize("form", ["py", "onnx"])
def test_an_export_without_a_run_takes_them(run: Path, tmp_path: Path, form: str):
    file, out = tmp_path / "net.netw", tmp_path / f"made.{form}"
    save(open_template("mlp"), file)
    keep(file, run, tmp_path / "store")
    answer = export_drawing({"file": str(file), "out": str(out), "format": form}, Job())
    reached = load_file(run / "model.safetensors")
    if form == "py":
        assert answer["files"] == [str(out), str(tmp_path / "made.safetensors")]
        written = load_file(tmp_path / "made.safetensors")
    else:
        graph = onnx.load(out).graph
        written = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    for path, tensor in reached.items():
        torch.testing.assert_close(written[path], tensor)


def test_what_is_no_run_is_refused(tmp_path: Path):
    save(open_template("mlp"), tmp_path / "net.netw")
    args = {"file": str(tmp_path / "net.netw"), "run": str(tmp_path / "none"), "store": str(tmp_path / "store")}
    with pytest.raises(Unusable, match="holds no run"):
        keep_run(args, Job())
    assert not (tmp_path / "store").exists()
