"""What git runs for drawings, once `netwright git-setup` has told it: ``python -m codegen.git_driver diff|merge …``."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from codegen.errors import Unusable
from codegen.verbs.merge import merge_files, report
from graph_core import FileError, Project, load
from graph_core.difference import compare


def main(arguments: Sequence[str]) -> int:
    """Do what git asks; the exit code is what git expects: of ``diff`` always 0, of ``merge`` 1 for conflicts."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if arguments and arguments[0] == "diff":
        print("\n".join(diff_lines(arguments[1:])), flush=True)
        return 0
    if len(arguments) == 5 and arguments[0] == "merge":
        return _merge(*arguments[1:])
    print("netwright: git runs this by itself; netwright git-setup tells it how.", file=sys.stderr)
    return 2


def diff_lines(arguments: Sequence[str]) -> list[str]:
    """The difference for git's arguments: a path, then file, hash and mode of the old and of the new version.

    A path alone has not been merged yet. Where a version is no drawing, its lines are compared.
    """
    path = arguments[0] if arguments else ""
    head = f"diff --netw {path}"
    if len(arguments) < 7:
        return [head, f"{path} is not merged yet."]
    old, new = arguments[1], arguments[4]
    try:
        return [head, *(compare(_opened(old), _opened(new)).lines() or ["No difference."]), ""]
    except FileError as error:
        was, now = (_text(file).splitlines() for file in (old, new))
        return [head, f"One version is no drawing: {error}", *difflib.unified_diff(was, now, lineterm=""), ""]


def _opened(file: str) -> Project:
    """A version's drawing; an empty one for what git calls nothing."""
    return Project() if file == os.devnull or file == "/dev/null" else load(file)


def _text(file: str) -> str:
    return "" if file in (os.devnull, "/dev/null") else Path(file).read_text(encoding="utf-8", errors="replace")


def _merge(base: str, ours: str, theirs: str, path: str) -> int:
    """Merge into git's copy of ours; where that cannot be read, it stays, and git says that it conflicts."""
    try:
        merged, problems = merge_files(base, ours, theirs, ours)
    except Unusable as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 2
    print("\n".join(f"{path}: {line}" for line in report(merged, problems)), flush=True)
    return 1 if merged.project.conflicts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
