"""Names and ids: what may become an identifier in emitted source, and how new ones are chosen."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Collection
from functools import lru_cache

MAX_NAME, MAX_DOTTED = 60, 200
is_id = re.compile(r"[A-Za-z0-9_-]{1,40}\Z").match
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,5})\Z")
_PIECES = re.compile(r"([0-9]+)")
_LAST = "\U0010ffff"  # what begins with a digit comes after what begins with a letter

# Attributes that torch.nn.Module itself has: a layer of that name would break the module it is set on.
_MODULE_ATTRIBUTES = """
T_destination _apply _backward_hooks _backward_pre_hooks _buffers _call_impl _compiled_call_impl _forward_hooks
_forward_hooks_always_called _forward_hooks_with_kwargs _forward_pre_hooks _forward_pre_hooks_with_kwargs
_get_backward_hooks _get_backward_pre_hooks _get_name _is_full_backward_hook _load_from_state_dict
_load_state_dict_post_hooks _load_state_dict_pre_hooks _maybe_warn_non_full_backward_hook _modules _named_members
_non_persistent_buffers_set _parameters _register_load_state_dict_pre_hook _register_state_dict_hook
_replicate_for_data_parallel _save_to_state_dict _slow_forward _state_dict_hooks _state_dict_pre_hooks _version
_wrapped_call_impl add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches
eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict
modules mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook
register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook
register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad
"""
MODULE_ATTRIBUTES = frozenset(_MODULE_ATTRIBUTES.split())
# Names that emitted files use for something else.
EMITTED_NAMES = frozenset(["self", "torch", "nn", "F", "math", "Tensor", "annotations", "i"])


class BadName(ValueError):
    """A text that cannot be a name; the message is one sentence."""


def check_id(text: str) -> str:
    """``text`` where it can be a node's id; raises BadName."""
    if isinstance(text, str) and is_id(text):
        return text
    raise BadName(f"“{_shown(text)}” cannot be an id; use up to 40 letters, digits, _ or -.")


def check_name(text: str) -> str:
    """``text`` where it can name a node: an identifier that breaks no module, or a number; raises BadName.

    A minus may stand inside of it, as torch's own models have it: such a node is reached by ``get_submodule``. Parts
    joined by dots (``layers.0``, ``heads.left``) put the node into lists and tables of modules of that name.
    """
    if isinstance(text, str) and "." in text and len(text) <= MAX_DOTTED:
        for part in text.split("."):
            check_name(part)
        return text
    if isinstance(text, str) and _NUMBER.match(text):
        return text
    plain = text.replace("-", "_") if isinstance(text, str) and not text.startswith("-") else text
    check_identifier(f"{plain}_" if plain in EMITTED_NAMES else plain)  # an attribute hides none of them
    if text in MODULE_ATTRIBUTES:
        raise BadName(f"“{text}” is taken by torch.nn.Module itself; choose another name.")
    return text


@lru_cache(maxsize=65536)
def is_name(text: str) -> bool:
    """Whether ``text`` can name a node; remembered, for every node of a drawing is asked again and again."""
    try:
        check_name(text)
    except BadName:
        return False
    return True


def check_identifier(text: str) -> str:
    """``text`` where it can name a parameter or symbol; raises BadName."""
    if not isinstance(text, str) or not _IDENTIFIER.match(text) or len(text) > MAX_NAME:
        raise BadName(f"“{_shown(text)}” is no name; use up to {MAX_NAME} letters, digits and _, no digit first.")
    if keyword.iskeyword(text) or keyword.issoftkeyword(text) or text.startswith("__"):
        raise BadName(f"“{text}” is a word of Python itself; choose another name.")
    if text in EMITTED_NAMES:
        raise BadName(f"“{text}” has a meaning of its own in emitted source; choose another name.")
    return text


def check_class_name(text: str) -> str:
    """``text`` where it can name a class; raises BadName."""
    check_identifier(text)
    if hasattr(builtins, text):
        raise BadName(f"“{text}” is a builtin of Python; choose another name.")
    return text


def first_of(end: str) -> str:
    """The id of the node in the graph itself at which an end of a tie lies, or in which."""
    return end.partition(".")[0].partition("/")[0].partition("#")[0]


def identifier_from(text: str, fallback: str = "net") -> str:
    """The nearest identifier to any text: ``my net!`` gives ``my_net``."""
    cleaned = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")[:MAX_NAME]
    cleaned = f"_{cleaned}" if cleaned[:1].isdigit() else cleaned
    try:
        return check_class_name(cleaned)
    except BadName:
        return fallback


@lru_cache(maxsize=65536)
def class_name_from(text: str) -> str:
    """A class name from any text: ``lstm_classifier`` gives ``LstmClassifier``."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text) if word]
    return identifier_from("".join(word[0].upper() + word[1:] for word in words), "Net")


def numbered(stem: str, taken: Collection[str], *, bare: bool = False) -> str:
    """``stem`` with a number that makes it free, the smallest unless there are gaps; without one where it may be bare.

    Found by doubling and halving, so that the ten-thousandth name costs no more than the tenth.
    """
    if bare and stem not in taken:
        return stem
    free = 2 if bare else 1
    used = free - 1
    while f"{stem}{free}" in taken:
        used, free = free, free * 2
    while free - used > 1:
        middle = (used + free) // 2
        if f"{stem}{middle}" in taken:
            used = middle
        else:
            free = middle
    return f"{stem}{free}"


@lru_cache(maxsize=65536)
def natural(text: str) -> tuple[tuple[str | int, ...], str]:
    """A sort key that puts n2 before n10; two texts never have the same."""
    pieces: list[str | int] = [*_PIECES.split(text)]  # words and digits take turns, a word first, if only an empty one
    pieces[1::2] = map(int, pieces[1::2])
    return (pieces[0] or _LAST, *pieces[1:]), text


def _shown(text: object) -> str:
    shown = "".join(c if c.isprintable() else "�" for c in str(text)[:41])
    return shown[:40] + "…" if len(shown) > 40 else shown
