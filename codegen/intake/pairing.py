"""Lays records of several runs side by side, so that what depends on the batch, or on training, shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from codegen.intake.dialect_modules import MODES
from codegen.intake.record import Op, Scope, Value, values_in

COUNTER = "num_batches_tracked"  # the buffer in which batch norms count
OTHERWISE = "does other things in training; what is drawn is what it does in evaluation"


def pair_batches(scope: Scope, other: Scope) -> str:
    """Note in each value of ``scope`` its twin in a run at another batch size; why that cannot be, else nothing."""
    _pair_values(scope.args, other.args)
    _pair_values(scope.kwargs, other.kwargs)
    if len(scope.items) != len(other.items):
        return f"{scope.path or scope.kind} does other things at another batch size"
    for item, twin in zip(scope.items, other.items, strict=True):
        if isinstance(item, Scope) and isinstance(twin, Scope) and item.path == twin.path:
            if why := pair_batches(item, twin):
                return why
        elif isinstance(item, Op) and isinstance(twin, Op) and _sign(item) == _sign(twin):
            item.twin = twin
            _pair_values((item.args, item.kwargs, item.outs), (twin.args, twin.kwargs, twin.outs))
        else:
            return f"{scope.path or scope.kind} does other things at another batch size"
    return ""


def pair_again(scope: Scope, other: Scope) -> None:
    """Note in each call of ``scope`` the same one in a run on the same inputs; a fault where that does other things."""
    if [_sign(item) for item in scope.items] != [_sign(item) for item in other.items]:
        scope.fault = scope.fault or "does other things at every call"
        return
    _pair_values(scope.args, other.args)
    _pair_values(scope.kwargs, other.kwargs)
    for item, twin in zip(scope.items, other.items, strict=True):
        if isinstance(item, Scope) and isinstance(twin, Scope):
            pair_again(item, twin)
        elif isinstance(item, Op) and isinstance(twin, Op):
            item.twin = twin
            _pair_values((item.args, item.kwargs, item.outs), (twin.args, twin.kwargs, twin.outs))


def _pair_values(mine: object, theirs: object) -> None:
    for value, twin in zip(values_in(mine), values_in(theirs), strict=False):
        value.twin = twin


def pair_training(scope: Scope, other: Scope) -> dict[str, str]:
    """Note in each call of ``scope`` the same one in training; what modules do otherwise there, by their paths."""
    if scope.fault:
        return {}
    if other.fault:
        return {scope.path: f"{other.fault}, in training; what is drawn is what it does in evaluation"}
    mine, theirs = (list(_counted_out(one)) for one in (scope, other))
    if [_sign(item) for item in mine] == [_sign(item) for item in theirs]:
        found: dict[str, str] = {}
        for item, trained in zip(mine, theirs, strict=True):
            if isinstance(item, Scope) and isinstance(trained, Scope):
                found |= pair_training(item, trained)
            elif isinstance(item, Op) and isinstance(trained, Op):
                item.trained = trained
                if not _trains_alike(item, trained):
                    found[scope.path] = OTHERWISE
                if item.module is not None and (item.mode, trained.mode) != (False, True) and _has_modes(item.module):
                    mode = "training" if item.mode else "evaluation"
                    found[item.path] = f"is in {mode} mode whatever the network is in; its drawing follows the network"
        return found
    return {scope.path: OTHERWISE}


def _counted_out(scope: Scope) -> Iterator[Op | Scope]:
    """What a call did, but for counting batches, which only training does and nothing reads."""
    for item in scope.items:
        inputs = list(item.inputs()) if isinstance(item, Op) and item.module is None else []
        if not inputs or not all(value.path.endswith(COUNTER) for value in inputs):
            yield item


def _trains_alike(op: Op, trained: Op) -> bool:
    """Whether a call has the same numbers in both modes, but where its layer knows of modes."""
    if op.name.rpartition(".")[2].rstrip("_") in MODES:
        return True
    mine = [literals((one.args, one.kwargs)) for one in (op, op.twin) if one is not None]
    return literals((trained.args, trained.kwargs)) in mine and all(
        same_values(a.tensor, b.tensor)
        for a, b in zip(op.inputs(), trained.inputs(), strict=False)
        if a.fixed and b.fixed and a.shape == b.shape
    )


def _has_modes(module: nn.Module) -> bool:
    """Whether it matters to a layer which mode it is in."""
    return any(bool(getattr(module, name, None)) for name in ("p", "drop_prob", "dropout", "track_running_stats"))


def literals(part: Any) -> Any:
    """Arguments without their tensors, to be compared."""
    if isinstance(part, Value):
        return None
    if isinstance(part, tuple | list):
        return [literals(one) for one in part]
    if isinstance(part, dict):
        return {name: literals(one) for name, one in part.items()}
    return repr(part)


def same_values(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors of one shape hold the same; what is no number is the same as itself."""
    if one.layout != other.layout or one.layout != torch.strided:
        return False
    return bool(((one == other) | (one != one) & (other != other)).all())


def _sign(item: Op | Scope) -> tuple[str, str]:
    return (item.path, item.kind) if isinstance(item, Scope) else (item.path, item.name)


def same_run(one: Scope, other: Scope) -> bool:
    """Whether two runs on the same inputs did the very same: each call on the same values, and the same result."""
    return one.reads == other.reads and _told(one) == _told(other)


def _told(root: Scope) -> list[Any]:
    """Every call with its arguments, values by the calls that made them; then the result."""
    labels: dict[Value, str] = {}

    def tell(part: Any) -> Any:
        if isinstance(part, Value):
            known = labels.get(part) or f"{part.kind} {part.path}"
            return (known, part.tensor.tolist()) if part.kind == "constant" else known
        if isinstance(part, tuple | list):
            return [tell(one) for one in part]
        if isinstance(part, dict):
            return {name: tell(one) for name, one in part.items()}
        if isinstance(part, slice):
            return ("slice", tell(part.start), tell(part.stop), tell(part.step))
        return repr(part)

    lines: list[Any] = []
    for op in root.ops():
        lines.append((op.path, op.name, op.scope.path if op.scope else "", tell(op.args), tell(op.kwargs)))
        labels |= {value: f"{len(lines)}.{place}" for place, value in enumerate(op.outs)}
    return [*lines, tell(root.result)]
