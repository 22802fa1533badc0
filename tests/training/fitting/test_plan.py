"""Plans as JSON."""

from pathlib import Path

import pytest

from training.fitting.plan import (
    Plan,
    PlanError,
    plan_from_json,
    plan_to_json,
    read_plan,
    write_plan,
)


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


def test_numbers_of_a_list_are_checked_like_others() -> None:
    with pytest.raises(PlanError, match=r"choosing\.exponents must be a number"):
        plan_from_json({"choosing": {"exponents": ["many"]}})
    with pytest.raises(PlanError, match=r"choosing\.exponents must be a list"):
        plan_from_json({"choosing": {"exponents": 0.5}})


def test_a_seed_is_the_seed_of_everything() -> None:
    plan = Plan().with_seed(7)
    assert {plan.seed, plan.als.seed, plan.head.seed} == {7}
