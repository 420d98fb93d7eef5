"""The ledger: what every layer costs, summed up through blocks to the total, and counted by one convention or another.

Tools count differently what the same network costs: one operation or two for a multiply-add, with or without biases,
element-wise work, and the products inside of attention. A ``Convention`` says which, so that figures can be reconciled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, NamedTuple

from graph_core.context import Call, Context, Result
from graph_core.dims import Dim, prod
from graph_core.graph import EditError, Project
from graph_core.layer import Facts
from graph_core.memory import spec_bytes
from graph_core.propagate import engine_of
from graph_core.tied_inside import NO_TIES, Ties, counted, parted, ties_inside


@dataclass(frozen=True, slots=True)
class Work:
    """What one call of a layer is made of.

    ``macs`` multiply-adds, of which ``attention`` are products inside of attention; ``elementwise`` operations, of
    which ``biases`` add a bias. ``weights`` are the values of its parameters; ``samples`` is the first axis of what
    comes out, ``positions`` all of its axes but the second; ``given`` and ``made`` count the values of the first input
    and of all outputs.
    """

    macs: int = 0
    attention: int = 0
    elementwise: int = 0
    biases: int = 0
    weights: int = 0
    samples: int = 0
    given: int = 0
    made: int = 0
    positions: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """How a tool counts a kind of layer: ``work`` by the convention, ``nothing``, or so many for each of something.

    ``weights`` are the values of its parameters once a sample, ``positions`` once a sample and place of what comes out,
    ``given`` and ``made`` the values that come in and out.
    ``bare`` stands instead of ``each`` where the layer owns no parameters.
    """

    of: Literal["work", "nothing", "weights", "positions", "given", "made"] = "work"
    each: int = 1
    bare: int | None = None


@dataclass(frozen=True)
class Convention:
    """A way to count. ``unit`` is what it calls the sum; ``rules`` are a foreign tool's own, by layer type."""

    name: str
    title: str
    unit: str
    help: str
    factor: int = 1
    attention: bool = True
    biases: bool = False
    elementwise: bool = False
    rules: Mapping[str, Rule] = field(default_factory=dict)
    otherwise: Rule = Rule()

    def count(self, type: str, work: Work) -> int:
        """Operations of one call of a layer."""
        rule = self.rules.get(type, self.otherwise)
        each = rule.bare if rule.bare is not None and not work.weights else rule.each
        match rule.of:
            case "work":
                products = work.macs if self.attention else work.macs - work.attention
                added = work.biases if self.biases else 0
                other = work.elementwise - work.biases if self.elementwise else 0
                return each * (self.factor * products + added + other)
            case "weights":
                return each * work.samples * work.weights
            case "positions":
                return each * work.positions * work.weights
            case "given":
                return each * work.given
            case "made":
                return each * work.made
            case _:
                return 0


MACS: Final = Convention(
    "macs", "MACs", "MACs", "Multiply-adds, as papers publish them: attention's products included."
)
FLOPS: Final = Convention(
    "flops",
    "FLOPs",
    "FLOPs",
    "Two operations for a multiply-add, and one for each element of element-wise and normalization work.",
    factor=2,
    biases=True,
    elementwise=True,
)


