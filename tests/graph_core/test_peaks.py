"""Peaks of memory as formulas: with numbers put in they are what a walk on numbers finds, wherever they hold."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_core import Graph, Param, Project, analyze, edits
from graph_core.blocks import add_graph
from graph_core.complexity import Complexity, complexity
from graph_core.conditions import deciding
from graph_core.digits import Marks, Often
from graph_core.dims import Dim, alternatives, substitute, symbol
from graph_core.graph import Repeat
from graph_core.memory import parts_of
from graph_core.pieces import TRAINING, Piece, chained
from graph_core.propagate import engine_of
from graph_core.templates import open_template
from tests.scans import rnn_cell

H, W, N = map(symbol, "HWN")
FEW = settings(max_examples=max(10, settings().max_examples // 2))
KINDS = ("inference", "training")


def at(size: Dim, values: dict[str, int]) -> int:
    found = substitute(size, values)
    assert isinstance(found, int), found
    return int(found)


def check(project: Project, found: Complexity) -> None:
    """The peaks and what is kept, by the formulas and by a walk on numbers."""
    values, engine = dict(project.symbols), engine_of(project)
    for kind in KINDS:
        parts = parts_of(engine, "main", training=kind == "training")
        assert at(found.figures[f"memory_activations_{kind}"], values) == parts.activations, kind
        assert at(found.figures[f"memory_{kind}"], values) == parts.total
    assert at(found.figures["memory_kept"], values) == parts.kept


def everywhere(project: Project, dice: random.Random, times: int) -> int:
    """Check at the example sizes and where else the conditions hold; how often."""
    found, seen = complexity(project), 0
    check(project, found)
    figures = [f"memory_{part}{kind}" for part in ("activations_", "") for kind in KINDS]
    for _ in range(times):
        for name, value in project.symbols.items():
            edits.set_symbol(project, name, max(1, dice.choice([value, value + dice.randint(-3, 4), 2 * value])))
        if all(one.holds(project.symbols) for figure in figures for one in found.holds(figure)):
            assert analyze(project).sound
            check(project, found)
            seen += 1
            for figure in figures:
                if all(one.holds(project.symbols) for one in found.first[figure]):
                    sums = alternatives(found.figures[figure], found.symbols)
                    assert at(sums[0], dict(project.symbols)) == max(at(one, dict(project.symbols)) for one in sums)
    return seen


# Whole drawings ------------------------------------------------------------------------------------------------------


def body(project: Project, dice: random.Random) -> Graph:
    """A block over N × c × H × W that may be repeated: a branch or two, views, something that it hands on."""
    block = add_graph(project, "Body")
    edits.set_graph_param(block, "width", Param())
    block.add("Input", id="x", shape=["N", "c", "H", "W"])
    tips = ["x.y"]
    for _ in range(dice.randint(2, 5)):
        tips.append(grow(block, tips, dice, ("Conv2d", {"out_channels": "width", "padding": 1})))
    last = block.add("Conv2d", out_channels="c", kernel_size=1)
    block.connect(tips[-1], f"{last.id}.x")
    added = block.add("Add")
    block.connect(f"{last.id}.y", f"{added.id}.a")
    block.connect("x.y", f"{added.id}.b")
    block.add("Output", id="y")
    block.connect(f"{added.id}.y", "y.x")
    return block


def grow(graph: Graph, tips: list[str], dice: random.Random, wide: tuple[str, dict[str, Any]]) -> str:
    """One more layer behind one of the tips."""
    type, params = dice.choice(
        [wide, ("ReLU", {}), ("BatchNorm2d", {}), ("Dropout", {}), ("Sigmoid", {}), ("GELU", {}), ("Identity", {})]
    )
    node = graph.add(type, **params)
    graph.connect(dice.choice(tips[-2:]), f"{node.id}.x")
    return f"{node.id}.y"


def drawing(dice: random.Random) -> Project:
    """Stages that shrink an image, with blocks that repeat as often as a symbol says, and shortcuts across."""
    project = Project.new("drawn")
    for name, least, most in (("N", 1, 3), ("H", 12, 40), ("C", 1, 9), ("L", 1, 5), ("K", 1, 3)):
        edits.set_symbol(project, name, dice.randint(least, most))
    block = body(project, dice)
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", dice.choice(["C", 3, "2 * C"]), "H", dice.choice(["H", "H + 1", 16])])
    tips = ["x.y"]
    for _ in range(dice.randint(1, 3)):
        for _ in range(dice.randint(1, 4)):
            wide = ("Conv2d", {"out_channels": dice.choice(["C", "4 * C", 8]), "padding": 1})
            tips.append(grow(graph, tips, dice, wide))
        if dice.random() < 0.6:
            node = graph.add(block.key, width=dice.choice(["C", 4, "K"]))
            times = dice.choice(["L", "L + 1", 2, 1, "2 * K"])
            edits.set_repeat(graph, node.id, times, shared=dice.random() < 0.3)
            graph.connect(tips[-1], f"{node.id}.x")
            tips.append(f"{node.id}.y")
        type, params = dice.choice(
            [
                ("MaxPool2d", {"kernel_size": 2}),
                ("Conv2d", {"out_channels": "2 * C", "stride": 2, "padding": 1}),
                ("AvgPool2d", {"kernel_size": 3, "stride": 1, "padding": 1}),
                ("Permute", {"dims": [0, 1, 3, 2]}),
            ]
        )
        node = graph.add(type, **params)
        graph.connect(tips[-1], f"{node.id}.x")
        tips = [f"{node.id}.y"]
    graph.add("Flatten", id="f")
    graph.connect(tips[-1], "f.x")
    graph.add("Output", id="y")
    graph.connect("f.y", "y.x")
    return project


@given(st.randoms(use_true_random=False))
@FEW
def test_a_random_drawing_over_symbols_holds_what_its_formulas_say(dice: random.Random) -> None:
    project = drawing(dice)
    if analyze(project).sound:
        everywhere(project, dice, 4)


@given(st.randoms(use_true_random=False))
@FEW
def test_scans_and_repeats_as_long_as_symbols_say(dice: random.Random) -> None:
    project = Project.new("scanned")
    for name in ("N", "T", "D", "L", "S"):
        edits.set_symbol(project, name, dice.randint(1, 6))
    cell = rnn_cell(project)
    for _ in range(dice.randint(0, 2)):
        type = dice.choice(["Dropout", "ReLU", "Sigmoid", "Identity"])
        edits.insert_on_wire(cell, dice.choice(["t.x", "l.x", "y.x", "y2.x"]), cell.add(type).id)
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", "T", "D"])
    last = "x.y"
    for place in range(dice.randint(1, 3)):
        node = graph.add("RNNCell", id=f"r{place}", hidden=dice.choice(["S", 4, "D"]))
        graph.connect(last, f"{node.id}.x")
        edits.set_scan(graph, node.id, 1, ["x"], ["x2"])
        last = f"{node.id}.y"
    deep = add_graph(project, "Deep")
    deep.add("Input", id="x", shape=["N", "T", "d"])
    deep.add("Linear", id="l", out_features="d")
    deep.add(dice.choice(["ReLU", "Dropout", "GELU"]), id="a")
    deep.add("Output", id="y")
    node = graph.add("Deep", id="d")
    edits.set_repeat(graph, "d", dice.choice(["L", "L + T", "2 * L"]), shared=dice.random() < 0.3)
    graph.add("Output", id="y")
    for here, wires in ((deep, ["x.y-l.x", "l.y-a.x", "a.y-y.x"]), (graph, [f"{last}-d.x", "d.y-y.x"])):
        for wire in wires:
            here.connect(*wire.split("-"))
    assert analyze(project).sound
    everywhere(project, dice, 6)


def shrinking() -> Project:
    """A wide image first and many channels later: where most is held depends on the sizes."""
    project = Project.new("shrinking")
    edits.set_symbol(project, "H", 64)
    edits.set_symbol(project, "D", 16)
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 3, "H", "H"])
    graph.add("Conv2d", id="a", out_channels=8, padding=1)
    graph.add("AdaptiveAvgPool2d", id="p", output_size=1)
    graph.add("Flatten", id="f")
    graph.add("Linear", id="l", out_features="D")
    graph.add("Output", id="y")
    for wire in ("x.y-a.x", "a.y-p.x", "p.y-f.x", "f.y-l.x", "l.y-y.x"):
        graph.connect(*wire.split("-"))
    return project


def test_a_peak_that_depends_on_sizes_is_a_maximum_and_says_which_is_the_largest_when() -> None:
    project = shrinking()
    found = complexity(project)
    peak = found.figures["memory_activations_inference"]
    assert found.text(peak) == "12·N·H² + 32·N + max(32·N·H², 4·N·D)"
    assert found.latex(peak) == r"12 \, N \, H^{2} + 32 \, N + \max(32 \, N \, H^{2}, 4 \, N \, D)"
    assert [one.text for one in found.first["memory_activations_inference"]] == ["8·H² is at least D"]
    assert found.order(peak) == "O(N·H² + N·D)"
    assert found.order(peak, "D") == "O(D)"
    told = found.to_json()
    assert told["memory"]["activations_inference"] == "max(12*H**2*N + 32*N + 4*D*N, 32*N + 44*H**2*N)"
    assert told["memory_largest_if"]["inference"] == ["8·H² is at least D"]
    assert told["order"]["memory"]["activations_inference"] == "O(N·H² + N·D)"
    edits.set_symbol(project, "H", 2)
    edits.set_symbol(project, "D", 1000)
    assert at(peak, dict(project.symbols)) == analyze(project).memory.activations_inference == 4 * (12 + 1000 + 8)
    wide = complexity(project)
    assert wide.text(peak) == "12·N·H² + 32·N + max(4·N·D, 32·N·H²)"
    assert [one.text for one in wide.first["memory_activations_inference"]] == ["D is at least 8·H²"]
    curve = found.curve("memory_activations_inference", "D")
    assert all(value == at(peak, {"N": 1, "H": 64, "D": size}) for size, value in curve.points)


def test_a_peak_says_from_which_sizes_on_it_is_the_largest() -> None:
    """Images that shrink by two where the channels double: the first convolution is the peak, but of tiny images."""
    project = open_template("resnet18")
    edits.set_symbol(project, "H", 224)
    edits.set_params(project.networks["main"], "x", {"shape": ["N", 3, "H", "H"]})
    found = complexity(project)
    (first,) = found.first["memory_activations_inference"]
    assert first.text == "H is at least 7"
    assert found.text(found.figures["memory_activations_inference"]).startswith("12·N·H² + max(512·N·⌊(H + 1)/2⌋², ")
    sums = alternatives(found.figures["memory_activations_inference"], found.symbols)
    for size in range(7, 300):
        values = [at(one, {"N": 1, "H": size}) for one in sums]
        assert values[0] == max(values), size
    values = [at(one, {"N": 1, "H": 5}) for one in sums]
    assert values[0] < max(values)


@pytest.mark.parametrize("start", [0, *(pytest.param(k, marks=pytest.mark.soak) for k in range(20, 600, 20))])
def test_drawings_after_many_edits_hold_what_their_formulas_say(start: int) -> None:
    from tests.graph_core.test_liveness import sound_drawing

    seen = 0
    for seed in range(start, start + 20):
        dice, project = random.Random(seed), sound_drawing(seed)
        graph = project.networks["main"]
        edits.set_symbol(project, "H", dice.choice([8, 16]))
        edits.set_symbol(project, "L", dice.randint(1, 5))
        for port in graph.inputs():
            edits.set_params(graph, port.id, {"shape": ["N", 8, "H", "H"]})
        for node in list(graph.nodes.values()):
            if isinstance(node.run, Repeat):
                edits.set_repeat(graph, node.id, "L", shared=node.run.shared)
        if analyze(project).sound:
            seen += 1 + everywhere(project, dice, 3)
    assert seen


def test_a_repeat_says_from_how_many_on_it_holds() -> None:
    project = Project.new("repeats")
    edits.set_symbol(project, "L", 3)
    block = add_graph(project, "Step")
    block.add("Input", id="x", shape=["N", "d"])
    block.add("Linear", id="l", out_features="d")
    block.add("Output", id="y")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 8])
    graph.add("Step", id="s")
    edits.set_repeat(graph, "s", "L")
    graph.add("Output", id="y")
    for here, wires in ((block, "x.y-l.x l.y-y.x"), (graph, "x.y-s.x s.y-y.x")):
        for wire in wires.split():
            here.connect(*wire.split("-"))
    found = complexity(project)
    assert not found.conditions
    assert [one.text for one in found.holds("memory_activations_inference")] == ["L is at least 2"]
    assert found.text(found.figures["memory_activations_inference"]) == "96·N"
    assert found.text(found.figures["memory_kept"]) == "32·N·L − 32·N"
    assert found.order(found.figures["memory_training"]) == "O(N·L)"
    edits.set_symbol(project, "L", 1)
    once = complexity(project)
    check(project, once)
    assert [one.text for one in once.holds("memory_activations_inference")] == ["L is 1"]
    assert once.text(once.figures["memory_activations_inference"]) == "64·N"


def test_a_wide_drawing_prints_few_of_its_moments() -> None:
    """Branches of all widths: each is the peak for some sizes."""
    project = Project.new("wide")
    graph = project.networks["main"]
    names = [f"w{k}" for k in range(6)]
    graph.add("Input", id="x", shape=["N", 2])
    graph.add("Concat", id="j")
    graph.add("Output", id="y")
    for place, name in enumerate(names):
        edits.set_symbol(project, name, 10 + place)
        graph.add("Linear", id=f"a{place}", out_features=name)
        graph.add("Linear", id=f"b{place}", out_features=1)
        for wire in (f"x.y-a{place}.x", f"a{place}.y-b{place}.x", f"b{place}.y-j.x{place}"):
            graph.connect(*wire.split("-"))
    graph.connect("j.y", "y.x")
    found = complexity(project)
    check(project, found)
    peak = found.figures["memory_activations_inference"]
    assert len(alternatives(peak, project.symbols)) == 7
    assert found.text(peak) == "12·N + max(4·N·w5 + 20·N, 4·N·w4 + 16·N, 4·N·w3 + 12·N, …)"
    assert found.latex(peak).endswith(r", \ldots)")
    assert len(found.first["memory_activations_inference"]) == 6


# Repeats -------------------------------------------------------------------------------------------------------------


def some_piece(dice: random.Random, inputs: list[str]) -> Piece:
    outs: list[Any] = []
    for _ in range(dice.randint(1, len(inputs) + 1)):
        earlier = [place for place, out in enumerate(outs) if type(out) is int]
        how = dice.random()
        if how < 0.5:
            outs.append(dice.randint(0, 9) * 10)
        elif how < 0.8 or not earlier:
            outs.append(dice.choice(inputs))
        else:
            outs.append((dice.choice(earlier),))
    kept = tuple(place for place, out in enumerate(outs) if type(out) is int and dice.random() < 0.4)
    keeps = sum(outs[place] for place in kept) + dice.randint(0, 3)
    high = sum(out for out in outs if type(out) is int) + keeps + dice.randint(0, 20)
    return Piece(tuple(outs), high, keeps, tuple(port for port in inputs if dice.random() < 0.4), kept)


@given(st.randoms(use_true_random=False))
@settings(max_examples=120)
def test_what_repeats_needs_what_it_needs_one_by_one(dice: random.Random) -> None:
    inputs = ["x", "y", "z"][: dice.randint(1, 3)]
    piece = some_piece(dice, inputs)
    for times in range(1, 9):
        all_at_once = chained([(piece, times)], inputs, TRAINING)
        one_by_one = chained([(piece, 1)] * times, inputs, TRAINING)
        assert (all_at_once.high, all_at_once.keeps) == (one_by_one.high, one_by_one.keeps), (piece, times)
    marks = Marks.over({"L": 9}, {}, training=True)
    with deciding({"L": 9}) as noted:
        found = chained([(piece, Often(marks, symbol("L")))], inputs, marks)
    for times in range(1, 12):
        if all(condition.holds({"L": times}) for condition in noted):
            expected = chained([(piece, times)], inputs, TRAINING)
            assert at(marks.formula(found.keeps), {"L": times}) == expected.keeps
            assert max(at(moment, {"L": times}) for moment in marks.moments(found.high)) == expected.high


def test_nested_repeats_of_a_billion_have_no_formula_rather_than_a_wrong_one() -> None:
    project = Project.new("deep")
    inner = "Linear"
    for level in range(9):
        block = add_graph(project, f"Level{level}")
        block.add("Input", id="x", shape=["N", "d"])
        block.add(inner, id="a", **({"out_features": "d"} if inner == "Linear" else {}))
        if level:
            edits.set_repeat(block, "a", 10**9)
        block.add("Output", id="y")
        for wire in ("x.y-a.x", "a.y-y.x"):
            block.connect(*wire.split("-"))
        inner = block.key
        if level in (2, 8):
            graph = project.networks["main"]
            for id in list(graph.nodes):
                edits.remove(graph, [id])
            graph.add("Input", id="x", shape=["N", 4])
            graph.add(inner, id="b")
            graph.connect("x.y", "b.x")
            found = complexity(project)
            assert ("memory_kept" in found.figures) is (level == 2)
            if level == 2:
                check(project, found)
