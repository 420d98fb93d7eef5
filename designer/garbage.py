"""When Python looks through everything for garbage: while nothing is edited, and not through the window itself.

A full collection walks all that lives, 60 ms and more with a drawing of 1,000 nodes, and would fall into the very
edits that make many objects. So the full ones are left to pauses, and what one leaves is not walked again before
that has become very much: drawings that were closed since lie in it, too.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

from designer.document import Document

PAUSE_MS = 400
NEVER = 1_000_000_000
MOST = 2_000_000  # objects that are not walked again: some drawings of 10,000 nodes
YOUNG = 3  # collections of the middle generation after which a full one is worth while


class Tidying(QObject):
    """Takes full collections over from Python, for as long as this process runs."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        first, second, _ = gc.get_threshold()
        gc.set_threshold(first, second, NEVER)
        gc.freeze()
        gc.enable()
        self._busy = False
        self._pause = QTimer(self, interval=PAUSE_MS)
        self._pause.timeout.connect(self.tidy)
        self._pause.start()
        document.edited.connect(self._edited)
        document.replaced.connect(self._edited)

    def _edited(self, *_: object) -> None:
        self._busy = True

    def tidy(self) -> None:
        """Collect, unless something was edited since the last look or little was made."""
        if self._busy:
            self._busy = False
        elif gc.get_count()[2] >= YOUNG:
            if gc.get_freeze_count() > MOST:
                gc.unfreeze()
            gc.collect()
            gc.freeze()
