"""From the tree of a file to a project: every field is checked, what is wrong is named.

A file that is not in our form is refused with FileError. A drawing that is merely wrong (a wire to nowhere, an unknown
layer type, nodes in a circle, a parameter out of range) is read as it is: the analysis says what to mend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from graph_core.conflict import read_conflict
from graph_core.derived import fill_nodes, fill_wires
from graph_core.edits import is_default
from graph_core.graph import Graph, Node, Param, Project, Repeat, Scan
from graph_core.jsontext import MAX_PLACE, FileError, check_plain, is_small, kind_of, shown
from graph_core.layer import Inlet, Layer, Outlet, layer_types, replaced_types
from graph_core.marks import is_mark, read_mark
from graph_core.names import MAX_DOTTED, BadName, check_class_name, check_id, check_identifier, is_id
from graph_core.ports import MAX_AXES
from graph_core.trust import codes_in

FIELDS: Final = ("netw", "meta", "symbols", "networks", "setups", "graphs", "view", "conflicts")
GRAPH_FIELDS: Final = ("head", "params", "nodes", "wires", "ties")
NODE_FIELDS: Final = ("name", "type", "set", "when", "repeat", "scan", "use")
MAX_CODES: Final = 1_000_000
MAX_GRAPHS: Final = 10_000
MAX_WAY: Final = 400  # characters of a tie's end: the ids on the way down to a weight
MAX_SYMBOL: Final = 2**31 - 1
MAX_PORTS: Final = 1000
_NUMBERS = frozenset((int, float))
_NODE_FIELDS = frozenset(NODE_FIELDS)
_NOTHING: Final = object()
_PART = "(?:[A-Za-z_][A-Za-z0-9_-]{0,59}|0|[1-9][0-9]{0,5})"
_is_name = re.compile(rf"(?=.{{1,{MAX_DOTTED}}}\Z){_PART}(?:\.{_PART})*\Z").match
_TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,79}\Z")
_WEIGHT = re.compile(
    r"(?:[A-Za-z0-9_-]{1,40}(?:#(?:0|[1-9][0-9]{0,8}))?/)*[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_.-]{0,200}\Z"
)
_END = re.compile(r"([A-Za-z0-9_-]{1,40})\.([A-Za-z0-9_-]{1,60})\Z")


def read_project(tree: Mapping[str, Any], *, lenient: bool = False) -> Project:
    """The project in a tree of the current version; raises FileError. ``lenient`` leaves out what it cannot read."""
    project = Project()
    Reader(project, lenient=lenient).read(tree)
    return project


class Reader:
    """Reads a file's tree, or parts of one, into a project of its own."""

    def __init__(self, project: Project, *, lenient: bool = False) -> None:
        self.project = project
        self.lenient = lenient
        self._types: dict[str, tuple[str, type[Layer] | None]] = {}

    def read(self, tree: Mapping[str, Any]) -> None:
        """Put everything that ``tree`` holds into the project; raises FileError."""
        self._known(tree, FIELDS, "the file")
        self.graphs(tree)
        self._each(tree, "meta", self._meta)
        self._each(tree, "symbols", self._symbol)
        self._each(tree, "networks", self._network)
        self._each(tree, "setups", self._setup)
        self._each(tree, "view", self._view)
        self._each(tree, "conflicts", self._conflict)

    def graphs(self, tree: Mapping[str, Any]) -> None:
        """Put the graphs that ``tree`` holds into the project: all keys first, as nodes refer to them."""
        if isinstance(tree.get("graphs"), dict) and len(tree["graphs"]) > MAX_GRAPHS:
            raise FileError(f"graphs has {len(tree['graphs']):,} entries; a project may have {MAX_GRAPHS:,}.")
        self._each(tree, "graphs", lambda key, _: self._key(key))
        self._each(tree, "graphs", self._graph)
        size = sum(map(len, {code for _, _, code in codes_in(self.project)}))
        if size > MAX_CODES and not self.lenient:
            raise FileError(f"The file holds {size:,} characters of custom code; {MAX_CODES:,} are allowed.")
        taken: dict[str, str] = {}
        for key, graph in self.project.graphs.items():
            other = taken.setdefault(graph.name, key)
            if other != key and not self.lenient:
                raise FileError(
                    f"graphs.{key} and graphs.{other} both become the class {graph.name}; give one another head.name."
                )

    def _key(self, key: str) -> None:
        check_graph_key(key)
        self.project.fill("", "graphs", key, True)

    def _meta(self, name: str, value: Any) -> None:
        check_plain(value, name)
        if name == "name" and not (isinstance(value, str) and 0 < len(value) <= 200):
            raise FileError(f"name is {shown(value)}; it takes a text of up to 200 characters.")
        self.project.fill("", "meta", name, value)

    def _symbol(self, name: str, value: Any) -> None:
        _named(check_identifier, name)
        if type(value) is not int or not 0 < value <= MAX_SYMBOL:
            raise FileError(f"{name} is {shown(value)}; an example size is a whole number from 1 to {MAX_SYMBOL}.")
        self.project.fill("", "symbols", name, value)

    def _network(self, name: str, key: Any) -> None:
        _named(check_identifier, name)
        if not isinstance(key, str) or key not in self.project.graphs:
            raise FileError(f"{name} is {shown(key)}; it takes one of the file's graphs: {_some(self.project.graphs)}.")
        self.project.fill("", "network_keys", name, key)

    def _setup(self, name: str, setup: Any) -> None:
        if name not in self.project.network_keys:
            raise FileError(f"{shown(name)} is no network of this file; take it out.")
        _want(setup, dict, name)
        for part, values in setup.items():
            if part not in ("optimizer", "training"):
                raise FileError(f"{name}.{shown(part)} is unknown; a set-up has optimizer and training.")
            _want(values, dict, f"{name}.{part}")
            check_plain(values, f"{name}.{part}")
            if "groups" in values:
                _groups(values["groups"], f"{name}.{part}.groups")
        self.project.fill("", "setups", name, setup)

    def _conflict(self, key: str, tree: Any) -> None:
        _named(check_id, key)
        self.project.fill("", "conflicts", key, read_conflict(tree, key))

    def _view(self, key: str, places: Any) -> None:
        if key not in self.project.graphs:
            raise FileError(f"{shown(key)} is no graph of this file; take it out.")
        self._each({key: places}, key, partial(self._place, self.project.graphs[key]))

    def _place(self, graph: Graph, id: str, at: Any) -> None:
        if is_mark(id):
            self.project.fill(graph.key, "marks", id, read_mark(id, at))
            return
        if id not in graph.nodes:
            _named(check_id, id)
        good = type(at) is list and len(at) == 2 and type(at[0]) in _NUMBERS and type(at[1]) in _NUMBERS
        if not (good and abs(at[0]) <= MAX_PLACE and abs(at[1]) <= MAX_PLACE):
            raise FileError(f"{id} is {shown(at)}; it takes two numbers up to ten million, x and y.")
        x, y = at
        graph.view[id] = (float(x) if x == int(x) else round(x, 2), float(y) if y == int(y) else round(y, 2))

    def _graph(self, key: str, tree: Any) -> None:
        graph = self.project.graphs.get(key)
        if graph is None:  # its key was refused leniently
            return
        _want(tree, dict, key)
        self._known(tree, GRAPH_FIELDS, "a graph")
        with _below(key):
            self._each(tree, "head", partial(self._head, key))
            self._each(tree, "params", partial(self._param, key))
            nodes: list[Node] = []
            self._each(tree, "nodes", lambda id, node: nodes.append(self.node(id, node)))
            fill_nodes(graph, nodes)
            renaming = {name: d for name, d in layer_types().items() if d.renamed and name not in self.project.graphs}
            renamed = {id: renaming[node.type] for id, node in graph.nodes.items() if node.type in renaming}
            wires: list[tuple[str, str]] = []
            self._each(tree, "wires", partial(self._wire, wires.append, graph.nodes, set(), renamed))
            fill_wires(graph, wires)
            self._each(tree, "ties", partial(self._tie, graph.key))

    def _head(self, key: str, name: str, value: Any) -> None:
        check_plain(value, name)
        if name == "name":
            _named(check_class_name, value, "name: ")
        self.project.fill(key, "head", name, value)

    def _param(self, key: str, name: str, value: Any) -> None:
        _named(check_identifier, name)
        check_plain(value, name, objects=False)
        self.project.fill(key, "params", name, Param(value))

    def node(self, id: str, tree: Any) -> Node:
        """The node in ``tree``, its type and parameters as they are called now; raises FileError."""
        if not is_id(id):
            _named(check_id, id)
        if type(tree) is not dict:
            _want(tree, dict, id)
        given = tree.get("set", _NOTHING)
        plain = len(tree) == 2 + (given is not _NOTHING)
        try:
            name, type_ = tree["name"], tree["type"]
        except KeyError:
            self._known(tree, NODE_FIELDS, "a node")
            raise FileError(f"{id} has no {'type' if 'name' in tree else 'name'}; give it one.") from None
        if not plain and not tree.keys() <= _NODE_FIELDS:
            self._known(tree, NODE_FIELDS, "a node")
        # Names that two nodes have, or that Python or torch use, open for repair: a merge or a new version of torch
        # makes them, and the analysis says so.
        if type(name) is not str or not _is_name(name):
            raise FileError(f"{id}.name is {shown(name)}; it takes up to 60 letters, digits and _.")
        known = self._types.get(type_) if type(type_) is str else None
        type_, declaration = known or self._type(id, type_)
        params = {} if given is _NOTHING else self._params(id, declaration, given)
        if plain:
            return Node(id, type_, name, params)
        when, use = tree.get("when", ""), tree.get("use", "")
        if not isinstance(when, str) or len(when) > 1000:
            raise FileError(f"{id}.when is {shown(when)}; it takes a condition such as stride != 1.")
        if use != "":
            _named(check_id, use, f"{id}.use: ")
        run: Repeat | Scan | None = _repeat(tree["repeat"], id) if "repeat" in tree else None
        if "scan" in tree:
            if run is not None:
                raise FileError(f"{id} has repeat and scan; keep one of the two.")
            run = _scan(tree["scan"], id)
        return Node(id, type_, name, params, when, run, use)

    def _type(self, id: str, name: Any) -> tuple[str, type[Layer] | None]:
        """What a type is called now, and its declaration, if it has one."""
        if not isinstance(name, str) or not _TYPE.match(name):
            raise FileError(f"{id}.type is {shown(name)}; it takes the name of a layer type or the key of a graph.")
        now = name if name in self.project.graphs else replaced_types().get(name, name)
        found = self._types[name] = now, None if now in self.project.graphs else layer_types().get(now)
        return found

    def _params(self, id: str, declaration: type[Layer] | None, given: Any) -> dict[str, Any]:
        if type(given) is not dict:
            _want(given, dict, f"{id}.set")
        fields = declaration.fields if declaration else {}
        params: dict[str, Any] = {}
        for name, value in given.items():
            if not is_small(value):
                check_plain(value, f"{id}.set.{shown(name)}", objects=False)
            if declaration and name not in fields:
                name = declaration.renamed.get(name, name)
            if name not in fields:
                _named(check_identifier, name, f"{id}.set: ")
            elif is_default(fields[name], value):
                continue
            params.setdefault(name, value)
        return params

    def _wire(
        self,
        take: Callable[[tuple[str, str]], None],
        nodes: Mapping[str, Node],
        ports: set[str],
        renamed: Mapping[str, type[Layer]],
        target: str,
        source: Any,
    ) -> None:
        """``ports`` are names that were found right before; with the nodes' ids they make most ends right at sight."""
        if type(source) is not str:
            raise FileError(f"{shown(target)} is {kind_of(source)}; it takes the wire's source, such as “x.y”.")
        id, _, port = target.partition(".")
        if id not in nodes or port not in ports:
            id, port = _end(target)
            ports.add(port)
        origin, _, out = source.partition(".")
        if origin not in nodes or out not in ports:
            origin, out = _end(source)
            ports.add(out)
        if id in renamed:
            target = f"{id}.{_port_now(renamed[id], renamed[id].inlets, port)}"
        if origin in renamed:
            source = f"{origin}.{_port_now(renamed[origin], renamed[origin].outlets, out)}"
        take((target, source))

    def _tie(self, key: str, target: str, source: Any) -> None:
        if not isinstance(source, str):
            raise FileError(f"{shown(target)} is {kind_of(source)}; it takes a weight, such as “embed.weight”.")
        for end in (target, source):
            if len(end) > MAX_WAY or not _WEIGHT.match(end):
                raise FileError(f"{shown(end)} names no weight; write node.weight, such as head.weight.")
        self.project.fill(key, "ties", target, source)

    def _known(self, tree: Mapping[str, Any], fields: Iterable[str], what: str) -> None:
        for name in tree:
            if name not in fields and not self.lenient:
                raise FileError(f"{shown(name)} is no field of {what}, which has {', '.join(fields)}; take it out.")

    def _each(self, tree: Mapping[str, Any], field: str, read: Callable[[str, Any], None]) -> None:
        """Read the entries of a table; what is refused of them is named from the table's name on."""
        table = tree.get(field, {})
        try:
            _want(table, dict, field)
        except FileError:
            if not self.lenient:
                raise
            return
        for name, value in table.items():
            try:
                read(name, value)
            except FileError as error:
                if not self.lenient:
                    raise FileError(f"{field}.{error}") from error


