"""Every declared layer, in any configuration that its rule takes: the emitted file runs, and is in ruff's form."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from codegen import build_module, emit_source
from graph_core import Project, analyze, layer_types
from graph_core.graph import Graph
from graph_core.layer import Module, Refusal
from tests.codegen.test_emit_printing import ruff_format
from tests.graph_core.drawn_layers import drawn, has_enough_values, is_drawn
from tests.templates import chain, finish, new_graph

LAYERS = [name for name, declaration in layer_types().items() if is_drawn(declaration) and declaration.inlets]
SLOW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def tensor_of(shape: tuple[int, ...], dtype: str) -> Tensor:
    if dtype.startswith("int"):
        return torch.zeros(shape, dtype=getattr(torch, dtype))
    if dtype == "bool":
        return torch.zeros(shape, dtype=torch.bool)
    return torch.randn(shape).to(getattr(torch, dtype))


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_by_itself(name: str):
    @SLOW
    @given(st.data())
    def check(data: st.DataObject) -> None:
        case = data.draw(drawn(layer_types()[name]))
        assume((case.shapes or not case.layer.inlets) and has_enough_values(case, train=False))
        assume(all(dtype in ("float32", "int64", "bool") for dtype in case.dtypes.values()))
        try:
            facts = case.facts()
        except Refusal:
            assume(False)
        project = Project.new("one")
        graph = project.networks["main"]
        node = graph.add(name, id="node", name="layer", **case.given)
        for k, (port, shape) in enumerate(case.shapes.items()):
            graph.add("Input", id=f"x{k}", name=f"x{k}", shape=list(shape), dtype=case.dtypes[port])
            graph.connect(f"x{k}.y", f"node.{port}")
        if not case.shapes:
            graph.add("Input", id="x0", name="x0", shape=[1])
            graph.add("Output", id="z0", name="z0")
            graph.connect("x0.y", "z0.x")
        outs = graph.out_ports(node)
        for k, port in enumerate(outs):
            graph.add("Output", id=f"y{k}", name=f"y{k}")
            graph.connect(f"node.{port}", f"y{k}.x")
        assume(analyze(project).sound)
        source = emit_source(project)
        assert ruff_format(source) == source
        module = build_module(project).eval()
        kept = facts.weights if case.layer.values.get("persistent", True) else ()
        state = {f"layer.{weight.name}".rstrip("."): tuple(map(int, weight.shape)) for weight in kept}
        assert {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()} == state
        given = [tensor_of(tuple(map(int, shape)), case.dtypes[port]) for port, shape in case.shapes.items()]
        found = module(*(given or [torch.zeros(1)]))
        found = found if isinstance(found, tuple) else (found,)
        assert [tuple(tensor.shape) for tensor in found[: len(outs)]] == [
            tuple(map(int, shape)) for shape in facts.outputs
        ]

    check()


@pytest.mark.parametrize("name", [n for n in LAYERS if not isinstance(layer_types()[n].torch, Module)])
def test_a_function_with_a_module_of_the_same_meaning(name: str):
    """In a chain named by numbers a function becomes that module, and computes the same."""
    declaration = layer_types()[name]
    if not getattr(declaration.torch, "module", ""):
        pytest.skip("has no module")
    rank = next(iter(declaration.inlets.values())).rank or 3
    project = Project.new("pair")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 4, 6, 6][:rank])
    inner = new_graph(project, "inner", "Inner")
    inner.add("Input", id="x", name="x", shape=["N", "C", "L", "W"][:rank])
    finish(inner, chain(inner, "x.y", ("n1", name, "0", {})))
    finish(graph, chain(graph, "x.y", ("b1", "inner", "block", {})))
    other = Project.new("plain")
    plain = other.networks["main"]
    plain.add("Input", id="x", name="x", shape=["N", 4, 6, 6][:rank])
    finish(plain, chain(plain, "x.y", ("n1", name, "only", {})))
    assert "self.block = nn.Sequential(nn." in emit_source(project)
    x = torch.randn([3, 4, 6, 6][:rank])
    torch.testing.assert_close(build_module(project)(x), build_module(other)(x))


# Random graphs: the order of statements and the reuse of variables never change what is computed.

WIDTH = 6
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {"ReLU": torch.relu, "Tanh": torch.tanh, "Sigmoid": torch.sigmoid}
OPERATORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"Add": torch.add, "Sub": torch.sub, "Mul": torch.mul}


def split_block(project: Project) -> None:
    """A block with two results: two linear maps of its input."""
    block = new_graph(project, "split", "Split")
    block.add("Input", id="x", name="x", shape=["N", "dim"])
    for k in (1, 2):
        block.add("Linear", id=f"l{k}", name=f"fc{k}", out_features="dim")
        block.connect("x.y", f"l{k}.x")
        block.add("Output", id=f"y{k}", name=f"y{k}")
        block.connect(f"l{k}.y", f"y{k}.x")


def random_project(rng: random.Random) -> Project:
    project = Project.new("random")
    split_block(project)
    graph = project.networks["main"]
    ends = []
    for k in range(rng.randrange(1, 3)):
        graph.add("Input", id=f"x{k}", name=rng.choice([f"x{k}", f"y{k}"]), shape=["N", WIDTH])
        ends.append(f"x{k}.y")
    for k in range(rng.randrange(1, 25)):
        kind = rng.choice(["Linear", "Linear", "split", *FUNCTIONS, *OPERATORS])
        given = {"out_features": WIDTH} if kind == "Linear" else {}
        id = f"n{k}"
        node = graph.add(kind, id=id, name=rng.choice([f"node{k}", f"y{k + 10}"]), **given)
        recent = ends[-4:] if rng.random() < 0.8 else ends
        for port in graph.in_ports(node):
            graph.connect(rng.choice(recent), f"{id}.{port}")
        ends += [f"{id}.{port}" for port in graph.out_ports(node)]
    for k, end in enumerate(rng.sample(ends[-5:], min(len(ends), rng.randrange(1, 4)))):
        graph.add("Output", id=f"o{k}", name=f"out{k}")
        graph.connect(end, f"o{k}.x")
    return project


def interpreted(graph: Graph, module: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
    """The outputs, node by node as the drawing says, with the module's weights."""
    given = {node.id: tensor for node, tensor in zip(graph.inputs(), inputs, strict=True)}

    def value(end: str) -> Tensor:
        id, _, port = end.partition(".")
        node = graph.nodes[id]
        if id in given:
            return given[id]
        operands = [value(graph.wires[f"{id}.{p}"]) for p in graph.in_ports(node)]
        if node.type == "Linear":
            return module.get_submodule(node.name)(*operands)
        if node.type == "split":
            return module.get_submodule(f"{node.name}.fc{port[1:]}")(*operands)
        function = FUNCTIONS.get(node.type) or OPERATORS[node.type]
        return function(*operands)

    return [value(graph.wires[f"{node.id}.x"]) for node in graph.outputs()]


@pytest.mark.parametrize("seed", range(120))
def test_a_random_graph_computes_what_it_draws(seed: int):
    rng = random.Random(seed)
    torch.manual_seed(seed)
    project = random_project(rng)
    module = build_module(project)
    graph = project.networks["main"]
    inputs = [torch.randn(3, WIDTH) for _ in graph.inputs()]
    found = module(*inputs)
    found = found if isinstance(found, tuple) else (found,)
    for one, other in zip(found, interpreted(graph, module, inputs), strict=True):
        torch.testing.assert_close(one, other)


def test_random_graphs_are_in_the_formatters_form_and_clean():
    for seed in range(60):
        source = emit_source(random_project(random.Random(seed)))
        assert ruff_format(source) == source
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--stdin-filename", "m.py", "-"]
        done = subprocess.run(command, input=source, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + source
