"""What a request brings, taken out with one clear sentence where it is missing or of the wrong kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from codegen.errors import Unusable

T = TypeVar("T")


def take(args: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """The argument of that name. Raises Unusable if it is missing or not of that kind."""
    value = take_or(args, name, kind, None)
    if value is None:
        raise Unusable(f"The request needs {name}.")
    return value


def take_or(args: Mapping[str, Any], name: str, kind: type[T], default: T | None) -> T | None:
    """The argument of that name, or the default where it is missing or null. Raises Unusable."""
    value = args.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Unusable(f"The request's {name} must be {_KINDS[kind]}, not {value!r:.60}.")
    return value


def take_path(args: Mapping[str, Any], name: str) -> Path:
    """The argument of that name as a path. Raises Unusable."""
    text = take(args, name, str)
    if not text or "\0" in text:
        raise Unusable(f"{name} is {text[:60]!r}; it takes the path of a file or a folder.")
    return Path(text)


def no_others(args: Mapping[str, Any], *names: str) -> None:
    """Raises Unusable if there is an argument of another name: a misspelt one must not be ignored."""
    for name in args:
        if name not in names:
            raise Unusable(f"The request has no use for {name!r:.60}; it takes {', '.join(names)}.")


_KINDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}
