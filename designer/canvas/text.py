"""Words on the canvas: what is written where on a plate, how it yields when narrow, and the cache of laid-out runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QStaticText

from designer.canvas.scene import ACTIVATION_H, CELL, HEADER, PAD, Axis, Plate, mono_width, text_width
from designer.words import tr

if TYPE_CHECKING:
    from designer.theme import Theme

_CACHE = 30_000
GHOST_SAYS = tr("when: off")
_TYPE_LETTERS = 8  # a type is cut to no less while settings can go instead
NAME_PX, MONO_PX = 12.0, 10.5


class Run(NamedTuple):
    """One piece of text: font key, upper left corner, text and colour role."""

    font: str
    x: float
    y: float
    text: str
    role: str


class Texts:
    """Fonts by key, and one `QStaticText` per (font, text). Only ever used on the window's thread.

    `dpi` is the output's resolution where it is not the screen's.
    """

    def __init__(self, theme: Theme, dpi: float | None = None) -> None:
        self.fonts: dict[str, QFont] = {
            "name": theme.canvas_font(NAME_PX, 600),
            "plain": theme.canvas_font(11, 400),
            "note": theme.canvas_font(11.5, 400),
            "tip": theme.canvas_font(12, 400),
            "mono": theme.mono_font(MONO_PX),
            "bold": theme.mono_font(MONO_PX),
        }
        self.fonts["bold"].setWeight(QFont.Weight.DemiBold)
        for base, leaning in (("name", "name_i"), ("mono", "mono_i"), ("bold", "bold_i")):
            self.fonts[leaning] = QFont(self.fonts[base])
            self.fonts[leaning].setItalic(True)
        sizes = {"mono": MONO_PX, "bold": MONO_PX, "mono_i": MONO_PX, "bold_i": MONO_PX, "note": 11.5}
        for key, px in sizes.items():
            # Half pixels can be asked for in points only, and a point is as long as the output says.
            if dpi is not None:
                self.fonts[key].setPointSizeF(px * 72 / dpi)
        for key in ("name", "name_i", "plain", "note", "tip"):
            # Inter's tabular digits are glyphs that a PDF can't turn back into text; names do not stand in columns.
            self.fonts[key].unsetFeature(QFont.Tag("tnum"))
        for font in self.fonts.values():
            # Hinted glyphs would jump about while zooming.
            font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        self.ascent = {key: QFontMetricsF(font).ascent() for key, font in self.fonts.items()}
        self._runs: dict[tuple[str, str], QStaticText] = {}

    def run(self, font: str, text: str) -> QStaticText:
        """The laid-out text, remembered."""
        found = self._runs.get((font, text))
        if found is None:
            if len(self._runs) > _CACHE:
                self._runs.clear()
            found = QStaticText(text)
            found.setTextFormat(Qt.TextFormat.PlainText)
            found.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            self._runs[font, text] = found
        return found

    def draw(self, painter: QPainter, font: str, x: float, baseline: float, text: str, *, vector: bool = False) -> None:
        """Write `text` with its baseline at y in the painter's present colour; `vector` keeps it text."""
        painter.setFont(self.fonts[font])
        if vector:
            painter.drawText(QPointF(x, baseline), text)
        else:
            painter.drawStaticText(QPointF(x, baseline - self.ascent[font]), self.run(font, text))


class Batch:
    """Texts gathered by font and colour, then written with one change of pen each: that is most of what they cost."""

    def __init__(self, texts: Texts, colors: Callable[[str], QColor]) -> None:
        self.texts = texts
        self.colors = colors
        self._held: dict[tuple[str, str], list[tuple[float, float, str]]] = {}

    def add(self, font: str, role: str, x: float, baseline: float, text: str) -> None:
        """Have `text` written in the colour of that role."""
        self._held.setdefault((font, role), []).append((x, baseline, text))

    def flush(self, painter: QPainter, *, vector: bool = False) -> None:
        """Write everything."""
        texts = self.texts
        for (font, role), entries in self._held.items():
            painter.setFont(texts.fonts[font])
            painter.setPen(self.colors(role))
            if vector:
                for x, baseline, text in entries:
                    painter.drawText(QPointF(x, baseline), text)
                continue
            lift, run, write = texts.ascent[font], texts.run, painter.drawStaticText
            for x, baseline, text in entries:
                write(QPointF(x, baseline - lift), run(font, text))
        self._held.clear()


def layout(plate: Plate) -> list[Run]:
    """What stands on a plate at full detail; y is the baseline, all relative to the plate's corner."""
    if plate.kind == "note":
        return [Run("note", PAD + 1, 22 + 18 * k, line, "ink") for k, line in enumerate(plate.name.splitlines())]
    if plate.kind == "frame":
        title = Run("name", 14, 22, cut(plate.name, plate.w - 28), "ink")
        return [title, Run("plain", 14, 38, plate.detail, "ink3")] if plate.detail else [title]
    if plate.kind == "operator":
        return _operator(plate)
    if plate.opened:
        return _header(plate)
    if is_ghost(plate):
        return [Run("plain", plate.w / 2 - text_width(GHOST_SAYS, 11) / 2 + 1, plate.h + 16, GHOST_SAYS, "ink3")]
    if plate.activation is not None and plate.h >= ACTIVATION_H:
        return _lit(plate)
    return _plate(plate)


