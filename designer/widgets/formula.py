"""Formulas set as mathematics: LaTeX in, a sharp picture in the ink of the theme out, plain words until it is there.

ziamath sets them, on a thread beside the window's: loading it takes a seventh of a second, a formula some milliseconds.
Until a picture has come, and where a formula cannot be set, its plain text stands in its place.
"""

from __future__ import annotations

import importlib
import queue
import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from designer.style import dress
from designer.theme import themes

LATEX = Qt.ItemDataRole.UserRole + 40  # the role under which a model keeps the formula of a cell
MOST = 4096  # pictures that are kept
LONGEST = 2000  # characters of a formula that is set; what is longer stays plain text
POLL = 15  # milliseconds between looks for new pictures

_TEXT = re.compile(r"\\text\{[^{}]*\}")
_ESCAPE = re.compile(r"\\([_#$%&])")

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Setting:
    """A formula as SVG, its size in logical px and how far its baseline lies below its upper edge."""

    svg: bytes
    size: QSizeF
    ascent: float


def typeset(latex: str, px: float, ink: str) -> Setting | None:
    """Set a formula at `px` in the colour `ink` (#rrggbb); None where it is no formula. Blocks for milliseconds."""
    ziamath = importlib.import_module("ziamath")
    ziamath.config.svg2 = False  # Qt's SVG knows no <use> of <symbol>: it would paint nothing, and say nothing
    # It would show the backslash of an escaped _ in a text.
    plain = _TEXT.sub(lambda found: _ESCAPE.sub(r"\1", found[0]), latex)
    try:
        made = ziamath.Latex(plain, size=px, color=ink)
        svg: str = made.svg()
        head = svg[: svg.index(">")]
        width, height = (float(re.search(rf'{name}="([\d.]+)"', head)[1]) for name in ("width", "height"))  # type: ignore[index]
        top = float(re.search(r'viewBox="\S+ (\S+) ', head)[1])  # type: ignore[index]
    except Exception:  # it raises whatever comes while parsing text that is no formula
        return None
    return Setting(svg.encode(), QSizeF(width, height), -top)


class Typesetter(QObject):
    """Pictures of formulas, made on a thread of its own in the order in which they are asked for.

    `ready` tells that some have come; who asked for one and got None asks again then.
    """

    ready = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._asked: queue.SimpleQueue[tuple[str, float, str]] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[tuple[str, float, str], Setting | None]] = queue.SimpleQueue()
        self._known: OrderedDict[tuple[str, float, str], Setting | None] = OrderedDict()
        self._pending: set[tuple[str, float, str]] = set()
        self._pixmaps: OrderedDict[tuple[str, float, str, float], QPixmap] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL)
        self._timer.timeout.connect(self._collect)

    def setting(self, latex: str, px: float, ink: QColor) -> Setting | None:
        """The formula as set, or None while it is not there yet or where it cannot be set."""
        key = (latex, px, ink.name())
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        if key not in self._pending and 0 < len(latex) <= LONGEST:
            self._pending.add(key)
            self._asked.put(key)
            if self._thread is None:
                # It knows the queues only: the last reference to a widget must not be dropped there.
                self._thread = threading.Thread(
                    target=_work, args=(self._asked, self._done), name="formulas", daemon=True
                )
                self._thread.start()
            self._timer.start()
        return None

    def pixmap(self, latex: str, px: float, ink: QColor, ratio: float) -> tuple[QPixmap, Setting] | None:
        """The formula's picture for a screen of so many device pixels per logical one, and its measures."""
        found = self.setting(latex, px, ink)
        if found is None:
            return None
        key = (latex, px, ink.name(), ratio)
        if key not in self._pixmaps:
            self._pixmaps[key] = _rendered(found, ratio)
            if len(self._pixmaps) > MOST:
                self._pixmaps.popitem(last=False)
        return self._pixmaps[key], found

    def finish(self, seconds: float = 30.0) -> bool:
        """Wait until everything that was asked for has come (for exports and tests); False if the time ran out."""
        end = time.monotonic() + seconds
        while self._pending and time.monotonic() < end:
            time.sleep(0.002)
            self._collect()
        return not self._pending

    def _collect(self) -> None:
        came = False
        while not self._done.empty():
            key, setting = self._done.get()
            self._pending.discard(key)
            self._known[key] = setting
            if len(self._known) > MOST:
                self._known.popitem(last=False)
            came = True
        if not self._pending:
            self._timer.stop()
        if came:
            self.ready.emit()


