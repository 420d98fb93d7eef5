"""What the author of a custom node states of it: axes of its inputs, shapes, weights and work, as text.

``N, C, H, W; N, T`` names the axes of two inputs; ``N, C, H // 2, W // 2`` gives the sizes of an output in terms of
those names, and of the constructor's arguments; ``N: int64`` says its type too, where it is not that of the others.
``…`` or ``...`` stands for any number of axes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Final

from graph_core.codetext import CodeError, read_code
from graph_core.dims import Dim, Expr, Shape, at_least, same, shape_text
from graph_core.expressions import ExpressionError, Value, evaluate, parse
from graph_core.fields import Field, FieldError
from graph_core.layer import BYTES, Refusal, Weight, require
from graph_core.names import is_name

MAX_STATED: Final = 2000
REST: Final = "..."


class Text(Field[str]):
    """A text that is never an expression of the graph; ``read`` raises ValueError where it is not in its form."""

    kind = "text"
    textual = True

    def __init__(self, default: str, help: str, read: Callable[[str], object], form: str, **more: Any) -> None:
        super().__init__(default, help, emit=False, **more)
        self.read = read
        self.form = form

    @property
    def takes(self) -> str:
        return self.form

    def is_expression(self, value: object) -> bool:
        return False

    def check(self, value: Value) -> str:
        if not isinstance(value, str) or len(value) > MAX_STATED:
            raise self.refuse(value)
        try:
            self.read(value)
        except ValueError as error:
            raise FieldError(f"{self.name}: {error}") from error
        return value


class Source(Text):
    """The code of a class. It is read, and never run, where drawings are."""

    kind = "code"
    lines: ClassVar[bool] = True

    def __init__(self, default: str, help: str) -> None:
        super().__init__(default, help, read_code, "one nn.Module with a forward, or one function, and its imports")

    def check(self, value: Value) -> str:
        if not isinstance(value, str):
            raise self.refuse(value)
        try:
            read_code(value)
        except CodeError as error:
            raise FieldError(f"{self.name}: {error}") from error
        return value

    def show(self, value: Value) -> str:
        try:
            return read_code(str(value)).name
        except CodeError:
            return "?"


class Values(Field[tuple[Any, ...]]):
    """Any number of values, each a literal or an expression of the graph, that the constructor takes by position."""

    kind = "values"
    spread = True
    takes = "a list of numbers or expressions"

    def __init__(self, help: str) -> None:
        super().__init__([], help)

    def check(self, value: Value) -> tuple[Any, ...]:
        parts = value if isinstance(value, tuple) else (value,)
        if len(parts) <= 32 and all(isinstance(part, int | float | bool | Expr) for part in parts):
            return parts
        raise self.refuse(value)

    def show(self, value: Value) -> str:
        return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def split(text: str, sign: str) -> list[str]:
    """The parts between signs that stand in no brackets; none of an empty text."""
    parts, depth, now = list[str](), 0, ""
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == sign and depth <= 0:
            parts.append(now.strip())
            now = ""
        else:
            now += c
    return [*parts, now.strip()] if text.strip() else []


@lru_cache(maxsize=1024)
def axes_of(text: str) -> tuple[tuple[str, ...], ...]:
    """The names of the axes of each input; raises ValueError."""
    inputs = []
    for one in split(text, ";"):
        axes = tuple(REST if axis == "…" else axis for axis in split(one, ","))
        for axis in axes:
            if axis != REST and not axis.isdigit() and not (axis.isidentifier() and axis.isascii()):
                raise ValueError(f"“{axis[:40]}” names no axis; write names such as N, C, H, W, or ... for any.")
        if axes.count(REST) > 1 or len(axes) > 16:
            raise ValueError(f"“{one[:40]}” is no shape; it has up to 16 axes, and ... once.")
        inputs.append(axes)
    if not 0 < len(inputs) <= 8:
        raise ValueError("It takes the axes of 1 to 8 inputs, with ; between them.")
    return tuple(inputs)


@lru_cache(maxsize=1024)
def outputs_of(text: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The sizes of each output as expressions, and its type where one stands behind a colon; raises ValueError."""
    outputs = []
    for one in split(text, ";"):
        sizes, _, dtype = (part.strip() for part in one.partition(":"))
        shape = tuple(REST if size == "…" else size for size in split(sizes, ","))
        for size in shape:
            if size != REST:
                parse(size)
        if dtype not in ("", *BYTES):
            raise ValueError(f"“{dtype[:40]}” is no type of values; it takes {', '.join(BYTES)}.")
        outputs.append((shape, dtype))
    if not 0 < len(outputs) <= 4:
        raise ValueError("It takes the shapes of 1 to 4 outputs, with ; between them.")
    return tuple(outputs)


