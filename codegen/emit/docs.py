"""Docstrings: what a person noted, with nothing in it that could end one, and lines that fit."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from codegen.emit.printing import WIDTH

LONGEST = 2000  # characters of a note
QUOTES = 3


def harmless(note: object) -> str:
    """A note as the words of a docstring: paragraphs of printable characters, single quotes, no backslash."""
    if not isinstance(note, str):
        return ""
    kept = note[:LONGEST].replace("\\", "/").replace('"', "'")
    paragraphs = ("".join(c if c.isprintable() else " " for c in part).split() for part in kept.split("\n\n"))
    return "\n\n".join(" ".join(words) for words in paragraphs if words)


def docstring(text: str, indent: int) -> Iterable[str]:
    """The lines of a docstring whose paragraphs are separated by an empty line."""
    pad = " " * indent
    if "\n" not in text and indent + len(text) + 2 * QUOTES <= WIDTH:
        return [f'{pad}"""{text}"""']
    lines: list[str] = []
    for place, paragraph in enumerate(text.split("\n\n")):
        room = WIDTH - indent - QUOTES * (not place)
        lines += ["", *_wrapped(paragraph, room)] if place else _wrapped(paragraph, room)
    if len(lines) == 1:  # too long by the closing quotes alone, which nobody puts on a line of their own then
        lines = _wrapped(text, WIDTH - indent - 2 * QUOTES)
    first, *rest = lines
    return [f'{pad}"""{first}', *(f"{pad}{line}" if line else "" for line in rest), f'{pad}"""']


def _wrapped(paragraph: str, room: int) -> list[str]:
    """Lines that leave a shape in one piece."""
    whole = paragraph.replace(" × ", "\xa0×\xa0")
    return [line.replace("\xa0", " ") for line in textwrap.wrap(whole, room, break_on_hyphens=False)]
