"""The forms that blocks, repeats, conditions and shared weights take, and that each computes what was drawn."""

from __future__ import annotations

import ast
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from codegen import build_module, emit_source
from codegen.emit import EmitError, emit_with_spans
from graph_core import Param, Project, analyze, edits
from graph_core.graph import Graph
from graph_core.templates import open_template
from tests.templates import chain, finish, new_graph


def project_of(shape: list[Any], name: str = "net", **more: Any) -> tuple[Project, Graph]:
    project = Project.new(name)
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=shape, **more)
    return project, graph


def dense_block(project: Project, **params: Any) -> Graph:
    """Linear and ReLU; ``width`` is its parameter unless others are named."""
    graph = new_graph(project, "dense", "Dense", **(params or {"width": None}))
    graph.add("Input", id="x", name="x", shape=["N", "features"])
    finish(graph, chain(graph, "x.y", ("l1", "Linear", "fc", {"out_features": "width"}), ("a1", "ReLU", "relu", {})))
    return graph


def counted(project: Project) -> nn.Module:
    """The module, after its parameters were counted against the readout."""
    module = build_module(project)
    assert sum(p.numel() for p in module.parameters()) == analyze(project).params.total
    return module


def lines_of(project: Project) -> list[str]:
    return [line.strip() for line in emit_source(project).splitlines()]


# Repeats.


def test_a_few_repeats_are_written_out():
    project, graph = project_of(["N", 8])
    dense_block(project)
    finish(graph, chain(graph, "x.y", ("r1", "dense", "layers", {"width": 16})))
    edits.set_repeat(graph, "r1", 3)
    assert "self.layers = nn.Sequential(Dense(8, 16), Dense(16, 16), Dense(16, 16))" in lines_of(project)
    assert counted(project)(torch.randn(2, 8)).shape == (2, 16)


def test_many_repeats_are_a_comprehension_the_first_apart_where_it_differs():
    project, graph = project_of(["N", 8])
    dense_block(project)
    finish(graph, chain(graph, "x.y", ("r1", "dense", "layers", {"width": 16})))
    edits.set_repeat(graph, "r1", 9)
    first_apart = "self.layers = nn.Sequential(Dense(8, 16), *(Dense(16, 16) for _ in range(8)))"
    assert first_apart in lines_of(project)
    graph.set("r1", width=8)
    assert "self.layers = nn.Sequential(*(Dense(8, 8) for _ in range(9)))" in lines_of(project)
    assert len(counted(project).layers) == 9


def test_repeats_that_depend_on_i_are_written_so():
    project, graph = project_of(["N", 8])
    dense_block(project)
    finish(graph, chain(graph, "x.y", ("r1", "dense", "layers", {"width": "8 * (i + 1)"})))
    edits.set_repeat(graph, "r1", 3)
    assert "self.layers = nn.Sequential(Dense(8, 8), Dense(8, 16), Dense(16, 24))" in lines_of(project)
    edits.set_repeat(graph, "r1", 5)
    assert counted(project)(torch.randn(2, 8)).shape == (2, 40)


def test_a_number_of_repeats_may_be_an_argument():
    project, graph = project_of(["N", 8])
    dense_block(project)
    stack = new_graph(project, "stack", "Stack", depth=4)
    stack.add("Input", id="x", name="x", shape=["N", "features"])
    finish(stack, chain(stack, "x.y", ("r1", "dense", "layers", {"width": 16})))
    edits.set_repeat(stack, "r1", "depth")
    finish(graph, chain(graph, "x.y", ("s1", "stack", "one", {}), ("s2", "stack", "two", {"depth": 2})))
    text = emit_source(project)
    assert "Dense(features, 16), *(Dense(16, 16) for _ in range(depth - 1))" in text
    module = counted(project)
    assert (len(module.one.layers), len(module.two.layers)) == (4, 2)
    graph.set("s2", depth=0)
    assert "if i == 0 else" in emit_source(project)
    module = counted(project)
    assert len(module.two.layers) == 0
    assert module(torch.randn(3, 8)).shape == (3, 16)


