"""`netwright import`: a PyTorch module or exported program as a drawing, compared with the original."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from codegen.errors import Refusal, Stopped
from codegen.job import Job
from codegen.verbs.bar import interruptible

HELP = "import a PyTorch module, or a .pt2 file of torch.export, as a drawing with its weights"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="package.module:callable, which makes a torch.nn.Module, or a .pt2 file, which is read as data",
    )
    parser.add_argument("-o", "--out", required=True, metavar="FILE", help="the drawing to write (.netw)")
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="SIZES",
        help="sizes of an input, such as 1,3,224,224, with :int64 behind them for whole numbers; once for each input "
        "(none leaves one out before others); a .pt2 file knows its own",
    )
    parser.add_argument(
        "--allow-code",
        action="store_true",
        help="run code that is not of an installed package, such as a file in this folder",
    )
    parser.add_argument("--json", action="store_true", help="print the report as one line of JSON")


def run(arguments: argparse.Namespace) -> int:
    """Import; 0 where what was drawn is equal to the original or holds opaque nodes, 1 where it differs."""
    from codegen.client import Client

    given = {
        "model": arguments.model,
        "out": arguments.out,
        "inputs": arguments.input,
        "allow_code": arguments.allow_code,
        "folder": os.getcwd(),
    }
    # A module that is being made hears nothing of a stop, and keeps nothing that could be lost: its process is ended.
    with interruptible() as job, Client(cancel_grace=1.0) as client:
        pending = client.submit("import", given, lambda event: _heard(event, job))
        while not pending.done.wait(0.1):
            if job.control.stopped:
                pending.cancel()
        try:
            report = pending.result()
        except Refusal:
            if job.control.stopped:
                raise Stopped("Stopped.") from None
            raise
    if arguments.json:
        print(json.dumps(report))
    else:
        _tell(report)
    return 0 if report["equal"] or report["opaque"] else 1


def _heard(event: dict[str, Any], job: Job) -> None:
    data = event.get("data")
    if event.get("event") == "progress" and isinstance(data, dict):
        job.tell(data)


def _tell(report: dict[str, Any]) -> None:
    print(f"{report['out']}: {report['classes']} classes, {report['lines']} lines of source")
    for entry in report["comparison"]:
        mode = "training" if entry["training"] else "evaluation"
        print(
            f"  {mode}, batch {entry['batch']}: outputs differ by {entry['outputs']:.1g}, "
            f"gradients by {entry['gradients']:.1g}"
        )
    if report["reason"]:
        print(f"  not compared: {report['reason']}")
    for note in report["notes"]:
        where = f"{note['path']}: " if note["path"] else ""
        print(f"  {'opaque' if note['opaque'] else 'note'}: {where}{note['what']} {note['reason']}")
