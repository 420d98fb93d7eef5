"""What a person types into a field, as the value that the drawing stores, and back."""

from __future__ import annotations

from typing import Any

from graph_core.fields import Choice, Field, FieldError, Flag
from graph_core.stated import Text, Values


def parse_entry(field: Field[Any], text: str) -> Any:
    """The stored value of a typed text: a number, a list, a word, an expression. Raises FieldError in one sentence."""
    text = text.strip()
    if isinstance(field, Choice | Text):
        value: Any = text
    elif isinstance(field, Flag) and text.lower() in ("on", "off", "true", "false"):
        value = text.lower() in ("on", "true")
    elif field.kind == "patterns":
        field.accept([part.strip() for part in text.split(",") if part.strip()])
        return [part.strip() for part in text.split(",") if part.strip()]
    elif field.kind in ("shape", "axes", "epochs", "values") or (field.kind == "sizes" and _is_list(text)):
        value = [_scalar(part) for part in _parts(text)]
        if field.kind == "axes" and len(value) == 1:
            value = value[0]
    else:
        value = _scalar(text)
    if value in ("", []) and not isinstance(field, Text | Values):
        raise FieldError(f"{field.name} is empty; it takes {field.takes}.")
    field.accept(value)
    return value


def entry_text(value: Any) -> str:
    """A stored value as a person would type it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return ", ".join(entry_text(part) for part in value)
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) and len(repr(value)) > 10 else str(value)


def is_expression(value: Any) -> bool:
    """Whether a stored value, or a part of it, is the text of an expression."""
    if isinstance(value, list | tuple):
        return any(is_expression(part) for part in value)
    return isinstance(value, str)


def _is_list(text: str) -> bool:
    return "," in text or "×" in text


def _parts(text: str) -> list[str]:
    """Split at commas and ×, but not inside brackets of a call."""
    parts, depth, now = [], 0, ""
    for c in text.strip("[]() "):
        depth += (c == "(") - (c == ")")
        if c in ",×" and depth <= 0:
            parts.append(now.strip())
            now = ""
        else:
            now += c
    parts.append(now.strip())
    return [part for part in parts if part]


def _scalar(text: str) -> Any:
    if text.lower() in ("none", ""):
        return None if text else ""
    for convert in (int, float):
        try:
            return convert(text.replace("−", "-"))
        except ValueError:
            continue
    if text in ("True", "False"):
        return text == "True"
    return text
