"""Learning-rate schedules: kinds with the fields of torch.optim.lr_scheduler, and the rate at any step of a run.

The rate is a pure function of the step (and, for the plateau, of what the epochs so far brought), so a run that is
continued needs no state of a scheduler, and a curve can be drawn before anything is trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph_core.expressions import Value
from graph_core.fields import Choice, Count, Field, FieldError, Flag, Real
from graph_core.jsontext import shown

NEVER: Final = 1_000_000  # epochs: more than any run has


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands: `step` of `steps` (from 0), `epoch` of `epochs` (from 0), `scores` of the epochs that are
    over: what the plateau watches, smaller being better.
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    scores: Sequence[float] = ()

    @property
    def progress(self) -> float:
        """Epochs that are over, with the share of the present one."""
        return self.step * self.epochs / max(1, self.steps)


Values = Mapping[str, Any]
Rate = Callable[[Values, float, Place], float]


@dataclass(frozen=True, slots=True)
class ScheduleKind:
    """One kind of schedule: its fields by torch's names, torch's class, and the rate from the fields, the group's own
    learning rate and the place in the run. ``each`` says whether torch steps it per "step" or per "epoch".
    """

    name: str
    torch: str
    each: str
    fields: Mapping[str, Field[Any]]
    rate: Rate
    help: str


def named(**fields: Field[Any]) -> dict[str, Field[Any]]:
    """Fields that stand in no class, told their names."""
    for name, field in fields.items():
        field.name = name
    return fields


class Milestones(Field[tuple[int, ...]]):
    """Epochs in rising order."""

    kind = "epochs"
    takes = "epochs in rising order, such as 30, 60, 80"

    def check(self, value: Value) -> tuple[int, ...]:
        parts = value if isinstance(value, tuple) else (value,)
        epochs = [part for part in parts if isinstance(part, int) and not isinstance(part, bool) and part > 0]
        if len(epochs) == len(parts) <= 1000 and epochs == sorted(set(epochs)):
            return tuple(int(epoch) for epoch in epochs)
        raise self.refuse(value)

    def show(self, value: Value) -> str:
        return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _cosine(start: float, end: float, at: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * at)) / 2


def _constant(values: Values, base: float, at: Place) -> float:
    return base


def _one_cycle(values: Values, base: float, at: Place) -> float:
    """Smith and Topin 2017, arXiv:1708.07120, in torch's two or three phases; ``base`` is the peak."""
    start = base / values["div_factor"]
    end = start / values["final_div_factor"]
    turn, last = values["pct_start"] * at.steps - 1, at.steps - 1
    phases = [(turn, start, base), (last, base, end)]
    if values["three_phase"]:
        phases = [(turn, start, base), (2 * values["pct_start"] * at.steps - 2, base, start), (last, start, end)]
    began = 0.0
    for stop, low, high in phases:
        if at.step <= stop or stop == last:
            share = min(1.0, (at.step - began) / (stop - began)) if stop > began else 1.0
            linear = values["anneal_strategy"] == "linear"
            return float(low + (high - low) * share) if linear else _cosine(low, high, share)
        began = stop
    return float(end)


def _cosine_annealing(values: Values, base: float, at: Place) -> float:
    return _cosine(base, values["eta_min"], at.step / max(1, at.steps))


def _restarts(values: Values, base: float, at: Place) -> float:
    length, gone = float(values["T_0"]), at.progress
    if values["T_mult"] == 1:
        gone %= length
    while gone >= length:
        gone -= length
        length *= values["T_mult"]
    return _cosine(base, values["eta_min"], gone / length)


