"""The export dialog asks for what its format needs, and hands exactly that to the worker."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import onnx
import torch
from PySide6.QtTest import QTest
from torch import Tensor, nn

from codegen.intake import import_with_report
from designer.export_dialog import FORMATS, ExportDialog
from graph_core import edits, save
from graph_core.kept import put, weights_path
from tests.gui.window_rig import LEFT, Key, WindowRig


def choose(dialog: ExportDialog, key: str) -> None:
    """By the keyboard, as a person does who knows the list."""
    dialog.format.setFocus()
    QTest.keyClick(dialog.format, Key.Key_Home)
    for _ in range([kind.key for kind in FORMATS].index(key)):
        QTest.keyClick(dialog.format, Key.Key_Down)
    assert dialog.kind.key == key


def export(rig: WindowRig, work: Callable[[ExportDialog], None]) -> None:
    rig.answer_next_dialog(work)
    QTest.mouseClick(rig.window.topbar.export, LEFT)


def test_each_format_shows_its_own_fields(rig: WindowRig) -> None:
    rig.window.files.new_from_template("lenet")

    def look(dialog: ExportDialog) -> None:
        fields = {"weights": dialog.weights, "opset": dialog.opset, "fold": dialog.fold}
        fields |= {"precision": dialog.precision, "workspace": dialog.workspace, "sizes": dialog.sizes}
        shown = {}
        for kind in FORMATS:
            choose(dialog, kind.key)
            shown[kind.key] = {name for name, field in fields.items() if field.isVisible()}
        assert shown["py"] == shown["png"] == set()
        assert shown["package"] == shown["pt2"] == {"weights"}
        assert shown["onnx"] == {"weights", "opset", "fold"}
        assert shown["tensorrt"] == set(fields)
        QTest.mouseClick(dialog.shut, LEFT)

    export(rig, look)


def test_an_engine_script_holds_what_was_chosen(rig: WindowRig, tmp_path: Path) -> None:
    rig.window.files.new_from_template("mlp")
    out = tmp_path / "engine"

    def write(dialog: ExportDialog) -> None:
        choose(dialog, "tensorrt")
        dialog.place.selectAll()
        QTest.keyClicks(dialog.place, str(out))
        QTest.keyClicks(dialog.precision, "bf")
        dialog.workspace.selectAll()
        QTest.keyClicks(dialog.workspace, "256")
        dialog.opset.setFocus()
        dialog.opset.selectAll()
        QTest.keyClicks(dialog.opset, "13")
        QTest.keyClicks(dialog.sizes, "N=2")
        QTest.mouseClick(dialog.go, LEFT)
        assert "smallest, usual and largest" in dialog.status.text()
        dialog.sizes.setFocus()
        QTest.keyClicks(dialog.sizes, ",4,8")
        QTest.mouseClick(dialog.fold, LEFT, pos=dialog.fold.rect().center().transposed())
        QTest.mouseClick(dialog.go, LEFT)
        rig.qtbot.waitUntil(lambda: dialog.go.isEnabled(), timeout=60_000)
        assert "build_engine.py" in dialog.status.text(), dialog.status.text()
        QTest.mouseClick(dialog.shut, LEFT)

    export(rig, write)
    assert onnx.load(out / "model.onnx").opset_import[0].version == 13
    tree = ast.parse((out / "build_engine.py").read_text(encoding="utf-8"))
    constants = {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
    assert constants["WORKSPACE"] == 256 * 2**20
    assert constants["PRECISION"] == "bf16"
    assert constants["SIZES"] == {"N": (2, 4, 8)}


class Blocks(nn.Module):
    """Two blocks of one class, to be imported."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up, self.act, self.down = nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 6)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.down(self.act(self.up(x)))

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = self.Block(), self.Block()

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.one(x))


def test_weights_that_an_edited_import_does_not_fit_are_named(rig: WindowRig, tmp_path: Path) -> None:
    """Another activation keeps them all; another width is told in numbers, and by name."""
    project = import_with_report(Blocks().eval(), (torch.randn(2, 6),)).project
    assert project.file is not None
    path = tmp_path / "blocks.netw"
    save(project, path)
    put(weights_path(project.file), weights_path(path))
    rig.window.files.open(path)
    project = rig.document.project
    block = next(graph for graph in project.graphs.values() if graph.name == "Block")
    told: list[tuple[str, str]] = []

    def look(dialog: ExportDialog) -> None:
        choose(dialog, "package")
        told.append((dialog.weights.itemText(0), dialog.weights.toolTip()))
        QTest.mouseClick(dialog.shut, LEFT)

    export(rig, look)
    act, down = block.by_name("act"), block.by_name("down")
    assert act is not None
    assert down is not None
    with project.editing("Swap"):
        edits.remove(block, [act.id], heal=True)
        edits.insert_on_wire(block, f"{down.id}.x", edits.add(block, "GELU", name="act").id)
    export(rig, look)
    assert {text for text, _ in told} == {"Kept with the drawing"}
    up = block.by_name("up")
    assert up is not None
    edits.set_params(block, up.id, {"out_features": 20})
    export(rig, look)
    text, names = told[-1]
    assert text == "Kept with the drawing; 6 start from fresh values"
    assert "one.up.weight is kept as 12×6 and is 20×6 now" in names
    assert "two.down.weight" in names
