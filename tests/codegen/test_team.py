"""Several processes learn what one learns, continue exactly, and do not outlive one another."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import codegen.train.loop as loop
from codegen.errors import Refusal, Unusable
from codegen.job import Job
from codegen.train import team
from codegen.train.run import LAST, WEIGHTS, Run
from codegen.train.work import train_drawing
from graph_core import save
from tests.codegen.drawings import chain, mlp


@pytest.fixture(scope="module")
def mlp_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("team") / "mlp.netw"
    save(mlp(), path)
    return path


def train(file: Path, out: Path, job: Job | None = None, **more: Any) -> dict[str, torch.Tensor]:
    train_drawing({"file": str(file), "out": str(out), "epochs": 2, **more}, job or Job())
    return load_file(out / WEIGHTS)


def test_two_learn_what_one_learns(tmp_path: Path) -> None:
    """Without random numbers and batch statistics, the sum of the shares' gradients is the batch's."""
    file = tmp_path / "plain.netw"
    save(chain(("Linear", {"out_features": 16}), ("ReLU", {}), ("Linear", {"out_features": 10}), shape=("N", 64)), file)
    one, two = (train(file, tmp_path / str(nproc), nproc=nproc) for nproc in (1, 2))
    for name, tensor in one.items():
        assert torch.allclose(tensor, two[name], atol=1e-4), name
    first, second = (Run.open(tmp_path / name).history for name in "12")
    for a, b in zip(first, second, strict=True):
        assert a["train_loss"] == pytest.approx(b["train_loss"], abs=1e-4)
        assert a["train_accuracy"] == pytest.approx(b["train_accuracy"], abs=0.005)


def test_a_schedule_that_follows_the_loss_and_closures_are_the_same_for_all(tmp_path: Path) -> None:
    """The leader alone measures the test loss; LBFGS evaluates together, as often in each process."""
    file = tmp_path / "plain.netw"
    save(chain(("Linear", {"out_features": 10}), shape=("N", 64)), file)
    schedule = {"kind": "plateau", "patience": 0, "threshold": 0.5, "factor": 0.5}
    optimizer = {"kind": "LBFGS", "lr": 0.05, "max_iter": 3}
    more = {"schedule": schedule, "optimizer": optimizer, "epochs": 4, "batch_size": 512}
    one, two = (train(file, tmp_path / str(nproc), nproc=nproc, **more) for nproc in (1, 2))
    for name, tensor in one.items():
        assert torch.allclose(tensor, two[name], atol=2e-3), name  # LBFGS makes more of how sums round
    first, second = ([row["lr"] for row in Run.open(tmp_path / name).history] for name in "12")
    assert first == second
    assert first[-1] < first[0]


def test_a_team_stopped_in_the_middle_continues_to_the_same_bits(
    mlp_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "TELL_EVERY", 0.0)
    whole = train(mlp_file, tmp_path / "whole", nproc=2)
    paused: list[str] = []

    def tell(report: dict[str, Any]) -> None:
        if report["kind"] == "batch" and (report["epoch"], report["batch"]) == (1, 9):
            job.control.pause()
        if report["kind"] == "state":
            paused.append(report["state"])
            if report["state"] == "paused":
                job.control.resume()
        if report["kind"] == "batch" and (report["epoch"], report["batch"]) == (2, 3):
            job.control.stop()

    job = Job(tell)
    train(mlp_file, tmp_path / "parts", job, nproc=2)
    assert paused == ["running", "paused", "running", "stopped"]
    assert load_file(tmp_path / "parts" / LAST)["random.torch"].shape[0] == 2
    parts = train(mlp_file, tmp_path / "parts", nproc=2, resume=True)
    assert all(torch.equal(parts[name], whole[name]) for name in whole)
    with pytest.raises(Unusable, match="number of processes has changed"):
        train(mlp_file, tmp_path / "parts", resume=True)


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_a_member_that_dies_is_told_in_one_sentence(
    mlp_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team, "TIMEOUT", timedelta(seconds=20))  # a death within an exchange shows only by that
    members: list[Any] = []
    started = team._start
    monkeypatch.setattr(team, "_start", lambda *given: members.append(started(*given)) or members[-1])

    def tell(report: dict[str, Any]) -> None:
        if report["kind"] == "epoch":
            os.kill(members[0].pid, signal.SIGKILL)

    with pytest.raises(Refusal, match="died; continue with --resume") as refusal:
        train(mlp_file, tmp_path / "run", Job(tell), nproc=2, epochs=500)
    assert "\n" not in str(refusal.value)
    assert Run.open(tmp_path / "run").state == "failed"
    assert members[0].poll() is not None


def test_teams_that_cannot_be_are_refused(mlp_file: Path, tmp_path: Path) -> None:
    for nproc, said in ((0, "from 1 to 64"), (65, "from 1 to 64"), (40, "cannot share batches of 64")):
        with pytest.raises(Unusable, match=said):
            train(mlp_file, tmp_path / "run", nproc=nproc)
    assert not (tmp_path / "run").exists()
