"""The whole readout of a network: figures, layer table, formulas and problems, from the incremental analysis.

MACs are multiply-adds of convolutions, linear maps and matrix products; FLOPs are 2 × MACs plus one per element of
element-wise and normalization work. Everything at the example sizes, batch 1 unless the symbol N says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from graph_core.chains import name_in
from graph_core.choosing import known_names, place_of, sentence, stands
from graph_core.context import Context, Totals
from graph_core.dims import Dim, Expr
from graph_core.graph import EditError, Project
from graph_core.groups import Parameter, frozen_values, groups_of, parameters_of, share_out
from graph_core.memory import PRECISIONS, parts_of
from graph_core.observed import observations
from graph_core.optimizers import kind_of
from graph_core.problems import Finding, Problem
from graph_core.propagate import Engine, engine_of
from graph_core.setups import check_setup, setup_findings
from graph_core.tied_inside import NO_TIES, Ties, counted, inside, ties_inside
from graph_core.walk import calls_of, instances_of

if TYPE_CHECKING:
    from graph_core.complexity import Complexity
from graph_core.trust import is_trusted

MAX_ROWS = 100_000
MAX_PATHS = 50
MAX_TITLES = 2_000_000


@dataclass(frozen=True, slots=True)
class ParamCounts:
    """Elements of weights: trainable, frozen, and buffers as torch counts them. Shared weights count once."""

    trainable: int
    frozen: int
    buffers: int

    @property
    def total(self) -> int:
        """Trainable and frozen together, as torch's ``parameters()`` has them."""
        return self.trainable + self.frozen


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes at float32: parameters with buffers, gradients, optimizer state, and activations at their peak."""

    params: int
    grads: int
    optimizer: int
    activations_inference: int
    activations_training: int


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer that runs. ``id`` joins the ids on the way down, ``path`` is the state-dict path.

    ``output`` are the shapes of one call; ``macs`` and ``flops`` are those of all calls of the instance, which are
    several where a block scans or repeats with one set of weights.
    """

    id: str
    path: str
    type: str
    output: tuple[tuple[int, ...], ...]
    params: int
    macs: int
    flops: int


class Analysis:
    """What is known of one network. Figures and problems are fixed; the layer table and formulas are made when asked.

    The two latter need the drawing as it was: after an edit they raise EditError, and ``analyze`` again is cheap.
    """

    def __init__(self, engine: Engine, network: str) -> None:
        self.network = network
        self._engine = engine
        self._version = engine.version
        totals = engine.root(network).totals
        optimizer = engine.project.setup(network).get("optimizer", {})
        # Without groups the totals say it all, and no parameter needs a name.
        parameters = parameters_of(engine.root(network)) if groups_of(optimizer) else None
        held = frozen_values(share_out(optimizer, parameters)) if parameters is not None else 0
        self.params = ParamCounts(int_of(totals.trainable) - held, int_of(totals.frozen) + held, int_of(totals.buffers))
        self.macs = int_of(totals.macs)
        self.flops = 2 * self.macs + int_of(totals.elementwise)
        self.problems = collect_problems(engine, network, parameters)
        self._totals = totals

    @property
    def sound(self) -> bool:
        """Whether there is no error; warnings and notes are allowed."""
        return not any(problem.severity == "error" for problem in self.problems)

    @cached_property
    def memory(self) -> Memory:
        """Bytes of parameters, gradients, optimizer state and activations."""
        return self.memory_at("fp32")

    def memory_at(self, precision: str) -> Memory:
        """The same at a precision of graph_core.memory.PRECISIONS; what it cannot train takes no bytes for training."""
        self._current()
        running = parts_of(self._engine, self.network, training=False, precision=precision)
        if not PRECISIONS[precision].trains:
            return Memory(running.weights, 0, 0, running.activations, 0)
        training = parts_of(self._engine, self.network, training=True, precision=precision)
        return Memory(
            training.weights,
            training.gradients,
            training.optimizer,
            running.activations,
            training.activations,
        )

    @cached_property
    def layers(self) -> tuple[LayerRow, ...]:
        """Every layer that runs, once per instance, in the order it runs; at most 100,000 rows."""
        rows: list[LayerRow] = []
        for row in _rows(self._current(), "", "", NO_TIES):
            rows.append(row)
            if len(rows) == MAX_ROWS:
                break
        return tuple(rows)

    @cached_property
    def complexity(self) -> Complexity:
        """The formulas over the symbols; worked out on first use, which takes milliseconds to a second."""
        from graph_core.complexity import complexity

        self._current()
        return complexity(self._engine.project, self.network)

    @property
    def formulas(self) -> dict[str, Any]:
        """The formulas as ``to_json`` has them; see Complexity.to_json."""
        return self.complexity.to_json()

    def to_json(self) -> dict[str, Any]:
        """The fields of ``netwright summary --json``."""
        params = asdict(self.params)
        return {
            "params": params,
            "macs": self.macs,
            "flops": self.flops,
            "memory": asdict(self.memory),
            "layers": [{**asdict(row), "output": [list(shape) for shape in row.output]} for row in self.layers],
            "formulas": self.formulas,
            "problems": [problem_json(problem) for problem in self.problems],
        }

    def _current(self) -> Context:
        if self._engine.version != self._version:
            raise EditError("The drawing has changed since this analysis; analyze it again.")
        return self._engine.root(self.network)


