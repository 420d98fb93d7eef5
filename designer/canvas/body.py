"""How a plate looks. Everything is painted at the origin in device units: `s` is device pixels per canvas unit.

The same functions fill sprites on the screen and write the vectors of an export.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPolygonF

from designer.canvas.ports import Anchor
from designer.canvas.scene import ACTIVATION_H, CELL, HEADER, Plate
from designer.canvas.text import is_ghost

if TYPE_CHECKING:
    from designer.theme import Theme

RADIUS, SHEET_RADIUS, PORT_R, DROP = 6.0, 10.0, 3.5, 1.5
BADGES = {"error": "ui_err", "warn": "ui_warn", "note": "ui_note"}
MARKS = {
    "added": ("less", "+"),
    "removed": ("error", "−"),
    "modified": ("change", "~"),
    "moved": ("note", ">"),
}


def pad_of(plate: Plate) -> int:
    """Canvas units around a body that it paints on: ports, plates behind, shadow, a scan's loop."""
    return 24 if plate.scan else 14


def glyph_of(plate: Plate) -> str:
    """The name of the plate's glyph."""
    return plate.glyph or plate.family


def faded(plate: Plate) -> bool:
    """Painted at 45 %: bypassed, or equal on both sides of a difference."""
    return plate.mark in ("bypassed", "equal")


def pen(color: QColor, width: float, dash: tuple[float, float] | None = None, *, round_cap: bool = False) -> QPen:
    """A solid or dashed pen; `dash` is in the units of `width`'s owner, Qt wants multiples of the width."""
    made = QPen(color, width)
    made.setCapStyle(Qt.PenCapStyle.RoundCap if round_cap else Qt.PenCapStyle.FlatCap)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dash:
        made.setDashPattern([part / width for part in dash])
    return made


def tinted(color: QColor, alpha: float) -> QColor:
    """The colour, that transparent."""
    made = QColor(color)
    made.setAlphaF(alpha)
    return made


def heat_quantum(heat: float) -> float:
    """Lens values in 64 steps, so that sprites can be shared."""
    return round(min(max(heat, 0.0), 1.0) * 64) / 64


def draw_body(p: QPainter, theme: Theme, plate: Plate, anchors: tuple[Anchor, ...], s: float) -> None:
    """A layer, block or operator without its words."""
    if plate.kind == "operator":
        _operator(p, theme, plate, s)
    elif is_ghost(plate):
        _ghost(p, theme, plate, s)
    else:
        _plate(p, theme, plate, anchors, s)
    draw_ports(p, theme, plate, anchors, s)


def _plate(p: QPainter, theme: Theme, plate: Plate, anchors: tuple[Anchor, ...], s: float) -> None:
    w, h, r = plate.w * s, plate.h * s, RADIUS * s
    hair = max(1.0, s)
    outline = QRectF(hair / 2, hair / 2, w - hair, h - hair)
    fill, edge, dash = theme.color("raised"), theme.color("line2"), None
    hot = plate.heat is not None
    if plate.heat is not None:
        fill = theme.heat(heat_quantum(plate.heat))
        edge = fill.darker(118)
    if plate.when == "off":
        fill, edge, dash = theme.color("canvas"), theme.color("strong"), (4 * s, 3 * s)
    elif plate.mark == "proposal":
        fill, edge, dash = theme.color("acctint"), theme.color("accent"), (5 * s, 4 * s)
    if plate.problem in ("error", "warn"):
        edge = theme.color(plate.problem)
        hair = max(1.0, 1.5 * s)
    if plate.mark in MARKS:
        edge = theme.color(MARKS[plate.mark][0])
        hair = max(1.0, 2 * s)
        dash = (3 * s, 2.5 * s) if plate.mark == "removed" else None
    if plate.scan:
        _scan_loops(p, theme, plate, anchors, s)
    if plate.repeat > 1:
        for k in (2, 1):
            behind = outline.translated(4 * k * s, -4 * k * s)
            p.setPen(pen(theme.color("line2"), max(1.0, s)))
            p.setBrush(theme.color("raised"))
            p.drawRoundedRect(behind, r, r)
    p.setPen(Qt.PenStyle.NoPen)
    if not dash:
        p.setBrush(theme.color("drop"))
        p.drawRoundedRect(QRectF(0, DROP * s, w, h), r, r)
    p.setBrush(fill)
    p.drawRoundedRect(outline, r, r)
    lit = plate.activation is not None and plate.h >= ACTIVATION_H
    ink = theme.heat_ink(heat_quantum(plate.heat)) if plate.heat is not None else theme.family(plate.family)
    if plate.when == "off":
        ink = theme.color("ink3")
    elif plate.mark == "proposal":
        ink = theme.color("accent")
    if lit:
        p.setPen(pen(theme.color("line"), hair))
        p.drawLine(QLineF(0, CELL * s, w, CELL * s))
        theme.paint_glyph(p, glyph_of(plate), QRectF(10 * s, 7 * s, 15 * s, 15 * s), ink)
    else:
        _cell(p, theme, plate, s, outline, r, ink, hot or bool(dash))
    if plate.changed:
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.color("change"))
        p.drawRect(QRectF(w - 3.5 * s, 5 * s, 3.5 * s, h - 10 * s))
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.setPen(pen(edge, hair, dash))
    p.drawRoundedRect(outline, r, r)
    quiet = theme.heat_ink(heat_quantum(plate.heat)) if plate.heat is not None else theme.color("ink3")
    if plate.frozen:
        theme.paint_glyph(
            p, "ui_lock", QRectF(w - 22 * s, h / 2 - (15 if plate.h > 40 else 7) * s, 13 * s, 13 * s), quiet
        )
    low = QRectF(w - 23 * s, h / 2 + 1 * s, 13 * s, 13 * s)
    if plate.shared:
        theme.paint_glyph(p, "ui_lock", low, ink)
    elif plate.scan:
        theme.paint_glyph(p, "rnn", low, theme.family("rnn"))


