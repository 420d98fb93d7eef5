"""The written forms of the five-tuple: read back they are equal, and the LaTeX is LaTeX."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from latex2mathml.converter import convert

from graph_core import Project, edits
from graph_core.architecture import FiveTuple, five_tuple
from graph_core.latex import escape, expression, value
from graph_core.templates import open_template, templates
from graph_core.tuple_forms import TupleError

NAMES = [template.name for template in templates()]
HOSTILE = [
    {"match": ["*_bias", r"\input{/etc/passwd}", "$x^2$ & 100% #1 {", "名; 前  =", 'a"b|c<d>~'], "role": "bias"},
    {"match": ["a\nb"], "kind": "SGD", "lr": 1e-05, "frozen": True},
]


@pytest.fixture(scope="module")
def hostile() -> Project:
    """Names and patterns full of signs that mean something to LaTeX, to JSON and to our text."""
    project = open_template("lenet")
    graph = project.networks["main"]
    node = graph.by_name("conv1")
    assert node is not None
    graph.rename(node.id, "_a_b_1")
    edits.set_setup(project, "main", "optimizer", {"kind": "Adam", "lr": 1.5e-07, "groups": HOSTILE})
    edits.set_setup(project, "main", "training", {"schedule": {"kind": "multi-step", "milestones": [3, 5]}})
    return project


def tuples(project: Project) -> list[FiveTuple]:
    return [five_tuple(project), five_tuple(project, symbolic=True)]


@pytest.mark.parametrize("name", NAMES)
def test_json_and_text_of_every_template_are_read_back_equal(name: str) -> None:
    for found in tuples(open_template(name)):
        assert found.rows
        assert FiveTuple.from_json(json.loads(json.dumps(found.to_json()))) == found
        assert FiveTuple.from_text(found.to_text()) == found


def test_hostile_names_are_read_back_equal(hostile: Project) -> None:
    for found in tuples(hostile):
        assert found.optimizer["groups"] == HOSTILE
        assert found.schedule == {"kind": "multi-step", "milestones": [3, 5], "gamma": 0.1}
        assert FiveTuple.from_json(json.loads(json.dumps(found.to_json()))) == found
        assert FiveTuple.from_text(found.to_text()) == found


def test_symbols_and_ties_are_read_back_equal() -> None:
    project = Project.new("words")
    graph = project.networks["main"]
    edits.set_symbol(project, "T", 9)
    edits.set_symbol(project, "d_model", 12)
    graph.add("Input", id="x", shape=["N", "T"], dtype="int64")
    graph.add("Embedding", id="e", name="embed", num_embeddings=50, embedding_dim="d_model")
    graph.add("Linear", id="h", name="head", out_features="4 * d_model", bias=False)
    graph.add("Linear", id="o", name="out", out_features="(d_model + 1) // 2")
    graph.add("Output", id="y")
    for source, target in (("x.y", "e.x"), ("e.y", "h.x"), ("h.y", "o.x"), ("o.y", "y.x")):
        graph.connect(source, target)
    found = five_tuple(project, symbolic=True)
    rows = {row.path: row for row in found.rows}
    assert rows["head"].weights[0].space.shape == (48, 12)
    assert rows["head"].weights[0].space.symbolic == ("4*d_model", "d_model")
    assert rows["out"].outputs[0].symbolic == ("N", "T", "(d_model + 1) // 2")
    assert rows["head"].biases == ()
    assert FiveTuple.from_text(found.to_text()) == found
    assert FiveTuple.from_json(found.to_json()) == found
    assert r"\mathbb{R}^{4 \, d_{\text{model}} \times d_{\text{model}}}" in found.to_latex()
    assert r"d_{\text{model}} + 1" in found.to_latex()


# What a LaTeX parser that knows mathematics makes of a fragment: MathML, in which a command that it does not know
# stands with its backslash, and one that an & or a brace out of place leaves its mark.
_ESCAPES = re.compile(
    r"\\(?:[_#$%&{}]|textbackslash\{\}|textasciitilde\{\}|textasciicircum\{\}|textless\{\}|textgreater\{\}"
    r"|textbar\{\})"
)


def balanced(cell: str) -> bool:
    """Whether braces pair: the parser closes those that are left open by itself."""
    depth = 0
    for sign in cell:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0


def check_latex(text: str) -> None:
    """A parser's proof: the environments pair, and every cell of every line parses without an unknown command."""
    assert text.isascii()
    lines = text.splitlines()
    assert lines[0] == r"% Needs \usepackage{amsmath,amssymb}."
    assert lines[1] == r"\begingroup\small\allowdisplaybreaks"
    assert lines[-1] == r"\endgroup"
    inside, columns = False, 0
    for line in lines[2:-1]:
        if found := re.fullmatch(r"\\(?:begin\{alignat\*\}\{(\d)\}|end\{alignat\*\})", line):
            assert inside == line.startswith(r"\end")
            inside, columns = not inside, 2 * int(found[1] or 0)
            continue
        if not inside:
            assert line.startswith(r"\[ ")
            assert line.endswith(r" \]")
        plain = _ESCAPES.sub("x", line.removeprefix(r"\[ ").removesuffix(r" \]").removesuffix(r" \\"))
        cells = plain.split("&")
        assert len(cells) <= (columns if inside else 1)
        for cell in cells:
            assert balanced(cell), cell
            if cell.strip():
                made = convert(cell)
                assert "\\" not in made.replace("&#", ""), made
                assert made.count("<mrow>") == made.count("</mrow>")
    assert not inside


