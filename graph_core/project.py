"""The file of a project: ``name.netw``, UTF-8 JSON that diffs well, saved whole or not at all.

One node or wire stands on a line, sorted by id; where nodes lie is kept apart from what they mean. Reading never runs
anything: see graph_core.reading for what is refused and what is opened for repair.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, Final

from graph_core.graph import Graph, Node, Project, Scan
from graph_core.jsontext import MAX_BYTES, FileError, kind_of, parse_tree
from graph_core.layer import layer_types
from graph_core.marks import mark_tree
from graph_core.names import natural
from graph_core.reading import read_project

__all__ = ["MIGRATIONS", "VERSION", "FileError", "dumps", "load", "loads", "save"]

VERSION: Final = 1
# Version -> what turns a tree of that version into one of the next, in place. Renamed layer types, ports and
# parameters need none: their declarations say what they replace.
MIGRATIONS: Final[dict[int, Callable[[dict[str, Any]], None]]] = {}

_PIECE = 200  # lines that are written down at a time
_quote = encode_basestring  # a text in quotes, as the encoder writes it
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode


def dumps(project: Project) -> str:
    """The text of the project's file; the same for equal projects, whatever way they were made."""
    try:
        return "".join(pieces(project))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise FileError(f"The project holds a value that no file can: {error}.") from error


def pieces(project: Project) -> Iterator[str]:
    """The same text in pieces that take a moment each, for whoever must not be long; nothing may be edited meanwhile.

    Raises ValueError, TypeError, OverflowError or RecursionError for what `dumps` refuses.
    """
    yield f'{{\n  "netw": {VERSION},\n  "meta": {_encode(_name_first(project.meta))}'
    yield f',\n  "symbols": {_encode({name: project.symbols[name] for name in _sorted(project.symbols)})}'
    yield f',\n  "networks": {_encode(project.network_keys)}'
    setups = {name: project.setups[name] for name in _sorted(project.setups)}
    if setups:
        yield ',\n  "setups": {'
        for name, comma in _listed(setups):
            parts = setups[name]
            lines = [f"      {_encode(part)}: {_encode(_kind_first(parts[part]))}" for part in sorted(parts)]
            yield f"{comma}\n    {_encode(name)}: {{\n" + ",\n".join(lines) + "\n    }"
        yield "\n  }"
    yield ',\n  "graphs": {'
    keys = _sorted(project.graphs)
    for key, comma in _listed(keys):
        yield f"{comma}\n    {_encode(key)}: {{"
        yield from _graph_lines(project.graphs[key])
        yield "\n    }"
    yield "\n  }" if keys else "}"
    placed = [key for key in keys if project.graphs[key].view or project.graphs[key].marks]
    if placed:
        yield ',\n  "view": {'
        for key, comma in _listed(placed):
            yield f"{comma}\n    {_encode(key)}: "
            yield from _table(_view_lines(project.graphs[key]), "      ")
        yield "\n  }"
    if project.conflicts:
        conflicts = (f"{_quote(key)}: {_encode(project.conflicts[key].tree())}" for key in _sorted(project.conflicts))
        yield ',\n  "conflicts": '
        yield from _table(conflicts, "    ")
    yield "\n}\n"


def _graph_lines(graph: Graph) -> Iterator[str]:
    if graph.head:
        yield f'\n      "head": {_encode(_name_first(graph.head))},'
    if graph.params:
        params = (f"{_quote(name)}: {_encode(param.default)}" for name, param in graph.params.items())
        yield '\n      "params": '
        yield from _table(params, "        ")
        yield ","
    nodes = (f"{_quote(id)}: {_node_text(graph.project, graph.nodes[id])}" for id in _sorted(graph.nodes))
    yield '\n      "nodes": '
    yield from _table(nodes, "        ")
    wires = (f"{_quote(target)}: {_quote(graph.wires[target])}" for target in _sorted(graph.wires))
    yield ',\n      "wires": '
    yield from _table(wires, "        ")
    if graph.ties:
        ties = (f"{_quote(target)}: {_quote(graph.ties[target])}" for target in _sorted(graph.ties))
        yield ',\n      "ties": '
        yield from _table(ties, "        ")


