"""Custom code against what its author states of it: its weights once it is made, its results whenever it runs.

What is said of a network rests on what is stated, so a module that does otherwise is stopped with one sentence rather
than left to fail further on, or not at all.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from codegen.emit import EmitError
from codegen.errors import Place
from graph_core.chains import name_in
from graph_core.context import Context, Result
from graph_core.dims import shape_text
from graph_core.evaluate import outcome_of, source_spec
from graph_core.graph import Project
from graph_core.layer import Inlet, Spec
from graph_core.layer import Refusal as Refused
from graph_core.propagate import engine_of
from graph_core.trust import code_of, codes_in
from graph_core.walk import owners_of

MOST_KNOWN = 1000  # sizes of inputs under which one module is known to do as stated

Shapes = Mapping[str, tuple[int, ...]]


class Misstated(EmitError):
    """Code that does otherwise than is stated of it; ``place`` is the node that holds it."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.place = place


def hold_to_statements(project: Project, network: str, module: nn.Module) -> None:
    """Compare a network's custom modules with what is stated of them, now and at every later call.

    Each is run once on made-up inputs of the drawn sizes, on a copy; where it does not take those, the first real ones
    tell. Raises Misstated, as do later calls of the network.
    """
    if not any(True for _ in codes_in(project)):
        return
    for path, context, result in _custom(engine_of(project).root(network), ""):
        place = Place(context.graph.key, result.node.id, code_of(project, result.node) or "")
        part = module.get_submodule(path)
        _check_weights(path, result, part, place)
        part.register_forward_hook(_Watch(path, result, place))
        _try(context, result, part)


def _check_weights(path: str, result: Result, part: nn.Module, place: Place) -> None:
    made = {name: tuple(tensor.shape) for name, tensor in part.state_dict().items()}
    weights = result.facts.weights if result.facts else ()
    stated = {weight.name: tuple(int(str(size)) for size in weight.shape) for weight in weights}
    if made != stated:
        message = f"{path} states {_shown(stated)}, and its code makes {_shown(made)}; state what it makes."
        raise Misstated(message, place)


class _Watch:
    """A forward hook: what a module returns for inputs of sizes that it had not yet is what the rule says of them."""

    def __init__(self, path: str, result: Result, place: Place) -> None:
        self._path, self._layer, self._place = path, result.layer, place
        self._known: set[tuple[Any, ...]] = set()

    def __deepcopy__(self, memo: dict[int, Any]) -> _Watch:
        return self  # a copy of the module is to do the same

    def __call__(self, module: nn.Module, given: tuple[Any, ...], returned: Any) -> None:
        traced = torch.jit.is_tracing()  # type: ignore[no-untyped-call,attr-defined]
        if traced or torch.compiler.is_compiling():
            return  # there sizes may be symbols, and what is traced has run before
        inputs = tuple(_spec(value) for value in given)
        outputs = returned if isinstance(returned, tuple | list) else (returned,)
        seen = (inputs, tuple(_spec(value) for value in outputs))
        if seen in self._known:
            return
        self._check(*seen)
        if len(self._known) < MOST_KNOWN:
            self._known.add(seen)

    def _check(self, inputs: tuple[Spec | None, ...], outputs: tuple[Spec | None, ...]) -> None:
        layer = self._layer
        if layer is None or None in inputs:
            return
        outcome = outcome_of(layer, [(_inlet(layer.inlets), spec) for spec in inputs])
        if isinstance(outcome, Refused):
            return  # a size for which nothing is stated
        stated = outcome.specs
        if len(stated) == len(outputs) and all(map(_alike, stated, outputs, [inputs] * len(stated))):
            return
        text = layer.values.get("outputs", "")
        said = f"{self._path} states that it returns {_listed(stated)}" + (f" ({text})" if text else "")
        here = f"for {_listed(inputs)}, and its code returned {_listed(outputs)}"
        raise Misstated(f"{said} {here}; state what it returns.", self._place)


def _try(context: Context, result: Result, part: nn.Module) -> None:
    """Run a copy of a module once on inputs of the drawn sizes."""
    wires = context.graph.incoming.get(result.node.id, {})
    specs = [source_spec(context, wires[port]) for port in sorted(wires, key=lambda port: (len(port), port))]
    if None in specs:
        return
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        given = [_example(spec) for spec in specs if spec]
        _heard(part, given)


def _heard(part: nn.Module, given: list[Tensor]) -> None:
    try:
        copy.deepcopy(part).eval()(*given)
    except Misstated:
        raise
    except Exception:
        return  # it has its own reasons against these values, and says them where it runs on others


def _example(spec: Spec) -> Tensor:
    shape, dtype = [int(size) for size in spec.shape if isinstance(size, int)], getattr(torch, spec.dtype)
    return torch.rand(shape, dtype=dtype) if dtype.is_floating_point else torch.zeros(shape, dtype=dtype)


def _inlet(inlets: Mapping[str, Inlet]) -> Inlet:
    return next(iter(inlets.values()))


def _spec(value: Any) -> Spec | None:
    """What a tensor is; None for anything else."""
    return Spec(tuple(value.shape), str(value.dtype).removeprefix("torch.")) if isinstance(value, Tensor) else None


def _alike(stated: Spec, returned: Spec | None, inputs: tuple[Spec | None, ...]) -> bool:
    """Whether a result is as stated; in a network of another precision than drawn, floats are of any."""
    if returned is None or tuple(stated.shape) != tuple(returned.shape):
        return False
    floats = {spec.dtype for spec in inputs if spec and getattr(torch, spec.dtype).is_floating_point}
    other = bool(floats) and "float32" not in floats
    both = all(getattr(torch, one.dtype).is_floating_point for one in (stated, returned))
    return stated.dtype == returned.dtype or (both and (other or torch.is_autocast_enabled("cpu")))


def _listed(specs: tuple[Spec | None, ...]) -> str:
    return " and ".join(f"{shape_text(spec.shape)} of {spec.dtype}" if spec else "no tensor" for spec in specs)


def _custom(context: Context, path: str) -> Iterator[tuple[str, Context, Result]]:
    """Every node that runs custom code of its own, with its state-dict path and the context it is in."""
    for id in context.order:
        result = context.results[id]
        for inner, call, _, _ in owners_of(context, result, path, bare=True):
            yield from _custom(call.context, f"{inner}.")
        own = result.facts is not None and result.enabled is not False and not result.node.use
        if own and code_of(context.graph.project, result.node) is not None:
            yield f"{path}{name_in(context, id)}", context, result


def _shown(weights: Shapes) -> str:
    """The form in which weights are stated."""
    return "; ".join(f"{name}: {', '.join(map(str, shape))}" for name, shape in weights.items()) or "no weights"
