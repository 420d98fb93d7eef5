"""What a training run is asked to do: plain, checked data. Imports no torch, so the window fills forms from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from codegen.errors import Unusable
from graph_core.fields import FieldError
from graph_core.optimizers import KINDS, TRAINING

MOST_SEED = 2**32 - 1  # each epoch's own seed is derived from it and must fit 64 bits


@dataclass(frozen=True)
class Settings:
    """One run: which data, how long, in which steps.

    `optimizer` is the five-tuple's configuration: `kind` and the fields of that kind (`OPTIMIZERS`), and `groups`,
    a list of `{"layers": [state-dict path, …], field: value, …}` that overrides fields for the layers it names.
    The other fields are those of `graph_core.optimizers.TRAINING`, with its defaults and ranges.
    """

    data: str = "digits"
    epochs: int = TRAINING["epochs"].default
    batch_size: int = TRAINING["batch_size"].default
    seed: int = TRAINING["seed"].default
    optimizer: dict[str, Any] = field(default_factory=lambda: {"kind": "AdamW"})
    schedule: str = TRAINING["schedule"].default
    label_smoothing: float = TRAINING["label_smoothing"].default
    shift: int = TRAINING["shift"].default

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON; `from_json` reads them back equal."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Settings:
        """Checked settings. Raises Unusable with one sentence that names the field at fault."""
        known = cls.__dataclass_fields__
        for name in values:
            if name not in known:
                raise Unusable(f"Training has no setting {name!r}; it has {', '.join(known)}.")
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Raises Unusable if a value is of the wrong kind or out of its range."""
        if not isinstance(self.data, str) or not self.data:
            raise Unusable("Training setting data must be the name of a data set or the path of a .npz file.")
        for name, rule in TRAINING.items():
            value = getattr(self, name)
            if isinstance(value, bool):
                raise Unusable(f"Training setting {name} is {value}; it takes no yes or no.")
            try:
                rule.check(value)
            except FieldError as error:
                raise Unusable(f"Training setting {error}") from None
        if self.seed > MOST_SEED:
            raise Unusable(f"Training setting seed is {self.seed}; the largest is {MOST_SEED}.")
        check_optimizer(self.optimizer)


def check_optimizer(optimizer: Any) -> None:
    """Raises Unusable if the optimizer's configuration names a kind, a field or a value that torch would refuse."""
    if not isinstance(optimizer, Mapping):
        raise Unusable("Training setting optimizer must be an object with a kind and its fields.")
    kind = optimizer.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Unusable(f"The optimizer's kind is {kind!r}; it must be one of {', '.join(KINDS)}.")
    _check_fields(kind, {name: value for name, value in optimizer.items() if name not in ("kind", "groups")})
    if optimizer.get("nesterov") and not optimizer.get("momentum"):
        raise Unusable("SGD with nesterov needs a momentum above 0.")
    groups = optimizer.get("groups", [])
    if not isinstance(groups, list):
        raise Unusable("The optimizer's groups must be a list.")
    for number, group in enumerate(groups, 1):
        layers = group.get("layers") if isinstance(group, Mapping) else None
        if not isinstance(layers, list) or not all(isinstance(path, str) for path in layers):
            raise Unusable(f"Parameter group {number} must name its layers in a list of paths.")
        _check_fields(kind, {name: value for name, value in group.items() if name != "layers"})


def _check_fields(kind: str, values: Mapping[str, Any]) -> None:
    fields = KINDS[kind].fields
    for name, value in values.items():
        if name not in fields:
            raise Unusable(f"{kind} has no field {name!r}; it has {', '.join(fields)}.")
        if isinstance(value, float) and not math.isfinite(value):
            raise Unusable(f"{kind}'s {name} is {value}; it must be a finite number.")
        try:
            fields[name].check(value)
        except FieldError as error:
            raise Unusable(f"{kind}'s {error}") from None
