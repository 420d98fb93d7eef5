"""The published schema of project files: fresh, valid, and of one mind with the reader."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from graph_core.layer import layer_types
from graph_core.project import FileError, dumps, loads
from graph_core.schema import PATH, field_schema, schema, text
from graph_core.setups import check_setup
from tests.graph_core.test_hostile_files import TREE, changed
from tests.graph_core.test_project_file import small


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def test_the_schema_is_fresh():
    fresh = PATH.read_text(encoding="utf-8") == text()
    assert fresh, "the declarations have changed: run  python -m graph_core.schema"


def test_our_files_are_valid(validator: Any):
    for tree in (TREE, json.loads(dumps(small()))):
        assert [error.message for error in validator.iter_errors(tree)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("netw", 2),
        ("colour", 1),
        ("symbols/T", 0),
        ("graphs/B/extra", 1),
        ("graphs/B/nodes/c", {"name": "c"}),
        ("graphs/B/nodes/c/set", []),
        ("graphs/B/nodes/c/set/stride", {}),
        ("graphs/B/wires/c", "x.y"),
        ("graphs/main/nodes/b/repeat", -1),
        ("view/main/x", [0, 1e300]),
    ],
)
def test_what_the_reader_refuses_is_not_valid(validator: Any, path: str, value: Any):
    assert not validator.is_valid(json.loads(changed(path, value)))
    with pytest.raises(FileError):
        loads(changed(path, value))


@pytest.mark.parametrize(
    ("name", "value"),
    [("stride", -1), ("stride", [1, 2, 3]), ("bias", 1), ("padding_mode", "sideways"), ("colour", 1)],
)
def test_parameters_are_checked_by_their_type(validator: Any, name: str, value: Any):
    assert not validator.is_valid(json.loads(changed(f"graphs/B/nodes/c/set/{name}", value)))


@pytest.mark.parametrize(
    ("part", "fine", "wrong"),
    [
        ("optimizer", {"kind": "Adam", "beta1": 0.5}, {"kind": "SGD", "beta1": 0.5}),
        ("optimizer", {"kind": "LBFGS", "max_eval": None}, {"kind": "LBFGS", "max_iter": 0}),
        ("optimizer", {"kind": "Adam"}, {"kind": "Magic"}),
        ("optimizer", {"groups": [{"match": ["*.bias"], "lr": 0.1}]}, {"groups": [{"match": 3}]}),
        ("optimizer", {"groups": [{"role": "bias", "frozen": True}]}, {"groups": [{"role": "colour"}]}),
        ("training", {"schedule": "cosine", "epochs": 3}, {"epochs": 0}),
        (
            "training",
            {"schedule": {"kind": "multi-step", "milestones": [3, 5]}},
            {"schedule": {"kind": "step", "x": 1}},
        ),
    ],
)
def test_set_ups_are_checked_by_their_kind(validator: Any, part: str, fine: Any, wrong: Any):
    """What the schema refuses is a problem of the set-up, and what it lets pass is none."""
    for values, valid in ((fine, True), (wrong, False)):
        assert validator.is_valid(json.loads(changed(f"setups/main/{part}", values))) is valid
        try:
            found = list(check_setup(loads(changed(f"setups/main/{part}", values)).setup("main")))
        except FileError:
            found = ["refused"]
        assert bool(found) is not valid


@pytest.mark.parametrize("name", sorted(layer_types()))
def test_every_default_is_valid(validator: Any, name: str):
    for field in layer_types()[name].fields.values():
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        assert validator.evolve(schema={**field_schema(field), "$defs": validator.schema["$defs"]}).is_valid(default)
