"""The arrays behind a name or a path: training and test examples, split once and for all.

Needs numpy; scikit-learn is imported only for the set that it bundles. Nothing here knows torch.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.data.catalog import CATALOG, names
from codegen.errors import Unusable

SPLIT_SEED = 8  # the split is part of the data's definition: it never follows a run's seed
SUFFIX = ".npz"
TEST_SHARE = 0.2  # of a file that brings no test examples of its own
LARGEST_FILE = 2 << 30  # bytes, unpacked

Array = NDArray[Any]


@dataclass(frozen=True)
class Data:
    """Examples for classification: `x` float32 or int64 (tokens) of shape (N, *shape), `y` int64 of shape (N,)."""

    name: str
    classes: tuple[str, ...]
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example, without the batch axis."""
        return tuple(self.x_train.shape[1:])

    def digest(self) -> str:
        """A hash of every value, so that a run can tell whether it is continued on the same data."""
        sha = hashlib.sha256()
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            sha.update(str((array.shape, array.dtype.str)).encode())
            sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()


def load_data(name: str) -> Data:
    """The arrays of a set in the catalogue, or of a `.npz` file with arrays `x` and `y`.

    A file's arrays `x_test` and `y_test` are its test examples; without them a fixed, stratified fifth is held out.
    Raises Unusable with one sentence if there is no such set or file, or the file does not hold what it should.
    """
    if name in CATALOG:
        return _digits(name)
    path = Path(name)
    if not name.endswith(SUFFIX):
        raise Unusable(f"There is no data set named {name!r}; use {names()}, or the path of a .npz file.")
    return _from_file(path)


def _digits(name: str) -> Data:
    from sklearn.datasets import load_digits

    entry = CATALOG[name]
    bundle = load_digits()
    x = (bundle.images.astype(np.float32) / 16.0)[:, None]  # the scanner's counts are 0 … 16
    y = bundle.target.astype(np.int64)
    test = stratified(y, entry.test)
    return Data(name, entry.classes, x[~test], y[~test], x[test], y[test])


def stratified(y: Array, count: int) -> Array:
    """A mask of `count` examples in which every class has its share (largest remainders), the same for ever.

    RandomState's stream is frozen by numpy's compatibility policy, unlike Generator's.
    """
    random = np.random.RandomState(SPLIT_SEED)
    labels, sizes = np.unique(y, return_counts=True)
    quota = sizes * (count / len(y))
    take = np.floor(quota).astype(int)
    take[np.argsort(take - quota, kind="stable")[: count - take.sum()]] += 1
    mask = np.zeros(len(y), dtype=bool)
    for label, wanted in zip(labels, take, strict=True):
        mask[random.permutation(np.flatnonzero(y == label))[:wanted]] = True
    return mask


def _from_file(path: Path) -> Data:
    if not path.is_file():
        raise Unusable(f"There is no file {path}.")
    unreadable = Unusable(f"{path.name} is not a readable .npz file; write it with numpy.savez(path, x=…, y=…).")
    if not zipfile.is_zipfile(path):
        raise unreadable
    try:
        with np.load(path, allow_pickle=False) as archive:
            stored = sum(entry.file_size for entry in archive.zip.infolist())
            if stored > LARGEST_FILE:
                raise Unusable(f"{path.name} unpacks to {stored} bytes; the most is {LARGEST_FILE}.")
            arrays = {key: archive[key] for key in ("x", "y", "x_test", "y_test") if key in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        if "allow_pickle" in str(error):
            raise Unusable(f"{path.name} holds Python objects; save plain number arrays with numpy.savez.") from None
        raise unreadable from None
    for key in ("x", "y"):
        if key not in arrays:
            raise Unusable(f"{path.name} has no array {key!r}; it needs x (examples) and y (class numbers).")
    if ("x_test" in arrays) != ("y_test" in arrays):
        raise Unusable(f"{path.name} has only one of x_test and y_test; it needs both or neither.")
    x, y = _examples(path, arrays["x"], "x"), _labels(path, arrays["y"], "y", len(arrays["x"]))
    if "x_test" in arrays:
        x_test = _examples(path, arrays["x_test"], "x_test")
        y_test = _labels(path, arrays["y_test"], "y_test", len(x_test))
        if x_test.shape[1:] != x.shape[1:]:
            raise Unusable(f"{path.name}: x_test has examples of shape {x_test.shape[1:]}, x of {x.shape[1:]}.")
    else:
        if len(x) < 2:
            raise Unusable(f"{path.name} has {len(x)} example; it needs at least 2, one of them to test with.")
        mask = stratified(y, max(1, round(len(y) * TEST_SHARE)))
        x, y, x_test, y_test = x[~mask], y[~mask], x[mask], y[mask]
    classes = tuple(str(label) for label in range(int(max(y.max(), y_test.max())) + 1))
    return Data(str(path), classes, x, y, x_test, y_test)


def _examples(path: Path, x: Array, name: str) -> Array:
    if x.ndim < 2 or not x.size:
        raise Unusable(f"{path.name}: {name} has shape {x.shape}; it needs a batch axis and at least one more.")
    if x.dtype == np.uint8:
        return x.astype(np.float32) / 255.0  # images as files keep them
    if x.dtype.kind in "iu":
        return x.astype(np.int64)
    if x.dtype.kind != "f":
        raise Unusable(f"{path.name}: {name} holds {x.dtype}; it needs real numbers.")
    if not np.isfinite(x).all():
        raise Unusable(f"{path.name}: {name} holds values that are not finite numbers.")
    return x.astype(np.float32)


def _labels(path: Path, y: Array, name: str, count: int) -> Array:
    if y.shape != (count,):
        raise Unusable(f"{path.name}: {name} has shape {y.shape}; it needs one class number per example, ({count},).")
    if y.dtype.kind not in "iu":
        raise Unusable(f"{path.name}: {name} holds {y.dtype}; it needs whole class numbers from 0 up.")
    if y.min() < 0 or y.max() > 100_000:
        raise Unusable(f"{path.name}: {name} runs from {y.min()} to {y.max()}; class numbers run from 0 up to 100000.")
    return y.astype(np.int64)
