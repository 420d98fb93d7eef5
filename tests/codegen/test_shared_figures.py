"""Weights that several calls share: counted once by all that counts, under the keys that torch has for them."""

from __future__ import annotations

import pytest

from codegen import build_module
from codegen.weights import weight_keys
from graph_core import Graph, Project, edits
from graph_core.blocks import add_graph
from tests.graph_core.tied_drawings import counts, layered, nested


def borrowed() -> Graph:
    """A block, and another that uses its weights."""
    graph = layered(1)
    graph.add("Layer", id="m", name="again")
    edits.insert_on_wire(graph, "t.x", "m")
    edits.use_weights_of(graph, "m", "l")
    return graph


def borrowed_steps() -> Graph:
    """As above, of a block whose steps have weights of their own, inside of which a block repeats."""
    graph = nested()
    graph.add("Stage", id="m", name="again")
    edits.insert_on_wire(graph, "t.x", "m")
    edits.set_repeat(graph, "m", 2)
    edits.use_weights_of(graph, "m", "s")
    return graph


def shrinking() -> Graph:
    """A convolution that repeats with one set of weights, on a sequence that gets shorter."""
    project = Project.new("shrinking")
    block = add_graph(project, "Shorter")
    block.add("Input", id="x", shape=["N", "C", "T"])
    block.add("Conv1d", id="c", out_channels="C", kernel_size=3)
    block.add("BatchNorm1d", id="b")
    block.add("Output", id="y")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 4, 16])
    graph.add("Shorter", id="n", name="shorter")
    graph.add("Output", id="y")
    for here, wires in ((block, ("x.y c.x", "c.y b.x", "b.y y.x")), (graph, ("x.y n.x", "n.y y.x"))):
        for wire in wires:
            here.connect(*wire.split())
    edits.set_repeat(graph, "n", 3, shared=True)
    return graph


@pytest.mark.parametrize("make", [borrowed, borrowed_steps, shrinking])
def test_they_count_once(make):
    graph = make()
    module = build_module(graph.project)
    assert set(counts(graph)) == {sum(p.numel() for p in module.parameters())}
    assert sorted(path for path, _ in weight_keys(graph.project, "main")) == sorted(module.state_dict())
