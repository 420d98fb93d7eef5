"""The five-tuple 𝒜 = (L, 𝓕, 𝓦, 𝓑, 𝒪) of a network, derived from the drawing, and its check.

L holds the nodes that own parameters, in stable topological order (normalizations are layers of their own); fᵢ is the
sole consumer of lᵢ where that is an activation, else the identity; W and b carry torch's names and shapes; 𝒪 is the
optimizer with every field of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graph_core.context import Context
from graph_core.dims import Dim, prod, same
from graph_core.graph import Project
from graph_core.layer import Weight, layer_types
from graph_core.optimizers import optimizer_values
from graph_core.problems import Finding
from graph_core.propagate import engine_of
from graph_core.setups import check_setup
from graph_core.ties import inside, marked, ties_inside
from graph_core.walk import instances_of

IDENTITY: Final = "identity"
MAX_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """Index i of the tuple: the layer, its activation, its weights, its biases (empty where b = 0)."""

    id: str
    path: str
    type: str
    activation: str
    weights: tuple[Weight, ...]
    biases: tuple[Weight, ...]
    inputs: tuple[tuple[Dim, ...], ...]
    outputs: tuple[tuple[Dim, ...], ...]


@dataclass(frozen=True, slots=True)
class FiveTuple:
    """𝒜 of one network. ``rows[i]`` has lᵢ, fᵢ, Wᵢ and bᵢ."""

    network: str
    rows: tuple[Row, ...]
    optimizer: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """L, F, W, B and O as lists of equal length, and the optimizer."""
        return {
            "L": [{"id": r.id, "path": r.path, "type": r.type} for r in self.rows],
            "F": [r.activation for r in self.rows],
            "W": [{f"{r.path}.{w.name}": [int_or_text(s) for s in w.shape] for w in r.weights} for r in self.rows],
            "B": [{f"{r.path}.{w.name}": [int_or_text(s) for s in w.shape] for w in r.biases} for r in self.rows],
            "O": dict(self.optimizer),
        }

    def to_text(self) -> str:
        """A table with one line a layer, and the optimizer below."""
        lines = [("l", "f", "W", "b")]
        for row in self.rows:
            w = ", ".join(f"{x.name} {_shape(x)}" for x in row.weights)
            b = ", ".join(f"{x.name} {_shape(x)}" for x in row.biases) or "0"
            lines.append((f"{row.path} ({row.type})", row.activation, w, b))
        widths = [max(len(line[k]) for line in lines) for k in range(4)]
        table = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        fields = ", ".join(f"{name} = {value}" for name, value in self.optimizer.items() if name != "kind")
        return "\n".join([*table, f"O: {self.optimizer['kind']}({fields})"])

    def to_latex(self) -> str:
        """The tuple as an ``aligned`` environment of standard LaTeX."""
        lines = [r"\begin{aligned}", r"\mathcal{A} &= (L, \mathcal{F}, \mathcal{W}, \mathcal{B}, \mathcal{O}) \\"]
        for i, row in enumerate(self.rows, 1):
            w = r",\ ".join(_latex_space(x) for x in row.weights)
            b = rf"\in {spaces}" if (spaces := r",\ ".join(_latex_space(x) for x in row.biases)) else "= 0"
            f = r"\mathrm{id}" if row.activation == IDENTITY else rf"\text{{{_latex(row.activation)}}}"
            name = rf"\text{{{_latex(row.path)}}}"
            parts = [f"l_{{{i}}} &= {name}", f"f_{{{i}}} = {f}", rf"W_{{{i}}} \in {w}", f"b_{{{i}}} {b}"]
            lines.append(r",\quad ".join(parts) + r" \\")
        fields = ",\\ ".join(
            rf"\text{{{_latex(name)}}} = {_latex_value(v)}" for name, v in self.optimizer.items() if name != "kind"
        )
        lines += [rf"\mathcal{{O}} &= \text{{{_latex(str(self.optimizer['kind']))}}}({fields})", r"\end{aligned}"]
        return "\n".join(lines)


def five_tuple(project: Project, network: str = "main") -> FiveTuple:
    """Derive 𝒜 of a network; layers without known shapes are left out, as their weights are."""
    rows: list[Row] = []
    for row in _rows(engine_of(project).root(network), "", "", {}):
        rows.append(row)
        if len(rows) == MAX_ROWS:
            break
    return FiveTuple(network, tuple(rows), optimizer_values(project.setup(network)))


def check_tuple(project: Project, tuple_: FiveTuple) -> Iterator[Finding]:
    """What does not conform: weights against biases, indices, the optimizer's fields."""
    for row in tuple_.rows:
        if not row.weights:
            yield Finding("tuple", f"{row.path} owns parameters but no weight")
        for weight, bias in zip(row.weights, row.biases, strict=False):
            gated = len(row.weights) != len(row.biases)
            if not gated and bias.shape and same(weight.shape[0], bias.shape[0]) is False:
                shapes = f"{weight.name} {_shape(weight)} and {bias.name} {_shape(bias)}"
                yield Finding("tuple", f"{row.path} has weights and biases of different widths: {shapes}")
    yield from check_setup(project.setup(tuple_.network))


