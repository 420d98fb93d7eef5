"""What the axes of a class's inputs are called, and which sizes inside follow from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from codegen.intake.record import Value
from codegen.intake.steps import Body
from codegen.intake.unions import Joined, Place, Union, definition_of
from graph_core.layer import layer_types
from graph_core.names import BadName, check_identifier, numbered

Vector = tuple[Any, ...]  # a number in each body; MISSING where a body has none
MISSING: Any = object()
MOST_TIMES = 64

_SPACE = {3: ("T",), 4: ("H", "W"), 5: ("D", "H", "W")}


def equal(one: Vector, other: Vector) -> bool:
    """Whether two vectors agree wherever both have a number; True and 1 are told apart."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not MISSING and b is not MISSING]
    return bool(pairs) and all(type(a) is type(b) and a == b for a, b in pairs)


def varies(vector: Vector) -> bool:
    """Whether a vector has more than one number."""
    return len({repr(value) for value in vector if value is not MISSING}) > 1


def attribute(bodies: list[Body], vector: Vector) -> str:
    """The attribute of the modules that holds a vector's numbers; empty where there is none."""
    for name in vars(bodies[0].module):
        if name.startswith("_") or name == "training":
            continue
        if equal(vector, tuple(getattr(body.module, name, None) for body in bodies)):
            try:
                return check_identifier(name)
            except BadName:
                continue
    return ""


class Sizes:
    """The named axes of the inputs of a union, and sizes in terms of them."""

    def __init__(self, union: Union, taken: set[str]) -> None:
        self.union = union
        self.taken = taken
        self.named: dict[str, Vector] = {}  # name -> its size in each body
        self.space: list[str] = []
        self.channel: list[str] = []
        self.axes: list[list[str] | None] = []
        self.channels: dict[int, int] = {}
        self.used: set[str] = set()
        self.derived: dict[str, Vector] = {}  # expressions of sizes of space that are in use
        for place in range(len(union.inputs)):
            self.axes.append(self._axes(place))

    def _values(self, place: int) -> list[Value]:
        return [body.inputs[place][0] for body in self.union.bodies]

    def _axes(self, place: int) -> list[str] | None:
        values = self._values(place)
        ranks = {len(value.shape) for value in values}
        if len(ranks) > 1 or len({tuple(value.varies()) for value in values}) > 1 or not min(ranks):
            return None
        [rank] = ranks
        channel = self._channel_axis(place, rank)
        self.channels[place] = channel
        space = iter(_SPACE.get(rank, ()))
        names = []
        for axis in range(rank):
            vector = tuple(value.shape[axis] for value in values)
            batch = axis == 0 or axis in values[0].varies()
            wish = "N" if batch else self._channel_name(vector, axis, rank) if axis == channel else next(space, "size")
            names.append(self._name(wish, vector, space=not batch and axis != channel, channel=axis == channel))
        return names

    def _channel_name(self, vector: Vector, axis: int, rank: int) -> str:
        found = attribute(self.union.bodies, vector) if varies(vector) else ""
        return found or ("in_features" if rank == 2 else "in_channels" if axis == 1 else "dim")

    def _name(self, wish: str, vector: Vector, *, space: bool, channel: bool) -> str:
        known = self.named.get(wish)
        if known is not None and equal(known, vector):
            return wish
        name = numbered(wish, self.taken, bare=True)
        self.taken.add(name)
        self.named[name] = vector
        if space:
            self.space.append(name)
        elif channel:
            self.channel.append(name)
        return name

    def _channel_axis(self, place: int, rank: int) -> int:
        axis = self._asked((None, str(place)), rank, set())
        if axis is not None and 0 < axis < rank:
            return axis
        sizes = [value.shape for value in self._values(place)]
        # Height and width are mostly equal.
        last = rank > 3 and all(len(set(shape[1:-1])) == 1 for shape in sizes)
        first = rank > 3 and all(len(set(shape[2:])) == 1 for shape in sizes)
        return rank - 1 if rank < 4 or (last and not first) else 1

    def _asked(self, place: Place, rank: int, seen: set[Joined]) -> int | None:
        """The axis in which the first layer that reads a place looks for channels."""
        for joined in self.union.steps:
            port = next((port for port, end in joined.inputs.items() if end == place), None)
            if port is None or joined in seen:
                continue
            seen.add(joined)
            step = joined.step
            if step.body is not None:
                axis = definition_of(step).channels.get(int(port))
                if axis is not None:
                    return axis
                continue
            declaration = layer_types()[step.type]
            inlet = declaration.inlets.get(port)
            axes = list(inlet.axes) if inlet is not None else []
            if "C" in axes:
                return axes.index("C")
            if axes and axes[-1] in ("F", "E"):
                return rank - 1
            if declaration.family == "act" and (axis := self._asked((joined, "y"), rank, seen)) is not None:
                return axis
        return None

    def expression(self, vector: Vector, listed: Sequence[str] = ()) -> str:
        """A size that varies in terms of the inputs' axes; empty where it is none of them.

        ``listed`` are those that stand before it in a list: of height and width, it is the one that is not there.
        """
        space = sorted(self.space, key=lambda name: sum(name in text.split() for text in listed))
        for name in (*self.channel, *space):
            if equal(self.named[name], vector):
                return self._use(name, vector, name)
        for name in space:
            if times := quotient(self.named[name], vector):
                return self._use(name, vector, f"{name} // {times}")
        for text, found in products(self.derived):
            if equal(found, vector):
                return text
        for name in self.channel:
            if text := multiple(name, self.named[name], vector):
                return self._use(name, vector, text)
        return ""

    def _use(self, name: str, vector: Vector, text: str) -> str:
        self.used.add(name)
        if name in self.space and all(value is not MISSING for value in vector):
            self.derived[text] = vector
        return text

    def patterns(self) -> list[list[Any] | None]:
        """The shapes to be declared: names where they matter, the size itself of channels that never vary."""
        channels = [name for name in self.channel if varies(self.named[name])]
        if not self.used and not channels:
            return [None for _ in self.axes]
        patterns: list[list[Any] | None] = []
        for axes in self.axes:
            pattern: list[Any] | None = None
            if axes is not None:
                literal = {n for n in self.channel if n not in self.used and not varies(self.named[n])}
                pattern = [int(self.named[name][0]) if name in literal else name for name in axes]
            patterns.append(pattern)
        return patterns


