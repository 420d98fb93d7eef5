"""When and where Python looks for garbage: on the window's thread alone, and through everything only in pauses.

Python collects on whichever thread happens to make the next object. In the window's garbage lie widgets, fonts, texts
and pictures; Qt ends with a segmentation fault if another thread takes them apart while it paints. So nothing is
collected by itself any more: the event loop does it, and no thread that works beside the window ever does.

A full collection walks all that lives, 60 ms and more with a drawing of 1,000 nodes, and would fall into the very
edits that make many objects. So the full ones are left to pauses, and what one leaves is not walked again before
that has become very much: drawings that were closed since lie in it, too.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

from designer.document import Document

TURN_MS = 100
PAUSE_MS = 400
MOST = 2_000_000  # objects that are not walked again: some drawings of 10,000 nodes
RARELY = 20  # looks between two counts of what is not walked
YOUNG = 3  # collections of the middle generation after which a full one is worth while


class OnThisThread(QObject):
    """Takes the collections of young objects over from Python and makes them in turns of this thread's event loop."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._turn = QTimer(self, interval=TURN_MS)
        self._turn.timeout.connect(self.collect_young)
        self._turn.start()

    def collect_young(self) -> None:
        """Collect what Python would have collected by now, full collections apart."""
        made, young, _ = gc.get_count()
        first, second, _ = gc.get_threshold()
        if made > first:
            gc.collect(1 if young > second else 0)


class Tidying(OnThisThread):
    """Takes full collections over as well, for as long as this process runs."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        gc.freeze()
        self._busy = False
        self._looks = 0
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
            self._looks += 1
            if self._looks % RARELY == 0 and gc.get_freeze_count() > MOST:  # which counts them one by one
                gc.unfreeze()
            gc.collect()
            gc.freeze()
