"""A shown canvas with a judge, and the intents it has sent."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas.camera import Camera
from designer.canvas.intents import Intents
from designer.canvas.scene import End, Scene, Verdict
from designer.canvas.surface import Canvas
from designer.theme import Theme

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SIGNALS = [name for name, value in vars(Intents).items() if isinstance(value, Signal)]


class Rules:
    """A judge that refuses wires into `refused`, and notes what it was asked."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.asked: list[tuple[object, ...]] = []

    def wire(self, source: End, target: End) -> Verdict:
        self.asked.append(("wire", source, target))
        if target[0] in self.refused or source[0] in self.refused:
            return Verdict(False, "Needs 3 axes", "fc gives 1: 10")
        return Verdict(True, "With Flatten between", "▲ 2.007 M params")

    def insert(self, what: str, wire: str) -> Verdict:
        self.asked.append(("insert", what, wire))
        return Verdict(wire not in self.refused, f"{what} into {wire}", "▲ 64 params")


class Rig:
    """A canvas at 100 % with its origin in the widget's corner, so that units are pixels."""

    def __init__(self, qtbot, scene: Scene, size: tuple[int, int] = (1000, 700), theme: str = "light") -> None:
        self.rules = Rules()
        self.canvas = Canvas(Theme(theme), self.rules)  # type: ignore[arg-type]
        self.canvas.motion = False
        qtbot.addWidget(self.canvas)
        self.canvas.resize(*size)
        self.canvas.show_scene(scene)
        self.canvas.show()
        assert QTest.qWaitForWindowExposed(self.canvas)
        self.canvas.setFocus()
        self.canvas.set_camera(Camera(1.0, self.canvas.devicePixelRatioF(), 0, 0))
        self.canvas.repaint()
        self.said: list[tuple[object, ...]] = []
        for name in SIGNALS:
            getattr(self.canvas, name).connect(lambda *args, name=name: self.said.append((name, *args)))

    def told(self, name: str) -> list[tuple[object, ...]]:
        """The arguments of every intent of that name."""
        return [entry[1:] for entry in self.said if entry[0] == name]

    def at(self, x: float, y: float) -> QPoint:
        return self.canvas.camera.to_view(x, y).toPoint()

    def press(self, x: float, y: float, held: Qt.KeyboardModifier = NO, button: Qt.MouseButton = LEFT) -> None:
        QTest.mousePress(self.canvas, button, held, self.at(x, y))

    def move(self, x: float, y: float, held: Qt.KeyboardModifier = NO, buttons: Qt.MouseButton = LEFT) -> None:
        # QTest.mouseMove carries neither buttons nor modifiers.
        at = QPointF(self.at(x, y))
        place = QPointF(self.canvas.mapToGlobal(at.toPoint()))
        event = QMouseEvent(QEvent.Type.MouseMove, at, place, Qt.MouseButton.NoButton, buttons, held)
        QApplication.sendEvent(self.canvas, event)

    def release(self, x: float, y: float, held: Qt.KeyboardModifier = NO, button: Qt.MouseButton = LEFT) -> None:
        QTest.mouseRelease(self.canvas, button, held, self.at(x, y))

    def click(self, x: float, y: float, held: Qt.KeyboardModifier = NO) -> None:
        self.press(x, y, held)
        self.release(x, y, held)

    def drag(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        held: Qt.KeyboardModifier = NO,
        button: Qt.MouseButton = LEFT,
    ) -> None:
        """Press, move in four steps, let go."""
        self.press(*start, held, button)
        for k in range(1, 5):
            x, y = (start[i] + (end[i] - start[i]) * k / 4 for i in (0, 1))
            self.move(x, y, held, button)
        self.release(*end, held, button)

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = NO) -> None:
        QTest.keyClick(self.canvas, key, held)
