"""Merging: what one side changed is taken, what both changed is kept to be chosen, and what comes out opens."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_core import EditError, analyze, blocks, choosing, edits
from graph_core.difference import compare
from graph_core.graph import Edit, Graph, Param, Project, Scan
from graph_core.history import History
from graph_core.leaves import leaves_of
from graph_core.merge import Merge, merge
from graph_core.order import schedule
from graph_core.project import dumps, loads
from graph_core.structure import Structure
from graph_core.templates import open_template
from graph_core.ways import ABSENT
from tests.graph_core.test_blocks import residual
from tests.graph_core.test_edits import random_edit

Act = Callable[[Graph], Any]


def merged(ours: Act, theirs: Act, name: str = "lenet") -> Merge:
    """Two edits of a template's network, merged; what comes out is a file that opens."""
    base, one, other = (open_template(name) for _ in range(3))
    ours(one.networks["main"])
    theirs(other.networks["main"])
    result = merge(base, one, other)
    assert dumps(loads(dumps(result.project))) == dumps(result.project)
    return result


def sentences(result: Merge) -> list[str]:
    return [choosing.sentence(result.project, conflict) for conflict in result.conflicts.values()]


def taken(result: Merge, side: str) -> Project:
    """The merged project with every conflict settled in favour of a side."""
    project = loads(dumps(result.project))
    for key in result.conflicts:
        choosing.choose(project, key, side)
    assert not project.conflicts
    return project


def insert(where: str, **params: Any) -> Act:
    """Put a new Dropout into a wire."""

    def act(graph: Graph) -> None:
        edits.insert_on_wire(graph, where, graph.add("Dropout", **params).id)

    return act


# One side ------------------------------------------------------------------------------------------------------------


def test_what_one_side_changed_is_taken():
    result = merged(lambda g: g.set("c1", stride=2), lambda g: g.rename("c1", "stem"))
    node = result.project.networks["main"].nodes["c1"]
    assert (node.name, node.params["stride"]) == ("stem", 2)
    assert not result.conflicts
    assert result.notes == ()


def test_what_both_changed_alike_is_no_conflict():
    both = lambda g: (g.set("c1", stride=2), insert("l1.x")(g))  # noqa: E731
    result = merged(both, both)
    assert not result.conflicts
    assert [n.id for n in result.project.networks["main"].nodes.values() if n.type == "Dropout"] == ["d1"]


def test_both_append_parameters():
    base, one, other = (residual() for _ in range(3))
    edits.set_graph_param(one, "b", Param(1))
    edits.set_graph_param(other, "a", Param(2))
    for result in (merge(base.project, one.project, other.project), merge(base.project, other.project, one.project)):
        assert list(result.project.networks["main"].params) == ["width", "a", "b"]


# Both sides ----------------------------------------------------------------------------------------------------------


def test_two_values_of_one_field_are_a_conflict_in_which_ours_stands():
    result = merged(lambda g: g.set("c1", stride=2), lambda g: g.set("c1", stride=3))
    assert sentences(result) == ["stride of conv1 is 2 in ours, and 3 in theirs"]
    [conflict] = result.project.conflicts.values()
    [part] = conflict.parts
    assert part.way == ("graphs", "main", "nodes", "c1", "set", "stride")
    assert (part.base, part.ours, part.theirs) == (ABSENT, 2, 3)
    assert result.project.networks["main"].nodes["c1"].params["stride"] == 2
    assert taken(result, "theirs").networks["main"].nodes["c1"].params["stride"] == 3
    assert taken(result, "ours").networks["main"].nodes["c1"].params["stride"] == 2