def check_graph_key(key: str) -> None:
    """Refuse what cannot be the key of a graph: no id, or the name of a layer type."""
    _named(check_id, key)
    if key in layer_types():
        raise FileError(f"{key} is the name of a layer type; give the graph another key.")


@contextmanager
def _below(where: str) -> Iterator[None]:
    try:
        yield
    except FileError as error:
        raise FileError(f"{where}.{error}") from error


def _named(check: Callable[[str], str], text: Any, where: str = "") -> str:
    try:
        return check(text)
    except BadName as error:
        raise FileError(f"{where}{error}") from error


def _want(value: Any, kind: type, where: str) -> None:
    if type(value) is not kind:
        raise FileError(f"{shown(where)} is {kind_of(value)}; it takes {kind_of(kind())}.")


def _some(names: Iterable[str]) -> str:
    return ", ".join(list(names)[:8]) or "none"


def _repeat(tree: Any, id: str) -> Repeat:
    shared = False
    if type(tree) is dict:
        shared, times = tree.get("shared", False), tree.get("times")
        if not tree.keys() <= {"times", "shared"} or type(shared) is not bool:
            raise FileError(f"{id}.repeat has times, and shared: true or false; nothing else.")
    else:
        times = tree
    if isinstance(times, str):
        check_plain(times, f"{id}.repeat")
    elif type(times) is not int or not 0 <= times < 2**31:
        raise FileError(f"{id}.repeat is {shown(times)}; it takes a whole number from 0, or an expression.")
    return Repeat(times, shared)


