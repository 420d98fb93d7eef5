"""The drawing as TikZ, for papers: a painter that writes down what the canvas paints, so it is the same picture.

A unit is 3/4 of a big point, as in the PDF. Words stay words and take the fonts of the document around them; each node
has a named one under it, so that arrows and remarks of the paper's own can point at it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontInfo, QImage, QPainterPath, QPen, QPolygonF, QTransform

from designer.canvas.scene import Plate
from designer.canvas.texwords import tex_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from designer.theme import Theme

UNIT = 0.75  # big points
_MONO = 1.1  # TeX's typewriter letters are narrower than ours
_HEAD = r"""% {title}: drawn with Netwright.
% Compiles by itself; a paper that uses the packages standalone and tikz can input it.
\IfFileExists{{standalone.cls}}{{\documentclass[tikz]{{standalone}}}}{{%
  \documentclass{{article}}\usepackage{{tikz}}\pagestyle{{empty}}\setlength\parindent{{0pt}}%
  \usepackage[paperwidth={w}bp,paperheight={h}bp,margin=0pt]{{geometry}}}}
\usepackage{{fix-cm}}\usepackage[OT1]{{fontenc}}
\renewcommand\rmdefault{{cmr}}\renewcommand\sfdefault{{cmss}}\renewcommand\ttdefault{{cmtt}}
% A character that is not in the usual fonts: #1 is it, #2 its code point. Define it first to set it in a font of yours.
\providecommand\netwrightchar[2]{{[U+#2]}}
"""


class TikzPainter:
    """Takes the calls of a QPainter that the picture makes, with the same meaning, and keeps them as TikZ."""

    def __init__(self, theme: Theme, dpi: float) -> None:
        self._dpi = dpi
        self._names = _names(theme)
        self.colors: dict[str, str] = {}  # name: six hexadecimal digits
        self.lines: list[str] = []
        self._way, self._opacity = QTransform(), 1.0
        self._pen, self._brush = QPen(Qt.PenStyle.NoPen), QBrush()
        self._font = QFont()
        self._kept: list[tuple[Any, ...]] = []

    # State -----------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """As QPainter."""
        self._kept.append((QTransform(self._way), self._opacity, self._pen, self._brush, self._font))

    def restore(self) -> None:
        """As QPainter."""
        self._way, self._opacity, self._pen, self._brush, self._font = self._kept.pop()

    def translate(self, *by: Any) -> None:
        """As QPainter: a point, or x and y."""
        x, y = by if len(by) == 2 else (by[0].x(), by[0].y())
        self._way.translate(x, y)

    def scale(self, x: float, y: float) -> None:
        """As QPainter."""
        self._way.scale(x, y)

    def setOpacity(self, share: float) -> None:
        """As QPainter."""
        self._opacity = share

    def setPen(self, pen: Any) -> None:
        """As QPainter: a pen, a colour, or none."""
        self._pen = QPen(pen)

    def setBrush(self, brush: Any) -> None:
        """As QPainter: a brush, a colour, or none."""
        self._brush = QBrush(brush)

    def setFont(self, font: QFont) -> None:
        """As QPainter."""
        self._font = QFont(font)

    def font(self) -> QFont:
        """As QPainter."""
        return QFont(self._font)

    def setRenderHint(self, *_: object) -> None:
        """Vectors have no hints."""

    # Shapes ----------------------------------------------------------------------------------------------------

    def drawPath(self, path: QPainterPath) -> None:
        """As QPainter."""
        self._put(self._course(path))

    def drawRect(self, rect: QRectF) -> None:
        """As QPainter."""
        self._put(f"{self._at(rect.topLeft())} rectangle {self._at(rect.bottomRight())}")

    def drawRoundedRect(self, rect: QRectF, rx: float, _ry: float) -> None:
        """As QPainter, with round corners."""
        r = min(rx, rect.width() / 2, rect.height() / 2) * self._way.m11() * UNIT
        self._put(f"{self._at(rect.topLeft())} rectangle {self._at(rect.bottomRight())}", f"rounded corners={_n(r)}bp")

    def drawEllipse(self, *where: Any) -> None:
        """As QPainter: a rectangle, or a centre and two radii."""
        if len(where) == 1:
            where = (where[0].center(), where[0].width() / 2, where[0].height() / 2)
        middle, rx, ry = where
        s = self._way.m11()
        self._put(f"{self._at(middle)} ellipse [x radius={_n(rx * s)}, y radius={_n(ry * s)}]")

    def drawPolygon(self, polygon: QPolygonF) -> None:
        """As QPainter."""
        self._put(" -- ".join(self._at(point) for point in polygon) + " -- cycle")

    def drawLine(self, line: QLineF) -> None:
        """As QPainter."""
        self.drawLines([line])

    def drawLines(self, lines: Iterable[QLineF]) -> None:
        """As QPainter."""
        brush, self._brush = self._brush, QBrush()
        self._put(" ".join(f"{self._at(line.p1())} -- {self._at(line.p2())}" for line in lines))
        self._brush = brush

    def fillRect(self, rect: QRectF, color: QColor) -> None:
        """As QPainter."""
        self.save()
        self._pen, self._brush = QPen(Qt.PenStyle.NoPen), QBrush(color)
        self.drawRect(rect)
        self.restore()

    def drawImage(self, area: QRectF, image: QImage) -> None:
        """As QPainter: pixels in rows, what is alike in a row as one rectangle."""
        w, h = area.width() / image.width(), area.height() / image.height()
        for row in range(image.height()):
            first = 0
            for column in range(1, image.width() + 1):
                if column == image.width() or image.pixel(column, row) != image.pixel(first, row):
                    run = QRectF(area.x() + first * w, area.y() + row * h, (column - first) * w, h)
                    self.fillRect(run, QColor(image.pixel(first, row)))
                    first = column

    # Words -----------------------------------------------------------------------------------------------------

    def drawText(self, where: Any, *rest: Any) -> None:
        """As QPainter: at the start of a baseline, or in the middle of a rectangle."""
        anchor, text = ("center", rest[1]) if isinstance(where, QRectF) else ("base west", rest[0])
        if not text.strip():
            return
        font = self._font
        px = font.pixelSize() if font.pixelSize() > 0 else font.pointSizeF() * self._dpi / 72
        mono = "mono" in QFontInfo(font).family().lower()
        size = px * self._way.m11() * UNIT * (_MONO if mono else 1)
        look = (r"\ttfamily" if mono else r"\sffamily") + (r"\bfseries" if font.weight() > 500 and not mono else "")
        look += r"\itshape" if font.italic() else ""
        spot = where.center() if isinstance(where, QRectF) else where
        options = [f"nw text={{{_n(size)}bp}}{{{look}}}", f"anchor={anchor}", f"text={self._ink(self._pen.color())}"]
        alpha = self._pen.color().alphaF() * self._opacity
        if alpha < 0.999:
            options.append(f"text opacity={_n(alpha)}")
        self.lines.append(rf"\node[{', '.join(options)}] at {self._at(spot)} {{{tex_words(text, mono=mono)}}};")

    def name(self, plates: Iterable[Plate], dx: float, dy: float) -> None:
        """An empty node of each plate's size around it, named after it: ``(conv1.east)`` is the middle of its side."""
        taken: set[str] = set()
        for plate in plates:
            if plate.kind == "note":
                continue
            plain = re.sub(r"[^A-Za-z0-9_-]+", "-", plate.name).strip("-") or "node"
            name, k = plain, 2
            while name in taken:
                name, k = f"{plain}-{k}", k + 1
            taken.add(name)
            size = f"{_n(plate.w * UNIT)}bp, minimum height={_n(plate.h * UNIT)}bp"
            at = f"({_n(plate.x + dx + plate.w / 2)},{_n(plate.y + dy + plate.h / 2)})"
            shape = "circle" if plate.kind == "operator" else "rectangle"
            self.lines.append(rf"\node[{shape}, inner sep=0pt, minimum width={size}] ({name}) at {at} {{}};")

    # Writing ---------------------------------------------------------------------------------------------------

    def document(self, title: str, size: QSize) -> str:
        """All of it as a LaTeX document of one page."""
        w, h = _n(size.width() * UNIT), _n(size.height() * UNIT)
        head = _HEAD.format(title=" ".join(title.split()).encode("ascii", "replace").decode(), w=w, h=h)
        colors = [rf"\definecolor{{{name}}}{{HTML}}{{{digits}}}" for name, digits in sorted(self.colors.items())]
        begin = [
            r"\begin{document}",
            rf"\begin{{tikzpicture}}[x={UNIT}bp, y=-{UNIT}bp,",
            r"  nw text/.style 2 args={inner sep=0pt, outer sep=0pt, font=\fontsize{#1}{#1}#2\selectfont}]",
            rf"\useasboundingbox (0,0) rectangle ({size.width()},{size.height()});",
        ]
        return head + "\n".join([*colors, *begin, *self.lines, r"\end{tikzpicture}", r"\end{document}", ""])

    def _put(self, course: str, *options: str) -> None:
        stroked = self._pen.style() != Qt.PenStyle.NoPen
        filled = self._brush.style() != Qt.BrushStyle.NoBrush
        chosen = list(options)
        if filled:
            self._color(chosen, "fill", self._brush.color())
        if stroked:
            self._color(chosen, "draw", self._pen.color())
            width = self._pen.widthF() * self._way.m11() * UNIT
            chosen.append(f"line width={_n(width)}bp")
            if self._pen.capStyle() == Qt.PenCapStyle.RoundCap:
                chosen.append("line cap=round")
            if self._pen.joinStyle() == Qt.PenJoinStyle.RoundJoin and "rounded" not in "".join(options):
                chosen.append("line join=round")
            if self._pen.style() == Qt.PenStyle.CustomDashLine:
                parts = zip(("on", "off") * 8, self._pen.dashPattern(), strict=False)
                chosen.append("dash pattern=" + " ".join(f"{word} {_n(part * width)}bp" for word, part in parts))
        if stroked or filled:
            self.lines.append(rf"\path[{', '.join(chosen)}] {course};")

    def _color(self, options: list[str], use: str, color: QColor) -> None:
        options.append(f"{use}={self._ink(color)}")
        alpha = color.alphaF() * self._opacity
        if alpha < 0.999:
            options.append(f"{use} opacity={_n(alpha)}")

    def _ink(self, color: QColor) -> str:
        digits = color.name()[1:].upper()
        name = f"nw-{self._names.get(digits, digits.lower())}"
        self.colors[name] = digits
        return name

    def _at(self, point: QPointF) -> str:
        there = self._way.map(QPointF(point))
        return f"({_n(there.x())},{_n(there.y())})"

    def _course(self, path: QPainterPath) -> str:
        """A path's elements; a curve is three of them. What ends where it began is closed."""
        parts, first, k = [], "", 0
        while k < path.elementCount():
            at = [path.elementAt(j) for j in range(k, min(k + 3, path.elementCount()))]
            spot = self._at(QPointF(at[0].x, at[0].y))
            if at[0].type == QPainterPath.ElementType.MoveToElement:
                parts.append(spot)
                first = spot
            elif at[0].type == QPainterPath.ElementType.LineToElement:
                parts.append("-- cycle" if spot == first else f"-- {spot}")
            else:
                second, end = (self._at(QPointF(one.x, one.y)) for one in at[1:])
                parts.append(f".. controls {spot} and {second} .. {end}" + (" -- cycle" if end == first else ""))
                k += 2
            k += 1
        return " ".join(parts)


def _names(theme: Theme) -> dict[str, str]:
    """What the theme calls its colours, by their digits; a family's own name comes before a surface's."""
    from designer.theme import tokens

    values = tokens()
    found: dict[str, str] = {}
    for kind, ending in (("family_tint", "-tint"), ("family", ""), ("color", "")):
        for name, color in values[kind][theme.name].items():
            found[QColor(color).name()[1:].upper()] = name.replace("_", "-") + ending
    return found


def _n(value: float) -> str:
    """A number with at most two decimals: a hundredth of a unit is less than a printer can place."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
