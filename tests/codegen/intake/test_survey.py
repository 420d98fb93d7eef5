"""The list of what the survey tried, and the numbers that the README tells of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.house.source import ROOT
from tests.survey.configurations import TRANSFORMERS
from tests.survey.models import TIMM

KNOWN = {"timm": TIMM, "transformers": TRANSFORMERS}
FIRST = ("gpt2", "bert", "t5", "llama", "vit")  # those of transformers that have a line of their own


def tried(kind: str) -> dict[str, Any]:
    """What came of the models of one kind: names by state."""
    found: dict[str, Any] = json.loads((ROOT / "tests/survey/tried.json").read_text())[kind]
    return found


@pytest.mark.parametrize("kind", KNOWN)
def test_the_list_is_of_the_models_that_are_surveyed(kind: str):
    names = [name for state in tried(kind).values() for name in state]
    assert len(names) == len(set(names))
    assert set(names) <= set(KNOWN[kind])


def counts(kind: str, names: list[str]) -> list[int]:
    """How many were tried, came without opaque nodes, and were equal."""
    states = {name: state for state, found in tried(kind).items() for name in found if name in names}
    whole = [name for name, state in states.items() if state in ("equal", "differs")]
    return [len(states), len(whole), sum(state == "equal" for state in states.values())]


@pytest.mark.parametrize(
    ("line", "kind", "names"),
    [
        ("| timm: ", "timm", list(TIMM)),
        ("| transformers: GPT-2", "transformers", list(FIRST)),
        ("| transformers: others", "transformers", [name for name in TRANSFORMERS if name not in FIRST]),
    ],
)
def test_the_readme_tells_its_numbers(line: str, kind: str, names: list[str]):
    [told] = [row for row in (ROOT / "README.md").read_text().splitlines() if row.startswith(line)]
    assert [int(cell) for cell in told.split("|")[2:5]] == counts(kind, names)
