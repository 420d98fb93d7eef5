"""What a session leaves behind if it ends early: numbered states of its drawing, each whole or recognizably not.

A session has a folder of its own with a lock that dies with it. A state is one file: a line of JSON about it, then the
drawing's text. Which state is newest is told by its number, and whether it is whole by its hash and by reading it: a
file's time says neither.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLockFile

from codegen.files import write_atomic
from graph_core import Project
from graph_core.project import FileError, loads

KEPT = 3
LOCK = "session.lock"
_ENDING = ".state"


@dataclass(frozen=True, slots=True)
class State:
    """A drawing as it was: ``path`` is its file (None: none yet), ``disk`` the hash of what that file had."""

    number: int
    name: str
    path: Path | None
    disk: str
    edits: int
    text: str


class Session:
    """Where one window keeps states. Nothing is on the disk before the first `keep` and after `forget`."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / secrets.token_hex(8)
        self._lock: QLockFile | None = None
        self._number = 0

    def keep(self, state: State) -> None:
        """Write a state, and drop all but the last few. Raises OSError."""
        if self._lock is None:
            self.place.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(self.place)
            if not self._lock.tryLock(0):
                self._lock = None
                raise OSError(0, "its folder is taken by another session")
        self._number += 1
        write_atomic(self.place / f"{self._number:08d}{_ENDING}", packed(state, self._number))
        for old in _numbered(self.place)[KEPT:]:
            old.unlink(missing_ok=True)

    def forget(self) -> None:
        """The drawing is saved, or was given up: nothing is left to recover."""
        if self._lock is not None:
            _remove(self.place, self._lock)
            self._lock = None


class Left:
    """What a session that ended early has left, held so that no other window offers it too."""

    def __init__(self, place: Path, state: State, lock: QLockFile) -> None:
        self.place, self.state, self._lock = place, state, lock

    def discard(self) -> None:
        """Remove it."""
        _remove(self.place, self._lock)

    def release(self) -> None:
        """Leave it for another time."""
        self._lock.unlock()


def packed(state: State, number: int) -> bytes:
    """A state as its file's bytes."""
    body = state.text.encode()
    head = {
        "number": number,
        "name": state.name,
        "path": str(state.path) if state.path else None,
        "disk": state.disk,
        "edits": state.edits,
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    return json.dumps(head).encode() + b"\n" + body


def unpacked(data: bytes) -> State | None:
    """The state in a file's bytes; None where they are not whole, or hold no drawing that can be opened."""
    line, _, body = data.partition(b"\n")
    try:
        head: dict[str, Any] = json.loads(line)
        if head["sha256"] != hashlib.sha256(body).hexdigest():
            return None
        text = body.decode()
        loads(text)
        path = Path(head["path"]) if head["path"] is not None else None
        return State(int(head["number"]), str(head["name"]), path, str(head["disk"]), int(head["edits"]), text)
    except (FileError, ValueError, TypeError, KeyError):
        return None


def project_of(state: State) -> Project:
    """The drawing of a state."""
    return loads(state.text)


def newest(place: Path) -> State | None:
    """The whole state with the highest number in a session's folder."""
    found = []
    for path in _numbered(place):
        with contextlib.suppress(OSError):
            state = unpacked(path.read_bytes())
            if state is not None:
                found.append(state)
    return max(found, key=lambda state: state.number, default=None)


def left_behind(folder: Path) -> list[Left]:
    """What sessions that are over have left, held. What holds nothing of use, or only what is saved, is removed."""
    found = []
    with contextlib.suppress(OSError):
        for place in sorted(path for path in folder.iterdir() if path.is_dir()):
            lock = _lock(place)
            if not lock.tryLock(0):
                continue  # a window that is open
            state = newest(place)
            if state is None or (state.path is not None and disk_hash(state.path) == text_hash(state.text)):
                _remove(place, lock)
            else:
                found.append(Left(place, state, lock))
    return found


def text_hash(text: str) -> str:
    """The hash of a drawing's text, as its file would have it."""
    return hashlib.sha256(text.encode()).hexdigest()


def disk_hash(path: Path | None) -> str:
    """The hash of a drawing's file; empty where there is none that can be read."""
    if path is None:
        return ""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _lock(place: Path) -> QLockFile:
    lock = QLockFile(str(place / LOCK))
    lock.setStaleLockTime(0)  # a lock is as old as it wants to be; it ends with its process
    return lock


def _numbered(place: Path) -> list[Path]:
    """States of a folder, the highest number in the name first."""
    return sorted(place.glob(f"*{_ENDING}"), reverse=True)


def _remove(place: Path, lock: QLockFile) -> None:
    for state in _numbered(place):
        with contextlib.suppress(OSError):
            state.unlink()
    lock.unlock()
    shutil.rmtree(place, ignore_errors=True)