@pytest.mark.parametrize("mirrored", [False, True])
def test_removed_here_and_changed_there(mirrored: bool):
    remove: Act = lambda g: edits.remove(g, ["a1"], heal=True)  # noqa: E731
    change: Act = lambda g: g.rename("a1", "other")  # noqa: E731
    result = merged(change, remove) if mirrored else merged(remove, change)
    here, gone = ("ours", "theirs") if mirrored else ("theirs", "ours")
    assert sentences(result) == [f"other is changed in {here}, and removed in {gone}"]
    with_it, without = (taken(result, side).networks["main"] for side in (here, gone))
    assert (with_it.nodes["a1"].name, with_it.wires["a1.x"], with_it.wires["p1.x"]) == ("other", "c1.y", "a1.y")
    assert "a1" not in without.nodes
    assert without.wires["p1.x"] == "c1.y"
    for graph in (with_it, without):
        assert analyze(graph.project).sound


@pytest.mark.parametrize("mirrored", [False, True])
def test_removed_here_and_wired_there(mirrored: bool):
    def use(graph: Graph) -> None:
        graph.add("Output", id="z")
        graph.connect("a1.y", "z.x")

    remove: Act = lambda g: edits.remove(g, ["a1"], heal=True)  # noqa: E731
    result = merged(use, remove) if mirrored else merged(remove, use)
    here, gone = ("ours", "theirs") if mirrored else ("theirs", "ours")
    assert sentences(result) == [f"relu1 is used in {here}, and removed in {gone}"]
    assert taken(result, here).networks["main"].wires["z.x"] == "a1.y"
    other = taken(result, gone).networks["main"]
    assert "z.x" not in other.wires
    assert [problem.code for problem in analyze(other.project).problems] == ["unwired"]


def test_rewired_there_what_lost_its_source_here():
    result = merged(lambda g: edits.remove(g, ["a1"]), lambda g: g.connect("c1.y", "p1.x"))
    assert not result.conflicts
    assert result.project.networks["main"].wires["p1.x"] == "c1.y"


def test_a_block_removed_here_and_used_there():
    base = open_template("resblock")
    one, other = loads(dumps(base)), loads(dumps(base))
    one.networks["main"].remove("r1")
    blocks.remove_graph(one, "resblock")
    graph = other.networks["main"]
    graph.add("resblock", id="r2", name="second", out_channels=128)
    edits.insert_on_wire(graph, "y.x", "r2")
    result = merge(base, one, other)
    assert sentences(result) == ["block ResBlock is used in theirs, and removed in ours"]
    assert "resblock" not in result.project.graphs
    theirs = taken(result, "theirs")
    assert dumps(theirs) == dumps(other)
    result = merge(base, other, one)
    assert dumps(taken(result, "theirs")) == dumps(one)


def test_added_under_one_id_in_two_places_is_two():
    for ours, theirs in (("l1.x", "l2.x"), ("l2.x", "l1.x")):
        result = merged(insert(ours), insert(theirs))
        graph = result.project.networks["main"]
        assert not result.conflicts
        names = sorted(n.name for n in graph.nodes.values() if n.type == "Dropout")
        assert names == ["dropout1", "dropout2"]
        assert {graph.wires[w].partition(".")[0] for w in ("l1.x", "l2.x")} == {"d1", "d2"}
        assert graph.wires["d1.x"] != graph.wires["d2.x"]
        assert len(result.notes) == 2
        assert analyze(result.project).sound


def test_the_side_whose_weights_stay_keeps_its_ids():
    base, one, other = (open_template("lenet") for _ in range(3))
    for project, where in ((one, "l1.x"), (other, "l2.x")):
        insert(where)(project.networks["main"])
    for trained, place in ((one, "l1.x"), (other, "l2.x")):
        with trained.editing("Train"):
            trained.record("", "meta", "weights", "0" * 64)
        for result in (merge(base, one, other), merge(base, other, one)):
            assert result.project.networks["main"].wires[place] == "d1.y"
        with trained.editing("Forget"):
            trained.record("", "meta", "weights", None)


def test_one_name_for_two_nodes_becomes_two():
    results = [
        merged(lambda g, id=id: g.rename(id, "same"), lambda g, id=other: g.rename(id, "same"))
        for id, other in (("c1", "c2"), ("c2", "c1"))
    ]
    assert dumps(results[0].project) == dumps(results[1].project)
    graph = results[0].project.networks["main"]
    assert (graph.nodes["c1"].name, graph.nodes["c2"].name) == ("same", "same1")
    assert results[0].notes == ("Both sides call a node same; c2 is called same1 now.",)


