"""What a difference comes to, node by node: figures before and after, also of nodes that nobody edited.

A wider convolution makes those after it cost more, though nothing was changed on them: they are told as what follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graph_core.context import Context, Result
from graph_core.dims import size_text
from graph_core.graph import Project
from graph_core.itemized import Item
from graph_core.layer import layer_types
from graph_core.memory import spec_bytes
from graph_core.propagate import engine_of
from graph_core.ways import ABSENT, same
from graph_core.wording import value_text


class NodeFigures(NamedTuple):
    """What one call of a node costs: elements of its parameters, multiply-adds, bytes of weights and outputs.

    ``outputs`` are the shapes that it gives, as labels write them.
    """

    params: int = 0
    macs: int = 0
    memory: int = 0
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Follow:
    """A node that is the same in both projects and yet costs, or gives, something else."""

    graph: str
    node: str
    name: str
    old: NodeFigures
    new: NodeFigures


def params_of(result: Result) -> int:
    """How many parameters a node has, frozen ones with them; 0 where that is not known."""
    return _whole(result.totals.trainable) + _whole(result.totals.frozen)


def macs_of(result: Result) -> int:
    """The multiply-adds of a node; 0 where they are not known."""
    return _whole(result.totals.macs)


def memory_of(result: Result) -> int:
    """The bytes of a node's weights, buffers and outputs; 0 for what is not known."""
    return _whole(result.totals.bytes) + sum(spec_bytes(spec) for spec in result.specs)


def figures_of_result(result: Result) -> NodeFigures:
    """What a node costs; zeros where that is not known."""
    outputs = tuple(" × ".join(map(size_text, spec.shape)) if spec else "?" for spec in result.specs)
    return NodeFigures(params_of(result), macs_of(result), memory_of(result), outputs)


def contexts_of(project: Project, network: str) -> dict[str, Context]:
    """For each graph that a network uses, by its key, the analysis of its first instance."""
    root = engine_of(project).root(network)
    found, todo = {root.graph.key: root}, [root]
    for context in todo:
        for result in context.results.values():
            for call in result.calls:
                if call.context.graph.key not in found:
                    found[call.context.graph.key] = call.context
                    todo.append(call.context)
    return found


def follows(
    old: Mapping[str, Context], new: Mapping[str, Context], edited: frozenset[tuple[str, str]]
) -> tuple[Follow, ...]:
    """What follows in nodes that are in both projects and not ``edited`` (graph keys and node ids), in their order.

    ``old`` and ``new`` are the contexts of both, as `contexts_of` gives them.
    """
    found = []
    for key, context in new.items():
        before = old.get(key)
        for id in context.order if before is not None else ():
            if before is None or id not in before.results or (key, id) in edited or id not in context.results:
                continue
            then, now = figures_of_result(before.results[id]), figures_of_result(context.results[id])
            if then != now:
                found.append(Follow(key, id, context.results[id].node.name, then, now))
    return tuple(found)


def changed_fields(item: Item, old: Project, new: Project) -> tuple[tuple[str, str, str], ...]:
    """The fields of an item as rows: name, value before, value after; a default stands where the file has none."""
    rows = []
    graph, id = item.origin or (item.graph, item.key)
    for name, (then, now) in item.fields.items():
        if name in ("", "value") or item.kind in ("added", "removed"):
            continue
        if name.startswith("set."):
            name = name.removeprefix("set.")
            then = _default(old, graph, id, name) if then is ABSENT else then
            now = _default(new, item.graph, item.key, name) if now is ABSENT else now
        if not same(then, now):
            rows.append((name, value_text(then), value_text(now)))
    return tuple(rows)


def _default(project: Project, graph: str, id: str, field: str) -> Any:
    node = project.graphs[graph].nodes.get(id) if graph in project.graphs else None
    block = project.graphs.get(node.type) if node is not None else None
    if block is not None:
        return block.params[field].default if field in block.params else ABSENT
    declaration = layer_types().get(node.type) if node is not None else None
    return declaration.fields[field].default if declaration and field in declaration.fields else ABSENT


def _whole(size: Any) -> int:
    return int(size) if isinstance(size, int) else 0
