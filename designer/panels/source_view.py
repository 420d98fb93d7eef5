"""The text of the code panel: line numbers, the tint of what is selected, and edits that wait to flow back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from designer.panels.highlight import Highlighter
from designer.style import dress
from designer.theme import Theme, themes
from designer.words import tr

_UNDO = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)


class SourceView(QPlainTextEdit):
    """The text with its gutter. `moved(line)`: a person moved the cursor to that line, from 1.

    What is typed waits (`waiting`) until Enter, another line or another widget ends it: then `typed(text)` tells the
    whole text. Escape takes it back. Undo and redo are the window's: of the drawing, not of the text.
    """

    moved = Signal(int)
    typed = Signal(str)
    waiting = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setAccessibleName(tr("Source of the network"))
        self.setUndoRedoEnabled(False)
        self.setCursorWidth(2)
        self.document().setDocumentMargin(0)
        dress(self, font="code")
        self.colours = Highlighter(self)
        self._tinted: list[tuple[int, int]] = []
        self._found: list[QTextCursor] = []
        self._quiet = False
        self._shown = ""  # what the drawing stands for; the text differs while an edit waits
        self._waits = False
        self._line = 0
        self._told = ""
        self._gutter = _Gutter(self)
        self.blockCountChanged.connect(self._make_room)
        self.updateRequest.connect(self._scroll_gutter)
        self.cursorPositionChanged.connect(self._tell)
        self.textChanged.connect(self._look)
        themes.changed.connect(self._dress)
        self._dress(themes.current)

    def replace(self, text: str) -> None:
        """Make the text this one by replacing the lines between the first and the last that differ."""
        self._shown, self._told = text, ""
        self._swap_text(text)
        self.setReadOnly(not text)
        self._look()

    def _swap_text(self, text: str) -> None:
        old, new = self.toPlainText().split("\n"), text.split("\n")
        head = 0
        while head < min(len(old), len(new)) and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        if head == len(old) == len(new):
            return
        self._quiet = True
        place = self.verticalScrollBar().value()
        if head + tail == 0:
            self.setPlainText(text)
        else:
            self._swap(old, new, head, tail)
        self.verticalScrollBar().setValue(place)
        self._quiet = False

    def _swap(self, old: list[str], new: list[str], head: int, tail: int) -> None:
        cursor = QTextCursor(self.document())
        middle = new[head : len(new) - tail]
        if head + tail == len(old) or not middle:
            # Whole lines come or go: take the break before them along, or the one after the first line's.
            head, tail = (head - 1, tail) if head else (head, tail - 1)
            middle = new[head : len(new) - tail]
        first, last = self.document().findBlockByNumber(head), self.document().findBlockByNumber(len(old) - tail - 1)
        cursor.setPosition(first.position())
        cursor.setPosition(last.position() + last.length() - 1, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText("\n".join(middle))

    @property
    def pending(self) -> bool:
        """Whether something is typed that the drawing does not say yet."""
        return self._waits

    def finish(self) -> None:
        """Tell what was typed; the same text is told once."""
        if self._waits and self._told != self.toPlainText():
            self._told = self.toPlainText()
            self.typed.emit(self._told)

    def take_back(self) -> None:
        """Show again what the drawing stands for, the cursor where it was."""
        place = self.textCursor().position()
        self.replace(self._shown)
        cursor = self.textCursor()
        cursor.setPosition(min(place, len(self._shown)))
        self._quiet = True
        self.setTextCursor(cursor)
        self._quiet = False

    def _look(self) -> None:
        waits = self.toPlainText() != self._shown
        if waits and not self._waits:
            self._line = self.textCursor().blockNumber()
        if waits != self._waits:
            self._waits = waits
            self.waiting.emit(waits)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter ends an edit and never breaks a line; Escape takes it back."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._told = ""
            self.finish()
        elif event.key() == Qt.Key.Key_Escape and self._waits:
            self.take_back()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Leave undo and redo to the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if any(event.matches(key) for key in _UNDO):
                event.ignore()
                return False
            if event.key() == Qt.Key.Key_Escape and self._waits:
                event.accept()
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Whoever goes on elsewhere has finished; what was refused before is taken back."""
        super().focusOutEvent(event)
        if event.reason() in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            return
        if self._waits and self._told == self.toPlainText():
            self.take_back()
        else:
            self.finish()

    def reveal(self, first: int, last: int) -> None:
        """Bring lines into sight, in the middle where they are out of it."""
        top = self.firstVisibleBlock().blockNumber() + 1
        bottom = top + self.viewport().height() // max(1, round(self._line_height())) - 2
        if first < top or last > bottom:
            self.verticalScrollBar().setValue(max(0, first - 1 - max(0, bottom - top - (last - first)) // 2))

    def set_tinted(self, lines: Sequence[tuple[int, int]]) -> None:
        """Tint these lines, (first, last) from 1, over the whole width."""
        self._tinted = list(lines)
        self._mark()

    def set_found(self, found: list[QTextCursor]) -> None:
        """Mark what a search has found."""
        self._found = found
        self._mark()

    def choose(self, found: QTextCursor) -> None:
        """Select what a search has found, and bring it into sight; that is no move of the person's cursor."""
        self._quiet = True
        self.setTextCursor(found)
        self._quiet = False
        line = found.blockNumber() + 1
        self.reveal(line, line)

    def is_tinted(self, line: int) -> bool:
        """Whether `line`, from 1, is one of the current node's."""
        return any(first <= line <= last for first, last in self._tinted)

    def _mark(self) -> None:
        marks = []
        for first, last in self._tinted:
            for line in range(first, min(last, self.blockCount()) + 1):
                mark = QTextEdit.ExtraSelection()
                mark.cursor = QTextCursor(self.document().findBlockByNumber(line - 1))
                mark.format.setBackground(themes.current.color("acctint"))
                mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
                marks.append(mark)
        over = QTextCharFormat()
        over.setBackground(themes.current.color("sticky"))
        for cursor in self._found:
            mark = QTextEdit.ExtraSelection()
            mark.cursor, mark.format = cursor, over
            marks.append(mark)
        self.setExtraSelections(marks)
        self._gutter.update()

    def _tell(self) -> None:
        if self._waits and not self._quiet and self.textCursor().blockNumber() != self._line:
            self._line = self.textCursor().blockNumber()
            QTimer.singleShot(0, self, self.finish)  # not inside the step of the cursor that leaves the line
        if not self._quiet and self.hasFocus():
            self.moved.emit(self.textCursor().blockNumber() + 1)

    def _line_height(self) -> float:
        return self.blockBoundingRect(self.firstVisibleBlock()).height() or 18.0

    def _dress(self, theme: Theme) -> None:
        palette = theme.palette()
        palette.setColor(palette.ColorRole.Base, theme.color("panel"))
        self.setPalette(palette)
        self._mark()
        self._make_room()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.colours.start()

    # The gutter ----------------------------------------------------------------------------------------------

    def gutter_width(self) -> int:
        """Room for the last line's number."""
        digits = max(3, len(str(self.blockCount())))
        return round(QFontMetricsF(self.font()).horizontalAdvance("0") * digits) + themes.current.px(28)

    def _make_room(self, _: int = 0) -> None:
        self.setViewportMargins(self.gutter_width(), 0, 0, 0)
        self._place_gutter()

    def _place_gutter(self) -> None:
        inside = self.contentsRect()
        self._gutter.setGeometry(QRect(inside.left(), inside.top(), self.gutter_width(), inside.height()))

    def _scroll_gutter(self, rect: QRect, by: int) -> None:
        if by:
            self._gutter.scroll(0, by)
        else:
            self._gutter.update(0, rect.y(), self._gutter.width(), rect.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_gutter()

    def paint_gutter(self, painter: QPainter, area: QRect) -> None:
        """Line numbers, and the tint of the current node's lines carried to the left end with a bar."""
        theme = themes.current
        painter.fillRect(area, theme.color("panel"))
        painter.setFont(self.font())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        width = self._gutter.width()
        while block.isValid() and top <= area.bottom():
            height = self.blockBoundingRect(block).height()
            line = block.blockNumber() + 1
            row = QRect(0, round(top), width, round(height))
            tinted = self.is_tinted(line)
            if tinted:
                painter.fillRect(row, theme.color("acctint"))
                painter.fillRect(QRect(0, row.y(), 2, row.height()), theme.color("accent"))
            painter.setPen(theme.color("ink2" if tinted else "ink3"))
            painter.drawText(row.adjusted(0, 0, -theme.px(16), 0), Qt.AlignmentFlag.AlignRight, str(line))
            top += height
            block = block.next()


class _Gutter(QWidget):
    """The strip of line numbers; its view paints it."""

    def __init__(self, view: SourceView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self) -> QSize:
        return QSize(self._view.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._view.paint_gutter(painter, event.rect())
        painter.end()
