"""The camera's movement: 220 ms, zoom and place arriving together."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QVariantAnimation

from designer.canvas.camera import Camera

CAMERA_MS = 220


class Flight(QVariantAnimation):
    """Calls `show` with every camera on the way; the point in the middle of the view moves evenly on the screen."""

    def __init__(self, show: Callable[[Camera], None], parent: QObject) -> None:
        super().__init__(parent)
        self.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self._show = show
        self._ends = (Camera(), Camera())
        self._middle = QPointF()
        self.valueChanged.connect(self._step)

    def go(self, start: Camera, end: Camera, middle: QPointF) -> None:
        """Fly from `start` to `end`; `middle` of the view in logical pixels."""
        self.stop()
        self._ends, self._middle = (start, end), middle
        self.setDuration(CAMERA_MS)
        self.start()

    @property
    def target(self) -> Camera:
        """Where the last flight goes."""
        return self._ends[1]

    def _step(self, t: float) -> None:
        a, b = self._ends
        if t >= 1.0:
            self._show(b)
            return
        middle = self._middle
        zoom = a.zoom * (b.zoom / a.zoom) ** t
        p, q = a.to_canvas(middle), b.to_canvas(middle)
        k = t if a.zoom == b.zoom else (1 / zoom - 1 / a.zoom) / (1 / b.zoom - 1 / a.zoom)
        x, y = p.x() + (q.x() - p.x()) * k, p.y() + (q.y() - p.y()) * k
        s = zoom * b.dpr
        self._show(Camera(zoom, b.dpr, round(middle.x() * b.dpr - x * s), round(middle.y() * b.dpr - y * s)))
