"""What changes without the drawing changing: hover, selection, focus, tips and the lens's legend, in logical pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPainterPath

from designer.canvas.batch import draw_rects
from designer.canvas.body import PORT_R, draw_port, pen
from designer.canvas.minimap import BAR_H, MAP_H, MARGIN
from designer.canvas.rows import BODY, WIDTHS, size_class
from designer.canvas.scene import Legend, Plate, Verdict, Wire, text_width
from designer.canvas.spots import label_spot
from designer.canvas.sprites import COMPACT, FULL, GLYPH, level_of, tile_size
from designer.canvas.wires import path_of

if TYPE_CHECKING:
    from designer.canvas.surface import Canvas

_SOME, _MANY = 40, 300
TIP_H = 44.0


class Overlay:
    """Paints over the still picture; asks the canvas for its state each time."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._legend = QRectF()
        self.more: Callable[[Wire], str] = lambda wire: ""  # what follows the label of a wire under the mouse

    def paint(self, p: QPainter) -> None:
        """Everything but the gesture's own drawing and the controls."""
        canvas = self.canvas
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        snap = canvas.snap
        for wire in canvas.selected_wires:
            if wire in snap.wire_index:
                self.draw_wire(p, snap.wire_index[wire], canvas.theme.color("accent"), 3.0)
        if canvas.hover_wire >= 0 and snap.wires[canvas.hover_wire].id not in canvas.selected_wires:
            self._hover_wire(p, canvas.hover_wire)
        if canvas.hover_plate >= 0 and snap.rows[canvas.hover_plate].plate.id not in canvas.selection:
            self._hover_plate(p, canvas.hover_plate)
        self._selection(p)
        if canvas.current and canvas.hasFocus() and canvas.keyboard_used and canvas.current in snap.index:
            box, radius = self.frame_of(snap.index[canvas.current])
            out = 6.0 if canvas.current in canvas.selection else 4.0
            ring = pen(canvas.theme.color("focus"), 2, (2, 2.4))
            p.setPen(ring)
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawRoundedRect(box.adjusted(-out, -out, out, out), radius + out, radius + out)

    def frame_of(self, i: int) -> tuple[QRectF, float]:
        """(rectangle of plate `i` as drawn at this zoom, its corner radius), logical pixels."""
        canvas = self.canvas
        camera, snap = canvas.camera, canvas.snap
        plate = snap.rows[i].plate
        x, y = canvas.place(i)
        s = camera.scale
        left, top = (round(x * s) + camera.ox) / camera.dpr, (round(y * s) + camera.oy) / camera.dpr
        box = QRectF(left, top, plate.w * camera.zoom, plate.h * camera.zoom)
        level = level_of(camera.zoom)
        if snap.layer[i] != BODY or plate.kind == "note":
            return box, 10 * camera.zoom if plate.kind != "note" else 0.0
        if level == GLYPH:
            w, h = tile_size(s, camera.dpr)
            w, h = w / camera.dpr, h / camera.dpr
            c = box.center()
            return QRectF(c.x() - w / 2, c.y() - h / 2, w, h), 4.0
        if level < GLYPH:
            tall = max(min(snap.bar[i], box.height()), 1.0)
            return QRectF(box.x(), box.center().y() - tall / 2, box.width(), tall), 0.0
        if plate.kind == "operator":
            return box, box.width() / 2
        return box, 6 * camera.zoom if level == FULL else 4.0

    def _selection(self, p: QPainter) -> None:
        canvas = self.canvas
        snap, theme, camera = canvas.snap, canvas.theme, canvas.camera
        chosen = [snap.index[i] for i in canvas.selection if i in snap.index]
        if not chosen:
            return
        accent = theme.color("accent")
        level = level_of(camera.zoom)
        if len(chosen) > _SOME:
            chosen = np.array(chosen)[snap.seen(camera.box(canvas.base.pixmap.rect()), 10)[chosen]].tolist()
        p.setBrush(Qt.BrushStyle.NoBrush)
        out = 3.0 if level == FULL else 2.5 if level >= GLYPH else 1.5
        p.setPen(pen(accent, 2.0 if level >= COMPACT else 1.5))
        if len(chosen) > _MANY:
            self._many(p, chosen, out)
            return
        for i in chosen:
            box, radius = self.frame_of(i)
            # The ring stands off the plate, so that error borders and badges stay in sight.
            p.drawRoundedRect(box.adjusted(-out, -out, out, out), radius + out * 0.8, radius + out * 0.8)
        if level < FULL:
            return
        self._signs(p, chosen)
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(pen(accent, 1.4 * camera.zoom))
        p.setBrush(accent)
        r = PORT_R * camera.zoom
        others = []
        for i in chosen:
            x, y = canvas.place(i)
            for anchor in snap.rows[i].anchors:
                at = camera.to_view(x + anchor.x, y + anchor.y)
                if anchor.port.kind == "float":
                    p.drawEllipse(at, r, r)
                else:
                    others.append((anchor.port.kind, at))
        for kind, at in others:
            draw_port(p, kind, at, camera.zoom, accent, accent)

    def _signs(self, p: QPainter, chosen: list[int]) -> None:
        """Badges and signs again, over the rings that would cross them."""
        canvas = self.canvas
        for i in chosen:
            plate = canvas.snap.rows[i].plate
            if (plate.problem or plate.mark) and canvas.snap.layer[i] == BODY:
                p.save()
                p.translate(self.frame_of(i)[0].topLeft())
                p.scale(canvas.camera.zoom, canvas.camera.zoom)
                canvas.picture.signs(p, plate)
                p.restore()

    def _many(self, p: QPainter, chosen: list[int], out: float) -> None:
        canvas = self.canvas
        camera = canvas.camera
        rect = canvas.snap.rect[chosen]
        if canvas.live is not None and not canvas.live_copies:
            rect = rect.copy()
            rect[:, :2] += np.where(canvas.live.moving[chosen][:, None], (canvas.live.dx, canvas.live.dy), 0)
        boxes = np.empty_like(rect)
        boxes[:, :2] = (rect[:, :2] * camera.scale + (camera.ox, camera.oy)) / camera.dpr - out
        boxes[:, 2:] = rect[:, 2:] * camera.zoom + 2 * out
        p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        p.setPen(pen(canvas.theme.color("accent"), 1))
        draw_rects(p, np.round(boxes))
        p.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _hover_plate(self, p: QPainter, i: int) -> None:
        box, radius = self.frame_of(i)
        plate = self.canvas.snap.rows[i].plate
        role = plate.problem if plate.problem in ("error", "warn") else "ink3"
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(pen(self.canvas.theme.color(role), 1.25))
        p.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        if level_of(self.canvas.camera.zoom) == FULL:
            self._ports_again(p, i)

    def _ports_again(self, p: QPainter, i: int) -> None:
        canvas = self.canvas
        x, y = canvas.place(i)
        fill, edge = canvas.theme.color("raised"), canvas.theme.color("ink2")
        for anchor in canvas.snap.rows[i].anchors:
            at = canvas.camera.to_view(x + anchor.x, y + anchor.y)
            loose = anchor.port.optional and not anchor.port.wired
            draw_port(p, anchor.port.kind, at, canvas.camera.zoom, fill, edge, loose=loose)

    def draw_wire(self, p: QPainter, i: int, color: QColor, width: float) -> None:
        """A wire over the picture, its ends filled."""
        canvas = self.canvas
        camera, snap = canvas.camera, canvas.snap
        p.save()
        p.translate(camera.ox / camera.dpr, camera.oy / camera.dpr)
        p.scale(camera.zoom, camera.zoom)
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(pen(color, max(width, 1.5 / camera.zoom), round_cap=True))
        path = path_of(snap, i)
        p.drawPath(path)
        p.restore()
        if level_of(camera.zoom) == FULL:
            x0, y0, x1, y1 = snap.ends[i].tolist()
            for x, y in ((x0, y0), (x1, y1)):
                draw_port(p, snap.wires[i].kind, camera.to_view(x, y), camera.zoom, color, color)

    def _hover_wire(self, p: QPainter, i: int) -> None:
        canvas = self.canvas
        snap, theme, camera = canvas.snap, canvas.theme, canvas.camera
        wire = snap.wires[i]
        ink = theme.color("error" if wire.error else "ink")
        self.draw_wire(p, i, ink, WIDTHS[size_class(wire.values)] + 0.5)
        text = wire.error or f"{wire.label}{self.more(wire)}"
        spot = label_spot(snap, i)
        if not text or canvas.gesture is not None:
            return
        if spot is None:
            mid = path_of(snap, i).pointAtPercent(0.5)
            x, y = mid.x(), mid.y()
        else:
            x, y = spot.x, spot.y
        at = camera.to_view(x, y) + QPointF(7, -11)
        self.card(p, at, text, mono=not wire.error)

    def card(self, p: QPainter, at: QPointF, text: str, *, mono: bool) -> QRectF:
        """One line on a small card, kept inside the widget."""
        canvas = self.canvas
        font = canvas.picture.texts.fonts["mono" if mono else "plain"]
        wide = QFontMetricsF(font).horizontalAdvance(text) + 14
        box = QRectF(at.x(), at.y(), wide, 22)
        box.moveLeft(max(4.0, min(box.x(), canvas.width() - wide - 4)))
        box.moveTop(max(4.0, min(box.y(), canvas.height() - 26)))
        self.plate(p, box, canvas.theme.color("line2"))
        p.setPen(canvas.theme.color("ink"))
        p.setFont(font)
        p.drawText(box.adjusted(7, 0, -7, 0), Qt.AlignmentFlag.AlignVCenter, text)
        return box

    def plate(self, p: QPainter, box: QRectF, edge: QColor) -> None:
        """The ground of a card: one solid lower edge, one border."""
        theme = self.canvas.theme
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.color("drop"))
        p.drawRoundedRect(box.translated(0, 1.5), 6, 6)
        p.setBrush(theme.color("raised"))
        p.setPen(pen(edge, 1))
        p.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)

    def tip_rect(self, verdict: Verdict, at: QPointF) -> QRectF:
        """Where the tip of a drag stands: 12 px off the cursor, inside the widget."""
        canvas = self.canvas
        fonts = canvas.picture.texts.fonts
        wide = QFontMetricsF(fonts["tip"]).horizontalAdvance(verdict.sentence) + 46
        wide = max(wide, QFontMetricsF(fonts["mono"]).horizontalAdvance(verdict.cost) + 46)
        wide = min(wide, canvas.width() - 16.0)
        box = QRectF(at.x() + 12, at.y() + 12, wide, TIP_H if verdict.cost else 30)
        if box.right() > canvas.width() - 8:
            box.moveRight(at.x() - 12)
        if box.bottom() > canvas.height() - 8:
            box.moveBottom(at.y() - 12)
        box.moveLeft(max(8.0, box.left()))
        return box

    def tip(self, p: QPainter, verdict: Verdict, at: QPointF) -> None:
        """What would happen on release, and what it costs; or why it can't."""
        if not verdict.sentence:
            return
        theme, fonts = self.canvas.theme, self.canvas.picture.texts.fonts
        box = self.tip_rect(verdict, at)
        self.plate(p, box, theme.color("line2" if verdict.ok else "error"))
        middle = box.y() + (14 if verdict.cost else box.height() / 2)
        sign = QRectF(box.x() + 10, middle - 7, 14, 14)
        theme.paint_glyph(
            p, "ui_plus" if verdict.ok else "ui_err", sign, theme.color("accent" if verdict.ok else "error")
        )
        line = QRectF(box.x() + 32, middle - 10, box.width() - 40, 20)
        p.setFont(fonts["tip"])
        p.setPen(theme.color("ink"))
        said = QFontMetricsF(fonts["tip"]).elidedText(verdict.sentence, Qt.TextElideMode.ElideRight, line.width())
        p.drawText(line, Qt.AlignmentFlag.AlignVCenter, said)
        if verdict.cost:
            p.setFont(fonts["mono"])
            role = {"▲": "more", "▼": "less"}.get(verdict.cost[0], "ink3" if verdict.ok else "error")
            p.setPen(theme.color(role))
            p.drawText(line.translated(0, 17), Qt.AlignmentFlag.AlignVCenter, verdict.cost)

    def curve(self, begin: QPointF, end: QPointF, leave: tuple[int, int], arrive: tuple[int, int]) -> QPainterPath:
        """A free-hand wire between two points, logical pixels."""
        reach = max(24.0 * self.canvas.camera.zoom, 0.4 * abs(end.y() - begin.y()))
        path = QPainterPath(begin)
        path.cubicTo(
            begin + QPointF(leave[0] * reach, leave[1] * reach),
            end + QPointF(arrive[0] * reach, arrive[1] * reach),
            end,
        )
        return path

    def _free_corner(self, wide: float, high: float) -> QRectF:
        canvas = self.canvas
        right, low = canvas.width() - wide - MARGIN, canvas.height() - high - 2 * MARGIN
        corners = [(right, MARGIN), (MARGIN, low - BAR_H), (right, low - MAP_H), (MARGIN, MARGIN)]
        places = [QRectF(x, y, wide, high) for x, y in corners]
        for place in places:
            a = canvas.camera.to_canvas(place.topLeft())
            b = canvas.camera.to_canvas(place.bottomRight())
            hidden = canvas.snap.seen((a.x(), a.y(), b.x(), b.y())) & (canvas.snap.layer == BODY)
            if not hidden.any():
                return place
        return places[0]

    def on_legend(self, at: QPointF) -> bool:
        """Does the legend lie under a point?"""
        return self.canvas.scene.legend is not None and self._legend.contains(at)

    def legend(self, p: QPainter, legend: Legend) -> None:
        """The lens's ramp, in a corner where it hides no plate if there is one."""
        canvas = self.canvas
        theme, texts = canvas.theme, canvas.picture.texts
        wide = max(220.0, text_width(legend.title, 11) + 26, text_width(legend.note, 11) + 26)
        box = self._legend = self._free_corner(wide, 78.0 if legend.note else 62.0)
        self.plate(p, box, theme.color("line2"))
        p.setPen(theme.color("ink2"))
        texts.draw(p, "plain", box.x() + 12, box.y() + 19, legend.title)
        bar = QRectF(box.x() + 12, box.y() + 27, wide - 24, 8)
        shades = QLinearGradient(bar.topLeft(), bar.topRight())
        for k in range(17):
            shades.setColorAt(k / 16, theme.heat(k / 16))
        p.fillRect(bar, shades)
        p.setPen(theme.color("ink3"))
        texts.draw(p, "mono", bar.x(), bar.bottom() + 15, legend.low)
        texts.draw(
            p,
            "mono",
            bar.right() - QFontMetricsF(texts.fonts["mono"]).horizontalAdvance(legend.high),
            bar.bottom() + 15,
            legend.high,
        )
        if legend.note:
            texts.draw(p, "plain", bar.x(), bar.bottom() + 31, legend.note)


def ghost(p: QPainter, canvas: Canvas, at: QPointF, name: str, *, refused: bool) -> QRectF:
    """The outline of a plate that is about to be placed with its middle at `at`."""
    z = canvas.camera.zoom
    wide, high = max(Plate("", "layer", "", "").w, text_width(name) + 46) * z, 48 * z
    box = QRectF(at.x() - wide / 2, at.y() - high / 2, wide, high)
    theme = canvas.theme
    p.setBrush(theme.color("errtint" if refused else "acctint"))
    p.setPen(pen(theme.color("error" if refused else "accent"), 1.25, (5, 4)))
    p.drawRoundedRect(box, 6 * z, 6 * z)
    if z >= 0.5:
        p.setFont(canvas.picture.texts.fonts["name"])
        p.setPen(theme.color("error" if refused else "accent"))
        p.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
    return box
