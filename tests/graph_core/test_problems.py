"""Every way a drawing can be wrong: its code, its sentence, and that its fix mends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graph_core import Graph, Param, Project, analyze, dumps, edits, loads
from graph_core.blocks import add_graph
from graph_core.fixes import fixes, preview
from graph_core.problems import CODES


def residual(g: Graph) -> None:
    g.add("Input", id="x", shape=["N", 8, 16, 16])
    g.add("Conv2d", id="c", name="conv1", out_channels=16, stride=2, padding=1)
    g.add("Add", id="a", name="add")
    g.add("Output", id="y")
    for wire in (("x.y", "c.x"), ("c.y", "a.a"), ("x.y", "a.b"), ("a.y", "y.x")):
        g.connect(*wire)


def mlp_skip(g: Graph) -> None:
    g.add("Input", id="x", shape=["N", 64])
    g.add("Linear", id="l", out_features=32)
    g.add("Add", id="a", name="add")
    g.add("Output", id="y")
    for wire in (("x.y", "l.x"), ("l.y", "a.a"), ("x.y", "a.b"), ("a.y", "y.x")):
        g.connect(*wire)


def line(g: Graph, type: str, shape: list[object], dtype: str = "float32", **params: object) -> None:
    g.add("Input", id="x", shape=shape, dtype=dtype)
    g.add(type, id="l", name="layer", **params)
    g.add("Output", id="y")
    g.connect("x.y", f"l.{g.in_ports(g.nodes['l'])[0]}")
    g.connect(f"l.{g.out_ports(g.nodes['l'])[0]}", "y.x")


def attention(g: Graph) -> None:
    g.add("Input", id="x", shape=["N", 10, 30])
    g.add("MultiheadAttention", id="m", name="attn", num_heads=4)
    g.add("Output", id="y")
    for port in g.in_ports(g.nodes["m"])[:3]:
        g.connect("x.y", f"m.{port}")
    g.connect(f"m.{g.out_ports(g.nodes['m'])[0]}", "y.x")


def cycle(g: Graph) -> None:
    line(g, "Linear", ["N", 8])
    g.add("Add", id="a")
    edits.insert_on_wire(g, "l.x", "a")
    g.connect("l.y", "a.b")


def dangling(g: Graph) -> None:
    line(g, "Linear", ["N", 8])
    with g.project.editing("break"):
        g.project.record("main", "wires", "l.x", "gone.y")


def loose(g: Graph) -> None:
    line(g, "Linear", ["N", 8])
    g.add("Linear", id="z", name="stray")
    g.connect("x.y", "z.x")


def no_output(g: Graph) -> None:
    line(g, "Linear", ["N", 8])
    g.remove("y")


def no_input(g: Graph) -> None:
    line(g, "Linear", ["N", 8])
    g.remove("x")


def unwired(g: Graph) -> None:
    line(g, "Linear", ["N", 8])
    g.disconnect("l.x")


def bad_value(g: Graph) -> None:
    line(g, "Linear", ["N", 8], out_features="nowhere + 1")


def bad_condition(g: Graph) -> None:
    line(g, "ReLU", ["N", 8])
    edits.set_when(g, "l", "nowhere > 1")


def two_names(g: Graph) -> None:
    line(g, "Linear", ["N", 8])
    with g.project.editing("break"):
        from dataclasses import replace

        g.project.record("main", "nodes", "l", replace(g.nodes["l"], name="x"))


def missing_parameter(g: Graph) -> None:
    block = add_graph(g.project, "Block")
    edits.set_graph_param(block, "width", Param())
    line(block, "Linear", ["N", "features"], out_features="width")
    line(g, "Block", ["N", 8])


CASES: list[tuple[str, Callable[[Graph], None], str, str]] = [
    ("broadcast", residual, "add cannot join", "projection"),
    ("broadcast", mlp_skip, "add cannot join", "projection"),
    ("window", lambda g: line(g, "MaxPool2d", ["N", 4, 4, 4], kernel_size=5), "window of 5×5 over 4×4", "kernel_size"),
    ("groups", lambda g: line(g, "Conv2d", ["N", 6, 8, 8], groups=4, out_channels=12), "6 channels", "groups"),
    ("heads", attention, "30 features", "num_heads"),
    ("axes", lambda g: line(g, "Conv2d", ["N", 8]), "takes 4 axes", ""),
    ("kind", lambda g: line(g, "Linear", ["N", 8], "int64"), "takes float values", "Embedding"),
    ("cycle", cycle, "feeds itself", "Remove the wire"),
    ("dangling", dangling, "not there", "Remove the wire"),
    ("unused", loose, "stray reaches no output", "Remove stray"),
    ("no-output", no_output, "has no Output", "Place an Output"),
    ("no-input", no_input, "has no Input", "Place an Input"),
    ("unwired", unwired, "no wire at x", "Wire x to layer"),
    ("parameter", bad_value, "no value called nowhere", "default"),
    ("condition", bad_condition, "condition", "Remove the condition"),
    ("symbol", lambda g: line(g, "Linear", ["N", "T", 8]), "axis T", "Set T to 16"),
    ("name", two_names, "two nodes called x", "Rename it"),
    ("missing-parameter", missing_parameter, "gives no width", ""),
]


@pytest.mark.parametrize(("code", "draw", "words", "fix"), CASES, ids=[f"{c[0]}-{k}" for k, c in enumerate(CASES)])
def test_each_problem_is_named_and_mended(code: str, draw: Callable[[Graph], None], words: str, fix: str) -> None:
    project = Project.new("wrong")
    draw(project.networks["main"])
    found = [p for p in analyze(project).problems if p.code == code]
    assert found, [(p.code, p.message) for p in analyze(project).problems]
    problem = found[0]
    assert words in problem.message
    assert problem.severity == CODES[code][0]
    options = fixes(project, problem)
    if not fix:
        return
    assert options
    assert fix in options[0].title
    assert problem.fix == options[0].title
    before = dumps(project)
    preview(project, options[0])
    assert dumps(project) == before
    options[0].apply(project)
    left = [p for p in analyze(project).problems if (p.code, p.node) == (problem.code, problem.node)]
    assert not left


def test_a_fix_tells_its_cost_before_it_is_made() -> None:
    project = Project.new("cost")
    mlp_skip(project.networks["main"])
    problem = analyze(project).problems[0]
    best = fixes(project, problem)[0]
    params, _, errors = preview(project, best)
    before = analyze(project).params.trainable
    best.apply(project)
    assert analyze(project).params.trainable - before == params
    assert errors < 0
    assert analyze(project).sound


def test_waiting_for_an_upstream_problem_is_no_problem_of_its_own() -> None:
    project = Project.new("root cause")
    graph = project.networks["main"]
    line(graph, "MaxPool2d", ["N", 4, 4, 4], kernel_size=9)
    graph.add("Conv2d", id="after")
    edits.insert_on_wire(graph, "y.x", "after")
    assert [p.node for p in analyze(project).problems] == ["l"]


def test_a_problem_inside_a_block_is_said_once_with_all_its_places() -> None:
    project = Project.new("once")
    block = add_graph(project, "Block")
    line(block, "MaxPool2d", ["N", "c", "H", "W"], kernel_size=5)
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 3, 4, 4])
    graph.add("Block", id="a", name="one")
    graph.add("Block", id="b", name="two")
    graph.add("Concat", id="j")
    graph.add("Output", id="y")
    for wire in (("x.y", "a.x"), ("x.y", "b.x"), ("a.y", "j.x0"), ("b.y", "j.x1"), ("j.y", "y.x")):
        graph.connect(*wire)
    found = [p for p in analyze(project).problems if p.code == "window"]
    assert len(found) == 1
    assert found[0].paths == ("one.layer", "two.layer")
    assert found[0].id == "a/l"


def test_wrong_drawings_survive_the_file() -> None:
    for _, draw, _, _ in CASES:
        project = Project.new("wrong")
        draw(project.networks["main"])
        again = loads(dumps(project))
        assert [p.message for p in analyze(again).problems] == [p.message for p in analyze(project).problems]
