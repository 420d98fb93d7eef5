"""The window in another language: the system's or a chosen one, whole, with Qt's own words, else English."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QLocale

from designer import words
from designer.catalogue import Catalogue
from designer.settings import Settings
from tests.gui.window_rig import Key, WindowRig
from tests.house.source import ROOT

HAN = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}|^[A-Z][a-z]+…$")
# Names of products and of things in drawings, PyTorch's and LaTeX's own words.
PROPER = re.compile(
    r"FlopCounterMode$|· Netwright$|GB|^A100|Ctrl\+|^[a-z_]+, \w+, \S+$|^\S+: \w+$|one-cycle\(|AdamW\(|"
    r"^\d+ \w+, \d+ \w+$|^[\w.]+ · [\w.]+$|%"
)


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settles on a language, and on English again."""

    def speak(language: str, system: list[str] | None = None) -> str:
        monkeypatch.delenv("NETWRIGHT_LANG", raising=False)
        if system is not None:
            locale = type("Locale", (), {"uiLanguages": lambda self: system})()
            monkeypatch.setattr(QLocale, "system", lambda: locale)
        return words.settle(language)

    yield speak
    monkeypatch.setenv("NETWRIGHT_LANG", "en")
    words.settle()


def test_the_whole_window_is_in_chinese():
    done = subprocess.run(
        [sys.executable, "-m", "tests.walk", "zh_CN"],
        cwd=ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    shown: dict[str, str] = told["shown"]
    assert {"文件", "编辑", "问题", "训练", "取消", "没有问题：所有形状都已知，所有节点都通向输出。"} <= set(shown)
    english = {text: place for text, place in shown.items() if ENGLISH.search(text) and not PROPER.search(text)}
    assert english == {}
    strange = [text for text in told["unknown"] if " " in text and not PROPER.search(text) and "→" not in text]
    assert strange == []
    assert sum(1 for text in shown if HAN.search(text)) > 700


@pytest.mark.parametrize(
    ("wished", "language"),
    [
        (["zh-Hans-CN", "zh-CN", "zh"], "zh_CN"),
        (["zh-CN", "en-US"], "zh_CN"),
        (["zh-Hant-TW", "zh-TW"], "en"),
        (["de-DE", "zh-CN"], "zh_CN"),
        (["en-GB", "zh-CN"], "en"),
        (["fr-FR"], "en"),
        ([], "en"),
    ],
)
def test_the_systems_first_language_that_we_have_is_taken(
    spoken, monkeypatch: pytest.MonkeyPatch, wished: list[str], language: str
):
    monkeypatch.setattr(words, "has_font", lambda _: True)
    assert spoken("system", wished) == language
    assert words.language() == language
    assert words.tr("Undo") == ("撤销" if language == "zh_CN" else "Undo")


def test_without_a_font_the_system_is_answered_in_english(spoken, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(words, "has_font", lambda language: language == "en")
    assert spoken("system", ["zh-CN"]) == "en"
    assert spoken("zh_CN") == "zh_CN", "who asks for it gets it"


def test_fields_are_put_in_and_a_bar_is_never_shown(spoken):
    assert words.tr("{count} found", count=3) == "3 found"
    assert words.tr("note|problem") == "note"
    spoken("zh_CN")
    assert words.tr("{count} found", count=3) == "找到 3 个"
    assert words.tr("note|problem") == "提示"
    assert words.tr("What nobody has said") == "What nobody has said"
    assert words.unknown() == ["What nobody has said"]


def test_names_are_never_translated(spoken):
    spoken("zh_CN")
    assert words.told("Remove Linear") == "删除 Linear"
    assert words.told("Set bias of input to False") == "将 input 的 bias 设为 False"
    assert words.told("conv1") == "conv1"


def test_a_template_is_chosen_that_says_most_and_leaves_no_english():
    catalogue = Catalogue(
        "xx",
        {
            "graph_core": {"{_} of {_}": "<{1}.{0}>", "{} of the {}": "[{1} {0}]", "the end of {_}": "fin {0}"},
            "composed": {".": "!", "; ": " / ", ": ": " = "},
        },
    )
    assert catalogue.say("top of the world") == "[world top]"
    assert catalogue.say("top of x") == "<x.top>"
    assert catalogue.say("the end of x of the y") == "[y fin x]", "what is put in is said, too"
    assert catalogue.say("top of x.") == "<x.top>!"
    assert catalogue.say("file.netw: top of x; top of y") == "file.netw = <x.top> / <y.top>"
    assert catalogue.say("node top of some other thing") == "node top of some other thing"
    assert catalogue.say("nothing to be said") == "nothing to be said"


def test_what_another_program_says_stays_within_our_words(spoken):
    spoken("zh_CN")
    said = words.told("x.netw cannot be opened: no such file or directory.")
    assert said == "无法打开 x.netw：no such file or directory。"


def test_a_language_is_chosen_for_the_next_start_and_marked(rig: WindowRig, tmp_path: Path, spoken):
    spoken("en", ["en-GB"])
    actions, said = rig.window.actions_, rig.window.center.banner.text.text
    languages = ["Language of the system", "English", "简体中文"]

    def marked() -> list[str]:
        rig.window.actions_.menus["View/Language"].aboutToShow.emit()
        return [name for name in languages if actions[name].isChecked()]

    assert marked() == ["Language of the system"]
    actions["简体中文"].trigger()
    assert Settings(tmp_path / "settings.ini").language == "zh_CN"
    assert said() == "The window speaks 简体中文 when it starts again; until then it speaks English."
    assert marked() == ["简体中文"]
    actions["简体中文"].trigger()
    assert marked() == ["简体中文"], "what is chosen again stays chosen"
    actions["Language of the system"].trigger()
    assert Settings(tmp_path / "settings.ini").language == "system"
    assert said() == "The window speaks English, and will when it starts again."
    assert marked() == ["Language of the system"]


def test_menus_mark_what_is_so_however_it_came_to_be(rig: WindowRig):
    rig.window.files.new_from_template("lenet")
    actions = rig.window.actions_
    view = actions.menus["View"]

    def marked(*names: str) -> list[bool]:
        view.aboutToShow.emit()
        return [actions[name].isChecked() for name in names]

    assert marked("Lens on or off", "Lens: MACs", "Minimap", "Grid on or off") == [False, False, True, True]
    rig.window.center.lens_bar.chosen.emit("macs")
    actions["Grid on or off"].trigger()
    rig.key(Key.Key_M)
    assert marked("Lens on or off", "Lens: MACs", "Minimap", "Grid on or off") == [True, True, False, False]
    rig.key(Key.Key_O)
    assert marked("Grid on or off", "Shapes on or off") == [True, True]
    rig.key(Key.Key_L)
    assert marked("Lens on or off", "Lens: MACs") == [False, False]
    rig.window.choose_theme("dark")
    assert marked("Light theme", "Dark theme", "Theme of the system") == [False, True, False]
    rig.window.choose_theme("light")
    assert marked("Light theme", "Dark theme", "Theme of the system") == [True, False, False]


def test_a_language_without_a_font_says_what_to_install(rig: WindowRig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("designer.commands.has_font", lambda _: False)
    rig.window.actions_["简体中文"].trigger()
    assert rig.window.center.banner.text.text() == (
        "No font of this computer has the characters of 简体中文; install one, such as Noto Sans CJK SC."
    )