def test_an_argument_that_is_one_in_the_definition_is_right_for_more():
    project, graph = project_of(["N", 8])
    dense_block(project)
    stack = new_graph(project, "stack", "Stack", depth=1)
    stack.add("Input", id="x", name="x", shape=["N", "features"])
    finish(stack, chain(stack, "x.y", ("r1", "dense", "layers", {"width": 16})))
    edits.set_repeat(stack, "r1", "depth")
    finish(graph, chain(graph, "x.y", ("s1", "stack", "one", {}), ("s2", "stack", "two", {"depth": 3})))
    module = counted(project)
    assert (len(module.one.layers), len(module.two.layers)) == (1, 3)
    assert module(torch.randn(3, 8)).shape == (3, 16)


def test_one_set_of_weights_is_a_loop():
    project, graph = project_of(["N", 16])
    dense_block(project)
    finish(graph, chain(graph, "x.y", ("r1", "dense", "step", {"width": 16})))
    edits.set_repeat(graph, "r1", 5, shared=True)
    assert {"for _ in range(5):", "x = self.step(x)"} <= set(lines_of(project))
    module = counted(project)
    x = torch.randn(2, 16)
    expected = x
    for _ in range(5):
        expected = module.step(expected)
    torch.testing.assert_close(module(x), expected)


def test_several_inputs_are_a_loop_over_modules():
    project, graph = project_of(["N", 16])
    graph.add("Input", id="z", name="context", shape=["N", 4])
    block = new_graph(project, "mix", "Mix")
    block.add("Input", id="x", name="x", shape=["N", "dim"])
    block.add("Input", id="x2", name="context", shape=["N", "side"])
    first = chain(block, "x.y", ("l1", "Linear", "fc", {"out_features": "dim"}))
    second = chain(block, "x2.y", ("l2", "Linear", "gate", {"out_features": "dim"}))
    block.add("Mul", id="m1", name="mul")
    block.connect(first, "m1.a")
    block.connect(second, "m1.b")
    finish(block, "m1.y")
    graph.add("mix", id="r1", name="layers")
    graph.connect("x.y", "r1.x")
    graph.connect("z.y", "r1.x2")
    edits.set_repeat(graph, "r1", 4)
    finish(graph, "r1.y")
    lines = lines_of(project)
    assert "self.layers = nn.ModuleList(Mix(16, 4) for _ in range(4))" in lines
    assert {"for layer in self.layers:", "x = layer(x, context)"} <= set(lines)
    module = counted(project)
    x, context = torch.randn(2, 16), torch.randn(2, 4)
    expected = x
    for layer in module.layers:
        expected = layer.fc(expected) * layer.gate(context)
    torch.testing.assert_close(module(x, context), expected)


# Conditions.


def test_a_condition_on_a_function_is_an_if_in_forward():
    project, graph = project_of(["N", 8])
    block = new_graph(project, "dense", "Dense", width=None, active=True)
    block.add("Input", id="x", name="x", shape=["N", "features"])
    finish(block, chain(block, "x.y", ("l1", "Linear", "fc", {"out_features": "width"}), ("a1", "ReLU", "relu", {})))
    edits.set_when(block, "a1", "active")
    ends = chain(
        graph, "x.y", ("d1", "dense", "one", {"width": 4}), ("d2", "dense", "two", {"width": 4, "active": False})
    )
    finish(graph, ends)
    lines = lines_of(project)
    assert {"self.active = active", "if self.active:", "x = F.relu(x)"} <= set(lines)
    module = counted(project)
    x = torch.randn(5, 8)
    torch.testing.assert_close(module(x), module.two.fc(module.one.fc(x).relu()))


def test_a_condition_on_what_takes_several_inputs_tests_for_none():
    project, graph = project_of(["N", "T", 16])
    edits.set_symbol(project, "T", 5)
    block = new_graph(project, "layer", "Layer", attend=True)
    block.add("Input", id="x", name="x", shape=["N", "T", "dim"])
    block.add("MultiheadAttention", id="a1", name="attn", num_heads=2)
    for port in ("query", "key", "value"):
        block.connect("x.y", f"a1.{port}")
    edits.set_when(block, "a1", "attend")
    finish(block, "a1.y")
    finish(graph, chain(graph, "x.y", ("b1", "layer", "one", {}), ("b2", "layer", "two", {"attend": False})))
    lines = lines_of(project)
    assert {"self.attn: nn.Module | None = None", "if attend:", "if self.attn is not None:"} <= set(lines)
    module = counted(project).eval()
    x = torch.randn(2, 5, 16)
    expected, _ = module.one.attn(x, x, x)
    torch.testing.assert_close(module(x), expected)


