"""Glyphs take the colour they are given, on one grid, and contain nothing but shapes."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from graph_core.layer import FAMILIES
from tests.house.source import ROOT

GLYPHS = sorted((ROOT / "assets/glyphs").glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {SVG + name for name in ("svg", "g", "path", "circle", "rect", "line", "ellipse", "polyline", "polygon")}
PAINTS = {"currentColor", "#FFFFFF", "none"}
ICON_PAINTS = {"#12539B", "#FFFFFF", "none"}


def faults(text: str, paints: set[str]) -> list[str]:
    """What in an SVG is neither a plain shape nor painted in one of ``paints``."""
    found: list[str] = []
    for element in ElementTree.fromstring(text).iter():
        if element.tag not in SHAPES:
            found.append(f"element {element.tag.removeprefix(SVG)}")
        for name, value in element.attrib.items():
            if name in ("fill", "stroke", "color", "stop-color") and value not in paints:
                found.append(f"{name}={value}")
            elif name in ("style", "class", "filter", "mask") or name.endswith("href") or name.startswith("on"):
                found.append(f"attribute {name}")
    return found


@pytest.mark.parametrize("path", GLYPHS, ids=lambda path: path.stem)
def test_a_glyph_is_plain_shapes_in_the_given_colour(path: Path):
    text = path.read_text(encoding="utf-8")
    assert faults(text, PAINTS) == []
    root = ElementTree.fromstring(text)
    assert root.attrib["viewBox"] == "0 0 16 16"
    assert "currentColor" in text
    assert len(text) < 1500


def test_the_icon_is_plain_shapes():
    assert faults((ROOT / "assets/icon.svg").read_text(encoding="utf-8"), ICON_PAINTS) == []


def test_every_family_has_a_glyph():
    assert {*FAMILIES, "block"} <= {path.stem for path in GLYPHS}


def test_every_glyph_belongs_to_a_family_or_to_the_window():
    strays = {path.stem for path in GLYPHS if not re.match(r"ui_[a-z]+$", path.stem)}
    assert strays == {*FAMILIES, "block", "io_out"}


@pytest.mark.parametrize(
    "inner",
    [
        '<path d="M0 0" stroke="#12539B"/>',
        '<path d="M0 0" style="fill:red"/>',
        "<script>alert(1)</script>",
        '<use href="https://example.org/a.svg"/>',
        "<text>a</text>",
        '<path d="M0 0" onclick="x()"/>',
    ],
)
def test_a_fault_is_seen(inner: str):
    assert faults(f'<svg xmlns="http://www.w3.org/2000/svg">{inner}</svg>', PAINTS) != []
