"""Data that travels with every installation: small, complete, and with its licences."""

from __future__ import annotations

from tests.house.source import ROOT

FONTS = ROOT / "assets/fonts"
MOST_BYTES = 3_000_000


def test_every_font_travels_with_its_licence():
    families = {path.stem.partition("-")[0] for path in FONTS.iterdir() if path.suffix in (".otf", ".ttf")}
    assert families == {"Inter", "JetBrainsMono"}
    for family in families:
        text = (FONTS / f"OFL-{family}.txt").read_text(encoding="utf-8")
        assert text.startswith("Copyright")
        assert "SIL OPEN FONT LICENSE Version 1.1" in text


def test_both_fonts_come_in_both_weights():
    for family in ("Inter", "JetBrainsMono"):
        assert {path.stem for path in FONTS.iterdir()} >= {f"{family}-Regular", f"{family}-SemiBold"}


def test_fonts_stay_small():
    assert sum(path.stat().st_size for path in FONTS.iterdir()) < MOST_BYTES


def test_the_licence_is_apache_2():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
