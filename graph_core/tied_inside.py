"""Ties seen from the way down: which weights inside of a block's instances are tied from above, and the choice of them.

What walks a drawing's layers takes along the ties of the graphs above that end further down, as they read from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from graph_core.context import Call, Context, Result, Totals, weight_totals
from graph_core.ends import End, Stop, covers, end_of, own_weights
from graph_core.layer import Weight, layer_types
from graph_core.ties import acts, find

MAX_CANDIDATES: Final = 100
MAX_SEEN: Final = 10_000  # nodes inside of blocks that are looked at for them


class Tied(NamedTuple):
    """What a weight is tied to; ``own`` is the rest of the source's way, as long as the way down may end there."""

    source: str
    own: tuple[Stop, ...] = ()


Ties = Mapping[End, Tied]
NO_TIES: Ties = {}


def ties_inside(context: Context) -> dict[End, Tied]:
    """The ties of a context's graph whose target lies inside of a block instance."""
    found = {}
    for target, source in context.graph.ties.items():
        if "/" in target and acts(context, source):
            end, owner = end_of(target), end_of(source)
            found[end] = Tied(source, owner.way if covers(end, owner) else ())
    return found


def inside(ties: Ties, id: str, step: int | None = None) -> dict[End, Tied]:
    """The ties that end inside of a block's instance, from there on: ``b/head.weight`` gives ``head.weight``.

    ``step`` is that of the instance where the block repeats with weights of its own.
    """
    found = {}
    for end, (source, own) in ties.items():
        stop = end.way[0]
        if len(end.way) > 1 and stop.id == id and stop.step in (None, step):
            found[end.below()] = Tied(source, own[1:] if own and own[0] == (id, step) else ())
    return found


def parted(result: Result, ties: Ties) -> Iterator[tuple[Call, dict[End, Tied]]]:
    """The calls of a block, each with the ties that end inside; those parted of which single steps are tied."""
    node = result.node
    if not ties or not own_weights(node):
        yield from ((call, inside(ties, node.id)) for call in result.calls)
        return
    alone = {stops[0].step for end, tied in ties.items() for stops in (end.way, tied.own) if _within(stops, node.id)}
    for call in result.calls:
        steps = sorted(step for step in alone if step is not None and call.first <= step < call.first + call.count)
        starts = sorted({call.first, *steps, *(step + 1 for step in steps if step + 1 < call.first + call.count)})
        for first, end in zip(starts, [*starts[1:], call.first + call.count], strict=True):
            rest = None
            if call.symbolic is not None and first == starts[-1]:
                rest = call.symbolic - (first - call.first)
            yield replace(call, first=first, count=end - first, symbolic=rest), inside(ties, node.id, first)


def _within(stops: tuple[Stop, ...], id: str) -> bool:
    return len(stops) > 1 and stops[0].id == id


def tied_to(ties: Ties, id: str, weight: Weight) -> Tied | None:
    """What a weight of a layer is tied to from above; None for the one that others are tied to."""
    if weight.role == "buffer":
        return None
    found = ties.get(End((Stop(id),), weight.name))
    return None if found is None or found.own == (Stop(id),) else found


def counted(result: Result, id: str, ties: Ties) -> Totals:
    """What a layer counts inside of an instance where some of its weights are tied from above."""
    totals = result.totals
    for weight in result.facts.weights if result.facts and not result.node.use else ():
        if not weight.tied and tied_to(ties, id, weight):
            totals = totals.minus(weight_totals(weight))
    return totals


def marked(weights: Iterable[Weight], id: str, ties: Ties) -> list[Weight]:
    """The weights of a layer, those that are tied from above marked as such."""
    return [replace(w, tied=found.source) if (found := tied_to(ties, id, w)) else w for w in weights]


# What may be tied.


def candidates(context: Context, target: str) -> list[str]:
    """The weights to which one could be tied: of one role, shape and type, not tied themselves; at most 100."""
    mine = find(context, target).weight
    if mine is None:
        return []
    taken, end, found = [end_of(one) for one in context.graph.ties], end_of(target), []
    for other, weight in weights_in(context):
        fits = (weight.role, weight.shape, weight.dtype) == (mine.role, mine.shape, mine.dtype)
        if fits and other != end and not weight.tied and not any(covers(one, other) for one in taken):
            found.append(other.text)
            if len(found) == MAX_CANDIDATES:
                break
    return found


def weights_in(context: Context, id: str = "", *, every: bool = False) -> Iterator[tuple[End, Weight]]:
    """Every weight of a context to which a tie can lead, or those at and inside of one node.

    Of blocks that repeat with weights of their own, each step's, or with ``every`` all steps' as one. After 10,000
    nodes inside of blocks it ends.
    """
    left = iter(range(MAX_SEEN))
    for here in (id,) if id else context.order:
        if here in context.results:
            yield from _weights(context.results[here], (), left, every=every)


def _weights(
    result: Result, way: tuple[Stop, ...], left: Iterator[int], *, every: bool
) -> Iterator[tuple[End, Weight]]:
    node = result.node
    declaration = layer_types().get(node.type)
    # Blocks nested forty deep have more instances than can be walked: those with nothing to offer are passed over.
    empty = result.calls and result.totals.trainable == 0 and result.totals.frozen == 0
    if node.use or (way and node.when) or empty:
        return
    for call in result.calls:
        steps: Iterable[int | None] = [None]
        if own_weights(node) and not every:
            steps = range(call.first, call.first + call.count)
        for step in steps:
            for inner in call.context.order:
                if next(left, None) is None:
                    return
                yield from _weights(call.context.results[inner], (*way, Stop(node.id, step)), left, every=every)
        if steps == [None]:
            return
    if result.facts is not None and result.enabled is not False and declaration and declaration.owns_weights():
        yield from ((End((*way, Stop(node.id)), w.name), w) for w in result.facts.weights if w.role != "buffer")