def test_a_condition_without_names_is_decided():
    project, graph = project_of(["N", 8])
    finish(graph, chain(graph, "x.y", ("l1", "Linear", "fc", {"out_features": 8}), ("a1", "ReLU", "relu", {})))
    edits.set_when(graph, "l1", "1 > 2")
    assert "Linear" not in emit_source(project)
    assert counted(project)(torch.tensor([[-1.0] * 8])).eq(0).all()
    edits.set_when(graph, "l1", "2 > 1")
    assert "self.fc = nn.Linear(8, 8)" in lines_of(project)


def test_a_condition_inside_a_chain_is_a_choice():
    project, graph = project_of(["N", 8])
    inner = new_graph(project, "head", "Head", norm=True)
    inner.add("Input", id="x", name="x", shape=["N", "features"])
    steps = ("l1", "Linear", "0", {"out_features": 4}), ("n1", "LayerNorm", "1", {}), ("a1", "ReLU", "2", {})
    finish(inner, chain(inner, "x.y", *steps))
    edits.set_when(inner, "n1", "norm")
    finish(graph, chain(graph, "x.y", ("h1", "head", "one", {}), ("h2", "head", "two", {"norm": False})))
    assert "self.one = nn.Sequential(nn.Linear(8, 4), nn.LayerNorm(4), nn.ReLU())" in lines_of(project)
    assert "self.two = nn.Sequential(nn.Linear(4, 4), nn.Identity(), nn.ReLU())" in lines_of(project)
    assert list(counted(project).state_dict()) == [
        *("one.0.weight", "one.0.bias", "one.1.weight", "one.1.bias"),
        *("two.0.weight", "two.0.bias"),
    ]


# Names, widths and sharing.


