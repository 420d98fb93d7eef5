"""Edits of a network's set-up: optimizer, parameter groups, schedule. Each is one edit, named, with an inverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph_core import edits
from graph_core.graph import EditError, Project
from graph_core.groups import MOST_GROUPS, REST, groups_of, parameters_of, share_out
from graph_core.optimizers import KINDS
from graph_core.propagate import engine_of
from graph_core.schedules import SCHEDULES, schedule_values


def set_kind(project: Project, network: str, kind: str) -> None:
    """Choose the kind of the optimizer; fields that it does not have go, those of the groups too."""
    if kind not in KINDS:
        raise EditError(f"There is no optimizer {kind[:60]}; choose one of {', '.join(KINDS)}.")
    old = project.setup(network).get("optimizer", {})
    values = {name: None for name in old if name not in ("kind", "groups") and name not in KINDS[kind].fields}
    groups = [_fitting(group, kind) for group in groups_of(old)]
    with project.editing(f"Set the optimizer to {kind}"):
        edits.set_setup(project, network, "optimizer", {**values, "kind": kind, "groups": groups or None})


def _fitting(group: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A group without the fields that its optimizer lacks; where groups may not differ it only freezes."""
    if not KINDS[kind].grouped:
        return {name: value for name, value in group.items() if name in ("match", "role", "frozen")}
    own = KINDS.get(str(group.get("kind", kind)), KINDS[kind])
    known = {name for one in KINDS.values() for name in one.fields} - set(own.fields)
    return {name: value for name, value in group.items() if name not in known}


def add_group(project: Project, network: str, group: Mapping[str, Any] | None = None) -> int:
    """Add a parameter group, last; returns its place. Without one given, it names a layer that no group has yet."""
    groups = _groups(project, network)
    if len(groups) >= MOST_GROUPS:
        raise EditError(f"The optimizer has {len(groups)} groups; {MOST_GROUPS} are enough.")
    made = dict(group) if group is not None else _next_group(project, network)
    _write(project, network, [*groups, made], "Add a parameter group")
    return len(groups)


def _next_group(project: Project, network: str) -> dict[str, Any]:
    """A group of the first layer that belongs to the rest."""
    optimizer = project.setup(network).get("optimizer", {})
    shares = share_out(optimizer, parameters_of(engine_of(project).root(network)))
    left = next(share.parameters for share in shares if share.index == REST)
    return {"match": [left[0].path.rpartition(".")[0]]} if left else {"match": ["*"]}


def remove_group(project: Project, network: str, place: int) -> None:
    """Remove the parameter group at a place, from 0."""
    groups = _groups(project, network, place)
    _write(project, network, [*groups[:place], *groups[place + 1 :]], f"Remove parameter group {place + 1}")


def move_group(project: Project, network: str, place: int, to: int) -> None:
    """Move a parameter group to another place: each parameter belongs to the first that matches it."""
    groups = _groups(project, network, place)
    _groups(project, network, to)
    moved = [*groups[:place], *groups[place + 1 :]]
    moved.insert(to, groups[place])
    _write(project, network, moved, f"Move parameter group {place + 1}")


def set_group(project: Project, network: str, place: int, values: Mapping[str, Any]) -> None:
    """Set fields of a parameter group; None removes one. Another kind takes the fields with it that it lacks."""
    groups = _groups(project, network, place)
    group = {name: value for name, value in {**groups[place], **values}.items() if value is not None}
    if "kind" in values:
        base = str(project.setup(network).get("optimizer", {}).get("kind", "AdamW"))
        group = _fitting(group, base if base in KINDS else "AdamW")
    title = f"Set {', '.join(values)} of parameter group {place + 1}"
    _write(project, network, [*groups[:place], group, *groups[place + 1 :]], title)


def set_schedule(project: Project, network: str, values: Mapping[str, Any]) -> None:
    """Set the kind of the schedule, or fields of it (None: the default). Another kind begins with its defaults."""
    now = project.setup(network).get("training", {}).get("schedule")
    given = dict(now) if isinstance(now, Mapping) else {"kind": schedule_values(now)["kind"]}
    kind = str(values.get("kind", given.get("kind")))
    if kind not in SCHEDULES:
        raise EditError(f"There is no schedule {kind[:60]}; choose one of {', '.join(SCHEDULES)}.")
    if kind != given.get("kind"):
        given = {"kind": kind}
    given = {name: value for name, value in {**given, **values}.items() if value is not None}
    title = f"Set the schedule to {kind}" if "kind" in values else f"Set {', '.join(values)} of the schedule"
    with project.editing(title):
        edits.set_setup(project, network, "training", {"schedule": given if len(given) > 1 else kind})


def _groups(project: Project, network: str, place: int = -1) -> list[dict[str, Any]]:
    groups = [dict(group) for group in groups_of(project.setup(network).get("optimizer", {}))]
    if place >= len(groups):
        raise EditError(f"There is no parameter group {place + 1}; there are {len(groups)}.")
    return groups


def _write(project: Project, network: str, groups: Sequence[Mapping[str, Any]], title: str) -> None:
    with project.editing(title):
        edits.set_setup(project, network, "optimizer", {"groups": list(groups) or None})
