"""Files of torch.export.save come in as data: the same function, under the same names, and nothing is unpickled."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from codegen.errors import Refusal
from codegen.intake import import_with_report
from codegen.intake.program import load_program
from codegen.intake.proof import prove
from codegen.verbs import run_verb
from graph_core import load


class Block(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out)
        self.act, self.drop = nn.ReLU(inplace=True), nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.act(self.norm(self.conv(x))))


class Net(nn.Module):
    """Blocks, a tied weight, a buffer that no state dict has, sizes computed from the batch, attention."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Block(3, 8), Block(8, 8)
        self.attend = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head, self.again = nn.Linear(8, 8, bias=False), nn.Linear(8, 8, bias=False)
        self.again.weight = self.head.weight
        self.scale = nn.Parameter(torch.ones(8))
        self.register_buffer("shift", torch.arange(8.0), persistent=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        n, _, h, w = image.shape
        y = self.two(self.one(image)).view(n, 8, h * w).transpose(1, 2) * self.scale + self.shift
        y = y + self.attend(y, y, y, need_weights=False)[0]
        return self.again(self.head(y.mean(1))), y.chunk(2, dim=-1)[1].softmax(-1)


@pytest.fixture(scope="module")
def net() -> nn.Module:
    torch.manual_seed(0)
    return Net().eval()


def save(module: nn.Module, path: Path, *, dynamic: bool = True) -> Path:
    shapes: Any = ({0: torch.export.Dim("batch")},) if dynamic else None
    exported = torch.export.export(module, (torch.randn(2, 3, 6, 6),), dynamic_shapes=shapes)
    torch.export.save(exported, path)
    return path


def test_a_program_is_drawn_with_its_blocks_and_weights(net: nn.Module, tmp_path: Path):
    module, inputs = load_program(save(net, tmp_path / "net.pt2"))
    with torch.no_grad():
        for a, b in zip(module(*inputs), net(*inputs), strict=True):
            assert torch.allclose(a, b, atol=1e-6)  # torch's attention itself runs fused, outside of a program
    assert set(module.state_dict()) == set(net.state_dict())
    assert module.head.weight is module.again.weight
    found = import_with_report(module, inputs)
    assert not found.opaque
    assert found.batched
    names = {graph.name for graph in found.project.graphs.values()}
    assert names == {"Net", "Block", "MultiheadAttention"}
    block = next(graph for graph in found.project.graphs.values() if graph.name == "Block")
    assert {"Conv2d", "BatchNorm2d", "ReLU", "Dropout"} <= {node.type for node in block.nodes.values()}
    assert found.project.networks["main"].ties
    proof = prove(module, found.project, inputs, batched=True)
    assert proof["equal"], proof
    assert {row["training"] for row in proof["comparison"]} == {False, True}


def test_a_program_of_one_batch_size_keeps_it(net: nn.Module, tmp_path: Path):
    module, inputs = load_program(save(net, tmp_path / "net.pt2", dynamic=False))
    found = import_with_report(module, inputs)
    assert not found.batched
    assert prove(module, found.project, inputs, batched=False)["equal"]


def test_the_verb_reads_a_program(net: nn.Module, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path, out = save(net, tmp_path / "net.pt2"), tmp_path / "net.netw"
    assert run_verb("import", [str(path), "-o", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["equal"]
    assert report["opaque"] == 0
    assert load(out).networks["main"].name == "Net"


class Boom:
    def __reduce__(self) -> Any:
        return (open, ("ran", "w"))


def changed(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """The archive with other entries, stored as torch does."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def edit(entries: dict[str, bytes], end: str, old: str, new: str) -> None:
    [name] = [name for name in entries if name.endswith(end)]
    assert old.encode() in entries[name]
    entries[name] = entries[name].replace(old.encode(), new.encode())


def bomb(entries: dict[str, bytes]) -> None:
    for name in list(entries):
        if "sample_inputs" in name:
            entries[name] = pickle.dumps(Boom())


def test_what_torch_pickles_is_never_opened(net: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    path = save(net, tmp_path / "net.pt2")
    changed(path, bomb)
    load_program(path)
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda e: edit(e, "weights_config.json", '"use_pickle": false', '"use_pickle": true'), "pickle"),
        (lambda e: edit(e, "models/model.json", "torch.ops.aten.mul.Tensor", "torch.ops.mine.mul.Tensor"), "not run"),
        (lambda e: edit(e, "models/model.json", "torch.ops.aten.mul.Tensor", "os.system"), "not run"),
        (lambda e: edit(e, "models/model.json", '"major": 8', '"major": 99'), "format 99"),
        (lambda e: edit(e, "weights_config.json", '"as_int": 3}', '"as_int": 3000}'), "larger than its bytes"),
        (lambda e: edit(e, "byteorder", "little", "big"), "byte order"),
        (lambda e: edit(e, "models/model.json", '"nodes"', '"nods"'), "nodes"),
        (lambda e: e.clear(), "no exported program"),
    ],
)
def test_what_is_no_sound_program_is_refused_in_a_sentence(
    net: nn.Module, tmp_path: Path, change: Callable[[dict[str, bytes]], None], told: str
):
    path = save(net, tmp_path / "net.pt2")
    changed(path, change)
    with pytest.raises(Refusal, match=told) as refused:
        load_program(path)
    assert "\n" not in str(refused.value)


def test_no_archive_at_all(tmp_path: Path):
    (tmp_path / "no.pt2").write_text("no")
    with pytest.raises(Refusal, match=r"no file of torch\.export"):
        load_program(tmp_path / "no.pt2")
    with pytest.raises(Refusal, match="There is no file"):
        load_program(tmp_path / "none.pt2")
