"""The five-tuple 𝒜 = (L, 𝓕, 𝓦, 𝓑, 𝒪) of a network, derived from the drawing, and its check.

L holds the nodes that own parameters, in stable topological order (normalizations are layers of their own); fᵢ is the
sole consumer of lᵢ where that is an activation, else the identity; W and b carry torch's names and shapes; 𝒪 is the
optimizer with every field of its kind, its parameter groups and its schedule. It is plain data: see
graph_core.tuple_forms and graph_core.tuple_latex for its written forms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from graph_core import tuple_forms, tuple_latex
from graph_core.analysis import collect_problems
from graph_core.chains import name_in
from graph_core.context import Context
from graph_core.dims import Dim, Named
from graph_core.graph import Project, Repeat
from graph_core.layer import Weight, layer_types
from graph_core.optimizers import optimizer_values
from graph_core.problems import ERROR, Finding, Problem
from graph_core.propagate import engine_of
from graph_core.schedules import schedule_values
from graph_core.tied_inside import NO_TIES, Ties, inside, marked, ties_inside
from graph_core.tuples import IDENTITY, Matrix, Parts, Row, Space
from graph_core.walk import is_last, owners_of

MAX_ROWS: Final = 10_000


class FiveTuple(Parts):
    """𝒜 of one network, in its written forms too; JSON and text read back are equal to it."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """L, F, W, B and O as lists of equal length, and the optimizer; see tuple_forms."""
        return tuple_forms.to_json(self)

    def to_text(self) -> str:
        """A table with one line a layer, and the optimizer below; see tuple_forms."""
        return tuple_forms.to_text(self)

    def to_latex(self) -> str:
        """A fragment for a document with amsmath and amssymb; see tuple_latex."""
        return tuple_latex.to_latex(self)

    @classmethod
    def from_json(cls, tree: Any) -> FiveTuple:
        """The tuple that ``to_json`` wrote; raises tuple_forms.TupleError."""
        return cls(*tuple_forms.from_json(tree))

    @classmethod
    def from_text(cls, text: str) -> FiveTuple:
        """The tuple that ``to_text`` wrote; raises tuple_forms.TupleError."""
        return cls(*tuple_forms.from_text(text))


def five_tuple(project: Project, network: str = "main", *, symbolic: bool = False) -> FiveTuple:
    """Derive 𝒜 of a network; layers without known shapes are left out, as their weights are; at most 10,000 rows.

    With ``symbolic``, sizes that depend on the project's symbols are expressions over them; that runs the rules on
    symbols, which costs up to a tenth of a second the first time. Without, axes that keep a symbol as it is have it.
    """
    engine = engine_of(project)
    rows = tuple(islice(_rows(engine.root(network), "", "", NO_TIES, {}), MAX_ROWS))
    if symbolic:
        known = {row.path: row for row in islice(_rows(engine.symbolic_root(network), "", "", NO_TIES, {}), MAX_ROWS)}
        rows = tuple(_with_symbols(row, known.get(row.path)) for row in rows)
    setup = project.setup(network)
    schedule = schedule_values(setup.get("training", {}).get("schedule"))
    return FiveTuple(network, rows, optimizer_values(setup), schedule)


def parameter_count(tuple_: Parts) -> int:
    """Σ over all W and b: the parameter count that the tuple implies; tied weights count once."""
    return sum(m.space.numel for row in tuple_.rows for m in (*row.weights, *row.biases) if not m.tied)


def _rows(context: Context, path: str, ids: str, tied: Ties, after: Mapping[str, str]) -> Iterator[Row]:
    """``after`` says which activation follows each Output of the graph, where one does."""
    if context.graph.ties:
        tied = {**tied, **ties_inside(context)}
    for id in context.order:
        result = context.results[id]
        for inner, call, _, step in owners_of(context, result, path):
            below = inside(tied, id, step) if tied else tied
            leaves = _after(context, id, call.context, after) if is_last(result, step) else {}
            yield from _rows(call.context, f"{inner}.", f"{ids}{id}/", below, leaves)
        if result.facts is None or result.enabled is False or result.node.use:
            continue
        owned = [w for w in marked(result.facts.weights, id, tied) if w.role != "buffer"]
        if not owned:
            continue
        wires = [context.results.get(source) for source, _ in context.graph.incoming.get(id, {}).values()]
        yield Row(
            f"{ids}{id}",
            f"{path}{name_in(context, id)}",
            result.node.type,
            _activation(context, id, after),
            tuple(_matrix(w) for w in owned if w.role != "bias"),
            tuple(_matrix(w) for w in owned if w.role == "bias"),
            tuple(_space(r.specs[0].shape) for r in wires if r and r.specs and r.specs[0]),
            tuple(_space(spec.shape) for spec in result.specs if spec),
        )


def _activation(context: Context, id: str, after: Mapping[str, str], port: str = "") -> str:
    """The type of the sole consumer of a node (of one of its outputs) where that is an activation, else the identity.

    A consumer may stand beyond the border of a block, on the way out or on the way in.
    """
    wires = context.graph.outgoing.get(id, {})
    ends = {end for end, out in wires.items() if port in ("", out)}
    if len({target for target, _ in ends}) != 1:
        return IDENTITY
    target, inlet = ends.pop()
    if target in context.graph.ports_of_role["output"]:
        return after.get(target, IDENTITY)
    result, node = context.results.get(target), context.graph.nodes.get(target)
    if node is None or result is None or result.enabled is False:
        return IDENTITY
    if result.calls and node.run is None and not ends:
        return _activation(result.calls[0].context, inlet, {})
    declaration = layer_types().get(node.type)
    return node.type if declaration is not None and declaration.family == "act" else IDENTITY


def _after(context: Context, id: str, child: Context, after: Mapping[str, str]) -> dict[str, str]:
    """What follows each Output of a block's (last) instance; where it runs again with its weights, it itself does."""
    run = context.graph.nodes[id].run
    if run is not None and not (isinstance(run, Repeat) and not run.shared):
        return {}
    return {output.id: _activation(context, id, after, output.id) for output in child.graph.outputs()}


