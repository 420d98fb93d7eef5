"""A scene brought up to date after an edit equals one made alone, and says what in it is another."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from designer import leading
from designer.canvas.scene import Plate, Port, Scene
from designer.document import Document
from designer.drawing import Drawing
from graph_core import Project, edits, mark_edits
from graph_core.graph import EditError
from graph_core.templates import open_template
from tests.benchmarks.edits_drawn import random_edit
from tests.benchmarks.turns import place_by_hand, residual

STEPS = 30


def opened(project: Project) -> tuple[Document, Drawing]:
    """A document with a drawing of it, drawn once."""
    document = Document()
    document.new(project)
    drawing = Drawing(document)
    drawing.scene()
    return document, drawing


def without_ways(scene: Scene) -> tuple[dict[str, object], dict[str, object]]:
    """Plates and wires but for the course of wires, which hangs on how it came about."""

    def bare(port: Port) -> Port:
        return replace(port, side="", at=None)

    def still(plate: Plate) -> Plate:
        return replace(plate, inputs=tuple(map(bare, plate.inputs)))

    plates = {id: still(plate) for id, plate in scene.plates.items()}
    return plates, {key: replace(wire, route=None) for key, wire in scene.wires.items()}


def assert_as_made_alone(document: Document, drawing: Drawing, before: Scene, *, ways: bool = True) -> Scene:
    """The scene as of now, after it was compared."""
    scene = drawing.scene()
    alone = Drawing(document)
    alone.heat = drawing.heat
    made = alone.scene()
    assert list(scene.plates) == list(made.plates)
    assert list(scene.wires) == list(made.wires)
    if ways:
        assert scene.plates == made.plates
        assert scene.wires == made.wires
    assert without_ways(scene) == without_ways(made)
    if scene.since is not None:
        assert scene.since.scene == before.number
        for id, plate in scene.plates.items():
            assert plate == before.plates[id] or id in scene.since.plates
        for key, wire in scene.wires.items():
            assert wire == before.wires[key] or key in scene.since.wires
    return scene


@pytest.mark.parametrize("name", ["resblock", "lstm_gates", "transformer_encoder"])
def test_after_random_edits(qapp, name: str):
    rng = random.Random(name)
    document, drawing = opened(open_template(name))
    scene, ways = drawing.scene(), True
    for step in range(STEPS):
        what = rng.randrange(12)
        ids = list(document.graph.nodes)
        try:
            if what == 0 and document.history.can_undo:
                document.undo()
            elif what == 1:
                edits.move(document.graph, {rng.choice(ids): (rng.randrange(60) * 8.0, rng.randrange(90) * 8.0)})
                ways = False
            elif what == 2:
                mark_edits.add_frame(document.graph, (8.0 * step, 0.0), (320.0, 160.0), "Stage")
            elif what == 3:
                document.mark_saved()
            elif what == 4:
                drawing.heat = {id: (rng.randrange(3) / 2, "2 k") for id in ids[::2]} if not drawing.heat else {}
            else:
                random_edit(document.project, rng)()
        except EditError:
            continue
        scene = assert_as_made_alone(document, drawing, scene, ways=ways)


@pytest.mark.parametrize("large", [False, True])
def test_after_random_edits_of_one_graph(qapp, monkeypatch, large: bool):
    if large:
        monkeypatch.setattr(leading, "MANY", 10)  # wires are led anew only where an edit reaches
    rng = random.Random(3)
    document, drawing = opened(place_by_hand(residual(80)))
    scene = drawing.scene()
    for _ in range(STEPS):
        try:
            if rng.randrange(6) == 0 and document.history.can_undo:
                document.undo()
            else:
                random_edit(document.project, rng)()
        except EditError:
            continue
        scene = assert_as_made_alone(document, drawing, scene, ways=not large)
        for key, wire in scene.wires.items():
            assert wire.route is not None, key
            for (id, _), (x, y), edge in (
                (wire.source, wire.route[0], "bottom"),
                (wire.target, wire.route[-1], "top"),
            ):
                plate = scene.plates[id]
                assert plate.x <= x <= plate.x + plate.w
                assert plate.kind == "operator" or y == plate.y + (plate.h if edge == "bottom" else 0.0)


def test_work_that_was_given_up_is_done_all_the_same(qapp):
    document, drawing = opened(place_by_hand(residual(250)))
    graph = document.graph
    for stop in range(12):
        if stop % 4 == 0:
            drawing.forget()
        scene = drawing.made
        edits.rename(graph, f"n{stop}", f"stem{stop}")
        edits.remove(graph, [f"r{stop}"], heal=True)
        steps = drawing.steps()
        for _ in range(1 + stop % 6):
            next(steps, None)
        edits.set_params(graph, f"c{stop + 3}", {"out_channels": 64 + stop})
        document.undo()
        document.undo()
        assert_as_made_alone(document, drawing, scene)
