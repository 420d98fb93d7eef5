"""`netwright merge`: two drawings that began as one, put together; what conflicts is kept to be chosen."""

from __future__ import annotations

import argparse
import json
import os

from codegen.errors import Unusable
from codegen.verbs.opening import opened, write_text
from graph_core.analysis import analyze
from graph_core.choosing import conflict_json, sentence
from graph_core.graph import Project
from graph_core.merge import Merge, merge
from graph_core.project import FileError, dumps, loads

HELP = "merge two drawings that began as one; leaves with 0 if all is settled, 1 if conflicts are left"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("base", metavar="BASE", help="the drawing that both began as; an empty file if there is none")
    parser.add_argument("ours", metavar="OURS", help="the one side (.netw)")
    parser.add_argument("theirs", metavar="THEIRS", help="the other side (.netw)")
    parser.add_argument("-o", "--out", required=True, metavar="OUT", help="the file to write (.netw)")
    parser.add_argument("--json", action="store_true", help="print what was found as one line of JSON")
    parser.epilog = (
        "Where both sides changed one thing in two ways, ours stands in OUT, and OUT keeps both: the window's Problems "
        "panel offers them, netwright check lists them. Exit codes: 0 all is settled, 1 conflicts are left, 2 a file "
        "cannot be read or written. netwright git-setup makes git merge drawings so."
    )


def run(arguments: argparse.Namespace) -> int:
    """Merge and write: 0 all settled, 1 conflicts left."""
    merged, problems = merge_files(arguments.base, arguments.ours, arguments.theirs, arguments.out)
    if arguments.json:
        found = [conflict_json(merged.project, key, conflict) for key, conflict in merged.conflicts.items()]
        print(json.dumps({"conflicts": found, "notes": list(merged.notes), "problems": problems}))
    else:
        print("\n".join(report(merged, problems)))
    return 1 if merged.project.conflicts else 0


def merge_files(base: str, ours: str, theirs: str, out: str) -> tuple[Merge, list[str]]:
    """Merge files into one; what was merged, and the errors that neither side has. Raises Unusable."""
    before = None if os.path.exists(base) and os.path.getsize(base) == 0 else opened(base)
    one, other = opened(ours), opened(theirs)
    merged = merge(before, one, other)
    text = dumps(merged.project)
    try:
        loads(text)
    except FileError as error:  # both versions of a very large block are more than a file may hold
        raise Unusable(f"The merge would not open again: {error}") from error
    write_text(out, text)
    return merged, sorted(_errors(merged.project) - _errors(one) - _errors(other))


def report(merged: Merge, problems: list[str]) -> list[str]:
    """What a person should know of a merge, a line each."""
    lines = [f"conflict {key}: {sentence(merged.project, found)}." for key, found in merged.conflicts.items()]
    lines += merged.notes
    lines += [f"Neither side has this problem: {message}." for message in problems]
    left = len(merged.project.conflicts)
    if left:
        lines.append(f"{left} conflict{' is' if left == 1 else 's are'} left to be chosen; ours stands meanwhile.")
    else:
        lines.append("Merged; nothing is left to be chosen.")
    return lines


def _errors(project: Project) -> set[str]:
    return {
        problem.message
        for name in project.networks
        for problem in analyze(project, name).problems
        if problem.severity == "error" and problem.code != "conflict"
    }