@pytest.mark.parametrize("name", NAMES)
def test_the_latex_of_every_template_parses(name: str) -> None:
    for found in tuples(open_template(name)):
        check_latex(found.to_latex())
        assert found.to_latex().count(r"l_{") == len(found.rows)


def test_the_latex_of_hostile_names_parses(hostile: Project) -> None:
    text = five_tuple(hostile).to_latex()
    check_latex(text)
    assert r"\text{\_a\_b\_1}" in text
    assert r"\textbackslash{}input\{/etc/passwd\}" in text
    assert r"\text{lr} = 1.5 \cdot 10^{-7}" in text
    assert "[U+540D]" in text


@pytest.mark.parametrize("broken", [r"\foo{x}", "a_{1", r"\mathbb{R", r"\text{a\input{b}}"])
def test_the_proof_sees_what_is_wrong(broken: str) -> None:
    frame = (
        r"% Needs \usepackage{amsmath,amssymb}.",
        r"\begingroup\small\allowdisplaybreaks",
        rf"\[ {broken} \]",
        r"\endgroup",
    )
    with pytest.raises(AssertionError):
        check_latex("\n".join(frame) + "\n")


ENGINE = next((name for name in ("pdflatex", "tectonic", "lualatex") if shutil.which(name)), "")


@pytest.mark.skipif(not ENGINE, reason="no TeX engine is installed; the parser's proof above stands alone")
def test_the_latex_compiles(tmp_path: Path, hostile: Project) -> None:
    """All templates and the hostile names in one document, stopped by its first error."""
    parts = [found.to_latex() for name in NAMES for found in tuples(open_template(name))]
    parts += [found.to_latex() for found in tuples(hostile)]
    head = "\\documentclass{article}\n\\usepackage{amsmath,amssymb}\n\\begin{document}\n"
    (tmp_path / "a.tex").write_text(head + "\n".join(parts) + "\\end{document}\n")
    options = [] if ENGINE == "tectonic" else ["-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run([ENGINE, *options, "a.tex"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "a.pdf").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("N", "N"),
        ("d_model", r"d_{\text{model}}"),
        ("width_2", r"\text{width\_2}"),
        ("4*d", r"4 \, d"),
        ("9**9**9", r"\text{9**9**9}"),
        ("f(x", r"\text{f(x}"),
        (7, "7"),
    ],
)
def test_expressions_are_written_as_mathematics(text: Any, written: str) -> None:
    assert expression(text) == written
    convert(written)


@pytest.mark.parametrize("text", ["H // 2 + 1", "(a + 1)**2", "(-H) // 2", "(H*W - 3) // (2*k) + 4*(a + b)"])
def test_arithmetic_is_written_by_the_printer_of_formulas(text: str) -> None:
    written = expression(text)
    assert r"\text" not in written
    assert ("//" in text) == ("lfloor" in written)
    assert written.isascii()
    assert balanced(written)
    assert "\\" not in convert(written).replace("&#", "")


def test_values_and_texts_are_safe() -> None:
    assert [value(v) for v in (1e-08, 2.5e-07, 0.9, 3, True, None)] == [
        "10^{-8}",
        r"2.5 \cdot 10^{-7}",
        "0.9",
        "3",
        r"\text{true}",
        r"\text{none}",
    ]
    assert escape("a_b{c}\n☃") == r"a\_b\{c\}[U+000A][U+2603]"


SOUND = five_tuple(open_template("lenet"))


@pytest.mark.parametrize(
    ("path", "new", "said"),
    [
        ("network", 3, "network is int"),
        ("L", {}, "L is dict; it takes a list"),
        ("F", [], "different lengths"),
        ("L/0", [], "L.0 is list; it takes an object"),
        ("L/0/id", None, "L.0.id is NoneType"),
        ("W/0", {"other.weight": [1]}, "lies not in conv1"),
        ("W/0", {"conv1.weight": [1.5]}, "a shape that is none"),
        ("W/0", {"conv1.weight": {"shape": [1], "symbols": []}}, "a shape that is none"),
        ("O", [], "O is list"),
    ],
)
def test_json_that_is_no_tuple_is_refused(path: str, new: Any, said: str) -> None:
    tree = json.loads(json.dumps(SOUND.to_json()))
    at: Any = tree
    *way, last = (int(part) if part.isdigit() else part for part in path.split("/"))
    for part in way:
        at = at[part]
    at[last] = new
    with pytest.raises(TupleError, match=said):
        FiveTuple.from_json(tree)


@pytest.mark.parametrize("broken", ["", "A", "A = (L, F, W, B, O) of main\n", None, "row", "shape", "json", "no O"])
def test_text_that_is_no_tuple_is_refused(broken: str | None) -> None:
    text = SOUND.to_text()
    changed = {
        "row": text.replace("conv1: Conv2d @c1", "conv1 Conv2d"),
        "shape": text.replace("16×1×3×3", "16×one"),
        "json": text.replace('O: {"kind"', 'O: {"kind'),
        "no O": text.replace("O: ", "P: "),
        None: text.replace("  f  ", "  g  "),
    }
    with pytest.raises(TupleError):
        FiveTuple.from_text(changed.get(broken, broken or ""))
