"""The dialect of what is computed at each place by itself: arithmetic, comparisons, logic, functions of mathematics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from codegen.intake.bodies import Maker
from codegen.intake.dialect_functional import given
from codegen.intake.pairing import literals, same_values
from codegen.intake.record import Op, Value
from codegen.intake.steps import Ref, Unsupported
from graph_core.layer import layer_types

Call = Callable[[Maker, Op], None]

# Operation of two tensors -> its layer; with a number, the phrase with that number behind or before.
_ARITHMETIC: Mapping[str, str] = {"+": "Add", "-": "Sub", "*": "Mul", "/": "Div"}
_TURNED: Mapping[str, str] = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
_WHOLE = frozenset(["+", "-", "*", "//", "%"])


def number(value: Any) -> float | None:
    """A plain number, or a tensor without axes that is always the same."""
    if isinstance(value, bool | int | float):
        return float(value) if not isinstance(value, int) else int(value)
    if isinstance(value, Value) and value.fixed and value.tensor.numel() == 1 and not value.shape:
        item = steady(value).item()
        return item if isinstance(item, int | float) else None
    return None


def steady(value: Value) -> Tensor:
    """The tensor of a value that never varies; refuses one whose values depend on the size of the batch."""
    if value.twin is not None and not same_values(value.tensor, value.twin.tensor):
        raise Unsupported("reads a constant that depends on the batch, or is another at every call")
    return value.tensor


def same_numbers(op: Op) -> None:
    """Refuse a call whose plain numbers depend on the size of the batch."""
    if op.twin is not None and literals((op.args, op.kwargs)) != literals((op.twin.args, op.twin.kwargs)):
        raise Unsupported("is called with a number that depends on the batch, or is another at every call")


def operands(op: Op) -> tuple[Any, Any]:
    """The two sides of an operation, in the order of its sign."""
    named = [op.kwargs[name] for name in ("input", "other", "exponent") if name in op.kwargs]
    sides = (*op.args, *named)[:2]
    if len(sides) != 2 or len(op.args) > 2:
        raise Unsupported("is called with other than two values")
    a, b = sides
    turned = op.name.rpartition(".")[2].startswith("__r") or op.name.endswith(".rsub")
    return (b, a) if turned else (a, b)


def as_float(maker: Maker, x: Value) -> Value | Ref:
    """A tensor as torch takes whole numbers and masks where it computes with floats."""
    return x if x.tensor.is_floating_point() else maker.add("Cast", x=x, dtype="float32")


def with_number(maker: Maker, x: Value, operation: str, value: float, sign: str) -> Ref:
    """One step of arithmetic of a tensor with a number; whole numbers stay whole where torch keeps them so."""
    if x.tensor.is_complex():
        raise Unsupported("computes with complex numbers")
    stem = "scaled" if sign in "*/" else "raised" if sign == "**" else "shifted"
    if not x.tensor.is_floating_point() and isinstance(value, int) and sign in _WHOLE:
        whole: Value | Ref = x if x.dtype in ("int64", "int32") else maker.add("Cast", x=x, dtype="int64")
        if operation not in layer_types()["WithInteger"].fields["operation"].options:  # type: ignore[attr-defined]
            raise Unsupported("divides a number by whole numbers")
        return maker.add("WithInteger", maker.free(stem), x=whole, operation=operation, number=value)
    if operation in ("number ** x", "number // x", "number % x"):
        raise Unsupported("takes a tensor as the power or the divisor of a number")
    return maker.add("WithNumber", maker.free(stem), x=as_float(maker, x), operation=operation, number=value)


def _binary(sign: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        kwargs = dict(op.kwargs)
        alpha, rounding = kwargs.pop("alpha", 1), kwargs.pop("rounding_mode", None)
        a, b = operands(op)
        left, right = number(a), number(b)
        own = {None: sign, "floor": "//", "trunc": "/"}.get(rounding, sign)
        ref = _factored(maker, op, a, b, left, right, own, alpha)
        if rounding == "trunc":
            if not op.outs[0].tensor.is_floating_point():
                raise Unsupported("divides whole numbers towards zero")
            ref = maker.add("Map", x=ref, function="trunc")
        maker.bind(op.outs[0], ref)

    return call


def _factored(
    maker: Maker, op: Op, a: Any, b: Any, left: float | None, right: float | None, sign: str, alpha: float
) -> Ref:
    """a sign (alpha · b)."""
    if left is not None or right is not None:
        same_numbers(op)
        tensor = b if left is not None else a
        if not isinstance(tensor, Value):
            raise Unsupported("is called with what is neither a tensor nor a number")
        if left is not None and alpha != 1:
            raise Unsupported("is called with a factor")
        value = left if left is not None else right if alpha == 1 else (right or 0) * alpha
        assert value is not None
        if sign == "+" or (sign == "*" and left is not None):
            return with_number(maker, tensor, f"x {sign} number", value, sign)
        operation = f"number {sign} x" if left is not None else f"x {sign} number"
        return with_number(maker, tensor, operation, value, sign)
    if not (isinstance(a, Value) and isinstance(b, Value)):
        raise Unsupported("is called with what is neither a tensor nor a number")
    other: Value | Ref = b if alpha == 1 else with_number(maker, b, "x * number", alpha, "*")
    if sign in _ARITHMETIC:
        return maker.add(_ARITHMETIC[sign], a=a, b=other)
    function = {"//": "floor_divide", "%": "remainder", "**": "pow"}[sign]
    return paired(maker, function, a, b)


def paired(maker: Maker, function: str, a: Value | Ref, b: Value | Ref) -> Ref:
    """A function of two tensors of real numbers."""
    for one in (a, b):
        if isinstance(one, Value) and not one.tensor.is_floating_point():
            raise Unsupported("computes with two tensors of whole numbers")
    return maker.add("Pairwise", a=a, b=b, function=function)


def _pair(function: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a, b = operands(op)
        maker.bind(op.outs[0], paired(maker, function, _held(a), _held(b)))

    return call


def _held(value: Any) -> Value:
    if not isinstance(value, Value):
        raise Unsupported("is called with a number")
    return value


def _compared(sign: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a, b = operands(op)
        left, right = number(a), number(b)
        if left is None and right is None:
            maker.bind(op.outs[0], maker.add("Compare", a=_held(a), b=_held(b), comparison=f"a {sign} b"))
            return
        same_numbers(op)
        x, value = (b, left) if left is not None else (a, right)
        own = _TURNED[sign] if left is not None else sign
        if abs(value or 0) == float("inf"):
            raise Unsupported("compares with infinity")
        maker.bind(op.outs[0], maker.add("CompareNumber", x=_held(x), comparison=f"x {own} number", number=value))

    return call


def mask_of(maker: Maker, x: Any) -> Value | Ref:
    """A tensor as a mask: true where it is not zero."""
    value = _held(x)
    if value.dtype == "bool":
        return value
    return maker.add("CompareNumber", x=value, comparison="x != number", number=0)


def _logic(sign: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a, b = operands(op)
        if op.outs[0].dtype != "bool":
            raise Unsupported("computes with the bits of whole numbers")
        maker.bind(op.outs[0], maker.add("Logic", a=mask_of(maker, a), b=mask_of(maker, b), operation=f"a {sign} b"))

    return call


def _not(maker: Maker, op: Op) -> None:
    x = _held(op.args[0] if op.args else op.kwargs["input"])
    if op.outs[0].dtype != "bool":
        raise Unsupported("turns the bits of whole numbers")
    if x.dtype == "bool":
        maker.bind(op.outs[0], maker.add("Not", x=x))
    else:
        maker.bind(op.outs[0], maker.add("CompareNumber", x=x, comparison="x == number", number=0))


def _is_nan(maker: Maker, op: Op) -> None:
    x = _held(op.args[0])
    maker.bind(op.outs[0], maker.add("Compare", a=x, b=x, comparison="a != b"))


def _map(name: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        inputs = list(op.inputs())
        if len(inputs) != 1 or len(op.args) > 1 or set(op.kwargs) - {"input", "out", "memory_format"}:
            raise Unsupported("is called with more than a tensor of real numbers")
        [x] = inputs
        if x.tensor.is_complex():
            raise Unsupported("computes with complex numbers")
        whole = not x.tensor.is_floating_point() and not op.outs[0].tensor.is_floating_point()
        if not whole:
            maker.bind(op.outs[0], maker.add("Map", x=as_float(maker, x), function=name))
        elif name == "neg":
            maker.bind(op.outs[0], with_number(maker, x, "x * number", -1, "*"))
        elif name == "square":
            maker.bind(op.outs[0], maker.add("Mul", a=x, b=x))
        elif name in ("floor", "ceil", "round", "trunc"):
            maker.bind(op.outs[0], x)
        else:
            raise Unsupported("computes with whole numbers")

    return call


def _clamp(maker: Maker, op: Op) -> None:
    a = given(op, "input", "min", "max")
    x = a["input"]
    low, high = (None if a[end] is None else number(a[end]) for end in ("min", "max"))
    if not x.tensor.is_floating_point():
        raise Unsupported("bounds whole numbers")
    same_numbers(op)
    here: Value | Ref = x
    if low is not None or high is not None:
        params: dict[str, Any] = {"low": low} if low is not None else {"has_low": False}
        params |= {"high": high} if high is not None else {"has_high": False}
        here = maker.add("Clamp", x=here, **params)
    if low is None and a["min"] is not None:
        here = paired(maker, "maximum", here, a["min"])
    if high is None and a["max"] is not None:
        here = paired(maker, "minimum", here, a["max"])
    maker.bind(op.outs[0], here)


def _clamp_end(end: str) -> Call:
    def call(maker: Maker, op: Op) -> None:
        a = given(op, "input", end)
        bound = number(a[end])
        if bound is None:
            maker.bind(op.outs[0], paired(maker, "maximum" if end == "min" else "minimum", a["input"], a[end]))
            return
        if not a["input"].tensor.is_floating_point():
            raise Unsupported("bounds whole numbers")
        params = {"low": bound, "has_high": False} if end == "min" else {"high": bound, "has_low": False}
        maker.bind(op.outs[0], maker.add("Clamp", x=a["input"], **params))

    return call


def _addc(sign: str) -> Call:
    """x + value · a · b, or x + value · a / b."""

    def call(maker: Maker, op: Op) -> None:
        a = given(op, "input", "tensor1", "tensor2", "value", value=1)
        if sign == "*" and a["value"] == 1 and all(a[n].tensor.is_floating_point() for n in ("input", "tensor1")):
            maker.bind(op.outs[0], maker.add("AddCMul", x=a["input"], a=a["tensor1"], b=a["tensor2"]))
            return
        here: Value | Ref = maker.add(_ARITHMETIC[sign], a=a["tensor1"], b=a["tensor2"])
        if a["value"] != 1:
            here = maker.add("WithNumber", maker.free("scaled"), x=here, operation="x * number", number=a["value"])
        maker.bind(op.outs[0], maker.add("Add", a=a["input"], b=here))

    return call


def _lerp(maker: Maker, op: Op) -> None:
    a = given(op, "input", "end", "weight")
    here: Value | Ref = maker.add("Sub", a=a["end"], b=a["input"])
    weight = number(a["weight"])
    if weight is None:
        here = maker.add("Mul", a=here, b=a["weight"])
    else:
        here = maker.add("WithNumber", maker.free("scaled"), x=here, operation="x * number", number=weight)
    maker.bind(op.outs[0], maker.add("Add", a=a["input"], b=here))


def _less_mapped(function: str) -> Call:
    """x − f(x)."""

    def call(maker: Maker, op: Op) -> None:
        x = _held(op.args[0])
        maker.bind(op.outs[0], maker.add("Sub", a=x, b=maker.add(function, x=x)))

    return call


def _fill(maker: Maker, op: Op) -> None:
    a = given(op, "input", "value")
    value = number(a["value"])
    if value is None or not a["input"].tensor.is_floating_point() or abs(value) == float("inf"):
        raise Unsupported("fills with what is no number")
    here: Value | Ref = maker.add("Map", x=a["input"], function="zeros_like")
    if value:
        here = maker.add("WithNumber", maker.free("filled"), x=here, operation="x + number", number=value)
    maker.bind(op.outs[0], here)


def _full_like(maker: Maker, op: Op) -> None:
    if op.kwargs.get("dtype") not in (None, op.args[0].tensor.dtype):
        raise Unsupported("makes values of another type")
    _fill(maker, Op(op.name, op.args, {}, outs=op.outs))


# What changes its left side in place, as the operation that makes the new value.
IN_PLACE: Mapping[str, str] = {
    f"i{name}": name
    for name in ("add", "sub", "mul", "truediv", "div", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
}
_SIGNS: Mapping[str, str] = {
    "+": "add radd",
    "-": "sub subtract rsub",
    "*": "mul multiply rmul",
    "/": "div divide true_divide truediv rtruediv rdiv",
    "//": "floordiv rfloordiv floor_divide",
    "%": "mod rmod remainder",
    "**": "pow rpow float_power",
}
_COMPARED: Mapping[str, str] = {
    "==": "eq", "!=": "ne not_equal", "<": "lt less", "<=": "le less_equal", ">": "gt greater",
    ">=": "ge greater_equal",
}  # fmt: skip
_MASKS: Mapping[str, str] = {
    "&": "and rand logical_and bitwise_and", "|": "or ror logical_or bitwise_or",
    "^": "xor rxor logical_xor bitwise_xor",
}  # fmt: skip
_PAIRS = ("atan2", "hypot", "fmod", "logaddexp")


def _named(tables: Mapping[str, str], make: Callable[[str], Call]) -> dict[str, Call]:
    return {name: make(sign) for sign, names in tables.items() for name in names.split()}


CALLS: Mapping[str, Call] = {
    **{name: _map(name) for name in layer_types()["Map"].fields["function"].options},  # type: ignore[attr-defined]
    **_named(_SIGNS, _binary),
    **_named(_COMPARED, _compared),
    **_named(_MASKS, _logic),
    **{name: _pair(name) for name in _PAIRS},
    "absolute": _map("abs"),
    "negative": _map("neg"),
    "arcsin": _map("asin"),
    "arccos": _map("acos"),
    "arctan": _map("atan"),
    "fix": _map("trunc"),
    "zero": _map("zeros_like"),
    "invert": _not,
    "logical_not": _not,
    "bitwise_not": _not,
    "isnan": _is_nan,
    "clamp": _clamp,
    "clip": _clamp,
    "clamp_min": _clamp_end("min"),
    "clamp_max": _clamp_end("max"),
    "addcmul": _addc("*"),
    "addcdiv": _addc("/"),
    "lerp": _lerp,
    "tanhshrink": _less_mapped("Tanh"),
    "fill": _fill,
    "full_like": _full_like,
}  # fmt: skip
