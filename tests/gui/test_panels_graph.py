"""What a graph is called and what it is for, typed in the inspector; and which layers the lists offer."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from codegen import emit_source
from designer.panels.palette import TYPE_ROLE
from designer.search import best, catalogue
from graph_core.layer import layer_types
from tests.gui.window_rig import LEFT, NO, Key, WindowRig


def test_a_graphs_note_is_typed_and_becomes_its_docstring(rig: WindowRig) -> None:
    rig.window.files.new_from_template("resblock")
    before = rig.bytes()
    rig.document.enter(rig.node("block").id)
    form = rig.window.inspector._network
    assert form is not None
    form.note.setFocus()
    QTest.keyClicks(form.note, "Two convolutions and a shortcut.")
    assert rig.graph.head["note"] == "Two convolutions and a shortcut."
    assert form.note.toPlainText() == "Two convolutions and a shortcut."
    assert '"""Two convolutions and a shortcut.' in emit_source(rig.document.project)
    after = rig.bytes()
    rig.window.actions_["Undo"].trigger()
    assert rig.bytes() == before, "one sitting is one step"
    assert form.note.toPlainText() == ""
    rig.window.actions_["Redo"].trigger()
    assert rig.bytes() == after
    form.note.selectAll()
    QTest.keyClick(form.note, Key.Key_Delete)
    assert "note" not in rig.graph.head


def test_a_block_is_renamed_where_it_is_looked_at(rig: WindowRig) -> None:
    rig.window.files.new_from_template("resblock")
    before = rig.bytes()
    rig.document.enter(rig.node("block").id)
    form = rig.window.inspector._network
    assert form is not None
    form.name.selectAll()
    QTest.keyClicks(form.name, "Twice")
    QTest.keyClick(form.name, Key.Key_Return)
    assert rig.graph.name == "Twice"
    assert "class Twice(nn.Module)" in emit_source(rig.document.project)
    tree = rig.window.palette_panel.tree
    assert tree.findItems("Twice", Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)
    rig.window.actions_["Undo"].trigger()
    assert rig.bytes() == before
    with rig.qtbot.waitSignal(rig.document.refused):
        form.name.selectAll()
        QTest.keyClicks(form.name, "not a name")
        QTest.keyClick(form.name, Key.Key_Return)
    assert form.name.text() == rig.graph.name


def test_what_only_imports_draw_is_found_by_its_full_name_alone(rig: WindowRig) -> None:
    rare = {name for name, declaration in layer_types().items() if declaration.rare}
    assert "Conv2dWith" in rare
    assert "Conv2d" not in rare
    palette = rig.window.palette_panel

    def offered() -> set[str]:
        found = palette.tree.findItems("*", Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive)
        return {item.data(0, TYPE_ROLE) for item in found} & set(layer_types())

    assert offered() == set(layer_types()) - rare
    QTest.keyClicks(palette.search, "conv2dwit")
    assert not offered() & rare
    QTest.keyClicks(palette.search, "h")
    assert offered() == {"Conv2dWith"}
    entries = catalogue(rig.document.project)
    for query in ("", "conv", "functional", "weight given"):
        assert not {entry.type for entry in best(entries, query, limit=1000)} & rare
    rig.window.center.leave_gallery()
    QTest.mouseDClick(rig.canvas, LEFT, NO, QPoint(200, 200))
    popup = rig.window.verbs.popup
    QTest.keyClicks(popup.field, "conv2dwith")
    assert [popup.list.item(k).text() for k in range(popup.list.count())] == ["Conv2dWith"]
    QTest.keyClick(popup.field, Key.Key_Return)
    assert [node.type for node in rig.graph.nodes.values()] == ["Conv2dWith"]
