"""The empty state: one sentence, the templates with thumbnails painted by the canvas itself, actions, recent files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from designer.numbers import exact
from designer.settings import Settings
from designer.style import dress
from designer.theme import themes
from designer.widgets import SearchField
from designer.words import told, tr
from graph_core.templates import Template, templates

CARD = QSize(300, 230)
COLUMNS = 3
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -COLUMNS, Qt.Key.Key_Down: COLUMNS}


class Card(QWidget):
    """One template: thumbnail, name, parameters, one line. Enter or a click opens it."""

    chosen = Signal(str)
    search_requested = Signal()
    stepped = Signal(int)

    def __init__(self, template: Template) -> None:
        super().__init__()
        self.template = template
        self.thumbnail: QPixmap | None = None
        self.params = ""
        self.setFixedSize(CARD)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{template.name}: {told(template.help)}")
        self.setMouseTracking(True)

    def fill(self, thumbnail: QPixmap, params: int) -> None:
        """The picture and the figure, once they are worked out."""
        self.thumbnail, self.params = thumbnail, exact(params)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open it."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self.template.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter or Space opens it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.template.name)
        elif event.key() == Qt.Key.Key_Tab:
            self.search_requested.emit()
        elif step := _STEPS.get(Qt.Key(event.key())):
            self.stepped.emit(step)
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab places a layer here as on the canvas; arrows walk the cards, Shift+Tab and F6 lead out."""
        return False if forward else super().focusNextPrevChild(forward)

    def enterEvent(self, event: object) -> None:
        """Hover is shown."""
        self.update()

    def leaveEvent(self, event: object) -> None:
        """Hover is over."""
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A card with a solid lower edge; focus as a ring."""
        theme = themes.current
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(3.5, 3.5, -3.5, -5)
        radius = theme.radius("card")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("drop"))
        painter.drawRoundedRect(rect.translated(0, 1.5), radius, radius)
        painter.setBrush(theme.color("raised"))
        painter.setPen(theme.color("ink3" if self.underMouse() else "line2"))
        painter.drawRoundedRect(rect, radius, radius)
        top = QRectF(rect.x(), rect.y(), rect.width(), rect.height() - 56)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("canvas"))
        painter.drawRoundedRect(top.adjusted(1, 1, -1, 0), radius - 1, radius - 1)
        painter.setPen(theme.color("line2"))
        painter.drawLine(top.bottomLeft(), top.bottomRight())
        if self.thumbnail is not None:
            size = self.thumbnail.deviceIndependentSize()
            at = top.center() + QPointF(0, 10 if self._trains else 0)
            painter.drawPixmap(int(at.x() - size.width() / 2), int(at.y() - size.height() / 2), self.thumbnail)
        self._words(painter, rect)
        if self.hasFocus():
            pen = painter.pen()
            pen.setColor(theme.color("focus"))
            pen.setWidthF(2)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(-2, -2, 2, 2), radius + 2, radius + 2)

    @property
    def _trains(self) -> bool:
        """Whether the data that it learns comes with the program."""
        return "digits" in self.template.tags

    def _words(self, painter: QPainter, rect: QRectF) -> None:
        theme = themes.current
        line = QRectF(rect.x() + 12, rect.bottom() - 52, rect.width() - 24, 24)
        below = line.translated(0, 22)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.color("ink"))
        painter.setFont(theme.ui_font("strong"))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, self.template.name)
        painter.setFont(theme.ui_font("small"))
        painter.setPen(theme.color("ink3"))
        unit = tr(" params") if self.params else ""
        painter.drawText(line, right, unit)
        wide = painter.fontMetrics().horizontalAdvance(unit)
        text = painter.fontMetrics().elidedText(
            told(self.template.help), Qt.TextElideMode.ElideRight, int(below.width())
        )
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, text)
        painter.setFont(theme.ui_font("mono"))
        painter.setPen(theme.color("ink"))
        painter.drawText(line.adjusted(0, 0, -wide, 0), right, self.params)
        if self._trains:
            painter.setPen(theme.color("ok"))
            painter.setFont(theme.ui_font("small_strong"))
            spot = QRectF(rect.x() + 12, rect.y() + 10, 12, 12)
            theme.paint_glyph(painter, "ui_play", spot, theme.color("ok"))
            painter.drawText(
                QRectF(spot.right() + 4, spot.y() - 4, 120, 20), Qt.AlignmentFlag.AlignVCenter, tr("trains here")
            )


class Sheet(QWidget):
    """The drawing sheet, empty: its colour and its dots."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """A dot every 24."""
        painter, theme = QPainter(self), themes.current
        painter.fillRect(self.rect(), theme.color("canvas"))
        painter.setPen(theme.color("dots"))
        for y in range(12, self.height(), 24):
            for x in range(12, self.width(), 24):
                painter.drawPoint(x, y)


class Gallery(QWidget):
    """What the canvas's place shows while the drawing is empty and untouched."""

    template_chosen = Signal(str)
    blank_chosen = Signal()
    search_requested = Signal()
    open_chosen = Signal()
    file_chosen = Signal(object)

    def __init__(self, settings: Settings, thumbnail: Callable[[str, QSize], tuple[QPixmap, int]]) -> None:
        super().__init__()
        self._settings = settings
        self._thumbnail = thumbnail
        self._todo: list[Card] = []
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._fill_next)
        title, sentence = QLabel(tr("Draw a network")), QLabel()
        sentence.setText(tr("Press Tab to place a layer at the cursor, or start from one that already works."))
        dress(title, font="empty_title")
        dress(sentence, font="ui", ink="ink2")
        self.search = SearchField(tr("Find a template"))
        self.search.setAccessibleName(tr("Find a template"))
        self.search.setFixedWidth(300)
        self.search.textChanged.connect(self._filter)
        self.cards = [Card(template) for template in templates()]
        self._grid = QGridLayout()
        self._grid.setSpacing(16)
        for card in self.cards:
            card.chosen.connect(self.template_chosen)
            card.search_requested.connect(self.search_requested)
            card.stepped.connect(self._step)
        actions = QHBoxLayout()
        self._buttons: list[QPushButton] = []
        for text, glyph, signal in (
            (tr("Blank canvas"), "ui_plus", self.blank_chosen),
            (tr("Open file…"), "ui_open", self.open_chosen),
        ):
            button = QPushButton(text)
            button.setProperty("quiet", True)
            dress(button, glyph=glyph, glyph_ink="accent", ink="accent")
            button.clicked.connect(signal)
            actions.addWidget(button)
            self._buttons.append(button)
        actions.addStretch()
        self._recent = QVBoxLayout()
        column = QVBoxLayout()
        column.setSpacing(12)
        for widget in (title, sentence, self.search):
            column.addWidget(widget)
        column.addLayout(self._grid)
        column.addLayout(actions)
        column.addLayout(self._recent)
        column.addStretch()
        inside = Sheet()
        middle = QHBoxLayout(inside)
        middle.setContentsMargins(24, 48, 24, 24)
        middle.addStretch()
        middle.addLayout(column)
        middle.addStretch()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self._lay_cards(self.cards)  # once the grid has a parent: a card shown before would be a window of its own

    def showEvent(self, event: object) -> None:
        """Thumbnails are painted one a turn of the event loop, after the window is there."""
        self.refresh_recent()
        self._todo = [card for card in self.cards if card.thumbnail is None]
        self._timer.start()

    def forget_thumbnails(self) -> None:
        """The theme changed: paint them anew."""
        for card in self.cards:
            card.thumbnail = None
        if self.isVisible():
            self._todo = list(self.cards)
            self._timer.start()

    def refresh_recent(self) -> None:
        """List the recent files."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        files = self._settings.recent()[:4]
        if files:
            caption = QLabel(tr("Recent"))
            dress(caption, font="small_strong", ink="ink3")
            self._recent.addWidget(caption)
        for path in files:
            button = QPushButton(f"{path.name}   {_home(path.parent)}")
            button.setProperty("quiet", True)
            button.clicked.connect(lambda _=False, path=path: self.file_chosen.emit(path))
            row = QHBoxLayout()
            row.addWidget(button)
            row.addStretch()
            holder = QWidget()
            row.setContentsMargins(0, 0, 0, 0)
            holder.setLayout(row)
            self._recent.addWidget(holder)

    def _fill_next(self) -> None:
        if not self._todo:
            self._timer.stop()
            return
        card = self._todo.pop(0)
        card.fill(*self._thumbnail(card.template.name, QSize(CARD.width() - 40, CARD.height() - 104)))

    def _filter(self, words: str) -> None:
        query = words.strip().lower()
        self._lay_cards(
            [
                c
                for c in self.cards
                if query in f"{c.template.name} {c.template.help} {told(c.template.help)} {c.template.tags}".lower()
            ]
        )

    def _step(self, by: int) -> None:
        shown = [card for card in self.cards if card.isVisible()]
        here = next((k for k, card in enumerate(shown) if card.hasFocus()), 0)
        if 0 <= here + by < len(shown):
            shown[here + by].setFocus(Qt.FocusReason.OtherFocusReason)
        elif by > 0:  # as Tab places a layer, what lies below is reached by the arrows
            self._buttons[0].setFocus(Qt.FocusReason.TabFocusReason)

    def _lay_cards(self, cards: list[Card]) -> None:
        for card in self.cards:
            self._grid.removeWidget(card)
        for k, card in enumerate(cards):
            self._grid.addWidget(card, k // COLUMNS, k % COLUMNS)
        for card in self.cards:
            card.setVisible(card in cards)


def _home(path: Path) -> str:
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)
