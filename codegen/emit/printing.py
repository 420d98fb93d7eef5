"""Prints syntax trees as ``ruff format`` would, at 88 columns: the formatter's own default, so a user's run of it
changes nothing.

Only the forms that emitted source uses are known. What does not fit in a line is broken at its outermost bracket:
first with all arguments on one line of their own, then with one a line and a trailing comma; operators break before
the sign.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

WIDTH = 88
STEP = 4

_SIGNS: dict[type[ast.AST], tuple[str, int]] = {
    ast.BitOr: ("|", 6),
    ast.BitXor: ("^", 7),
    ast.BitAnd: ("&", 8),
    ast.Add: ("+", 9),
    ast.Sub: ("-", 9),
    ast.Mult: ("*", 10),
    ast.Div: ("/", 10),
    ast.FloorDiv: ("//", 10),
    ast.Mod: ("%", 10),
    ast.MatMult: ("@", 10),
    ast.Pow: ("**", 12),
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
}
_PREFIXES: dict[type[ast.unaryop], tuple[str, int]] = {
    ast.Not: ("not ", 4),
    ast.USub: ("-", 11),
    ast.UAdd: ("+", 11),
    ast.Invert: ("~", 11),
}
_CONDITIONAL, _OR, _AND, _COMPARE, _UNARY, _ATOM = 1, 2, 3, 5, 11, 14


def flat(tree: ast.expr) -> str:
    """The tree on one line."""
    return _flat(tree, 0)


def top(tree: ast.expr) -> str:
    """The tree on one line as the whole of a statement, where a tuple needs no parentheses."""
    if isinstance(tree, ast.Tuple) and len(tree.elts) > 1:
        return ", ".join(flat(part) for part in tree.elts)
    return flat(tree)


def statement(head: str, tree: ast.expr, tail: str, indent: int) -> list[str]:
    """Lines of ``head tree tail`` at an indentation; ``head`` as ``y = `` or ``return ``, ``tail`` as ``:``."""
    pad = " " * indent
    text = top(tree)
    if indent + len(head) + len(text) + len(tail) <= WIDTH:
        return [f"{pad}{head}{text}{tail}"]
    if _breaks_by_itself(tree):
        lines = _broken(tree, indent, indent + len(head), len(tail))
        return [f"{pad}{head}{lines[0]}", *lines[1:-1], f"{lines[-1]}{tail}"]
    inner = indent + STEP
    if inner + len(text) <= WIDTH:
        body = [" " * inner + text]
    elif isinstance(tree, ast.Tuple):
        body = _one_a_line(tree.elts, inner)
    else:
        lines = _broken(tree, inner, inner, 0)
        body = [" " * inner + lines[0], *lines[1:]]
    return [f"{pad}{head}(", *body, f"{pad}){tail}"]


def signature(function: str, arguments: Sequence[str], returns: str, indent: int) -> list[str]:
    """Lines of ``def function(arguments) -> returns:``."""
    pad, inner = " " * indent, " " * (indent + STEP)
    head, tail = f"{pad}def {function}(", f") -> {returns}:"
    text = ", ".join(arguments)
    if len(head) + len(text) + len(tail) <= WIDTH:
        return [head + text + tail]
    if len(inner) + len(text) <= WIDTH:
        return [head, inner + text, pad + tail]
    return [head, *(f"{inner}{argument}," for argument in arguments), pad + tail]


def _flat(tree: ast.expr, outer: int) -> str:
    text, level = _text(tree)
    return f"({text})" if level < outer else text


def _text(tree: ast.expr) -> tuple[str, int]:
    """The text of a tree and how tightly its outermost form binds."""
    match tree:
        case ast.Name(id=name):
            return name, _ATOM
        case ast.Constant(value=value):
            return _literal(value), _ATOM
        case ast.JoinedStr(values=parts):
            return f'f"{"".join(map(_part, parts))}"', _ATOM
        case ast.Attribute(value=value, attr=attr):
            return f"{_flat(value, _ATOM)}.{attr}", _ATOM
        case ast.Call(func=func):
            return f"{_flat(func, _ATOM)}({', '.join(_arguments(tree))})", _ATOM
        case ast.Subscript(value=value, slice=index):
            return f"{_flat(value, _ATOM)}[{top(index)}]", _ATOM
        case ast.Slice(lower=lower, upper=upper, step=step):
            return _slice(lower, upper, step), _ATOM
        case ast.Tuple(elts=[only]):
            return f"({flat(only)},)", _ATOM
        case ast.Tuple(elts=elts):
            return f"({', '.join(map(flat, elts))})", _ATOM
        case ast.List(elts=elts):
            return f"[{', '.join(map(flat, elts))}]", _ATOM
        case ast.Dict(keys=keys, values=values):
            pairs = (f"{flat(key)}: {flat(value)}" for key, value in zip(keys, values, strict=True) if key)
            return f"{{{', '.join(pairs)}}}", _ATOM
        case ast.Starred(value=value):
            return f"*{_flat(value, _COMPARE + 1)}", _ATOM
        case ast.GeneratorExp():
            return f"({_generator(tree)})", _ATOM
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(left, op, right)
        case ast.UnaryOp(op=op, operand=operand):
            sign, level = _PREFIXES[type(op)]
            power = isinstance(operand, ast.BinOp) and isinstance(operand.op, ast.Pow)
            return f"{sign}{_flat(operand, _ATOM if power else level)}", level
        case ast.Compare():
            return " ".join(_pieces(tree)), _COMPARE
        case ast.BoolOp():
            return " ".join(_pieces(tree)), _OR if isinstance(tree.op, ast.Or) else _AND
        case ast.IfExp():
            return " ".join(_pieces(tree)), _CONDITIONAL
    raise AssertionError(f"a form that emitted source does not use: {type(tree).__name__}")


def _slice(lower: ast.expr | None, upper: ast.expr | None, step: ast.expr | None) -> str:
    """``a:b:c``, with spaces where an end is more than a name or a number."""
    ends = [lower, upper] if step is None else [lower, upper, step]
    plain = all(end is None or (_simple(end) and not isinstance(end, ast.Attribute)) for end in ends)
    text = ""
    for place, end in enumerate(ends):
        colon = ":" if plain or not place or ends[place - 1] is None else " :"
        text += (colon if place else "") + ("" if end is None else f"{'' if plain or not place else ' '}{flat(end)}")
    return text


def _part(tree: ast.expr) -> str:
    """What stands in an f-string: a text, or an expression in braces."""
    if isinstance(tree, ast.FormattedValue):
        return f"{{{flat(tree.value)}}}"
    assert isinstance(tree, ast.Constant)
    return str(tree.value)


def _literal(value: object) -> str:
    """A literal as ruff writes it: double quotes unless that takes more escapes."""
    text = repr(value)
    if isinstance(value, str) and text.startswith("'") and '"' not in text:
        return f'"{text[1:-1]}"'
    return text


def _arguments(tree: ast.Call) -> list[str]:
    if len(tree.args) == 1 and not tree.keywords and isinstance(tree.args[0], ast.GeneratorExp):
        return [_generator(tree.args[0])]
    return [*map(flat, tree.args), *(f"{k.arg}={flat(k.value)}" for k in tree.keywords)]


def _generator(tree: ast.GeneratorExp) -> str:
    return f"{_flat(tree.elt, _CONDITIONAL)} {_loop(tree)}"


def _loop(tree: ast.GeneratorExp) -> str:
    [loop] = tree.generators
    return f"for {top(loop.target)} in {_flat(loop.iter, _OR)}"


def _binary(left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[str, int]:
    sign, level = _SIGNS[type(op)]
    if isinstance(op, ast.Pow):
        # Binds tighter than a sign on its left, and from right to left; hugs what is simple.
        hugs = _simple(left) and _simple(right) and not isinstance(left, ast.UnaryOp)
        space = "" if hugs else " "
        return f"{_flat(left, level + 1)}{space}**{space}{_flat(right, _UNARY)}", level
    return f"{_flat(left, level)} {sign} {_flat(right, level + 1)}", level


def _simple(tree: ast.expr) -> bool:
    match tree:
        case ast.Name():
            return True
        case ast.Constant(value=value):
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant() | ast.Name() | ast.Attribute() as operand):
            return _simple(operand)
        case ast.Attribute(value=value):
            return isinstance(value, ast.Name | ast.Attribute) and _simple(value)
    return False


def _operands(tree: ast.expr) -> list[tuple[str, ast.expr, int]]:
    """The operands of a form with operators, each with the sign before it and how tightly it has to bind."""
    match tree:
        case ast.BinOp(left=left, op=op, right=right):
            sign, level = _SIGNS[type(op)]
            same = isinstance(left, ast.BinOp) and _SIGNS[type(left.op)][1] == level and level != 12
            first = _operands(left) if same else [("", left, level + (level == 12))]
            return [*first, (f"{sign} ", right, level + 1 if level != 12 else _UNARY)]
        case ast.Compare(left=left, ops=ops, comparators=others):
            rest = [(f"{_COMPARISONS[type(op)]} ", o, _COMPARE + 1) for op, o in zip(ops, others, strict=True)]
            return [("", left, _COMPARE + 1), *rest]
        case ast.BoolOp(op=op, values=[first_value, *values]):
            word, level = ("or ", _OR) if isinstance(op, ast.Or) else ("and ", _AND)
            return [("", first_value, level + 1), *((word, value, level + 1) for value in values)]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            rest = _operands(orelse) if isinstance(orelse, ast.IfExp) else [("", orelse, _CONDITIONAL)]
            return [("", body, _OR), ("if ", test, _OR), ("else ", *rest[0][1:]), *rest[1:]]
    return [("", tree, 0)]


def _pieces(tree: ast.expr) -> list[str]:
    """The operands with their signs, each on one line."""
    return [head + _flat(operand, level) for head, operand, level in _operands(tree)]


def _operator_lines(tree: ast.expr, indent: int, tail: int) -> list[str]:
    """An operand a line; one that is too long is broken inside its own parentheses."""
    pad, lines = " " * indent, list[str]()
    for head, operand, level in _operands(tree):
        text, binds = _text(operand)
        here = pad if lines else ""
        if binds < level and indent + len(head) + len(text) + 2 + tail > WIDTH:
            inner = indent + STEP
            body = [text] if inner + len(text) <= WIDTH else _broken(operand, inner, inner, 0)
            lines += [f"{here}{head}(", " " * inner + body[0], *body[1:], f"{pad})"]
        elif binds >= level and indent + len(head) + len(text) + tail > WIDTH:
            body = _broken(operand, indent, indent + len(head), tail)
            lines += [f"{here}{head}{body[0]}", *body[1:]]
        else:
            lines.append(here + head + _flat(operand, level))
    return lines


def _breaks_by_itself(tree: ast.expr) -> bool:
    """Whether it has a bracket of its own to break at."""
    if isinstance(tree, ast.Call):
        return bool(tree.args or tree.keywords)
    return isinstance(tree, ast.List)


def _layout(tree: ast.expr, indent: int, column: int, tail: int) -> list[str]:
    """Lines of a tree inside brackets: the first goes on at ``column``, the others stand by themselves."""
    text = flat(tree)
    return [text] if column + len(text) + tail <= WIDTH else _broken(tree, indent, column, tail)


def _broken(tree: ast.expr, indent: int, column: int, tail: int) -> list[str]:
    pad, inner = " " * indent, indent + STEP
    match tree:
        case ast.Call(func=func) if tree.args or tree.keywords:
            head = f"{_flat(func, _ATOM)}("
            only = tree.args[0] if len(tree.args) == 1 and not tree.keywords else None
            if isinstance(only, ast.GeneratorExp):
                return [head, *_generator_lines(only, inner), f"{pad})"]
            text = ", ".join(_arguments(tree))
            if inner + len(text) <= WIDTH:
                return [head, " " * inner + text, f"{pad})"]
            arguments: list[ast.expr | ast.keyword] = [*tree.args, *tree.keywords]
            return [head, *_one_a_line(arguments, inner), f"{pad})"]
        case ast.List(elts=elts) | ast.Tuple(elts=elts) if elts:
            opening, closing = ("[", "]") if isinstance(tree, ast.List) else ("(", ")")
            return [opening, *_one_a_line(elts, inner), f"{pad}{closing}"]
        case ast.Dict(keys=keys, values=values):
            entries = [(key, value) for key, value in zip(keys, values, strict=True) if key is not None]
            return ["{", *_one_a_line(entries, inner), f"{pad}}}"]
        case ast.Starred(value=ast.IfExp() as value):
            text = flat(value)
            body = [" " * inner + text]
            if inner + len(text) > WIDTH:
                first, *rest = _operator_lines(value, inner, 0)
                body = [" " * inner + first, *rest]
            return ["*(", *body, f"{pad})"]
        case ast.Starred(value=value):
            lines = _broken(value, indent, column + 1, tail)
            return [f"*{lines[0]}", *lines[1:]]
        case ast.GeneratorExp():
            return ["(", *_generator_lines(tree, inner), f"{pad})"]
        case ast.BinOp() | ast.Compare() | ast.BoolOp() | ast.IfExp():
            return _operator_lines(tree, indent, tail)
    return [flat(tree)]


def _generator_lines(tree: ast.GeneratorExp, indent: int) -> list[str]:
    pad = " " * indent
    text = _generator(tree)
    if indent + len(text) <= WIDTH:
        return [pad + text]
    lines = _layout(tree.elt, indent, indent, 0)
    return [pad + lines[0], *lines[1:], pad + _loop(tree)]


def _one_a_line(
    items: Sequence[ast.expr | ast.keyword] | Sequence[tuple[ast.expr, ast.expr]], indent: int
) -> list[str]:
    pad = " " * indent
    result: list[str] = []
    for item in items:
        if isinstance(item, tuple):
            head, tree = f"{flat(item[0])}: ", item[1]
        elif isinstance(item, ast.keyword):
            head, tree = f"{item.arg}=", item.value
        else:
            head, tree = "", item
        lines = _layout(tree, indent, indent + len(head), 1)
        result += [f"{pad}{head}{lines[0]}", *lines[1:]]
        result[-1] += ","
    return result
