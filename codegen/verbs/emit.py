"""`netwright emit`: a drawing as PyTorch source."""

from __future__ import annotations

import argparse

from codegen.emit import emit_source
from codegen.errors import Unusable
from codegen.verbs.opening import add_network, opened, write_text

HELP = "write a drawing as PyTorch source"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    parser.add_argument("-o", "--out", metavar="OUT", help="the file to write (default: print it)")
    add_network(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the source; 1 with a sentence where the drawing has an error."""
    project = opened(arguments.file)
    if arguments.network and arguments.network not in project.networks:
        known = ", ".join(project.networks) or "none"
        raise Unusable(f"There is no network {arguments.network}; there are: {known}.")
    source = emit_source(project, arguments.network)
    if arguments.out:
        write_text(arguments.out, source)
    else:
        print(source, end="")
    return 0
