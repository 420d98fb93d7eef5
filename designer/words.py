"""The window's words in the language of its user: English as the source has it, or what a catalogue says for it.

A catalogue is ``assets/translations/LANGUAGE.json``. It is read when a language other than English is settled on, which
happens once, before the window is made. Names, figures, units and PyTorch's terms stay as they are in every language.

``tr`` is for what this package says itself: the text in quotes is looked up, then its fields are put in. ``told`` is
for sentences that come finished from elsewhere: problems, fixes, names of edits, errors. They are recognized by the
templates of the catalogue, in which ``{}`` stands for any text; what it stands for is said in the language too where it
is a sentence itself. What no catalogue knows is shown in English.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

LANGUAGES: Mapping[str, str] = {"en": "English", "zh_CN": "简体中文"}
PARTS = ("designer", "graph_core", "codegen")  # of a catalogue, by the package that has the English text

_HOLE = re.compile(r"{[^{}]*}")


class _Field(str):
    """What a hole of a template stands for; ``{0:word}`` says it in the language although it is a single word."""

    def __format__(self, form: str) -> str:
        return _catalogue.texts.get(str(self), str(self)) if form == "word" else str(self)


class _Template:
    """One text with holes, as it is recognized."""

    def __init__(self, english: str, said: str) -> None:
        solid = _HOLE.split(english)
        self.said, self.longest, self.weight = said, max(solid, key=len), sum(map(len, solid))
        self.pattern = re.compile("(.+?)".join(map(re.escape, solid)), re.DOTALL)


class Catalogue:
    """What each text is called in a language: whole texts, and templates, those that say most first."""

    def __init__(self, language: str = "en", tree: Mapping[str, Any] | None = None) -> None:
        self.language = language
        self.texts: dict[str, str] = {}
        self.unknown: dict[str, None] = {}  # what was looked up in vain, for the tests
        for part in PARTS:
            self.texts.update((tree or {}).get(part, {}))
        made = [_Template(english, said) for english, said in self.texts.items() if "{}" in english]
        self.templates = sorted(made, key=lambda template: -template.weight)

    def recognized(self, sentence: str) -> str | None:
        """What a finished sentence is called; None where it is not known."""
        found = self.texts.get(sentence)
        if found is not None:
            return found
        for template in self.templates:
            if template.longest in sentence and (match := template.pattern.fullmatch(sentence)):
                return template.said.format(*(_Field(self.say(part)) for part in match.groups()))
        return None

    def say(self, sentence: str) -> str:
        """A finished sentence in the language. A rule's words go on from a node's name, so that may stand before it."""
        if " " not in sentence:
            return sentence
        found = self.recognized(sentence)
        if found is None:
            subject, _, rest = sentence.partition(" ")
            said = self.recognized(rest)
            found = None if said is None else f"{subject} {said}"
        return sentence if found is None else found


_catalogue = Catalogue()


def settle(wanted: str = "system") -> str:
    """Choose the language: one of ``LANGUAGES``, or what the system says; the one that is spoken from now on.

    ``NETWRIGHT_LANG`` in the environment goes before. The system's is taken where there is a font for it.
    """
    global _catalogue
    wanted = os.environ.get("NETWRIGHT_LANG", "") or wanted
    language = wanted if wanted in LANGUAGES else _systems()
    if language != _catalogue.language:
        _catalogue = Catalogue(language, {} if language == "en" else read(language))
        _told.cache_clear()
    if language != "en":
        _translate_qt(language)
    return language


def read(language: str) -> dict[str, Any]:
    """The file of a language, as it stands."""
    path = resources.files("assets") / "translations" / f"{language}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def language() -> str:
    """The language that is spoken, as in ``LANGUAGES``."""
    return _catalogue.language


def unknown() -> list[str]:
    """The texts that were looked up in vain since the language was settled."""
    return list(_catalogue.unknown)


def tr(text: str, **fields: object) -> str:
    """A text of this package in the language, with its fields put in."""
    if _catalogue.language != "en":
        found = _catalogue.texts.get(text)
        if found is None:
            _catalogue.unknown[text] = None
        else:
            text = found
    return text.format(**fields) if fields else text


def told(sentence: str) -> str:
    """A finished English sentence in the language; a word or a name that no catalogue has stays as it is."""
    return sentence if _catalogue.language == "en" or not sentence else _told(sentence)


@lru_cache(maxsize=4096)
def _told(sentence: str) -> str:
    found = _catalogue.texts.get(sentence)
    if found is None:
        found = _catalogue.say(sentence)
        if found == sentence:
            _catalogue.unknown[sentence] = None
    return found


def has_font(language: str) -> bool:
    """Whether a font of this system has the characters of a language."""
    from PySide6.QtGui import QFontDatabase

    if language != "zh_CN":
        return True
    return bool(QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese))


def _systems() -> str:
    """The first language that the system asks for and we have; zh-Hans-CN is zh_CN, and zh-Hant-TW is not."""
    from PySide6.QtCore import QLocale

    for wished in QLocale.system().uiLanguages():
        name = wished.replace("-", "_")
        known = "zh_CN" if name in ("zh", "zh_CN", "zh_SG", "zh_Hans") or name.startswith("zh_Hans_") else name
        for language in LANGUAGES:
            if known == language or known.startswith(f"{language}_"):
                return language if has_font(language) else "en"
    return "en"


def _translate_qt(language: str) -> None:
    """Qt's own words: buttons of dialogs, the menus of text fields, the file dialog."""
    from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator

    app = QCoreApplication.instance()
    if app is not None and app.findChild(QTranslator, language) is None:
        translator = QTranslator(app)
        translator.setObjectName(language)
        if translator.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
            app.installTranslator(translator)
