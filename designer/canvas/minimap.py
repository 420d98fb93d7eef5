"""The whole drawing in 164 x 96, and the zoom bar: both painted on the canvas, both click- and draggable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPixmap

from designer.canvas.body import pen, tinted
from designer.canvas.camera import Camera
from designer.canvas.routes import clipped
from designer.canvas.rows import BODY, SHEET
from designer.words import tr

if TYPE_CHECKING:
    from designer.canvas.surface import Canvas

MAP_W, MAP_H, MARGIN, INSET = 164.0, 96.0, 12.0, 6.0
BAR_H = 30.0
_LATER_MS = 80
_NEAR = 50  # wires that may pass it; where there are more, some do
# (name, width) of the zoom bar's parts, left to right.
BAR = (("out", 30.0), ("reset", 52.0), ("in", 30.0), ("fit", 44.0))


class Minimap:
    """Family bars, block outlines and the view rectangle."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._picture = QPixmap()
        self._stale = True
        self._frame = (0.0, 0.0, 1.0)
        self._looked: tuple[Any, bool] | None = None
        self._later = QTimer(canvas, singleShot=True, interval=_LATER_MS)
        self._later.timeout.connect(self.forget)

    def is_there(self) -> bool:
        """Whether it is wanted and has room; it covers nothing while all of the drawing is in sight."""
        canvas, snap = self.canvas, self.canvas.snap
        if not canvas.minimap_shown or not snap.rows or canvas.width() < 3 * MAP_W or canvas.height() < 3 * MAP_H:
            return False
        key = (canvas.camera, canvas.size())
        if self._looked is None or self._looked[0] != key:
            self._looked = key, self._is_free()
        return self._looked[1]

    def _is_free(self) -> bool:
        canvas, snap = self.canvas, self.canvas.snap
        x0, y0, x1, y1 = snap.extent
        dpr = canvas.camera.dpr
        sight = canvas.camera.box(QRect(QPoint(0, 0), canvas.size() * dpr))
        if x0 < sight[0] or y0 < sight[1] or x1 > sight[2] or y1 > sight[3]:
            return True
        box = self.rect()
        covered = canvas.camera.box(QRectF(box.topLeft() * dpr, box.size() * dpr).toAlignedRect())
        if snap.seen(covered).any():
            return False
        near = np.flatnonzero(snap.wires_seen(covered)).tolist()
        lines = [np.hstack([points[:-1], points[1:]]) for points in map(snap.paths.of, near[:_NEAR])]
        return len(near) <= _NEAR and not any(clipped(line, covered)[1].any() for line in lines)

    def forget(self) -> None:
        """The theme or the screen has changed."""
        self._stale, self._looked = True, None
        self.canvas.update()

    def forget_soon(self) -> None:
        """The drawing has changed: while edits follow each other, an old map will do."""
        self._later.start()

    def rect(self) -> QRectF:
        """Where it stands, logical pixels."""
        c = self.canvas
        return QRectF(c.width() - MAP_W - MARGIN, c.height() - MAP_H - MARGIN, MAP_W, MAP_H)

    def paint(self, p: QPainter) -> None:
        """Draw it, from its own small pixmap."""
        canvas = self.canvas
        box = self.rect()
        canvas.overlay.plate(p, box, canvas.theme.color("line2"))
        if not len(canvas.snap.rows):
            return
        dpr = canvas.camera.dpr
        if self._stale or self._picture.devicePixelRatio() != dpr:
            self._draw(dpr)
        p.drawPixmap(box.topLeft(), self._picture)
        x0, y0, x1, y1 = canvas.camera.box(canvas.base.pixmap.rect())
        left, top, k = self._frame
        view = QRectF(box.x() + left + x0 * k, box.y() + top + y0 * k, (x1 - x0) * k, (y1 - y0) * k)
        view = view.intersected(box.adjusted(2, 2, -2, -2))
        p.setPen(pen(canvas.theme.color("accent"), 1.5))
        p.setBrush(tinted(canvas.theme.color("accent"), 0.06))
        p.drawRect(view)

    def _draw(self, dpr: float) -> None:
        canvas, snap = self.canvas, self.canvas.snap
        self._stale = False
        self._picture = QPixmap(round(MAP_W * dpr), round(MAP_H * dpr))
        self._picture.setDevicePixelRatio(dpr)
        self._picture.fill(Qt.GlobalColor.transparent)
        bounds = snap.bounds()
        if bounds is None:
            return
        x0, y0, x1, y1 = bounds
        k = min((MAP_W - 2 * INSET) / max(x1 - x0, 1), (MAP_H - 2 * INSET) / max(y1 - y0, 1), 0.14)
        left, top = MAP_W / 2 - (x0 + x1) / 2 * k, MAP_H / 2 - (y0 + y1) / 2 * k
        self._frame = (left, top, k)
        p = QPainter(self._picture)
        for i in snap.below:
            x, y, w, h = snap.rect[i].tolist()
            p.setPen(pen(canvas.theme.family(snap.rows[i].plate.family), 1, None if snap.layer[i] == SHEET else (3, 2)))
            p.drawRect(QRectF(left + x * k, top + y * k, w * k, h * k))
        body = snap.layer == BODY
        chosen = np.flatnonzero(body)
        x, y, w, h = snap.rect[chosen].T
        tall = np.clip(h * k, 1.0, None) * np.where(snap.bar[chosen] >= 5, 1.0, 0.66)
        rects = np.column_stack([left + x * k, top + (y + h / 2) * k - tall / 2, np.maximum(w * k, 1), tall])
        color = snap.colors[chosen]
        for code in sorted(set(color.tolist())):  # np.unique would load numpy.ma at the first paint
            canvas.picture.fill(p, rects[color == code], canvas.picture.bar_color(snap, code))
        p.end()

    def camera_at(self, at: QPointF) -> Camera:
        """The camera that has the clicked place in its middle."""
        canvas, box = self.canvas, self.rect()
        left, top, k = self._frame
        x, y = (at.x() - box.x() - left) / k, (at.y() - box.y() - top) / k
        s, dpr = canvas.camera.scale, canvas.camera.dpr
        return canvas.camera._replace(
            ox=round(canvas.width() * dpr / 2 - x * s), oy=round(canvas.height() * dpr / 2 - y * s)
        )


