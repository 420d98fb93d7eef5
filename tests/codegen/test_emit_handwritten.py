"""What is emitted is what one would have written by hand: the same torch.export graph, with the same parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from codegen import build_module
from graph_core import Project
from tests.benchmarks.models import resnet50, vit_b_16
from tests.codegen import handwritten

IMAGE = (2, 3, 224, 224)
SUBJECTS: dict[str, tuple[Callable[[], Project], type[nn.Module], Callable[[], Tensor]]] = {
    "resnet50": (resnet50, handwritten.ResNet50, lambda: torch.zeros(IMAGE)),
    "vit_b_16": (vit_b_16, handwritten.ViT, lambda: torch.zeros(IMAGE)),
    "gpt2": (handwritten.gpt2_drawn, handwritten.GPT2, lambda: torch.zeros(2, 64, dtype=torch.int64)),
}


def meaning(module: nn.Module, x: Tensor) -> tuple[str, list[str]]:
    """The exported graph, said independently of the order in which it was traced and of its variables' names.

    Each node becomes a text of its operator, its arguments (those left out are torch's defaults) and what they mean;
    sums are the same either way round. Gives the meaning of the output, and of all nodes, sorted.
    """
    program = torch.export.export(module.eval(), (x,))
    signature = program.graph_signature
    given = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    known: dict[Any, str] = {}

    def said(value: Any) -> str:
        if isinstance(value, torch.fx.Node):
            return known[value]
        if isinstance(value, list | tuple):
            return "[" + ",".join(map(said, value)) + "]"
        return repr(value)

    out = ""
    for node in program.graph.nodes:
        if node.op == "placeholder":
            known[node] = given.get(node.name, "input")
        elif node.op == "output":
            out = said(node.args[0])
        elif node.op == "call_function":
            schema = getattr(node.target, "_schema", None)
            args = [said(arg) for arg in node.args]
            if schema is not None:
                rest = schema.arguments[len(args) :]
                args += [said(node.kwargs.get(a.name, a.default_value)) for a in rest]
            if "add.Tensor" in str(node.target):
                args[:2] = sorted(args[:2])
            known[node] = str(hash((str(node.target), *args)))
    return out, sorted(known.values())


@pytest.fixture(scope="module", params=list(SUBJECTS))
def pair(request: pytest.FixtureRequest) -> tuple[nn.Module, nn.Module, Tensor]:
    draw, by_hand, example = SUBJECTS[request.param]
    with torch.device("meta"):
        return build_module(draw()), by_hand(), example()


def test_the_parameters_have_the_same_names_and_shapes(pair: tuple[nn.Module, nn.Module, Tensor]) -> None:
    emitted, by_hand, _ = pair
    shapes = [{name: tuple(t.shape) for name, t in module.state_dict().items()} for module in (emitted, by_hand)]
    assert shapes[0] == shapes[1]
    assert len(list(emitted.parameters())) == len(list(by_hand.parameters()))


def test_the_exported_graphs_are_equal(pair: tuple[nn.Module, nn.Module, Tensor]) -> None:
    emitted, by_hand, x = pair
    assert meaning(emitted, x) == meaning(by_hand, x)


def test_the_comparison_sees_a_difference() -> None:
    with torch.device("meta"):
        x = torch.zeros(2, 3)
        one, other = nn.Sequential(nn.Linear(3, 3), nn.ReLU()), nn.Sequential(nn.Linear(3, 3), nn.GELU())
        assert meaning(one, x)[0] == meaning(nn.Sequential(nn.Linear(3, 3), nn.ReLU()), x)[0]
        assert meaning(one, x)[0] != meaning(other, x)[0]


def test_dynamo_takes_it_whole(pair: tuple[nn.Module, nn.Module, Tensor]) -> None:
    """What torch.compile sees is one graph, without a break; its backends start from there."""
    emitted, _, x = pair
    told = torch._dynamo.explain(emitted)(x)
    assert told.graph_break_count == 0
    assert told.graph_count == 1


@pytest.mark.soak
def test_it_runs_compiled() -> None:
    """Through inductor, which needs a C++ compiler: outputs and gradients are those of the module itself."""
    module = build_module(resnet50()).eval()
    x = torch.randn(1, 3, 64, 64)
    wanted = module(x)
    wanted.square().mean().backward()
    gradients = [p.grad.clone() for p in module.parameters() if p.grad is not None]
    module.zero_grad()
    try:
        found = torch.compile(module, fullgraph=True)(x)
    except torch._dynamo.exc.BackendCompilerFailed as error:
        if "compiler" in str(error).lower():
            pytest.skip(f"no C++ compiler is here: {error}")
        raise
    found.square().mean().backward()
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-4)
    for gradient, p in zip(gradients, module.parameters(), strict=True):
        torch.testing.assert_close(p.grad, gradient, rtol=1e-2, atol=1e-3)
