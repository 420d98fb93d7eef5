"""The sketch pad: draw a digit, and see at once what the network makes of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QShortcut,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from designer.controls import box, mixed
from designer.panels import ink
from designer.theme import themes
from designer.widgets import Caption, FigureLabel, HeaderBar, KeyHint, Text, button
from designer.words import tr

PAD = 288
THICK = 33.0  # of the pen on the pad, px
STEP = 12.0  # of the keyboard's pen, px
LATE = 30  # ms that strokes are gathered before `sketched`
DRAW = tr("draw a digit")
DIGITS = tuple("0123456789")


class SketchPanel(QWidget):
    """The pad, what the network sees of it, and a bar per class.

    `sketched(list)`: 64 counts of 0 … 16, row by row, at most every 30 ms while one draws, and for a test image.
    `cleared`: nothing is on the pad any more. `test_image_requested`: a person wants an example of the test set;
    answer with `show_image`. The answer to a sketch is `show_probabilities`.
    """

    sketched = Signal(list)
    cleared = Signal()
    test_image_requested = Signal()

    def __init__(self, parent: QWidget | None = None, classes: Sequence[str] = DIGITS) -> None:
        super().__init__(parent)
        header = HeaderBar(tr("Sketch pad"))
        self.note = Text(DRAW, "small", "ink3")
        header.add(self.note)
        self.pad = Pad()
        self.pad.inked.connect(self._ink)
        self.clear_button = button(tr("Clear"), "ui_x", small=True, tip=tr("Clear the pad (C)"))
        self.clear_button.clicked.connect(self.clear)
        self.test_button = button(tr("Test image"), "ui_pencil", small=True, tip=tr("Put a test image on the pad (T)"))
        self.test_button.clicked.connect(self.test_image_requested)
        self.seen = Seen()
        self.answer = FigureLabel("–")
        self.bars = ProbabilityBars(classes)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(LATE)
        self._late.timeout.connect(self._tell)
        self._lay_out(header)
        for key, act in (("C", self.clear), ("T", self.test_button.click)):
            keys = QShortcut(QKeySequence(key), self)
            keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            keys.activated.connect(act)
        self.clear()

    def _lay_out(self, header: HeaderBar) -> None:
        acts = QHBoxLayout()
        acts.setSpacing(8)
        acts.addWidget(self.clear_button)
        acts.addWidget(self.test_button)
        acts.addStretch(1)
        acts.addWidget(KeyHint("C"))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Text(tr("What the network sees, 8×8"), "caption", "ink3"))
        words.addWidget(self.answer)
        sees = QHBoxLayout()
        sees.setSpacing(14)
        sees.addWidget(self.seen)
        sees.addLayout(words, 1)
        column = QVBoxLayout()
        column.setContentsMargins(12, 0, 12, 12)
        column.setSpacing(10)
        column.addWidget(self.pad, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(acts)
        column.addLayout(sees)
        column.addSpacing(6)
        column.addWidget(Caption(tr("Class probabilities")))
        column.addWidget(self.bars)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(header)
        outer.addLayout(column)

    def changeEvent(self, event: QEvent) -> None:
        """Disabled, as long as nothing is trained, it says what is to be done first."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self.set_note(DRAW if self.isEnabled() else tr("train the network first"))

    def set_note(self, text: str) -> None:
        """The word at the right of the heading: what to do, or why the answer is missing."""
        self.note.setText(text)

    def set_classes(self, classes: Sequence[str]) -> None:
        """The classes that probabilities stand for, in order."""
        self.bars.set_classes(classes)
        self._forget()

    def clear(self) -> None:
        """Empty the pad and forget the answer."""
        self._late.stop()
        self.pad.clear()
        self.seen.set_cells([0.0] * 64)
        self._forget()
        self.clear_button.setEnabled(False)
        self.clear_button.setToolTip(tr("The pad is empty"))
        self.cleared.emit()

    def show_image(self, image: Sequence[Sequence[float]]) -> None:
        """Put an 8×8 image (rows of 0 … 16) on the pad; `sketched` follows as for a drawing."""
        flat = [float(value) for row in image for value in row]
        if len(flat) != 64:
            raise ValueError(f"the image has {len(flat)} values; it must have 8×8")
        self.pad.show_image(flat)
        self._ink()

    def show_probabilities(self, probabilities: Sequence[float]) -> None:
        """The network's answer: one probability, 0 … 1, per class."""
        self.bars.set_probabilities(probabilities)
        best = max(range(len(probabilities)), key=probabilities.__getitem__)
        self.answer.set_figure(self.bars.classes[best], percent(probabilities[best]))

    def cells(self) -> list[float]:
        """What the network sees now: 64 counts of 0 … 16."""
        return self.pad.cells()

    def _forget(self) -> None:
        self.bars.set_probabilities(())
        self.answer.set_figure("–")

    def _ink(self) -> None:
        self.clear_button.setEnabled(True)
        self.clear_button.setToolTip(tr("Clear the pad (C)"))
        if not self._late.isActive():
            self._late.start()

    def _tell(self) -> None:
        counts = self.pad.cells()
        self.seen.set_cells(counts)
        self.sketched.emit(counts)