def test_a_network_named_by_numbers_is_a_sequential():
    project, graph = project_of(["N", 8])
    steps = (
        ("l1", "Linear", "0", {"out_features": 4}),
        ("a1", "ReLU", "1", {}),
        ("l2", "Linear", "2", {"out_features": 2}),
    )
    finish(graph, chain(graph, "x.y", *steps))
    assert "class Net(nn.Sequential):" in lines_of(project)
    assert list(counted(project).state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_numbers_among_names_are_set_by_a_call():
    project, graph = project_of(["N", 8])
    steps = ("l1", "Linear", "0", {"out_features": 4}), ("a1", "ReLU", "relu", {}), ("l2", "Linear", "fc", {})
    finish(graph, chain(graph, "x.y", *steps))
    assert list(counted(project).state_dict()) == ["0.weight", "0.bias", "fc.weight", "fc.bias"]
    assert counted(project)(torch.randn(2, 8)).shape == (2, 128)


def test_a_block_without_named_axes_gets_an_argument_where_instances_differ():
    project, graph = project_of(["N", 8])
    block = new_graph(project, "dense", "Dense")
    block.add("Input", id="x", name="x")
    steps = ("l1", "Linear", "fc", {"out_features": 6}), ("n1", "LayerNorm", "norm", {})
    finish(block, chain(block, "x.y", *steps))
    finish(graph, chain(graph, "x.y", ("d1", "dense", "one", {})))
    assert "self.fc = nn.Linear(8, 6)" in lines_of(project)
    graph.disconnect("y.x")
    graph.connect(chain(graph, "d1.y", ("d2", "dense", "two", {})), "y.x")
    lines = lines_of(project)
    assert {"def __init__(self, in_features: int) -> None:", "self.fc = nn.Linear(in_features, 6)"} <= set(lines)
    assert {"self.one = Dense(8)", "self.two = Dense(6)", "self.norm = nn.LayerNorm(6)"} <= set(lines)
    assert counted(project)(torch.randn(2, 8)).shape == (2, 6)


def test_such_an_argument_is_handed_down():
    project, graph = project_of(["N", 8])
    inner = new_graph(project, "inner", "Inner")
    inner.add("Input", id="x", name="x")
    finish(inner, chain(inner, "x.y", ("l1", "Linear", "fc", {"out_features": 6})))
    outer = new_graph(project, "outer", "Outer")
    outer.add("Input", id="x", name="x")
    finish(outer, chain(outer, "x.y", ("b1", "inner", "first", {}), ("b2", "inner", "second", {})))
    finish(graph, chain(graph, "x.y", ("o1", "outer", "one", {}), ("o2", "outer", "two", {})))
    assert {"self.first = Inner(in_features)", "self.second = Inner(6)"} <= set(lines_of(project))
    assert counted(project)(torch.randn(2, 8)).shape == (2, 6)


def test_weights_used_again_are_one_attribute():
    project, graph = project_of(["N", 8])
    steps = (
        ("l1", "Linear", "fc", {"out_features": 8}),
        ("a1", "ReLU", "relu", {}),
        ("l2", "Linear", "again", {"out_features": 8}),
    )
    finish(graph, chain(graph, "x.y", *steps))
    edits.use_weights_of(graph, "l2", "l1")
    module = counted(project)
    assert list(module.state_dict()) == ["fc.weight", "fc.bias"]
    x = torch.randn(2, 8)
    torch.testing.assert_close(module(x), module.fc(module.fc(x).relu()))


def test_parameters_of_a_network_are_arguments_and_widths_follow_them():
    project, graph = project_of(["N", 3, 8, 8])
    edits.set_graph_param(graph, "width", Param(16))
    steps = (
        ("c1", "Conv2d", "conv", {"out_channels": "width"}),
        ("b1", "BatchNorm2d", "bn", {}),
        ("f1", "Flatten", "f", {}),
    )
    finish(graph, chain(graph, "x.y", *steps, ("l1", "Linear", "fc", {"out_features": "2 * width"})))
    lines = lines_of(project)
    assert "def __init__(self, width: int = 16) -> None:" in lines
    assert {"self.conv = nn.Conv2d(3, width, 3)", "self.bn = nn.BatchNorm2d(width)"} <= set(lines)
    assert "self.fc = nn.Linear(36 * width, 2 * width)" in lines
    from codegen.build import source_module

    other = source_module(emit_source(project)).Net(width=5)
    assert other(torch.randn(2, 3, 8, 8)).shape == (2, 10)
    assert counted(project)(torch.randn(2, 3, 8, 8)).shape == (2, 32)


def test_sizes_in_forward_come_from_the_input():
    project, graph = project_of(["N", "T", 24])
    edits.set_symbol(project, "T", 5)
    block = new_graph(project, "heads", "Heads", heads=4)
    block.add("Input", id="x", name="x", shape=["N", "T", "dim"])
    steps = (
        ("r1", "Reshape", "split", {"shape": ["T", "heads", "dim // heads"]}),
        ("p1", "Permute", "swap", {"dims": [0, 2, 1, 3]}),
    )
    finish(block, chain(block, "x.y", *steps))
    finish(graph, chain(graph, "x.y", ("h1", "heads", "heads", {})))
    lines = lines_of(project)
    assert "_, T, dim = x.shape" in lines
    assert "self.heads = heads" in lines
    module = counted(project)
    for n, t in ((1, 5), (3, 9)):
        x = torch.randn(n, t, 24)
        torch.testing.assert_close(module(x), x.reshape(n, t, 4, 6).permute(0, 2, 1, 3))


def test_a_parameter_with_a_name_that_is_taken_is_kept_elsewhere():
    project, graph = project_of(["N", 8])
    block = new_graph(project, "odd", "Odd", range=4, training=2)
    block.add("Input", id="x", name="list", shape=["N", "super"])
    steps = (
        ("r1", "Reshape", "reshape", {"shape": ["range", "super // range"]}),
        ("m1", "Mean", "mean", {"dim": "training"}),
    )
    finish(block, chain(block, "x.y", *steps, ("l1", "Linear", "range", {"out_features": "super"})))
    finish(graph, chain(graph, "x.y", ("o1", "odd", "odd", {})))
    module = counted(project)
    x = torch.randn(3, 8)
    torch.testing.assert_close(module(x), module.odd.range(x.reshape(3, 4, 2).mean(2)))
    assert module.training is True


def test_several_results_and_several_outputs():
    project, graph = project_of(["N", "T", 6])
    edits.set_symbol(project, "T", 5)
    graph.add("LSTM", id="r1", name="lstm", hidden_size=4)
    graph.connect("x.y", "r1.x")
    graph.add("Output", id="y1", name="steps")
    graph.add("Output", id="y2", name="state")
    graph.add("Output", id="y3", name="cell")
    graph.connect("r1.y", "y1.x")
    graph.connect("r1.h", "y2.x")
    graph.connect("r1.c", "y3.x")
    lines = lines_of(project)
    assert "def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:" in lines
    assert "x, (h, c) = self.lstm(x)  # N × T × 4" in lines
    assert "return x, h, c" in lines
    found = counted(project)(torch.randn(2, 3, 6))
    assert [tuple(tensor.shape) for tensor in found] == [(2, 3, 4), (1, 2, 4), (1, 2, 4)]
    graph.remove("y2")
    assert "x, (_, c) = self.lstm(x)  # N × T × 4" in lines_of(project)


def test_a_value_used_twice_keeps_its_variable():
    project, graph = project_of(["N", 8])
    chain(graph, "x.y", ("l1", "Linear", "fc1", {"out_features": 8}), ("a1", "ReLU", "relu", {}))
    chain(graph, "a1.y", ("l2", "Linear", "fc2", {"out_features": 8}))
    for id, name, a, b in (
        ("e1", "add1", "a1.y", "l2.y"),
        ("e2", "add2", "e1.y", "x.y"),
        ("e3", "add3", "e2.y", "a1.y"),
    ):
        graph.add("Add", id=id, name=name)
        graph.connect(a, f"{id}.a")
        graph.connect(b, f"{id}.b")
    finish(graph, "e3.y")
    module = counted(project)
    x = torch.randn(4, 8)
    hidden = module.fc1(x).relu()
    torch.testing.assert_close(module(x), hidden + module.fc2(hidden) + x + hidden)


def test_what_reaches_no_output_is_made_but_not_called():
    project, graph = project_of(["N", 8])
    finish(graph, chain(graph, "x.y", ("l1", "Linear", "fc", {"out_features": 4})))
    chain(graph, "x.y", ("l2", "Linear", "loose", {"out_features": 4}))
    lines = lines_of(project)
    assert "self.loose = nn.Linear(8, 4)" in lines
    assert not any("self.loose(" in line for line in lines)
    assert counted(project)(torch.randn(2, 8)).shape == (2, 4)


def test_two_networks_share_a_block():
    project, graph = project_of(["N", 8])
    dense_block(project)
    finish(graph, chain(graph, "x.y", ("d1", "dense", "layer", {"width": 4})))
    with project.editing("Second network"):
        project.record("", "graphs", "judge", True)
        project.record("judge", "head", "name", "Judge")
        project.record("", "network_keys", "judge", "judge")
    other = project.graphs["judge"]
    other.add("Input", id="x", name="x", shape=["N", 4])
    finish(other, chain(other, "x.y", ("d1", "dense", "layer", {"width": 1})))
    lines = lines_of(project)
    assert [line for line in lines if line.startswith("class ")] == [
        "class Dense(nn.Module):",
        "class Judge(nn.Module):",
        "class Net(nn.Module):",
    ]
    assert build_module(project, "judge")(build_module(project)(torch.randn(2, 8))).shape == (2, 1)


def test_an_attention_mask_goes_in_by_its_keyword():
    project, graph = project_of(["N", "T", 8])
    edits.set_symbol(project, "T", 5)
    graph.add("Input", id="x2", name="mask", shape=["T", "T"], dtype="bool")
    graph.add("MultiheadAttention", id="a1", name="attn", num_heads=2)
    for port in ("query", "key", "value"):
        graph.connect("x.y", f"a1.{port}")
    graph.connect("x2.y", "a1.attn_mask")
    finish(graph, "a1.y")
    assert "x, _ = self.attn(x, x, x, attn_mask=mask, need_weights=False)" in lines_of(project)
    assert counted(project)(torch.randn(2, 5, 8), torch.zeros(5, 5, dtype=torch.bool)).shape == (2, 5, 8)


def test_lists_go_in_as_lists():
    project, graph = project_of(["N", 8])
    graph.add("Concat", id="j1", name="join")
    graph.connect("x.y", "j1.x0")
    graph.connect(chain(graph, "x.y", ("l1", "Linear", "fc", {"out_features": 3})), "j1.x1")
    graph.connect("x.y", "j1.x2")
    finish(graph, "j1.y")
    assert "return torch.cat([x, self.fc(x), x], dim=1)  # N × 19" in lines_of(project)
    assert counted(project)(torch.randn(2, 8)).shape == (2, 19)


def test_helper_classes_come_once():
    project, graph = project_of(["N", "T", 8])
    edits.set_symbol(project, "T", 5)
    steps = ("p1", "PositionalEncoding", "pos1", {}), ("p2", "PositionalEncoding", "pos2", {"max_len": 64})
    finish(graph, chain(graph, "x.y", *steps))
    lines = lines_of(project)
    assert lines.count("class PositionalEncoding(nn.Module):") == 1
    assert {
        "import torch",
        "self.pos1 = PositionalEncoding(8)",
        "self.pos2 = PositionalEncoding(8, max_len=64)",
    } <= set(lines)
    assert build_module(project)(torch.randn(2, 5, 8)).shape == (2, 5, 8)


# What cannot be written, and what is told about lines.


def test_a_problem_is_said_in_one_sentence():
    project, graph = project_of(["N", 8])
    graph.add("Linear", id="l1", name="fc")
    graph.add("Output", id="y")
    graph.connect("l1.y", "y.x")
    with pytest.raises(EmitError, match=r"^fc has no wire at x[^\n]*\.$"):
        emit_source(project)
    with pytest.raises(EmitError, match="There is no network other"):
        emit_source(project, "other")
    with pytest.raises(EmitError):
        emit_source(Project.new())


def test_spans_name_the_lines_of_each_node():
    project, graph = project_of(["N", 8])
    finish(graph, chain(graph, "x.y", ("l1", "Linear", "fc", {"out_features": 4}), ("a1", "ReLU", "relu", {})))
    source, spans = emit_with_spans(project)
    lines = source.splitlines()

    def shown(id: str) -> list[str]:
        return [lines[line - 1].strip() for first, last in spans["main", id] for line in range(first, last + 1)]

    assert shown("l1") == ["self.fc = nn.Linear(8, 4)", "return F.relu(self.fc(x))  # N × 4"]
    assert shown("a1") == ["return F.relu(self.fc(x))  # N × 4"]
    assert shown("x") == ["def forward(self, x: Tensor) -> Tensor:"]
    assert shown("")[0] == "class Net(nn.Module):"


def test_a_small_edit_is_a_small_difference():
    project, graph = project_of(["N", 8])
    steps = [(f"l{k}", "Linear", f"fc{k}", {"out_features": 8}) for k in range(20)]
    finish(graph, chain(graph, "x.y", *steps))
    before = emit_source(project).splitlines()
    edits.set_params(graph, "l7", {"bias": False})
    after = emit_source(project).splitlines()
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ("        self.fc7 = nn.Linear(8, 8)", "        self.fc7 = nn.Linear(8, 8, bias=False)")
    ]


