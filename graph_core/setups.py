"""The check of a network's set-up: the optimizer with its parameter groups, the schedule, the training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from graph_core.fields import Field, FieldError
from graph_core.groups import (
    GROUP,
    MOST_GROUPS,
    REST,
    Parameter,
    Share,
    groups_of,
    matches,
    matches_path,
    patterns_of,
    share_out,
)
from graph_core.jsontext import shown
from graph_core.optimizers import DEFAULT_KIND, KINDS, TRAINING, OptimizerKind, kind_of
from graph_core.problems import Finding
from graph_core.schedules import DEFAULT, check_schedule

MOST_ALIKE = 200  # paths that a pattern without a match is compared with
MOST_KNOWN = 256
_known: dict[int, tuple[Mapping[str, Any], tuple[Finding, ...]]] = {}  # by identity, which holding them keeps unique
# The group that takes what Muon cannot: its optimizer is the one that Muon's authors use for the rest.
REMAINDER: Mapping[str, Any] = {"role": "not-matrix", "kind": "AdamW"}


def setup_findings(setup: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What is wrong with a set-up by itself, remembered: a set-up is replaced as a whole where it changes."""
    known = _known.get(id(setup))
    if known is None or known[0] is not setup:
        if len(_known) > MOST_KNOWN:
            _known.clear()
        known = _known[id(setup)] = setup, tuple(check_setup(setup))
    return known[1]


def check_setup(setup: Mapping[str, Any], parameters: Sequence[Parameter] | None = None) -> Iterator[Finding]:
    """What is wrong with a network's optimizer and training set-up.

    With the network's ``parameters`` also what is wrong between the two: groups that match nothing, an optimizer that
    does not take their shapes. Without (a drawing with errors has none that one could count on) that is left unsaid.
    """
    optimizer = setup.get("optimizer", {})
    findings = list(_check_optimizer(optimizer))
    yield from findings
    if parameters is not None and not findings:
        yield from _check_groups(optimizer, parameters)
    training = {k: v for k, v in setup.get("training", {}).items() if k in TRAINING}
    schedule = training.pop("schedule", None)
    if isinstance(schedule, Mapping):
        yield from _check_schedule(schedule)
    elif schedule is not None:
        yield from _check("training", TRAINING, {"schedule": schedule}, "The training set-up")
    yield from _check("training", TRAINING, training, "The training set-up")


def _check_optimizer(given: Mapping[str, Any]) -> Iterator[Finding]:
    name = given.get("kind", DEFAULT_KIND)
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        yield Finding("optimizer", f"There is no optimizer {shown(name)}; choose one of {', '.join(KINDS)}", "kind")
        return
    own = {k: v for k, v in given.items() if k not in ("kind", "groups")}
    yield from _check("optimizer", kind.fields, own, kind.name)
    yield from _check_pairs(kind, given, kind.name, "")
    if "groups" not in given:
        return
    groups = given["groups"]
    if not isinstance(groups, list | tuple) or not all(isinstance(group, Mapping) for group in groups):
        yield Finding("group", "The optimizer's groups are no list of groups; remove them", "groups")
        return
    if len(groups) > MOST_GROUPS:
        yield Finding("group", f"The optimizer has {len(groups)} groups; {MOST_GROUPS} are enough", "groups")
        return
    for place, group in enumerate(groups):
        yield from _check_group(kind, given, groups, place, group)


def _check_group(
    base: OptimizerKind,
    optimizer: Mapping[str, Any],
    groups: Sequence[Mapping[str, Any]],
    place: int,
    group: Mapping[str, Any],
) -> Iterator[Finding]:
    owner, port = f"Group {place + 1}", f"groups.{place}"
    kind = kind_of(group) if "kind" in group else base
    fields = {**GROUP, **kind.fields}
    for name, value in group.items():
        without = [{k: v for k, v in one.items() if k != name or at != place} for at, one in enumerate(groups)]
        fix = _fix(f"Take {shown(name)} out of group {place + 1}", groups=without)
        if name not in fields:
            known = ", ".join(fields)
            yield Finding("group", f"{owner} has no field {shown(name)}; it has {known}", f"{port}.{name}", fix)
            continue
        try:
            fields[name].check(tuple(value) if isinstance(value, list) else value)
        except FieldError as error:
            yield Finding("group", f"{owner}: {str(error).rstrip('.')}", f"{port}.{name}", fix)
    values = {**(optimizer if kind is base else {}), **group}
    yield from _check_pairs(kind, values, owner, port, fixed=group.get("frozen") is True)
    others = [name for name in group if name in kind.fields or name == "kind"]
    if others and not base.grouped:
        without = [{k: v for k, v in one.items() if k not in others or at != place} for at, one in enumerate(groups)]
        yield Finding(
            "group",
            f"{owner} gives {', '.join(others)}, but {base.name} has one set of fields for all parameters; "
            "the group may only freeze",
            port,
            _fix(f"Take the fields out of group {place + 1}", groups=without),
        )


def _check_pairs(
    kind: OptimizerKind, given: Mapping[str, Any], owner: str, port: str, *, fixed: bool = False
) -> Iterator[Finding]:
    """Fields that torch only takes together: Nesterov's look ahead needs momentum, and none of it dampened."""
    if fixed or not {"nesterov", "dampening"} <= kind.fields.keys() or given.get("nesterov") is not True:
        return
    if not given.get("momentum"):
        hints = {} if port else {"set": {"momentum": 0.9}}
        yield Finding("optimizer", f"{owner} with nesterov needs a momentum above 0", port or "nesterov", hints)
    elif given.get("dampening"):
        hints = {} if port else {"set": {"dampening": 0}}
        yield Finding("optimizer", f"{owner} with nesterov needs a dampening of 0", port or "dampening", hints)


