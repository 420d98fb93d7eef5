"""Changed fields put together to what happened to nodes, wires, parameters, blocks, networks, symbols and set-ups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from graph_core.marks import is_mark, kind_of_mark
from graph_core.moved import Place, moved_nodes, nodes_in
from graph_core.names import natural
from graph_core.ways import ABSENT, ORDER, Leaves, Way, same
from graph_core.wording import Words, fields_text, value_text

PROJECT: Final = "project"
VALUE: Final = "value"  # what the only field of a thing is called; a thing that is there has the field ""
BOTH: Final = (True, True)
SUBJECTS: Final = ("project", "network", "symbol", "set-up", "conflict", "block", "parameter", "order")
_OF_GRAPH: Final = (*SUBJECTS, "node", "wire", "tie", "places", "frame", "note", "bookmark")


@dataclass(frozen=True, slots=True)
class Item:
    """What happened to one thing.

    ``kind`` is added, removed, moved, renamed or changed; ``key`` the thing's id in the file, in the graph ``graph``
    (empty for a project's things). ``name`` and ``was`` are what it is called, and was. ``fields`` has values before
    and after, ABSENT for none. ``origin`` is where a moved thing was. ``place`` and ``text`` are how a person reads
    it; no text where another item says it all.
    """

    kind: str
    subject: str
    graph: str
    key: str
    name: str
    was: str
    place: str
    text: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    origin: Place | None = None

    def to_json(self) -> dict[str, Any]:
        """The item as ``netwright diff --json`` shows it; a value that is not there is left out."""
        tree: dict[str, Any] = {"kind": self.kind, "subject": self.subject}
        if self.graph:
            tree["graph"] = self.graph
        tree |= {"id": self.key, "name": self.name}
        if self.was != self.name:
            tree["was"] = self.was
        if self.origin is not None:
            tree["from"] = {"graph": self.origin[0], "id": self.origin[1]}
        if self.fields:
            tree["fields"] = {
                name: {side: value for side, value in (("old", old), ("new", new)) if value is not ABSENT}
                for name, (old, new) in self.fields.items()
            }
        return tree


def items_of(old: Leaves, new: Leaves, ways: Iterable[Way]) -> tuple[Item, ...]:
    """What the changed fields mean, the project's things first, then graph by graph, networks before blocks."""
    found = _Itemizer(old, new).items(ways)
    networks = {key: place for place, (way, key) in enumerate({**old, **new}.items()) if way[0] == "networks"}

    def rank(item: Item) -> tuple[Any, ...]:
        place = (0, 0, natural("")) if not item.graph else (1, networks.get(item.graph, len(old)), natural(item.graph))
        return (*place, _OF_GRAPH.index(item.subject) if item.subject in _OF_GRAPH else len(_OF_GRAPH))

    return tuple(sorted(found, key=lambda item: (*rank(item), natural(item.key))))


class _Itemizer:
    def __init__(self, old: Leaves, new: Leaves) -> None:
        self.old, self.new = old, new
        self.words_old, self.words_new = Words(old), Words(new)
        self.moves = moved_nodes(old, new)
        self.nodes = nodes_in(new)
        self.left = {origin: place for place, origin in self.moves.items()}

    def items(self, ways: Iterable[Way]) -> Iterator[Item]:
        entries: dict[Way, dict[str, tuple[Any, Any]]] = {}
        places: dict[str, list[str]] = {}
        for way in ways:
            old, new = self.old.get(way, ABSENT), self.new.get(way, ABSENT)
            if way[0] == "view" and not is_mark(way[2]):
                if old is not ABSENT and new is not ABSENT:
                    places.setdefault(way[1], []).append(way[2])
                continue
            entry, name = _entry_of(way)
            entries.setdefault(entry, {})[name] = (old, new)
        self._follow_networks(entries)
        for entry, fields in entries.items():
            yield from self._item(entry, fields)
        for graph, ids in places.items():
            text = f"{len(ids)} nodes lie elsewhere" if len(ids) > 1 else f"{self._name(graph, ids[0])} lies elsewhere"
            yield self._of_graph("changed", "places", graph, ",".join(ids), text, text)

    def _follow_networks(self, entries: dict[Way, dict[str, tuple[Any, Any]]]) -> None:
        """The set-up of a network that is called otherwise now is told against the one under its old name."""
        for key in self._fresh_networks():
            was = self._was(key)
            if was == key:
                continue
            before = {".".join(way[2:]): v for way, v in self.old.items() if way[:2] == ("setups", was)}
            after = {".".join(way[2:]): v for way, v in self.new.items() if way[:2] == ("setups", key)}
            fields = {name: (before.get(name, ABSENT), after.get(name, ABSENT)) for name in {**before, **after}}
            entries.pop(("setups", was), None)
            entries.pop(("setups", key), None)
            changed = {name: (old, new) for name, (old, new) in fields.items() if not same(old, new)}
            if changed:
                entries["setups", key] = changed

    def _item(self, entry: Way, fields: Mapping[str, tuple[Any, Any]]) -> Iterator[Item]:
        match entry:
            case ("meta", key):
                yield self._of_project("project", key, key, _shown_change(key, *fields[VALUE]), fields)
            case ("symbols", key):
                yield self._of_project("symbol", key, key, _shown_change(f"symbol {key}", *fields[VALUE]), fields)
            case ("conflicts", key):
                text = "conflict {} is {}".format(key, "settled" if fields[VALUE][1] is ABSENT else "to be settled")
                yield self._of_project("conflict", key, key, text, fields)
            case ("networks", key):
                yield from self._network(key, fields)
            case ("setups", key):
                kind = _kind(fields.get("", BOTH))
                shown = {name: change for name, change in fields.items() if "." in name}
                text = f"set-up of {key}"
                text += f": {fields_text(shown)}" if shown and kind != "removed" else ""
                yield self._of_project("set-up", key, key, text, shown, kind=kind)
            case (str(first), "networks") if first == ORDER:
                yield from self._order("", "networks", *fields[VALUE])
            case (str(first), "graphs", graph, table) if first == ORDER:
                yield from self._order(graph, table, *fields[VALUE])
            case ("view", graph, key):
                yield self._mark(graph, key, *fields[VALUE])
            case ("graphs", graph):
                yield from self._graph(graph, fields)
            case ("graphs", graph, "nodes", id):
                yield from self._node(graph, id, fields)
            case ("graphs", graph, "params", name):
                text = _shown_change(f"parameter {name}", *fields[VALUE], none="required")
                yield self._of_graph(_kind(fields[VALUE]), "parameter", graph, name, name, text, fields)
            case ("graphs", graph, table, key):
                yield from self._join(table.removesuffix("s"), graph, key, *fields[VALUE])

    # Things of the project --------------------------------------------------------------------------------------

    def _of_project(
        self, subject: str, key: str, name: str, text: str, fields: Mapping[str, tuple[Any, Any]], kind: str = ""
    ) -> Item:
        return Item(kind or _kind(fields.get(VALUE, BOTH)), subject, "", key, name, name, PROJECT, text, fields)

    def _network(self, key: str, fields: Mapping[str, tuple[Any, Any]]) -> Iterator[Item]:
        old, new = fields[VALUE]
        if new is ABSENT:
            if not any(self._was(other) == key for other in self._fresh_networks()):
                yield self._of_project("network", key, key, f"network {key}", fields)
            return
        was = self._was(key) if old is ABSENT else key
        if was != key:
            text = f"network {was} is now called {key}"
            yield Item("renamed", "network", "", key, key, was, PROJECT, text, {"name": (was, key)})
        elif old is ABSENT:
            yield self._of_project("network", key, key, f"network {key}: {self.words_new.graph(new)}", fields)
        else:
            names = f"{self.words_new.graph(new)} instead of {self.words_old.graph(old)}"
            yield self._of_project("network", key, key, f"network {key} is {names}", fields)

    def _fresh_networks(self) -> list[str]:
        return [way[1] for way in self.new if way[0] == "networks" and way not in self.old]

    def _was(self, network: str) -> str:
        """The name that a network had which the old project does not know by its name: the one of its graph."""
        graph = self.new[("networks", network)]
        gone = (
            way[1] for way, key in self.old.items() if way[0] == "networks" and key == graph and way not in self.new
        )
        return next(gone, network)

    def _order(self, graph: str, table: str, old: Any, new: Any) -> Iterator[Item]:
        if old is ABSENT or new is ABSENT or [k for k in old if k in new] == [k for k in new if k in old]:
            return
        what = "parameters" if table == "params" else table
        text = f"{what} are in another order: {', '.join(new)}"
        fields = {VALUE: (old, new)}
        if graph:
            yield self._of_graph("changed", "order", graph, table, table, text, fields)
        else:
            yield self._of_project("order", table, table, text, fields)

    # Things of a graph ------------------------------------------------------------------------------------------

    def _of_graph(
        self, kind: str, subject: str, graph: str, key: str, name: str, text: str, fields: Any = None
    ) -> Item:
        words = self.words_old if ("graphs", graph) not in self.new else self.words_new
        gone = words is self.words_old and subject != "block"
        return Item(kind, subject, graph, key, name, name, words.graph(graph), "" if gone else text, fields or {})

    def _name(self, graph: str, id: str) -> str:
        here = ("graphs", graph, "nodes", id) in self.new
        return (self.words_new if here else self.words_old).node(graph, id)

    def _mark(self, graph: str, key: str, old: Any, new: Any) -> Item:
        """A frame, a note or a bookmark; two places of one are no news beside what it says."""
        kind, subject = _kind((old, new)), kind_of_mark(key)
        said = " ".join(str((old if kind == "removed" else new).get("text", "")).split())
        name = f"{subject} “{said[:30]}”" if said else key.replace(":", " ")
        fields = {VALUE: (old, new)}
        if kind != "changed":
            return self._of_graph(kind, subject, graph, key, name, name, fields)
        fields = {field: (old.get(field, ABSENT), new.get(field, ABSENT)) for field in {**old, **new}}
        fields = {field: change for field, change in fields.items() if not same(*change)}
        return self._of_graph(kind, subject, graph, key, name, f"{name}: {fields_text(fields)}", fields)

    def _graph(self, graph: str, fields: Mapping[str, tuple[Any, Any]]) -> Iterator[Item]:
        kind = _kind(fields.get("", BOTH))
        fields = {name: change for name, change in fields.items() if name}
        name = (self.words_old if kind == "removed" else self.words_new).graph(graph)
        if kind == "removed":
            count = sum(1 for way in self.old if len(way) == 4 and way[:3] == ("graphs", graph, "nodes"))
            yield self._of_graph(
                kind, "block", graph, graph, name, f"block {name} with {_count(count, 'node')}", fields
            )
            return
        was = self.words_old.graph(graph) if kind == "changed" else name
        if kind == "added":
            text = f"block {name}"
        elif was != name:
            kind, text = "renamed", f"block {was} is now called {name}"
        else:
            text = f"block {name}: {fields_text(fields)}"
        yield replace(self._of_graph(kind, "block", graph, graph, name, text, fields), was=was)

    def _node(self, graph: str, id: str, fields: Mapping[str, tuple[Any, Any]]) -> Iterator[Item]:
        kind = _kind(fields.get("", BOTH))
        # In the order in which the type declares them; what is back at its default comes last.
        declared = {".".join(way): place for place, way in enumerate(self.nodes.get((graph, id), ()))}
        names = sorted((name for name in fields if name), key=lambda name: declared.get(name, len(declared)))
        fields = {name: fields[name] for name in names}
        if kind == "removed":
            if (graph, id) not in self.left:
                name, type = self.words_old.node(graph, id), self.words_old.type(graph, id)
                yield self._of_graph(kind, "node", graph, id, name, f"{name}: {type}", fields)
            return
        name = self.words_new.node(graph, id)
        if kind == "added":
            origin = self.moves.get((graph, id))
            if origin is not None:
                yield self._moved(graph, id, origin, fields)
                return
            given = {field: new for field, (_, new) in fields.items()}
            text = self.words_new.described(graph, id, given)
            yield self._of_graph(kind, "node", graph, id, name, text, fields)
            return
        was = self.words_old.node(graph, id)
        rest = self._with_defaults(graph, id, {field: c for field, c in fields.items() if field != "name"})
        text = f"{was} is now called {name}{'; ' if rest else ''}" if was != name else f"{name}: "
        text = f"{text}{fields_text(rest)}"
        kind = "renamed" if was != name else "changed"
        yield replace(self._of_graph(kind, "node", graph, id, name, text, fields), was=was)

    def _moved(self, graph: str, id: str, origin: Place, added: Mapping[str, tuple[Any, Any]]) -> Item:
        way = ("graphs", origin[0], "nodes", origin[1])
        before = {".".join(w[4:]): value for w, value in self.old.items() if len(w) > 4 and w[:4] == way}
        now = {name: new for name, (_, new) in added.items()}
        names = [*before, *(name for name in now if name not in before)]
        fields = {n: (before.get(n, ABSENT), now.get(n, ABSENT)) for n in names}
        fields = {n: (old, new) for n, (old, new) in fields.items() if not same(old, new)}
        name, was = self.words_new.node(graph, id), self.words_old.node(*origin)
        rest = self._with_defaults(graph, id, {field: c for field, c in fields.items() if field != "name"})
        text = f"{name} from {self.words_old.graph(origin[0])}"
        text += f", where it was called {was}" if was != name else ""
        text += f"; {fields_text(rest)}" if rest else ""
        return replace(self._of_graph("moved", "node", graph, id, name, text, fields), was=was, origin=origin)

    def _with_defaults(self, graph: str, id: str, fields: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
        """The fields with the declared default where the file has none, for a text."""

        def known(name: str, value: Any, words: Words) -> Any:
            if value is not ABSENT or not name.startswith("set."):
                return value
            return words.default(graph, id, name.removeprefix("set."))

        return {
            name: (known(name, old, self.words_old), known(name, new, self.words_new))
            for name, (old, new) in fields.items()
        }

    def _join(self, subject: str, graph: str, target: str, old: Any, new: Any) -> Iterator[Item]:
        """A wire, or a tie of two weights."""
        kind = _kind((old, new))
        if self._moved_along(graph, target, old if kind == "removed" else new, kind):
            return
        words = self.words_old if kind == "removed" else self.words_new
        label = words.wire(graph, target, old if kind == "removed" else new)
        text = f"{subject} {label}"
        if kind == "changed":
            text += f", not from {self.words_old.end(graph, old)}"
        yield self._of_graph(kind, subject, graph, target, label, text, {VALUE: (old, new)})

    def _moved_along(self, graph: str, target: str, source: str, kind: str) -> bool:
        """Whether both ends of a wire moved to one graph, and the wire with them."""
        ends = [end.partition(".") for end in (target, source)]
        if kind == "added":
            origins = [self.moves.get((graph, id)) for id, _, _ in ends]
            return _together(origins, ends, self.old, self.new, (graph, target))
        if kind == "removed":
            places = [self.left.get((graph, id)) for id, _, _ in ends]
            return _together(places, ends, self.new, self.old, (graph, target))
        return False


def _together(places: list[Place | None], ends: Any, there: Leaves, here: Leaves, wire: Place) -> bool:
    one, other = places
    if one is None or other is None or one[0] != other[0]:
        return False
    target, source = (f"{place[1]}.{port}" for place, (_, _, port) in zip((one, other), ends, strict=True))
    return there.get(("graphs", one[0], "wires", target)) == source


def _entry_of(way: Way) -> tuple[Way, str]:
    """The thing that a field belongs to, and what the field is called there."""
    if way[0] == "graphs" and len(way) > 2:
        if way[2] == "head":
            return way[:2], f"head.{way[3]}"
        return way[:4], ".".join(way[4:]) if way[2] == "nodes" else VALUE
    if way[0] == "graphs":
        return way, ""
    if way[0] == "setups":
        return way[:2], ".".join(way[2:])
    return way, VALUE


def _kind(change: tuple[Any, Any]) -> str:
    old, new = change
    return "added" if old is ABSENT else "removed" if new is ABSENT else "changed"


def _shown_change(name: str, old: Any, new: Any, none: str = "none") -> str:
    def shown(value: Any) -> str:
        return none if value is None else value_text(value)

    if old is ABSENT:
        return f"{name} {shown(new)}"
    return f"{name}" if new is ABSENT else f"{name} {shown(old)} → {shown(new)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