def test_probes_see_every_node():
    from codegen.build import Probed

    project, graph = project_of(["N", 8])
    dense_block(project)
    finish(graph, chain(graph, "x.y", ("r1", "dense", "layers", {"width": 8}), ("a1", "ReLU", "relu", {})))
    edits.set_repeat(graph, "r1", 2)
    module = build_module(project)
    probed = Probed(project)
    probed.load(module.state_dict())
    x = torch.randn(3, 8)
    output, values = probed.run(x)
    assert isinstance(output, Tensor)
    torch.testing.assert_close(output, module(x))
    assert {"layers", "layers.0.fc", "layers.0.relu", "layers.1.fc", "layers.1.relu", "relu"} <= set(values)
    torch.testing.assert_close(values["layers.0.fc"], module.layers[0].fc(x))
    torch.testing.assert_close(values["layers.1"], values["layers"])


def test_tracebacks_show_the_lines_that_were_emitted():
    import traceback

    project, graph = project_of(["N", 8])
    finish(graph, chain(graph, "x.y", ("l1", "Linear", "fc", {"out_features": 4})))
    module = build_module(project)
    with pytest.raises(RuntimeError) as caught:
        module(torch.randn(2, 7))
    assert "return self.fc(x)  # N × 4" in "".join(traceback.format_tb(caught.value.__traceback__))