def test_two_blocks_of_one_name_are_two():
    result = merged(
        lambda g: blocks.collapse(g, ["c2", "a2"], "Part"), lambda g: blocks.collapse(g, ["c1", "a1"], "Part")
    )
    assert not result.conflicts
    assert {graph.name for graph in result.project.graphs.values()} == {"LeNet", "Part", "Part1"}
    assert analyze(result.project).sound
    assert analyze(result.project).params == analyze(open_template("lenet")).params


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_one_side_folded_into_a_block_keeps_what_the_other_changed(mirrored: bool):
    fold: Act = lambda g: blocks.collapse(g, ["c2", "a2"], "Part")  # noqa: E731

    def change(graph: Graph) -> None:
        graph.set("c2", out_channels=24)
        graph.rename("c2", "second")

    result = merged(change, fold) if mirrored else merged(fold, change)
    assert not result.conflicts
    node = result.project.graphs["Part"].nodes["c2"]
    assert (node.name, node.params["out_channels"]) == ("second", 24)
    assert "c2" not in result.project.networks["main"].nodes
    assert analyze(result.project).sound
    alone = open_template("lenet")
    change(alone.networks["main"])
    assert analyze(result.project).params == analyze(alone).params


def test_what_one_side_folded_and_both_changed_is_a_conflict_in_its_new_place():
    def fold(graph: Graph) -> None:
        graph.set("c2", out_channels=20)
        blocks.collapse(graph, ["c2", "a2"], "Part")

    result = merged(fold, lambda g: g.set("c2", out_channels=24))
    assert sentences(result) == ["out_channels of conv2 is 20 in ours, and 24 in theirs"]
    assert taken(result, "theirs").graphs["Part"].nodes["c2"].params["out_channels"] == 24


def test_what_one_side_folded_and_the_other_wired_anew_is_a_conflict():
    result = merged(
        lambda g: blocks.collapse(g, ["c2", "a2"], "Part"),
        lambda g: (g.set("c2", out_channels=24), g.connect("a1.y", "c2.x")),
    )
    assert sentences(result) == ["conv2 is changed in theirs, and removed in ours"]


def test_ports_added_on_both_sides_keep_their_outer_wires():
    base = open_template("resblock")
    sides = [loads(dumps(base)) for _ in range(2)]
    for project, source in zip(sides, ("a1.y", "b1.y"), strict=True):
        block, main = project.graphs["resblock"], project.networks["main"]
        port = block.add("Output")
        block.connect(source, f"{port.id}.x")
        out = main.add("Output", id=f"from_{source[0]}")
        main.connect(f"r1.{port.id}", f"{out.id}.x")
    result = merge(base, *sides)
    block, main = result.project.graphs["resblock"], result.project.networks["main"]
    assert not result.conflicts
    for source in ("a1.y", "b1.y"):
        port = main.wires[f"from_{source[0]}.x"].partition(".")[2]
        assert block.wires[f"{port}.x"] == source


def test_ties_and_shared_weights_follow_a_new_id():
    base = open_template("mlp")
    sides = [loads(dumps(base)) for _ in range(2)]
    for k, project in enumerate(sides):
        graph = project.networks["main"]
        graph.add("Linear", id="n1", name=f"own{k}", out_features=64 + k)
        graph.add("Linear", id=f"u{k}", name=f"user{k}", out_features=64 + k)
        edits.use_weights_of(graph, f"u{k}", "n1")
        with project.editing("Tie"):
            project.record(graph.key, "ties", f"u{k}.bias", "n1.bias")
    graph = merge(base, *sides).project.networks["main"]
    for k in range(2):
        owner = graph.nodes[graph.nodes[f"u{k}"].use]
        assert owner.name == f"own{k}"
        assert graph.ties[f"u{k}.bias"] == f"{owner.id}.bias"


