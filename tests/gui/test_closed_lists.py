"""A list in which what is not there leaves no place: the window calls its layers as the state dict does."""

from __future__ import annotations

from itertools import pairwise

from designer.document import Document
from designer.steps import Step
from graph_core import Project, edits
from graph_core.blocks import add_graph
from graph_core.chains import CLOSED
from graph_core.fitting import named_weights
from graph_core.graph import Param


def drawn() -> Project:
    """A network with a list of two layers, of which the first is there in the second use only."""
    project = Project.new("lists")
    main, block = project.networks["main"], add_graph(project, "Part")
    with project.editing("Draw"):
        edits.set_graph_param(block, "grows", Param(False))
        ends = [edits.add(block, "Input", id="x").id, "a", "b", edits.add(block, "Output", id="y").id]
        for place, id in enumerate(("a", "b")):
            edits.add(block, "Linear", id=id, name=str(place), params={"out_features": 6})
        edits.set_when(block, "a", "grows")
        for source, target in pairwise(ends):
            edits.connect(block, f"{source}.y", f"{target}.x")
        project.record(block.key, "head", "form", "list")
        project.record(block.key, "head", CLOSED, True)
        edits.add(main, "Input", id="x", params={"shape": ["N", 6]})
        for id, params in (("one", {}), ("two", {"grows": True})):
            edits.add(main, block.key, id=id, name=id, params=params)
        edits.add(main, "Output", id="y")
        port, out = block.inputs()[0].id, block.outputs()[0].id
        for source, target in (("x.y", f"one.{port}"), (f"one.{out}", f"two.{port}"), (f"two.{out}", "y.x")):
            edits.connect(main, source, target)
    return project


def test_a_layer_is_called_by_its_place_among_those_there(qapp):
    project = drawn()
    paths = [path for path, _, _ in named_weights(project, "main")]
    assert paths == ["one.0.weight", "one.0.bias", "two.0.weight", "two.0.bias", "two.1.weight", "two.1.bias"]
    document = Document()
    document.new(project)
    for block, path in (("one", "one.0"), ("two", "two.1")):
        with document.at((Step(block),)):
            assert document.state_path("b") == path
