"""Exported programs of known models: the drawing loads the original's own weights, and does the very same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from codegen.build import build_module
from codegen.intake import import_with_report
from codegen.intake.program import load_program
from codegen.intake.program_recurrent import checked
from codegen.intake.proof import prove
from codegen.verbs import run_verb
from graph_core import load
from graph_core.trust import codes_in
from tests.codegen.intake.equal import relative, stir
from tests.codegen.intake.packaged import torchvision_models


class Reads(nn.Module):
    """Recurrent layers over words, the batch first or second."""

    def __init__(self, batch_first: bool) -> None:
        super().__init__()
        self.batch_first = batch_first
        self.embed = nn.Embedding(30, 12)
        self.cell = nn.LSTM(12, 10, 2, batch_first=batch_first, bidirectional=True)
        self.gru, self.rnn = nn.GRU(20, 7, batch_first=batch_first), nn.RNN(7, 6, batch_first=batch_first)
        self.head = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.embed(x)
        y = self.rnn(self.gru(self.cell(y if self.batch_first else y.transpose(0, 1))[0])[0])[0]
        return self.head(y[:, -1] if self.batch_first else y[-1])


def gpt2() -> tuple[nn.Module, Tensor]:
    """GPT-2, with its tied table, in a small configuration."""
    torchvision_models()
    transformers = pytest.importorskip("transformers")

    class Logits(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            given = transformers.GPT2Config(
                n_layer=2, n_embd=48, n_head=4, vocab_size=99, n_positions=32, use_cache=False, bos_token_id=1,
                eos_token_id=1,
            )  # fmt: skip
            self.model = transformers.GPT2LMHeadModel(given)

        def forward(self, ids: Tensor) -> Tensor:
            return self.model(ids).logits

    return Logits(), torch.randint(0, 99, (2, 8))


def image(name: str, size: int) -> Callable[[], tuple[nn.Module, Tensor]]:
    """A model of torchvision, and an image."""
    return lambda: (getattr(torchvision_models(), name)(), torch.randn(2, 3, size, size))


MODELS: list[Any] = [
    pytest.param(lambda: (Reads(True), torch.randint(0, 30, (2, 6))), 1, id="recurrent"),
    pytest.param(lambda: (Reads(False), torch.randint(0, 30, (2, 6))), 1, id="recurrent, length first"),
    pytest.param(gpt2, 8, id="gpt2"),
    pytest.param(image("mobilenet_v3_small", 32), 5, id="mobilenet_v3_small"),
    pytest.param(image("resnet50", 64), 2, id="resnet50", marks=pytest.mark.soak),
    pytest.param(image("swin_t", 64), 5, id="swin_t", marks=pytest.mark.soak),
    pytest.param(image("convnext_tiny", 64), 8, id="convnext_tiny", marks=pytest.mark.soak),
    pytest.param(image("vit_b_16", 224), 5, id="vit_b_16", marks=pytest.mark.soak),
]


def exported(module: nn.Module, x: Tensor, path: Path) -> Path:
    """A program whose batch is open, as a file."""
    program = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.export.save(program, path)
    return path


@pytest.mark.parametrize(("make", "classes"), MODELS)
def test_a_program_of_a_known_model(make: Callable[[], tuple[nn.Module, Tensor]], classes: int, tmp_path: Path):
    torch.manual_seed(0)
    module, x = make()
    stir(module)
    path = exported(module.eval(), x, tmp_path / "model.pt2")
    program, inputs = load_program(path)
    found = import_with_report(program, inputs)
    assert not found.opaque, found.opaque
    assert found.batched
    assert found.classes <= classes
    made = build_module(found.project).eval()
    made.load_state_dict(module.state_dict(), strict=True)
    with torch.no_grad():
        for given in (x, x.repeat(2, *[1] * (x.dim() - 1))[:3]):
            assert relative(made(given), module(given)) <= 1e-5
    proof = prove(program, found.project, inputs, batched=True)
    assert proof["equal"], proof


def test_a_program_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    torch.manual_seed(0)
    path, out = exported(Reads(False).eval(), torch.randint(0, 30, (2, 6)), tmp_path / "m.pt2"), tmp_path / "m.netw"
    assert run_verb("import", [str(path), "-o", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["equal"], report["opaque"], report["batched"]) == (True, 0, True)
    assert not list(codes_in(load(out)))


@pytest.mark.parametrize(
    "change",
    [
        {"hx": [torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)]},
        {"hx": [torch.zeros(1, 3, 40), torch.zeros(1, 3, 40)]},
        {"hx": [torch.zeros(1, 3, 4)]},
        {"params": [torch.zeros(16, 6), torch.zeros(16, 4), torch.zeros(16)]},
        {"params": [torch.zeros(16, 6), torch.zeros(16, 4), torch.zeros(16), torch.zeros(1)]},
        {"num_layers": 9},
        {"input": torch.zeros(3, 5, 60)},
        {"batch_first": False},
    ],
)
def test_sizes_that_torch_does_not_check(change: dict[str, Any]):
    """With others its recurrent operators read past the ends of tensors."""
    sound = {
        "input": torch.zeros(3, 5, 6),
        "hx": [torch.zeros(1, 3, 4), torch.zeros(1, 3, 4)],
        "params": [torch.zeros(16, 6), torch.zeros(16, 4), torch.zeros(16), torch.zeros(16)],
        "has_biases": True, "num_layers": 1, "dropout": 0.0, "train": False, "bidirectional": False,
        "batch_first": True,
    }  # fmt: skip
    assert checked("lstm", sound)[0].shape == (3, 5, 4)
    with pytest.raises(ValueError, match="recurrent"):
        checked("lstm", sound | change)
