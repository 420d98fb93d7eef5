"""An exported program as a live module: its graph runs again, each call inside of the module that had made it.

What an import records of a module that a person wrote, it records of this one, too. Modules are named as the file
says; where one of torch.nn was a single operator, and the layer made from its arguments does the same on random
values, it is that layer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from codegen.errors import Refusal, Unusable
from codegen.intake.archive import DTYPES, Program, read_program, sizes_of
from codegen.intake.dialect_aten import LEAVES, RECURRENT, SIZES, call
from codegen.intake.program_nodes import (
    argument,
    class_name,
    identifier,
    is_check,
    operator_of,
    outs_of,
    results,
    stack_of,
    user_inputs,
)
from codegen.intake.program_recurrent import checked, recurrent_layer

MOST_VALUES = 2**28


@dataclass
class _Call:
    """A call of a module: operators and calls inside, in order."""

    path: str
    kind: str
    key: str
    items: list[Any] = field(default_factory=list)


def load_program(path: Path) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """The module of a ``.pt2`` file, and inputs of the sizes that it was exported with. Raises Refusal or Unusable."""
    program = read_program(path)
    try:
        return _module(program), _inputs(program)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise Refusal(f"{path.name} cannot be run again: {type(error).__name__}: {reason}.") from error


def _inputs(program: Program) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    made = []
    for name in user_inputs(program):
        meta = program.graph["tensor_values"][name]
        sizes, dtype = sizes_of(meta), DTYPES[meta["dtype"]]
        total = 1
        for size in sizes:
            total *= size
        if total > MOST_VALUES:
            raise Unusable(f"The program's input {name} of {total:,} values is too large.")
        if dtype.is_floating_point:
            made.append(torch.randn(sizes, generator=generator).to(dtype))
        else:
            made.append(torch.randint(0, 2, sizes, generator=generator).to(dtype))
    return tuple(made)


# Building ---------------------------------------------------------------------------------------------------------


def _module(program: Program) -> nn.Module:
    root = _calls(program)
    builder = _Builder(program)
    made = builder.module(root)
    made.__dict__["values"] = {}
    for path, tensor in program.weights.items():
        builder.hold(made, path, tensor)
    builder.join(made)
    return made.eval()


def _calls(program: Program) -> _Call:
    """The calls of modules in each other, from what each operator says of where it was."""
    root = _Call("", "Model", "")
    open_calls = [root]
    for node in program.graph["nodes"]:
        if is_check(node):
            continue
        stack = stack_of(node)
        if stack is not None:
            if stack and not stack[0][1]:
                root.kind = stack[0][2]
            wanted = [entry for entry in stack if entry[1]]
            depth = 1
            while depth < len(open_calls) and depth <= len(wanted) and open_calls[depth].key == wanted[depth - 1][0]:
                depth += 1
            del open_calls[depth:]
            for key, path, kind in wanted[depth - 1 :]:
                inner = _Call(path, kind, key)
                open_calls[-1].items.append(inner)
                open_calls.append(inner)
        open_calls[-1].items.append(node)
    return root


class _Builder:
    """Makes modules, each class once by its name."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.made: dict[str, nn.Module] = {}
        self.classes: dict[str, type[nn.Module]] = {}
        self.graph_names: dict[str, str] = {}  # name in the graph -> path of the tensor
        self.constants: set[str] = set()
        for spec in program.signature["input_specs"]:
            for kind, label in (
                ("parameter", "parameter_name"), ("buffer", "buffer_name"), ("tensor_constant", "tensor_constant_name"),
            ):  # fmt: skip
                if kind in spec:
                    self.graph_names[spec[kind]["arg"]["name"]] = spec[kind][label]
                    if kind == "tensor_constant":
                        self.constants.add(spec[kind][label])

    def module(self, scope: _Call) -> nn.Module:
        """The module of a call, with what it runs."""
        steps: list[Callable[[Any, dict[str, Any]], None]] = []
        for item in scope.items:
            if isinstance(item, dict):
                steps.append(self._operator(item))
                continue
            cell = recurrent_layer(item.path, item.items, self.program.weights, self.graph_names)
            leaf = self._leaf(item) if cell is None else None
            if cell is not None:
                self.made.setdefault(item.path, cell[0])
                steps.append(cell[1](_value))
            elif leaf is not None:
                self.made.setdefault(item.path, leaf[0])
                steps.append(_leaf_step(item.path, *leaf[1:]))
            else:
                inner = self.module(item)
                self.made.setdefault(item.path, inner)
                steps.append(_call_step(inner, item.path))
        if scope.kind not in self.classes:
            self.classes[scope.kind] = type(class_name(scope.kind), (_Scope,), {})
        made: nn.Module = self.classes[scope.kind]()
        made.__dict__["steps"] = steps
        if not scope.path:
            made.__class__ = type(class_name(scope.kind), (_Root,), {"forward": self._forward()})
        return made

    def _forward(self) -> Callable[..., Any]:
        names = user_inputs(self.program)
        wanted = results(self.program)

        def forward(self: Any, *given: Tensor) -> Any:
            values = self.__dict__["values"]
            values.clear()
            values.update(zip(names, given, strict=True))
            for step in self.__dict__["steps"]:
                step(self, values)
            found = tuple(_value(self, values, name) for name in wanted)
            values.clear()
            return found[0] if len(found) == 1 else found

        taken = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        taken += [inspect.Parameter(identifier(n), inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names]
        forward.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
        return forward

    def hold(self, root: nn.Module, path: str, tensor: Tensor) -> None:
        """Put a tensor where its path says."""
        *way, name = path.split(".")
        owner = self._owner(root, way)
        if path in self.constants:
            # No weight: what the program computes with it never varies.
            owner.__dict__.setdefault("constants", {})[name] = tensor
        elif isinstance(tensor, nn.Parameter):
            owner.register_parameter(name, tensor)
        else:
            owner.register_buffer(name, tensor, persistent=path in self.program.lasting)

    def join(self, root: nn.Module) -> None:
        """Give every module its place, and the way to the values of a run."""
        for path, module in sorted(self.made.items()):
            *way, name = path.split(".")
            owner = self._owner(root, way)
            if owner._modules.get(name) is None:
                owner.add_module(name, module)
        root.__dict__["tensors"] = dict(self.graph_names)
        for module in root.modules():
            if isinstance(module, _Scope):
                module.__dict__["root"] = root

    def _owner(self, root: nn.Module, way: list[str]) -> nn.Module:
        here = root
        for depth, name in enumerate(way, 1):
            inner = here._modules.get(name)
            if inner is None:
                inner = self.made.get(".".join(way[:depth])) or _Holder()
                here.add_module(name, inner)
            here = inner
        return here

    def _operator(self, node: dict[str, Any]) -> Callable[[Any, dict[str, Any]], None]:
        name, arguments = operator_of(node)
        outs = [outs_of(out) for out in node["outputs"]]

        def run(module: Any, values: dict[str, Any]) -> None:
            a = {key: argument(arg, lambda given: _value(module, values, given)) for key, arg in arguments.items()}
            if name in RECURRENT:
                result = checked(name, a)
            else:
                result = SIZES[name[1:]](*a.values()) if name.startswith("+") else call(name, a, list(a))
            if not outs:
                return
            for out, part in zip(outs, [result] if len(outs) == 1 else result, strict=True):
                if isinstance(out, list):
                    values.update(zip(out, part, strict=True))
                else:
                    values[out] = part

        return run

    def _leaf(self, scope: _Call) -> tuple[nn.Module, str, str] | None:
        """The layer that a call of one operator was, with the names of what goes in and comes out; else None."""
        kind = scope.kind.rpartition(".")[2]
        if len(scope.items) != 1 or not isinstance(scope.items[0], dict) or kind not in LEAVES:
            return None
        if not scope.kind.startswith("torch.nn.modules."):
            return None
        node = scope.items[0]
        name, arguments = operator_of(node)
        subject = next((key for key in ("input", "self", "indices") if key in arguments), "")
        outs = [outs_of(out) for out in node["outputs"]]
        if name.startswith("+") or not subject or len(outs) != 1 or not isinstance(outs[0], str):
            return None
        fed = arguments[subject].get("as_tensor", {}).get("name")
        own = {path: t for path, t in self.program.weights.items() if path.rpartition(".")[0] == scope.path}
        if fed is None or fed in self.graph_names:
            return None
        example = self._example(fed)

        def value(given: str) -> Any:
            if given == fed:
                return example
            found = self.program.weights[self.graph_names[given]]
            if not any(tensor is found for tensor in own.values()):  # a tied one has the name of the first
                raise KeyError(given)
            return found

        try:
            a = {key: argument(arg, value) for key, arg in arguments.items()}
            made = LEAVES[kind](a)
            for path, tensor in own.items():
                part = path.rpartition(".")[2]
                if part in made._parameters and isinstance(tensor, nn.Parameter):
                    made._parameters[part] = tensor
                elif part in made._buffers:
                    made._buffers[part] = tensor
                else:
                    return None
            if any(t is not None and t.is_meta for t in (*made.parameters(), *made.buffers())):
                return None
            made.eval()
            quiet = a | dict.fromkeys([key for key in ("train", "training") if key in a], False)
            with torch.no_grad():
                same = torch.equal(made(example.clone()), call(name, {**quiet, subject: example.clone()}, list(a)))
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError):
            return None
        return (made, fed, outs[0]) if same else None

    def _example(self, name: str) -> Tensor:
        meta = self.program.graph["tensor_values"][name]
        sizes, dtype = sizes_of(meta), DTYPES[meta["dtype"]]
        generator = torch.Generator().manual_seed(1)
        if dtype.is_floating_point:
            return torch.randn(sizes, generator=generator).to(dtype)
        return torch.randint(0, 2, sizes, generator=generator).to(dtype)