def _cell(
    p: QPainter, theme: Theme, plate: Plate, s: float, outline: QRectF, r: float, ink: QColor, bare: bool
) -> None:
    cell = CELL * s
    if not bare:
        shape = QPainterPath()
        x, y, h = outline.x(), outline.y(), outline.height()
        shape.moveTo(cell, y)
        shape.lineTo(x + r, y)
        shape.quadTo(x, y, x, y + r)
        shape.lineTo(x, y + h - r)
        shape.quadTo(x, y + h, x + r, y + h)
        shape.lineTo(cell, y + h)
        shape.closeSubpath()
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.family_tint(plate.family))
        p.drawPath(shape)
    if not bare or plate.heat is not None:
        p.setPen(pen(tinted(ink, 0.35 if bare else 0.55), max(1.0, s)))
        p.drawLine(QLineF(cell - 0.5 * s, s, cell - 0.5 * s, plate.h * s - s))
    size = 16 * s
    theme.paint_glyph(p, glyph_of(plate), QRectF(6 * s, (plate.h * s - size) / 2, size, size), ink)


def _ghost(p: QPainter, theme: Theme, plate: Plate, s: float) -> None:
    hair = max(1.0, s)
    p.setBrush(theme.color("canvas"))
    p.setPen(pen(theme.color("strong"), hair, (4 * s, 3 * s)))
    p.drawRoundedRect(QRectF(hair, hair, plate.w * s - 2 * hair, plate.h * s - 2 * hair), 5 * s, 5 * s)
    size = 16 * s
    corner = QRectF((plate.w * s - size) / 2, (plate.h * s - size) / 2, size, size)
    theme.paint_glyph(p, glyph_of(plate), corner, theme.color("ink3"))


def _operator(p: QPainter, theme: Theme, plate: Plate, s: float) -> None:
    r = plate.w / 2 * s
    center = QPointF(r, r)
    hair = max(1.0, s)
    edge = theme.color(plate.problem if plate.problem in ("error", "warn") else "line2")
    fill, ink = theme.family_tint(plate.family), theme.family(plate.family)
    dash = None
    if plate.heat is not None:
        fill, ink = theme.heat(heat_quantum(plate.heat)), theme.heat_ink(heat_quantum(plate.heat))
    if plate.problem in ("error", "warn"):
        hair = max(1.0, 1.5 * s)
    if plate.mark == "proposal":
        fill, edge, ink, dash = theme.color("acctint"), theme.color("accent"), theme.color("accent"), (5 * s, 4 * s)
    if plate.mark in MARKS:
        edge, hair = theme.color(MARKS[plate.mark][0]), max(1.0, 2 * s)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(theme.color("drop"))
    p.drawEllipse(center + QPointF(0, DROP * s), r, r)
    p.setPen(pen(edge, hair, dash))
    p.setBrush(fill)
    p.drawEllipse(center, r - hair / 2, r - hair / 2)
    draw_symbol(p, plate.symbol, center, s, ink)


