"""Which tensors of a graph are in memory at once, kept up to date edit by edit.

Tensors are told apart by storage, as torch does: a view has that of its input. Inference: a storage lives from the
node that makes it to the last that reads it. Training: what autograd keeps for backward stays as well, and backward
meets it again in reverse, while the gradient of a storage lives exactly as long as the storage itself did in forward
(from its last reader back to its maker). So at each node backward holds what was kept up to it and one gradient for
each storage that lived there, which is never less than forward held: the peak is the largest of these sums.

A block reads its inputs for as long as it runs, as a call in Python does, so what it needs above them is a figure of
its own (``Piece``), the same in every graph that uses it. In each context a ``Sweep`` books what every node makes and
frees; an edit moves a few bookings, and the peak is a prefix sum over the schedule that runs in C.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from graph_core.bookings import Bookings
from graph_core.context import Context, Result
from graph_core.layer import Layer
from graph_core.once import NO_PIECE, Once, Pieces
from graph_core.order import Schedule
from graph_core.pieces import Known, Mode, Out, Piece

if TYPE_CHECKING:
    from graph_core.propagate import Engine


LARGE = 200  # nodes of a graph from which on walking it again takes longer than keeping it up to date


class Storage:
    """A piece of memory: its bytes, who makes, reads and keeps it, and where its end is booked."""

    __slots__ = ("booked", "bytes", "escapes", "freed", "kept", "maker", "outside", "readers", "saved", "savers")

    def __init__(self, maker: str, size: int, *, kept: bool = False, outside: bool = False) -> None:
        self.maker = maker
        self.bytes = size
        self.kept = kept  # by its maker, among whose bookings that is
        self.outside = outside  # it comes in, and lives on whatever happens here
        self.readers: set[str] = set()
        self.savers: set[str] = set()
        self.escapes: set[str] = set()  # the Outputs that read it
        self.freed: str | None = None  # the node at which ``booked`` bytes are freed
        self.saved: str | None = None  # the node at which they are kept
        self.booked = 0


View = tuple[Storage, bool]  # a storage, and whether its axes are stepped through in another order than they lie


class Sweep:
    """The bookings of one context in one mode; ``piece`` is what the context needs as a node elsewhere."""

    def __init__(self, of: Pieces) -> None:
        self.context, self._of, self._known = of.context, of, of.known
        self._roles = self.context.graph.ports_of_role
        self._plan: Schedule | None = None
        self._pieces: dict[str, Piece] = {}
        self._layers: dict[str, Layer | None] = {}
        self._strided: set[str] = set()  # nodes one of whose inputs is stepped through in another order
        self._outs: dict[str, tuple[View, ...]] = {}
        self._reads: dict[str, tuple[Storage, ...]] = {}
        self._wires: dict[str, Mapping[str, tuple[str, str]] | None] = {}  # as they were when the node was placed
        self._held = Bookings()
        self._many: set[Storage] = set()  # read by several nodes: which is the last depends on the schedule
        self.piece = Piece()

    def update(self, ids: Iterable[str], plan: Schedule) -> bool:
        """Book anew the nodes whose results or wires changed; whether the piece is another one then."""
        dirty: set[Storage] = set(self._many) if plan is not self._plan else set()
        self._plan = plan
        self._held.arrange(plan)
        position, results, pieces = plan.position, self.context.results, self._pieces
        todo = []
        for id in self._resize(ids) if pieces else ids:
            if id in position and id in results:
                todo.append(id)
            elif id in pieces:
                self._forget(id, dirty)
        todo.sort(key=position.__getitem__, reverse=True)
        outgoing = self.context.graph.outgoing
        later: list[tuple[int, str]] = []  # readers of outputs that moved, a heap
        while todo or later:
            moved_next = later and (not todo or later[0][0] < position[todo[-1]])
            id = heappop(later)[1] if moved_next else todo.pop()
            if self._place(id, results[id], dirty):
                for target, _ in outgoing.get(id, ()):
                    if target in pieces and target in position:
                        heappush(later, (position[target], target))
        for storage in dirty:
            self._book(storage, position)
        if not (dirty or self._held.stale):
            return False
        before, self.piece = self.piece, self._summed()
        return self.piece != before

    def peak_node(self) -> str:
        """The id of the node that runs when most is held; empty where nothing ever is."""
        return self._held.peak_node()

    def _resize(self, ids: Iterable[str]) -> list[str]:
        """Book the nodes of which only sizes changed, which is nearly all that an edit reaches; gives the others."""
        results, incoming, known = self.context.results, self.context.graph.incoming, self._known
        pieces, wires, layers, strided = self._pieces, self._wires, self._layers, self._strided
        net, high, home, stale = self._held.net, self._held.high, self._held.home, self._held.stale
        others: list[str] = []
        for id in ids:
            result, old = results.get(id), pieces.get(id)
            change = None
            if result is not None and old is not None and incoming.get(id) is wires.get(id):
                change = known.change(old, result, layers.get(id), id in strided)
            if change is None:
                others.append(id)
                continue
            if change.after is old:
                continue
            pieces[id] = change.after
            net[id] += change.net
            high[id] += change.high
            stale.add(home[id])
            if grown := change.made:
                storage = self._outs[id][0][0]
                storage.bytes += grown
                storage.booked += grown
                if storage.freed in home:
                    net[storage.freed] -= grown
                    stale.add(home[storage.freed])
                if storage.saved in home:
                    net[storage.saved] += grown
                    high[storage.saved] += grown
                    stale.add(home[storage.saved])
        return others

    # Nodes.

    def _place(self, id: str, result: Result, dirty: set[Storage]) -> bool:
        """Work out and book one node; whether its outputs lie in other storages than before."""
        given = self._given(id)
        reads = tuple([view[0] for view in given.values()])
        outside, ends = id in self._roles["input"], id in self._roles["output"]
        piece = NO_PIECE if outside or ends else self._piece_of(id, result, given)
        self._wires[id] = self.context.graph.incoming.get(id)
        self._layers[id] = result.layer
        old = self._pieces.get(id)
        if piece is old and reads == self._reads[id]:
            return False
        self._pieces[id] = piece
        if old is None:
            self._held.put(id, piece.made() + piece.keeps, piece.high)
        elif piece is not old:
            grown = piece.made() + piece.keeps - old.made() - old.keeps
            self._held.shift(id, grown, piece.high - old.high)
        if old is None or piece.saves != old.saves or reads != self._reads[id]:
            self._read(id, reads, dirty, {given[port][0] for port in piece.saves if port in given}, ends=ends)
        if outside:
            if old is None:
                self._outs[id] = ((Storage(id, 0, outside=True), False),)
            return old is None
        return self._make(id, piece, given, dirty)

    def _given(self, id: str) -> dict[str, View]:
        """What its wires bring, by port."""
        graph = self.context.graph
        given: dict[str, View] = {}
        wires = graph.incoming.get(id)
        if not wires:
            return given
        for port, (source, out) in wires.items():
            if views := self._outs.get(source):
                place = 0
                if len(views) > 1:
                    ports = graph.out_ports(graph.nodes[source])
                    place = ports.index(out) if out in ports else 0
                given[port] = views[place]
        return given

    def _piece_of(self, id: str, result: Result, given: dict[str, View]) -> Piece:
        strided = any(turned for _, turned in given.values())
        if strided:
            self._strided.add(id)
        else:
            self._strided.discard(id)
        return self._of.of(result, given, strided=strided)

    def _read(
        self, id: str, reads: tuple[Storage, ...], dirty: set[Storage], saved: set[Storage], *, ends: bool
    ) -> None:
        for storage in self._reads.get(id, ()):
            for readers in (storage.readers, storage.savers, storage.escapes):
                readers.discard(id)
            if len(storage.readers) < 2:
                self._many.discard(storage)
            dirty.add(storage)
        self._reads[id] = reads
        for storage in reads:
            storage.readers.add(id)
            if ends:
                storage.escapes.add(id)
            if len(storage.readers) > 1:
                self._many.add(storage)
            dirty.add(storage)
        for storage in saved:
            storage.savers.add(id)

    def _make(self, id: str, piece: Piece, given: dict[str, View], dirty: set[Storage]) -> bool:
        before = self._outs.get(id, ())
        alike = len(before) == len(piece.outs) == 1 and before[0][1] == piece.strided
        if alike and type(piece.outs[0]) is int and before[0][0].maker == id:
            only, keeps = before[0][0], bool(piece.kept)
            if only.bytes != piece.outs[0] or only.kept != keeps:
                only.bytes, only.kept = piece.outs[0], keeps
                dirty.add(only)
            return False
        views: list[View] = []
        for place, out in enumerate(piece.outs):
            if isinstance(out, str) and out not in given:
                out = 0  # a state that begins with zeros and is never changed
            if isinstance(out, int):
                kept = place in piece.kept
                storage = before[place][0] if place < len(before) else None
                if storage is None or storage.maker != id or any(storage is view[0] for view in views):
                    storage = Storage(id, out, kept=kept)
                    dirty.add(storage)
                elif storage.bytes != out or storage.kept != kept:
                    storage.bytes, storage.kept = out, kept
                    dirty.add(storage)
                views.append((storage, piece.strided))
            else:
                storage, turned = views[out[0]] if isinstance(out, tuple) else given[out]
                views.append((storage, turned or piece.strided))
        self._outs[id] = made = tuple(views)
        if made == before:
            return False
        for storage, _ in before:
            if storage.maker == id and not any(storage is view[0] for view in made):
                self._unbook(storage)
                dirty.discard(storage)
                storage.bytes = 0
        return True

    def _forget(self, id: str, dirty: set[Storage]) -> None:
        self._read(id, (), dirty, set(), ends=False)
        for storage, _ in self._outs.pop(id):
            if storage.maker == id:
                self._unbook(storage)
                storage.bytes = 0
        self._held.drop(id)
        self._strided.discard(id)
        for table in (self._pieces, self._reads, self._wires, self._layers):
            table.pop(id, None)

    # Bookings.

    def _book(self, storage: Storage, position: dict[str, int]) -> None:
        """Book where it is freed: at its last reader, or at once where nobody reads it; and where it is first kept."""
        freed = saved = None
        if not storage.outside and storage.maker in self._pieces:
            if not storage.escapes:
                readers = storage.readers
                few = len(readers) < 2
                freed = next(iter(readers), storage.maker) if few else max(readers, key=position.__getitem__)
            if storage.savers and not storage.kept:
                saved = min(storage.savers, key=position.__getitem__)
        if freed == storage.freed and saved == storage.saved and storage.booked == storage.bytes:
            return
        self._unbook(storage)
        size = storage.booked = storage.bytes
        storage.freed, storage.saved = freed, saved
        if freed is not None:
            self._held.shift(freed, -size, 0)
        if saved is not None:
            self._held.shift(saved, size, size)

    def _unbook(self, storage: Storage) -> None:
        size, net = storage.booked, self._held.net
        if storage.freed in net:
            self._held.shift(storage.freed, size, 0)
        if storage.saved in net:
            self._held.shift(storage.saved, -size, -size)
        storage.freed = storage.saved = None
        storage.booked = 0

    def _summed(self) -> Piece:
        """What the whole graph needs: the largest prefix sum, what stays kept, and what its outputs are."""
        graph = self.context.graph
        high, left = self._held.most()
        entries = {self._outs[id][0][0]: id for id in graph.ports_of_role["input"] if id in self._outs}
        outs: list[Out] = []
        found: dict[Storage, int] = {}
        kept: list[int] = []
        strided = False
        for place, node in enumerate(graph.outputs()):
            view = next(iter(self._given(node.id).values()), None)
            if view is None:
                outs.append(0)
                continue
            storage, turned = view
            strided = strided or turned
            if storage.outside:
                outs.append(entries[storage])
            elif storage in found:
                outs.append((found[storage],))
            else:
                found[storage] = place
                outs.append(storage.bytes)
                if storage.kept or storage.savers:
                    kept.append(place)
        keeps = left - sum(storage.bytes for storage in found)
        saves = tuple([id for storage, id in entries.items() if storage.savers])
        return Piece(tuple(outs), high, keeps, saves, tuple(kept), strided)


class Living:
    """The sweeps of an engine's contexts. What an edit touched is booked when somebody asks, mode by mode."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending: dict[Mode, dict[Context, set[str]]] = {}
        self._known: dict[Mode, Known] = {}

    def sweep(self, context: Context, mode: Mode) -> Sweep | Once:
        """The bookings of a living context, up to date."""
        touched, self._engine.touched = self._engine.touched, {}
        self._pending.setdefault(mode, {})
        if touched:
            for pending in self._pending.values():
                for place, ids in touched.items():
                    pending.setdefault(place, set()).update(ids)
        pending = self._pending[mode]
        while pending:
            self._settle(next(iter(pending)), mode)
        return self._fresh(context, mode)

    def _settle(self, context: Context, mode: Mode) -> None:
        """Book what was touched in a context; those that use it are touched where that changes what it needs."""
        ids = self._pending[mode].pop(context, ())
        sweep: Sweep | Once | None = context.sweeps.get(mode)
        if not ids or sweep is None or context.released:
            return
        plan = self._engine.schedule_of(context.graph)
        if isinstance(sweep, Sweep):
            changed = sweep.update(ids, plan)
        elif len(plan.order) < LARGE:
            changed = sweep.update(plan, ids)
        else:
            before = sweep.piece
            sweep = context.sweeps[mode] = Sweep(self._pieces(context, mode))
            sweep.update(context.results, plan)
            changed = sweep.piece != before
        if changed:
            for user, id in context.users.values():
                if mode in user.sweeps:
                    self._pending[mode].setdefault(user, set()).add(id)

    def _fresh(self, context: Context, mode: Mode) -> Sweep | Once:
        self._settle(context, mode)
        sweep: Sweep | Once | None = context.sweeps.get(mode)
        if sweep is None:
            sweep = Once(self._pieces(context, mode))
            sweep.update(self._engine.schedule_of(context.graph))
            context.sweeps[mode] = sweep
        return sweep

    def _pieces(self, context: Context, mode: Mode) -> Pieces:
        known = self._known.setdefault(mode, Known(mode))
        return Pieces(context, mode, lambda inner: self._fresh(inner, mode).piece, known)


def living_of(engine: Engine) -> Living:
    """The engine's sweeps, made on first use."""
    if engine.living is None:
        engine.living = Living(engine)
    living: Living = engine.living
    return living
