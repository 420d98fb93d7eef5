"""Exact formulas over the symbols of a drawing: of a whole network with its conditions and growth, and of one layer.

The rules that give the live figures run on symbols instead of numbers. Where the symbols have their example sizes, the
formulas have the values of the live figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final

from graph_core.bounds import least_sizes
from graph_core.chains import name_in
from graph_core.conditions import Condition, deciding, simplified
from graph_core.context import Call, Context, Result, Totals
from graph_core.dims import Dim, Expr, Shape, alternatives, largest, symbols_of
from graph_core.evaluate import source_spec
from graph_core.formula_text import formula_latex, formula_text
from graph_core.graph import EditError, Project
from graph_core.groups import groups_of
from graph_core.growth import SPAN, Curve, curve, order_of
from graph_core.layer import layer_types
from graph_core.letters import Wired, generic
from graph_core.names import natural
from graph_core.optimizers import KINDS, optimizer_values
from graph_core.peaks import activations, first_if
from graph_core.propagate import Engine, engine_of
from graph_core.tied_inside import NO_TIES, Ties, counted, parted, ties_inside

COUNTS: Final = ("params", "buffers", "macs", "flops")
MEMORY: Final = (
    "memory_params",
    "memory_grads",
    "memory_optimizer",
    "memory_kept",
    "memory_activations_inference",
    "memory_activations_training",
    "memory_inference",
    "memory_training",
)
FIGURES: Final = (*COUNTS, *MEMORY)
MAX_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class LayerCost:
    """What all calls of a layer cost together: ``calls`` of them, with iterations that are alike in one row.

    ``id`` is that of its LayerRows; ``path`` names the iterations: ``layers.0–5.self_attn``.
    """

    id: str
    path: str
    type: str
    calls: Dim
    figures: Mapping[str, Dim]


@dataclass(frozen=True)
class Complexity:
    """The formulas of one network over the symbols, and the conditions under which they hold.

    ``figures`` has FIGURES by name: elements of weights and of buffers, MACs, FLOPs, and float32 bytes of weights with
    buffers, of gradients, of the optimizer's state, of what autograd keeps for backward, of activations at their peak,
    and of all that inference or training needs. Gradients and state are left out where parameter groups treat weights
    unlike each other, and with them what training needs; activations where there is too much to be told apart (see
    graph_core.digits). A peak is the largest of the sums that are held at one moment each: those of which it is not
    proven that another is at least as large. ``symbols`` has the example sizes.

    ``also`` has more conditions for single figures, ``first`` those under which the sum that is the largest at the
    example sizes is so. ``shapes`` has what comes out of nodes, by their ids on the way down and the place of the port;
    iterations may differ. Only what depends on symbols is there.
    """

    network: str
    symbols: Mapping[str, int]
    figures: Mapping[str, Dim]
    layers: tuple[LayerCost, ...]
    conditions: tuple[Condition, ...]
    also: Mapping[str, tuple[Condition, ...]]
    first: Mapping[str, tuple[Condition, ...]]
    shapes: Mapping[tuple[str, int], tuple[Shape, ...]]

    def holds(self, figure: str) -> tuple[Condition, ...]:
        """The conditions under which one figure's formula holds."""
        return self.conditions + self.also.get(figure, ())

    @cached_property
    def over(self) -> tuple[str, ...]:
        """The symbols by name, the batch first: the order in which formulas have them."""
        return tuple(sorted(self.symbols, key=lambda name: (name != "N", natural(name))))

    @cached_property
    def used(self) -> tuple[str, ...]:
        """The symbols on which a formula or a condition depends, in the same order."""
        sizes = [*self.figures.values(), *(size for row in self.layers for size in row.figures.values())]
        conditions = [*self.conditions, *(one for more in self.also.values() for one in more)]
        names = set().union(*map(symbols_of, sizes), *(condition.symbols for condition in conditions))
        return tuple(name for name in self.over if name in names)

    @cached_property
    def _orders(self) -> dict[tuple[Dim, str], str]:
        return {}  # many layers have the same formula

    def order(self, size: Dim, symbol: str = "") -> str:
        """The order of growth of a formula over all symbols, or over one while the others stay as they are."""
        known = self._orders.get((size, symbol))
        if known is None:
            known = order_of(size, (symbol,) if symbol else self.over, self.conditions)
            self._orders[size, symbol] = known
        return known

    def curve(self, figure: str, symbol: str, span: tuple[float, float] = (SPAN, SPAN)) -> Curve:
        """The values of a figure over sizes of one symbol, where its conditions hold; see growth.curve."""
        return curve(self.figures[figure], symbol, self.symbols, self.holds(figure), span)

    def text(self, size: Dim) -> str:
        """A formula as people read it, its factors in the order of the symbols."""
        return formula_text(size, self.over, self.symbols)

    def latex(self, size: Dim) -> str:
        """The same as LaTeX, without the dollars."""
        return formula_latex(size, self.over, self.symbols)

    def to_json(self) -> dict[str, Any]:
        """The ``formulas`` of ``netwright summary --json``: in Python's notation, as expressions are typed."""
        memory = {name: name.removeprefix("memory_") for name in MEMORY if name in self.figures}

        def orders(symbol: str = "") -> dict[str, Any]:
            found: dict[str, Any] = {name: self.order(self.figures[name], symbol) for name in COUNTS}
            return {**found, "memory": {key: self.order(self.figures[name], symbol) for name, key in memory.items()}}

        def told(conditions: Mapping[str, tuple[Condition, ...]]) -> dict[str, list[str]]:
            return {key: [one.text for one in conditions[name]] for name, key in memory.items() if conditions.get(name)}

        return {
            **{name: str(self.figures[name]) for name in COUNTS},
            "memory": {key: str(self.figures[name]) for name, key in memory.items()},
            "order": orders(),
            "order_by_symbol": {symbol: orders(symbol) for symbol in self.used},
            "conditions": [condition.text for condition in self.conditions],
            "memory_conditions": told(self.also),
            "memory_largest_if": told(self.first),
            "symbols": {symbol: self.symbols[symbol] for symbol in self.used},
            "layers": [
                {
                    "id": row.id,
                    "path": row.path,
                    "type": row.type,
                    "calls": str(row.calls),
                    **{name: str(row.figures[name]) for name in COUNTS},
                    "order": self.order(row.figures["flops"]),
                }
                for row in self.layers
            ],
        }


