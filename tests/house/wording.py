"""What the window may say: the texts of the source that reach a person, as the catalogues have them for keys."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.house.source import Source, docstrings, sources

# Never shown in the window: what commands print, what is written into files, how things are painted.
SILENT = (
    "designer/command.py",
    "designer/desktop.py",
    "designer/render.py",
    "designer/glyphs.py",
    "designer/theme.py",
    "designer/style.py",
    "designer/canvas/tikz.py",
    "designer/canvas/texwords.py",
    "designer/canvas/export.py",
    "designer/words.py",
    "graph_core/problems.py",
    "graph_core/schema.py",
    "graph_core/latex.py",
    "graph_core/tuple_latex.py",
    "graph_core/tuple_forms.py",
    "graph_core/formula_text.py",
    "codegen/verbs/",
    "codegen/intake/",
    "codegen/git_driver.py",
)
TABLES = (
    "codegen/measure/dialect.py",
    "codegen/data/catalog.py",
)  # of codegen, where else only what is raised is shown
# Calls whose texts are no words for people: names of things, forms of numbers, and what only programmers meet.
INTERNAL = frozenset(
    [
        "Inlet",
        "Outlet",
        "weight",
        "KeyError",
        "TypeError",
        "AssertionError",
        "RuntimeError",
        "compile",
        "sub",
        "match",
        "split",
        "setObjectName",
        "setProperty",
        "property",
        "getattr",
        "merging",
        "Function",
        "Module",
        "Method",
        "Operator",
        "QFont",
        "strftime",
        "show_tab",
        "startswith",
        "endswith",
        "removeprefix",
        "removesuffix",
        "cast",
        "TypeVar",
        "dress",
        "import_module",
        "setdefault",
    ]
)
# Attributes of declarations that are searched for or written into source, not shown as sentences.
UNSAID = frozenset(
    ["words", "source", "torch", "preamble", "__all__", "letters", "saves", "SOURCE", "renamed", "replaces"]
)


def wordy(text: str, holes: bool = False) -> bool:
    """Whether a text reads as words: two of them, or one that begins as a title does."""
    if holes:
        return bool(re.search(r"[A-Za-z]{3}", text)) and " " in text
    two = re.search(r"[A-Za-z]{2,}[^A-Za-z]* [^A-Za-z]*[A-Za-z]", text)
    return bool(two or re.fullmatch(r"[A-Z][a-z]+…?", text.strip()))


@cache
def texts_of(package: str) -> dict[str, str]:
    """Each text that ``package`` may show, with where it stands; an f-string's holes are ``{}``."""
    found: dict[str, str] = {}
    for source in sources(package):
        if not source.path.startswith(SILENT):
            for line, text in _said(source, only_raised=package == "codegen" and source.path not in TABLES):
                found.setdefault(text, f"{source.path}:{line}")
    return found


@cache
def keys_of_tr() -> dict[str, str]:
    """Each text that the designer looks up by ``tr``, with where it stands."""
    found: dict[str, str] = {}
    for source in sources("designer"):
        for node in ast.walk(source.tree):
            if _called(node) == "tr" and isinstance(node, ast.Call) and isinstance(node.args[0], ast.Constant):
                found.setdefault(node.args[0].value, f"{source.path}:{node.lineno}")
    return found


# Calls that take plain English: `told` says it where it is shown, as names of commands, edits and pages, and errors.
TABLES_OF_COMMANDS = ("designer/commands.py", "designer/keymap.py", "designer/actions.py")
SAID_LATER = frozenset(
    [
        "tr",
        "told",
        "Command",
        "edit",
        "editing",
        "record",
        "add_tab",
        "EditError",
        "FieldError",
        "FileError",
        "put",
        "_end",
    ]
)


@cache
def plain_texts() -> dict[str, str]:
    """Each text of the designer that nothing says in the language: neither ``tr`` nor what it is handed to."""
    found: dict[str, str] = {}
    for source in sources("designer"):
        if source.path.startswith((*SILENT, *TABLES_OF_COMMANDS)):
            continue
        parents = {child: node for node in ast.walk(source.tree) for child in ast.iter_child_nodes(node)}
        skipped = docstrings(source.tree)
        for node in ast.walk(source.tree):
            text = template(node)
            if text is None or id(node) in skipped or isinstance(parents[node], ast.JoinedStr):
                continue
            if not wordy(text, isinstance(node, ast.JoinedStr)) or not _reaches(node, parents, False):
                continue
            if not any(_called(above) in SAID_LATER or isinstance(above, ast.Raise) for above in _above(node, parents)):
                found.setdefault(text, f"{source.path}:{node.lineno}")  # type: ignore[attr-defined]
    return found


def _above(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    while (above := parents.get(node)) is not None:
        yield above
        node = above


def template(node: ast.AST) -> str | None:
    """The text of a string, or of an f-string with ``{}`` for its holes; None for another node."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return str(getattr(node.func, "id", getattr(node.func, "attr", "")))


def _said(source: Source, only_raised: bool) -> Iterator[tuple[int, str]]:
    parents = {child: node for node in ast.walk(source.tree) for child in ast.iter_child_nodes(node)}
    skipped = docstrings(source.tree)
    for node in ast.walk(source.tree):
        text = template(node)
        if text is None or id(node) in skipped or isinstance(parents[node], ast.JoinedStr):
            continue
        if wordy(text, isinstance(node, ast.JoinedStr)) and _reaches(node, parents, only_raised):
            yield node.lineno, text  # type: ignore[attr-defined]


def _reaches(node: ast.AST, parents: dict[ast.AST, ast.AST], only_raised: bool) -> bool:
    """Whether a text is shown: not compared, no key of a table, no annotation, no argument of an internal call."""
    raised = False
    while (above := parents.get(node)) is not None:
        if isinstance(above, ast.Compare | ast.arguments | ast.arg | ast.ImportFrom):
            return False
        if isinstance(above, ast.Subscript) and above.slice is node:
            return False
        if isinstance(above, ast.Dict) and node in above.keys:
            return False
        if isinstance(above, ast.FunctionDef) and node is above.returns:
            return False
        if isinstance(above, ast.AnnAssign) and node is above.annotation:
            return False
        if isinstance(above, ast.Assign) and any(getattr(t, "id", "") in UNSAID for t in _targets(above)):
            return False
        if isinstance(above, ast.Call) and node is not above.func and _called(above) in INTERNAL:
            return False
        raised = raised or isinstance(above, ast.Raise)
        node = above
    return raised or not only_raised


def _targets(node: ast.Assign) -> Iterator[ast.expr]:
    for target in node.targets:
        yield from target.elts if isinstance(target, ast.Tuple) else (target,)