def test_a_symbol_in_the_constructor_is_an_argument_with_its_example_size():
    project, graph = project_of(["N", "T"], dtype="int64")
    edits.set_symbol(project, "T", 5)
    edits.set_symbol(project, "V", 50)
    steps = (
        ("e1", "Embedding", "embed", {"num_embeddings": "V", "embedding_dim": 8}),
        ("l1", "Linear", "head", {"out_features": "V"}),
    )
    finish(graph, chain(graph, "x.y", *steps))
    lines = lines_of(project)
    assert "def __init__(self, V: int = 50) -> None:" in lines
    assert {"self.embed = nn.Embedding(V, 8)", "self.head = nn.Linear(8, V)"} <= set(lines)
    assert counted(project)(torch.zeros(2, 7, dtype=torch.int64)).shape == (2, 7, 50)


def test_words_and_reals_are_arguments_too():
    project, graph = project_of(["N", 8])
    block = new_graph(project, "act", "Act", mode="'tanh'", rate=0.25, size=None)
    block.add("Input", id="x", name="x", shape=["N", "dim"])
    steps = ("g1", "GELU", "gelu", {"approximate": "=mode"}), ("d1", "Dropout", "drop", {"p": "rate"})
    finish(block, chain(block, "x.y", *steps, ("l1", "Linear", "fc", {"out_features": "size"})))
    finish(
        graph,
        chain(graph, "x.y", ("a1", "act", "one", {"size": 8}), ("a2", "act", "two", {"mode": "'none'", "size": 4})),
    )
    lines = lines_of(project)
    assert 'def __init__(self, dim: int, size: int, mode: str = "tanh", rate: float = 0.25) -> None:' in lines or (
        'self, dim: int, size: int, mode: str = "tanh", rate: float = 0.25' in lines
    )
    assert {"self.one = Act(8, 8)", 'self.two = Act(8, 4, mode="none")', "self.drop = nn.Dropout(rate)"} <= set(lines)
    module = counted(project).eval()
    x = torch.randn(2, 8)
    one = module.one.fc(nn.functional.gelu(x, approximate="tanh"))
    torch.testing.assert_close(module(x), module.two.fc(nn.functional.gelu(one)))


