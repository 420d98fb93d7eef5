"""Cells and attention drawn from their equations compute what torch's own modules do: outputs and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from codegen import build_module
from graph_core import Project, analyze, edits
from graph_core.graph import Graph
from tests.templates import chain, lstm_cell, new_graph

GATES = ("input_gate", "forget_gate", "cell_gate", "output_gate")  # in the order in which nn.LSTM stacks them
WIDTH, HEADS = 24, 4


def randomized(module: nn.Module, seed: int) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in module.parameters():
            tensor.normal_(0.0, 1.0 / max(tensor.shape[-1], 1) ** 0.5, generator=generator)
    return module


def close(found: Any, expected: Any) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


# An LSTM from its six gate equations, scanned over time.


def drawn_lstm(*, states: bool, layers: int = 1) -> Project:
    """N×T×6 to the states of all steps, and to the last h and c; ``states`` brings in the first ones."""
    project = Project.new("gates")
    edits.set_symbol(project, "T", 7)
    lstm_cell(project)
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", "T", 6])
    source = "x.y"
    for layer in range(layers):
        graph.add("lstm_cell", id=f"r{layer}", name=f"layer{layer}", hidden_size=10)
        graph.connect(source, f"r{layer}.x1")
        edits.set_scan(graph, f"r{layer}", 1, ["x1"], ["x2", "x3"])
        source = f"r{layer}.y1"
    if states:
        for id, name, port in (("xh", "h0", "x2"), ("xi", "c0", "x3")):
            graph.add("Input", id=id, name=name, shape=["N", 10])
            graph.connect(f"{id}.y", f"r0.{port}")
    last = f"r{layers - 1}"
    for id, name, port in (("y1", "y", "y1"), ("y2", "h", "y2"), ("y3", "c", "y3")):
        graph.add("Output", id=id, name=f"out_{name}")
        graph.connect(f"{last}.{port}", f"{id}.x")
    assert analyze(project).sound, analyze(project).problems
    return project


def put_gates(cell: nn.Module, lstm: nn.LSTM, layer: int) -> None:
    """weight_ih and weight_hh are stacked by gate; a drawn gate has both side by side, and one bias for both."""
    ih, hh = getattr(lstm, f"weight_ih_l{layer}"), getattr(lstm, f"weight_hh_l{layer}")
    bias = getattr(lstm, f"bias_ih_l{layer}") + getattr(lstm, f"bias_hh_l{layer}")
    with torch.no_grad():
        for gate, w, u, b in zip(GATES, ih.chunk(4), hh.chunk(4), bias.chunk(4), strict=True):
            linear = getattr(cell, gate)
            linear.weight.copy_(torch.cat([w, u], 1))
            linear.bias.copy_(b)


def gradients(cell: nn.Module, features: int) -> dict[str, Tensor]:
    """The gradients of a drawn cell, stacked as nn.LSTM has them."""
    weights = torch.cat([getattr(cell, gate).weight.grad for gate in GATES])
    bias = torch.cat([getattr(cell, gate).bias.grad for gate in GATES])
    return {"weight_ih": weights[:, :features], "weight_hh": weights[:, features:], "bias_ih": bias, "bias_hh": bias}


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("batch", "steps"), [(3, 7), (1, 12)])
def test_an_lstm_drawn_from_its_gates_is_nn_lstm(batch: int, steps: int, layers: int):
    lstm = nn.LSTM(6, 10, num_layers=layers, batch_first=True)
    randomized(lstm, 1)
    module = build_module(drawn_lstm(states=False, layers=layers))
    for layer in range(layers):
        put_gates(getattr(module, f"layer{layer}"), lstm, layer)
    x, mine = (torch.randn(batch, steps, 6, generator=torch.Generator().manual_seed(2)) for _ in range(2))
    x.requires_grad_()
    mine.requires_grad_()
    expected, (h, c) = lstm(x)
    found, found_h, found_c = module(mine)
    assert expected.std() > 0.1
    close((found, found_h, found_c), (expected, h[-1], c[-1]))
    for y, last, memory in ((expected, h[-1], c[-1]), (found, found_h, found_c)):
        (y.square().sum() + last.sum() + memory.sin().sum()).backward()
    close(mine.grad, x.grad)
    for layer in range(layers):
        for name, gradient in gradients(getattr(module, f"layer{layer}"), 6 if layer == 0 else 10).items():
            assert gradient.abs().max() > 1e-2
            close(gradient, getattr(lstm, f"{name}_l{layer}").grad)


def test_it_begins_with_the_states_that_are_wired():
    lstm = nn.LSTM(6, 10, batch_first=True)
    randomized(lstm, 3)
    module = build_module(drawn_lstm(states=True))
    put_gates(module.layer0, lstm, 0)
    x, h, c = torch.randn(4, 5, 6), torch.randn(4, 10), torch.randn(4, 10)
    expected, (last, memory) = lstm(x, (h[None], c[None]))
    close(module(x, h, c), (expected, last[0], memory[0]))


# Attention from Q, K and V.


def scores_to_output(graph: Graph, q: str, k: str, v: str, dim: str) -> str:
    """softmax(Q Kᵀ / √d) V over the last two axes; gives the output."""
    graph.add("MatMul", id="s1", name="scores")
    graph.connect(q, "s1.a")
    graph.connect(k, "s1.b")
    softmax = chain(
        graph, "s1.y", ("s2", "Scale", "scale", {"factor": f"{dim} ** -0.5"}), ("s3", "Softmax", "attn", {})
    )
    graph.add("MatMul", id="s4", name="mix")
    graph.connect(softmax, "s4.a")
    graph.connect(v, "s4.b")
    return "s4.y"


def drawn_heads() -> Project:
    """Concat(head₁, …, headₕ)·Wᴼ, a block for each head with projections of its own."""
    project = Project.new("heads")
    edits.set_symbol(project, "T", 5)
    head = new_graph(project, "head", "Head", dim=None)
    head.add("Input", id="x", name="x", shape=["N", "T", "width"])
    for id, name in (("q", "query"), ("k", "key"), ("v", "value")):
        chain(head, "x.y", (id, "Linear", name, {"out_features": "dim"}))
    turned = chain(head, "k.y", ("t", "Transpose", "turned", {}))
    head.add("Output", id="y", name="y")
    head.connect(scores_to_output(head, "q.y", turned, "v.y", "dim"), "y.x")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", "T", WIDTH])
    graph.add("Concat", id="k", name="heads", dim=2)
    for number in range(HEADS):
        graph.add("head", id=f"h{number}", name=f"head{number}", dim=WIDTH // HEADS)
        graph.connect("x.y", f"h{number}.x")
        graph.connect(f"h{number}.y", f"k.x{number}")
    graph.add("Output", id="y", name="y")
    graph.connect(chain(graph, "k.y", ("o", "Linear", "out", {"out_features": WIDTH})), "y.x")
    return project


def drawn_reshaped() -> Project:
    """All heads at once: N×T×E as N×heads×T×d."""
    project = Project.new("reshaped")
    edits.set_symbol(project, "T", 5)
    block = new_graph(project, "attention", "Attention", heads=HEADS)
    block.add("Input", id="x", name="x", shape=["N", "T", "width"])
    for id, name, order in (("q", "query", [0, 2, 1, 3]), ("k", "key", [0, 2, 3, 1]), ("v", "value", [0, 2, 1, 3])):
        chain(
            block,
            "x.y",
            (id, "Linear", name, {"out_features": "width"}),
            (f"{id}r", "Reshape", f"{name}_heads", {"shape": ["T", "heads", "width // heads"]}),
            (f"{id}p", "Permute", f"{name}_by_head", {"dims": order}),
        )
    mixed = scores_to_output(block, "qp.y", "kp.y", "vp.y", "(width // heads)")
    end = chain(
        block,
        mixed,
        ("p", "Permute", "by_step", {"dims": [0, 2, 1, 3]}),
        ("f", "Flatten", "joined", {"start_dim": 2}),
        ("o", "Linear", "out", {"out_features": "width"}),
    )
    block.add("Output", id="y", name="y")
    block.connect(end, "y.x")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", "T", WIDTH])
    graph.add("attention", id="a", name="attn")
    graph.connect("x.y", "a.x")
    graph.add("Output", id="y", name="y")
    graph.connect("a.y", "y.x")
    return project


def projections(module: nn.Module) -> list[tuple[list[nn.Linear], int]]:
    """For query, key and value the drawn maps, which nn.MultiheadAttention has below each other in one matrix."""
    names = ("query", "key", "value")
    if hasattr(module, "attn"):
        return [([getattr(module.attn, name)], WIDTH) for name in names]
    heads = [getattr(module, f"head{k}") for k in range(HEADS)]
    return [([getattr(head, name) for head in heads], WIDTH // HEADS) for name in names]


@pytest.mark.parametrize("draw", [drawn_heads, drawn_reshaped])
@pytest.mark.parametrize(("batch", "steps"), [(3, 5), (1, 9)])
def test_attention_drawn_from_q_k_and_v_is_nn_multihead_attention(draw: Any, batch: int, steps: int):
    project = draw()
    assert analyze(project).sound, analyze(project).problems
    reference = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    randomized(reference, 4)
    module = build_module(project)
    out = module.attn.out if hasattr(module, "attn") else module.out
    linears = [linear for maps, _ in projections(module) for linear in maps]
    with torch.no_grad():
        for linear, weight, bias in zip(
            linears,
            reference.in_proj_weight.split(linears[0].out_features),
            reference.in_proj_bias.split(linears[0].out_features),
            strict=True,
        ):
            linear.weight.copy_(weight)
            linear.bias.copy_(bias)
        out.load_state_dict(reference.out_proj.state_dict())
    x, mine = (torch.randn(batch, steps, WIDTH, generator=torch.Generator().manual_seed(5)) for _ in range(2))
    x.requires_grad_()
    mine.requires_grad_()
    expected, _ = reference(x, x, x, need_weights=False)
    found = module(mine)
    assert expected.std() > 0.1
    close(found, expected)
    for y in (found, expected):
        y.square().sum().backward()
    close(mine.grad, x.grad)
    close(torch.cat([linear.weight.grad for linear in linears]), reference.in_proj_weight.grad)
    close(torch.cat([linear.bias.grad for linear in linears]), reference.in_proj_bias.grad)
    close(out.weight.grad, reference.out_proj.weight.grad)
    assert reference.in_proj_weight.grad.abs().max() > 1e-2


def test_drawn_attention_costs_what_the_layer_costs():
    """Multiply-adds and parameters of both drawings are those of MultiheadAttention."""
    whole = Project.new("whole")
    graph = whole.networks["main"]
    edits.set_symbol(whole, "T", 5)
    graph.add("Input", id="x", name="x", shape=["N", "T", WIDTH])
    graph.add("MultiheadAttention", id="m", name="attn", num_heads=HEADS)
    for port in ("query", "key", "value"):
        graph.connect("x.y", f"m.{port}")
    graph.add("Output", id="y", name="y")
    graph.connect("m.y", "y.x")
    expected = analyze(whole)
    for project in (drawn_heads(), drawn_reshaped()):
        found = analyze(project)
        assert (found.macs, found.params.total) == (expected.macs, expected.params.total)