def _step(values: Values, base: float, at: Place) -> float:
    return float(base * values["gamma"] ** (at.epoch // values["step_size"]))


def _multi_step(values: Values, base: float, at: Place) -> float:
    return float(base * values["gamma"] ** sum(1 for epoch in values["milestones"] if epoch <= at.epoch))


def _exponential(values: Values, base: float, at: Place) -> float:
    return float(base * values["gamma"] ** at.epoch)


def _linear(values: Values, base: float, at: Place) -> float:
    share = at.step / max(1, at.steps)
    return float(base * (values["start_factor"] + (values["end_factor"] - values["start_factor"]) * share))


def _polynomial(values: Values, base: float, at: Place) -> float:
    return float(base * (1 - at.step / max(1, at.steps)) ** values["power"])


def _warm_up(values: Values, base: float, at: Place) -> float:
    """Goyal et al. 2017, arXiv:1706.02677, then Loshchilov and Hutter 2017, arXiv:1608.03983."""
    warm = min(at.steps, round(values["warmup_epochs"] * at.steps / max(1, at.epochs)))
    if at.step < warm:
        return float(base * (values["start_factor"] + (1 - values["start_factor"]) * at.step / warm))
    return _cosine(base, values["eta_min"], (at.step - warm) / max(1, at.steps - warm))


def _plateau(values: Values, base: float, at: Place) -> float:
    """torch.optim.lr_scheduler.ReduceLROnPlateau in mode min, over the scores of the epochs so far."""
    rate, best, bad, cooling = base, math.inf, 0, 0
    for score in at.scores:
        margin = values["threshold"]
        better = score < best * (1 - margin) if values["threshold_mode"] == "rel" else score < best - margin
        if better:
            best, bad = score, 0
        else:
            bad += 1
        if cooling > 0:
            cooling, bad = cooling - 1, 0
        if bad > values["patience"]:
            lower = max(rate * values["factor"], values["min_lr"])
            rate = lower if rate - lower > values["eps"] else rate
            cooling, bad = values["cooldown"], 0
    return float(rate)


def _gamma(default: float) -> Real:
    return Real(default, "What the rate is multiplied by.", least=0, most=10)


def _floor() -> Real:
    return Real(0.0, "The rate at the end.", least=0, most=100)


SCHEDULES: Final[Mapping[str, ScheduleKind]] = {
    kind.name: kind
    for kind in (
        ScheduleKind("constant", "ConstantLR", "step", {}, _constant, "The same rate throughout."),
        ScheduleKind(
            "one-cycle",
            "OneCycleLR",
            "step",
            named(
                pct_start=Real(0.3, "Share of the run in which the rate rises.", least=0, most=1),
                anneal_strategy=Choice("cos", ("cos", "linear"), "How it rises and falls."),
                div_factor=Real(25.0, "The peak divided by the first rate.", least=1, most=1e9),
                final_div_factor=Real(1e4, "The first rate divided by the last.", least=1, most=1e12),
                three_phase=Flag(False, "Fall to the first rate as fast as it rose, then on to the last."),
            ),
            _one_cycle,
            "Up to the learning rate, then down to nearly nothing (arXiv:1708.07120); momentum stays as it is.",
        ),
        ScheduleKind(
            "cosine",
            "CosineAnnealingLR",
            "step",
            named(eta_min=_floor()),
            _cosine_annealing,
            "Down along half a cosine over the whole run (arXiv:1608.03983).",
        ),
        ScheduleKind(
            "warm-up-cosine",
            "LinearLR, CosineAnnealingLR",
            "step",
            named(
                warmup_epochs=Real(5.0, "Epochs in which the rate rises in a line.", least=0, most=NEVER),
                start_factor=Real(0.01, "The first rate, as a share of the learning rate.", least=0, most=1),
                eta_min=_floor(),
            ),
            _warm_up,
            "Up in a line, then down along half a cosine: what transformers are trained with.",
        ),
        ScheduleKind(
            "cosine-restarts",
            "CosineAnnealingWarmRestarts",
            "step",
            named(
                T_0=Count(10, "Epochs until the first restart.", most=NEVER),
                T_mult=Count(1, "Each round is so many times as long as the one before.", most=100),
                eta_min=_floor(),
            ),
            _restarts,
            "Half a cosine again and again (SGDR, arXiv:1608.03983).",
        ),
        ScheduleKind(
            "step",
            "StepLR",
            "epoch",
            named(step_size=Count(10, "Epochs between two steps.", most=NEVER), gamma=_gamma(0.1)),
            _step,
            "Multiplied by gamma every step_size epochs.",
        ),
        ScheduleKind(
            "multi-step",
            "MultiStepLR",
            "epoch",
            named(milestones=Milestones((20, 30), "The epochs before which it steps."), gamma=_gamma(0.1)),
            _multi_step,
            "Multiplied by gamma at each of the milestones.",
        ),
        ScheduleKind(
            "exponential",
            "ExponentialLR",
            "epoch",
            named(gamma=_gamma(0.95)),
            _exponential,
            "Multiplied by gamma after every epoch.",
        ),
        ScheduleKind(
            "linear",
            "LinearLR",
            "step",
            named(
                start_factor=Real(1.0, "The first rate, as a share of the learning rate.", least=0, most=1),
                end_factor=Real(0.0, "The last rate, as a share of the learning rate.", least=0, most=1),
            ),
            _linear,
            "In a line from the first rate to the last.",
        ),
        ScheduleKind(
            "polynomial",
            "PolynomialLR",
            "step",
            named(power=Real(1.0, "The power of what is left of the run.", least=0, most=100)),
            _polynomial,
            "The share of the run that is left, to a power.",
        ),
        ScheduleKind(
            "plateau",
            "ReduceLROnPlateau",
            "epoch",
            named(
                factor=Real(0.1, "What the rate is multiplied by.", least=0, most=0.999999),
                patience=Count(10, "Epochs without progress that are let pass.", least=0, most=NEVER),
                threshold=Real(1e-4, "How much counts as progress.", least=0, most=1e9),
                threshold_mode=Choice("rel", ("rel", "abs"), "Whether the threshold is a share or a difference."),
                cooldown=Count(0, "Epochs after a reduction in which none counts.", least=0, most=NEVER),
                min_lr=Real(0.0, "The lowest rate.", least=0, most=100),
                eps=Real(1e-8, "A smaller reduction is not made.", least=0, most=1),
            ),
            _plateau,
            "Reduced when the loss on the test examples stops falling.",
        ),
    )
}
DEFAULT: Final = "one-cycle"


class ScheduleField(Choice):
    """A schedule: the word of its kind, or an object with the kind and its fields."""

    def __init__(self, help: str) -> None:
        super().__init__(DEFAULT, tuple(SCHEDULES), help)

    def check(self, value: Any) -> Any:
        if isinstance(value, str):
            return super().check(value)
        if not isinstance(value, Mapping):
            raise self.refuse(value)
        check_schedule(value)
        return dict(value)


def check_schedule(value: Mapping[str, Any]) -> None:
    """Refuse a schedule whose kind, field or value does not exist; raises FieldError in one sentence."""
    name = value.get("kind", DEFAULT)
    kind = SCHEDULES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise FieldError(f"There is no schedule {shown(name)}; choose one of {', '.join(SCHEDULES)}.")
    for field, given in value.items():
        if field == "kind":
            continue
        if field not in kind.fields:
            known = f"it has {', '.join(kind.fields)}" if kind.fields else "it has none"
            raise FieldError(f"The schedule {name} has no field {shown(field)}; {known}.")
        try:
            kind.fields[field].check(tuple(given) if isinstance(given, list) else given)
        except FieldError as error:
            raise FieldError(f"The schedule {name}: {error}") from error


def schedule_values(value: Any) -> dict[str, Any]:
    """A schedule with every field of its kind: as given, else the default. A word stands for its kind.

    What is wrong in it is left out, so that there is always a schedule to show; ``check_schedule`` says it.
    """
    given = value if isinstance(value, Mapping) else {"kind": value}
    kind = SCHEDULES.get(str(given.get("kind", DEFAULT)), SCHEDULES[DEFAULT])
    return {"kind": kind.name, **{name: given.get(name, _plain(field.default)) for name, field in kind.fields.items()}}


def _plain(default: Any) -> Any:
    return list(default) if isinstance(default, tuple) else default


def rate_at(schedule: Any, base: float, at: Place) -> float:
    """The learning rate at a place in a run, for a group whose own learning rate is ``base``."""
    values = schedule_values(schedule)
    return float(SCHEDULES[values["kind"]].rate(values, base, at))
