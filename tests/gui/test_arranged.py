"""What the window arranges: every template, blocks opened in place, small edits, and ten thousand plates."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pytest

from designer.canvas.scene import Plate, Scene
from designer.document import Document
from designer.drawing import Drawing
from designer.plates import box_of, wire_ends
from graph_core import Graph, edits
from graph_core.arrange import Box, Layout, arrange
from graph_core.templates import open_template, templates
from tests.benchmarks.turns import residual
from tests.graph_core.test_arrange import crossed, overlaps

NAMES = [template.name for template in templates()]
HEIGHT = 640.0


def arranged(graph: Graph, near: Mapping[str, tuple[float, float]] | None = None) -> tuple[dict[str, Box], Layout]:
    """A graph as the window lays it out."""
    boxes = {id: box_of(graph, node) for id, node in graph.nodes.items()}
    return boxes, arrange(boxes, wire_ends(graph), height=HEIGHT, near=near)


@pytest.mark.parametrize("name", NAMES)
def test_no_wire_of_a_template_crosses_a_plate(qapp, name: str):
    for graph in open_template(name).graphs.values():
        boxes, layout = arranged(graph)
        assert overlaps(layout, boxes, 24) == []
        assert crossed(layout, boxes, wire_ends(graph)) == []


def through(scene: Scene) -> list[tuple[str, str]]:
    """(wire, plate) where a wire passes through a plate of the sheet that it lies on; at its own ends it may."""
    found = []
    for key, wire in scene.wires.items():
        beside = [p for p in scene.plates.values() if p.parent == wire.inside and p.kind not in ("frame", "note")]
        for (x0, y0), (x1, y1) in pairwise(wire.route or ()):
            found += [(key, p.id) for p in beside if _inside(p, x0, y0, x1, y1) and not _own(p, wire.target[0])]
    return found


def _inside(p: Plate, x0: float, y0: float, x1: float, y1: float) -> bool:
    across = min(x0, x1) < p.x + p.w - 0.5 and max(x0, x1) > p.x + 0.5
    return across and min(y0, y1) < p.y + p.h - 0.5 and max(y0, y1) > p.y + 0.5


def _own(p: Plate, target: str) -> bool:
    return p.kind == "operator" and p.id == target


@pytest.mark.parametrize("name", NAMES)
def test_residual_arcs_of_opened_blocks_keep_clear_of_their_plates(qapp, name: str):
    document = Document()
    document.new(open_template(name))
    drawing = Drawing(document)
    blocks = [node.id for node in document.graph.nodes.values() if node.type in document.project.graphs]
    for id in blocks[:2]:
        document.unfold(id)
    scene = drawing.scene()
    assert {plate.id for plate in scene.plates.values() if plate.opened} == set(blocks[:2])
    assert all(wire.route for wire in scene.wires.values())
    assert through(scene) == []


def inserted(graph: Graph, rng: random.Random) -> None:
    with graph.project.editing("Insert"):
        edits.insert_on_wire(graph, rng.choice(list(graph.wires)), edits.add(graph, "ReLU").id)


def healed(graph: Graph, rng: random.Random) -> None:
    edits.remove(graph, [rng.choice(list(graph.nodes))], heal=True)


def cut(graph: Graph, rng: random.Random) -> None:
    edits.disconnect(graph, rng.choice(list(graph.wires)))


SMALL = {"a node put into a wire": inserted, "a node taken out": healed, "a wire cut": cut}
ROW = 100  # units: a plate with the gap below it, and what a further wire in that gap takes


@pytest.mark.parametrize("edit", SMALL)
@pytest.mark.parametrize("name", NAMES)
def test_arranging_after_a_small_edit_moves_little(qapp, name: str, edit: str):
    """What comes after a node moves on by its row, what comes before stays: most often most of it.

    Where a wire into a join is cut, what the join leads to may come to stand below the branch that is left.
    """
    middle = []
    for seed in range(40):
        graph = max(open_template(name).graphs.values(), key=lambda graph: len(graph.nodes))
        before = arranged(graph)[1].positions
        SMALL[edit](graph, random.Random(f"{name} {edit} {seed}"))
        boxes, layout = arranged(graph, before)
        after = layout.positions
        moves = [np.hypot(after[id][0] - x, after[id][1] - y) for id, (x, y) in before.items() if id in after]
        middle.append(np.median(moves))
        if seed < 8:
            assert overlaps(layout, boxes, 24) == []
            assert crossed(layout, boxes, wire_ends(graph)) == []
            again = arranged(graph, after)[1].positions
            assert sum(again[id] != at for id, at in after.items()) <= 1, "arranging again moves nothing"
            assert arranged(graph, again)[1].positions == again
    assert np.median(middle) <= 16
    assert np.mean(np.array(middle) <= ROW) >= (0.65 if edit == "a wire cut" else 0.9)


@pytest.mark.parametrize("name", NAMES)
def test_what_nobody_has_arranged_is_arranged_as_if_new(qapp, name: str):
    graph = max(open_template(name).graphs.values(), key=lambda graph: len(graph.nodes))
    fresh, rng = arranged(graph)[1].positions, random.Random(name)
    near = {id: (8.0 * rng.randrange(200), 8.0 * rng.randrange(120)) for id in graph.nodes}
    found = arranged(graph, near)[1].positions
    shifts = {(found[id][0] - x, found[id][1] - y) for id, (x, y) in fresh.items()}
    assert len(shifts) == 1


def test_a_plate_that_was_dragged_aside_comes_back(qapp):
    graph = open_template("lenet").networks["main"]
    fresh = arranged(graph)[1].positions
    for id, (x, y) in fresh.items():
        assert arranged(graph, {**fresh, id: (x + 240, y + 16)})[1].positions == fresh


def test_ten_thousand_plates_are_arranged_without_a_wire_through_one(qapp):
    graph = residual(10_000).networks["main"]
    boxes, layout = arranged(graph)
    assert len(layout.positions) == len(graph.nodes) > 9_900
    rects = np.array([(*layout.positions[id], boxes[id].w, boxes[id].h) for id in graph.nodes])
    names = list(graph.nodes)
    place = {id: k for k, id in enumerate(names)}
    runs, ends = [], []
    for source, _, target, port in wire_ends(graph):
        for (x0, y0), (x1, y1) in pairwise(layout.routes[f"{target}.{port}"]):
            runs.append((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
            ends.append((place[source], place[target]))
    order = np.argsort(rects[:, 0])
    left = rects[order, 0]
    bad = []
    for (x0, y0, x1, y1), own in zip(runs, ends, strict=True):
        first, last = np.searchsorted(left, (x0 - 300, x1))
        near = order[first:last]
        x, y, w, h = rects[near].T
        hit = (x0 < x + w - 0.5) & (x1 > x + 0.5) & (y0 < y + h - 0.5) & (y1 > y + 0.5)
        bad += [k for k in near[hit].tolist() if k not in own]
    assert bad == []
