"""The declaration of a layer type, and the registry of all of them.

A layer type is declared once, as a subclass of ``Layer``: how torch spells it, its ports with axis patterns and
kinds, typed parameters with ranges, one ``rule`` that returns every fact, one line of help and the source of the
formula. Palette, inspector, checker, readout, emitter, documentation and tests are driven by the declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any, ClassVar, Final

from graph_core.dims import Dim, Shape
from graph_core.fields import Field
from graph_core.spelling import Function as Function
from graph_core.spelling import Held as Held
from graph_core.spelling import Method as Method
from graph_core.spelling import Module as Module
from graph_core.spelling import Operator as Operator
from graph_core.spelling import Phrase as Phrase
from graph_core.spelling import Port as Port
from graph_core.spelling import Spelling as Spelling

FAMILIES: Final[dict[str, str]] = {
    "conv": "Convolution",
    "linear": "Linear",
    "norm": "Normalization",
    "act": "Activation",
    "pool": "Pooling",
    "rnn": "Recurrent",
    "attn": "Attention",
    "emb": "Embedding",
    "shape": "Shape",
    "arith": "Arithmetic",
    "gen": "Generative, rendering",
    "io": "Input, output",
}

KINDS: Final = {"float": ("float32", "float16", "bfloat16", "float64"), "int": ("int64", "int32"), "bool": ("bool",)}
_KIND_OF: Final = {dtype: kind for kind, dtypes in KINDS.items() for dtype in dtypes}
BYTES: Final = {
    "float32": 4,
    "float64": 8,
    "float16": 2,
    "bfloat16": 2,
    "int64": 8,
    "int32": 4,
    "bool": 1,
}


class Refusal(Exception):
    """A rule's no: what is wrong with the actual shapes, a code, and hints from which a fix can be made.

    ``message`` continues the node's name: “cannot join 64×8×8 and 32×8×8”, “splits 30 features over 4 heads”.
    ``hints`` names what would help, in words that graph_core.fixes understands: ``{"set": {"num_heads": 8}}`` sets
    parameters (values as a drawing stores them), ``also`` lists other sets that would do; for the wire of ``port``,
    ``{"insert": "Flatten", "with": {…}}`` puts a node on it, ``want`` is the shape, ``rank`` the number of axes and
    ``order`` the order of the axes that would fit; ``project`` projects one input of a join onto the other.
    """

    def __init__(self, message: str, code: str = "shape", **hints: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hints = hints


def require(truth: bool | None, message: str | Callable[[], str], code: str = "shape", **hints: Any) -> None:
    """Refuse where ``truth`` is False. None (it depends on symbols) passes: formulas note such questions themselves.

    ``message`` and hints may be functions without arguments: rules run on every keystroke, and a sentence or a better
    value is only worth computing when there is something to say. A hint that comes out as None is left out.
    """
    if truth is False:
        known = {name: hint() if callable(hint) else hint for name, hint in hints.items()}
        hints = {name: hint for name, hint in known.items() if hint is not None}
        raise Refusal(message() if callable(message) else message, code, **hints)


@dataclass(frozen=True, slots=True)
class Spec:
    """What flows on a wire: sizes of the axes, and the dtype by torch's name."""

    shape: Shape
    dtype: str = "float32"
    # Specs key what is remembered of layers, and a shape with a symbol's name is slow to hash.
    _hash: int | None = field(default=None, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        if self._hash is None:
            object.__setattr__(self, "_hash", hash((self.shape, self.dtype)))
        return self._hash  # type: ignore[return-value]

    @property
    def kind(self) -> str:
        """float, int or bool."""
        return _KIND_OF[self.dtype]


@dataclass(frozen=True, slots=True)
class Want:
    """What would fit a port: exactly a spec, or a number of axes, a kind of values, another order of the axes."""

    spec: Spec | None = None
    rank: int | None = None
    kind: str = ""
    order: tuple[int, ...] = ()


class Inlet:
    """An input port: axis pattern (``N C H W``, ``N ... C``, ``...``), the kinds it takes, whether it may stay unwired.

    ``variadic`` stands for ports ``x0, x1, …`` of which at least ``least`` are wired. A rule is called with the
    shape of every wired inlet by its name (so an optional one has the default None), and with those of a variadic one
    by position. ``state`` says that it is what a recurrent layer remembers.
    """

    def __init__(
        self,
        axes: str = "...",
        kind: str = "any",
        *,
        optional: bool = False,
        variadic: bool = False,
        least: int = 2,
        state: bool = False,
    ) -> None:
        self.axes = tuple(axes.split())
        self.kinds = ("float", "int", "bool") if kind == "any" else tuple(kind.split())
        self.optional = optional
        self.variadic = variadic
        self.least = least
        self.state = state
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @property
    def rank(self) -> int | None:
        """The number of axes it needs; None for any."""
        return None if "..." in self.axes else len(self.axes)

    @property
    def least_rank(self) -> int:
        """The smallest number of axes it takes."""
        return sum(1 for axis in self.axes if axis != "...")


class Outlet:
    """An output port. ``dtype`` is ``same`` (promoted from the inputs), ``quotient`` (the same, but always a float),
    ``first`` (that of the first input), a dtype by name, or the parameter that names one. ``state`` says that it is
    what a recurrent layer remembers."""

    def __init__(self, dtype: str = "same", *, state: bool = False) -> None:
        self.dtype = dtype
        self.state = state
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor a layer owns, by torch's state-dict name under the layer.

    ``name`` is empty where the node itself is the tensor (``Held``).
    ``axes`` names its axes: ``out in H W``; a capital that the inlet's pattern also has (``C``, ``F``) is that very
    axis, so it shrinks with what comes in. ``tied`` is the weight of the graph that it is the same tensor as (never
    set by rules).
    """

    name: str
    shape: Shape
    axes: str = ""
    role: str = "weight"  # weight, bias, buffer
    dtype: str = "float32"
    tied: str = ""

    def path(self, owner: str) -> str:
        """Its state-dict path under the layer at the path ``owner``."""
        return f"{owner}.{self.name}" if self.name else owner


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a rule says of one call of a layer.

    ``outputs`` in the order of the declared outlets; ``macs`` multiply-adds of convolutions, linear maps and matrix
    products, of which ``attention`` are the products QKᵀ and AV inside an attention layer; ``elementwise`` one per
    element of element-wise and normalization work, of which ``biases`` are additions of a bias; ``follows`` the
    constructor arguments that follow the wire.
    ``saves`` names the ports whose values autograd keeps for backward, where that depends on the configuration (else
    the declaration's own ``saves`` stands), ``keeps`` what it keeps besides them: (number of values, dtype), where the
    dtype ``same`` is that of the first output and ``wide`` the same but float32 at least, as statistics are kept.
    ``scratch`` values of the first output's dtype live only while the layer runs.
    ``dtypes`` are those of the outputs where the configuration says them; an empty one is as its outlet declares.
    ``notes`` are remarks that refuse nothing: a code, a message as a Refusal has it, hints.
    """

    outputs: tuple[Shape, ...]
    weights: tuple[Weight, ...] = ()
    macs: Dim = 0
    elementwise: Dim = 0
    follows: Mapping[str, Dim | tuple[Dim, ...]] = None  # type: ignore[assignment]
    attention: Dim = 0
    biases: Dim = 0
    saves: tuple[str, ...] | None = None
    keeps: tuple[tuple[Dim, str], ...] = ()
    scratch: Dim = 0
    notes: tuple[tuple[str, str, Mapping[str, Any]], ...] = ()
    dtypes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.follows is None:
            object.__setattr__(self, "follows", {})


def facts(
    *outputs: Shape,
    weights: Iterable[Weight] = (),
    macs: Dim = 0,
    elementwise: Dim = 0,
    attention: Dim = 0,
    biases: Dim = 0,
    saves: tuple[str, ...] | None = None,
    keeps: tuple[tuple[Dim, str], ...] = (),
    scratch: Dim = 0,
    notes: tuple[tuple[str, str, Mapping[str, Any]], ...] = (),
    **follows: Dim | tuple[Dim, ...],
) -> Facts:
    """Facts with the outputs in the order of the declared outlets, and what follows the wire by keyword."""
    return Facts(outputs, tuple(weights), macs, elementwise, follows, attention, biases, saves, keeps, scratch, notes)


class Layer:
    """Base of all declarations. An instance is one configuration: hashable, so that it can key remembered facts."""

    torch: ClassVar[Spelling]
    family: ClassVar[str]
    help: ClassVar[str]
    source: ClassVar[str]
    stem: ClassVar[str]  # the usual attribute name, from which new nodes are named
    words: ClassVar[str] = ""  # more words that search finds it by
    rare: ClassVar[bool] = False  # drawn by imports rather than by people: no list offers it, its full name finds it
    sign: ClassVar[str] = ""  # what stands in its circle, where it is drawn as an operator but is no infix one
    letters: ClassVar[Mapping[str, str]] = {}  # axis or parameter -> its letter in the formulas of one layer
    promotes: ClassVar[bool] = False  # takes float types that differ and promotes them, as arithmetic does
    saves: ClassVar[tuple[str, ...]] = ()  # ports whose values autograd keeps for backward
    view: ClassVar[str] = ""  # how its output shares the memory of its first input; see shares_memory
    in_order: ClassVar[bool] = False  # its output lies in memory as its input does, being made element by element
    replaces: ClassVar[tuple[str, ...]] = ()
    renamed: ClassVar[Mapping[str, str]] = {}  # old parameter or port name -> new
    rule: ClassVar[Callable[..., Facts]]

    inlets: ClassVar[dict[str, Inlet]]
    outlets: ClassVar[dict[str, Outlet]]
    places: ClassVar[dict[str, int]]  # of the outlets, in the order of a rule's outputs
    simple: ClassVar[bool]  # whether no inlet is variadic
    fields: ClassVar[dict[str, Field[Any]]]

    __slots__ = ("_hash", "recent", "values")

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        members = [(name, value) for base in reversed(cls.__mro__) for name, value in vars(base).items()]
        cls.inlets = {name: value for name, value in members if isinstance(value, Inlet)}
        cls.outlets = {name: value for name, value in members if isinstance(value, Outlet)}
        cls.places = {name: place for place, name in enumerate(cls.outlets)}
        cls.simple = not any(inlet.variadic for inlet in cls.inlets.values())
        cls.fields = {name: value for name, value in members if isinstance(value, Field)}
        if "torch" in vars(cls) and not cls.__name__.startswith("_"):
            _registry[cls.__name__] = cls

    def __init__(self, values: Mapping[str, Any]) -> None:
        """One configuration with every field's resolved value."""
        self.values = dict(values)
        self.recent: dict[int, tuple[Spec, Any]] = {}  # what it made of its only input, by that spec's identity
        self._hash = hash((type(self), tuple(self.values.values())))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Layer) and other.values == self.values

    @classmethod
    def operator_sign(cls) -> str:
        """The sign in its circle, for what is drawn as an operator on the wire; empty for plates."""
        return cls.torch.sign if isinstance(cls.torch, Operator) else cls.sign

    @classmethod
    def adapt(cls, have: Spec, want: Want) -> dict[str, Any] | None:
        """The parameters with which a layer of this type turns ``have`` into what is wanted; None where it cannot.

        Fixes ask every declaration, so a type that bridges shapes says so here.
        """
        return None

    def shares_memory(self, training: bool) -> str:
        """How its output shares the memory of its first input, so that it costs none; empty where it is a new tensor.

        ``same``: it is the input, or laid out alike; ``strided``: the axes are stepped through in another way;
        ``flat``: a view where the input lies in order, and a copy where it is strided (torch.Tensor.reshape).
        """
        return self.view

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """How torch spells one configuration, by its parameters: for most types the declared spelling."""
        return cls.torch

    @classmethod
    def ports_for(cls, params: Mapping[str, Any]) -> tuple[list[str], list[str]] | None:
        """The input and output ports of a node by its parameters; None where they are as declared."""
        return None

    @classmethod
    def owns_weights(cls) -> bool:
        """Whether it is made in the constructor."""
        return isinstance(cls.torch, Module | Held)


_registry: dict[str, type[Layer]] = {}


@lru_cache(maxsize=1)
def _load_all() -> dict[str, type[Layer]]:
    import_module("graph_core.layers")
    return _registry


def layer_types() -> Mapping[str, type[Layer]]:
    """Every declared layer type by name, in the order of declaration."""
    return _load_all()


@lru_cache(maxsize=1)
def replaced_types() -> Mapping[str, str]:
    """Names that layer types had before -> their names now."""
    return {old: name for name, declaration in layer_types().items() for old in declaration.replaces}
