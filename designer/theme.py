"""The look as data: colours, fonts, glyphs and the palette of the light and the dark theme.

`themes.current` is the theme in use; `themes.changed` fires when it becomes another. Every value comes from
assets/themes/tokens.json. Cheap to import: fonts and glyphs load when first asked for.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QPainter,
    QPalette,
    QPixmap,
)

from designer import glyphs, words
from designer.oklab import contrast, from_oklab, oklab

Name = Literal["light", "dark"]
Choice = Literal["light", "dark", "system"]
LEAST_SCALE, MOST_SCALE = 0.8, 2.0

# Role of a text in the panels: (size in px at 100 %, weight, monospaced).
_ROLES: dict[str, tuple[str | float, int, bool]] = {
    "ui": ("ui", 400, False),
    "strong": ("ui", 600, False),
    "small": ("small", 400, False),
    "small_strong": ("small", 600, False),
    "caption": ("caption", 400, False),
    "caption_strong": ("caption", 600, False),
    "title": ("title", 600, False),
    "figure": ("figure", 600, False),
    "empty_title": (24, 600, False),
    "mono": (11.5, 400, True),
    "mono_strong": (11.5, 600, True),
    "mono_small": (10.5, 400, True),
    "code": ("code", 400, True),
}
# Where the first font lacks the characters; fontconfig by itself would take Japanese forms.
_CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei")
_ICON_SIZES = (12, 14, 16, 20, 24, 28, 32, 48)


@cache
def tokens() -> dict[str, Any]:
    """The look's values as they stand in the file."""
    loaded: dict[str, Any] = json.loads((files("assets") / "themes" / "tokens.json").read_text(encoding="utf-8"))
    return loaded


@cache
def _load_fonts() -> None:
    for entry in (files("assets") / "fonts").iterdir():
        if entry.name.endswith((".otf", ".ttf")):
            QFontDatabase.addApplicationFontFromData(entry.read_bytes())


@cache
def _system_families() -> tuple[str, ...]:
    """The system's text font; Inter where no desktop names one, as the generic alias draws whatever comes first."""
    family = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    if family.lower() in ("", "sans", "sans serif", "sans-serif"):
        _load_fonts()
        return ("Inter", *_CHINESE)
    return (family,) if words.language() == "en" else (family, *_CHINESE)


def _sized(families: tuple[str, ...], px: float, weight: int, features: bool = True) -> QFont:
    font = QFont()
    font.setFamilies(list(families))
    if px == int(px):
        font.setPixelSize(int(px))
    else:  # Qt takes whole pixels only, but any number of points
        screen = QGuiApplication.primaryScreen()
        font.setPointSizeF(px * 72 / (screen.logicalDotsPerInchY() if screen else 96))
    font.setWeight(QFont.Weight(weight))
    if features:
        font.setFeature(QFont.Tag("calt"), 0)  # Inter turns 3x3 into a sign that can't be copied
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