def _groups(groups: Any, where: str) -> None:
    """Refuse what is no list of groups; fields that are wrong open for repair."""
    _want(groups, list, where)
    for place, group in enumerate(groups):
        _want(group, dict, f"{where}.{place}")
        match = group.get("match", [])
        if not isinstance(match, str) and not (type(match) is list and all(isinstance(text, str) for text in match)):
            raise FileError(f"{where}.{place}.match is {kind_of(match)}; it takes a list of paths, such as conv1.")


def _scan(tree: Any, id: str) -> Scan:
    """Names that match nothing open for repair, as the block may have changed."""
    _want(tree, dict, f"{id}.scan")
    if not tree.keys() <= {"axis", "over", "carry"}:
        raise FileError(f"{id}.scan has axis, over and carry; nothing else.")
    axis = tree.get("axis", 1)
    if type(axis) is not int or not 0 <= axis < MAX_AXES:
        raise FileError(f"{id}.scan.axis is {shown(axis)}; it takes an axis from 0 to {MAX_AXES - 1}.")
    names: dict[str, tuple[str, ...]] = {}
    for field in ("over", "carry"):
        given = tree.get(field, [])
        _want(given, list, f"{id}.scan.{field}")
        for name in given:
            _named(check_id, name, f"{id}.scan.{field}: ")
        if len(set(given)) < len(given) or len(given) > MAX_PORTS:
            raise FileError(f"{id}.scan.{field} takes ids of inputs, each once.")
        names[field] = tuple(given)
    return Scan(axis, names["over"], names["carry"])


def _end(text: str) -> tuple[str, str]:
    found = _END.match(text)
    if not found:
        raise FileError(f"{shown(text)} names no port; write node.port, such as c.x.")
    return found[1], found[2]


def _port_now(declaration: type[Layer], ports: Mapping[str, Inlet | Outlet], port: str) -> str:
    """A port's name now; a variadic port is a name and a number."""
    stem = port.rstrip("0123456789")
    if port in ports or stem in ports:
        return port
    now = declaration.renamed.get(port)
    if now in ports:
        return str(now)
    now = declaration.renamed.get(stem)
    return f"{now}{port[len(stem) :]}" if now in ports else port
