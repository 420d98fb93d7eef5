"""A figure of the ledger opened: the formula of the layer, the numbers put in, how it is counted, and the way up.

And the ledger as text to take away: CSV and Markdown.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graph_core.complexity import LayerFormula, layer_formula
from graph_core.dims import substitute
from graph_core.formula_text import formula_latex, formula_text
from graph_core.graph import Project
from graph_core.ledger import Convention, Entry, Rule, Work

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


@dataclass(frozen=True, slots=True)
class Opened:
    """One figure of one call of a layer: ``text`` is ``c_in·c_out·k²``, ``numbers`` is ``3·64·7²``."""

    name: str
    text: str
    latex: str
    numbers: str
    value: int


def opened_figures(project: Project, network: str, entry: Entry) -> tuple[tuple[Opened, ...], LayerFormula]:
    """The figures of a layer that are not 0, and where they come from.

    Raises EditError where the entry is no layer, or has no result any more. Loads the symbolic engine.
    """
    found = layer_formula(project, network, entry.id, entry.row)
    named = {
        "Parameters": found.params,
        "Buffers": found.buffers,
        "MACs": found.macs,
        "Element-wise": found.elementwise,
    }
    figures = []
    for name, size in named.items():
        value = substitute(size, found.letters)
        if not isinstance(value, int) or not value:
            continue
        text = formula_text(size, tuple(found.letters))
        latex = formula_latex(size, tuple(found.letters))
        figures.append(Opened(name, text, latex, put_in(text, found.letters), int(value)))
    return tuple(figures), found


def put_in(text: str, values: Mapping[str, int]) -> str:
    """A formula's text with numbers in place of its letters: ``64·3·7²``."""
    return _NAME.sub(lambda found: f"{values[found[0]]:,}" if found[0] in values else found[0], text)


def counting(convention: Convention, type: str, work: Work) -> str:
    """How a convention counts one call of a layer, in numbers: ``2 × 118,013,952 products + 64 biases``."""
    rule = convention.rules.get(type, convention.otherwise)
    if rule.of != "work":
        return _told(rule, work, convention.title, type)
    products = work.macs if convention.attention else work.macs - work.attention
    parts = []
    if products:
        parts.append(
            f"{convention.factor} × {products:,} products" if convention.factor > 1 else f"{products:,} products"
        )
    if convention.biases and work.biases:
        parts.append(f"{work.biases:,} biases added")
    if convention.elementwise and work.elementwise > work.biases:
        parts.append(f"{work.elementwise - work.biases:,} element-wise")
    return " + ".join(parts) or "nothing"


def _told(rule: Rule, work: Work, tool: str, type: str) -> str:
    each = rule.bare if rule.bare is not None and not work.weights else rule.each
    match rule.of:
        case "weights":
            return f"{work.samples:,} × {work.weights:,} parameters"
        case "given":
            return f"{each:,} × {work.given:,} values that come in"
        case "made":
            return f"{each:,} × {work.made:,} values that come out"
        case _:
            return f"nothing: {tool} does not count {type}"


def holding(entry: Entry) -> tuple[str, ...]:
    """What the bytes of an entry are made of: ``37,632 bytes of weights``, ``3,211,264 bytes of outputs``."""
    parts = []
    if entry.stored:
        parts.append(f"{entry.stored:,} bytes of weights")
    if entry.given:
        parts.append(f"{entry.given:,} bytes of outputs")
    return tuple(parts)


def left_out(convention: Convention, work: Work) -> str:
    """What a layer does that a convention does not count; empty where it counts everything."""
    parts = []
    if not convention.attention and work.attention:
        parts.append(f"{work.attention:,} products inside of attention")
    if not convention.biases and work.biases:
        parts.append(f"{work.biases:,} additions of biases")
    if not convention.elementwise and work.elementwise > work.biases:
        parts.append(f"{work.elementwise - work.biases:,} element-wise operations")
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def way_up(line: Sequence[Entry], convention: Convention) -> list[tuple[str, int, float]]:
    """From an entry through its blocks to the network: what each is called, its operations, and their share of it."""
    whole = line[-1].operations(convention)
    sums = [(entry.path or "all", entry.operations(convention)) for entry in line]
    return [(name, size, size / whole if whole else 0.0) for name, size in sums]


def rows_of(entries: Iterable[Entry], convention: Convention) -> list[tuple[str, str, str, int, int, int]]:
    """Path, type, output, parameters, operations and bytes of entries."""
    return [
        (
            entry.path or entry.name,
            entry.type,
            ", ".join("×".join(map(str, shape)) or "scalar" for shape in entry.output),
            entry.params,
            entry.operations(convention),
            entry.memory,
        )
        for entry in entries
    ]


def as_csv(entries: Iterable[Entry], convention: Convention) -> str:
    """Rows under headings, as spreadsheets read them."""
    return _table(entries, convention, ",")


def as_tsv(entries: Iterable[Entry], convention: Convention) -> str:
    """The same with tabs between the cells, as a paste into a spreadsheet or a chat takes them."""
    return _table(entries, convention, "\t")


def _table(entries: Iterable[Entry], convention: Convention, between: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=between, lineterminator="\n")
    writer.writerow(("layer", "type", "output", "parameters", convention.unit, "bytes"))
    writer.writerows(rows_of(entries, convention))
    return out.getvalue()


def as_markdown(entries: Iterable[Entry], convention: Convention) -> str:
    """A Markdown table, figures at the right."""
    lines = [f"| Layer | Type | Output | Parameters | {convention.unit} | Bytes |", "|---|---|---|---:|---:|---:|"]
    for path, type, output, params, operations, size in rows_of(entries, convention):
        lines.append(f"| {path} | {type} | {output} | {params:,} | {operations:,} | {size:,} |")
    return "\n".join(lines) + "\n"
