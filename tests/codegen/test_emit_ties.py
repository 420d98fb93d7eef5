"""Tied weights in source, in modules, in training, in files of weights: one tensor under two keys, as torch has it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from codegen import build_module, emit_source
from codegen.compress.fake import FakeQuantized, replace
from codegen.compress.packed import load_quantized, save_quantized
from codegen.weights import keep_weights
from graph_core import Graph, Project, analyze, edits, load, save
from graph_core.blocks import collapse
from graph_core.ties import tie, untie
from tests.graph_core.test_ties import language_model


@pytest.fixture
def graph() -> Graph:
    graph = language_model()
    tie(graph, "h.weight", "e.weight")
    return graph


def counted(project: Project) -> nn.Module:
    """The module, after its parameters were counted against the readout."""
    module = build_module(project)
    assert sum(p.numel() for p in module.parameters()) == analyze(project).params.total
    return module


def lines_of(project: Project) -> list[str]:
    return [line.strip() for line in emit_source(project).splitlines()]


def test_both_layers_are_made_and_then_share(graph: Graph):
    lines = lines_of(graph.project)
    assert lines.index("self.head.weight = self.embedding.weight") > lines.index(
        "self.head = nn.Linear(16, 100, bias=False)"
    )
    module = counted(graph.project)
    assert module.head.weight is module.embedding.weight
    assert set(module.state_dict()) == {"embedding.weight", "norm.weight", "norm.bias", "head.weight"}
    tokens = torch.tensor([[1, 2, 3] * 4])
    expected = module.norm(module.embedding(tokens)) @ module.embedding.weight.T
    torch.testing.assert_close(module(tokens), expected)


def test_one_step_of_training_moves_both(graph: Graph):
    module = counted(graph.project)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.5)
    before = module.embedding.weight.detach().clone()
    module(torch.tensor([[1, 2, 3] * 4])).square().mean().backward()
    optimizer.step()
    assert not torch.equal(before, module.embedding.weight)
    assert torch.equal(module.head.weight, module.embedding.weight)


def test_a_tie_into_a_block(graph: Graph):
    node = collapse(graph, ["n", "h"], "Head")
    assert f"self.{node.name}.head.weight = self.embedding.weight" in lines_of(graph.project)
    module = counted(graph.project)
    assert module.get_submodule(node.name).head.weight is module.embedding.weight


def test_a_tie_inside_of_a_block_is_made_in_each_instance(graph: Graph):
    node = collapse(graph, ["e", "n", "h"], "Model")
    graph.add("Model", id="other")
    graph.add("Add", id="a")
    edits.insert_on_wire(graph, "y.x", "a")
    graph.connect("x.y", "other." + graph.in_ports(graph.nodes["other"])[0])
    graph.connect("other." + graph.out_ports(graph.nodes["other"])[0], "a.b")
    module = counted(graph.project)
    one, two = module.get_submodule(node.name), module.get_submodule(graph.nodes["other"].name)
    assert one.head.weight is one.embedding.weight
    assert two.head.weight is not one.head.weight


def test_numbered_layers_and_sequences(graph: Graph):
    for id, name in (("n", "0"), ("h", "1")):
        edits.rename(graph, id, name)
    assert 'self.get_submodule("1").weight = self.embedding.weight' in lines_of(graph.project)
    assert counted(graph.project).get_submodule("1").weight.shape == (100, 16)
    node = collapse(graph, ["n", "h"], "Head")
    assert f"self.{node.name}[1].weight = self.embedding.weight" in lines_of(graph.project)
    counted(graph.project)


def test_a_chain_with_a_tie_is_a_class_of_its_own():
    graph = Project.new("chain").networks["main"]
    graph.add("Input", id="x", shape=["N", 8])
    before = "x.y"
    for k in range(2):
        graph.add("Linear", id=f"l{k}", name=str(k), out_features=8)
        graph.connect(before, f"l{k}.x")
        before = f"l{k}.y"
    graph.add("Output", id="y")
    graph.connect(before, "y.x")
    tie(graph, "l1.weight", "l0.weight")
    module = counted(graph.project)
    assert set(module.state_dict()) == {"0.weight", "0.bias", "1.weight", "1.bias"}


def test_a_layer_that_may_not_be_made_is_tied_where_it_is(graph: Graph):
    graph.add("Linear", id="k", name="second", out_features=16, bias=False)
    graph.add("Linear", id="l", name="third", out_features=16, bias=False)
    edits.insert_on_wire(graph, "h.x", "k")
    edits.insert_on_wire(graph, "h.x", "l")
    tie(graph, "k.weight", "l.weight")
    node = collapse(graph, ["k", "l"], "Pair")
    block = graph.project.graphs["Pair"]
    from graph_core import Param

    edits.set_graph_param(block, "deep", Param(1))
    edits.set_when(block, "l", "deep > 1")
    source = emit_source(graph.project)
    assert "        if deep > 1:\n            self.second.weight = self.third.weight\n" in source
    counted(graph.project)
    graph.set(node.id, deep=2)
    module = counted(graph.project).get_submodule(node.name)
    assert module.second.weight is module.third.weight


def test_trained_weights_survive_the_file_and_the_untying(graph: Graph, tmp_path: Path):
    module, file = build_module(graph.project), tmp_path / "lm.netw"
    nn.init.normal_(module.head.weight)
    keep_weights(graph.project, module, file, "main")
    save(graph.project, file)
    project = load(file)
    again = build_module(project)
    assert again.head.weight is again.embedding.weight
    assert torch.equal(again.head.weight, module.head.weight)
    untie(project.networks["main"], "h.weight")
    apart = build_module(project)
    assert apart.head.weight is not apart.embedding.weight
    assert torch.equal(apart.head.weight, module.head.weight)


def test_quantized_layers_that_were_tied_come_back_as_they_were_saved(tmp_path: Path):
    float_model = nn.Sequential(nn.Linear(8, 8, bias=False), nn.ReLU(), nn.Linear(8, 8, bias=False))
    float_model[2].weight = float_model[0].weight
    quantized = nn.Sequential(nn.Linear(8, 8, bias=False), nn.ReLU(), nn.Linear(8, 8, bias=False))
    x = torch.randn(4, 8, generator=torch.Generator().manual_seed(1))
    for path in ("0", "2"):
        replace(quantized, path, FakeQuantized(quantized[int(path)], 4, 8))
        quantized[int(path)].calibrate(x)
    save_quantized(quantized.eval(), tmp_path / "q.safetensors")
    again = load_quantized(float_model, tmp_path / "q.safetensors")
    torch.testing.assert_close(again(x), quantized(x))