def quotient(whole: Vector, part: Vector) -> int:
    """The number by which one divides exactly to the other everywhere; 0 where there is none."""
    pairs = [(a, b) for a, b in zip(whole, part, strict=True) if a is not MISSING and b is not MISSING]
    if not pairs or any(type(b) is not int or b <= 0 or a % b for a, b in pairs):
        return 0
    times = {a // b for a, b in pairs}
    [number, *others] = times
    return number if not others and number > 1 else 0


def multiple(name: str, known: Vector, wanted: Vector) -> str:
    """``4 * dim`` or ``dim // 32``; empty where it is neither."""
    times = quotient(wanted, known)
    if 1 < times <= MOST_TIMES:
        return f"{times} * {name}"
    if any(value is MISSING for value in known):
        return ""
    times = quotient(known, wanted)
    return f"{name} // {times}" if times > 1 else ""


def products(derived: dict[str, Vector]) -> Iterator[tuple[str, Vector]]:
    """The products of two of the expressions, of two different ones first."""
    pairs = [(one, other) for one in derived for other in derived]
    for one, other in sorted(pairs, key=lambda pair: pair[0] == pair[1]):
        first, second = derived[one], derived[other]
        text = f"{wrapped(one)} * {wrapped(other)}"
        yield text, tuple(a * b for a, b in zip(first, second, strict=True))


def wrapped(text: Any) -> str:
    """An expression as an operand."""
    plain = str(text)
    simple = plain.isidentifier() or plain.replace(".", "", 1).isdigit()
    return plain if simple else f"({plain})"
