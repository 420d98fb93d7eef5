"""What is printed is the tree that was meant, in the form that ruff gives it."""

from __future__ import annotations

import ast
import random
import subprocess
import sys

import pytest

from codegen.emit import trees
from codegen.emit.printing import flat, signature, statement

NAMES = ["x", "dim", "stride", "in_channels", "out_channels", "a_rather_long_name_of_a_parameter", "self"]


def ruff_format(source: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--stdin-filename", "emitted.py", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


def some_number(rng: random.Random) -> ast.expr:
    return trees.constant(rng.choice([0, 1, 3, 64, 512, -1, 0.5, 1e-5, 2.0, -0.25, True, None, "zeros", 'a"b', "it's"]))


def arithmetic(rng: random.Random, depth: int) -> ast.expr:
    if depth == 0 or rng.random() < 0.2:
        return trees.name(rng.choice(NAMES)) if rng.random() < 0.7 else trees.constant(rng.choice([1, 2, 64, 3, 0.5]))
    left, right = arithmetic(rng, depth - 1), arithmetic(rng, depth - 1)
    match rng.randrange(9):
        case 0:
            return ast.UnaryOp(ast.USub(), left)
        case 1:
            return ast.IfExp(ast.Compare(left, [ast.NotEq()], [right]), right, left)
        case 2:
            return ast.BoolOp(rng.choice([ast.And(), ast.Or()]), [ast.UnaryOp(ast.Not(), left), right])
        case 3:
            return ast.Compare(left, [rng.choice([ast.Lt(), ast.GtE(), ast.Eq()])], [right])
        case _:
            return trees.joined(left, rng.choice(["+", "-", "*", "/", "//", "%", "**", "@"]), right)


def expression(rng: random.Random, depth: int) -> ast.expr:
    """A call of the kinds that are emitted."""
    if depth == 0:
        return arithmetic(rng, 1) if rng.random() < 0.5 else trees.name(rng.choice(NAMES))
    args = [expression(rng, depth - 1) for _ in range(rng.randrange(1, 4))]
    keywords = [(f"option{k}", some_number(rng)) for k in range(rng.randrange(3))]
    match rng.randrange(8):
        case 0:
            return trees.call("nn.Sequential", [ast.Starred(trees.spread_over(args[0], "_", trees.name("depth")))])
        case 1:
            return trees.call("nn.ModuleList", [trees.spread_over(args[0], "i", trees.constant(12))])
        case 2:
            return trees.call("torch.cat", [ast.List(args)], [("dim", trees.constant(1))])
        case 3:
            return trees.call("nn.Conv2d", [*args, ast.Tuple([some_number(rng), some_number(rng)])], keywords)
        case 4:
            return trees.call("self.attn", args, keywords)
        case _:
            return trees.call(f"nn.{rng.choice(['Linear', 'BatchNorm2d', 'A_much_longer_name'])}", args, keywords)


@pytest.mark.parametrize("seed", range(200))
def test_printed_arithmetic_is_read_back_as_it_was_meant(seed: int):
    tree = arithmetic(random.Random(seed), 4)
    assert ast.dump(ast.parse(flat(tree), mode="eval").body) == ast.dump(ast.parse(ast.unparse(tree), mode="eval").body)


@pytest.mark.parametrize("seed", range(200))
def test_printed_calls_are_read_back_as_they_were_meant(seed: int):
    rng = random.Random(seed)
    tree = expression(rng, 3)
    lines = "\n".join(statement("y = ", tree, "", 0))
    [read] = ast.parse(lines).body
    assert isinstance(read, ast.Assign)
    assert ast.dump(read.value) == ast.dump(ast.parse(ast.unparse(tree), mode="eval").body)


def test_calls_are_printed_as_ruff_prints_them():
    rng = random.Random(1)
    lines = []
    for _ in range(400):
        head = rng.choice(["self.layer = ", "self.a_longer_name_than_usual: nn.Module = ", "return ", "y, _ = "])
        lines += statement(head, expression(rng, rng.randrange(1, 4)), "", rng.choice([4, 8]))
        lines.append("")
    source = ""
    indent = None
    for line in lines:
        width = len(line) - len(line.lstrip())
        if line and indent is None:
            indent = width
            source += "def f(self):\n" if width == 4 else "class A:\n    def f(self):\n"
        source += line + "\n"
        if not line:
            indent = None
            source += "\n" if not source.endswith("\n\n\n") else ""
    assert ruff_format(source) == source.rstrip("\n") + "\n"


def test_arithmetic_in_calls_is_printed_as_ruff_prints_it():
    rng = random.Random(2)
    source = ""
    for _ in range(300):
        tree = trees.call("nn.Linear", [arithmetic(rng, 1), trees.constant(10)])
        source += "\n".join(statement("fc = ", tree, "", 0)) + "\n"
    assert ruff_format(source) == source


@pytest.mark.parametrize("count", [0, 1, 3, 5, 9])
def test_signatures_are_printed_as_ruff_prints_them(count: int):
    arguments = ["self", *(f"argument{k}: int = {k}" for k in range(count))]
    source = "\n".join([*signature("__init__", arguments, "None", 0), "    pass", ""])
    assert ruff_format(source) == source


@pytest.mark.parametrize("text", ["class", "a b", "x.y", "", "1x", "naïve", "a\nb", "None"])
def test_only_identifiers_become_names(text: str):
    with pytest.raises(trees.EmitError):
        trees.name(text)


@pytest.mark.parametrize(
    ("text", "step", "result"),
    [
        ("stride if i == 0 else 1", 0, "stride"),
        ("stride if i == 0 else 1", 3, "1"),
        ("dim * (i + 1)", 1, "dim * 2"),
        ("2 ** i * dim", 3, "8 * dim"),
        ("-i", 2, "-2"),
        ("min(i, 3) + dim", 1, "min(1, 3) + dim"),
    ],
)
def test_what_holds_no_names_is_worked_out(text: str, step: int, result: str):
    tree = trees.author(text, lambda name: trees.constant(step) if name == "i" else trees.name(name))
    assert flat(trees.fold(tree)) == result


SLICES = """x[a:b]
x[:, a // 2 :]
x[:, : a // 2]
x[self.a : self.b]
x[1:-2:3]
x[a + 1 :: 2]
x[:: a + 1]
x[:, a + 1 : b : c + 1]
"""


def test_slices_are_printed_as_ruff_prints_them():
    assert "".join(f"{flat(ast.parse(line, mode='eval').body)}\n" for line in SLICES.splitlines()) == SLICES
    assert ruff_format(SLICES) == SLICES