def _view_lines(graph: Graph) -> Iterator[str]:
    """Where nodes lie, then the frames, notes and bookmarks."""
    view, marks = graph.view, graph.marks
    yield from (f"{_quote(id)}: [{_number(view[id][0])}, {_number(view[id][1])}]" for id in _sorted(view))
    yield from (f"{_quote(key)}: {_encode(mark_tree(marks[key]))}" for key in _sorted(marks))


def _table(entries: Iterable[str], indent: str) -> Iterator[str]:
    rest, start = iter(entries), f"{{\n{indent}"
    while some := list(islice(rest, _PIECE)):
        yield start + f",\n{indent}".join(some)
        start = f",\n{indent}"
    yield f"\n{indent[2:]}}}" if start[0] == "," else "{}"


def _node_text(project: Project, node: Node) -> str:
    """What ``_encode(node_tree(project, node))`` is; most nodes are plain enough to be written down directly."""
    if node.when or node.run is not None or node.use:
        return _encode(node_tree(project, node))
    text = f'{{"name": {_quote(node.name)}, "type": {_quote(node.type)}'
    if not node.params:
        return text + "}"
    params = [f"{_quote(name)}: {_value(value)}" for name, value in _in_order(project, node).items()]
    return f'{text}, "set": {{{", ".join(params)}}}}}'


def _value(value: Any) -> str:
    return str(value) if type(value) is int else _encode(value)


def node_tree(project: Project, node: Node) -> dict[str, Any]:
    """A node as it stands in the file; parameters in the order in which its type declares them."""
    tree: dict[str, Any] = {"name": node.name, "type": node.type}
    if node.params:
        tree["set"] = _in_order(project, node)
    if node.when:
        tree["when"] = node.when
    if isinstance(node.run, Scan):
        tree["scan"] = {"axis": node.run.axis, "over": list(node.run.over), "carry": list(node.run.carry)}
    elif node.run is not None:
        shared = {"times": node.run.times, "shared": True}
        tree["repeat"] = shared if node.run.shared else node.run.times
    if node.use:
        tree["use"] = node.use
    return tree