class Entry:
    """A layer, a block with iterations alike, or the network itself.

    ``id`` joins the ids on the way down, ``path`` is the state-dict path with equal iterations as one
    (``layers.0–5.linear1``), ``row`` the path of the first of them. It runs ``calls`` times in all, on ``copies`` sets
    of weights. A layer has ``work``, that of one call; a block has parts, which are made when they are asked for: a
    drawing may hold more than can be listed. An entry is of the drawing as it is, until the next edit.
    """

    def __init__(
        self,
        book: _Book,
        place: _Place,
        name: str,
        type: str,
        output: tuple[tuple[int, ...], ...] = (),
        work: Work | None = None,
        context: Context | None = None,
        params: int = 0,
        held: tuple[int, int] = (0, 0),
    ) -> None:
        self.id, self.path, self.row, self.calls, self.copies, self._tied = place
        self.name, self.type, self.output, self.work = name, type, output, work
        self._book, self._context, self._params, self._held = book, context, params, held

    @cached_property
    def parts(self) -> tuple[Entry, ...]:
        """What a block consists of, in the order of its schedule."""
        return tuple(self._parts()) if self._context is not None else ()

    @property
    def params(self) -> int:
        """Values of parameters in all its copies, those that are another's not counted again."""
        if self._context is None:
            return self._params
        if self._tied or self._context.graph.ties:
            return sum(part.params for part in self.parts)
        totals = self._context.totals
        return self.copies * (_whole(totals.trainable) + _whole(totals.frozen))

    @property
    def stored(self) -> int:
        """Bytes of weights and buffers in all its copies, as drawn; those that are another's not counted again."""
        if self._context is None:
            return self._held[0]
        if self._tied or self._context.graph.ties:
            return sum(part.stored for part in self.parts)
        return self.copies * _whole(self._context.totals.bytes)

    @property
    def given(self) -> int:
        """Bytes of what comes out of all calls of its layers, as drawn: not all of it is held at one time."""
        if self._context is None:
            return self.calls * self._held[1]
        return self.calls * self._book.outputs(self._context)

    @property
    def memory(self) -> int:
        """Bytes of weights and buffers, and of what all calls of its layers give."""
        return self.stored + self.given

    def operations(self, convention: Convention) -> int:
        """All its calls, counted by a convention."""
        if self.work is not None:
            return self.calls * convention.count(self.type, self.work)
        return self.calls * self._book.of(self._context, convention) if self._context is not None else 0

    def walk(self) -> Iterator[Entry]:
        """Itself and everything in it, in the order of the schedule; there may be very many."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def _parts(self) -> Iterator[Entry]:
        context, tied = self._context, self._tied
        assert context is not None
        if context.graph.ties:
            tied = {**tied, **ties_inside(context)}
        way = f"{self.path}." if self.path else "", f"{self.row}." if self.row else "", f"{self.id}/" if self.id else ""
        for id in context.order:
            result = context.results[id]
            if result.calls and not result.findings:
                for nth, (call, below) in enumerate(parted(result, tied)):
                    yield self._block(result, call, nth, way, f"{way[2]}{id}", below)
            elif _is_layer(result):
                totals = counted(result, id, tied) if tied else result.totals
                name = result.node.name
                place = _Place(f"{way[2]}{id}", f"{way[0]}{name}", f"{way[1]}{name}", self.calls, self.copies, NO_TIES)
                params = self.copies * (_whole(totals.trainable) + _whole(totals.frozen))
                work = self._book.work(context, result)
                held = self.copies * _whole(totals.bytes), self._book.output(result)
                yield Entry(self._book, place, name, result.node.type, _output(result), work, None, params, held)

    def _block(self, result: Result, call: Call, nth: int, way: tuple[str, str, str], ids: str, tied: Ties) -> Entry:
        node = result.node
        name = first = node.name
        if node.run is not None and not node.run.shared:
            last = call.first + call.count - 1
            first = f"{name}.{call.first}"
            name = first if last == call.first else f"{first}–{last}"
        owners = call.count
        if node.use or (node.run is not None and node.run.shared):
            owners = 0 if node.use or nth else 1
        calls = self.calls * call.count * _whole(call.steps)
        place = _Place(ids, f"{way[0]}{name}", f"{way[1]}{first}", calls, self.copies * owners, tied)
        return Entry(self._book, place, name, call.context.graph.name, _output(result), None, call.context)


class _Place(NamedTuple):
    id: str
    path: str
    row: str
    calls: int
    copies: int
    tied: Ties


class _Book:
    """What contexts cost, remembered: a block that is used often is counted once."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, Context], int] = {}
        self._works: dict[tuple[Context, str], Work] = {}
        self._outputs: dict[Context, int] = {}

    def outputs(self, context: Context) -> int:
        """Bytes of what all layers give in one call of everything in a context."""
        if context not in self._outputs:
            total = 0
            for result in context.results.values():
                if result.calls and not result.findings:
                    total += sum(c.count * _whole(c.steps) * self.outputs(c.context) for c in result.calls)
                elif _is_layer(result):
                    total += self.output(result)
            self._outputs[context] = total
        return self._outputs[context]

    @staticmethod
    def output(result: Result) -> int:
        """Bytes of what one call of a layer gives."""
        return sum(spec_bytes(spec) for spec in result.specs)

    def of(self, context: Context, convention: Convention) -> int:
        """Operations of one call of everything in a context."""
        key = convention.name, context
        if key not in self._sums:
            total = 0
            for result in context.results.values():
                if result.calls and not result.findings:
                    total += sum(c.count * _whole(c.steps) * self.of(c.context, convention) for c in result.calls)
                elif _is_layer(result):
                    total += convention.count(result.node.type, self.work(context, result))
            self._sums[key] = total
        return self._sums[key]

    def work(self, context: Context, result: Result) -> Work:
        """What one call of a layer is made of."""
        key = context, result.node.id
        if key not in self._works:
            assert result.facts is not None
            self._works[key] = _work(context, result, result.facts)
        return self._works[key]


def ledger(project: Project, network: str = "main") -> Entry:
    """The network as one entry. Raises EditError where there is no such network."""
    if network not in project.networks:
        raise EditError(f"There is no network {network}; there are {', '.join(project.networks)}.")
    root = engine_of(project).root(network)
    return Entry(_Book(), _Place("", "", "", 1, 1, NO_TIES), network, "", context=root)


def _is_layer(result: Result) -> bool:
    return not result.calls and result.facts is not None and result.enabled is not False and bool(result.totals.layers)


def _output(result: Result) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(map(_whole, spec.shape)) for spec in result.specs if spec)


def _work(context: Context, result: Result, facts: Facts) -> Work:
    output = result.specs[0].shape if result.specs and result.specs[0] else ()
    given = 0
    for source, port in list(context.graph.incoming.get(result.node.id, {}).values())[:1]:
        feeding = context.results.get(source)
        ports = context.graph.out_ports(context.graph.nodes[source])
        spec = feeding.specs[ports.index(port)] if feeding and port in ports else None
        given = _whole(prod(spec.shape)) if spec else 0
    return Work(
        _whole(facts.macs),
        _whole(facts.attention),
        _whole(facts.elementwise),
        _whole(facts.biases),
        sum(_whole(prod(weight.shape)) for weight in facts.weights if weight.role != "buffer"),
        _whole(output[0]) if output else 1,
        given,
        sum(_whole(prod(spec.shape)) for spec in result.specs if spec),
        _whole(prod((*output[:1], *output[2:]))),
    )


def _whole(size: Dim) -> int:
    return int(size) if isinstance(size, int) else 0
