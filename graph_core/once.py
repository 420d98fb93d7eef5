"""The memory of activations of one graph in one walk along its schedule: for small graphs, and the first time.

It says what ``graph_core.liveness`` keeps up to date for large ones, by the same rules: see there.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import accumulate
from operator import add
from typing import NamedTuple

from graph_core.context import Context, Result
from graph_core.graph import Scan
from graph_core.order import Schedule
from graph_core.pieces import Known, Mode, Out, Piece, Times, chained, passing, scanned, unknown
from graph_core.scanning import stacked_ports, state_pairs

identity = builtins.id  # nodes' ids are called id here
NO_PIECE = Piece()
NO_WIRES: Mapping[str, tuple[str, str]] = {}
View = tuple[int, bool]  # the number of a storage, and whether its axes are stepped through in another order


class Storages(NamedTuple):
    """Of each storage, by its number: bytes, the place where it is last read (or made), where it is first kept (-1:
    nowhere), and whether its maker keeps it; and the numbers of those that go out of the graph.

    The number of a node's first storage is its place in the schedule; further ones come after all places.
    """

    size: list[int]
    last: list[int]
    first: list[int]
    kept: list[bool]
    escapes: set[int]


class Pieces:
    """The pieces of a context's nodes in one mode; ``inner`` gives those of the contexts that they call."""

    def __init__(self, context: Context, mode: Mode, inner: Callable[[Context], Piece], known: Known) -> None:
        self.context, self.mode, self.inner, self.known = context, mode, inner, known
        self._chains: dict[
            str, tuple[list[tuple[Piece, Times]], Piece]
        ] = {}  # by node: what it calls, and what that is

    def of(self, result: Result, ports: Collection[str], *, strided: bool) -> Piece:
        """What a node needs; ``ports`` are wired, ``strided`` says so of what comes in."""
        if result.facts is not None and result.enabled is not False:
            return self.known.layer(result, ports, strided=strided)
        if result.enabled is False:
            known = self.context.graph.in_ports(result.node)
            return passing(result, next((port for port in known if port in ports), ""))
        if result.calls and not result.findings:
            if isinstance(result.node.run, Scan):
                return self._scan(result, result.node.run)
            often = self.mode.often
            steps = [(self.inner(call.context), often(call.iterations, call.count)) for call in result.calls]
            if len(steps) == 1 and steps[0][1] == 1:
                return steps[0][0]
            chain = self._chains.get(result.node.id)
            if chain is None or chain[0] != steps:
                chain = steps, chained(steps, self.context.graph.in_ports(result.node), self.mode)
                self._chains[result.node.id] = chain
            return chain[1]
        return unknown(result)

    def _scan(self, result: Result, scan: Scan) -> Piece:
        """A block that steps along an axis."""
        (call,) = result.calls
        if any(spec is None for spec in result.specs):
            return unknown(result)
        block = call.context.graph
        places = {port.id: place for place, port in enumerate(block.outputs())}
        joined = stacked_ports(block, scan)
        stacked = [
            self.mode.bytes_of(spec) if port in joined else None
            for port, spec in zip(places, result.specs, strict=True)
        ]
        states = {port: places[out] for port, out in state_pairs(block, scan).items()}
        return scanned(self.inner(call.context), self.mode.often(call.steps), stacked, states, self.mode)


