"""`netwright emit`: a drawing as PyTorch source."""

from __future__ import annotations

import argparse
from pathlib import Path

from codegen.emit import emit_source
from codegen.files import check_output
from codegen.verbs.opening import add_network, chosen_network, opened, write_text

HELP = "write a drawing as PyTorch source"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    parser.add_argument("-o", "--out", metavar="OUT", help="the file to write (default: print it)")
    add_network(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the source; 1 with a sentence where the drawing has an error."""
    if arguments.out is not None:
        check_output(Path(arguments.out))
    project = opened(arguments.file)
    source = emit_source(project, chosen_network(project, arguments.network))
    if arguments.out is not None:
        write_text(arguments.out, source)
    else:
        print(source, end="")
    return 0
