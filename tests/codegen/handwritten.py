"""ResNet-50, ViT-B/16 and a GPT-2 written by hand, and the drawing of the last: what emission is held against."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graph_core import Project, edits, ties
from tests.benchmarks.models import join
from tests.templates import chain, finish, new_graph, new_project


class Bottleneck(nn.Module):
    def __init__(self, inplanes: int, planes: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * 4, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * 4)
        self.relu = nn.ReLU()
        self.downsample: nn.Module | None = None
        if stride != 1 or inplanes != planes * 4:
            conv = nn.Conv2d(inplanes, planes * 4, kernel_size=1, stride=stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(planes * 4))

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        return self.relu(out + identity)


class ResNet50(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.inplanes = 64
        self.layer1 = self._stage(64, 3, 1)
        self.layer2 = self._stage(128, 4, 2)
        self.layer3 = self._stage(256, 6, 2)
        self.layer4 = self._stage(512, 3, 2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(2048, 1000)

    def _stage(self, planes: int, blocks: int, stride: int) -> nn.Sequential:
        layers = []
        for k in range(blocks):
            layers.append(Bottleneck(self.inplanes, planes, stride if k == 0 else 1))
            self.inplanes = planes * 4
        return nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Waves(nn.Module):
    pe: Tensor

    def __init__(self, d_model: int, max_len: int = 5000) -> None:
        super().__init__()
        position = torch.arange(max_len).unsqueeze(1)
        rate = 10000.0 ** (-torch.arange(0, d_model, 2) / d_model)
        pe = torch.zeros(max_len, d_model)
        pe[:, 0::2] = torch.sin(position * rate)
        pe[:, 1::2] = torch.cos(position * rate)
        self.register_buffer("pe", pe)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.pe[: x.size(1)]


class EncoderBlock(nn.Module):
    def __init__(self, dim: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(dim)
        self.self_attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(dim)
        self.fc1 = nn.Linear(dim, hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        h = self.ln_1(x)
        h, _ = self.self_attention(h, h, h, need_weights=False)
        x = h + x
        return self.fc2(self.act(self.fc1(self.ln_2(x)))) + x


class ViT(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_proj = nn.Conv2d(3, 768, kernel_size=16, stride=16)
        self.positions = Waves(768)
        self.layers = nn.Sequential(*[EncoderBlock(768, 12, 3072) for _ in range(12)])
        self.ln = nn.LayerNorm(768)
        self.head = nn.Linear(768, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_proj(x)
        x = torch.flatten(x, 2).permute(0, 2, 1)
        x = self.layers(self.positions(x))
        return self.head(self.ln(x).mean(dim=1))


class Block(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(dim)
        self.q, self.k, self.v = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.c_proj = nn.Linear(dim, dim)
        self.ln_2 = nn.LayerNorm(dim)
        self.c_fc = nn.Linear(dim, 4 * dim)
        self.gelu = nn.GELU(approximate="tanh")
        self.mlp_proj = nn.Linear(4 * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        h = self.ln_1(x)
        q, k, v = (layer(h).reshape(h.shape[0], 64, 12, 64).transpose(1, 2) for layer in (self.q, self.k, self.v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = self.c_proj(y.transpose(1, 2).flatten(2)) + x
        return self.mlp_proj(self.gelu(self.c_fc(self.ln_2(x)))) + x


class GPT2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wte = nn.Embedding(50257, 768)
        self.wpe = Waves(768, 1024)
        self.h = nn.Sequential(*[Block(768) for _ in range(12)])
        self.ln_f = nn.LayerNorm(768)
        self.lm_head = nn.Linear(768, 50257, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.lm_head(self.ln_f(self.h(self.wpe(self.wte(x)))))


def gpt2_drawn() -> Project:
    """A GPT-2 of 12 blocks on 64 tokens, its head tied to its embedding."""
    project = new_project("gpt2", "GPT2")
    block = new_graph(project, "block", "Block")
    block.add("Input", id="x", name="x", shape=["N", 64, "dim"])
    normed = chain(block, "x.y", ("n1", "LayerNorm", "ln_1", {}))
    block.add("ScaledDotProductAttention", id="s", name="attention", is_causal=True)
    for id, port in (("q", "query"), ("k", "key"), ("v", "value")):
        head = chain(
            block,
            normed,
            (id, "Linear", id, {"out_features": "dim"}),
            (f"r{id}", "Reshape", f"heads_{id}", {"shape": [64, 12, 64]}),
            (f"t{id}", "Transpose", f"turn_{id}", {"dim0": 1, "dim1": 2}),
        )
        block.connect(head, f"s.{port}")
    end = chain(
        block,
        "s.y",
        ("t", "Transpose", "turn", {"dim0": 1, "dim1": 2}),
        ("f", "Flatten", "merge", {"start_dim": 2}),
        ("p", "Linear", "c_proj", {"out_features": "dim"}),
    )
    join(block, "e1", "add1", end, "x.y")
    end = chain(
        block,
        "e1.y",
        ("n2", "LayerNorm", "ln_2", {}),
        ("l1", "Linear", "c_fc", {"out_features": "4 * dim"}),
        ("g", "GELU", "gelu", {"approximate": "tanh"}),
        ("l2", "Linear", "mlp_proj", {"out_features": "dim"}),
    )
    join(block, "e2", "add2", end, "e1.y")
    finish(block, "e2.y")
    graph = project.networks["main"]
    graph.add("Input", id="x", name="x", shape=["N", 64], dtype="int64")
    end = chain(
        graph,
        "x.y",
        ("w", "Embedding", "wte", {"num_embeddings": 50257, "embedding_dim": 768}),
        ("p", "PositionalEncoding", "wpe", {"max_len": 1024}),
        ("b", "block", "h", {}),
        ("n", "LayerNorm", "ln_f", {}),
        ("l", "Linear", "lm_head", {"out_features": 50257, "bias": False}),
    )
    finish(graph, end)
    edits.set_repeat(graph, "b", 12)
    ties.tie(graph, "l.weight", "w.weight")
    return project
