"""Scans: a block stepped along an axis of its inputs, carrying named states from step to step.

One step is analysed, whatever the number of steps: its weights count once, its work as often as there are steps. The
number of steps may be a symbol.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from graph_core.context import Call, Context, Result
from graph_core.dims import Dim, Expr, plain, same, shape_text
from graph_core.evaluate import axes_of, refuse
from graph_core.expressions import ExpressionError, Value, evaluate
from graph_core.fields import FieldError, Sizes
from graph_core.graph import Graph, Node, Scan
from graph_core.layer import Spec, layer_types
from graph_core.problems import Finding
from graph_core.steps import bound_widths, step_context, step_scope

if TYPE_CHECKING:
    from graph_core.propagate import Engine


def state_pairs(block: Graph, scan: Scan) -> dict[str, str]:
    """The id of each state's Input, and of the Output of the same name; states without one are left out."""
    outs = {port.name: port.id for port in block.outputs()}
    ports = {port.id: port.name for port in block.inputs()}
    return {id: outs[ports[id]] for id in scan.carry if ports.get(id) in outs}


def stacked_ports(block: Graph, scan: Scan) -> list[str]:
    """The ids of the Outputs whose values of all steps are stacked, in the order of the block's ports."""
    states = set(state_pairs(block, scan).values())
    return [port.id for port in block.outputs() if port.id not in states]


def proposed_scan(block: Graph, given: Mapping[str, Spec | None]) -> Scan:
    """What a person most likely wants: inputs that share their name with an output are states.

    Stepped along is what comes with one axis more than the block says; where no shape tells, the first other input.
    """
    outs = {port.name for port in block.outputs()}
    carry = tuple(port.id for port in block.inputs() if port.name in outs)
    others = [port for port in block.inputs() if port.id not in carry]
    over = []
    for port in others:
        spec = given.get(port.id)
        if spec is not None and "shape" in port.params and len(spec.shape) == len(axes_of(port)) + 1:
            over.append(port.id)
    chosen = tuple(over) or tuple(port.id for port in others[:1])
    ranks = [len(spec.shape) for id in chosen if (spec := given.get(id)) is not None]
    return Scan(0 if min(ranks, default=2) < 2 else 1, chosen, carry)


def scan_findings(node: Node, block: Graph, scan: Scan, given: Mapping[str, Spec | None]) -> list[Finding]:
    """What is wrong with a scan whatever the shapes are."""
    ins = {port.id: port.name for port in block.inputs()}
    strange = [id for id in dict.fromkeys((*scan.over, *scan.carry)) if id not in ins]
    clean = replace(scan, over=_minus(scan.over, strange), carry=_minus(scan.carry, strange))
    found: list[Finding] = []
    if strange:
        message = (
            f"{node.name} scans {', '.join(strange[:5])}, which {block.name} does not have as input; take that out"
        )
        found.append(Finding("scan-port", message, "", {"scan": clean}))
    both = [id for id in clean.over if id in clean.carry]
    if both:
        message = f"{node.name} steps along {ins[both[0]]} and carries it as a state; choose one of the two"
        hints = {"scan": replace(clean, over=_minus(clean.over, both))}
        found.append(Finding("scan-port", message, both[0], hints))
    if not clean.over:
        proposed = proposed_scan(block, given)
        hints = {"scan": replace(clean, over=proposed.over, carry=_minus(clean.carry, proposed.over))}
        message = f"{node.name} scans along no input; choose what it steps along"
        found.append(Finding("scan-over", message, "", hints if proposed.over else {}))
    pairs = state_pairs(block, clean)
    states = {ins[id] for id in clean.carry}
    for id in clean.carry:
        if id not in pairs:
            name = ins[id]
            message = f"{node.name} carries {name}, but {block.name} has no Output {name} that gives its next value"
            more: dict[str, Any] = {"scan": replace(clean, carry=_minus(clean.carry, [id]))}
            free = [port.id for port in block.outputs() if port.name not in states]
            if len(free) == 1:
                more["rename"] = (block.key, free[0], name)
            found.append(Finding("scan-state", message, id, more))
    return found


def _minus(ids: Iterable[str], gone: Collection[str]) -> tuple[str, ...]:
    return tuple(id for id in ids if id not in gone)


def evaluate_scan(
    engine: Engine, context: Context, node: Node, block: Graph, scan: Scan, given: Mapping[str, Spec | None]
) -> Result:
    """The result of a block that scans, whose wired inputs are all known."""
    outs = [port.id for port in block.outputs()]
    scope = step_scope(context, node, block, 0)
    if isinstance(scope, Finding):
        return refuse(node, len(outs), scope)
    try:
        steps = _steps(node, block, scan, given)
        inside = _step_inputs(node, block, scan, given, scope)
    except _Wrong as wrong:
        return refuse(node, len(outs), wrong.finding)
    child = step_context(engine, node, block, scope, inside)
    if isinstance(child, Finding):
        return refuse(node, len(outs), child)
    call = Call(child, 0, 1, steps)
    outputs = child.outputs()
    totals = child.totals.called_again() if node.use else child.totals
    totals = totals.stepped(steps)
    if any(spec is None for spec in outputs.values()):
        return Result(node, (None,) * len(outs), totals, calls=(call,), waiting=True)
    findings = tuple(_state_findings(node, block, scan, inside, outputs))
    pairs = state_pairs(block, scan)
    states = set(pairs.values())
    specs: list[Spec | None] = []
    for port in block.outputs():
        spec = outputs[port.id]
        assert spec is not None
        if port.id in states:
            specs.append(spec)
        elif len(spec.shape) < scan.axis:
            message = (
                f"{node.name} stacks {port.name} of {shape_text(spec.shape)} at axis {scan.axis}; "
                f"scan an axis up to {len(spec.shape)}"
            )
            hints = {"scan": replace(scan, axis=len(spec.shape))}
            findings += (Finding("scan-axis", message, "", hints),)
        else:
            shape = (*spec.shape[: scan.axis], steps, *spec.shape[scan.axis :])
            specs.append(Spec(shape, spec.dtype))
    if findings:
        return refuse(node, len(outs), *findings, calls=[call])
    return Result(node, tuple(specs), totals, calls=(call,))


