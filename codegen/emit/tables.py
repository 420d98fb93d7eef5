"""Long lists of layers as loops over what differs in them: ``for out_width in [64, 128]: layers += [conv, norm, act]``.

A list is taken for rows: each a group of layers, one or several times in turn with other numbers, and what ends the
row, as a VGG's stages are convolutions and a pooling. Numbers that are always the same stay; where one is what another
was in the group before, a variable goes along: it is the width that comes in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from codegen.emit import trees
from codegen.emit.naming import Namespace
from codegen.emit.printing import flat
from codegen.emit.statements import Assign, Evaluate, For, If, Spot, Statement

MOST_TOGETHER, MOST_ENDING = 8, 2  # layers of a group, and layers that end a row
LEAST_GROUPS, LEAST_SAVED = 4, 6  # what makes a loop worth reading

Numbers = tuple[int, ...]


@dataclass(slots=True)
class _Rows:
    """Groups of ``length`` layers from ``first`` on: in each row so many, then ``ending`` others."""

    first: int
    length: int
    ending: int
    counts: list[int] = field(default_factory=list)

    @property
    def layers(self) -> int:
        """How many layers they are."""
        return sum(count * self.length + self.ending for count in self.counts)

    @property
    def saved(self) -> int:
        """How many lines a loop saves."""
        nested = len(self.counts) > 1
        return self.layers - self.length - self.ending - 5 - 2 * nested

    def groups(self) -> Iterator[tuple[int, int]]:
        """The row and the first layer of each group."""
        place = self.first
        for row, count in enumerate(self.counts):
            for _ in range(count):
                yield row, place
                place += self.length
            place += self.ending

    def endings(self) -> Iterator[int]:
        """The first layer of each row's ending."""
        place = self.first
        for count in self.counts:
            place += count * self.length
            yield place
            place += self.ending


def looped(made: ast.expr, names: Namespace, spots: tuple[Spot, ...]) -> tuple[list[Statement], ast.expr]:
    """What makes an ``nn.Sequential(…)`` that is long, or has layers with conditions, and the call that is left."""
    if not isinstance(made, ast.Call) or made.keywords or flat(made.func) not in ("nn.Sequential", "super().__init__"):
        return [], made
    inner = [looped(part, names, spots) for part in made.args]
    statements = [statement for before, _ in inner for statement in before]
    made = ast.Call(made.func, [part for _, part in inner], [])
    found = list(_found(made.args))
    if not found and not any(map(trees.maybe_parts, made.args)):
        return statements, made
    layers = names.new("layers")
    listed = _Listed(layers, spots, statements)
    place = 0
    for rows, columns in found:
        listed.add(made.args[place : rows.first])
        listed.begin()
        listed.statements += _Loop(rows, columns, made.args, layers, names, spots).statements()
        place = rows.first + rows.layers
    left = len(made.args) if not found else place
    listed.add(made.args[place:left])
    rest = [ast.Starred(trees.name(layers)), *made.args[left:]]
    return listed.statements, ast.Call(made.func, rest, [])


@dataclass(slots=True)
class _Listed:
    """Statements that fill a list of layers."""

    layers: str
    spots: tuple[Spot, ...]
    statements: list[Statement]
    begun: bool = False

    def begin(self) -> None:
        """Make the list where it is not yet."""
        if not self.begun:
            self.statements.append(_more(self.layers, [], self.spots, begun=False))
            self.begun = True

    def add(self, items: Sequence[ast.expr]) -> None:
        """Add layers, each with a condition by an ``if``."""
        plain: list[ast.expr] = []
        for item in [*items, None]:
            parts = trees.maybe_parts(item) if item is not None else None
            if item is not None and parts is None:
                plain.append(item)
                continue
            if plain:
                self.statements.append(_more(self.layers, plain, self.spots, begun=self.begun))
                self.begun, plain = True, []
            if parts is not None:
                self.begin()
                body = [_more(self.layers, [parts[1]], self.spots, begun=True)]
                self.statements.append(If(parts[0], body, spots=self.spots))


