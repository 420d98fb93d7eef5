"""A parameter that a layer declares, of whatever kind: its default, torch's, and how a value in a drawing is read.

A value in a drawing is a literal, or the text of an expression over the parameters of its graph. ``Field.resolve``
turns either into the checked value that a rule sees; ``Field.accept`` refuses what no scope could make right.
"""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar, overload

from graph_core.dims import Expr
from graph_core.expressions import ExpressionError, Scope, Value, evaluate, parse

T = TypeVar("T")
MAX_SIZE = 2**31 - 1


class FieldError(ValueError):
    """A value that a parameter cannot have; the message is one sentence naming the parameter and the fix."""


class Required:
    """Torch has no default: the argument is always written, by position."""


REQUIRED = Required()


class SameAs:
    """Torch's default is the value of another parameter (MaxPool2d's stride is its kernel_size)."""

    def __init__(self, name: str) -> None:
        self.name = name


class Field(Generic[T]):
    """A parameter of a layer type.

    ``default`` is ours; ``torch`` is torch's default (the argument is left out where the value equals it), REQUIRED,
    or SameAs another; ``emit=False`` keeps it out of the constructor call; ``advanced`` folds it in the inspector.
    """

    kind: ClassVar[str]
    textual: ClassVar[bool] = False
    nullable: ClassVar[bool] = False  # whether None is a value of it
    spread: ClassVar[bool] = False  # whether it is a list of arguments, each of them one by position

    def __init__(
        self,
        default: Any,
        help: str = "",
        *,
        torch: Any = ...,
        emit: bool = True,
        keyword: str = "",
        short: str = "",
        advanced: bool = False,
    ) -> None:
        self.default = default
        self.help = help
        self.torch_default = default if torch is ... else torch
        self.emit = emit
        self.keyword = keyword
        self.short = short
        self.advanced = advanced
        self.name = ""
        self._resolved: T | None = None

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Field[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Field[T] | T:
        if instance is None:
            return self
        value: T = instance.values[self.name]  # type: ignore[attr-defined]
        return value

    @property
    def argument(self) -> str:
        """The keyword by which torch takes it."""
        return self.keyword or self.name

    @property
    def required(self) -> bool:
        """Whether torch has no default for it."""
        return isinstance(self.torch_default, Required)

    def is_expression(self, value: object) -> bool:
        """Whether a value, as a drawing stores it, is the text of an expression."""
        return isinstance(value, str)

    def expression(self, value: object) -> str:
        """The text of the expression ``value``."""
        return str(value)

    def resolve(self, value: object, scope: Scope) -> T:
        """The checked value of a literal or an expression in ``scope``; raises FieldError in one sentence."""
        try:
            return self.check(self._computed(value, scope))
        except ExpressionError as error:
            raise FieldError(f"{self.name}: {error}") from error

    def _computed(self, value: object, scope: Scope) -> Value:
        if self.is_expression(value):
            return evaluate(self.expression(value), scope)
        if isinstance(value, list | tuple):
            return tuple(self._computed(part, scope) for part in value)
        if value is None or isinstance(value, int | float | bool | str | Expr):
            return value
        raise FieldError(f"{self.name} is {type(value).__name__}; it takes {self.takes}.")

    def resolve_default(self) -> T:
        """The checked value of our default."""
        if self._resolved is None:
            default = tuple(self.default) if isinstance(self.default, list) else self.default
            self._resolved = self.check(default)
        return self._resolved

    def accept(self, value: object) -> None:
        """Refuse a value that is wrong in every scope: a bad literal, a text that is no expression."""
        parts = value if isinstance(value, list | tuple) else (value,)
        texts = [self.expression(part) for part in parts if self.is_expression(part)]
        for text in texts:
            try:
                parse(text)
            except ExpressionError as error:
                raise FieldError(f"{self.name}: {error}") from error
        if not texts:
            self.check(self._computed(value, {}))

    def check(self, value: Value) -> T:
        """The value as the rule will see it; raises FieldError where it is out of range."""
        raise FieldError(f"{self.name} takes {self.takes}.")

    @property
    def takes(self) -> str:
        """What it takes, in words, for sentences and documentation."""
        return self.kind

    def refuse(self, value: object) -> FieldError:
        """The error for a value it does not take."""
        shown = repr(value)
        return FieldError(f"{self.name} is {shown if len(shown) < 60 else shown[:59] + '…'}; it takes {self.takes}.")

    def show(self, value: Value) -> str:
        """The value as written on a plate: ``3×3`` for a pair, ``on`` for a flag."""
        return str(value)
