"""Runs a module once, recorded: with its modules' calls told apart, and everything as it was afterwards."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from codegen.intake.pairing import same_run
from codegen.intake.record import Op, Scope, Value
from codegen.intake.state import undisturbed
from codegen.intake.trace import Recorder, changed_in_place

MOST_READS = 4  # so many answers of the data are looked into


def record(
    module: nn.Module,
    inputs: tuple[Any, ...],
    is_layer: Callable[[nn.Module], bool],
    *,
    training: bool = False,
    open_layers: frozenset[int] = frozenset(),
) -> Scope:
    """The record of ``module(*inputs)``; parameters and buffers are as before, and so is torch's random state.

    ``is_layer`` tells which modules are recorded as one call; those of ``open_layers`` (by identity) as the calls that
    they make, as if their caller had made them. Raises whatever the module raises.
    """

    kept = list(_caches(module))

    def run(idle: frozenset[int] = frozenset(), turned: int = -1) -> Scope:
        for cache in kept:  # what a function made for an earlier call is made in every run
            cache.cache_clear()
        try:
            return _record(module, inputs, is_layer, training, open_layers, idle, turned, grad=True)
        except Exception:  # what runs without gradients only, changes a weight in place, say
            return _record(module, inputs, is_layer, training, open_layers, idle, turned, grad=False)

    root = run()
    # What the data answers may lead to a warning only: then nothing is otherwise with the other answer.
    idle = frozenset(place for place in range(root.reads) if place < MOST_READS and _decides_nothing(root, run, place))
    return run(idle) if idle else root


def _caches(module: nn.Module) -> Iterator[Any]:
    """The functions beside the classes of a module that keep what they made for earlier calls (lru_cache)."""
    kinds = {type(child) for child in module.modules()}
    homes = {kind.__module__ for kind in kinds if not kind.__module__.startswith("torch.")}
    spaces = [vars(kind) for kind in kinds] + [vars(sys.modules[name]) for name in homes if name in sys.modules]
    for space in spaces:
        for part in list(space.values()):
            yield from _caches_in(part)


def _caches_in(part: Any, depth: int = 2) -> Iterator[Any]:
    if isinstance(part, functools._lru_cache_wrapper):
        yield part
    elif isinstance(part, types.FunctionType) and depth:
        for cell in part.__closure__ or ():
            with contextlib.suppress(ValueError):  # a cell that is still empty
                yield from _caches_in(cell.cell_contents, depth - 1)


def _decides_nothing(root: Scope, run: Callable[..., Scope], place: int) -> bool:
    try:
        return same_run(root, run(turned=place))
    except Exception:  # whatever a person's own code raises on the other way
        return False


def _record(
    module: nn.Module,
    inputs: tuple[Any, ...],
    is_layer: Callable[[nn.Module], bool],
    training: bool,
    open_layers: frozenset[int],
    idle: frozenset[int],
    turned: int,
    *,
    grad: bool,
) -> Scope:
    given = tuple(part.detach().clone() if isinstance(part, Tensor) else part for part in inputs)
    with undisturbed(module, training, grad=grad) as traces:
        recorder = Recorder(module, is_layer, open_layers, lengths=grad)
        recorder.idle, recorder.turned = idle, turned
        for number, tensor in enumerate(t for t in given if isinstance(t, Tensor)):
            recorder.learn(Value(tensor, "input", str(number), grows=tensor.is_floating_point()))
        recorder.root.args = recorder.given(given)
        recorder.hooked(module)
        with _scopes(recorder), _own_gradients(recorder), recorder:
            result = module(*given)
            recorder.root.result = recorder.given(result)
    recorder.root.lost = lost_in(result)
    recorder.root.changes = [n for n, part in enumerate(given) if isinstance(part, Tensor) and changed_in_place(part)]
    recorder.root.remembers = traces.remembers
    recorder.close(traces)
    return recorder.root


def lost_in(part: Any) -> list[str]:
    """The kinds of what is returned beside tensors."""
    if part is None or isinstance(part, Tensor):
        return []
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        return [kind for field in dataclasses.fields(part) for kind in lost_in(getattr(part, field.name))]
    if isinstance(part, dict):
        return [kind for one in part.values() for kind in lost_in(one)]
    if isinstance(part, tuple | list):
        return [kind for one in part for kind in lost_in(one)]
    return [type(part).__name__]


@contextlib.contextmanager
def _scopes(recorder: Recorder) -> Iterator[None]:
    original: Callable[..., Any] = nn.Module.__call__

    def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        return recorder.enter(original, module, args, kwargs)

    nn.Module.__call__ = call  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.__call__ = original  # type: ignore[method-assign]


@contextlib.contextmanager
def _own_gradients(recorder: Recorder) -> Iterator[None]:
    """Functions with a gradient of a person's own are recorded as one call that cannot be drawn."""
    base = torch.autograd.Function
    original = base.__dict__["apply"]

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        def run() -> Any:
            return original.__get__(None, cls)(*args, **kwargs)

        if recorder.quiet:
            return run()
        op = Op(cls.__name__, (), {}, fault=f"computes its own gradient in {cls.__name__}")
        return recorder.called(op, run, args, kwargs)

    base.apply = classmethod(apply)  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        base.apply = original  # type: ignore[method-assign]
