"""How other tools count operations, found by running them: conventions of the ledger, by layer type where they differ.

torch: `torch.utils.flop_counter.FlopCounterMode`. fvcore 0.1.5: `FlopCountAnalysis(model.eval(), …).total()`, one
operation for a multiply-add; its traces hold fused attention and recurrent layers as one step that it does not know.
torchinfo 1.8: `total_mult_adds` of `summary`; it multiplies the parameters of each module by samples (of convolutions
by positions, of recurrent layers by steps), and leaves fused attention out.
ptflops 0.7: its `aten` backend, which counts a bias only where torch adds it in one step with the product: in
attention for a single sample, of the two biases of an RNN or GRU one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graph_core.ledger import FLOPS, MACS, Convention, Rule

_NOTHING: Final = Rule("nothing")
_RECURRENT: Final = dict.fromkeys(("RNN", "GRU", "LSTM"), _NOTHING)

CONVENTIONS: Final[Mapping[str, Convention]] = {
    convention.name: convention
    for convention in (
        MACS,
        FLOPS,
        Convention(
            "torch",
            "torch FlopCounterMode",
            "FLOPs",
            "Two operations for a multiply-add, attention's products included; nothing else.",
            factor=2,
        ),
        Convention(
            "fvcore",
            "fvcore",
            "FLOPs",
            "One operation for a multiply-add, without attention's products and recurrent layers; normalizations and "
            "adaptive pooling by their elements.",
            attention=False,
            rules={
                **_RECURRENT,
                "ScaledDotProductAttention": _NOTHING,
                "BatchNorm1d": Rule("given", 2, bare=1),
                "BatchNorm2d": Rule("given", 2, bare=1),
                "BatchNorm3d": Rule("given", 2, bare=1),
                **{f"InstanceNorm{n}d": Rule("given", 5, bare=4) for n in (1, 2, 3)},
                "LayerNorm": Rule("given", 5, bare=4),
                "GroupNorm": Rule("given", 5),
                "AdaptiveAvgPool2d": Rule("given"),
            },
        ),
        Convention(
            "torchinfo",
            "torchinfo",
            "mult-adds",
            "Each parameter once for every sample (of convolutions at every position, of recurrent layers at every "
            "step), biases included; none of MultiheadAttention.",
            biases=True,
            rules={
                **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d", "RNN", "GRU", "LSTM"), Rule()),
                **dict.fromkeys(("ConvTranspose1d", "ConvTranspose2d"), Rule("positions")),
                "MultiheadAttention": _NOTHING,
            },
            otherwise=Rule("weights"),
        ),
        Convention(
            "ptflops",
            "ptflops, aten",
            "MACs",
            "Multiply-adds and the additions of biases, without attention's products and without LSTMs.",
            attention=False,
            biases=True,
            rules={"LSTM": _NOTHING, "ScaledDotProductAttention": _NOTHING},
        ),
    )
}
