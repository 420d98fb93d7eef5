"""Recurrent cells drawn as blocks, for the tests of scans on all floors."""

from __future__ import annotations

from typing import Any

from graph_core import Param, Project, edits
from graph_core.blocks import add_graph
from graph_core.graph import Graph


def rnn_cell(project: Project, key: str = "RNNCell") -> Graph:
    """h′ = tanh(W [x, h]): one state, and what it is in each step as a second output."""
    cell = add_graph(project, key)
    edits.set_graph_param(cell, "hidden", Param(4))
    cell.add("Input", id="x", name="x", shape=["N", "features"])
    cell.add("Input", id="x2", name="h", shape=["N", "hidden"])
    cell.add("Concat", id="j", name="xh")
    cell.add("Linear", id="l", name="fc", out_features="hidden")
    cell.add("Tanh", id="t", name="tanh")
    cell.add("Output", id="y", name="y")
    cell.add("Output", id="y2", name="h")
    for wire in ("x.y j.x0", "x2.y j.x1", "j.y l.x", "l.y t.x", "t.y y.x", "t.y y2.x"):
        cell.connect(*wire.split())
    return cell


def scanned(shape: list[Any] | None = None, steps: int = 5) -> tuple[Project, Graph]:
    """A network that scans the cell along T of N×T×3."""
    project = Project.new("scanned")
    edits.set_symbol(project, "T", steps)
    rnn_cell(project)
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=shape or ["N", "T", 3])
    graph.add("RNNCell", id="r", name="rnn")
    graph.add("Output", id="y", name="y")
    graph.connect("x.y", "r.x")
    graph.connect("r.y", "y.x")
    edits.set_scan(graph, "r", 1, ["x"], ["x2"])
    return project, graph
