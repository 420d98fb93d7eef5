"""The difference of two drawings: complete, applied as one edit, and told in the words of the drawing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_core import EditError, analyze, blocks, edits
from graph_core.conflict import Conflict, Part
from graph_core.difference import apply, compare
from graph_core.expanding import expand
from graph_core.graph import Graph, Param, Project
from graph_core.history import History
from graph_core.leaves import leaves_at, leaves_of, project_of
from graph_core.project import dumps, loads
from graph_core.reading import FIELDS, GRAPH_FIELDS, NODE_FIELDS
from graph_core.templates import open_template
from graph_core.ways import is_way
from tests.graph_core.test_blocks import residual
from tests.graph_core.test_edits import random_edit
from tests.graph_core.test_project_file import small


def lines_after(edit: Callable[[Graph], object], name: str = "lenet") -> list[str]:
    """What the difference says of an edit of a template's network, without figures; applied, it makes the edit."""
    old, new = open_template(name), open_template(name)
    edit(new.networks["main"])
    difference = compare(old, new)
    history = History(old)
    before = dumps(old)
    apply(old, difference)
    assert dumps(old) == dumps(new)
    assert len(history.titles) == 1
    history.undo()
    assert dumps(old) == before
    lines = difference.lines()
    return lines[: next((k for k, line in enumerate(lines) if line.startswith("figures of")), len(lines))]


def scrambled(data: st.DataObject, text: str, count: int) -> Project:
    """A drawing after up to ``count`` random edits."""
    project = loads(text)
    for _ in range(count):
        try:
            random_edit(project, lambda options: data.draw(st.sampled_from(options)))
        except EditError:
            continue
    return project


@given(st.data(), st.integers(1, 12), st.integers(0, 12))
def test_the_difference_applied_gives_the_other_file(data: st.DataObject, one: int, other: int):
    base = dumps(residual().project)
    old, new = scrambled(data, base, one), scrambled(data, base, other)
    difference = compare(old, new)
    before, wanted = dumps(old), dumps(new)
    assert difference.same == (before == wanted)
    assert bool(difference.lines()) or before == wanted or not any(item.text for item in difference.items)
    json.dumps(difference.to_json(), allow_nan=False)
    order = {key: list(graph.params) for key, graph in old.graphs.items()}
    history = History(old)
    apply(old, difference)
    assert dumps(old) == wanted
    assert analyze(old).to_json() == analyze(loads(wanted)).to_json() if old.networks else True
    assert len(history.titles) == (0 if difference.same else 1)
    history.undo()
    assert dumps(old) == before
    assert {key: list(graph.params) for key, graph in old.graphs.items()} == order


