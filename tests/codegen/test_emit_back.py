"""What is changed in the source flows back into the drawing, proven by emitting again; the rest says why not."""

from __future__ import annotations

import ast
import random

import pytest

from codegen import emit_source
from codegen.emit import EmitError
from codegen.emit.back import flow_back, put_back
from graph_core import Param, Project, dumps, edits
from graph_core.templates import open_template, templates
from tests.benchmarks.models import resnet50


def typed(project: Project, old: str, new: str, count: int = 1) -> str:
    """The project's source after a person has replaced something in it."""
    source = emit_source(project)
    assert old in source, source
    return source.replace(old, new, count)


def back(project: Project, text: str) -> None:
    """Let it flow back: one edit, or none."""
    made: list[object] = []
    project.listeners.append(made.append)
    puts = flow_back(project, "main", text)
    put_back(project, puts)
    project.listeners.remove(made.append)
    assert len(made) == (1 if puts else 0)


def bare(line: str) -> str:
    """A line without its comment: shapes change with what is in them."""
    return line.split("  #")[0].rstrip()


VALUES = {
    "a width": ("lenet", "nn.Conv2d(1, 16, 3,", "nn.Conv2d(1, 24, 3,"),
    "a kernel": ("lenet", "nn.Conv2d(1, 16, 3,", "nn.Conv2d(1, 16, 5,"),
    "a kernel of two sizes": ("lenet", "nn.Conv2d(1, 16, 3,", "nn.Conv2d(1, 16, (3, 5),"),
    "a keyword": ("lenet", "nn.Conv2d(1, 16, 3, padding=1)", "nn.Conv2d(1, 16, 3, padding=2)"),
    "a new keyword": ("lenet", "nn.Linear(128, 120)", "nn.Linear(128, 120, bias=False)"),
    "two values at once": ("lenet", "nn.Linear(120, 84)", "nn.Linear(120, 90, bias=False)"),
    "a pool": ("lenet", "nn.MaxPool2d(2)", "nn.MaxPool2d(1)"),
    "a default of a block": ("resnet18", "num_classes: int = 1000", "num_classes: int = 10"),
    "a default of a real": ("transformer_encoder", "dropout: float = 0.1", "dropout: float = 0.25"),
    "an argument of a block": ("resnet18", "BasicBlock(256, 512, stride=2)", "BasicBlock(256, 512, stride=4)"),
    "a condition": ("resnet18", "if stride != 1 or", "if stride != 3 or"),
    "a number of repetitions": ("transformer_encoder", "range(6)", "range(9)"),
    "in a chain written inline": ("resnet18", "stride=stride, bias=False),\n", "stride=2, bias=False),\n"),
    "in forward": ("lstm_gates", "dim=1)[:, -1]", "dim=1)[:, 2]"),
}


@pytest.mark.parametrize("case", list(VALUES))
def test_a_value_flows_back_and_can_be_undone(case: str) -> None:
    template, old, new = VALUES[case]
    project = open_template(template)
    before = dumps(project)
    made: list[object] = []
    text = typed(project, old, new)
    project.listeners.append(made.append)
    back(project, text)
    assert new.strip() in emit_source(project)
    assert dumps(project) != before
    [edit] = made
    project.apply(edit.inverse())  # type: ignore[attr-defined]
    assert dumps(project) == before


def test_a_keyword_that_is_taken_out_is_torchs_default() -> None:
    project = open_template("lenet")
    back(project, typed(project, "nn.Conv2d(1, 16, 3, padding=1)", "nn.Conv2d(1, 16, 3)"))
    assert "nn.Conv2d(1, 16, 3)\n" in emit_source(project)
    assert project.graphs["main"].by_name("conv1").params.get("padding", 0) == 0  # type: ignore[union-attr]


def test_a_default_that_is_written_out_is_left_out_again() -> None:
    project = resnet50()
    graph = project.graphs["main"]
    node = graph.by_name("maxpool")
    assert node is not None
    back(project, typed(project, "nn.MaxPool2d(3, stride=2, padding=1)", "nn.MaxPool2d(3, stride=2, padding=0)"))
    assert "nn.MaxPool2d(3, stride=2)" in emit_source(project)


def test_arithmetic_flows_back_as_arithmetic_in_several_places_at_once() -> None:
    project = resnet50()
    text = emit_source(project).replace("4 * width", "2 * width")
    back(project, text)
    source = emit_source(project)
    assert source.count("2 * width") == text.count("2 * width")
    assert "4 * width" not in source


def test_comments_and_layout_are_nobodys_edit() -> None:
    project = open_template("lenet")
    assert flow_back(project, "main", typed(project, "# N × 10", "# ten classes")) == []
    assert flow_back(project, "main", emit_source(project).replace("    ", "  ")) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("nn.Conv2d(16, 32", "nn.Conv2d(17, 32", "16 of conv2 follows from what comes in; change the layer before it"),
        ("nn.MaxPool2d(2)", "nn.AvgPool2d(2)", "only values flow back"),
        ("        self.fc3 = nn.Linear(84, 10)\n", "", "only values flow back"),
        ("import torch.nn.functional as F", "import os", "only values flow back"),
        ("nn.Conv2d(1, 16", "nn.Conv2d(1, 16 if", "is not Python yet"),
        ("nn.Conv2d(1, 16", "nn.Conv2d(1, 0", "conv1: out_channels is 0; it takes a whole number from 1"),
        ("nn.Conv2d(1, 16", "nn.Conv2d(1, nothing", "nothing"),
        ("nn.Conv2d(1, 16", "nn.Conv2d(1, __import__('os').system('true')", "only values flow back"),
        ("nn.Conv2d(1, 16, 3, padding=1", "nn.Conv2d(1, 16, 3, paddding=1", "paddding"),
        ("nn.Conv2d(1, 16", "nn.Conv2d(1, '16'", "16"),
        ("x = F.relu(self.fc2(x))", "x = F.relu(self.fc2(y))", "x"),
    ],
)
def test_what_cannot_flow_back_says_why_in_one_sentence(old: str, new: str, said: str) -> None:
    project = open_template("lenet")
    before = dumps(project)
    with pytest.raises(EmitError) as refusal:
        flow_back(project, "main", typed(project, old, new))
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert dumps(project) == before


@pytest.mark.parametrize("template", [template.name for template in templates()])
def test_whatever_literal_is_changed_it_flows_back_truly_or_is_refused(template: str) -> None:
    """Change each number of the source once: what is taken over must be what the drawing now says."""
    project = open_template(template)
    source = emit_source(project)
    lines = source.splitlines(keepends=True)
    numbers = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    ]
    random.Random(template).shuffle(numbers)
    taken = 0
    for number in numbers[:14]:
        line = lines[number.lineno - 1].encode()
        changed = repr(number.value + 1).encode()
        assert number.end_col_offset is not None
        one = (line[: number.col_offset] + changed + line[number.end_col_offset :]).decode()
        text = "".join([*lines[: number.lineno - 1], one, *lines[number.lineno :]])
        trial = open_template(template)
        try:
            puts = flow_back(trial, "main", text)
        except EmitError:
            continue
        put_back(trial, puts)
        taken += 1
        assert bare(one) in map(bare, emit_source(trial).splitlines())
    assert taken


def test_a_symbols_default_flows_back() -> None:
    project = open_template("resnet18")
    graph = project.graphs["main"]
    edits.set_graph_param(graph, "num_classes", Param(7))
    back(project, typed(project, "num_classes: int = 7", "num_classes: int = 9"))
    assert graph.params["num_classes"] == Param(9)
