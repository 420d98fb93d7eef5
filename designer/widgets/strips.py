"""What stands across a panel: a strip that tells of an error, work in progress, emptiness, loading."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QSizePolicy, QStatusBar, QVBoxLayout, QWidget

from designer.controls import box
from designer.theme import themes
from designer.widgets.bars import ProgressLine
from designer.widgets.labels import Text, button
from designer.words import told, tr

# kind -> (glyph, ink, ground)
_KINDS = {
    "error": ("ui_err", "error", "errtint"),
    "warn": ("ui_warn", "warn", "warntint"),
    "note": ("ui_note", "note", "sunken"),
}


class Strip(QWidget):
    """A bar across the window, as high as a token of the layout says: a token's ground, with a hairline below it."""

    def __init__(self, ground: str, height: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ground, self._token = ground, height
        themes.changed.connect(self._stretch)
        self._stretch()

    def _stretch(self, *_: object) -> None:
        self.setFixedHeight(themes.current.size(self._token))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), themes.current.color(self._ground))
        painter.fillRect(0, self.height() - 1, self.width(), 1, themes.current.color("line"))
        painter.end()


class TabCorner(Strip):
    """What stands beside tabs, on their line: a tab widget puts its corner one pixel down."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("panel", "tabs", parent)

    def _stretch(self, *_: object) -> None:
        self.setFixedHeight(themes.current.size(self._token) - 1)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), themes.current.size(self._token))


class StatusStrip(QStatusBar):
    """The lowest bar of the window, on the chrome's ground with a hairline above it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(12, 0, 12, 0)
        themes.changed.connect(self._stretch)
        self._stretch()

    def _stretch(self, *_: object) -> None:
        self.setFixedHeight(themes.current.size("status"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), themes.current.color("chrome"))
        painter.fillRect(0, 0, self.width(), 1, themes.current.color("line"))
        painter.end()


class Badge(QWidget):
    """A badge of 16 px, by its kind."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        side = themes.current.px(16)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        glyph, ink, _ = _KINDS[self.kind]
        theme.paint_glyph(painter, glyph, self.rect().toRectF(), theme.color(ink))
        painter.end()


LEAST_WORDS = 200  # width of a sentence beside buttons, at 100 % text


class Banner(QWidget):
    """One sentence with its badge on the kind's tint ("error", "warn", "note"), the fixes as buttons, and a close.

    As a strip over the canvas it spans the width; with `card` its corners are round, for the inspector. Hidden until
    `show_message`. `closed` fires when a person closes it.
    """

    closed = Signal()

    def __init__(self, parent: QWidget | None = None, card: bool = False, closable: bool = True) -> None:
        super().__init__(parent)
        self._card = card
        self._badge = Badge("error")
        self.text = Text("", "small" if card else "ui", "ink", wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 8, 8, 8)
        self._column.setSpacing(8)
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self._row.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addWidget(self.text, 1)
        self._buttons: list[QPushButton] = []
        self._acts = QBoxLayout(QBoxLayout.Direction.LeftToRight)  # where they do not fit beside the sentence
        self._acts.setSpacing(8)
        self._close = button("", "ui_x", quiet=True, small=True, tip=tr("Close"))
        self._close.clicked.connect(self._shut)
        self._row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)
        self._column.addLayout(self._row)
        self._column.addLayout(self._acts)
        self._close.setVisible(closable)  # once it has a parent: before, it would be a window of its own
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.hide()

    @property
    def kind(self) -> str:
        """error, warn or note."""
        return self._badge.kind

    def show_message(
        self, text: str, kind: str = "error", fixes: Sequence[tuple[str, Callable[[], None]]] = ()
    ) -> None:
        """Show a sentence and a button (its words, what it does) per fix. Raises KeyError for an unknown kind."""
        if kind not in _KINDS:
            raise KeyError(kind)
        self._badge.kind = kind
        text = "\n".join(map(told, text.split("\n")))
        self.text.setText(text)
        self.setAccessibleName(text)
        for old in self._buttons:
            old.hide()
            old.deleteLater()
        self._buttons = [button(words, small=True) for words, _ in fixes]
        for made, (_, act) in zip(self._buttons, fixes, strict=True):
            made.clicked.connect(lambda _=False, act=act: act())
            self._row.insertWidget(self._row.count() - 1, made, 0, Qt.AlignmentFlag.AlignVCenter)
            made.show()  # now, so that its place is counted
        self.arrange(self.width())
        self.show()
        self.update()

    def arrange(self, width: int) -> int:
        """Have the buttons beside the sentence, where that leaves it room, else below; the height that this takes."""
        margins = self._column.contentsMargins()
        inner, between = width - margins.left() - margins.right(), self._acts.spacing()
        words = self.text.fontMetrics().horizontalAdvance(self.text.text())
        beside = words - (self.one_line() - width) >= min(words, themes.current.px(LEAST_WORDS))
        for made in self._buttons:
            self._row.removeWidget(made)
            self._acts.removeWidget(made)
            if beside:
                self._row.insertWidget(self._row.count() - 1, made, 0, Qt.AlignmentFlag.AlignVCenter)
            else:
                self._acts.addWidget(made)
        across = sum(made.sizeHint().width() + between for made in self._buttons) - between <= inner
        way = QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom
        self._acts.setDirection(way)
        self._column.invalidate()  # what lies in a layout within it does not tell it at once
        return self.heightForWidth(width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the buttons stand depends on the width."""
        super().resizeEvent(event)
        if self._buttons and event.size().width() != event.oldSize().width():
            self.arrange(event.size().width())

    def one_line(self) -> int:
        """How wide it is with its sentence in one line."""
        margins, shown = self._column.contentsMargins(), [self._badge, *self._buttons, self._close]
        words = self.text.fontMetrics().horizontalAdvance(self.text.text()) + 4
        parts = [words, *(part.sizeHint().width() for part in shown if not part.isHidden())]
        return margins.left() + margins.right() + sum(parts) + self._row.spacing() * (len(parts) - 1)

    def _shut(self) -> None:
        self.hide()
        self.closed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        ground = theme.color(_KINDS[self.kind][2])
        if self._card:
            box(painter, self.rect(), theme.radius("node"), ground, None)
        else:
            painter.fillRect(self.rect(), ground)
            painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), theme.color("line2"))
        painter.end()


