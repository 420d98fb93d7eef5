"""Files written whole or not at all, and outputs that are looked at before work begins that could not be kept."""

from __future__ import annotations

import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

from codegen.errors import Unusable

DRAWING = ".netw"


def write_atomic(path: Path, content: bytes) -> None:
    """Put `content` at `path`: a temporary file beside it, flushed to the disk, renamed over it, the folder flushed.

    Whoever reads sees the old content or the new, never a part. Permissions are kept; where `path` is a link, what it
    points to is written. Raises OSError, also for what is there and no ordinary file (a device would be replaced).
    """
    target = Path(os.path.realpath(path))
    mode = None
    if target.exists():
        mode = target.stat().st_mode
        if not stat.S_ISREG(mode):
            raise OSError(0, "it is no ordinary file")
    temporary = target.with_name(f".{secrets.token_hex(6)}.tmp")
    try:
        with open(temporary, "xb") as stream:
            if mode is not None:
                os.chmod(temporary, stat.S_IMODE(mode))
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_json(path: Path, value: Any) -> None:
    """Put a value at `path` as indented JSON, atomically. Raises ValueError for nan and infinities."""
    write_atomic(path, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode())


def check_output(out: Path, *, drawing: bool = False, folder: bool = False) -> None:
    """Raises Unusable, in one sentence, where a result could not be put at `out`, before any work is done for it.

    Only what writes a `drawing` may end in .netw, so that no result ever takes a drawing's place. With `folder` the
    result is a folder: one that is there, or one that can be made.
    """
    name = str(out)
    if name in ("", ".") and not folder:
        raise Unusable("The output has no name; name the file to write.")
    if "\0" in name:
        raise Unusable("The output's name holds a null byte; choose another name.")
    if out.suffix.lower() == DRAWING and not drawing:
        raise Unusable(f"{out.name} ends in {DRAWING}, which is a drawing's; choose another name for the output.")
    try:
        if out.is_dir():
            if not folder:
                raise Unusable(f"{out} is a folder; name the file to write.")
        elif out.exists():
            if folder:
                raise Unusable(f"{out} is a file; name a folder.")
            if not out.is_file():
                raise Unusable(f"{out} is no ordinary file; name another.")
            if not os.access(out, os.W_OK):
                raise Unusable(f"{out} is read-only; choose another name.")
        parent = _nearest(out) if folder else out.parent
        if parent.exists() and not parent.is_dir():
            raise Unusable(f"{parent} is a file, so {out.name} cannot be put in it; choose another place.")
        if not parent.is_dir():
            raise Unusable(f"There is no folder {parent}; make it, or choose another place for {out.name}.")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise Unusable(f"The folder {parent} cannot be written to; choose another place for {out.name}.")
    except OSError as error:
        raise Unusable(f"{out.name[:60]} cannot be written: {error.strerror or error}.") from None


def _nearest(path: Path) -> Path:
    """The nearest of a path and the folders above it that is there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
