"""Weights that belong to a drawing: ``NAME.safetensors`` beside ``NAME.netw``, which refers to them by their hash.

Tensors are named by the ids on the way down (``main/s2.0/c1:weight``), so that renaming a node loses nothing; what the
drawing has changed since keeps torch's fresh values. Nothing is pickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from codegen.errors import Unusable
from codegen.train.checkpoint import load_tensors, save_tensors
from graph_core.fitting import named_weights
from graph_core.graph import Project
from graph_core.kept import hash_of, refer, reference, weights_path


def keep_weights(project: Project, module: nn.Module, file: Path, network: str) -> None:
    """Write a network's weights beside the drawing's file, those of its other networks kept, and refer to them.

    The drawing itself is saved by whoever calls this. Raises OSError.
    """
    path = weights_path(file)
    save_tensors(path, with_others(project, project, file, network, module.state_dict()), {})
    refer(project, hash_of(path))


def with_others(
    project: Project, drawn: Project, file: Path, network: str, state: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """A network's tensors by ids, as the drawing that they belong to names them, with those that others have kept."""
    tensors = {k: t for k, t in _kept(project, file).items() if not k.startswith(f"{network}/")}
    return tensors | {key: state[path] for path, key in weight_keys(drawn, network) if path in state}


def kept_weights(project: Project, file: Path, network: str) -> dict[str, Tensor]:
    """The network's weights by their present paths; none where the drawing refers to none.

    Raises Unusable where the file it refers to is missing, damaged or another.
    """
    tensors = _kept(project, file)
    if not tensors:
        return {}
    return {path: tensors[key] for path, key in weight_keys(project, network) if key in tensors}


def put_weights(module: nn.Module, weights: dict[str, Tensor]) -> None:
    """Load what fits into a module; layers that were changed since keep their fresh values.

    Buffers that are no part of the state dict get theirs too.
    """
    state = module.state_dict()
    for path, buffer in module.named_buffers():
        if path in weights and path not in state and weights[path].shape == buffer.shape:
            buffer.copy_(weights[path])
    fitting = {path: t for path, t in weights.items() if path in state and state[path].shape == t.shape}
    module.load_state_dict(fitting, strict=False)


def weight_keys(project: Project, network: str) -> list[tuple[str, str]]:
    """The state-dict path of each tensor of a network, and its name by ids."""
    return [(path, key) for path, key, _ in named_weights(project, network)]


def weight_end(key: str) -> str:
    """The end of a tie that a tensor's name by ids is: ``main/s2.0/c1:weight`` gives ``s2#0/c1.weight``."""
    way, _, weight = key.partition("/")[2].rpartition(":")
    return f"{way.replace('.', '#')}.{weight}"


def _kept(project: Project, file: Path) -> dict[str, Tensor]:
    expected = reference(project)
    if not expected:
        return {}
    path = weights_path(file)
    found = hash_of(path)
    if not found:
        raise Unusable(f"The drawing refers to weights in {path.name}, which is not there.")
    if found != expected:
        raise Unusable(f"{path.name} holds other weights than the drawing refers to.")
    return load_tensors(path)[0]