class Busy(QWidget):
    """Work in progress, never in the way: a 2 px line, words, and a Cancel that emits `cancelled`.

    It appears after 150 ms, so that short work does not flicker.
    """

    cancelled = Signal()
    DELAY = 150  # ms

    def __init__(self, parent: QWidget | None = None, cancellable: bool = True) -> None:
        super().__init__(parent)
        self.line = ProgressLine()
        self.text = Text("", "small", "ink2")
        self._cancel = button(tr("Cancel"), small=True)
        self._cancel.clicked.connect(self.cancelled)
        words = QHBoxLayout()
        words.setContentsMargins(12, 4, 12, 4)
        words.addWidget(self.text, 1)
        words.addWidget(self._cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.line)
        column.addLayout(words)
        self._cancel.setVisible(cancellable)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(self.DELAY)
        self._later.timeout.connect(self.show)
        self.hide()

    def begin(self, words: str, share: float | None = None) -> None:
        """Say what runs; `share` (0 … 1) where it is known. May be called again as the work goes on."""
        self.text.setText(words)
        self.setAccessibleName(words)
        if share is None:
            if not self.line.running:
                self.line.run()
        else:
            self.line.set_share(share)
        if self.isHidden() and not self._later.isActive():
            self._later.start()

    def end(self) -> None:
        """The work is over, done or not."""
        self._later.stop()
        self.line.rest()
        self.hide()


class EmptyState(QWidget):
    """What a panel says while it has nothing to show: a title where there is room, a sentence, at most one act."""

    def __init__(self, sentence: str, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        if title:
            column.addWidget(Text(title, "title"))
        self.sentence = Text(sentence, "small", "ink3", wrap=True)
        column.addWidget(self.sentence)
        self._column = column
        column.addStretch(1)

    def offer(self, act: QPushButton) -> None:
        """Put a button under the sentence."""
        self._column.insertWidget(self._column.count() - 1, act, 0, Qt.AlignmentFlag.AlignLeft)


class Skeleton(QWidget):
    """Rows of grey bars where content will stand, for what takes longer than 150 ms. Nothing moves."""

    _SHARES = (0.62, 0.48, 0.7, 0.4, 0.56)

    def __init__(self, rows: int = 5, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self.setAccessibleName(tr("Loading"))

    def sizeHint(self) -> QSize:
        """Rows of 24."""
        return QSize(160, themes.current.size("row") * self._rows)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        high, bar = theme.size("row"), theme.px(8)
        for index in range(self._rows):
            wide = round((self.width() - 24) * self._SHARES[index % len(self._SHARES)])
            place = QRect(12, index * high + (high - bar) // 2, wide, bar)
            box(painter, place, bar / 2, theme.color("sunken"), None)
        painter.end()
