"""`netwright export`: a network for elsewhere, compared with torch before it is written."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from codegen.deploy import FOLDERS, FORMATS, OLDEST_OPSET, OPSET, PRECISIONS
from codegen.errors import Unusable
from codegen.verbs.bar import interruptible
from codegen.verbs.parsing import add_choice, whole

HELP = "export a network as PyTorch source or package, ONNX, a torch.export program or for TensorRT"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    parser.add_argument(
        "--run",
        metavar="DIR",
        help="take the weights of this run (default: those kept with the drawing, else fresh ones)",
    )
    add_choice(parser, "--format", FORMATS, help="default: what OUT's ending says")
    parser.add_argument(
        "-o", "--out", required=True, metavar="OUT", help=f"the file to write ({', '.join(FOLDERS)}: a folder)"
    )
    parser.add_argument(
        "--opset", type=whole, metavar="N", help=f"ONNX operator set from {OLDEST_OPSET} on (default: {OPSET})"
    )
    parser.add_argument("--no-fold", action="store_true", help="ONNX: leave what is constant as it is drawn")
    parser.add_argument(
        "--metadata", action="append", default=[], type=_note, metavar="KEY=TEXT", help="ONNX: say more of the model"
    )
    parser.add_argument("--workspace", type=whole, metavar="BYTES", help="TensorRT: GPU memory for building")
    add_choice(parser, "--precision", PRECISIONS, help="TensorRT: default fp32")
    parser.add_argument(
        "--size",
        action="append",
        default=[],
        type=_sizes,
        metavar="NAME=SMALLEST,USUAL,LARGEST",
        help="TensorRT: the sizes that a symbol may have (default: 1 to its example size, 32 for the batch)",
    )
    parser.add_argument("--network", metavar="NAME", help="which network of the file (default: main, or the first)")
    parser.add_argument("--json", action="store_true", help="print the report as one line of JSON")


MOST_TOLD = 20


def run(arguments: argparse.Namespace) -> int:
    """Export; 0 when done."""
    ending = Path(arguments.out).suffix.lstrip(".").lower()
    form = arguments.format or ending
    if form not in FORMATS:
        raise Unusable(f"{arguments.out} does not tell the format; name one with --format {'|'.join(FORMATS)}.")
    if ending in FORMATS and ending != form:
        raise Unusable(f"{arguments.out} ends in .{ending} and the format is {form}; choose another name or format.")
    from codegen.deploy.work import export_drawing

    names = ("file", "run", "out", "opset", "network", "workspace", "precision")
    given = {name: getattr(arguments, name) for name in names}
    more = {
        "fold": False if arguments.no_fold else None,
        "metadata": dict(arguments.metadata) or None,
        "sizes": dict(arguments.size) or None,
    }
    with interruptible() as job:
        report = export_drawing({**given, **more, "format": form}, job)
    for sentence in report["fresh"][:MOST_TOLD]:
        print(f"weights: {sentence}.", file=sys.stderr)
    if len(report["fresh"]) > MOST_TOLD:
        print(f"weights: {len(report['fresh']) - MOST_TOLD} more; netwright check names them all.", file=sys.stderr)
    if arguments.json:
        print(json.dumps(report))
        return 0
    line = ", ".join(report["files"]) + f": {report['bytes']:,} bytes"
    comparison = report["comparison"]
    if comparison:
        batches = " and ".join(map(str, comparison["batches"]))
        line += f"; differs from torch by at most {comparison['max_abs_diff']:.1g} (batches of {batches})"
    print(line)
    return 0


def _note(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"takes KEY=TEXT, not {text[:40]!r}")
    return key, value


def _sizes(text: str) -> tuple[str, list[int]]:
    name, _, numbers = text.partition("=")
    parts = numbers.split(",")
    if not name or len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise argparse.ArgumentTypeError(f"takes NAME=SMALLEST,USUAL,LARGEST, not {text[:40]!r}")
    return name, [int(part) for part in parts]
