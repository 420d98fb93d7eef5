"""What names mean where source is written: the arguments of a class, and widths in terms of them.

A class is written from its graph's definition, where inferred widths are symbols, and proven against every instance
that the drawing makes of it: a width that the definition does not give rightly for all of them (an Input without a
shape takes whatever comes) becomes an argument of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from codegen.emit import trees
from codegen.emit.naming import Namespace
from codegen.emit.trees import EmitError, Lookup
from graph_core.context import Context
from graph_core.dims import Dim, Expr, substitute, symbols_of
from graph_core.expressions import ExpressionError, evaluate
from graph_core.graph import Graph

Width = Dim | tuple[Dim, ...]
Twin = tuple[Context, Context]  # the concrete context of the class, and of the graph inlined in it


@dataclass(slots=True)
class Argument:
    """One argument of a class's constructor.

    ``role`` is width (bound from the wire), extra (a width that has no name in the drawing, read from a context by
    ``read``), symbol (of a network), or param.
    """

    name: str
    python: str
    role: str
    kind: str = "int"
    default: ast.expr | None = None
    read: Callable[[Context], Width | None] | None = None


@dataclass
class Scope:
    """The names of one class: which of them its constructor uses, and which its forward."""

    graph: Graph
    context: Context
    instances: Sequence[Context]
    names: Namespace
    symbols: Mapping[str, int]
    used: dict[str, None] = field(default_factory=dict)
    extras: list[Argument] = field(default_factory=list)

    def lookup(self, name: str) -> ast.expr:
        """The constructor's variable for a name of the drawing; raises EmitError where there is none."""
        known = name in self.graph.params or name in self.context.inferred
        if not known and name not in self.symbols:
            raise EmitError(f"{self.graph.name} uses {name:.60}, which is no parameter, width or symbol there.")
        self.used[name] = None
        return trees.name(self.names.of(name))

    def size(self, size: Dim, lookup: Lookup | None = None) -> ast.expr:
        """A size in terms of the class's arguments."""
        if isinstance(size, Expr):
            return _size_tree(str(size), lookup or self.lookup)
        return trees.constant(int(size))

    def width(
        self, guess: Width | None, actual: Iterable[tuple[Context, Width]], argument: str, read: Any = None
    ) -> ast.expr:
        """A width that follows the wire: the definition's where it holds in all instances, else one that does.

        ``actual`` pairs contexts of this class with the width there; ``argument`` names the new argument where one is
        needed, whose value in a context is ``read(context)``.
        """
        pairs = list(actual)
        if guess is not None and all(_fits(guess, owner, width) for owner, width in pairs):
            if isinstance(guess, tuple):
                return trees.tuple_of([self.size(size) for size in guess])
            return self.size(guess)
        if not pairs:
            raise EmitError(f"The {argument} of a layer in {self.graph.name} is not known: no instance reaches it.")
        values = {_plain(width) for _, width in pairs}
        if len(values) == 1:
            return trees.constant(values.pop())
        for name in (*self.context.inferred, *self.graph.params):
            if all(_same_value(owner.scope.get(name), width) for owner, width in pairs):
                return self.lookup(name)
        for name in (*self.context.inferred, *self.graph.params):
            times = {times_of(owner.scope.get(name), width) for owner, width in pairs}
            if len(times) == 1 and (sign := times.pop()) is not None:
                return _share(self.lookup(name), sign)
        return self._extra(pairs, argument, read)

    def _extra(self, pairs: list[tuple[Context, Width]], argument: str, read: Any) -> ast.expr:
        """An argument that the drawing has no name for."""
        by_owner = {id(owner): _plain(width) for owner, width in pairs}
        if read is None or any(by_owner[id(owner)] != _plain(width) for owner, width in pairs):
            raise EmitError(
                f"The {argument} of a layer in {self.graph.name} differs from step to step; "
                "name the axes of its Input's shape."
            )
        for extra in self.extras:
            assert extra.read is not None
            if all(_same(extra.read(owner), width) for owner, width in pairs):
                return trees.name(extra.python)
        python = self.names.new(argument)
        kind = "tuple[int, ...]" if isinstance(pairs[0][1], tuple) else "int"
        self.extras.append(Argument(argument, python, "extra", kind, read=read))
        return trees.name(python)

    def arguments(self, required: Mapping[str, Any]) -> list[Argument]:
        """The constructor's arguments: used widths in axis order, extras, parameters, used symbols."""
        found = [Argument(n, self.names.of(n), "width") for n in self.context.inferred if n in self.used]
        found += self.extras
        parameters = []
        for name, param in self.graph.params.items():
            default = None if param.default is None else self.value(param.default, _no_names)
            kind = kind_of(default_value(param.default), required.get(name))
            parameters.append(Argument(name, self.names.of(name), "param", kind, default))
        found += sorted(parameters, key=lambda argument: argument.default is not None)
        for name, size in self.symbols.items():
            if name in self.used and name not in self.graph.params and name not in self.context.inferred:
                found.append(Argument(name, self.names.of(name), "symbol", "int", trees.constant(size)))
        return found

    def value(self, value: Any, lookup: Lookup) -> ast.expr:
        """A literal or an expression as a drawing stores it."""
        return value_tree(value, lookup)


