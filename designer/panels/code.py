"""The code panel: the source that the drawing stands for, in step with what is selected on the canvas."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from designer.panels.source_view import SourceView
from designer.style import dress
from designer.widgets import Banner, SearchField, Text, button
from designer.words import tr

Spans = Mapping[Hashable, Sequence[tuple[int, int]]]
SAID = 1500  # ms that "Copied" stands on the button


class CodePanel(QWidget):
    """Python with line numbers, whose values can be typed over.

    `set_source(text, spans)`: the whole source; `spans` maps a node's id to its (first line, last line) from 1.
    `set_current(id)`: tint that node's lines and bring them into sight; None for no node.
    `set_problem(sentence)`: why there is no newer source; "" when there is.
    `edited(text)`: a person has finished typing in the source. `refuse(sentence)`: why the drawing cannot say that.
    `node_at_cursor(id)`: a person put the cursor on a line that stands for that node (the innermost one).
    """

    node_at_cursor = Signal(object)
    edited = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spans: dict[Hashable, list[tuple[int, int]]] = {}
        self._current: Hashable | None = None
        self._revealed = True
        self._refused = False
        self.view = SourceView()
        self.view.moved.connect(self._moved)
        self.view.typed.connect(self.edited)
        self.view.waiting.connect(self._waits)
        self.banner = Banner(closable=False)
        self.about = Text("", "small", "ink3")
        self.copy = button(tr("Copy"), "ui_copy", small=True, quiet=True, tip=tr("Copy the whole source"))
        self.copy.clicked.connect(self._copy)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(SAID)
        self._copied.timeout.connect(lambda: self.copy.setText(tr("Copy")))
        self.finder = FindBar(self.view)
        seek = button(tr("Find"), "ui_search", small=True, quiet=True, tip=tr("Find in the source (Ctrl+F)"))
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
        self._waits(False)
        self.copy.setEnabled(bool(text))
        self.copy.setToolTip(tr("Copy the whole source") if text else tr("There is no source yet"))
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

    def refuse(self, sentence: str) -> None:
        """Say why what was typed cannot flow back; it stays until it is corrected, or taken back with Escape."""
        self._refused = True
        self.banner.show_message(sentence, "error")

    def _waits(self, waits: bool) -> None:
        """Say what ends the edit that is under way, else how long the source is."""
        lines = len(self.source().splitlines())
        size = tr("{lines} lines", lines=f"{lines:,}") if lines != 1 else tr("1 line")
        self.about.setText(tr("Enter puts it into the drawing, Esc takes it back") if waits else size)
        if not waits and self._refused:
            self._refused = False
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
        self.copy.setText(tr("Copied"))
        self._copied.start()


class FindBar(QWidget):
    """Find in the source: each stroke searches; Enter and ↓ go on, ↑ goes back, Escape closes."""

    opened = Signal(bool)

    def __init__(self, view: SourceView) -> None:
        super().__init__()
        self._view = view
        self._found: list[QTextCursor] = []
        self._at = -1
        self.field = SearchField(tr("Find in the source"))
        dress(self.field, width=220)
        self.told = Text("", "small", "ink3")
        close = button("", "ui_x", small=True, quiet=True, tip=tr("Close the search"))
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
            self.told.setText(tr("not found"))
        elif self._found:
            self._go(1)
        else:
            self.told.setText("")

    def _go(self, step: int) -> None:
        if self._found:
            self._at = (self._at + step) % len(self._found)
            self._view.choose(self._found[self._at])
            self.told.setText(tr("{place} of {count}", place=self._at + 1, count=len(self._found)))
