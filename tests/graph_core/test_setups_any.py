"""Whatever a file says of a set-up: it is refused, or told as a problem; nothing falls over it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from graph_core import FileError, Project, analyze, dumps, loads
from graph_core.architecture import FiveTuple, check_definition, five_tuple
from graph_core.fixes import fixes
from graph_core.groups import GROUP, REST, ROLES, parameters_of, share_out
from graph_core.optimizers import KINDS, TRAINING
from graph_core.propagate import engine_of
from graph_core.schedules import SCHEDULES, Place, rate_at
from graph_core.setups import check_setup
from graph_core.templates import open_template

LENET = dumps(open_template("lenet"))
RESNET = open_template("resnet18")
PARAMETERS = parameters_of(engine_of(RESNET).root("main"))

scalars = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False)
words = st.sampled_from(["", "conv1", "*.bias", "fc*", "[", "a\nb", "{", *KINDS, *SCHEDULES, *ROLES]) | st.text(
    max_size=8
)
values = st.recursive(
    scalars | words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)
FIELDS = {name for kind in KINDS.values() for name in kind.fields} | {"kind", *GROUP, "extra"}
groups = st.lists(st.dictionaries(st.sampled_from(sorted(FIELDS)), values, max_size=4), max_size=3)
optimizers = st.dictionaries(st.sampled_from(sorted(FIELDS)), values, max_size=4).flatmap(
    lambda fields: st.one_of(st.just(fields), groups.map(lambda g: {**fields, "groups": g}))
)
RATES = sorted({name for kind in SCHEDULES.values() for name in kind.fields} | {"kind"})
schedules = st.dictionaries(st.sampled_from(RATES), values, max_size=4) | values
trainings = st.dictionaries(st.sampled_from([*TRAINING, "data"]), values, max_size=3).flatmap(
    lambda fields: st.one_of(st.just(fields), schedules.map(lambda s: {**fields, "schedule": s}))
)


def opened(optimizer: Any, training: Any) -> Project | None:
    tree = json.loads(LENET)
    tree["setups"] = {"main": {"optimizer": optimizer, "training": training}}
    try:
        return loads(json.dumps(tree))
    except FileError:
        return None


@example(optimizer={"kind": "LBFGS", "history_size": "many"}, training={})
@example(optimizer={"kind": [], "groups": [{"kind": {}, "role": [], "match": "x"}]}, training={"schedule": []})
@example(optimizer={"groups": [{"frozen": 3, "lr": "x"}]}, training={"schedule": {"kind": "step", "step_size": 0}})
@given(optimizer=optimizers, training=trainings)
def test_any_set_up_is_refused_or_analysed(optimizer: Any, training: Any) -> None:
    project = opened(optimizer, training)
    if project is None:
        return
    analysis = analyze(project)
    assert analysis.memory.optimizer >= 0
    assert analysis.params.trainable + analysis.params.frozen == 31294
    for problem in analysis.problems:
        assert "\n" not in problem.message
        for fix in fixes(project, problem):
            assert fix.title
    found = five_tuple(project)
    assert found.to_latex().isascii()
    assert FiveTuple.from_text(found.to_text()) == found
    assert FiveTuple.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert all(condition.sentence for condition in check_definition(project))


@given(optimizer=optimizers, training=trainings)
def test_the_first_fix_of_each_problem_mends_it_or_leaves_others(optimizer: Any, training: Any) -> None:
    """Fix after fix, every set-up that a file can hold becomes sound; none makes a circle."""
    project = opened(optimizer, training)
    if project is None:
        return
    for _ in range(40):
        problem = next((p for p in analyze(project).problems if p.severity == "error"), None)
        if problem is None:
            return
        options = fixes(project, problem)
        assert options, problem
        before = dumps(project)
        options[0].apply(project)
        assert dumps(project) != before, problem
    raise AssertionError(analyze(project).problems)


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "match": st.lists(
                    st.sampled_from(["conv1", "layer1", "layer*.0", "*.bias", "fc.*", "bn1", "*"]), max_size=2
                ),
                "role": st.sampled_from(list(ROLES)),
                "frozen": st.booleans(),
                "lr": st.floats(0, 1),
                "kind": st.sampled_from([name for name, kind in KINDS.items() if kind.grouped]),
            },
        ),
        max_size=4,
    )
)
def test_every_parameter_is_in_exactly_one_share(given_groups: list[dict[str, Any]]) -> None:
    shares = share_out({"kind": "SGD", "groups": given_groups}, PARAMETERS)
    members = [parameter.path for share in shares for parameter in share.parameters]
    assert sorted(members) == sorted(parameter.path for parameter in PARAMETERS)
    assert [share.index for share in shares] == [*range(len(given_groups)), REST]
    for share, group in zip(shares, given_groups, strict=False):
        if "lr" in group:
            assert share.values["lr"] == group["lr"]
        assert set(share.values) == set(share.kind.fields)
    list(check_setup({"optimizer": {"kind": "SGD", "groups": given_groups}}, PARAMETERS))


@given(st.sampled_from(list(SCHEDULES)), st.data())
def test_every_schedule_has_a_finite_rate_everywhere(name: str, data: st.DataObject) -> None:
    """Fields anywhere in their ranges, at any place of a run of any length."""
    schedule: dict[str, Any] = {"kind": name}
    for key, field in SCHEDULES[name].fields.items():
        match field.kind:
            case "real":
                schedule[key] = data.draw(st.floats(field.least, field.most))
            case "count":
                schedule[key] = data.draw(st.integers(field.least, min(field.most, 1000)))
            case "choice":
                schedule[key] = data.draw(st.sampled_from(field.options))
            case "flag":
                schedule[key] = data.draw(st.booleans())
            case "epochs":
                schedule[key] = sorted(data.draw(st.sets(st.integers(1, 50), max_size=4)))
    assert list(check_setup({"training": {"schedule": schedule}})) == []
    epochs = data.draw(st.integers(1, 50))
    steps = epochs * data.draw(st.integers(1, 20))
    step = data.draw(st.integers(0, steps - 1))
    scores = data.draw(st.lists(st.floats(0, 10), max_size=5))
    rate = rate_at(schedule, 0.1, Place(step, steps, step * epochs // steps, epochs, scores))
    assert 0 <= rate < 1e60
