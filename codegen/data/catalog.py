"""The sets of data known by name: what the window and the commands may read without loading torch or scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is known of a set before its arrays are loaded.

    `shape` is that of one example, without the batch axis; `train` and `test` count examples;
    values are float32 in `low` … `high`.
    """

    name: str
    title: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    train: int
    test: int
    low: float
    high: float
    source: str


CATALOG: dict[str, DataSet] = {
    data.name: data
    for data in (
        DataSet(
            name="digits",
            title="Handwritten digits, 8×8",
            shape=(1, 8, 8),
            classes=tuple("0123456789"),
            train=1437,
            test=360,
            low=0.0,
            high=1.0,
            source="Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI 1998 (in scikit-learn)",
        ),
    )
}


def names() -> str:
    """The known names in one phrase, for messages and help."""
    return ", ".join(CATALOG)
