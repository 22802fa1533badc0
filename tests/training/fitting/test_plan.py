"""Plans: knobs turned by name, and as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.fitting.knobs import Takes, shown
from training.fitting.plan import (
    Plan,
    PlanError,
    changed,
    knobs,
    value_of,
    with_values,
)
from training.fitting.plan_files import plan_from_json, plan_to_json, read_plan, write_plan
from training.fitting.tune import SEARCH

CANDIDATES = (None, True, False, 1, 2, 7, 300, 0.25, 0.5, 1.0, "cbow", "kld_bce", [0.25, 0.5])


def taken(takes: Takes) -> list[Any]:
    """Those of some values that a knob takes."""
    values = []
    for value in CANDIDATES:
        try:
            values.append(takes.checked(value))
        except ValueError:
            continue
    return values


def test_fields_that_json_names_are_taken_and_others_keep_their_defaults() -> None:
    plan = plan_from_json({"als": {"factors": 32}, "head": {"dropout": 0, "loss": "kld_bce"}})
    assert plan.als.factors == 32 and plan.head.dropout == 0.0
    assert plan.vectors == Plan().vectors


def test_a_plan_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    plan = plan_from_json({"als": {"factors": 32}, "choosing": {"exponents": [0, 0.5]}})
    assert plan.choosing.exponents == (0.0, 0.5)
    assert plan_from_json(plan_to_json(plan)) == plan
    write_plan(plan, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json") == plan


def test_a_file_of_an_earlier_version_is_read() -> None:
    plan = plan_from_json(
        {
            "als": {"factors": 32, "seed": 5},
            "als_use": {"neighbours": 20, "sharpness": 9, "alpha": 3, "class_weight": 0.0},
            "head": {"frozen": False, "seed": 5},
            "seed": 5,
        }
    )
    assert (plan.als.factors, plan.als.neighbours, plan.als.sharpness) == (32, 20, 9.0)
    assert plan.als.alpha == Plan().als.alpha and plan.seed == 5


def test_a_seed_is_the_seed_of_everything() -> None:
    plan = with_values(Plan(), ["seed=7"])
    assert {plan.seed, plan.als.seed, plan.head.seed, plan.fusion.seed} == {7}


@given(st.data())
def test_every_knob_is_turned_by_its_name_and_comes_back_from_text_and_json(
    data: st.DataObject,
) -> None:
    knob = data.draw(st.sampled_from(list(knobs().values())))
    value = data.draw(st.sampled_from(taken(knob.takes)))
    if knob.name in ("photos.jitter_strength", "vectors.fewest_epochs"):
        return  # not by themselves
    settings = [f"{knob.name}={shown(value)}"]
    if knob.name == "head.stop_after":
        settings.append("head.epochs=300")
    if knob.name == "vectors.most_epochs":
        settings.append("vectors.fewest_epochs=1")
    plan = with_values(Plan(), settings)
    assert value_of(plan, knob.name) == value
    assert plan_from_json(json.loads(json.dumps(plan_to_json(plan)))) == plan
    assert set(changed(plan)) <= {setting.partition("=")[0] for setting in settings}
    assert (value != knob.default) == (knob.name in changed(plan))


@given(st.sampled_from(list(knobs())), st.text(max_size=12))
def test_any_text_is_a_value_or_is_refused_with_what_the_knob_takes(name: str, text: str) -> None:
    try:
        plan = with_values(Plan(), [f"{name}={text}"])
    except PlanError as error:
        assert name in str(error)
    else:
        assert plan_from_json(plan_to_json(plan)) == plan


@given(st.text(max_size=30))
def test_any_text_turns_a_knob_or_is_refused_in_a_sentence(setting: str) -> None:
    with pytest.raises(PlanError):
        with_values(Plan(), [setting])


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (["vectors.windwo=2"], "no knob 'vectors.windwo'. Did you mean vectors.window?"),
        (["window=2"], "Did you mean vectors.window?"),
        (["Head.Loss=softmax"], "Did you mean head.loss"),
        (["vectors.window"], "sets no knob"),
        (["vectors.window=0"], "takes a whole number from 1 to 100, not 0"),
        (["vectors.window=2.5"], "not 2.5"),
        (["vectors.window="], "not nothing"),
        (["vectors.dims=10000"], "takes a whole number from 2 to 1,000, not 10000"),
        (["vectors.negative=-1"], "not -1"),
        (["head.rate=nan"], "not nan"),
        (["als.alpha=inf"], "not inf"),
        (["als.variance=85"], "takes a number above 0 to 1, not 85"),
        (["head.batch_norm=maybe"], "takes true or false"),
        (["choosing.exponents=0.1,0.1"], "takes a list"),
        (["photos.side=20"], "64 to 640, or none: the network's own, not 20"),
        (["vectors.window=2", "vectors.window=3"], "set to 2 and to 3"),
        (["vectors.epochs=5", "vectors.uses=9"], "cannot go together"),
        (["vectors.epochs=5", "vectors.most_epochs=9"], "cannot go together"),
        (["vectors.fewest_epochs=400"], "is more than vectors.most_epochs=300"),
        (["head.stop_after=31"], "never reached"),
        (["head.stop_after=3", "head.patience=2"], "cannot go together"),
        (["head.batch_norm=true", "head.averaging=0.9"], "cannot go together"),
        (["head.batch_norm=true", "head.batch=1"], "needs more than one photo in a batch"),
        (["photos.jitter_strength=0.5"], "photos.jitter=0 makes no copies"),
    ],
)
def test_what_cannot_be_is_refused_by_name(settings: list[str], reason: str) -> None:
    with pytest.raises(PlanError) as refused:
        with_values(Plan(), settings)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_same_value_twice_is_no_contradiction() -> None:
    assert with_values(Plan(), ["als.alpha=5", "als.alpha=5.0"]).als.alpha == 5


def test_tune_looks_only_where_a_knob_may_stand() -> None:
    for name, bounds in [item for of_backend in SEARCH.values() for item in of_backend.items()]:
        knob = knobs()[name]
        kind = int if isinstance(knob.default, int) else float
        assert knob.takes.checked(kind(bounds.low)) == bounds.low
        assert knob.takes.checked(kind(bounds.high)) == bounds.high


def test_what_is_prepared_is_others_only_where_a_knob_of_it_was_turned() -> None:
    parts = {
        "als.alpha=3": {"als"},
        "head.loss=kld_bce": {"head"},
        "vectors.model=cbow": {"head"},
        "vectors.window=2": {"vectors"},
        "photos.jitter=2": {"features"},
        "min_count=2": {"vocabulary"},
    }
    for setting, part in parts.items():
        (name,) = changed(with_values(Plan(), [setting]))
        assert knobs()[name].changes == part