class Pad(QWidget):
    """The square to draw on. With the mouse; or from the keyboard: arrows move the pen, Space puts it down and lifts
    it. `inked` fires with every change of what is drawn, except `clear`.
    """

    inked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strokes: list[list[QPointF]] = []
        self._image: list[float] | None = None
        self._drawing = False
        self._pen = QPointF(PAD / 2, PAD / 2)  # the keyboard's
        self._down = False
        self._by_keys = False
        self._path: QPainterPath | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(tr("Sketch pad"))
        self.setAccessibleDescription(
            tr("Draw with the mouse; or move the pen with the arrow keys, Space puts it down.")
        )
        self.setToolTip(tr("Draw with the mouse. Keys: arrows move the pen, Space puts it down or lifts it, C clears."))

    def sizeHint(self) -> QSize:
        """288 square, whatever the text size: the right column is no wider."""
        return QSize(PAD, PAD)

    def clear(self) -> None:
        """Let go of all ink."""
        self.strokes, self._image, self._path = [], None, None
        self._drawing = self._down = False
        self.update()

    def show_image(self, cells: list[float]) -> None:
        """Show 64 counts as squares in place of strokes."""
        self.clear()
        self._image = cells
        self.update()

    def cells(self) -> list[float]:
        """The 64 counts, 0 … 16."""
        return list(self._image) if self._image is not None else ink.cells(self.strokes)

    def _begin(self, at: QPointF) -> None:
        self._image = None
        self.strokes.append([at])
        self._changed()

    def _extend(self, at: QPointF) -> None:
        inside = QPointF(min(max(at.x(), 0.0), float(PAD)), min(max(at.y(), 0.0), float(PAD)))
        if inside != self.strokes[-1][-1]:
            self.strokes[-1].append(inside)
            self._changed()

    def _changed(self) -> None:
        self._path = None
        self.update()
        self.inked.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drawing, self._down, self._by_keys = True, False, False
            self._begin(event.position())

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_keys = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drawing:
            self._extend(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._drawing:
            self._extend(event.position())
            self._drawing = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: QPointF(-STEP, 0),
            Qt.Key.Key_Right: QPointF(STEP, 0),
            Qt.Key.Key_Up: QPointF(0, -STEP),
            Qt.Key.Key_Down: QPointF(0, STEP),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            at = self._pen + step
            self._pen = QPointF(min(max(at.x(), 0.0), float(PAD)), min(max(at.y(), 0.0), float(PAD)))
            if self._down:
                self._extend(self._pen)
        elif event.key() == Qt.Key.Key_Space:
            self._down = not self._down
            if self._down:
                self._begin(QPointF(self._pen))
        else:
            super().keyPressEvent(event)
            return
        self._by_keys = True
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        radius = theme.radius("card")
        box(painter, self.rect(), radius, theme.color("sunken"), None)
        cell = PAD / 8
        if self._image is not None:
            for index, value in enumerate(self._image):
                place = QRectF(index % 8 * cell, index // 8 * cell, cell, cell)
                painter.fillRect(place.adjusted(1, 1, -1, -1), grey(value))
        for k in range(1, 8):
            at = round(k * cell)
            painter.fillRect(QRect(at, 1, 1, PAD - 2), theme.color("line"))
            painter.fillRect(QRect(1, at, PAD - 2, 1), theme.color("line"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.strokes:
            if self._path is None:
                self._path = ink.stroke_path(self.strokes)
            clip = QPainterPath()
            clip.addRoundedRect(QRectF(self.rect()), radius, radius)
            painter.setClipPath(clip)
            tone = theme.color("ink" if self.isEnabled() else "ink3")
            painter.strokePath(self._path, ink.pen_of(THICK, tone))
            painter.setClipping(False)
        by_keys = self.hasFocus() and self._by_keys
        if by_keys:
            tone = theme.color("accent")
            painter.setPen(QPen(tone, 2))
            painter.setBrush(tone if self._down else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(self._pen, 5, 5)
        edge = QPen(theme.color("strong" if self.isEnabled() else "line2"), 1)
        if by_keys:
            edge = QPen(theme.color("focus"), 2)
        box(painter, self.rect(), radius, None, edge)
        painter.end()


def grey(value: float) -> QColor:
    """A count of 0 … 16 as a grey between the pad's ground and its ink."""
    theme = themes.current
    return mixed(theme.color("sunken"), theme.color("ink"), min(max(value / 16, 0.0), 1.0))


class Seen(QWidget):
    """The 8×8 counts as an image of 56."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells = [0.0] * 64
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_cells(self, cells: list[float]) -> None:
        """Show 64 counts."""
        self._cells = cells
        self.update()

    def sizeHint(self) -> QSize:
        """8 cells of 7, and the border."""
        side = themes.current.px(7) * 8 + 2
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        cell = (self.width() - 2) // 8
        for index, value in enumerate(self._cells):
            painter.fillRect(QRect(1 + index % 8 * cell, 1 + index // 8 * cell, cell, cell), grey(value))
        painter.setPen(QPen(theme.color("line2"), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


class ProbabilityBars(QWidget):
    """A row per class: its name, a bar, the probability; the highest in the accent and semibold."""

    ROW = 26

    def __init__(self, classes: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.classes: tuple[str, ...] = ()
        self.probabilities: tuple[float, ...] = ()
        self.set_classes(classes)

    def set_classes(self, classes: Sequence[str]) -> None:
        """One row per class."""
        self.classes = tuple(classes)
        self.probabilities = ()
        self.updateGeometry()
        self.update()

    def set_probabilities(self, probabilities: Sequence[float]) -> None:
        """One per class, or none while there is no answer. Raises ValueError for another number of them."""
        if probabilities and len(probabilities) != len(self.classes):
            raise ValueError(f"there are {len(probabilities)} probabilities for {len(self.classes)} classes")
        self.probabilities = tuple(probabilities)
        told = [f"{name} {percent(p)}" for name, p in zip(self.classes, self.probabilities, strict=False)]
        self.setAccessibleName(", ".join(told) or tr("no answer yet"))
        self.update()

    def sizeHint(self) -> QSize:
        """Rows of 26."""
        return QSize(PAD, themes.current.px(self.ROW) * len(self.classes))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current, QPainter(self)
        mono, strong = theme.ui_font("mono"), theme.ui_font("mono_strong")
        high, bar = theme.px(self.ROW), theme.px(9)
        left = max((QFontMetrics(strong).horizontalAdvance(name) for name in self.classes), default=0) + theme.px(15)
        right = QFontMetrics(strong).horizontalAdvance("100.0 %") + theme.px(14)
        best = max(self.probabilities, default=-1.0)
        for index, name in enumerate(self.classes):
            chance = self.probabilities[index] if self.probabilities else None
            wins = chance is not None and chance == best
            row = QRect(0, index * high, self.width(), high)
            painter.setFont(strong if wins else mono)
            painter.setPen(theme.color("ink" if wins else "ink2"))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, name)
            told = "–" if chance is None else percent(chance)
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, told)
            track = QRect(left, row.center().y() - bar // 2, self.width() - left - right, bar)
            painter.fillRect(track, theme.color("sunken"))
            if chance is not None:
                filled = QRectF(track)
                filled.setWidth(max(1.0, track.width() * chance))
                box_radius = 2.0 if filled.width() > 4 else 0.0
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("accent" if wins else "ink3"))
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.drawRoundedRect(filled, box_radius, box_radius)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.end()


def percent(chance: float) -> str:
    """A probability with one decimal; what would read as nothing is said to be less."""
    return "< 0.1 %" if chance < 0.0005 else f"{chance * 100:.1f} %"
