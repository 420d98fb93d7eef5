"""Large drawings: what is parted over turns of the event loop comes out as it would at once."""

from __future__ import annotations

import gc

from designer.garbage import YOUNG, Tidying
from designer.late import MANY
from graph_core import Project, edits, save
from graph_core.copying import ASIDE, CROWD
from tests.gui.window_rig import WindowRig


def chain(nodes: int) -> Project:
    """A chain of ReLUs from an input to an output."""
    project = Project.new("chain")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 16])
    end = "x.y"
    for k in range(nodes - 2):
        graph.add("ReLU", id=f"r{k}", name=f"relu{k}")
        graph.connect(end, f"r{k}.x")
        end = f"r{k}.y"
    graph.add("Output", id="y")
    graph.connect(end, "y.x")
    return project


def opened(rig: WindowRig, tmp_path, nodes: int) -> WindowRig:
    """The window on a chain of that many nodes, drawn."""
    save(chain(nodes), tmp_path / "chain.netw")
    assert rig.window.files.open(tmp_path / "chain.netw")
    rig.qtbot.waitUntil(lambda: len(rig.canvas.scene.plates) == nodes)
    return rig


def test_a_large_file_is_drawn_in_the_turns_after_it_was_read(qtbot, tmp_path):
    rig = WindowRig(qtbot, tmp_path)
    save(chain(MANY + 2), tmp_path / "chain.netw")
    assert rig.window.files.open(tmp_path / "chain.netw")
    assert not rig.canvas.scene.plates  # this turn only read it
    qtbot.waitUntil(lambda: len(rig.canvas.scene.plates) == MANY + 2)
    assert rig.canvas.isVisible()
    box = rig.canvas.camera.rect_to_view(*_around(rig))
    assert rig.canvas.rect().contains(box.toRect())  # all of it is in view


def _around(rig: WindowRig) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = rig.canvas.snap.bounds()
    return x0, y0, x1 - x0, y1 - y0


def test_pasted_nodes_are_drawn_and_selected_and_undo_takes_them_back(qtbot, tmp_path):
    rig = opened(WindowRig(qtbot, tmp_path), tmp_path, MANY)
    before = rig.bytes()
    rig.canvas.select_all()
    rig.window.verbs.copy_selection()
    rig.window.verbs.paste_at()
    made = set(rig.document.selection)
    assert len(made) == MANY
    qtbot.waitUntil(lambda: len(rig.canvas.scene.plates) == 2 * MANY)
    assert set(rig.canvas.selection) == made
    rig.document.undo()
    qtbot.waitUntil(lambda: len(rig.canvas.scene.plates) == MANY)
    assert rig.bytes() == before


def test_what_is_placed_meanwhile_finds_the_plate_it_follows(qtbot, tmp_path):
    rig = opened(WindowRig(qtbot, tmp_path), tmp_path, MANY)
    rig.canvas.select_all()
    rig.window.verbs.copy_selection()
    rig.window.verbs.paste_at()
    rig.document.select([rig.document.selection[-2]])
    assert rig.document.selection[0] not in rig.canvas.scene.plates  # not drawn yet
    rig.window.place_in_middle("Sigmoid")
    placed = rig.document.selection[0]
    assert rig.graph.nodes[placed].type == "Sigmoid"
    assert placed in rig.canvas.scene.plates


def test_arranging_many_is_one_edit_in_the_next_turn(qtbot, tmp_path):
    rig = opened(WindowRig(qtbot, tmp_path), tmp_path, MANY + 2)
    edits.move(rig.graph, {"r5": (4000.0, 4000.0)})
    rig.window.verbs.arrange_all()
    qtbot.waitUntil(lambda: rig.graph.view["r5"] != (4000.0, 4000.0))
    assert rig.document.history.undo_title == "Arrange"