def _matrix(weight: Weight) -> Matrix:
    return Matrix(weight.name, _space(weight.shape), weight.tied, weight.axes)


def _space(sizes: Iterable[Dim]) -> Space:
    sizes = tuple(sizes)
    numbers = tuple(int(size) if isinstance(size, int) else 0 for size in sizes)
    names = [
        size.name if isinstance(size, Named) else int(size) if isinstance(size, int) else str(size) for size in sizes
    ]
    return Space(numbers, tuple(names))


def _with_symbols(row: Row, other: Row | None) -> Row:
    """A row with the expressions of the same row over symbols; where they do not fit (a condition), it stays."""
    if other is None or other.type != row.type:
        return row
    parts: dict[str, Any] = {}
    for name in ("inputs", "outputs"):
        parts[name] = _joined(getattr(row, name), getattr(other, name))
    for name in ("weights", "biases"):
        mine, theirs = getattr(row, name), getattr(other, name)
        spaces = _joined([m.space for m in mine], [m.space for m in theirs])
        parts[name] = tuple(Matrix(m.name, space, m.tied, m.axes) for m, space in zip(mine, spaces, strict=True))
    return Row(row.id, row.path, row.type, row.activation, **parts)


def _joined(mine: Iterable[Space], theirs: Iterable[Space]) -> tuple[Space, ...]:
    mine, theirs = tuple(mine), tuple(theirs)
    if [len(space.shape) for space in mine] != [len(space.shape) for space in theirs]:
        return mine
    return tuple(Space(one.shape, other.symbolic) for one, other in zip(mine, theirs, strict=True))


# The check.

