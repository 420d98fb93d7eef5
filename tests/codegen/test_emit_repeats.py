"""Repeats whose steps differ by their index: settings, conditions, nesting; bit by bit what was drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from codegen import build_module, emit_source
from graph_core import Param, Project, analyze, edits
from graph_core.graph import Graph
from tests.templates import new_graph


def step_block(project: Project) -> Graph:
    """fc, LeakyReLU by ``slope``, and a second map ``extra``."""
    block = new_graph(project, "step", "Step", slope=0.1, first=False, depth=0)
    block.add("Input", id="x", name="x", shape=["N", "features"])
    block.add("Linear", id="l", name="fc", out_features="features")
    block.add("LeakyReLU", id="r", name="act", negative_slope="slope")
    block.add("Linear", id="m", name="extra", out_features="features")
    block.add("Output", id="y", name="y")
    for wire in ("x.y l.x", "l.y r.x", "r.y m.x", "m.y y.x"):
        block.connect(*wire.split())
    return block


def repeated(times: int | str, extra: str, act: str, *, shared: bool = False) -> Project:
    """The block repeated with values that depend on i; in a block of its own where the number is a parameter."""
    project = Project.new("steps")
    block = step_block(project)
    edits.set_when(block, "m", extra)
    edits.set_when(block, "r", act)
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 8])
    graph.add("Output", id="y", name="y")
    values = {"slope": "0.1 * i", "first": "i == 0", "depth": "i"}
    around = graph
    if isinstance(times, str):
        around = new_graph(project, "stack", "Stack", **{times: 4})
        around.add("Input", id="x", name="x", shape=["N", "features"])
        around.add("Output", id="y", name="y")
        for id, params in (("a", {}), ("b", {times: 2})):
            graph.add("stack", id=id, name=f"stack_{id}", **params)
        for wire in ("x.y a.x", "a.y b.x", "b.y y.x"):
            graph.connect(*wire.split())
    around.add("step", id="s", name="layers", **({} if shared else values))
    around.connect("x.y", "s.x")
    around.connect("s.y", "y.x")
    edits.set_repeat(around, "s", times, shared=shared)
    assert analyze(project).sound, analyze(project).problems
    return project


def computed(layers: Any, x: Tensor, extra: Callable[[int], bool], act: Callable[[int], bool]) -> Tensor:
    for i, layer in enumerate(layers):
        x = layer.fc(x)
        x = F.leaky_relu(x, 0.1 * i) if act(i) else x
        x = layer.extra(x) if extra(i) else x
    return x


CASES: list[tuple[str, str, Callable[[int], bool], Callable[[int], bool]]] = [
    ("first", "", lambda i: i == 0, lambda i: True),
    ("not first", "depth > 1", lambda i: i != 0, lambda i: i > 1),
    ("depth % 2 == 0", "first or depth > 2", lambda i: i % 2 == 0, lambda i: i == 0 or i > 2),
]


@pytest.mark.parametrize(("extra", "act", "extra_at", "act_at"), CASES, ids=range(len(CASES)))
@pytest.mark.parametrize("times", [3, 7, "depth_"])
def test_conditions_and_settings_follow_the_index(
    times: int | str, extra: str, act: str, extra_at: Callable[[int], bool], act_at: Callable[[int], bool]
):
    project = repeated(times, extra, act)
    module = build_module(project)
    assert sum(p.numel() for p in module.parameters()) == analyze(project).params.total
    stacks = [module] if isinstance(times, int) else [module.stack_a, module.stack_b]
    assert [len(stack.layers) for stack in stacks] == ([times] if isinstance(times, int) else [4, 2])
    x = expected = torch.randn(3, 8)
    for stack in stacks:
        expected = computed(stack.layers, expected, extra_at, act_at)
    assert torch.equal(module(x), expected)


def test_one_set_of_weights_is_called_in_a_loop():
    project = repeated(5, "not first", "", shared=True)
    module = build_module(project)
    assert sum(p.numel() for p in module.parameters()) == analyze(project).params.total == 2 * (8 * 8 + 8)
    x = expected = torch.randn(3, 8)
    for _ in range(5):
        expected = module.layers.extra(F.leaky_relu(module.layers.fc(expected), 0.1))
    assert torch.equal(module(x), expected)


def test_repeats_in_repeats_have_an_index_each():
    """Width 8 · (outer + 1), slope by both."""
    project = Project.new("nested")
    inner = new_graph(project, "inner", "Inner", slope=0.0)
    inner.add("Input", id="x", name="x", shape=["N", "features"])
    inner.add("Linear", id="l", name="fc", out_features="features")
    inner.add("LeakyReLU", id="r", name="act", negative_slope="slope")
    outer = new_graph(project, "outer", "Outer", row=0)
    outer.add("Input", id="x", name="x", shape=["N", "features"])
    outer.add("Linear", id="l", name="widen", out_features="8 * (row + 1)")
    outer.add("inner", id="s", name="steps", slope="row / 10 + i / 100")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 8])
    graph.add("outer", id="s", name="rows", row="i")
    ways = "x.y l.x, l.y r.x, r.y y.x", "x.y l.x, l.y s.x, s.y y.x", "x.y s.x, s.y y.x"
    for here, wires in zip((inner, outer, graph), ways, strict=True):
        here.add("Output", id="y", name="y")
        for wire in wires.split(", "):
            here.connect(*wire.split())
    edits.set_repeat(outer, "s", 2)
    edits.set_repeat(graph, "s", 3)
    module = build_module(project)
    assert sum(p.numel() for p in module.parameters()) == analyze(project).params.total
    x = expected = torch.randn(2, 8)
    for row, outer_module in enumerate(module.rows):
        expected = outer_module.widen(expected)
        for step, inner_module in enumerate(outer_module.steps):
            expected = F.leaky_relu(inner_module.fc(expected), row / 10 + step / 100)
    assert torch.equal(module(x), expected)
    assert module(x).shape == (2, 24)


def test_several_inputs_and_the_index():
    """Each step mixes a context in, by a factor of its own."""
    project = Project.new("mixing")
    mix = new_graph(project, "mix", "Mix", factor=1.0)
    mix.add("Input", id="x", name="x", shape=["N", "dim"])
    mix.add("Input", id="x2", name="context", shape=["N", "dim"])
    mix.add("Scale", id="k", name="scale", factor="factor")
    mix.add("Linear", id="l", name="fc", out_features="dim")
    mix.add("Add", id="a", name="sum")
    mix.add("Output", id="y", name="y")
    for wire in ("x2.y k.x", "x.y l.x", "l.y a.a", "k.y a.b", "a.y y.x"):
        mix.connect(*wire.split())
    graph = project.networks["main"]
    for id, name in (("x", "x"), ("x2", "context")):
        graph.add("Input", id=id, name=name, shape=["N", 6])
    graph.add("mix", id="s", name="layers", factor="1 / (i + 1)")
    graph.add("Output", id="y", name="y")
    for wire in ("x.y s.x", "x2.y s.x2", "s.y y.x"):
        graph.connect(*wire.split())
    edits.set_repeat(graph, "s", 5)
    assert "nn.ModuleList(Mix(6, factor=1 / (i + 1)) for i in range(5))" in emit_source(project)
    module = build_module(project)
    x, context = torch.randn(2, 6), torch.randn(2, 6)
    expected = x
    for i, layer in enumerate(module.layers):
        expected = layer.fc(expected) + torch.mul(context, 1 / (i + 1))
    assert torch.equal(module(x, context), expected)


def test_a_condition_of_the_whole_repeat_does_not_know_the_index():
    project = repeated(3, "first", "")
    graph = project.networks["main"]
    edits.set_when(graph, "s", "i > 0")
    [problem] = analyze(project).problems
    assert problem.code == "condition"
    assert problem.message == (
        "layers has one condition for all its steps, so it cannot use i; "
        "give Step a parameter set to i, and use that in a condition inside"
    )
    assert problem.fix == "Remove the condition"


def test_a_container_of_steps_is_emptied_by_its_condition():
    project = repeated(3, "first", "")
    graph = project.networks["main"]
    edits.set_graph_param(graph, "deep", Param(True))
    edits.set_when(graph, "s", "deep")
    module = build_module(project)
    assert isinstance(module.layers, nn.Sequential)
    edits.set_graph_param(graph, "deep", Param(False))
    module, x = build_module(project), torch.randn(2, 8)
    assert not list(module.parameters())
    assert torch.equal(module(x), x)


@pytest.mark.parametrize("shared", [False, True])
def test_what_repeats_no_time_is_not_there(shared: bool):
    project = repeated(3, "first", "")
    edits.set_repeat(project.networks["main"], "s", 0, shared=shared)
    module, x = build_module(project), torch.randn(2, 8)
    assert not list(module.parameters())
    assert torch.equal(module(x), x)
    assert "Step(" not in emit_source(project)


def test_a_block_without_outputs_is_written_all_the_same():
    project = repeated(3, "first", "")
    silent = new_graph(project, "silent", "Silent")
    silent.add("Input", id="x", name="x", shape=["N", "features"])
    graph = project.networks["main"]
    graph.add("silent", id="q", name="quiet")
    graph.connect("x.y", "q.x")
    assert "def forward(self, x: Tensor) -> tuple[()]:" in emit_source(project)
    assert build_module(project)(torch.randn(2, 8)).shape == (2, 8)


def test_the_class_of_what_never_runs_is_not_written():
    project = repeated(3, "first", "")
    graph = project.networks["main"]
    edits.set_graph_param(graph, "deep", Param(True))
    edits.set_when(graph, "s", "deep")
    edits.set_repeat(graph, "s", 0)
    assert "class Step(" not in emit_source(project)


def test_a_layer_that_acts_at_other_sizes_only_is_written_as_it_would_be():
    """No formula has its size, and no instance has it: it is written from what it would be in one."""
    project = Project.new("asleep")
    edits.set_symbol(project, "D", 4)
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 5, 4])
    graph.add("LSTM", id="l", hidden_size="max(D, 3)")
    graph.add("Output", id="y")
    graph.connect("x.y", "l.x")
    graph.connect("l.y", "y.x")
    edits.set_when(graph, "l", "D != 4")
    source = emit_source(project)
    assert "self.lstm1 = nn.LSTM(4, max(D, 3), batch_first=True)" in source
    assert "x, _ = self.lstm1(x)" in source
    x = torch.randn(2, 5, 4)
    assert torch.equal(build_module(project)(x), x)
    edits.set_symbol(project, "D", 6)
    assert build_module(project)(x).shape == (2, 5, 6)
