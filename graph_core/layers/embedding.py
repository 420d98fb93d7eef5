"""Embeddings: whole numbers as vectors, and positions."""

from __future__ import annotations

from typing import Any

from graph_core.dims import Shape, at_least, prod, size_text
from graph_core.fields import REQUIRED, Maybe, Size
from graph_core.layer import Facts, Inlet, Layer, Module, Outlet, Phrase, Spec, Want, Weight, facts, require


class Embedding(Layer):
    """A row of a learned table for each whole number."""

    torch = Module("nn.Embedding")
    family, stem, words = "emb", "embed", "lookup table token word vocabulary"
    letters = {"num_embeddings": "V", "embedding_dim": "d"}
    saves = ("x",)
    help = "Looks up a learned vector for each whole number, such as a word's index."
    source = "torch.nn.Embedding"

    x, y = Inlet("...", "int"), Outlet("float32")
    num_embeddings = Size(1000, "Rows of the table: indices run from 0 to one less.", torch=REQUIRED)
    embedding_dim = Size(128, "Length of each vector.", torch=REQUIRED)
    padding_idx = Maybe(None, "The index whose vector stays zero.", least=0, advanced=True)

    @classmethod
    def adapt(cls, have: Spec, want: Want) -> dict[str, Any] | None:
        """Turns whole numbers into vectors where real numbers are wanted."""
        return {} if want.kind == "float" and have.kind == "int" else None

    def rule(self, x: Shape) -> Facts:
        padding = self.padding_idx
        if padding is not None:
            require(
                at_least(self.num_embeddings, padding + 1),
                lambda: f"has padding_idx {padding} in a table of {self.num_embeddings} rows",
                "parameter",
                set={"padding_idx": 0},
            )
        table = Weight("weight", (self.num_embeddings, self.embedding_dim), "in out")
        return facts((*x, self.embedding_dim), weights=[table])


class OneHot(Layer):
    """A row of zeros with a single one, for each whole number."""

    torch = Phrase("F.one_hot(x.long(), num_classes)")
    family, stem, words = "emb", "one_hot", "onehot class label index indicator"
    rare = True
    help = "Turns each whole number into a row of zeros with a single one, at its place."
    source = "torch.nn.functional.one_hot"

    x, y = Inlet("...", "int"), Outlet("int64")
    num_classes = Size(10, "Length of each row.")

    def rule(self, x: Shape) -> Facts:
        return facts((*x, self.num_classes))


class _Positions(Layer):
    """What both kinds of positions share: a table of ``max_len`` rows, of which the first T are added.

    Stricter than torch: a table of one row does not serve a longer sequence, though torch would add it to every step.
    """

    family = "emb"
    letters = {"max_len": "L"}

    x, y = Inlet("N T F", "float"), Outlet()

    max_len: Size

    def _check_length(self, x: Shape) -> None:
        require(
            at_least(self.max_len, x[1]),
            lambda: f"has {size_text(self.max_len)} positions for a sequence of {size_text(x[1])}",
            "parameter",
            set=lambda: {"max_len": int(x[1])} if isinstance(x[1], int) else None,
        )


class PositionalEncoding(_Positions):
    """Sine and cosine waves of the position, added to each step."""

    torch = Module(
        "PositionalEncoding",
        preamble='''
class PositionalEncoding(nn.Module):
    """Adds sines and cosines of the position to x of shape (N, T, d_model) (Vaswani et al. 2017, section 3.5)."""

    pe: Tensor

    def __init__(self, d_model: int, max_len: int = 5000) -> None:
        super().__init__()
        position = torch.arange(max_len).unsqueeze(1)
        rate = 10000.0 ** (-torch.arange(0, d_model, 2) / d_model)
        pe = torch.zeros(max_len, d_model)
        pe[:, 0::2] = torch.sin(position * rate)
        pe[:, 1::2] = torch.cos(position * rate[: d_model // 2])
        self.register_buffer("pe", pe)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.pe[: x.shape[1]]
''',
    )
    stem, words = "pos", "sinusoidal position encoding transformer sine"
    help = "Adds fixed sine and cosine waves, so that attention can tell positions apart."
    source = "Vaswani et al. 2017, arXiv:1706.03762, section 3.5"

    max_len = Size(5000, "The longest sequence it is made for.")

    def rule(self, x: Shape) -> Facts:
        self._check_length(x)
        table = Weight("pe", (self.max_len, x[2]), "positions F", "buffer")
        return facts(x, weights=[table], elementwise=prod(x), d_model=x[2])


class LearnedPositions(_Positions):
    """A learned vector for each position, added to each step."""

    torch = Module(
        "LearnedPositions",
        preamble='''
class LearnedPositions(nn.Module):
    """Adds a learned vector for each position to x of shape (N, T, d_model)."""

    def __init__(self, d_model: int, max_len: int = 512) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(max_len, d_model))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight[: x.shape[1]]
''',
    )
    stem, words = "pos", "position embedding learned transformer"
    help = "Adds a learned vector for each position, so that attention can tell positions apart."
    source = "Devlin et al. 2018, arXiv:1810.04805, section 3.2"

    max_len = Size(512, "The longest sequence it is made for.")

    def rule(self, x: Shape) -> Facts:
        self._check_length(x)
        table = Weight("weight", (self.max_len, x[2]), "positions F")
        return facts(x, weights=[table], elementwise=prod(x), d_model=x[2])
