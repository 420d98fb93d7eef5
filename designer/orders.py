"""How the work of each node grows with each symbol, worked out on a thread beside the window's."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal

from designer.document import Document
from graph_core import Project
from graph_core.snapshot import snapshot

DELAY, POLL = 200, 15  # ms after the last edit, and between looks for the answer
Order = tuple[int, str]  # the power of the symbol, and how it is written: O(T²)


@dataclass(frozen=True)
class OrdersFound:
    """By symbol, the order of the FLOPs of each node that runs, by its ids on the way down joined by ``/``.

    A block has that of the part of it that grows fastest.
    """

    network: str = ""
    symbols: tuple[str, ...] = ()
    orders: Mapping[str, Mapping[str, Order]] = field(default_factory=dict)


class Orders(QObject):
    """`ready` tells of new orders; they are those of the last drawing that was asked for."""

    ready = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self.found = OrdersFound()
        self.wanted = False
        self._stale, self._running, self._ticket = True, False, 0
        self._done: queue.SimpleQueue[tuple[int, OrdersFound | None]] = queue.SimpleQueue()
        self._rest, self._poll = QTimer(self, singleShot=True), QTimer(self, interval=POLL)
        self._rest.timeout.connect(self._ask)
        self._poll.timeout.connect(self._collect)
        document.altered.connect(self._later)
        document.replaced.connect(self._later)
        document.moved_view.connect(self._other_network)

    def want(self, wanted: bool) -> None:
        """Work them out after each edit, from now on or no more."""
        self.wanted = wanted
        if wanted and self._stale:
            self._rest.start(0)

    def _later(self, *_: object) -> None:
        self._stale = True
        if self.wanted:
            self._rest.start(DELAY)

    def _other_network(self) -> None:
        if self.found.network != self._document.network:
            self._later()

    def _ask(self) -> None:
        if self._running:
            self._rest.start(DELAY)
            return
        self._stale, self._running = False, True
        self._ticket += 1
        given = snapshot(self._document.project), self._document.network, self._ticket, self._done
        # It knows the queue and a copy only: the last reference to a widget must not be dropped there.
        threading.Thread(target=_work, args=given, name="orders", daemon=True).start()
        self._poll.start()

    def _collect(self) -> None:
        if self._done.empty():
            return
        _, found = self._done.get()
        self._running = False
        self._poll.stop()
        if found is not None and not self._stale:
            self.found = found
            self.ready.emit()


def _work(project: Project, network: str, ticket: int, done: queue.SimpleQueue[tuple[int, OrdersFound | None]]) -> None:
    found = None
    try:
        found = orders_of(project, network)
    finally:
        done.put((ticket, found))


def orders_of(project: Project, network: str) -> OrdersFound:
    """The orders of all nodes of a network over each of its symbols."""
    from graph_core.complexity import complexity
    from graph_core.growth import leading_terms

    whole = complexity(project, network)
    orders: dict[str, dict[str, Order]] = {symbol: {} for symbol in whole.over}
    for row in whole.layers:
        size = row.figures["flops"]
        for symbol, known in orders.items():
            terms = leading_terms(size, (symbol,), whole.conditions)
            order = max((powers.get(symbol, 0) for powers in terms), default=0), whole.order(size, symbol)
            parts = row.id.split("/")
            for k in range(1, len(parts) + 1):
                id = "/".join(parts[:k])
                if size != 0:
                    known[id] = max(known.get(id, order), order)
    return OrdersFound(network, whole.over, orders)
