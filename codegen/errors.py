"""What codegen says when it cannot do what was asked: one clear sentence, never a traceback."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A node of a drawing: the key of its graph, its id, and the code that it holds."""

    graph: str
    node: str
    code: str


class Refusal(Exception):
    """A request that cannot be met; the text is one sentence that names the cause and, where there is one, the fix.

    Commands print the text on one line of stderr and leave with `exit_code`; the worker sends it as an `error` event.
    """

    exit_code = 1
    place: Place | None = None  # the node that it is about, where the drawing itself does not tell


class Unusable(Refusal):
    """The file or the usage itself is wrong (unreadable, not what it claims to be): commands leave with 2."""

    exit_code = 2


class Stopped(Exception):
    """The work was stopped because a person asked for it; what was reached so far has been kept."""
