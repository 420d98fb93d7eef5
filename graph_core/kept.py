"""The weights that a drawing refers to, as files: ``NAME.safetensors`` beside ``NAME.netw``, known by its hash.

What is inside is codegen's business. Here the files only change places: a store holds every content under its hash, so
that an edit refers to other weights at once, undo refers to the old ones again, and saving puts beside the file what
the drawing refers to by then.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from graph_core.graph import Project
from graph_core.jsontext import FileError

KEY: Final = "weights"  # in the project's meta
SUFFIX: Final = ".safetensors"
LONGEST_HEADER: Final = 16 * 2**20


def weights_path(file: Path) -> Path:
    """Where the weights of the drawing in ``file`` lie."""
    return file.with_suffix(SUFFIX)


def reference(project: Project) -> str:
    """The hash of the weights that the drawing refers to; empty where it refers to none."""
    found = project.meta.get(KEY)
    return found if isinstance(found, str) else ""


def refer(project: Project, hash: str) -> None:
    """Make the drawing refer to the weights of that hash, or to none where it is empty."""
    with project.editing("Keep weights" if hash else "Forget kept weights"):
        project.record("", "meta", KEY, hash or None)


def without_reference(project: Project) -> Project:
    """The same drawing, to be written down, without weights: what trains or travels alone has its own."""
    bare = copy.copy(project)
    bare.meta = {name: value for name, value in project.meta.items() if name != KEY}
    return bare


def hash_of(path: Path) -> str:
    """The hash by which a drawing refers to a file; empty where there is none. Raises OSError."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return _hash(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _hash(path: Path, size: int, changed: int) -> str:
    import hashlib  # loads OpenSSL, which most drawings need not

    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stored(store: Path, hash: str) -> Path:
    """Where the store has, or would have, the weights of a hash."""
    return store / f"{hash}{SUFFIX}"


def find_weights(project: Project, file: Path | None, store: Path) -> Path | None:
    """The weights that the drawing refers to: beside its file, else in the store; None where they are in neither."""
    wanted = reference(project)
    if not wanted.isalnum():  # a hash, not a way to some other file
        return None
    for path in (weights_path(file) if file is not None else None, stored(store, wanted)):
        if path is not None and hash_of(path) == wanted:
            return path
    return None


def carry_weights(project: Project, old: Path | None, new: Path, store: Path) -> Callable[[], None]:
    """Put beside ``new`` the weights that the drawing refers to, which lie beside ``old`` or in the store.

    The weights that were there go to the store. Returns what takes it back, for a drawing that then cannot be saved.
    Raises OSError, and FileError where a file that is not a drawing's would be replaced.
    """
    source, target = find_weights(project, old, store), weights_path(new)
    if source is None or hash_of(target) == reference(project):
        return lambda: None
    before = hash_of(target)
    if not before:
        put(source, target)
        return lambda: target.unlink(missing_ok=True)
    if not _is_ours(target):
        raise FileError(f"{target.name} beside it holds no weights of a drawing; move it, or choose another name.")
    backup = stored(store, before)
    if hash_of(backup) != before:
        put(target, backup)
    put(source, target)
    return lambda: put(backup, target)


def put(source: Path, target: Path) -> None:
    """Make ``target`` the same file as ``source``, or a copy of it; whole or not at all. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{os.urandom(6).hex()}.tmp")
    try:
        try:
            os.link(source, temporary)
        except OSError:  # another disk, or a file system without links
            shutil.copyfile(source, temporary)
        os.replace(temporary, target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _is_ours(path: Path) -> bool:
    """Whether the tensors in a safetensors file are named by ids on the way down, as a drawing's are."""
    try:
        with open(path, "rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length)) if length <= LONGEST_HEADER else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(header, dict) and all(name == "__metadata__" or ("/" in name and ":" in name) for name in header)
