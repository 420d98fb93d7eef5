"""Plates from afar: compact with their names, tiles with a glyph, bars of colour. Each zoom has its cheapest way."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from designer.canvas import body
from designer.canvas.batch import draw_copies
from designer.canvas.camera import Camera
from designer.canvas.routes import Floats, Ints
from designer.canvas.scene import PLATE_W_MAX, text_width
from designer.canvas.snapshot import Snapshot
from designer.canvas.sprites import compact_cell, tile_of
from designer.canvas.text import is_ghost

if TYPE_CHECKING:
    from designer.canvas.picture import Picture

Pixels = NDArray[np.uint32]
_TINY = 8  # device pixels across: bars up to that are put pixel by pixel


def compact(picture: Picture, p: QPainter, snap: Snapshot, chosen: Ints, view: Camera) -> None:
    """Small plates with their glyphs, names in a size that can be read."""
    s, dpr = view.scale, view.dpr
    corner = np.round(snap.rect[chosen, :2] * s).astype(np.intp) + np.array([view.ox, view.oy])
    spots = corner.tolist()
    for i, (x, y) in zip(chosen.tolist(), spots, strict=True):
        row = snap.rows[i]
        if row.plate.kind == "note":
            p.save()
            p.translate(x, y)
            body.draw_note(p, picture.theme, row.plate, s)
            p.restore()
            continue
        pad = math.ceil(body.pad_of(row.plate) * s)
        if body.faded(row.plate):
            p.setOpacity(0.45)
            p.drawPixmap(x - pad, y - pad, picture.sprites.compact(row, s, dpr))
            p.setOpacity(1.0)
        else:
            p.drawPixmap(x - pad, y - pad, picture.sprites.compact(row, s, dpr))
    size = 5 + 10 * view.zoom
    k = size / 12 * dpr
    p.save()
    p.scale(k, k)
    p.setFont(picture.texts.fonts["name"])
    ink = picture.theme.color("ink")
    p.setPen(ink)
    lift = picture.texts.ascent["name"] - 4.3
    for i, (x, y) in zip(chosen.tolist(), spots, strict=True):
        plate = snap.rows[i].plate
        if plate.kind in ("operator", "note") or is_ghost(plate):
            continue
        _, cell = compact_cell(plate.h, s, dpr)
        left = x + cell + 4 * dpr
        room = (x + plate.w * s - 3 * dpr - left) / k
        if room < 24:
            continue
        if plate.heat is not None:
            p.setPen(picture.hot_ink(plate.heat))
        name = plate.name if text_width(plate.name) <= room else _clip(plate.name, room)
        p.drawStaticText(QPointF(left / k, (y + plate.h * s / 2) / k - lift), picture.texts.run("name", name))
        if plate.heat is not None:
            p.setPen(ink)
    p.restore()


def tiles(picture: Picture, p: QPainter, snap: Snapshot, chosen: Ints, view: Camera) -> None:
    """One call per look: at these zooms there are thousands."""
    s = view.scale
    groups: dict[object, list[int]] = {}
    for i in chosen.tolist():
        row = snap.rows[i]
        if row.plate.kind == "note":
            x, y, w, h = snap.rect[i].tolist()
            p.fillRect(QRectF(x * s + view.ox, y * s + view.oy, w * s, h * s), picture.theme.color("sticky"))
            continue
        if row.tile is None:
            row.tile = tile_of(row.plate)
        groups.setdefault(row.tile, []).append(i)
    for members in groups.values():
        pixmap = picture.sprites.tile(snap.rows[members[0]].plate, s, view.dpr)
        rect = snap.rect[members]
        side = pixmap.width()
        center = np.round((rect[:, :2] + rect[:, 2:] / 2) * s) + np.array([view.ox, view.oy])
        opacity = 0.45 if body.faded(snap.rows[members[0]].plate) else 1.0
        draw_copies(p, pixmap, center + (side % 2) / 2, opacity)


def bars(picture: Picture, p: QPainter, snap: Snapshot, chosen: Ints, view: Camera, device: QRect) -> None:
    """One rectangle per plate: pixel by pixel where there are few to each, else one call per colour."""
    if not len(chosen):
        return
    s, dpr = view.scale, view.dpr
    columns = snap.columns if len(chosen) == len(snap.rows) else snap.columns[:, chosen]
    color = snap.colors if len(chosen) == len(snap.rows) else snap.colors[chosen]
    x, middle, w, h, bar = columns
    tall = np.maximum(np.minimum(bar * dpr, h * s), dpr)
    left, top = np.round(x * s + view.ox), np.round(middle * s + view.oy - tall / 2)
    wide, tall = np.round(np.maximum(w * s, dpr)), np.round(tall)
    if s * PLATE_W_MAX <= _TINY:
        inks = np.array([picture.bar_color(snap, k).rgba() for k in range(len(snap.palette))], np.uint32)
        _put_pixels(p, device, (left, top, wide, tall), inks[color])
        return
    order = np.argsort(color, kind="stable")  # one sort costs less than a pass per colour
    rects, color = np.column_stack([left, top, wide, tall])[order], color[order]
    ends = np.flatnonzero(np.diff(color, append=-1)) + 1
    first = 0
    for last in ends.tolist():
        picture.fill(p, rects[first:last], picture.bar_color(snap, int(color[first])))
        first = last


def _put_pixels(p: QPainter, device: QRect, boxes: tuple[Floats, Floats, Floats, Floats], inks: Pixels) -> None:
    """Rectangles of a few pixels each, x y w h, in these colours: half of what Qt takes to fill them one by one.

    What lies outside of `device` is put into a margin around it, which is then left out.
    """
    x, y, w, h = (values.astype(np.intp) for values in boxes)
    far = int(max(w.max(), h.max()))
    across, down = device.width() + 2 * far, device.height() + 2 * far
    picture = np.zeros((down, across), np.uint32)
    flat = picture.reshape(-1)
    corner = (np.clip(y - device.top() + far, 0, down - far) * across) + np.clip(
        x - device.left() + far, 0, across - far
    )
    for row in range(int(h.max())):
        for column in range(int(w.max())):
            if row or column:
                here = (h > row) & (w > column)
                flat[corner[here] + (row * across + column)] = inks[here]
            else:
                flat[corner] = inks
    image = QImage(picture.data, across, down, QImage.Format.Format_ARGB32_Premultiplied)
    p.drawImage(device.topLeft(), image, QRect(far, far, device.width(), device.height()))


def badges(picture: Picture, p: QPainter, snap: Snapshot, chosen: Ints, view: Camera) -> None:
    """Errors, and the signs of a difference, keep a badge of constant size at every zoom."""
    bad = [i for i in chosen.tolist() if snap.badged[i]] if snap.has_badges else []
    s, dpr = view.scale, view.dpr
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    for i in bad[:400]:
        x, y, w, _ = snap.rect[i].tolist()
        plate, at = snap.rows[i].plate, QPointF((x + w) * s + view.ox, y * s + view.oy)
        if plate.problem == "error":
            picture.badge(p, plate, at, 11 * dpr)
        else:
            picture.sign(p, plate, at, 5.5 * dpr)


def _clip(name: str, room: float) -> str:
    """As many letters as fit, without an ellipsis, which would take two of five."""
    while name and text_width(name) > room:
        name = name[:-1]
    return name
