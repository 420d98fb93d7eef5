"""The window's words in the language of its user: English as the source has it, or what a catalogue says for it.

A catalogue is ``assets/translations/LANGUAGE.json``. It is read when a language other than English is settled on, which
happens once, before the window is made. Names, figures, units and PyTorch's terms stay as they are in every language.

``tr`` is for what this package says itself: the text in quotes is looked up, then its fields are put in. ``told`` is
for sentences that come finished from elsewhere: problems, fixes, names of edits, errors. They are recognized by the
templates of the catalogue. What no catalogue knows is shown in English.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache

from designer.catalogue import Catalogue, read

LANGUAGES: Mapping[str, str] = {"en": "English", "zh_CN": "简体中文"}

_catalogue = Catalogue()


def settle(wanted: str = "system") -> str:
    """Choose the language: one of ``LANGUAGES``, or what the system says; the one that is spoken from now on.

    ``NETWRIGHT_LANG`` in the environment goes before. The system's is taken where there is a font for it.
    """
    global _catalogue
    language = resolved(wanted)
    if language != _catalogue.language:
        _catalogue = Catalogue(language, {} if language == "en" else read(language))
        _told.cache_clear()
    if language != "en":
        _translate_qt(language)
    return language


def resolved(wanted: str) -> str:
    """The language that a start with this choice would speak."""
    wanted = os.environ.get("NETWRIGHT_LANG", "") or wanted
    return wanted if wanted in LANGUAGES else _systems()


def language() -> str:
    """The language that is spoken, as in ``LANGUAGES``."""
    return _catalogue.language


def unknown() -> list[str]:
    """The texts that were looked up in vain since the language was settled."""
    return list(_catalogue.unknown)


def tr(text: str, **fields: object) -> str:
    """A text of this package in the language, with its fields put in.

    Where one English word has two meanings, what it is said of stands behind a bar, which is never shown: "note|mark".
    """
    found = _catalogue.texts.get(text)
    if found is None:
        if _catalogue.language != "en":
            _catalogue.unknown[text] = None
        found = text.partition("|")[0]
    return _catalogue.joined(found.format(**fields)) if fields else found


def told(sentence: str) -> str:
    """A finished English sentence in the language; a word or a name that no catalogue has stays as it is."""
    return sentence if _catalogue.language == "en" or not sentence else _told(sentence)


@lru_cache(maxsize=4096)
def _told(sentence: str) -> str:
    found = _catalogue.texts.get(sentence)
    if found is None:
        found = _catalogue.say(sentence)
        if found == sentence and not any("\u3000" <= sign <= "\u9fff" for sign in sentence):  # said already
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
