"""Files are short, stay on this project, and never run what they read."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

from tests.house.source import ROOT, SKIPPED, Source, sources

LONGEST = 400
# Files that are longer, with their lines. May only shrink: split the file, then take it off.
LONGER: dict[str, int] = {}

# The one place that runs text as code: the module made from the source that we have just emitted.
RUNS_EMITTED_SOURCE: Counter[str] = Counter({"codegen/build.py": 2})

CALLS = {"eval", "exec", "compile", "__import__"}
MODULES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "code", "codeop"}
ATTRIBUTES = {
    ("torch", "load"): "unpickles",
    ("torch", "save"): "pickles",
    ("os", "system"): "runs a shell",
    ("os", "popen"): "runs a shell",
    ("yaml", "load"): "runs constructors",
    ("builtins", "eval"): "runs text",
    ("builtins", "exec"): "runs text",
}

# A folder of one machine, or one beside the repository.
ELSEWHERE = re.compile(r"(?<![\w.~$}*/-])/(?:home|root|Users|work|opt|mnt)/\w|\.\./" + r"shared\b")
TEXT = {".py", ".md", ".toml", ".json", ".netw", ".svg", ".yml", ".yaml", ".cfg", ".txt", ""}


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def dangers(source: Source) -> list[str]:
    """What in ``source`` would run or unpickle data, as ``path:line what``."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            found.append((node.lineno, node.func.id))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [(node.lineno, name) for name in names if name.partition(".")[0] in MODULES]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in ATTRIBUTES:
                found.append((node.lineno, f"{node.value.id}.{node.attr}"))
        elif isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle") and not _is_false(node.value):
            found.append((node.value.lineno, node.arg))
    return [f"{source.path}:{line} {what}" for line, what in sorted(found)]


def texts() -> list[tuple[str, str]]:
    """Every text file of the project: its path, and its text."""
    found = []
    for path in sorted(ROOT.rglob("*")):
        inner = path.relative_to(ROOT)
        hidden = any(part.startswith(".") and part != ".ci" for part in inner.parts)
        if path.is_file() and not hidden and not SKIPPED.intersection(inner.parts) and path.suffix in TEXT:
            found.append((inner.as_posix(), path.read_text(encoding="utf-8")))
    return [(name, text) for name, text in found if ".egg-info/" not in name]


def test_files_are_short():
    lines = {source.path: source.text.count("\n") for source in sources()}
    assert {path: n for path, n in lines.items() if n > LONGER.get(path, LONGEST)} == {}
    assert {path for path in LONGER if lines.get(path, 0) <= LONGEST} == set(), "short now: take it off the list"


def test_nothing_runs_what_it_reads():
    found = [danger for source in sources() for danger in dangers(source)]
    allowed = Counter(danger.partition(":")[0] for danger in found if danger.endswith((" exec", " compile")))
    others = [danger for danger in found if not danger.endswith((" exec", " compile"))]
    assert others == []
    assert allowed == RUNS_EMITTED_SOURCE


@pytest.mark.parametrize(
    "text",
    [
        "eval(text)",
        "def f():\n    exec(text, {})",
        "import pickle",
        "from pickle import loads",
        "import torch\ntorch.load(path)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "import subprocess\nsubprocess.run(line, shell=True)",
        "import os\nos.system(line)",
    ],
)
def test_a_danger_is_seen(text: str):
    assert len(dangers(Source("codegen/made_up.py", text))) == 1


def test_methods_of_those_names_pass():
    text = "model.eval()\ndialog.exec()\nre.compile('a')\nrun(a, shell=False)"
    assert dangers(Source("codegen/made_up.py", text)) == []


def test_no_file_points_outside_the_project():
    found = [f"{name}: {match.group()}" for name, text in texts() for match in ELSEWHERE.finditer(text)]
    assert found == []


def test_a_path_outside_is_seen():
    assert ELSEWHERE.search("see " + "/home" + "/ann/model.netw")
    assert ELSEWHERE.search("`.." + "/shared/x.md`")
    assert not ELSEWHERE.search("https://example.org/work/a and src/work/x")
