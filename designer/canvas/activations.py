"""What a layer did with one sample, painted on its plate: channels as pixel maps, vectors as a bar code."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from designer.canvas.scene import Activation, mono_width
from designer.canvas.text import Texts

if TYPE_CHECKING:
    from designer.theme import Theme

_SHADES = 64
_GAP = 3.0  # canvas units between maps
_FEW = 16  # vectors up to this long are drawn as columns if they carry marks


def draw(p: QPainter, theme: Theme, texts: Texts, shown: Activation, area: QRectF, *, vector: bool = False) -> None:
    """Paint `shown` into `area` (canvas units under the painter's transform)."""
    if isinstance(shown.values, QImage):
        size = shown.values.size().scaled(area.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        _image(p, shown.values, QRectF(area.center().x() - size.width() / 2, area.y(), size.width(), size.height()))
        return
    values = np.nan_to_num(np.asarray(shown.values, np.float64))
    if values.ndim == 2:
        values = values[None]
    if not values.size:
        return
    if values.ndim == 3 and values.shape[1:] != (1, 1):
        _maps(p, theme, values, area)
        return
    values = values.ravel()
    if shown.marks and len(values) <= _FEW:
        _columns(p, theme, texts, values, shown, area, vector=vector)
    else:
        _image(p, _shaded(theme, values[None, :]), area.adjusted(0, 4, 0, -4))


def _shaded(theme: Theme, values: np.ndarray) -> QImage:
    table = np.array([theme.heat(k / (_SHADES - 1)).rgba() for k in range(_SHADES)], np.uint32)
    pixels = np.ascontiguousarray(table[(np.clip(values, 0, 1) * (_SHADES - 1)).round().astype(np.intp)])
    height, width = pixels.shape
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()


def _image(p: QPainter, image: QImage, area: QRectF) -> None:
    p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    p.drawImage(area, image)


def _maps(p: QPainter, theme: Theme, values: np.ndarray, area: QRectF) -> None:
    count, rows, columns = values.shape
    best, across = 0.0, 1
    for n in range(1, count + 1):
        down = math.ceil(count / n)
        unit = min((area.width() - (n - 1) * _GAP) / (n * columns), (area.height() - (down - 1) * _GAP) / (down * rows))
        if unit > best:
            best, across = unit, n
    if best <= 0.05:  # more maps than pixels: show the first ones
        across = max(1, int((area.width() + _GAP) / (8 + _GAP)))
        best, count = 8 / columns, min(count, across * max(1, int((area.height() + _GAP) / (8 + _GAP))))
    down = math.ceil(count / across)
    wide, high = best * columns, best * rows
    left = area.x() + (area.width() - across * wide - (across - 1) * _GAP) / 2
    top = area.y() + (area.height() - down * high - (down - 1) * _GAP) / 2
    for k in range(count):
        x, y = left + (k % across) * (wide + _GAP), top + (k // across) * (high + _GAP)
        _image(p, _shaded(theme, values[k]), QRectF(x, y, wide, high))


def _columns(
    p: QPainter, theme: Theme, texts: Texts, values: np.ndarray, shown: Activation, area: QRectF, *, vector: bool
) -> None:
    n = len(values)
    step = area.width() / n
    foot = area.bottom() - 9
    p.setPen(Qt.PenStyle.NoPen)
    p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for k, value in enumerate(np.clip(values, 0, 1).tolist()):
        high = max(1.0, value * (foot - area.y()))
        p.setBrush(theme.heat(value if value > 0.02 else 0.25))
        p.drawRect(QRectF(area.x() + k * step + 1.5, foot - high, step - 3, high))
    for k, mark in enumerate(shown.marks[:n]):
        best = k == shown.best
        p.setPen(theme.color("ink" if best else "ink3"))
        x = area.x() + (k + 0.5) * step - mono_width(mark) / 2
        texts.draw(p, "bold" if best else "mono", x, area.bottom() + 3, mark, vector=vector)
