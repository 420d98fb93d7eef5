"""Which kept weights still fit a drawing that was edited since: told from the names and sizes in their file alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graph_core.chains import name_in
from graph_core.context import Context
from graph_core.dims import Shape, number_of, shape_text
from graph_core.graph import Project
from graph_core.jsontext import FileError
from graph_core.kept import LONGEST_HEADER
from graph_core.propagate import engine_of
from graph_core.walk import owners_of


@dataclass(frozen=True, slots=True)
class Fresh:
    """A weight that begins with fresh values: its state-dict path, its sizes, and those that were kept for it."""

    path: str
    shape: tuple[int | None, ...]
    kept: tuple[int, ...] | None  # None: it is new

    def __str__(self) -> str:
        now = "×".join("?" if size is None else str(size) for size in self.shape) or "one number"
        if self.kept is None:
            return f"{self.path} of {now} is new and starts from fresh values"
        return f"{self.path} is kept as {shape_text(self.kept)} and is {now} now, so it starts from fresh values"


def named_weights(project: Project, network: str) -> Iterator[tuple[str, str, Shape]]:
    """Each tensor of a network: its state-dict path, its name by ids, its sizes."""
    yield from _named(engine_of(project).root(network), "", f"{network}/")


def _named(context: Context, path: str, ids: str) -> Iterator[tuple[str, str, Shape]]:
    for id in context.order:
        result = context.results[id]
        if result.node.use or result.enabled is False:
            continue
        name = name_in(context, id)
        if result.calls:
            for inner, call, _, step in owners_of(context, result, path):
                number = "" if step is None else f".{step}"
                yield from _named(call.context, f"{inner}.", f"{ids}{id}{number}/")
        elif result.facts is not None:
            for weight in result.facts.weights:
                yield weight.path(f"{path}{name}"), f"{ids}{id}:{weight.name}", weight.shape


def fresh_weights(project: Project, weights: Path, network: str) -> list[Fresh]:
    """The weights of a network that its kept ones in the file ``weights`` do not fit; none where none are kept.

    Raises FileError where the file cannot be read.
    """
    kept = kept_sizes(weights)
    if not any(key.startswith(f"{network}/") for key in kept):
        return []
    found = []
    for path, key, shape in named_weights(project, network):
        sizes = tuple(number_of(size) for size in shape)
        if kept.get(key) != sizes:
            found.append(Fresh(path, sizes, kept.get(key)))
    return found


def placeless_weights(project: Project, weights: Path, network: str) -> list[str]:
    """Names by ids of what the file ``weights`` keeps for a network and no part of it takes any more, sorted.

    Raises FileError where the file cannot be read.
    """
    taken = {key for _, key, _ in named_weights(project, network)}
    return sorted(key for key in kept_sizes(weights) if key.startswith(f"{network}/") and key not in taken)


def told_weights(project: Project, weights: Path, network: str) -> list[str]:
    """What of the kept weights an edited drawing has no use for, and what begins with fresh values, in sentences."""
    found = [str(one) for one in fresh_weights(project, weights, network)]
    lost = placeless_weights(project, weights, network) if found or kept_sizes(weights) else []
    if lost:
        found.append(
            "1 kept tensor has no place any more"
            if len(lost) == 1
            else f"{len(lost)} kept tensors have no place any more"
        )
    return found


def kept_sizes(weights: Path) -> dict[str, tuple[int, ...]]:
    """Names and sizes of the tensors in a safetensors file, from its head alone. Raises FileError."""
    try:
        with open(weights, "rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            head = json.loads(stream.read(length)) if length <= LONGEST_HEADER else None
        if not isinstance(head, dict):
            raise ValueError
        return {
            name: tuple(int(size) for size in entry["shape"]) for name, entry in head.items() if name != "__metadata__"
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileError(f"{weights.name} holds no weights that can be read.") from error
