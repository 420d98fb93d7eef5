"""A drawing on its way to torch: opened, checked, and asked for its source, its module and its ports.

Importing this loads no torch; building a module and naming its ports does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegen.emit import emit_source
from codegen.errors import Refusal, Unusable
from graph_core import FileError, Project, analyze, dumps, layer_types, load
from graph_core.graph import Node
from graph_core.kept import without_reference
from graph_core.optimizers import optimizer_values
from graph_core.propagate import engine_of

if TYPE_CHECKING:
    from torch import nn

    from codegen.build import Probed
    from codegen.deploy.signature import Signature
    from codegen.train.settings import Settings


@dataclass(frozen=True)
class Drawing:
    """One network of a project, without errors."""

    project: Project
    network: str

    @cached_property
    def source(self) -> str:
        """The PyTorch source, to be run or given away. Raises Refusal, for code that is not trusted too."""
        return emit_source(self.project, self.network, trusted_only=True)

    @cached_property
    def content(self) -> bytes:
        """The drawing as the bytes of its file, without the weights it may refer to: a run has its own."""
        return dumps(without_reference(self.project)).encode()

    def build(self) -> nn.Module:
        """The module made from exactly the source, initialized by torch's rules. Raises Refusal."""
        from codegen.build import build_module

        return build_module(self.project, self.network)

    def probed(self) -> Probed:
        """The module with every node's value recorded. Raises Refusal."""
        from codegen.build import Probed

        return Probed(self.project, self.network)

    def signature(self) -> Signature:
        """The network's ports: symbols stay symbols, everything else is a number."""
        from codegen.deploy.signature import Port, Signature

        graph = self.project.networks[self.network]
        results = engine_of(self.project).root(self.network).results
        ports = []
        for node in graph.inputs():
            spec = results[node.id].specs[0]
            assert spec is not None  # the drawing has no errors
            given = _given_shape(node)
            sizes = tuple(
                typed if isinstance(typed, str) and typed in self.project.symbols else int(str(size))
                for typed, size in zip(given, spec.shape, strict=True)
            )
            ports.append(Port(node.name, sizes, spec.dtype))
        outputs = _distinct(self.output_names(), {port.name for port in ports})
        return Signature(tuple(ports), outputs, dict(self.project.symbols))

    def output_names(self) -> tuple[str, ...]:
        """The names of the network's outputs."""
        return tuple(node.name for node in self.project.networks[self.network].outputs())

    def takes(self) -> tuple[int | str, ...]:
        """The shape of one example, without the batch axis (a text is any size). Raises Refusal.

        Training and sketching need a network of one input whose first axis is the batch.
        """
        signature = self.signature()
        if len(signature.inputs) != 1:
            count = len(signature.inputs)
            raise Refusal(f"Training on a data set needs a network with one input; {self.network} has {count}.")
        shape = signature.inputs[0].shape
        if not shape or not isinstance(shape[0], str):
            name = signature.inputs[0].name
            raise Refusal(f"The first axis of the input {name} must be the batch; make it N.")
        return shape[1:]

    def input_dtype(self) -> str:
        """torch's name of the dtype of the first input."""
        return self.signature().inputs[0].dtype

    def settings(self, **given: Any) -> Settings:
        """The drawing's set-up as settings of a run; `given` overrides it where not None. Raises Unusable."""
        from codegen.train.settings import Settings

        setup = self.project.setup(self.network)
        values: dict[str, Any] = {"optimizer": optimizer_values(setup), **setup.get("training", {})}
        values |= {name: value for name, value in given.items() if value is not None}
        return Settings.from_json(values)


def open_drawing(path: Path, network: str = "") -> Drawing:
    """The network (`main` or the first, if none is named) of a file.

    Raises Unusable if it cannot be read or has no such network, Refusal if the drawing has an error.
    """
    try:
        return drawing_of(load(path), network)
    except FileError as error:
        raise Unusable(str(error)) from None


def drawing_of(project: Project, network: str = "") -> Drawing:
    """The network of a project. Raises Unusable or Refusal as `open_drawing`."""
    names = list(project.networks)
    chosen = network or ("main" if "main" in names else next(iter(names), ""))
    if chosen not in names:
        raise Unusable(f"There is no network {chosen or 'in it'}; there are: {', '.join(names) or 'none'}.")
    errors = [problem for problem in analyze(project, chosen).problems if problem.severity == "error"]
    if errors:
        count = "an error" if len(errors) == 1 else f"{len(errors)} errors, the first"
        place = f" at {errors[0].path}" if errors[0].path else ""
        raise Refusal(f"The drawing has {count}{place}: {errors[0].message.rstrip('.')}.")
    return Drawing(project, chosen)


def _given_shape(node: Node) -> list[Any]:
    """The sizes of an Input as they were typed."""
    value = node.params.get("shape", layer_types()[node.type].fields["shape"].default)
    return list(value) if isinstance(value, list | tuple) else [value]


def _distinct(outputs: tuple[str, ...], taken: set[str]) -> tuple[str, ...]:
    """The outputs' names, none of them an input's: ONNX knows values by name."""
    names: list[str] = []
    for name in outputs:
        while name in taken:
            name += "_out"
        taken.add(name)
        names.append(name)
    return tuple(names)
