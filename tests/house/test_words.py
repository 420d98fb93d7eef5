"""Every text that the window shows is in every catalogue, with the same fields; nothing else is; terms are kept."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from functools import cache
from typing import Any

import pytest

from designer.catalogue import PARTS, Catalogue, read
from designer.words import LANGUAGES
from graph_core.templates import templates
from tests.graph_core.wrong_drawings import WRONG
from tests.house.source import ROOT, sources
from tests.house.wording import keys_of_tr, plain_texts, template, texts_of

OTHERS = [language for language in LANGUAGES if language != "en"]
HOLE = re.compile(r"{[^{}]*}")
HAN = re.compile(r"[\u4e00-\u9fff]")
PHRASE = re.compile(r"[a-z]{2,} [a-z]{2,}")
# Read and found to be no words for a person, or put together with others: those are among the composed templates.
EXEMPT = frozenset(
    (
        "Netwright",  # names
        "GeForce RTX 3060",
        "torch FlopCounterMode",
        "ptflops, aten",
        "Adam",
        "Adagrad",
        "Muon",
        "LinearLR, CosineAnnealingLR",
        "Transpose",
        "Flatten",
        "Tensor",
        "Net",
        "Del",  # keys of a keyboard
        "Return",
        "Space",
        "Esc",
        "Ctrl+Alt+= | Ctrl+Alt++",
        "netwright: {} could not be opened.",  # on the terminal
        "netwright: {}",
        "inline {} {} {} {}",  # what is written into source, files and formulas, or names a thing inside
        "symbolic engine",
        "root {}",
        "New project",
        "trying() inside editing()",
        "record() outside editing()",
        "| Layer | Type | Output | Parameters | {} | Bytes |",
        "{}, HEAD",
        "{}, {} GiB",
        "{}{} · Netwright",
        "{} {} and {} {}",
        "{} {} {} in ours, and {}{} in theirs",
        "one of ",
        ", one of them −1 for what is left over",
        "cannot lay out the {} values of {} as ",
        "{}.use: ",
        "{}.scan.{}: ",
        "{}.set: ",
        "One s",
        "Nothing",
        "in it",
        "Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI 1998 (in scikit-learn)",  # a source
        "Block",  # the class that a new block becomes
    )
)
# Python, torch, LaTeX and JSON that is written, and the labels of axes.
WRITTEN = re.compile(
    r"\\text|^class |^import |^from torch|^from \{\} import|torch\.|self\.training|False|^True$|masked_fill|"
    r"has no attribute|F\.pad|^number - x$|"
    r"^\W*\"\w+\": |\n|: \{\}$|^\{\},? \"|^(qkv in|out in ?|in out ?|positions F|gates \w+)$"
)


@pytest.fixture(scope="module", params=OTHERS)
def tree(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The file of each language but English."""
    return read(request.param)


@cache
def shown() -> dict[str, tuple[str, str]]:
    """Each text for a catalogue: the part it belongs to, and where it stands."""
    found = {text: ("designer", place) for text, place in keys_of_tr().items()}
    for part in ("designer", "graph_core", "codegen"):
        for text, place in texts_of(part).items():
            if text not in EXEMPT and not WRITTEN.search(text):
                found.setdefault(text, (part, place))
    for one in templates():
        found.setdefault(one.help, ("assets", f"assets/templates/index.json, {one.name}"))
    return found


@cache
def constants() -> frozenset[str]:
    """Every string of the three packages, an f-string with ``{}`` for its holes."""
    texts = (template(node) for source in sources() for node in ast.walk(source.tree))
    found = frozenset(text for text in texts if text)
    return found | {part for text in found for part in text.split("/")} | {one.help for one in templates()}


def plain(text: str) -> str:
    """A key as the source has it: a hole without spaces is a hole."""
    return text.replace("{_}", "{}")


def test_every_text_is_in_the_catalogue(tree: dict[str, Any]):
    known = {plain(text) for part in PARTS for text in tree[part]}
    missing = {text: place for text, (_, place) in shown().items() if text not in known}
    assert missing == {}, f"say these in assets/translations/{tree['code']}.json"


