"""What a screen reader finds in the window: names for everything, the drawing in words; once over AT-SPI itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QApplication, QComboBox, QMenu, QWidget

from designer.export_dialog import ExportDialog
from designer.focus import is_stop
from designer.import_dialog import ImportDialog
from designer.key_sheet import KeySheet
from graph_core import edits
from tests.gui.window_rig import LEFT, WindowRig

Role, Said = QAccessible.Role, QAccessible.Text
VALUES = {Role.EditableText, Role.ComboBox, Role.SpinBox, Role.Slider}


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("lenet")
    return rig


def heard(thing: QWidget) -> QAccessibleInterface:
    found = QAccessible.queryAccessibleInterface(thing)
    assert found is not None
    return found


def plate(rig: WindowRig, name: str) -> QAccessibleInterface:
    """A node as an item of the canvas's list."""
    canvas = heard(rig.canvas)
    wanted = rig.node(name).id
    return next(c for c in map(canvas.child, range(canvas.childCount())) if c.name == wanted)


def unnamed(window: QWidget) -> list[str]:
    """What takes the keyboard and has no name; a box to choose from needs one besides what is chosen."""
    found = []
    for widget in window.findChildren(QWidget):
        if widget.window() is not window or not is_stop(widget):
            continue
        name = heard(widget).text(Said.Name)
        labelled = any(r[1] == QAccessible.RelationFlag.Label for r in heard(widget).relations())
        if not name or (isinstance(widget, QComboBox) and not labelled and not widget.accessibleName()):
            found.append(f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}")
    return found


def test_nodes_are_told_by_type_name_shape_and_problems(rig: WindowRig) -> None:
    assert plate(rig, "conv1").text(Said.Name) == "Conv2d conv1, 16×8×8"
    assert plate(rig, "conv1").text(Said.Description) == "3×3 p1; 160 parameters; from x 1×8×8"
    assert plate(rig, "x").text(Said.Name) == "Input x, 1×8×8"
    edits.set_params(rig.graph, rig.node("pool2").id, {"kernel_size": 9})
    pool = plate(rig, "pool2")
    assert pool.text(Said.Name) == "MaxPool2d pool2, 1 problem"
    said = next(p.message for p in rig.document.analysis().problems if p.node == rig.node("pool2").id)
    assert said in pool.text(Said.Description)


def test_the_list_is_read_along_the_wires(rig: WindowRig) -> None:
    canvas = heard(rig.canvas)
    names = [rig.graph.nodes[canvas.child(k).name].name for k in range(canvas.childCount())]
    assert names[:5] == ["x", "conv1", "relu1", "pool1", "conv2"]
    assert names[-1] == "y"
    assert [canvas.indexOfChild(canvas.child(k)) for k in range(len(names))] == list(range(len(names)))
    middle = plate(rig, "fc1").rect().center()
    assert canvas.childAt(middle.x(), middle.y()).name == rig.node("fc1").id
    assert canvas.childAt(middle.x() + 5000, middle.y()) is None


def test_in_a_block_opened_in_place_the_block_is_named(rig: WindowRig) -> None:
    rig.window.files.new_from_template("resnet18")
    block = rig.node("layer1").id
    assert plate(rig, "layer1").state().expandable
    assert not plate(rig, "layer1").state().expanded
    rig.document.unfold(block)
    assert plate(rig, "layer1").state().expanded
    canvas = heard(rig.canvas)
    inner = [c for c in map(canvas.child, range(canvas.childCount())) if c.name.startswith(f"{block}/")]
    assert inner[0].text(Said.Description).startswith("in layer1")
    assert {c.text(Said.Name).split(",")[0] for c in inner} >= {"Conv2d conv1", "BatchNorm2d bn1"}


