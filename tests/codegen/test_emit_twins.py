"""Two thousand hostile texts in every text field of a project, keys and values: refused in one sentence, or the source
is that of a harmless twin but for literals and identifiers.
"""

from __future__ import annotations

import ast
import copy
import json
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from codegen import emit_source
from codegen.emit import EmitError
from graph_core import Project, dumps, edits, loads, mark_edits, setup_edits, ties
from graph_core.project import FileError
from graph_core.templates import open_template
from tests.codegen.hostile_texts import COUNT, hostile_texts
from tests.codegen.test_emit_hostile import spots

Way = tuple[tuple[str | int, bool], ...]  # keys on the way down; True where the key itself is the text
TEXTS = hostile_texts()


class _Blank(ast.NodeTransformer):
    """A tree without its literals and identifiers."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name in ("id", "attr", "arg", "name", "asname", "value", "kind"):
            if isinstance(getattr(node, name, None), str | int | float | bool | None) and name in node._fields:
                setattr(node, name, "")
        return super().generic_visit(node)


def bones(source: str) -> str:
    """What a source is but for its literals and identifiers."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            node.op = ast.USub()  # a negative number is a literal
    return ast.dump(_Blank().visit(tree))


def harmless(text: str) -> str:
    """A plain name that is as long, as far as names go: how long a name is decides which lines are broken."""
    if text.isspace():
        return " "  # a field that says nothing
    try:
        ast.literal_eval(text.strip())
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        pass
    else:
        return "7"  # the twin of a number is a number
    return ("quiet" + "z" * 5000)[: max(6, min(len(text), 5000))]


def told(attempt: Callable[[], Project]) -> str | None:
    """The source, or None where it was refused; a refusal must be one short sentence."""
    try:
        return emit_source(attempt())
    except (EmitError, FileError) as error:
        sentence = str(error)
        assert sentence.isprintable(), ascii(sentence)
        assert len(sentence) < 600
        sentence.encode()
        return None