class _Holder(nn.Module):
    """A module that is only on the way to others, or only holds tensors."""


class _Scope(nn.Module):
    """A module of the program: it runs its part of the graph on the values of the run."""

    def forward(self) -> Any:
        values = self.__dict__["root"].__dict__["values"]
        for step in self.__dict__["steps"]:
            step(self.__dict__["root"], values)
        return ()


class _Root(_Scope):
    """The whole; its forward is made for it."""


def _leaf_step(path: str, fed: str, out: str) -> Callable[[Any, dict[str, Any]], None]:
    def run(root: Any, values: dict[str, Any]) -> None:
        values[out] = root.get_submodule(path)(_value(root, values, fed))

    return run


def _call_step(inner: nn.Module, path: str) -> Callable[[Any, dict[str, Any]], None]:
    steps = inner.__dict__["steps"]

    def run(root: Any, values: dict[str, Any]) -> None:
        module = root.get_submodule(path)
        before, module.__dict__["steps"] = module.__dict__["steps"], steps  # a later call may do other things
        try:
            module()
        finally:
            module.__dict__["steps"] = before

    return run


def _value(root: Any, values: dict[str, Any], name: str) -> Any:
    if name in values:
        return values[name]
    path = root.__dict__["tensors"][name]
    owner, _, own = path.rpartition(".")
    module = root.get_submodule(owner)
    tables = (module._parameters, module._buffers, module.__dict__.get("constants", {}))
    return next(table[own] for table in tables if own in table)
