"""Every declaration alone in a network: what analysis says of it is what the emitted module does on meta tensors."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch.utils.flop_counter import FlopCounterMode

from codegen.build import build_module
from graph_core.analysis import analyze
from graph_core.graph import Project
from graph_core.layer import layer_types
from tests.graph_core.drawn_layers import Drawn, drawn, has_enough_values, is_drawn
from tests.graph_core.test_layers_against_torch import UNCOUNTED

SPELLED = [name for name, declaration in layer_types().items() if is_drawn(declaration) and declaration.inlets]

pytestmark = pytest.mark.hypothesis


def alone(case: Drawn) -> Project:
    """A network of nothing but the layer, its inputs and its outputs."""
    project = Project.new("alone")
    graph = project.networks["main"]
    graph.add(type(case.layer).__name__, id="l", name="layer", **case.given)
    for k, (port, shape) in enumerate(case.shapes.items()):
        graph.add("Input", id=f"x{k}", name=f"x{k}", shape=list(shape), dtype=case.dtypes[port])
        graph.connect(f"x{k}.y", f"l.{port}")
    for k, port in enumerate(case.layer.outlets):
        graph.add("Output", id=f"y{k}", name=f"y{k}")
        graph.connect(f"l.{port}", f"y{k}.x")
    return project


def outputs_of(module: torch.nn.Module, inputs: list[torch.Tensor]) -> tuple[list[torch.Tensor], int]:
    """What it returns, and the multiply-adds that torch counts."""
    with warnings.catch_warnings(), FlopCounterMode(display=False) as counter, torch.no_grad():
        warnings.simplefilter("ignore")
        result = module(*inputs)
    return list(result) if isinstance(result, tuple) else [result], counter.get_total_flops() // 2


def check_emitted(case: Drawn) -> bool:
    """Analysis's figures and shapes against the emitted module's; False where analysis finds an error."""
    project = alone(case)
    found = analyze(project)
    if any(problem.severity == "error" for problem in found.problems):
        return False
    module = build_module(project).eval()
    parameters, buffers = list(module.parameters()), list(module.buffers())
    assert sum(p.numel() for p in parameters) == found.params.trainable
    assert sum(b.numel() for b in buffers) == found.params.buffers
    inputs = [
        torch.zeros(shape, dtype=getattr(torch, dtype), device="meta")
        for shape, dtype in zip(case.shapes.values(), case.dtypes.values(), strict=True)
    ]
    outputs, macs = outputs_of(module.to("meta"), inputs)
    assert macs == found.macs or type(case.layer).__name__ in UNCOUNTED
    layer = next(row for row in found.layers if row.id == "l")
    assert [list(t.shape) for t in outputs] == [list(shape) for shape in layer.output]
    assert {name.split(".")[0] for name in module.state_dict()} <= {"layer"}
    return True


@pytest.fixture(autouse=True)
def _slow_path() -> Any:
    """The fused path of MultiheadAttention counts nothing."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    yield
    torch.backends.mha.set_fastpath_enabled(before)


@pytest.mark.parametrize("name", SPELLED)
def test_the_emitted_layer_is_the_analysed_one(name: str):
    seen: set[bool] = set()

    @settings(max_examples=max(settings().max_examples // 6, 4), suppress_health_check=list(HealthCheck))
    @given(drawn(layer_types()[name]))
    def check(case: Drawn) -> None:
        if has_enough_values(case, train=False):
            seen.add(check_emitted(case))

    check()
    assert True in seen, "no drawn configuration was accepted"