@lru_cache(maxsize=1024)
def widths_of(text: str) -> tuple[str, ...]:
    """The expressions that the constructor takes first; raises ValueError."""
    parts = tuple(split(text, ","))
    for part in parts:
        parse(part)
    return parts


@lru_cache(maxsize=1024)
def weights_of(text: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Role, name and sizes of each weight: ``weight: C, 4 * C; bias: C; buffer mean: C``. Raises ValueError."""
    found = []
    for one in split(text, ";"):
        head, colon, sizes = one.partition(":")
        role, _, name = head.strip().rpartition(" ")
        last = name.rpartition(".")[2]
        if not colon or role.strip() not in ("", "buffer") or not all(is_name(p) for p in name.split(".")):
            raise ValueError(f"“{one[:40]}” is no weight; write name: sizes, such as weight: C, C.")
        parts = tuple(split(sizes, ","))
        for part in parts:
            parse(part)
        found.append((role.strip() or ("bias" if "bias" in last else "weight"), name, parts))
    if len({name for _, name, _ in found}) < len(found) or len(found) > 100:
        raise ValueError("A weight is stated twice; state each once.")
    return tuple(found)


def size_or_nothing(text: str) -> object:
    """An expression, or nothing; raises ValueError."""
    return parse(text) if text.strip() else None


def bind(stated: Sequence[Sequence[str]], given: Sequence[Shape]) -> tuple[dict[str, Dim], Shape]:
    """The sizes of the named axes, and what ``...`` stands for; raises Refusal where the inputs are others."""
    sizes: dict[str, Dim] = {}
    rests: list[Shape] = []
    for place, (axes, shape) in enumerate(zip(stated, given, strict=True)):
        _bind_one(f"x{place}", axes, shape, sizes, rests)
    return sizes, rests[0] if rests else ()


def _bind_one(port: str, axes: Sequence[str], shape: Shape, sizes: dict[str, Dim], rests: list[Shape]) -> None:
    told = f"takes {' '.join(axes) or 'no axes'} at {port} and gets"
    at = axes.index(REST) if REST in axes else len(axes)
    named = len(axes) - (REST in axes)
    if len(shape) < named or (len(shape) > named and REST not in axes):
        raise Refusal(f"{told} {len(shape)} axes: {shape_text(shape)}", "axes", port=port)
    end = at + len(shape) - named
    if REST in axes:
        rests.append(shape[at:end])
    for name, size in zip((*axes[:at], *axes[at + 1 :]), (*shape[:at], *shape[end:]), strict=True):
        known = int(name) if name.isdigit() else sizes.setdefault(name, size)
        also = "" if name.isdigit() else f", where {name} is {known} already"
        require(same(known, size), f"{told} {shape_text(shape)}{also}", port=port)
    first = rests[0] if rests else ()
    alike = len(rests) < 2 or (len(first) == len(rests[-1]) and all(map(_may_be, first, rests[-1])))
    require(alike, f"{told} {shape_text(shape)}, where ... is {shape_text(first)} already", port=port)


def _may_be(a: Dim, b: Dim) -> bool:
    return same(a, b) is not False


def size(text: str, scope: Mapping[str, Value], what: str) -> Dim:
    """The value of an expression that is a size; raises Refusal."""
    try:
        value = evaluate(text, scope)
    except ExpressionError as error:
        raise Refusal(f"states {what} that cannot be computed: {str(error).rstrip('.')}", "parameter") from error
    if isinstance(value, bool) or not isinstance(value, int | Expr):
        raise Refusal(f"states {what} of {text}, which is {value} and no size", "parameter")
    require(at_least(value, 0), lambda: f"states {what} of {text}, which is {value}", "parameter")
    return value


def weights(stated: str, scope: Mapping[str, Value]) -> list[Weight]:
    """The stated weights with their sizes; raises Refusal."""
    return [
        Weight(name, tuple(size(part, scope, f"a weight {name}") for part in sizes), role=role)
        for role, name, sizes in weights_of(stated)
    ]
