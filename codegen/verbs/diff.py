"""`netwright diff`: what changed from one drawing to another, in structure and in figures."""

from __future__ import annotations

import argparse
import json

from codegen.verbs.opening import opened
from graph_core.difference import compare

HELP = "tell what changed between two drawings; leaves with 0 if nothing, 1 if something, 2 if one is unreadable"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("old", metavar="A", help="the drawing as it was (.netw)")
    parser.add_argument("new", metavar="B", help="the drawing as it is (.netw)")
    parser.add_argument("--json", action="store_true", help="print the difference as one line of JSON")
    parser.epilog = (
        "Lines begin with + for what was added, - removed, > moved from another graph, ~ renamed or changed. "
        "Exit codes: 0 the drawings are the same, 1 they differ, 2 one cannot be read. "
        "netwright git-setup makes git show its differences so."
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare: 0 the same, 1 different."""
    difference = compare(opened(arguments.old), opened(arguments.new))
    if arguments.json:
        print(json.dumps(difference.to_json()))
    else:
        print("\n".join(difference.lines()) or "No difference.")
    return 0 if difference.same else 1
