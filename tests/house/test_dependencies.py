"""What the code imports is declared, and what is declared is imported."""

from __future__ import annotations

import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions

from tests.house.source import PACKAGES, ROOT, Source, imports, sources

# Needed at run time by something else that we call, and imported nowhere here.
BROUGHT_ALONG = {
    "onnxscript": "torch.onnx.export(dynamo=True) imports it",
}

# Modules of one distribution that pip brings with another.
COMES_WITH = {"shiboken6": "pyside6-essentials"}

# Declared for parts that are being written. May only shrink.
AWAITED = {"platformdirs", "pyqtgraph"}


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def declared(extra: str = "") -> dict[str, str]:
    """The requirements in pyproject.toml, of the project or of one extra: name -> the whole line."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return {_key(re.split(r"[<>=!~\[; ]", line)[0]): line for line in lines}


@cache
def _distributions() -> dict[str, list[str]]:
    return {name: [_key(one) for one in found] for name, found in packages_distributions().items()}


def needed(modules: tuple[Source, ...]) -> dict[str, str]:
    """The distributions that ``modules`` import -> one place that does; unknown modules by their own name."""
    own = {*PACKAGES, "assets", "tests"}
    found: dict[str, str] = {}
    for source in modules:
        for one in imports(source):
            top = one.name.partition(".")[0]
            if top and top not in own and top not in sys.stdlib_module_names:
                names = _distributions().get(top, [_key(top)])
                names = [COMES_WITH.get(name, name) for name in names]
                known = [name for name in names if name in declared() or name in declared("dev")]
                found.setdefault((known or names)[0], f"{source.path}:{one.line}")
    return found


def test_what_is_imported_is_declared():
    assert {name: place for name, place in needed(sources()).items() if name not in declared()} == {}


def test_what_is_declared_is_imported():
    assert set(declared()) - set(needed(sources())) - set(BROUGHT_ALONG) - AWAITED == set()


def test_what_tests_import_is_declared():
    known = {*declared(), *declared("dev"), *declared("bench"), *declared("models")}
    assert {name: place for name, place in needed(sources("tests")).items() if name not in known} == {}


def test_what_is_declared_has_both_bounds():
    lines = [line for extra in ("", "dev", "bench") for line in declared(extra).values()]
    assert [line for line in lines if not re.search(r">=[\d.]+,<[\d.]+$", line)] == []


def test_an_undeclared_import_is_seen():
    assert set(needed((Source("designer/a.py", "def f():\n    import numpy, made_up"),))) == {"numpy", "made-up"}
