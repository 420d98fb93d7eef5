"""The digits are split once for ever; files are believed only as far as they were checked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from codegen.client import worker_environment
from codegen.data.arrays import load_data, stratified
from codegen.data.catalog import CATALOG
from codegen.errors import Unusable


def test_the_digits_are_what_the_catalogue_says() -> None:
    entry, data = CATALOG["digits"], load_data("digits")
    assert data.x_train.shape == (entry.train, *entry.shape) == (1437, 1, 8, 8)
    assert data.x_test.shape == (entry.test, *entry.shape) == (360, 1, 8, 8)
    assert data.x_train.dtype == np.float32
    assert (data.x_train.min(), data.x_train.max()) == (entry.low, entry.high)
    assert data.classes == entry.classes
    # Every class has its share of the test examples, within one.
    counts = np.bincount(np.concatenate([data.y_train, data.y_test]))
    assert np.abs(np.bincount(data.y_test) - counts * 360 / 1797).max() < 1


def test_the_split_never_changes() -> None:
    """A new hash here means that every accuracy ever reported was measured on other examples."""
    assert load_data("digits").digest() == "ad3c519b27cb0cffd8995e4cd1b99892afac1fb92335580991de22fb7ec164a6"


def test_no_example_is_on_both_sides_and_none_is_lost() -> None:
    mask = stratified(np.repeat(np.arange(4), [10, 20, 30, 41]), 20)
    assert mask.sum() == 20
    assert np.bincount(np.repeat(np.arange(4), [10, 20, 30, 41])[mask]).tolist() == [2, 4, 6, 8]


def test_the_catalogue_loads_nothing_heavy() -> None:
    code = "import codegen.data.catalog, codegen.train.settings, codegen.verbs.train, sys\n"
    code += "print([name for name in ('torch', 'sklearn', 'numpy') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=worker_environment(), text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def write(path: Path, **arrays: object) -> str:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return str(path)


def test_a_file_without_test_examples_gives_a_fixed_fifth(tmp_path: Path) -> None:
    y = np.arange(50) % 5
    name = write(tmp_path / "a.npz", x=np.arange(100, dtype=np.float64).reshape(50, 2), y=y)
    data, again = load_data(name), load_data(name)
    assert (len(data.x_train), len(data.x_test)) == (40, 10)
    assert np.bincount(data.y_test).tolist() == [2] * 5
    assert data.digest() == again.digest()
    assert data.x_train.dtype == np.float32


def test_a_file_may_bring_its_own_test_examples_tokens_and_bytes(tmp_path: Path) -> None:
    tokens = np.array([[1, 2], [3, 4]], dtype=np.int32)
    data = load_data(write(tmp_path / "t.npz", x=tokens, y=[0, 2], x_test=tokens + 1, y_test=[1, 1]))
    assert data.x_train.dtype == np.int64
    assert data.x_test.tolist() == [[2, 3], [4, 5]]
    assert data.classes == ("0", "1", "2")
    image = np.full((4, 1, 2, 2), 255, dtype=np.uint8)
    assert load_data(write(tmp_path / "b.npz", x=image, y=[0, 1, 0, 1])).x_train.max() == 1.0


GOOD = np.zeros((4, 2), dtype=np.float32)
REFUSED = {
    "has no array 'y'": {"x": GOOD},
    "has no array 'x'": {"y": [0, 1]},
    "Python objects": {"x": np.array([{}, {}], dtype=object), "y": [0, 1]},
    "one class number per example": {"x": GOOD, "y": [0, 1]},
    "whole class numbers": {"x": GOOD, "y": [0.5, 1, 2, 3]},
    "class numbers run from 0": {"x": GOOD, "y": [-1, 0, 1, 2]},
    "not finite": {"x": GOOD + np.nan, "y": [0, 1, 0, 1]},
    "real numbers": {"x": GOOD.astype(complex), "y": [0, 1, 0, 1]},
    "batch axis": {"x": np.zeros(4), "y": [0, 1, 0, 1]},
    "only one of": {"x": GOOD, "y": [0, 1, 0, 1], "x_test": GOOD},
    "at least 2": {"x": GOOD[:1], "y": [0]},
    "x_test has examples of shape": {"x": GOOD, "y": [0, 1, 0, 1], "x_test": GOOD[:, :1], "y_test": [0] * 4},
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_does_not_fit_is_refused_in_one_sentence(tmp_path: Path, said: str) -> None:
    name = write(tmp_path / "a.npz", **REFUSED[said])
    with pytest.raises(Unusable, match=said) as refusal:
        load_data(name)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nonsense", b"\x93NUMPY\x01\x00", b"plain text"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    with pytest.raises(Unusable, match="readable"):
        load_data(str(path))


def test_a_lone_array_an_unknown_name_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", GOOD)
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    with pytest.raises(Unusable, match="readable"):
        load_data(str(tmp_path / "a.npz"))
    with pytest.raises(Unusable, match="digits"):
        load_data("mnist")
    with pytest.raises(Unusable, match="no file"):
        load_data(str(tmp_path / "none.npz"))
