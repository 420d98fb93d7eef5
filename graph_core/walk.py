"""The way down through instances: each with its state-dict path."""

from __future__ import annotations

from collections.abc import Iterator

from graph_core.context import Context, Result


def instances_of(result: Result, path: str) -> Iterator[tuple[str, Context]]:
    """Each instance of a block node with its state-dict path: numbered where it repeats with weights of its own."""
    node = result.node
    for call in result.calls:
        numbered = node.run is not None and not node.run.shared
        for step in range(call.first, call.first + call.count):
            yield (f"{path}{node.name}.{step}" if numbered else f"{path}{node.name}"), call.context
            if not numbered:
                break
