"""How torch spells a layer: seven forms, of which a declaration names one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Module:
    """Spelled as a module: made in the constructor, called in forward.

    ``takes`` and ``returns`` nest as torch's do: ``("x", ("h0", "c0"))``; empty means every port in its order. What is
    not wired is left out; ``"attn_mask=mask"`` passes the port ``mask`` by the keyword ``attn_mask``. ``call`` are
    constant keywords of the call, with their values as source; ``returns`` may name ``_`` for a result that is no port.
    ``preamble`` is the source of a helper class, called ``name``, that the emitted file carries, for what torch.nn
    lacks; it may use torch, nn and Tensor. With ``code`` the helper is a person's text, which enters a file only where
    its user trusts it. Arguments of the constructor: first what follows the wire, in the order of
    ``Facts.follows``, and the required parameters, by position; then the others by keyword.
    """

    name: str
    takes: tuple[Any, ...] = ()
    returns: tuple[Any, ...] = ()
    call: tuple[tuple[str, str], ...] = ()
    preamble: str = ""
    code: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """Spelled as a function of its inputs, then of its parameters: ``F.relu(x)``, ``torch.cat([a, b], dim=1)``.

    ``takes`` as in Module; ``as_list`` puts all inputs into one list.
    """

    name: str
    takes: tuple[Any, ...] = ()
    as_list: bool = False
    module: str = ""  # the module of the same meaning, where a container needs one (nn.ReLU)
    call: tuple[tuple[str, str], ...] = ()  # constant keywords, with their values as source


@dataclass(frozen=True, slots=True)
class Method:
    """Spelled as a method of the first input: ``x.flatten(1)``, ``x.permute(0, 2, 1)``."""

    name: str
    spread: bool = False  # a list-valued parameter is written as separate arguments
    module: str = ""
    first: str = ""  # source of an argument before all others, {x} being the input: reshape({x}.shape[0], 4, 8)


@dataclass(frozen=True, slots=True)
class Operator:
    """Spelled as an infix operator: ``a + b``."""

    sign: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Spelled as an expression in which the names of ports and parameters stand for themselves: ``x[:, start:stop]``.

    ``*sizes`` writes the values of a list as separate arguments. For what is no plain call; see ``spelling_for`` for a
    phrase that depends on the parameters.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Held:
    """Spelled as a tensor that the module holds: ``text`` makes it in the constructor, forward reads the attribute.

    In ``text`` the names of parameters stand for themselves: ``nn.Parameter(torch.full(shape, value))``. Its weight has
    no name of its own: the state dict calls it as the node.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Port:
    """The spelling of a graph's own Input and Output: a parameter of forward, a returned value."""

    role: str


Spelling = Module | Function | Method | Operator | Phrase | Held | Port
