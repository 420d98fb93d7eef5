"""Keeps the open drawing safe while it is unsaved, and offers what a session that ended early has left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, process_time

from PySide6.QtCore import QObject, QTimer, Signal

from designer.autosave import Left, Session, State, disk_hash, left_behind, project_of
from designer.document import Document
from designer.settings import data_folder
from designer.words import tr
from graph_core.project import FileError, load, pieces

PAUSE = 1.5  # seconds without an edit before a state is kept
LONGEST = 10.0  # seconds that work may be unkept while edits go on
SLICE = 0.008  # seconds of a turn of the event loop that writing down may take
_SHARE = 20  # writing down a large drawing may take one part in so many of the time

Offer = Callable[[str, str, Sequence[tuple[str, Callable[[], None]]]], None]


def recovery_folder() -> Path:
    """Where sessions keep states."""
    return data_folder() / "recovery"


class Recovery(QObject):
    """States are written beside the window's thread; `kept` tells that one is on the disk, `failed` why not.

    `offer` shows a sentence, of a kind, with buttons. `may_leave` asks before a drawing is left.
    """

    kept = Signal()
    failed = Signal(str)

    def __init__(
        self, document: Document, offer: Offer, may_leave: Callable[[], bool], folder: Path | None = None
    ) -> None:
        super().__init__(document)
        self._document, self._offer, self._may_leave = document, offer, may_leave
        self.folder = folder or recovery_folder()
        self._session = Session(self.folder)
        self._writer = ThreadPoolExecutor(1, "autosave")
        self._left: list[Left] = []
        self._since: float | None = None  # when the oldest edit that is not kept was made
        self._cost = 0.0
        self._edits = 0
        self._told = False
        self._disk = disk_hash(document.path)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._begin)
        self._parts: list[str] = []
        self._pieces: Iterator[str] | None = None  # of the state that is being written down
        self._hurried = False
        self._more = QTimer(self, interval=0)
        self._more.timeout.connect(self._go_on)
        document.edited.connect(self._edited)
        document.renamed.connect(self._renamed)
        document.replaced.connect(self._replaced)

    # Keeping -------------------------------------------------------------------------------------------------

    def _edited(self, *_: object) -> None:
        self._edits += 1
        if self._pieces is not None:
            self._stop()
            if self._hurried:  # edits come so fast that it would never be written down a piece at a time
                self.keep()
                return
            self._hurried = True
        if self._since is None:
            self._since = monotonic()
        rest = LONGEST - (monotonic() - self._since)
        self._timer.start(round(1000 * max(min(PAUSE, rest), self._cost * _SHARE, 0.0)))

    def _renamed(self) -> None:
        if not self._document.unsaved:
            self._settle()

    def _replaced(self) -> None:
        self._settle()

    def _settle(self) -> None:
        """The drawing is on the disk, or is another one: what was kept of it is of no use."""
        self._timer.stop()
        self._stop()
        self._since, self._edits = None, 0
        self._writer.submit(self._session.forget)
        self._disk = disk_hash(self._document.path)

    def keep(self) -> None:
        """Keep the drawing as it is now, if it is unsaved."""
        self._begin()
        while self._pieces is not None:
            self._go_on()

    def _begin(self) -> None:
        self._timer.stop()
        if not self._document.unsaved:
            self._since = None
            return
        self._parts, self._pieces, self._cost = [], pieces(self._document.project), 0.0
        self._more.start()

    def _stop(self) -> None:
        self._more.stop()
        self._pieces = None

    def _go_on(self) -> None:
        """Write down some more, for as long as nobody notices."""
        if self._pieces is None:
            return
        before = process_time()
        for piece in self._pieces:
            self._parts.append(piece)
            if process_time() - before > SLICE:
                self._cost += process_time() - before
                return
        self._cost += process_time() - before
        self._stop()
        self._since, self._hurried = None, False
        document = self._document
        state = State(0, document.name, document.path, self._disk, self._edits, "".join(self._parts))
        self._writer.submit(self._write, state)

    def _write(self, state: State) -> None:
        try:
            self._session.keep(state)
        except OSError as error:
            if not self._told:
                self._told = True
                self.failed.emit(
                    tr(
                        "Unsaved work cannot be kept in {folder}: {what}; save it yourself.",
                        folder=self.folder,
                        what=error.strerror or error,
                    )
                )
        else:
            self._told = False
            self.kept.emit()

    def end(self) -> None:
        """The window closes as a person wants it: nothing is left to recover."""
        self._timer.stop()
        self._stop()
        self._writer.submit(self._session.forget)
        self._writer.shutdown()
        for left in self._left:
            left.release()
        self._left = []

    # Offering ------------------------------------------------------------------------------------------------

    def look(self, asked: bool = False) -> None:
        """Offer what sessions that ended early have left, one after the other; say so where there is nothing."""
        self._left += left_behind(self.folder)
        if self._left:
            self._offer_next()
        elif asked:
            self._offer(tr("No session has ended with unsaved work."), "note", ())

    def _offer_next(self) -> None:
        if not self._left:
            return
        left = self._left[0]
        edits = tr("an edit") if left.state.edits == 1 else tr("{edits} edits", edits=f"{left.state.edits:,}")
        self._offer(
            tr(
                "A session ended before {drawing} was saved; {edits} can be recovered.",
                drawing=left.state.name,
                edits=edits,
            ),
            "warn",
            ((tr("Recover drawing"), lambda: self.recover(left)), (tr("Discard edits"), lambda: self._discard(left))),
        )

    def recover(self, left: Left) -> None:
        """Open what was left, unsaved; without a file where that has changed since, so that none is overwritten."""
        if not self._may_leave():
            return
        state = left.state
        moved_on = state.path is not None and disk_hash(state.path) != state.disk
        base = None
        if state.path is not None and not moved_on:
            try:
                base = load(state.path)
            except FileError:
                moved_on = True
        self._document.recover(project_of(state), None if moved_on else state.path, base)
        self._edits = state.edits
        self.keep()
        self._writer.submit(left.discard).result()  # once the session that is open has it
        self._left.remove(left)
        said = tr("{drawing} is as it was; save it to keep it.", drawing=state.name)
        if moved_on:
            said = tr(
                "{drawing} has changed on the disk since, so what was recovered has no file; save it elsewhere.",
                drawing=state.name,
            )
        self._offer(said, "note", ())
        self._offer_next()

    def _discard(self, left: Left) -> None:
        left.discard()
        self._left.remove(left)
        has_file = left.state.path is not None
        self._offer(
            tr("The edits are gone; the saved file is as it was.") if has_file else tr("The drawing is gone."),
            "note",
            (),
        )
        self._offer_next()