def test_the_last_networks_are_not_merged_away():
    base = open_template("lenet")
    blocks.add_network(base, "two")
    one, other = loads(dumps(base)), loads(dumps(base))
    blocks.remove_network(one, "two")
    blocks.remove_network(other, "main")
    result = merge(base, one, other)
    assert list(result.project.networks) == ["main"]
    assert result.conflicts
    assert list(taken(result, "theirs").networks) == ["two"]


def test_without_a_base_what_is_equal_is_one():
    one, other = open_template("lenet"), open_template("lenet")
    one.networks["main"].set("c1", stride=2)
    other.networks["main"].set("c1", stride=3)
    other.networks["main"].rename("c2", "second")
    other.networks["main"].set("c2", out_channels=7)
    result = merge(None, one, other)
    assert sentences(result) == [
        "stride of conv1 is 2 in ours, and 3 in theirs",
        "conv2 is called conv2 in ours, and second in theirs",
        "out_channels of conv2 is 32 in ours, and 7 in theirs",
    ]
    assert list(result.project.graphs) == list(one.graphs)


def test_where_a_removed_node_lay_is_forgotten():
    result = merged(lambda g: g.remove("c1"), lambda g: edits.move(g, {"c1": (5, 5)}))
    assert not result.conflicts
    assert "c1" not in result.project.networks["main"].view


def test_a_conflict_brings_back_no_more_than_it_is_about():
    """Theirs takes everything away; ours changes one layer: that layer is back, and nothing else."""
    result = merged(
        lambda g: g.set("c2", stride=2), lambda g: edits.remove(g, [id for id in g.nodes if id not in ("x", "y")])
    )
    assert sentences(result) == ["conv2 is changed in ours, and removed in theirs"]
    assert sorted(result.project.networks["main"].nodes) == ["c2", "x", "y"]


def test_two_blocks_given_one_name_are_told_apart():
    base = open_template("resblock")
    one, other = loads(dumps(base)), loads(dumps(base))
    blocks.rename_graph(one, "resblock", "Same")
    blocks.rename_graph(other, "projection", "Same")
    result = merge(base, one, other)
    assert dumps(result.project) == dumps(merge(base, other, one).project)
    assert (result.project.graphs["projection"].name, result.project.graphs["resblock"].name) == ("Same", "Same1")
    assert result.notes == ("Both sides call a block Same; resblock is called Same1 now.",)


def test_equal_layers_with_other_readers_are_two():
    def head(name: str) -> Act:
        def act(graph: Graph) -> None:
            graph.add("Linear", id="h1", name="head", out_features=3)
            graph.connect("f1.y", "h1.x")
            graph.add("Output", id=name)
            graph.connect("h1.y", f"{name}.x")

        return act

    graph = merged(head("u"), head("v")).project.networks["main"]
    heads = [node.id for node in graph.nodes.values() if node.name.startswith("head")]
    assert len(heads) == 2
    assert {graph.wires["u.x"], graph.wires["v.x"]} == {f"{id}.y" for id in heads}


def test_equal_blocks_made_of_two_are_two():
    base = open_template("lenet")
    sides = [loads(dumps(base)) for _ in range(2)]
    for size, project in enumerate(sides, 3):
        inner, outer = blocks.add_graph(project, "Inner"), blocks.add_graph(project, "Outer")
        inner.add("Linear", id="l", out_features=size)
        outer.add("Inner", id="i")
    result = merge(base, *sides)
    found = {graph.nodes["i"].type for key, graph in result.project.graphs.items() if key.startswith("Outer")}
    assert found == {"Inner", "Inner1"}
    sizes = {result.project.graphs[key].nodes["l"].params["out_features"] for key in found}
    assert sizes == {3, 4}


