"""The five-tuple as LaTeX: a fragment for a document, and the formulas of which it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from graph_core.latex import escape, expression, value
from graph_core.tuples import IDENTITY, Matrix, Parts, Row, Space

PER_LINE: Final = 3  # fields of the optimizer on a line of LaTeX


def to_latex(tuple_: Parts) -> str:
    """The tuple as a fragment for a document with amsmath and amssymb: displays that may break over pages.

    A layer with several weights has a line for each, by its name.
    """
    rows = [line for place, row in enumerate(tuple_.rows, 1) for line in _row_latex(place, row)]
    parts = [
        "% Needs \\usepackage{amsmath,amssymb}.",
        "\\begingroup\\small\\allowdisplaybreaks",
        rf"\[ {definition_latex()} \]",
        *_display(rows),
        *_display(list(_optimizer_latex(tuple_))),
        "\\endgroup",
    ]
    return "\n".join(parts) + "\n"


def definition_latex() -> str:
    """𝒜 = (L, 𝓕, 𝓦, 𝓑, 𝒪)."""
    return r"\mathcal{A} = (L, \mathcal{F}, \mathcal{W}, \mathcal{B}, \mathcal{O})"


def _display(lines: Sequence[str]) -> Iterator[str]:
    if lines:
        pairs = max(line.count("&") for line in lines) // 2 + 1  # alignat sets no space of its own between them
        body = " \\\\\n".join(f"  {line}" for line in lines)
        yield f"\\begin{{alignat*}}{{{pairs}}}\n{body}\n\\end{{alignat*}}"


def _row_latex(place: int, row: Row) -> Iterator[str]:
    parts = [layer_latex(place, row), activation_latex(place, row)]
    for k, (weight, bias) in enumerate(zip_longest(row.weights, row.biases)):
        left = parts if not k else ["&", "&"]
        w = matrix_latex("W", place, weight, named=len(row.weights) > 1) if weight or not k else ""
        b = matrix_latex("b", place, bias, named=len(row.biases) > 1) if bias or not k else ""
        yield r" &\quad ".join([*left, w or "&", b or "&"])
    if not row.weights and not row.biases:
        yield r" &\quad ".join([*parts, matrix_latex("W", place, None), matrix_latex("b", place, None)])


def layer_latex(place: int, row: Row, *, align: bool = True) -> str:
    """lᵢ = its path and type."""
    return rf"l_{{{place}}} {'&' if align else ''}= \text{{{escape(row.path)}}} : \text{{{escape(row.type)}}}"


def activation_latex(place: int, row: Row, *, align: bool = True) -> str:
    """fᵢ = its name, or id."""
    name = r"\mathrm{id}" if row.activation == IDENTITY else rf"\text{{{escape(row.activation)}}}"
    return rf"f_{{{place}}} {'&' if align else ''}= {name}"


def matrix_latex(letter: str, place: int, matrix: Matrix | None, *, named: bool = False, align: bool = True) -> str:
    """Wᵢ ∈ ℝ^(64×3), with its name below where the layer has several; = 0 where it has none."""
    mark = "&" if align else ""
    if matrix is None:
        return rf"{letter}_{{{place}}} {mark}= 0"
    name = rf",\text{{{escape(matrix.name)}}}" if named else ""
    tied = rf" = \text{{{escape(matrix.tied)}}}" if matrix.tied else ""
    return rf"{letter}_{{{place}{name}}} {mark}\in {space_latex(matrix.space)}{tied}"


def space_latex(space: Space) -> str:
    """ℝ with its sizes above, symbols as such."""
    sizes = r" \times ".join(expression(size) for size in space.symbolic) or "1"
    return rf"\mathbb{{R}}^{{{sizes}}}"


def _optimizer_latex(tuple_: Parts) -> Iterator[str]:
    optimizer = tuple_.optimizer
    own = {name: given for name, given in optimizer.items() if name not in ("kind", "groups")}
    yield from _fields_latex(r"\mathcal{O}", str(optimizer.get("kind", "")), own)
    for place, group in enumerate(optimizer.get("groups", ()), 1):
        kind = str(group.get("kind", optimizer.get("kind", "")))
        yield from _fields_latex(rf"\mathcal{{O}}_{{{place}}}", kind, {k: v for k, v in group.items() if k != "kind"})
    schedule = {name: given for name, given in tuple_.schedule.items() if name != "kind"}
    if tuple_.schedule:
        yield from _fields_latex(r"\eta", str(tuple_.schedule.get("kind", "")), schedule)


def _fields_latex(letter: str, kind: str, fields: Mapping[str, Any]) -> Iterator[str]:
    texts = [rf"\text{{{escape(name)}}} = {value(given)}" for name, given in fields.items()]
    chunks = [texts[k : k + PER_LINE] for k in range(0, len(texts), PER_LINE)] or [[]]
    for k, chunk in enumerate(chunks):
        head = rf"{letter} &= \text{{{escape(kind)}}}\,(" if not k else r"&\qquad "
        yield head + ",\\; ".join(chunk) + (")" if k == len(chunks) - 1 else ",")
