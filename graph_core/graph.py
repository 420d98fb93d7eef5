"""Graphs, blocks and projects: plain tables, changed only by recorded changes.

A graph has parameters, nodes and wires; its Input and Output nodes are its ports. A graph used as a node in another
is a block: the node's type is the graph's key, and its ports are the ids of the inner Input and Output nodes, so that
renaming never rewires. Every mutation is a list of ``Change``; its inverse swaps old and new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from graph_core.derived import note_node, note_tie, note_wire
from graph_core.layer import Layer, layer_types
from graph_core.names import class_name_from, natural

if TYPE_CHECKING:
    from typing import Self

    from graph_core.conflict import Conflict
    from graph_core.marks import Mark

MAX_PORTS: Final = 4096  # of one variadic inlet: a file may name the port x999999999
SETUP: Final[Mapping[str, Any]] = {"optimizer": {"kind": "AdamW"}, "training": {}}


class EditError(ValueError):
    """An edit that cannot be made; the message is one sentence that names the thing and the fix."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A block runs ``times`` in series; each with its own weights, or with one set where ``shared``."""

    times: int | str = 1
    shared: bool = False

    carry: ClassVar[tuple[str, ...]] = ()  # as in Scan: what goes from step to step goes by position


@dataclass(frozen=True, slots=True)
class Scan:
    """A block runs once per position of an axis, with one set of weights, carrying states from step to step.

    ``over`` and ``carry`` hold ids of the block's Inputs. Those of ``over`` lose ``axis`` and are stepped along;
    those of ``carry`` are states: what the Output of the same name gives in a step goes in at the next, and comes
    out after the last. A state without a wire begins with zeros of its declared shape. All other outputs are stacked
    at ``axis``; all other inputs are the same at each step.
    """

    axis: int = 1
    over: tuple[str, ...] = ()
    carry: tuple[str, ...] = ()

    shared: ClassVar[bool] = True  # as in Repeat: one set of weights


@dataclass(frozen=True, slots=True)
class Node:
    """One node. Frozen: a change replaces it, so that its identity tells whether it changed.

    ``type`` is a layer type or the key of a graph; ``params`` holds literals and texts of expressions, only where they
    differ from the default; ``when`` is a condition (empty for always); ``use`` is the id of the node whose weights
    this one calls again.
    """

    id: str
    type: str
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""
    run: Repeat | Scan | None = None
    use: str = ""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a graph. A default of None means that every instance must give one."""

    default: Any = None


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of one table replaced; ``None`` means that there is none. ``graph`` is empty for a project's tables."""

    graph: str
    table: str
    key: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Edit:
    """A named list of changes; what undo, redo and views work with."""

    title: str
    changes: tuple[Change, ...]

    def inverse(self) -> Edit:
        """The edit that takes this one back."""
        return Edit(self.title, tuple(replace(c, old=c.new, new=c.old) for c in reversed(self.changes)))