def test_nothing_is_said_past_the_catalogue():
    """A text of the designer is the argument of ``tr``, or one of these, which are handed to ``told`` by a variable."""
    handed_on = {
        "The worker failed.",
        "a number, a word, or an expression",
        "switched here",
        "As the switches say.",
        "Frozen",
        "Buffers",
        "Weights, float32",
        "Optimizer",
        "Peak activations",
        "there is nothing to train yet",
        "Place {}",
        "Expand {}",
        "Expand {} blocks",
        "Problems",
        "Code",
    }
    past = {text: place for text, place in plain_texts().items() if text not in EXEMPT and not WRITTEN.search(text)}
    assert {text: place for text, place in past.items() if text not in handed_on} == {}
    assert handed_on <= set(past)


def test_no_entry_is_unused(tree: dict[str, Any]):
    used = {text for text, _ in shown().items()} | constants()
    left = [text for part in PARTS if part != "composed" for text in tree[part] if plain(text) not in used]
    assert left == []


def test_composed_templates_are_made_of_words_of_the_source(tree: dict[str, Any]):
    words = set(re.findall(r"\w+", " ".join(constants())))
    strange = {text for text in tree["composed"] if not set(re.findall(r"\w+", HOLE.sub(" ", text).lower())) <= words}
    lower = {word.lower() for word in words}
    assert {t for t in strange if not set(re.findall(r"\w+", HOLE.sub(" ", t).lower())) <= lower} == set()


def test_fields_are_the_same(tree: dict[str, Any]):
    wrong = {}
    for part in PARTS:
        for text, said in tree[part].items():
            holes, fields = HOLE.findall(text), HOLE.findall(said.replace("{{", "").replace("}}", ""))
            if "{}" in holes or "{_}" in holes:
                places = [int(field.strip("{}").removesuffix(":word")) for field in fields]
                if len(set(places)) != len(places) or any(place >= len(holes) for place in places):
                    wrong[text] = said
            elif text in keys_of_tr() and Counter(holes) != Counter(fields):
                wrong[text] = said
    assert wrong == {}


def test_one_text_is_said_one_way(tree: dict[str, Any]):
    said: dict[str, set[str]] = {}
    for part in PARTS:
        for text, words in tree[part].items():
            said.setdefault(text, set()).add(words)
    assert {text: ways for text, ways in said.items() if len(ways) > 1} == {}


def test_terms_are_those_of_the_glossary(tree: dict[str, Any]):
    """What a file or PyTorch calls so stays as it is."""
    wrong = []
    for part in PARTS:
        for text, said in tree[part].items():
            for term, words in tree["glossary"].items():
                if re.search(rf"\b{re.escape(term)}s?\b", HOLE.sub("", text), re.IGNORECASE) and not any(
                    one in said.lower() for one in (*words.lower().split(" / "), term)
                ):
                    wrong.append((term, text, said))
    assert len(tree["glossary"]) >= 30
    assert wrong == []


def test_sentences_end_alike_and_signs_are_full_width(tree: dict[str, Any]):
    wrong = []
    for part in PARTS:
        for text, said in tree[part].items():
            if HAN.search(said) and text[-1:] in ".…" and said[-1:] != {".": "。", "…": "…"}[text[-1]]:
                wrong.append(said)
            if re.search(r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]", said):
                wrong.append(said)
            if re.search(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]", said):
                wrong.append(said)
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_said_of_wrong_drawings_is_recognized(language: str):
    catalogue = Catalogue(language, read(language))
    sentences = [text for wrong in WRONG for text in (wrong.said, f"{wrong.said}.", *wrong.fixes)]
    english = [text for text in sentences if not HAN.search(catalogue.say(text)) or PHRASE.search(catalogue.say(text))]
    assert len(sentences) > 150
    assert english == []


def test_the_file_is_written_one_entry_a_line(tree: dict[str, Any]):
    path = ROOT / "assets" / "translations" / f"{tree['code']}.json"
    assert path.read_text(encoding="utf-8") == json.dumps(tree, ensure_ascii=False, indent=1) + "\n"
    assert list(tree) == ["code", "language", "glossary", *PARTS]
    assert tree["language"] == LANGUAGES[tree["code"]]
