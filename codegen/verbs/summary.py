"""`netwright summary`: layers, figures and formulas of a network."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from itertools import islice
from typing import Any

from codegen.measure.dialect import CONVENTIONS
from codegen.verbs.opening import add_network, chosen_network, opened, with_sizes
from graph_core.analysis import MAX_ROWS, Analysis, analyze
from graph_core.complexity import Complexity
from graph_core.dims import Expr
from graph_core.graph import Project
from graph_core.ledger import Convention, ledger
from graph_core.memory import PRECISIONS
from graph_core.numerals import bytes_text, short

WIDE = 80  # letters of a formula behind which its growth stands in a column
MOST = 3  # conditions that are said of one formula
HELP = "print the layer table, totals and formulas of a network"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    parser.add_argument("--json", action="store_true", help="print everything as one line of JSON")
    parser.add_argument(
        "--convention",
        choices=list(CONVENTIONS),
        help="also count operations as a tool or a habit does, in all and layer by layer",
    )
    parser.add_argument(
        "--precision",
        choices=list(PRECISIONS),
        default="fp32",
        help="what memory is counted at; mixed is 16-bit activations beside 32-bit weights (default: fp32)",
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=SIZE", help="another size for a symbol")
    add_network(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print; 0, whatever is wrong with the drawing: its problems are part of the summary."""
    project = opened(arguments.file)
    with_sizes(project, arguments.set)
    readout = analyze(project, chosen_network(project, arguments.network))
    if arguments.json:
        found = {**readout.to_json(), "memory": asdict(readout.memory_at(arguments.precision))}
        if arguments.convention:
            found["operations"] = _operations(project, readout.network, CONVENTIONS[arguments.convention])
        print(json.dumps(found))
    else:
        lines = _lines(readout, arguments.precision)
        if arguments.convention:
            lines += _counted(project, readout.network, CONVENTIONS[arguments.convention])
        print("\n".join(lines))
    return 0


def _lines(readout: Analysis, precision: str = "fp32") -> list[str]:
    head = ("layer", "type", "output", "params", "MACs")
    rows = [
        (row.path, row.type, ", ".join("×".join(map(str, s)) or "scalar" for s in row.output), row.params, row.macs)
        for row in readout.layers
    ]
    texts = [head, *((path, type, shape, f"{params:,}", f"{macs:,}") for path, type, shape, params, macs in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(5)]
    lines = [
        "  ".join(
            text.ljust(width) if column < 3 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in texts
    ]
    lines.insert(1, "─" * max(map(len, lines)))
    memory = readout.memory_at(precision)
    frozen = f" ({readout.params.frozen:,} frozen)" if readout.params.frozen else ""
    figures = [
        ("parameters", f"{_both(readout.params.total)}{frozen}"),
        ("buffers", _both(readout.params.buffers)),
        ("MACs", _both(readout.macs)),
        ("FLOPs", _both(readout.flops)),
        ("memory, inference", bytes_text(memory.params + memory.activations_inference)),
    ]
    if PRECISIONS[precision].trains:
        training = memory.params + memory.grads + memory.optimizer + memory.activations_training
        figures.append(("memory, training", bytes_text(training)))
    width = max(len(name) for name, _ in figures)
    lines += ["", *(f"{name:<{width}}  {text}" for name, text in figures)]
    lines += _formulas(readout.complexity)
    if readout.problems:
        lines += ["", *(f"{problem.severity}: {problem.message}" for problem in readout.problems)]
    return lines


def _operations(project: Project, network: str, convention: Convention) -> dict[str, Any]:
    """Operations by a convention; equal iterations of a block are one layer, counted together."""
    whole = ledger(project, network)
    layers = [
        {"id": entry.id, "path": entry.path, "type": entry.type, "operations": entry.operations(convention)}
        for entry in islice(whole.walk(), MAX_ROWS)
        if entry.work is not None
    ]
    total = whole.operations(convention)
    return {"convention": convention.name, "unit": convention.unit, "total": total, "layers": layers}


def _counted(project: Project, network: str, convention: Convention) -> list[str]:
    """The same in lines: only layers that count for something."""
    found = _operations(project, network, convention)
    rows = [(row["path"], f"{row['operations']:,}") for row in found["layers"] if row["operations"]]
    rows.append(("total", f"{found['total']:,} {convention.unit}"))
    width = max(len(path) for path, _ in rows)
    return ["", f"counted as {convention.title}", *(f"  {path:<{width}}  {text}" for path, text in rows)]


def _formulas(found: Complexity) -> list[str]:
    """The formulas that depend on a symbol, in all and layer by layer, and what they hold for."""
    figures = {"parameters": "params", "buffers": "buffers", "MACs": "macs", "FLOPs": "flops"}
    memory = {
        "bytes kept for backward": "memory_kept",
        "bytes of activations, inference": "memory_activations_inference",
        "bytes of activations, training": "memory_activations_training",
        "bytes in all, inference": "memory_inference",
        "bytes in all, training": "memory_training",
    }
    totals = [
        (name, found.text(size), found.order(size), *_largest(found, figure))
        for name, figure in (figures | memory).items()
        if isinstance(size := found.figures.get(figure), Expr)
    ]
    if not totals:
        return []
    layers = [
        (f"{row.path} {name}", found.text(size), found.order(size))
        for row in found.layers
        for name, figure in figures.items()
        if figure in ("params", "macs") and isinstance(size := row.figures[figure], Expr)
    ]
    lines = ["", f"formulas over {', '.join(found.used)}; bytes are those of float32"]
    for rows in (totals, layers):
        widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
        for name, text, order, *told in rows:
            lines.append(f"  {name:<{widths[0]}} = {text:<{min(widths[1], WIDE)}}  {order}")
            lines += [f"  {'':<{widths[0]}}   {line}" for line in told]
    lines += [f"  holds if {condition.text}" for condition in found.conditions]
    also = dict.fromkeys(condition.text for more in found.also.values() for condition in more)
    return [*lines, *(f"  bytes kept and of activations hold if {text}" for text in also)]


def _largest(found: Complexity, figure: str) -> list[str]:
    """When the first of the sums of which a peak is the largest is so."""
    first = [condition.text for condition in found.first.get(figure, ())]
    if not first or "activations" not in figure:  # with all else the same is true
        return []
    more = f" and {len(first) - MOST} more" if len(first) > MOST else ""
    return [f"the first sum is the largest while {', '.join(first[:MOST])}{more}"]


def _both(count: int) -> str:
    """A figure exactly, and as it is said where that is shorter: ``1,814,073,344 (1.814 G)``."""
    told = short(count)
    return f"{count:,}" if told == f"{count:,}" else f"{count:,} ({told})"
