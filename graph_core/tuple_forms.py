"""The five-tuple as JSON and as text, each of which can be read back to an equal tuple.

What is read back is checked field by field: no text makes anything but a tuple, or a TupleError.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from graph_core.jsontext import MAX_BYTES, FileError, parse_tree
from graph_core.tuples import Matrix, Parts, Row, Space

_COLUMNS: Final = ("i", "l", "f", "W", "b", "in", "out")
_GAP: Final = re.compile(r" {2,}")
_LAYER: Final = re.compile(r"(\S+): (\S+) @(\S+)\Z")
_MATRIX: Final = re.compile(r"(\S+) ([^=]+?)(?: = (\S+))?\Z")
_TITLE: Final = re.compile(r"A = \(L, F, W, B, O\) of (\S+)\Z")
_LISTED: Final = ("O", "group", "schedule")


class TupleError(ValueError):
    """A text or tree that is no five-tuple; the message is one sentence that names the place."""


# JSON.


def to_json(tuple_: Parts) -> dict[str, Any]:
    """L, F, W, B as lists of equal length, and O. A shape is a list of numbers, or an object that adds symbols."""
    return {
        "network": tuple_.network,
        "L": [
            {
                "id": row.id,
                "path": row.path,
                "type": row.type,
                "inputs": [_space_json(space) for space in row.inputs],
                "outputs": [_space_json(space) for space in row.outputs],
            }
            for row in tuple_.rows
        ],
        "F": [row.activation for row in tuple_.rows],
        "W": [{f"{row.path}.{m.name}": _matrix_json(m) for m in row.weights} for row in tuple_.rows],
        "B": [{f"{row.path}.{m.name}": _matrix_json(m) for m in row.biases} for row in tuple_.rows],
        "O": {**tuple_.optimizer, "schedule": dict(tuple_.schedule)},
    }


def _space_json(space: Space, tied: str = "") -> Any:
    if space.shape == space.symbolic and not tied:
        return list(space.shape)
    symbols = {"symbols": list(space.symbolic)} if space.shape != space.symbolic else {}
    return {"shape": list(space.shape), **symbols, **({"tied": tied} if tied else {})}


def _matrix_json(matrix: Matrix) -> Any:
    return _space_json(matrix.space, matrix.tied)


def from_json(tree: Any) -> Parts:
    """The tuple that ``to_json`` wrote; raises TupleError."""
    _want(tree, dict, "The five-tuple")
    for name in ("network", *"LFWBO"):
        if name not in tree:
            raise TupleError(f"The five-tuple has no {name}; it has network, L, F, W, B and O.")
    network = _want(tree["network"], str, "network")
    lists = [_want(tree[name], list, name) for name in "LFWB"]
    if len({len(part) for part in lists}) != 1:
        raise TupleError("L, F, W and B are of different lengths; each has one entry a layer.")
    rows = tuple(_row(place, *parts) for place, parts in enumerate(zip(*lists, strict=True)))
    optimizer = dict(_want(tree["O"], dict, "O"))
    schedule = _want(optimizer.pop("schedule", {}), dict, "O.schedule")
    return Parts(network, rows, optimizer, schedule)


def _row(place: int, layer: Any, activation: Any, weights: Any, biases: Any) -> Row:
    where = f"L.{place}"
    _want(layer, dict, where)
    id, path, type = (_want(layer.get(name), str, f"{where}.{name}") for name in ("id", "path", "type"))
    inputs, outputs = (
        tuple(_read_space(shape, where)[0] for shape in _want(layer.get(name), list, f"{where}.{name}"))
        for name in ("inputs", "outputs")
    )
    given, biased = (tuple(_matrices(part, path, f"{n}.{place}")) for n, part in (("W", weights), ("B", biases)))
    return Row(id, path, type, _want(activation, str, f"F.{place}"), given, biased, inputs, outputs)


def _matrices(tree: Any, path: str, where: str) -> Iterator[Matrix]:
    for name, shape in _want(tree, dict, where).items():
        if not name.startswith(f"{path}."):
            raise TupleError(f"{where} holds {name[:60]}, which lies not in {path[:60]}.")
        space, tied = _read_space(shape, where)
        yield Matrix(name.removeprefix(f"{path}."), space, tied)


def _read_space(tree: Any, where: str) -> tuple[Space, str]:
    parts = tree if isinstance(tree, dict) else {"shape": tree}
    shape = _want(parts.get("shape"), list, f"{where}.shape")
    symbols = _want(parts.get("symbols", shape), list, f"{where}.symbols")
    tied = _want(parts.get("tied", ""), str, f"{where}.tied")
    numbers = all(type(size) is int and size >= 0 for size in shape)
    if not numbers or len(symbols) != len(shape) or not all(type(size) in (int, str) for size in symbols):
        raise TupleError(f"{where} holds a shape that is none; it takes whole numbers, with as many symbols.")
    return Space(tuple(shape), tuple(symbols)), tied


def _want(tree: Any, kind: type[Any], where: str) -> Any:
    names: dict[type[Any], str] = {dict: "an object", list: "a list", str: "a text"}
    if type(tree) is not kind:
        raise TupleError(f"{where} is {type(tree).__name__}; it takes {names[kind]}.")
    return tree


# Text.


def to_text(tuple_: Parts) -> str:
    """A table with one line a layer, and the optimizer, its groups and the schedule below."""
    lines: list[tuple[str, ...]] = [_COLUMNS]
    for place, row in enumerate(tuple_.rows, 1):
        cells = [_listed(row.weights), _listed(row.biases) or "0", _spaces(row.inputs), _spaces(row.outputs)]
        lines.append((str(place), f"{row.path}: {row.type} @{row.id}", row.activation, cells[0] or "0", *cells[1:]))
    widths = [max(len(line[k]) for line in lines) for k in range(len(_COLUMNS))]
    table = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
    optimizer = {name: given for name, given in tuple_.optimizer.items() if name != "groups"}
    groups = [f"group: {json.dumps(group)}" for group in tuple_.optimizer.get("groups", ())]
    tail = [f"O: {json.dumps(optimizer)}", *groups, f"schedule: {json.dumps(dict(tuple_.schedule))}"]
    return "\n".join([f"A = (L, F, W, B, O) of {tuple_.network}", "", *table, "", *tail]) + "\n"


def _listed(matrices: Sequence[Matrix]) -> str:
    return "; ".join(f"{m.name} {space_text(m.space)}" + (f" = {m.tied}" if m.tied else "") for m in matrices)


def _spaces(spaces: Sequence[Space]) -> str:
    return "; ".join(map(space_text, spaces)) or "none"


def space_text(space: Space) -> str:
    """A shape: ``64×3``, or with symbols ``64×8 (C×d)``; ``scalar`` for no axes."""
    numbers = "×".join(map(str, space.shape)) or "scalar"
    if space.shape == space.symbolic:
        return numbers
    symbols = "×".join(f"({size})" if " " in str(size) else str(size) for size in space.symbolic)
    return f"{numbers} ({symbols})"


def from_text(text: str) -> Parts:
    """The tuple that ``to_text`` wrote; raises TupleError."""
    if len(text) > MAX_BYTES:
        raise TupleError(f"The text has {len(text):,} characters, which no five-tuple needs.")
    lines = [line for line in text.splitlines() if line.strip()]
    title = _TITLE.match(lines[0]) if lines else None
    if title is None or len(lines) < 2 or tuple(_GAP.split(lines[1])) != _COLUMNS:
        raise TupleError("The text is no five-tuple; one begins with “A = (L, F, W, B, O) of main” and its columns.")
    rows = []
    tail: list[tuple[str, Any]] = []
    for number, line in enumerate(lines[2:], 3):
        label, _, rest = line.partition(": ")
        if label in _LISTED and not line[:1].isdigit():
            tail.append((label, _read_fields(rest, number)))
        else:
            rows.append(_read_row(_GAP.split(line), number))
    named = dict(tail)
    if "O" not in named:
        raise TupleError("The text has no line that begins with “O: ”, which tells the optimizer.")
    groups = [fields for label, fields in tail if label == "group"]
    optimizer = {**named["O"], **({"groups": groups} if groups else {})}
    return Parts(title[1], tuple(rows), optimizer, named.get("schedule", {}))


def _read_fields(text: str, number: int) -> dict[str, Any]:
    try:
        return parse_tree(text)
    except FileError as error:
        raise TupleError(f"Line {number}: {error}") from error


def _read_row(cells: list[str], number: int) -> Row:
    layer = _LAYER.match(cells[1]) if len(cells) == len(_COLUMNS) else None
    if layer is None:
        raise TupleError(f"Line {number} is no row; it takes i, l (path: type @id), f, W, b, in and out.")
    weights, biases = ([] if cell == "0" else cell.split("; ") for cell in cells[3:5])
    ports = ([] if cell == "none" else cell.split("; ") for cell in cells[5:])
    given, biased = (tuple(_read_matrix(part, number) for part in parts) for parts in (weights, biases))
    inputs, outputs = (tuple(_read_space_text(part, number) for part in parts) for parts in ports)
    return Row(layer[3], layer[1], layer[2], cells[2], given, biased, inputs, outputs)


def _read_matrix(text: str, number: int) -> Matrix:
    found = _MATRIX.match(text)
    if found is None:
        raise TupleError(f"Line {number}: {text[:60]} is no weight; it takes a name and a shape.")
    return Matrix(found[1], _read_space_text(found[2], number), found[3] or "")


def _read_space_text(text: str, number: int) -> Space:
    numbers, bracket, symbols = text.partition(" (")
    parts = [] if numbers == "scalar" else numbers.split("×")
    if not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        raise TupleError(f"Line {number}: {text[:60]} is no shape; write sizes with × between them.")
    shape = tuple(map(int, parts))
    if not bracket:
        return Space(shape, shape)
    named = tuple(_read_size(part) for part in symbols.removesuffix(")").split("×"))
    if len(named) != len(shape):
        raise TupleError(f"Line {number}: {text[:60]} has another number of symbols than of sizes.")
    return Space(shape, named)


def _read_size(text: str) -> int | str:
    if text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)
    return text[1:-1] if text.startswith("(") and " " in text else text