class Once:
    """One walk: ``piece`` is what the graph needs; nodes are booked as in ``graph_core.bookings``."""

    def __init__(self, pieces: Pieces) -> None:
        self.context, self._pieces = pieces.context, pieces
        self.piece = NO_PIECE
        self._plan: Schedule | None = None
        self._needs: list[Piece] = []  # what each node was found to need, by its place in the schedule
        self._net: list[int] = []
        self._high: list[int] = []
        self._storages = Storages([], [], [], [], set())
        # Of nodes that took more than a glance: the ports that get something, and whether that lies in another order.
        self._given: dict[str, tuple[Collection[str], bool]] = {}
        self._entries: dict[int, str] = {}  # the Inputs, by the numbers of their storages
        self._ends: dict[str, View | None] = {}  # what the Outputs get

    def update(self, plan: Schedule, ids: Iterable[str] | None = None) -> bool:
        """Walk again, unless the nodes that changed need what they needed or other sizes of it.

        Whether the piece is another one then. A schedule stays the very same only where no wire changed.
        """
        if ids is None or plan is not self._plan:
            self._plan = plan
            self._walk(plan)
        else:
            resized = False
            for id in ids:
                change = self._resized(id, plan)
                if change is None:
                    self._walk(plan)
                    resized = True
                    break
                resized = resized or change
            if not resized:
                return False
        before, self.piece = self.piece, self._summed()
        return self.piece != before

    def _resized(self, id: str, plan: Schedule) -> bool | None:
        """Book the other sizes of one node; whether there are any, and None where more than sizes changed."""
        place, result = plan.position.get(id), self.context.results.get(id)
        if place is None or result is None:
            return None
        before = self._needs[place]
        if before is NO_PIECE:
            return False  # an Input or an Output holds nothing of its own
        ports, strided = self._given.get(id) or (self.context.graph.incoming[id], False)
        piece = self._pieces.of(result, ports, strided=strided)
        if piece is before or piece == before:
            return False
        one, was = piece.outs[:1], before.outs[:1]
        alone = len(piece.outs) == len(before.outs) == 1 and type(one[0]) is int and type(was[0]) is int
        if not alone or piece[3:] != before[3:]:
            return None
        self._needs[place] = piece
        net, high, (size, last, first, kept, escapes) = self._net, self._high, self._storages
        grown = piece.made() - before.made()
        size[place] += grown
        net[place] += grown + piece.keeps - before.keeps
        high[place] += piece.high - before.high
        if place not in escapes:
            net[last[place]] -= grown
        if first[place] >= 0 and not kept[place]:
            net[first[place]] += grown
            high[first[place]] += grown
        return True

    def held(self) -> list[int]:
        """The most that is held while each node runs, in the order of the schedule."""
        return list(map(add, accumulate(self._net, initial=0), self._high))

    def peak_node(self) -> str:
        """The id of the node that runs when most is held; empty where nothing ever is."""
        order, held = self._plan.order if self._plan else (), self.held()
        most = max(held, default=0)
        return order[held.index(most)] if most else ""

    def _walk(self, plan: Schedule) -> None:
        graph, results, pieces = self.context.graph, self.context.results, self._pieces
        incoming, inputs, outputs = graph.incoming, graph.ports_of_role["input"], graph.ports_of_role["output"]
        count = len(plan.order)
        self._storages = Storages([0] * count, [*range(count)], [-1] * count, [False] * count, set())
        size, last, first, kept, escapes = self._storages
        self._needs, self._net, self._high = needs, net, high = [NO_PIECE] * count, [0] * count, [0] * count
        self._entries, self._ends, self._given = entries, ends, given_to = {}, {}, {}
        lone: dict[str, int] = {}  # the number of the storage of nodes with one output that lies in order
        views: dict[str, tuple[View, ...]] = {}  # what the others give out
        plain = pieces.known.plain
        for place, id in enumerate(plan.order):
            wires, result = incoming.get(id, NO_WIRES), results[id]
            if len(wires) == 1 and result.enabled is not False:
                # A layer with one input that makes one tensor of its own, as most are: the same as below, in short.
                for source, _ in wires.values():
                    number = lone.get(source, -1)
                    short = plain.get(identity(result.facts))
                    if short is not None and number >= 0:
                        _, needs[place], size[place], net[place], high[place] = short
                        last[number] = place
                        lone[id] = place
                        break
                else:
                    short = None
                if short is not None and number >= 0:
                    continue
            given: dict[str, View] = {}
            strided = False
            for port, (source, out) in wires.items():
                if source in lone:
                    view = lone[source], False
                elif made := views.get(source):
                    at = 0
                    if len(made) > 1:
                        ports = graph.out_ports(graph.nodes[source])
                        at = ports.index(out) if out in ports else 0
                    view = made[at]
                    strided = strided or view[1]
                else:
                    continue
                given[port] = view
                last[view[0]] = place
            if id in inputs:
                entries[place] = id
                lone[id] = place
                continue
            if id in outputs:
                escapes.update([number for number, _ in given.values()])
                ends[id] = next(iter(given.values()), None)
                continue
            piece = needs[place] = pieces.of(result, given, strided=strided)
            given_to[id] = given, strided
            outs, above, keeps, saves, keeping, turns = piece
            for port in saves:
                if port in given and first[given[port][0]] < 0:
                    first[given[port][0]] = place
            made_here: list[View] = []
            bytes_made = 0
            for k, one in enumerate(outs):
                if isinstance(one, str) and one not in given:
                    one = 0  # a state that begins with zeros and is never changed
                if isinstance(one, int):
                    number = place
                    if bytes_made or made_here:
                        number = len(size)
                        size.append(0)
                        last.append(place)
                        first.append(-1)
                        kept.append(False)
                    size[number], kept[number] = one, k in keeping
                    made_here.append((number, turns))
                    bytes_made += one
                else:
                    number, turned = made_here[one[0]] if isinstance(one, tuple) else given[one]
                    made_here.append((number, turned or turns))
            if len(made_here) == 1 and not made_here[0][1]:
                lone[id] = made_here[0][0]
            else:
                views[id] = tuple(made_here)
            net[place] = bytes_made + keeps
            high[place] = above
        for number, bytes in enumerate(size):
            if bytes:
                if number not in escapes:
                    net[last[number]] -= bytes
                if first[number] >= 0 and not kept[number]:
                    net[first[number]] += bytes
                    high[first[number]] += bytes

    def _summed(self) -> Piece:
        """What the graph needs, from what is booked."""
        size, _, first, kept, _ = self._storages
        entries, ends, graph = self._entries, self._ends, self.context.graph
        found: dict[int, int] = {}
        given_out: list[Out] = []
        keeping_out: list[int] = []
        strided = False
        for place, node in enumerate(graph.outputs()):
            end = ends.get(node.id)
            if end is None:
                given_out.append(0)
                continue
            number, turned = end
            strided = strided or turned
            if number in entries:
                given_out.append(entries[number])
            elif number in found:
                given_out.append((found[number],))
            else:
                found[number] = place
                given_out.append(size[number])
                if kept[number] or first[number] >= 0:
                    keeping_out.append(place)
        held = list(accumulate(self._net, initial=0))
        return Piece(
            tuple(given_out),
            max(map(add, held, self._high), default=0),
            held[-1] - sum(size[number] for number in found),
            tuple([id for number, id in entries.items() if first[number] >= 0]),
            tuple(keeping_out),
            strided,
        )
