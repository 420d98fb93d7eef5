"""A small edit makes a small difference in the source: what a reviewer reads is what was done."""

from __future__ import annotations

import difflib
from collections.abc import Callable

import pytest

from codegen import emit_source
from graph_core import Param, Project, edits
from graph_core.templates import open_template, templates


def changed(before: str, after: str) -> list[str]:
    """The lines that go or come."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


def named(project: Project, graph: str, name: str) -> str:
    node = project.graphs[graph].by_name(name)
    assert node is not None
    return node.id


def insert(project: Project, graph: str, type: str, after: str, name: str) -> None:
    """Put a layer into the wire behind a node."""
    home = project.graphs[graph]
    id = named(project, graph, after)
    wire = next(target for target, source in home.wires.items() if source.startswith(f"{id}."))
    edits.insert_on_wire(home, wire, home.add(type, name=name).id)


EDITS: dict[str, tuple[str, Callable[[Project], object], int]] = {
    "a kernel": ("lenet", lambda p: edits.set_params(p.graphs["main"], named(p, "main", "conv1"), {"bias": False}), 2),
    "a width": (
        # The layer, the one that follows, and the comment where the shape is told.
        "lenet",
        lambda p: edits.set_params(p.graphs["main"], named(p, "main", "fc1"), {"out_features": 100}),
        6,
    ),
    "another name": ("lenet", lambda p: edits.rename(p.graphs["main"], named(p, "main", "fc2"), "hidden"), 4),
    "a layer more": ("lenet", lambda p: insert(p, "main", "Dropout", "relu3", "drop"), 4),
    "a function more": ("resnet18", lambda p: insert(p, "main", "Tanh", "avgpool", "tanh"), 4),
    "a layer more in a block": ("resnet18", lambda p: insert(p, "basic_block", "Dropout", "bn2", "drop"), 4),
    "a default": ("resnet18", lambda p: edits.set_graph_param(p.graphs["main"], "num_classes", Param(10)), 2),
    "a repetition": (
        "transformer_encoder",
        lambda p: edits.set_repeat(p.graphs["main"], named(p, "main", "layers"), 12),
        2,
    ),
}


@pytest.mark.parametrize("edit", list(EDITS))
def test_a_small_edit_makes_a_small_difference(edit: str) -> None:
    template, make, most = EDITS[edit]
    project = open_template(template)
    before = emit_source(project)
    make(project)
    lines = changed(before, emit_source(project))
    assert 0 < len(lines) <= most, "\n".join(lines)


@pytest.mark.parametrize("template", [template.name for template in templates()])
def test_what_only_the_eye_sees_changes_nothing(template: str) -> None:
    project = open_template(template)
    before = emit_source(project)
    for graph in project.graphs.values():
        for place, id in enumerate(list(graph.nodes)):
            edits.move(graph, {id: (place * 17.0, 400.0 - place)})
    assert emit_source(project) == before
