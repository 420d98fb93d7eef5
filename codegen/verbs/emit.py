"""`netwright emit`: a drawing as PyTorch source."""

from __future__ import annotations

import argparse
import keyword
from pathlib import Path

from codegen.emit import emit_source
from codegen.emit.checks import emit_checks
from codegen.emit.recipe import emit_training
from codegen.errors import Unusable
from codegen.files import check_output
from codegen.verbs.opening import add_network, chosen_network, opened, write_text

HELP = "write a drawing as PyTorch source"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    parser.add_argument("-o", "--out", metavar="OUT", help="the file to write (default: print it)")
    parser.add_argument("--train", action="store_true", help="write a training script beside it, train_NAME.py")
    parser.add_argument("--test", action="store_true", help="write a test for pytest beside it, test_NAME.py")
    add_network(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the source; 1 with a sentence where the drawing has an error."""
    beside = {"train": emit_training, "test": emit_checks}
    beside = {prefix: write for prefix, write in beside.items() if getattr(arguments, prefix)}
    out = Path(arguments.out) if arguments.out is not None else None
    if beside and out is None:
        raise Unusable(f"--{next(iter(beside))} writes beside the source; name that with -o.")
    if out is not None:
        check_output(out)
    project = opened(arguments.file)
    network = chosen_network(project, arguments.network)
    source = emit_source(project, network)
    if out is None:
        print(source, end="")
        return 0
    files = {out: source}
    for prefix, write in beside.items():
        if not out.stem.isidentifier() or keyword.iskeyword(out.stem) or not out.stem.isascii():
            raise Unusable(f"{out.name[:60]} cannot be imported; name the source with letters, digits and underscores.")
        path = out.with_name(f"{prefix}_{out.stem}.py")
        check_output(path)
        files[path] = write(project, network, out.stem)
    for path, text in files.items():
        write_text(str(path), text)
    return 0