def analyze(project: Project, network: str = "") -> Analysis:
    """Analyze a network (the first, if none is named); after an edit only what it can affect is done again."""
    names = list(project.networks)
    if not names:
        raise EditError("The project has no network; add one.")
    if network and network not in names:
        raise EditError(f"There is no network {network}; there are {', '.join(names)}.")
    return Analysis(engine_of(project), network or ("main" if "main" in names else names[0]))


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as ``--json`` shows it."""
    fields = ("code", "severity", "path", "message", "fix")
    return {name: getattr(problem, name) for name in fields}


def int_of(size: Dim) -> int:
    """A total as an int; totals of a network at its example sizes always are."""
    assert not isinstance(size, Expr)
    return int(size)


def _rows(
    context: Context, path: str, ids: str, tied: Ties, often: int = 1, *, again: bool = False
) -> Iterator[LayerRow]:
    """``tied`` are ties of graphs above that end in this instance, by where from here.

    The instance runs ``often`` one after the other; ``again``: its weights are those of earlier rows.
    """
    if context.graph.ties:
        tied = {**tied, **ties_inside(context)}
    for id in context.order:
        result = context.results[id]
        if result.calls:
            node = result.node
            for inner, call, times, step in calls_of(context, result, path) if result.totals.layers else ():
                below = inside(tied, id, step) if tied else tied
                known = again or bool(node.use) or bool(node.run and node.run.shared and call.first)
                yield from _rows(call.context, f"{inner}.", f"{ids}{id}/", below, often * times, again=known)
        elif result.facts is not None and result.enabled is not False and result.totals.layers:
            totals = counted(result, id, tied) if tied else result.totals
            params = 0 if again else int_of(totals.trainable) + int_of(totals.frozen)
            macs = int_of(totals.macs) * often
            output = tuple(tuple(map(int_of, spec.shape)) for spec in result.specs if spec)
            flops = 2 * macs + int_of(totals.elementwise) * often
            yield LayerRow(f"{ids}{id}", f"{path}{name_in(context, id)}", result.node.type, output, params, macs, flops)


def collect_problems(engine: Engine, network: str, parameters: list[Parameter] | None = None) -> tuple[Problem, ...]:
    """Every problem of a network, each said once with the paths of all its instances; errors first, as they run.

    ``parameters`` are the network's, if they are known.
    """
    from graph_core.fixes import first_fix_title

    project = engine.project
    root = engine.root(network)
    found: dict[tuple[str, str, str, str], tuple[Finding, list[tuple[str, str]]]] = {}

    def add(graph: str, node: str, finding: Finding, path: str, ids: str) -> None:
        if finding.code == "untrusted" and is_trusted(finding.hints["code"]):
            return
        key = (graph, node, finding.code, finding.port)
        entry = found.setdefault(key, (finding, []))
        if len(entry[1]) < MAX_PATHS:
            entry[1].append((path, ids))

    for key, findings in engine.structures(root.graph.key):
        graph = project.graphs[key]
        findings = [*findings, *observations(engine, graph)] if engine.observed else findings
        if not findings:
            continue
        prefixes = _places(root, key)
        for id, finding in findings:
            for path, ids in prefixes or [("", "")]:
                name = graph.nodes[id].name if id else ""
                add(key, id, finding, f"{path}{name}".rstrip("."), f"{ids}{id}".rstrip("/"))
    _walk_findings(root, "", "", add, {})
    setup = project.setup(network)
    # What a group matches is only known of a drawing without errors; else it would name a symptom, not the cause.
    grouped = bool(groups_of(setup.get("optimizer", {}))) or kind_of(setup.get("optimizer", {})).rank > 0
    sound = grouped and all(finding.severity != "error" for finding, _ in found.values())
    if sound and parameters is None:
        parameters = parameters_of(root)
    for finding in check_setup(setup, parameters) if sound and parameters is not None else setup_findings(setup):
        part = "training" if finding.code in ("training", "schedule") else "optimizer"
        add("", part, finding, part, "")
    # A title looks at the drawing around its problem: of thousands of problems only the first have one.
    titled = max(20, MAX_TITLES // (1 + sum(len(graph.nodes) for graph in project.graphs.values())))
    problems = [
        *_conflict_problems(engine, root),
        *(
            Problem(
                finding.code,
                finding.severity,
                finding.message.removesuffix("."),  # whoever shows it ends the sentence
                graph,
                node,
                places[0][0],
                places[0][1],
                finding.port,
                tuple(path for path, _ in places),
                first_fix_title(project, network, graph, node, finding) if place < titled else None,
                finding.hints,
            )
            for place, ((graph, node, _, _), (finding, places)) in enumerate(found.items())
        ),
    ]
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(problems, key=lambda problem: rank[problem.severity]))


def _conflict_problems(engine: Engine, root: Context) -> Iterator[Problem]:
    """What a merge left to be chosen, with the place where the network has one."""
    project = engine.project
    names = known_names(project) if project.conflicts else {}
    for key, conflict in project.conflicts.items():
        place = place_of(conflict)
        graph = project.graphs.get(place.graph)
        prefixes = _places(root, place.graph) if graph is not None else []
        node = graph.nodes.get(place.node) if graph is not None else None
        path, ids = prefixes[0] if prefixes else ("", "")
        hints = {"conflict": key, "stands": [side for side in ("ours", "theirs") if stands(project, conflict, side)]}
        finding = Finding("conflict", f"{sentence(project, conflict, names)}; take one of them", "", hints)
        yield Problem(
            finding.code,
            finding.severity,
            finding.message,
            place.graph if prefixes else "",
            node.id if node is not None and prefixes else "",
            f"{path}{node.name}" if node is not None else graph.name if graph is not None else "",
            f"{ids}{node.id if node is not None else ''}",
            fix="Take ours",
            hints=finding.hints,
        )


def _walk_findings(context: Context, path: str, ids: str, add: Any, visits: dict[int, int]) -> None:
    # Nested doublings have more instances than can be walked: each context's paths are capped.
    visits[id(context)] = visits.get(id(context), 0) + 1
    if not (context.totals.errors or context.totals.warnings) or visits[id(context)] > MAX_PATHS:
        return
    for id_ in context.order:
        result = context.results[id_]
        for finding in result.findings:
            add(context.graph.key, id_, finding, f"{path}{name_in(context, id_)}", f"{ids}{id_}")
        for call in result.calls:
            if call.context.totals.errors or call.context.totals.warnings:
                for count, (inner, child) in enumerate(instances_of(context, result, path)):
                    if count == MAX_PATHS:
                        break
                    _walk_findings(child, f"{inner}.", f"{ids}{id_}/", add, visits)
                break
    for id_, finding in context.tie_findings:
        name = context.graph.nodes[id_].name if id_ else ""
        add(context.graph.key, id_, finding, f"{path}{name}".rstrip("."), f"{ids}{id_}".rstrip("/"))


def _places(root: Context, key: str) -> list[tuple[str, str]]:
    """Path prefixes of the first instances of a graph under a root."""
    if root.graph.key == key:
        return [("", "")]
    todo: list[tuple[Context, str, str]] = [(root, "", "")]
    seen: set[int] = set()
    while todo:
        context, path, ids = todo.pop(0)
        if id(context) in seen:
            continue
        seen.add(id(context))
        for id_, result in ((id, context.results[id]) for id in context.order):
            for inner, child in instances_of(context, result, path):
                if child.graph.key == key:
                    return [(f"{inner}.", f"{ids}{id_}/")]
                todo.append((child, f"{inner}.", f"{ids}{id_}/"))
                break
    return []


def figures(totals: Totals) -> tuple[int, int, int]:
    """Parameters, MACs and FLOPs of totals."""
    macs = int_of(totals.macs)
    return int_of(totals.trainable) + int_of(totals.frozen), macs, 2 * macs + int_of(totals.elementwise)
