"""Which modules a drawing has a layer for, and with which parameters: read off torch's own constructors.

A module is taken for a layer only where nothing of it would be lost: its class is exactly torch's, no hook changes
what it does, and each argument of its constructor is one that the declaration knows, or has its default.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from torch import Tensor, nn

from codegen.intake.dialect_modules import ARGUMENTS, DROPS, IGNORED, TURNED
from graph_core.fields import Axes, Field, FieldError, Fixed, PerAxis, Single
from graph_core.layer import Function, Layer, Method, Module, layer_types


@dataclass(frozen=True)
class Leaf:
    """A layer type and the parameters that differ from its defaults."""

    type: str
    params: dict[str, Any]
    turned: bool = False  # its batch is the second axis


@lru_cache(maxsize=1)
def _known() -> dict[type[nn.Module], str]:
    """The class of torch.nn for each layer type that is spelled as one."""
    found: dict[type[nn.Module], str] = {}
    for name, declaration in layer_types().items():
        spelling = declaration.torch
        path = ""
        if isinstance(spelling, Module) and not spelling.preamble:
            path = spelling.name
        elif isinstance(spelling, Function | Method):
            path = spelling.module
        kind = getattr(nn, path.removeprefix("nn."), None) if path else None
        if kind is not None:
            found[kind] = name
    return found


def leaf_of(module: nn.Module) -> Leaf | None:
    """The layer that a module is, or None where it is none, or more than one."""
    # Packages say whose it is in front of the name: SwinDropPath.
    drop = next((drop for name, drop in DROPS.items() if type(module).__name__.endswith(name)), None)
    if drop is not None and type(module).__module__.split(".")[0] in drop.packages and not list(module.children()):
        return Leaf(drop.type, {name: getattr(module, attribute) for name, attribute in drop.params.items()})
    name = _known().get(type(module))
    if name is None or "forward" in vars(module) or _hooked(module):
        return None
    declaration = layer_types()[name]
    turned = name in TURNED and not module.batch_first
    try:
        params = _params(declaration, module, but={"batch_first"} if turned else set())
    except (FieldError, AttributeError):
        return None
    return Leaf(name, params, turned) if params is not None else None


def _hooked(module: nn.Module) -> bool:
    hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks)
    given = [value for name, value in vars(module).items() if isinstance(value, Tensor)]
    return any(hooks) or bool(given)


def _params(declaration: type[Layer], module: nn.Module, but: set[str]) -> dict[str, Any] | None:
    fields = {field.argument: (name, field) for name, field in declaration.fields.items()}
    params: dict[str, Any] = {}
    taken = _constructor(type(module))
    for name, argument in taken.items():
        if name in IGNORED | but or name.startswith("_") or argument.kind is argument.VAR_KEYWORD:
            continue
        key = (declaration.__name__, name) if (declaration.__name__, name) in ARGUMENTS else ("", name)
        read = ARGUMENTS.get(key)
        if name not in fields and argument.default is inspect.Parameter.empty:
            continue  # it follows the wire
        value = read(module) if read else getattr(module, name)
        if name not in fields:
            if value != argument.default:
                return None
            continue
        own, field = fields[name]
        plain = _plain(field, value)
        field.resolve(plain, {})
        if not isinstance(field, Fixed):
            params[own] = plain
    for name, field in declaration.fields.items():
        if not field.emit:
            read = ARGUMENTS.get((declaration.__name__, name))
            if read:
                params[name] = read(module)
        elif field.argument not in taken and hasattr(module, field.argument):  # a keyword that the constructor pops
            params[name] = _plain(field, getattr(module, field.argument))
    return params


def _constructor(kind: type[nn.Module]) -> Mapping[str, inspect.Parameter]:
    """The arguments of a class's constructor; of a base where it only passes them on, as recurrent layers do."""
    own = inspect.signature(kind.__init__).parameters
    passes = any(argument.kind is argument.VAR_POSITIONAL for argument in own.values())
    if not passes or kind.__mro__[1] is nn.Module:
        return own
    extra = {name: argument for name, argument in own.items() if argument.kind is argument.KEYWORD_ONLY}
    return {**_constructor(kind.__mro__[1]), **extra}


def _plain(field: Field[Any], value: Any) -> Any:
    """A value as a drawing stores it: one number where all of several are equal."""
    if isinstance(field, Single) and isinstance(value, tuple | list) and len(value) == 1:
        return value[0]
    if isinstance(field, PerAxis) and isinstance(value, tuple | list) and len(set(value)) == 1:
        return value[0]
    if isinstance(field, Axes) and field.single and isinstance(value, tuple | list):
        return value[0]
    return list(value) if isinstance(value, tuple) else value


def bound(module: nn.Module, declaration: type[Layer], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """What goes in at each inlet of a layer that is called so; raises ValueError where it takes something else."""
    spelling = declaration.torch
    given = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    takes = spelling.takes if isinstance(spelling, Module) else ()
    found: dict[str, Any] = {}
    if not takes:
        values = [value for value in given.values() if value is not None]
        if len(values) != 1:
            raise ValueError("is called with more than its input")
        return {next(iter(declaration.inlets)): values[0]}
    rest = dict(given)
    for item in takes:
        if isinstance(item, str) and "=" in item:
            keyword, _, port = item.partition("=")
            value = rest.pop(keyword, None)
            found |= {port: value} if value is not None else {}
            continue
        if not rest:
            break
        value = rest.pop(next(iter(rest)))
        if isinstance(item, tuple):
            found |= dict(zip(item, value, strict=True)) if value is not None else {}
        elif value is not None:
            found[item] = value
    if set(rest) - {"need_weights", "average_attn_weights", "is_causal"}:
        raise ValueError(f"is called with {', '.join(rest)}, which its layer does not take")
    return found
