"""The colours can be told apart by everyone: contrast ratios of WCAG 2 over the theme's tokens."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import Any

import pytest

from graph_core.layer import FAMILIES
from tests.house.source import ROOT

TOKENS: dict[str, Any] = json.loads((ROOT / "assets/themes/tokens.json").read_text(encoding="utf-8"))
THEMES = ("light", "dark")

# Whatever is written or marked may come to stand on any of these.
SURFACES = ("canvas", "chrome", "panel", "raised", "sunken", "hover", "acctint", "errtint", "warntint", "sticky")
TEXT = ("ink", "ink2", "ink3", "accent", "error", "warn", "note", "ok", "more", "less")
CODE = ("code_kw", "code_str", "code_num", "code_com", "code_fn")
MARKS = ("strong", "wire", "focus", "change")  # borders of controls, wires, rings, bars
DECORATION = {"dots", "line", "line2", "drop"}  # nothing is told by them alone
LEAST_TEXT, LEAST_MARK = 4.5, 3.0


def channels(colour: str) -> list[float]:
    """Red, green and blue of ``#RRGGBB``, from 0 to 1."""
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definition of that name)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours, from 1 to 21."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def too_faint(inks: tuple[str, ...], least: float, theme: str) -> list[str]:
    """The pairs of an ink and a surface below the ``least`` ratio."""
    colours = TOKENS["color"][theme]
    pairs = [(ink, surface, contrast(colours[ink], colours[surface])) for ink, surface in product(inks, SURFACES)]
    return [f"{ink} on {surface} {ratio:.2f}" for ink, surface, ratio in pairs if ratio < least]


@pytest.mark.parametrize(("a", "b", "ratio"), [("#000000", "#FFFFFF", 21.0), ("#777777", "#FFFFFF", 4.48)])
def test_contrast_is_that_of_wcag(a: str, b: str, ratio: float):
    assert contrast(a, b) == pytest.approx(ratio, abs=0.005)
    assert contrast(a, b) == contrast(b, a)


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_can_be_read_on_every_surface(theme: str):
    assert too_faint((*TEXT, *CODE), LEAST_TEXT, theme) == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_mark_can_be_seen_on_every_surface(theme: str):
    assert too_faint(MARKS, LEAST_MARK, theme) == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_label_of_the_primary_button_can_be_read(theme: str):
    assert contrast(TOKENS["color"][theme]["onacc"], TOKENS["color"][theme]["accent"]) >= LEAST_TEXT


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_called_decoration_is_all_that_is_faint(theme: str):
    assert set(TOKENS["color"][theme]) == {*SURFACES, *TEXT, *CODE, *MARKS, *DECORATION, "onacc"}


@pytest.mark.parametrize(("theme", "family"), list(product(THEMES, TOKENS["family"]["light"])))
def test_a_family_glyph_can_be_seen_on_its_tint(theme: str, family: str):
    glyph, tint = TOKENS["family"][theme][family], TOKENS["family_tint"][theme][family]
    assert contrast(glyph, tint) >= LEAST_MARK
    raised, share = channels(TOKENS["color"][theme]["raised"]), TOKENS["tint"][theme]
    mixed = [share * part + (1 - share) * base for part, base in zip(channels(glyph), raised, strict=True)]
    assert channels(tint) == pytest.approx(mixed, abs=1 / 255), "the tint is not that share of the glyph's colour"


def test_every_family_of_layers_has_a_colour():
    assert set(TOKENS["family"]["light"]) == {*FAMILIES, "block"}


@pytest.mark.parametrize("theme", THEMES)
def test_what_stands_on_the_lens_ramp_can_be_read(theme: str):
    ramp, inks = TOKENS["heat"][theme], TOKENS["heat_ink"][theme]
    assert len(ramp) == len(inks) == 9
    assert all(contrast(stop, ink) >= LEAST_TEXT for stop, ink in zip(ramp, inks, strict=True))
    light = [luminance(stop) for stop in ramp]
    assert light == sorted(light, reverse=theme == "light"), "the ramp turns back on itself"


def test_both_themes_name_the_same_things():
    for name, table in TOKENS.items():
        if isinstance(table, dict) and "light" in table:
            light, dark = table["light"], table["dark"]
            assert type(light) is type(dark), name
            if isinstance(light, dict):
                assert list(light) == list(dark), name


def test_every_colour_is_written_the_same_way():
    def colours(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [one for part in value.values() for one in colours(part)]
        if isinstance(value, list):
            return [one for part in value for one in colours(part)]
        return [value] if isinstance(value, str) and value.startswith("#") else []

    found = colours(TOKENS)
    assert len(found) > 100
    assert [colour for colour in found if not re.fullmatch(r"#[0-9A-F]{6}", colour)] == []
