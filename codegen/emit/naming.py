"""Which names emitted source may use for what: no two things share one, and nothing that the file needs is hidden."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable

from codegen.emit.trees import EmitError
from graph_core.names import EMITTED_NAMES, MODULE_ATTRIBUTES, BadName, check_class_name, check_identifier, check_name

_BUILTINS = frozenset(dir(builtins))


def attribute(name: str) -> str:
    """A node's name where it can be an attribute of a module; raises EmitError."""
    try:
        check_name(name)
    except BadName as error:
        raise EmitError(str(error)) from error
    return name


def class_names(wanted: Iterable[tuple[str, str]], taken: Iterable[str]) -> dict[str, str]:
    """Key -> name of its class, each name once; ``wanted`` are keys with the names they would like."""
    used = set(taken)
    result: dict[str, str] = {}
    for key, name in wanted:
        try:
            check_class_name(name)
        except BadName as error:
            raise EmitError(str(error)) from error
        chosen, number = name, 2
        while chosen in used or chosen in EMITTED_NAMES:
            chosen, number = f"{name}{number}", number + 1
        used.add(chosen)
        result[key] = chosen
    return result


class Namespace:
    """Names of arguments and variables inside one class, all different from those that the file itself defines."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self._taken = set(reserved) | EMITTED_NAMES
        self._given: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The variable for a name of the drawing, the same at each call; raises EmitError."""
        found = self._given.get(name)
        if found is None:
            try:
                check_identifier(name)
            except BadName as error:
                raise EmitError(str(error)) from error
            found = self._given[name] = self.new(name)
        return found

    def new(self, wish: str) -> str:
        """A new name: ``wish`` where it is free, else with an underscore or a number."""
        chosen, number = wish, 2
        if wish in _BUILTINS or keyword.iskeyword(wish) or wish in self._taken:
            chosen = f"{wish}_"
        while chosen in self._taken:
            chosen, number = f"{wish}{number}", number + 1
        self._taken.add(chosen)
        return chosen

    def free(self, name: str) -> bool:
        """Whether a variable of that name hides nothing."""
        return name not in self._taken and name not in _BUILTINS and not keyword.iskeyword(name)


def stored_name(python: str, attributes: Iterable[str]) -> str:
    """The attribute that keeps an argument for forward: its own name, unless a layer or the module has it."""
    taken = {*attributes, *MODULE_ATTRIBUTES}
    chosen = python
    while chosen in taken:
        chosen += "_"
    return chosen


def singular(name: str) -> str:
    """What one of several modules is called: ``layers`` gives ``layer``."""
    name = attribute(name).replace("-", "_")
    if name.endswith("s") and len(name) > 2 and not name.endswith("ss"):
        return name[:-1]
    return "block" if name.isdigit() or name == "block" else f"{name}_block"