def check(text: str, make: Callable[[str], Project]) -> bool:
    """Whether the text was taken; then the source is its twin's."""
    source = told(lambda: make(text))
    if source is None:
        return False
    source.encode()
    assert not any(mark in source for mark in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\x00"), ascii(text)
    twins = [harmless(text)]
    if twins == ["7"]:
        twins += ["0", "None"]  # of a number that is none, or of nothing, which conditions and counts take for no
    if ";" in text:
        twins.append(";".join(map(harmless, text.split(";"))))  # a list of shapes, say
    found = [bones(twin) for twin in map(told, (partial(make, twin) for twin in twins)) if twin is not None]
    assert found, ascii(text)
    assert bones(source) in found, ascii(text)
    return True


def in_spot(spot: str) -> Callable[[str], Project]:
    """A drawing with a text put into one of its places behind the back of the edits that check it."""

    def make(text: str) -> Project:
        project = open_template("resblock")
        spots(text)[spot](project)
        return project

    return make


def places(tree: Any, way: Way = ()) -> Iterator[Way]:
    """Every text of a file: keys and values."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield (*way, (key, True))
            yield from places(value, (*way, (key, False)))
    elif isinstance(tree, list):
        for place, value in enumerate(tree):
            yield from places(value, (*way, (place, False)))
    elif isinstance(tree, str):
        yield way


def with_text(tree: Any, way: Way, text: str) -> Any:
    """The file's tree with a key or a value replaced."""
    if not way:
        return text
    (key, itself), *rest = way
    if itself:
        return {(text if name == key else name): value for name, value in tree.items()}
    made = copy.copy(tree)
    made[key] = with_text(tree[key], tuple(rest), text)
    return made


def full() -> Project:
    """A drawing with a text of every kind: marks, a tie, code of a person's own, how it is trained, what is noted."""
    project = open_template("resblock")
    main, block = project.networks["main"], project.graphs["resblock"]
    mark_edits.add_frame(main, (0.0, 0.0), (99.0, 99.0), "a frame")
    mark_edits.add_note(main, (0.0, 0.0), "a note")
    mark_edits.set_bookmark(main, 1, (0.0, 0.0), 1.0)
    stated = {"inputs": "N, C, H, W", "outputs": "N, C, H, W", "widths": "C", "weights": "scale: C", "macs": "N * C"}
    code = "class Mine(nn.Module):\n    def __init__(self, c):\n        super().__init__()\n" + (
        "        self.scale = nn.Parameter(torch.ones(c))\n    def forward(self, x):\n        return x * self.scale\n"
    )
    mine = edits.add(main, "Custom", name="mine", params={**stated, "code": code})
    edits.insert_on_wire(main, "y.x", mine.id)
    ties.tie(block, "b1.weight", "b2.weight")
    with project.editing("Note"):
        project.record("", "meta", "author", "a person")
        project.record("resblock", "head", "note", "what it is for")
        project.record("resblock", "head", "form", "class")
    setup_edits.set_group(project, "main", setup_edits.add_group(project, "main"), {"layers": ["block.conv1"]})
    setup_edits.set_schedule(project, "main", {"kind": "cosine"})
    return project


def kind(way: Way) -> str:
    """Which field a place is of, whatever the names on the way down are."""
    named = {"symbols", "networks", "setups", "graphs", "nodes", "wires", "ties", "view", "params", "set", "meta"}
    parts: list[str] = []
    for place, (key, itself) in enumerate(way):
        above = way[place - 1][0] if place else ""
        free = above in named and (above != "set" or itself)
        parts.append(("*" if free or isinstance(key, int) else str(key)) + ("?" if itself else ""))
    return ".".join(parts)


TREE = json.loads(dumps(full()))
PLACES = list(places(TREE))
FIELDS = {kind(way): way for way in PLACES}
OWN = {way[-1][0] for way in PLACES if way[-1][1]}  # the form's own words, which no twin stands for
SPOTS = list(spots(""))


def in_file(way: Way) -> Callable[[str], Project]:
    """A drawing read from a file with a text in one place."""
    return lambda text: loads(json.dumps(with_text(TREE, way, text)))


def test_there_are_enough_texts_and_places() -> None:
    assert len(set(TEXTS)) == len(TEXTS) == COUNT
    assert len(PLACES) > 150
    kinds = {"surrogate": "\ud800", "bidi": "\u202e", "quotes": '"""', "line": "\n", "keyword": "class", "null": "\x00"}
    for kind, sign in kinds.items():
        assert sum(sign in text for text in TEXTS) > 20, kind
    assert sum(len(text) == 5000 for text in TEXTS) > 8


@pytest.mark.parametrize("part", range(8))
def test_every_text_in_a_place_of_the_drawing_and_in_one_of_the_file(part: int) -> None:
    taken = 0
    for number in range(part, COUNT, 8):
        taken += check(TEXTS[number], in_spot(SPOTS[(number // 8) % len(SPOTS)]))
        taken += check(TEXTS[number], in_file(PLACES[(number // 8 * 7 + part) % len(PLACES)]))
    assert taken > 10  # a test in which everything is refused shows little


@pytest.mark.soak
@pytest.mark.parametrize("spot", SPOTS)
def test_every_text_in_every_place_of_the_drawing(spot: str) -> None:
    for text in TEXTS:
        check(text, in_spot(spot))


@pytest.mark.parametrize("field", FIELDS)
def test_some_texts_in_every_field_of_the_file(field: str) -> None:
    for number in range(zlib.crc32(field.encode()) % 500, COUNT, 500):
        if TEXTS[number] not in OWN:
            check(TEXTS[number], in_file(FIELDS[field]))


@pytest.mark.soak
@pytest.mark.parametrize("field", FIELDS)
def test_every_text_in_every_field_of_the_file(field: str) -> None:
    for text in TEXTS:
        if text not in OWN:
            check(text, in_file(FIELDS[field]))


def test_the_comparison_sees_a_difference() -> None:
    assert bones("x = 1\n") == bones("y = 'a'\n")
    assert bones("x = 1\n") != bones("x = f(1)\n")
    assert bones("import os\n") != bones("import os, sys\n")
