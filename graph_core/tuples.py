"""What a five-tuple is made of: plain data, without a drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

IDENTITY: Final = "identity"


@dataclass(frozen=True, slots=True)
class Space:
    """A shape at the example sizes, and the same over the project's symbols: numbers, and texts of expressions."""

    shape: tuple[int, ...]
    symbolic: tuple[int | str, ...]

    @property
    def numel(self) -> int:
        """The number of values."""
        size = 1
        for axis in self.shape:
            size *= axis
        return size


@dataclass(frozen=True, slots=True)
class Matrix:
    """A weight or bias: torch's name under its layer, and its space.

    ``tied`` is what it shares its values with (the way of a tie's source), if it does.
    """

    name: str
    space: Space
    tied: str = ""
    axes: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Row:
    """Index i of the tuple: the layer, its activation, its weights, its biases (empty where b = 0).

    ``id`` joins the ids on the way down, ``path`` is the state-dict path.
    """

    id: str
    path: str
    type: str
    activation: str
    weights: tuple[Matrix, ...]
    biases: tuple[Matrix, ...]
    inputs: tuple[Space, ...]
    outputs: tuple[Space, ...]


class Parts(NamedTuple):
    """𝒜 of one network: ``rows[i]`` has lᵢ, fᵢ, Wᵢ and bᵢ; ``optimizer`` and ``schedule`` have every field."""

    network: str
    rows: tuple[Row, ...]
    optimizer: Mapping[str, Any]
    schedule: Mapping[str, Any]
