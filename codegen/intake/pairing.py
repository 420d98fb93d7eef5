"""Lays records of several runs side by side, so that what depends on the batch, or on training, shows."""

from __future__ import annotations

from codegen.intake.record import Op, Scope, values_in


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
        elif isinstance(item, Op) and isinstance(twin, Op) and item.name == twin.name:
            item.twin = twin
            _pair_values((item.args, item.kwargs, item.outs), (twin.args, twin.kwargs, twin.outs))
        else:
            return f"{scope.path or scope.kind} does other things at another batch size"
    return ""


def _pair_values(mine: object, theirs: object) -> None:
    for value, twin in zip(values_in(mine), values_in(theirs), strict=False):
        value.twin = twin


def pair_training(scope: Scope, other: Scope) -> list[str]:
    """Note in each call of ``scope`` the same one in training; the paths of modules that do other things there."""
    if [_sign(item) for item in scope.items] == [_sign(item) for item in other.items]:
        found: list[str] = []
        for item, trained in zip(scope.items, other.items, strict=True):
            if isinstance(item, Scope) and isinstance(trained, Scope):
                found += pair_training(item, trained)
            elif isinstance(item, Op) and isinstance(trained, Op):
                item.trained = trained
        return found
    return [scope.path]


def _sign(item: Op | Scope) -> tuple[str, str]:
    return (item.path, item.kind) if isinstance(item, Scope) else (item.path, item.name)
