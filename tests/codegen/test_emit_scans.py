"""Scans as loops over time: written as by hand, and computing what was drawn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from codegen import build_module, emit_source
from codegen.build import Probed, source_module
from codegen.emit import emit_with_spans
from codegen.weights import weight_keys
from graph_core import Param, Project, analyze, edits
from graph_core.blocks import add_network
from graph_core.graph import Graph
from tests.codegen.test_emit_templates import GOLDEN
from tests.scans import rnn_cell, scanned
from tests.templates import new_graph


def lines_of(project: Project) -> list[str]:
    return [line.strip() for line in emit_source(project).splitlines()]


def well_formed(project: Project, folder: Path) -> nn.Module:
    """The module; its source is clean, typed, and in the formatter's own form, its parameters are those counted."""
    path = folder / "drawn.py"
    path.write_text(emit_source(project), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["format", "--check", "--diff"], ["check"]):
        done = subprocess.run(
            [*ruff, *command, "--config", GOLDEN / "ruff.toml", "--no-cache", path], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr + path.read_text()
    module = build_module(project)
    assert sum(p.numel() for p in module.parameters()) == analyze(project).params.total
    return module


def stepped(module: nn.Module, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """h′ = tanh(W [x, h]) along axis 1, by torch's own RNN."""
    rnn = nn.RNN(x.shape[2], h.shape[1], batch_first=True)
    weight = module.fc.weight.detach()
    rnn.weight_ih_l0.data, rnn.weight_hh_l0.data = weight[:, : x.shape[2]], weight[:, x.shape[2] :]
    rnn.bias_ih_l0.data, rnn.bias_hh_l0.data = module.fc.bias.detach(), torch.zeros_like(module.fc.bias)
    y, last = rnn(x, h[None])
    return y, last[0]


def test_a_scan_is_a_loop_over_time(tmp_path: Path):
    project, graph = scanned()
    graph.add("Output", id="z", name="last")
    graph.connect("r.y2", "z.x")
    text = emit_source(project)
    assert (
        """\
        h = x.new_zeros(x.shape[0], 4)
        ys = []
        for x_t in x.unbind(1):
            y_t, h = self.rnn(x_t, h)
            ys.append(y_t)
        return torch.stack(ys, dim=1), h
"""
        in text
    )
    module = well_formed(project, tmp_path)
    x = torch.randn(3, 7, 3)
    torch.testing.assert_close(module(x), stepped(module.rnn, x, torch.zeros(3, 4)))


def test_only_what_is_used_is_kept(tmp_path: Path):
    project, graph = scanned()
    graph.connect("r.y2", "y.x")
    lines = lines_of(project)
    assert {"_, h = self.rnn(x_t, h)", "return h"} <= set(lines)
    assert "ys = []" not in lines
    module = well_formed(project, tmp_path)
    x = torch.randn(2, 4, 3)
    torch.testing.assert_close(module(x), stepped(module.rnn, x, torch.zeros(2, 4))[1])


def test_a_wired_state_is_taken_over_or_copied(tmp_path: Path):
    project, graph = scanned()
    graph.add("Input", id="x2", name="h0", shape=["N", 4])
    graph.connect("x2.y", "r.x2")
    assert "y_t, h0 = self.rnn(x_t, h0)" in lines_of(project)
    x, h = torch.randn(3, 7, 3), torch.randn(3, 4)
    module = well_formed(project, tmp_path)
    expected = stepped(module.rnn, x, h)
    torch.testing.assert_close(module(x, h), expected[0])
    graph.add("Add", id="a", name="sum")
    graph.connect("r.y2", "a.a")
    graph.connect("x2.y", "a.b")
    graph.add("Output", id="z", name="z")
    graph.connect("a.y", "z.x")
    assert {"h = h0", "y_t, h = self.rnn(x_t, h)"} <= set(lines_of(project))
    module = well_formed(project, tmp_path)
    y, last = stepped(module.rnn, x, h)
    torch.testing.assert_close(module(x, h), (y, last + h))


def test_one_layer_after_the_other(tmp_path: Path):
    project, graph = scanned()
    graph.add("RNNCell", id="r2", name="upper", hidden=6)
    graph.connect("r.y", "r2.x")
    graph.connect("r2.y", "y.x")
    edits.set_scan(graph, "r2", 1, ["x"], ["x2"])
    module = well_formed(project, tmp_path)
    x = torch.randn(3, 5, 3)
    lower, _ = stepped(module.rnn, x, torch.zeros(3, 4))
    torch.testing.assert_close(module(x), stepped(module.upper, lower, torch.zeros(3, 6))[0])


def test_several_inputs_are_walked_together_and_others_stay(tmp_path: Path):
    project, graph = scanned()
    cell = project.graphs["RNNCell"]
    for id, name in (("x3", "z"), ("x4", "context")):
        cell.add("Input", id=id, name=name, shape=["N", f"{name}_features"])
        cell.connect(f"{id}.y", f"j.x{2 + (id == 'x4')}")
    graph.add("Input", id="x3", name="z", shape=["N", "T", 6])
    graph.add("Input", id="x4", name="context", shape=["N", 2])
    graph.connect("x3.y", "r.x3")
    graph.connect("x4.y", "r.x4")
    edits.set_scan(graph, "r", 1, ["x", "x3"], ["x2"])
    lines = lines_of(project)
    assert "for x_t, z_t in zip(x.unbind(1), z.unbind(1), strict=True):" in lines
    assert "y_t, h = self.rnn(x_t, h, z_t, context)" in lines
    module = well_formed(project, tmp_path)
    x, z, context = torch.randn(2, 5, 3), torch.randn(2, 5, 6), torch.randn(2, 2)
    h, found = torch.zeros(2, 4), []
    for k in range(5):
        h = torch.tanh(module.rnn.fc(torch.cat([x[:, k], h, z[:, k], context], 1)))
        found.append(h)
    torch.testing.assert_close(module(x, z, context), torch.stack(found, 1))


def test_the_axis_may_be_the_first(tmp_path: Path):
    project, graph = scanned(["T", "N", 3])
    edits.set_scan(graph, "r", 0, ["x"], ["x2"])
    assert {"h = x.new_zeros(x.shape[1], 4)", "for x_t in x.unbind(0):"} <= set(lines_of(project))
    module = well_formed(project, tmp_path)
    x = torch.randn(7, 3, 3)
    expected, _ = stepped(module.rnn, x.transpose(0, 1), torch.zeros(3, 4))
    torch.testing.assert_close(module(x), expected.transpose(0, 1))


def test_a_step_without_a_state_and_with_one_output_is_appended_at_once(tmp_path: Path):
    project, graph = scanned()
    step = new_graph(project, "step", "Step")
    step.add("Input", id="x", name="x", shape=["N", "features"])
    step.add("Linear", id="l", name="0", out_features=2)
    step.add("ReLU", id="a", name="1")
    step.add("Output", id="y", name="steps")
    for wire in ("x.y l.x", "l.y a.x", "a.y y.x"):
        step.connect(*wire.split())
    graph.remove("r")
    graph.add("step", id="s", name="each")
    graph.connect("x.y", "s.x")
    graph.connect("s.y", "y.x")
    edits.set_scan(graph, "s", 1, ["x"])
    lines = lines_of(project)
    assert "self.each = nn.Sequential(nn.Linear(3, 2), nn.ReLU())" in lines
    assert "steps.append(self.each(x_t))" in lines
    module = well_formed(project, tmp_path)
    x = torch.randn(2, 5, 3)
    torch.testing.assert_close(module(x), module.each(x))


@pytest.mark.parametrize(("condition", "acts"), [("active", True), ("active", False), ("not active", True)])
def test_a_condition_decides_whether_it_scans(condition: str, acts: bool, tmp_path: Path):
    project, graph = scanned()
    layer = new_graph(project, "layer", "Layer", active=acts == (condition == "active"))
    layer.add("Input", id="x", name="x", shape=["N", "T", "features"])
    layer.add("RNNCell", id="r", name="rnn", hidden="features")
    layer.add("Tanh", id="t", name="tanh")
    layer.add("Output", id="y", name="y")
    for wire in ("x.y r.x", "r.y t.x", "t.y y.x"):
        layer.connect(*wire.split())
    edits.set_scan(layer, "r", 1, ["x"], ["x2"])
    edits.set_when(layer, "r", condition)
    graph.remove("r")
    graph.add("layer", id="b", name="layer")
    graph.add("Add", id="a", name="sum")
    for wire in ("x.y b.x", "b.y a.a", "x.y a.b", "a.y y.x"):
        graph.connect(*wire.split())
    text = emit_source(project)
    assert "self.rnn: nn.Module | None = None" in text
    assert "if self.rnn is not None:" in text
    module = well_formed(project, tmp_path)
    x = torch.randn(2, 5, 3)
    inner = stepped(module.layer.rnn, x, torch.zeros(2, 3))[0] if acts else x
    torch.testing.assert_close(module(x), torch.tanh(inner) + x)


def test_zeros_have_the_type_that_the_state_declares(tmp_path: Path):
    project = Project.new("tokens")
    edits.set_symbol(project, "T", 5)
    cell = rnn_cell(project)
    cell.set("x", shape=["N"], dtype="int64")
    cell.add("Embedding", id="e", name="embed", num_embeddings=10, embedding_dim=3)
    cell.connect("x.y", "e.x")
    cell.connect("e.y", "j.x0")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="tokens", shape=["N", "T"], dtype="int64")
    graph.add("RNNCell", id="r", name="rnn")
    graph.add("Output", id="y", name="y")
    graph.connect("x.y", "r.x")
    graph.connect("r.y", "y.x")
    edits.set_scan(graph, "r", 1, ["x"], ["x2"])
    assert "h = tokens.new_zeros(tokens.shape[0], 4, dtype=torch.float32)" in lines_of(project)
    module = well_formed(project, tmp_path)
    assert module(torch.randint(10, (3, 5))).shape == (3, 5, 4)


def test_zeros_follow_what_comes_in(tmp_path: Path):
    project, _ = scanned()
    module = well_formed(project, tmp_path).to(torch.bfloat16)
    assert module(torch.randn(2, 5, 3, dtype=torch.bfloat16)).dtype == torch.bfloat16
    assert build_module(project).to("meta")(torch.randn(2, 5, 3, device="meta")).device.type == "meta"


def test_sizes_of_states_come_from_the_drawing_around(tmp_path: Path):
    """A width that is an expression over the outer block's parameters, and one bound from another input."""
    project, graph = scanned()
    cell = project.graphs["RNNCell"]
    cell.set("x2", shape=["N", "2 * hidden"])
    cell.set("l", out_features="2 * hidden")
    outer = new_graph(project, "outer", "Outer", width=3)
    outer.add("Input", id="x", name="x", shape=["N", "T", "features"])
    outer.add("RNNCell", id="r", name="rnn", hidden="width + 1")
    outer.add("Output", id="y", name="y")
    outer.connect("x.y", "r.x")
    outer.connect("r.y", "y.x")
    edits.set_scan(outer, "r", 1, ["x"], ["x2"])
    graph.remove("r")
    for id, width in (("a", 3), ("b", 5)):
        graph.add("outer", id=id, name=id, width=width)
    for wire in ("x.y a.x", "a.y b.x", "b.y y.x"):
        graph.connect(*wire.split())
    assert "h = x.new_zeros(x.shape[0], 2 * (self.width + 1))" in lines_of(project)
    module = well_formed(project, tmp_path)
    assert module(torch.randn(2, 5, 3)).shape == (2, 5, 12)


def test_the_index_of_a_repeat_works_around_a_scan(tmp_path: Path):
    """Three recurrent layers, each wider: a repeat of a block that scans."""
    project, graph = scanned()
    layer = new_graph(project, "layer", "Layer", width=None)
    layer.add("Input", id="x", name="x", shape=["N", "T", "features"])
    layer.add("RNNCell", id="r", name="rnn", hidden="width")
    layer.add("Output", id="y", name="y")
    layer.connect("x.y", "r.x")
    layer.connect("r.y", "y.x")
    edits.set_scan(layer, "r", 1, ["x"], ["x2"])
    graph.remove("r")
    graph.add("layer", id="s", name="layers", width="4 * (i + 1)")
    graph.connect("x.y", "s.x")
    graph.connect("s.y", "y.x")
    edits.set_repeat(graph, "s", 3)
    module = well_formed(project, tmp_path)
    x = expected = torch.randn(2, 5, 3)
    for number, inner in enumerate(module.layers, 1):
        expected, _ = stepped(inner.rnn, expected, torch.zeros(2, 4 * number))
    torch.testing.assert_close(module(x), expected)


def test_a_repeat_inside_the_step(tmp_path: Path):
    project, graph = scanned()
    deep = new_graph(project, "deep", "Deep")
    deep.add("Input", id="x", name="x", shape=["N", "width"])
    deep.add("Linear", id="l", name="fc", out_features="width")
    deep.add("Output", id="y", name="y")
    deep.connect("x.y", "l.x")
    deep.connect("l.y", "y.x")
    cell: Graph = project.graphs["RNNCell"]
    cell.add("deep", id="d", name="deep")
    edits.insert_on_wire(cell, "t.x", "d")
    edits.set_repeat(cell, "d", 2)
    module = well_formed(project, tmp_path)
    x = torch.randn(2, 5, 3)
    h = torch.zeros(2, 4)
    for k in range(5):
        h = torch.tanh(module.rnn.deep(module.rnn.fc(torch.cat([x[:, k], h], 1))))
    torch.testing.assert_close(module(x)[:, -1], h)
    assert graph.nodes["r"].run is not None


def test_weights_of_a_scan_used_again(tmp_path: Path):
    project, graph = scanned()
    graph.add("RNNCell", id="r2", name="again")
    graph.add("Add", id="a", name="sum")
    for wire in ("x.y r2.x", "r.y a.a", "r2.y a.b", "a.y y.x"):
        graph.connect(*wire.split())
    edits.set_scan(graph, "r2", 1, ["x"], ["x2"])
    edits.use_weights_of(graph, "r2", "r")
    module = well_formed(project, tmp_path)
    x = torch.randn(2, 5, 3)
    torch.testing.assert_close(module(x), 2 * stepped(module.rnn, x, torch.zeros(2, 4))[0])


def test_lines_values_and_weights_are_found_by_node():
    project, _ = scanned()
    source, spans = emit_with_spans(project)
    lines = source.splitlines()
    shown = "\n".join(lines[first - 1 : last][0] for first, last in spans["main", "r"])
    assert "for x_t in x.unbind(1):" in shown
    assert "self.rnn = RNNCell(3)" in shown
    probed = Probed(project)
    output, values = probed.run(torch.randn(2, 5, 3))
    torch.testing.assert_close(values["rnn"], output)
    torch.testing.assert_close(values["rnn.tanh"], output[:, -1])
    assert dict(weight_keys(project, "main")) == {
        "rnn.fc.weight": "main/r/l:weight",
        "rnn.fc.bias": "main/r/l:bias",
    }
    assert set(build_module(project).state_dict()) == {"rnn.fc.weight", "rnn.fc.bias"}


def test_names_that_loops_use_are_free_for_layers(tmp_path: Path):
    project, graph = scanned()
    edits.rename(graph, "r", "x_t")
    edits.rename(graph, "x", "ys")
    cell = project.graphs["RNNCell"]
    edits.rename(cell, "x2", "y_t")
    edits.set_graph_param(cell, "h", Param(1))
    module = well_formed(project, tmp_path)
    x = torch.randn(2, 5, 3)
    torch.testing.assert_close(module(x), stepped(module.x_t, x, torch.zeros(2, 4))[0])


def test_a_cell_may_be_a_network_of_its_own_as_well(tmp_path: Path):
    """Its input and its output h share a name, and it is written before the network that scans it."""
    project, _ = scanned()
    edits.set_symbol(project, "features", 3)
    add_network(project, "cell", "RNNCell")
    source = emit_source(project, "cell")
    module = source_module(source).RNNCell(3)
    x, h = torch.randn(2, 3), torch.randn(2, 4)
    torch.testing.assert_close(module(x, h)[1], torch.tanh(module.fc(torch.cat([x, h], 1))))
    names = [line.split("(")[0] for line in source.splitlines() if line.startswith("class ")]
    assert names == ["class RNNCell", "class Scanned"]
    well_formed(project, tmp_path)
