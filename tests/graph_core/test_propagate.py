"""The incremental analysis against a cold one, blocks, repeats, conditions, sharing."""

from __future__ import annotations

import random

import pytest

from graph_core import EditError, Graph, Param, Project, analyze, dumps, edits, loads
from graph_core.blocks import add_graph
from graph_core.dims import Named
from graph_core.propagate import engine_of
from graph_core.templates import open_template, templates


def chain(count: int) -> tuple[Project, Graph]:
    """A project whose network is a chain of convolutions, norms and activations."""
    project = Project.new("chain")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 8, 16, 16])
    before = "x.y"
    for k in range(count):
        type = ("Conv2d", "BatchNorm2d", "ReLU")[k % 3]
        params = {"out_channels": 8, "padding": 1} if k % 3 == 0 else {}
        graph.add(type, id=f"n{k}", **params)
        graph.connect(before, f"n{k}.x")
        before = f"n{k}.y"
    graph.add("Output", id="y")
    graph.connect(before, "y.x")
    return project, graph


def readout(project: Project) -> tuple[object, ...]:
    """Everything that an analysis says, for comparison."""
    a = analyze(project)
    problems = sorted((p.code, p.graph, p.node, p.port, p.message, p.paths) for p in a.problems)
    return a.params, a.macs, a.flops, a.memory, a.layers, problems


def test_totals_of_a_small_network() -> None:
    project = Project.new("tiny")
    g = project.networks["main"]
    g.add("Input", id="x", shape=["N", 3, 32, 32])
    g.add("Conv2d", id="c", name="conv1", out_channels=16)
    g.add("Output", id="y")
    g.connect("x.y", "c.x")
    g.connect("c.y", "y.x")
    a = analyze(project)
    assert a.params.trainable == 16 * 3 * 9 + 16
    assert a.macs == 16 * 3 * 9 * 30 * 30
    assert a.flops == 2 * a.macs + 16 * 30 * 30
    assert a.memory.params == 4 * a.params.trainable
    assert [(row.path, row.output) for row in a.layers] == [("conv1", ((1, 16, 30, 30),))]
    assert a.sound


def random_edit(graph: Graph, rng: random.Random) -> None:
    """One edit of any kind, sensible or not."""
    ids = list(graph.nodes)
    kind = rng.randrange(12)
    id = rng.choice(ids)
    if kind == 0:
        type = rng.choice(["Conv2d", "ReLU", "Add", "Linear", "Concat", "MaxPool2d", "Flatten", "Output", "Input"])
        edits.add(graph, type)
    elif kind == 1 and len(ids) > 3:
        edits.remove(graph, [id], heal=rng.random() < 0.7)
    elif kind == 2 and graph.wires:
        edits.disconnect(graph, rng.choice(list(graph.wires)))
    elif kind in (3, 4, 5):
        other = rng.choice(ids)
        outs, ins = graph.out_ports(graph.nodes[id]), graph.in_ports(graph.nodes[other])
        if outs and ins:
            edits.connect(graph, f"{id}.{rng.choice(outs)}", f"{other}.{rng.choice(ins)}")
    elif kind == 6:
        fields = edits.fields_of(graph.project, graph.nodes[id].type)
        size = [n for n in fields or {} if n in ("out_channels", "out_features", "stride", "padding", "kernel_size")]
        if size:
            edits.set_params(graph, id, {rng.choice(size): rng.choice([1, 2, 3, 5, 8, "no_such_name", "4 * 2"])})
    elif kind in (8, 9) and graph.wires:
        with graph.project.editing("Insert"):
            edits.insert_on_wire(graph, rng.choice(list(graph.wires)), edits.add(graph, rng.choice(["ReLU", "Add"])).id)
    elif kind == 7:
        edits.set_when(graph, id, rng.choice(["", "1 == 2", "N == 1", "nonsense > 3"]))
    elif kind == 11:
        owners = [n.id for n in graph.nodes.values() if n.type == graph.nodes[id].type]
        edits.use_weights_of(graph, id, rng.choice(["", *owners]))
    else:
        edits.rename(graph, id, f"m{rng.randrange(10**6)}")


@pytest.mark.parametrize("seed", range(6))
def test_accumulated_edits_equal_a_cold_analysis(seed: int) -> None:
    rng = random.Random(seed)
    project, graph = chain(12)
    analyze(project)
    for step in range(60):
        try:
            random_edit(graph, rng)
        except EditError:
            continue
        live = readout(project)
        cold = readout(loads(dumps(project)))
        assert live == cold, f"seed {seed}, step {step}"


