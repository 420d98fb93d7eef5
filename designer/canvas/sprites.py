"""Plates painted once per look and zoom, then copied."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from designer.canvas import body
from designer.canvas.rows import Row
from designer.canvas.scene import CELL, Plate
from designer.canvas.text import is_ghost

if TYPE_CHECKING:
    from designer.theme import Theme

SPRITE_SCALE_MAX = 3.0
_SCALES_KEPT = 4
FULL, COMPACT, GLYPH, DOT = 3, 2, 1, 0


def level_of(zoom: float) -> int:
    """How much is drawn at a zoom (not counting the screen's pixel ratio)."""
    return FULL if zoom >= 0.6 else COMPACT if zoom >= 0.3 else GLYPH if zoom >= 0.12 else DOT


def look_of(row: Row) -> Any:
    """All that decides how a plate's body looks, at full detail."""
    if row.look is None:
        p = row.plate
        heat = None if p.heat is None else body.heat_quantum(p.heat)
        ports = tuple((a.x, a.y, a.port.kind, a.port.optional and not a.port.wired) for a in row.anchors)
        states = (p.problem, p.changed, p.when, min(p.repeat, 2), p.shared, p.scan, p.frozen, heat, p.mark)
        row.look = (p.kind, p.w, p.h, p.family, p.glyph, p.symbol, states, p.activation is not None, ports)
    return row.look


def tile_of(plate: Plate) -> Any:
    """All that decides how a plate looks as a tile."""
    heat = None if plate.heat is None else body.heat_quantum(plate.heat)
    bad = plate.problem if plate.problem in ("error", "warn") else ""
    kind = "operator" if plate.kind == "operator" else ""
    return kind, plate.family, body.glyph_of(plate), plate.symbol, bad, plate.when == "off", heat, plate.mark


class Sprites:
    """Pixmaps by scale and look; the scales used last are kept."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self._scales: OrderedDict[Any, dict[Any, QPixmap]] = OrderedDict()

    def _at(self, level: int, scale: float) -> dict[Any, QPixmap]:
        key = (level, scale)
        found = self._scales.get(key)
        if found is None:
            found = self._scales[key] = {}
            while len(self._scales) > _SCALES_KEPT:
                self._scales.popitem(last=False)
        else:
            self._scales.move_to_end(key)
        return found

    def full(self, row: Row, scale: float) -> QPixmap:
        """The body at full detail, its corner at (pad, pad), pad = ceil(pad_of(plate) * scale)."""
        kept = self._at(FULL, scale)
        look = look_of(row)
        pixmap = kept.get(look)
        if pixmap is None:
            pixmap, painter = self._begin(row.plate, scale)
            body.draw_body(painter, self.theme, row.plate, row.anchors, scale)
            painter.end()
            kept[look] = pixmap
        return pixmap

    def compact(self, row: Row, scale: float, dpr: float) -> QPixmap:
        """Body and glyph only, for a name in constant size beside it."""
        kept = self._at(COMPACT, scale)
        p = row.plate
        look = (*tile_of(p), p.w, p.h, p.changed, min(p.repeat, 2))
        pixmap = kept.get(look)
        if pixmap is None:
            pixmap, painter = self._begin(p, scale)
            draw_compact(painter, self.theme, p, scale, dpr)
            painter.end()
            kept[look] = pixmap
        return pixmap

    def tile(self, plate: Plate, scale: float, dpr: float) -> QPixmap:
        """A tile with the glyph; the pixmap's centre is the plate's."""
        kept = self._at(GLYPH, scale)
        look = tile_of(plate)
        pixmap = kept.get(look)
        if pixmap is None:
            w, h = tile_size(scale, dpr)
            side = math.ceil(max(w, h, 26 * scale)) + 4
            pixmap = QPixmap(side, side)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_tile(painter, self.theme, plate, QRectF((side - w) / 2, (side - h) / 2, w, h), dpr)
            painter.end()
            kept[look] = pixmap
        return pixmap

    @staticmethod
    def _begin(plate: Plate, scale: float) -> tuple[QPixmap, QPainter]:
        pad = math.ceil(body.pad_of(plate) * scale)
        pixmap = QPixmap(math.ceil(plate.w * scale) + 2 * pad, math.ceil(plate.h * scale) + 2 * pad)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(pad, pad)
        return pixmap, painter


def tile_size(scale: float, dpr: float) -> tuple[float, float]:
    """Device size of a tile: 22 x 20, less where neighbours would touch."""
    h = min(20 * dpr, 60 * scale)
    return h * 1.1, h


def compact_cell(h: float, scale: float, dpr: float) -> tuple[float, float]:
    """(glyph size, cell width) in device pixels of a compact plate `h` units high."""
    glyph = max(min(16 * scale * 1.1, h * scale - 3 * dpr), min(9 * dpr, h * scale - 2 * dpr))
    return glyph, max(CELL * scale, glyph + 5 * dpr)


def _colors(theme: Theme, plate: Plate) -> tuple[QColor, QColor, QColor, QColor]:
    """(fill, cell, ink, edge) of a small plate."""
    if plate.heat is not None:
        fill = theme.heat(body.heat_quantum(plate.heat))
        fills = fill, fill, theme.heat_ink(body.heat_quantum(plate.heat)), fill.darker(118)
    elif plate.when == "off":
        fills = theme.color("canvas"), theme.color("canvas"), theme.color("ink3"), theme.color("strong")
    elif plate.mark == "proposal":
        fills = theme.color("acctint"), theme.color("acctint"), theme.color("accent"), theme.color("accent")
    else:
        tint = theme.family_tint(plate.family)
        fills = theme.color("raised"), tint, theme.family(plate.family), theme.color("line2")
    if plate.problem in ("error", "warn"):
        return *fills[:3], theme.color(plate.problem)
    if plate.mark in body.MARKS:
        return *fills[:3], theme.color(body.MARKS[plate.mark][0])
    return fills


def draw_compact(p: QPainter, theme: Theme, plate: Plate, scale: float, dpr: float) -> None:
    """A plate with its glyph, without words and ports, at the origin."""
    if plate.kind == "operator":
        small = QRectF(0, 0, plate.w * scale, plate.h * scale)
        draw_tile(p, theme, plate, small, dpr)
        return
    fill, cell, ink, edge = _colors(theme, plate)
    w, h, r = plate.w * scale, plate.h * scale, 4 * dpr * min(1.0, scale / dpr * 2)
    outline = QRectF(dpr / 2, dpr / 2, w - dpr, h - dpr)
    p.setPen(body.pen(theme.color("line2"), dpr))
    p.setBrush(theme.color("raised"))
    if plate.repeat > 1:
        p.drawRoundedRect(outline.translated(6 * scale, -6 * scale), r, r)
        p.drawRoundedRect(outline.translated(3 * scale, -3 * scale), r, r)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(fill)
    p.drawRoundedRect(outline, r, r)
    glyph, wide = compact_cell(plate.h, scale, dpr)
    if is_ghost(plate):
        wide = w
    p.setBrush(cell)
    p.setClipRect(QRectF(0, 0, wide, h))
    p.drawRoundedRect(outline, r, r)
    p.setClipping(False)
    if plate.changed:
        p.setBrush(theme.color("change"))
        p.drawRect(QRectF(w - 3 * dpr, r, 2 * dpr, h - 2 * r))
    p.setBrush(Qt.BrushStyle.NoBrush)
    bold = 2 if plate.mark in body.MARKS else 1.5 if plate.problem in ("error", "warn") else 1
    p.setPen(body.pen(edge, dpr * bold))
    p.drawRoundedRect(outline, r, r)
    theme.paint_glyph(p, body.glyph_of(plate), QRectF((wide - glyph) / 2, (h - glyph) / 2, glyph, glyph), ink)


def draw_tile(p: QPainter, theme: Theme, plate: Plate, box: QRectF, dpr: float) -> None:
    """The glyph on a rounded tile; operators a circle with their sign; too small for a glyph, the colour alone."""
    fill, cell, ink, edge = _colors(theme, plate)
    p.setPen(body.pen(edge, dpr))
    half = dpr / 2
    if plate.kind == "operator":
        r = min(box.width(), box.height()) / 2 - half
        p.setBrush(cell)
        p.drawEllipse(box.center(), r, r)
        if r > 4 * dpr:
            body.draw_symbol(p, plate.symbol, box.center(), r / 13, ink)
        else:
            _tiny_cross(p, box.center(), r * 0.5, ink, dpr)
        return
    size = box.height() - 5 * dpr
    if size < 6 * dpr:
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(ink if plate.heat is None else fill)
        p.drawRoundedRect(box.adjusted(half, half, -half, -half), 2 * dpr, 2 * dpr)
        return
    p.setBrush(cell)
    p.drawRoundedRect(box.adjusted(half, half, -half, -half), 4 * dpr, 4 * dpr)
    center = box.center()
    theme.paint_glyph(p, body.glyph_of(plate), QRectF(center.x() - size / 2, center.y() - size / 2, size, size), ink)


def _tiny_cross(p: QPainter, at: QPointF, r: float, ink: QColor, dpr: float) -> None:
    p.setPen(body.pen(ink, dpr))
    p.drawLines([QLineF(at.x() - r, at.y(), at.x() + r, at.y()), QLineF(at.x(), at.y() - r, at.x(), at.y() + r)])