def test_a_scan_follows_the_new_id_of_its_port():
    base = open_template("lenet")
    blocks.add_graph(base, "Cell")
    sides = [loads(dumps(base)) for _ in range(2)]
    for k, project in enumerate(sides):
        project.graphs["Cell"].add("Input", id="x1", name=f"port{k}")
        node = project.networks["main"].add("Cell", id=f"s{k}", name=f"scan{k}")
        with project.editing("Scan"):
            project.record("main", "nodes", node.id, replace(node, run=Scan(1, ("x1",), ())))
    result = merge(base, *sides).project
    for k in range(2):
        run = result.networks["main"].nodes[f"s{k}"].run
        assert isinstance(run, Scan)
        assert [result.graphs["Cell"].nodes[id].name for id in run.over] == [f"port{k}"]


def test_a_repeat_and_a_scan_of_one_block_are_a_conflict():
    base = open_template("resblock")
    one, other = loads(dumps(base)), loads(dumps(base))
    edits.set_repeat(one.networks["main"], "r1", 3)
    node = other.networks["main"].nodes["r1"]
    with other.editing("Scan"):
        other.record("main", "nodes", "r1", replace(node, run=Scan(1, ("x",), ())))
    for ours, theirs in ((one, other), (other, one)):
        result = merge(base, ours, theirs)
        assert len(result.conflicts) == 1
        assert result.project.networks["main"].nodes["r1"].run == ours.networks["main"].nodes["r1"].run
        assert taken(result, "theirs").networks["main"].nodes["r1"].run == theirs.networks["main"].nodes["r1"].run


def test_what_a_new_node_needs_is_not_taken_from_it():
    """A port, a parameter and an owner of weights removed here, and used by something new there."""
    base = open_template("resblock")
    block = base.graphs["resblock"]
    block.add("Output", id="z")
    block.connect("a1.y", "z.x")
    edits.set_graph_param(block, "extra", Param(1))
    base.networks["main"].add("Conv2d", id="w1", name="owner")
    one, other = loads(dumps(base)), loads(dumps(base))
    one.graphs["resblock"].remove("z")
    edits.set_graph_param(one.graphs["resblock"], "extra", None)
    one.networks["main"].remove("w1")
    graph = other.networks["main"]
    graph.add("Output", id="tap")
    graph.connect("r1.z", "tap.x")
    graph.set("r1", extra=2)
    graph.add("Conv2d", id="w2", name="borrower")
    edits.use_weights_of(graph, "w2", "w1")
    result = merge(base, one, other)
    assert sorted(sentences(result)) == [
        "owner is used in theirs, and removed in ours",
        "parameter extra of ResBlock is removed in ours, and 1 in theirs",
        "y2 is used in theirs, and removed in ours",
    ]
    theirs = taken(result, "theirs")
    assert leaves_of(theirs) == leaves_of(other)


def test_a_set_up_of_a_network_that_is_gone_is_a_conflict():
    base = open_template("lenet")
    blocks.add_network(base, "two")
    edits.set_setup(base, "two", "optimizer", {"lr": 0.1})
    one, other = loads(dumps(base)), loads(dumps(base))
    blocks.remove_network(one, "two")
    edits.set_setup(other, "two", "optimizer", {"lr": 0.2, "momentum": 0.9})
    result = merge(base, one, other)
    assert result.conflicts
    assert list(result.project.networks) == ["main"]
    assert leaves_of(taken(result, "theirs")) == leaves_of(other)
    assert leaves_of(taken(merge(base, other, one), "theirs")) == leaves_of(one)


@pytest.mark.parametrize("mirrored", [False, True])
def test_an_order_that_one_side_changed_is_taken(mirrored: bool):
    base = residual().project
    for name in ("a", "b", "c"):
        edits.set_graph_param(base.graphs["main"], name, Param(1))
    one, other = loads(dumps(base)), loads(dumps(base))
    for name in ("width", "a"):  # to the end
        edits.set_graph_param(one.graphs["main"], name, None)
        edits.set_graph_param(one.graphs["main"], name, Param(1))
    edits.set_graph_param(other.graphs["main"], "d", Param(1))
    edits.set_graph_param(other.graphs["main"], "b", None)
    result = merge(base, other, one) if mirrored else merge(base, one, other)
    assert list(result.project.graphs["main"].params) == ["c", "d", "width", "a"]


