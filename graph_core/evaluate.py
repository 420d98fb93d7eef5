"""One node at a time: what a node makes of its inputs, in the scope of its graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from graph_core.context import NOTHING, Call, Context, Outcome, Result, layer_totals
from graph_core.dims import Dim, Shape, plain, same, shape_text
from graph_core.expressions import ExpressionError, Scope, Value, decide, evaluate
from graph_core.fields import FieldError, Sizes, resolve_all
from graph_core.graph import Graph, Node
from graph_core.layer import (
    Facts,
    Inlet,
    Layer,
    Refusal,
    Spec,
    layer_types,
)
from graph_core.problems import Finding
from graph_core.promotion import mixed_types, quotient_type, result_type

MAX_REMEMBERED = 200_000


def decided(node: Node, scope: Scope) -> tuple[bool | None, Finding | None]:
    """Whether the node's condition holds (None where that depends on symbols), or what is wrong with it."""
    if not node.when:
        return True, None
    try:
        return decide(node.when, scope), None
    except ExpressionError as error:
        return None, Finding("condition", f"{node.name} has a condition that cannot be computed: {error}")


def configured(node: Node, declaration: type[Layer], scope: Scope, known: dict[Any, Layer] | None = None) -> Layer:
    """The node's layer with every parameter resolved; raises FieldError. ``known`` remembers layers."""
    if known is None:
        return declaration(resolve_all(declaration.fields, node.params, scope))
    key = _configuration(node, declaration, scope)
    layer = known.get(key) if key is not None else None
    if layer is None:
        layer = declaration(resolve_all(declaration.fields, node.params, scope))
        if key is not None:
            if len(known) > MAX_REMEMBERED:
                known.clear()
            known[key] = layer
    return layer


def _configuration(node: Node, declaration: type[Layer], scope: Scope) -> Any:
    """A key of a node's parameters, computed but not checked; None where they have none. True and 1 are told apart."""
    parts: list[Any] = [declaration]
    fields = declaration.fields
    for name, value in node.params.items():
        kind = type(value)
        if kind is str and name in fields and fields[name].is_expression(value):
            try:
                value = evaluate(fields[name].expression(value), scope)
            except ExpressionError:
                return None
            kind = type(value)
        if kind is list or kind is tuple:
            if not all(type(part) is int for part in value):
                return None
            value = tuple(value)
        parts += (name, kind, value)
    return tuple(parts)


def identity(node: Node, count: int, given: Spec | None) -> Result:
    """The result of a node whose condition is false: its first output is its first input."""
    specs = (given, *(None for _ in range(count - 1)))[:count]
    return Result(node, specs, enabled=False, waiting=given is None)


def refuse(
    node: Node, count: int, *findings: Finding, layer: Layer | None = None, calls: Iterable[Call] = ()
) -> Result:
    """The result of a node with problems: nothing is known of its outputs.

    ``calls`` are those that it could make: they count for nothing, but an edit inside of them concerns the node.
    """
    errors = sum(1 for finding in findings if finding.severity == "error")
    warnings = sum(1 for finding in findings if finding.severity == "warning")
    totals = NOTHING._replace(errors=errors, warnings=warnings)
    return Result(node, (None,) * count, totals, layer, findings=tuple(findings), calls=tuple(calls))


def misfit(node: Node, inlet: Inlet, port: str, spec: Spec) -> Finding | None:
    """What keeps a wire from fitting a port, before any rule is asked: its kind, its number of axes."""
    if spec.kind not in inlet.kinds:
        wanted = " or ".join(inlet.kinds)
        return Finding(
            "kind", f"{node.name} takes {wanted} values at {port} and gets {spec.dtype}", port, {"kind": wanted}
        )
    rank, have = inlet.rank, len(spec.shape)
    if (rank is not None and have != rank) or have < inlet.least_rank:
        need = f"{rank} axes ({' '.join(inlet.axes)})" if rank is not None else f"at least {inlet.least_rank} axes"
        return Finding(
            "axes",
            f"{node.name} takes {need} and gets {have}: {shape_text(spec.shape)}",
            port,
            {"rank": rank or inlet.least_rank, "have": have},
        )
    return None