def graph_tree(graph: Graph, types: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a graph means, without its name and where nodes lie; ``types`` renames the blocks that it uses."""
    nodes = {id: node_tree(graph.project, node) for id, node in graph.nodes.items()}
    for node in nodes.values():
        node["type"] = (types or {}).get(node["type"], node["type"])
    params = [(name, param.default) for name, param in graph.params.items()]
    return {"params": params, "nodes": nodes, "wires": dict(graph.wires), "ties": dict(graph.ties)}


def _in_order(project: Project, node: Node) -> Mapping[str, Any]:
    if len(node.params) == 1:
        return node.params
    declared: Iterable[str] = ()
    if node.type in project.graphs:
        declared = project.graphs[node.type].params
    elif node.type in layer_types():
        declared = layer_types()[node.type].fields
    known = {name: node.params[name] for name in declared if name in node.params}
    return {**known, **{name: node.params[name] for name in sorted(node.params.keys() - known.keys())}}


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, key=natural)


def _listed(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for place, name in enumerate(names):
        yield name, "," if place else ""


def _name_first(table: Mapping[str, Any]) -> dict[str, Any]:
    return _first("name", table)


def _kind_first(table: Mapping[str, Any]) -> dict[str, Any]:
    return _first("kind", table)


def _first(first: str, table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: table[name] for name in sorted(table, key=lambda name: (name != first, name))}


def _number(x: float) -> str:
    return str(int(x)) if x == int(x) else repr(x)


def loads(text: str, *, newer_ok: bool = False) -> Project:
    """The project in the text of a file; raises FileError.

    A file of a newer version is refused with ``error.newer``; with ``newer_ok`` what this version knows of it is read,
    and the project's ``read_only`` is set: it can be looked at, not saved.
    """
    with _collecting_later():
        return _read_text(text, newer_ok)


def _read_text(text: str, newer_ok: bool) -> Project:
    tree = parse_tree(text)
    version = tree.get("netw")
    if version is None:
        raise FileError('The file is JSON, but no drawing: it has no "netw".')
    if type(version) is not int or version < 1:
        raise FileError(f"netw is {kind_of(version) if type(version) is not int else version}; it takes a version, 1.")
    if version > VERSION:
        if not newer_ok:
            raise FileError(
                f"The file has version {version}, this program knows up to {VERSION}; open it with a newer Netwright.",
                newer=True,
            )
        project = read_project(tree, lenient=True)
        project.read_only = True
        return project
    for older in range(version, VERSION):
        _migrate(tree, older)
    return read_project(tree)


@contextlib.contextmanager
def _collecting_later() -> Iterator[None]:
    """Without garbage collection, which finds nothing in what is being built, and takes a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _migrate(tree: dict[str, Any], older: int) -> None:
    try:
        MIGRATIONS[older](tree)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise FileError(
            f"The file of version {older} is not in the form of that version; take an older copy."
        ) from error


def load(path: str | os.PathLike[str], *, newer_ok: bool = False) -> Project:
    """The project in a file; raises FileError with one sentence that begins with the file's name."""
    name = Path(path).name or f"“{path}”"
    try:
        project = loads(_read(path), newer_ok=newer_ok)
        project.file = Path(path)
        return project
    except FileError as error:
        raise FileError(f"{name}: {error}", newer=error.newer) from error
    except UnicodeDecodeError as error:
        raise FileError(f"{name}: Byte {error.start} is no UTF-8; save the file as UTF-8 text.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(f"{name} cannot be opened: {reason}.") from error


def _read(path: str | os.PathLike[str]) -> str:
    # Not waiting: opening a named pipe would stop here until somebody writes to it.
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        os.close(file)
        raise FileError("It is no ordinary file; choose a .netw file.")
    with os.fdopen(file, "rb") as stream:
        if status.st_size > MAX_BYTES:
            raise FileError(f"It has {status.st_size / 2**20:.0f} MiB; a drawing may have {MAX_BYTES >> 20}.")
        return stream.read(MAX_BYTES + 1).decode("utf-8-sig")


def save(project: Project, path: str | os.PathLike[str]) -> None:
    """Save the project; the file is the old one or the new one, whole, whatever happens meanwhile. Raises FileError.

    The new text goes to a temporary file beside it, is flushed to the disk and takes the file's place. Permissions
    are kept; where ``path`` is a link, what it points to is written.
    """
    name = Path(path).name
    if project.read_only:
        raise FileError(f"{name} cannot be saved: a newer Netwright wrote the drawing, and parts of it would be lost.")
    try:
        data = dumps(project).encode("utf-8")
        _replace(os.path.realpath(path), data)
    except UnicodeEncodeError as error:
        raise FileError(f"{name} cannot be saved: a text holds half of a surrogate pair; take it out.") from error
    except (OSError, ValueError) as error:
        if isinstance(error, FileError):
            raise FileError(f"{name} cannot be saved: {error}") from error
        raise FileError(f"{name} cannot be saved: {getattr(error, 'strerror', None) or error}.") from error


def _replace(target: str, data: bytes) -> None:
    folder = os.path.dirname(target)
    mode = None
    with contextlib.suppress(FileNotFoundError):
        status = os.stat(target)
        if not stat.S_ISREG(status.st_mode):
            raise FileError("It is a folder or a device; choose another name.")
        if not os.access(target, os.W_OK):
            raise FileError("It is read-only; choose another name.")
        mode = stat.S_IMODE(status.st_mode)
    temporary = os.path.join(folder, f".netw-{os.urandom(6).hex()}.tmp")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(file, "wb") as stream:
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(file, mode)
            stream.write(data)
            stream.flush()
            os.fsync(file)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Put the folder's entry on the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
