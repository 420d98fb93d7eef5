"""What a training run is asked to do: plain, checked data. Imports no torch, so the window fills forms from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from codegen.errors import Unusable

# kind → field → (default, lowest, highest); bounds as torch.optim states them, lr bounded for sanity.
_LR = (1e-3, 0.0, 100.0)
_DECAY = (0.0, 0.0, 10.0)
_BETA = (0.0, 1.0 - 1e-9)
_ADAM = {"lr": _LR, "weight_decay": _DECAY, "beta1": (0.9, *_BETA), "beta2": (0.999, *_BETA), "eps": (1e-8, 0.0, 1.0)}
OPTIMIZERS: dict[str, dict[str, tuple[float, float, float]]] = {
    "SGD": {"lr": (0.1, 0.0, 100.0), "weight_decay": _DECAY, "momentum": (0.9, *_BETA)},
    "Adam": _ADAM,
    "AdamW": _ADAM | {"weight_decay": (0.01, 0.0, 10.0)},
    "NAdam": _ADAM | {"lr": (2e-3, 0.0, 100.0)},
    "RMSprop": {
        "lr": (1e-3, 0.0, 100.0),
        "weight_decay": _DECAY,
        "momentum": (0.0, *_BETA),
        "alpha": (0.99, *_BETA),
        "eps": (1e-8, 0.0, 1.0),
    },
    "Adagrad": {"lr": (0.01, 0.0, 100.0), "weight_decay": _DECAY, "eps": (1e-10, 0.0, 1.0)},
}

SCHEDULES: dict[str, str] = {
    "one_cycle": "rises to the learning rate over the first 30 % of the steps, then falls to almost nothing",
    "cosine": "falls from the learning rate to zero along half a cosine",
    "constant": "stays at the learning rate",
}

MOST_EPOCHS = 1_000_000
MOST_BATCH = 1_000_000


@dataclass(frozen=True)
class Settings:
    """One run: which data, how long, in which steps.

    `optimizer` is the five-tuple's configuration: `kind` and the fields of that kind (`OPTIMIZERS`), and `groups`,
    a list of `{"layers": [state-dict path, …], field: value, …}` that overrides fields for the layers it names.
    `shift` moves each training image by up to so many pixels; `label_smoothing` is a share from 0 to 1.
    """

    data: str = "digits"
    epochs: int = 40
    batch_size: int = 32
    seed: int = 0
    optimizer: dict[str, Any] = field(default_factory=lambda: {"kind": "AdamW", "lr": 0.01, "weight_decay": 0.01})
    schedule: str = "one_cycle"
    label_smoothing: float = 0.05
    shift: int = 0

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
        whole("epochs", self.epochs, 1, MOST_EPOCHS)
        whole("batch_size", self.batch_size, 1, MOST_BATCH)
        whole("seed", self.seed, 0, 2**32 - 1)
        whole("shift", self.shift, 0, 64)
        number("label_smoothing", self.label_smoothing, 0.0, 0.99)
        if self.schedule not in SCHEDULES:
            raise Unusable(f"Training setting schedule is {self.schedule!r}; it must be one of {', '.join(SCHEDULES)}.")
        check_optimizer(self.optimizer)


def check_optimizer(optimizer: Any) -> None:
    """Raises Unusable if the optimizer's configuration names a kind, a field or a value that torch would refuse."""
    if not isinstance(optimizer, Mapping):
        raise Unusable("Training setting optimizer must be an object with a kind and its fields.")
    kind = optimizer.get("kind")
    if not isinstance(kind, str) or kind not in OPTIMIZERS:
        raise Unusable(f"The optimizer's kind is {kind!r}; it must be one of {', '.join(OPTIMIZERS)}.")
    _check_fields(kind, {name: value for name, value in optimizer.items() if name not in ("kind", "groups")})
    groups = optimizer.get("groups", [])
    if not isinstance(groups, list):
        raise Unusable("The optimizer's groups must be a list.")
    for number_, group in enumerate(groups, 1):
        layers = group.get("layers") if isinstance(group, Mapping) else None
        if not isinstance(layers, list) or not all(isinstance(path, str) for path in layers):
            raise Unusable(f"Parameter group {number_} must name its layers in a list of paths.")
        _check_fields(kind, {name: value for name, value in group.items() if name != "layers"})


def _check_fields(kind: str, values: Mapping[str, Any]) -> None:
    fields = OPTIMIZERS[kind]
    for name, value in values.items():
        if name not in fields:
            raise Unusable(f"{kind} has no field {name!r}; it has {', '.join(fields)}.")
        number(f"{kind}'s {name}", value, *fields[name][1:])


def whole(name: str, value: Any, low: int, high: int) -> None:
    """Raises Unusable unless the value is an int from low to high."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Unusable(f"Training setting {name} is {value!r}; it must be a whole number from {low} to {high}.")


def number(name: str, value: Any, low: float, high: float) -> None:
    """Raises Unusable unless the value is a finite number from low to high."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unusable(f"{name} is {value!r}; it must be a number.")
    if not low <= value <= high:
        raise Unusable(f"{name} is {value:g}; it must lie from {low:g} to {high:g}.")