@pytest.mark.parametrize("shared", [False, True])
def test_a_condition_on_a_repeat_of_several_inputs(shared: bool):
    project, graph = project_of(["N", 8])
    inner = new_graph(project, "mix", "Mix")
    inner.add("Input", id="x", name="x", shape=["N", "dim"])
    inner.add("Input", id="x2", name="side", shape=["N", "dim"])
    first = chain(inner, "x.y", ("l1", "Linear", "fc", {"out_features": "dim"}))
    inner.add("Add", id="e1", name="add")
    inner.connect(first, "e1.a")
    inner.connect("x2.y", "e1.b")
    finish(inner, "e1.y")
    outer = new_graph(project, "stack", "Stack", active=True)
    outer.add("Input", id="x", name="x", shape=["N", "dim"])
    outer.add("mix", id="r1", name="mixes")
    outer.connect("x.y", "r1.x")
    outer.connect("x.y", "r1.x2")
    edits.set_repeat(outer, "r1", 3, shared=shared)
    edits.set_when(outer, "r1", "active")
    finish(outer, "r1.y")
    finish(graph, chain(graph, "x.y", ("s1", "stack", "one", {}), ("s2", "stack", "two", {"active": False})))
    module = counted(project)
    x = torch.randn(2, 8)
    expected = x
    for k in range(3):
        expected = (module.one.mixes if shared else module.one.mixes[k]).fc(expected) + x
    torch.testing.assert_close(module(x), expected)


def test_i_goes_down_into_inline_chains_and_blocks():
    project, graph = project_of(["N", 8])
    inner = new_graph(project, "step", "Step", width=None, rate=0.0)
    inner.add("Input", id="x", name="x", shape=["N", "features"])
    steps = (
        ("l1", "Linear", "0", {"out_features": "width"}),
        ("d1", "Dropout", "1", {"p": "rate"}),
        ("a1", "ReLU", "2", {}),
    )
    finish(inner, chain(inner, "x.y", *steps))
    finish(graph, chain(graph, "x.y", ("r1", "step", "steps", {"width": 8, "rate": "0.1 * i"})))
    edits.set_repeat(graph, "r1", 6)
    text = emit_source(project)
    assert "nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.1 * i), nn.ReLU())" in text
    assert "for i in range(6)" in text
    assert [round(step[1].p, 3) for step in counted(project).steps] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def test_a_block_that_passes_its_input_on():
    project, graph = project_of(["N", 8])
    block = new_graph(project, "wire", "Wire")
    block.add("Input", id="x", name="x", shape=["N", "dim"])
    finish(block, "x.y")
    finish(graph, chain(graph, "x.y", ("w1", "wire", "wire", {})))
    assert "return x" in lines_of(project)
    x = torch.randn(2, 8)
    torch.testing.assert_close(counted(project)(x), x)


