"""The code panel: the source that the drawing stands for, in step with what is selected on the canvas."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QGuiApplication,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
    QShowEvent,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from designer.panels.highlight import Highlighter
from designer.style import dress
from designer.theme import Theme, themes
from designer.widgets import Banner, SearchField, Text, button

Spans = Mapping[Hashable, Sequence[tuple[int, int]]]
SAID = 1500  # ms that "Copied" stands on the button


class CodePanel(QWidget):
    """Read-only Python with line numbers.

    `set_source(text, spans)`: the whole source; `spans` maps a node's id to its (first line, last line) from 1.
    `set_current(id)`: tint that node's lines and bring them into sight; None for no node.
    `set_problem(sentence)`: why there is no newer source; "" when there is.
    `node_at_cursor(id)`: a person put the cursor on a line that stands for that node (the innermost one).
    """

    node_at_cursor = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spans: dict[Hashable, list[tuple[int, int]]] = {}
        self._current: Hashable | None = None
        self._revealed = True
        self.view = SourceView()
        self.view.moved.connect(self._moved)
        self.banner = Banner(closable=False)
        self.about = Text("", "small", "ink3")
        self.copy = button("Copy", "ui_copy", small=True, quiet=True, tip="Copy the whole source")
        self.copy.clicked.connect(self._copy)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(SAID)
        self._copied.timeout.connect(lambda: self.copy.setText("Copy"))
        self.finder = FindBar(self.view)
        seek = button("Find", "ui_search", small=True, quiet=True, tip="Find in the source (Ctrl+F)")
        seek.clicked.connect(self.finder.open)
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 4, 8, 4)
        bar.setSpacing(4)
        bar.addWidget(self.about, 1)
        bar.addWidget(self.finder)
        bar.addWidget(seek)
        bar.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.banner)
        column.addWidget(self.view, 1)
        self.finder.opened.connect(lambda is_open: seek.setVisible(not is_open))
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        keys.activated.connect(self.finder.open)
        self.set_source("", {})

    def set_source(self, text: str, spans: Spans) -> None:
        """Show `text`; unchanged lines keep their place, so that the view does not jump while one types elsewhere."""
        self._spans = {node: [(first, last) for first, last in lines] for node, lines in spans.items()}
        self.view.replace(text)
        lines = len(text.splitlines())
        self.about.setText(f"{lines:,} lines" if lines != 1 else "1 line")
        self.copy.setEnabled(bool(text))
        self.copy.setToolTip("Copy the whole source" if text else "There is no source yet")
        self._tint()

    def source(self) -> str:
        """What is shown."""
        return self.view.toPlainText()

    def set_current(self, node: Hashable | None, reveal: bool = True) -> None:
        """Tint the lines of a node; one that owns no lines leaves none tinted."""
        if node != self._current:
            self._current, self._revealed = node, not reveal
        self._tint()
        if reveal and not self._revealed and self._spans.get(node):
            self._revealed = True
            self.view.reveal(*self._spans[node][0])

    def set_problem(self, sentence: str) -> None:
        """Say over the last good source why it is not the newest."""
        if sentence:
            self.banner.show_message(sentence, "warn")
        else:
            self.banner.hide()

    def node_at(self, line: int) -> Hashable | None:
        """The node whose span around `line` (from 1) is the shortest; the current one where it is as short."""
        found = [
            (last - first, node != self._current, place, node)
            for place, (node, lines) in enumerate(self._spans.items())
            for first, last in lines
            if first <= line <= last
        ]
        return min(found, key=lambda one: one[:3])[3] if found else None

    def _moved(self, line: int) -> None:
        node = self.node_at(line)
        if node is not None and node != self._current:
            self.set_current(node, reveal=False)
            self.node_at_cursor.emit(node)

    def _tint(self) -> None:
        self.view.set_tinted(self._spans.get(self._current, []))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.source())
        self.copy.setText("Copied")
        self._copied.start()


class SourceView(QPlainTextEdit):
    """The text with its gutter. `moved(line)`: a person moved the cursor to that line, from 1."""

    moved = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setAccessibleName("Source of the network")
        self.setUndoRedoEnabled(False)
        self.setCursorWidth(2)
        self.document().setDocumentMargin(0)
        dress(self, font="code")
        self.colours = Highlighter(self)
        self._tinted: list[tuple[int, int]] = []
        self._found: list[QTextCursor] = []
        self._quiet = False
        self._gutter = _Gutter(self)
        self.blockCountChanged.connect(self._make_room)
        self.updateRequest.connect(self._scroll_gutter)
        self.cursorPositionChanged.connect(self._tell)
        themes.changed.connect(self._dress)
        self._dress(themes.current)

    def replace(self, text: str) -> None:
        """Make the text this one by replacing the lines between the first and the last that differ."""
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


class FindBar(QWidget):
    """Find in the source: each stroke searches; Enter and ↓ go on, ↑ goes back, Escape closes."""

    opened = Signal(bool)

    def __init__(self, view: SourceView) -> None:
        super().__init__()
        self._view = view
        self._found: list[QTextCursor] = []
        self._at = -1
        self.field = SearchField("Find in the source")
        dress(self.field, width=220)
        self.told = Text("", "small", "ink3")
        close = button("", "ui_x", small=True, quiet=True, tip="Close the search")
        close.clicked.connect(self.close_bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.told, self.field, close):
            row.addWidget(widget)
        self.field.textChanged.connect(self._search)
        self.field.entered.connect(lambda: self._go(1))
        self.field.moved.connect(self._go)
        leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        leave.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        leave.activated.connect(self.close_bar)
        self.hide()

    def open(self) -> None:
        """Show the field, with what is selected in the source as its text."""
        chosen = self._view.textCursor().selectedText()
        self.show()
        self.opened.emit(True)
        if chosen and "\u2029" not in chosen:  # Qt's sign for a line break
            self.field.setText(chosen)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self._search(self.field.text())

    def close_bar(self) -> None:
        """Hide it and let go of what was found."""
        self.hide()
        self._view.set_found([])
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.opened.emit(False)

    def _search(self, text: str) -> None:
        self._found, self._at = [], -1
        cursor = QTextCursor(self._view.document())
        while text:
            cursor = self._view.document().find(text, cursor, QTextDocument.FindFlag(0))
            if cursor.isNull():
                break
            self._found.append(QTextCursor(cursor))
        self._view.set_found(self._found)
        if text and not self._found:
            self.told.setText("not found")
        elif self._found:
            self._go(1)
        else:
            self.told.setText("")

    def _go(self, step: int) -> None:
        if self._found:
            self._at = (self._at + step) % len(self._found)
            self._view.choose(self._found[self._at])
            self.told.setText(f"{self._at + 1} of {len(self._found)}")
