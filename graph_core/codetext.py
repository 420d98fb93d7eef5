"""The text of a custom-code node, read and never run: one class or function, its imports, what it takes.

Python's parser builds a tree of the text; nothing of it is compiled or imported here. See graph_core.trust for when
others may.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from graph_core.names import EMITTED_NAMES, BadName, check_class_name, class_name_from

MAX_CODE: Final = 20_000
MAX_BRACKETS: Final = 60  # Python's parser would give up at 200, or at some depth of signs and dots run out of stack
# Emitted files import these themselves.
_STANDARD: Final = frozenset(
    [
        "import torch",
        "from torch import nn",
        "import torch.nn as nn",
        "from torch import Tensor",
        "import torch.nn.functional as F",
        "from torch.nn import functional as F",
    ]
)


class CodeError(ValueError):
    """A text that is no custom code; the message is one sentence, with the line."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a text defines: the class, and how many arguments its constructor and its forward need and take.

    ``arguments`` are the names of the constructor's positional arguments; ``imports`` the lines that the file needs
    besides torch's; ``source`` the class alone, or a function and a class that calls it; ``bound`` are the names
    that its imports take.
    """

    name: str
    arguments: tuple[str, ...]
    required: int
    tensors: tuple[int, int]
    imports: tuple[str, ...]
    bound: frozenset[str]
    source: str
    function: str = ""

    def called(self, name: str) -> str:
        """The source with the class under another name; raises CodeError where the class speaks of itself."""
        if name == self.name:
            return self.source
        if re.search(rf"\b{self.name}\b", self.source.partition(f"class {self.name}")[2]):
            raise CodeError(f"Two custom classes are called {self.name}, and one of them uses its name; rename it.")
        return self.source.replace(f"class {self.name}", f"class {name}", 1)


@lru_cache(maxsize=256)
def read_code(text: str) -> Code:
    """What ``text`` defines; raises CodeError with one sentence where it is not one class that torch can call."""
    if len(text) > MAX_CODE:
        raise CodeError(f"It has {len(text):,} characters; custom code may have {MAX_CODE:,}.")
    tree = _parsed(text)
    imports: list[str] = []
    bound: set[str] = set()
    found: ast.ClassDef | ast.FunctionDef | None = None
    for part in tree.body:
        if isinstance(part, ast.Import | ast.ImportFrom):
            imports += _imported(part, bound)
        elif isinstance(part, ast.ClassDef | ast.FunctionDef) and found is None:
            found = part
        else:
            raise CodeError(
                f"Line {part.lineno} is no part of it; custom code is one class or function, and its imports."
            )
    if found is None:
        raise CodeError("It holds no class and no function; write class Name(nn.Module): with a forward.")
    try:
        check_class_name(found.name)
    except BadName as error:
        raise CodeError(str(error)) from error
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    source = "\n".join(_lines(text)[first - 1 : found.end_lineno])
    if isinstance(found, ast.ClassDef):
        return _class_code(found, source, tuple(imports), frozenset(bound))
    return _function_code(found, source, tuple(imports), frozenset(bound))


def _parsed(text: str) -> ast.Module:
    # The parser recurses on signs, dots and brackets: what no person writes is refused before it is asked.
    depth = deepest = 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        deepest = max(deepest, depth)
    for number, line in enumerate(_lines(text), 1):
        if hidden := next((c for c in line if not c.isprintable() and c != "\t"), ""):
            raise CodeError(f"Line {number} holds a character that is not seen, U+{ord(hidden):04X}; take it out.")
    if deepest > MAX_BRACKETS:
        raise CodeError("It is nested too deep; write it in more lines.")
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise CodeError(f"Line {error.lineno or 1} is no Python: {_one_line(error.msg)}.") from error
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        raise CodeError("It is no Python text that can be read; write it in more lines.") from error


def _imported(part: ast.Import | ast.ImportFrom, bound: set[str]) -> list[str]:
    """Each import as a line of its own; torch's usual ones, which every file has, left out."""
    lines = []
    for alias in part.names:
        shown = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
        if isinstance(part, ast.Import):
            line = f"import {shown}"
            name = alias.asname or alias.name.partition(".")[0]
        else:
            if part.level or not part.module or alias.name == "*" or part.module == "__future__":
                raise CodeError(f"Line {part.lineno} imports what no file by itself can; name a module and its names.")
            line = f"from {part.module} import {shown}"
            name = alias.asname or alias.name
        if line in _STANDARD:
            continue
        if name in EMITTED_NAMES and line != "import math":
            raise CodeError(f"Line {part.lineno} gives {name} another meaning; import it under another name.")
        bound.add(name)
        lines.append(line)
    return lines


def _class_code(found: ast.ClassDef, source: str, imports: tuple[str, ...], bound: frozenset[str]) -> Code:
    if [ast.unparse(base) for base in found.bases] not in (["nn.Module"], ["torch.nn.Module"]) or found.keywords:
        raise CodeError(f"{found.name} is no module; write class {found.name}(nn.Module):.")
    methods = {part.name: part for part in found.body if isinstance(part, ast.FunctionDef)}
    if "forward" not in methods:
        raise CodeError(f"{found.name} has no forward; write def forward(self, x: Tensor) -> Tensor:.")
    _, required, most = _takes(methods["forward"], "self")
    made = _takes(methods["__init__"], "self") if "__init__" in methods else ((), 0, 0)
    return Code(found.name, made[0], made[1], (required, most), imports, bound, source)


_CALLING = """{source}


class {name}(nn.Module):
    \"\"\"Calls {function}.\"\"\"

    def forward(self, *inputs: Tensor) -> Tensor:
        return {function}(*inputs)"""


def _function_code(found: ast.FunctionDef, source: str, imports: tuple[str, ...], bound: frozenset[str]) -> Code:
    """A function of tensors, as a module that calls it."""
    _, required, most = _takes(found)
    name = class_name_from(found.name)
    name = f"{name}Module" if name == found.name else name
    text = _CALLING.format(source=source, name=name, function=found.name)
    return Code(name, (), 0, (required, most), imports, bound, text, found.name)


def _takes(function: ast.FunctionDef, subject: str = "") -> tuple[tuple[str, ...], int, int]:
    """The names of a function's arguments, after ``subject`` where it is a method; how many it needs and takes."""
    spec = function.args
    positional = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
    if subject and not positional:
        raise CodeError(f"Line {function.lineno}: {function.name} takes no self; write def {function.name}(self, …):.")
    if any(default is None for default in spec.kw_defaults):
        raise CodeError(f"Line {function.lineno}: {function.name} needs arguments by keyword; take them by position.")
    names = tuple(positional[1 if subject else 0 :])
    return names, max(0, len(names) - len(spec.defaults)), 1000 if spec.vararg else len(names)


def _lines(text: str) -> list[str]:
    """The lines of a text as Python counts them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:120]
