"""Two drawings side by side: one camera, marks on both, a list of changes that goes to the place and follows edits."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from designer.canvas.surface import Canvas
from designer.command import main
from designer.difference.comparison import FOLLOWS, Comparison
from designer.difference.rail import ITEM, Rail
from designer.late import MANY
from graph_core import Project, edits, save
from graph_core.effects import contexts_of, figures_of_result
from graph_core.templates import open_template
from tests.gui.window_rig import ALT, LEFT, NO, SHIFT, Key, WindowRig


def chain(**conv: object) -> Project:
    """An input, two convolutions with an activation between them, an output."""
    project = Project.new("chain")
    graph = project.networks["main"]
    graph.add("Input", id="x", shape=["N", 3, 32, 32])
    graph.add("Conv2d", id="c1", name="conv1", out_channels=8, padding=1, **conv)
    graph.add("ReLU", id="r1", name="relu")
    graph.add("Conv2d", id="c2", name="conv2", out_channels=16, padding=1)
    graph.add("Output", id="y")
    for source, target in (("x.y", "c1.x"), ("c1.y", "r1.x"), ("r1.y", "c2.x"), ("c2.y", "y.x")):
        graph.connect(source, target)
    edits.move(graph, {id: (0.0, 96.0 * k) for k, id in enumerate(graph.nodes)})
    return project


@pytest.fixture
def rig(rig: WindowRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WindowRig:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "old.netw"), ""))
    monkeypatch.setattr("designer.difference.comparison.MOMENT", 60.0)
    return rig


def compared(rig: WindowRig, old: Project, new: Project, folder: Path) -> Comparison:
    """Open the one and choose the other in the menu."""
    save(old, folder / "old.netw")
    save(new, folder / "new.netw")
    assert rig.window.files.open(folder / "new.netw")
    rig.window.actions_["Compare with…"].trigger()
    QApplication.processEvents()
    comparison = rig.window.against.comparison
    assert comparison is not None
    return comparison


def changed(rig: WindowRig, folder: Path) -> Comparison:
    """conv1 is wider, relu is gone, drop has come."""
    new = chain()
    graph = new.networks["main"]
    graph.set("c1", out_channels=12)
    edits.remove(graph, ["r1"], heal=True)
    graph.add("Dropout", id="d1", name="drop")
    edits.insert_on_wire(graph, "y.x", "d1")
    edits.move(graph, {"d1": (0.0, 336.0)})
    return compared(rig, chain(), new, folder)


def rail_of(rig: WindowRig) -> Rail:
    rail = rig.window.center.pair.rail
    assert rail is not None
    return rail


def other_of(rig: WindowRig) -> Canvas:
    other = rig.window.center.pair.other
    assert other is not None
    return other


def listed(rig: WindowRig) -> list[str]:
    rail = rail_of(rig)
    return [rail.list.item(k).text() for k in range(rail.list.count())]


def marks(canvas: Canvas) -> dict[str, str]:
    return {id: plate.mark for id, plate in canvas.scene.plates.items()}


def test_both_drawings_carry_their_marks(rig: WindowRig, tmp_path: Path) -> None:
    comparison = changed(rig, tmp_path)
    assert marks(other_of(rig)) == {"x": "equal", "c1": "modified", "r1": "removed", "c2": "", "y": "equal"}
    assert marks(rig.canvas) == {"x": "equal", "c1": "modified", "c2": "", "d1": "added", "y": "equal"}
    assert {id: wire.mark for id, wire in rig.canvas.scene.wires.items() if wire.mark != "equal"} == {
        "c2.x": "added",
        "d1.x": "added",
        "y.x": "added",
    }
    assert [(row.kind, row.title) for row in comparison.rows] == [
        ("changed", "conv1"),
        ("removed", "relu"),
        ("added", "drop"),
        (FOLLOWS, "conv2"),
    ]
    assert listed(rig) == ["Chain", "conv1", "relu", "drop", "Follows from these", "conv2"]


def test_totals_are_told_before_and_after(rig: WindowRig, tmp_path: Path) -> None:
    changed(rig, tmp_path)
    params = 12 * (3 * 9 + 1) + 16 * (12 * 9 + 1)
    before = 8 * (3 * 9 + 1) + 16 * (8 * 9 + 1)
    value, difference = rail_of(rig).totals["params"]
    assert value.text().replace("\u2009", "").replace(",", "") == f"{before} → {params}"
    assert difference.text() == f"▲ {params - before}"
    then, now = (sum(figures_of_result(r).macs for r in contexts_of(p, "main")["main"].results.values())
                 for p in (chain(), rig.document.project))  # fmt: skip
    told = rail_of(rig).totals["macs"][0].text().replace(",", "").replace("\u2009", "")
    assert told == f"{then} → {now}"


def test_f7_steps_through_the_changes_and_tells_their_fields(rig: WindowRig, tmp_path: Path) -> None:
    changed(rig, tmp_path)
    rail, other = rail_of(rig), other_of(rig)
    rig.key(Key.Key_F7)
    assert rig.document.selection == ("c1",)
    assert list(other.selection) == ["c1"]
    assert ("out_channels", "8", "12") in rail.fields
    assert rail.list.currentItem().text() == "conv1"
    rig.key(Key.Key_F7)
    assert rig.document.selection == ()
    assert list(other.selection) == ["r1"]
    assert ("wire", "conv1 → relu", "") in rail.fields
    rig.key(Key.Key_F7)
    assert rig.document.selection == ("d1",)
    rig.key(Key.Key_F7)
    assert rig.document.selection == ("c1",), "round again"
    rig.key(Key.Key_F7, SHIFT)
    assert rig.document.selection == ("d1",)


def test_a_change_stands_at_the_same_height_on_both(rig: WindowRig, tmp_path: Path) -> None:
    new = chain()
    new.networks["main"].set("c2", kernel_size=1, padding=0)
    edits.move(new.networks["main"], {"c2": (400.0, 800.0)})
    compared(rig, chain(), new, tmp_path)
    other = other_of(rig)
    assert rig.canvas.camera == other.camera
    rig.key(Key.Key_F7)
    spots = []
    for canvas in (rig.canvas, other):
        plate = canvas.scene.plates["c2"]
        spots.append(canvas.camera.to_view(plate.x, plate.y))
    assert (spots[0] - spots[1]).manhattanLength() <= 1.0
    assert other.rect().contains(spots[1].toPoint())


def test_the_camera_is_one(rig: WindowRig, tmp_path: Path) -> None:
    changed(rig, tmp_path)
    other = other_of(rig)
    assert other.size() == rig.canvas.size()
    for plate in rig.canvas.scene.plates.values():
        assert rig.canvas.rect().contains(rig.canvas.camera.to_view(plate.x, plate.y).toPoint()), "all of it fits"
    rig.key(Key.Key_Plus)
    assert other.camera == rig.canvas.camera
    at = QPoint(20, 20)
    QTest.mousePress(other, Qt.MouseButton.MiddleButton, NO, at)
    QTest.mouseMove(other, at + QPoint(60, 40))
    QTest.mouseRelease(other, Qt.MouseButton.MiddleButton, NO, at + QPoint(60, 40))
    assert other.camera == rig.canvas.camera


def test_the_other_drawing_is_looked_at_only(rig: WindowRig, tmp_path: Path) -> None:
    changed(rig, tmp_path)
    other, before = other_of(rig), rig.bytes()
    plates = dict(other.scene.plates)

    def middle(id: str) -> QPoint:
        plate = other.scene.plates[id]
        return other.camera.to_view(plate.x + plate.w / 2, plate.y + plate.h / 2).toPoint()

    QTest.mousePress(other, LEFT, NO, middle("c2"))
    for k in range(1, 5):
        QTest.mouseMove(other, middle("c2") + QPoint(30 * k, 0))
    assert other.gesture is None
    QTest.mouseRelease(other, LEFT, NO, middle("c2") + QPoint(120, 0))
    QTest.keyClick(other, Key.Key_Delete)
    QTest.keyClick(other, Key.Key_Tab)
    assert other.scene.plates == plates
    assert rig.bytes() == before
    other.setFocus()
    QTest.mouseClick(other, LEFT, NO, middle("c2"))
    assert rig.document.selection == ("c2",)
    QTest.mouseClick(other, LEFT, NO, middle("r1"))
    assert rail_of(rig).list.currentItem().text() == "relu"


def test_selecting_shows_what_changed_there(rig: WindowRig, tmp_path: Path) -> None:
    changed(rig, tmp_path)
    rig.click(rig.middle("conv1"))
    assert rail_of(rig).list.currentItem().text() == "conv1"
    assert ("out_channels", "8", "12") in rail_of(rig).fields
    rig.click(rig.middle("x"))
    assert rail_of(rig).list.currentItem() is None
    assert rail_of(rig).fields == []


def test_a_row_goes_to_its_place_inside_of_a_block(rig: WindowRig, tmp_path: Path) -> None:
    old, new = open_template("resblock"), open_template("resblock")
    new.graphs["resblock"].set("c2", kernel_size=1, padding=0)
    new.networks["main"].rename("r1", "stage")
    comparison = compared(rig, old, new, tmp_path)
    assert [(row.place, row.title, row.said) for row in comparison.rows if row.kind != FOLLOWS] == [
        ("Net", "stage", "block is now called stage"),
        ("ResBlock", "conv2", "kernel_size 3 → 1, padding 1 → 0"),
    ]
    rail = rail_of(rig)
    [item] = [rail.list.item(k) for k in range(rail.list.count()) if rail.list.item(k).text() == "conv2"]
    QTest.mouseClick(rail.list.viewport(), LEFT, NO, rail.list.visualItemRect(item).center())
    assert rig.document.graph.key == "resblock"
    assert rig.document.selection == ("c2",)
    assert rail.list.currentItem().data(ITEM).title == "conv2"
    assert other_of(rig).scene.plates["c2"].mark == "modified", "the other canvas went along"
    rig.key(Key.Key_Up, ALT)
    assert marks(other_of(rig))["r1"] == marks(rig.canvas)["r1"] == "modified"
    QTest.mouseDClick(other_of(rig), LEFT, NO, _middle(other_of(rig), "r1"))
    assert rig.document.graph.key == "resblock"


def _middle(canvas: Canvas, id: str) -> QPoint:
    plate = canvas.scene.plates[id]
    return canvas.camera.to_view(plate.x + plate.w / 2, plate.y + plate.h / 2).toPoint()


def test_the_list_and_the_marks_follow_edits(rig: WindowRig, tmp_path: Path) -> None:
    comparison = changed(rig, tmp_path)
    rig.document.edit(lambda: rig.graph.set("c1", out_channels=8))
    assert [row.title for row in comparison.rows] == ["relu", "drop"]
    assert marks(rig.canvas)["c1"] == "equal"
    assert listed(rig) == ["Chain", "relu", "drop"]
    rig.window.actions_["Undo"].trigger()
    assert marks(rig.canvas)["c1"] == "modified"
    assert listed(rig)[1] == "conv1"


def test_what_takes_long_is_compared_when_asked_for(
    rig: WindowRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("designer.difference.comparison.MOMENT", 0.0)
    changed(rig, tmp_path)
    assert not rail_of(rig).again.isVisible()
    rig.document.edit(lambda: rig.graph.set("c1", out_channels=8))
    assert listed(rig)[1] == "conv1"
    QTest.mouseClick(rail_of(rig).again, LEFT)
    assert listed(rig) == ["Chain", "relu", "drop"]
    assert not rail_of(rig).again.isVisible()
    assert marks(rig.canvas)["c1"] == "equal"


def test_with_the_saved_state_and_what_has_none(rig: WindowRig, tmp_path: Path) -> None:
    with rig.qtbot.waitSignal(rig.document.refused) as said:
        rig.window.actions_["Compare with the saved state"].trigger()
    assert said.args == ["The drawing has no file yet; save it, and later changes can be compared."]
    save(chain(), tmp_path / "new.netw")
    assert rig.window.files.open(tmp_path / "new.netw")
    rig.document.edit(lambda: rig.graph.set("c2", stride=2))
    rig.window.actions_["Compare with the saved state"].trigger()
    assert listed(rig)[:2] == ["Chain", "conv2"]
    QTest.mouseClick(rail_of(rig).shut, LEFT)
    assert rig.window.center.pair.other is None
    assert set(marks(rig.canvas).values()) == {""}


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_with_what_git_has(rig: WindowRig, tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    save(chain(), tmp_path / "new.netw")
    assert rig.window.files.open(tmp_path / "new.netw")
    with rig.qtbot.waitSignal(rig.document.refused) as said:
        rig.window.actions_["Compare with git's HEAD"].trigger()
    assert said.args == ["git has no version of new.netw in HEAD; commit the file first."]
    git("init", "-q")
    git("add", "new.netw")
    git("commit", "-q", "-m", "first")
    rig.document.edit(lambda: rig.graph.rename("c2", "last"))
    rig.window.files.save()
    rig.window.actions_["Compare with git's HEAD"].trigger()
    rig.qtbot.waitUntil(lambda: rig.window.against.comparison is not None)
    assert listed(rig) == ["Chain", "last"]


def test_equal_drawings_broken_files_and_no_comparison(rig: WindowRig, tmp_path: Path) -> None:
    with rig.qtbot.waitSignal(rig.document.refused) as said:
        rig.key(Key.Key_F7)
    assert said.args == ["Nothing is compared; choose File › Compare with…."]
    compared(rig, chain(), chain(), tmp_path)
    assert listed(rig) == ["No difference."]
    rig.window.actions_["End the comparison"].trigger()
    (tmp_path / "old.netw").write_text("{", encoding="utf-8")
    with rig.qtbot.waitSignal(rig.document.refused) as said:
        rig.window.actions_["Compare with…"].trigger()
    assert said.args is not None
    assert said.args[0].startswith("old.netw: The JSON is broken")


def test_another_drawing_ends_it(rig: WindowRig, tmp_path: Path) -> None:
    changed(rig, tmp_path)
    rig.document.new()
    assert rig.window.against.comparison is None
    assert rig.window.center.pair.other is None


def test_the_command_opens_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    seen: list[object] = []
    monkeypatch.setattr("designer.command._open_window", lambda *given: seen.append(given) or 0)
    for name in ("a.netw", "b.netw"):
        save(chain(), tmp_path / name)
    one, two = tmp_path / "a.netw", tmp_path / "b.netw"
    assert main([str(one), "--compare", str(two)]) == 0
    assert seen == [(one, "", two)]
    assert main([str(one), "--compare"]) == 2
    assert main([str(one), "--compare", str(tmp_path / "c.netw")]) == 2
    assert "There is no file" in capsys.readouterr().err


def test_large_drawings_are_compared_in_turns_of_the_event_loop(rig: WindowRig, tmp_path: Path) -> None:
    old, new = Project.new("long"), Project.new("long")
    for project in (old, new):
        graph = project.networks["main"]
        with project.editing("draw"):
            graph.add("Input", id="x", shape=["N", 8])
            for k in range(MANY):
                graph.add("ReLU", id=f"r{k}")
                graph.connect(f"r{k - 1}.y" if k else "x.y", f"r{k}.x")
            graph.add("Output", id="y")
            graph.connect(f"r{MANY - 1}.y", "y.x")
    edits.remove(new.networks["main"], ["r7"], heal=True)
    save(old, tmp_path / "old.netw")
    save(new, tmp_path / "new.netw")
    assert rig.window.files.open(tmp_path / "new.netw")
    rig.window.actions_["Compare with…"].trigger()
    assert rig.window.center.comparison is None, "not at once"
    rig.qtbot.waitUntil(lambda: marks(rig.canvas).get("r8") == "equal", timeout=20_000)
    assert [id for id, mark in marks(other_of(rig)).items() if mark == "removed"] == ["r7"]
    rig.window.actions_["Compare with…"].trigger()
    rig.window.against.end()
    QTest.qWait(50)
    assert rig.window.center.pair.other is None, "what was begun is given up"
