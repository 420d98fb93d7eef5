"""The training script and the test that are written beside a source: they run, and say what the drawing says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from codegen.emit import EmitError
from codegen.emit.checks import emit_checks
from codegen.emit.recipe import emit_training
from codegen.train.optimizers import build_optimizer
from codegen.verbs import run_verb
from graph_core import Project, edits, save
from graph_core.optimizers import KINDS, optimizer_values
from graph_core.schedules import SCHEDULES, Place, rate_at, schedule_values
from graph_core.templates import open_template, templates

NAMES = [template.name for template in templates()]
RATE = 0.05


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All templates as sources, each with its script and its test."""
    path = tmp_path_factory.mktemp("beside")
    for name in NAMES:
        save(open_template(name), path / f"{name}.netw")
        assert run_verb("emit", [str(path / f"{name}.netw"), "-o", str(path / f"{name}.py"), "--train", "--test"]) == 0
    return path


def run(*command: object, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-m", *map(str, command)], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_they_are_formatted_clean_and_typed(folder: Path) -> None:
    assert len(list(folder.glob("*.py"))) == 3 * len(NAMES)
    run("ruff", "format", "--check", "--diff", "--isolated", "--no-cache", ".", folder=folder)
    run("ruff", "check", "--isolated", "--no-cache", "--select", "E,F,I,B,UP,RET,SIM", ".", folder=folder)
    options = ["--check-untyped-defs", "--disallow-untyped-defs", "--ignore-missing-imports", "--config-file", ""]
    run("mypy", *options, ".", folder=folder)


def test_the_tests_pass_and_can_fail(folder: Path) -> None:
    chosen = [f"test_{name}.py" for name in NAMES if name not in ("resnet18", "transformer_encoder")]
    assert "failed" not in run("pytest", "-q", "-p", "no:cacheprovider", *chosen, folder=folder)
    other = folder / "other"
    other.mkdir()
    source = (folder / "lenet.py").read_text(encoding="utf-8")
    assert "nn.Linear(84, 10)" in source
    (other / "lenet.py").write_text(source.replace("nn.Linear(84, 10)", "nn.Linear(84, 11)"), encoding="utf-8")
    (other / "test_lenet.py").write_text((folder / "test_lenet.py").read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_lenet.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=other)
    assert done.returncode == 1
    assert "3 failed" in done.stdout, done.stdout


def test_the_script_trains(folder: Path) -> None:
    told = run("train_lenet", "--epochs", "3", folder=folder).splitlines()
    assert len(told) == 4
    assert float(told[2].rpartition(" ")[2]) > 0.85
    assert (folder / "weights.safetensors").stat().st_size > 100_000


def script(project: Project) -> dict[str, Any]:
    """The functions of a project's script, its network standing in."""
    text = emit_training(project, "main", "model").replace("from model import", "# from model import")
    names: dict[str, Any] = {"__name__": "script"}
    exec(compile(text, "script", "exec"), names)
    return names


@pytest.mark.parametrize("kind", list(SCHEDULES))
def test_the_schedule_is_the_drawings(kind: str) -> None:
    project = open_template("lenet")
    edits.set_setup(project, "main", "training", {"schedule": kind, "epochs": 12})
    parameter = nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.SGD([parameter], lr=RATE)
    batches, epochs = 5, 12
    schedule = script(project)["make_schedule"](optimizer, epochs * batches, epochs)
    rates, scores = [], []
    for epoch in range(epochs):
        for batch in range(batches):
            rates.append(optimizer.param_groups[0]["lr"])
            parameter.grad = torch.ones(2)
            optimizer.step()
            last = epoch == epochs - 1 and batch == batches - 1
            if SCHEDULES[kind].each == "step" and not last:
                schedule.step(*([epoch + (batch + 1) / batches] if kind == "cosine-restarts" else []))
        scores.append(1.0)
        if SCHEDULES[kind].each == "epoch":
            schedule.step(*([1.0] if kind == "plateau" else []))
    values = schedule_values(kind)
    places = [
        Place(step, epochs * batches, step // batches, epochs, scores[: step // batches])
        for step in range(epochs * batches)
    ]
    assert rates == pytest.approx([rate_at(values, RATE, place) for place in places], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("kind", [name for name in KINDS if hasattr(torch.optim, name) and KINDS[name].rank == 0])
def test_the_optimizer_is_the_drawings(kind: str) -> None:
    project = open_template("lenet")
    edits.set_setup(project, "main", "optimizer", {"kind": kind, "lr": 0.003, "weight_decay": None})
    model = nn.Linear(3, 2)
    [made] = script(project)["make_optimizers"](model)
    [wanted] = build_optimizer(model, optimizer_values(project.setup("main"))).parts
    assert type(made) is type(wanted)
    own = {key: value for key, value in made.param_groups[0].items() if key != "params"}
    expected = {k: v for k, v in wanted.param_groups[0].items() if k not in ("params", "peak_lr")}
    assert own == expected
    assert ("def closure" in emit_training(project, "main", "model")) == (kind == "LBFGS")


def test_groups_freeze_and_take_their_own_values() -> None:
    project = open_template("lenet")
    groups = [
        {"match": "conv1", "frozen": True},
        {"match": "fc3", "lr": 0.5},
        {"match": "fc2", "kind": "SGD", "lr": 0.25},
    ]
    edits.set_setup(project, "main", "optimizer", {"kind": "AdamW", "lr": 0.003, "groups": groups})
    from codegen import build_module

    model = build_module(project)
    adam, sgd = script(project)["make_optimizers"](model)
    assert not model.conv1.weight.requires_grad  # type: ignore[union-attr]
    assert [group["lr"] for group in adam.param_groups] == [0.5, 0.003]
    assert [len(group["params"]) for group in adam.param_groups] == [2, 4]
    assert isinstance(sgd, torch.optim.SGD)
    assert sgd.param_groups[0]["lr"] == 0.25


def test_what_cannot_be_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(open_template("mlp"), tmp_path / "mlp.netw")
    assert run_verb("emit", [str(tmp_path / "mlp.netw"), "--test"]) == 2
    assert "name that with -o" in capsys.readouterr().err
    assert run_verb("emit", [str(tmp_path / "mlp.netw"), "-o", str(tmp_path / "my-model.py"), "--train"]) == 2
    assert "cannot be imported" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlp.netw"]
    project = Project.new("two")
    graph = project.networks["main"]
    for id in ("a", "b"):
        graph.add("Input", id=id, name=id, shape=["N", 3])
    graph.add("Add", id="s")
    graph.add("Output", id="y")
    for target, source in {"s.a": "a.y", "s.b": "b.y", "y.x": "s.y"}.items():
        graph.connect(source, target)
    with pytest.raises(EmitError, match="one input; Two has 2"):
        emit_training(project, "main", "model")
    assert "torch.randn((batch, 3)), torch.randn((batch, 3))" in emit_checks(project, "main", "model")
