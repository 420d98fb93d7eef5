"""Attention.

Stricter than torch: keys and values of a MultiheadAttention are as wide as its queries, and the axes before the last
two of a scaled-dot-product attention's keys and values are those of its queries, or 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from graph_core.dims import Dim, Shape, at_least, divides, prod, same, shape_text
from graph_core.fields import REQUIRED, Fixed, Flag, MaybeReal, Real, Size
from graph_core.layer import Facts, Function, Inlet, Layer, Module, Outlet, Refusal, Spelling, Weight, facts, require
from graph_core.layers._rules import nearest_divisor


class MultiheadAttention(Layer):
    """Attention of several heads between learned projections of queries, keys and values."""

    torch = Module(
        "nn.MultiheadAttention",
        takes=("query", "key", "value", "key_padding_mask=key_padding_mask", "attn_mask=attn_mask"),
        returns=("y", "_"),
        call=(("need_weights", "False"),),
    )
    family, stem, words = "attn", "attn", "attention self cross heads transformer"
    letters = {"num_heads": "h"}
    saves = ("query", "key", "value", "attn_mask")
    help = "Lets each position of the query gather from all positions of key and value, in several heads."
    source = "torch.nn.MultiheadAttention; Vaswani et al. 2017, arXiv:1706.03762"

    query, key, value = Inlet("N T E", "float"), Inlet("N S E", "float"), Inlet("N S E", "float")
    key_padding_mask = Inlet("N S", "float bool", optional=True)
    attn_mask = Inlet("... T S", "float bool", optional=True)
    y = Outlet()
    num_heads = Size(8, "Heads; they share the width between them.", torch=REQUIRED)
    dropout = Real(0.0, "Probability of a zero among the weights, in training.", least=0.0, most=1.0)
    bias = Flag(True, "Add learned constants to the projections.", advanced=True)
    batch_first = Fixed(True, "The batch is the first axis.", torch=False)

    def rule(
        self,
        query: Shape,
        key: Shape,
        value: Shape,
        key_padding_mask: Shape | None = None,
        attn_mask: Shape | None = None,
    ) -> Facts:
        n, t, width = query
        s, heads = key[1], self.num_heads
        require(
            divides(heads, width),
            lambda: f"splits {width} features over {heads} heads",
            "heads",
            set=lambda: {"num_heads": nearest_divisor(heads, width)},
        )
        for name, shape in (("key", key), ("value", value)):
            _equal(name, shape, (n, s, width))
        masks = 0
        if key_padding_mask is not None:
            _equal("key_padding_mask", key_padding_mask, (n, s))
            masks += 1
        if attn_mask is not None:
            _equal("attn_mask", attn_mask, (t, s) if len(attn_mask) == 2 else (n * heads, t, s))
            masks += 1
        weights = [Weight("in_proj_weight", (3 * width, width), "qkv in")]
        if self.bias:
            weights.append(Weight("in_proj_bias", (3 * width,), "qkv", "bias"))
        weights.append(Weight("out_proj.weight", (width, width), "out in"))
        if self.bias:
            weights.append(Weight("out_proj.bias", (width,), "out", "bias"))
        projected, scores = 2 * n * (t + s) * width, n * heads * t * s
        products = 2 * n * t * s * width
        # A fused attention keeps its projections and what they attended to, not the scores: only their log-sum-exp.
        padding: Dim = 0
        if key_padding_mask is not None:
            padding = scores if attn_mask is not None else n * heads * s
        return facts(
            query,
            weights=weights,
            macs=projected * width + products,
            elementwise=scores * (1 + masks) + (projected if self.bias else 0),
            attention=products,
            biases=projected if self.bias else 0,
            saves=("query", "key", "value") if masks == 2 else None,  # both masks are made one
            keeps=((projected + padding, "same"), (n * heads * t, "wide")),
            scratch=projected,
            embed_dim=width,
        )


def _equal(name: str, shape: Shape, needed: Shape) -> None:
    fits = len(shape) == len(needed)
    for given, size in zip(shape, needed, strict=True) if fits else [(0, 1)]:
        require(
            same(given, size),
            lambda: f"takes {name} of {shape_text(needed)}, not {shape_text(shape)}",
            port=name,
            want=needed,
        )


def _spreads_over(mask: Shape, scores: Shape) -> None:
    """Refuse a mask that does not broadcast to the scores it is added to."""
    if len(mask) > len(scores):
        _equal("attn_mask", mask, scores)
    last = scores[len(scores) - len(mask) :]
    _equal("attn_mask", tuple(q if not same(p, q) and same(p, 1) else p for p, q in zip(mask, last, strict=True)), last)


class ScaledDotProductAttention(Layer):
    """softmax(Q Kᵀ / √E) V, without weights."""

    torch: ClassVar[Function] = Function(
        "F.scaled_dot_product_attention", takes=("query", "key", "value", "attn_mask=attn_mask")
    )
    family, stem, words = "attn", "sdpa", "attention scaled dot product qkv causal flash"
    help = "Weighs values by how well each query matches each key: softmax(Q Kᵀ / √E) V."
    source = "torch.nn.functional.scaled_dot_product_attention; Vaswani et al. 2017, arXiv:1706.03762"

    query, key, value = Inlet("N ... T E", "float"), Inlet("N ... S E", "float"), Inlet("N ... S V", "float")
    attn_mask = Inlet("... T S", "float bool", optional=True)
    y = Outlet()
    is_causal = Flag(False, "Let each position see itself and what came before only.")
    scale = MaybeReal(None, "What scores are multiplied by; None for 1/√E.", advanced=True)
    enable_gqa = Flag(False, "Let groups of heads share a head of keys and values.", advanced=True)
    dropout = Real(0.0, "Probability of a zero among the weights, in training.", least=0.0, most=1.0, emit=False)

    @classmethod
    def spelling_for(cls, values: Mapping[str, Any]) -> Spelling:
        """With a dropout that only training has."""
        call = (("dropout_p", f"{values['dropout']!r} if self.training else 0.0"),) if values.get("dropout") else ()
        return replace(cls.torch, call=call)

    def rule(self, query: Shape, key: Shape, value: Shape, attn_mask: Shape | None = None) -> Facts:
        *lead, t, width = query
        s, values = key[-2], value[-1]
        whole = self._leads(lead, key) and self._leads(lead, value)
        _equal("key", key, (*(key[:-2] if whole else lead), s, width))
        _equal("value", value, (*(value[:-2] if whole else lead), s, values))
        scores = (*lead, t, s)
        if attn_mask is not None:
            if self.is_causal:
                raise Refusal("takes either attn_mask or is_causal, not both", "shape", set={"is_causal": False})
            _spreads_over(attn_mask, scores)
        work: Dim = prod(scores)
        products = work * (width + values)
        # Torch fuses four axes of equal widths; otherwise it computes the scores and keeps them.
        fused = bool(same(len(lead), 2) and same(width, values)) and all(
            same(a, b) for given in (key, value) for a, b in zip(given, lead, strict=False)
        )
        copies = prod(query) + prod(key) + work
        return facts(
            (*lead, t, values),
            macs=products,
            elementwise=work * (2 if attn_mask is not None else 1),
            attention=products,
            saves=("query", "key", "value", "attn_mask", "y") if fused else ("value",),
            keeps=((prod(scores[:-1]), "wide"),) if fused else ((copies, "same"),),
            scratch=0 if fused else copies,
        )

    def _leads(self, lead: Sequence[Dim], given: Shape) -> bool:
        """Whether the axes before the last two of keys or values go with those of the queries."""
        rest = given[:-2]
        if len(rest) != len(lead):
            return False
        last = len(lead) - 1
        return all(
            same(a, b)
            or same(a, 1)
            or (self.enable_gqa and place == last and last >= 1 and at_least(a, 1) and divides(a, b))
            for place, (a, b) in enumerate(zip(rest, lead, strict=True))
        )