def draw_symbol(p: QPainter, symbol: str, center: QPointF, s: float, ink: QColor) -> None:
    """An operator's sign as strokes: no font draws + and × the same size and on centre."""
    p.setPen(pen(ink, max(1.0, 1.6 * s), round_cap=True))
    p.setBrush(Qt.BrushStyle.NoBrush)
    a, b = 4.8 * s, 3.6 * s
    x, y = center.x(), center.y()
    known: dict[str, list[tuple[float, float, float, float]]] = {
        "+": [(-a, 0, a, 0), (0, -a, 0, a)],
        "−": [(-a, 0, a, 0)],
        "-": [(-a, 0, a, 0)],
        "×": [(-b, -b, b, b), (-b, b, b, -b)],
        "*": [(-b, -b, b, b), (-b, b, b, -b)],
        "‖": [(-2.2 * s, -a, -2.2 * s, a), (2.2 * s, -a, 2.2 * s, a)],
        "≡": [(-a, y0 * s, a, y0 * s) for y0 in (-4, 0, 4)],
        "/": [(-b, a, b, -a)],
        "÷": [(-b, a, b, -a)],
        ">": [(-b * 0.6, -a * 0.8, b * 0.8, 0), (b * 0.8, 0, -b * 0.6, a * 0.8)],
    }
    strokes = known.get(symbol)
    if strokes:
        p.drawLines([QLineF(x + x0, y + y0, x + x1, y + y1) for x0, y0, x1, y1 in strokes])
    elif symbol == "~":
        wave = QPainterPath(QPointF(x - a, y + 1.2 * s))
        wave.cubicTo(x - a / 2, y - 5 * s, x + a / 2, y + 5 * s, x + a, y - 1.2 * s)
        p.drawPath(wave)
    elif symbol in ("@", "·"):
        p.setBrush(ink)
        p.drawEllipse(center, 1.6 * s, 1.6 * s)
        if symbol == "@":
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawEllipse(center, a, a)
    elif symbol:
        font = p.font()
        font.setPixelSize(max(1, round(11 * s)))
        p.setFont(font)
        p.drawText(QRectF(x - 13 * s, y - 13 * s, 26 * s, 26 * s), Qt.AlignmentFlag.AlignCenter, symbol)