class Graph:
    """Tables of one graph. ``wires`` maps ``target.port`` to ``source.port``: one wire per input by construction.

    ``ties`` maps ``node.weight`` to the ``node.weight`` that it is the same tensor as: see graph_core.ties.
    """

    TABLES: Final = ("head", "params", "nodes", "wires", "ties", "view", "marks")

    def __init__(self, project: Project, key: str) -> None:
        self.project = project
        self.key = key
        self.head: dict[str, Any] = {}
        self.params: dict[str, Param] = {}
        self.nodes: dict[str, Node] = {}
        self.wires: dict[str, str] = {}
        self.ties: dict[str, str] = {}
        self.view: dict[str, tuple[float, float]] = {}
        self.marks: dict[str, Mark] = {}  # frames, notes, bookmarks: see graph_core.marks
        # Derived, kept by Project.record: of wires, node -> {port: (source node, source port)} and
        # node -> {(target node, target port): source port}; of nodes, ids by name and the graph's ports.
        self.incoming: dict[str, dict[str, tuple[str, str]]] = {}
        self.outgoing: dict[str, dict[tuple[str, str], str]] = {}
        self._counted: dict[str, tuple[Node, object, tuple[str, ...]]] = {}  # ports that grow, for a node and its wires
        # Of ties, the targets by the node at the one and the other end.
        self.tied: dict[str, set[str]] = {}
        self.lent: dict[str, set[str]] = {}
        self.names: dict[str, set[str]] = {}
        self.borrowers: set[str] = set()  # nodes that use the weights of another
        self.conditional: set[str] = set()  # nodes with a condition or a run, which may not act
        self.ports_of_role: dict[str, dict[str, Node]] = {"input": {}, "output": {}}

    @property
    def name(self) -> str:
        """The name of the class it becomes."""
        return str(self.head.get("name") or class_name_from(self.key))

    @property
    def is_network(self) -> bool:
        """Whether it is a network of its project, so that it sees the project's symbols."""
        return self.key in self.project.network_keys.values()

    def inputs(self) -> list[Node]:
        """Its Input nodes, in the order of its ports."""
        return _in_order(self.ports_of_role["input"])

    def outputs(self) -> list[Node]:
        """Its Output nodes, in the order of its ports."""
        return _in_order(self.ports_of_role["output"])

    def node(self, id: str) -> Node:
        """The node with that id; raises EditError."""
        try:
            return self.nodes[id]
        except KeyError:
            raise EditError(f"{self.name} has no node {id}.") from None

    def by_name(self, name: str) -> Node | None:
        """The node with that name, if there is one."""
        return next((self.nodes[id] for id in self.names.get(name, ())), None)

    def in_ports(self, node: Node) -> list[str]:
        """The keys of a node's input ports; variadic ones as many as are wired, and one more."""
        block = self.project.graphs.get(node.type)
        if block is not None:
            return [port.id for port in block.inputs()]
        declaration = layer_types().get(node.type)
        return self._layer_ports(node, declaration) if declaration else []

    def _layer_ports(self, node: Node, declaration: type[Layer]) -> list[str]:
        if declaration.simple:
            return list(declaration.inlets)
        if (stated := declaration.ports_for(node.params)) is not None:
            return stated[0]
        wires, known = self.incoming.get(node.id), self._counted.get(node.id)
        if known is not None and known[0] is node and known[1] is wires:
            return list(known[2])
        ports: list[str] = []
        for name, inlet in declaration.inlets.items():
            if inlet.variadic:
                wired = [p for p in wires or () if p.startswith(name) and p[len(name) :].isdigit()]
                last = max((int(p[len(name) :]) for p in wired), default=-1)
                ports += [f"{name}{k}" for k in range(max(min(last + 2, MAX_PORTS), inlet.least))]
            else:
                ports.append(name)
        self._counted[node.id] = node, wires, tuple(ports)
        return ports

    def out_ports(self, node: Node) -> list[str]:
        """The keys of a node's output ports."""
        block = self.project.graphs.get(node.type)
        if block is not None:
            return [port.id for port in block.outputs()]
        declaration = layer_types().get(node.type)
        if declaration is None:
            return []
        stated = None if declaration.simple else declaration.ports_for(node.params)
        return stated[1] if stated else list(declaration.outlets)

    # The verbs, so that scripts read well; each is a function of graph_core.edits.

    def add(self, type: str, id: str = "", name: str = "", **params: Any) -> Node:
        """Add a node; see edits.add."""
        from graph_core import edits

        return edits.add(self, type, id=id, name=name, params=params)

    def connect(self, source: str, target: str) -> None:
        """Wire ``source.port`` to ``target.port``; see edits.connect."""
        from graph_core import edits

        edits.connect(self, source, target)

    def disconnect(self, target: str) -> None:
        """Take away the wire that ends at ``target.port``; see edits.disconnect."""
        from graph_core import edits

        edits.disconnect(self, target)

    def set(self, id: str, **params: Any) -> None:
        """Set parameters of a node; see edits.set_params."""
        from graph_core import edits

        edits.set_params(self, id, params)

    def rename(self, id: str, name: str) -> None:
        """Give a node another name; see edits.rename."""
        from graph_core import edits

        edits.rename(self, id, name)

    def remove(self, id: str) -> None:
        """Remove a node with its wires; see edits.remove."""
        from graph_core import edits

        edits.remove(self, [id])


