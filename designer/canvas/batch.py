"""NumPy arrays handed to QPainter as they are: converting 10,000 rectangles would cost more than painting them."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter, QPixmap
from shiboken6 import wrapInstance

from designer.canvas.routes import Floats


def _as(values: Floats, kind: type) -> tuple[Floats, Any]:
    kept = np.ascontiguousarray(values, np.float64)
    return kept, wrapInstance(kept.ctypes.data, kind)


def draw_lines(p: QPainter, lines: Floats) -> None:
    """All lines (n, 4), x0 y0 x1 y1, with the painter's pen."""
    if len(lines):
        # `kept` must live until Qt has read it.
        kept, first = _as(lines, QLineF)
        p.drawLines(first, len(kept))


def draw_rects(p: QPainter, rects: Floats) -> None:
    """All rectangles (n, 4), x y w h, with the painter's pen and brush."""
    if len(rects):
        kept, first = _as(rects, QRectF)
        p.drawRects(first, len(kept))


def draw_copies(p: QPainter, pixmap: QPixmap, centers: Floats, opacity: float = 1.0) -> None:
    """The whole pixmap around each of the centers (n, 2)."""
    if not len(centers):
        return
    fragments = np.zeros((len(centers), 10))
    fragments[:, 0:2] = centers
    fragments[:, 4], fragments[:, 5] = pixmap.width(), pixmap.height()
    fragments[:, 6:8] = 1
    fragments[:, 9] = opacity
    kept, first = _as(fragments, QPainter.PixmapFragment)
    p.drawPixmapFragments(first, len(kept), pixmap)
