"""𝒪 of a network: the kind of the optimizer, its fields, parameter groups, and the schedule of the learning rate."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from designer.document import Document
from designer.panels.forms import FieldForm, add_row, caption, form_layout
from designer.panels.groups_form import GroupsForm
from designer.style import dress
from designer.widgets.rates import RateCurve
from designer.words import told, tr
from graph_core import EditError, edits
from graph_core.optimizers import KINDS, kind_of, optimizer_values
from graph_core.schedules import SCHEDULES, schedule_values
from graph_core.setup_edits import set_kind, set_schedule


class OptimizerForm(QWidget):
    """Edits 𝒪; each choice is one edit, a word typed into one field is one step to undo."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._key: Any = None
        self._sitting = 0
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self.kind = self._choice(tr("Optimizer"), tuple(KINDS))
        self.kind.activated.connect(lambda at: self._choose_kind(self.kind.itemText(at)))
        self.schedule = self._choice(tr("Schedule"), tuple(SCHEDULES))
        self.schedule.activated.connect(lambda at: self._choose_schedule(self.schedule.itemText(at)))
        self.curve = RateCurve()
        self.groups = GroupsForm(document)
        self._fields, self._rates = QVBoxLayout(), QVBoxLayout()
        self._add(tr("Optimizer"), self.kind, self._fields)
        self._layout.addWidget(caption(tr("Parameter groups")))
        self._layout.addWidget(self.groups)
        self._add(tr("Learning rate over the run"), self.schedule, self._rates)
        self._layout.addWidget(self.curve)

    def _choice(self, name: str, options: tuple[str, ...]) -> QComboBox:
        made = QComboBox()
        made.addItems(options)
        made.setAccessibleName(name)
        dress(made, font="mono")
        return made

    def _add(self, title: str, choice: QComboBox, fields: QVBoxLayout) -> None:
        self._layout.addWidget(caption(title))
        form = form_layout()
        add_row(form, "kind", choice)
        self._layout.addLayout(form)
        fields.setContentsMargins(0, 0, 0, 0)
        self._layout.addLayout(fields)

    def refresh(self) -> None:
        """Show the document as of now; editors stay while the kinds do."""
        document = self._document
        setup = document.project.setup(document.network)
        optimizer, training = setup.get("optimizer", {}), setup.get("training", {})
        kind, schedule = kind_of(optimizer), schedule_values(training.get("schedule"))
        key = (id(document.project), document.network, kind.name, schedule["kind"])
        if key != self._key:
            self._key = key
            self._sitting += 1
            self.optimizer = self._renewed(self._fields, FieldForm(kind.fields, self._set_field))
            rates = FieldForm(SCHEDULES[schedule["kind"]].fields, self._set_rate)
            self.rates = self._renewed(self._rates, rates)
        self.kind.setCurrentText(kind.name)
        self.kind.setToolTip(told(kind.help))
        self.schedule.setCurrentText(str(schedule["kind"]))
        self.schedule.setToolTip(told(SCHEDULES[schedule["kind"]].help))
        self.optimizer.show_values(optimizer, {})
        self.rates.show_values(schedule, {})
        self.groups.refresh()
        self.curve.show_schedule(schedule, optimizer_values(setup)["lr"], training.get("epochs"))

    def _renewed(self, place: QVBoxLayout, form: FieldForm) -> FieldForm:
        while (item := place.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        place.addWidget(form)
        form.setVisible(bool(form.editors))
        return form

    def _choose_kind(self, kind: str) -> None:
        document = self._document
        document.edit(lambda: set_kind(document.project, document.network, kind))

    def _choose_schedule(self, kind: str) -> None:
        document = self._document
        document.edit(lambda: set_schedule(document.project, document.network, {"kind": kind}))

    def _set_field(self, name: str, value: Any) -> str:
        project, network = self._document.project, self._document.network
        return self._typed(name, lambda: edits.set_setup(project, network, "optimizer", {name: value}))

    def _set_rate(self, name: str, value: Any) -> str:
        project, network = self._document.project, self._document.network
        return self._typed(name, lambda: set_schedule(project, network, {name: value}))

    def _typed(self, name: str, make: Any) -> str:
        """Make an edit of a field; the sentence of a refusal, or an empty text."""
        try:
            with self._document.history.merging(f"set-up {name} {self._sitting}"):
                make()
        except EditError as error:
            return str(error)
        return ""