def _work(
    asked: queue.SimpleQueue[tuple[str, float, str]],
    done: queue.SimpleQueue[tuple[tuple[str, float, str], Setting | None]],
) -> None:
    while True:
        key = asked.get()
        done.put((key, typeset(*key)))


def _rendered(setting: Setting, ratio: float) -> QPixmap:
    from PySide6.QtSvg import QSvgRenderer  # not before the first formula: the window opens without it

    size = setting.size * ratio
    pixmap = QPixmap(max(1, round(size.width())), max(1, round(size.height())))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(setting.svg).render(painter, QRectF(0, 0, pixmap.width(), pixmap.height()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


_made: list[Typesetter] = []


def typesetter() -> Typesetter:
    """The one typesetter of the application."""
    if not _made:
        _made.append(Typesetter())
    return _made[0]


def paint_formula(painter: QPainter, latex: str, plain: str, room: QRectF, px: float, ink: QColor) -> None:
    """Paint a formula at the left of `room`, centred in its height; its plain text where there is no picture (yet).

    What is wider than the room ends in the plain text with an ellipsis, so that nothing is cut in silence.
    """
    found = typesetter().pixmap(latex, px, ink, painter.device().devicePixelRatioF()) if latex else None
    if found is not None and found[1].size.width() <= room.width():
        pixmap, setting = found
        painter.drawPixmap(QPointF(room.left(), round(room.center().y() - setting.size.height() / 2)), pixmap)
        return
    painter.setPen(ink)
    text = painter.fontMetrics().elidedText(plain, Qt.TextElideMode.ElideRight, int(room.width()))
    painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)


class Formula(QWidget):
    """One line of mathematics. `plain` is what screen readers say, what stands there at first, and the tool tip."""

    def __init__(self, latex: str = "", plain: str = "", ink: str = "ink", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink = ink
        self.latex = self.plain = ""
        dress(self, font="ui")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        typesetter().ready.connect(self._came)
        self.set_formula(latex, plain)

    def set_formula(self, latex: str, plain: str) -> None:
        """Show another formula."""
        self.latex, self.plain = latex, plain
        self.setAccessibleName(plain)
        self.setToolTip(plain)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As large as the formula, or as its plain text while that stands there."""
        setting = (
            typesetter().setting(self.latex, formula_px(), themes.current.color(self._ink)) if self.latex else None
        )
        if setting is not None:
            return QSize(round(setting.size.width()) + 1, max(round(setting.size.height()) + 2, self._line()))
        return QSize(round(QFontMetricsF(self.font()).horizontalAdvance(self.plain)) + 2, self._line())

    def minimumSizeHint(self) -> QSize:
        return QSize(24, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ink = themes.current.color(self._ink if self.isEnabled() else "ink3")
        paint_formula(painter, self.latex, self.plain, QRectF(self.rect()), formula_px(), ink)
        painter.end()

    def _line(self) -> int:
        return themes.current.px(22)

    def _came(self) -> None:
        self.updateGeometry()
        self.update()


class FormulaDelegate(QStyledItemDelegate):
    """Cells whose model keeps a formula under `LATEX` show it set; all others are as ever."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        typesetter().ready.connect(self._came)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        latex = index.data(LATEX)
        if not latex:
            super().paint(painter, option, index)
            return
        plain = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style()
        style.drawControl(style.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        margin = themes.current.px(4)
        painter.save()
        painter.setFont(option.font)
        chosen = bool(option.state & style.StateFlag.State_Selected)
        ink = option.palette.color(option.palette.ColorRole.HighlightedText) if chosen else themes.current.color("ink")
        room = QRectF(option.rect).adjusted(margin, 0, -margin, 0)
        paint_formula(painter, latex, plain, room, formula_px(), ink)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Wide enough for the picture, if there is one, and for the plain text."""
        hint = super().sizeHint(option, index)
        latex = index.data(LATEX)
        setting = typesetter().setting(latex, formula_px(), themes.current.color("ink")) if latex else None
        if setting is not None:
            hint = QSize(round(setting.size.width()) + themes.current.px(12), hint.height())
        return hint

    def _came(self) -> None:
        view = self.parent()
        if isinstance(view, QWidget):
            view.viewport().update() if hasattr(view, "viewport") else view.update()


def formula_px() -> float:
    """The size of formulas among the panels' text: STIX Two's letters are small, so a little above it."""
    return float(themes.current.px(14))