def _more(layers: str, items: Sequence[ast.expr], spots: tuple[Spot, ...], *, begun: bool) -> Statement:
    """``layers: list[nn.Module] = […]``, or ``layers += […]``."""
    if begun and len(items) == 1:
        return Evaluate(trees.call(f"{layers}.append", items), spots=spots)
    kind, sign = ("", "+=") if begun else ("list[nn.Module]", "=")
    return Assign(trees.name(layers), ast.List(list(items)), kind, sign=sign, spots=spots)


def _found(items: Sequence[ast.expr]) -> Iterator[tuple[_Rows, _Columns]]:
    """The longest rows from each place on that are worth a loop."""
    shapes = [_shape(item) for item in items]
    place = 0
    while place < len(items):
        best = max(_rows_at(shapes, place), key=lambda rows: (rows.saved, -rows.ending), default=None)
        columns = _columns(items, best) if best is not None else None
        if best is None or columns is None:
            place += 1
            continue
        yield best, columns
        place += best.layers


def _rows_at(shapes: list[str], first: int) -> Iterator[_Rows]:
    for length in range(2, MOST_TOGETHER + 1):
        for ending in range(MOST_ENDING + 1):
            rows = _parsed(shapes, first, length, ending)
            if sum(rows.counts) >= LEAST_GROUPS and rows.saved >= LEAST_SAVED:
                yield rows


def _parsed(shapes: list[str], first: int, length: int, ending: int) -> _Rows:
    """Rows of groups that are shaped as the first one; without an ending there is one row."""
    rows = _Rows(first, length, ending)
    group, place, last = shapes[first : first + length], first, None
    while True:
        count = 0
        while shapes[place : place + length] == group:
            count, place = count + 1, place + length
        end = shapes[place : place + ending]
        if not count or len(end) < ending or (last is not None and end != last):
            return rows
        rows.counts.append(count)
        if not ending:
            return rows
        place, last = place + ending, end


class _Holes(ast.NodeTransformer):
    """Reads the whole numbers of an expression, or puts others in their places."""

    def __init__(self, put: Sequence[ast.expr] | None = None) -> None:
        self.put = put
        self.numbers: list[int] = []
        self.keywords: list[str] = []
        self._keyword = ""

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        self._keyword = node.arg or ""
        value = self.visit(node.value)
        self._keyword = ""
        return ast.keyword(node.arg, value)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if type(node.value) is not int:
            return node
        self.numbers.append(node.value)
        self.keywords.append(self._keyword)
        return ast.Name("_") if self.put is None else self.put[len(self.numbers) - 1]

    def visit_Call(self, node: ast.Call) -> ast.Call:
        return ast.Call(node.func, [self.visit(part) for part in node.args], [self.visit(k) for k in node.keywords])

    def generic_visit(self, node: ast.AST) -> ast.AST:
        fields = {name: self._copied(value) for name, value in ast.iter_fields(node)}
        return type(node)(**fields)

    def _copied(self, value: object) -> object:
        if isinstance(value, list):
            return [self._copied(part) for part in value]
        return self.visit(value) if isinstance(value, ast.AST) else value


def _shape(item: ast.expr) -> str:
    """A layer without its numbers."""
    return flat(_Holes().visit(item))


def _read(items: Sequence[ast.expr]) -> tuple[Numbers, list[str]]:
    """The numbers of some layers, and the keywords that they stand behind."""
    holes = _Holes()
    for item in items:
        holes.visit(item)
    return tuple(holes.numbers), holes.keywords


@dataclass(slots=True)
class _Columns:
    """What the numbers of a group are: ``kinds`` has for each a number, or the place of its variable; −1 goes along."""

    kinds: list[tuple[str, int]]
    varying: list[Numbers]  # for each variable its number in each group
    keywords: list[str]  # and the keyword behind which it stands first
    before: int  # what goes along before the first group
    along: int  # the variable that it is one group later
    endings: list[tuple[str, int]]


