"""`netwright check`: what is wrong with a drawing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable

from codegen.errors import Unusable
from codegen.verbs.opening import chosen_network, opened
from graph_core import FileError, Project
from graph_core.analysis import analyze, problem_json
from graph_core.fitting import told_weights
from graph_core.kept import reference, weights_path

HELP = "tell what is wrong with a drawing; leaves with 0 if it is sound, 1 if not"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    parser.add_argument("--json", action="store_true", help="print the problems as one line of JSON")


def run(arguments: argparse.Namespace) -> int:
    """Check every network of the file: 0 sound (warnings allowed), 1 an error."""
    project = opened(arguments.file)
    chosen_network(project, "")
    found = {name: analyze(project, name).problems for name in project.networks}
    # A merge's conflicts are the file's: said once, however many networks there are.
    first = next(iter(found))
    rows = [(n, p) for n, problems in found.items() for p in problems if p.code != "conflict" or n == first]
    fresh = _fresh(project, found)
    sound = not any(problem.severity == "error" for _, problem in rows)
    if arguments.json:
        problems = [{"network": name, **problem_json(problem)} for name, problem in rows]
        print(json.dumps({"sound": sound, "problems": problems, "fresh": fresh}))
        return 0 if sound else 1
    for name, problem in rows:
        prefix = name if len(found) > 1 and problem.code != "conflict" else ""
        place = ".".join(part for part in (prefix, problem.path) if part)
        fix = f" Fix: {problem.fix}." if problem.fix else ""
        print(f"{problem.severity}{' ' if place else ''}{place}: {problem.message.rstrip('.')}.{fix}")
    if not rows:
        print("Sound.")
    for one in fresh:
        print(f"weights: {one}.")
    return 0 if sound else 1


def _fresh(project: Project, networks: Iterable[str]) -> list[str]:
    """What the weights beside the file do not fit any more, in sentences; nothing where it refers to none."""
    if not reference(project) or project.file is None or not weights_path(project.file).exists():
        return []
    try:
        return [one for name in networks for one in told_weights(project, weights_path(project.file), name)]
    except FileError as error:
        raise Unusable(str(error)) from error
