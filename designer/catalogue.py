"""A catalogue: what each English text is called in another language, and how finished sentences are recognized.

Sentences that come from the other packages are known by the templates that they were made from: ``{}`` stands for any
text, ``{_}`` for one without spaces. In what is said, ``{0}`` is the first of them, said in the language too where it
is a sentence itself; ``{0:word}`` says it although it is a single word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import resources
from typing import Any

PARTS = ("designer", "graph_core", "codegen", "assets", "composed")  # of a catalogue: who has the English text

ENOUGH = 12  # letters of a template around words that are in English

_PHRASE = re.compile(r"[a-z]{2,} [a-z]{2,}")  # of English, in a text that should be none any more
_BETWEEN = re.compile(r"(?<=[\u3000-\u9fff]) (?=[\u3000-\u9fff])")  # a space that only names and figures have
_HOLE = re.compile(r"({_?})")
_PATTERNS = {"{}": "(.+?)", "{_}": r"(\S+)"}


class _Field(str):
    """What a hole of a template stands for."""

    texts: Mapping[str, str] = {}

    def __format__(self, form: str) -> str:
        return self.texts.get(str(self), str(self)) if form == "word" else str(self)


class _Template:
    """One text with holes, as it is recognized: ``{}`` stands for any text, ``{_}`` for one without spaces."""

    def __init__(self, english: str, said: str) -> None:
        solid = _HOLE.split(english)[::2]
        self.english, self.said = english, said
        self.longest, self.weight, self.open = max(solid, key=len), sum(map(len, solid)), english.endswith("}")

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Made when a sentence has the longest piece: most are never asked for."""
        parts = (_PATTERNS.get(part) or re.escape(part) for part in _HOLE.split(self.english))
        return re.compile("".join(parts), re.DOTALL)


class Catalogue:
    """What each text is called in a language: whole texts, and templates, those that say most first."""

    def __init__(self, language: str = "en", tree: Mapping[str, Any] | None = None) -> None:
        self.language = language
        self.texts: dict[str, str] = {}
        self.unknown: dict[str, None] = {}  # what was looked up in vain, for the tests
        for part in PARTS:
            self.texts.update((tree or {}).get(part, {}))
        made = [_Template(english, said) for english, said in self.texts.items() if _HOLE.search(english)]
        self.templates = sorted(made, key=lambda template: -template.weight)

    def say(self, sentence: str) -> str:
        """A finished sentence in the language; as it is where it is not known."""
        return self._whole(sentence) or self._parts(sentence) or self._mixed(sentence) or sentence

    def _whole(self, sentence: str, least: int = 0, whole: bool = True) -> str | None:
        """By one template, nothing left in English where it is to be whole; a full stop may be on one side."""
        if " " not in sentence:
            return sentence  # a name, whatever it means as a word
        bare, stop = sentence.removesuffix("."), self.texts.get(".", ".")
        for text, more, less in ((sentence, "", ""), (bare, stop, ""), (f"{bare}.", "", stop)):
            found = self.texts.get(text) or next(self._recognized(text, least, whole), None)
            if found is not None:
                return found.removesuffix(less) + more
        return None

    def _parts(self, sentence: str) -> str | None:
        """Sentence by sentence: behind the name of what it is about and a colon, or joined by a semicolon."""
        head, colon, rest = sentence.partition(": ")
        said = self._parts(rest) if colon and not _PHRASE.search(head) else None
        if said is not None:
            return head + self.texts.get(colon, colon) + said
        first, joint, second = sentence.partition("; ")
        one, two = (self._of_something(first), self._of_something(second)) if joint else (None, None)
        if one is not None and two is not None:
            return one + self.texts.get(joint, joint) + two
        return self._of_something(sentence)

    def _of_something(self, sentence: str) -> str | None:
        """A whole sentence, or a rule's words that go on from a node's name."""
        found = self._whole(sentence)
        if found is None:
            name, _, rest = sentence.partition(" ")
            said = self._whole(rest) if " " in rest else None
            found = None if said is None else f"{name} {said}"
        return found

    def _mixed(self, sentence: str) -> str | None:
        """By a template that says enough, around what another program said in English."""
        return self._whole(sentence, ENOUGH, whole=False)

    def _recognized(self, sentence: str, least: int, whole: bool) -> Iterator[str]:
        """What fitting templates make of a sentence, those first that say most of it."""
        for template in self.templates:
            if sentence.endswith(".") and template.open:
                continue  # the stop belongs to the sentence, not to what is put in at its end
            if template.weight >= least and template.longest in sentence:
                match = template.pattern.fullmatch(sentence)
                if match is None:
                    continue
                fields = [(part, self._whole(part) or self._parts(part)) for part in match.groups()]
                if not (whole and any(said is None and _PHRASE.search(part) for part, said in fields)):
                    told = (self._field(part if said is None else said) for part, said in fields)
                    yield self.joined(template.said.format(*told))

    def joined(self, text: str) -> str:
        """A text with what was put in: the spaces that stand round names and figures only are none elsewhere."""
        return _BETWEEN.sub("", text) if self.texts else text

    def _field(self, text: str) -> _Field:
        field = _Field(text)
        field.texts = self.texts
        return field


def read(language: str) -> dict[str, Any]:
    """The file of a language, as it stands."""
    path = resources.files("assets") / "translations" / f"{language}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
