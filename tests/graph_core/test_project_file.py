"""The project's file: bytes that are stable, diffs that are small, saving that is all or nothing."""

from __future__ import annotations

from pathlib import Path

from graph_core import edits
from graph_core.graph import Param, Project
from graph_core.project import dumps, load, save


def small() -> Project:
    """A network with a repeated block, conditions, symbols, positions and a set-up."""
    project = Project.new("small")
    with project.editing("Block"):
        project.record("", "graphs", "BasicBlock", True)
        project.record("BasicBlock", "head", "name", "BasicBlock")
        project.record("BasicBlock", "params", "out_channels", Param())
        project.record("BasicBlock", "params", "stride", Param(1))
    block, main = project.graphs["BasicBlock"], project.networks["main"]
    block.add("Input", id="x", shape=["N", "in_channels", "H", "W"])
    block.add("Conv2d", id="c10", name="conv10", out_channels="out_channels", stride="stride", bias=False)
    block.add("Conv2d", id="c2", name="conv2", kernel_size=[3, 1], padding=[1, 0])
    block.add("Output", id="y")
    for source, target in (("x.y", "c10.x"), ("c10.y", "c2.x"), ("c2.y", "y.x")):
        block.connect(source, target)
    main.add("Input", id="x")
    edits.add(main, "BasicBlock", id="b", name="0", params={"out_channels": 8}, at=(120, -3.256))
    main.add("Output", id="y")
    main.connect("x.y", "b.x")
    main.connect("b.y", "y.x")
    edits.set_repeat(main, "b", "2 * 1", shared=True)
    edits.set_when(block, "c2", "stride != 1 or in_channels != out_channels")
    edits.set_symbol(project, "T", 128)
    edits.set_setup(project, "main", "optimizer", {"kind": "SGD", "lr": 1e-05})
    edits.move(main, {"x": (0, 0), "y": (1e3, 0.1)})
    return project


def test_what_is_saved_is_what_is_loaded(tmp_path: Path):
    project = small()
    save(project, tmp_path / "a.netw")
    again = load(tmp_path / "a.netw")
    assert dumps(again) == dumps(project) == (tmp_path / "a.netw").read_text(encoding="utf-8")
    for key, graph in project.graphs.items():
        other = again.graphs[key]
        assert (other.nodes, other.wires, other.params) == (graph.nodes, graph.wires, graph.params)
        assert (other.view, other.head, other.names) == (graph.view, graph.head, graph.names)
        assert {id: ports for id, ports in other.incoming.items() if ports} == graph.incoming
        assert other.inputs() == graph.inputs()
    assert again.symbols == project.symbols
    assert again.setups == project.setups
    assert again.network_keys == project.network_keys
    assert list(again.graphs["BasicBlock"].params) == ["out_channels", "stride"]
