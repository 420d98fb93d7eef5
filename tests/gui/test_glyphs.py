"""Glyphs painted from paths look as an SVG renderer draws them."""

from __future__ import annotations

from importlib.resources import files

import pytest
from PySide6.QtCore import QByteArray, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from designer.glyphs import glyph, glyph_names, paint_glyph, parse, read_path

SIDE = 64
INK, RAISED = QColor("#12539B"), QColor("#FFFFFF")


def blank() -> QImage:
    image = QImage(SIDE, SIDE, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("#808080"))
    return image


def levels(image: QImage) -> list[int]:
    return list(bytes(image.constBits()))


@pytest.mark.parametrize("name", sorted(glyph_names()))
def test_a_glyph_is_what_an_svg_renderer_draws(name: str, qapp):
    svg = pytest.importorskip("PySide6.QtSvg")
    text = (files("assets") / "glyphs" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = svg.QSvgRenderer(QByteArray(text.replace("currentColor", INK.name()).encode()))
    ours, theirs = blank(), blank()
    painter = QPainter(theirs)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, SIDE, SIDE))
    painter.end()
    painter = QPainter(ours)
    paint_glyph(painter, name, QRectF(0, 0, SIDE, SIDE), INK, RAISED)
    painter.end()
    assert levels(ours) != levels(blank())
    # A renderer blends an element's opacity after stroking; where two strokes cross, a few pixels may differ.
    far = sum(abs(a - b) > 40 for a, b in zip(levels(ours), levels(theirs), strict=True))
    assert far <= SIDE * SIDE * 4 * 0.01


def test_painting_leaves_the_painter_as_it_was(qapp):
    image = blank()
    painter = QPainter(image)
    painter.setPen(Qt.GlobalColor.red)
    paint_glyph(painter, "conv", QRectF(10, 10, 16, 16), INK, RAISED)
    assert painter.pen().color() == QColor(Qt.GlobalColor.red)
    assert painter.transform().isIdentity()
    painter.end()
    assert image.pixelColor(5, 5) == QColor("#808080")


def test_relative_and_smooth_steps_are_read():
    assert read_path("m1 2l3-1h2v.5z") == read_path("M1 2 L4 1 H6 V1.5 Z")
    assert read_path("M0 0C1 1 2 1 3 0S5-1 6 0") == read_path("M0 0C1 1 2 1 3 0C4-1 5-1 6 0")
    assert read_path("M1 1 2 2 3 1") == read_path("M1 1L2 2L3 1")


@pytest.mark.parametrize(
    ("data", "touches"),
    [
        ("M0 8A8 8 0 0 1 16 8", QPointF(8, 0)),
        ("M0 8A8 8 0 0 0 16 8", QPointF(8, 16)),
        ("M8 0A8 8 0 1 1 0 8", QPointF(8, 16)),
        ("M8 0A8 8 0 0 0 0 8", QPointF(8 - 8 * 0.5**0.5, 8 - 8 * 0.5**0.5)),
    ],
)
def test_arcs_go_the_right_way(data: str, touches: QPointF):
    path = read_path(data)
    near = min((path.pointAtPercent(k / 400) - touches).manhattanLength() for k in range(401))
    assert near < 0.1


@pytest.mark.parametrize("data", ["M0", "5 5", "M0 0Q1 1 2 2", "M0 0L", "M0 0A3 4 0 0 1 1 1"])
def test_a_path_outside_the_subset_is_refused(data: str):
    with pytest.raises(ValueError, match="glyph"):
        read_path(data)


def test_an_element_outside_the_subset_is_refused():
    with pytest.raises(ValueError, match="text"):
        parse("<svg><text>a</text></svg>")
    with pytest.raises(ValueError, match="well-formed"):
        parse("<svg><path d='M0 0'")


def test_an_unknown_glyph_is_refused():
    with pytest.raises(KeyError, match="nothing_like_it"):
        glyph("nothing_like_it")
