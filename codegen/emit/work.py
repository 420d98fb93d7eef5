"""Emitting a drawing in a worker: what a window asks for when the drawing is too large to print between two frames."""

from __future__ import annotations

from typing import Any

from codegen.arguments import no_others, take, take_or, take_path
from codegen.drawing import open_drawing
from codegen.emit import EmitError, emit_with_spans
from codegen.emit.back import flow_back
from codegen.errors import Refusal
from codegen.job import Job


def emit_drawing(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """The source of the network in `file` (`network`, or the first), and which lines stand for which node.

    Answers `{"source", "spans": [[graph key, node id, [[first, last], …]], …]}`. Raises Refusal or Unusable.
    """
    no_others(args, "file", "network")
    drawing = open_drawing(take_path(args, "file"), take_or(args, "network", str, "") or "")
    try:
        source, spans = emit_with_spans(drawing.project, drawing.network)
    except EmitError as error:
        raise Refusal(str(error)) from None
    return {"source": source, "spans": [[*spot, [list(lines) for lines in found]] for spot, found in spans.items()]}


def take_back(args: dict[str, Any], job: Job) -> dict[str, Any]:
    """What to edit in the drawing in `file` so that the source of `network` says what `text`, a changed source, says.

    Answers `{"puts": [[kind, graph, node, name, value, clear], …]}`: see codegen.emit.back. Raises Refusal or Unusable.
    """
    no_others(args, "file", "network", "text")
    drawing = open_drawing(take_path(args, "file"), take_or(args, "network", str, "") or "")
    try:
        puts = flow_back(drawing.project, drawing.network, take(args, "text", str))
    except EmitError as error:
        raise Refusal(str(error)) from None
    return {"puts": [put.to_json() for put in puts]}
