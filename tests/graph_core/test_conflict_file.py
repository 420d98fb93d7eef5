"""Conflicts in files that nobody vouches for: refused in one sentence, or told, and chosen or refused in one more."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_core import choosing, dumps, loads
from graph_core.analysis import analyze
from graph_core.fixes import fixes, preview
from graph_core.graph import EditError
from graph_core.history import History
from graph_core.project import FileError
from graph_core.schema import schema
from graph_core.ways import fits
from tests.graph_core.test_hostile_files import TREE, changed, refused

AT = ["graphs", "B", "nodes", "c", "set", "out_channels"]
GOOD = {"1": {"parts": [{"at": AT, "base": 4, "ours": "width", "theirs": 8}]}}


def part(**fields: Any) -> dict[str, Any]:
    """One conflict with one part, some fields of which are other ones."""
    return {"1": {"parts": [{**GOOD["1"]["parts"][0], **fields}]}}


@pytest.mark.parametrize(
    ("conflicts", "sentence"),
    [
        ([], "conflicts is a list; it takes an object"),
        ({"a b": GOOD["1"]}, "“a b” cannot be an id"),
        ({"1": []}, "conflicts.1 has no parts"),
        ({"1": {"parts": []}}, "conflicts.1 has no parts"),
        ({"1": {**GOOD["1"], "taken": "ours"}}, "a list of parts, and nothing else"),
        ({"1": {"parts": [3]}}, "conflicts.1.parts.0 is a number; it takes an object"),
        (part(colour=1), "conflicts.1.parts.0.colour is unknown"),
        (part(at="graphs"), "conflicts.1.parts.0.at is graphs; it takes the way to a field"),
        (part(at=["graphs", 3]), "it takes the way to a field"),
        (part(at=["graphs", ""]), "it takes the way to a field"),
        (part(at=["graphs", "x" * 401]), "it takes the way to a field"),
        (part(at=["netw"]), "it takes the way to a field"),
        (part(at=["conflicts", "1"]), "it takes the way to a field"),
        (part(at=["graphs", "B", "nodes", "c", "set"]), "it takes the way to a field"),
        (part(at=["graphs", "B", "nodes", "c", "set", "a", "b"]), "it takes the way to a field"),
        ({"1": {"parts": [{"at": AT, "base": 1}]}}, "has neither ours nor theirs"),
        (part(theirs=2**70), "conflicts.1.parts.0.theirs is beyond 2⁶³"),
        (part(at=["graphs", "B", "wires", "c.x"], theirs=3), "parts.0.base is 4; it takes a text"),
        (part(at=["graphs", "B"], base=True, ours=True, theirs=1), "parts.0.theirs is 1; it takes true"),
        (part(at=["order", "networks"], base=["a"], ours=["a", 1]), "ours is ['a', 1]; it takes a list of texts"),
        (part(ours=[[[[[[[[[[[[[[1]]]]]]]]]]]]]]), "nested deeper than 12 levels"),
    ],
)
def test_a_broken_conflict_is_refused(conflicts: Any, sentence: str):
    text = changed("conflicts", conflicts)
    assert sentence in refused(text)


def test_a_good_one_is_kept_told_and_valid():
    text = changed("conflicts", GOOD)
    project = loads(text)
    assert json.loads(dumps(project))["conflicts"] == GOOD
    assert dumps(loads(dumps(project))) == dumps(project)
    [line] = [line for line in dumps(project).splitlines() if '"parts"' in line]
    assert line.startswith('    "1": ')
    [problem] = [problem for problem in analyze(project).problems if problem.code == "conflict"]
    assert problem.message == "out_channels of conv is width in ours, and 8 in theirs; take one of them"
    assert (problem.severity, problem.path, problem.id, problem.fix) == ("error", "blocks.0.conv", "b/c", "Take ours")
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(json.loads(dumps(project)))) == []
    assert "conflicts" not in json.loads(dumps(loads(json.dumps(TREE))))


@pytest.mark.parametrize("conflicts", [[], {"1": {"parts": []}}, part(colour=1), {"1": {"parts": [{"at": AT}]}}])
def test_the_schema_refuses_what_the_reader_refuses(conflicts: Any):
    assert not jsonschema.Draft202012Validator(schema()).is_valid(json.loads(changed("conflicts", conflicts)))


WAYS = [
    AT,
    ["graphs", "B"],
    ["graphs", "gone"],
    ["graphs", "main", "nodes", "b"],
    ["graphs", "main", "nodes", "b", "type"],
    ["graphs", "B", "nodes", "c", "name"],
    ["graphs", "B", "nodes", "gone", "use"],
    ["graphs", "main", "nodes", "b", "scan"],
    ["graphs", "main", "nodes", "b", "repeat"],
    ["graphs", "B", "wires", "c.x"],
    ["graphs", "B", "wires", "nonsense"],
    ["graphs", "B", "ties", "c.weight"],
    ["graphs", "B", "head", "name"],
    ["graphs", "B", "params", "width"],
    ["graphs", "gone", "params", "width"],
    ["networks", "main"],
    ["networks", "for"],
    ["symbols", "N"],
    ["setups", "main"],
    ["setups", "main", "optimizer"],
    ["setups", "main", "optimizer", "lr"],
    ["setups", "gone", "optimizer", "lr"],
    ["meta", "name"],
    ["view", "main", "x"],
    ["order", "networks"],
    ["order", "graphs", "B", "params"],
]
VALUES = [1, 0, -1, True, None, "", "x.y", "c.y", "B", "main", "Conv2d", "ReLU", [], [1, 2], ["width"], {}, {"over": 1}]


@st.composite
def a_part(draw: st.DrawFn) -> dict[str, Any]:
    """A part with any values that its field may hold."""
    at = draw(st.sampled_from(WAYS))
    values = st.sampled_from([value for value in [*VALUES, ["b", "main"]] if fits(tuple(at), value)])
    sides = draw(st.sampled_from([["ours"], ["theirs"], ["ours", "theirs"], ["base", "ours", "theirs"]]))
    return {"at": at, **{side: draw(values) for side in sides}}


@given(st.lists(a_part(), min_size=1, max_size=4))
def test_any_conflict_is_told_and_chosen_or_refused(parts: list[dict[str, Any]]):
    text = changed("conflicts", {"1": {"parts": parts}})
    project = loads(text)
    before = dumps(project)
    [problem] = [problem for problem in analyze(project).problems if problem.code == "conflict"]
    assert problem.message.isprintable()
    for fix in fixes(project, problem):
        with contextlib.suppress(EditError):
            preview(project, fix)
        assert dumps(project) == before
    for side in ("ours", "theirs"):
        project = loads(text)
        history = History(project)
        try:
            choosing.choose(project, "1", side)
        except EditError:
            assert dumps(project) == before
            continue
        assert not project.conflicts
        assert len(history.titles) == 1
        try:
            assert dumps(loads(dumps(project))) == dumps(project)
        except FileError as error:
            pytest.fail(f"choosing made a file that does not open: {error}")
        history.undo()
        assert dumps(project) == before
