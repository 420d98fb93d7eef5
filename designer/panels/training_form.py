"""What a training run is asked to do, as one row of controls. Ranges and defaults are those of the declarations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from codegen.data.catalog import CATALOG
from designer.style import dress
from designer.widgets import NumberField, Text
from designer.words import told, tr
from graph_core.fields import Count, Real
from graph_core.optimizers import KINDS, TRAINING
from graph_core.schedules import SCHEDULES, schedule_values

_FILE = tr("File…")
_MORE = tr("The inspector has all its fields while nothing is selected.")


class TrainingForm(QWidget):
    """Data, epochs, batch size, learning rate, optimizer, schedule and seed. `changed` after every edit that is sound.

    `values()` is what training takes; what the form does not show (weight decay, shifts …) is kept as it was set.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None, ask: Callable[[QWidget], str] | None = None) -> None:
        """`ask` may stand in for the system's file dialog: it answers with a path, "" if none was chosen."""
        super().__init__(parent)
        self._ask = ask or _ask_for_data
        self._kept: dict[str, Any] = {}
        self._quiet = True
        self.data = self._choice(tr("Data"), tr("Which examples the network learns from."))
        for name, entry in CATALOG.items():
            self.data.addItem(name, name)
            self.data.setItemData(self.data.count() - 1, told(entry.title), 3)
        self.data.addItem(_FILE, "")
        self.data.activated.connect(self._data_chosen)
        self.optimizer = self._choice(tr("Optimizer"), tr("How a step follows from the gradients.") + f" {_MORE}")
        for name, kind in KINDS.items():
            self.optimizer.addItem(name, name)
            self.optimizer.setItemData(self.optimizer.count() - 1, told(kind.help), 3)
        self.optimizer.activated.connect(self._optimizer_chosen)
        self.schedule = self._choice(tr("Schedule"), f"{told(TRAINING['schedule'].help)} {_MORE}")
        self.schedule.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.schedule.setMinimumContentsLength(9)
        for name, schedule in SCHEDULES.items():
            self.schedule.addItem(name, name)
            self.schedule.setItemData(self.schedule.count() - 1, told(schedule.help), 3)
        self.schedule.activated.connect(self._edited)
        self.epochs = self._number(tr("Epochs"), "epochs", 46)
        self.batch_size = self._number(tr("Batch size"), "batch_size", 46)
        self.seed = self._number(tr("Seed"), "seed", 46)
        rate = KINDS["AdamW"].fields["lr"]
        assert isinstance(rate, Real)
        self.rate = NumberField(tr("Learning rate"), rate.default, rate.least, rate.most, whole=False)
        self._finish_field(self.rate, told(rate.help), 60)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for words, control in (
            (tr("Data"), self.data),
            (tr("Epochs"), self.epochs),
            (tr("Batch"), self.batch_size),
            (tr("Rate"), self.rate),
            ("", self.optimizer),
            ("", self.schedule),
            (tr("Seed"), self.seed),
        ):
            if words:
                label = Text(words, "small", "ink3")
                label.setBuddy(control)
                if row.count():
                    row.addSpacing(6)
                row.addWidget(label)
            row.addWidget(control)
        self._chosen = self.data.currentIndex()
        self._quiet = False
        self.set_values({})

    def values(self) -> dict[str, Any]:
        """The settings as training takes them. Fields that are wrong keep their last sound value."""
        kept = dict(self._kept)
        optimizer = {**kept.pop("optimizer"), "kind": self.optimizer.currentData()}
        known = {"kind", "groups", *KINDS[optimizer["kind"]].fields}
        optimizer = {name: value for name, value in optimizer.items() if name in known}
        if self.rate.value is not None:
            optimizer["lr"] = float(self.rate.value)
        kept |= {"data": self.data.currentData()}
        if self.schedule.currentData() != schedule_values(kept["schedule"])["kind"]:
            kept["schedule"] = self.schedule.currentData()  # another kind begins with its own defaults
        for name, number in (("epochs", self.epochs), ("batch_size", self.batch_size), ("seed", self.seed)):
            if number.value is not None:
                kept[name] = number.value
        return {**kept, "optimizer": optimizer}

    def set_values(self, values: dict[str, Any]) -> None:
        """Show these settings; what is missing takes its default. What the form cannot show is kept."""
        self._quiet = True
        defaults = {name: field.default for name, field in TRAINING.items()}
        self._kept = {"data": next(iter(CATALOG)), **defaults, **values}
        optimizer = dict(self._kept.get("optimizer") or {})
        optimizer.setdefault("kind", "AdamW")
        self._kept["optimizer"] = optimizer
        self._show_data(str(self._kept["data"]))
        self.optimizer.setCurrentIndex(max(self.optimizer.findData(optimizer["kind"]), 0))
        self.schedule.setCurrentIndex(max(self.schedule.findData(schedule_values(self._kept["schedule"])["kind"]), 0))
        rate = optimizer.get("lr", self._rate_field().default)
        self.rate.set_value(f"{rate:g}" if isinstance(rate, int | float) else str(rate))  # a file may hold any value
        for name, number in (("epochs", self.epochs), ("batch_size", self.batch_size), ("seed", self.seed)):
            number.set_value(str(self._kept[name]))
        self._quiet = False

    def wrong(self) -> str:
        """The sentence of the first field that is wrong, or ""."""
        numbers = (self.epochs, self.batch_size, self.rate, self.seed)
        return next((number.toolTip() for number in numbers if number.wrong), "")

    def _rate_field(self) -> Real:
        field = KINDS[str(self.optimizer.currentData() or "AdamW")].fields["lr"]
        assert isinstance(field, Real)
        return field

    def _choice(self, name: str, help: str) -> QComboBox:
        made = QComboBox()
        dress(made, font="small")
        made.setAccessibleName(name)
        made.setToolTip(f"{name}: {help}")
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return made

    def _number(self, words: str, name: str, width: int) -> NumberField:
        rule = TRAINING[name]
        assert isinstance(rule, Count)
        field = NumberField(words, rule.default, rule.least, rule.most)
        self._finish_field(field, told(rule.help), width)
        return field

    def _finish_field(self, field: NumberField, help: str, width: int) -> None:
        field.set_hint(f"{field.accessibleName()}: {help}")
        dress(field, width=width)
        field.edited.connect(self._edited)

    def _edited(self, *_: object) -> None:
        if not self._quiet:
            self.changed.emit()

    def _optimizer_chosen(self) -> None:
        """Another kind brings its own customary learning rate."""
        self.rate.set_value(f"{self._rate_field().default:g}")
        self._edited()

    def _data_chosen(self, index: int) -> None:
        if self.data.itemData(index) == "":
            path = self._ask(self)
            if not path:
                self.data.setCurrentIndex(self._chosen)
                return
            self._show_data(path)
        self._chosen = self.data.currentIndex()
        self._edited()

    def _show_data(self, name: str) -> None:
        at = self.data.findData(name)
        if at < 0:
            at = self.data.count() - 1
            self.data.insertItem(at, name.replace("\\", "/").rpartition("/")[2], name)
            self.data.setItemData(at, name, 3)
        self.data.setCurrentIndex(at)
        self._chosen = at


def _ask_for_data(parent: QWidget) -> str:
    from PySide6.QtWidgets import QFileDialog  # costs as much as all other widgets together, and is rarely needed

    path, _ = QFileDialog.getOpenFileName(parent, tr("Choose examples"), "", tr("Arrays x and y (*.npz)"))
    return path


def summary(settings: dict[str, Any]) -> str:
    """The settings in one line: "digits 1,437 / 360 · AdamW · one-cycle · seed 0"."""
    data = str(settings.get("data", ""))
    entry = CATALOG.get(data)
    words = f"{entry.name} {entry.train:,} / {entry.test:,}" if entry else data.replace("\\", "/").rpartition("/")[2]
    optimizer = settings.get("optimizer", {}).get("kind", "")
    groups = len(settings.get("optimizer", {}).get("groups", ()))
    optimizer += tr(" in {groups} groups", groups=groups + 1) if groups else ""
    schedule = schedule_values(settings["schedule"])["kind"] if "schedule" in settings else ""
    parts = (words, optimizer, schedule, tr("seed {seed}", seed=settings.get("seed", 0)))
    return " · ".join(str(part) for part in parts if part)