def _check_groups(optimizer: Mapping[str, Any], parameters: Sequence[Parameter]) -> Iterator[Finding]:
    groups = groups_of(optimizer)
    shares = share_out(optimizer, parameters) if parameters else []
    for share in shares:
        if share.index != REST:
            yield from _check_reach(groups, share, parameters)
    trained = [share for share in shares if not share.frozen and share.parameters]
    if parameters and not trained:
        first = next(share.index for share in shares if share.frozen and share.parameters)
        melted = [{k: v for k, v in g.items() if k != "frozen" or at != first} for at, g in enumerate(groups)]
        yield Finding(
            "frozen",
            f"All {sum(p.numel for p in parameters):,} parameters are frozen; leave some to train",
            "groups",
            _fix(f"Train group {first + 1}", groups=melted),
        )
    for share in trained:
        yield from _check_rank(groups, share)


def _check_reach(
    groups: Sequence[Mapping[str, Any]], share: Share, parameters: Sequence[Parameter]
) -> Iterator[Finding]:
    """A group that gets nothing, or a pattern that matches nothing."""
    number, port = share.index + 1, f"groups.{share.index}"
    group = groups[share.index]
    without = [one for at, one in enumerate(groups) if at != share.index]
    for pattern in patterns_of(group):
        if any(matches_path(pattern, path) for parameter in parameters for path in parameter.paths):
            continue
        near = _nearest(pattern, parameters)
        words = f"name {near}" if near else "name a layer or parameter that there is"
        fixes: dict[str, Any] = {}
        if near:
            renamed = [near if text == pattern else text for text in patterns_of(group)]
            mended = [{**one, "match": renamed} if at == share.index else one for at, one in enumerate(groups)]
            fixes = _fix(f"Change {shown(pattern)} to {near}", groups=mended)
        fixes = _fix(f"Remove group {number}", fixes, groups=without)
        yield Finding(
            "group", f"Group {number} names {shown(pattern)}, which matches no parameter; {words}", port, fixes
        )
        return
    if share.parameters:
        return
    meant = [parameter for parameter in parameters if matches(group, parameter)]
    if not meant:
        sentence = f"Group {number} matches no parameter of the role {group.get('role', 'any')}; remove the group"
        yield Finding("group", sentence, port, _fix(f"Remove group {number}", groups=without))
        return
    taker = next(at for at, one in enumerate(groups) if matches(one, meant[0]))
    moved = [*without[:taker], group, *without[taker:]]
    yield Finding(
        "group-order",
        f"Group {number} gets none of the {len(meant)} parameters it matches: groups before it take them; move it up",
        port,
        _fix(f"Move group {number} above group {taker + 1}", groups=moved),
    )


def _check_rank(groups: Sequence[Mapping[str, Any]], share: Share) -> Iterator[Finding]:
    """Muon and its like take parameters with a certain number of axes only."""
    if not share.kind.rank:
        return
    odd = [parameter for parameter in share.parameters if len(parameter.shape) != share.kind.rank]
    if not odd:
        return
    shape = "×".join(map(str, odd[0].shape)) or "a single value"
    more = f" and {len(odd) - 1} more are none either" if odd[1:] else ""
    yield Finding(
        "optimizer-shape",
        f"{share.kind.name} takes matrices, but {odd[0].path} is {shape}{more}; give them to {REMAINDER['kind']} "
        "in a group of their own",
        "groups",
        _fix(f"Give the rest to {REMAINDER['kind']}", groups=[dict(REMAINDER), *groups]),
    )


def _nearest(pattern: str, parameters: Sequence[Parameter]) -> str:
    """The layer or parameter whose path is most like a pattern; asked while it is typed, so it looks at few."""
    paths: dict[str, None] = {}
    for parameter in parameters:
        parts = parameter.path.split(".")
        for end in range(1, len(parts) + 1):
            path = ".".join(parts[:end])
            if path[:1] == pattern[:1]:
                paths[path] = None
        if len(paths) > MOST_ALIKE:
            break
    return next(iter(get_close_matches(pattern, paths, 1, 0.5)), "")


def _check_schedule(schedule: Mapping[str, Any]) -> Iterator[Finding]:
    """The kind, and then each field: a finding for each that is wrong."""
    kind = {name: value for name, value in schedule.items() if name == "kind"}
    for name, value in [("kind", schedule.get("kind", DEFAULT)), *schedule.items()]:
        try:
            check_schedule({**kind, name: value})
        except FieldError as error:
            kept = {k: v for k, v in schedule.items() if k != name and name != "kind"}
            fix = _fix(f"Set {shown(name)} of the schedule back", part="training", schedule=kept or None)
            yield Finding("schedule", str(error).rstrip("."), f"schedule.{name}", fix)
            if name == "kind":
                return


def _fix(
    title: str, before: Mapping[str, Any] | None = None, *, part: str = "optimizer", **values: Any
) -> dict[str, Any]:
    """Hints with one more fix: a title, and the fields of the set-up's part that it sets."""
    earlier = list((before or {}).get("setup", ()))
    return {"setup": [*earlier, {"title": title, "part": part, "values": values}]}


def _check(code: str, fields: Mapping[str, Field[Any]], given: Mapping[str, Any], owner: str) -> Iterator[Finding]:
    for name, value in given.items():
        if name not in fields:
            yield Finding(code, f"{owner} has no field {shown(name)}; it has {', '.join(fields)}", name)
            continue
        try:
            fields[name].check(value)
        except FieldError as error:
            yield Finding(code, f"{owner}: {str(error).rstrip('.')}", name)
