"""Two readings of one source beside each other: where a person changed a value, and whether anything else changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

Step = tuple[str, str | int]  # a field of a tree and what is taken of it: a place, or the name of what stands there
Place = tuple[Step, ...]

_VALUES = (
    ast.Constant,
    ast.Name,
    ast.UnaryOp,
    ast.BinOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Tuple,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.expr_context,
)


@dataclass(frozen=True, slots=True)
class Changed:
    """A value that was changed, written in (`old` is None) or taken out (`new` is None), and the line it stood in."""

    place: Place
    old: ast.expr | None
    new: ast.expr | None
    line: int

    @property
    def keyword(self) -> str:
        """The keyword whose argument it is; empty for an argument by position and everything else."""
        for field, name in reversed(self.place):
            if field == "keywords":
                return str(name)
            if field in ("args", "body"):
                break
        return ""


class Rebuilt(ValueError):
    """More than values was changed; ``line`` is where, in the newer source."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def changed_values(old: ast.Module, new: ast.Module) -> list[Changed]:
    """The values in which two sources differ; raises Rebuilt where they differ in anything else."""
    return list(_compare(old, new, (), 1, 1))


def at_place(tree: ast.AST, place: Place) -> ast.AST | None:
    """What stands at a place of a source; None where there is no such place."""
    here: ast.AST = tree
    for field, key in place:
        found = getattr(here, field, None)
        if isinstance(found, list):
            found = dict(_keyed(found)).get(key)
        if not isinstance(found, ast.AST):
            return None
        here = found
    return here


def same(one: ast.AST | None, other: ast.AST | None) -> bool:
    """Whether two trees say the same."""
    return (one is None) == (other is None) and (
        one is None or other is None or ast.dump(_plain(one)) == ast.dump(_plain(other))
    )


def _plain(tree: ast.AST) -> ast.AST:
    """A list as the tuple it may as well be."""
    return ast.Tuple(tree.elts, ast.Load()) if isinstance(tree, ast.List) else tree


def _compare(old: ast.AST, new: ast.AST, place: Place, line: int, now: int) -> Iterator[Changed]:
    line, now = getattr(old, "lineno", line), getattr(new, "lineno", now)
    if same(old, new):
        return
    if _is_value(old) and _is_value(new):
        assert isinstance(old, ast.expr)
        assert isinstance(new, ast.expr)
        yield Changed(place, old, new, line)
        return
    if type(old) is not type(new):
        raise Rebuilt(now)
    for field in old._fields:
        before, after = getattr(old, field, None), getattr(new, field, None)
        if isinstance(before, list) and isinstance(after, list):
            yield from _compare_lists(before, after, (*place,), field, line, now)
        elif isinstance(before, ast.AST) and isinstance(after, ast.AST):
            yield from _compare(before, after, (*place, (field, "")), line, now)
        elif before != after:
            raise Rebuilt(now)


def _compare_lists(
    old: list[ast.AST], new: list[ast.AST], place: Place, field: str, line: int, now: int
) -> Iterator[Changed]:
    before, after = dict(_keyed(old)), dict(_keyed(new))
    if field == "keywords":
        for key in sorted(before.keys() - after.keys(), key=str):
            gone = _argument(before[key])
            if gone is None or not _is_value(gone):
                raise Rebuilt(now)
            yield Changed((*place, (field, key), ("value", "")), gone, None, line)
        for key in sorted(after.keys() - before.keys(), key=str):
            argument = _argument(after[key])
            if argument is None or not _is_value(argument):
                raise Rebuilt(now)
            yield Changed((*place, (field, key), ("value", "")), None, argument, line)
    elif list(before) != list(after):
        raise Rebuilt(next((getattr(one, "lineno", now) for key, one in after.items() if key not in before), now))
    for key, one in before.items():
        if key in after:
            yield from _compare(one, after[key], (*place, (field, key)), line, now)


def _argument(tree: ast.AST) -> ast.expr | None:
    return tree.value if isinstance(tree, ast.keyword) else None


def _keyed(items: list[ast.AST]) -> Iterator[tuple[str | int, ast.AST]]:
    """What stands in a list, by its name where it has one: a class goes on being itself where another comes before."""
    for place, item in enumerate(items):
        if isinstance(item, ast.ClassDef | ast.FunctionDef):
            yield item.name, item
        elif isinstance(item, ast.keyword) and item.arg:
            yield item.arg, item
        else:
            yield place, item


def _is_value(tree: ast.AST) -> bool:
    return isinstance(tree, ast.expr) and all(isinstance(part, _VALUES) for part in ast.walk(tree))
