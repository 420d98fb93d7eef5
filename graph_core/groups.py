"""Parameter groups: which parameters of a network take other fields than the rest, another optimizer, or stay frozen.

A group names parameters by patterns over their state-dict paths, by role, or both; each parameter belongs to the first
group that matches it, and to the rest where none does. A group with another kind of optimizer takes that kind's
defaults; one with the same takes the fields of the rest, except those it gives itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import translate
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from graph_core.chains import name_in
from graph_core.context import Context
from graph_core.ends import end_of
from graph_core.expressions import Value
from graph_core.fields import Choice, Field, Flag
from graph_core.layer import layer_types
from graph_core.optimizers import DEFAULT_KIND, KINDS, OptimizerKind, kind_of
from graph_core.schedules import named
from graph_core.tied_inside import NO_TIES, Ties, inside, tied_to, ties_inside
from graph_core.walk import owners_of

MOST_PARAMETERS: Final = 100_000
MOST_GROUPS: Final = 100
REST: Final = -1


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter tensor: its state-dict path, its shape, the family of the layer that owns it.

    ``others`` are its further paths, where weights are tied: a group may mean it by any. ``layer`` has the ids on the
    way down to its layer, joined by ``/``, where a drawing is known.
    """

    path: str
    shape: tuple[int, ...]
    family: str = ""
    others: tuple[str, ...] = ()
    layer: str = field(default="", compare=False)

    @property
    def paths(self) -> tuple[str, ...]:
        """All its paths."""
        return (self.path, *self.others)

    @property
    def numel(self) -> int:
        """Its number of values."""
        size = 1
        for axis in self.shape:
            size *= axis
        return size

    @property
    def bias(self) -> bool:
        """Whether it is a bias, which torch tells by its name (bias, in_proj_bias, bias_ih_l0)."""
        return "bias" in self.path.rpartition(".")[2]


ROLES: Final[Mapping[str, Callable[[Parameter], bool]]] = {
    "any": lambda parameter: True,
    "weight": lambda parameter: not parameter.bias and parameter.family != "norm",
    "bias": lambda parameter: parameter.bias,
    "norm": lambda parameter: parameter.family == "norm",
    "embedding": lambda parameter: parameter.family == "emb",
    "matrix": lambda parameter: len(parameter.shape) == 2,
    "not-matrix": lambda parameter: len(parameter.shape) != 2,
}


class Patterns(Field[tuple[str, ...]]):
    """Patterns over state-dict paths: a parameter, or all of a layer or block; * stands for anything."""

    kind = "patterns"
    textual = True
    takes = "paths such as conv1, layer1.* or *.bias"

    def is_expression(self, value: object) -> bool:
        return False

    def check(self, value: Value) -> tuple[str, ...]:
        parts = tuple(value) if isinstance(value, list | tuple) else (value,)
        texts = [part for part in parts if isinstance(part, str) and 0 < len(part) <= 200]
        if len(texts) == len(parts) <= 1000:
            return tuple(texts)
        raise self.refuse(value)

    def show(self, value: Value) -> str:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


GROUP: Final[Mapping[str, Field[Any]]] = named(
    match=Patterns((), "Paths of parameters or layers; * stands for anything. Empty: every path."),
    role=Choice("any", tuple(ROLES), "What the parameter does."),
    frozen=Flag(False, "Keep the parameters as they are: no gradient, no step."),
    kind=Choice(
        DEFAULT_KIND, tuple(name for name, kind in KINDS.items() if kind.grouped), "The optimizer; else the network's."
    ),
)


@dataclass(frozen=True, slots=True)
class Share:
    """A group with what belongs to it: ``index`` in the list of groups, REST for what no group matches; ``values``
    has every field of ``kind``.
    """

    index: int
    kind: OptimizerKind
    values: Mapping[str, Any]
    frozen: bool
    parameters: tuple[Parameter, ...]

    @property
    def numel(self) -> int:
        """The number of values of all its parameters."""
        return sum(parameter.numel for parameter in self.parameters)


def parameters_of(context: Context) -> list[Parameter]:
    """The trainable parameters of a network by their state-dict paths, shared ones once; at most 100,000.

    ``context`` is the network at its example sizes.
    """
    found: dict[str, Parameter] = {}
    for key, parameter in islice(_parameters(context, "", "", "", NO_TIES), MOST_PARAMETERS):
        known = found.get(key)
        # Of tied weights the first is the one that torch names; the others are the same tensor.
        found[key] = parameter if known is None else replace(known, others=(*known.others, parameter.path))
    return list(found.values())


