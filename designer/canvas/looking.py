"""Where a canvas looks: its camera, flights to other places, and what a look at all of the drawing shows."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QAbstractAnimation, QPointF, QTimer
from PySide6.QtWidgets import QWidget

from designer.canvas.camera import Box, Camera
from designer.canvas.flight import Flight
from designer.canvas.intents import Intents
from designer.canvas.scene import Scene
from designer.canvas.snapshot import Snapshot

_REFINE_MS = 120


class Looking(Intents):
    """The part of the canvas that knows from where the scene is seen.

    `beside` is a canvas that shares its camera, and by how much its places are moved to lie where they do here: what
    fits is what both show.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.snap = Snapshot(Scene())
        self.camera = Camera()
        self.motion = True
        self.selection: dict[str, None] = {}
        self.beside: tuple[Looking, float, float] | None = None
        self._unfitted = True
        self._fitted: Camera | None = None  # from where the whole drawing was last looked at
        self._refine = QTimer(self, singleShot=True, interval=_REFINE_MS)
        self._refine.timeout.connect(self.update)
        self._flight = Flight(self.set_camera, self)

    def set_camera(self, camera: Camera) -> None:
        """Look from there, at once."""
        zoomed = camera.zoom != self.camera.zoom
        self.camera = camera
        if zoomed:
            self._refine.start()
            self.zoomed.emit(camera.zoom)
        self._unfitted = False
        self.camera_moved.emit()
        self.update()

    def fly_to(self, camera: Camera) -> None:
        """Move there in 220 ms, or at once with reduced motion or while nothing is shown."""
        if not self.motion or not self.isVisible():
            self.set_camera(camera)
            return
        self._flight.go(self.camera, camera, QPointF(self.width() / 2, self.height() / 2))

    def zoom_to(self, zoom: float, about: QPointF) -> None:
        """To a zoom, keeping the point under `about` (logical pixels)."""
        self.fly_to(self.camera.zoomed(zoom, about))

    def bounds(self) -> Box | None:
        """What there is to see, here and on the canvas beside; None for nothing."""
        here = self.snap.bounds()
        there = self.beside[0].snap.bounds() if self.beside is not None else None
        if there is None or self.beside is None:
            return here
        _, dx, dy = self.beside
        x0, y0, x1, y1 = there[0] + dx, there[1] + dy, there[2] + dx, there[3] + dy
        return (min(x0, here[0]), min(y0, here[1]), max(x1, here[2]), max(y1, here[3])) if here else (x0, y0, x1, y1)

    def fit(self) -> None:
        """The whole drawing in view, at most at 100 %."""
        bounds = self.bounds()
        if bounds is not None:
            self._fitted = self.camera.fitted(bounds, self.width(), self.height())
            self.fly_to(self._fitted)

    def fit_selection(self) -> None:
        """The selection in view; everything if nothing is selected."""
        chosen = [self.snap.index[i] for i in self.selection]
        bounds = self.snap.bounds(np.array(chosen, np.intp)) if chosen else None
        if bounds is None:
            self.fit()
        else:
            self.fly_to(self.camera.fitted(bounds, self.width(), self.height(), margin=80))

    def reveal(self, plate: str) -> None:
        """Pan just so far that a plate is in sight."""
        if plate not in self.snap.index:
            return
        x, y, w, h = self.snap.rect[self.snap.index[plate]].tolist()
        box = self.camera.rect_to_view(x, y, w, h)
        dx = max(24 - box.left(), 0) or min(self.width() - 24 - box.right(), 0)
        dy = max(40 - box.top(), 0) or min(self.height() - 56 - box.bottom(), 0)
        if dx or dy:
            self.fly_to(self.camera.moved(dx, dy))

    @property
    def shows_all(self) -> bool:
        """Whether all of it is looked at since it was last made to fit, or will be when the camera has arrived."""
        going = self._flight.state() == QAbstractAnimation.State.Running
        return self._unfitted or (self._flight.target if going else self.camera) == self._fitted

    def _first_fit(self) -> None:
        self._flight.stop()
        bounds = self.bounds()
        if bounds is not None:
            self._fitted = self._at_ratio(self.camera).fitted(bounds, self.width(), self.height())
            self.set_camera(self._fitted)

    def _at_ratio(self, camera: Camera) -> Camera:
        dpr = self.devicePixelRatioF()
        if dpr == camera.dpr:
            return camera
        k = dpr / camera.dpr
        return Camera(camera.zoom, dpr, round(camera.ox * k), round(camera.oy * k))
