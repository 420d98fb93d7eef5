"""Custom code against what its author states of it: a module has exactly the weights that the drawing counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import nn

from codegen.emit import EmitError
from graph_core.context import Context, Result
from graph_core.graph import Project
from graph_core.propagate import engine_of
from graph_core.trust import code_of, codes_in
from graph_core.walk import instances_of

Shapes = Mapping[str, tuple[int, ...]]


def check_stated(project: Project, network: str, module: nn.Module) -> None:
    """Raise EmitError where the code of a node makes other weights or buffers than are stated."""
    if not any(True for _ in codes_in(project)):
        return
    for path, result in _custom(engine_of(project).root(network), ""):
        made = {name: tuple(tensor.shape) for name, tensor in module.get_submodule(path).state_dict().items()}
        weights = result.facts.weights if result.facts else ()
        stated = {weight.name: tuple(int(str(size)) for size in weight.shape) for weight in weights}
        if made != stated:
            raise EmitError(f"{path} states {_shown(stated)}, and its code makes {_shown(made)}; state what it makes.")


def _custom(context: Context, path: str) -> Iterator[tuple[str, Result]]:
    """Every node that runs custom code of its own, with its state-dict path."""
    for id in context.order:
        result = context.results[id]
        for inner, child in instances_of(result, path):
            yield from _custom(child, f"{inner}.")
        own = result.facts is not None and result.enabled is not False and not result.node.use
        if own and code_of(context.graph.project, result.node) is not None:
            yield f"{path}{result.node.name}", result


def _shown(weights: Shapes) -> str:
    """The form in which weights are stated."""
    return "; ".join(f"{name}: {', '.join(map(str, shape))}" for name, shape in weights.items()) or "no weights"
