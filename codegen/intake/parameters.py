"""A union of bodies as a class: numbers that differ become its parameters, or follow from the sizes of its inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from torch import nn

from codegen.intake.conditions import Conditions
from codegen.intake.sizes import MISSING, Sizes, Vector, attribute, equal, multiple, varies
from codegen.intake.steps import Definition, End, Line
from codegen.intake.turns import Form, form_of
from codegen.intake.unions import Joined, Place, Union, called, definition_of, numbers_of
from graph_core.layer import layer_types
from graph_core.names import numbered

PLACES = frozenset(["start", "stop", "length"])  # where a tensor is cut, which follows from its sizes


class Unmergeable(Exception):
    """Bodies that cannot be one class after all."""


class Definer:
    """Makes the class of one union, and gives its bodies their arguments."""

    def __init__(self, union: Union, *, sizes: bool) -> None:
        self.union = union
        self.bodies = union.bodies
        self.taken = {*union.inputs, "i", *(joined.step.name for joined in union.steps)}
        several = sizes and len(self.bodies) > 1
        self.sizes = Sizes(union, self.taken) if several else None
        self.params: dict[str, Vector] = {}
        self.defaults: dict[str, Any] = {}
        self.widths: set[str] = set()
        self.lacked: set[str] = set()  # parameters that are 0 where nothing uses them
        self.known: dict[str, Vector] = {}  # expressions of widths that are in use
        if self.sizes is not None:
            self.known |= {name: self.sizes.named[name] for name in self.sizes.channel}

    def define(self, *, container: bool = False) -> Definition:
        """The class; every body of the union is an instance of it from now on."""
        lines = {joined: Line("", "") for joined in self.union.steps}
        # What all have first, and of that what is a size, so that others may follow from it.
        ordered = sorted(self.union.steps, key=lambda joined: None in joined.steps)
        for width in (True, False):
            for joined in ordered:
                self._fill(lines[joined], joined, width)
        conditions = Conditions(self)
        for joined in self.union.steps:
            line = lines[joined]
            line.name = joined.step.name
            line.inputs = {port: _end(place, lines) for port, place in joined.inputs.items()}
            line.use = lines[joined.use] if joined.use is not None else None
            line.when = conditions.of(joined)
        patterns = self.sizes.patterns() if self.sizes is not None else [None for _ in self.union.inputs]
        definition = Definition(
            self.bodies[0].kind,
            list(zip(self.union.inputs, patterns, strict=True)),
            list(lines.values()),
            [_end(place, lines) for place in self.union.outputs],
            self.defaults,
            self.widths,
            container=container,
            closed=self.union.closed,
            sequential=isinstance(self.bodies[0].module, nn.Sequential),
            channels=self.sizes.channels if self.sizes is not None else {},
        )
        for place, body in enumerate(self.bodies):
            body.definition = definition
            body.arguments = {name: vector[place] for name, vector in self.params.items()}
        return definition

    # One step.

    def _fill(self, line: Line, joined: Joined, width: bool) -> None:
        step = joined.step
        if step.body is None:
            self._layer(line, joined, width)
            return
        line.definition = inner = definition_of(step)
        if step.turns and not width:
            line.times = self.number(self._column(joined, lambda s: len(s.turns)), "times", False, joined)
        for name in inner.params:
            if (name in inner.widths) is width:
                line.params[name] = self._argument(joined, name, width)

    def _layer(self, line: Line, joined: Joined, width: bool) -> None:
        step = joined.step
        line.type = step.type
        fields = layer_types()[step.type].fields
        if width:
            line.params = {name: list(v) if isinstance(v, list) else v for name, v in step.params.items()}
        for name, at, _ in numbers_of(step):
            if (fields[name].kind in ("size", "shape") or name in PLACES) is not width:
                continue
            column = self._column(joined, lambda s, name=name, at=at: _at(s.params[name], at))
            listed = [one for one in line.params[name][:at] if isinstance(one, str)] if at > 0 else []
            value = self.number(column, name, width, joined, fields[name].kind, listed)
            if at < 0:
                line.params[name] = list(value) if isinstance(value, tuple) else value
            else:
                line.params[name][at] = value

    def _column(self, joined: Joined, read: Any) -> Vector:
        return tuple(MISSING if step is None else read(step) for step in joined.steps)

    def _argument(self, joined: Joined, name: str, width: bool) -> Any:
        """What a block gets for a parameter."""
        if not joined.step.turns:
            column = self._column(joined, lambda step: step.body.arguments[name])
            return self.number(column, name, width, joined)
        lists = [[turn.arguments[name] for turn in step.turns] for step in joined.steps if step is not None]
        form = form_of(lists)
        if form is None:
            raise Unmergeable(name)
        return form.text(self._parts(form, joined, name, width))

    def _parts(self, form: Form, joined: Joined, name: str, width: bool) -> dict[str, Any]:
        numbers = [
            None if step is None else form.numbers([turn.arguments[name] for turn in step.turns])
            for step in joined.steps
        ]
        keys = {key: None for one in numbers if one for key in one}
        found: dict[str, Any] = {}
        for key in keys:
            column = tuple(MISSING if one is None else one.get(key, MISSING) for one in numbers)
            found[key] = self.number(column, "first" if key == "start" else name, width, joined)
        return found

    # Numbers.

    def number(
        self, column: Vector, name: str, width: bool, joined: Joined, kind: str = "", listed: Sequence[str] = ()
    ) -> Any:
        """The number itself where it is always the same, else what it follows from, else a parameter.

        ``listed`` are the expressions before it in its list.
        """
        present = [value for value in column if value is not MISSING]
        if not varies(column):
            return present[0]
        if width and all(type(value) is int for value in present):
            return self._width(column, name, joined, listed)
        for known, vector in self.params.items():
            if known not in self.widths and equal(vector, column):
                return known
            if all(type(value) is bool for value in present) and equal(tuple(not v for v in vector), column):
                return f"not {known}"
            half = tuple(v // 2 if type(v) is int else v for v in vector)
            if kind == "sizes" and name == "padding" and "kernel" in known and equal(half, column):
                return f"{known} // 2"
        return self.parameter(column, name, joined)

    def _width(self, column: Vector, name: str, joined: Joined, listed: Sequence[str]) -> str:
        text = self.sizes.expression(column, listed) if self.sizes is not None else ""
        for known, vector in self.params.items():
            if known in self.widths and not text.isidentifier():
                text = known if equal(vector, column) else text or multiple(known, vector, column)
        if not text:
            text = self.parameter(column, name, joined, width=True)
        if all(value is not MISSING for value in column):
            self.known[text] = column
        return text

    def parameter(self, column: Vector, name: str, joined: Joined | None, *, width: bool = False) -> str:
        """A parameter of the class for a column."""
        wish = attribute(self.bodies, column) or (self._wish(column, name) if width else name)
        if wish in self.taken and joined is not None:
            own = joined.step.name
            wish = f"{own if own.isidentifier() else called(joined.step)}_{name}"
        chosen = numbered(wish, self.taken, bare=True)
        self.taken.add(chosen)
        present = [value for value in column if value is not MISSING]
        [(_, most)] = Counter(map(repr, present)).most_common(1)
        usual = next(value for value in present if repr(value) == Counter(map(repr, present)).most_common(1)[0][0])
        needed = 2 * most < len(present) or (width and usual != 1)
        lacking = usual
        if needed and len(present) < len(column) and (width or type(usual) is float):
            lacking = 0 if width else 0.0  # what does not use it says nothing, and that may be why
            self.lacked.add(chosen)
        self.params[chosen] = tuple(lacking if value is MISSING else value for value in column)
        self.defaults[chosen] = None if needed else usual
        if width:
            self.widths.add(chosen)
        return chosen

    def _wish(self, column: Vector, name: str) -> str:
        """What a width is called: that of the output by its field, one inside by what it is there."""
        if name == "shape":
            return "size"
        if name not in ("out_channels", "out_features"):
            return name
        for axis in (1, -1):
            sizes = [body.outputs[0][0].shape[axis] for body in self.bodies if len(body.outputs[0][0].shape) > 1]
            if len(sizes) == len(self.bodies) and equal(tuple(sizes), column):
                return name
        return "width" if name == "out_channels" else "hidden_features"


def _at(value: Any, at: int) -> Any:
    if at >= 0:
        return value[at]
    return tuple(value) if isinstance(value, list) else value


def _end(place: Place, lines: dict[Joined, Line]) -> End:
    source, port = place
    return (lines[source] if source is not None else None, port)