def complexity(project: Project, network: str = "main") -> Complexity:
    """Work out the formulas of a network: every rule once more, on symbols. Milliseconds to a second: not on an edit.

    Raises EditError where there is no such network.
    """
    if network not in project.networks:
        raise EditError(f"There is no network {network}; there are {', '.join(project.networks)}.")
    # An analysis of its own: what it remembers holds with its conditions only.
    with deciding(project.symbols) as noted:
        engine = Engine(project)
        root = engine.symbolic_root(network)
    conditions = simplified(noted)
    figures = {**_figures(root.totals), "memory_params": root.totals.bytes}
    if not groups_of(project.setup(network).get("optimizer", {})):
        values = optimizer_values(project.setup(network))
        figures["memory_grads"] = 4 * root.totals.trainable
        figures["memory_optimizer"] = KINDS[values["kind"]].state_per_parameter(values) * figures["memory_grads"]
    also, first = _add_activations(figures, engine, root, conditions)
    rows = tuple(islice(_rows(root, "", "", 1, 1, NO_TIES), MAX_ROWS))
    shapes: dict[tuple[str, int], tuple[Shape, ...]] = {}
    for id, place, shape in islice(_shapes(root, ""), MAX_ROWS):
        if shape not in shapes.get((id, place), ()):
            shapes[id, place] = (*shapes.get((id, place), ()), shape)
    return Complexity(network, dict(project.symbols), figures, rows, conditions, also, first, shapes)


def _add_activations(
    figures: dict[str, Dim], engine: Engine, root: Context, conditions: tuple[Condition, ...]
) -> tuple[dict[str, tuple[Condition, ...]], dict[str, tuple[Condition, ...]]]:
    """Add the figures of activations, and what they come to with all else; see Complexity for what comes back."""
    symbols, least = engine.project.symbols, least_sizes(conditions)
    also: dict[str, tuple[Condition, ...]] = {}
    first: dict[str, tuple[Condition, ...]] = {}
    for kind, parts in (("inference", MEMORY[:1]), ("training", MEMORY[:3])):
        training = kind == "training"
        with deciding(symbols) as noted:
            found = activations(engine, root, symbols, least, training=training)
        if found is None:
            continue
        more = tuple(one for one in simplified([*conditions, *noted]) if one not in conditions)
        sums = alternatives(largest(found.peak), symbols)
        wins = first_if(sums, [*conditions, *more], symbols)
        rests: dict[str, Dim] = {f"memory_activations_{kind}": 0}
        if training:
            figures["memory_kept"] = found.kept
            also["memory_kept"] = more
        if all(part in figures for part in parts):
            rests[f"memory_{kind}"] = sum((figures[part] for part in parts), 0)
        for name, rest in rests.items():
            figures[name] = largest(rest + one for one in sums)
            also[name], first[name] = more, wins
            same = [rest + one for one in sums]
            if alternatives(figures[name], symbols) != same:  # of sums that are equal here another comes first
                first[name] = first_if(alternatives(figures[name], symbols), [*conditions, *more], symbols)
    return also, first


def _figures(totals: Totals, calls: Dim = 1, copies: Dim = 1) -> dict[str, Dim]:
    macs = totals.macs * calls
    return {
        "params": (totals.trainable + totals.frozen) * copies,
        "buffers": totals.buffers * copies,
        "macs": macs,
        "flops": 2 * macs + totals.elementwise * calls,
    }


