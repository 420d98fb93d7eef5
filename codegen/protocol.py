"""The language between a window (or a command) and its worker process: versioned JSON, one object per line.

A request is `{"v": 1, "id": ID, "verb": VERB, "args": {…}}`. The verbs `cancel`, `pause` and `resume` concern the
running or waiting request of that id and have no answer of their own. An event is
`{"v": 1, "id": ID or null, "event": "progress" | "result" | "error" | "log" | "heartbeat", …}`:

- `progress`: `data`, whatever the verb reports while it works;
- `result`: `data`, the answer; the request is done;
- `error`: `message`, one sentence, and `kind`: `refused`, `cancelled`, `failed` or `protocol`; the request is done
  (with a null id it answers a line that was no request); where it is about a node that the drawing itself finds
  nothing wrong with, `place` has its `graph`, its `node` and the `code` that it holds;
- `log`: `message`, for the curious;
- `heartbeat`: `busy`, the id of the running request or null; once a second, whatever the worker does.

Numbers that JSON has not (nan, infinities) travel as null. Arrays travel as files, by path. This module imports
nothing heavy, so the window reads it too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

VERSION = 1
LONGEST_LINE = 4 * 1024 * 1024  # bytes; arrays travel as files, so an honest line is far shorter
CONTROLS = ("cancel", "pause", "resume")
FINAL_EVENTS = ("result", "error")

Json = dict[str, Any]


class BadLine(ValueError):
    """A line that is not a message; the text says what is wrong with it. `id` is the request's id where it has one."""

    def __init__(self, message: str, id: str | None = None) -> None:
        super().__init__(message)
        self.id = id


@dataclass(frozen=True, slots=True)
class Request:
    """One thing asked of a worker."""

    id: str
    verb: str
    args: Json = field(default_factory=dict)

    def line(self) -> bytes:
        """The request as one line, ready to be written."""
        return encode({"v": VERSION, "id": self.id, "verb": self.verb, "args": self.args})


def encode(message: Json) -> bytes:
    """A message as one line of ASCII, newline included; nan and infinities become null."""
    try:
        text = json.dumps(message, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(message), allow_nan=False, separators=(",", ":"))
    return text.encode("ascii") + b"\n"


def event(id: str | None, what: str, /, **fields: Any) -> Json:
    """An event as a dictionary, ready for `encode`."""
    return {"v": VERSION, "id": id, "event": what, **fields}


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return value


def decode(line: bytes) -> Json:
    """The JSON object on a line, of a version we speak. Raises BadLine."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLine("The line is not JSON.") from None
    if not isinstance(message, dict):
        raise BadLine("The line is not a JSON object.")
    id = message.get("id")
    known_id = id if isinstance(id, str) else None
    if message.get("v") != VERSION:
        raise BadLine(f"The message has version {message.get('v')!r:.20}; this side speaks {VERSION}.", known_id)
    return message


def decode_request(line: bytes) -> Request:
    """The request on a line. Raises BadLine that names the field at fault."""
    message = decode(line)
    id, verb, args = message.get("id"), message.get("verb"), message.get("args", {})
    if not isinstance(id, str) or not id:
        raise BadLine("The request's id must be a text that is not empty.")
    if not isinstance(verb, str):
        raise BadLine("The request's verb must be a text.", id)
    if not isinstance(args, dict):
        raise BadLine("The request's args must be an object.", id)
    return Request(id, verb, args)


def lines(stream: BinaryIO, longest: int = LONGEST_LINE) -> Iterator[bytes | None]:
    """Each line of a stream until it ends; a line longer than `longest` bytes is skipped whole and yields None.

    A last line without a newline is a message cut short by the other side's end, and is dropped.
    """
    while True:
        line = stream.readline(longest + 1)
        if line.endswith(b"\n"):
            yield line
        elif len(line) <= longest:
            return
        else:
            while line and not line.endswith(b"\n"):
                line = stream.readline(longest)
            yield None