# Conflicts in the file -----------------------------------------------------------------------------------------------


def test_choosing_is_one_edit_and_can_be_undone():
    result = merged(lambda g: edits.remove(g, ["a1"], heal=True), lambda g: g.rename("a1", "other"))
    project = loads(dumps(result.project))
    history, before = History(project), dumps(project)
    choosing.choose(project, "1", "theirs")
    assert history.titles == ["Take theirs for other"]
    assert "a1" in project.networks["main"].nodes
    history.undo()
    assert dumps(project) == before


def test_a_choice_stands_against_later_edits():
    result = merged(lambda g: g.set("c1", stride=2), lambda g: g.set("c1", stride=3))
    for side, stride in (("ours", 2), ("theirs", 3)):
        project = loads(dumps(result.project))
        project.networks["main"].set("c1", stride=5)
        assert not choosing.stands(project, project.conflicts["1"], side)
        choosing.choose(project, "1", side)
        assert project.networks["main"].nodes["c1"].params["stride"] == stride
    project = loads(dumps(result.project))
    project.networks["main"].set("c1", stride=5)
    choosing.keep(project, "1")
    assert project.networks["main"].nodes["c1"].params["stride"] == 5
    assert not project.conflicts
    with pytest.raises(EditError, match="no conflict 1"):
        choosing.choose(project, "1", "ours")


def test_what_cannot_be_taken_any_more_is_said():
    result = merged(lambda g: g.set("c1", stride=2), lambda g: g.set("c1", stride=3))
    project = result.project
    project.networks["main"].remove("c1")
    before = dumps(project)
    with pytest.raises(EditError, match=r"Theirs does not fit the drawing any more: .*c1 has no name"):
        choosing.choose(project, "1", "theirs")
    assert dumps(project) == before


def test_conflicts_of_an_earlier_merge_stay():
    first = merged(lambda g: g.set("c1", stride=2), lambda g: g.set("c1", stride=3)).project
    other = loads(dumps(first))
    other.networks["main"].set("c2", stride=4)
    first.networks["main"].set("c2", stride=5)
    result = merge(open_template("lenet"), first, other)
    assert list(result.project.conflicts) == ["1", "2"]
    assert list(result.conflicts) == ["2"]


# Any edits -----------------------------------------------------------------------------------------------------------


def scrambled(data: st.DataObject, text: str, count: int) -> Project:
    project = loads(text)
    for _ in range(count):
        try:
            random_edit(project, lambda options: data.draw(st.sampled_from(options)))
        except EditError:
            continue
    return project


def dangling(project: Project) -> set[tuple[str, str, str]]:
    """Wires to nowhere and borrowed weights of nobody, by graph, code and place."""
    return {
        (key, finding.code, finding.hints.get("wire", id))
        for key, graph in project.graphs.items()
        for id, finding in Structure(graph).findings(schedule(graph), network=False)
        if finding.code in ("dangling", "sharing")
    }


@given(st.data(), st.integers(0, 6), st.integers(0, 8), st.integers(0, 8))
def test_any_two_sides_merge_into_a_file_whose_conflicts_can_be_chosen(
    data: st.DataObject, before: int, one: int, other: int
):
    base = scrambled(data, dumps(residual().project), before)
    ours, theirs = (scrambled(data, dumps(base), count) for count in (one, other))
    result, mirrored = merge(base, ours, theirs), merge(base, theirs, ours)
    text = dumps(result.project)
    assert dumps(loads(text)) == text
    if not result.conflicts and not any("Places" in note for note in result.notes):
        assert text == dumps(mirrored.project)
        assert not mirrored.conflicts
    assert dangling(result.project) <= dangling(ours) | dangling(theirs)
    for key, conflict in result.conflicts.items():
        assert choosing.sentence(result.project, conflict)
        json.dumps(choosing.conflict_json(result.project, key, conflict), allow_nan=False)
        for side in ("ours", "theirs"):
            project = loads(text)
            history = History(project)
            choosing.choose(project, key, side)
            assert len(history.titles) == 1
            assert choosing.stands(project, conflict, side)
            if side == "ours":
                assert [item.subject for item in compare(result.project, project).items] == ["conflict"]
            history.undo()
            assert dumps(project) == text


