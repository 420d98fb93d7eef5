"""Colours, fonts and the switch between themes are those of the tokens."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QFontInfo, QIcon, QImage, QPainter, QPalette

from designer.oklab import contrast, from_oklab, luminance, oklab
from designer.theme import Theme, ThemeSwitch, tokens

NAMES = ("light", "dark")


@pytest.fixture(params=NAMES)
def theme(request, qapp) -> Theme:
    return Theme(request.param)


def test_every_token_is_a_colour(theme: Theme):
    for name, value in tokens()["color"][theme.name].items():
        assert theme.color(name).name().upper() == value
    for name, value in tokens()["family"][theme.name].items():
        assert theme.family(name).name().upper() == value
        assert theme.family_tint(name).name().upper() == tokens()["family_tint"][theme.name][name]


def test_a_colour_handed_out_is_a_copy(theme: Theme):
    theme.color("ink").setAlpha(3)
    assert theme.color("ink").alpha() == 255


def test_an_unknown_colour_is_refused(theme: Theme):
    with pytest.raises(KeyError):
        theme.color("no such token")


def test_the_ramp_meets_its_stops_and_is_monotone_between_them(theme: Theme):
    stops = tokens()["heat"][theme.name]
    assert [theme.heat(k / 8).name().upper() for k in range(9)] == stops
    assert theme.heat(-1) == theme.heat(0)
    assert theme.heat(7.5) == theme.heat(1)
    light = [oklab(theme.heat(k / 100))[0] for k in range(101)]
    steps = [(b - a) * (1 if theme.dark else -1) for a, b in pairwise(light)]
    assert min(steps) > -0.002  # eight bits a channel round


def test_ink_on_the_ramp_reads_everywhere(theme: Theme):
    assert min(contrast(theme.heat(k / 100), theme.heat_ink(k / 100)) for k in range(101)) >= 4.5
    assert [theme.heat_ink(k / 8).name().upper() for k in range(9)] == tokens()["heat_ink"][theme.name]


@pytest.mark.parametrize(
    ("colour", "lab"),
    [("#FFFFFF", (1.0, 0.0, 0.0)), ("#FF0000", (0.628, 0.225, 0.126)), ("#0000FF", (0.452, -0.032, -0.312))],
)
def test_oklab_is_that_of_its_author(colour: str, lab: tuple[float, float, float]):
    assert oklab(QColor(colour)) == pytest.approx(lab, abs=0.001)
    assert from_oklab(*oklab(QColor(colour))).name().upper() == colour


def test_contrast_is_that_of_wcag():
    assert contrast(QColor("#000000"), QColor("#FFFFFF")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("#FFFFFF")) == pytest.approx(4.48, abs=0.005)
    assert luminance(QColor("#FFFFFF")) == pytest.approx(1)


def test_series_start_again(theme: Theme):
    assert theme.series(4) == theme.series(0) != theme.series(1)


def test_canvas_fonts_are_the_bundled_ones(theme: Theme):
    assert QFontInfo(theme.canvas_font(12, 600)).family() == "Inter"
    mono = theme.mono_font(10.5)
    assert QFontInfo(mono).family() == "JetBrains Mono"
    assert QFontInfo(mono).fixedPitch()
    assert mono.pointSizeF() * 96 / 72 == pytest.approx(10.5, abs=0.01)
    assert theme.canvas_font(12, 600).weight() == 600
    assert {bytes(tag.toString().data()): mono.featureValue(tag) for tag in mono.featureTags()} == {
        b"calt": 0,
        b"tnum": 1,
    }


def test_panel_fonts_scale_and_canvas_fonts_do_not(qapp):
    small, large = Theme("light"), Theme("light", scale=2.0)
    assert small.ui_font("ui").pixelSize() == 13
    assert large.ui_font("ui").pixelSize() == 26
    assert small.ui_font("title").pixelSize() == 15
    assert small.ui_font("figure").pixelSize() == 21
    assert large.canvas_font(12).pixelSize() == 12
    assert (small.size("field"), large.size("field")) == (26, 52)
    with pytest.raises(KeyError):
        small.ui_font("enormous")


def test_the_palette_is_made_of_tokens(theme: Theme):
    palette = theme.palette()
    assert palette.color(QPalette.ColorRole.Window) == theme.color("panel")
    assert palette.color(QPalette.ColorRole.Highlight) == theme.color("accent")
    assert palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text) == theme.color("ink3")


def test_an_icon_is_inked_and_greys_out(theme: Theme):
    icon = theme.icon("ui_stop", "accent")
    middle = icon.pixmap(QSize(16, 16)).toImage().pixelColor(8, 8)
    assert middle == theme.color("accent")
    grey = icon.pixmap(QSize(16, 16), QIcon.Mode.Disabled).toImage().pixelColor(8, 8)
    assert grey == theme.color("ink3")
    assert theme.icon("conv", "conv").pixmap(QSize(16, 16)).toImage().pixelColor(2, 8) != QColor(0, 0, 0, 0)


def test_the_mark_of_a_badge_takes_the_surface(theme: Theme):
    image = QImage(64, 64, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(theme.color("panel"))
    painter = QPainter(image)
    theme.paint_glyph(painter, "ui_err", QRectF(0, 0, 64, 64), theme.color("error"))
    painter.end()
    assert image.pixelColor(32, 32) == theme.color("raised")
    assert image.pixelColor(32, 14) == theme.color("error")


def test_strong_contrast_strengthens_lines_and_captions(qapp):
    plain, strong = Theme("light"), Theme("light", contrast=True)
    assert strong.color("line") == plain.color("strong") != plain.color("line")
    assert strong.color("ink3") == plain.color("ink2")


def test_the_switch_tells_of_changes_only(qapp, qtbot):
    switch = ThemeSwitch()
    switch.choose("light")
    heard: list[Theme] = []
    switch.changed.connect(heard.append)
    switch.choose("light")
    assert heard == []
    switch.choose("dark")
    switch.set_scale(9)
    assert [(one.name, one.scale) for one in heard] == [("dark", 1.0), ("dark", 2.0)]
    assert switch.current is heard[-1]
    with pytest.raises(ValueError, match="light, dark or system"):
        switch.choose("mauve")  # type: ignore[arg-type]


def test_the_switch_follows_the_system(qapp, monkeypatch):
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QStyleHints

    switch = ThemeSwitch()
    monkeypatch.setattr(QStyleHints, "colorScheme", lambda self: Qt.ColorScheme.Dark)
    switch.follow()
    assert switch.current.name == "dark"
    switch.choose("light")
    assert switch.current.name == "light"
    monkeypatch.setattr(QStyleHints, "colorScheme", lambda self: Qt.ColorScheme.Light)
    switch.choose("dark")
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert switch.current.name == "dark"
    switch.choose("system")
    assert switch.current.name == "light"


def test_reduced_motion_takes_no_time():
    switch = ThemeSwitch()
    assert switch.duration("camera") == 220
    switch.set_still(True)
    assert switch.duration("camera") == 0


def test_importing_the_theme_loads_no_font_and_nothing_heavy():
    code = (
        "import sys, designer.theme as t; "
        "heavy = {'numpy', 'torch', 'pyqtgraph', 'pygments', 'PySide6.QtSvg', 'PySide6.QtWidgets'} & set(sys.modules); "
        "assert not heavy, heavy; assert t._load_fonts.cache_info().misses == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