def _scan_loops(p: QPainter, theme: Theme, plate: Plate, anchors: tuple[Anchor, ...], s: float) -> None:
    """From each state's end back to its beginning, the outer ones around the inner ones."""
    heights = sorted(anchor.y for anchor in anchors if anchor.dx > 0)
    ends = [(heights[k], heights[-1 - k]) for k in range(len(heights) // 2)] or [(plate.h / 3, plate.h * 2 / 3)]
    p.setPen(pen(theme.family("rnn"), 1.75 * s))
    p.setBrush(Qt.BrushStyle.NoBrush)
    for k, (top, bottom) in enumerate(ends):
        reach = max(26 - 9 * k, 6)
        loop = QPainterPath(QPointF(plate.w * s, top * s))
        out = (plate.w + reach) * s
        loop.cubicTo(out, (top - 4) * s, out, (bottom + 4) * s, plate.w * s, bottom * s)
        p.drawPath(loop)


def draw_ports(p: QPainter, theme: Theme, plate: Plate, anchors: tuple[Anchor, ...], s: float) -> None:
    """The ports on the plate's edges."""
    fill, edge = theme.color("raised"), theme.color("wire")
    for anchor in anchors:
        port = anchor.port
        loose = port.optional and not port.wired
        draw_port(p, port.kind, QPointF(anchor.x * s, anchor.y * s), s, fill, edge, loose=loose)


def draw_port(
    p: QPainter, kind: str, at: QPointF, s: float, fill: QColor, edge: QColor, *, loose: bool = False
) -> None:
    """○ float, □ integer, ▽ bool, ◇ state; dashed if optional and unwired."""
    r = PORT_R * s
    p.setPen(pen(edge, max(1.0, 1.4 * s), (1.6 * s, 1.4 * s) if loose else None))
    p.setBrush(fill)
    if kind == "int":
        p.drawRect(QRectF(at.x() - r * 0.9, at.y() - r * 0.9, 1.8 * r, 1.8 * r))
    elif kind == "bool":
        p.drawPolygon(QPolygonF([at + QPointF(-1.15 * r, -r), at + QPointF(1.15 * r, -r), at + QPointF(0, 1.15 * r)]))
    elif kind == "state":
        k = 1.25 * r
        p.drawPolygon(QPolygonF([at + QPointF(0, -k), at + QPointF(k, 0), at + QPointF(0, k), at + QPointF(-k, 0)]))
    else:
        p.drawEllipse(at, r, r)


def draw_frame(p: QPainter, theme: Theme, plate: Plate, s: float) -> None:
    """A dashed frame with a 5 % wash of its family's colour."""
    color = theme.family(plate.family)
    hair = max(1.0, 1.25 * s)
    p.setBrush(tinted(color, 0.05))
    p.setPen(pen(color, hair, (5 * max(s, 0.5), 4 * max(s, 0.5))))
    r = SHEET_RADIUS * s
    p.drawRoundedRect(QRectF(hair / 2, hair / 2, plate.w * s - hair, plate.h * s - hair), r, r)


def draw_note(p: QPainter, theme: Theme, plate: Plate, s: float) -> None:
    """A sticky note: no shadow, a 2 px upper edge."""
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(theme.color("sticky"))
    p.drawRect(QRectF(0, 0, plate.w * s, plate.h * s))
    p.setBrush(theme.color("change"))
    p.drawRect(QRectF(0, 0, plate.w * s, max(1.0, 2 * s)))


def draw_sheet(p: QPainter, theme: Theme, plate: Plate, s: float, *, full: bool = True, buttons: bool = True) -> None:
    """A block opened in place: its sheet, border and header strip, with the buttons that can be pressed on a screen."""
    color = theme.family(plate.family)
    hair = max(1.0, s)
    w, h = plate.w * s, plate.h * s
    r = min(SHEET_RADIUS * s, SHEET_RADIUS * max(s, 0.4))
    outline = QRectF(hair / 2, hair / 2, w - hair, h - hair)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(tinted(theme.color("panel"), 0.6))
    p.drawRoundedRect(outline, r, r)
    if full:
        head = HEADER * s
        shape = QPainterPath()
        x, y, right = outline.x(), outline.y(), outline.right()
        shape.moveTo(x, head)
        shape.lineTo(x, y + r)
        shape.quadTo(x, y, x + r, y)
        shape.lineTo(right - r, y)
        shape.quadTo(right, y, right, y + r)
        shape.lineTo(right, head)
        shape.closeSubpath()
        p.setBrush(QBrush(theme.family_tint(plate.family)))
        p.drawPath(shape)
        p.setPen(pen(tinted(color, 0.55), hair))
        p.drawLine(QLineF(x, head, right, head))
        theme.paint_glyph(p, glyph_of(plate), QRectF(10 * s, 7 * s, 16 * s, 16 * s), color)
        ink = theme.color("ink3")
        for name, box in sheet_buttons(plate).items() if buttons else ():
            mark = QRectF(box[0] * s, box[1] * s, box[2] * s, box[3] * s).adjusted(3 * s, 3 * s, -3 * s, -3 * s)
            theme.paint_glyph(p, {"back": "ui_chevl", "on": "ui_chevr", "close": "ui_x"}[name], mark, ink)
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.setPen(pen(theme.color(plate.problem) if plate.problem in ("error", "warn") else tinted(color, 0.6), hair))
    p.drawRoundedRect(outline, r, r)


def sheet_buttons(plate: Plate) -> dict[str, tuple[float, float, float, float]]:
    """Where an opened block's header can be clicked: (x, y, w, h) of "close" and, with a pager, "back" and "on"."""
    y, size = HEADER / 2 - 8, 16.0
    boxes = {"close": (plate.w - 25, y, size, size)}
    if plate.pager:
        wide = 6.3 * len(f"i={plate.pager[0]} of {plate.pager[1]}")
        right = plate.w - 30.0
        boxes["on"] = (right - 14, y, size, size)
        boxes["back"] = (right - 18 - wide - size, y, size, size)
    return boxes
