"""The formula of one layer in standard letters: its rule run with every size made a symbol.

An axis has the letter of its port's pattern (a declaration may rename it: C is c_in of a convolution), a parameter its
short name. Axes before the pattern, where a layer treats them alike, are one: n positions. Two equal axes of an image
with square windows are n too. What a window makes of an axis has the axis's letter, and the axis itself gets ``_in``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final

from graph_core import symbolic
from graph_core.conditions import DIVIDES, SAME, Condition, deciding, simplified
from graph_core.dims import Dim, Expr, Shape, prod, substitute, symbol, symbols_of
from graph_core.fields import Field, PerAxis, Size, Sizes
from graph_core.growth import order_of
from graph_core.layer import Facts, Inlet, Layer, Refusal

# Axes of which a port's pattern says nothing, by their number.
AXES: Final[Mapping[int, str]] = {1: "N", 2: "N F", 3: "N T F", 4: "N C H W", 5: "N C D H W"}
LETTERS: Final[Mapping[str, str]] = {"C": "c", "F": "d", "E": "d"}
SPACE: Final = ("D", "H", "W")
_RANKS: Final = ("batch", "position", "window", "feature", "parameter")
FIGURES: Final = ("params", "buffers", "macs", "elementwise")
ROUNDS: Final = 8  # of making equal what conditions say is equal


@dataclass(frozen=True, slots=True)
class Wired:
    """A wired port: its declaration, where its wire comes from, and the sizes that flow there."""

    inlet: Inlet
    source: tuple[str, str]
    shape: tuple[int, ...]


@dataclass(slots=True)
class Generic:
    """Figures in letters: parameters and buffers, MACs, element-wise operations, with the letters' values here."""

    figures: dict[str, Dim]
    letters: dict[str, int]
    conditions: tuple[Condition, ...] = ()
    batch: str = ""  # the letter of the batch axis
    order: str = "O(1)"


def counts(facts: Facts) -> dict[str, Dim]:
    """The figures of one call: elements of weights, of buffers, MACs, element-wise operations."""
    sizes: dict[bool, Dim] = {True: 0, False: 0}
    for weight in facts.weights:
        sizes[weight.role == "buffer"] = sizes[weight.role == "buffer"] + prod(weight.shape)
    return dict(zip(FIGURES, (sizes[False], sizes[True], facts.macs, facts.elementwise), strict=True))


def generic(layer: Layer, wired: Iterable[Wired], here: Facts) -> Generic:
    """The figures of ``layer`` in letters; they have the values of ``here`` where the letters have theirs."""
    ports = tuple(wired)
    wanted = {name: int(size) for name, size in counts(here).items() if isinstance(size, int)}
    for collapsed, square in ((True, True), (False, True), (False, False)):
        found = _Lettering(layer, ports, collapsed, square).run() if not collapsed or _alike(ports) else None
        if found is not None and {n: substitute(f, found.letters) for n, f in found.figures.items()} == wanted:
            return _told(found)
    return Generic(dict(counts(here)), {})


def _alike(ports: tuple[Wired, ...]) -> bool:
    """Whether all ports take any axes before their pattern, and get the same ones."""
    leads = {p.shape[: len(p.shape) - (len(p.inlet.axes) - 1)] for p in ports if p.inlet.axes[0] == "..."}
    return len(leads) == 1 and leads != {()} and all(p.inlet.axes[0] == "..." for p in ports)


def _told(found: Generic) -> Generic:
    """With its order of growth, and only with letters and conditions that its figures need."""
    figure = found.figures["macs"] if isinstance(found.figures["macs"], Expr) else found.figures["elementwise"]
    over = [name for name in found.letters if name != found.batch]
    used: set[str] = set().union(*(symbols_of(size) for size in found.figures.values()))
    if not used:
        return Generic(found.figures, {})
    found.order = order_of(figure, over, found.conditions)
    mentioned = {n for c in found.conditions for side in (c.a, c.b) for n in symbolic.names(side)}
    found.letters = {name: value for name, value in found.letters.items() if name in used | mentioned}
    return found