class ZoomBar:
    """− 100 % + | fit F, in the lower left corner."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.hover = ""
        self.shown = True

    def rect(self) -> QRectF:
        """Where it stands, logical pixels."""
        return QRectF(MARGIN, self.canvas.height() - MARGIN - BAR_H, sum(w for _, w in BAR), BAR_H)

    def parts(self) -> dict[str, QRectF]:
        """Its buttons."""
        box = self.rect()
        found, x = {}, box.x()
        for name, wide in BAR:
            found[name] = QRectF(x, box.y(), wide, box.height())
            x += wide
        return found

    def at(self, at: QPointF) -> str:
        """The button under a point, "" if none."""
        if not self.shown:
            return ""
        return next((name for name, box in self.parts().items() if box.contains(at)), "")

    def paint(self, p: QPainter) -> None:
        """Draw it."""
        if not self.shown:
            return
        canvas = self.canvas
        theme, texts = canvas.theme, canvas.picture.texts
        box = self.rect()
        canvas.overlay.plate(p, box, theme.color("strong"))
        parts = self.parts()
        if self.hover:
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(theme.color("hover"))
            p.drawRoundedRect(parts[self.hover].adjusted(2, 2, -2, -2), 4, 4)
        ink = theme.color("ink")
        for name, glyph in (("out", "ui_minus"), ("in", "ui_plus")):
            c = parts[name].center()
            theme.paint_glyph(p, glyph, QRectF(c.x() - 7, c.y() - 7, 14, 14), ink)
        p.setPen(ink)
        p.setFont(texts.fonts["mono"])
        p.drawText(parts["reset"], Qt.AlignmentFlag.AlignCenter, f"{canvas.camera.zoom * 100:.0f} %")
        fit = parts["fit"]
        p.setPen(pen(theme.color("line2"), 1))
        p.drawLine(QPointF(fit.x() + 0.5, fit.y() + 8), QPointF(fit.x() + 0.5, fit.bottom() - 8))
        theme.paint_glyph(p, "ui_fit", QRectF(fit.x() + 8, fit.center().y() - 7, 14, 14), ink)
        p.setPen(theme.color("ink3"))
        p.drawText(fit.adjusted(24, 0, -4, 0), Qt.AlignmentFlag.AlignCenter, "F")

    def press(self, name: str) -> None:
        """Do what the button says."""
        canvas = self.canvas
        middle = QPointF(canvas.width() / 2, canvas.height() / 2)
        if name == "fit":
            canvas.fit()
        elif name == "reset":
            canvas.zoom_to(1.0, middle)
        else:
            canvas.fly_to(canvas.camera.stepped(1 if name == "in" else -1, middle))

    @staticmethod
    def hint(name: str) -> str:
        """The tooltip of a button."""
        return {
            "out": tr("Zoom out (−)"),
            "reset": tr("Zoom to 100 % (1)"),
            "in": tr("Zoom in (+)"),
            "fit": tr("Fit the drawing into the view (F)"),
        }[name]