CONDITIONS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "index": ("Every l has its f, W and b", frozenset({"tuple", "name", "unknown-type"})),
    "shapes": (
        "W and b conform to what their layer takes",
        frozenset({"parameter", "missing-parameter", "condition", "groups", "heads", "symbol", "sharing", "tie"}),
    ),
    "compose": (
        "Consecutive shapes compose",
        frozenset({"shape", "axes", "broadcast", "window", "kind", "width", "rank-hint", "identity", "passed"}),
    ),
    "acyclic": ("The graph is acyclic", frozenset({"cycle", "recursion", "depth"})),
    "wired": ("Every required port is wired", frozenset({"unwired", "dangling", "no-input"})),
    "reaches": ("Everything reaches an output", frozenset({"unused", "no-output", "empty"})),
    "optimizer": (
        "The optimizer's fields are valid for its kind",
        frozenset({"optimizer", "optimizer-shape", "schedule", "frozen", "training"}),
    ),
    "groups": ("Parameter groups name layers that exist", frozenset({"group", "group-order"})),
}
_ELSEWHERE: Final = "compose"  # where the problems of kinds stand that are not listed: something does not fit


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the definition, and the problems that break it; warnings do not."""

    key: str
    sentence: str
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether no error breaks it."""
        return all(problem.severity != ERROR for problem in self.problems)


def check_definition(
    project: Project,
    network: str = "main",
    tuple_: FiveTuple | None = None,
    problems: Iterable[Problem] | None = None,
) -> tuple[Condition, ...]:
    """The conditions under which the drawing defines an architecture, each with what breaks it.

    The problems are those of the analysis, with their fixes, and what the tuple itself is found to lack. ``tuple_``
    and ``problems`` are those of the drawing as it is, where they are known.
    """
    problems = list(collect_problems(engine_of(project), network) if problems is None else problems)
    for finding in check_tuple(tuple_ or five_tuple(project, network)):
        key, path = project.network_keys[network], finding.message.partition(" ")[0]
        problems.append(Problem(finding.code, finding.severity, finding.message, key, "", path, ""))
    homes = {code: key for key, (_, codes) in CONDITIONS.items() for code in codes}
    return tuple(
        Condition(key, sentence, tuple(p for p in problems if homes.get(p.code, _ELSEWHERE) == key))
        for key, (sentence, _) in CONDITIONS.items()
    )


def check_tuple(tuple_: Parts) -> Iterator[Finding]:
    """What does not conform within a tuple: rows without weights, paths that stand twice, axes that W and b give two
    lengths, empty spaces.
    """
    seen: set[str] = set()
    for row in tuple_.rows:
        if row.path in seen:
            yield Finding("tuple", f"{row.path} stands twice in L; rename one of the two")
        seen.add(row.path)
        if not row.weights and not row.biases:
            yield Finding("tuple", f"{row.path} owns parameters but neither W nor b")
        for bias in row.biases:
            yield from _check_bias(row, bias)
        for matrix in (*row.weights, *row.biases):
            if any(size <= 0 for size in matrix.space.shape):
                yield Finding("tuple", f"{row.path} has {matrix.name} of {_shown(matrix)}; every size is at least 1")


def _check_bias(row: Row, bias: Matrix) -> Iterator[Finding]:
    """Where a bias and weights of its layer name the same axis, it is of one length in one of them at least."""
    for axis, size in zip(bias.axes.split(), bias.space.shape, strict=False):
        lengths = [
            (weight, length)
            for weight in row.weights
            for name, length in zip(weight.axes.split(), weight.space.shape, strict=False)
            if name == axis
        ]
        if lengths and all(length != size for _, length in lengths):
            other = lengths[0][0]
            shapes = f"{other.name} {_shown(other)} and {bias.name} {_shown(bias)}"
            yield Finding("tuple", f"{row.path} has W and b of different lengths along {axis}: {shapes}")


def _shown(matrix: Matrix) -> str:
    return "×".join(map(str, matrix.space.shape)) or "1"
