"""Scans: what they mean in shapes and figures, what can be wrong with them, and that every edit keeps them whole."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from graph_core import EditError, FileError, Graph, Param, Project, Scan, analyze, dumps, edits, loads
from graph_core.blocks import add_graph, add_network, collapse
from graph_core.clipboard import copy, paste
from graph_core.copying import duplicate
from graph_core.dims import substitute
from graph_core.expanding import expand
from graph_core.fixes import fixes
from graph_core.graph import Edit
from graph_core.problems import CODES
from graph_core.propagate import engine_of
from graph_core.scanning import proposed_scan
from tests.graph_core.test_propagate import random_edit, readout
from tests.scans import rnn_cell, scanned

WEIGHTS = 4 * (3 + 4) + 4


def outputs(project: Project, id: str = "r") -> list[tuple[int, ...] | None]:
    specs = engine_of(project).root().results[id].specs
    return [tuple(map(int, spec.shape)) if spec else None for spec in specs]  # type: ignore[arg-type]


# What it means.


def test_weights_count_once_and_work_at_every_step() -> None:
    project, _ = scanned()
    a = analyze(project)
    assert a.sound, a.problems
    assert a.params.trainable == WEIGHTS
    assert a.macs == 5 * 4 * 7
    assert a.flops == 2 * a.macs + 5 * (4 + 4)
    assert outputs(project) == [(1, 5, 4), (1, 4)]


def test_the_layer_table_adds_up_to_the_totals() -> None:
    project, graph = scanned()
    block = add_graph(project, "Step")
    block.add("Input", id="x", name="x", shape=["N", "width"])
    block.add("Linear", id="l", name="fc", out_features="width")
    block.add("Output", id="y", name="y")
    block.connect("x.y", "l.x")
    block.connect("l.y", "y.x")
    graph.add("Step", id="s", name="step")
    graph.connect("r.y2", "s.x")
    graph.add("Output", id="z", name="z")
    graph.connect("s.y", "z.x")
    edits.set_repeat(graph, "s", 6, shared=True)
    a = analyze(project)
    assert a.sound, a.problems
    assert sum(row.macs for row in a.layers) == a.macs
    assert sum(row.flops for row in a.layers) == a.flops
    assert sum(row.params for row in a.layers) == a.params.total


def test_the_number_of_steps_may_be_a_symbol() -> None:
    project, _ = scanned()
    a, symbolic = analyze(project), engine_of(project).symbolic_root()
    assert a.formulas["macs"] == "28*N*T"
    assert a.formulas["params"] == str(WEIGHTS)
    for name in ("trainable", "macs", "elementwise"):
        figure = getattr(engine_of(project).root().totals, name)
        assert substitute(getattr(symbolic.totals, name), project.symbols) == figure
    edits.set_symbol(project, "T", 100)
    assert analyze(project).macs == 100 * 28


def test_activations_are_kept_for_every_step() -> None:
    few, many = (analyze(scanned(steps=steps)[0]).memory for steps in (10, 1000))
    per_step = 4 * (3 + 7 + 4 + 4)  # bytes of x, what the linear map and tanh keep, and the stack's gradient
    assert many.activations_training - few.activations_training == 990 * per_step
    assert many.activations_inference < many.activations_training
    assert many.activations_inference >= 1000 * 4 * (3 + 4 + 4)  # what is stepped along, the parts, and their stack


@pytest.mark.parametrize(("axis", "shape", "out"), [(0, ["T", "N", 3], (5, 1, 4)), (1, ["N", "T", 3], (1, 5, 4))])
def test_outputs_are_stacked_at_the_axis(axis: int, shape: list[object], out: tuple[int, ...]) -> None:
    project, graph = scanned(shape)
    edits.set_scan(graph, "r", axis, ["x"], ["x2"])
    assert outputs(project) == [out, (1, 4)]


def test_a_state_begins_with_what_is_wired() -> None:
    project, graph = scanned()
    graph.add("Input", id="h", name="h0", shape=["N", 4])
    graph.connect("h.y", "r.x2")
    assert analyze(project).sound
    graph.set("h", shape=["N", 5])
    assert [p.message for p in analyze(project).problems] == ["rnn takes hidden = 4 at h and gets N×5"]


def test_other_inputs_are_the_same_at_each_step_and_several_are_stepped_along_together() -> None:
    project, graph = scanned()
    cell = project.graphs["RNNCell"]
    for id, name in (("x3", "z"), ("x4", "context")):
        cell.add("Input", id=id, name=name, shape=["N", f"{name}_features"])
        cell.connect(f"{id}.y", f"j.x{2 + (id == 'x4')}")
    graph.add("Input", id="z", name="z", shape=["N", "T", 6])
    graph.add("Input", id="c", name="c", shape=["N", 2])
    graph.connect("z.y", "r.x3")
    graph.connect("c.y", "r.x4")
    edits.set_scan(graph, "r", 1, ["x", "x3"], ["x2"])
    a = analyze(project)
    assert a.sound, a.problems
    assert a.macs == 5 * 4 * (3 + 4 + 6 + 2)


def test_shared_weights_of_another_scan_count_once() -> None:
    project, graph = scanned()
    graph.add("RNNCell", id="r2", name="again")
    graph.connect("x.y", "r2.x")
    graph.add("Output", id="z", name="z")
    graph.connect("r2.y", "z.x")
    edits.set_scan(graph, "r2", 1, ["x"], ["x2"])
    assert analyze(project).params.trainable == 2 * WEIGHTS
    edits.use_weights_of(graph, "r2", "r")
    a = analyze(project)
    assert (a.params.trainable, a.macs) == (WEIGHTS, 2 * 5 * 28)


def test_a_false_condition_passes_the_first_input_on() -> None:
    project, graph = scanned()
    edits.set_when(graph, "r", "1 > 2")
    assert outputs(project) == [(1, 5, 3), None]
    assert analyze(project).params.trainable == 0


def test_a_million_steps_are_counted_at_once() -> None:
    project, _ = scanned(steps=10**6)
    assert analyze(project).macs == 28 * 10**6


def test_the_proposed_scan_steps_along_what_has_an_axis_more() -> None:
    project, _ = scanned()
    given = {"x": engine_of(project).root().results["x"].specs[0]}
    assert proposed_scan(project.graphs["RNNCell"], given) == Scan(1, ("x",), ("x2",))
    assert proposed_scan(project.graphs["RNNCell"], {}) == Scan(1, ("x",), ("x2",))


# What can be wrong.


def break_node(graph: Graph, **fields: object) -> None:
    with graph.project.editing("break"):
        graph.project.record("main", "nodes", "r", replace(graph.nodes["r"], **fields))  # type: ignore[arg-type]


def cell_of(graph: Graph) -> Graph:
    return graph.project.graphs["RNNCell"]


def longer(graph: Graph) -> None:
    cell_of(graph).add("Input", id="x3", name="z", shape=["N", "side"])
    cell_of(graph).connect("x3.y", "j.x2")
    graph.add("Input", id="z", name="z", shape=["N", 7, 3])
    graph.connect("z.y", "r.x3")
    edits.set_scan(graph, "r", 1, ["x", "x3"], ["x2"])


def no_partner(graph: Graph) -> None:
    edits.set_repeat(graph, "r", 1)
    cell_of(graph).rename("y2", "next_h")
    break_node(graph, run=Scan(1, ("x",), ("x2",)))


def one_loose_output(graph: Graph) -> None:
    cell_of(graph).remove("y")
    no_partner(graph)
    graph.disconnect("y.x")
    graph.connect("r.y2", "y.x")


def shapeless(graph: Graph) -> None:
    cell_of(graph).set("x2", shape=edits.DEFAULT)


def half(graph: Graph) -> None:
    graph.add("Input", id="h", name="h0", shape=["N", 4], dtype="float64")
    graph.connect("h.y", "r.x2")


def flat_output(graph: Graph) -> None:
    """A step that gives one number for the whole batch, stacked at axis 1."""
    cell = cell_of(graph)
    cell.add("Select", id="s", dim=0, index=0)
    cell.add("Select", id="s2", dim=0, index=0)
    cell.connect("t.y", "s.x")
    cell.connect("s.y", "s2.x")
    cell.connect("s2.y", "y.x")


def scan_a_layer(graph: Graph) -> None:
    graph.add("Linear", id="l", name="fc", out_features=4)
    edits.insert_on_wire(graph, "y.x", "l")
    with graph.project.editing("break"):
        graph.project.record("main", "nodes", "l", replace(graph.nodes["l"], run=Scan(1, ("x",))))


CASES: list[tuple[str, Callable[[Graph], None], str, str]] = [
    ("scan-over", lambda g: break_node(g, run=Scan(1, (), ("x2",))), "scans along no input", "Scan along x"),
    ("scan-port", lambda g: break_node(g, run=Scan(1, ("x", "gone"), ("x2",))), "scans gone, which RNNCell", "gone"),
    ("scan-port", lambda g: break_node(g, run=Scan(1, ("x", "x2"), ("x2",))), "choose one", "Only carry h"),
    ("scan-axis", lambda g: edits.set_scan(g, "r", 3, ["x"], ["x2"]), "N×T×3 has axes 0 to 2", "along axis 1"),
    ("scan-axis", flat_output, "stacks y of scalar at axis 1", "along axis 0"),
    ("scan-length", longer, "5 positions", ""),
    ("scan-state", no_partner, "RNNCell has no Output h", "Take h out"),
    ("scan-state", one_loose_output, "RNNCell has no Output h", "Rename the output next_h of RNNCell to h"),
    ("scan-state", lambda g: cell_of(g).set("l", out_features=6), "carries h of N×4 and gets back N×6", "N×6"),
    ("scan-state", shapeless, "zeros of no known shape", ""),
    ("scan-state", lambda g: cell_of(g).set("x2", shape=["N", "nowhere"]), "nowhere", ""),
    ("scan-state", lambda g: cell_of(g).set("x2", shape=["N", "hidden - 4"]), "is not known", ""),
    ("run", scan_a_layer, "fc scans, which only a block can", "Run fc once"),
]


@pytest.mark.parametrize(("code", "draw", "words", "fix"), CASES, ids=[f"{c[0]}-{k}" for k, c in enumerate(CASES)])
def test_each_problem_is_named_and_mended(code: str, draw: Callable[[Graph], None], words: str, fix: str) -> None:
    project, graph = scanned()
    analyze(project)
    draw(graph)
    problems = analyze(project).problems
    found = [p for p in problems if p.code == code]
    assert found, problems
    problem = found[0]
    assert words in problem.message
    assert problem.severity == CODES[code][0]
    assert readout(project) == readout(loads(dumps(project)))
    options = fixes(project, problem)
    assert bool(options) == bool(fix)
    if fix:
        assert fix in options[0].title
        options[0].apply(project)
        assert not [p for p in analyze(project).problems if (p.code, p.node) == (code, problem.node)]


def test_a_state_of_another_type_is_refused() -> None:
    project, graph = scanned()
    cell = project.graphs["RNNCell"]
    cell.set("x2", dtype="int64")
    analyze(project)
    half(graph)
    assert {p.code for p in analyze(project).problems} & {"kind", "scan-state"}


def test_lengths_that_depend_on_symbols_are_a_condition() -> None:
    project, graph = scanned()
    longer(graph)
    edits.set_symbol(project, "S", 5)
    graph.set("z", shape=["N", "S", 3])
    a = analyze(project)
    assert a.sound, a.problems
    assert a.formulas["conditions"] == ["T equals S"]


# Edits.


def test_a_scan_is_checked_where_it_is_set() -> None:
    _, graph = scanned()
    graph.add("Linear", id="l", name="fc")
    for id, axis, over, carry, words in (
        ("l", 1, ["x"], [], "only a block can scan"),
        ("r", 16, ["x"], [], "axis from 0 to 15"),
        ("r", -1, ["x"], [], "axis from 0 to 15"),
        ("r", 1, ["gone"], [], "no input gone; it has x, x2"),
        ("r", 1, ["x"], ["x"], "cannot use x twice"),
    ):
        with pytest.raises(EditError, match=words):
            edits.set_scan(graph, id, axis, over, carry)


def test_each_edit_has_an_inverse() -> None:
    project, graph = scanned()
    before, done = dumps(project), list[Edit]()
    project.listeners.append(done.append)
    edits.set_scan(graph, "r", 0, ["x"])
    edits.set_repeat(graph, "r", 3)
    project.graphs["RNNCell"].rename("x", "step")
    for edit in reversed(done):
        project.apply(edit.inverse())
    assert dumps(project) == before


@pytest.mark.parametrize("id", ["x2", "y2"])
def test_renaming_one_end_of_a_state_renames_both(id: str) -> None:
    project, _ = scanned()
    cell = project.graphs["RNNCell"]
    edits.rename(cell, id, "memory")
    assert {cell.nodes["x2"].name, cell.nodes["y2"].name} == {"memory"}
    assert analyze(project).sound
    with pytest.raises(EditError, match="already has a node called xh"):
        edits.rename(cell, id, "xh")


def test_only_the_ends_of_a_state_share_a_name() -> None:
    project, graph = scanned()
    cell = project.graphs["RNNCell"]
    for type in ("Input", "Output", "Linear"):
        with pytest.raises(EditError, match="called h"):
            cell.add(type, name="h")
    edits.set_repeat(graph, "r", 1)
    edits.rename(cell, "y2", "h2")
    assert cell.nodes["x2"].name == "h"
    add_network(project, "cell", "RNNCell")
    edits.rename(cell, "y2", "h")
    edits.set_symbol(project, "features", 3)
    assert not [p for p in analyze(project, "cell").problems if p.code == "name"]
    graph.add("Output", id="z", name="x")
    with pytest.raises(EditError, match="called x"):
        graph.add("Output", name="x")


def test_copies_of_a_state_are_a_state_again() -> None:
    project, _ = scanned()
    cell = project.graphs["RNNCell"]
    copies = duplicate(cell, ["x2", "y2"])
    names = {cell.nodes[id].name for id in copies.values()}
    assert len(names) == 1
    assert names != {"h"}


def test_a_scan_survives_copy_and_paste_into_another_project() -> None:
    _, graph = scanned()
    other = Project.new("other")
    [id] = paste(other.networks["main"], copy(graph, ["r"]))
    assert other.networks["main"].nodes[id].run == Scan(1, ("x",), ("x2",))
    assert {port.name for port in other.graphs["RNNCell"].outputs()} == {"y", "h"}


def test_a_scan_inside_a_new_block_keeps_its_states_inside() -> None:
    project, graph = scanned()
    before = analyze(project)
    node = collapse(graph, ["r"], "Recurrent")
    assert len(project.graphs[node.type].inputs()) == 1
    after = analyze(project)
    assert after.sound, after.problems
    assert (after.params, after.macs) == (before.params, before.macs)


def test_a_scan_cannot_be_written_out() -> None:
    project, graph = scanned()
    before = dumps(project)
    with pytest.raises(EditError, match="rnn scans, and its steps cannot be written out"):
        expand(graph, "r")
    assert dumps(project) == before


# The file.


def test_the_file_says_it_in_one_line() -> None:
    project, _ = scanned()
    text = dumps(project)
    assert '"r": {"name": "rnn", "type": "RNNCell", "scan": {"axis": 1, "over": ["x"], "carry": ["x2"]}}' in text
    again = loads(text)
    assert dumps(again) == text
    assert again.networks["main"].nodes["r"].run == Scan(1, ("x",), ("x2",))


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        ("3", "r.scan is"),
        ("[]", "r.scan is"),
        ('{"axis": -1}', "an axis from 0 to 15"),
        ('{"axis": 16}', "an axis from 0 to 15"),
        ('{"axis": true}', "an axis from 0 to 15"),
        ('{"axis": 1.0}', "an axis from 0 to 15"),
        ('{"axis": "1"}', "an axis from 0 to 15"),
        ('{"over": "x"}', "r.scan.over is"),
        ('{"over": [1]}', "r.scan.over"),
        ('{"over": ["x y"]}', "r.scan.over"),
        ('{"over": [["x"]]}', "r.scan.over"),
        ('{"carry": ["x", "x"]}', "each once"),
        ('{"steps": 4}', "nothing else"),
        ('{"axis": 1}, "repeat": 2', "keep one of the two"),
    ],
)
def test_a_wrong_scan_in_a_file_is_refused_in_one_sentence(scan: str, words: str) -> None:
    text = dumps(scanned()[0]).replace('{"axis": 1, "over": ["x"], "carry": ["x2"]}', scan)
    with pytest.raises(FileError, match=words) as caught:
        loads(text)
    assert "graphs.main.nodes.r" in str(caught.value)


def test_scans_of_anything_open_for_repair() -> None:
    rng = random.Random(7)
    for _ in range(60):
        project, graph = scanned()
        names = ["x", "x2", "y", "gone", "r"]
        over, carry = (tuple(rng.sample(names, rng.randrange(4))) for _ in range(2))
        break_node(graph, run=Scan(rng.randrange(16), over, carry))
        again = loads(dumps(project))
        assert readout(again) == readout(project)
        for problem in analyze(again).problems:
            assert problem.message


# Incremental.


def scan_edit(graph: Graph, cell: Graph, rng: random.Random) -> None:
    """An edit of the scan, of the block that it steps, or anywhere else."""
    kind = rng.randrange(10)
    nodes = [id for id, node in graph.nodes.items() if node.type == "RNNCell"]
    ports = [port.id for port in cell.inputs()]
    if kind < 3 and nodes:
        carry = [port for port in ports if rng.random() < 0.5]
        over = [port for port in ports if port not in carry]
        edits.set_scan(graph, rng.choice(nodes), rng.randrange(3), over, carry)
    elif kind == 3 and nodes:
        edits.set_repeat(graph, rng.choice(nodes), rng.choice([0, 1, 1, 3]), shared=rng.random() < 0.5)
    elif kind == 4 and nodes:
        edits.set_params(graph, rng.choice(nodes), {"hidden": rng.choice([3, 4, "T", "i", edits.DEFAULT])})
    elif kind == 5:
        edits.set_symbol(graph.project, "T", rng.choice([3, 5, 9]))
    elif kind == 6 and ports:
        shape = rng.choice([["N", "hidden"], ["N", 4], ["N", "features"], ["N"], edits.DEFAULT])
        edits.set_params(cell, rng.choice(ports), {"shape": shape})
    elif kind == 7:
        edits.set_graph_param(cell, "hidden", Param(rng.choice([3, 4, 5, None])))
    elif kind == 8 and cell.nodes:
        random_edit(cell, rng)
    else:
        random_edit(graph, rng)


@pytest.mark.parametrize("seed", range(8))
def test_accumulated_edits_equal_a_cold_analysis(seed: int) -> None:
    rng = random.Random(seed)
    project, graph = scanned()
    cell = project.graphs["RNNCell"]
    graph.add("RNNCell", id="r2", name="second")
    graph.connect("r.y", "r2.x")
    edits.set_scan(graph, "r2", 1, ["x"], ["x2"])
    analyze(project)
    for step in range(60):
        try:
            scan_edit(graph, cell, rng)
        except EditError:
            continue
        assert readout(project) == readout(loads(dumps(project))), f"seed {seed}, step {step}"


def test_mending_a_block_from_inside_mends_its_users() -> None:
    """A step that something keeps from working is worked out again when the block changes."""
    project, _ = scanned()
    cell = project.graphs["RNNCell"]
    cell.set("x", shape=["N", "C", "features"])
    assert not analyze(project).sound
    cell.set("x", shape=["N", "features"])
    assert analyze(project).sound
    cell.set("l", out_features=7)
    assert not analyze(project).sound
    cell.set("l", out_features="hidden")
    assert analyze(project).sound


def test_a_cell_may_be_scanned_repeated_and_called_in_one_drawing() -> None:
    project, graph = scanned()
    rnn_cell(project, "Other")
    graph.add("Other", id="o", name="other")
    graph.add("Select", id="s")
    graph.connect("x.y", "s.x")
    graph.connect("s.y", "o.x")
    graph.connect("r.y2", "o.x2")
    graph.add("Output", id="z", name="z")
    graph.connect("o.y2", "z.x")
    assert analyze(project).sound
    edits.set_repeat(graph, "o", 2, shared=True)
    problems = analyze(project).problems
    assert [p.code for p in problems] == ["sharing"] or not problems
