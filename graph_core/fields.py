"""The kinds of parameters that layers declare: each checks a value and tells its range. See graph_core.field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from graph_core.dims import Dim, Expr, at_least, number_of, same
from graph_core.expressions import Scope, Value, evaluate_real
from graph_core.field import MAX_SIZE, REQUIRED, Field, FieldError, Required, SameAs, T

__all__ = [
    "MAX_SIZE",
    "REQUIRED",
    "Axes",
    "Choice",
    "Count",
    "Field",
    "FieldError",
    "Fixed",
    "Flag",
    "Maybe",
    "MaybeReal",
    "Number",
    "Offsets",
    "Pair",
    "PerAxis",
    "Real",
    "Required",
    "SameAs",
    "Single",
    "Size",
    "Sizes",
    "Triple",
    "resolve_all",
]


class Number(Field[T]):
    """A whole number with a range."""

    def __init__(self, default: Any, help: str = "", *, least: int = 1, most: int = MAX_SIZE, **more: Any) -> None:
        super().__init__(default, help, **more)
        self.least = least
        self.most = most

    @property
    def takes(self) -> str:
        return f"a whole number from {self.least}" + (f" to {self.most}" if self.most != MAX_SIZE else "")

    def refuse(self, value: object) -> FieldError:
        if isinstance(value, int) and not isinstance(value, bool) and value > self.most:
            return FieldError(f"{self.name} is {str(value)[:40]}; the largest it takes is {self.most}.")
        return super().refuse(value)

    def in_range(self, value: Value) -> bool:
        """Whether it is a whole number in range; a symbolic size is, unless it surely is not."""
        if isinstance(value, Expr):
            above = self.most != MAX_SIZE and at_least(self.most, value) is False
            return not above and at_least(value, self.least) is not False
        return isinstance(value, int) and not isinstance(value, bool) and self.least <= int(value) <= self.most


class Size(Number[Dim]):
    """A size: a whole number that may be a symbol (channels, features, kernel)."""

    kind = "size"

    def check(self, value: Value) -> Dim:
        if self.in_range(value):
            assert isinstance(value, int | Expr)
            return value
        raise self.refuse(value)


class Count(Number[int]):
    """A count that must be known to build the layer (number of layers, of ranks): in formulas its example value."""

    kind = "count"

    def check(self, value: Value) -> int:
        value = number_of(value) if isinstance(value, Expr) else value
        if isinstance(value, int) and self.in_range(value):
            return int(value)
        raise self.refuse(value)


class Maybe(Number[int | None]):
    """A count, or None where there is none."""

    kind = "count"
    nullable = True

    @property
    def takes(self) -> str:
        return f"{super().takes}, or None"

    def check(self, value: Value) -> int | None:
        if value is None:
            return None
        value = number_of(value) if isinstance(value, Expr) else value
        if isinstance(value, int) and self.in_range(value):
            return int(value)
        raise self.refuse(value)

    def show(self, value: Value) -> str:
        return "none" if value is None else str(value)


class PerAxis(Number[tuple[Dim, ...]]):
    """The same size for every one of ``length`` axes, or one size an axis."""

    kind = "sizes"
    length: ClassVar[int] = 2

    @property
    def takes(self) -> str:
        return f"{super().takes}, or {self.length} of them"

    def check(self, value: Value) -> tuple[Dim, ...]:
        parts = value if isinstance(value, tuple) else (value,) * self.length
        if len(parts) == self.length and all(self.in_range(part) for part in parts):
            return tuple(part for part in parts if isinstance(part, int | Expr))
        raise self.refuse(value)

    def show(self, value: Value) -> str:
        parts = value if isinstance(value, tuple) else (value,) * self.length
        return "×".join(str(part) for part in parts)


class Pair(PerAxis):
    """Two sizes, for height and width; one number means both."""

    length = 2


class Triple(PerAxis):
    """Three sizes, for depth, height and width; one number means all."""

    length = 3


class Single(PerAxis):
    """One size for the only spatial axis, kept as a tuple of one so that rules read alike for 1d and 2d."""

    length = 1

    @property
    def takes(self) -> str:
        return super(PerAxis, self).takes


class Flag(Field[bool]):
    """On or off."""

    kind = "flag"
    takes = "true or false"

    def check(self, value: Value) -> bool:
        if isinstance(value, bool):
            return value
        raise self.refuse(value)

    def show(self, value: Value) -> str:
        return "on" if value else "off"


class Real(Field[float]):
    """A real number in a range."""

    kind = "real"

    def __init__(
        self, default: Any, help: str = "", *, least: float = -1e308, most: float = 1e308, **more: Any
    ) -> None:
        super().__init__(default, help, **more)
        self.least = least
        self.most = most

    @property
    def takes(self) -> str:
        if self.least <= -1e308 and self.most >= 1e308:
            return "a number"
        return f"a number from {self.least:g}" + (f" to {self.most:g}" if self.most < 1e308 else "")

    def _computed(self, value: object, scope: Scope) -> Value:
        # No size depends on it, so that it puts no condition on a formula.
        return evaluate_real(value, scope) if isinstance(value, str) else super()._computed(value, scope)

    def check(self, value: Value) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and self.least <= value <= self.most:
            return value
        raise self.refuse(value)

    def show(self, value: Value) -> str:
        return f"{value:g}" if isinstance(value, int | float) else str(value)


class MaybeReal(Field[float | None]):
    """A real number, or None where torch computes one itself."""

    kind = "real"
    nullable = True
    takes = "a number, or None"

    def _computed(self, value: object, scope: Scope) -> Value:
        return evaluate_real(value, scope) if isinstance(value, str) else super()._computed(value, scope)

    def check(self, value: Value) -> float | None:
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e308):
            return value
        raise self.refuse(value)

    def show(self, value: Value) -> str:
        return "none" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)


class Choice(Field[str]):
    """One of several words. A text that begins with = is an expression; any other is the word itself."""

    kind = "choice"
    textual = True

    def __init__(self, default: str, options: Sequence[str], help: str = "", **more: Any) -> None:
        super().__init__(default, help, **more)
        self.options = tuple(options)

    @property
    def takes(self) -> str:
        return "one of " + ", ".join(self.options)

    def is_expression(self, value: object) -> bool:
        return isinstance(value, str) and value.startswith("=")

    def expression(self, value: object) -> str:
        return str(value)[1:]

    def check(self, value: Value) -> str:
        if isinstance(value, str) and value in self.options:
            return value
        raise self.refuse(value)


class Axes(Field[tuple[int, ...]]):
    """Axes by number, negative ones counted from the end; one alone where ``single``."""

    kind = "axes"

    def __init__(self, default: Any, help: str = "", *, single: bool = False, **more: Any) -> None:
        super().__init__(default, help, **more)
        self.single = single

    @property
    def takes(self) -> str:
        return "the number of an axis" if self.single else "a list of axis numbers"

    def check(self, value: Value) -> tuple[int, ...]:
        given = value if isinstance(value, tuple) else (value,)
        parts = [number_of(part) if isinstance(part, Expr) else part for part in given]
        axes = [int(p) for p in parts if isinstance(p, int) and not isinstance(p, bool) and -16 <= p < 16]
        if len(axes) == len(parts) and axes and (len(axes) == 1 or not self.single):
            return tuple(axes)
        raise self.refuse(value)

    def show(self, value: Value) -> str:
        return ",".join(str(part) for part in value) if isinstance(value, tuple) else str(value)


class Offsets(Axes):
    """Whole numbers of any sign, one an axis or one an end of it: how far something moves or is padded."""

    @property
    def takes(self) -> str:
        return "a list of whole numbers"

    def check(self, value: Value) -> tuple[int, ...]:
        given = value if isinstance(value, tuple) else (value,)
        parts = [number_of(part) if isinstance(part, Expr) else part for part in given]
        numbers = [int(p) for p in parts if isinstance(p, int) and not isinstance(p, bool) and abs(p) <= MAX_SIZE]
        if len(numbers) == len(parts) and numbers:
            return tuple(numbers)
        raise self.refuse(value)


class Sizes(Field[tuple[Dim, ...]]):
    """A list of sizes of any length (a shape); −1, where allowed, means what is left over.

    With ``keep`` any number of them may be −1, each an axis that stays as it is.
    """

    kind = "shape"

    def __init__(
        self, default: Any, help: str = "", *, free: bool = False, named: bool = False, keep: bool = False, **more: Any
    ) -> None:
        super().__init__(default, help, **more)
        self.free = free or keep
        self.named = named
        self.keep = keep

    @property
    def takes(self) -> str:
        return "a list of sizes from 1" + (", one of them −1 for what is left over" if self.free else "")

    def check(self, value: Value) -> tuple[Dim, ...]:
        parts = value if isinstance(value, tuple) else (value,)
        sizes = [part for part in parts if isinstance(part, int | Expr) and not isinstance(part, bool)]
        fine = all(isinstance(s, Expr) or 0 < s <= MAX_SIZE or (self.free and int(s) == -1) for s in sizes)
        free = sum(1 for s in sizes if same(s, -1))
        if len(sizes) == len(parts) and fine and (free <= 1 or self.keep) and len(parts) <= 16:
            return tuple(sizes)
        raise self.refuse(value)

    def show(self, value: Value) -> str:
        return "×".join(str(part) for part in value) if isinstance(value, tuple) else str(value)


class Fixed(Field[Any]):
    """A constructor argument that is always the same and not for people to set (batch_first=True)."""

    kind = "fixed"

    def is_expression(self, value: object) -> bool:
        return False

    def check(self, value: Value) -> Any:
        if value == self.default:
            return value
        raise FieldError(f"{self.name} is always {self.default!r}.")


def resolve_all(fields: Mapping[str, Field[Any]], given: Mapping[str, object], scope: Scope) -> dict[str, Any]:
    """Every field's value: as given (literal or expression in ``scope``), else its default. Raises FieldError."""
    return {
        name: field.resolve(given[name], scope) if name in given else field.resolve_default()
        for name, field in fields.items()
    }
