"""The whole way from a drawing: in a worker that may be killed, and from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from codegen.client import Client, WorkerFailed, worker_environment
from codegen.data.arrays import load_data
from codegen.drawing import open_drawing
from codegen.errors import Refusal, Unusable
from codegen.job import Job
from codegen.train.context import open_trained
from codegen.train.evaluate import scores_of
from codegen.train.predict import picture
from codegen.train.run import LAST, WEIGHTS, Run
from codegen.train.work import train_drawing
from codegen.verbs import VERBS, load_verb, run_verb
from graph_core import save
from tests.codegen.drawings import chain, mlp

PATIENCE = 120.0
COMMAND = "import sys; from codegen.verbs import run_verb; sys.exit(run_verb(sys.argv[1], sys.argv[2:]))"


@pytest.fixture(scope="module")
def mlp_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mlp") / "mlp.netw"
    save(mlp(), path)
    return path


@pytest.fixture(scope="module")
def client() -> Any:
    with Client() as client:
        yield client


def test_killed_in_the_middle_it_continues_to_the_same_bits(mlp_file: Path, tmp_path: Path) -> None:
    args = {"file": str(mlp_file), "epochs": 6}
    train_drawing({**args, "out": str(tmp_path / "whole")}, Job())
    epochs, third = [], threading.Event()

    def listen(message: dict[str, Any]) -> None:
        if message["event"] == "progress" and message["data"]["kind"] == "epoch":
            epochs.append(message["data"]["epoch"])
            if len(epochs) == 3:
                os.kill(client.process.pid, signal.SIGKILL)
                third.set()

    with Client() as client:
        pending = client.submit("train", {**args, "out": str(tmp_path / "parts")}, listen)
        assert third.wait(PATIENCE)
        with pytest.raises(WorkerFailed, match="SIGKILL"):
            pending.result(PATIENCE)
    assert Run.open(tmp_path / "parts").state == "running"  # nobody was left to write otherwise
    answer = train_drawing({**args, "out": str(tmp_path / "parts"), "resume": True}, Job())
    assert answer["state"] == "finished"
    whole, parts = (load_file(tmp_path / name / WEIGHTS) for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_a_worker_trains_pauses_and_stops_and_the_weights_can_be_used(
    client: Client, mlp_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    states: list[str] = []
    paused, moving = threading.Event(), threading.Event()

    def listen(message: dict[str, Any]) -> None:
        report = message.get("data", {})
        if report.get("kind") == "epoch":
            moving.set()
        if report.get("kind") == "state":
            states.append(report["state"])
            if report["state"] == "paused":
                paused.set()

    pending = client.submit("train", {"file": str(mlp_file), "out": str(out), "epochs": 10_000}, listen)
    assert moving.wait(PATIENCE)
    pending.pause()
    assert paused.wait(PATIENCE)
    pending.resume()
    pending.cancel()
    answer = pending.result(PATIENCE)
    assert answer["state"] == "stopped"
    assert states[:2] == ["running", "paused"]
    assert states[-1] == "stopped"
    values = load_data("digits").x_test[0].ravel().tolist()
    said = client.call("predict", {"run": str(out), "values": values}, PATIENCE)
    assert sum(said["probabilities"]) == pytest.approx(1.0)
    described = client.call("run", {"run": str(out)}, PATIENCE)
    assert described["history"] == Run.open(out).history


def test_a_prediction_is_the_networks_and_shows_every_node(client: Client, lenet_file: Path, lenet_run: Path) -> None:
    trained = open_trained(open_drawing(lenet_file), lenet_run)
    x = trained.examples.x_test[:3]
    wanted = scores_of(trained.module, x).softmax(1)
    for example, row in zip(x, wanted, strict=True):
        said = client.call("predict", {"run": str(lenet_run), "values": example.ravel().tolist()}, PATIENCE)
        assert said["probabilities"] == pytest.approx(row.tolist(), abs=1e-5)
    assert said["classes"] == list("0123456789")
    pictures = said["activations"]
    graph = open_drawing(lenet_file).project.networks["main"]
    assert pictures.keys() == {node.name for node in graph.nodes.values()}
    first = trained.module.get_submodule("conv2d1")(x[2:])[0].detach()
    shown = pictures["conv2d1"]
    assert shown["shape"] == [16, 8, 8]
    assert shown["low"] == pytest.approx(float(first.min()), abs=1e-5)
    grey = torch.tensor(shown["maps"], dtype=torch.float32).reshape(16, 8, 8)
    back = shown["low"] + grey / 255 * (shown["high"] - shown["low"])
    assert torch.allclose(back, first, atol=float(shown["high"] - shown["low"]) / 255)
    assert pictures["relu2"]["low"] == 0
    bare = client.call("predict", {"run": str(lenet_run), "values": values_of(x[0]), "activations": False}, PATIENCE)
    assert "activations" not in bare


def values_of(example: torch.Tensor) -> list[float]:
    return [float(value) for value in example.ravel()]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"values": [0.0] * 63}, "63 values; an example has 64"),
        ({"values": ["a"] * 64}, "list of numbers"),
        ({"values": [[0.0]] * 64}, "flat list"),
        ({"values": "0"}, "must be a list"),
        ({}, "needs values"),
        ({"values": [0.0] * 64, "run": "/nowhere"}, "holds no run"),
        ({"values": [0.0] * 64, "run": 3}, "run must be a text"),
        ({"values": [0.0] * 64, "size": 8}, "no use for 'size'"),
    ],
)
def test_predict_says_what_it_needs(client: Client, lenet_run: Path, args: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        client.call("predict", {"run": str(lenet_run)} | args, PATIENCE)


def test_pictures_are_small_whatever_the_node_computes() -> None:
    for shape in ((64, 112, 112), (7,), (1000,), (12, 300), (3, 4, 5, 6), ()):
        shown = picture(torch.randn(shape))
        assert len(shown["maps"]) <= 16
        assert {len(entry) for entry in shown["maps"]} == {shown["rows"] * shown["columns"]}
        assert len(json.dumps(shown)) < 25_000
        assert len(json.dumps(picture(torch.randn(shape), 50))) < 400
    assert picture(torch.full((3,), 2.0))["maps"] == [[0, 0, 0]]


def test_a_file_of_ones_own_is_found_again_from_another_folder(
    mlp_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    x = np.random.RandomState(0).rand(60, 8, 8).astype(np.float32)
    np.savez("own.npz", x=x, y=np.arange(60) % 3)
    train_drawing({"file": str(mlp_file), "out": "run", "data": "own.npz", "epochs": 1}, Job())
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    trained = open_trained(open_drawing(mlp_file), tmp_path / "run")
    assert trained.examples.shape == (64,)
    np.savez(tmp_path / "own.npz", x=x + 1, y=np.arange(60) % 3)
    with pytest.raises(Unusable, match="has changed"):
        open_trained(open_drawing(mlp_file), tmp_path / "run")


def test_a_run_is_continued_only_with_the_drawing_it_began_with(mlp_file: Path, tmp_path: Path) -> None:
    args = {"file": str(mlp_file), "out": str(tmp_path / "run"), "epochs": 1}
    train_drawing(args, Job())
    with pytest.raises(Unusable, match="already holds a run"):
        train_drawing(args, Job())
    with pytest.raises(Unusable, match="epochs 1, not 2"):
        train_drawing({**args, "epochs": 2, "resume": True}, Job())
    other = chain(("Linear", {"out_features": 10}), shape=("N", 64))
    save(other, tmp_path / "other.netw")
    with pytest.raises(Unusable, match="drawing has changed"):
        train_drawing({**args, "file": str(tmp_path / "other.netw"), "resume": True}, Job())


def command(*argv: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *argv],
        capture_output=True,
        text=True,
        env=worker_environment(),
        timeout=300,
        **more,
    )


def test_train_ends_with_one_line_of_json(mlp_file: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "run")
    done = command("train", str(mlp_file), "--data", "digits", "--epochs", "2", "--out", out, "--seed", "3", "--json")
    assert done.returncode == 0
    (line,) = done.stdout.splitlines()
    answer = json.loads(line)
    assert answer.keys() == {"accuracy", "loss", "epochs", "seconds", "run"}
    assert answer["run"] == out
    assert Run.open(tmp_path / "run").settings.seed == 3
    assert "epoch 2/2" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal there")
def test_ctrl_c_loses_nothing(mlp_file: Path, tmp_path: Path) -> None:
    argv = ["train", str(mlp_file), "--epochs", "100000", "--out", str(tmp_path / "run")]
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *argv], stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=worker_environment()
    )
    assert process.stderr is not None
    process.stderr.readline()  # the first report: it trains
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"--resume" in stderr
    assert b"Traceback" not in stderr
    run = Run.open(tmp_path / "run")
    assert run.state == "stopped"
    assert run.path(LAST).exists()
    assert run.path(WEIGHTS).exists()


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["train", "none.netw", "--out", "run"], 2, "cannot be opened"),
        (["train", "wrong.netw", "--out", "run"], 1, "The drawing has an error"),
        (["train", "mlp.netw", "--out", "run", "--data", "cats"], 2, "digits"),
        (["train", "mlp.netw", "--out", "run", "--epochs", "0"], 2, "epochs"),
        (["train", "big.netw", "--out", "run", "--epochs", "1"], 1, "3×224×224"),
        (["train", "words.netw", "--out", "run", "--epochs", "1"], 1, "takes whole numbers"),
        (["quantize", "mlp.netw", "--run", "none", "-o", "out"], 2, "holds no run"),
        (["quantize", "mlp.netw", "--run", "none", "--bits", "12", "-o", "out"], 2, "2 … 8"),
        (["export", "mlp.netw", "-o", "model.h5"], 2, "--format"),
        (["export", "wrong.netw", "-o", "model.py"], 1, "The drawing has an error"),
    ],
)
def test_refusals_are_one_line_and_the_exit_code_tells_whose_fault(
    mlp_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    argv: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlp.netw").write_bytes(mlp_file.read_bytes())
    save(chain(("Conv2d", {}), shape=("N", 5)), tmp_path / "wrong.netw")
    save(chain(("Flatten", {}), ("Linear", {"out_features": 10}), shape=("N", 3, 224, 224)), tmp_path / "big.netw")
    words = chain(("Embedding", {}), ("Flatten", {}), ("Linear", {"out_features": 10}), shape=("N", 64))
    words.networks["main"].set("x", dtype="int64")
    save(words, tmp_path / "words.netw")
    assert run_verb(argv[0], argv[1:]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"netwright {argv[0]}: ")
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_export_and_quantize_print_what_they_did(
    lenet_file: Path, lenet_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = [str(lenet_file), "--run", str(lenet_run)]
    assert run_verb("export", [*shared, "--format", "py", "-o", str(tmp_path / "m.py"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "py"
    out = str(tmp_path / "q.safetensors")
    assert run_verb("quantize", [*shared, "--bits", "4", "--epochs", "1", "-o", out]) == 0
    table = capsys.readouterr().out
    assert "torch 4 bit" in table
    assert "int8" not in table
    assert Path(out).exists()


def test_help_is_light_and_usage_leaves_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    for name in VERBS:
        verb = load_verb(name)
        assert verb.HELP
        assert "\n" not in verb.HELP
        with pytest.raises(SystemExit) as leaving:
            run_verb(name, ["--help"])
        assert leaving.value.code == 0
    with pytest.raises(SystemExit) as leaving:
        run_verb("train", [])
    assert leaving.value.code == 2
    code = "import codegen.verbs as v, sys; [v.load_verb(n) for n in v.VERBS]\n"
    code += "print([name for name in ('torch', 'onnx', 'sklearn', 'PySide6') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=worker_environment())
    assert done.stdout.strip() == "[]"
