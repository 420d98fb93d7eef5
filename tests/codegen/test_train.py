"""Training repeats itself, continues exactly, can be stopped at any step, and refuses what cannot work."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import codegen.train.loop as loop
from codegen.data.arrays import load_data
from codegen.errors import Refusal, Unusable
from codegen.job import Control
from codegen.train.checkpoint import Checkpoint
from codegen.train.evaluate import evaluate
from codegen.train.examples import Examples, as_tensors, batch_bounds, batches, fit_shape, shifted
from codegen.train.run import BEST, LAST, RECORD, WEIGHTS, Run
from codegen.train.settings import Settings
from graph_core.optimizers import KINDS
from tests.codegen.models import Mlp

Report = dict[str, Any]


@pytest.fixture(scope="module")
def examples() -> Examples:
    """A third of the digits, as 64 features."""
    whole = as_tensors(load_data("digits"), (64,))
    return Examples(whole.x_train[::3], whole.y_train[::3], whole.x_test, whole.y_test, whole.classes)


def settings(**given: Any) -> Settings:
    return Settings.from_json({"epochs": 3, "batch_size": 32, "optimizer": {"kind": "AdamW", "lr": 0.01}} | given)


def start(folder: Path, **given: Any) -> Run:
    return Run.create(folder, settings(**given), {}, {})


def weights(run: Run, name: str = WEIGHTS) -> dict[str, Tensor]:
    return load_file(run.path(name))


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def timeless(history: list[Report]) -> list[Report]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in history]


def stop_after(control: Control, count: int) -> Callable[[Report], None]:
    """A watch that asks to stop at the count-th batch."""
    seen = 0

    def watch(report: Report) -> None:
        nonlocal seen
        seen += report["kind"] == "batch"
        if seen == count:
            control.stop()

    return watch


OWN = {
    "LBFGS": {"max_iter": 3, "history_size": 4, "lr": 0.1},
    "Muon": {"groups": [{"role": "not-matrix", "kind": "AdamW"}]},
}


@pytest.mark.parametrize(
    "optimizer",
    [{"kind": kind, **OWN.get(kind, {})} for kind in KINDS]
    + [{"kind": "SGD", "momentum": 0.9, "groups": [{"match": ["fc1"], "frozen": True}, {"role": "norm", "lr": 0.5}]}],
)
def test_interrupted_twice_it_ends_with_the_same_bits(
    tmp_path: Path, examples: Examples, monkeypatch: pytest.MonkeyPatch, optimizer: Report
) -> None:
    """Dropout, batch normalization, shuffling, optimizer state and schedule all continue where they were."""
    monkeypatch.setattr(loop, "TELL_EVERY", 0.0)
    whole = start(tmp_path / "whole", optimizer=optimizer)
    loop.train(Mlp, examples, whole)

    parts = start(tmp_path / "parts", optimizer=optimizer)
    for count in (7, 15):  # in the middle of the first epoch and of a later one
        control = Control()
        loop.train(Mlp, examples, parts, stop_after(control, count), control)
        assert parts.state == "stopped"
        parts = Run.open(tmp_path / "parts")
    loop.train(Mlp, examples, parts)

    assert parts.state == "finished"
    assert timeless(parts.history) == timeless(whole.history)
    for name in (WEIGHTS, BEST, LAST):
        assert same(weights(parts, name), weights(whole, name)), name
    assert parts.best == whole.best


def test_a_plateau_lowers_the_rate_and_continues_where_it_was(
    tmp_path: Path, examples: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "TELL_EVERY", 0.0)
    plateau = {"kind": "plateau", "patience": 0, "factor": 0.5, "threshold": 0.3}
    whole = start(tmp_path / "whole", schedule=plateau, epochs=6)
    loop.train(Mlp, examples, whole)
    rates = [row["lr"] for row in whole.history]
    assert rates[0] == 0.01
    assert rates[-1] < rates[0]
    assert sorted(rates, reverse=True) == rates
    parts, control = start(tmp_path / "parts", schedule=plateau, epochs=6), Control()
    loop.train(Mlp, examples, parts, stop_after(control, 50), control)
    parts = Run.open(tmp_path / "parts")
    assert 1 < len(parts.history) < 6
    loop.train(Mlp, examples, parts)
    assert timeless(parts.history) == timeless(whole.history)
    assert same(weights(parts), weights(whole))


def test_a_seed_repeats_and_another_differs(tmp_path: Path, examples: Examples) -> None:
    runs = [start(tmp_path / str(number), seed=seed, epochs=1) for number, seed in enumerate((0, 0, 1))]
    for run in runs:
        torch.rand(3)  # whatever else draws numbers does not matter
        loop.train(Mlp, examples, run)
    assert same(weights(runs[0]), weights(runs[1]))
    assert not same(weights(runs[0]), weights(runs[2]))


def test_it_leaves_the_callers_random_stream_and_threads_alone(tmp_path: Path, examples: Examples) -> None:
    torch.manual_seed(5)
    wanted = torch.rand(4)
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    loop.train(Mlp, examples, start(tmp_path / "run", epochs=1))
    assert torch.equal(torch.rand(4), wanted)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_it_learns_and_tells(tmp_path: Path, examples: Examples) -> None:
    told: list[Report] = []
    run = start(tmp_path / "run", epochs=6)
    module = loop.train(Mlp, examples, run, told.append)
    rows = run.history
    assert run.result["accuracy"] == rows[-1]["test_accuracy"] > 0.9
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert {"train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds", "lr"} < rows[0].keys()
    assert run.best["test_accuracy"] == max(row["test_accuracy"] for row in rows)
    assert [report for report in told if report["kind"] == "epoch"][2]["epoch"] == 3
    assert any(report["kind"] == "batch" for report in told)
    assert not module.training
    again = Run.open(run.folder)
    assert (again.history, again.result, again.state) == (rows, run.result, "finished")
    # The weights on the disk are those whose accuracy is reported.
    fresh = Mlp()
    fresh.load_state_dict(weights(run))
    assert evaluate(fresh, examples.x_test, examples.y_test)[1] == run.result["accuracy"]


def test_a_finished_run_continues_to_the_same_result(tmp_path: Path, examples: Examples) -> None:
    run = start(tmp_path / "run", epochs=1)
    loop.train(Mlp, examples, run)
    again = Run.open(run.folder)
    loop.train(Mlp, examples, again)
    assert again.result["accuracy"] == run.result["accuracy"]
    assert len(again.history) == 1


def test_paused_it_keeps_a_checkpoint_and_goes_on_unchanged(
    tmp_path: Path, examples: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "TELL_EVERY", 0.0)
    whole = start(tmp_path / "whole", epochs=1)
    loop.train(Mlp, examples, whole)
    paused, control, states = start(tmp_path / "paused", epochs=1), Control(), []

    def watch(report: Report) -> None:
        if report["kind"] == "batch" and report["batch"] == 4:
            control.pause()
        if report["kind"] == "state":
            states.append(report["state"])
            if report["state"] == "paused":
                assert Checkpoint.read(paused.path(LAST)).position["batch"] == 4
                assert Run.open(paused.folder).state == "paused"
                control.resume()

    loop.train(Mlp, examples, paused, watch, control)
    assert states == ["running", "paused", "running", "finished"]
    assert same(weights(paused), weights(whole))


def test_a_loss_that_is_no_number_is_said_in_one_sentence(tmp_path: Path, examples: Examples) -> None:
    run = start(tmp_path / "run", optimizer={"kind": "SGD", "lr": 100.0}, schedule="constant", epochs=30)

    def unstable() -> nn.Module:
        return nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10))

    with pytest.raises(Refusal, match="lower the learning rate"):
        loop.train(unstable, examples, run)
    assert Run.open(run.folder).state == "failed"


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (nn.Linear(63, 10), "cannot take examples of shape"),
        (nn.Linear(64, 9), "10 classes and the network only 9 outputs"),
        (nn.Unflatten(1, (8, 8)), "no trainable parameters"),
        (nn.Sequential(nn.Linear(64, 10), nn.Unflatten(1, (2, 5))), "needs an output of shape"),
        (nn.LSTM(64, 10), "needs an output of shape"),
    ],
)
def test_what_does_not_fit_the_data_is_refused(
    tmp_path: Path, examples: Examples, module: nn.Module, said: str
) -> None:
    with pytest.raises(Refusal, match=said):
        loop.train(lambda: module, examples, start(tmp_path / "run"))


def test_damaged_checkpoints_are_refused(tmp_path: Path, examples: Examples) -> None:
    run = start(tmp_path / "run", epochs=1)
    loop.train(Mlp, examples, run)
    whole = run.path(LAST).read_bytes()
    for content in (b"", whole[:50], whole[: len(whole) // 2], b"\xff" * 100, run.path(WEIGHTS).read_bytes()):
        run.path(LAST).write_bytes(content)
        with pytest.raises(Unusable):
            loop.train(Mlp, examples, Run.open(run.folder))
    run.path(LAST).write_bytes(whole)
    with pytest.raises(Unusable, match="does not fit this network"):
        loop.train(lambda: nn.Linear(64, 10), examples, Run.open(run.folder))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"[" * 9999, b'{"netwright_run": 1, "state": 3}', b"\xff"])
def test_damaged_records_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / RECORD).write_bytes(content)
    with pytest.raises(Unusable):
        Run.open(tmp_path)


def test_a_run_is_not_overwritten_nor_continued_with_other_settings(tmp_path: Path) -> None:
    run = start(tmp_path / "run")
    with pytest.raises(Unusable, match="already holds a run"):
        start(tmp_path / "run")
    with pytest.raises(Unusable, match="epochs 3, not 4"):
        run.check_same(settings(epochs=4), {})
    run.identity = {"drawing": "a"}
    with pytest.raises(Unusable, match="The drawing has changed"):
        run.check_same(settings(), {"drawing": "b"})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": True}, "epochs"),
        ({"epochs": "3"}, "epochs"),
        ({"batch_size": -1}, "batch_size"),
        ({"seed": 2**32}, "seed"),
        ({"schedule": "sawtooth"}, "schedule"),
        ({"label_smoothing": math.nan}, "label_smoothing"),
        ({"speed": 1}, "speed"),
        ({"data": ""}, "data"),
        ({"optimizer": {"kind": "Magic"}}, "AdamW"),
        ({"optimizer": "Adam"}, "optimizer"),
        ({"optimizer": {"kind": "SGD", "lr": -1}}, "lr"),
        ({"optimizer": {"kind": "SGD", "lr": math.inf}}, "lr"),
        ({"optimizer": {"kind": "SGD", "beta1": 0.9}}, "beta1"),
        ({"optimizer": {"kind": "SGD", "nesterov": True}}, "momentum"),
        ({"optimizer": {"kind": "SGD", "groups": [{"layers": "fc1"}]}}, "Group 1 has no field layers"),
        ({"optimizer": {"kind": "SGD", "groups": {}}}, "no list of groups"),
        ({"schedule": {"kind": "step", "gama": 2}}, "step has no field gama"),
        ({"schedule": {"kind": "step", "gamma": -1}}, "gamma is -1"),
        ({"schedule": ["step"]}, "schedule"),
    ],
)
def test_settings_name_the_field_at_fault(given: Report, said: str) -> None:
    with pytest.raises(Unusable, match=said) as refusal:
        settings(**given)
    assert "\n" not in str(refusal.value)


def test_every_example_comes_once_an_epoch_and_no_batch_has_one(examples: Examples) -> None:
    few = Examples(examples.x_train[:33], torch.arange(33), examples.x_test, examples.y_test, examples.classes)
    parts = [y for _, y in batches(few, 8, seed=3, epoch=1, shift=0, first=0)]
    assert [len(part) for part in parts] == [8, 8, 8, 9]
    assert sorted(torch.cat(parts).tolist()) == list(range(33))
    assert torch.equal(torch.cat([y for _, y in batches(few, 8, 3, 1, 0, first=2)]), torch.cat(parts[2:]))
    assert not torch.equal(torch.cat([y for _, y in batches(few, 8, 3, 2, 0, 0)]), torch.cat(parts))
    assert batch_bounds(1, 8) == [(0, 1)]


def test_shifting_moves_images_and_fills_with_zero() -> None:
    x = torch.arange(1.0, 19.0).reshape(2, 1, 3, 3)
    moved = shifted(x, torch.tensor([[1, 0], [0, -1]]), 1)
    assert moved[0, 0].tolist() == [[0, 0, 0], [1, 2, 3], [4, 5, 6]]
    assert moved[1, 0].tolist() == [[11, 12, 0], [14, 15, 0], [17, 18, 0]]


def test_shapes_are_regrouped_only_where_every_size_is_known() -> None:
    assert fit_shape((1, 8, 8), (1, "H", "W")) == (1, 8, 8)
    assert fit_shape((1, 8, 8), (64,)) == (64,)
    assert fit_shape((1, 8, 8), ("T", 8)) == (8, 8)
    for takes in [(3, 224, 224), ("T", "F"), ("T", 7), (1, 64, "K", "L")]:
        with pytest.raises(Refusal, match="1×8×8"):
            fit_shape((1, 8, 8), takes)
