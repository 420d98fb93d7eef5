"""How the verbs read their arguments: what is wrong is told in one line, in the words of the rest."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line on stderr; it leaves with 2."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read more, and leave."""
        print(f"{self.prog}: {message.rstrip('.')}; {self.prog} --help tells more.", file=sys.stderr)
        raise SystemExit(2)


def whole(text: str) -> int:
    """A type for `add_argument`: a whole number; its range is for who uses it to check."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"takes a whole number, not {text[:40]!r}") from None


def real(least: float, most: float) -> Callable[[str], float]:
    """A type for `add_argument`: a number in a range."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"takes a number from {least:g} to {most:g}, not {text[:40]!r}")
        return number

    return read


def add_choice(parser: argparse.ArgumentParser, option: str, names: Sequence[str], **more: Any) -> None:
    """Declare an option that takes one of some names."""

    def read(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(f"takes {', '.join(names[:-1])} or {names[-1]}, not {text[:40]!r}")
        return text

    parser.add_argument(option, type=read, metavar="|".join(names), **more)
