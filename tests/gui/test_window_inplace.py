"""Blocks opened where they stand: seen, selected, edited, paged and closed with mouse and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint

from designer.canvas.body import sheet_buttons
from designer.canvas.scene import Activation
from graph_core import dumps
from graph_core.analysis import analyze
from tests.gui.window_rig import Key, WindowRig


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("resnet18")
    return rig


def open_in_place(rig: WindowRig, name: str) -> str:
    """Select a block, tap Space; its path."""
    path = rig.node(name).id
    rig.click(middle_of(rig, path))
    rig.key(Key.Key_Space)
    assert rig.canvas.scene.plates[path].opened
    return path


def middle_of(rig: WindowRig, plate: str) -> QPoint:
    p = rig.canvas.scene.plates[plate]
    return rig.at(p.x + p.w * 0.6, p.y + (15 if p.opened else p.h / 2))


def inner(rig: WindowRig, path: str, name: str) -> str:
    """The plate of a node in an opened block."""
    block = rig.document.project.graphs[rig.document.root_graph.nodes[path].type]
    found = block.by_name(name)
    assert found is not None
    return f"{path}/{found.id}"


def press_button(rig: WindowRig, path: str, name: str) -> None:
    plate = rig.canvas.scene.plates[path]
    x, y, w, h = sheet_buttons(plate)[name]
    rig.click(rig.at(plate.x + x + w / 2, plate.y + y + h / 2))


def test_space_opens_a_block_where_it_stands_and_its_cross_closes_it(rig: WindowRig):
    before = rig.bytes()
    path = open_in_place(rig, "layer2")
    scene = rig.canvas.scene
    plate = scene.plates[path]
    assert plate.pager == (0, 2)
    inside = [p for p in scene.plates.values() if p.parent == path]
    assert {p.name for p in inside} == {"conv1", "bn1", "relu1", "conv2", "bn2", "downsample", "add", "relu2"}
    for p in inside:
        assert plate.x <= p.x
        assert p.x + p.w <= plate.x + plate.w
        assert plate.y + 30 <= p.y
        assert p.y + p.h <= plate.y + plate.h
    others = [p for p in scene.plates.values() if not p.parent and p.id != path]
    apart = [
        p.x + p.w < plate.x or p.x > plate.x + plate.w or p.y + p.h < plate.y or p.y > plate.y + plate.h for p in others
    ]
    assert all(apart), "nothing is covered by the sheet"
    assert rig.window.center.crumbs.names == ("resnet18", "main")
    press_button(rig, path, "close")
    assert not rig.canvas.scene.plates[path].opened
    assert rig.bytes() == before
    assert not rig.document.history.can_undo, "looking is no edit"


def test_wires_lead_through_the_sheets_edge(rig: WindowRig):
    path = open_in_place(rig, "layer1")
    wires = [w for w in rig.canvas.scene.wires.values() if w.inside == path]
    block = rig.document.project.graphs[rig.document.root_graph.nodes[path].type]
    assert len(wires) == len(block.wires)
    entry = next(w for w in wires if w.source[0] == path and w.target[0] == inner(rig, path, "conv1"))
    plate = rig.canvas.scene.plates[path]
    assert entry.route is not None
    assert entry.route[0][1] == plate.y + 30
    leaving = next(w for w in wires if w.target[0] == path)
    assert leaving.route is not None
    assert leaving.route[-1][1] == plate.y + plate.h
    assert [a[0] for a in entry.axes] == ["64", "56", "56"]


def test_what_lies_inside_is_selected_and_edited_in_its_own_graph(rig: WindowRig):
    path = open_in_place(rig, "layer2")
    conv = inner(rig, path, "conv1")
    rig.click(middle_of(rig, conv))
    assert tuple(rig.canvas.selection) == (conv,)
    assert rig.document.prefix == f"{path}/"
    assert rig.window.inspector.path.text().endswith("layer2.0.conv1")
    params = analyze(rig.document.project).params.trainable
    rig.type_into("groups", "2")
    assert analyze(rig.document.project).params.trainable < params
    assert rig.canvas.scene.plates[path].opened
    assert tuple(rig.canvas.selection) == (conv,)
    rig.document.undo()
    assert analyze(rig.document.project).params.trainable == params
    rig.click(rig.at(rig.canvas.scene.plates[path].x - 14, rig.canvas.scene.plates[path].y + 300))
    assert rig.document.prefix == ""
    rig.click(middle_of(rig, rig.node("fc").id))
    assert rig.document.selection == (rig.node("fc").id,)


def test_the_pager_shows_the_next_iteration(rig: WindowRig):
    path = open_in_place(rig, "layer2")
    assert rig.canvas.scene.plates[inner(rig, path, "downsample")].when == "on"
    press_button(rig, path, "on")
    assert rig.canvas.scene.plates[path].pager == (1, 2)
    assert rig.canvas.scene.plates[inner(rig, path, "downsample")].when == "off"
    rig.click(middle_of(rig, inner(rig, path, "conv2")))
    assert rig.window.inspector.path.text().endswith("layer2.1.conv2")


def test_a_layer_is_dropped_moved_and_removed_inside(rig: WindowRig):
    path = open_in_place(rig, "layer3")
    block = rig.document.project.graphs[rig.document.root_graph.nodes[path].type]
    before = dumps(rig.document.project)
    a, b = (rig.canvas.scene.plates[inner(rig, path, name)] for name in ("bn1", "relu1"))
    rig.drop_from_palette("Dropout", rig.at(a.x + a.w / 2, (a.y + a.h + b.y) / 2))
    added = next(node for node in block.nodes.values() if node.type == "Dropout")
    bn1, relu1 = block.by_name("bn1"), block.by_name("relu1")
    assert bn1 is not None
    assert relu1 is not None
    assert block.wires[f"{added.id}.x"] == f"{bn1.id}.y"
    assert block.wires[f"{relu1.id}.x"] == f"{added.id}.y"
    plate = rig.canvas.scene.plates[f"{path}/{added.id}"]
    rig.click(middle_of(rig, plate.id))
    rig.drag(middle_of(rig, plate.id), middle_of(rig, plate.id) + QPoint(40, 0))
    assert block.view[added.id][0] != pytest.approx(plate.x - rig.window.drawing.origins[f"{path}/"][0])
    rig.key(Key.Key_Delete)
    assert added.id not in block.nodes
    while rig.document.history.can_undo:
        rig.document.undo()
    assert dumps(rig.document.project) == before


def test_a_wire_does_not_lead_out_of_a_sheet(rig: WindowRig):
    path = open_in_place(rig, "layer1")
    verdict = rig.canvas.judge.wire((inner(rig, path, "conv1"), "y"), (rig.node("fc").id, "x"))
    assert not verdict.ok
    assert "different blocks" in verdict.sentence
    through = rig.canvas.judge.wire(
        (path, next(iter(rig.canvas.scene.plates[path].inputs)).name), (inner(rig, path, "conv2"), "x")
    )
    assert through.ok
    port = rig.canvas.scene.plates[path].inputs[0].name
    back = rig.canvas.judge.wire((inner(rig, path, "conv1"), "y"), (path, port))
    assert not back.ok, "the block's own inlet is outside"


def test_undo_of_the_block_itself_closes_it(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    ids = [rig.node(name).id for name in ("conv1", "relu1")]
    rig.window.verbs.collapse(tuple(ids), "Stem")
    path = next(n.id for n in rig.graph.nodes.values() if n.type in rig.document.project.graphs)
    rig.window.in_place.toggle_selection()
    assert rig.canvas.scene.plates[path].opened
    rig.click(middle_of(rig, inner(rig, path, "conv1")))
    rig.document.undo()
    assert rig.document.opened == {}
    assert rig.document.graph is rig.document.root_graph
    assert set(ids) <= set(rig.canvas.scene.plates)


def test_a_block_inside_opens_too_and_double_click_looks_into_it(rig: WindowRig):
    path = open_in_place(rig, "layer2")
    deep = inner(rig, path, "downsample")
    rig.click(middle_of(rig, deep))
    rig.key(Key.Key_Space)
    assert rig.canvas.scene.plates[deep].opened
    assert any(p.parent == deep for p in rig.canvas.scene.plates.values())
    outer, within = rig.canvas.scene.plates[path], rig.canvas.scene.plates[deep]
    assert outer.x <= within.x
    assert within.x + within.w <= outer.x + outer.w
    rig.document.fold(path)
    assert rig.document.opened == {}
    open_in_place(rig, "layer2")
    rig.window.in_place.open(deep)
    assert rig.window.center.crumbs.names == ("resnet18", "main", "layer2", "downsample")


def test_plates_that_show_activations_stand_apart_and_go_back(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    before = {id: (p.x, p.y) for id, p in rig.canvas.scene.plates.items()}
    rig.window.center.show_activations({id: Activation([0.0, 1.0]) for id in rig.graph.nodes})
    plates = list(rig.canvas.scene.plates.values())
    assert {p.h for p in plates} == {84}
    for k, a in enumerate(plates):
        for b in plates[:k]:
            assert a.x + a.w <= b.x or b.x + b.w <= a.x or a.y + a.h <= b.y or b.y + b.h <= a.y
    conv = rig.node("conv1").id
    at = rig.canvas.scene.plates[conv].x
    rig.window.verbs.move((conv,), 80, 0)
    assert rig.canvas.scene.plates[conv].x == at + 80
    rig.document.undo()
    assert rig.canvas.scene.plates[conv].x == at
    rig.window.center.set_lens("")
    assert {id: (p.x, p.y) for id, p in rig.canvas.scene.plates.items()} == before
