"""Parts of the window that are made when they are first needed, or one at a time once the window has been painted.

So the first paint waits for nothing that it does not show, and the first click on a tab waits for nothing either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QScrollArea, QWidget

NARROW = 320  # what is wider gives way, at every text size
MANY = 300  # work on more nodes and wires than that is parted, so that no turn of the event loop is long


class Roomy(QScrollArea):
    """Holds a widget and scrolls what does not fit, so that no panel keeps the window from being small."""

    def __init__(self, held: QWidget | None = None) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        if held is not None:
            self.hold(held)

    def hold(self, widget: QWidget) -> None:
        """Take a widget in."""
        filled = widget.autoFillBackground()
        self.setWidget(widget)
        widget.setAutoFillBackground(filled)  # which setWidget turns on
        self.setFocusProxy(widget)

    def minimumSizeHint(self) -> QSize:
        """A column is as wide as it must be; what is wider than that gives way."""
        width = self.widget().minimumSizeHint().width() if self.widget() is not None else 0
        return QSize(min(width, NARROW), 0)


class Late(Roomy):
    """The place of a widget that `make` makes: when it is first shown, or when somebody asks for `content`."""

    def __init__(self, make: Callable[[], QWidget]) -> None:
        super().__init__()
        self._make = make
        self._content: QWidget | None = None

    @property
    def made(self) -> bool:
        """Whether the content is there."""
        return self._content is not None

    @property
    def content(self) -> Any:
        """What `make` made, made now if it was not needed before."""
        if self._content is None:
            self._content = self._make()
            self.hold(self._content)
        return self._content

    def showEvent(self, event: QShowEvent) -> None:
        """Now it is needed."""
        _ = self.content
        super().showEvent(event)


class Afterwards(QObject):
    """Runs `pieces` one a turn of the event loop, as soon as `window` has been painted for the first time."""

    def __init__(self, window: QWidget, pieces: Iterable[Callable[[], object]]) -> None:
        super().__init__(window)
        self._pieces = list(pieces)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._next)
        window.installEventFilter(self)

    @property
    def done(self) -> bool:
        """Whether every piece has been run."""
        return not self._pieces

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window's own part is painted first, all others in the same turn: the timer comes after them."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            self._timer.start(0)
        return super().eventFilter(watched, event)

    def _next(self) -> None:
        if self._pieces:
            self._pieces.pop(0)()
        else:
            self._timer.stop()
