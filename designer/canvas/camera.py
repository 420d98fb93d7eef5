"""Where the canvas looks: zoom about a point, fit, and the conversion between canvas units and pixels."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF

ZOOM_MIN, ZOOM_MAX = 0.02, 4.0
STEPS = (0.02, 0.04, 0.06, 0.08, 0.12, 0.16, 0.25, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)

Box = tuple[float, float, float, float]


class Camera(NamedTuple):
    """device pixel = unit * zoom * dpr + (ox, oy). The origin is whole device pixels, so that a pan can copy pixels."""

    zoom: float = 1.0
    dpr: float = 1.0
    ox: int = 0
    oy: int = 0

    @property
    def scale(self) -> float:
        """Device pixels per canvas unit."""
        return self.zoom * self.dpr

    def to_canvas(self, at: QPointF) -> QPointF:
        """From logical widget pixels to canvas units."""
        return QPointF((at.x() * self.dpr - self.ox) / self.scale, (at.y() * self.dpr - self.oy) / self.scale)

    def to_view(self, x: float, y: float) -> QPointF:
        """From canvas units to logical widget pixels."""
        return QPointF((x * self.scale + self.ox) / self.dpr, (y * self.scale + self.oy) / self.dpr)

    def rect_to_view(self, x: float, y: float, w: float, h: float) -> QRectF:
        """A rectangle from canvas units to logical widget pixels."""
        corner = self.to_view(x, y)
        return QRectF(corner.x(), corner.y(), w * self.zoom, h * self.zoom)

    def box(self, device: QRect) -> Box:
        """The canvas units (x0, y0, x1, y1) under a rectangle of device pixels."""
        s = self.scale
        x, y = (device.x() - self.ox) / s, (device.y() - self.oy) / s
        return x, y, x + device.width() / s, y + device.height() / s

    def moved(self, dx: float, dy: float) -> Camera:
        """Panned by logical pixels."""
        return self._replace(ox=round(self.ox + dx * self.dpr), oy=round(self.oy + dy * self.dpr))

    def zoomed(self, zoom: float, about: QPointF) -> Camera:
        """At another zoom, the point under `about` (logical pixels) staying where it is."""
        zoom = min(max(zoom, ZOOM_MIN), ZOOM_MAX)
        at = self.to_canvas(about)
        s = zoom * self.dpr
        return Camera(
            zoom, self.dpr, round(about.x() * self.dpr - at.x() * s), round(about.y() * self.dpr - at.y() * s)
        )

    def stepped(self, direction: int, about: QPointF) -> Camera:
        """To the next round zoom in or out."""
        if direction > 0:
            zoom = next((step for step in STEPS if step > self.zoom * 1.005), ZOOM_MAX)
        else:
            zoom = next((step for step in reversed(STEPS) if step < self.zoom / 1.005), ZOOM_MIN)
        return self.zoomed(zoom, about)

    def fitted(self, box: Box, width: float, height: float, margin: float = 40.0, most: float = 1.0) -> Camera:
        """Showing the whole box in a widget of logical `width` x `height`, never larger than `most`."""
        x0, y0, x1, y1 = box
        room_w, room_h = max(width - 2 * margin, 40.0), max(height - 2 * margin, 40.0)
        zoom = min(room_w / max(x1 - x0, 1.0), room_h / max(y1 - y0, 1.0), most)
        zoom = min(max(zoom, ZOOM_MIN), ZOOM_MAX)
        s = zoom * self.dpr
        ox = width * self.dpr / 2 - (x0 + x1) / 2 * s
        oy = height * self.dpr / 2 - (y0 + y1) / 2 * s
        return Camera(zoom, self.dpr, round(ox), round(oy))