@pytest.mark.parametrize(
    ("value", "other"), [(1, True), (1, 1.0), (0.0, -0.0), ([1], [True]), ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
)
def test_what_python_takes_for_equal_and_a_file_does_not_is_told_apart(value: object, other: object):
    old, new = Project.new(), Project.new()
    for project, given_ in ((old, value), (new, other)):
        with project.editing("Note"):
            project.record("", "meta", "note", given_)
    difference = compare(old, new)
    assert [item.key for item in difference.items] == ["note"]
    apply(old, difference)
    assert dumps(old) == dumps(new)


def test_the_order_of_parameters_is_part_of_it():
    old, new = residual().project, residual().project
    for project, names in ((old, "abc"), (new, "cab")):
        for name in names:
            edits.set_graph_param(project.graphs["main"], name, Param(1))
    difference = compare(old, new)
    assert "  ~ parameters are in another order: width, c, a, b" in difference.lines()
    apply(old, difference)
    assert dumps(old) == dumps(new)


def test_equal_drawings_have_none():
    difference = compare(open_template("resnet18"), open_template("resnet18"))
    assert difference.same
    assert difference.items == ()
    project = open_template("resnet18")
    history = History(project)
    apply(project, difference)
    assert history.titles == []


def test_settings_are_told_with_what_they_were():
    assert lines_after(lambda g: g.set("c1", stride=2, out_channels=8)) == [
        "LeNet",
        "  ~ conv1: out_channels 16 → 8, stride 1 → 2",
        "",
    ]


def test_how_a_block_runs_is_told_in_words():
    assert lines_after(lambda g: edits.set_scan(g, "r1", 0, ["x1"], ["x3"]), "lstm_gates")[1] == (
        "  ~ lstm: scan axis 1, over x1, carry x2 x3 → axis 0, over x1, carry x3"
    )
    assert lines_after(lambda g: edits.set_repeat(g, "r1", 3, shared=True), "lstm_gates")[1] == (
        "  ~ lstm: repeat times 3, shared on, no scan"
    )


def test_a_rename_is_one():
    assert lines_after(lambda g: g.rename("c1", "stem"))[1] == "  ~ conv1 is now called stem"


def test_added_removed_and_rewired():
    def edit(graph: Graph) -> None:
        graph.add("Dropout", id="d1", name="drop", p=0.25)
        edits.insert_on_wire(graph, "l1.x", "d1")
        edits.remove(graph, ["a1"], heal=True)

    assert lines_after(edit)[:-1] == [
        "LeNet",
        "  - relu1: ReLU",
        "  + drop: Dropout, p 0.25",
        "  - wire conv1 → relu1",
        "  + wire flatten → drop",
        "  ~ wire drop → fc1, not from flatten",
        "  ~ wire conv1 → pool1, not from relu1",
    ]


def test_nodes_folded_into_a_block_moved_with_their_wires():
    def edit(graph: Graph) -> None:
        blocks.collapse(graph, ["c2", "a2"], "Part")
        graph.project.graphs["Part"].rename("c2", "second")

    lines = lines_after(edit)
    assert "  > relu2 from LeNet" in lines
    assert "  > second from LeNet, where it was called conv2" in lines
    assert "  + block Part" in lines
    assert not any("wire second → relu2" in line for line in lines)
    assert not any(line.startswith("  - conv2") for line in lines)


def test_nodes_of_an_expanded_block_moved_out_of_it():
    def edit(graph: Graph) -> None:
        expand(graph, "r1")
        blocks.remove_graph(graph.project, "resblock")

    lines = lines_after(edit, "resblock")
    assert "  > conv1 from ResBlock; out_channels out_channels → 128, stride stride → 2" in lines
    assert "  > relu2 from ResBlock" in lines
    assert "  - block ResBlock with 10 nodes" in lines


def test_what_is_deleted_here_and_other_there_did_not_move():
    def edit(graph: Graph) -> None:
        graph.remove("c1")
        block = blocks.add_graph(graph.project, "Part")
        block.add("Conv2d", id="c1", name="other", out_channels=3, kernel_size=1)

    lines = lines_after(edit)
    assert "  - conv1: Conv2d" in lines
    assert "  + other: Conv2d, out_channels 3, kernel_size 1" in lines


def test_things_of_the_project():
    def edit(graph: Graph) -> None:
        project = graph.project
        edits.set_symbol(project, "T", 12)
        edits.set_setup(project, "main", "optimizer", {"lr": 0.1})
        blocks.add_network(project, "two")
        blocks.rename_network(project, "main", "big")
        edits.move(graph, {"c1": (1, 2), "c2": (3, 4)})
        edits.move(graph, {"c1": (8, 2), "c2": (9, 4)})
        blocks.rename_graph(project, "main", "Big")

    assert lines_after(edit)[:-1] == [
        "project",
        "  ~ network main is now called big",
        "  + network two: Two",
        "  + symbol T 12",
        "  ~ set-up of big: optimizer.lr 0.01 → 0.1",
        "",
        "Big",
        "  ~ block LeNet is now called Big",
        "",
        "Two",
        "  + block Two",
    ]


def test_places_are_counted_and_nothing_more():
    old, new = open_template("lenet"), open_template("lenet")
    for project, x in ((old, 0), (new, 5)):
        edits.move(project.graphs["main"], {"c1": (x, 0), "c2": (x, 9)})
    assert compare(old, new).lines()[:2] == ["LeNet", "  ~ 2 nodes lie elsewhere"]


def test_figures_before_and_after():
    old, new = open_template("lenet"), open_template("lenet")
    new.networks["main"].set("l3", out_features=20)
    [figures] = compare(old, new).figures
    one, two = analyze(old), analyze(new)
    assert figures.old is not None
    assert figures.new is not None
    assert (figures.old.params, figures.old.macs, figures.old.flops) == (one.params.total, one.macs, one.flops)
    assert (figures.new.params, figures.new.macs, figures.new.flops) == (two.params.total, two.macs, two.flops)
    text = "\n".join(compare(old, new).lines())
    assert f"parameters  {one.params.total:,} → {two.params.total:,} (+{two.params.total - one.params.total:,})" in text


def test_it_applies_to_its_own_drawing_only():
    old, new, other = (open_template("lenet") for _ in range(3))
    new.networks["main"].set("c1", stride=2)
    other.networks["main"].set("c1", stride=3)
    before = dumps(other)
    with pytest.raises(EditError, match=r"graphs\.main\.nodes\.c1\.set\.stride is not what the difference begins with"):
        apply(other, compare(old, new))
    assert dumps(other) == before


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        # id, name and all else; other names; other ids; other parameters: what is left of it tells.
        ({"c1": ("conv", {"stride": 2})}, {"c1": ("conv", {"stride": 2})}, {"c1": "c1"}),
        ({"c1": ("conv", {"stride": 2})}, {"c1": ("other", {"stride": 2})}, {"c1": "c1"}),
        ({"c1": ("conv", {"stride": 2})}, {"c1": ("conv", {"stride": 3})}, {"c1": "c1"}),
        ({"c1": ("conv", {"stride": 2})}, {"c7": ("conv", {"stride": 2})}, {"c7": "c1"}),
        ({"c1": ("conv", {"stride": 2, "bias": False})}, {"c1": ("other", {"stride": 2})}, {"c1": "c1"}),
        ({"c1": ("conv", {"stride": 2})}, {"c7": ("other", {"stride": 2})}, {"c7": "c1"}),
        (
            {"c1": ("a", {"stride": 2}), "c2": ("b", {"stride": 2})},
            {"c7": ("b", {"stride": 2}), "c8": ("a", {"stride": 2})},
            {"c7": "c2", "c8": "c1"},
        ),
        # Not alike enough, or more than one that is.
        ({"c1": ("conv", {"stride": 2})}, {"c1": ("other", {"stride": 3})}, {}),
        ({"c1": ("conv", {})}, {"c7": ("other", {})}, {}),
        ({"c1": ("conv", {"stride": 2})}, {"c7": ("a", {"stride": 2}), "c8": ("b", {"stride": 2})}, {}),
        # The best match first, whatever comes first.
        (
            {"c1": ("conv", {"stride": 2}), "c2": ("other", {"stride": 2})},
            {"c2": ("conv", {"stride": 2}), "c3": ("other", {"stride": 2})},
            {"c2": "c2", "c3": "c1"},
        ),
    ],
)
def test_a_node_is_known_again_by_what_is_left_of_it(
    before: dict[str, tuple[str, dict[str, int]]], after: dict[str, tuple[str, dict[str, int]]], moved: dict[str, str]
):
    old, new = Project.new("net"), Project.new("net")
    for project in (old, new):
        blocks.add_graph(project, "Part")
    for graph, nodes in ((old.graphs["main"], before), (new.graphs["Part"], after)):
        for id, (name, params) in nodes.items():
            graph.add("Conv2d", id=id, name=name, **params)
    found = {item.key: item.origin for item in compare(old, new).items if item.kind == "moved"}
    assert found == {id: ("main", origin) for id, origin in moved.items()}


