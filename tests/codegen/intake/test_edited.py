"""An import that is edited: it still builds, the weights that fit are loaded, and the others are named."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from codegen.build import build_module
from codegen.intake import import_with_report
from codegen.verbs import run_verb
from graph_core import edits, load, save
from graph_core.fitting import fresh_weights
from graph_core.kept import put, weights_path


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.act, self.down = nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 6)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.down(self.act(self.up(x)))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.head = Block(), Block(), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.two(self.one(x)))


@pytest.fixture
def drawn(tmp_path: Path) -> tuple[nn.Module, Path]:
    torch.manual_seed(0)
    module = Net().eval()
    found = import_with_report(module, (torch.randn(2, 6),))
    assert found.project.file is not None
    path = tmp_path / "net.netw"
    weights = weights_path(found.project.file)
    save(found.project, path)
    put(weights, weights_path(path))
    return module, path


def node(project, graph: str, name: str):
    found = next(g for g in project.graphs.values() if g.name == graph)
    return found, found.by_name(name)


def test_a_wider_block_loads_what_fits_and_names_the_rest(
    drawn, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    module, path = drawn
    monkeypatch.syspath_prepend(path.parent)
    project = load(path)
    assert fresh_weights(project, weights_path(path), "main") == []
    graph, up = node(project, "Block", "up")
    edits.set_params(graph, up.id, {"out_features": 20})
    save(project, path)
    made = build_module(load(path))
    state, old = made.state_dict(), module.state_dict()
    changed = {"one.up.weight", "one.up.bias", "one.down.weight", "two.up.weight", "two.up.bias", "two.down.weight"}
    for name, tensor in state.items():
        assert (name in changed) == (tensor.shape != old[name].shape)
        if name not in changed:
            assert torch.equal(tensor, old[name])
    assert made(torch.randn(2, 6)).shape == (2, 3)
    assert {one.path for one in fresh_weights(load(path), weights_path(path), "main")} == changed
    assert run_verb("check", [str(path)]) == 0
    told = capsys.readouterr().out
    assert "weights: one.up.weight is kept as 12×6 and is 20×6 now, so it starts from fresh values." in told
    # What is exported is named as well, on its way out.
    package = path.parent / "widened"
    assert run_verb("export", [str(path), "--format", "package", "-o", str(package)]) == 0
    told = capsys.readouterr().err
    assert all(f"weights: {name} is kept as " in told for name in changed)
    assert "one.down.bias" not in told
    state = importlib.import_module(package.name).load().state_dict()
    assert all(torch.equal(state[name], old[name]) for name in old if name not in changed)


def test_another_activation_loads_every_weight(drawn):
    module, path = drawn
    project = load(path)
    graph, act = node(project, "Block", "act")
    down = graph.by_name("down")
    edits.remove(graph, [act.id], heal=True)
    edits.insert_on_wire(graph, f"{down.id}.x", edits.add(graph, "GELU", name="act").id)
    save(project, path)
    made = build_module(load(path))
    assert all(torch.equal(made.state_dict()[name], tensor) for name, tensor in module.state_dict().items())
    assert fresh_weights(load(path), weights_path(path), "main") == []


def test_an_activation_with_weights_of_its_own_is_told(drawn, capsys: pytest.CaptureFixture[str]):
    """PReLU has weights: they are named as new; what is kept of a layer that was removed has no place."""
    _, path = drawn
    project = load(path)
    assert run_verb("check", [str(path)]) == 0
    assert "weights" not in capsys.readouterr().out
    graph, act = node(project, "Block", "act")
    edits.remove(graph, [act.id], heal=True)
    down = graph.by_name("down")
    edits.insert_on_wire(graph, f"{down.id}.x", edits.add(graph, "PReLU", name="act").id)
    main = project.networks["main"]
    edits.remove(main, [main.by_name("head").id], heal=True)
    save(project, path)
    assert run_verb("check", [str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fresh"] == [
        "one.act.weight of 1 is new and starts from fresh values",
        "two.act.weight of 1 is new and starts from fresh values",
        "2 kept tensors have no place any more",
    ]
    assert build_module(load(path))(torch.randn(2, 6)).shape == (2, 6)
