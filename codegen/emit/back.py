"""The way back: what a person changed in the source, as an edit of the drawing that the source stands for.

A value in the source is looked for among what the nodes of its line hold. What is found is proven: with it put into a
copy of the drawing, the source has to say at that place what the person typed. So nothing here knows how any layer is
written, and nothing is taken over that the drawing does not mean.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from typing import Any

from codegen.emit import trees
from codegen.emit.compared import Changed, Rebuilt, at_place, changed_values, same
from codegen.emit.plan import Plan
from codegen.emit.statements import Spans
from codegen.emit.trees import EmitError
from graph_core import EditError, FileError, dumps, edits, layer_types, loads
from graph_core.chains import is_chain
from graph_core.fields import SameAs
from graph_core.graph import Graph, Node, Param, Project, Repeat

MAX_CHANGES = 50  # in one go


@dataclass(frozen=True, slots=True)
class Put:
    """One value of the drawing replaced. ``kind`` is param, when or times of a node, default of a graph, or symbol."""

    kind: str
    graph: str
    node: str
    name: str
    value: Any
    clear: bool = False  # back to the default, whatever ``value`` says

    def to_json(self) -> list[Any]:
        """As a worker answers it; ``Put(*…)`` reads it."""
        return list(astuple(self))

    def apply(self, project: Project) -> None:
        """Make the edit; raises EditError."""
        if self.kind == "symbol":
            edits.set_symbol(project, self.name, self.value)
            return
        graph = project.graphs[self.graph]
        if self.kind == "default":
            edits.set_graph_param(graph, self.name, Param(self.value))
        elif self.kind == "when":
            edits.set_when(graph, self.node, str(self.value))
        elif self.kind == "times":
            shared = bool(getattr(graph.nodes[self.node].run, "shared", False))
            edits.set_repeat(graph, self.node, self.value, shared=shared)
        else:
            edits.set_params(graph, self.node, {self.name: edits.DEFAULT if self.clear else self.value})


@dataclass(frozen=True, slots=True)
class Typed:
    """The source as it was and as a person left it, and which lines of the former stand for which node."""

    old: ast.Module
    new: ast.Module
    spans: Spans


def flow_back(project: Project, network: str, text: str) -> list[Put]:
    """What to put into the drawing so that its source says what ``text`` says, a source of it that a person changed.

    Empty where only layout and comments differ. Raises EmitError with one sentence for what no edit can bring about.
    """
    source, spans = Plan(project, network).write()
    try:
        old, new = ast.parse(source), ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f"Line {line}" if line else "The source"
        raise EmitError(f"{where} is not Python yet: {getattr(error, 'msg', None) or error}.") from None
    try:
        changes = changed_values(old, new)
    except (Rebuilt, RecursionError) as error:
        line = getattr(error, "line", 1)
        raise EmitError(
            f"Line {line}: only values flow back into the drawing; layers and wires are changed on the canvas."
        ) from None
    if len(changes) > MAX_CHANGES:
        raise EmitError(f"{len(changes)} values were changed at once; change at most {MAX_CHANGES}.")
    typed = Typed(old, new, spans)
    here, done, todo, later = project, list[Put](), list(changes), list[Changed]()
    while todo:
        change = todo.pop(0)
        now = _tree_of(here, network)
        if done and now is not None and same(at_place(now, change.place), change.new):
            continue  # it follows from what is done
        try:
            put, here = _proven(here, network, change, typed, alone=not todo)
        except EmitError:
            if now is None and change in later:
                continue  # whether it is right shows at the end
            if not (todo or done) or change in later:
                raise
            later.append(change)
            todo.append(change)
            continue
        done.append(put)
        todo += [more for more in _left_over(_tree_of(here, network), new, change) if more not in todo]
        if len(done) > 2 * MAX_CHANGES:
            raise EmitError(f"{_shown(change.new)} cannot be brought about by values alone; draw it on the canvas.")
    final = ast.parse(Plan(here, network).write()[0])
    for change in changes:
        if not same(found := at_place(final, change.place), change.new) and found is not None:
            raise EmitError(f"{_shown(change.new)} does not go together with the other changes; make them one by one.")
    return done


def _tree_of(project: Project, network: str) -> ast.Module | None:
    """The source of a drawing; None where an edit that is half made has left a problem."""
    try:
        return ast.parse(Plan(project, network).write()[0])
    except EmitError:
        return None


def _left_over(now: ast.Module | None, wanted: ast.Module, change: Changed) -> list[Changed]:
    """Keywords that the drawing writes in a changed call, and the person did not: they follow the change."""
    for end in range(len(change.place), 0, -1):
        place = change.place[:end]
        call = at_place(wanted, place)
        if isinstance(call, ast.Call):
            mine = at_place(now, place) if now is not None else None
            if not isinstance(mine, ast.Call):
                return []
            asked = {keyword.arg for keyword in call.keywords}
            return [
                Changed((*place, ("keywords", str(keyword.arg)), ("value", "")), keyword.value, None, change.line)
                for keyword in mine.keywords
                if keyword.arg not in asked
            ]
    return []


def put_back(project: Project, puts: list[Put]) -> None:
    """Apply what ``flow_back`` found as one edit; raises EditError, and then nothing is changed."""
    if len(puts) == 1:
        puts[0].apply(project)
    elif puts:
        with project.editing("Edit the source"):
            for put in puts:
                put.apply(project)


def _proven(project: Project, network: str, change: Changed, typed: Typed, *, alone: bool) -> tuple[Put, Project]:
    """The first candidate that makes the source say the new value, and a copy of the drawing with it.

    Unless the change is ``alone`` a likely one may leave a problem, which the others have to mend.
    """
    reasons: list[str] = []
    half: tuple[Put, Project] | None = None
    try:
        before = dumps(project)
        for likely, put in _candidates(project, change, typed.spans):
            trial = loads(before)
            try:
                put.apply(trial)
            except EditError as error:
                reasons += [str(error)] if likely else []
                continue
            try:
                tree = ast.parse(Plan(trial, network).write()[0])
            except EmitError as error:
                reasons += [str(error)] if likely else []
                half = half or ((put, trial) if likely else None)
                continue
            found = at_place(tree, change.place)
            right = same(found, change.new) or (found is None and likely)  # a default is left out
            if right and not _disturbs(tree, typed, change):
                return put, trial
    except FileError as error:
        raise EmitError(str(error)) from None
    if half is not None and not alone:
        return half
    if reasons:
        raise EmitError(reasons[0])
    raise EmitError(_why_not(project, change, typed.spans))


def _disturbs(now: ast.Module, typed: Typed, change: Changed) -> bool:
    """Whether what stands beside a changed argument, and was left alone, is another now."""
    if change.place[-1][0] != "args":
        return False
    calls = [at_place(tree, change.place[:-1]) for tree in (typed.old, typed.new, now)]
    arguments = [call.args for call in calls if isinstance(call, ast.Call)]
    left_alone = [(asked, mine) for old, asked, mine in zip(*arguments, strict=False) if same(old, asked)]
    return len(arguments) == 3 and any(not same(asked, mine) for asked, mine in left_alone)


def _why_not(project: Project, change: Changed, spans: Spans) -> str:
    """Why a value stands for nothing in the drawing."""
    shown = _shown(change.old if change.old is not None else change.new)
    nodes = [node for _, node in _nodes_at(project, change.line, spans)]
    if nodes and change.old is None:
        return f"{nodes[0].name} has no parameter that is written {change.keyword}; see the inspector for what it has."
    if nodes and change.keyword == "" and ("args", 0) in change.place and isinstance(change.old, ast.Constant):
        return f"{shown} of {nodes[0].name} follows from what comes in; change the layer before it instead."
    whose = f" of {nodes[0].name}" if nodes else ""
    raise EmitError(
        f"{shown}{whose} is written by Netwright and stands for no value in the drawing; it stays as it is."
    )


def _shown(tree: ast.expr | None) -> str:
    text = ast.unparse(tree) if tree is not None else ""
    return text if len(text) < 40 else f"{text[:38]}…"


def _nodes_at(project: Project, line: int, spans: Spans) -> list[tuple[Graph, Node]]:
    """The nodes that a line stands for, those of the shortest span first, with those of chains written inside."""
    found = [
        (last - first, key, id)
        for (key, id), lines in spans.items()
        for first, last in lines
        if id and first <= line <= last
    ]
    nodes: dict[tuple[str, str], tuple[Graph, Node]] = {}
    for _, key, id in sorted(found):
        _with_inner(project, project.graphs[key], project.graphs[key].nodes[id], nodes, 0)
    return list(nodes.values())


def _with_inner(
    project: Project, graph: Graph, node: Node, nodes: dict[tuple[str, str], tuple[Graph, Node]], depth: int
) -> None:
    nodes.setdefault((graph.key, node.id), (graph, node))
    inner = project.graphs.get(node.type)
    if inner is not None and depth < 8 and is_chain(inner):
        for one in inner.nodes.values():
            _with_inner(project, inner, one, nodes, depth + 1)


def _candidates(project: Project, change: Changed, spans: Spans) -> list[tuple[bool, Put]]:
    """What the change may mean, likely ones (of that keyword, or with that value until now) first."""
    value, old = _value_of(change.new), _value_of(change.old)
    ranked: list[tuple[int, bool, Put]] = []
    for kind, graph, node, name, argument, held in _held(project, change.line, spans):
        named = bool(change.keyword) and argument == change.keyword
        equal = change.old is not None and _alike(held, old)
        if change.new is None:
            if named:
                ranked.append((0, True, _without(project, Put(kind, graph, node, name, None, clear=True))))
            continue
        if change.keyword and not named and not equal:
            continue
        if change.old is None and not named:
            continue
        rank = (0 if named and equal else 1) if named or equal else 2
        ranked.append((rank, named or equal, Put(kind, graph, node, name, value)))
    ranked.sort(key=lambda one: one[0])
    return [(likely, put) for _, likely, put in ranked]


def _held(project: Project, line: int, spans: Spans) -> Iterator[tuple[str, str, str, str, str, Any]]:
    """Every value that may stand in a line: its kind, graph, node, name, keyword in the source, and itself."""
    for graph, node in _nodes_at(project, line, spans):
        block = project.graphs.get(node.type)
        if block is not None:
            for name, param in block.params.items():
                yield "param", graph.key, node.id, name, name, node.params.get(name, param.default)
        elif node.type in layer_types():
            for name, field in layer_types()[node.type].fields.items():
                yield "param", graph.key, node.id, name, field.argument, node.params.get(name, field.default)
        if isinstance(node.run, Repeat):
            yield "times", graph.key, node.id, "", "", node.run.times
        if node.when:
            yield "when", graph.key, node.id, "", "", node.when
    for (key, id), lines in spans.items():
        if not id and any(first <= line <= last for first, last in lines):
            for name, param in project.graphs[key].params.items():
                yield "default", key, "", name, "", param.default
            if project.graphs[key].is_network:
                for name, size in project.symbols.items():
                    yield "symbol", "", "", name, "", size


def _without(project: Project, put: Put) -> Put:
    """What it means that a keyword is not written: the block's own default, or torch's of a layer."""
    node = project.graphs[put.graph].nodes[put.node]
    declaration = layer_types().get(node.type)
    if declaration is None:
        return put
    default = declaration.fields[put.name].torch_default
    if isinstance(default, SameAs):
        default = node.params.get(default.name, declaration.fields[default.name].default)
    return replace(put, value=list(default) if isinstance(default, tuple) else default, clear=False)


def _value_of(tree: ast.expr | None) -> Any:
    """A value as a drawing stores it: a literal, or the text of arithmetic."""
    if tree is None:
        return None
    try:
        value = ast.literal_eval(tree)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ast.unparse(tree)
    return list(value) if isinstance(value, tuple) else value


def _alike(held: Any, old: Any) -> bool:
    """Whether a stored value is the one in the source; 3 stands for (3, 3), arithmetic for itself in other words."""
    if isinstance(held, str) and isinstance(old, str) and held != old:
        try:
            return same(trees.fold(trees.author(held, trees.name)), trees.author(old, trees.name))
        except EmitError:
            return False
    return _flat(held) == _flat(old) and isinstance(held, str) == isinstance(old, str)


def _flat(value: Any) -> Any:
    if isinstance(value, list | tuple):
        parts = [_flat(part) for part in value]
        return parts[0] if parts and all(part == parts[0] for part in parts) else parts
    return value
