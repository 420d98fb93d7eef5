"""The test beside a source: what the drawing promises of its network, as pytest checks it without Netwright."""

from __future__ import annotations

import ast

from codegen.emit import trees
from codegen.emit.plan import Plan
from codegen.emit.printing import signature, statement
from codegen.emit.trees import EmitError
from graph_core.analysis import analyze
from graph_core.dims import Dim, Named, Shape
from graph_core.graph import Project

_TEXT = '''"""What {name} promises: its shapes, its size, and that all of it learns."""

import pytest
import torch
from torch import Tensor

from {module} import {name}


def inputs(batch: int) -> tuple[Tensor, ...]:
    """Inputs of the sizes that were drawn."""
    torch.manual_seed(batch)
{inputs}


{outputs}
    """What comes out, one or several."""
    found = model(*inputs(batch))
    return found if isinstance(found, tuple) else (found,)


@pytest.mark.parametrize("batch", {batches})
def test_shapes(batch: int) -> None:
    model = {name}().eval()
{shapes}
    assert [tuple(y.shape) for y in outputs(model, batch)] == expected


def test_number_of_parameters() -> None:
    model = {name}()
    assert sum(p.numel() for p in model.parameters()) == {parameters:_}


def test_every_parameter_gets_a_gradient() -> None:
    model = {name}()
    found = [y for y in outputs(model, {several}) if y.is_floating_point()]
    torch.stack([y.square().mean() for y in found]).sum().backward()
    missing = [name for name, p in model.named_parameters() if p.grad is None]
    assert not missing


def test_the_state_makes_the_network() -> None:
    model = {name}().eval()
    again = {name}().eval()
    again.load_state_dict(model.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(outputs(again, {several}), outputs(model, {several}))
'''


def emit_checks(project: Project, network: str, module: str) -> str:
    """A pytest file for the network whose source is the module ``module``. Raises EmitError as emit_source does."""
    plan = Plan(project, network, trusted_only=True)
    graph = project.networks[plan.network]
    root = plan.engine.root(plan.network)
    specs = [root.results[port.id].specs[0] for port in graph.inputs()]
    given = [spec for spec in specs if spec is not None]
    if not given:
        raise EmitError(f"{graph.name} has no Input, so there is nothing to test; place one.")
    first = given[0].shape[0] if given[0].shape else None
    batch = first.name if isinstance(first, Named) else ""
    made = [_example(spec.shape, spec.dtype, batch) for spec in given]
    found = [_shape(spec.shape, batch) for spec in root.outputs().values() if spec is not None]
    arguments = [f"model: {plan.names[graph.key]}", "batch: int"]
    return _TEXT.format(
        name=plan.names[graph.key],
        module=trees.name(module).id,
        inputs="\n".join(statement("return ", ast.Tuple(made), "", 4)),
        outputs="\n".join(signature("outputs", arguments, "tuple[Tensor, ...]", 0)),
        shapes="\n".join(statement("expected = ", ast.List(found), "", 4)),
        batches="[1, 3]" if batch else "[1]",
        several=3 if batch else 1,
        parameters=analyze(project, plan.network).params.total,
    )


def _shape(shape: Shape, batch: str) -> ast.expr:
    """A shape with the variable ``batch`` where it is as long as the batch."""

    def axis(size: Dim) -> ast.expr:
        if batch and isinstance(size, Named) and size.name == batch:
            return trees.name("batch")
        assert isinstance(size, int)  # at the example sizes
        return trees.constant(int(size))

    return ast.Tuple([axis(size) for size in shape])


def _example(shape: Shape, dtype: str, batch: str) -> ast.expr:
    """Normal numbers, or 0 and 1, which every vocabulary has."""
    size = _shape(shape, batch)
    if dtype.startswith(("int", "uint", "bool")):
        zero_or_one = [trees.constant(0), trees.constant(2), size]
        return trees.call("torch.randint", zero_or_one, [("dtype", trees.dotted(f"torch.{dtype}"))])
    keywords = [] if dtype == "float32" else [("dtype", trees.dotted(f"torch.{dtype}"))]
    return trees.call("torch.randn", [size], keywords)
