"""Files dragged onto the window: a drawing opens, anything else is refused while it is still held."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from graph_core import dumps, save
from graph_core.templates import open_template
from tests.gui.window_rig import LEFT, NO, WindowRig


def drop(on: QWidget, *paths: Path) -> bool:
    """Drag files over a widget and let go; whether the widget, or what it lies in, took them."""
    data, at = QMimeData(), QPoint(20, 20)
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    enter = QDragEnterEvent(at, actions, data, LEFT, NO)
    enter.ignore()
    QApplication.sendEvent(on, enter)
    if not enter.isAccepted():
        return False
    move = QDragMoveEvent(at, actions, data, LEFT, NO)
    QApplication.sendEvent(on, move)
    assert move.isAccepted()
    let_go = QDropEvent(QPointF(at), actions, data, LEFT, NO)
    QApplication.sendEvent(on, let_go)
    assert let_go.dropAction() == Qt.DropAction.CopyAction, "the file manager must keep its file"
    QTest.qWait(0)
    return True


def test_a_drawing_opens_wherever_it_is_let_go(rig: WindowRig, tmp_path: Path):
    window = rig.window
    for name, on in (("lenet", window.gallery), ("mlp", window.canvas), ("resblock", window.inspector)):
        path = tmp_path / f"{name}.NETW"
        save(open_template(name), path)
        assert drop(on, path)
        assert rig.document.path == path
        assert rig.bytes() == dumps(open_template(name))
        assert window.canvas.isVisible()
        assert window.settings.recent()[0] == path


def test_unsaved_work_is_asked_about(rig: WindowRig, tmp_path: Path):
    path = tmp_path / "a.netw"
    save(open_template("mlp"), path)
    rig.window.files.new_from_template("lenet")
    node = rig.node("conv1")
    assert rig.document.edit(lambda: rig.graph.set(node.id, out_channels=24))
    before = rig.bytes()

    def stay(box: QMessageBox) -> None:
        next(b for b in box.buttons() if b.text() == "Keep editing").click()

    rig.answer_next_dialog(stay)
    assert drop(rig.canvas, path)
    assert rig.bytes() == before
    assert rig.document.path is None


def test_what_is_no_drawing_is_refused(rig: WindowRig, tmp_path: Path):
    before = rig.bytes()
    assert not drop(rig.canvas, tmp_path / "a.png")
    assert not drop(rig.canvas)
    assert rig.bytes() == before


def test_one_window_shows_one_drawing(rig: WindowRig, tmp_path: Path):
    before = rig.bytes()
    assert drop(rig.canvas, tmp_path / "a.netw", tmp_path / "b.netw")
    assert rig.bytes() == before
    assert rig.window.center.banner.text.text().startswith("2 drawings were dropped")


def test_a_file_that_cannot_be_read_is_told(rig: WindowRig, tmp_path: Path):
    (tmp_path / "a.netw").write_text("{")
    before = rig.bytes()
    assert drop(rig.canvas, tmp_path / "a.netw")
    assert rig.bytes() == before
    assert "a.netw" in rig.window.center.banner.text.text()
