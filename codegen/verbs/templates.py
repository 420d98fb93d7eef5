"""`netwright templates`: what one can start from."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from graph_core.templates import templates

HELP = "list the templates, one per line, name first"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("--json", action="store_true", help="print them as one line of JSON")


def run(arguments: argparse.Namespace) -> int:
    """List; always 0."""
    rows = templates()
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows]))
        return 0
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        print(f"{row.name:<{width}}  {row.help}")
    return 0
