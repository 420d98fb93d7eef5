"""Texts that try to become code, to hide it, to break a file or to stop a program: two thousand, always the same."""

from __future__ import annotations

import ast
import builtins
import keyword
import random

from graph_core.expressions import ExpressionError, parse

COUNT = 2000
_BIDI = ["\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f"]
_BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\\\n", "\t"]
_SURROGATES = ["\ud800", "\udfff", "\udc80", "\ud83d", "x\udce9"]
_QUOTES = ['"', "'", '"""', "'''", '\\"', "\\'", "`", "\\", '"""\n', "'''\n", 'f"{', "{", "}", "{{", "}}"]
_CODE = [
    "import os",
    "__import__('os').system('true')",
    "exec('1')",
    "open('/etc/passwd').read()",
    "class A: pass",
    "lambda: 0",
    "x := 1",
    "[].append(1)",
    "breakpoint()",
    "raise SystemExit",
    "yield 1",
    "print(1)",
    "del self",
    "().__class__.__base__.__subclasses__()",
    "self.__dict__",
    "@property",
    "*args",
    "**kwargs",
    "# noqa",
    "-> None:",
    ") -> None: pass",
    "%s%n",
    "${IFS}",
    "<script>",
    "../../x",
]
_WORDS = ("set", "type", "name")  # what the file's own keys are called
_NAMES = [
    *keyword.kwlist,
    *keyword.softkwlist,
    *(name for name in dir(builtins) if name[0].isalpha() and name not in _WORDS),
    *[
        "self",
        "super",
        "forward",
        "nn",
        "F",
        "torch",
        "Tensor",
        "training",
        "__init__",
        "__class__",
        "__dict__",
        "_parameters",
        "_modules",
        "_buffers",
    ],
    *[
        "state_dict",
        "load_state_dict",
        "parameters",
        "register_buffer",
        "add_module",
        "train",
        "eval",
        "to",
        "half",
        "children",
        "zero_grad",
    ],
]
_ODD = ["naïve", "x\u0301", "ｘ", "𝐱", "µ", "ſ", "ﬁ", "０", "\u00a0", "\u200b", "\ufeff", "\x00", "\x1b[31m", "😀"]
_NUMBERS = ["1e999", "9" * 4000, "0x10", "1_0", "10**10**10", "nan", "-0", "0" * 60, "1j", "٣", ".5.", "1/0"]


def hostile_texts() -> list[str]:
    """The texts. None is arithmetic of more than a name or a number: that a drawing may hold, and means it."""
    fate = random.Random(10)
    pools = [_BIDI, _BREAKS, _SURROGATES, _QUOTES, _CODE, _NAMES, _ODD, _NUMBERS]
    found = dict.fromkeys(text for pool in pools for text in pool)
    for wall in ("(", "[", "-", "a", "a.", "not ", "1+", "\\", '"', "\u202e", "é", "\ud800"):
        found[(wall * 5000)[:5000]] = None
    while len(found) < COUNT + 200:
        parts = [fate.choice(fate.choice(pools)) for _ in range(fate.randint(2, 4))]
        if fate.random() < 0.5:
            parts.insert(fate.randrange(len(parts)), fate.choice(["x", "conv1", "8", "a b"]))
        found[fate.choice(["", " ", "; ", "\n"]).join(parts)] = None
    return [text for text in found if not _is_arithmetic(text)][:COUNT]


def _is_arithmetic(text: str) -> bool:
    try:
        tree = parse(text.removeprefix("="))
    except ExpressionError:
        return False
    return not isinstance(tree, ast.Name | ast.Constant)
