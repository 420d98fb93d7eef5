"""JSON that nobody vouches for, as a plain tree: bounded, without repeated keys, NaN or broken text.

Whatever the text is, ``parse_tree`` returns a tree or raises FileError within a second or two and a bounded amount of
memory: what is large is refused before it is parsed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from itertools import chain
from typing import Any, Final, NoReturn

MAX_BYTES: Final = 64 * 2**20
MAX_TEXT: Final = 100_000
MAX_DEPTH: Final = 12
MAX_NUMBER: Final = 2**63 - 1
MAX_PLACE: Final = 1e7
# Every value but the first of its container follows a comma, every container opens with a bracket: counting them
# bounds the memory, up to 25 times the text ("[],[],…"), and the time. 10,000 nodes with wires and places need 80,000.
MAX_VALUES: Final = 500_000

_BOXES = frozenset((dict, list))
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class FileError(ValueError):
    """A file that cannot be opened or saved; the message is one sentence that names the field and the fix.

    ``newer`` tells that a newer version of the program wrote it.
    """

    def __init__(self, message: str, *, newer: bool = False) -> None:
        super().__init__(message)
        self.newer = newer


def parse_tree(text: str) -> dict[str, Any]:
    """The JSON object that ``text`` is; raises FileError."""
    if len(text) > MAX_BYTES:
        raise FileError(f"The text has {len(text) / 2**20:.0f} MiB; a drawing may have {MAX_BYTES >> 20}.")
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise FileError(f"The text holds more than {MAX_VALUES:,} values, which no drawing needs.")
    try:
        tree = json.loads(text, parse_constant=_constant)
        if text.count(":") != _count_keys(tree):  # a key stands twice, or a text holds a colon
            tree = json.loads(text, object_pairs_hook=_object)
        if _SURROGATE.search(text):
            json.dumps(tree, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        what = "is empty" if not text.strip() else f"is broken at {at} ({error.msg.lower()})"
        raise FileError(f"The JSON {what}; mend it there, or take an older copy.") from error
    except UnicodeEncodeError as error:
        raise FileError("A text holds half of a surrogate pair (\\ud800 … \\udfff); take it out.") from error
    except RecursionError as error:
        raise FileError("The JSON is nested too deep; no drawing needs more than a dozen levels.") from error
    except FileError:
        raise
    except ValueError as error:  # an int of more digits than Python converts
        raise FileError("A number has thousands of digits; write one below 2⁶³.") from error
    if not isinstance(tree, dict):
        raise FileError(f'The file holds {kind_of(tree)}, not a drawing; one begins with {{"netw": 1, …}}.')
    return tree


def _count_keys(tree: Any) -> int:
    """How many keys the objects in a tree have; as every key of the text has a colon, none was lost if there are as
    many colons. Level by level, in C: a hook for every object would take three times as long.
    """
    keys = 0
    boxes: list[Any] = [tree]
    while boxes:
        objects = [box for box in boxes if type(box) is dict]
        lists = [box for box in boxes if type(box) is list]
        keys += sum(map(len, objects))
        values = chain(chain.from_iterable(map(dict.values, objects)), chain.from_iterable(lists))
        boxes = [value for value in values if type(value) in _BOXES]
    return keys


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise FileError(f"“{shown(key)}” stands twice in one place; keep one of them.")
            seen.add(key)
    return found


def _constant(text: str) -> NoReturn:
    raise FileError(f"{text} is no number that a drawing can hold; write a finite one.")


def is_small(value: Any) -> bool:
    """Whether a value is one that ``check_plain`` surely passes; quick, for the many that are."""
    kind = type(value)
    return kind is bool or (kind is int and -MAX_NUMBER <= value <= MAX_NUMBER) or (kind is str and len(value) < 400)


def check_plain(value: Any, where: str, depth: int = 0, *, objects: bool = True) -> None:
    """Refuse, naming ``where``, what is too deep, too long, beyond 2⁶³ or infinite; objects too where not allowed."""
    kind = type(value)
    if kind is int:
        if abs(value) > MAX_NUMBER:
            raise FileError(f"{where} is beyond 2⁶³; write a smaller number.")
    elif kind is float:
        if not math.isfinite(value):
            raise FileError(f"{where} is infinite; write a number below 1.8e308.")
    elif kind is str:
        if len(value) > MAX_TEXT:
            raise FileError(f"{where} has {len(value):,} characters; a text may have {MAX_TEXT:,}.")
    elif kind is list or (kind is dict and objects):
        if depth >= MAX_DEPTH:
            raise FileError(f"{where} is nested deeper than {MAX_DEPTH} levels; flatten it.")
        parts: Iterable[tuple[Any, Any]] = enumerate(value) if kind is list else value.items()
        for key, part in parts:
            check_plain(part, f"{where}.{key if kind is list else shown(key)}", depth + 1, objects=objects)
    elif not (value is None or kind is bool):
        raise FileError(f"{where} is {kind_of(value)}; it takes a number, a text, true, false, null, or a list.")


def kind_of(value: Any) -> str:
    """What a value of JSON is, in words: “a text”."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), f"a {type(value).__name__}")


def shown(value: object) -> str:
    """Any value, fit for a sentence: at most 40 printable characters."""
    text = "".join(c if c.isprintable() else "�" for c in str(value)[:41])
    return text[:39] + "…" if len(text) > 40 else text