def _run_rule(layer: Layer, given: Sequence[tuple[Inlet, Spec | None]]) -> Facts | Refusal:
    """The facts of a layer for its inputs."""
    by_name: dict[str, Shape] = {}
    variadic: list[Shape] = []
    for inlet, spec in given:
        if spec is None:
            continue
        if inlet.variadic:
            variadic.append(spec.shape)
        else:
            by_name[inlet.name] = spec.shape
    try:
        return layer.rule(*variadic, **by_name)
    except Refusal as refusal:
        return refusal
    except (ArithmeticError, ValueError, TypeError) as error:
        shapes = ", ".join(shape_text(spec.shape) for _, spec in given if spec) or "no input"
        return Refusal(f"cannot be computed for {shapes} ({type(error).__name__})")


def outcome_of(layer: Layer, given: Sequence[tuple[Inlet, Spec | None]]) -> Outcome | Refusal:
    """What a layer makes of inputs that are known and fit its ports, or its no."""
    found = _run_rule(layer, given)
    if isinstance(found, Refusal):
        return found
    inputs = [spec for _, spec in given if spec]
    if mixture := mixed_types(layer, found, inputs):
        return Refusal(mixture, "kind")
    specs = tuple(
        Spec(shape, _dtype(outlet.dtype, layer, inputs))
        for outlet, shape in zip(layer.outlets.values(), found.outputs, strict=False)
    )
    if found.dtypes:
        pairs = zip(specs, found.dtypes, strict=True)
        specs = tuple(Spec(spec.shape, dtype) if dtype else spec for spec, dtype in pairs)
    return Outcome(specs, layer_totals(found), found)


def layer_result(node: Node, layer: Layer, outcome: Outcome | Refusal, enabled: bool | None = True) -> Result:
    """The result of a layer node."""
    if isinstance(outcome, Refusal):
        finding = Finding(outcome.code, f"{node.name} {outcome.message}", outcome.hints.get("port", ""), outcome.hints)
        result = refuse(node, len(layer.outlets), finding, layer=layer)
        result.enabled = enabled
        return result
    totals = outcome.totals.called_again() if node.use else outcome.totals
    if outcome.facts.notes:
        notes = outcome.facts.notes
        found = tuple(Finding(code, f"{node.name} {text}", hints.get("port", ""), hints) for code, text, hints in notes)
        totals = totals._replace(warnings=totals.warnings + len(found))
        return Result(node, outcome.specs, totals, layer, outcome.facts, enabled, findings=found)
    return Result(node, outcome.specs, totals, layer, outcome.facts, enabled)


def _dtype(declared: str, layer: Layer, inputs: Sequence[Spec]) -> str:
    if declared in layer.fields:
        declared = str(layer.values[declared])
    if declared == "first":
        return inputs[0].dtype
    if declared == "same":
        return result_type(inputs)
    if declared == "quotient":
        return quotient_type(inputs)
    return declared


def network_input(node: Node, scope: Scope, symbols: Mapping[str, int]) -> Result:
    """An Input of a network: its shape at the example sizes, named axes remembering their symbol."""
    declaration = layer_types()[node.type]
    field = declaration.fields["shape"]
    assert isinstance(field, Sizes)
    sizes: list[Value] = []
    for part in axes_of(node) if "shape" in node.params else field.default:
        if isinstance(part, str) and part in symbols:
            sizes.append(scope[part])
        elif isinstance(part, str) and part.isidentifier() and part not in scope:
            message = f"{node.name} has an axis {part} without an example value; give the symbol {part} one"
            return refuse(node, 1, Finding("symbol", message, hints={"symbol": part}))
        elif isinstance(part, str):
            try:
                sizes.append(evaluate(part, scope))
            except ExpressionError as error:
                return refuse(node, 1, Finding("parameter", f"{node.name}: shape: {error}"))
        else:
            sizes.append(part)
    try:
        shape = field.check(tuple(sizes))
        dtype = declaration.fields["dtype"].resolve(node.params.get("dtype", "float32"), scope)
    except FieldError as error:
        return refuse(node, 1, Finding("parameter", f"{node.name}: {error}"))
    layer = declaration({"shape": shape, "dtype": dtype})
    return Result(node, (Spec(shape, dtype),), NOTHING, layer, Facts((shape,)))