@dataclass
class _Lettering:
    layer: Layer
    ports: tuple[Wired, ...]
    collapsed: bool
    square: bool
    values: dict[str, int] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)  # letter -> its place among the others
    batch: str = ""

    def run(self) -> Generic | None:
        """The rule on symbols; None where it refuses them."""
        params = {name: self._value(name, one) for name, one in self.layer.fields.items()}
        shapes: list[Shape] = []
        by_source: dict[tuple[tuple[str, str], int], Shape] = {}
        square = self.square and self._square(params)
        for port in self.ports:
            key = (port.source, len(port.inlet.axes))
            if key not in by_source:
                by_source[key] = self._shape(port, square)
            shapes.append(by_source[key])
        for _ in range(ROUNDS):
            layer = type(self.layer)(params)
            try:
                with deciding(self.values) as noted:
                    facts = self._call(layer, shapes)
            except (Refusal, ArithmeticError, TypeError, ValueError):
                return None
            equal = next(filter(None, map(self._equality, noted)), None)
            if equal is None:
                return self._named(facts, shapes, list(noted))
            put: dict[Dim, Dim] = {symbol(equal[0]): equal[1]}
            shapes = [tuple(put.get(size, size) for size in shape) for shape in shapes]
            params = {name: _put_in(value, put) for name, value in params.items()}
            self.values.pop(equal[0])
        return None

    def _letter(self, wanted: str, value: int, kind: str) -> Dim:
        """The symbol for a size: one letter means one value; a second value gets a number."""
        if value < 1:
            return value  # symbols stand for positive sizes
        name, number = wanted, 2
        while self.values.setdefault(name, value) != value:
            name, number = f"{wanted}_{number}", number + 1
        self.ranks.setdefault(name, _RANKS.index(kind))
        return symbol(name)

    def _spelled(self, name: str) -> str:
        return self.layer.letters.get(name) or LETTERS.get(name, name)

    def _value(self, name: str, declared: Field[Any]) -> Any:
        value = self.layer.values[name]
        if declared.advanced and value == declared.resolve_default():
            return value  # what hardly anybody sets would only be in the way
        letter = self.layer.letters.get(name) or declared.short or name
        kind = "window" if declared.short else "parameter"
        if isinstance(declared, Size):
            return self._letter(letter, int(value), kind)
        if isinstance(declared, PerAxis):
            even = all(one == other for one, other in pairwise(value))
            names = [letter] * len(value) if even else [f"{letter}_{a.lower()}" for a in "DHW"[-len(value) :]]
            return tuple(self._letter(one, int(size), kind) for one, size in zip(names, value, strict=True))
        if isinstance(declared, Sizes):
            stem = self.layer.letters.get(name, name[0])
            names = [stem] if len(value) == 1 else [f"{stem}_{k}" for k in range(1, len(value) + 1)]
            return tuple(self._letter(one, int(size), kind) for one, size in zip(names, value, strict=True))
        return value

    def _square(self, params: Mapping[str, Any]) -> bool:
        """Whether the axes of an image, and all windows on them, have one size."""
        even = all(len(set(map(str, value))) == 1 for value in params.values() if isinstance(value, tuple) and value)
        return even and bool(self.ports) and len(self._space(self.ports[0])) == 1

    def _space(self, port: Wired) -> set[int]:
        axes = port.inlet.axes
        if "..." in axes or "W" not in axes or "H" not in axes:
            return set()
        return {size for axis, size in zip(axes, port.shape, strict=True) if axis in SPACE}

    def _shape(self, port: Wired, square: bool) -> Shape:
        axes, shape = port.inlet.axes, port.shape
        lead = list(axes)
        if "..." in lead:
            at = lead.index("...")
            open_axes = len(shape) - len(axes) + 1
            if self.collapsed and at == 0:
                shape = (math.prod(shape[:open_axes]), *shape[open_axes:])
                lead[at : at + 1] = ["n"]
            else:
                told = AXES.get(len(shape), " ".join(f"a{k}" for k in range(len(shape)))).split()
                lead[at : at + 1] = told[at : at + open_axes]
        if lead and lead[0] == "N":
            self.batch = "N"
        names = ["n" if square and axis in SPACE else self._spelled(axis) for axis in lead]
        kinds = ["batch" if axis == "N" else "feature" if axis in LETTERS else "position" for axis in lead]
        return tuple(map(self._letter, names, shape, kinds))

    def _call(self, layer: Layer, shapes: list[Shape]) -> Facts:
        spread = [shape for port, shape in zip(self.ports, shapes, strict=True) if port.inlet.variadic]
        named = {p.inlet.name: s for p, s in zip(self.ports, shapes, strict=True) if not p.inlet.variadic}
        return layer.rule(*spread, **named)

    def _equality(self, condition: Condition) -> tuple[str, Dim] | None:
        """A letter that a condition makes equal to another, or to a number."""
        if condition.question != SAME or not condition.answer:
            return None
        a, b = condition.a, condition.b
        if b.is_Symbol and not a.is_Symbol:
            a, b = b, a
        if not a.is_Symbol or str(a) not in self.values:
            return None
        number = symbolic.as_int(b)
        if number is not None:
            return str(a), number
        return (str(b), symbol(str(a))) if b.is_Symbol else None

    def _named(self, facts: Facts, shapes: list[Shape], noted: list[Condition]) -> Generic:
        """Give what windows make of axes the letters of these axes, and drop floors that conditions make whole."""
        put: dict[Any, Any] = {}
        inward: dict[Any, Any] = {}
        first, made = shapes[0] if shapes else (), facts.outputs[0] if facts.outputs else ()
        for given, size in zip(first, made if len(made) == len(first) else first, strict=True):
            if not (isinstance(given, Expr) and isinstance(size, Expr)) or given == size:
                continue
            value, name = substitute(size, self.values), str(given)
            if name in symbols_of(size) and not size.raw.is_Symbol and isinstance(value, int):
                put[size.raw] = symbolic.symbol(f"{name}_out")
                inward[given.raw] = symbolic.symbol(f"{name}_in")
                self.values[f"{name}_out"] = int(value)
        for condition in noted:
            if condition.question == DIVIDES and condition.answer:
                put[symbolic.floor_divide(condition.b, condition.a)] = condition.b / condition.a
        back = {symbolic.symbol(f"{raw}_out"): raw for raw in inward}
        figures = {n: _rewritten(size, put, inward, back) for n, size in counts(facts).items()}
        conditions = [replace(c, a=_renamed(c.a, inward), b=_renamed(c.b, inward)) for c in noted]
        windows = [str(raw) for raw in inward]
        letters: dict[str, int] = {}
        for name, value in sorted(self.values.items(), key=lambda pair: self.ranks.get(pair[0], len(_RANKS))):
            if name in windows:
                letters[name], letters[f"{name}_in"] = self.values[f"{name}_out"], value
            elif name.removesuffix("_out") not in windows:
                letters[name] = value
        return Generic(figures, letters, simplified(conditions), self.batch)


def _put_in(value: Any, put: Mapping[Any, Dim]) -> Any:
    if isinstance(value, tuple):
        return tuple(_put_in(part, put) for part in value)
    return put.get(value, value) if isinstance(value, Expr) else value


def _renamed(raw: Any, names: Mapping[Any, Any]) -> Any:
    return symbolic.replaced(raw, names) if names else raw


def _rewritten(size: Dim, put: Mapping[Any, Any], inward: Mapping[Any, Any], back: Mapping[Any, Any]) -> Dim:
    if not isinstance(size, Expr):
        return size
    raw = size.raw
    for names in (put, inward, back):
        raw = _renamed(raw, names)
    found = symbolic.as_int(raw)
    return Expr(raw) if found is None else found
