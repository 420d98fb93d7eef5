"""Ties into blocks that repeat and scan: the same tensor in torch, whatever the figures say they share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from codegen import build_module, emit_source
from codegen.intake import import_module
from codegen.weights import keep_weights, weight_end, weight_keys
from graph_core import Graph, Param, dumps, edits, load, loads, save
from graph_core.blocks import collapse
from graph_core.ends import covers, end_of
from graph_core.expanding import expand
from graph_core.ties import tie
from tests.graph_core.tied_drawings import counts, layered, nested, randomly_tied, scanned


def built(graph: Graph) -> nn.Module:
    """The module, counted against all that counts."""
    module = build_module(graph.project)
    own = sum(p.numel() for p in module.parameters())
    assert set(counts(graph)) == {own}
    return module


def lines_of(graph: Graph) -> list[str]:
    return [line.strip() for line in emit_source(graph.project).splitlines()]


def test_one_step_is_tied_to_a_layer_outside():
    graph = layered()
    tie(graph, "l#1/b.weight", "t.weight")
    assert "self.layers[1].b.weight = self.last.weight" in lines_of(graph)
    module = built(graph)
    assert module.layers[1].b.weight is module.last.weight
    assert module.layers[0].b.weight is not module.layers[2].b.weight
    assert {"layers.1.b.weight", "last.weight"} <= set(module.state_dict())


def test_a_layer_outside_is_tied_to_one_step():
    graph = layered()
    tie(graph, "t.bias", "l#2/a.bias")
    assert "self.last.bias = self.layers[2].a.bias" in lines_of(graph)
    module = built(graph)
    assert module.last.bias is module.layers[2].a.bias


def test_all_steps_are_tied_to_a_layer_outside():
    graph = layered("2 * N")
    edits.set_symbol(graph.project, "N", 3)
    tie(graph, "l/a.weight", "f.weight")
    lines = lines_of(graph)
    assert lines[lines.index("for layer in self.layers:") + 1] == "layer.a.weight = self.first.weight"
    module = built(graph)
    assert len(module.layers) == 6
    assert all(layer.a.weight is module.first.weight for layer in module.layers)


def test_all_steps_share_a_weight_of_one_of_them():
    graph = layered()
    tie(graph, "l/b.weight", "l#0/b.weight")
    module = built(graph)
    assert len({layer.b.weight for layer in module.layers}) == 1
    assert len({layer.a.weight for layer in module.layers}) == 3
    assert len({layer.b.bias for layer in module.layers}) == 3


@pytest.mark.parametrize(("make", "way"), [(lambda: layered(shared=True), "l/a"), (scanned, "c/a")])
def test_what_has_one_set_of_weights_is_tied_without_a_step(make: Callable[[], Graph], way: str):
    graph = make()
    tie(graph, f"{way}.weight", "f.weight")
    tie(graph, "t.weight", f"{way[0]}/b.weight")
    name = graph.nodes[way[0]].name
    assert f"self.{name}.a.weight = self.first.weight" in lines_of(graph)
    module = built(graph)
    assert getattr(module, name).a.weight is module.first.weight
    assert module.last.weight is getattr(module, name).b.weight


def test_a_scanned_block_whose_weights_are_tied_computes_and_learns_as_torch_does():
    graph = scanned()
    tie(graph, "c/b.weight", "c/a.weight")
    tie(graph, "t.weight", "c/a.weight")
    module = built(graph)

    class Hand(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(8, 8), nn.Linear(8, 8)
            self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)
            self.b.weight = self.last.weight = self.a.weight

        def forward(self, x: Tensor) -> Tensor:
            x, h = self.first(x), torch.zeros(x.shape[0], 8)
            steps = []
            for x_t in x.unbind(1):
                h = torch.tanh(self.a(x_t) + self.b(h))
                steps.append(h)
            return self.last(torch.stack(steps, 1))

    hand = Hand()
    state = {key.replace("cell.", ""): value for key, value in module.state_dict().items()}
    hand.load_state_dict(state)
    x = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(module(x), hand(x))
    for model in (module, hand):
        model(x).square().sum().backward()
    torch.testing.assert_close(module.cell.a.weight.grad, hand.a.weight.grad)
    assert module.cell.a.weight.grad is module.last.weight.grad


def test_repeats_inside_of_repeats():
    graph = nested()
    tie(graph, "s#1/l/a.weight", "s#0/l#2/a.weight")
    tie(graph, "s/l/b.bias", "t.bias")
    lines = lines_of(graph)
    loop = lines.index("for layer in self.stages[1].layers:")
    assert lines[loop + 1] == "layer.a.weight = self.stages[0].layers[2].a.weight"
    loop = lines.index("for stage in self.stages:")
    assert lines[loop + 1 : loop + 3] == ["for layer in stage.layers:", "layer.b.bias = self.last.bias"]
    module = built(graph)
    ties = {layer.a.weight for layer in module.stages[1].layers}
    assert ties == {module.stages[0].layers[2].a.weight}
    assert all(layer.b.bias is module.last.bias for stage in module.stages for layer in stage.layers)


def test_the_variable_of_the_loop_is_none_of_the_arguments():
    graph = layered()
    node = collapse(graph, ["f", "l", "t"], "Whole")
    block = graph.project.graphs["Whole"]
    edits.set_graph_param(block, "layer", Param(8))
    block.set("f", out_features="layer")
    tie(block, "l/a.weight", "t.weight")
    source = emit_source(graph.project)
    assert "def __init__(self, layer: int = 8)" in source
    assert "for layer_ in self.layers:" in source
    assert node.name in source
    built(graph)


def test_layers_named_by_numbers_in_a_chain():
    graph = layered()
    block = graph.project.graphs["Layer"]
    edits.rename(block, "a", "0")
    edits.rename(block, "b", "1")
    edits.rename(graph, "l", "layers.body")
    tie(graph, "l/b.weight", "l#1/a.weight")
    assert 'self.layers["body"][1][0].weight' in emit_source(graph.project)
    module = built(graph)
    assert module.layers["body"][2][1].weight is module.layers["body"][1][0].weight


@pytest.mark.parametrize("seed", range(30))
def test_random_ties_are_in_torch_what_the_drawing_says(seed: int):
    graph = randomly_tied(seed)
    module = built(graph)
    paths = {weight_end(key): path for path, key in weight_keys(graph.project, "main")}
    assert set(paths.values()) == set(module.state_dict())
    named = dict(module.named_parameters(remove_duplicate=False))
    for target, source in graph.ties.items():
        for end, path in paths.items():
            if covers(end_of(target), end_of(end)):
                assert named[path] is named[paths[source]], (target, source, end)
    again = loads(dumps(graph.project))
    assert set(counts(again.networks["main"])) == {sum(p.numel() for p in module.parameters())}


@pytest.mark.parametrize("seed", range(8))
def test_an_expanded_repeat_keeps_its_ties(seed: int):
    graph = randomly_tied(seed)
    block = next(id for id, node in graph.nodes.items() if node.type in graph.project.graphs)
    node = graph.nodes[block]
    if node.type == "Cell" or not isinstance(getattr(node.run, "times", 1), int):
        pytest.skip("it cannot be written out")
    before = built(graph)
    ties = len({id(p) for p in before.parameters()})
    expand(graph, block)
    after = built(graph)
    assert len({id(p) for p in after.parameters()}) == ties


def test_weights_survive_the_file(tmp_path: Path):
    graph = layered()
    tie(graph, "l/b.weight", "l#0/b.weight")
    tie(graph, "t.weight", "l#1/a.weight")
    module, file = build_module(graph.project), tmp_path / "l.netw"
    for p in module.parameters():
        nn.init.normal_(p)
    keep_weights(graph.project, module, file, "main")
    save(graph.project, file)
    again = build_module(load(file))
    x = torch.randn(2, 8)
    torch.testing.assert_close(again(x), module(x))
    assert again.last.weight is again.layers[1].a.weight


def test_an_import_keeps_what_a_drawing_with_repeats_ties():
    graph = nested()
    tie(graph, "s#1/l/a.weight", "s#0/l#2/a.weight")
    tie(graph, "t.weight", "f.weight")
    module = build_module(graph.project)
    found = import_module(module, (torch.randn(2, 8),))
    again = build_module(found)
    assert set(again.state_dict()) == set(module.state_dict())
    assert sum(p.numel() for p in again.parameters()) == sum(p.numel() for p in module.parameters())