def _columns(items: Sequence[ast.expr], rows: _Rows) -> _Columns | None:
    """How the numbers of rows are told; None where they cannot be."""
    groups = [_read(items[place : place + rows.length]) for _, place in rows.groups()]
    columns = list(zip(*(numbers for numbers, _ in groups), strict=True))
    found = _Columns([], [], [], 0, -1, [])
    differing = [column for column in dict.fromkeys(columns) if len(set(column)) > 1]
    for column in differing:
        later = [other for other in differing if other != column and other[:-1] == column[1:]]
        if later and found.along < 0:
            found.before, goes = column[0], column
            found.varying = [other for other in differing if other != goes]
            found.along = found.varying.index(later[0])
    if found.along < 0:
        found.varying = differing
    for column in columns:
        if column in found.varying:
            found.kinds.append(("variable", found.varying.index(column)))
        else:
            found.kinds.append(("number", column[0]) if column not in differing else ("along", -1))
    found.keywords = [groups[0][1][columns.index(column)] for column in found.varying]
    last = [place for place, (row, _) in enumerate(rows.groups()) if _is_last(rows, place, row)]
    ends = [_read(items[place : place + rows.ending])[0] for place in rows.endings()]
    for column in zip(*ends, strict=True):
        ways = [place for place, one in enumerate(found.varying) if tuple(one[group] for group in last) == column]
        if len(set(column)) == 1:
            found.endings.append(("number", column[0]))
        elif ways:
            found.endings.append(("variable", ways[0]))
        else:
            return None
    return found if found.varying else None


def _is_last(rows: _Rows, group: int, row: int) -> bool:
    return group + 1 == sum(rows.counts[: row + 1])


class _Loop:
    """The statements of one loop."""

    def __init__(
        self,
        rows: _Rows,
        columns: _Columns,
        items: Sequence[ast.expr],
        layers: str,
        names: Namespace,
        spots: tuple[Spot, ...],
    ) -> None:
        self.rows, self.columns, self.items = rows, columns, items
        self.layers, self.spots, self.names = layers, spots, names
        self.along = names.new("in_width") if columns.along >= 0 else ""
        wishes = [keyword or "size" for keyword in columns.keywords]
        if columns.along >= 0:
            wishes[columns.along] = "out_width"
        self.variables = [names.new(wish) for wish in wishes]

    def statements(self) -> list[Statement]:
        """The variable that goes along, and the loop."""
        found: list[Statement] = []
        if self.along:
            found.append(Assign(trees.name(self.along), trees.constant(self.columns.before), spots=self.spots))
        table = [self._row(row) for row in range(len(self.rows.counts))]
        target = trees.tuple_of([trees.name(variable) for variable in self.variables])
        group = self._made(self.rows.first, self.rows.length, self.columns.kinds)
        body: list[Statement] = [_more(self.layers, group, self.spots, begun=True)]
        if self.along:
            body.append(
                Assign(trees.name(self.along), trees.name(self.variables[self.columns.along]), spots=self.spots)
            )
        if len(table) == 1:
            return [*found, For(target, table[0], body, spots=self.spots)]
        row = self.names.new("widths" if len(self.variables) == 1 else "rows")
        ending = self._made(next(self.rows.endings()), self.rows.ending, self.columns.endings)
        inner = For(target, trees.name(row), body, spots=self.spots)
        outer = [inner, _more(self.layers, ending, self.spots, begun=True)]
        return [*found, For(trees.name(row), ast.List(table), outer, spots=self.spots)]

    def _row(self, wanted: int) -> ast.expr:
        """The numbers of a row's groups."""
        places = [place for place, (row, _) in enumerate(self.rows.groups()) if row == wanted]
        parts = [[trees.constant(column[place]) for column in self.columns.varying] for place in places]
        return ast.List([trees.tuple_of(part) for part in parts])

    def _made(self, first: int, length: int, kinds: list[tuple[str, int]]) -> list[ast.expr]:
        """Some layers with variables in the places of what differs."""
        put = _Holes([self._told(kind, value) for kind, value in kinds])
        return [put.visit(item) for item in self.items[first : first + length]]

    def _told(self, kind: str, value: int) -> ast.expr:
        if kind == "number":
            return trees.constant(value)
        return trees.name(self.along if kind == "along" else self.variables[value])