def test_an_edit_and_its_inverse_leave_the_analysis_as_it_was() -> None:
    project, graph = chain(9)
    before = readout(project)
    done = []
    project.listeners.append(done.append)
    graph.set("n0", out_channels=5)
    assert readout(project) != before
    project.apply(done[0].inverse())
    assert readout(project) == before


def residual_block(project: Project) -> Graph:
    """Two convolutions and a projection where the widths or the stride ask for one."""
    block = add_graph(project, "Residual")
    edits.set_graph_param(block, "out_channels", Param())
    edits.set_graph_param(block, "stride", Param(1))
    block.add("Input", id="x", shape=["N", "in_channels", "H", "W"])
    block.add("Conv2d", id="c", name="conv", out_channels="out_channels", stride="stride", padding=1)
    block.add("Conv2d", id="p", name="proj", out_channels="out_channels", stride="stride", kernel_size=1)
    block.add("Add", id="s")
    block.add("Output", id="y")
    for wire in (("x.y", "c.x"), ("x.y", "p.x"), ("c.y", "s.a"), ("p.y", "s.b"), ("s.y", "y.x")):
        block.connect(*wire)
    edits.set_when(block, "p", "stride != 1 or in_channels != out_channels")
    return block


def with_block(**params: object) -> tuple[Project, Graph]:
    """A network that uses the residual block once."""
    project = Project.new("blocks")
    residual_block(project)
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 8, 16, 16])
    graph.add("Residual", id="b", **params)
    graph.add("Output", id="y")
    graph.connect("x.y", "b.x")
    graph.connect("b.y", "y.x")
    return project, graph


def test_a_condition_decides_each_instance_for_itself() -> None:
    project, graph = with_block(out_channels=8)
    assert analyze(project).params.trainable == 8 * 8 * 9 + 8
    graph.set("b", out_channels=16, stride=2)
    a = analyze(project)
    assert a.params.trainable == (16 * 8 * 9 + 16) + (16 * 8 + 16)
    assert [row.path for row in a.layers] == ["residual1.conv", "residual1.proj", "residual1.add1"]


def test_a_repeat_has_weights_of_its_own_for_each_step_and_stops_early() -> None:
    project, graph = with_block(out_channels=16, stride="2 if i == 0 else 1")
    edits.set_repeat(graph, "b", 3)
    first, rest = (16 * 8 * 9 + 16) + (16 * 8 + 16), 16 * 16 * 9 + 16
    a = analyze(project)
    assert a.params.trainable == first + 2 * rest
    assert [row.path for row in a.layers if row.params][:3] == [
        "residual1.0.conv",
        "residual1.0.proj",
        "residual1.1.conv",
    ]
    graph.set("b", stride=1, out_channels=8)
    edits.set_repeat(graph, "b", 10**9)
    assert analyze(project).params.trainable == 10**9 * (8 * 8 * 9 + 8)


def test_a_shared_repeat_counts_its_weights_once_and_its_work_each_time() -> None:
    project, graph = with_block(out_channels=8)
    once = analyze(project)
    edits.set_repeat(graph, "b", 4, shared=True)
    a = analyze(project)
    assert a.params.trainable == once.params.trainable
    assert a.macs == 4 * once.macs
    graph.set("b", out_channels=16)
    assert [p.code for p in analyze(project).problems] == ["sharing"]


@pytest.mark.parametrize(("shape", "shared"), [(["N", "width"], True), (["N", 8], False)])
def test_a_repeat_that_a_step_keeps_from_working_is_mended_inside_the_block(shape: list[object], shared: bool) -> None:
    project = Project.new("repeat")
    block = add_graph(project, "Step")
    block.add("Input", id="x", shape=shape)
    block.add("Linear", id="l", out_features=16)
    block.add("Output", id="y")
    block.connect("x.y", "l.x")
    block.connect("l.y", "y.x")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 8])
    graph.add("Step", id="b")
    graph.add("Output", id="y")
    graph.connect("x.y", "b.x")
    graph.connect("b.y", "y.x")
    edits.set_repeat(graph, "b", 3, shared=shared)
    a = analyze(project)
    assert len(a.problems) == 1
    assert (a.layers, a.macs, a.memory.activations_training) == ((), 0, 4 * 8)
    block.set("l", out_features=8)
    assert analyze(project).sound
    assert readout(project) == readout(loads(dumps(project)))


def test_all_iterations_are_counted_once_a_loose_output_is_wired() -> None:
    project, graph = with_block(out_channels=8)
    edits.set_repeat(graph, "b", 4)
    once = analyze(project).params.trainable // 4
    block = project.graphs["Residual"]
    block.add("Output", id="z", name="loose")
    assert not analyze(project).sound
    block.connect("c.y", "z.x")
    assert analyze(project).params.trainable == 4 * once


