"""What the verbs about drawings share: reading a file, setting sizes, writing text. Loads no torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from codegen.errors import Unusable
from codegen.files import write_atomic
from graph_core import EditError, FileError, Project, edits, load


def opened(path: str) -> Project:
    """The drawing in a file; raises Unusable."""
    try:
        return load(path)
    except FileError as error:
        raise Unusable(str(error)) from error


def add_network(parser: argparse.ArgumentParser) -> None:
    """The option that names one of several networks."""
    parser.add_argument("--network", metavar="NAME", default="", help="default: main, or the first")


def chosen_network(project: Project, name: str) -> str:
    """The network of that name; without one `main`, or the first. Raises Unusable."""
    known = list(project.networks)
    if not known:
        raise Unusable("The drawing holds no network; add one to its networks.")
    if name and name not in known:
        raise Unusable(f"There is no network {name[:60]}; there are: {', '.join(known)}.")
    return name or ("main" if "main" in known else known[0])


def with_sizes(project: Project, settings: Sequence[str]) -> None:
    """Give symbols other example sizes, each as NAME=SIZE; raises Unusable."""
    for setting in settings:
        name, equals, size = setting.partition("=")
        if not equals or not size.isascii() or not size.isdigit():
            raise Unusable(f"--set takes NAME=SIZE, such as T=1024, not {setting[:60]!r}.")
        if name not in project.symbols:
            known = ", ".join(project.symbols) or "none"
            raise Unusable(f"The drawing has no size symbol {name[:60]}; it has {known}.")
        try:
            edits.set_symbol(project, name, int(size[:40]))
        except EditError as error:
            raise Unusable(str(error)) from error


def write_text(path: str, text: str) -> None:
    """Write a whole file or nothing; raises Unusable."""
    try:
        write_atomic(Path(path), text.encode())
    except OSError as error:
        raise Unusable(f"{Path(path).name} cannot be written: {error.strerror or error}.") from error