@given(st.data(), st.integers(0, 6), st.integers(0, 8))
def test_a_side_without_changes_changes_nothing(data: st.DataObject, before: int, count: int):
    base = scrambled(data, dumps(residual().project), before)
    side = scrambled(data, dumps(base), count)
    for ours, theirs in ((side, base), (base, side), (side, side)):
        result = merge(base, ours, theirs)
        assert dumps(result.project) == dumps(side)
        assert not result.conflicts
        assert result.notes == ()
    assert leaves_of(merge(None, side, side).project) == leaves_of(side)


def work_on(graph: Graph, mine: list[str], mark: str, draw: Callable[[list[Any]], Any], count: int) -> list[Edit]:
    """Random edits of some nodes of a graph, and of new ones; what else there is is only read."""
    done: list[Edit] = []
    graph.project.listeners.append(done.append)
    for step in range(count):
        id = draw(mine)
        node = graph.nodes[id]
        own = [one for one in mine if one in graph.nodes]
        kinds: dict[str, Callable[[], Any]] = {
            "set": lambda id=id: graph.set(id, stride=draw([1, 2, 3])),
            "rename": lambda id=id, step=step: graph.rename(id, f"{mark}{step}"),
            "when": lambda id=id: edits.set_when(graph, id, draw(["", "width > 2", "width > 3"])),
            "move": lambda id=id: edits.move(graph, {id: (draw([1, 2, 3]), draw([1, 2, 3]))}),
            "add": lambda step=step: graph.add(
                draw(["Conv2d", "ReLU", "Add"]), id=f"{mark}{step}", name=f"{mark}{step}"
            ),
            "connect": lambda id=id, own=own: graph.connect(f"{draw(own)}.y", f"{id}.{draw(['x', 'a', 'b'])}"),
            "disconnect": lambda id=id: graph.disconnect(f"{id}.x"),
            "param": lambda step=step: edits.set_graph_param(graph, f"{mark}{step}", Param(step)),
            "symbol": lambda step=step: edits.set_symbol(graph.project, f"{mark}{step}", step + 1),
            "block": lambda step=step: blocks.add_graph(graph.project, f"{mark.upper()}{step}").add("ReLU", id="r"),
        }
        if node.id.startswith(mark) and not any(graph.outgoing.get(id, {})):
            kinds["remove"] = lambda id=id: graph.remove(id)
        before = set(graph.nodes)
        try:
            kinds[draw(sorted(kinds))]()
        except EditError:
            continue
        mine += sorted(set(graph.nodes) - before)
        mine[:] = [one for one in mine if one in graph.nodes]
    graph.project.listeners.remove(done.append)
    return done


@given(st.data(), st.integers(1, 10), st.integers(1, 10))
def test_edits_of_different_things_merge_to_all_of_them_in_either_order(data: st.DataObject, one: int, other: int):
    text = dumps(residual().project)
    sides, done = [], []
    for mark, mine, count in (("v", ["c1", "b1", "r1"], one), ("w", ["p", "s", "y"], other)):
        project = loads(text)
        draw = lambda options: data.draw(st.sampled_from(options))  # noqa: E731
        done += work_on(project.networks["main"], mine, mark, draw, count)
        sides.append(project)
    expected = loads(text)
    for edit in done:
        expected.apply(edit)
    base = loads(text)
    result, mirrored = merge(base, *sides), merge(base, *reversed(sides))
    assert dumps(result.project) == dumps(mirrored.project) == dumps(expected)
    assert not result.conflicts
    assert result.notes == ()
