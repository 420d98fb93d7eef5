"""`netwright import`: in a worker, with a report, and code that is not installed only where that is allowed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from codegen.build import build_module
from codegen.verbs import run_verb
from graph_core import load

SOURCE = """
import torch
from torch import nn

open("ran", "w").close()

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 3)
        self.register_buffer("fixed", torch.arange(3.0), persistent=False)

    def forward(self, x):
        return self.fc(x).relu() * self.fixed
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mynet.py").write_text(SOURCE)


def test_a_module_is_imported_with_its_weights(capsys: pytest.CaptureFixture[str]):
    words = ["mynet:Net", "--input", "2,6", "-o", "net.netw", "--allow-code", "--json"]
    assert run_verb("import", words) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["equal"]
    assert report["opaque"] == 0
    assert {row["training"] for row in report["comparison"]} == {False, True}
    assert max(row["gradients"] for row in report["comparison"]) <= 1e-5
    module = build_module(load("net.netw"))
    assert set(module.state_dict()) == {"fc.weight", "fc.bias"}
    assert torch.equal(dict(module.named_buffers())["fixed"], torch.arange(3.0))


def test_an_interruption_ends_with_130_and_no_traceback():
    Path("slow.py").write_text("import time\nopen('begun', 'w').close()\ntime.sleep(60)\n")
    words = [sys.executable, "-m", "designer.command", "import", "slow:Net", "--input", "2,6", "-o", "net.netw"]
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root}
    process = subprocess.Popen([*words, "--allow-code"], stderr=subprocess.PIPE, text=True, env=environment)
    while not Path("begun").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert told.strip().splitlines()[-1] == "netwright import: interrupted."
    assert not Path("net.netw").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["mynet:Net", "--input", "2,6", "-o", "net.netw"], "--allow-code"),
        (["torch.nn:Nothing", "--input", "2,6", "-o", "net.netw"], "Nothing"),
        (["torch.nn", "--input", "2,6", "-o", "net.netw"], "package.module:callable"),
        (["torch.nn:Identity", "--input", "2,x", "-o", "net.netw"], "are no sizes"),
        (["torch.nn:Identity", "--input", "2,6", "-o", "net.txt"], ".netw"),
        (["torch.nn:ReLU", "--input", "0", "-o", "net.netw"], "ReLU"),
    ],
)
def test_what_cannot_be_imported_is_said_in_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]):
    assert run_verb("import", words) in (1, 2)
    lines = capsys.readouterr().err.strip().splitlines()
    assert told in lines[-1]
    assert not Path("ran").exists()
    assert not Path("net.netw").exists()
