"""The whole window under a test's hands: mouse and keys on real widgets, and looks at the document."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget

from designer.canvas.camera import Camera
from designer.canvas.ports import anchors
from designer.panels.palette import TYPE_ROLE
from designer.settings import Settings
from designer.theme import themes
from designer.window import MainWindow
from graph_core import Node, dumps

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
Key = Qt.Key


class WindowRig:
    """A shown window with its own settings file; movement is off, so that a camera is where it was sent."""

    def __init__(self, qtbot, folder: Path) -> None:
        themes.set_still(True)
        self.qtbot = qtbot
        self.leaving = False
        self.window = MainWindow(Settings(folder / "settings.ini"))
        qtbot.addWidget(self.window, before_close_func=lambda _: setattr(self, "leaving", True))
        ask = self.window.files.may_leave
        self.window.files.may_leave = lambda: self.leaving or ask()  # the end of a test asks nothing
        self.window.canvas.motion = False
        self.window.resize(1500, 950)
        self.window.show()
        assert QTest.qWaitForWindowExposed(self.window, 20_000)
        self.document = self.window.document
        self.canvas = self.window.canvas

    @property
    def graph(self):
        return self.document.graph

    def node(self, name: str) -> Node:
        """The node of that name on the canvas."""
        found = self.graph.by_name(name)
        assert found is not None, [n.name for n in self.graph.nodes.values()]
        return found

    def bytes(self) -> str:
        """The document as it would be saved."""
        return dumps(self.document.project)

    # The canvas ----------------------------------------------------------------------------------------------

    def plain_view(self) -> None:
        """100 %, the origin in the upper left corner: a unit is a pixel."""
        self.canvas.set_camera(Camera(1.0, self.canvas.devicePixelRatioF(), 0, 0))
        self.canvas.repaint()

    def at(self, x: float, y: float) -> QPoint:
        return self.canvas.camera.to_view(x, y).toPoint()

    def middle(self, name: str) -> QPoint:
        """The middle of a node's plate."""
        plate = self.canvas.scene.plates[self.node(name).id]
        return self.at(plate.x + plate.w * 0.6, plate.y + plate.h / 2)

    def port(self, name: str, port: str) -> QPoint:
        """Where a port is on the screen."""
        return self.port_of(self.node(name).id, port)

    def port_of(self, id: str, port: str) -> QPoint:
        """Where a port of a node is, by the node's id: an input and an output of a block may have one name."""
        plate = self.canvas.scene.plates[id]
        anchor = next(a for a in anchors(plate) if a.port.name == port)
        return self.at(plate.x + anchor.x, plate.y + anchor.y)

    def mouse_move(self, at: QPoint, buttons: Qt.MouseButton = LEFT) -> None:
        QApplication.sendEvent(self.canvas, self.moved_event(at, NO, buttons))

    def mouse_move_on(self, widget: QWidget, at: QPoint) -> None:
        """Move the pressed mouse over another widget than the canvas."""
        place = QPointF(widget.mapToGlobal(at))
        moved = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), place, Qt.MouseButton.NoButton, LEFT, NO)
        QApplication.sendEvent(widget, moved)

    def moved_event(self, at: QPoint, held: Qt.KeyboardModifier = NO, buttons: Qt.MouseButton = LEFT) -> QMouseEvent:
        """What the canvas hears when the mouse moves there."""
        place = QPointF(self.canvas.mapToGlobal(at))
        return QMouseEvent(QEvent.Type.MouseMove, QPointF(at), place, Qt.MouseButton.NoButton, buttons, held)

    def drag(self, start: QPoint, end: QPoint) -> None:
        """Press, move in steps, let go."""
        QTest.mousePress(self.canvas, LEFT, NO, start)
        for k in range(1, 6):
            self.mouse_move(start + (end - start) * k / 5)
        QTest.mouseRelease(self.canvas, LEFT, NO, end)

    def click(self, at: QPoint, held: Qt.KeyboardModifier = NO) -> None:
        QTest.mouseClick(self.canvas, LEFT, held, at)

    def wire(self, source: str, out: str, target: str, port: str) -> None:
        """Drag a wire from one port to another."""
        self.drag(self.port(source, out), self.port(target, port))

    def turn(self) -> None:
        """What the event loop does before the next key: paints, timers, the deletion of widgets that are of no use."""
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = NO, on: QWidget | None = None) -> None:
        if not self.window.isActiveWindow():  # a dialog that was closed leaves no window active without a manager
            self.turn()
            self.window.activateWindow()
            assert QTest.qWaitForWindowActive(self.window, 20_000)
        QTest.keyClick(on or self.canvas, key, held)

    def drop_from_palette(self, type: str, at: QPoint) -> None:
        """Drag a type out of the palette onto the canvas, with the data that the palette itself makes."""
        tree = self.window.palette_panel.tree
        found = tree.findItems(type, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)
        typed = [item for item in found if item.data(0, TYPE_ROLE) == type]
        assert typed, type
        data: QMimeData = tree.mimeData(typed)
        action, buttons = Qt.DropAction.CopyAction, LEFT
        QApplication.sendEvent(self.canvas, QDragEnterEvent(at, action, data, buttons, NO))
        QApplication.sendEvent(self.canvas, QDragMoveEvent(at, action, data, buttons, NO))
        QApplication.sendEvent(self.canvas, QDropEvent(QPointF(at), action, data, buttons, NO))

    def search_and_place(self, words: str, at: QPoint) -> None:
        """Double-click on empty sheet, type, Enter."""
        QTest.mouseDClick(self.canvas, LEFT, NO, at)
        popup = self.window.verbs.popup
        assert popup.isVisible()
        QTest.keyClicks(popup.field, words)
        QTest.keyClick(popup.field, Qt.Key.Key_Return)

    # Panels --------------------------------------------------------------------------------------------------

    def type_into(self, field: str, text: str) -> None:
        """Type a parameter of the selected node into the inspector."""
        form = self.window.inspector.form
        assert form is not None
        editor = form.editors[field]
        editor.focus()
        entry = editor.findChildren(QLineEdit)[0]
        entry.selectAll()
        QTest.keyClicks(entry, text)
        QTest.keyClick(entry, Qt.Key.Key_Return)

    def answer_next_dialog(self, act) -> None:
        """When the next modal dialog is up, call ``act`` with it."""

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None:
                QTimer.singleShot(20, look)
            else:
                act(dialog)

        QTimer.singleShot(20, look)

    def answer_next_menu(self, act) -> None:
        """When the next menu is up, call ``act`` with it."""

        def look() -> None:
            menu = QApplication.activePopupWidget()
            if isinstance(menu, QMenu):
                act(menu)
            else:
                QTimer.singleShot(20, look)

        QTimer.singleShot(20, look)


@contextmanager
def one_step(rig: WindowRig, count: int = 1) -> Iterator[None]:
    """What happens inside is so many steps; taking them back and doing them again gives the saved bytes each time."""
    before, done = rig.bytes(), len(rig.document.history.titles)
    yield
    after = rig.bytes()
    assert after != before
    assert len(rig.document.history.titles) == done + count, rig.document.history.titles
    for _ in range(count):
        rig.key(Key.Key_Z, CTRL)
    assert rig.bytes() == before
    for _ in range(count):
        rig.key(Key.Key_Z, CTRL | SHIFT)
    assert rig.bytes() == after


def chosen(rig: WindowRig, *names: str) -> None:
    """Click nodes on the canvas, those after the first with Shift."""
    rig.click(rig.middle(names[0]))
    for name in names[1:]:
        rig.click(rig.middle(name), SHIFT)
