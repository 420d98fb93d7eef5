"""The headless commands, one module each, imported only when their verb is used.

A verb's module has `HELP` (one line), `add_arguments(parser)` and `run(arguments) -> int` (the exit code: 0 done,
1 it failed, 2 wrong usage or an unreadable file). Its own imports must stay light, so that `--help` is instant.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from typing import Protocol, cast

from codegen.errors import Refusal, Stopped
from codegen.verbs.parsing import Parser

VERBS: dict[str, str] = {
    "templates": "codegen.verbs.templates",
    "new": "codegen.verbs.new",
    "check": "codegen.verbs.check",
    "summary": "codegen.verbs.summary",
    "diff": "codegen.verbs.diff",
    "definition": "codegen.verbs.definition",
    "merge": "codegen.verbs.merge",
    "git-setup": "codegen.verbs.git_setup",
    "import": "codegen.verbs.import_",
    "emit": "codegen.verbs.emit",
    "trust": "codegen.verbs.trust",
    "train": "codegen.verbs.train",
    "quantize": "codegen.verbs.quantize",
    "export": "codegen.verbs.export",
}
"""Verb → module, in the order in which `netwright --help` lists them."""


class Verb(Protocol):
    """What a verb's module offers."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the verb's own arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do what was asked; the result is the exit code."""


def load_verb(name: str) -> Verb:
    """The module behind a verb. Raises KeyError for a name that is not a verb."""
    return cast(Verb, importlib.import_module(VERBS[name]))


def run_verb(name: str, argv: list[str], verb: Verb | None = None) -> int:
    """Parse `argv` (what follows the verb) and run it; every refusal becomes one line on stderr.

    `verb` is the module of a verb that is none of `VERBS`. Wrong usage ends in SystemExit(2), as argparse has it; an
    interruption (Ctrl-C) returns 130, as shells expect.
    """
    verb = verb or load_verb(name)
    parser = Parser(prog=f"netwright {name}", description=verb.HELP)
    verb.add_arguments(parser)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # where the terminal does not know ×
    try:
        code = verb.run(parser.parse_args(argv))
        print(end="", flush=True)  # what cannot be written is told here, not by Python while it leaves
        return code
    except Refusal as refusal:
        print(f"netwright {name}: {refusal}", file=sys.stderr)
        return refusal.exit_code
    except MemoryError:
        print(f"netwright {name}: The memory of this machine does not suffice; choose smaller sizes.", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of our output left early (`| head`): not a failure of ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains while it flushes at exit
        return 0
    except OSError as error:  # a full disk, say
        what = error.filename or "The output"
        print(f"netwright {name}: {what} cannot be read or written: {error.strerror or error}.", file=sys.stderr)
        return 1
    except (Stopped, KeyboardInterrupt):
        print(f"netwright {name}: interrupted.", file=sys.stderr)
        return 130
    except Exception as error:  # a fault of ours: still one line, and the traceback for whoever asks for it
        if os.environ.get("NETWRIGHT_TRACEBACK"):
            raise
        reason = (str(error).strip().splitlines() or ["no message"])[0]
        print(
            f"netwright {name}: unexpected {type(error).__name__}: {reason} (NETWRIGHT_TRACEBACK=1 shows where)",
            file=sys.stderr,
        )
        return 1
