"""The store of weights does not grow for ever: what nothing needs any more, and nobody has touched for a month, goes.

Needed is what the open drawing, the recent ones and the states of sessions that ended early refer to. While another
window is open nothing goes, for its undo may lead back to any of them; saved drawings have their weights beside them.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLockFile

from designer.autosave import newest
from designer.document import Document
from designer.recovery import recovery_folder
from designer.settings import Settings, weights_store
from graph_core.kept import KEY, SUFFIX, reference

MONTH = 30 * 24 * 3600.0  # seconds
_OPEN = ".window"


def tidy(settings: Settings, document: Document, app: QCoreApplication) -> WeightsStore:
    """Hold the store for a window as long as the application runs, and prune it beside the window's thread."""
    store = WeightsStore(weights_store())
    store.open()
    app.aboutToQuit.connect(store.close)
    needed = [reference(document.project)]
    threading.Thread(target=store.prune, args=(settings.recent(), recovery_folder(), needed), daemon=True).start()
    return store


class WeightsStore:
    """One window's hold on the store: while it lives, no other window prunes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: QLockFile | None = None

    def open(self) -> None:
        """Tell other windows that this one is open; without a store there is nothing to tell."""
        if self.folder.is_dir():
            self._lock = _lock(self.folder / f"{secrets.token_hex(8)}{_OPEN}")
            self._lock.tryLock(0)

    def close(self) -> None:
        """The window is gone."""
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def prune(self, drawings: Iterable[Path], recovery: Path, needed: Iterable[str] = ()) -> list[Path]:
        """Remove what nothing needs, and say what went; ``needed`` are further hashes."""
        if not self.folder.is_dir() or self._others():
            return []
        wanted = set(needed) | _referred(drawings, recovery)
        gone = []
        for path in self.folder.glob(f"*{SUFFIX}"):
            with contextlib.suppress(OSError):
                status = path.stat()
                unused = time.time() - max(status.st_mtime, status.st_ctime)
                if path.stem not in wanted and unused > MONTH:
                    path.unlink()
                    gone.append(path)
        return gone

    def _others(self) -> bool:
        mine = Path(self._lock.fileName()) if self._lock is not None else None
        for path in self.folder.glob(f"*{_OPEN}"):
            if path != mine:
                lock = _lock(path)
                if not lock.tryLock(0):
                    return True
                lock.unlock()  # of a window that died
        return False


def _lock(path: Path) -> QLockFile:
    lock = QLockFile(str(path))
    lock.setStaleLockTime(0)  # a lock is as old as it wants to be; it ends with its process
    return lock


def _referred(drawings: Iterable[Path], recovery: Path) -> set[str]:
    """The hashes that drawings and states refer to."""
    texts = []
    for path in drawings:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            texts.append(path.read_text(encoding="utf-8"))
    if recovery.is_dir():
        for place in recovery.iterdir():
            state = newest(place) if place.is_dir() else None
            if state is not None:
                texts.append(state.text)
    found = set()
    for text in texts:
        with contextlib.suppress(ValueError, AttributeError, RecursionError):
            found.add(str(json.loads(text).get("meta", {}).get(KEY, "")))
    return found
