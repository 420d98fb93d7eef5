"""Kinds of optimizers by torch's names, their fields with ranges and torch's defaults, and what they keep.

Left out of torch's arguments: how a step is computed (foreach, fused, capturable, differentiable), maximize (training
minimizes a loss), and Adam's decoupled_weight_decay (that is AdamW).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graph_core.fields import Choice, Count, Field, FieldError, Flag, Maybe, Real
from graph_core.schedules import ScheduleField, named

State = Callable[[Mapping[str, Any]], int]


@dataclass(frozen=True, slots=True)
class OptimizerKind:
    """One kind of optimizer.

    ``state`` counts the values kept per trainable parameter once it has run (torch's state, step counts aside);
    ``packs`` names the arguments of torch that several fields make up; ``rank`` is the only number of axes it takes
    (0: any); ``grouped`` says whether torch lets parameter groups differ.
    """

    name: str
    fields: Mapping[str, Field[Any]]
    help: str
    state: State
    packs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rank: int = 0
    grouped: bool = True

    def state_per_parameter(self, values: Mapping[str, Any]) -> int:
        """Values kept per parameter: momentum buffers, moment estimates, histories.

        Fields that are missing or wrong count as their defaults: the figure is told while a person types.
        """
        return self.state(_Sound(self.fields, values))

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments for torch's class; fields that are not given take torch's default."""
        packed = {name for names in self.packs.values() for name in names}
        found: dict[str, Any] = {}
        for name, field_ in self.fields.items():
            if name not in packed:
                value = values.get(name, field_.default)
                found[name] = field_.torch_default if value == field_.default else value
        for argument, names in self.packs.items():
            # torch refuses a pair of which one is a float and the other an int.
            found[argument] = tuple(float(values.get(name, self.fields[name].default)) for name in names)
        return found


class _Sound(dict[str, Any]):
    """Values of fields, checked when they are read."""

    def __init__(self, fields: Mapping[str, Field[Any]], given: Mapping[str, Any]) -> None:
        super().__init__()
        self._fields, self._given = fields, given

    def __missing__(self, name: str) -> Any:
        field = self._fields[name]
        try:
            return field.check(self._given.get(name, field.default))
        except FieldError:
            return field.default


def _decay(default: float) -> Real:
    return Real(default, "Pull of every weight towards zero.", least=0, most=1)


def _momentum(default: float) -> Real:
    return Real(default, "Share of the last step that is kept.", least=0, most=0.999999)


def _eps(default: float) -> Real:
    return Real(default, "Keeps the division finite.", least=0, most=1)


def _lr(default: float, most: float = 10) -> Real:
    return Real(default, "Step size; its peak where a schedule moves it.", least=0, most=most)


def _adam(decay: float) -> dict[str, Field[Any]]:
    return named(
        lr=_lr(1e-3),
        beta1=Real(0.9, "Decay of the running mean of gradients.", least=0, most=0.999999),
        beta2=Real(0.999, "Decay of the running mean of squared gradients.", least=0, most=0.99999999),
        eps=_eps(1e-8),
        weight_decay=_decay(decay),
        amsgrad=Flag(False, "Use the largest squared mean so far."),
    )


def _moments(values: Mapping[str, Any]) -> int:
    return 3 if values["amsgrad"] else 2


_BETAS: Final = {"betas": ("beta1", "beta2")}

KINDS: Final[Mapping[str, OptimizerKind]] = {
    kind.name: kind
    for kind in (
        OptimizerKind(
            "SGD",
            named(
                lr=_lr(1e-3, 100),
                momentum=_momentum(0.0),
                dampening=Real(0.0, "Share of the gradient that momentum leaves out.", least=0, most=1),
                weight_decay=_decay(0.0),
                nesterov=Flag(False, "Look ahead along the momentum."),
            ),
            "Stochastic gradient descent (Robbins and Monro 1951), with momentum where it is not 0.",
            lambda values: 1 if values["momentum"] else 0,
        ),
        OptimizerKind("Adam", _adam(0.0), "Adaptive moments (Kingma and Ba, arXiv:1412.6980).", _moments, _BETAS),
        OptimizerKind("AdamW", _adam(0.01), "Adam with decoupled weight decay (arXiv:1711.05101).", _moments, _BETAS),
        OptimizerKind(
            "RMSprop",
            named(
                lr=_lr(0.01),
                alpha=Real(0.99, "Decay of the running mean of squared gradients.", least=0, most=0.999999),
                eps=_eps(1e-8),
                weight_decay=_decay(0.0),
                momentum=_momentum(0.0),
                centered=Flag(False, "Subtract the mean gradient."),
            ),
            "Steps divided by a running root mean square (Tieleman and Hinton 2012).",
            lambda values: 1 + bool(values["momentum"]) + bool(values["centered"]),
        ),
        OptimizerKind(
            "Adagrad",
            named(
                lr=_lr(0.01),
                lr_decay=Real(0.0, "Decay of the step size.", least=0, most=1),
                weight_decay=_decay(0.0),
                initial_accumulator_value=Real(0.0, "Where the sum of squares starts.", least=0, most=1e6),
                eps=_eps(1e-10),
            ),
            "Steps divided by the root of all squared gradients so far (Duchi et al. 2011).",
            lambda values: 1,
        ),
        OptimizerKind(
            "LBFGS",
            named(
                lr=_lr(1.0, 100),
                max_iter=Count(20, "Iterations in a step.", most=10_000),
                max_eval=Maybe(None, "Evaluations of the loss in a step; None for 1.25 × max_iter.", most=100_000),
                tolerance_grad=Real(1e-7, "It stops at a smaller gradient.", least=0, most=1),
                tolerance_change=Real(1e-9, "It stops at a smaller change.", least=0, most=1),
                history_size=Count(100, "Updates it remembers: each costs two values per parameter.", most=10_000),
                line_search_fn=Choice("none", ("none", "strong_wolfe"), "How the step's length is found.", torch=None),
            ),
            "Limited-memory BFGS (Liu and Nocedal 1989); evaluates each batch several times in a step.",
            # torch's state: the direction, the gradient before, and a direction and a step for each remembered update.
            lambda values: 2 + 2 * int(values["history_size"]),
            grouped=False,
        ),
        OptimizerKind(
            "Muon",
            named(
                lr=_lr(1e-3),
                weight_decay=_decay(0.1),
                momentum=_momentum(0.95),
                nesterov=Flag(True, "Look ahead along the momentum."),
                ns_a=Real(3.4445, "First coefficient of the Newton-Schulz iteration.", least=-100, most=100),
                ns_b=Real(-4.775, "Second coefficient of the Newton-Schulz iteration.", least=-100, most=100),
                ns_c=Real(2.0315, "Third coefficient of the Newton-Schulz iteration.", least=-100, most=100),
                eps=_eps(1e-7),
                ns_steps=Count(5, "Newton-Schulz iterations in a step.", most=99),
                adjust_lr_fn=Choice(
                    "original",
                    ("original", "match_rms_adamw"),
                    "How the step size follows a matrix's shape; match_rms_adamw takes AdamW's rates.",
                    torch=None,
                ),
            ),
            "Momentum made orthogonal (Jordan et al. 2024); for matrices only, so the rest takes another kind.",
            lambda values: 1,
            {"ns_coefficients": ("ns_a", "ns_b", "ns_c")},
            rank=2,
        ),
    )
}
DEFAULT_KIND: Final = "AdamW"

TRAINING: Final[Mapping[str, Field[Any]]] = named(
    epochs=Count(40, "Passes over the training data.", most=100_000),
    batch_size=Count(64, "Samples per step.", most=1_000_000),
    schedule=ScheduleField("How the step size changes over the run."),
    seed=Count(0, "Makes a run repeatable.", least=0),
    label_smoothing=Real(0.05, "Share of each label spread over all classes.", least=0, most=0.99),
    shift=Count(0, "Moves training images by up to so many pixels.", least=0, most=64),
)


def kind_of(values: Mapping[str, Any]) -> OptimizerKind:
    """The kind that values name; AdamW where they name none that is known."""
    return KINDS.get(str(values.get("kind", DEFAULT_KIND)), KINDS[DEFAULT_KIND])


def optimizer_values(setup: Mapping[str, Any]) -> dict[str, Any]:
    """The optimizer of a set-up with every field of its kind: as given, else torch's default; and its groups."""
    given = setup.get("optimizer", {})
    kind = kind_of(given)
    groups = {"groups": given["groups"]} if given.get("groups") else {}
    return {"kind": kind.name, **{n: given.get(n, field.default) for n, field in kind.fields.items()}, **groups}