def test_a_reader_selects_and_asks_for_the_menu(rig: WindowRig, qtbot) -> None:
    choice = heard(rig.canvas).selectionInterface()
    assert choice.select(plate(rig, "conv1"))
    assert choice.select(plate(rig, "fc1"))
    assert rig.document.selection == (rig.node("conv1").id, rig.node("fc1").id)
    assert choice.selectedItemCount() == 2
    assert choice.unselect(plate(rig, "conv1"))
    assert choice.isSelected(plate(rig, "fc1"))
    assert choice.clear()
    assert rig.document.selection == ()
    acts = plate(rig, "relu3").actionInterface()
    acts.doAction(acts.pressAction())
    assert rig.document.selection == (rig.node("relu3").id,)
    offered: list[str] = []

    def take() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        offered.extend(action.text().partition("\t")[0] for action in menu.actions())
        menu.close()

    acts.doAction(acts.showMenuAction())
    QTimer.singleShot(50, take)
    qtbot.waitUntil(lambda: bool(offered))
    assert "Duplicate with wires" in offered


def test_everything_that_takes_the_keyboard_has_a_name(rig: WindowRig, qtbot) -> None:
    window = rig.window
    qtbot.waitUntil(lambda: window.afterwards.done)
    missing: set[str] = set()
    for k in range(window.tabs.count()):
        window.tabs.setCurrentIndex(k)
        rig.turn()
        missing |= set(unnamed(window))
    for template in ("lenet", "resnet18", "lstm_gates", "transformer_encoder"):
        window.files.new_from_template(template)
        for id in [*rig.graph.nodes][:12]:
            rig.document.select((id,))
            missing |= set(unnamed(window))
        rig.document.select([*rig.graph.nodes][1:4])
        missing |= set(unnamed(window))
        rig.document.select(())
        missing |= set(unnamed(window))
    dialogs = (
        KeySheet(window.actions_, window.keymap, window),
        ExportDialog(rig.document, window.drawing, window.training, window.write_picture, window),
    )
    for replacing in (False, True):
        window.center.find(replacing=replacing)
        rig.turn()
        missing |= set(unnamed(window))
    asked = ImportDialog(rig.document, window.files, window)
    asked.show()
    for source in ("module", "program"):
        rig.qtbot.mouseClick(asked.source.segment(source), LEFT)
        missing |= set(unnamed(asked))
    asked.pages.setCurrentWidget(asked.report)
    missing |= set(unnamed(asked))
    asked.close()
    asked.deleteLater()
    for dialog in dialogs:
        dialog.show()
        missing |= set(unnamed(dialog))
        dialog.close()
        dialog.deleteLater()
    assert missing == set()


NEEDED = ("dbus-run-session", "Xvfb", "gdbus")
LAUNCHER = Path("/usr/libexec/at-spi-bus-launcher")


@pytest.mark.skipif(
    sys.platform != "linux" or not all(map(shutil.which, NEEDED)) or not LAUNCHER.exists(),
    reason="needs dbus-run-session, Xvfb, gdbus and at-spi2-core",
)
def test_the_window_is_read_over_at_spi(tmp_path: Path) -> None:
    command = ["dbus-run-session", "--", sys.executable, "-m", "tests.gui.at_spi", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["canvas"] == ["Drawing", "list"]
    names = [name for name, role, _, _ in told["plates"]]
    assert names[:3] == ["Input x, 1×8×8", "Conv2d conv1, 16×8×8", "ReLU relu1, 16×8×8"]
    assert {role for _, role, _, _ in told["plates"]} == {"list item"}
    tops = [box[1] for name, _, box, _ in told["plates"][:4]]
    assert tops == sorted(set(tops)), "the chain runs down"
    assert all(box[2] > 50 and box[3] > 10 for _, _, box, _ in told["plates"])
    assert "from x 1×8×8" in told["plates"][1][3]
    assert told["outline"][0] == "Outline"
    assert any(row.startswith("conv1, Conv2d") for row in told["outline"][1:])
    assert "wire conv2 → relu2, 32×4×4" in told["outline"]
    assert told["pressed"] == "Conv2d conv1, 16×8×8"
    assert told["left"][:2] == ["Input x, 1×8×8", "ReLU relu1, 1×8×8"], "what was pressed has been removed since"
