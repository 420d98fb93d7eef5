"""Finds where a rule compares sizes in a way that lies about symbols.

With a symbol ``C``, ``C == 64`` is silently False and ``C % 4 != 0`` silently True; ``range(C)`` and ``if C`` raise.
Rules ask ``same``, ``divides`` and ``at_least`` instead. What is a size is told from annotations (``Dim``, ``Shape``),
from the declared parameters (Size, Pair, …) and from what is computed of either.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import graph_core.fields as fields
from tests.house.source import Source

# How deep sizes lie in a value: 0 a size, 1 a shape (a sequence of sizes), 2 a sequence of shapes.
Depth = int | None
KINDS: dict[str, int] = {"size": 0, "sizes": 1, "shape": 1}
RETURNS: dict[str, int] = {"prod": 0, "window": 0, "ceil_window": 0, "substitute": 0, "sum": 0, "broadcast": 1}
KEEPS = {"tuple", "list", "reversed", "iter", "set"}
# Not int(): behind an isinstance it makes a known number of a size, and of a symbol it raises.
REFUSED = {"range", "min", "max", "sorted", "bool", "float", "abs", "round", "divmod"}
ORDER = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)


def _named_depth(annotation: ast.expr | None) -> Depth:
    """The depth of a parameter or variable by its annotation."""
    if annotation is None:
        return None
    for node in ast.walk(annotation):
        word = getattr(node, "id", "")
        if word in ("Dim", "Shape"):
            inside = annotation if not isinstance(annotation, ast.BinOp) else annotation.left
            nested = isinstance(inside, ast.Subscript)
            return ("Dim", "Shape").index(word) + nested
    return None


def declared_sizes(modules: Iterable[Source]) -> dict[str, dict[str, int]]:
    """Class name -> its parameters that hold sizes, with their depth; those of its bases included."""
    own: dict[str, dict[str, int]] = {}
    bases: dict[str, list[str]] = {}
    for source in modules:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = [getattr(base, "id", "") for base in node.bases]
                own[node.name] = dict(_fields(node))
    return {name: _inherited(name, own, bases) for name in own}


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, int]]:
    for part in node.body:
        if isinstance(part, ast.AnnAssign):
            targets, words = [part.target], [getattr(one, "id", "") for one in ast.walk(part.annotation)]
        elif isinstance(part, ast.Assign) and isinstance(part.value, ast.Call):
            targets, words = part.targets, [getattr(part.value.func, "id", "")]
        else:
            continue
        kinds = [getattr(getattr(fields, word, None), "kind", "") for word in words]
        for target in targets:
            for kind in kinds:
                if kind in KINDS and isinstance(target, ast.Name):
                    yield target.id, KINDS[kind]


def _inherited(name: str, own: dict[str, dict[str, int]], bases: dict[str, list[str]]) -> dict[str, int]:
    result: dict[str, int] = {}
    for base in reversed(bases.get(name, [])):
        if base in own and base != name:
            result |= _inherited(base, own, bases)
    return result | own[name]


class Reader:
    """Reads one function in order and collects its offences as (line, what)."""

    def __init__(self, parameters: dict[str, int]) -> None:
        self.parameters = parameters
        self.known: dict[str, Depth] = {}
        self.offences: list[tuple[int, str]] = []

    def function(self, node: ast.FunctionDef) -> None:
        """Read ``node``: its annotated arguments, then its body."""
        args = node.args
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs):
            self.known[arg.arg] = _named_depth(arg.annotation)
        if args.vararg and (depth := _named_depth(args.vararg.annotation)) is not None:
            self.known[args.vararg.arg] = depth + 1
        for statement in node.body:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """Read one statement; what it binds is known to those that follow."""
        if isinstance(node, ast.FunctionDef):
            inner = Reader(self.parameters)
            inner.known = dict(self.known)
            inner.function(node)
            self.offences += inner.offences
            return
        if isinstance(node, ast.If | ast.While | ast.Assert):
            self.test(node.test)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.depth(child)
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self.bind(target, node.value, self.depth(node.value, quiet=True))
        elif isinstance(node, ast.AnnAssign):
            said = _named_depth(node.annotation)
            self.bind(node.target, None, said)
        elif isinstance(node, ast.For):
            self.loop(node.target, node.iter)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self.statement(child)

    def bind(self, target: ast.expr, value: ast.expr | None, depth: Depth) -> None:
        """Give the names in ``target`` the depth of what they are taken from."""
        if isinstance(target, ast.Name):
            self.known[target.id] = depth
        elif isinstance(target, ast.Tuple | ast.List):
            exact = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
            for at, part in enumerate(target.elts):
                if exact and isinstance(value, ast.Tuple):
                    self.bind(part, value.elts[at], self.depth(value.elts[at], quiet=True))
                elif isinstance(part, ast.Starred):
                    self.bind(part.value, None, depth)
                else:
                    self.bind(part, None, _item(depth))

    def loop(self, target: ast.expr, over: ast.expr) -> None:
        """Bind what a ``for`` takes out of ``over``: items, pairs of zip, numbered ones of enumerate."""
        called = getattr(over.func, "id", "") if isinstance(over, ast.Call) else ""
        if isinstance(over, ast.Call) and called in ("zip", "enumerate") and isinstance(target, ast.Tuple):
            parts = [None, *over.args] if called == "enumerate" else over.args
            for part, source in zip(target.elts, parts, strict=False):
                if source is not None:
                    self.loop(part, source)
        else:
            self.bind(target, None, _item(self.depth(over, quiet=True)))

    def test(self, node: ast.expr) -> None:
        """A place where truth is asked: of a size it may not be."""
        if isinstance(node, ast.BoolOp):
            for part in node.values:
                self.test(part)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.test(node.operand)
        elif self.depth(node, quiet=True) == 0:
            self.offences.append((node.lineno, f"asks the truth of the size {ast.unparse(node)}"))

    def depth(self, node: ast.expr, quiet: bool = False) -> Depth:
        """How deep sizes lie in ``node``; offences inside it are noted unless ``quiet``."""
        noted = len(self.offences)
        result = self._depth(node)
        if quiet:
            del self.offences[noted:]
        return result

    def _depth(self, node: ast.expr) -> Depth:
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Attribute):
            self._depth(node.value)
            return self.parameters.get(node.attr) if getattr(node.value, "id", "") == "self" else None
        if isinstance(node, ast.Starred):
            return _item(self._depth(node.value))
        if isinstance(node, ast.Subscript):
            depth = self._depth(node.value)
            self._depth(node.slice)
            return depth if isinstance(node.slice, ast.Slice) else _item(depth)
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.IfExp):
            self.test(node.test)
            self._depth(node.test)
            return _either(self._depth(node.body), self._depth(node.orelse))
        if isinstance(node, ast.BoolOp):
            for part in node.values[:-1]:
                self.test(part)
            return _either(*[self._depth(part) for part in node.values])
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.Not):
                self.test(node.operand)
            return self._depth(node.operand) if isinstance(node.op, ast.USub) else None
        if isinstance(node, ast.Tuple | ast.List):
            inner = _either(*[self._depth(part) for part in node.elts])
            return None if inner is None else inner + 1
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
            return self._comprehension(node)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._depth(child)
        return None

    def _operation(self, node: ast.BinOp) -> Depth:
        left, right = self._depth(node.left), self._depth(node.right)
        if isinstance(node.op, ast.Mod) and 0 in (left, right):
            self.offences.append((node.lineno, f"takes a remainder of sizes: {ast.unparse(node)}"))
        return _either(left, right)

    def _comparison(self, node: ast.Compare) -> Depth:
        sides = [node.left, *node.comparators]
        depths = [self._depth(side) for side in sides]
        for at, operator in enumerate(node.ops):
            if isinstance(operator, ORDER) and any(depth is not None for depth in depths[at : at + 2]):
                self.offences.append((node.lineno, f"compares sizes: {ast.unparse(node)}"))
        return None

    def _call(self, node: ast.Call) -> Depth:
        name = getattr(node.func, "id", "")
        self._depth(node.func)
        depths = [self._depth(arg) for arg in node.args]
        depths += [self._depth(keyword.value) for keyword in node.keywords]
        holds = {depth for depth in depths if depth is not None}
        if name in REFUSED and holds:
            self.offences.append((node.lineno, f"gives a size to {name}: {ast.unparse(node)}"))
        if name in KEEPS and node.args:
            return depths[0]
        return RETURNS.get(name)

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Depth:
        outer = dict(self.known)
        for generator in node.generators:
            self._depth(generator.iter)
            self.loop(generator.target, generator.iter)
            for condition in generator.ifs:
                self.test(condition)
                self._depth(condition)
        inner = self._depth(node.elt)
        self.known = outer
        return None if inner is None else inner + 1


def _item(depth: Depth) -> Depth:
    return None if depth is None else max(depth - 1, 0)


def _either(*depths: Depth) -> Depth:
    return next((depth for depth in depths if depth is not None), None)


def offences(source: Source, parameters: dict[str, dict[str, int]]) -> list[str]:
    """Where the rules of ``source``, and the functions they share, compare sizes: ``path:line what``."""
    found: list[tuple[int, str]] = []
    for node in source.tree.body:
        owner = parameters.get(getattr(node, "name", ""), {})
        for part in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(part, ast.FunctionDef):
                reader = Reader(owner)
                reader.function(part)
                found += reader.offences
    return [f"{source.path}:{line} {what}" for line, what in sorted(set(found))]
