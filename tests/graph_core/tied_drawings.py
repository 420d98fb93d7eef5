"""Drawings with blocks that repeat and scan, whose weights are tied, and what their figures have to agree in."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping

from graph_core import EditError, Graph, Param, Project, analyze, edits
from graph_core.architecture import five_tuple, parameter_count
from graph_core.blocks import add_graph
from graph_core.dims import Dim, substitute
from graph_core.groups import parameters_of
from graph_core.ledger import ledger
from graph_core.propagate import engine_of
from graph_core.tied_inside import weights_in
from graph_core.ties import tie

WIDTH = 8


def layered(times: int | str = 3, *, shared: bool = False) -> Graph:
    """``first``, a block ``layers`` of two Linear ``a`` and ``b`` that repeats, and ``last``: all of one width."""
    project = Project.new("layered")
    block = add_graph(project, "Layer")
    chain(block, ["x", "a", "b", "y"], {"x": ["N", WIDTH]})
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", WIDTH])
    graph.add("Linear", id="f", name="first", out_features=WIDTH)
    graph.add("Layer", id="l", name="layers")
    graph.add("Linear", id="t", name="last", out_features=WIDTH)
    graph.add("Output", id="y")
    for wire in (("x.y", "f.x"), ("f.y", "l.x"), ("l.y", "t.x"), ("t.y", "y.x")):
        graph.connect(*wire)
    edits.set_repeat(graph, "l", times, shared=shared)
    return graph


def chain(graph: Graph, ids: list[str], shapes: dict[str, list[object]]) -> None:
    """An Input, layers of one width, and an Output, in a row."""
    first, *inner, last = ids
    graph.add("Input", id=first, **({"shape": shapes[first]} if first in shapes else {}))
    for id in inner:
        graph.add("Linear", id=id, name=id, out_features=WIDTH)
    graph.add("Output", id=last)
    for one, two in itertools.pairwise(ids):
        graph.connect(f"{one}.y", f"{two}.x")


def nested(times: int = 2, inner: int = 3) -> Graph:
    """``stages``, each of which repeats ``layers`` of two Linear, and ``last``."""
    graph = layered()
    project = graph.project
    stage = add_graph(project, "Stage")
    edits.set_graph_param(stage, "depth", Param(inner))
    stage.add("Input", id="x", shape=["N", WIDTH])
    stage.add("Layer", id="l", name="layers")
    edits.set_repeat(stage, "l", "depth")
    stage.add("Output", id="y")
    stage.connect("x.y", "l.x")
    stage.connect("l.y", "y.x")
    edits.remove(graph, ["l"])
    graph.add("Stage", id="s", name="stages")
    graph.connect("f.y", "s.x")
    graph.connect("s.y", "t.x")
    edits.set_repeat(graph, "s", times)
    return graph


def scanned() -> Graph:
    """``first`` over a sequence, a block ``cell`` that is scanned along it with a state, and ``last``."""
    project = Project.new("scanned")
    cell = add_graph(project, "Cell")
    cell.add("Input", id="x", shape=["N", WIDTH])
    cell.add("Input", id="h", name="h", shape=["N", WIDTH])
    for id in ("a", "b"):
        cell.add("Linear", id=id, name=id, out_features=WIDTH)
    cell.add("Add", id="s")
    cell.add("Tanh", id="n")
    cell.add("Output", id="y", name="y")
    cell.add("Output", id="k", name="h")
    for wire in (("x.y", "a.x"), ("h.y", "b.x"), ("a.y", "s.a"), ("b.y", "s.b"), ("s.y", "n.x")):
        cell.connect(*wire)
    cell.connect("n.y", "y.x")
    cell.connect("n.y", "k.x")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 5, WIDTH])
    graph.add("Linear", id="f", name="first", out_features=WIDTH)
    graph.add("Cell", id="c", name="cell")
    edits.set_scan(graph, "c", 1, ["x"], ["h"])
    graph.add("Linear", id="t", name="last", out_features=WIDTH)
    graph.add("Output", id="y")
    for wire in (("x.y", "f.x"), ("f.y", "c.x"), ("c.y", "t.x"), ("t.y", "y.x")):
        graph.connect(*wire)
    return graph


def randomly_tied(seed: int) -> Graph:
    """One of the drawings with some ties, between single steps, all steps and layers outside."""
    rng = random.Random(seed)
    make = rng.choice([layered, nested, scanned, lambda: layered(shared=True), lambda: layered("N")])
    graph = make()
    edits.set_symbol(graph.project, "N", 2)
    for _ in range(rng.randint(1, 5)):
        ends = [end.text for every in (True, False) for end, _ in weights_in(context_of(graph), every=every)]
        weight = rng.choice([".weight", ".bias"])
        target, source = rng.choices([end for end in sorted(set(ends)) if end.endswith(weight)], k=2)
        try:
            tie(graph, target, source)
        except EditError:
            continue
    return graph


def context_of(graph: Graph):
    """The network's context."""
    return engine_of(graph.project).root()


def counts(graph: Graph) -> Iterator[int]:
    """The number of parameters as each of those says it who count on their own."""
    analysis = analyze(graph.project)
    assert not analysis.problems, analysis.problems[0].message
    yield analysis.params.trainable
    yield sum(row.params for row in analysis.layers)
    yield parameter_count(five_tuple(graph.project))
    yield sum(parameter.numel for parameter in parameters_of(context_of(graph)))
    yield ledger(graph.project).params
    rows = [entry.params for entry in ledger(graph.project).walk() if entry.work is not None]
    yield sum(rows)
    complexity = analysis.complexity
    yield whole(complexity.figures["params"], complexity.symbols)
    yield sum(whole(row.figures["params"], complexity.symbols) for row in complexity.layers)


def whole(size: Dim, symbols: Mapping[str, int]) -> int:
    """A formula at the example sizes."""
    found = substitute(size, symbols)
    assert isinstance(found, int)
    return found
