"""The still picture: one opaque pixmap at device resolution, scrolled on a pan and patched after an edit."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPixmap, QRegion

from designer.canvas.camera import Box, Camera
from designer.canvas.picture import Picture
from designer.canvas.routes import Bools
from designer.canvas.snapshot import Snapshot

BUDGET_MS = 10.0  # a full paint slower than this is put off while the zoom is still changing
_PATCHES = 64


class Base:
    """Keeps the pixmap equal to the snapshot seen through the camera, at the least cost."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.pixmap = QPixmap()
        self.shown = Camera()
        self.full_ms = 0.0
        self.fresh = False
        self.scaled = False  # the zoom has moved on and the old picture stands in, scaled
        self._patches = QRegion()
        self.hidden: Bools | None = None
        self.hidden_wires: Bools | None = None

    def forget(self) -> None:
        """Everything is to be painted anew."""
        self.fresh = False
        self._patches = QRegion()

    def patch(self, boxes: list[Box], camera: Camera) -> None:
        """These boxes of canvas units have changed."""
        if len(boxes) > _PATCHES:
            self.forget()
            return
        for box in boxes:
            self._patches = self._patches.united(device_rect(box, camera))

    def sync(self, snap: Snapshot, camera: Camera, size: QSize, *, patient: bool) -> None:
        """Bring the pixmap up to date; with `patient` a slow repaint for a new zoom may wait, `scaled` then says so."""
        if self.pixmap.size() != size:
            self.pixmap = QPixmap(size)
            self.fresh = False
        self.scaled = False
        if not self.fresh:
            self._all(snap, camera)
        elif camera.zoom != self.shown.zoom or camera.dpr != self.shown.dpr:
            if patient and self.full_ms > BUDGET_MS:
                self.scaled = True
                return
            self._all(snap, camera)
        elif camera != self.shown:
            self._scroll(snap, camera)
        if not self._patches.isEmpty():
            region, self._patches = self._patches, QRegion()
            self._paint(snap, region.intersected(self.pixmap.rect()))

    def _all(self, snap: Snapshot, camera: Camera) -> None:
        start = time.perf_counter()
        self.shown, self.fresh, self._patches = camera, True, QRegion()
        self._paint(snap, QRegion(self.pixmap.rect()))
        self.full_ms = (time.perf_counter() - start) * 1000

    def _scroll(self, snap: Snapshot, camera: Camera) -> None:
        dx, dy = camera.ox - self.shown.ox, camera.oy - self.shown.oy
        rect = self.pixmap.rect()
        self.shown = camera
        if abs(dx) >= rect.width() or abs(dy) >= rect.height():
            self._all(snap, camera)
            return
        self.pixmap.scroll(dx, dy, rect)
        self._patches.translate(dx, dy)
        self._paint(snap, QRegion(rect).subtracted(QRegion(rect.translated(dx, dy))))

    def _paint(self, snap: Snapshot, region: QRegion) -> None:
        painter = QPainter(self.pixmap)
        for rect in _joined(region):
            painter.save()
            painter.setClipRect(rect)
            self.picture.paint(painter, snap, self.shown, rect, hidden=self.hidden, hidden_wires=self.hidden_wires)
            painter.restore()
        painter.end()

    def blit(self, painter: QPainter, camera: Camera, ground: QColor) -> None:
        """Copy the pixmap to the widget (logical pixels), scaled if it stands in for another zoom."""
        if not self.scaled:
            self.pixmap.setDevicePixelRatio(camera.dpr)
            painter.drawPixmap(0, 0, self.pixmap)
            self.pixmap.setDevicePixelRatio(1.0)
            return
        k = camera.scale / self.shown.scale
        left = (camera.ox - self.shown.ox * k) / camera.dpr
        top = (camera.oy - self.shown.oy * k) / camera.dpr
        wide, high = self.pixmap.width() * k / camera.dpr, self.pixmap.height() * k / camera.dpr
        target = QRectF(left, top, wide, high)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for rect in _rects(
            QRegion(painter.viewport()).subtracted(QRegion(target.toAlignedRect().adjusted(1, 1, -1, -1)))
        ):
            painter.fillRect(rect, ground)
        painter.drawPixmap(target, self.pixmap, QRectF(QPointF(0, 0), QPointF(*_size(self.pixmap))))


def _rects(region: QRegion) -> list[QRect]:
    # Iterable since Qt 5.8; the type stubs do not say so.
    rects: list[QRect] = list(region)  # type: ignore[call-overload]
    return rects


def _joined(region: QRegion) -> list[QRect]:
    """The rectangles of a region, or the one around them where that is little more: each is a look at the whole."""
    rects, around = _rects(region), region.boundingRect()
    area = sum(rect.width() * rect.height() for rect in rects)
    return rects if around.width() * around.height() > 2 * area else [around]


def _size(pixmap: QPixmap) -> tuple[float, float]:
    return float(pixmap.width()), float(pixmap.height())


def device_rect(box: Box, camera: Camera) -> QRect:
    """The device pixels that cover a box of canvas units."""
    s = camera.scale
    x0, y0 = int(box[0] * s + camera.ox) - 2, int(box[1] * s + camera.oy) - 2
    x1, y1 = int(box[2] * s + camera.ox) + 3, int(box[3] * s + camera.oy) + 3
    limit = 1 << 20
    corner = QPoint(max(-limit, min(limit, x0)), max(-limit, min(limit, y0)))
    return QRect(corner, QPoint(max(-limit, min(limit, x1)), max(-limit, min(limit, y1))))


def changed_boxes(before: Snapshot, now: Snapshot) -> list[Box]:
    """The boxes in which a snapshot may differ from the one it was made after."""
    boxes: list[Box] = []
    reach = max(before.reach, now.reach, 48.0)
    for snap, plates in ((now, now.fresh), (before, now.lost)):
        if len(plates) > _PATCHES:
            return [(0.0, 0.0, 0.0, 0.0)] * (_PATCHES + 1)
        for x, y, w, h in snap.rect[plates].tolist():
            boxes.append((x - reach, y - 48, x + w + 48, y + h + 48))
    for snap, wires in ((now, now.fresh_wires), (before, now.lost_wires)):
        # All wires of an output: whether they part from one another shows in junctions and labels.
        touched = np.flatnonzero(np.isin(snap.outlet, snap.outlet[wires])) if len(wires) else wires
        if len(touched) > 4 * _PATCHES:
            return [(0.0, 0.0, 0.0, 0.0)] * (_PATCHES + 1)
        for x0, y0, x1, y1 in snap.paths.box[touched].tolist():
            boxes.append((x0 - 110, y0 - 40, x1 + 130, y1 + 40))
    return boxes