def test_copies_of_many_stand_beside_the_drawing(qtbot, tmp_path):
    rig = opened(WindowRig(qtbot, tmp_path), tmp_path, CROWD + 2)
    rig.window.verbs.arrange_all()
    right = max(x for x, _ in rig.graph.view.values())
    rig.canvas.select_all()
    rig.window.verbs.duplicate_selection()
    copies = rig.document.selection
    assert len(copies) == CROWD + 2
    assert min(rig.graph.view[id][0] for id in copies) == right + ASIDE
    rig.document.select(copies[:2])
    a = rig.graph.view[copies[0]]
    rig.window.verbs.duplicate_selection()
    assert rig.graph.view[rig.document.selection[0]] == (a[0] + 24, a[1] + 24)  # few stand a step away


def test_the_outline_selects_what_the_canvas_does_in_runs(qtbot, tmp_path):
    rig = opened(WindowRig(qtbot, tmp_path), tmp_path, 60)
    tree, model = rig.window.outline.tree, rig.window.outline.model

    def told() -> set[str]:
        return {model.item(index).id for index in tree.selectedIndexes()}

    for ids in (["r1", "r2", "r3", "r9", "r11", "r12"], [f"r{k}" for k in range(0, 58, 2)], list(rig.graph.nodes), []):
        rig.document.select(ids)
        assert told() == set(ids)


def test_full_collections_are_left_to_pauses(qtbot, tmp_path):
    rig = opened(WindowRig(qtbot, tmp_path), tmp_path, 10)
    tidying = Tidying(rig.document)
    try:
        full = gc.get_stats()[2]["collections"]
        for _ in range(YOUNG + 1):
            gc.collect(1)
        edits.rename(rig.graph, "r1", "stem")
        tidying.tidy()  # something was edited: not now
        assert gc.get_stats()[2]["collections"] == full
        tidying.tidy()
        assert gc.get_stats()[2]["collections"] == full + 1
        tidying.tidy()  # nothing was made since
        assert gc.get_stats()[2]["collections"] == full + 1
    finally:
        tidying.setParent(None)
        tidying.deleteLater()
        gc.unfreeze()


def test_rows_of_nodes_that_are_gone_are_painted_bare_until_the_rows_follow(qtbot, tmp_path):
    rig = opened(WindowRig(qtbot, tmp_path), tmp_path, MANY + 20)
    outline = rig.window.outline
    qtbot.waitUntil(lambda: outline.model.rowCount(outline.model.index(0, 0)) == MANY + 20)
    outline.tree.scrollToTop()
    drawn = outline.tree.viewport().grab().toImage()
    rig.document.edit(lambda: edits.remove(rig.graph, [f"r{k}" for k in range(8)]))
    assert outline.tree.viewport().grab().toImage() != drawn  # an exception in the delegate fails this test
    qtbot.waitUntil(lambda: outline.model.rowCount(outline.model.index(0, 0)) == MANY + 12)


def test_panels_that_tell_nothing_of_places_look_again_only_when_something_else_changed(qtbot, tmp_path):
    rig = opened(WindowRig(qtbot, tmp_path), tmp_path, 8)
    told: list[str] = []
    rig.document.edited.connect(lambda edit: told.append(f"edited {edit.title}"))
    rig.document.altered.connect(lambda edit: told.append(f"altered {edit.title}"))
    edits.move(rig.graph, {"r1": (400.0, 400.0)})
    rig.document.undo()
    assert [line.split()[0] for line in told] == ["edited", "edited"]
    told.clear()
    edits.rename(rig.graph, "r1", "first")
    rig.document.look_again()
    assert [line.split()[0] for line in told] == ["edited", "altered"] * 2
    assert rig.window.outline.model.find((), "r1").data() == "first"


def test_the_history_is_listed_when_it_is_looked_at(qtbot, tmp_path):
    rig = opened(WindowRig(qtbot, tmp_path), tmp_path, 8)
    edits.rename(rig.graph, "r1", "first")
    rig.window.show_tab("History")
    steps = rig.window.tabs.currentWidget().content.list
    assert steps.count() == 2
    edits.rename(rig.graph, "r2", "second")
    assert steps.count() == 3
