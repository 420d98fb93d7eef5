"""`netwright export`: a network for elsewhere, compared with torch before it is written."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from codegen.deploy import FORMATS, OPSET
from codegen.errors import Unusable
from codegen.verbs.bar import interruptible
from codegen.verbs.parsing import add_choice, whole

HELP = "export a network as PyTorch source, ONNX, a torch.export program or for TensorRT"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    parser.add_argument(
        "--run",
        metavar="DIR",
        help="take the weights of this run (default: those kept with the drawing, else fresh ones)",
    )
    add_choice(parser, "--format", FORMATS, help="default: what OUT's ending says")
    parser.add_argument("-o", "--out", required=True, metavar="OUT", help="the file to write (tensorrt: a folder)")
    parser.add_argument("--opset", type=whole, metavar="N", help=f"ONNX operator set (default: {OPSET})")
    parser.add_argument("--network", metavar="NAME", help="which network of the file (default: main, or the first)")
    parser.add_argument("--json", action="store_true", help="print the report as one line of JSON")


def run(arguments: argparse.Namespace) -> int:
    """Export; 0 when done."""
    ending = Path(arguments.out).suffix.lstrip(".").lower()
    form = arguments.format or ending
    if form not in FORMATS:
        raise Unusable(f"{arguments.out} does not tell the format; name one with --format {'|'.join(FORMATS)}.")
    if ending in FORMATS and ending != form:
        raise Unusable(f"{arguments.out} ends in .{ending} and the format is {form}; choose another name or format.")
    from codegen.deploy.work import export_drawing

    given = {name: getattr(arguments, name) for name in ("file", "run", "out", "opset", "network")}
    with interruptible() as job:
        report = export_drawing({**given, "format": form}, job)
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
