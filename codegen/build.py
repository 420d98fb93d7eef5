"""Modules made from exactly the source that is shown, and the same with every node's value recorded."""

from __future__ import annotations

import hashlib
import linecache
import types
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from codegen.emit import EmitError, emit_class
from codegen.stated import hold_to_statements
from codegen.weights import kept_weights, put_weights
from graph_core.graph import Project


def build_module(project: Project, network: str = "") -> nn.Module:
    """The network as a module made from its source: with the weights that lie beside its file, else freshly
    initialized by torch's own rules.

    Raises EmitError with one sentence where the drawing has a problem, holds code that is not trusted or does otherwise
    than is stated (so does the module, where that shows later), or torch refuses a value; and Unusable where the
    weights that the drawing refers to cannot be read.
    """
    source, name = emit_class(project, network)
    module = _instantiate(source_module(source), name)
    chosen = _chosen(project, network)
    hold_to_statements(project, chosen, module)
    put_kept(module, project, chosen)
    return module


def put_kept(module: nn.Module, project: Project, network: str) -> None:
    """Give a network's module the weights that lie beside the project's file, if it has any. Raises Unusable."""
    if project.file is not None:
        put_weights(module, kept_weights(project, project.file, network))


def _chosen(project: Project, network: str) -> str:
    """The network that is meant: the first, if none is named."""
    known = list(project.networks)
    return network or ("main" if "main" in known else known[0])


@lru_cache(maxsize=32)
def source_module(source: str) -> types.ModuleType:
    """The emitted source as a module, compiled once. Tracebacks and debuggers show its lines."""
    return _executed(source)


def _executed(source: str) -> types.ModuleType:
    title = f"<netwright {hashlib.sha256(source.encode()).hexdigest()[:12]}>"
    module = types.ModuleType("drawn", "Emitted source.")
    linecache.cache[title] = (len(source), None, source.splitlines(keepends=True), title)
    exec(compile(source, title, "exec"), module.__dict__)
    return module


def _instantiate(module: types.ModuleType, name: str) -> nn.Module:
    try:
        made: nn.Module = getattr(module, name)()
    except Exception as error:  # of torch, or of custom code, which may raise anything
        reason = " ".join(str(error).split())[:200]
        raise EmitError(f"{name} cannot be built: {reason or type(error).__name__}.") from error
    return made


class Probed:
    """A network that tells the value of every node, those that own no module included."""

    def __init__(self, project: Project, network: str = "") -> None:
        source, name = emit_class(project, network, probes=True)
        home = _executed(source)  # of its own: each has its own recorder
        home.__dict__["_probe"] = self._record
        self.module = _instantiate(home, name).eval()
        hold_to_statements(project, _chosen(project, network), self.module)
        self._paths = {id(module): path for path, module in self.module.named_modules()}
        self._values: dict[str, Tensor] = {}
        for path, module in self.module.named_modules():
            if isinstance(module, nn.Sequential):
                for number, child in module.named_children():
                    child.register_forward_hook(self._hook(f"{path}.{number}" if path else number))

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take over the weights of the same network."""
        self.module.load_state_dict(state)

    def run(self, *inputs: Tensor) -> tuple[Any, dict[str, Tensor]]:
        """The output, and each node's value by its path: names on the way down, as in the state dict.

        What runs several times (shared weights) tells its last value; a node with several results its first.
        """
        self._values = {}
        with torch.inference_mode():
            output = self.module(*inputs)
        return output, self._values

    def _record(self, module: nn.Module, name: str, value: Any) -> Any:
        path = self._paths[id(module)]
        self._note(f"{path}.{name}" if path else name, value)
        return value

    def _hook(self, path: str) -> Any:
        def hook(module: nn.Module, given: tuple[Any, ...], value: Any) -> None:
            self._note(path, value)

        return hook

    def _note(self, path: str, value: Any) -> None:
        first = value[0] if isinstance(value, tuple) else value
        if isinstance(first, Tensor):
            self._values[path] = first
