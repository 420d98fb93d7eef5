"""Every way a drawing can be wrong: its code, its sentence, and that its fix mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_core import Project, analyze, dumps, edits, loads
from graph_core.blocks import add_graph
from graph_core.fixes import fixes, preview
from graph_core.graph import Edit
from graph_core.problems import CODES, Problem
from tests.graph_core.wrong_drawings import ELSEWHERE, WRONG, Wrong, line

HERE = Path(__file__).parent


def drawn(wrong: Wrong) -> Project:
    project = Project.new("main")
    wrong.draw(project.networks["main"])
    return project


def problem_of(project: Project, wrong: Wrong) -> Problem:
    found = [p for p in analyze(project).problems if p.code == wrong.code]
    assert [(p.node, p.message) for p in found] == [(wrong.node, wrong.said)]
    return found[0]


def figures(project: Project) -> tuple[int, int, int]:
    a = analyze(project)
    return a.params.total, a.macs, sum(1 for p in a.problems if p.severity == "error")


ids = [f"{wrong.code}-{k}" for k, wrong in enumerate(WRONG)]


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_the_root_cause_is_said_in_one_sentence(wrong: Wrong) -> None:
    """What stands behind the wrong node waits, and says nothing of its own."""
    project = drawn(wrong)
    problem = problem_of(project, wrong)
    assert problem.severity == CODES[wrong.code][0]
    assert sorted({p.code for p in analyze(project).problems}) == sorted({wrong.code, *wrong.others})
    assert problem.message.isprintable()
    again = loads(dumps(project))
    assert [p.message for p in analyze(again).problems] == [p.message for p in analyze(project).problems]


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_each_fix_is_named_and_mends(wrong: Wrong) -> None:
    project = drawn(wrong)
    problem = problem_of(project, wrong)
    options = fixes(project, problem)
    assert tuple(fix.title for fix in options) == wrong.fixes
    assert problem.fix == (wrong.fixes[0] if wrong.fixes else None)
    for place, title in enumerate(wrong.fixes):
        project = drawn(wrong)
        fix = fixes(project, problem_of(project, wrong))[place]
        done: list[Edit] = []
        project.listeners.append(done.append)
        before, text = figures(project), dumps(project)
        expected = preview(project, fix)
        assert dumps(project) == text
        fix.apply(project)
        after = figures(project)
        assert tuple(b - a for a, b in zip(before, after, strict=True)) == expected, title
        left = {(p.code, p.node) for p in analyze(project).problems if p.severity == CODES[wrong.code][0]}
        assert (wrong.code, wrong.node) not in left, title
        assert place or {code for code, _ in left} <= {*wrong.left}, (title, left)
        [edit] = done
        assert edit.title == title
        project.apply(edit.inverse())
        assert dumps(project) == text


def test_every_code_is_tested() -> None:
    here = {wrong.code for wrong in WRONG}
    assert here | ELSEWHERE.keys() == CODES.keys()
    assert not here & ELSEWHERE.keys()
    for code, file in ELSEWHERE.items():
        text = (HERE / file).read_text(encoding="utf-8")
        assert f'"{code}"' in text or f"check_{code}" in text, code


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
