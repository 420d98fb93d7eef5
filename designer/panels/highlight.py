"""Python source in colour: lexed by Pygments a block at a time, in slices that never hold the window up.

Pygments takes 0.3 ms a line, so what is in sight comes first and lines seen before are remembered.
"""

from __future__ import annotations

import re
import time
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QTextBlock, QTextCharFormat, QTextLayout
from PySide6.QtWidgets import QPlainTextEdit

from designer.theme import Theme, themes

if TYPE_CHECKING:
    from pygments.lexer import Lexer

SLICE = 0.006  # seconds per turn of the event loop
_OUTSIDE = re.compile(r"#.*|\"\"\"|'''|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_QUOTES = ("", '"""', "'''")

Piece = tuple[int, int, str]  # start, length, role


@cache
def _lexer() -> Lexer:
    from pygments.lexers.python import PythonLexer

    return PythonLexer(ensurenl=False, stripnl=False)


@cache
def _roles() -> dict[object, str]:
    from pygments.token import Comment, Keyword, Name, Number, Operator, String

    return {
        Keyword: "code_kw",
        Operator.Word: "code_kw",
        String: "code_str",
        Number: "code_num",
        Comment: "code_com",
        Name.Function: "code_fn",
        Name.Class: "code_fn",
        Name.Decorator: "code_fn",
        Name.Builtin.Pseudo: "ink3",
    }


def state_after(text: str, state: int) -> int:
    """Which multi-line string a line leaves open: 0 none, 1 of double quotes, 2 of single ones."""
    at = 0
    while True:
        if state:
            end = text.find(_QUOTES[state], at)
            if end < 0:
                return state
            at, state = end + 3, 0
        match = _OUTSIDE.search(text, at)
        if match is None:
            return 0
        at = match.end()
        if match.group() in _QUOTES:
            state = _QUOTES.index(match.group())


@lru_cache(maxsize=4096)
def pieces(text: str, state: int) -> tuple[Piece, ...]:
    """The coloured parts of one line that starts inside string `state` (as of `state_after`)."""
    found: list[Piece] = []
    at = 0
    if state:
        end = text.find(_QUOTES[state])
        at = len(text) if end < 0 else end + 3
        found.append((0, at, "code_str"))
    roles = _roles()
    for start, kind, value in _lexer().get_tokens_unprocessed(text[at:]):
        while kind is not None and kind not in roles:
            kind = kind.parent
        if kind is not None and value.strip():
            found.append((at + start, len(value), roles[kind]))
    return tuple(found)


class Highlighter(QObject):
    """Colours a plain text editor's blocks. Starts with `start`; then follows every change of text and theme."""

    def __init__(self, editor: QPlainTextEdit) -> None:
        super().__init__(editor)
        self._editor = editor
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._work)
        self._started = False
        self._queue: list[int] = []
        editor.document().contentsChange.connect(self._changed)
        themes.changed.connect(self._queue_all)

    @property
    def idle(self) -> bool:
        """Whether every block has its colours."""
        return self._started and not self._queue

    def start(self) -> None:
        """Load the lexer and begin. Calling it again does nothing."""
        if not self._started:
            self._started = True
            self._queue_all()

    def _changed(self, position: int, removed: int, added: int) -> None:
        self._queue_all()

    def _queue_all(self, *_: object) -> None:
        """Every block is looked at again, those in sight first; what has not changed costs next to nothing."""
        if not self._started:
            return
        state = 0
        block = self._editor.document().begin()
        while block.isValid():
            block.setUserState(state)
            state = state_after(block.text(), state)
            block = block.next()
        count = self._editor.document().blockCount()
        first = self._editor.firstVisibleBlock().blockNumber()
        self._queue = [*range(first - 1, -1, -1), *range(count - 1, first - 1, -1)]  # taken from the end
        self._timer.start()

    def _work(self) -> None:
        end = time.perf_counter() + SLICE
        document, theme = self._editor.document(), themes.current
        while self._queue and time.perf_counter() < end:
            block = document.findBlockByNumber(self._queue.pop())
            if block.isValid():
                self._colour(block, theme)
        if not self._queue:
            self._timer.stop()

    def _colour(self, block: QTextBlock, theme: Theme) -> None:
        text, state = block.text(), block.userState()
        ranges = []
        for start, length, role in pieces(text, state):
            one = QTextLayout.FormatRange()
            one.start, one.length, one.format = start, length, _format(theme, role)
            ranges.append(one)
        if block.layout().formats() != ranges:
            block.layout().setFormats(ranges)
            self._editor.document().markContentsDirty(block.position(), block.length())


@lru_cache(maxsize=64)
def _format(theme: Theme, role: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(theme.color(role))
    made.setFontItalic(role == "code_com")
    return made
