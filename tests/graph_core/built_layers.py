"""Builds what a declaration spells in torch, and calls it: a small reading of Module, Function, Method, Operator."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional
from torch import Tensor, nn

from graph_core.fields import Axes, Field, SameAs, Single
from graph_core.layer import Facts, Function, Held, Layer, Method, Module, Operator, Phrase

SPACE: dict[str, Any] = {"torch": torch, "nn": nn, "F": nn.functional, "Tensor": Tensor}
SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "@": operator.matmul}


def spelled(name: str, preamble: str = "") -> Any:
    """What a dotted name means in an emitted file."""
    space = dict(SPACE)
    exec(preamble, space)
    first, *rest = name.split(".")
    found = space[first]
    for part in rest:
        found = getattr(found, part)
    return found


def plain(field: Field[Any], value: Any) -> Any:
    """The value as torch takes it: tuples of one where the parameter has one axis are that one."""
    return value[0] if isinstance(field, Single) or (isinstance(field, Axes) and len(value) == 1) else value


def arguments(layer: Layer) -> tuple[list[Any], dict[str, Any]]:
    """Required parameters by position, and by keyword those that differ from torch's default."""
    by_position, by_keyword = [], {}
    for name, field in layer.fields.items():
        value = layer.values[name]
        default = field.torch_default
        if not field.emit:
            continue
        if field.spread:
            by_position += value
            continue
        if field.required:
            by_position.append(plain(field, value))
        elif value != (layer.values[default.name] if isinstance(default, SameAs) else default):
            by_keyword[field.argument] = plain(field, value)
    return by_position, by_keyword


def make(layer: Layer, facts: Facts) -> nn.Module | None:
    """The module of a layer that is spelled as one; made on torch's default device."""
    if isinstance(layer.torch, Held):
        return Holder(phrase(layer, {}))
    if not isinstance(layer.torch, Module):
        return None
    by_position, by_keyword = arguments(layer)
    spelling = layer.spelling_for(layer.values)
    return spelled(spelling.name, spelling.preamble)(*facts.follows.values(), *by_position, **by_keyword)


class Holder(nn.Module):
    """A module that holds one tensor, known by the empty name as the weight of a layer spelled as Held is."""

    def __init__(self, tensor: Tensor) -> None:
        super().__init__()
        self.held = tensor

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"": self.held}  # a buffer that is not persistent, too: a drawing keeps it with its weights

    def named_buffers(self, *args: Any, **kwargs: Any) -> Any:
        return [] if isinstance(self.held, nn.Parameter) else [("", self.held)]

    def forward(self) -> Tensor:
        return self.held


def phrase(layer: Layer, tensors: Mapping[str, Tensor]) -> Any:
    """The value of a phrase, of tensors and parameters by their names."""
    spelling = layer.spelling_for(layer.values)
    assert isinstance(spelling, Phrase | Held)
    values = {name: plain(field, layer.values[name]) for name, field in layer.fields.items()}
    unwired = dict.fromkeys(layer.inlets)
    training = type("Training", (), {"training": False})
    return eval(spelling.text, {**SPACE, "self": training}, {**values, **unwired, **tensors})


def taken(takes: tuple[Any, ...], tensors: Mapping[str, Tensor]) -> tuple[list[Any], dict[str, Tensor]]:
    """What ``takes`` says, by position and by keyword, of the wired tensors."""
    by_position: list[Any] = []
    by_keyword: dict[str, Tensor] = {}
    for part in takes:
        if isinstance(part, tuple):
            inner, _ = taken(part, tensors)
            by_position += [tuple(inner)] if inner else []
        elif "=" in part:
            keyword, port = part.split("=")
            if port in tensors:
                by_keyword[keyword] = tensors[port]
        elif part in tensors:
            by_position.append(tensors[part])
    return by_position, by_keyword


def call(layer: Layer, module: nn.Module | None, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors at the outlets, by name."""
    spelling = layer.spelling_for(layer.values)
    values = list(tensors.values())
    if isinstance(spelling, Phrase):
        return named(tuple(layer.outlets), phrase(layer, tensors))
    if isinstance(spelling, Held):
        assert module is not None
        return named(tuple(layer.outlets), module())
    if isinstance(spelling, Operator):
        return named(tuple(layer.outlets), SIGNS[spelling.sign](*values))
    if isinstance(spelling, Method):
        by_position, by_keyword = arguments(layer)
        if spelling.spread:
            by_position = [size for part in by_position for size in (part if isinstance(part, tuple) else (part,))]
        if spelling.first:
            by_position.insert(0, eval(spelling.first.format(x="x"), {"x": values[0]}))
        return named(tuple(layer.outlets), getattr(values[0], spelling.name)(*values[1:], *by_position, **by_keyword))
    assert isinstance(spelling, Module | Function)
    takes, keywords = taken(spelling.takes, tensors) if spelling.takes else (values, {})
    if isinstance(spelling, Module):
        assert module is not None
        constants = {name: eval(value, {}) for name, value in spelling.call}
        return named(spelling.returns or tuple(layer.outlets), module(*takes, **keywords, **constants))
    by_position, by_keyword = arguments(layer)
    inputs = [takes] if spelling.as_list else takes
    return named(tuple(layer.outlets), spelled(spelling.name)(*inputs, *by_position, **keywords, **by_keyword))


def named(returns: tuple[Any, ...], result: Any) -> dict[str, Tensor]:
    """The result's parts by the names in ``returns``, which nests as the result does; ``_`` is left out."""
    if len(returns) == 1 and not isinstance(result, tuple):
        result = (result,)
    found: dict[str, Tensor] = {}
    for name, value in zip(returns, result, strict=True):
        if isinstance(name, tuple):
            found |= named(name, value)
        elif name != "_":
            found[name] = value
    return found