def _parameters(context: Context, path: str, ids: str, way: str, tied: Ties) -> Iterator[tuple[str, Parameter]]:
    """Every parameter with a key that tied ones share: the way to the weight's source, instances numbered."""
    if context.graph.ties:
        here = {end: tie._replace(source=_key(way, tie.source)) for end, tie in ties_inside(context).items()}
        tied = {**tied, **here}
    for id in context.order:
        result = context.results[id]
        for inner, call, _, step in owners_of(context, result, path):
            below = inside(tied, id, step) if tied else tied
            yield from _parameters(call.context, f"{inner}.", f"{ids}{id}/", f"{way}{id}#{step or 0}/", below)
        if result.facts is None or result.enabled is False or result.node.use:
            continue
        declaration = layer_types().get(result.node.type)
        for weight in result.facts.weights:
            if weight.role in ("buffer", "frozen"):
                continue
            above = tied_to(tied, id, weight)
            key = above.source if above else _key(way, weight.tied or f"{id}.{weight.name}")
            shape = tuple(int(size) for size in weight.shape if isinstance(size, int))
            family = declaration.family if declaration else ""
            yield key, Parameter(weight.path(f"{path}{name_in(context, id)}"), shape, family, layer=f"{ids}{id}")


def _key(way: str, end: str) -> str:
    """An end of a tie from the root on, each block on its way with a step."""
    *blocks, layer = end_of(end).way
    return "".join([way, *(f"{stop.id}#{stop.step or 0}/" for stop in blocks), f"{layer.id}.{end_of(end).weight}"])


def matches(group: Mapping[str, Any], parameter: Parameter) -> bool:
    """Whether a group means a parameter: by one of its patterns (a layer's path means all below it) and by its role."""
    return _test_of(patterns_of(group), str(group.get("role", "any")))(parameter)


def patterns_of(group: Mapping[str, Any]) -> tuple[str, ...]:
    """The patterns of a group; a single text is one."""
    given = group.get("match", ())
    return (given,) if isinstance(given, str) else tuple(part for part in given if isinstance(part, str))


def matches_path(pattern: str, path: str) -> bool:
    """Whether a pattern means a state-dict path, or a layer or block that it lies in."""
    return _compiled((pattern,)).match(path) is not None


@lru_cache(maxsize=1024)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """All patterns as one: fnmatch by fnmatch would cost most of what an edit may."""
    return re.compile("|".join(translate(whole) for one in patterns for whole in (one, f"{one}.*")))


def _none(parameter: Parameter) -> bool:
    return False


@lru_cache(maxsize=1024)
def _test_of(patterns: tuple[str, ...], role: str) -> Callable[[Parameter], bool]:
    means = ROLES.get(role, _none)
    if not patterns:
        return means
    path = _compiled(patterns).match
    return lambda parameter: any(map(path, parameter.paths)) and means(parameter)


def groups_of(optimizer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The groups of an optimizer's configuration; what is no group is left out."""
    given = optimizer.get("groups", ())
    return [group for group in given if isinstance(group, Mapping)] if isinstance(given, list | tuple) else []


def kinds_of(optimizer: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds of optimizers that step parameters: the network's own, then those that groups name."""
    named = (
        kind_of(group).name for group in groups_of(optimizer) if "kind" in group and group.get("frozen") is not True
    )
    return tuple(dict.fromkeys([kind_of(optimizer).name, *named]))


def share_out(optimizer: Mapping[str, Any], parameters: Iterable[Parameter]) -> list[Share]:
    """Every group with its parameters, in order, and the rest last; groups that get nothing are listed too."""
    groups = groups_of(optimizer)
    taken: list[list[Parameter]] = [[] for _ in range(len(groups) + 1)]
    tests = [(_test_of(patterns_of(group), str(group.get("role", "any"))), taken[k]) for k, group in enumerate(groups)]
    for parameter in parameters:
        for means, members in tests:
            if means(parameter):
                members.append(parameter)
                break
        else:
            taken[-1].append(parameter)
    base = kind_of(optimizer)
    shares = []
    for index, group in enumerate(groups):
        kind = kind_of(group) if "kind" in group else base
        values = {**(_given(base, optimizer) if kind is base else {}), **_given(kind, group)}
        frozen = group.get("frozen") is True
        shares.append(Share(index, kind, _filled(kind, values), frozen, tuple(taken[index])))
    shares.append(Share(REST, base, _filled(base, _given(base, optimizer)), False, tuple(taken[-1])))
    return shares


def _given(kind: OptimizerKind, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in kind.fields if name in values}


def _filled(kind: OptimizerKind, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values.get(name, field.default) for name, field in kind.fields.items()}


def frozen_values(shares: Sequence[Share]) -> int:
    """How many values the groups freeze."""
    return sum(share.numel for share in shares if share.frozen)


def frozen_layers(shares: Sequence[Share]) -> frozenset[str]:
    """The layers and blocks, by the ids on the way down, all of whose parameters are frozen."""
    held: set[str] = set()
    trained: set[str] = set()
    for share in shares:
        for parameter in share.parameters:
            parts = parameter.layer.split("/")
            places = trained if not share.frozen else held
            places.update("/".join(parts[:end]) for end in range(1, len(parts) + 1))
    return frozenset(held - trained)


def state_values(shares: Sequence[Share]) -> int:
    """How many values the optimizers keep once they have run."""
    return sum(share.numel * share.kind.state_per_parameter(share.values) for share in shares if not share.frozen)
