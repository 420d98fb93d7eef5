"""What a training run is asked to do: plain, checked data. Imports no torch, so the window fills forms from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from codegen.errors import Unusable
from graph_core.fields import FieldError
from graph_core.optimizers import TRAINING
from graph_core.setups import check_setup

MOST_SEED = 2**32 - 1  # each epoch's own seed is derived from it and must fit 64 bits


@dataclass(frozen=True)
class Settings:
    """One run: which data, how long, in which steps.

    `optimizer` is the five-tuple's configuration: `kind` and the fields of that kind (`graph_core.optimizers.KINDS`),
    and `groups` (`graph_core.groups`). `schedule` is the word of a kind (`graph_core.schedules.SCHEDULES`), or an
    object with the kind and its fields.
    The other fields are those of `graph_core.optimizers.TRAINING`, with its defaults and ranges.
    """

    data: str = "digits"
    epochs: int = TRAINING["epochs"].default
    batch_size: int = TRAINING["batch_size"].default
    seed: int = TRAINING["seed"].default
    optimizer: dict[str, Any] = field(default_factory=lambda: {"kind": "AdamW"})
    schedule: Any = TRAINING["schedule"].default
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
        if not isinstance(self.optimizer, Mapping):
            raise Unusable("Training setting optimizer must be an object with a kind and its fields.")
        for finding in check_setup({"optimizer": self.optimizer}):
            if finding.severity == "error":
                raise Unusable(f"{finding.message}.")
