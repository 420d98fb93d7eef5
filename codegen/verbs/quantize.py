"""`netwright quantize`: make a trained network smaller, and say what it costs in accuracy."""

from __future__ import annotations

import argparse
import json
from typing import Any

from codegen.compress import RUNTIMES
from codegen.verbs.bar import interruptible
from codegen.verbs.parsing import add_choice, whole

HELP = "quantize a trained network to 2 … 8 bits in torch and to int8 for onnxruntime"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    parser.add_argument("--run", required=True, metavar="DIR", help="the folder of the run that trained it")
    parser.add_argument("--bits", type=whole, default=8, metavar="N", help="bits of each weight, 2 … 8 (default: 8)")
    parser.add_argument(
        "-o", "--out", required=True, metavar="OUT", help="a folder, or one file: .safetensors (torch) or .onnx (int8)"
    )
    add_choice(parser, "--form", RUNTIMES, help="which form to make (default: both)")
    parser.add_argument("--epochs", type=whole, metavar="N", help="epochs of training through the rounding (10)")
    parser.add_argument("--network", metavar="NAME", help="which network of the file (default: main, or the first)")
    parser.add_argument("--json", action="store_true", help="print the report as one line of JSON")


def run(arguments: argparse.Namespace) -> int:
    """Quantize; 0 when done."""
    from codegen.compress.work import quantize_drawing

    names = ("file", "run", "bits", "out", "form", "epochs", "network")
    with interruptible() as job:
        report = quantize_drawing({name: getattr(arguments, name) for name in names}, job)
    if arguments.json:
        print(json.dumps(report))
        return 0
    print(f"{'':<16}{'accuracy':>10}{'agreement':>11}{'bytes':>12}{'share':>8}{'weights':>12}{'share':>8}")
    _row("float", report["float"])
    _row(f"torch {report['bits']} bit", report["quantized"])
    _row("onnx int8", report["int8"])
    print(report["out"])
    return 0


def _row(name: str, entry: dict[str, Any] | None) -> None:
    if entry is None:
        return
    if "refused" in entry:
        print(f"{name:<16}{entry['refused']}")
        return
    shares = entry.get("bytes_share", 1.0), entry.get("weight_bytes_share", 1.0)
    print(
        f"{name:<16}{entry['accuracy']:>10.2%}{entry['agreement']:>11.2%}"
        f"{entry['bytes']:>12,}{shares[0]:>8.3f}{entry['weight_bytes']:>12,}{shares[1]:>8.3f}"
    )
