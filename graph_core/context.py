"""What the analysis remembers: results of nodes, and contexts, each one graph under one set of values and inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import add, sub
from typing import Any, NamedTuple

from graph_core.dims import Dim, prod
from graph_core.expressions import Value
from graph_core.graph import Graph, Node
from graph_core.layer import BYTES, Facts, Layer, Spec, Weight
from graph_core.problems import Finding


class Totals(NamedTuple):
    """Sums over everything inside: elements of weights, multiply-adds, element-wise operations, bytes, problems."""

    trainable: Dim = 0
    frozen: Dim = 0
    buffers: Dim = 0
    macs: Dim = 0
    elementwise: Dim = 0
    bytes: Dim = 0
    errors: int = 0
    warnings: int = 0
    layers: int = 0

    def plus(self, other: Totals) -> Totals:
        """The sum of both."""
        if other is NOTHING:
            return self
        return tuple.__new__(Totals, map(add, self, other))

    def minus(self, other: Totals) -> Totals:
        """The difference of both."""
        if other is NOTHING:
            return self
        return tuple.__new__(Totals, map(sub, self, other))

    def times(self, n: Dim) -> Totals:
        """``n`` instances, each with weights of its own."""
        return self if n == 1 else Totals(*[a * n for a in self])  # type: ignore[arg-type]

    def stepped(self, steps: Dim) -> Totals:
        """The same weights called ``steps`` times."""
        return self._replace(macs=self.macs * steps, elementwise=self.elementwise * steps)

    def called_again(self) -> Totals:
        """Another call of weights that are counted already: work, but no parameters."""
        return self._replace(trainable=0, frozen=0, buffers=0, bytes=0)


NOTHING = Totals()


def total(parts: Sequence[Totals]) -> Totals:
    """The sum of all."""
    if len(parts) < 3:
        return parts[0].plus(parts[1]) if len(parts) == 2 else parts[0] if parts else NOTHING
    return Totals(*[sum(column) for column in zip(*parts, strict=True)])


class Outcome(NamedTuple):
    """What a layer makes of its inputs, whichever node it is: specs per outlet, totals, the rule's facts."""

    specs: tuple[Spec, ...]
    totals: Totals
    facts: Facts


@dataclass(slots=True)
class Call:
    """``count`` consecutive iterations of a block, from iteration ``first``, all alike.

    ``symbolic`` is their number where it depends on symbols; ``count`` is then that number at the example sizes.
    A scan is one iteration that calls its weights ``steps`` times; the context is that of a step.
    """

    context: Context
    first: int
    count: int
    steps: Dim = 1
    symbolic: Dim | None = None

    @property
    def iterations(self) -> Dim:
        """How many they are, as figures count them."""
        return self.count if self.symbolic is None else self.symbolic


@dataclass(slots=True)
class Result:
    """What is known of one node in one context.

    ``specs`` per output port, None where unknown; ``enabled`` is its condition (None where it depends on symbols);
    ``waiting`` says that a problem upstream keeps it from having a result.
    """

    node: Node
    specs: tuple[Spec | None, ...]
    totals: Totals = NOTHING
    layer: Layer | None = None
    facts: Facts | None = None
    enabled: bool | None = True
    calls: tuple[Call, ...] = ()
    findings: tuple[Finding, ...] = ()
    waiting: bool = False


@dataclass(eq=False, slots=True, repr=False)
class Context:
    """One graph under one set of parameter values and input specs; shared by all instances and iterations alike.

    ``role`` is root (a network at its example sizes), symbolic (a network over its symbols), definition (a block by
    itself), or instance.
    """

    graph: Graph
    role: str
    key: Any
    scope: dict[str, Value]
    inferred: dict[str, Dim]
    inputs: Mapping[str, Spec | None]
    results: dict[str, Result] = field(default_factory=dict)
    totals: Totals = NOTHING
    stale: set[str] = field(default_factory=set)
    resummed: set[str] = field(default_factory=set)  # blocks of which only the totals changed
    users: dict[tuple[int, str], tuple[Context, str]] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    tie_findings: tuple[tuple[str, Finding], ...] = ()
    released: bool = False  # nothing uses it any more
    sweeps: dict[Any, Any] = field(default_factory=dict)  # of graph_core.liveness, by mode

    def given_out(self) -> list[tuple[Spec | None, ...] | None]:
        """What its Output nodes get, in whatever order: quick, to see whether it changed."""
        results = self.results
        return [results[id].specs if id in results else None for id in self.graph.ports_of_role["output"]]

    def outputs(self) -> dict[str, Spec | None]:
        """What its Output nodes get, by their ids, in the order of its ports."""
        found: dict[str, Spec | None] = {}
        for node in self.graph.outputs():
            result = self.results.get(node.id)
            found[node.id] = result.specs[0] if result and result.specs else None
        return found


def weight_totals(weight: Weight) -> Totals:
    """The totals of one weight by itself."""
    return layer_totals(Facts((), (weight,)))._replace(layers=0)


def layer_totals(facts: Facts) -> Totals:
    """The totals of one layer from its facts; a weight that is tied to another is counted there."""
    trainable: Dim = 0
    frozen: Dim = 0
    buffers: Dim = 0
    size: Dim = 0
    for weight in facts.weights:
        if weight.tied:
            continue
        count = prod(weight.shape)
        size = size + count * BYTES[weight.dtype]
        if weight.role == "buffer":
            buffers = buffers + count
        elif weight.role == "frozen":
            frozen = frozen + count
        else:
            trainable = trainable + count
    return Totals(trainable, frozen, buffers, facts.macs, facts.elementwise, size, layers=1)