def axes_of(node: Node) -> list[Any]:
    """The axes that an Input's shape gives; one alone, or a value that is no shape at all, as a list of one."""
    shape = node.params["shape"]
    return list(shape) if isinstance(shape, list | tuple) else [shape]


def bind_input(node: Node, spec: Spec, bound: dict[str, Dim], scope: Scope) -> Finding | None:
    """Bind the names in a block Input's shape from what comes in, into ``bound``; or what does not fit.

    ``node`` is the Input inside the block. An Input without a shape takes whatever comes.
    """
    if "shape" not in node.params:
        return None
    pattern = axes_of(node)
    shape = spec.shape
    if len(pattern) != len(shape):
        message = f"takes {len(pattern)} axes ({' '.join(map(str, pattern))}) at {node.name} and gets {len(shape)}"
        return Finding("axes", f"{message}: {shape_text(shape)}", node.id, {"rank": len(pattern), "have": len(shape)})
    for axis, size in zip(pattern, shape, strict=True):
        expected: Any
        if isinstance(axis, str) and axis.isidentifier() and axis not in scope:
            expected = bound.setdefault(axis, size)
            sentence = f"has two sizes for {axis}: {expected} and {size}"
            code = "width"
        else:
            try:
                expected = evaluate(axis, {**scope, **bound}) if isinstance(axis, str) else axis
            except ExpressionError as error:
                return Finding("parameter", f"cannot tell the size {axis} of its input {node.name}: {error}", node.id)
            wanted = f"{axis} = {expected}" if isinstance(axis, str) else axis
            sentence = f"takes {wanted} at {node.name} and gets {shape_text(shape)}"
            code = "shape"
        if not isinstance(expected, Dim) or same(plain(expected), plain(size)) is False:
            return Finding(code, sentence, node.id, _wanted(pattern, shape, {**scope, **bound}))
    return None


def _wanted(pattern: Sequence[Any], shape: Shape, scope: Scope) -> dict[str, Any]:
    """The hint with the shape that an Input's pattern asks for, where every axis of it is known."""
    sizes = []
    for axis, size in zip(pattern, shape, strict=True):
        try:
            loose = isinstance(axis, str) and axis.isidentifier() and axis not in scope
            sizes.append(size if loose else evaluate(axis, scope) if isinstance(axis, str) else axis)
        except ExpressionError:
            return {}
    return {"want": tuple(sizes)} if all(isinstance(size, Dim) for size in sizes) else {}


def block_inputs_given(
    context: Context, node: Node, block: Graph, optional: Collection[str] = ()
) -> tuple[dict[str, Spec | None], list[Finding], bool]:
    """What is wired to a block's inputs, what is missing, and whether something upstream has no shape yet.

    The inputs in ``optional`` need no wire.
    """
    wired = context.graph.incoming.get(node.id, {})
    given: dict[str, Spec | None] = {}
    findings: list[Finding] = []
    waiting = False
    for port in block.inputs():
        if port.id not in wired:
            if port.id not in optional:
                findings.append(Finding("unwired", f"{node.name} has no wire at {port.name}", port.id))
            continue
        spec = source_spec(context, wired[port.id])
        waiting = waiting or spec is None
        given[port.id] = spec
    return given, findings, waiting


def source_spec(context: Context, source: tuple[str, str]) -> Spec | None:
    """What comes out of a port; None where that is not known."""
    result = context.results.get(source[0])
    if result is None:
        return None
    if result.layer is not None:
        place = result.layer.places.get(source[1])
    else:
        ports = context.graph.out_ports(result.node)
        place = ports.index(source[1]) if source[1] in ports else None
    return result.specs[place] if place is not None and place < len(result.specs) else None
