"""From strokes of a pen to the 8×8 counts that networks for the UCI digits were trained on.

Those digits (Alpaydin and Kaynak 1998, with NIST's preprocessing, Garris et al., NISTIR 5469) were scaled to a box of
20×32 in a bitmap of 32×32 and thinned or thickened to a common amount of ink, whatever they were written with; then
the pixels that are on were counted in cells of 4×4. A trained LeNet knew 7 of 10 drawings that were only shrunk, and
9 of 10 that were prepared the same way (500 drawings, uneven in size, slant and place). What is left are ways to write
that the set hardly has: a 1 with a foot, a 4 made of three even strokes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QTransform

SIDE, CELLS = 32, 8
BOX = (20.0, 32.0)
INK = 312  # pixels that are on: the mean of the 1,797 digits, nearly the same for every class
STRETCH = 1.6  # at most so much more along one axis than along the other
PENS = (2.0, 9.0)  # px between which the pen is sought
_STEPS = 6

Stroke = Sequence[QPointF]


def cells(strokes: Sequence[Stroke]) -> list[float]:
    """The 64 counts, 0 … 16, row by row from the top left; all 0 where there is no ink."""
    strokes = [stroke for stroke in strokes if stroke]
    if not strokes:
        return [0.0] * (CELLS * CELLS)
    bitmap = _normalized(strokes)
    side = SIDE // CELLS
    counts = []
    for row in range(0, SIDE, side):
        for column in range(0, SIDE, side):
            starts = range(row * SIDE + column, (row + side) * SIDE + column, SIDE)
            counts.append(float(sum(sum(bitmap[at : at + side]) for at in starts)))
    return counts


def _normalized(strokes: Sequence[Stroke]) -> bytes:
    """The bitmap, a byte of 0 or 1 per pixel: the pen is as thick as gives the common amount of ink."""
    path = stroke_path(strokes, smooth=False)
    xs = [point.x() for stroke in strokes for point in stroke]
    ys = [point.y() for stroke in strokes for point in stroke]
    low, high = PENS
    bitmap = b""
    for _ in range(_STEPS):
        pen = (low + high) / 2
        across = (BOX[0] - pen) / max(max(xs) - min(xs), 1.0)
        down = (BOX[1] - pen) / max(max(ys) - min(ys), 1.0)
        least = min(across, down)
        across, down = min(across, STRETCH * least), min(down, STRETCH * least)
        middle = SIDE / 2
        place = QTransform(
            across,
            0,
            0,
            down,
            middle - across * (min(xs) + max(xs)) / 2,
            middle - down * (min(ys) + max(ys)) / 2,
        )
        bitmap = _raster(place.map(path), pen)
        if sum(bitmap) < INK:
            low = pen
        else:
            high = pen
    return bitmap


def _raster(path: QPainterPath, pen: float) -> bytes:
    image = QImage(SIDE, SIDE, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen_of(pen, Qt.GlobalColor.white))
    painter.drawPath(path)
    painter.end()
    return bytes(image.constBits()).translate(_ON)


_ON = bytes(level >= 128 for level in range(256))


def pen_of(width: float, color: Qt.GlobalColor | QColor) -> QPen:
    """A round pen."""
    return QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def stroke_path(strokes: Sequence[Stroke], smooth: bool = True) -> QPainterPath:
    """The strokes as one path; smooth ones bend from middle to middle of the points."""
    path = QPainterPath()
    for stroke in strokes:
        path.moveTo(stroke[0])
        if len(stroke) == 1:
            path.lineTo(stroke[0] + QPointF(0.01, 0))  # a path of no length draws nothing
        elif not smooth or len(stroke) == 2:
            for point in stroke[1:]:
                path.lineTo(point)
        else:
            for here, then in pairwise(stroke[1:]):
                path.quadTo(here, (here + then) / 2)
            path.lineTo(stroke[-1])
    return path