def value_tree(value: Any, lookup: Lookup) -> ast.expr:
    """A literal, or a text of arithmetic with its names looked up, or a list of such."""
    if isinstance(value, str):
        return trees.author(value, lookup)
    if isinstance(value, list | tuple):
        return ast.Tuple([value_tree(part, lookup) for part in value])
    return trees.constant(value)


def default_value(default: Any) -> Any:
    """The value of a parameter's default; None where it has none."""
    if isinstance(default, str):
        try:
            return evaluate(default, {})
        except ExpressionError as error:
            raise EmitError(str(error)) from error
    return default


def kind_of(*values: Any) -> str:
    """The annotation of an argument whose value is, for example, the first of ``values`` that is known."""
    value = next((value for value in values if value is not None), 0)
    if isinstance(value, Expr):
        return "int"
    if isinstance(value, list | tuple):
        return "tuple[int, ...]" if all(isinstance(v, int) for v in value) else "tuple[float, ...]"
    return next((kind.__name__ for kind in (bool, int, float, str) if isinstance(value, kind)), "int")


def _no_names(name: str) -> ast.expr:
    raise EmitError(f"A default may not use {name:.60}: it is worked out where nothing is known.")


def _size_tree(text: str, lookup: Lookup) -> ast.expr:
    """The tree of a size that the symbolic engine printed; its divisions are whole ones."""
    try:
        source = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise EmitError(f"The size {text:.60} cannot be written in Python.") from error
    for part in ast.walk(source):
        if isinstance(part, ast.Call):
            raise EmitError(f"The size {text:.60} cannot be written in Python.")
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div):
            part.op = ast.FloorDiv()
    return trees.copied(source, lookup)


def _fits(guess: Width, owner: Context, width: Width) -> bool:
    if isinstance(guess, tuple) or isinstance(width, tuple):
        both = isinstance(guess, tuple) and isinstance(width, tuple) and len(guess) == len(width)
        return both and all(_fits(g, owner, w) for g, w in zip(guess, width, strict=True))  # type: ignore[arg-type]
    if not isinstance(guess, Expr):
        return int(guess) == _plain(width)
    values = {name: owner.scope.get(name) for name in symbols_of(guess)}
    known = {name: int(value) for name, value in values.items() if isinstance(value, int)}
    result = substitute(guess, known)
    return not isinstance(result, Expr) and int(result) == _plain(width)


def times_of(value: Any, width: Width) -> tuple[str, int] | None:
    """By what a width is a multiple (``*``) or a part (``//``) of a value; None where it is neither."""
    size = _plain(width)
    if type(value) is not int or type(size) is not int or value < 1 or size < 1:
        return None
    if size % value and value % size:
        return None
    return ("*", size // value) if size % value == 0 else ("//", value // size)


def _share(name: ast.expr, sign: tuple[str, int]) -> ast.expr:
    number = trees.constant(sign[1])
    return trees.joined(number, "*", name) if sign[0] == "*" else trees.joined(name, "//", number)


def _plain(width: Width) -> int | tuple[int, ...]:
    if isinstance(width, tuple):
        return tuple(int(size) for size in width if not isinstance(size, Expr))
    return int(width) if not isinstance(width, Expr) else -1


def _same(one: Width | None, other: Width) -> bool:
    return one is not None and _plain(one) == _plain(other)


def _same_value(value: Any, width: Width) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and int(value) == _plain(width)
