"""The command `netwright`: headless verbs go to codegen, no verb opens the window. Nothing heavy is imported here."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

USAGE = """usage: netwright [FILE]            open the window
       netwright FILE --compare OTHER   open it beside another drawing, with what changed from that one
       netwright --new TEMPLATE   open the window on a fresh drawing from a template
       netwright VERB …           work without a window; netwright VERB --help
       netwright --install-desktop, --uninstall-desktop   the menu entry, file type and icon for this user

verbs:
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 done, 1 failed, 2 wrong usage or an unreadable file."""
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:  # while it starts; verbs say more
        return 130


def _run(words: list[str]) -> int:
    from codegen.verbs import VERBS, run_verb

    if words and words[0] in VERBS:
        return run_verb(words[0], words[1:])
    if words and words[0] == "render":
        from designer import render

        return run_verb("render", words[1:], render)
    if words and words[0] in ("-h", "--help", "help"):
        print(_usage())
        return 0
    if words and words[0] == "--version":
        from importlib.metadata import version

        print(f"netwright {version('netwright')}")
        return 0
    if words and words[0] in ("--install-desktop", "--uninstall-desktop"):
        if len(words) > 1:
            return _wrong(f"{words[0]} takes nothing after it.")
        from designer import desktop

        return desktop.install() if words[0] == "--install-desktop" else desktop.uninstall()
    template, other = "", None
    if "--compare" in words:
        place = words.index("--compare")
        if place + 1 >= len(words) or len(words) != 3:
            return _wrong("--compare takes a drawing, and another before it: netwright FILE --compare OTHER.")
        other = Path(words[place + 1])
        words = words[:place] + words[place + 2 :]
        if not other.exists():
            return _wrong(f"There is no file {other}; name the drawing to compare with.")
    if words and words[0] == "--new":
        if len(words) != 2:
            return _wrong("--new takes the name of one template; netwright templates lists them.")
        template, words = words[1], []
    if len(words) > 1:
        return _wrong(f"There is no verb {words[0]}; netwright --help lists them.")
    if words and (words[0].startswith("-") or ("." not in words[0] and not Path(words[0]).exists())):
        return _wrong(f"There is no verb and no file {words[0]}; netwright --help lists the verbs.")
    return _open_window(Path(words[0]) if words else None, template, other)


def _usage() -> str:
    from codegen.verbs import VERBS, load_verb
    from designer.render import HELP

    lines = {name: load_verb(name).HELP for name in VERBS} | {"render": HELP}
    width = max(map(len, lines))
    return USAGE + "\n".join(f"  {name.ljust(width)}  {help}" for name, help in lines.items())


def _wrong(sentence: str) -> int:
    print(f"netwright: {sentence}", file=sys.stderr)
    return 2


def _has_display() -> bool:
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open_window(path: Path | None, template: str, other: Path | None = None) -> int:
    if not _has_display():
        return _wrong(
            "There is no display to open the window on; without one use netwright new, check, summary, emit, render, "
            "train, quantize or export (netwright --help)."
        )
    # What is loaded and built on the way to the window stays: looking through it for garbage takes a sixth of the time.
    gc.disable()
    from designer.application import run

    return run(path, template, other)


if __name__ == "__main__":
    sys.exit(main())
