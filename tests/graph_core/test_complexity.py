"""Formulas: with numbers put in they are the figures, wherever their conditions hold; and they grow as they say."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from graph_core import EditError, Project, analyze, edits
from graph_core.blocks import add_graph
from graph_core.complexity import MEMORY, Complexity, complexity, layer_formula
from graph_core.conditions import deciding
from graph_core.dims import Expr, at_least, substitute, symbol
from graph_core.fields import PerAxis, Size
from graph_core.formula_text import formula_text
from graph_core.graph import Param
from graph_core.growth import leading_terms, order_of
from graph_core.layer import Refusal, layer_types
from graph_core.letters import Wired, counts, generic
from graph_core.memory import parts_of
from graph_core.propagate import engine_of
from graph_core.templates import open_template, templates
from tests.graph_core.drawn_layers import Drawn, drawn, is_drawn

# A functional convolution's kernel has no letter of its own: its sizes are those of a wire.
LAYERS = [n for n, declared in layer_types().items() if is_drawn(declared) and declared.inlets and n != "Conv2dWith"]
FEW = settings(max_examples=max(8, settings().max_examples // 4), suppress_health_check=list(HealthCheck))


def at(size: Any, values: dict[str, int]) -> int:
    found = substitute(size, values)
    assert isinstance(found, int), found
    return int(found)


# One layer -----------------------------------------------------------------------------------------------------------


def wired(case: Drawn) -> list[Wired]:
    variadic = next((inlet for inlet in case.layer.inlets.values() if inlet.variadic), None)
    return [
        Wired(case.layer.inlets.get(port, variadic), (port, "y"), tuple(map(int, shape)))  # type: ignore[arg-type]
        for port, shape in case.shapes.items()
    ]


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_has_a_formula_in_letters(name: str) -> None:
    @FEW
    @given(drawn(layer_types()[name]))
    def check(case: Drawn) -> None:
        try:
            facts = case.facts()
        except Refusal:
            assume(False)
        found = generic(case.layer, wired(case), facts)
        expected = counts(facts)
        assert {figure: at(size, found.letters) for figure, size in found.figures.items()} == expected
        assert all(condition.holds(found.letters) for condition in found.conditions), found.conditions
        # Only what costs nothing, or works on single values, is without letters.
        single = not any(case.shapes.values())
        assert found.letters or single or max(expected.values()) <= 1, (case, found)

    check()


@pytest.mark.parametrize("name", LAYERS)
def test_where_its_conditions_hold_a_formula_is_what_the_rule_says(name: str) -> None:
    """Every axis and every size a symbol of its own; then other numbers for them."""

    @FEW
    @given(drawn(layer_types()[name]), st.randoms(use_true_random=False))
    def check(case: Drawn, dice: random.Random) -> None:
        values: dict[str, int] = {}

        def letter(size: Any) -> Any:
            if int(size) < 1:
                return size
            values[f"s{len(values)}"] = int(size)
            return symbol(f"s{len(values) - 1}")

        fields = case.layer.fields
        params = {
            n: letter(v)
            if isinstance(fields[n], Size)
            else tuple(map(letter, v))
            if isinstance(fields[n], PerAxis)
            else v
            for n, v in case.layer.values.items()
        }
        general = Drawn(type(case.layer)(params), {}, {p: tuple(map(letter, s)) for p, s in case.shapes.items()})
        try:
            with deciding(values) as noted:
                facts = general.facts()
        except Refusal:
            with pytest.raises(Refusal):
                case.facts()
            return
        for _ in range(4):
            if not all(condition.holds(values) for condition in noted):
                continue
            special = {
                n: tuple(at(x, values) for x in v)
                if isinstance(v, tuple) and isinstance(fields[n], PerAxis)
                else at(v, values)
                if isinstance(v, Expr)
                else v
                for n, v in params.items()
            }
            shapes = {port: tuple(at(size, values) for size in shape) for port, shape in general.shapes.items()}
            now = Drawn(type(case.layer)(special), {}, shapes).facts()
            assert {n: at(f, values) for n, f in counts(facts).items()} == counts(now)
            assert [tuple(at(x, values) for x in shape) for shape in facts.outputs] == [*now.outputs]
            for _ in range(dice.randint(1, 3)):
                values[dice.choice([*values, ""]) or "s0"] = dice.randint(1, 12) if values else 1

    check()


def formula_of(type: str, shape: list[Any], **params: Any) -> Any:
    project = Project.new("one")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=shape)
    graph.add(type, id="c", **params)
    for port, inlet in layer_types()[type].inlets.items():
        if not inlet.optional:
            graph.connect("x.y", f"c.{port}0" if inlet.variadic else f"c.{port}")
    return layer_formula(project, "main", "c")


def test_the_orders_that_everybody_knows() -> None:
    conv = formula_of("Conv2d", [1, 3, 32, 32], out_channels=16, padding=1)
    assert conv.order == "O(n²·k²·c_in·c_out)"
    assert conv.letters == {"N": 1, "n": 32, "n_in": 32, "k": 3, "p": 1, "c_in": 3, "c_out": 16}
    assert formula_text(conv.params, [*conv.letters]) == "k²·c_in·c_out + c_out"
    assert conv.conditions == ("n_in + 2·p is at least k",)
    oblong = formula_of("Conv2d", [1, 3, 32, 20], kernel_size=[3, 5])
    assert oblong.order == "O(H·W·k_h·k_w·c_in·c_out)"
    assert formula_text(oblong.params, [*oblong.letters]) == "k_h·k_w·c_in·c_out + c_out"
    grouped = formula_of("Conv2d", [1, 8, 9, 9], groups=4, out_channels=8)
    assert grouped.order == "O(n²·k²·c_in·c_out/g)"
    assert formula_text(grouped.params, [*grouped.letters]) == "k²·c_in·c_out/g + c_out"
    assert grouped.conditions == ("g divides c_in", "g divides c_out", "n_in is at least k")
    assert formula_of("Linear", [2, 7, 5], out_features=4).order == "O(n·d_in·d_out)"
    attention = formula_of("MultiheadAttention", [2, 100, 64])
    assert attention.order == "O(T²·d + T·d²)"
    assert attention.conditions == ("h divides d",)
    assert formula_of("ScaledDotProductAttention", [2, 4, 100, 16]).order.startswith("O(T²·")
    assert formula_of("LSTM", [2, 9, 5]).order == "O(T·d·h + T·h²)"
    stated = formula_of(
        "Custom", [2, 9, 5], inputs="N, T, C", outputs="N, T, C", weights="weight: C, C", macs="N * T * C * C"
    )
    assert stated.order == "O(T·d²)"
    assert str(stated.params) == "d**2"
    assert formula_of("ReLU", [2, 9, 5]).order == "O(n)"
    assert formula_of("Flatten", [2, 9, 5]).order == "O(1)"


def test_a_layer_without_figures_has_no_formula() -> None:
    project = open_template("lenet")
    graph = project.networks["main"]
    for wrong in ("nothing", "x/nothing"):
        with pytest.raises(EditError, match="no layer"):
            layer_formula(project, "main", wrong)
    graph.disconnect(next(target for target in graph.wires if target.startswith("c1.")))
    with pytest.raises(EditError, match="no figures"):
        layer_formula(project, "main", "c1")


@pytest.mark.parametrize("template", [template.name for template in templates()])
def test_every_row_of_a_template_has_its_formula(template: str) -> None:
    project = open_template(template)
    for row in analyze(project).layers:
        formula = layer_formula(project, "main", row.id, row.path)
        work = {name: at(getattr(formula, name), dict(formula.letters)) for name in ("macs", "elementwise")}
        assert formula.calls * work["macs"] == row.macs
        assert 2 * row.macs + formula.calls * work["elementwise"] == row.flops
        assert formula.source


# Whole networks ------------------------------------------------------------------------------------------------------


def check_figures(project: Project, found: Complexity) -> None:
    """Every formula has the value of the live figure; so has the sum of the rows."""
    now, values = analyze(project), dict(project.symbols)
    live = {
        "params": now.params.total,
        "buffers": now.params.buffers,
        "macs": now.macs,
        "flops": now.flops,
        "memory_params": now.memory.params,
        "memory_grads": now.memory.grads,
        "memory_optimizer": now.memory.optimizer,
        "memory_kept": parts_of(engine_of(project), "main", training=True).kept,
        "memory_activations_inference": now.memory.activations_inference,
        "memory_activations_training": now.memory.activations_training,
        "memory_inference": now.memory.params + now.memory.activations_inference,
        "memory_training": now.memory.params
        + now.memory.grads
        + now.memory.optimizer
        + now.memory.activations_training,
    }
    assert set(MEMORY) <= found.figures.keys()
    assert {name: at(size, values) for name, size in found.figures.items()} == {n: live[n] for n in found.figures}
    for name in ("params", "buffers", "macs", "flops"):
        assert sum(at(row.figures[name], values) for row in found.layers) == live[name], name
    if not any(node.run and node.run.shared for graph in project.graphs.values() for node in graph.nodes.values()):
        assert sum(at(row.calls, values) for row in found.layers) == len(now.layers)


@pytest.mark.parametrize("template", [template.name for template in templates()])
def test_a_template_at_its_example_sizes_and_others(template: str) -> None:
    project = open_template(template)
    found = complexity(project)
    assert not found.conditions
    check_figures(project, found)
    for name, value in project.symbols.items():
        edits.set_symbol(project, name, 3 * value + 1)
    check_figures(project, found)


def drawing(dice: random.Random) -> Project:
    """A chain of layers over sizes that are symbols, some of them in a block that repeats."""
    project = Project.new("drawn")
    for name, least, most in (
        ("N", 1, 3),
        ("H", 9, 24),
        ("W", 9, 24),
        ("C", 1, 8),
        ("K", 1, 4),
        ("L", 1, 4),
        ("G", 1, 2),
    ):
        edits.set_symbol(project, name, dice.randint(least, most))
    block = add_graph(project, "Body")
    edits.set_graph_param(block, "width", Param())
    graph = project.networks["main"]
    for here, shape in (
        (block, ["N", "in_channels", "H", "W"]),
        (graph, ["N", dice.choice(["C", "4 * G", 3]), "H", "W"]),
    ):
        here.add("Input", id="x", shape=shape)
        here.add("Output", id="y")
    sizes: list[Any] = ["C", "2 * C", "K", 8, "4 * G", "max(C, K)", "N + 1"]
    steps: list[tuple[str, dict[str, Any]]] = [
        (
            "Conv2d",
            {"out_channels": dice.choice(sizes), "kernel_size": dice.choice(["K", 3, "2 * K - 1"]), "padding": 1},
        ),
        ("Conv2d", {"out_channels": "4 * G", "groups": 1, "stride": dice.choice([1, 2, "G"])}),
        ("MaxPool2d", {"ceil_mode": dice.random() < 0.5, "stride": dice.choice([2, "G"])}),
        ("BatchNorm2d", {}),
        ("Dropout", {"p": "1 / (C + 1)"}),
        ("ReLU", {}),
        ("AvgPool2d", {"kernel_size": dice.choice(["K", 2]), "stride": 1}),
        ("Linear", {"out_features": dice.choice([*sizes, "round(C / 2) + 1", "W"])}),
    ]
    chain(block, [("Conv2d", {"out_channels": "width", "kernel_size": 1}), ("BatchNorm2d", {})])
    body = graph.add(block.key, id="b", width=dice.choice(sizes))
    edits.set_repeat(graph, body.id, dice.choice(["L", "L + 1", 2, 3]), shared=dice.random() < 0.2)
    edits.set_when(graph, body.id, dice.choice(["", "C > 2", "L != 2 or H == W"]))
    last = chain(graph, dice.sample(steps, dice.randint(2, 6)), end=False)
    graph.connect(last, "b.x")
    graph.add("Flatten", id="f")
    graph.connect("b.y", "f.x")
    graph.add("Linear", id="fc", out_features=dice.choice(sizes))
    graph.connect("f.y", "fc.x")
    graph.connect("fc.y", "y.x")
    return project


def chain(graph: Any, steps: list[tuple[str, dict[str, Any]]], end: bool = True) -> str:
    source = "x.y"
    for type, params in steps:
        node = graph.add(type, **params)
        graph.connect(source, f"{node.id}.x")
        source = f"{node.id}.y"
    if end:
        graph.connect(source, "y.x")
    return source


@given(st.randoms(use_true_random=False))
def test_a_drawing_over_symbols_costs_what_its_formulas_say(dice: random.Random) -> None:
    project = drawing(dice)
    assume(analyze(project).sound)
    found = complexity(project)
    assert all(condition.holds(project.symbols) for condition in found.conditions)
    check_figures(project, found)
    for _ in range(6):
        other = {name: max(1, value + dice.randint(-2, 3)) for name, value in project.symbols.items()}
        if all(condition.holds(other) for condition in found.conditions):
            for name, value in other.items():
                edits.set_symbol(project, name, value)
            assert analyze(project).sound, ([c.text for c in found.conditions], other, analyze(project).problems)
            check_figures(project, found)


def test_weights_called_again_count_once() -> None:
    """A repeat with one set of weights whose steps shrink the image, and a block that uses the weights of another."""
    project = Project.new("again")
    edits.set_symbol(project, "H", 20)
    edits.set_symbol(project, "C", 4)
    body = add_graph(project, "Body")
    body.add("Input", id="x", shape=["N", "c", "H", "W"])
    chain_end = [("Conv2d", {"out_channels": "c"}), ("BatchNorm2d", {})]
    body.add("Output", id="y")
    chain(body, chain_end)
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", "C", "H", "H"])
    graph.add("Output", id="y")
    for id in ("a", "b"):
        graph.add(body.key, id=id)
    edits.set_repeat(graph, "a", 3, shared=True)
    graph.add(body.key, id="c")
    edits.use_weights_of(graph, "c", "b")
    for wire in ["x.y-a.x", "a.y-b.x", "b.y-c.x", "c.y-y.x"]:
        graph.connect(*wire.split("-"))
    assert analyze(project).sound
    found = complexity(project)
    check_figures(project, found)
    assert found.text(found.figures["params"]) == "18·C² + 6·C"
    assert [found.text(row.figures["params"]) for row in found.layers if row.type == "Conv2d"] == [
        "9·C² + C", "0", "0", "9·C² + C", "0",
    ]  # fmt: skip


def test_a_scan_costs_as_many_steps_as_its_symbol_says() -> None:
    project = open_template("lstm_gates")
    graph = project.networks["main"]
    edits.set_symbol(project, "T", 8)
    edits.set_params(graph, "x", {"shape": ["N", 1, "T", 8]})
    found = complexity(project)
    assert found.text(found.figures["macs"]) == "18,432·N·T + 640·N"
    assert {found.text(row.calls) for row in found.layers if row.path.startswith("lstm.")} == {"T"}
    edits.set_symbol(project, "T", 5)
    assert at(found.figures["macs"], dict(project.symbols)) == analyze(project).macs
    assert sum(at(row.figures["flops"], dict(project.symbols)) for row in found.layers) == analyze(project).flops


def test_conditions_are_statements() -> None:
    project = Project.new("said")
    graph = project.networks["main"]
    for name, value in (("H", 32), ("d", 64), ("num_heads", 8), ("L", 3), ("S", 16)):
        edits.set_symbol(project, name, value)
    graph.add("Input", id="x", shape=["N", "d", "H"])
    graph.add("Conv1d", id="c", out_channels="d", kernel_size=5)
    graph.add("Transpose", id="t")
    graph.add("MultiheadAttention", id="a", num_heads="num_heads")
    graph.add("LSTM", id="l", hidden_size="d", num_layers="L")
    graph.add("Output", id="y")
    for source, target in (
        ("x.y", "c.x"),
        ("c.y", "t.x"),
        *((f"{'t'}.y", f"a.{p}") for p in ("query", "key", "value")),
    ):
        graph.connect(source, target)
    graph.connect("a.y", "l.x")
    graph.connect("l.y", "y.x")
    assert analyze(project).sound
    found = complexity(project)
    assert [c.text for c in found.conditions] == ["H is at least 5", "num_heads divides d", "L is 3"]
    check_figures(project, found)
    assert found.order(found.figures["params"]) == "O(d²)"
    assert found.order(found.figures["macs"], "H") == "O(H²)"


def test_what_would_have_too_many_terms_is_left_as_it_was_built() -> None:
    """((C − H + 1)¹⁶)¹⁶ has 33,153 terms, and 1 for a value."""
    project = Project.new("many")
    edits.set_symbol(project, "C", 3)
    edits.set_symbol(project, "H", 3)
    block = add_graph(project, "Power")
    edits.set_graph_param(block, "a", Param())
    block.add("Input", id="x", shape=["N", "c"])
    block.add("Linear", id="l", out_features="a ** 16")
    block.add("Output", id="y")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", "C"])
    graph.add(block.key, id="b", a="(C - H + 1) ** 16")
    graph.add("Output", id="y")
    for here, wires in ((block, "x.y-l.x l.y-y.x"), (graph, "x.y-b.x b.y-y.x")):
        for wire in wires.split():
            here.connect(*wire.split("-"))
    found = complexity(project)
    check_figures(project, found)
    assert found.text(found.figures["macs"]) == "N·C·(C − H + 1)²⁵⁶"
    assert found.order(found.figures["macs"]) == "O(?)"
    assert found.curve("macs", "C").present == (3, 3)


def test_blocks_nested_forty_deep_have_formulas() -> None:
    project = Project.new("deep")
    inner = "Linear"
    for level in range(40):
        block = add_graph(project, f"Twice{level}")
        block.add("Input", id="x", shape=["N", "d"])
        for id in ("a", "b"):
            block.add(inner, id=id, **({"out_features": "d"} if inner == "Linear" else {}))
        block.add("Output", id="y")
        for wire in ["x.y-a.x", "a.y-b.x", "b.y-y.x"]:
            block.connect(*wire.split("-"))
        inner = block.key
    graph = project.networks["main"]
    edits.set_symbol(project, "d", 4)
    graph.add("Input", id="x", shape=["N", "d"])
    graph.add(inner, id="b")
    graph.connect("x.y", "b.x")
    found = complexity(project)
    assert found.text(found.figures["macs"]) == f"{2**40:,}·N·d²"
    assert len(found.layers) == 10_000


# Growth --------------------------------------------------------------------------------------------------------------


def test_the_order_is_what_doubling_shows() -> None:
    dice = random.Random(5)
    project = drawing(dice)
    while not analyze(project).sound:
        project = drawing(dice)
    found = complexity(project)
    for name in ("params", "macs", "flops"):
        for symbol_name in project.symbols:
            size = found.figures[name]
            (terms,) = leading_terms(size, (symbol_name,))
            big = 2**40
            values = dict(project.symbols)
            ratio = at(size, {**values, symbol_name: 2 * big}) / at(size, {**values, symbol_name: big})
            assert math.isclose(ratio, 2 ** terms.get(symbol_name, 0), rel_tol=0.01), (name, symbol_name)


def test_leading_terms_over_several_symbols() -> None:
    T, d, H, k = map(symbol, ("T", "d", "H", "k"))
    attention = 2 * T * T * d + 4 * T * d * d + 7 * T * d + 5
    assert order_of(attention, ("T", "d")) == "O(T²·d + T·d²)"
    assert order_of(attention, ("d",)) == "O(d²)"
    assert order_of(attention, ("H",)) == "O(1)"
    assert order_of(7, ("T",)) == "O(1)"
    assert order_of(((H - 1) // 4 + 1) * ((H - 1) // 2 + 1) - 3 * H, ("H",)) == "O(H²)"
    slid = (H - k + 1) * (H - k + 1) * k * k
    with deciding({"H": 9, "k": 3}) as noted:
        assert at_least(H, k)
    assert order_of(slid, ("H", "k"), noted) == "O(H²·k²)"
    assert order_of(T * d // k, ("T", "d", "k")) == "O(T·d/k)"


def test_a_curve_goes_through_the_present_where_the_conditions_hold() -> None:
    project = open_template("transformer_encoder")
    found = complexity(project)
    drawn_curve = found.curve("macs", "T")
    assert drawn_curve.present == (128, analyze(project).macs)
    assert drawn_curve.present in drawn_curve.points
    sizes = [size for size, _ in drawn_curve.points]
    assert sizes[0] == 2
    assert sizes[-1] == 128 * 64
    for size, macs in drawn_curve.points[:: len(sizes) // 4]:
        edits.set_symbol(project, "T", size)
        assert analyze(project).macs == macs
    only = complexity(divided()).curve("macs", "d")
    assert {size % 8 for size, _ in only.points} == {0}
    assert len(only.points) > 10


def divided() -> Project:
    project = Project.new("divided")
    graph = project.networks["main"]
    edits.set_symbol(project, "d", 64)
    graph.add("Input", id="x", shape=["N", 10, "d"])
    graph.add("MultiheadAttention", id="a")
    graph.add("Output", id="y")
    for port in ("query", "key", "value"):
        graph.connect("x.y", f"a.{port}")
    graph.connect("a.y", "y.x")
    return project


def test_parameter_groups_leave_out_what_they_divide() -> None:
    project = open_template("lenet")
    assert complexity(project).figures["memory_grads"] == 4 * 31_294
    edits.set_setup(project, "main", "optimizer", {"groups": [{"match": "conv1", "frozen": True}]})
    found = complexity(project)
    assert "memory_grads" not in found.figures
    assert {"memory_grads", "memory_optimizer", "memory_training"} == set(MEMORY) - found.figures.keys()