def is_ghost(plate: Plate) -> bool:
    """A condition that does not hold, shrunk to a dashed square."""
    return plate.when == "off" and plate.w < 2 * CELL


def _plate(plate: Plate) -> list[Run]:
    left, right = CELL + PAD, plate.w - PAD
    if plate.changed or plate.scan:
        right -= 4
    two = bool(plate.detail) and plate.h > 40
    baseline = plate.h / 2 + (-4.5 if two else 4.3)
    runs = []
    taken = 18.0 if plate.frozen else 0.0
    if plate.figure and not plate.frozen:
        wide = mono_width(plate.figure)
        # The figure yields to the name, but under a lens it is what one looks for.
        least = plate.name if plate.heat is None else f"{plate.name[:6]}…"
        if left + min(text_width(plate.name), text_width(least)) + 8 + wide <= right:
            runs.append(Run("mono", right - wide, baseline, plate.figure, "accent" if _proposed(plate) else "ink3"))
            taken = wide + 8
    font = "name_i" if plate.when == "off" else "name"
    role = "accent" if _proposed(plate) else "ink"
    runs.append(Run(font, left, baseline, cut(plate.name, right + 4 - left - taken), role))
    if two:
        room = right - left - (18 if plate.shared or plate.scan else 0)
        runs.append(Run("mono", left, plate.h / 2 + 11, cut_detail(plate.detail, room), "ink2"))
    return runs


def _proposed(plate: Plate) -> bool:
    return plate.mark == "proposal"


def _operator(plate: Plate) -> list[Run]:
    if not (plate.named or plate.problem) or not plate.name:
        return []
    return [Run("name", -10 - text_width(plate.name), plate.h / 2 + 4.3, plate.name, "ink")]


def _lit(plate: Plate) -> list[Run]:
    left, right = 33, plate.w - 11
    name = cut(plate.name, right - left)
    runs = [Run("name", left, 19.5, name, "ink")]
    room = right - left - text_width(name) - 10
    detail = plate.detail if mono_width(plate.detail) <= room else ""
    if detail:
        runs.append(Run("mono", right - mono_width(detail), 19, detail, "ink2"))
    return runs


def _header(plate: Plate) -> list[Run]:
    left, right = 34.0, plate.w - 30
    middle = HEADER / 2 + 4.3
    runs = []
    if plate.pager:
        said = pager_text(plate)
        at = right - 16 - mono_width(said)
        runs.append(Run("mono", at, middle, said, "ink2"))
        right = at - 20
    name = cut(plate.name, right - left)
    runs.append(Run("name", left, middle, name, "ink"))
    at = left + text_width(name) + 12
    if plate.detail and at + mono_width(plate.detail) <= right:
        runs.append(Run("mono", at, middle, plate.detail, "ink2"))
    return runs


def pager_text(plate: Plate) -> str:
    """ "i=0 of 2" of an opened repeat."""
    return tr("i={place} of {count}", place=plate.pager[0], count=plate.pager[1]) if plate.pager else ""


def cut(name: str, room: float, px: float = NAME_PX) -> str:
    """A name shortened at its end, never below 6 letters."""
    if text_width(name, px) <= room:
        return name
    keep = len(name) - 1
    while keep > 6 and text_width(name[:keep], px) + px * 0.9 > room:
        keep -= 1
    return name[:keep].rstrip(" ._") + "…"


def cut_detail(detail: str, room: float) -> str:
    """Type and settings shortened: the type's end goes first, then settings from the right, then the type itself."""
    fit = int(room / (MONO_PX * 0.6) + 1e-6)
    if mono_width(detail) <= room:
        return detail
    type, _, rest = detail.partition(" ")
    if len(rest) > fit:  # a file may hold thousands of settings: those beyond the room go at once
        rest = rest[: fit + 1].rpartition(" ")[0]
    words = [type, *rest.split(" ")] if rest else [type]
    while True:
        rest = " ".join(words[1:])
        letters = fit - (len(rest) + 1 if rest else 0) - 1
        if letters + 1 >= len(words[0]):
            return " ".join(words)
        if letters >= _TYPE_LETTERS:
            return words[0][:letters] + "…" + (" " + rest if rest else "")
        if len(words) == 1:
            return words[0][: max(letters, 1)] + "…"
        words.pop()


@lru_cache(maxsize=20_000)
def axes_runs(axes: tuple[Axis, ...]) -> tuple[list[tuple[str, float, str, str]], float]:
    """(pieces (font, x, text, role), width) of a shape: changed axes dark and semibold, symbols italic."""
    pieces: list[tuple[str, float, str, str]] = []
    x = 0.0
    for k, (text, changed, symbolic) in enumerate(axes):
        font, role = ("bold", "ink") if changed else ("mono", "ink3")
        if symbolic:
            font += "_i"
        for key, part, colour in ((font, text, role), ("mono", "×" if k + 1 < len(axes) else "", "ink3")):
            if not part:
                continue
            if pieces and pieces[-1][0] == key and pieces[-1][3] == colour:
                before = pieces.pop()
                pieces.append((key, before[1], before[2] + part, colour))
            else:
                pieces.append((key, x, part, colour))
            x += mono_width(part)
    return pieces, x