class Theme:
    """One immutable look: `name` is "light" or "dark", `contrast` strengthens lines and captions, `scale` is the
    size of the panels' texts (1.0 = 100 %). The canvas's own fonts do not scale: it has a zoom.
    """

    def __init__(self, name: Name = "light", contrast: bool = False, scale: float = 1.0) -> None:
        self.name: Name = name
        self.contrast = contrast
        self.scale = scale
        values = tokens()
        named = dict(values["color"][name])
        if contrast:
            named["line"], named["line2"], named["ink3"] = named["strong"], named["strong"], named["ink2"]
        self._colors = {key: QColor(value) for key, value in named.items()}
        self._families = {key: QColor(value) for key, value in values["family"][name].items()}
        self._tints = {key: QColor(value) for key, value in values["family_tint"][name].items()}
        self._series = [QColor(value) for value in values["series"][name]]
        self._ramp = [oklab(QColor(value)) for value in values["heat"][name]]
        self._icons: dict[tuple[str, str], QIcon] = {}
        self._fonts: dict[str, QFont] = {}

    @property
    def dark(self) -> bool:
        """Whether light ink stands on dark surfaces."""
        return self.name == "dark"

    def __repr__(self) -> str:
        return f"Theme({self.name!r}, contrast={self.contrast}, scale={self.scale:g})"

    # Colours -------------------------------------------------------------------------------------------------

    def color(self, name: str) -> QColor:
        """The colour of that token ("ink", "accent", "code_kw" …). Raises KeyError if there is none."""
        return QColor(self._colors[name])

    def family(self, name: str) -> QColor:
        """The colour of a layer family's glyph and hairline ("conv", "io", "block" …)."""
        return QColor(self._families[name])

    def family_tint(self, name: str) -> QColor:
        """The background of a layer family's glyph cell."""
        return QColor(self._tints[name])

    def series(self, index: int) -> QColor:
        """The colour of a plot's curve; after the last it starts again."""
        return QColor(self._series[index % len(self._series)])

    def heat(self, t: float) -> QColor:
        """The lens ramp at t, 0 … 1 (values outside are held), interpolated in OKLab between its nine stops."""
        place = min(max(t, 0.0), 1.0) * (len(self._ramp) - 1)
        at = min(int(place), len(self._ramp) - 2)
        share = place - at
        low, high = self._ramp[at], self._ramp[at + 1]
        return from_oklab(*(a + (b - a) * share for a, b in zip(low, high, strict=True)))

    def heat_ink(self, t: float) -> QColor:
        """Black or white: what reads better on `heat(t)`, at least 4.5 to 1."""
        below = self.heat(t)
        black, white = QColor(0, 0, 0), QColor(255, 255, 255)
        return black if contrast(below, black) >= contrast(below, white) else white

    # Glyphs --------------------------------------------------------------------------------------------------

    def paint_glyph(self, painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
        """Paint a glyph into `rect` in `color`; the mark inside a badge takes the raised surface's colour."""
        glyphs.paint_glyph(painter, name, rect, color, self._colors["raised"])

    def icon(self, name: str, role: str = "ink2") -> QIcon:
        """A glyph as an icon in the colour of token `role` (or of a family, if it is one's name); grey if disabled.

        Icons do not follow a change of theme: set them anew on `themes.changed`, or use `style.set_icon`.
        """
        found = self._icons.get((name, role))
        if found is None:
            color = self._colors.get(role) or self._families[role]
            found = self._icons[name, role] = QIcon()
            for size in _ICON_SIZES:
                found.addPixmap(self.glyph_pixmap(name, size, color))
                found.addPixmap(self.glyph_pixmap(name, size, self._colors["ink3"]), QIcon.Mode.Disabled)
        return found

    def glyph_pixmap(self, name: str, size: float, color: QColor, ratio: float = 1.0) -> QPixmap:
        """A glyph on a transparent square of `size` logical px."""
        side = round(size * ratio)
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint_glyph(painter, name, QRectF(0, 0, side, side), color)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    # Type and space ------------------------------------------------------------------------------------------

    def canvas_font(self, px: float, weight: int = 400) -> QFont:
        """Inter, the same on every machine. Whole sizes are pixels; others are points of the screen's resolution."""
        _load_fonts()
        return _sized(("Inter", *_CHINESE, *_system_families()), px, weight)

    def mono_font(self, px: float, weight: int = 400) -> QFont:
        """JetBrains Mono, for identifiers, shapes, figures and code."""
        _load_fonts()
        font = _sized(("JetBrains Mono", *_CHINESE, *_system_families()), px, weight)
        font.setStyleHint(QFont.StyleHint.Monospace)
        return font

    def ui_font(self, role: str = "ui") -> QFont:
        """The font of a text in the panels, scaled.

        Roles: ui, strong, small, small_strong, caption, caption_strong, title, figure, empty_title; mono,
        mono_strong, mono_small and code in JetBrains Mono. Raises KeyError for others.
        """
        found = self._fonts.get(role)
        if found is None:
            size, weight, mono = _ROLES[role]
            px = float(tokens()["type"][size] if isinstance(size, str) else size) * self.scale
            # Whole pixels keep stems even; only mono's half sizes are asked for as they are.
            found = self.mono_font(px, weight) if mono else _sized(_system_families(), round(px), weight)
            self._fonts[role] = found
        return QFont(found)

    def px(self, value: float) -> int:
        """A length of the panels in logical px, scaled with the text."""
        return round(value * self.scale)

    def size(self, name: str) -> int:
        """A named length of the layout ("field", "row", "header" …) in logical px, scaled with the text."""
        return self.px(tokens()["layout"][name])

    def radius(self, name: str) -> float:
        """The corner radius of a "field", "node", "card" or "frame"."""
        return float(tokens()["radius"][name])

    def palette(self) -> QPalette:
        """The palette for Qt's own widgets."""
        palette = QPalette()
        for role, name in _PALETTE.items():
            palette.setColor(role, self._colors[name])
        roles = QPalette.ColorRole
        for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.HighlightedText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self._colors["ink3"])
        palette.setColor(QPalette.ColorGroup.Disabled, roles.Base, self._colors["panel"])
        palette.setColor(QPalette.ColorGroup.Disabled, roles.Highlight, self._colors["sunken"])
        return palette


