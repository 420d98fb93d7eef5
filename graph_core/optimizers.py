"""The optimizer configuration 𝒪: kinds by torch's names, their fields with ranges and defaults, and its check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graph_core.fields import Choice, Count, Field, FieldError, Flag, Real
from graph_core.problems import Finding

SCHEDULES: Final = ("constant", "one-cycle", "cosine")


@dataclass(frozen=True, slots=True)
class OptimizerKind:
    """One kind of optimizer: its fields, and how many values it keeps per trainable parameter (state_dict of torch)."""

    name: str
    fields: Mapping[str, Field[Any]]
    help: str

    def state_per_parameter(self, values: Mapping[str, Any]) -> int:
        """Values kept per parameter: momentum buffers and moment estimates (torch.optim, each kind's state)."""
        match self.name:
            case "SGD":
                return 1 if values.get("momentum") else 0
            case "RMSprop":
                return 1 + bool(values.get("momentum")) + bool(values.get("centered"))
            case "Adagrad":
                return 1
            case _:
                return 3 if values.get("amsgrad") else 2


def _fields(**fields: Field[Any]) -> dict[str, Field[Any]]:
    for name, field in fields.items():
        field.name = name
    return fields


def _decay(default: float) -> Real:
    return Real(default, "Pull of every weight towards zero.", least=0, most=1)


def _adam(decay: float) -> dict[str, Field[Any]]:
    return _fields(
        lr=Real(1e-3, "Step size.", least=0, most=10),
        beta1=Real(0.9, "Decay of the running mean of gradients.", least=0, most=0.999999),
        beta2=Real(0.999, "Decay of the running mean of squared gradients.", least=0, most=0.99999999),
        eps=Real(1e-8, "Keeps the division finite.", least=0, most=1),
        weight_decay=_decay(decay),
        amsgrad=Flag(False, "Use the largest squared mean so far."),
    )


KINDS: Final[Mapping[str, OptimizerKind]] = {
    kind.name: kind
    for kind in (
        OptimizerKind(
            "SGD",
            _fields(
                lr=Real(0.01, "Step size.", least=0, most=100),
                momentum=Real(0.0, "Share of the last step that is kept.", least=0, most=0.999999),
                weight_decay=_decay(0.0),
                nesterov=Flag(False, "Look ahead along the momentum."),
            ),
            "Stochastic gradient descent (Robbins and Monro 1951), with momentum where it is not 0.",
        ),
        OptimizerKind("Adam", _adam(0.0), "Adaptive moments (Kingma and Ba, arXiv 1412.6980)."),
        OptimizerKind("AdamW", _adam(0.01), "Adam with decoupled weight decay (Loshchilov and Hutter, 1711.05101)."),
        OptimizerKind(
            "RMSprop",
            _fields(
                lr=Real(0.01, "Step size.", least=0, most=10),
                alpha=Real(0.99, "Decay of the running mean of squared gradients.", least=0, most=0.999999),
                eps=Real(1e-8, "Keeps the division finite.", least=0, most=1),
                weight_decay=_decay(0.0),
                momentum=Real(0.0, "Share of the last step that is kept.", least=0, most=0.999999),
                centered=Flag(False, "Subtract the mean gradient."),
            ),
            "Steps divided by a running root mean square (Tieleman and Hinton 2012).",
        ),
        OptimizerKind(
            "Adagrad",
            _fields(
                lr=Real(0.01, "Step size.", least=0, most=10),
                lr_decay=Real(0.0, "Decay of the step size.", least=0, most=1),
                eps=Real(1e-10, "Keeps the division finite.", least=0, most=1),
                weight_decay=_decay(0.0),
            ),
            "Steps divided by the root of all squared gradients so far (Duchi et al. 2011).",
        ),
    )
}

TRAINING: Final[Mapping[str, Field[Any]]] = _fields(
    epochs=Count(40, "Passes over the training data.", most=100_000),
    batch_size=Count(64, "Samples per step.", most=1_000_000),
    schedule=Choice("one-cycle", SCHEDULES, "How the step size changes over the run."),
    seed=Count(0, "Makes a run repeatable.", least=0),
    label_smoothing=Real(0.05, "Share of each label spread over all classes.", least=0, most=0.99),
    shift=Count(0, "Moves training images by up to so many pixels.", least=0, most=64),
)


def optimizer_values(setup: Mapping[str, Any]) -> dict[str, Any]:
    """The optimizer of a set-up with every field of its kind: as given, else torch's default."""
    given = setup.get("optimizer", {})
    kind = KINDS.get(str(given.get("kind", "AdamW")), KINDS["AdamW"])
    return {"kind": kind.name, **{n: given.get(n, field.default) for n, field in kind.fields.items()}}


def check_setup(setup: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with a network's optimizer and training set-up."""
    given = setup.get("optimizer", {})
    name = given.get("kind", "AdamW")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        yield Finding("optimizer", f"There is no optimizer {name}; choose one of {', '.join(KINDS)}", "kind")
        return
    yield from _check("optimizer", kind.fields, {k: v for k, v in given.items() if k != "kind"}, kind.name)
    if given.get("nesterov") and not given.get("momentum"):
        yield Finding("optimizer", "SGD with nesterov needs a momentum above 0", "nesterov", {"set": {"momentum": 0.9}})
    training = {k: v for k, v in setup.get("training", {}).items() if k in TRAINING}
    yield from _check("training", TRAINING, training, "The training set-up")


def _check(code: str, fields: Mapping[str, Field[Any]], given: Mapping[str, Any], owner: str) -> Iterator[Finding]:
    for name, value in given.items():
        if name not in fields:
            yield Finding(code, f"{owner} has no field {name}; it has {', '.join(fields)}", name)
            continue
        try:
            fields[name].check(value)
        except FieldError as error:
            yield Finding(code, f"{owner}: {str(error).rstrip('.')}", name)
