"""`netwright diff`: what it prints and how it leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegen.verbs import run_verb
from graph_core import analyze, save
from graph_core.templates import open_template


@pytest.fixture
def pair(tmp_path: Path) -> list[str]:
    """LeNet, and LeNet with a stride."""
    old, new = open_template("lenet"), open_template("lenet")
    new.networks["main"].set("c1", stride=2)
    for name, project in (("old", old), ("new", new)):
        save(project, tmp_path / f"{name}.netw")
    return [str(tmp_path / "old.netw"), str(tmp_path / "new.netw")]


def test_the_same_is_nothing_and_zero(pair: list[str], capsys: pytest.CaptureFixture[str]):
    assert run_verb("diff", [pair[0], pair[0]]) == 0
    assert capsys.readouterr().out == "No difference.\n"
    assert run_verb("diff", [pair[0], pair[0], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["same"], found["changes"]) == (True, [])


def test_a_difference_is_told_and_one(pair: list[str], capsys: pytest.CaptureFixture[str]):
    assert run_verb("diff", pair) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["LeNet", "  ~ conv1: stride 1 → 2"]
    assert lines[3] == "figures of main"
    assert lines[4].startswith("  parameters  ")


def test_its_json_has_fields_and_figures(pair: list[str], capsys: pytest.CaptureFixture[str]):
    assert run_verb("diff", [*pair, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["same"] is False
    assert found["changes"] == [
        {
            "kind": "changed",
            "subject": "node",
            "graph": "main",
            "id": "c1",
            "name": "conv1",
            "fields": {"set.stride": {"new": 2}},
        }
    ]
    old = analyze(open_template("lenet"))
    assert found["figures"]["main"]["macs"][0] == old.macs
    assert found["figures"]["main"]["params"][0] == old.params.total


@pytest.mark.parametrize("place", [0, 1])
def test_an_unreadable_file_is_one_line_and_two(pair: list[str], place: int, capsys: pytest.CaptureFixture[str]):
    Path(pair[place]).write_text("{", encoding="utf-8")
    assert run_verb("diff", pair) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("netwright diff: ")
    assert Path(pair[place]).name in line
