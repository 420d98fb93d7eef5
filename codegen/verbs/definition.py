"""`netwright definition`: the five-tuple of a network."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from codegen.errors import Refusal
from codegen.files import check_output
from codegen.verbs.opening import add_network, chosen_network, opened, write_text
from codegen.verbs.parsing import add_choice
from graph_core.architecture import check_definition, five_tuple
from graph_core.problems import ERROR

HELP = "print the five-tuple (L, F, W, B, O) of a network as text, LaTeX or JSON"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    add_choice(parser, "--format", ("latex", "json", "text"), default="text", help="how it is written (default: text)")
    parser.add_argument("--symbols", action="store_true", help="sizes that depend on symbols as expressions over them")
    parser.add_argument("-o", "--out", metavar="OUT", help="the file to write (default: print it)")
    add_network(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the tuple; 1 with a sentence where a condition of the definition does not hold."""
    if arguments.out is not None:
        check_output(Path(arguments.out))
    project = opened(arguments.file)
    network = chosen_network(project, arguments.network)
    for condition in check_definition(project, network):
        if not condition.holds:
            first = next(problem for problem in condition.problems if problem.severity == ERROR)
            raise Refusal(f"{condition.sentence}: not in this drawing, since {first.message.rstrip('.')}.")
    found = five_tuple(project, network, symbolic=arguments.symbols)
    match arguments.format:
        case "latex":
            text = found.to_latex()
        case "json":
            text = json.dumps(found.to_json(), ensure_ascii=False) + "\n"
        case _:
            text = found.to_text()
    if arguments.out is not None:
        write_text(arguments.out, text)
    else:
        print(text, end="")
    return 0
