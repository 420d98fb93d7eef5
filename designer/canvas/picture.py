"""The picture: a snapshot seen through a camera, painted into any rectangle of device pixels.

Screen, minimap thumbnails and exports are this one function; a cached screen and a fresh paint may differ only by
antialiasing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from designer.canvas import activations, body, far
from designer.canvas.batch import draw_rects
from designer.canvas.camera import Box, Camera
from designer.canvas.routes import Bools, Floats, Ints
from designer.canvas.rows import BODY, FRAME, Row
from designer.canvas.scene import ACTIVATION_H, CELL, Plate, text_width
from designer.canvas.snapshot import Snapshot
from designer.canvas.sprites import (
    COMPACT,
    FULL,
    GLYPH,
    SPRITE_SCALE_MAX,
    Sprites,
    level_of,
)
from designer.canvas.text import Batch, Texts, cut, is_ghost, layout
from designer.canvas.wires import LABEL_ZOOM, WirePainter

if TYPE_CHECKING:
    from designer.theme import Theme

DOT_STEP, DOTS_ZOOM = 24, 0.4
_PAIRS_MAX = 400


class Picture:
    """Paints snapshots in one theme. Caches live here, so a theme change is a new Picture."""

    def __init__(self, theme: Theme, dpi: float | None = None, hides: frozenset[str] = frozenset()) -> None:
        self.theme = theme
        self.hides = hides  # of: grid, shapes, buttons of opened blocks
        self.texts = Texts(theme, dpi)
        self.sprites = Sprites(theme)
        self._roles: dict[str, QColor] = {}
        self._batch = Batch(self.texts, self.role)
        self.wires = WirePainter(theme, self._batch)
        sheet, panel = theme.color("canvas"), theme.color("panel")
        red, green, blue = (round(a * 0.4 + b * 0.6) for a, b in zip(_rgb(sheet), _rgb(panel), strict=True))
        self._tones = {False: sheet, True: QColor(red, green, blue)}
        self._inks: dict[float, QColor] = {}

    def paint(
        self,
        p: QPainter,
        snap: Snapshot,
        view: Camera,
        device: QRect,
        *,
        hidden: Bools | None = None,
        hidden_wires: Bools | None = None,
        ground: bool = True,
        vector: bool = False,
    ) -> None:
        """Paint `device` (the painter works in device pixels), without the hidden plates and wires.

        `ground` fills the sheet first; live layers leave it out. `vector` keeps text as text and shapes as paths.
        """
        level = FULL if vector else level_of(view.zoom)
        box = view.box(device)
        if ground:
            self._sheet(p, view, device, box)
        for i in snap.below:
            if hidden is None or not hidden[i]:
                self._below(p, snap, i, view, box, level, vector=vector)
        self.wires.paint(p, snap, view, box, level, hidden_wires, vector=vector)
        if level == FULL:
            self._sheet_ports(p, snap, view, hidden)
        seen = snap.seen(box, snap.reach / min(1.0, view.zoom * 2)) & (snap.layer == BODY)
        if hidden is not None:
            seen &= ~hidden
        chosen = np.flatnonzero(seen)
        if level == FULL:
            apart = not vector and view.scale <= SPRITE_SCALE_MAX and _apart(snap.rect[chosen])
            (self._full_apart if apart else self._full_all)(p, snap, chosen, view, vector=vector)
        elif level == COMPACT:
            far.compact(self, p, snap, chosen, view)
        elif level == GLYPH:
            far.tiles(self, p, snap, chosen, view)
        else:
            far.bars(self, p, snap, chosen, view, device)
        if level == FULL or view.zoom >= LABEL_ZOOM * 2 / 3:
            shapes = "shapes" not in self.hides
            self.wires.labels(p, snap, view, box, hidden_wires, vector=vector, shapes=shapes)
        if level < FULL:
            far.badges(self, p, snap, chosen, view)

    def role(self, name: str) -> QColor:
        """A token's colour, kept."""
        if name not in self._roles:
            self._roles[name] = self.theme.color(name)
        return self._roles[name]

    def hot_ink(self, heat: float) -> QColor:
        """Black or white on a lens colour, kept."""
        step = body.heat_quantum(heat)
        if step not in self._inks:
            self._inks[step] = self.theme.heat_ink(step)
        return self._inks[step]

    def _sheet(self, p: QPainter, view: Camera, device: QRect, box: Box) -> None:
        p.fillRect(device, self.theme.color("canvas"))
        if view.zoom < DOTS_ZOOM or "grid" in self.hides:
            return
        s = view.scale
        x0, y0, x1, y1 = (v / DOT_STEP for v in box)
        xs = np.arange(math.floor(x0), math.ceil(x1) + 1) * (DOT_STEP * s) + view.ox
        ys = np.arange(math.floor(y0), math.ceil(y1) + 1) * (DOT_STEP * s) + view.oy
        side = max(1.0, round(1.3 * view.dpr))
        spots = np.empty((len(ys), len(xs), 4))
        spots[..., 0] = np.round(xs)[None, :]
        spots[..., 1] = np.round(ys)[:, None]
        spots[..., 2:] = side
        self.fill(p, spots.reshape(-1, 4), self.theme.color("dots"))

    @staticmethod
    def fill(p: QPainter, rects: Floats, color: QColor) -> None:
        """Rectangles (n, 4) in one colour, pixel by pixel."""
        p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(color)
        draw_rects(p, rects)

    def _below(self, p: QPainter, snap: Snapshot, i: int, view: Camera, box: Box, level: int, *, vector: bool) -> None:
        x, y, w, h = snap.rect[i].tolist()
        reach = snap.reach / min(1.0, view.zoom * 2)
        if x > box[2] + reach or x + w < box[0] - reach or y > box[3] + reach or y + h < box[1] - reach:
            return
        row, s = snap.rows[i], view.scale
        plate = row.plate
        p.save()
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setOpacity(0.45 if body.faded(plate) else 1.0)
        p.translate(round(x * s) + view.ox, round(y * s) + view.oy)
        if snap.layer[i] == FRAME:
            body.draw_frame(p, self.theme, plate, s)
        else:
            body.draw_sheet(p, self.theme, plate, s, full=level == FULL, buttons="buttons" not in self.hides)
        if level == FULL:
            p.scale(s, s)
            self._runs(p, row, vector=vector)
            if plate.problem:
                self.badge(p, plate, QPointF(w, 0), 16)
            elif plate.mark in body.MARKS:
                self.sign(p, plate, QPointF(w, 0), 8)
        elif w * s > 40 * view.dpr:
            # Outlines and titles stay at every zoom, in a size that does not shrink.
            p.scale(view.dpr, view.dpr)
            p.setPen(self.theme.color("ink2"))
            self.texts.draw(p, "plain", 5, 12, cut(plate.name, w * view.zoom - 8, 11))
        p.restore()

    def _sheet_ports(self, p: QPainter, snap: Snapshot, view: Camera, hidden: Bools | None) -> None:
        """An opened block's ports lie over the wires that end on its edge."""
        s = view.scale
        for i in snap.below:
            if snap.layer[i] != FRAME and (hidden is None or not hidden[i]):
                row = snap.rows[i]
                x, y = snap.rect[i, :2].tolist()
                p.save()
                p.setRenderHint(QPainter.RenderHint.Antialiasing)
                p.translate(round(x * s) + view.ox, round(y * s) + view.oy)
                body.draw_ports(p, self.theme, row.plate, row.anchors, s)
                p.restore()

    def _runs(self, p: QPainter, row: Row, *, vector: bool) -> None:
        plate = row.plate
        if row.layout is None:
            row.layout = layout(plate)
        hot = self.hot_ink(plate.heat) if plate.heat is not None else None
        if is_ghost(plate):
            # The wire goes on behind the caption.
            ground = self._tones[bool(plate.parent)]
            p.fillRect(QRectF(plate.w / 2 - 4, plate.h + 5, 8, 15), ground)
        for font, x, y, text, role in row.layout:
            p.setPen(hot if hot is not None and plate.kind != "operator" else self.theme.color(role))
            self.texts.draw(p, font, x, y, text, vector=vector)

    def _full_all(self, p: QPainter, snap: Snapshot, chosen: Ints, view: Camera, *, vector: bool) -> None:
        """One after the other: a plate covers what was drawn before it, words included."""
        for i in chosen.tolist():
            self._full(p, snap, i, view, vector=vector)

    def _full_apart(self, p: QPainter, snap: Snapshot, chosen: Ints, view: Camera, *, vector: bool) -> None:
        """Bodies first, then all words: plates that do not touch one another, which is nearly always so."""
        s, batch = view.scale, self._batch
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        corners = np.round(snap.rect[chosen, :2] * s).astype(np.intp)
        for i, (x, y) in zip(chosen.tolist(), corners.tolist(), strict=True):
            row = snap.rows[i]
            plate = row.plate
            if _special(plate):
                self._full(p, snap, i, view, vector=vector)
                continue
            pad = math.ceil(body.pad_of(plate) * s)
            p.drawPixmap(x + view.ox - pad, y + view.oy - pad, self.sprites.full(row, s))
            if row.layout is None:
                row.layout = layout(plate)
            left, top = x / s, y / s
            for font, dx, dy, text, role in row.layout:
                batch.add(font, role, left + dx, top + dy, text)
        p.save()
        p.translate(view.ox, view.oy)
        p.scale(s, s)
        batch.flush(p)
        p.restore()

    def _full(self, p: QPainter, snap: Snapshot, i: int, view: Camera, *, vector: bool) -> None:
        row, s = snap.rows[i], view.scale
        plate = row.plate
        x, y = snap.rect[i, :2].tolist()
        left, top = (x * s + view.ox, y * s + view.oy) if vector else (round(x * s) + view.ox, round(y * s) + view.oy)
        if body.faded(plate):
            p.setOpacity(0.45)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        if vector or s > SPRITE_SCALE_MAX or plate.kind == "note":
            p.save()
            p.translate(left, top)
            if plate.kind == "note":
                body.draw_note(p, self.theme, plate, s)
            else:
                body.draw_body(p, self.theme, plate, row.anchors, s)
            p.restore()
        else:
            pad = math.ceil(body.pad_of(plate) * s)
            p.drawPixmap(int(left) - pad, int(top) - pad, self.sprites.full(row, s))
        p.save()
        p.translate(left, top)
        p.scale(s, s)
        if plate.activation is not None and plate.h >= ACTIVATION_H:
            area = QRectF(11, CELL + 7, plate.w - 22, plate.h - CELL - 14)
            activations.draw(p, self.theme, self.texts, plate.activation, area, vector=vector)
        self._runs(p, row, vector=vector)
        if plate.when or plate.tag or plate.problem or plate.mark:
            self._extras(p, plate, vector=vector)
        p.restore()
        if body.faded(plate):
            p.setOpacity(1.0)

    def _extras(self, p: QPainter, plate: Plate, *, vector: bool) -> None:
        theme = self.theme
        if plate.when == "on":
            box = QRectF(plate.w - 46, -24, 43, 17)
            p.setPen(QPen(theme.family("block"), 1))
            p.setBrush(theme.color("raised"))
            p.drawRoundedRect(box, 4, 4)
            p.setPen(theme.family("block"))
            self.texts.draw(p, "mono", box.x() + 9, box.y() + 12.2, "when", vector=vector)
        if plate.tag:
            wide = 6.3 * len(plate.tag) + 14
            shift = 46 if plate.when == "on" else 0
            box = QRectF(plate.w - wide - shift - 2, -20, wide, 16)
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(theme.color("ink"))
            p.drawRoundedRect(box, 3, 3)
            p.setPen(theme.color("raised"))
            self.texts.draw(p, "mono", box.x() + 7, box.y() + 11.6, plate.tag, vector=vector)
        self.signs(p, plate)

    def signs(self, p: QPainter, plate: Plate) -> None:
        """The badge of a problem, or the sign of a difference; the painter stands at the plate's corner, in units."""
        if plate.problem:
            if plate.kind == "operator":
                self.badge(p, plate, QPointF(-22 - text_width(plate.name), plate.h / 2), 16)
            else:
                self.badge(p, plate, QPointF(plate.w, 0), 16)
        elif plate.mark in body.MARKS:
            self.sign(p, plate, QPointF(plate.w, 0), 8)

    def badge(self, p: QPainter, plate: Plate, at: QPointF, size: float) -> None:
        """The sign of a plate's problem around a point."""
        box = QRectF(at.x() - size / 2, at.y() - size / 2, size, size)
        self.theme.paint_glyph(p, body.BADGES[plate.problem], box, self.theme.color(plate.problem))

    def sign(self, p: QPainter, plate: Plate, at: QPointF, r: float) -> None:
        """The sign of a difference in a disc of radius `r` around a point."""
        role, sign = body.MARKS[plate.mark]
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(self.theme.color(role))
        p.drawEllipse(at, r, r)
        body.draw_symbol(p, sign, at, r / 10, self.theme.color("raised"))

    def bar_color(self, snap: Snapshot, code: int) -> QColor:
        """The colour of a palette entry, for bars."""
        kind, value = snap.palette[code]
        if kind == "heat":
            return self.theme.heat(value)
        return self.theme.color(value) if kind == "color" else self.theme.family(value)


def _rgb(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()


def _special(plate: Plate) -> bool:
    """More than a body with words."""
    extras = plate.when or plate.tag or plate.problem or plate.mark
    return bool(extras) or plate.kind == "note" or plate.activation is not None or plate.heat is not None


def _apart(rects: Floats) -> bool:
    """Does none of the rectangles (n, 4) touch another?"""
    if len(rects) > _PAIRS_MAX:
        return False
    x, y, w, h = rects.T
    touching = (x[:, None] < (x + w)[None, :]) & (x[None, :] < (x + w)[:, None])
    touching &= (y[:, None] < (y + h)[None, :]) & (y[None, :] < (y + h)[:, None])
    return int(touching.sum()) == len(rects)
