"""Glyphs: the project's icons, read once from their small part of SVG into painter paths.

The files use paths, circles and groups on a 16 grid, `currentColor`, and `#FFFFFF` for the mark inside a badge.
Painting paths costs less than an SVG renderer, takes any colour and stays sharp at every zoom.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from PySide6.QtCore import QPointF, QRectF, Qt, QXmlStreamReader
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen

GRID = 16.0
_TOKEN = re.compile(r"([MmLlHhVvCcSsAaZz])|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_MARK = "#FFFFFF"


@dataclass(frozen=True)
class Mark:
    """One shape of a glyph: `stroke` is the pen's width on the grid (0: none), `fill` an opacity (0: none).

    `opacity` holds for both; `dash` is in grid units; `raised` says that it takes the surface's colour.
    """

    path: QPainterPath
    stroke: float
    fill: float
    opacity: float
    dash: tuple[float, ...]
    raised: bool


def paint_glyph(painter: QPainter, name: str, rect: QRectF, color: QColor, raised: QColor) -> None:
    """Paint glyph `name` into `rect` in `color`, the marks inside badges in `raised`. Raises KeyError if unknown."""
    marks = glyph(name)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width() / GRID, rect.height() / GRID)
    for mark in marks:
        ink = QColor(raised if mark.raised else color)
        full = ink.alphaF() * mark.opacity
        ink.setAlphaF(full)
        painter.setPen(_pen(ink, mark) if mark.stroke else Qt.PenStyle.NoPen)
        if mark.fill:
            fill = QColor(ink)
            fill.setAlphaF(full * mark.fill)
            painter.setBrush(QBrush(fill))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(mark.path)
    painter.restore()


def _pen(ink: QColor, mark: Mark) -> QPen:
    pen = QPen(ink, mark.stroke, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    if mark.dash:
        pen.setDashPattern([length / mark.stroke for length in mark.dash])  # Qt counts dashes in pen widths
    return pen


@cache
def glyph_names() -> frozenset[str]:
    """The names of all glyphs."""
    return frozenset(
        entry.name.removesuffix(".svg")
        for entry in (files("assets") / "glyphs").iterdir()
        if entry.name.endswith(".svg")
    )


@cache
def glyph(name: str) -> tuple[Mark, ...]:
    """The shapes of glyph `name`, back to front. Raises KeyError if there is none of that name."""
    if name not in glyph_names():
        raise KeyError(f"there is no glyph {name!r}")
    return parse((files("assets") / "glyphs" / f"{name}.svg").read_text(encoding="utf-8"))


def parse(svg: str) -> tuple[Mark, ...]:
    """The shapes of an SVG of our subset, back to front. Raises ValueError for what lies outside it."""
    reader = QXmlStreamReader(svg)
    inherited: list[dict[str, str]] = [{}]
    marks: list[Mark] = []
    while not reader.atEnd():
        kind = reader.readNext()
        if kind == QXmlStreamReader.TokenType.StartElement:
            attributes = {str(one.name()): str(one.value()) for one in reader.attributes()}
            values = inherited[-1] | attributes
            inherited.append(values)
            tag = str(reader.name())
            if tag == "path":
                marks.append(_mark(read_path(values["d"]), values))
            elif tag == "circle":
                circle = QPainterPath()
                radius = float(values["r"])
                circle.addEllipse(QPointF(float(values["cx"]), float(values["cy"])), radius, radius)
                marks.append(_mark(circle, values))
            elif tag not in ("svg", "g"):
                raise ValueError(f"a glyph may not contain <{tag}>")
        elif kind == QXmlStreamReader.TokenType.EndElement:
            inherited.pop()
    if reader.hasError():
        raise ValueError(f"a glyph is not well-formed: {reader.errorString()}")
    return tuple(marks)


def _mark(path: QPainterPath, values: dict[str, str]) -> Mark:
    stroke, fill = values.get("stroke", "none"), values.get("fill", "none")
    return Mark(
        path=path,
        stroke=0.0 if stroke == "none" else float(values.get("stroke-width", "1")),
        fill=0.0 if fill == "none" else float(values.get("fill-opacity", "1")),
        opacity=float(values.get("opacity", "1")),
        dash=tuple(float(part) for part in values.get("stroke-dasharray", "").split()),
        raised=_MARK in (stroke, fill),
    )


def read_path(data: str) -> QPainterPath:
    """An SVG path's data (M L H V C S A Z, absolute and relative) as a painter path. Raises ValueError otherwise."""
    return _PathReader(data).read()


