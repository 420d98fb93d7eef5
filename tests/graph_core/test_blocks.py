"""Blocks: making and removing graphs, collapsing nodes to a block, writing a block out, copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graph_core import blocks, edits
from graph_core.analysis import analyze
from graph_core.blocks import collapse
from graph_core.copying import duplicate
from graph_core.expanding import expand
from graph_core.graph import EditError, Graph, Param, Project
from graph_core.history import History
from graph_core.project import dumps, loads


def residual() -> Graph:
    """x → conv1 → bn → relu → + → y, with a projection of x into the sum."""
    project = Project.new("net")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 3, 16, 16])
    graph.add("Conv2d", id="c1", name="conv1", out_channels="4 * width", padding=1)
    graph.add("BatchNorm2d", id="b1", name="bn1")
    graph.add("ReLU", id="r1", name="relu1")
    graph.add("Conv2d", id="p", name="proj", out_channels="4 * width", kernel_size=1)
    graph.add("Add", id="s", name="sum")
    graph.add("Output", id="y")
    edits.set_graph_param(graph, "width", Param(2))
    wires = ["x.y c1.x", "c1.y b1.x", "b1.y r1.x", "r1.y s.a", "x.y p.x", "p.y s.b", "s.y y.x"]
    for wire in wires:
        graph.connect(*wire.split())
    edits.move(graph, {id: (100.0 * k, 10.0) for k, id in enumerate(graph.nodes)})
    return graph


def figures(project: Project) -> tuple[Any, ...]:
    a = analyze(project)
    return a.params, a.macs, a.flops, [p.message for p in a.problems if p.severity == "error"]


def undone(graph: Graph, edit: Callable[[], Any]) -> Any:
    """Make an edit; prove that undo and redo restore the bytes, and that the file opens again."""
    project = graph.project
    history = History(project)
    before = dumps(project)
    result = edit()
    after = dumps(project)
    assert dumps(loads(after)) == after
    assert len(history.titles) == 1
    history.undo()
    assert dumps(project) == before
    history.redo()
    assert dumps(project) == after
    history.detach()
    return result


@pytest.mark.parametrize(
    ("ids", "inputs", "outputs", "params"),
    [
        ("c1 b1 r1", 1, 1, ["width"]),
        ("c1 b1 r1 p s", 1, 1, ["width"]),
        ("b1 r1", 1, 1, []),
        ("r1 p s", 2, 1, ["width"]),
        ("c1 p", 1, 2, ["width"]),
        ("s", 2, 1, []),
    ],
)
def test_collapse_and_expand_change_no_figure(ids: str, inputs: int, outputs: int, params: list[str]):
    graph = residual()
    project = graph.project
    before, outer = figures(project), graph.view["c1"]
    assert before[-1] == []
    node = undone(graph, lambda: collapse(graph, ids.split(), "Body"))
    block = project.graphs[node.type]
    assert (len(block.inputs()), len(block.outputs()), list(block.params)) == (inputs, outputs, params)
    assert node.params == {name: name for name in params}
    assert all("shape" not in port.params for port in block.inputs())
    assert figures(project) == before
    assert node.name == "body1"
    added = undone(graph, lambda: expand(graph, node.id))
    assert sorted(added) == sorted(ids.split())
    assert figures(project) == before
    assert graph.view["c1"] == outer
    assert graph.nodes == residual().nodes
    assert graph.wires == residual().wires
    undone(graph, lambda: blocks.remove_graph(project, node.type))
    assert dumps(project) == dumps(residual().project)


def test_inputs_get_names_by_rank_where_shapes_are_known():
    graph = residual()
    shapes = {"x.y": (1, 3, 16, 16), "r1.y": (1, 8, 16, 16)}
    node = collapse(graph, ["p", "s"], "Join", shapes)
    block = graph.project.graphs[node.type]
    assert [port.params["shape"] for port in block.inputs()] == [
        ["N", "in_channels", "H", "W"],
        ["N", "in_channels2", "H", "W"],
    ]
    assert figures(graph.project) == figures(residual().project)


def test_what_has_no_wire_becomes_a_port():
    graph = Project.new().networks["main"]
    graph.add("ReLU", id="a")
    graph.add("Add", id="b")
    graph.connect("a.y", "b.a")
    node = collapse(graph, ["a", "b"], "Loose")
    block = graph.project.graphs[node.type]
    assert len(block.inputs()) == 2
    assert [block.wires[f"{port.id}.x"] for port in block.outputs()] == ["b.y"]


@pytest.mark.parametrize(
    ("ids", "name", "sentence"),
    [
        ("x c1", "B", "x is a port of Net"),
        ("c1 r1", "B", "bn1 lies between the chosen nodes; choose it too"),
        ("c1 s", "B", "bn1, relu1 lie between the chosen nodes; choose them too"),
        ("", "B", "Nothing is chosen"),
        ("c1", "Net", "called Net already"),
        ("c1", "for", "word of Python"),
        ("c1", "int", "builtin"),
        ("nobody", "B", "no node nobody"),
    ],
)
def test_what_cannot_be_a_block_is_refused(ids: str, name: str, sentence: str):
    graph = residual()
    before = dumps(graph.project)
    with pytest.raises(EditError, match=sentence):
        collapse(graph, ids.split(), name)
    assert dumps(graph.project) == before


def test_shared_weights_stay_on_one_side():
    graph = residual()
    graph.add("Conv2d", id="c9", name="again", out_channels="4 * width", padding=1)
    edits.use_weights_of(graph, "c9", "c1")
    for ids in (["c9"], ["c1"]):
        with pytest.raises(EditError, match="uses the weights of conv1; choose"):
            collapse(graph, ids, "B")
    node = collapse(graph, ["c1", "c9"], "B")
    assert graph.project.graphs[node.type].nodes["c9"].use == "c1"


def stage(times: int | str, *, shared: bool = False, channels: str = "c") -> Graph:
    """A network with one repeated block: conv(c) → relu, with conditions and inferred widths."""
    project = Project.new("net")
    graph = project.networks["main"]
    block = blocks.add_graph(project, "Step")
    edits.set_graph_param(block, "out", Param())
    edits.set_graph_param(block, "mode", Param("'zeros'"))
    block.add("Input", id="x", shape=["N", "c", "H", "W"])
    block.add("Conv2d", id="k", name="conv", out_channels=channels, padding=1, padding_mode="=mode")
    block.add("ReLU", id="r", name="relu")
    block.add("Output", id="y")
    for wire in ("x.y k.x", "k.y r.x", "r.y y.x"):
        block.connect(*wire.split())
    graph.add("Input", id="x", shape=["N", 8, 4, 4])
    graph.add("Step", id="b", out=8, mode="'reflect' if 1 > 0 else 'zeros'")
    graph.add("Output", id="y")
    graph.connect("x.y", "b.x")
    graph.connect("b.y", "y.x")
    edits.set_repeat(graph, "b", times, shared=shared)
    return graph


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("times", [0, 1, 3])
def test_repetitions_are_written_out(times: int, shared: bool):
    graph = stage(times, shared=shared)
    before = figures(graph.project)
    added = undone(graph, lambda: expand(graph, "b"))
    assert len(added) == 2 * times
    assert figures(graph.project) == before
    if times:
        assert graph.nodes["k"].params == {"out_channels": 8, "padding": 1, "padding_mode": "reflect"}
    if times == 3:
        assert [n.use for n in graph.nodes.values() if n.type == "Conv2d"] == (["", "k", "k"] if shared else [""] * 3)
        assert [n.name for n in graph.nodes.values() if n.type == "ReLU"] == ["relu", "relu1", "relu2"]


def test_the_index_is_put_in():
    graph = stage(3, channels="out")
    graph.set("b", out="8 * (2 - -i) ** 2 if i > 0 else 5")
    before = figures(graph.project)
    undone(graph, lambda: expand(graph, "b"))
    convs = [node for node in graph.nodes.values() if node.type == "Conv2d"]
    assert [node.params["out_channels"] for node in convs] == [5, 72, 128]
    assert figures(graph.project) == before


def test_conditions_and_nested_blocks_are_put_in():
    graph = residual()
    project = graph.project
    block = blocks.add_graph(project, "Outer")
    for name in ("deep", "stride"):
        edits.set_graph_param(block, name, Param(1))
    block.add("Input", id="x", shape=["N", "c", "H", "W"])
    block.add("Conv2d", id="k", out_channels="c", stride="stride", kernel_size=1)
    edits.set_when(block, "k", "stride != 1 or max(c, deep) > 100")
    block.add("Output", id="y")
    block.connect("x.y", "k.x")
    block.connect("k.y", "y.x")
    graph.add("Outer", id="o", stride="width // 2", deep=-3)
    edits.insert_on_wire(graph, "y.x", "o")
    before = figures(project)
    undone(graph, lambda: expand(graph, "o"))
    node = graph.nodes["k"]
    assert node.when == "width // 2 != 1 or max(8, -3) > 100"
    assert node.params["stride"] == "width // 2"
    assert figures(project) == before


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda g: edits.set_when(g, "b", "1 > 0"), "step1 has a condition"),
        (lambda g: edits.set_repeat(g, "b", 65), "×65; a number up to 64"),
        (lambda g: edits.set_repeat(g, "b", "1 + 1"), "×1 \\+ 1"),
        (lambda g: edits.set_params(g, "b", {"out": edits.DEFAULT}), "gives no out, which Step needs"),
        (lambda g: edits.disconnect(g, "b.x"), "uses c, which has no value here"),
        (lambda g: edits.set_params(g.project.graphs["Step"], "k", {"stride": "what"}), "uses what"),
        (lambda g: edits.add(g.project.graphs["Step"], "Step"), "contains itself"),
    ],
)
def test_what_cannot_be_written_out_is_refused(change: Callable[[Graph], Any], sentence: str):
    graph = stage(1)
    change(graph)
    before = dumps(graph.project)
    with pytest.raises(EditError, match=sentence):
        expand(graph, "b")
    assert dumps(graph.project) == before
    with pytest.raises(EditError, match="x is a layer"):
        expand(graph, "x")


def test_duplicates_have_their_own_wires_ids_and_names():
    graph = residual()
    graph.rename("p", "0")
    copies = undone(graph, lambda: duplicate(graph, ["c1", "b1", "p"], (5, 7)))
    assert set(copies) == {"c1", "b1", "p"}
    names = [graph.nodes[copies[id]].name for id in ("c1", "b1", "p")]
    assert names == ["conv2", "bn2", "1"]
    assert graph.wires[f"{copies['b1']}.x"] == f"{copies['c1']}.y"
    assert f"{copies['c1']}.x" not in graph.wires
    assert graph.view[copies["c1"]] == (graph.view["c1"][0] + 5, graph.view["c1"][1] + 7)
    edits.use_weights_of(graph, copies["c1"], "c1")
    both = duplicate(graph, ["c1", copies["c1"]])
    assert graph.nodes[both[copies["c1"]]].use == both["c1"]
    alone = duplicate(graph, [copies["c1"]])
    assert graph.nodes[alone[copies["c1"]]].use == "c1"


def test_graphs_are_added_renamed_and_removed():
    graph = stage(2)
    project = graph.project
    block = project.graphs["Step"]
    undone(graph, lambda: blocks.rename_graph(project, "Step", "Stride"))
    assert block.name == "Stride"
    assert graph.nodes["b"].type == "Step"
    assert undone(graph, lambda: blocks.add_graph(project, "Step")).key == "Step2"
    assert blocks.add_graph(project, "Conv2d").key != "Conv2d"  # a node's type is a layer's or a graph's
    for key, sentence in (("Step", "Net uses Stride as step1"), ("main", "is the network main"), ("no", "no graph no")):
        with pytest.raises(EditError, match=sentence):
            blocks.remove_graph(project, key)
    graph.remove("b")
    params = list(block.params)
    undone(graph, lambda: blocks.remove_graph(project, "Step"))
    assert "Step" not in project.graphs
    assert params == ["out", "mode"]


def test_networks_are_added_renamed_and_removed():
    graph = stage(2)
    project = graph.project
    new = undone(graph, lambda: blocks.add_network(project, "critic"))
    assert (new.name, project.networks["critic"]) == ("Critic", new)
    undone(graph, lambda: blocks.add_network(project, "second", "Step"))
    edits.set_setup(project, "critic", "optimizer", {"lr": 0.1})
    undone(graph, lambda: blocks.rename_network(project, "critic", "judge"))
    assert list(project.networks) == ["main", "judge", "second"]
    assert project.setup("judge")["optimizer"]["lr"] == 0.1
    for name in ("main", "a b"):
        with pytest.raises(EditError):
            blocks.add_network(project, name)
    undone(graph, lambda: blocks.remove_network(project, "judge"))
    assert new.key not in project.graphs
    undone(graph, lambda: blocks.remove_network(project, "second"))
    assert "Step" in project.graphs  # still a block of the other network
    with pytest.raises(EditError, match="the only network"):
        blocks.remove_network(project, "main")
    with pytest.raises(EditError, match="no network other"):
        blocks.remove_network(project, "other")


def test_parameters_keep_their_order_through_undo():
    graph = stage(1)
    block = graph.project.graphs["Step"]
    edits.set_graph_param(block, "last", Param(1))
    undone(graph, lambda: edits.set_graph_param(block, "out", None))
    assert list(block.params) == ["mode", "last"]


def test_blocks_too_deep_are_told_however_they_came_to_be():
    """Whether an instance lies too deep is known from its block, not from where it was worked out first."""
    project = Project.new("deep")
    name = ""
    for k in range(65):
        graph = blocks.add_graph(project, f"B{k}")
        graph.add("Input", id="x")
        graph.add(name or "ReLU", id="b")
        graph.add("Output", id="y")
        graph.connect("x.y", "b.x")
        graph.connect("b.y", "y.x")
        name = graph.key
    main = project.networks["main"]
    main.add("Input", id="x", shape=["N", 8])
    main.add("B63", id="b", name="block")
    main.add("Output", id="y")
    main.connect("x.y", "b.x")
    main.connect("b.y", "y.x")
    assert analyze(project).sound
    bottom = project.graphs["B0"]
    bottom.add(blocks.add_graph(project, "One").key, id="o")
    assert [p.message for p in analyze(project).problems if p.code == "depth"] == [
        "block holds blocks nested deeper than 64"
    ]
    bottom.remove("o")
    assert analyze(project).sound


def test_an_input_of_one_axis_is_written_out() -> None:
    """A shape of one axis may stand without a list around it."""
    project = Project.new("one axis")
    block = blocks.add_graph(project, "Short")
    block.add("Input", id="x", name="x", shape="features")
    block.add("ReLU", id="r", name="relu")
    block.add("Output", id="y", name="y")
    block.connect("x.y", "r.x")
    block.connect("r.y", "y.x")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=[4])
    graph.add("Short", id="s", name="short")
    graph.connect("x.y", "s.x")
    assert expand(graph, "s") == ["r"]
