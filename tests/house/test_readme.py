"""What the README shows works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT, sources

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
EMITTER = [source.module for source in sources("codegen") if source.module == "codegen.emit"]


def block(language: str, containing: str) -> str:
    """The fenced block of ``language`` that contains a text."""
    found = re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    return str(next(part for part in found if containing in part))


@pytest.mark.parametrize("module", EMITTER)
def test_its_python_runs(tmp_path: Path, module: str):
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + block("python", "emit_source")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("448\n")
    assert "\nclass Tiny(nn.Module):" in done.stdout
    assert (tmp_path / "tiny.netw").exists()


def test_its_make_targets_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)", TEXT))
    assert {"run", "test", "setup"} <= named <= targets


def test_what_it_links_to_exists():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]
    assert len(links) >= 3
    assert [link for link in links if not (ROOT / link).exists()] == []