def test_forty_nested_doublings_are_forty_classes():
    project, graph = project_of(["N", 4])
    new_graph(project, "b0", "Block0")
    leaf = project.graphs["b0"]
    leaf.add("Input", id="x", name="x", shape=["N", "dim"])
    finish(leaf, chain(leaf, "x.y", ("a1", "ReLU", "relu", {})))
    for k in range(1, 41):
        level = new_graph(project, f"b{k}", f"Block{k}")
        level.add("Input", id="x", name="x", shape=["N", "dim"])
        finish(level, chain(level, "x.y", ("n1", f"b{k - 1}", "first", {}), ("n2", f"b{k - 1}", "second", {})))
    finish(graph, chain(graph, "x.y", ("n1", "b40", "all", {})))
    assert sum(line.startswith("class ") for line in lines_of(project)) == 42


def test_symbols_are_arguments_that_may_have_other_sizes():
    project = Project.new("symbols")
    for name, value in (("C", 16), ("L", 5)):
        edits.set_symbol(project, name, value)
    body = new_graph(project, "body", "Body")
    body.add("Input", id="x", shape=["N", "c", "H", "W"])
    body.add("Conv2d", id="k", out_channels="c", padding=1)
    body.add("Output", id="y")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 3, 8, 8])
    graph.add("Conv2d", id="c", out_channels="2 * C")
    graph.add(body.key, id="b")
    edits.set_repeat(graph, "b", "L")
    graph.add("Conv2d", id="d", out_channels="C")
    graph.add("Output", id="y")
    for here, wires in ((body, "x.y-k.x k.y-y.x"), (graph, "x.y-c.x c.y-b.x b.y-d.x d.y-y.x")):
        for wire in wires.split():
            here.connect(*wire.split("-"))
    module = build_module(project)
    other = type(module)(C=4, L=2)
    assert len(other.body1) == 2
    assert other(torch.zeros(2, 3, 8, 8)).shape == (2, 4, 4, 4)
    edits.set_symbol(project, "C", 4)
    edits.set_symbol(project, "L", 2)
    assert sum(p.numel() for p in other.parameters()) == analyze(project).params.total


def test_a_repeat_that_by_itself_stops_early_is_written_to_its_end():
    """By itself the projection is taken and does not fit: no second iteration is known. Instances leave it out."""
    project, graph = project_of(["N", 8, 6, 6])
    inner = new_graph(project, "inner", "Inner")
    inner.add("Input", id="x", name="x", shape=["N", "width", "H", "W"])
    inner.add("Conv2d", id="c", name="conv", out_channels=8, padding=1)
    inner.add("Conv2d", id="p", name="proj", out_channels=8, kernel_size=1, padding=2)
    edits.set_when(inner, "p", "width != 8")
    inner.add("Add", id="s")
    outer = new_graph(project, "outer", "Outer")
    outer.add("Input", id="x", name="x", shape=["N", "C", "H", "W"])
    for wire in (("x.y", "c.x"), ("x.y", "p.x"), ("c.y", "s.a"), ("p.y", "s.b")):
        inner.connect(*wire)
    finish(inner, "s.y")
    finish(outer, chain(outer, "x.y", ("r", "inner", "stages", {})))
    edits.set_repeat(outer, "r", 3)
    finish(graph, chain(graph, "x.y", ("o", "outer", "body", {})))
    module = counted(project)
    assert len(module.body.stages) == 3  # type: ignore[union-attr, arg-type]


def test_what_is_noted_of_a_graph_is_its_docstring():
    project = open_template("lenet")
    with project.editing("Note"):
        note = 'LeNet (1998), "small".\n\nTwo convolutions \\ three linear maps' + ", each by itself" * 9
        project.record("main", "head", "note", note)
    source = emit_source(project)
    doc = ast.get_docstring(ast.parse(source).body[-1])  # type: ignore[arg-type]
    assert doc is not None
    first, middle, last = doc.split("\n\n")
    assert first == "LeNet (1998), 'small'."
    assert middle.replace("\n", " ").startswith("Two convolutions / three linear maps, each by itself")
    assert last == "N × 1 × 8 × 8 → N × 10."
    assert max(map(len, source.splitlines())) <= 88


def test_a_note_that_speaks_of_torch_imports_nothing():
    project = open_template("mlp")
    with project.editing("Note"):
        project.record("main", "head", "note", "As torch and F have it.")
    assert "import torch\n" not in emit_source(project)