def _rows(context: Context, path: str, ids: str, tied: Mapping[str, str]) -> Iterator[Row]:
    if context.graph.ties:
        tied = {**tied, **ties_inside(context)}
    for id in context.order:
        result = context.results[id]
        for inner, child in instances_of(result, path):
            yield from _rows(child, f"{inner}.", f"{ids}{id}/", inside(tied, id) if tied else tied)
        if result.facts is None or result.enabled is False or result.node.use:
            continue
        owned = [w for w in marked(result.facts.weights, id, tied) if w.role != "buffer"]
        if not owned:
            continue
        given = [context.results.get(source) for source, _ in context.graph.incoming.get(id, {}).values()]
        yield Row(
            f"{ids}{id}",
            f"{path}{result.node.name}",
            result.node.type,
            _activation(context, id),
            tuple(w for w in owned if w.role != "bias"),
            tuple(w for w in owned if w.role == "bias"),
            tuple(r.specs[0].shape for r in given if r and r.specs and r.specs[0]),
            tuple(spec.shape for spec in result.specs if spec),
        )


def _activation(context: Context, id: str) -> str:
    """The type of the sole consumer where that is an activation, else the identity."""
    consumers = {target for target, _ in context.graph.outgoing.get(id, {})}
    if len(consumers) != 1:
        return IDENTITY
    node = context.graph.nodes[consumers.pop()]
    declaration = layer_types().get(node.type)
    return node.type if declaration is not None and declaration.family == "act" else IDENTITY


def int_or_text(size: Dim) -> int | str:
    """A size for JSON: a number where it is one."""
    return int(size) if isinstance(size, int) else str(size)


def _shape(weight: Weight) -> str:
    return "×".join(str(int_or_text(size)) for size in weight.shape) or "1"


def _latex_space(weight: Weight) -> str:
    sizes = r" \times ".join(_latex(str(int_or_text(size))) for size in weight.shape) or "1"
    return rf"\mathbb{{R}}^{{{sizes}}}"


def _latex(text: str) -> str:
    escaped = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(escaped.get(c, f"\\{c}" if c in "_#$%&{}" else c) for c in text)


def _latex_value(value: Any) -> str:
    if isinstance(value, float):
        mantissa, e, exponent = f"{value:g}".partition("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else mantissa
    return rf"\text{{{_latex(str(value))}}}" if isinstance(value, str | bool) else str(value)


def parameter_count(tuple_: FiveTuple) -> Dim:
    """Σ over all W and b: the parameter count that the tuple implies; tied weights count once."""
    return sum((prod(w.shape) for row in tuple_.rows for w in (*row.weights, *row.biases) if not w.tied), 0)
