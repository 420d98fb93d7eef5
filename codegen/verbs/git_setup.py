"""`netwright git-setup`: git shows and merges drawings as drawings."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from codegen.errors import Refusal, Unusable
from codegen.files import write_atomic

HELP = "let git show and merge drawings (*.netw) as drawings, in this repository or everywhere"
PATTERN = "*.netw"
ATTRIBUTES = ("diff=netw", "merge=netw")
DRIVER = "codegen.git_driver"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument(
        "--global", dest="everywhere", action="store_true", help="for all repositories of this user, not only this one"
    )
    parser.add_argument("--json", action="store_true", help="print what was set as one line of JSON")
    parser.epilog = (
        "Writes the line “*.netw diff=netw merge=netw” into .gitattributes (or your own attributes file) and "
        "diff.netw.command, merge.netw.name and merge.netw.driver into git's configuration. Running it again changes "
        "nothing, unless Python or Netwright has moved."
    )


def run(arguments: argparse.Namespace) -> int:
    """Set up; 0 when done, or when it was so already."""
    if shutil.which("git") is None:
        raise Refusal("There is no git to set up; install it first.")
    scope = "--global" if arguments.everywhere else "--local"
    attributes = _own_attributes() if arguments.everywhere else _repository() / ".gitattributes"
    command = driver_command()
    wanted = {
        "diff.netw.command": f"{command} diff",
        "merge.netw.name": "Netwright drawings",
        "merge.netw.driver": f"{command.replace('%', '%%')} merge %O %A %B %P",
    }
    changed = [name for name, value in wanted.items() if _configure(scope, name, value)]
    if _mark(attributes):
        changed.append(str(attributes))
    if arguments.json:
        print(json.dumps({"attributes": str(attributes), "config": wanted, "changed": changed}))
        return 0
    where = "your git configuration" if arguments.everywhere else "this repository's git configuration"
    for name, value in wanted.items():
        print(f"{'set' if name in changed else 'as it was'}: {name} = {value}  ({where})")
    line = f"{PATTERN} {' '.join(ATTRIBUTES)}"
    print(f"{'added' if str(attributes) in changed else 'as it was'}: {line}  ({attributes})")
    if not arguments.everywhere:
        print("Commit .gitattributes; whoever clones the repository runs netwright git-setup once.")
    return 0


def driver_command() -> str:
    """What git's shell runs, quoted: this Python, and where it does not find us by itself, the way to us.

    ``-P``: a folder of the repository that is called as one of our packages is not taken for it.
    """
    words = [sys.executable, "-P", "-m", DRIVER]
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as elsewhere:
        probe = [sys.executable, "-P", "-c", f"import {DRIVER.partition('.')[0]}"]
        found = subprocess.run(probe, cwd=elsewhere, env=bare, capture_output=True, check=False).returncode == 0
    command = " ".join(shlex.quote(word) for word in words)
    return command if found else f"PYTHONPATH={shlex.quote(str(Path(__file__).resolve().parents[2]))} {command}"


def _git(*words: str) -> tuple[int, str]:
    done = subprocess.run(["git", *words], capture_output=True, encoding="utf-8", errors="replace", check=False)
    return done.returncode, done.stdout.removesuffix("\n")


def _repository() -> Path:
    code, top = _git("rev-parse", "--show-toplevel")
    if code or not top:
        raise Unusable("Here is no git repository; run this inside of one, or add --global.")
    return Path(top)


def _own_attributes() -> Path:
    """The attributes file of the user, as git finds it."""
    code, path = _git("config", "--global", "--type=path", "--get", "core.attributesFile")
    if code == 0 and path:
        return Path(path)
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "git" / "attributes"


def _configure(scope: str, name: str, value: str) -> bool:
    """Set a value of git's configuration; whether that changed anything."""
    code, now = _git("config", scope, "--get", name)
    if code == 0 and now == value:
        return False
    code, _ = _git("config", scope, "--replace-all", name, value)
    if code:
        raise Refusal(f"git does not take {name}; look at git config {scope} --list.")
    return True


def _mark(file: Path) -> bool:
    """Give drawings their attributes in a file that keeps all else; whether that changed anything."""
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        lines = [line.split() for line in text.splitlines()]
        # The last line about a pattern counts.
        about = [words[1:] for words in lines if words[:1] == [PATTERN]]
        if about and set(ATTRIBUTES) <= set(about[-1]):
            return False
        file.parent.mkdir(parents=True, exist_ok=True)
        gap = "" if not text or text.endswith("\n") else "\n"
        write_atomic(file.resolve(), f"{text}{gap}{PATTERN} {' '.join(ATTRIBUTES)}\n".encode())
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{file} cannot be changed: {getattr(error, 'strerror', None) or error}.") from error
    return True