class _PathReader:
    """Walks over the letters and numbers of one path."""

    def __init__(self, data: str) -> None:
        rest = _TOKEN.sub("", data).replace(",", "").strip()
        if rest:
            raise ValueError(f"a glyph's path contains {rest!r}")
        self.tokens = [match.group() for match in _TOKEN.finditer(data)]
        self.position = 0
        self.path = QPainterPath()
        self.at = QPointF()
        self.control: QPointF | None = None  # the last cubic's second handle, which S mirrors
        self.steps: dict[str, Callable[[QPointF], None]] = {
            "M": self._move,
            "L": self._line,
            "H": self._across,
            "V": self._down,
            "C": self._cubic,
            "S": self._smooth,
            "A": self._arc,
        }

    def read(self) -> QPainterPath:
        command = ""
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            if token.isalpha():
                command = token
                self.position += 1
            elif command in ("M", "m"):
                command = "L" if command == "M" else "l"  # further pairs of a move are lines
            elif command in ("", "Z", "z"):
                raise ValueError("a glyph's path has a number where a letter belongs")
            if command in ("Z", "z"):
                self.path.closeSubpath()
                self.at = self.path.currentPosition()
                self.control = None
                continue
            origin = QPointF(self.at) if command.islower() else QPointF()
            letter = command.upper()
            self.steps[letter](origin)
            if letter not in ("C", "S"):
                self.control = None
        return self.path

    def _number(self) -> float:
        if self.position == len(self.tokens) or self.tokens[self.position].isalpha():
            raise ValueError("a glyph's path ends in the middle of a step")
        self.position += 1
        return float(self.tokens[self.position - 1])

    def _point(self, origin: QPointF) -> QPointF:
        x = self._number()
        return origin + QPointF(x, self._number())

    def _move(self, origin: QPointF) -> None:
        self.at = self._point(origin)
        self.path.moveTo(self.at)

    def _line(self, origin: QPointF) -> None:
        self._line_to(self._point(origin))

    def _across(self, origin: QPointF) -> None:
        self._line_to(QPointF(origin.x() + self._number(), self.at.y()))

    def _down(self, origin: QPointF) -> None:
        self._line_to(QPointF(self.at.x(), origin.y() + self._number()))

    def _line_to(self, point: QPointF) -> None:
        self.at = point
        self.path.lineTo(point)

    def _cubic(self, origin: QPointF) -> None:
        self._cubic_to(self._point(origin), origin)

    def _smooth(self, origin: QPointF) -> None:
        mirrored = self.at if self.control is None else self.at * 2 - self.control
        self._cubic_to(mirrored, origin)

    def _cubic_to(self, first: QPointF, origin: QPointF) -> None:
        self.control = self._point(origin)
        self.at = self._point(origin)
        self.path.cubicTo(first, self.control, self.at)

    def _arc(self, origin: QPointF) -> None:
        """Endpoint to centre form (SVG 1.1, F.6.5), for circles: the only arcs that the glyphs use."""
        radius, other = self._number(), self._number()
        self._number()  # a circle's rotation changes nothing
        large, sweep = self._number() != 0, self._number() != 0
        if radius != other:
            raise ValueError("a glyph's arcs must be parts of circles")
        start, end = self.at, self._point(origin)
        half = (start - end) / 2
        distance = math.hypot(half.x(), half.y())
        radius = max(radius, distance)
        height = math.sqrt(max(radius**2 - distance**2, 0.0)) / distance if distance else 0.0
        side = height if large == sweep else -height
        middle = (start + end) / 2
        centre = QPointF(middle.x() - side * half.y(), middle.y() + side * half.x())
        first = math.degrees(math.atan2(centre.y() - start.y(), start.x() - centre.x()))
        last = math.degrees(math.atan2(centre.y() - end.y(), end.x() - centre.x()))
        turn = (first - last) % 360 if sweep else -((last - first) % 360)
        box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
        # Qt counts angles counter-clockwise; SVG's sweep is clockwise on a downward y axis.
        self.path.arcTo(box, first, -turn)
        self.at = end
