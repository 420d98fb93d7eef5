"""Several calls of one module: what they must agree in, so that the one that torch makes computes what each call says.

A node may use the weights of another, and a repeat may have one set of weights for all its steps. Torch makes one
module for all of these calls, with the arguments of the first: so the weights, the settings of every layer that is a
module, and the parameters of blocks have to be the same in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graph_core.context import Call, Context, Result
from graph_core.dims import Dim, example_of, same
from graph_core.ends import own_weights
from graph_core.graph import Node
from graph_core.names import natural
from graph_core.problems import Finding


class Making:
    """Numbers for what a constructor makes of a graph: two contexts have one number where it makes the same.

    Numbers, as trees of blocks nested forty deep have more nodes than can be compared. ``open`` says that a size was
    a symbol without an example, so that they tell nothing.
    """

    def __init__(self) -> None:
        self.open = False
        self._numbers: dict[Any, int] = {}
        self._keys: dict[int, Any] = {}
        self._known: dict[int, int] = {}

    def of(self, context: Context) -> int:
        """The number of a context."""
        known = self._known.get(id(context))
        if known is None:
            graph = context.graph
            params = tuple(context.scope.get(name) for name in graph.params)
            results = [context.results[id] for id in context.order if id in context.results]
            made = tuple(found for result in results if (found := self._made(result)) is not None)
            key = (graph.key, params, made)
            known = self._known[id(context)] = self._numbers.setdefault(self.settled(key), len(self._numbers))
            # Where symbols are told as their examples, that these agree is a condition, noted as it is asked.
            _alike(self._keys.setdefault(known, key), key)
        return known

    def steps(self, result: Result) -> list[tuple[int, int]]:
        """The numbers of a block's instances, each with how many of that number follow each other."""
        found: list[tuple[int, int]] = []
        for call in result.calls:
            number = self.of(call.context)
            if found and found[-1][0] == number:
                found[-1] = (number, found[-1][1] + call.count)
            else:
                found.append((number, call.count))
        return found if own_weights(result.node) else [(number, 1) for number, _ in found[:1]]

    def settled(self, value: Any) -> Any:
        """A value as a number where it is a size."""
        if isinstance(value, tuple):
            return tuple(self.settled(part) for part in value)
        if not isinstance(value, Dim) or isinstance(value, bool):
            return value
        number = example_of(value)
        self.open = self.open or number is None
        return number

    def other_param(self, one: Context, other: Context) -> str:
        """A parameter of the graph that has another value in the other context; empty where there is none."""
        names = one.graph.params
        return next((n for n in names if self.settled(one.scope.get(n)) != self.settled(other.scope.get(n))), "")

    def _made(self, result: Result) -> Any:
        """What one node is in the constructor; None for what is not there."""
        if result.calls:
            return result.node.id, result.enabled, tuple(self.steps(result))
        layer = result.layer
        if layer is None or not layer.owns_weights():
            return None
        shapes = tuple((w.name, w.shape) for w in result.facts.weights) if result.facts else ()
        return result.node.id, result.enabled, tuple(layer.values.values()), shapes


def steps_differ(node: Node, calls: list[Call]) -> Finding | None:
    """What keeps the steps of a repeat from having one set of weights."""
    making = Making()
    first, *others = (call.context for call in calls)
    other = next((context for context in others if making.of(context) != making.of(first)), None)
    if other is None or making.open:
        return None
    name = making.other_param(first, other)
    what = f"differ in {name}" if name else "need different weight shapes"
    return Finding("sharing", f"{node.name} repeats with one set of weights, but its steps {what}")


def _failed(result: Result) -> bool:
    """Whether an error is known of a node; a remark on it keeps nobody from comparing."""
    return any(finding.severity == "error" for finding in result.findings)


def sharing_findings(context: Context) -> Iterator[tuple[str, Finding]]:
    """What keeps nodes of a context from using the weights of others, each with the id of the node."""
    making = Making()
    for id in sorted(context.graph.borrowers, key=natural):
        mine = context.results.get(id)
        theirs = context.results.get(mine.node.use) if mine is not None else None
        if mine is None or theirs is None or mine.node.type != theirs.node.type or _failed(mine) or _failed(theirs):
            continue
        node, owner = mine.node, theirs.node
        if node.when != owner.when and owner.when:
            message = f"{node.name} uses the weights of {owner.name}, which has none where its condition is false"
            yield id, Finding("sharing", message)
        elif mine.calls and theirs.calls:
            if message := _blocks_differ(making, mine, theirs):
                yield id, Finding("sharing", message)
        elif mine.facts is not None and theirs.facts is not None:
            yield from ((id, finding) for finding in _layers_differ(mine, theirs))


def _blocks_differ(making: Making, mine: Result, theirs: Result) -> str:
    node, owner = mine.node, theirs.node
    if own_weights(node) != own_weights(owner):
        which = owner if own_weights(owner) else node
        return f"{node.name} uses the weights of {owner.name}, but only {which.name} repeats with weights of its own"
    if making.steps(mine) == making.steps(theirs) or making.open:
        return ""
    one, other = mine.calls[0].context, theirs.calls[0].context
    name = making.other_param(one, other)
    if name:
        mine_, theirs_ = one.scope.get(name), other.scope.get(name)
        return f"{node.name} has {name} {mine_} and {owner.name}, whose weights it uses, {theirs_}; make them equal"
    times = [sum(call.count for call in result.calls) for result in (mine, theirs)]
    if own_weights(node) and times[0] != times[1]:
        return f"{node.name} repeats ×{times[0]} and {owner.name}, whose weights it uses, ×{times[1]}; make them equal"
    return f"{node.name} needs other weight shapes than {owner.name}, whose weights it uses"


def _layers_differ(mine: Result, theirs: Result) -> Iterator[Finding]:
    node, owner = mine.node, theirs.node
    assert mine.layer is not None
    assert theirs.layer is not None
    for name, value in mine.layer.values.items():
        other = theirs.layer.values[name]
        if not _alike(value, other):
            field = mine.layer.fields[name]
            message = (
                f"{node.name} has {name} {field.show(value)} and {owner.name}, whose weights it uses, "
                f"{field.show(other)}; make them equal"
            )
            hints = {"set": {name: owner.params[name]}} if name in owner.params else {}
            yield Finding("sharing", message, hints=hints)
            return
    one, two = ([w.shape for w in result.facts.weights] for result in (mine, theirs) if result.facts)
    if not _alike(tuple(one), tuple(two)):
        yield Finding("sharing", f"{node.name} needs other weight shapes than {owner.name}, whose weights it uses")


def _alike(one: Any, other: Any) -> bool:
    """Whether two values may be the same; sizes are asked, since symbols may be equal without looking so."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, Dim) and isinstance(other, Dim) and not isinstance(one, bool):
        return same(one, other) is not False
    return bool(one == other)
