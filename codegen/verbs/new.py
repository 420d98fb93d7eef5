"""`netwright new`: a drawing from a template."""

from __future__ import annotations

import argparse
from pathlib import Path

from codegen.errors import Refusal, Unusable
from codegen.files import check_output
from codegen.verbs.opening import write_text
from graph_core.project import FileError
from graph_core.templates import template_text, templates

HELP = "write a new drawing, made from a template"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("template", metavar="TEMPLATE", help=", ".join(template.name for template in templates()))
    parser.add_argument("-o", "--out", required=True, metavar="FILE", help="the file to write (.netw)")
    parser.add_argument("--force", action="store_true", help="replace a drawing that is there")


def run(arguments: argparse.Namespace) -> int:
    """Write; a drawing that somebody has worked on is not replaced without --force."""
    try:
        text = template_text(arguments.template)
    except FileError as error:
        raise Unusable(str(error)) from error
    path = Path(arguments.out)
    check_output(path, drawing=True)
    if path.exists() and not arguments.force and not _untouched(path):
        raise Refusal(f"{path.name} is there and is no untouched template; choose another name, or add --force.")
    write_text(arguments.out, text)
    return 0


def _untouched(path: Path) -> bool:
    """Whether the file is a template as it was written."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return any(text == template_text(template.name) for template in templates())
