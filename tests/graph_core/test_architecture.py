"""The five-tuple: what it holds, what its check finds, and its three written forms."""

from __future__ import annotations

import json
import re

import pytest

from graph_core import Project, analyze, edits
from graph_core.architecture import check_tuple, five_tuple, parameter_count
from graph_core.optimizers import KINDS, optimizer_values
from graph_core.setups import check_setup
from graph_core.templates import open_template, templates

NAMES = [template.name for template in templates()]


@pytest.mark.parametrize("name", NAMES)
def test_every_template_conforms(name: str) -> None:
    project = open_template(name)
    found = five_tuple(project)
    assert list(check_tuple(project, found)) == []
    assert parameter_count(found) == analyze(project).params.trainable
    assert len({row.path for row in found.rows}) == len(found.rows)


@pytest.mark.parametrize("name", NAMES)
def test_json_has_one_entry_a_layer_in_every_list(name: str) -> None:
    found = five_tuple(open_template(name))
    data = json.loads(json.dumps(found.to_json()))
    assert {len(data[part]) for part in "LFWB"} == {len(found.rows)}
    assert data["O"]["kind"] in KINDS


@pytest.mark.parametrize("name", NAMES)
def test_latex_is_balanced_and_escaped(name: str) -> None:
    text = five_tuple(open_template(name)).to_latex()
    depth = 0
    for token in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if token == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert text.count(r"\begin{aligned}") == text.count(r"\end{aligned}") == 1
    assert not re.search(r"(?<!\\)[#%&](?!=)", text.replace("&=", ""))


def test_the_activation_is_the_sole_consumer() -> None:
    found = five_tuple(open_template("lenet"))
    by_path = {row.path: row for row in found.rows}
    assert by_path["conv1"].activation == "ReLU"
    assert by_path["fc3"].activation == "identity"
    assert [w.name for w in by_path["fc3"].weights] == ["weight"]
    assert [w.name for w in by_path["fc3"].biases] == ["bias"]


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