class _Wrong(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def _steps(node: Node, block: Graph, scan: Scan, given: Mapping[str, Spec | None]) -> Dim:
    """How many steps there are: the length of the axis, the same for all inputs that are stepped along."""
    steps: Dim | None = None
    first = ""
    for port in block.inputs():
        spec = given.get(port.id) if port.id in scan.over else None
        if spec is None:
            continue
        rank = len(spec.shape)
        if rank <= scan.axis:
            has = f"has axes 0 to {rank - 1}" if rank else "has none"
            shape = shape_text(spec.shape)
            message = f"{node.name} steps along axis {scan.axis} of {port.name}, but {shape} {has}; scan one of those"
            hints = {"scan": replace(scan, axis=min(1, rank - 1))} if rank else {}
            raise _Wrong(Finding("scan-axis", message, port.id, hints))
        length = spec.shape[scan.axis]
        if steps is None:
            steps, first = length, port.name
            continue
        message = (
            f"{node.name} steps along {plain(steps)} positions of {first} and {plain(length)} of {port.name}; "
            "give both one length"
        )
        if same(steps, length) is False:
            raise _Wrong(Finding("scan-length", message, port.id))
    assert steps is not None
    return steps


def _step_inputs(
    node: Node, block: Graph, scan: Scan, given: Mapping[str, Spec | None], scope: Mapping[str, Value]
) -> dict[str, Spec | None]:
    """What one step gets: slices, states, and what is the same at each step."""
    inside: dict[str, Spec | None] = {}
    for id, spec in given.items():
        if spec is not None and id in scan.over:
            spec = Spec((*spec.shape[: scan.axis], *spec.shape[scan.axis + 1 :]), spec.dtype)
        inside[id] = spec
    bound = bound_widths(node, block, scope, inside)
    if isinstance(bound, Finding):
        raise _Wrong(bound)
    for port in block.inputs():
        if port.id not in inside:
            inside[port.id] = _zeros(node, block, port, {**scope, **bound})
    # In the order of the ports, so that steps that are alike have one context.
    return {port.id: inside[port.id] for port in block.inputs()}


def _zeros(node: Node, block: Graph, port: Node, scope: Mapping[str, Value]) -> Spec:
    """A state without a wire: zeros of the shape that its Input declares."""
    if "shape" not in port.params:
        message = (
            f"{node.name} begins {port.name} with zeros of no known shape; wire it, or name the axes of that Input"
        )
        raise _Wrong(Finding("scan-state", message, port.id))
    fields = layer_types()[port.type].fields
    field = fields["shape"]
    assert isinstance(field, Sizes)
    try:
        sizes = tuple(evaluate(axis, scope) if isinstance(axis, str) else axis for axis in axes_of(port))
        shape = field.check(sizes)
        dtype = fields["dtype"].resolve(port.params.get("dtype", fields["dtype"].default), scope)
    except (ExpressionError, FieldError) as error:
        message = f"{node.name} begins {port.name} with zeros, but the shape of that Input is not known: {error}"
        raise _Wrong(Finding("scan-state", message.rstrip("."), port.id)) from error
    return Spec(shape, dtype)


def _state_findings(
    node: Node, block: Graph, scan: Scan, inside: Mapping[str, Spec | None], outputs: Mapping[str, Spec | None]
) -> Iterator[Finding]:
    """States that do not come back as they went in."""
    names = {port.id: port for port in block.inputs()}
    for id, out in state_pairs(block, scan).items():
        have, back = inside[id], outputs[out]
        assert have is not None
        assert back is not None
        name = names[id].name
        message = f"{node.name} carries {name} of {shape_text(have.shape)} and gets back {shape_text(back.shape)}"
        fits = [same(a, b) for a, b in zip(have.shape, back.shape, strict=False)]
        if len(have.shape) != len(back.shape) or False in fits:
            hints = _declared(names[id], have, back, block)
            yield Finding("scan-state", f"{message}; give both one shape", id, hints)
        elif have.dtype != back.dtype:
            told = f"{node.name} carries {name} as {have.dtype} and gets back {back.dtype}; give both one type"
            yield Finding("scan-state", told, id)


def _declared(port: Node, have: Spec, back: Spec, block: Graph) -> dict[str, Any]:
    """The hint that lets an Input declare the shape that comes back, where that can be said in its words."""
    if "shape" not in port.params or len(have.shape) != len(back.shape):
        return {}
    axes: list[Any] = []
    for axis, a, b in zip(axes_of(port), have.shape, back.shape, strict=True):
        if not same(a, b) and isinstance(b, Expr):
            return {}
        axes.append(axis if same(a, b) or isinstance(b, Expr) else int(b))
    return {"shape": (block.key, port.id, axes)}