def _rows(context: Context, path: str, ids: str, calls: Dim, copies: Dim, tied: Ties) -> Iterator[LayerCost]:
    """Each layer once for iterations that are alike: they run ``calls`` times, on ``copies`` sets of weights."""
    if context.graph.ties:
        tied = {**tied, **ties_inside(context)}
    for id in context.order:
        result = context.results[id]
        node = result.node
        for place, (call, below) in enumerate(parted(result, tied) if not result.findings else ()):
            owners: Dim = call.iterations
            if node.use or (node.run is not None and node.run.shared):
                owners = 0 if node.use or place else 1
            way = f"{path}{_iterations(context, result, call)}.", f"{ids}{id}/"
            yield from _rows(call.context, *way, calls * call.iterations * call.steps, copies * owners, below)
        if not result.calls and result.facts is not None and result.enabled is not False and result.totals.layers:
            totals = counted(result, id, tied) if tied else result.totals
            figures = _figures(totals, calls, copies)
            yield LayerCost(f"{ids}{id}", f"{path}{name_in(context, id)}", node.type, calls, figures)


def _shapes(context: Context, ids: str) -> Iterator[tuple[str, int, Shape]]:
    for id in context.order:
        result = context.results[id]
        for place, spec in enumerate(result.specs):
            if spec is not None and any(isinstance(size, Expr) for size in spec.shape):
                yield f"{ids}{id}", place, spec.shape
        for call in result.calls:
            yield from _shapes(call.context, f"{ids}{id}/")


def _iterations(context: Context, result: Result, call: Call) -> str:
    """The name of a block with the iterations of a call: ``layer1``, ``layer1.0``, ``layers.0–5``."""
    node, name = result.node, name_in(context, result.node.id)
    if node.run is None or node.run.shared:
        return name
    last = call.first + call.count - 1
    return f"{name}.{call.first}" if last == call.first else f"{name}.{call.first}–{last}"


@dataclass(frozen=True)
class LayerFormula:
    """What one call of a layer costs, in letters: ``letters`` has the value of each letter here.

    It runs ``calls`` times on the same weights: in a scan, or where a block repeats with one set of them.

    ``order`` is that of the MACs, or of the element-wise work where there are none, for one sample: the letter N of a
    batch axis is left out of it (not of the formulas). The formulas hold where the ``conditions`` do.
    """

    params: Dim
    buffers: Dim
    macs: Dim
    elementwise: Dim
    order: str
    letters: Mapping[str, int]
    conditions: tuple[str, ...]
    source: str
    calls: int = 1


def layer_formula(project: Project, network: str, ids: str, path: str = "") -> LayerFormula:
    """The formula of a layer that runs, by the ``id`` of its row; ``path`` of that row tells iterations apart.

    Raises EditError where there is no such layer, or where it has no result.
    """
    context, result, calls = _find(project, network, ids, path)
    if result.layer is None or result.facts is None:
        raise EditError(f"{result.node.name} has no figures yet; solve its problem first.")
    layer, found = result.layer, generic(result.layer, _wired(context, result), result.facts)
    params, buffers, macs, elementwise = found.figures.values()
    conditions = tuple(condition.text for condition in found.conditions)
    return LayerFormula(params, buffers, macs, elementwise, found.order, found.letters, conditions, layer.source, calls)


def _find(project: Project, network: str, ids: str, path: str) -> tuple[Context, Result, int]:
    """Where a layer is, its result, and how often that runs on the same weights."""
    context, calls = engine_of(project).root(network), 1
    *blocks, last = ids.split("/")
    names = path.split(".")
    for id in blocks:
        result = context.results.get(id)
        if result is None or not result.calls:
            raise EditError(f"There is no layer {ids} in {network}.")
        step = 0
        # A path has the name of each block, and the number of its iteration where that has weights of its own.
        if names and names.pop(0) == name_in(context, id) and result.node.run and names:
            number = names[0].partition("–")[0]  # of iterations that are alike the first
            if number.isdigit():
                step = int(number)
                names.pop(0)
        call = next((c for c in result.calls if c.first <= step < c.first + c.count), result.calls[0])
        if result.node.run is None or result.node.run.shared:
            calls *= call.count * (int(call.steps) if isinstance(call.steps, int) else 1)
        context = call.context
    if last not in context.results:
        raise EditError(f"There is no layer {ids} in {network}.")
    return context, context.results[last], calls


def _wired(context: Context, result: Result) -> list[Wired]:
    """The wired ports of a layer in the order in which its rule takes them."""
    wires = context.graph.incoming.get(result.node.id, {})
    found: list[Wired] = []
    for name, inlet in layer_types()[result.node.type].inlets.items():
        ports = [port for port in wires if port == name or (inlet.variadic and port.startswith(name))]
        for port in sorted(ports, key=lambda port: (len(port), port)):
            spec = source_spec(context, wires[port])
            if spec is not None:
                sizes = tuple(int(size) for size in spec.shape if isinstance(size, int))
                found.append(Wired(inlet, wires[port], sizes))
    return found