class Project:
    """Graphs, which of them are networks, size symbols with example values, and each network's training set-up."""

    TABLES: Final = ("graphs", "network_keys", "symbols", "setups", "meta", "conflicts")

    def __init__(self) -> None:
        self.graphs: dict[str, Graph] = {}
        self.network_keys: dict[str, str] = {}
        self.symbols: dict[str, int] = {}
        self.setups: dict[str, Mapping[str, Any]] = {}
        self.meta: dict[str, Any] = {}
        self.conflicts: dict[str, Conflict] = {}  # what a merge left to be chosen
        self.listeners: list[Callable[[Edit], None]] = []
        self.engine: Any = None  # the incremental analysis, made by graph_core.propagate on first use
        self.file: Path | None = None  # where it was read from: its weights lie beside it
        self.read_only = False  # read from a file of a newer version: saving would lose parts of it
        self._recording: list[Change] | None = None
        self._removed: dict[str, Graph] = {}

    @classmethod
    def new(cls, name: str = "untitled") -> Self:
        """A project with one empty network, ``main``, and the batch symbol N = 1."""
        project = cls()
        with project.editing("New project"):
            project.record("", "meta", "name", name)
            project.record("", "symbols", "N", 1)
            project.record("", "graphs", "main", True)
            project.record("main", "head", "name", class_name_from(name))
            project.record("", "network_keys", "main", "main")
        return project

    @property
    def name(self) -> str:
        """The project's own name."""
        return str(self.meta.get("name", "untitled"))

    @property
    def networks(self) -> Mapping[str, Graph]:
        """The graphs that are networks, by the network's name."""
        return {name: self.graphs[key] for name, key in self.network_keys.items() if key in self.graphs}

    def setup(self, network: str = "main") -> Mapping[str, Any]:
        """The optimizer and training set-up of a network."""
        return self.setups.get(network, SETUP)

    @property
    def is_editing(self) -> bool:
        """Whether an edit is being recorded, of which the analysis does not know yet."""
        return self._recording is not None

    @contextmanager
    def editing(self, title: str) -> Iterator[None]:
        """Records what happens inside as one edit and tells the listeners; an exception takes it all back."""
        if self._recording is not None:
            yield
            return
        self._recording = []
        try:
            yield
        except BaseException:
            for change in reversed(self._recording):
                self._write(change.graph, change.table, change.key, change.old)
            self._recording = None
            raise
        changes = tuple(c for c in self._recording if c.old is not c.new)
        self._recording = None
        if changes:
            self._tell(Edit(title, changes))

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Edits made inside are seen by the analysis only, and taken back at the end, whatever happens."""
        assert self._recording is None, "trying() inside editing()"
        listeners, self.listeners = self.listeners, []
        version = self.engine.version if self.engine is not None else 0
        done: list[Edit] = []
        self.listeners.append(done.append)
        try:
            yield
        finally:
            self.listeners = []
            for edit in reversed(done):
                self.apply(edit.inverse())
            self.listeners = listeners
            if self.engine is not None:
                self.engine.version = version

    def record(self, graph: str, table: str, key: str, new: Any) -> None:
        """Replace one entry of one table inside ``editing``; ``None`` removes it."""
        assert self._recording is not None, "record() outside editing()"
        old = self._table(graph, table).get(key)
        if table == "graphs":
            old = True if old is not None else None
        if old == new and type(old) is type(new):
            return
        self._write(graph, table, key, new)
        self._recording.append(Change(graph, table, key, old, new))

    def apply(self, edit: Edit) -> None:
        """Do an edit again, or its inverse; raises EditError and changes nothing where it does not fit the tables."""
        with self.editing(edit.title):
            for change in edit.changes:
                have = self._table(change.graph, change.table).get(change.key)
                if change.table == "graphs":
                    have = True if have is not None else None
                if have != change.old:
                    raise EditError(f"“{edit.title}” does not fit the drawing any more.")
                self.record(change.graph, change.table, change.key, change.new)

    def fill(self, graph: str, table: str, key: str, value: Any) -> None:
        """Put an entry into a project that is being read: not recorded, told to nobody."""
        self._write(graph, table, key, value)

    def _table(self, graph: str, table: str) -> dict[str, Any]:
        if graph:
            if graph not in self.graphs:
                raise EditError(f"There is no graph {graph}.")
            owner: Any = self.graphs[graph]
            assert table in Graph.TABLES
        else:
            owner = self
            assert table in Project.TABLES
        result: dict[str, Any] = getattr(owner, table)
        return result

    def _write(self, graph: str, table: str, key: str, new: Any) -> None:
        entries = self._table(graph, table)
        if table == "graphs":
            # One object for a key, also after undo and redo: views and scripts hold on to it.
            if new is not None:
                new = self._removed.pop(key, None) or Graph(self, key)
            elif key in entries:
                self._removed[key] = entries[key]
        elif table == "wires":
            note_wire(self.graphs[graph], key, entries.get(key), new)
        elif table == "ties":
            note_tie(self.graphs[graph], key, entries.get(key), new)
        elif table == "nodes":
            note_node(self.graphs[graph], entries.get(key), new)
        if new is None:
            entries.pop(key, None)
        else:
            entries[key] = new

    def _tell(self, edit: Edit) -> None:
        if self.engine is not None:
            self.engine.note(edit)
        for listener in list(self.listeners):
            listener(edit)


def _in_order(ports: Mapping[str, Node]) -> list[Node]:
    if len(ports) < 2:
        return list(ports.values())
    return sorted(ports.values(), key=lambda node: natural(node.id))
