"""The window's commands as a table: menu, words, what runs, key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMessageBox

from designer.actions import Command
from designer.docks import next_panel
from designer.settings import CONTRASTS
from designer.theme import Choice, themes
from designer.words import LANGUAGES, has_font, language, resolved, tr
from graph_core.marks import SLOTS

if TYPE_CHECKING:
    from designer.window import MainWindow

SEPARATOR = "-"
LENS_WORDS: Mapping[str, str] = {
    "params": "Lens: parameters",
    "macs": "Lens: MACs",
    "memory": "Lens: memory",
    "latency": "Lens: latency",
    "activations": "Lens: activations",
    "growth": "Lens: growth",
}
THEME_WORDS: Mapping[Choice, str] = {
    "light": "Light theme",
    "dark": "Dark theme",
    "system": "Theme of the system",
}
CONTRAST_WORDS: Mapping[str, str] = {
    "high": "High contrast",
    "normal": "Normal contrast",
    "system": "Contrast of the system",
}
OVERLAYS: Mapping[str, str] = {
    "grid": "Grid on or off",
    "shapes": "Shapes on or off",
    "marks": "Frames and notes on or off",
}


def commands_of(window: MainWindow) -> list[Command | tuple[str, str]]:
    """Every command, in the order of the menus; ``shown_key`` names keys that the canvas itself handles."""
    files, verbs, canvas, document = window.files, window.verbs, window.canvas, window.document
    lens = window.center.set_lens
    return [
        Command("File", "New", files.new, "Ctrl+N"),
        Command("File", "Open…", files.ask_open, "Ctrl+O"),
        Command("File", "Save", files.save, "Ctrl+S"),
        Command("File", "Save as…", files.save_as, "Ctrl+Shift+S"),
        ("File", SEPARATOR),
        Command("File", "Compare with…", lambda: window.against.ask()),
        Command("File", "Compare with the saved state", lambda: window.against.saved()),
        Command("File", "Compare with git's HEAD", lambda: window.against.committed()),
        Command("File", "End the comparison", lambda: window.against.end()),
        Command("File", "Import…", lambda: import_model(window), "Ctrl+I"),
        Command("File", "Export…", window.export, "Ctrl+E"),
        Command("File", "Recover unsaved work", lambda: window.recovery.look(asked=True)),
        ("File", SEPARATOR),
        Command("File", "Quit", window.close, "Ctrl+Q"),
        Command("Edit", "Undo", document.undo, "Ctrl+Z"),
        Command("Edit", "Redo", document.redo, "Ctrl+Shift+Z | Ctrl+Y"),
        ("Edit", SEPARATOR),
        Command("Edit", "Cut", verbs.cut_selection, "Ctrl+X"),
        Command("Edit", "Copy", verbs.copy_selection, "Ctrl+C"),
        Command("Edit", "Paste", verbs.paste_at, "Ctrl+V"),
        Command("Edit", "Duplicate with wires", verbs.duplicate_selection, "Ctrl+D"),
        Command("Edit", "Select all", canvas.select_all, "Ctrl+A"),
        ("Edit", SEPARATOR),
        Command("Edit", "Remove and heal", lambda: verbs.remove(document.chosen, True), shown_key="Del"),
        Command("Edit", "Remove with wires", lambda: verbs.remove(document.chosen, False), shown_key="Shift+Del"),
        Command("Edit", "Bypass, or stop bypassing", window.sheet.bypass_selection, "B", canvas_only=True),
        ("Edit", SEPARATOR),
        Command("Edit", "Find nodes…", window.center.find, "Ctrl+F"),
        Command("Edit", "Find and replace…", lambda: window.center.find(replacing=True), "Ctrl+H"),
        Command("Edit", "Rename", window.inspector.focus_name, shown_key="F2"),
        Command("Edit", "Edit in the inspector", window.inspector.focus_first, shown_key="Return"),
        Command("Edit", "Edit on the node", window.in_place.edit_here, shown_key="Shift+Return"),
        Command("View", "Fit", canvas.fit, shown_key="F"),
        Command("View", "Fit selection", canvas.fit_selection, shown_key="Shift+F"),
        Command(
            "View",
            "Minimap",
            lambda: canvas.show_minimap(not canvas.minimap_shown),
            shown_key="M",
            checked=lambda: canvas.minimap_shown,
        ),
        Command("View", "Overlays on or off", lambda: overlays(window), "O", canvas_only=True),
        *(
            Command("View", words, partial(overlays, window, one), checked=lambda one=one: one not in hidden(window))
            for one, words in OVERLAYS.items()
        ),
        ("View", SEPARATOR),
        Command(
            "View",
            "Lens on or off",
            window.center.toggle_lens,
            "L",
            canvas_only=True,
            checked=lambda: bool(window.center.lens),
        ),
        *(
            Command(
                "View",
                words,
                partial(lens, key),
                f"Shift+{place}",
                canvas_only=True,
                checked=lambda key=key: window.center.lens == key,
                one_of="lens",
            )
            for place, (key, words) in enumerate(LENS_WORDS.items(), 1)
        ),
        Command("View", "Lens: linear or square-root scale", window.lenses.toggle_scale),
        ("View", SEPARATOR),
        *(
            Command(
                "View",
                name,
                partial(window.choose_theme, choice),
                checked=lambda choice=choice: themes.choice == choice,
                one_of="theme",
            )
            for choice, name in THEME_WORDS.items()
        ),
        *(
            Command(
                "View/Contrast",
                name,
                partial(choose_contrast, window, choice),
                checked=lambda choice=choice: window.settings.contrast == choice,
                one_of="contrast",
            )
            for choice, name in CONTRAST_WORDS.items()
        ),
        Command("View", "Motion on or off", lambda: toggle_motion(window), checked=lambda: not themes.still),
        ("View", SEPARATOR),
        Command("View", "Larger text", lambda: resize_text(window, 0.1), "Ctrl+Alt+= | Ctrl+Alt++"),
        Command("View", "Smaller text", lambda: resize_text(window, -0.1), "Ctrl+Alt+-"),
        Command("View", "Text at 100 %", lambda: resize_text(window), "Ctrl+Alt+0"),
        ("View", SEPARATOR),
        *(
            Command(
                "View/Language",
                name,
                partial(speak, window, language),
                checked=lambda language=language: spoken_next(window) == language,
                one_of="language",
            )
            for language, name in (("system", "Language of the system"), *LANGUAGES.items())
        ),
        Command("View", "Next panel", partial(next_panel, window), "F6"),
        Command("View", "Previous panel", partial(next_panel, window, -1), "Shift+F6"),
        Command("Insert", "Place a layer…", window.search_here, shown_key="Tab"),
        Command("Insert", "Collapse to block…", verbs.collapse_selection, "Ctrl+G"),
        Command("Insert", "Expand block", verbs.expand_selection, "Ctrl+Shift+G"),
        Command("View", "Look into the block", window.in_place.open_selection, shown_key="Ctrl+Return"),
        Command("View", "Open block in place, or close it", window.in_place.toggle_selection, shown_key="Space"),
        Command("Insert", "Connect in order", verbs.connect_selection, "C", canvas_only=True),
        Command("Insert", "Frame", window.sheet.frame_selection, "Ctrl+J"),
        Command("Insert", "Note", window.sheet.add_note, "Shift+N", canvas_only=True),
        Command("Network", "Arrange", verbs.arrange_all, "Ctrl+L"),
        *(
            Command("Network/Align", f"Align {words}", partial(window.sheet.align, how))
            for how, words in (
                ("left", "left edges"),
                ("center", "centres"),
                ("right", "right edges"),
                ("top", "upper edges"),
                ("middle", "middles"),
                ("bottom", "lower edges"),
            )
        ),
        Command("Network/Align", "Distribute across", partial(window.sheet.distribute, 0)),
        Command("Network/Align", "Distribute downwards", partial(window.sheet.distribute, 1)),
        Command("Network/Align", "Snap to the grid", window.sheet.snap),
        *(Command("View/Bookmarks", f"Bookmark {n}", partial(window.sheet.bookmark, n), f"Ctrl+{n}") for n in SLOTS),
        *(
            Command("View/Bookmarks", f"Set bookmark {n} here", partial(window.sheet.set_bookmark, n), f"Ctrl+Alt+{n}")
            for n in SLOTS
        ),
        Command("Network", "Leave block", document.leave, "Alt+Up"),
        Command("Network", "Next change", lambda: window.against.step(1), "F7"),
        Command("Network", "Previous change", lambda: window.against.step(-1), "Shift+F7"),
        Command("Network", "Next problem", lambda: window.problems.step(1), "F8"),
        Command("Network", "Previous problem", lambda: window.problems.step(-1), "Shift+F8"),
        Command("Network", "Apply fix", window.problems.apply_first, "Alt+Return"),
        ("Network", SEPARATOR),
        Command("Network", "Problems", lambda: window.show_tab("Problems")),
        Command("Network", "Code", lambda: window.show_tab("Code")),
        Command("Network", "Definition", lambda: window.show_tab("Definition")),
        Command("Network", "Ledger", lambda: window.show_tab("Ledger")),
        Command("Network", "Complexity", lambda: window.show_tab("Complexity")),
        Command("Network", "Memory", lambda: window.show_tab("Memory")),
        Command("Edit", "Undo history", lambda: window.show_tab("History")),
        Command("Run", "Train", lambda: window.rehearsal.train_or_pause(), "F5"),
        Command("Run", "Stop training", window.training.stop, "Shift+F5"),
        Command("Run", "Measure latency and activations", window.measuring.measure, "F9"),
        Command("Run", "Keep weights with the drawing", window.training.keep_weights),
        Command("Run", "Forget kept weights", window.training.forget_weights),
        Command("Run", "Sketch pad", lambda: window.rehearsal.show_sketch_pad()),
        Command("Run", "Compression", lambda: window.rehearsal.show_compression()),
        Command("Help", "Commands…", window.focus_search, "Ctrl+Shift+P"),
        Command("Help", "All keys…", lambda: _show_keys(window), "Ctrl+/"),
        Command("Help", "Tour", lambda: tour(window), "F1"),
        Command("Help", "About Netwright", lambda: _about(window)),
    ]


def hidden(window: MainWindow) -> frozenset[str]:
    """Which of what lies over the drawing is hidden."""
    return window.canvas.picture.hides | (frozenset() if window.drawing.marks.shown else {"marks"})


def overlays(window: MainWindow, one: str = "") -> None:
    """Show or hide one of what lies over the drawing; with no name all, shown again where any is hidden."""
    hides = hidden(window)
    hides = hides ^ {one} if one else frozenset() if hides else frozenset(OVERLAYS)
    window.drawing.marks.shown = "marks" not in hides
    window.canvas.picture.hides = hides - {"marks"}
    window.canvas.base.forget()
    window.center.refresh()


def resize_text(window: MainWindow, by: float = 0.0) -> None:
    """Scale the texts of all panels up or down, or back to 100 %; remembered."""
    themes.set_scale(themes.scale + by if by else 1.0)
    window.settings.text_size = themes.scale


def choose_contrast(window: MainWindow, choice: str) -> None:
    """Strengthen lines and captions, or not, or as the system asks; remembered."""
    themes.set_contrast(CONTRASTS[choice])
    window.settings.contrast = choice


def toggle_motion(window: MainWindow) -> None:
    """Let the camera cut and everything open at once, or move again; remembered."""
    themes.set_still(not themes.still)
    window.settings.still = themes.still
    window.center.say(tr("Nothing moves now.") if themes.still else tr("Things move again."), "note")


def spoken_next(window: MainWindow) -> str:
    """The choice of a language that is remembered: ``system``, or one that there is."""
    chosen = window.settings.language
    return chosen if chosen in LANGUAGES else "system"


def speak(window: MainWindow, choice: str) -> None:
    """Choose the window's language. It is remembered and spoken from the next start on, which the window says."""
    window.settings.language = choice
    now, then = language(), resolved(choice)
    if not has_font(choice):
        sentence = tr(
            "No font of this computer has the characters of {name}; install one, such as Noto Sans CJK SC.",
            name=LANGUAGES[choice],
        )
        window.center.say(sentence, "warn")
    elif then == now:
        window.center.say(tr("The window speaks {name}, and will when it starts again.", name=LANGUAGES[now]), "note")
    else:
        sentence = tr(
            "The window speaks {then} when it starts again; until then it speaks {now}.",
            then=LANGUAGES[then],
            now=LANGUAGES[now],
        )
        window.center.say(sentence, "note")


def tour(window: MainWindow) -> None:
    """Begin the tour; it is loaded when one is taken."""
    from designer.tour import start_tour

    start_tour(window)


def import_model(window: MainWindow) -> None:
    """Ask for a PyTorch module or an exported program and import it; the dialog is loaded when one is asked for."""
    from designer.import_dialog import ImportDialog

    ImportDialog(window.document, window.files, window).exec()


def _show_keys(window: MainWindow) -> None:
    """All keys, searchable and changeable."""
    from designer.key_sheet import KeySheet

    KeySheet(window.actions_, window.keymap, window).exec()


def _about(window: MainWindow) -> None:
    QMessageBox.about(
        window,
        tr("About Netwright"),
        tr("Netwright draws neural networks and writes the PyTorch they stand for. Apache-2.0."),
    )
