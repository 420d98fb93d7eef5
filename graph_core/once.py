"""The memory of activations of one graph in one walk along its schedule: for small graphs, and the first time.

It says what ``graph_core.liveness`` keeps up to date for large ones, by the same rules: see there.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import accumulate
from operator import add

from graph_core.context import Context, Result
from graph_core.graph import Scan
from graph_core.order import Schedule
from graph_core.pieces import Known, Mode, Out, Piece, chained, passing, scanned, unknown
from graph_core.scanning import stacked_ports, state_pairs

identity = builtins.id  # nodes' ids are called id here
NO_PIECE = Piece()
NO_WIRES: Mapping[str, tuple[str, str]] = {}
View = tuple[int, bool]  # the number of a storage, and whether its axes are stepped through in another order


class Pieces:
    """The pieces of a context's nodes in one mode; ``inner`` gives those of the contexts that they call."""

    def __init__(self, context: Context, mode: Mode, inner: Callable[[Context], Piece], known: Known) -> None:
        self.context, self.mode, self.inner, self.known = context, mode, inner, known

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
            steps = [(self.inner(call.context), call.count) for call in result.calls]
            if len(steps) == 1 and steps[0][1] == 1:
                return steps[0][0]
            return chained(steps, self.context.graph.in_ports(result.node))
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
        times = int(call.steps) if isinstance(call.steps, int) else 1
        return scanned(self.inner(call.context), times, stacked, states)


class Once:
    """One walk: ``piece`` is what the graph needs; nodes are booked as in ``graph_core.bookings``."""

    def __init__(self, pieces: Pieces) -> None:
        self.context, self._pieces = pieces.context, pieces
        self.piece = NO_PIECE
        self._plan: Schedule | None = None
        self._net: list[int] = []
        self._high: list[int] = []
        # What each layer was found to need, with its wires, which ports they bring something to, and how that lies.
        self._found: dict[str, tuple[Piece, Mapping[str, tuple[str, str]], Collection[str], bool]] = {}

    def update(self, plan: Schedule, ids: Iterable[str] | None = None) -> bool:
        """Walk again, unless the nodes that changed need what they needed; whether the piece is another one then."""
        if ids is not None and plan is self._plan and all(map(self._as_before, ids)):
            return False
        self._plan = plan
        before, self.piece = self.piece, self._walk(plan)
        return self.piece != before

    def _as_before(self, id: str) -> bool:
        found, result = self._found.get(id), self.context.results.get(id)
        if found is None or result is None or result.calls or self.context.graph.incoming.get(id) is not found[1]:
            return False
        piece, _, ports, strided = found
        return self._pieces.of(result, ports, strided=strided) == piece

    def peak_node(self) -> str:
        """The id of the node that runs when most is held; empty where nothing ever is."""
        order = self._plan.order if self._plan else ()
        held = list(map(add, accumulate(self._net, initial=0), self._high))
        most = max(held, default=0)
        return order[held.index(most)] if most else ""

    def _walk(self, plan: Schedule) -> Piece:
        graph, results, pieces = self.context.graph, self.context.results, self._pieces
        incoming, inputs, outputs = graph.incoming, graph.ports_of_role["input"], graph.ports_of_role["output"]
        # Of each storage: its bytes, where it is last read (or made), where it is first kept, whether its maker keeps.
        size: list[int] = []
        last: list[int] = []
        first: list[int] = []
        kept: list[bool] = []
        entries: dict[int, str] = {}
        escapes: set[int] = set()
        views: dict[str, tuple[View, ...]] = {}
        ends: dict[str, View | None] = {}
        net: list[int] = []
        high: list[int] = []
        found_here: dict[str, tuple[Piece, Mapping[str, tuple[str, str]], Collection[str], bool]] = {}
        self._found = found_here
        layer, known = pieces.known.layer, pieces.known.pieces
        for place, id in enumerate(plan.order):
            wires, result = incoming.get(id, NO_WIRES), results[id]
            facts = result.facts
            if facts is not None and len(wires) == 1 and result.enabled is not False:
                # A layer with one input that makes one tensor of its own, as most are: the same as below, in short.
                [(port, (source, _))] = wires.items()
                fed = views.get(source, ())
                if len(fed) == 1:
                    number, strided = fed[0]
                    entry = known.get((identity(facts), strided))
                    piece = entry[1] if entry is not None else layer(result, wires, strided=strided)
                    outs, above, keeps, saves, keeping, turns = piece
                    if len(outs) == 1 and type(outs[0]) is int:
                        last[number] = place
                        if saves and first[number] < 0 and port in saves:
                            first[number] = place
                        views[id] = ((len(size), turns),)
                        size.append(outs[0])
                        last.append(place)
                        first.append(-1)
                        kept.append(bool(keeping))
                        net.append(outs[0] + keeps)
                        high.append(above)
                        found_here[id] = piece, wires, wires, strided
                        continue
            given: dict[str, View] = {}
            strided = False
            for port, (source, out) in wires.items():
                made = views.get(source)
                if made:
                    at = 0
                    if len(made) > 1:
                        ports = graph.out_ports(graph.nodes[source])
                        at = ports.index(out) if out in ports else 0
                    given[port] = view = made[at]
                    last[view[0]] = place
                    strided = strided or view[1]
            if id in inputs or id in outputs:
                net.append(0)
                high.append(0)
                if id in inputs:
                    entries[len(size)] = id
                    views[id] = ((len(size), False),)
                    size.append(0)
                    last.append(place)
                    first.append(-1)
                    kept.append(False)
                else:
                    escapes.update(view[0] for view in given.values())
                    ends[id] = next(iter(given.values()), None)
                continue
            piece = pieces.of(result, given, strided=strided)
            found_here[id] = piece, wires, given, strided
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
                    made_here.append((len(size), turns))
                    size.append(one)
                    last.append(place)
                    first.append(-1)
                    kept.append(k in keeping)
                    bytes_made += one
                else:
                    number, turned = made_here[one[0]] if isinstance(one, tuple) else given[one]
                    made_here.append((number, turned or turns))
            views[id] = tuple(made_here)
            net.append(bytes_made + keeps)
            high.append(above)
        for number, bytes in enumerate(size):
            if bytes:
                if number not in escapes:
                    net[last[number]] -= bytes
                if first[number] >= 0 and not kept[number]:
                    net[first[number]] += bytes
                    high[first[number]] += bytes
        self._net, self._high = net, high
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
        held = list(accumulate(net, initial=0))
        return Piece(
            tuple(given_out),
            max(map(add, held, high), default=0),
            held[-1] - sum(size[number] for number in found),
            tuple([id for number, id in entries.items() if first[number] >= 0]),
            tuple(keeping_out),
            strided,
        )
