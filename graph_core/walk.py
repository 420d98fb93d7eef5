"""The way down through instances: each with its state-dict path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from graph_core.chains import name_in
from graph_core.context import Call, Context, Result


def instances_of(context: Context, result: Result, path: str) -> Iterator[tuple[str, Context]]:
    """Each instance of a block node with its state-dict path: numbered where it repeats with weights of its own."""
    for instance in calls_of(context, result, path):
        yield instance.path, instance.call.context


def owners_of(context: Context, result: Result, path: str, *, bare: bool = False) -> Iterator[Instance]:
    """Each instance of a block node that has weights of its own: of steps that share theirs the first, and none of a
    node that uses another's; ``bare``: of a block without weights, too, whose steps are then walked to their end.
    """
    if result.node.use or (_owns_nothing(result) and not bare):
        return
    for instance in calls_of(context, result, path):
        if instance.step is not None or not instance.call.first:
            yield instance


def _owns_nothing(result: Result) -> bool:
    """Whether there is nothing in a block to walk to, however often it repeats; what is tied counts elsewhere."""
    totals = result.totals
    tied = any(graph.ties for graph in result.calls[0].context.graph.project.graphs.values()) if result.calls else False
    return not tied and totals.trainable == 0 and totals.frozen == 0 and totals.buffers == 0


def is_last(result: Result, step: int | None) -> bool:
    """Whether an instance with weights of its own is the last of its node's to run."""
    return step is None or step == result.calls[-1].first + result.calls[-1].count - 1


class Instance(NamedTuple):
    """One set of weights of a block node: its state-dict path, how often it runs one after the other, and which step
    it is where the steps have weights of their own.
    """

    path: str
    call: Call
    times: int
    step: int | None = None


def calls_of(context: Context, result: Result, path: str) -> Iterator[Instance]:
    """Each instance of a block node; none of a node with problems.

    Where the number of steps of a scan is a symbol, it is told as 1. Steps that share their weights and get different
    sizes are several: see owners_of.
    """
    node = result.node
    name = name_in(context, node.id)
    for call in result.calls if not result.findings else ():
        if node.run is None or node.run.shared:
            steps = call.steps if isinstance(call.steps, int) else 1
            yield Instance(f"{path}{name}", call, call.count * steps)
            continue
        for step in range(call.first, call.first + call.count):
            yield Instance(f"{path}{name}.{step}", call, 1, step)
