"""Two canvases with one camera, and the list of what changed between them; without a comparison the canvas alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from designer.canvas.camera import Camera
from designer.canvas.scene import Scene
from designer.canvas.snapshot import Snapshot
from designer.canvas.surface import Canvas
from designer.theme import themes
from designer.widgets import Elided, Strip
from designer.words import tr

if TYPE_CHECKING:
    from designer.difference.comparison import Comparison, Row
    from designer.difference.rail import Rail

READABLE = 0.8  # the zoom at which a change is looked at, at least


class Pair(QWidget):
    """The middle of the window: `canvas` shows the open drawing; `begin` puts the other one at its left.

    The cameras are one: what lies at a place of the one canvas lies there on the other, but for a shift that puts the
    change that is looked at side by side.
    """

    picked = Signal(str)  # a plate of the other canvas, chosen by a person

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.canvas = canvas
        self.other: Canvas | None = None
        self.rail: Rail | None = None
        self._following = False
        self._heads: list[Strip] = []
        self._sides: list[QWidget] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        self._column.addWidget(canvas, 1)
        self._row.addLayout(self._column, 1)
        self.setFocusProxy(canvas)

    def begin(self, comparison: Comparison) -> Rail:
        """Put the other canvas and the list beside the canvas."""
        from designer.difference.rail import Rail

        other = self.other = Canvas(themes.current)
        other.fixed = True
        other.setAcceptDrops(False)
        other.minimap_shown = other.bar.shown = False
        other.motion = False
        other.set_camera(self.canvas.camera)
        other.setAccessibleName(tr("Drawing before: {title}", title=comparison.title))
        left, self.rail = QWidget(), Rail(comparison)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._heads = [_head(comparison.title), _head(tr("{file}, open", file=comparison.document.name))]
        column.addWidget(self._heads[0])
        column.addWidget(other, 1)
        self._column.insertWidget(0, self._heads[1])
        self._row.insertWidget(0, left, 1)
        self._row.insertWidget(1, self.rail)
        self._sides = [left, self.rail]
        for widget in (*self._sides, *self._heads):
            widget.show()
        self._row.activate()  # from now on what is looked at is looked at in the size that it has
        self.canvas.beside, other.beside = (other, 0.0, 0.0), (self.canvas, 0.0, 0.0)
        self.canvas.camera_moved.connect(self._follow)
        other.camera_moved.connect(self._lead)
        other.selection_changed.connect(self._pick)
        return self.rail

    def end(self) -> None:
        """The canvas alone."""
        if self.other is None:
            return
        self.canvas.camera_moved.disconnect(self._follow)
        self.canvas.beside = None
        for widget in (*self._sides, *self._heads):
            widget.hide()
            widget.deleteLater()
        self.other, self.rail, self._sides, self._heads = None, None, [], []

    def show_other(self, scene: Scene, snap: Snapshot | None = None) -> None:
        """What the other canvas shows; `snap` is the scene's snapshot after the shown one, where there is one yet."""
        if self.other is not None and self.other.scene is not scene:
            self.other.show_scene(scene, snap)

    def set_theme(self) -> None:
        """Paint the other canvas in the present theme."""
        if self.other is not None:
            self.other.set_theme(themes.current)

    # One camera ----------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        other = self.other
        if other is not None and other.beside is not None and self.canvas.beside is not None and not self._following:
            self._following = True
            other.set_camera(_shifted(self.canvas.camera, *self.canvas.beside[1:]))
            self._following = False

    def _lead(self) -> None:
        other = self.other
        if other is not None and other.beside is not None and not self._following:
            self._following = True
            self.canvas.set_camera(_shifted(other.camera, *other.beside[1:]))
            self._following = False

    def look_at(self, row: Row, prefix: str) -> None:
        """Have a change in sight, on both canvases at the same height; `prefix` is that of its graph's ids on them."""
        other = self.other
        if other is None:
            return
        here = prefix + row.spot[1] if row.spot is not None else ""
        there = prefix + row.was[1] if row.was is not None else ""
        a, b = self.canvas.scene.plates.get(here), other.scene.plates.get(there)
        pin = (a, b) if a is not None and b is not None else self._neighbours(here, there)
        if pin is not None and pin[0] is not None and pin[1] is not None:
            dx, dy = pin[0].x - pin[1].x, pin[0].y - pin[1].y
            self.canvas.beside, other.beside = (other, dx, dy), (self.canvas, -dx, -dy)
        other.select((there,) if b is not None else ())
        target, shift = a, (0.0, 0.0)
        if target is None and self.canvas.beside is not None:
            target, shift = b, self.canvas.beside[1:]
        if target is None:
            return
        camera = self.canvas.camera
        zoom = max(camera.zoom, READABLE)
        scale = zoom * camera.dpr
        x, y = target.x + target.w / 2 + shift[0], target.y + target.h / 2 + shift[1]
        wide, high = self.canvas.width() * camera.dpr, self.canvas.height() * camera.dpr
        self.canvas.fly_to(Camera(zoom, camera.dpr, round(wide / 2 - x * scale), round(high / 2 - y * scale)))

    def _neighbours(self, here: str, there: str) -> tuple[object, object] | None:
        """What is wired to the changed plate and is on both canvases."""
        other = self.other
        assert other is not None
        for canvas, id in ((self.canvas, here), (other, there)):
            for wire in canvas.scene.wires.values() if id in canvas.scene.plates else ():
                ends = wire.source[0], wire.target[0]
                near = ends[0] if ends[1] == id else ends[1] if ends[0] == id else ""
                if near in self.canvas.scene.plates and near in other.scene.plates:
                    return self.canvas.scene.plates[near], other.scene.plates[near]
        return None

    def _pick(self, plates: tuple[str, ...]) -> None:
        if plates and self.other is not None and self.other.hasFocus():
            self.picked.emit(plates[-1])


def _head(title: str) -> Strip:
    strip = Strip("panel", "header")
    row = QHBoxLayout(strip)
    row.setContentsMargins(12, 0, 12, 0)
    row.addWidget(Elided(title, "small_strong", "ink2"))
    return strip


def _shifted(camera: Camera, dx: float, dy: float) -> Camera:
    return camera._replace(ox=round(camera.ox + dx * camera.scale), oy=round(camera.oy + dy * camera.scale))