def test_of_two_nodes_of_one_id_the_name_tells_which_went_where():
    old, new = Project.new("net"), Project.new("net")
    for project, places in ((old, {"P": "a", "Q": "b"}), (new, {"R": "b", "S": "a"})):
        for key in "PQRS":
            blocks.add_graph(project, key)
        for key, name in places.items():
            project.graphs[key].add("ReLU", id="r1", name=name)
    found = {item.graph: item.origin for item in compare(old, new).items if item.kind == "moved"}
    assert found == {"R": ("Q", "r1"), "S": ("P", "r1")}


def test_every_field_of_a_file_is_known_to_differences_and_conflicts():
    """A new section, table or field of the file is no field of a difference before it is told apart here."""
    project = small()
    graph, block = project.networks["main"], project.graphs["BasicBlock"]
    graph.add("BasicBlock", id="s", out_channels=8)
    edits.set_scan(graph, "s", 2, ["x"], [])
    block.add("Conv2d", id="c3", name="conv3", kernel_size=[3, 1], padding=[1, 0])
    edits.use_weights_of(block, "c3", "c2")
    with project.editing("Tie"):
        project.record("BasicBlock", "ties", "c3.bias", "c2.bias")
        project.record("", "conflicts", "1", Conflict((Part(("meta", "name"), "a", "b", "c"),)))
    ways = list(leaves_of(project))
    assert {way[0] for way in ways} == {*FIELDS, "order"} - {"netw"}
    assert {way[2] for way in ways if way[0] == "graphs" and len(way) > 2} == set(GRAPH_FIELDS)
    assert {way[4] for way in ways if way[2:3] == ("nodes",) and len(way) > 4} == set(NODE_FIELDS)
    assert [way for way in ways if way[0] != "conflicts" and not is_way(way)] == []
    assert dumps(project_of(leaves_of(project))) == dumps(project)
    assert leaves_at(project, ways) == list(leaves_of(project).values())
    empty = Project()
    apply(empty, compare(empty, project))
    assert dumps(empty) == dumps(project)
