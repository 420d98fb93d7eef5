"""The way down through instances: each with its state-dict path."""

from __future__ import annotations

from collections.abc import Iterator

from graph_core.context import Call, Context, Result


def instances_of(result: Result, path: str) -> Iterator[tuple[str, Context]]:
    """Each instance of a block node with its state-dict path: numbered where it repeats with weights of its own."""
    for inner, call, _ in calls_of(result, path):
        yield inner, call.context


def calls_of(result: Result, path: str) -> Iterator[tuple[str, Call, int]]:
    """Each instance with its state-dict path, and how often it runs one after the other with the same weights.

    None of a node with problems. Where the number of steps of a scan is a symbol, it is told as 1.
    """
    node = result.node
    for call in result.calls if not result.findings else ():
        if node.run is None or node.run.shared:
            yield f"{path}{node.name}", call, call.count * (call.steps if isinstance(call.steps, int) else 1)
            continue
        for step in range(call.first, call.first + call.count):
            yield f"{path}{node.name}.{step}", call, 1