_PALETTE = {
    QPalette.ColorRole.Window: "panel",
    QPalette.ColorRole.WindowText: "ink",
    QPalette.ColorRole.Base: "raised",
    QPalette.ColorRole.AlternateBase: "hover",
    QPalette.ColorRole.Text: "ink",
    QPalette.ColorRole.PlaceholderText: "ink3",
    QPalette.ColorRole.Button: "raised",
    QPalette.ColorRole.ButtonText: "ink",
    QPalette.ColorRole.BrightText: "error",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "onacc",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.LinkVisited: "accent",
    QPalette.ColorRole.ToolTipBase: "raised",
    QPalette.ColorRole.ToolTipText: "ink",
    QPalette.ColorRole.Light: "raised",
    QPalette.ColorRole.Midlight: "hover",
    QPalette.ColorRole.Mid: "line2",
    QPalette.ColorRole.Dark: "strong",
    QPalette.ColorRole.Shadow: "drop",
}


@lru_cache(maxsize=8)
def _made(name: Name, contrast_: bool, scale: float) -> Theme:
    return Theme(name, contrast_, scale)


class ThemeSwitch(QObject):
    """Which theme is in use. `changed` carries the new one; `current` is it.

    Colour scheme and contrast follow the system as long as the choice is "system" and once `follow` was called.
    """

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choice: Choice = "system"
        self._contrast: bool | None = None
        self._scale = 1.0
        self._still = False
        self._following = False
        self.current = _made("light", False, 1.0)

    @property
    def choice(self) -> Choice:
        """What was chosen: "light", "dark" or "system"."""
        return self._choice

    @property
    def scale(self) -> float:
        """The size of the panels' texts, 1.0 = 100 %."""
        return self._scale

    def choose(self, choice: Choice) -> None:
        """Use that theme from now on. Raises ValueError for an unknown one."""
        if choice not in ("light", "dark", "system"):
            raise ValueError(f"the theme is {choice!r}; it must be light, dark or system")
        self._choice = choice
        self._update()

    def set_scale(self, scale: float) -> None:
        """Scale the panels' texts; held to 0.8 … 2.0."""
        self._scale = round(min(max(scale, LEAST_SCALE), MOST_SCALE), 2)
        self._update()

    def set_contrast(self, strong: bool | None) -> None:
        """Strengthen lines and captions, or not; None follows the system."""
        self._contrast = strong
        self._update()

    @property
    def still(self) -> bool:
        """Whether nothing moves."""
        return self._still

    def set_still(self, still: bool) -> None:
        """Reduce motion: every duration becomes 0."""
        self._still = still

    def duration(self, name: str) -> int:
        """Milliseconds of a "fast" (hover), "base" (open, close) or "camera" movement; 0 with reduced motion."""
        return 0 if self._still else int(tokens()["motion"][name])

    def follow(self) -> None:
        """Watch the system's scheme from now on. Needs the application; calling it again does nothing."""
        if not self._following:
            self._following = True
            hints = QGuiApplication.styleHints()
            hints.colorSchemeChanged.connect(self._update)
            if hasattr(hints, "accessibility"):  # Qt 6.10 and later
                hints.accessibility().contrastPreferenceChanged.connect(self._update)
        self._update()

    def _update(self, *_: object) -> None:
        name: Name = "dark" if self._choice == "dark" else "light"
        strong = bool(self._contrast)
        if QGuiApplication.instance() is not None:
            hints = QGuiApplication.styleHints()
            if self._choice == "system" and hints.colorScheme() == Qt.ColorScheme.Dark:
                name = "dark"
            if self._contrast is None and hasattr(hints, "accessibility"):
                strong = hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast
        theme = _made(name, strong, self._scale)
        if theme is not self.current:
            self.current = theme
            self.changed.emit(theme)


themes = ThemeSwitch()
