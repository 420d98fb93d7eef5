"""The example in CONTRIBUTING.md is a layer that works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.house.sizes import declared_sizes, offences
from tests.house.source import ROOT, Source

TRY = """
import torch

import made_up
from graph_core.layer import Refusal, layer_types

layer = layer_types()["PixelShuffle"]
facts = layer({"upscale_factor": 3}).rule((2, 18, 4, 5))
module = torch.nn.PixelShuffle(3)
assert facts.outputs == (tuple(module(torch.empty(2, 18, 4, 5, device="meta")).shape),)
try:
    layer({"upscale_factor": 4}).rule((2, 18, 4, 5))
except Refusal as refusal:
    print(refusal)
"""


def example() -> str:
    """The first block of Python in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found
    return found.group(1)


def test_the_example_agrees_with_torch(tmp_path: Path):
    (tmp_path / "made_up.py").write_text(example(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}]\n{TRY}"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "does not split 18 channels into 4 × 4 pixels\n"


def test_the_example_keeps_the_rule_of_rules():
    source = Source("graph_core/layers/made_up.py", example())
    assert offences(source, declared_sizes([source])) == []


def test_the_files_it_names_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = re.findall(r"`((?:graph_core|codegen|designer|tests)/[\w./]+)`", text)
    assert len(places) >= 3
    assert [place for place in places if not (ROOT / place).exists()] == []
