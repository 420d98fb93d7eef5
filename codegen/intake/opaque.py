"""What no layer stands for, kept as code that does not run: right shapes and weights, so that the rest is usable."""

from __future__ import annotations

from typing import Any

from torch import nn

from codegen.intake.dialect_modules import CUSTOM
from codegen.intake.record import Op, Scope, Value
from codegen.intake.steps import Ref, Unsupported
from graph_core.layer import BYTES
from graph_core.names import class_name_from

MOST_INPUTS, OUTPUTS = 8, ("y", "y1", "y2", "y3")

_CODE = '''class {name}(nn.Module):
    """{reason}."""

    def __init__(self) -> None:
        super().__init__()
{weights}
    def forward(self, *values: Tensor) -> Tensor:
        raise NotImplementedError("This is not in the drawing: it {reason}.")
'''


class TooWide(Exception):
    """What goes in or comes out is more, or of another kind, than an opaque node takes."""


def opaque_call(maker: Any, op: Op, name: str, reason: str) -> None:
    """An opaque node for one call of torch, or of a layer with its weights."""
    inputs = [value for value in dict.fromkeys(op.inputs()) if _can_be_given(maker, value)]
    outs = [value for value in op.outs if not value.fixed]
    module = op.module if op.path and maker._owns(op.path) else None
    attribute = maker.relative(op.path) if module is not None else ""
    _opaque(maker, attribute, class_name_from(f"opaque {name}"), reason, inputs, outs, module)


def _can_be_given(maker: Any, value: Value) -> bool:
    """Whether a value can come in by a wire; a constant that nobody can make stays inside."""
    try:
        maker.ref(value)
    except Unsupported:
        return not value.fixed
    return True


def opaque_scope(maker: Any, scope: Scope) -> None:
    """An opaque node for a whole call of a module."""
    inside = {value for op in scope.ops() for value in op.outs}
    inputs = [v for v in dict.fromkeys(v for op in scope.ops() for v in op.inputs()) if v not in inside]
    own = f"{scope.path}."
    inputs = [v for v in inputs if not v.fixed and not (v.kind == "weight" and v.path.startswith(own))]
    outs = maker.homes.exported[scope]
    _opaque(maker, maker.relative(scope.path), scope.kind, scope.fault, inputs, outs, scope.module)


def _opaque(
    maker: Any, attribute: str, kind: str, reason: str, inputs: list[Value], outs: list[Value], module: Any
) -> None:
    if not outs:
        return
    if len(inputs) > MOST_INPUTS or len(outs) > len(OUTPUTS) or not inputs:
        raise TooWide(
            f"{reason}; a node of code takes 1 to 8 tensors and gives 1 to 4, not {len(inputs)} and {len(outs)}"
        )
    strange = next((value.dtype for value in (*inputs, *outs) if value.dtype not in BYTES), "")
    if strange or not any(value.shape for value in inputs):
        raise TooWide(f"{reason}; no node of code takes {strange or 'single numbers alone'}")
    names = [f"{_letter(place)}" for place in range(len(inputs))]
    text = "".join(c if c.isalnum() or c in " .,:;()" else " " for c in reason)
    made = _CODE.format(name=kind, reason=text, weights=_weights_code(module) if module is not None else "")
    params: dict[str, Any] = {
        "code": made,
        "inputs": "; ".join(_axes(value, name) for value, name in zip(inputs, names, strict=True)),
        "outputs": "; ".join(f"{_sizes(value, inputs, names)}: {value.dtype}" for value in outs),
    }
    if module is not None:
        params["weights"] = "; ".join(_stated(module))
    earlier = maker.by_name.get(attribute) if attribute else None
    ports = {f"x{place}": value for place, value in enumerate(inputs)}
    ref = maker.add(CUSTOM, attribute if attribute and earlier is None else maker.free("opaque"), **ports, **params)
    assert ref.step is not None
    ref.step.use = earlier
    if attribute:
        maker.by_name.setdefault(attribute, ref.step)
    for port, value in zip(OUTPUTS, outs, strict=False):
        maker.bind(value, Ref(ref.step, port))


def _letter(place: int) -> str:
    return "abcdefgh"[place]


def _axes(value: Value, letter: str) -> str:
    """The axes of an input: a name for the batch's, else sizes."""
    varying = value.varies()
    return ", ".join(f"N{letter}{axis}" if axis in varying else str(size) for axis, size in enumerate(value.shape))


def _sizes(value: Value, inputs: list[Value], names: list[str]) -> str:
    """The sizes of an output, those that depend on the batch in terms of an input's axis."""
    sizes: list[str] = []
    for axis, size in enumerate(value.shape):
        if axis not in value.varies():
            sizes.append(str(size))
            continue
        known = next(
            (
                (f"N{letter}{place}", given.shape[place])
                for given, letter in zip(inputs, names, strict=True)
                for place in given.varies()
            ),
            None,
        )
        if known is None:
            raise TooWide("makes a size of the batch, which nothing that comes in has")
        if size == known[1]:
            sizes.append(known[0])
        elif size % known[1] == 0:
            sizes.append(f"{size // known[1]} * {known[0]}")
        else:
            sizes.append(f"{known[0]} * {size} // {known[1]}")
    return ", ".join(sizes)


def _tensors(module: nn.Module) -> list[tuple[str, Any]]:
    return [*module.named_parameters(), *((name, b) for name, b in module.named_buffers() if _kept(module, name))]


def _kept(module: nn.Module, path: str) -> bool:
    owner, _, name = path.rpartition(".")
    return name not in module.get_submodule(owner)._non_persistent_buffers_set


def _stated(module: nn.Module) -> list[str]:
    lines = []
    for name, tensor in _tensors(module):
        kind = "" if isinstance(tensor, nn.Parameter) else "buffer "
        lines.append(f"{kind}{name}: {', '.join(map(str, tensor.shape))}")
    return lines


def _weights_code(module: nn.Module) -> str:
    """Constructor lines that make the weights of a module under their paths, and nothing else."""
    lines: list[str] = []
    made: set[str] = set()
    for path, tensor in _tensors(module):
        *way, name = path.split(".")
        for depth in range(1, len(way) + 1):
            owner = ".".join(way[:depth])
            if owner not in made:
                made.add(owner)
                above = f'self.get_submodule("{".".join(way[: depth - 1])}")' if depth > 1 else "self"
                lines.append(f'{above}.add_module("{way[depth - 1]}", nn.Module())')
        owner = f'self.get_submodule("{".".join(way)}")' if way else "self"
        dtype = str(tensor.dtype)
        value = f"torch.zeros({tuple(tensor.shape)}, dtype={dtype})"
        if isinstance(tensor, nn.Parameter):
            lines.append(f'{owner}.register_parameter("{name}", nn.Parameter({value}))')
        else:
            lines.append(f'{owner}.register_buffer("{name}", {value})')
    return "".join(f"        {line}\n" for line in lines)