def test_a_repeat_of_none_is_the_identity() -> None:
    project, graph = with_block(out_channels=16)
    edits.set_repeat(graph, "b", 0)
    a = analyze(project)
    assert a.params.total == 0
    assert engine_of(project).root().outputs()["y"].shape[1:] == (8, 16, 16)  # type: ignore[union-attr]


def test_a_block_within_itself_is_a_problem_and_no_crash() -> None:
    project, _ = with_block(out_channels=8)
    block = project.graphs["Residual"]
    block.add("Residual", id="again", out_channels=8)
    block.connect("x.y", "again.x")
    assert "recursion" in {p.code for p in analyze(project).problems}


def nested_doublings(depth: int) -> Project:
    """Blocks that use the block below twice, a linear map of 4 × 4 at the bottom."""
    project = Project.new("deep")
    inner = "Linear"
    for k in range(depth):
        block = add_graph(project, f"B{k}")
        block.add("Input", id="x")
        block.add(inner, id="a", **({"out_features": 4, "bias": False} if k == 0 else {}))
        block.add(inner, id="b", **({"out_features": 4, "bias": False} if k == 0 else {}))
        block.add("Output", id="y")
        ports = block.in_ports(block.nodes["a"])[0], block.out_ports(block.nodes["a"])[0]
        block.connect("x.y", f"a.{ports[0]}")
        block.connect(f"a.{ports[1]}", f"b.{ports[0]}")
        block.connect(f"b.{ports[1]}", "y.x")
        inner = block.key
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 4])
    graph.add(inner, id="deep")
    graph.add("Output", id="y")
    graph.connect("x.y", "deep.x")
    graph.connect("deep.y", "y.x")
    return project


def test_forty_nested_doublings_are_counted_at_once() -> None:
    project = nested_doublings(40)
    assert analyze(project).params.trainable == 16 * 2**40


def test_shared_weights_must_agree() -> None:
    project, graph = chain(1)
    graph.add("Conv2d", id="again", out_channels=8, padding=1)
    edits.insert_on_wire(graph, "y.x", "again")
    own = analyze(project)
    edits.use_weights_of(graph, "again", "n0")
    shared = analyze(project)
    assert shared.macs == own.macs
    assert own.params.trainable == 2 * shared.params.trainable
    graph.set("n0", out_channels=4)
    assert "sharing" in {p.code for p in analyze(project).problems}


def test_axes_that_pass_through_keep_the_name_of_their_symbol() -> None:
    project, _ = chain(3)
    spec = engine_of(project).root().outputs()["y"]
    assert spec is not None
    assert isinstance(spec.shape[0], Named)
    assert spec.shape[0].name == "N"


def test_trying_an_edit_leaves_nothing_behind() -> None:
    project, graph = chain(6)
    seen: list[object] = []
    project.listeners.append(seen.append)
    before, text = readout(project), dumps(project)
    with project.trying():
        graph.set("n0", out_channels=3)
        assert readout(project) != before
    assert (readout(project), dumps(project), seen) == (before, text, [])


def test_formulas_with_the_example_values_put_in_are_the_figures() -> None:
    from graph_core.dims import substitute

    for template in templates():
        project = open_template(template.name)
        a, symbolic = analyze(project), engine_of(project).symbolic_root()
        for name, value in (("trainable", a.params.trainable), ("macs", a.macs)):
            assert substitute(getattr(symbolic.totals, name), project.symbols) == value, template.name


def test_an_older_analysis_refuses_what_it_no_longer_knows() -> None:
    project, graph = chain(3)
    a = analyze(project)
    graph.set("n0", out_channels=4)
    with pytest.raises(EditError):
        _ = a.layers


def test_a_repeat_that_was_broken_from_inside_runs_to_its_end_again() -> None:
    project, graph = with_block(out_channels=8)
    edits.set_repeat(graph, "b", 4)
    before = readout(project)
    done = []
    project.listeners.append(done.append)
    block = project.graphs["Residual"]
    block.disconnect("s.b")
    assert not analyze(project).sound
    project.apply(done[-1].inverse())
    assert readout(project) == before


def test_a_remark_stays_where_only_the_input_changes() -> None:
    project = Project.new("remark")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 3, 8, 8])
    graph.add("Linear", id="l", name="layer")
    graph.add("Output", id="y")
    graph.connect("x.y", "l.x")
    graph.connect("l.y", "y.x")
    analyze(project)
    for _ in range(2):
        graph.add("Flatten", id="f")
        edits.insert_on_wire(graph, "l.x", "f")
        assert analyze(project).problems == ()
        edits.remove(graph, ["f"], heal=True)
        [problem] = analyze(project).problems
        assert problem.message.startswith("layer maps each row of 3×8×8 by itself")
