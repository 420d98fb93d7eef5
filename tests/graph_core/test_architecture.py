"""The five-tuple: what it holds, what its check finds, and its three written forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from graph_core import Graph, Project, analyze, edits
from graph_core.architecture import CONDITIONS, FiveTuple, check_definition, check_tuple, five_tuple, parameter_count
from graph_core.blocks import collapse
from graph_core.fixes import fixes
from graph_core.optimizers import KINDS, optimizer_values
from graph_core.problems import CODES
from graph_core.setups import check_setup
from graph_core.templates import open_template, templates
from graph_core.tuples import Space

NAMES = [template.name for template in templates()]


@pytest.mark.parametrize("name", NAMES)
def test_every_template_conforms(name: str) -> None:
    project = open_template(name)
    found = five_tuple(project)
    assert list(check_tuple(found)) == []
    assert parameter_count(found) == analyze(project).params.trainable
    assert len({row.path for row in found.rows}) == len(found.rows)


@pytest.mark.parametrize("name", NAMES)
def test_json_has_one_entry_a_layer_in_every_list(name: str) -> None:
    found = five_tuple(open_template(name))
    data = json.loads(json.dumps(found.to_json()))
    assert {len(data[part]) for part in "LFWB"} == {len(found.rows)}
    assert data["O"]["kind"] in KINDS


def test_the_activation_is_the_sole_consumer() -> None:
    found = five_tuple(open_template("lenet"))
    by_path = {row.path: row for row in found.rows}
    assert by_path["conv1"].activation == "ReLU"
    assert by_path["fc3"].activation == "identity"
    assert [w.name for w in by_path["fc3"].weights] == ["weight"]
    assert [w.name for w in by_path["fc3"].biases] == ["bias"]


def test_the_activation_may_stand_beyond_the_border_of_a_block() -> None:
    """Collapsing nodes to a block changes no f: on the way out of it, and on the way in."""
    expected = {row.path: row.activation for row in five_tuple(open_template("lenet")).rows}
    for inside in (["conv1"], ["relu1"], ["conv1", "relu1"], ["relu1", "pool1"], ["fc2", "relu4"], ["pool1", "conv2"]):
        project = open_template("lenet")
        graph = project.networks["main"]
        collapse(graph, [named(graph, name) for name in inside], "block")
        found = {row.path.rpartition(".")[2]: row.activation for row in five_tuple(project).rows}
        assert found == expected, inside


def test_repeats_are_followed_by_themselves() -> None:
    project = Project.new("deep")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 8])
    graph.add("Linear", id="l", name="fc", out_features=8)
    graph.add("Tanh", id="t")
    graph.add("Output", id="y")
    for source, target in (("x.y", "l.x"), ("l.y", "t.x"), ("t.y", "y.x")):
        graph.connect(source, target)
    block = collapse(graph, ["l"], "layers")
    edits.set_repeat(graph, block.id, 3)
    assert [row.activation for row in five_tuple(project).rows] == ["identity", "identity", "Tanh"]
    edits.set_repeat(graph, block.id, 3, shared=True)
    assert [row.activation for row in five_tuple(project).rows] == ["identity"]
    edits.set_repeat(graph, block.id, 1)
    assert [row.activation for row in five_tuple(project).rows] == ["Tanh"]


def test_a_layer_without_a_bias_has_none() -> None:
    project = open_template("lenet")
    graph = project.networks["main"]
    node = graph.by_name("conv1")
    assert node is not None
    graph.set(node.id, bias=False)
    row = next(row for row in five_tuple(project).rows if row.path == "conv1")
    assert row.biases == ()
    assert "= 0" in five_tuple(project).to_latex()


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        ({"kind": "Magic"}, "no optimizer Magic"),
        ({"kind": "SGD", "beta1": 0.5}, "SGD has no field beta1"),
        ({"kind": "Adam", "lr": -1}, "lr is -1"),
        ({"kind": "SGD", "nesterov": True}, "needs a momentum"),
    ],
)
def test_the_optimizer_is_checked(optimizer: dict[str, object], words: str) -> None:
    assert words in next(iter(check_setup({"optimizer": optimizer}))).message


def test_a_wrong_optimizer_is_a_problem_of_the_network_with_a_fix() -> None:
    project: Project = open_template("lenet")
    edits.set_setup(project, "main", "optimizer", {"lr": -3})
    problem = analyze(project).problems[0]
    assert (problem.code, problem.severity) == ("optimizer", "error")
    assert problem.fix == "Set lr back to its default"


def test_optimizer_state_is_counted_by_kind() -> None:
    assert KINDS["SGD"].state_per_parameter(optimizer_values({"optimizer": {"kind": "SGD"}})) == 0
    assert KINDS["SGD"].state_per_parameter({"momentum": 0.9}) == 1
    assert KINDS["AdamW"].state_per_parameter({}) == 2


def broken(break_it: Callable[[Project, Graph], None]) -> Project:
    project = open_template("lenet")
    break_it(project, project.networks["main"])
    return project


def named(graph: Graph, name: str) -> str:
    node = graph.by_name(name)
    assert node is not None
    return node.id


@pytest.mark.parametrize(
    ("key", "break_it"),
    [
        ("shapes", lambda p, g: g.set(named(g, "conv1"), groups=7)),
        ("compose", lambda p, g: g.set(named(g, "pool2"), kernel_size=9)),
        ("acyclic", lambda p, g: g.connect(f"{named(g, 'pool2')}.y", f"{named(g, 'conv1')}.x")),
        ("wired", lambda p, g: g.disconnect(f"{named(g, 'conv2')}.x")),
        ("reaches", lambda p, g: g.remove(g.outputs()[0].id)),
        ("optimizer", lambda p, g: edits.set_setup(p, "main", "optimizer", {"lr": -1})),
        ("optimizer", lambda p, g: edits.set_setup(p, "main", "optimizer", {"kind": "Muon"})),
        ("groups", lambda p, g: edits.set_setup(p, "main", "optimizer", {"groups": [{"match": ["conv9"]}]})),
        ("groups", lambda p, g: edits.set_setup(p, "main", "optimizer", {"groups": [{"rolle": "bias"}]})),
    ],
)
def test_each_condition_of_the_definition_can_fail(key: str, break_it: Callable[[Project, Graph], None]) -> None:
    assert all(condition.holds for condition in check_definition(open_template("lenet")))
    failed = [condition.key for condition in check_definition(broken(break_it)) if not condition.holds]
    assert failed == [key]


def test_every_code_belongs_to_one_condition() -> None:
    homes = [code for _, codes in CONDITIONS.values() for code in codes]
    assert len(homes) == len(set(homes))
    assert set(homes) <= set(CODES)


def test_a_tuple_that_does_not_conform_is_told() -> None:
    found = five_tuple(open_template("lenet"))
    row = found.rows[0]
    short = replace(row.biases[0], space=Space((5,), (5,)))
    none = replace(row.weights[0], space=Space((0, 1, 3, 3), (0, 1, 3, 3)))
    for changed, said in (
        ((row, row), "conv1 stands twice in L"),
        ((replace(row, weights=(), biases=()),), "conv1 owns parameters but neither W nor b"),
        ((replace(row, biases=(short,)),), "different lengths along out: weight 16×1×3×3 and bias 5"),
        ((replace(row, weights=(none,)),), "conv1 has weight of 0×1×3×3"),
    ):
        tuple_ = FiveTuple("main", changed, found.optimizer, found.schedule)
        assert said in [finding.message for finding in check_tuple(tuple_)][-1]


@pytest.mark.parametrize(
    ("optimizer", "code", "said", "fix"),
    [
        (
            {"groups": [{"match": ["conv9.*"]}]},
            "group",
            "names conv9.*, which matches no parameter",
            "Change conv9.* to",
        ),
        ({"groups": [{"match": ["zzz"]}]}, "group", "name a layer or parameter that there is", "Remove group 1"),
        ({"groups": [{"role": "norm"}]}, "group", "no parameter of the role norm", "Remove group 1"),
        (
            {"groups": [{"role": "bias"}, {"match": ["fc1.bias"]}]},
            "group-order",
            "Group 2 gets none of the 1 parameters it matches",
            "Move group 2 above group 1",
        ),
        ({"groups": [{"lr": 99}]}, "group", "Group 1: lr is 99", "Take lr out of group 1"),
        ({"groups": [{"kind": "LBFGS"}]}, "group", "kind is 'LBFGS'", "Take kind out of group 1"),
        ({"groups": [{"frozen": True}]}, "frozen", "parameters are frozen; leave some to train", "Train group 1"),
        (
            {"kind": "Muon"},
            "optimizer-shape",
            "Muon takes matrices, but conv1.weight is 16×1×3×3",
            "Give the rest to AdamW",
        ),
        (
            {"kind": "LBFGS", "groups": [{"lr": 1}]},
            "group",
            "one set of fields for all",
            "Take the fields out of group 1",
        ),
    ],
)
def test_what_is_wrong_with_groups_has_a_fix_that_mends_it(
    optimizer: dict[str, object], code: str, said: str, fix: str
) -> None:
    project = open_template("lenet")
    edits.set_setup(project, "main", "optimizer", optimizer)
    problem = next(p for p in analyze(project).problems if p.code == code)
    assert said in problem.message
    assert problem.fix is not None
    assert problem.fix.startswith(fix)
    fixes(project, problem)[0].apply(project)
    assert [p for p in analyze(project).problems if p.code == code] == []


def test_a_wrong_schedule_has_a_fix() -> None:
    for schedule, said in (
        ({"kind": "step", "gamma": -1}, "gamma is -1"),
        ({"kind": "sawtooth"}, "There is no schedule sawtooth"),
        ({"kind": "cosine", "gamma": 1}, "cosine has no field gamma"),
    ):
        project = open_template("lenet")
        edits.set_setup(project, "main", "training", {"schedule": schedule})
        (problem,) = analyze(project).problems
        assert (problem.code, problem.path) == ("schedule", "training")
        assert said in problem.message
        fixes(project, problem)[0].apply(project)
        assert analyze(project).problems == ()


def test_groups_of_a_broken_drawing_name_no_symptom() -> None:
    """Where a layer has no shape, its parameters are unknown: that a group finds none is no problem of the group."""
    project = open_template("lenet")
    graph = project.networks["main"]
    edits.set_setup(project, "main", "optimizer", {"groups": [{"match": ["fc1"], "lr": 0.1}]})
    graph.set(named(graph, "pool2"), kernel_size=9)
    assert [p.code for p in analyze(project).problems] == ["window"]
